"""``serve``: the daemon in the foreground, until it is told to end."""
