"""Where each of Microsoft's clouds answers (M§8), and which addresses a tenant's settings put in their place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from connectors.base import Context
from connectors.errors import PermanentError
from policies.district import Tenant


class Endpoint(StrEnum):
    """The surfaces as ``endpoints``, ``budgets`` and ``requests`` name them."""

    AUTHORITY = "authority"
    GRAPH = "graph"
    EXCHANGE = "exchange_admin"
    COMPLIANCE = "compliance_admin"
    ACTIVITY = "activity"
    MANAGED_IDENTITY = "managed_identity"


class Api(StrEnum):
    """Parts of Graph that some cloud's metadata lacks (M§8)."""

    LABELS = "security.labels, triggers, triggerTypes"
    CASES = "security.cases (eDiscovery, applyHold, holdPolicySync)"
    AUDIT_QUERIES = "security.auditLog queries"
    FILE_LABELS = "driveItem.retentionLabel"
    CONFIGURATION = "admin.configurationManagement, admin.exchange"
    DIRECTORY = "users and groups delta, sendMail, directoryAudits, administrativeUnits, licenseDetails"


_FAIRFAX = frozenset({Api.AUDIT_QUERIES, Api.CONFIGURATION})
_MOONCAKE = frozenset({Api.LABELS, Api.CASES, Api.AUDIT_QUERIES, Api.CONFIGURATION})
"""What M§8's table answers with *no* for GCC High and DoD, and for China."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One cloud's own addresses. Token scopes always come from here, never from an override."""

    authority: str
    graph: str
    exchange: str
    compliance: str
    activity: str | None
    """Where the activity feed is, None where Microsoft documents none (docs/wire/activity.md)."""
    lacks: frozenset[Api] = frozenset()
    """What this cloud's metadata does not have (M§8): nothing that rests on it can be enforced there."""

    def address(self, endpoint: Endpoint) -> str:
        """The vendor's own address of ``endpoint``. Raises PermanentError (``activity.no_feed``) where this cloud has no such surface."""
        if endpoint is Endpoint.ACTIVITY:
            if self.activity is None:
                raise PermanentError("activity.no_feed", "This cloud has no activity feed.", "Nobody can be named from it here.")
            return self.activity
        return {
            Endpoint.AUTHORITY: self.authority,
            Endpoint.GRAPH: self.graph,
            Endpoint.EXCHANGE: self.exchange,
            Endpoint.COMPLIANCE: self.compliance,
            # The one address that only exists on the machine's own link, so it is plain http by nature.
            Endpoint.MANAGED_IDENTITY: "http://169.254.169.254",
        }[endpoint]

    def scope(self, endpoint: Endpoint) -> str:
        """The scope that a token for ``endpoint`` is asked with."""
        return f"{self.address(endpoint)}/.default"


_WORLDWIDE = Cloud(
    authority="https://login.microsoftonline.com",
    graph="https://graph.microsoft.com",
    exchange="https://outlook.office365.com",
    compliance="https://ps.compliance.protection.outlook.com",
    activity="https://manage.office.com",
)

CLOUDS: dict[str, Cloud] = {
    "worldwide": _WORLDWIDE,
    "gcc": replace(_WORLDWIDE, activity="https://manage-gcc.office.com"),
    "gcc_high": Cloud(
        authority="https://login.microsoftonline.us",
        graph="https://graph.microsoft.us",
        exchange="https://outlook.office365.us",
        compliance="https://ps.compliance.protection.office365.us",
        activity="https://manage.office365.us",
        lacks=_FAIRFAX,
    ),
    "dod": Cloud(
        authority="https://login.microsoftonline.us",
        graph="https://dod-graph.microsoft.us",
        exchange="https://outlook-dod.office365.us",
        compliance="https://l5.ps.compliance.protection.office365.us",
        activity="https://manage.protection.apps.mil",
        lacks=_FAIRFAX,
    ),
    "china": Cloud(
        authority="https://login.chinacloudapi.cn",
        graph="https://microsoftgraph.chinacloudapi.cn",
        exchange="https://outlook.office365.cn",
        compliance="https://ps.compliance.protection.partner.outlook.cn",
        activity=None,
        lacks=_MOONCAKE,
    ),
}


def cloud_of(tenant: Tenant) -> Cloud:
    """The cloud that ``tenant`` lives in. Raises ``PermanentError`` for a name that no cloud has."""
    cloud = CLOUDS.get(tenant.cloud)
    if cloud is None:
        raise PermanentError(
            "tenant.cloud_unknown",
            f"Tenant {tenant.id}: there is no Microsoft cloud {tenant.cloud!r}.",
            f"Write one of {', '.join(CLOUDS)} as the tenant's cloud.",
        )
    return cloud


def address_of(tenant: Tenant, endpoint: Endpoint, context: Context) -> str:
    """The address of ``endpoint``, without a slash at its end.

    Raises ``PermanentError`` (``endpoint.not_given``) under drill for one that settings do not give, so that no request leaves for it.
    """
    given = tenant.endpoints.get(endpoint.value)
    if given is not None:
        return given.rstrip("/")
    if context.drill:
        raise PermanentError(
            "endpoint.not_given",
            f"Tenant {tenant.id}: under drill the endpoint {endpoint.value} is off, because neither folder nor overlay gives it.",
            f"Give endpoints.{endpoint.value} in the overlay.",
        )
    return cloud_of(tenant).address(endpoint)


def inside(link: str, base: str) -> bool:
    """Whether ``link`` stays within ``base``: scheme, host, port and prefix. Only then may a token go there."""
    there, here = urlsplit(link), urlsplit(base)
    prefix = here.path.rstrip("/")
    return (
        there.scheme == here.scheme
        and there.hostname == here.hostname
        and _port(there.port, there.scheme) == _port(here.port, here.scheme)
        and (there.path == prefix or there.path.startswith(prefix + "/"))
    )


def _port(port: int | None, scheme: str) -> int | None:
    return port or {"https": 443, "http": 80}.get(scheme)
