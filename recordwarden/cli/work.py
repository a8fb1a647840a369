"""``work --once``: what is due is done now, and the process ends."""
