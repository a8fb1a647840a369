"""Decide, then act: plan, guards, apply, drift, assess, journal, matters, and the store beneath them.

What may live here: everything that compares what should be with what is, asks people where protection would shrink, acts through a connector's
protocols, and writes down before and after. The deciding modules (plan, diff, guards, approvals, assess, drift) are pure; only apply, matters and
store act. Nothing here knows a vendor: connectors come in as protocols.
"""
