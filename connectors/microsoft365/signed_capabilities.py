"""What a signed-in administrator adds to what this tenant allows us, kind by kind, and who it is."""

from __future__ import annotations

from dataclasses import replace

from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.examination import NOT_PROVEN, Capability, PersonSignedIn, ReadCapability, WriteCapability
from connectors.microsoft365 import delegated_labels
from connectors.microsoft365.access import Access, Person
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.signed_in import step
from connectors.microsoft365.ways import LABEL_KINDS, PERSONAL, Way
from policies.kinds import Kind

_WRITE = "RecordsManagement.ReadWrite.All"
_CASES = frozenset({Kind.M365_CASE, Kind.M365_HOLD})
_NOBODY = "auth.not_signed_in"


def signed_capability(access: Access, ours: Capability, cmdlets: tuple[str, tuple[str, ...]]) -> Capability:
    """``ours``, or the capability of the signed-in person where that is the way the kind goes. Raises ``TenantUnreachableError``.

    ``cmdlets`` are those by which the kind is read, and those by which it is written.
    """
    way = access.ways.writing(ours.kind)
    if way is Way.ADMIN:
        return with_step(access, ours)
    reading = access.ways.reading(ours.kind, cmdlets[0])
    try:
        theirs = _over_graph(access, ours.kind, reading) if way is Way.PERSON_GRAPH else _by_cmdlet(access, ours.kind, cmdlets)
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        theirs = _shut(access, ours.kind, way, error)
    return replace(theirs, read=ours.read) if reading is Way.ADMIN else theirs


def with_step(access: Access, one: Capability) -> Capability:
    """``one`` with signing in as another way to it, where a signed-in person could do what we may not and nobody is signed in."""
    if one.write is not WriteCapability.MISSING or one.kind not in PERSONAL | _CASES or access.person is not None:
        return one
    if one.kind not in LABEL_KINDS | _CASES and not access.allowed.admin:
        return one  # cmdlets stay shut until they are accepted, whoever would call them
    why = access.unsigned
    other = step(access.tenant) if why.code == _NOBODY else f"{why.code}: {why.message} {why.next_step}"
    return replace(one, next_step=f"{one.next_step.rstrip('.')}; or {other}" if one.next_step else other)


def who_is_signed_in(access: Access) -> PersonSignedIn | None:
    """Who is signed in beside us, None where nobody is. Asks for a token, so that a sign-in that is over is told."""
    person = access.person
    if person is None:
        why = access.unsigned
        if why.code == _NOBODY:
            return None
        return PersonSignedIn(account="", until=None, kept=True, scopes=None, trouble=f"{why.code}: {why.message}", next_step=why.next_step)
    error = _trouble(person)
    scopes = person.tokens.scopes
    return PersonSignedIn(
        account=person.account,
        until=None if error else person.session.until(),
        kept=person.session.is_kept,
        scopes=tuple(sorted(scopes)) if scopes is not None else None,
        trouble=f"{error.code}: {error.message}" if error else person.session.unsaved,
        next_step=error.next_step if error else None,
    )


def _trouble(person: Person) -> ConnectorError | None:
    try:
        person.tokens.token(Endpoint.GRAPH)
    except ConnectorError as error:
        return error
    return None


def _over_graph(access: Access, kind: Kind, reading: Way) -> Capability:
    """Labels or event types as the person. What was listed is handed on to the look. Raises ConnectorError where not even the list is shown."""
    person, read = access.ways.person, ReadCapability.FULL
    if reading is not Way.PERSON_GRAPH:
        person.tokens.token(Endpoint.GRAPH)
    elif kind is Kind.M365_LABEL:
        access.labels = delegated_labels.read_labels(person.graph)
        read = ReadCapability.PARTIAL if access.labels.partial else read
    else:
        access.event_types = delegated_labels.read_types(person.graph)
        read = ReadCapability.PARTIAL if access.event_types.partial else read
    scopes = person.tokens.scopes
    may = scopes is None or _WRITE in scopes
    return Capability(
        kind=kind,
        read=read,
        write=WriteCapability.UNPROVEN if may else WriteCapability.MISSING,
        surface=Way.PERSON_GRAPH.value,
        reason=NOT_PROVEN if may else f"auth.consent_missing: the token lacks {_WRITE}",
        next_step=f"recordwarden doctor --prove {kind.value}" if may else f"Grant the delegated permission {_WRITE}, and {step(access.tenant)}",
        account=person.account,
    )


def _by_cmdlet(access: Access, kind: Kind, cmdlets: tuple[str, tuple[str, ...]]) -> Capability:
    """Policies and rules as the person. Raises ConnectorError where the admin endpoint refuses them."""
    person = access.ways.person
    allowed = person.admin.cmdlets(Endpoint.COMPLIANCE)
    lacking = [name for name in cmdlets[1] if name.lower() not in allowed]
    return Capability(
        kind=kind,
        read=ReadCapability.FULL if cmdlets[0].lower() in allowed else ReadCapability.NONE,
        write=WriteCapability.MISSING if lacking else WriteCapability.UNPROVEN,
        surface=Way.PERSON_ADMIN.value,
        reason=f"admin.cmdlet_missing: {', '.join(lacking)}" if lacking else NOT_PROVEN,
        next_step=_role(person.account) if lacking else f"recordwarden doctor --prove {kind.value}",
        account=person.account,
    )


def _shut(access: Access, kind: Kind, way: Way, error: ConnectorError) -> Capability:
    account = access.ways.person.account
    role = error.code in ("graph.forbidden", "admin.forbidden", "admin.unauthorised")
    return Capability(
        kind=kind,
        read=ReadCapability.NONE if isinstance(error, PermanentError) else ReadCapability.UNKNOWN,
        write=WriteCapability.MISSING,
        surface=way.value,
        reason=f"{error.code}: {error.message}",
        next_step=_role(account) if role else error.next_step or None,
        account=account,
    )


def _role(account: str) -> str:
    return f"Give {account} the role Compliance Administrator, and the application its delegated permissions (`recordwarden doctor --grant-script`)."
