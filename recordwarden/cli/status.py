"""``status``: how everything stands, from the store alone; the exit code says the worst."""
