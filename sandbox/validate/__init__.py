"""Judges of exchanges: schemas that the vendors wrote, so that the sandbox cannot vouch for itself."""
