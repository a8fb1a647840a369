"""Which tenants the sandbox process serves."""

from __future__ import annotations

from sandbox import google, microsoft
from sandbox.tenant import Tenant


def both() -> tuple[Tenant, ...]:
    """The Microsoft 365 tenant and the Google Workspace tenant of the same made-up district."""
    return (microsoft, google)
