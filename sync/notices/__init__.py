"""Telling officers: what they have to hear of is written down with the finding, sent after the run, and told once by each way."""
