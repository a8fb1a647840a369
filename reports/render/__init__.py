"""Rendering: one report's facts as HTML, JSON and CSV. Nothing here reads a store."""
