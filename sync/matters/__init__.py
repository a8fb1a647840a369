"""Matters: why data is held, who is on hold, which sources carry it, and how far each source has come.

What may live here: the hold order as text, the joining of people across tenants, the register of matters in the store, and what follows from what
a tenant shows. ``order``, ``people``, ``resolve``, ``sources``, ``force`` and ``gaps`` are pure; ``register`` alone writes the store; ``lane`` is the
door that runs, the command line and the daemon use. Nothing here sends anything to a tenant.
"""
