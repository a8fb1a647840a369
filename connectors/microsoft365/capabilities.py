"""What this tenant allows us, kind by kind, with the reason for each no; learned by asking, never assumed (M§11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from connectors.errors import ConnectorError, PermanentError, Stopped, TenantUnreachableError
from connectors.examination import NOT_PROVEN, Capability, Feed, ReadCapability, Refused, Surface, WriteCapability
from connectors.microsoft365.access import Access
from connectors.microsoft365.activity import Content
from connectors.microsoft365.clouds import Endpoint, address_of, cloud_of
from connectors.microsoft365.errors import REGISTER
from connectors.microsoft365.everybody import everybody
from connectors.microsoft365.graph import Call, Listing
from connectors.microsoft365.limits import limited
from connectors.microsoft365.rights import Granted, lacking, told, wanting, with_lacks
from connectors.microsoft365.roster import GROUPS
from connectors.microsoft365.signed_capabilities import signed_capability, with_step
from connectors.microsoft365.ways import CASE_WRITING, REFUSALS
from connectors.unsupported import ADMIN_ENDPOINT
from policies.kinds import Kind

CMDLETS: dict[Kind, tuple[str, tuple[str, ...]]] = {
    Kind.M365_LABEL: ("Get-ComplianceTag", ("New-ComplianceTag", "Set-ComplianceTag")),
    Kind.M365_LABEL_POLICY: ("Get-RetentionCompliancePolicy", ("New-RetentionCompliancePolicy", "Set-RetentionCompliancePolicy")),
    Kind.M365_LABEL_RULE: ("Get-RetentionComplianceRule", ("New-RetentionComplianceRule",)),
    Kind.M365_RETENTION_POLICY: ("Get-RetentionCompliancePolicy", ("New-RetentionCompliancePolicy", "Set-RetentionCompliancePolicy")),
    Kind.M365_EVENT_TYPE: ("Get-ComplianceRetentionEventType", ("New-ComplianceRetentionEventType", "Set-ComplianceRetentionEventType")),
    Kind.M365_RETENTION_RULE: ("Get-RetentionComplianceRule", ("New-RetentionComplianceRule", "Set-RetentionComplianceRule")),
    Kind.M365_ADAPTIVE_SCOPE: ("Get-AdaptiveScope", ("New-AdaptiveScope", "Set-AdaptiveScope")),
}
"""The cmdlets that reading and writing a kind rest on."""

_READ_ONLY: dict[Kind, tuple[Endpoint, str, str]] = {
    Kind.M365_ORG_HOLD: (Endpoint.EXCHANGE, "Get-OrganizationConfig", "kind.derived: the platform writes these stamps from policies over everybody"),
}
"""The kinds that are read and never written, by which cmdlet, and why not."""
_ROLE = "Give the service principal the directory role Compliance Administrator."
_LACKING = {
    Kind.M365_EVENT_TYPE: "Retention by event needs A5 or its records add-on, and the role Compliance Administrator.",
    Kind.M365_ADAPTIVE_SCOPE: "Adaptive scopes need A5 or its compliance add-on, and the role Compliance Administrator.",
}
_NOT_USED = "scope.not_used: no population here says adaptive"
_PEOPLE = (Kind.M365_USER, Kind.M365_GROUP, Kind.M365_SITE)
_WRITE_ROLE = "eDiscovery.ReadWrite.All"
_READ_ROLE = "eDiscovery.Read.All"


def capabilities(access: Access, licences: Mapping[str, int]) -> tuple[Capability, ...]:
    """One per kind. Asks the admin endpoint which cmdlets are ours and Graph for cases and people. Raises ``TenantUnreachableError``.

    ``licences``: seats by plan, empty where they are not known.
    """
    ours = (signed_capability(access, one, CMDLETS[one.kind]) for one in by_cmdlet(access))
    found = (*(_wanted(access, one) for one in ours), *_holds(access), *_people(access), _mailbox(access), *_further(access))
    lacks = lacking(granted(access), access.tenant)
    return limited(told(found, lacks), licences, cloud_of(access.tenant), access.tenant.cloud)


def _wanted(access: Access, one: Capability) -> Capability:
    """``one``, but that no scope is written, nor asked to be proven, where no population says adaptive."""
    if one.kind is not Kind.M365_ADAPTIVE_SCOPE or access.allowed.adaptive or one.read is not ReadCapability.FULL:
        return one
    return replace(one, write=WriteCapability.NONE, reason=_NOT_USED, next_step=None)


def optional(access: Access) -> tuple[Refused, ...]:
    """The optional permissions that the tokens do not carry."""
    return wanting(lacking(granted(access), access.tenant))


def surfaces(access: Access) -> tuple[Surface, ...]:
    """Each endpoint as it answers now. Graph has answered before this is asked."""
    cloud_or_given = [Surface(name=Endpoint.AUTHORITY.value, url=_url(access, Endpoint.AUTHORITY), ok=True, detail="a token was issued")]
    graph = Surface(name=Endpoint.GRAPH.value, url=access.graph.base, ok=True, detail=_graph_words(access))
    cloud_or_given.append(with_lacks(graph, lacking(granted(access), access.tenant)))
    for endpoint in (Endpoint.COMPLIANCE, Endpoint.EXCHANGE):
        try:
            count = len(access.admin.cmdlets(endpoint))
            moved = endpoint is Endpoint.COMPLIANCE and access.admin.house is Endpoint.EXCHANGE
            through = ", through the Exchange host" if moved else ""
            detail = f"{count} cmdlets are allowed to us{through}; {ADMIN_ENDPOINT}"
            found = Surface(name=endpoint.value, url=access.admin.address(endpoint), ok=True, detail=detail)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            # One that is shut says so itself.
            said = "" if ADMIN_ENDPOINT in error.message else f"; {ADMIN_ENDPOINT}"
            detail = f"{error.code}: {error.message}{said}"
            found = Surface(name=endpoint.value, url=_url(access, endpoint), ok=False, detail=detail, next_step=error.next_step or None)
        cloud_or_given.append(found)
    return tuple(cloud_or_given)


def read_subscriptions(access: Access) -> Feed:
    """The activity feed as it answers now: a second source of audit evidence, so one that is shut costs no kind anything."""
    url = _url(access, Endpoint.ACTIVITY)
    try:
        on = access.activity.subscriptions()
    except ConnectorError as error:
        return Feed(surface=Surface(name=Endpoint.ACTIVITY.value, url=url, ok=False, detail=f"{error.code}: {error.message}"))
    off = tuple(content.value for content in Content if not on.get(content.value, False))
    detail = f"audit.not_subscribed: it answers, and {', '.join(off)} is not switched on" if off else f"switched on: {', '.join(sorted(on))}"
    return Feed(surface=Surface(name=Endpoint.ACTIVITY.value, url=access.activity.base, ok=True, detail=detail), off=off)


def _url(access: Access, endpoint: Endpoint) -> str | None:
    """Where the endpoint is asked: where settings say, else where the cloud has it. None for one that is off."""
    try:
        return address_of(access.tenant, endpoint, access.context)
    except PermanentError:
        return None


def _graph_words(access: Access) -> str:
    cloud = cloud_of(access.tenant)
    absent = "".join(f"; the cloud {access.tenant.cloud} has no {api.value}" for api in sorted(cloud.lacks))
    return _labels_over_graph(access) + absent


def _labels_over_graph(access: Access) -> str:
    """Whether Graph shows labels to an application; on the one tenant measured it refuses with a 500 (M§1.4)."""
    if access.person is not None:
        return "answers; retention labels are the signed-in person's there"
    try:
        access.graph.call(Call(method="GET", path="/security/labels/retentionLabels"))
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        return f"answers; retention labels are refused here ({error.code}), so they go through the admin endpoint or a signed-in administrator"
    return "answers; it would show retention labels too"


def by_cmdlet(access: Access) -> Iterable[Capability]:
    """What we may do as ourselves over the admin endpoint."""
    try:
        allowed = access.admin.cmdlets(Endpoint.COMPLIANCE)
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        for kind in CMDLETS:
            yield _shut(kind, Endpoint.COMPLIANCE.value, error)
        return
    may_write, barred = _writable(access, allowed)
    for kind, (reading, writing) in CMDLETS.items():
        can_read = reading.lower() in allowed
        if barred is not None:
            yield replace(_shut(kind, Endpoint.COMPLIANCE.value, barred), read=ReadCapability.FULL if can_read else ReadCapability.NONE)
            continue
        missing = [name for name in writing if name.lower() not in may_write]
        yield Capability(
            kind=kind,
            # What the role shows of the objects, only a visibility check can tell.
            read=ReadCapability.FULL if can_read else ReadCapability.NONE,
            write=WriteCapability.MISSING if missing else WriteCapability.UNPROVEN,
            surface=Endpoint.COMPLIANCE.value,
            reason=f"admin.cmdlet_missing: {', '.join(missing)}" if missing else NOT_PROVEN,
            next_step=_LACKING.get(kind, _ROLE) if missing else f"recordwarden doctor --prove {kind.value}",
        )


def _writable(access: Access, allowed: frozenset[str]) -> tuple[frozenset[str], ConnectorError | None]:
    """The cmdlets of the identity that writes, and why it has none; where it also reads, those that were asked for already."""
    if access.other is None:
        return allowed, None
    try:
        return access.other.admin.cmdlets(Endpoint.COMPLIANCE), None
    except Stopped:
        raise
    except ConnectorError as error:
        # A writing identity that cannot even sign in stops writing, not reading.
        return frozenset(), error


def granted(access: Access) -> Granted:
    """The permissions in the tokens of both identities. One that cannot sign in tells nothing."""
    other = access.other
    if other is None:
        return Granted(reading=access.tokens.roles, writing=access.tokens.roles)
    other.known_names()
    return Granted(reading=access.tokens.roles, writing=other.tokens.roles, separate=True)


def _holds(access: Access) -> Iterable[Capability]:
    """Cases and holds: over Graph as ourselves, else as whoever is signed in, else by cmdlet (M§0.1.5). What was chosen is the surface."""
    access.ediscovery.begin()
    try:
        access.cases = access.ediscovery.rows(Call(method="GET", path="/security/cases/ediscoveryCases", slow=True))
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        if access.ediscovery.turned_to_cmdlets(error):
            return [with_step(access, _case_cmdlets(access, kind, error)) for kind in CASE_WRITING]
        return [with_step(access, _no_holds(access, kind, error)) for kind in CASE_WRITING]
    return [with_step(access, _over_graph(access, kind, access.cases)) for kind in CASE_WRITING]


def _over_graph(access: Access, kind: Kind, listing: Listing) -> Capability:
    account = access.ediscovery.account
    roles = granted(access).writing if account is None else access.ways.person.tokens.scopes
    # M§3.3: the permission table lets Read.All write most paths; whether this tenant does, a proof shows.
    may = roles is None or bool({_WRITE_ROLE, _READ_ROLE} & roles)
    grant = f"Grant the {'application' if account is None else 'delegated'} permission {_WRITE_ROLE}."
    return Capability(
        kind=kind,
        read=ReadCapability.PARTIAL if listing.partial else ReadCapability.FULL,
        write=WriteCapability.UNPROVEN if may else WriteCapability.MISSING,
        surface=access.ediscovery.way.value,
        reason=NOT_PROVEN if may else f"ediscovery.permission_missing: {_WRITE_ROLE}",
        next_step=f"recordwarden doctor --prove {kind.value}" if may else grant,
        account=account,
    )


def _case_cmdlets(access: Access, kind: Kind, refusal: ConnectorError) -> Capability:
    offered, barred = _writable(access, access.admin.cmdlets(Endpoint.COMPLIANCE))
    if barred is not None:
        return replace(_shut(kind, Endpoint.COMPLIANCE.value, barred), read=ReadCapability.FULL)
    missing = [name for name in CASE_WRITING[kind] if name.lower() not in offered]
    return Capability(
        kind=kind,
        read=ReadCapability.FULL,
        write=WriteCapability.MISSING if missing else WriteCapability.UNPROVEN,
        surface=Endpoint.COMPLIANCE.value,
        reason=f"admin.cmdlet_missing: {', '.join(missing)}" if missing else f"{NOT_PROVEN}; by cmdlet, for Graph said {refusal.code}",
        next_step=_registering(access) if missing else f"recordwarden doctor --prove {kind.value}",
    )


def _no_holds(access: Access, kind: Kind, error: ConnectorError) -> Capability:
    """Graph refused and there is no cmdlet either: what would open the one or the other."""
    shut = _shut(kind, access.ediscovery.way.value, error)
    if error.code not in REFUSALS or error.code == "ediscovery.not_registered":
        return shut
    if access.allowed.admin:
        beside = "The case-hold cmdlets, which do the same, are not offered to us either:"
        return replace(shut, next_step=f"{error.next_step} {beside} {_registering(access)}")
    accept = f"recordwarden attest admin-endpoint/{access.tenant.id} --until DATE"
    return replace(shut, next_step=f"{error.next_step} Or an officer accepts the admin endpoint, and holds go by cmdlet: {accept}")


def _registering(access: Access) -> str:
    """How the application that writes is registered for cases."""
    return (access.other or access).tokens.named(REGISTER)


def _people(access: Access) -> Iterable[Capability]:
    for kind in _PEOPLE:
        if kind is Kind.M365_SITE:
            yield _read_only(kind, ReadCapability.UNKNOWN, "kind.on_demand: sites are asked for by their address")
            continue
        try:
            if kind is Kind.M365_USER:
                access.everybody = everybody(access)
            else:
                access.listed[kind] = access.graph.rows(GROUPS)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            yield _read_only(kind, ReadCapability.NONE, f"{error.code}: {error.message}", error.next_step)
        else:
            yield _read_only(kind, ReadCapability.FULL, "kind.read_only: accounts are never changed from here")


def _mailbox(access: Access) -> Capability:
    """Litigation hold: on the Exchange host, and written only where a proof has shown it, because nothing marks it as ours."""
    kind, surface = Kind.M365_MAILBOX, Endpoint.EXCHANGE.value
    try:
        allowed = access.admin.cmdlets(Endpoint.EXCHANGE)
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        return _shut(kind, surface, error)
    lacking = [name for name in ("Get-Mailbox", "Set-Mailbox") if name.lower() not in allowed]
    return Capability(
        kind=kind,
        read=ReadCapability.NONE if "Get-Mailbox" in lacking else ReadCapability.FULL,
        write=WriteCapability.MISSING if lacking else WriteCapability.UNPROVEN,
        surface=surface,
        reason=f"admin.cmdlet_missing: {', '.join(lacking)}" if lacking else NOT_PROVEN,
        next_step=_ROLE if lacking else f"recordwarden doctor --prove {kind.value}",
    )


def _further(access: Access) -> Iterable[Capability]:
    for kind, (endpoint, cmdlet, why) in _READ_ONLY.items():
        try:
            offered = cmdlet.lower() in access.admin.cmdlets(endpoint)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            yield replace(_shut(kind, endpoint.value, error), write=WriteCapability.NONE)
        else:
            read, reason = (ReadCapability.FULL, why) if offered else (ReadCapability.NONE, f"admin.cmdlet_missing: {cmdlet}")
            yield Capability(kind=kind, read=read, write=WriteCapability.NONE, surface=endpoint.value, reason=reason)


def _read_only(kind: Kind, read: ReadCapability, reason: str, next_step: str | None = None) -> Capability:
    return Capability(kind=kind, read=read, write=WriteCapability.NONE, surface=Endpoint.GRAPH.value, reason=reason, next_step=next_step or None)


def _shut(kind: Kind, surface: str, error: ConnectorError) -> Capability:
    passing = error.status is None or error.status >= 500 or error.status == 429
    known = passing and not error.code.startswith(("admin_endpoint.", "endpoint."))
    return Capability(
        kind=kind,
        read=ReadCapability.UNKNOWN if known else ReadCapability.NONE,
        write=WriteCapability.MISSING,
        surface=surface,
        reason=f"{error.code}: {error.message}",
        next_step=error.next_step or None,
    )
