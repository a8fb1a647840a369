"""One module per verb; the only place that prints."""
