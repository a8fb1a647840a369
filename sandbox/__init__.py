"""Two emulated tenants over real HTTPS on loopback, for trying, training and testing.

What may live here: how Microsoft 365 and Google Workspace answer, as their documentation and published measurements say
(docs/wire/, the vendors' discovery documents). Nothing here knows Recordwarden: it imports none of the other packages,
because it has to be true to the vendors, not to us. Pending, partial, late and forbidden are the default, not the exception.
"""
