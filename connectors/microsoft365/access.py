"""One tenant under one identity: its tokens, its Graph, its admin endpoint, opened when first used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from connectors.base import Context
from connectors.errors import PermanentError, TenantUnreachableError
from connectors.examination import Identity
from connectors.following import KeptPeople, Trail
from connectors.microsoft365 import wire
from connectors.microsoft365.activity import ActivityClient
from connectors.microsoft365.admin import AdminClient
from connectors.microsoft365.auth import Tokens
from connectors.microsoft365.graph import Call, GraphClient, Listing, select
from policies.district import Tenant
from policies.kinds import Kind

if TYPE_CHECKING:
    from connectors.microsoft365.everybody import Everybody


class Access:
    """What reader, writer and prover share. ``close`` ends connections; forgetting it leaks nothing."""

    def __init__(self, tenant: Tenant, context: Context, *, admin_accepted: bool, writing: bool = False) -> None:
        self.tenant = tenant
        self.context = context
        self.tokens = Tokens(tenant, context, writing=writing)
        self.graph = GraphClient(tenant, context, self.tokens)
        self.admin = AdminClient(tenant, context, self.tokens, accepted=admin_accepted, initial_domain=self.initial_domain)
        self.activity = ActivityClient(tenant, context, self.tokens)
        self.admin_accepted = admin_accepted
        self._organisation: tuple[wire.JsonObject, int | None] | None = None
        self.kept: KeptPeople | None = None
        """Everybody as an earlier look left them."""
        self.trail: Trail | None = None
        """Where the next look can go on."""
        self.cases: Listing | None = None
        self.everybody: Everybody | None = None
        self.listed: dict[Kind, Listing] = {}
        self.subscriptions: tuple[wire.JsonObject, ...] | None = None
        """What ``examine`` has just read and the look after it would read again word for word; whoever uses it takes it away."""
        self.mailboxes: Mapping[str, str] = {}
        """How each account's mailbox is addressed today, by the account's id, once the roster was read."""

    def identity(self) -> Identity:
        """Who answers. Asked anew each time. Raises ``TenantUnreachableError`` when nobody usable does."""
        self._organisation = None
        row, skew = self._organisation_row()
        domains = wire.rows(row, "verifiedDomains")
        names = tuple(name.lower() for domain in domains if (name := wire.filled(domain, "name")))
        default = next((wire.filled(domain, "name") for domain in domains if wire.flag(domain, "isDefault")), None)
        vendor_id = wire.filled(row, "id")
        if vendor_id is None or not names:
            raise TenantUnreachableError(
                "wire.unexpected", f"Tenant {self.tenant.id}: Graph names no organisation id or no domain.", "Grant Organization.Read.All."
            )
        actor = f"{self.tokens.display_name or 'application'} ({self.tenant.client_id or 'managed identity'})"
        return Identity(vendor_id=vendor_id, domain=(default or names[0]).lower(), domains=names, actor=actor, skew_seconds=skew)

    def initial_domain(self) -> str:
        """The ``onmicrosoft`` domain that requests to Security & Compliance are routed by (M§2.5)."""
        row, _skew = self._organisation_row()
        for domain in wire.rows(row, "verifiedDomains"):
            name = wire.filled(domain, "name")
            if name and wire.flag(domain, "isInitial"):
                return name
        raise PermanentError("wire.unexpected", f"Tenant {self.tenant.id}: Graph shows no initial domain.", "Grant Organization.Read.All.")

    def made_by_us(self, *names: str | None) -> bool | None:
        """Whether one of ``names`` (from a created-by field) is ours; None when the vendor gives none, or we do not know our own display name."""
        given = [name.strip().lower() for name in names if name and name.strip()]
        if any(name in self.tokens.names for name in given):
            return True
        return False if given and self.tokens.display_name else None

    def close(self) -> None:
        """Close every connection."""
        self.graph.close()
        self.admin.close()
        self.activity.close()
        self.tokens.close()

    def _organisation_row(self) -> tuple[wire.JsonObject, int | None]:
        if self._organisation is None:
            reply = self.graph.call(Call(method="GET", path="/organization", query=(select("id", "displayName", "verifiedDomains"),)))
            found = wire.rows(reply.value, "value")
            if len(found) != 1:
                raise TenantUnreachableError(
                    "wire.unexpected", f"Tenant {self.tenant.id}: Graph shows {len(found)} organisations.", "Grant Organization.Read.All."
                )
            there = reply.answer.vendor_at
            skew = round((there - self.context.clock.now()).total_seconds()) if there else None
            self._organisation = (found[0], skew)
        return self._organisation
