"""Live state of a tenant in vendor-neutral words; the only place that knows a vendor's.

What may live here: reading, writing and proving one tenant, and the pure translation between the policy's words and the vendor's.
A connector decides nothing: it never judges a change, it reports what it saw, what it could not see, and what the vendor answered.
"""
