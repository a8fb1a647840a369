"""``take-over``: somebody else's object is bound to a key of ours, signed; nothing is written to the tenant."""
