"""``journal erase``: a person's confidential values leave the store; two officers sign, the chain holds."""
