"""Cmdlets for adaptive scopes, which need A5 (docs/wire/admin-endpoint.md §2.4, M§2.2)."""

from __future__ import annotations

from sandbox.microsoft.binding import Call, Cmdlet, CmdletError, Row, Rows, enum, exists, flag, invalid, not_found, nothing, rows, text, texts
from sandbox.microsoft.objects import Policy, Scope
from sandbox.microsoft.rendering import common
from sandbox.microsoft.state import TenantState

_LONGEST = 10_000


def cmdlets() -> list[Cmdlet]:
    """Get-, New-, Set- and Remove-AdaptiveScope; not exported without records management."""
    query = (text("FilterConditions"), text("RawQuery"), text("Comment"), texts("AdministrativeUnit"))
    kind = enum("LocationType", "User", "Group", "Site")
    identity = text("Identity")
    return [
        Cmdlet(name="Get-AdaptiveScope", run=get, parameters=(identity, text("LocationTypes"), texts("AdministrativeUnits")), premium=True),
        Cmdlet(name="New-AdaptiveScope", run=create, parameters=(text("Name"), kind, *query), needs=("Name", "LocationType"), premium=True),
        Cmdlet(name="Set-AdaptiveScope", run=change, parameters=(identity, *query), needs=("Identity",), premium=True),
        Cmdlet(name="Remove-AdaptiveScope", run=remove, parameters=(identity, flag("ForceDeletion")), needs=("Identity",), premium=True),
    ]


def find(state: TenantState, identity: str) -> Scope | None:
    """The scope with that GUID or name."""
    wanted = identity.lower()
    return next((one for one in state.scopes.values() if wanted in {one.guid, one.name.lower()}), None)


def named(call: Call, words: list[str]) -> list[str]:
    """GUIDs of the scopes that the words name, each once; raises ``CmdletError`` for an unknown one."""
    found: dict[str, None] = {}
    for word in words:
        scope = find(call.state, word)
        if scope is None:
            raise not_found(word)
        found[scope.guid] = None
    return list(found)


def check_applications(state: TenantState, policy: Policy) -> None:
    """A policy over a scope must name an application of what the scope is of. Raises ``CmdletError``."""
    for scope in (state.scopes[guid] for guid in policy.scopes):
        if not any(one.partition(":")[0].strip().lower() == scope.location_type.lower() for one in policy.applications):
            words = (
                f"Policy locations contain adaptive scope of location type '{scope.location_type}', "
                "but no applications were specified for the same location type"
            )
            raise CmdletError("Microsoft.Exchange.Management.UnifiedPolicy.MissingApplicationsLocationTypeForAdaptiveScopeException", words)


def get(call: Call) -> Rows:
    """All scopes; one, if ``Identity`` names one; all again, if it names none (M§2.2)."""
    one = find(call.state, call.word("Identity")) if call.word("Identity") else None
    return Rows(items=[one] if one is not None else list(call.state.scopes.values()), render=lambda scope: render(call.state, scope))


def _check(call: Call) -> None:
    if call.has("FilterConditions") and call.has("RawQuery"):
        raise invalid("FilterConditions and RawQuery can't be used together.")
    if len(call.word("RawQuery")) > _LONGEST:
        raise invalid(f"The query can't be longer than {_LONGEST} characters.")


def create(call: Call) -> Rows:
    """A new scope; nothing happens until a policy uses it."""
    name = call.name()
    if find(call.state, name) is not None:
        raise exists(name)
    if not call.word("FilterConditions") and not call.word("RawQuery"):
        raise invalid("FilterConditions or RawQuery is needed.")
    _check(call)
    now = call.world.clock.now()
    scope = Scope(
        name=name,
        guid=call.state.new_id("scope"),
        comment=call.word("Comment"),
        created=now,
        changed=now,
        created_by=call.actor,
        changed_by=call.actor,
        location_type=call.word("LocationType"),
        conditions=call.word("FilterConditions") or None,
        query=call.word("RawQuery") or None,
    )
    call.state.scopes[scope.guid] = scope
    call.log(name)
    return rows([render(call.state, scope)])


def change(call: Call) -> Rows:
    """Another query or comment; who falls out of the query falls out of every policy that uses the scope."""
    scope = _found(call)
    _check(call)
    before = (scope.conditions, scope.query, scope.comment)
    if call.has("FilterConditions") or call.has("RawQuery"):
        scope.conditions, scope.query = call.word("FilterConditions") or None, call.word("RawQuery") or None
    scope.comment = call.word("Comment", scope.comment)
    if before == (scope.conditions, scope.query, scope.comment):
        call.unchanged(scope.name)
        return nothing()
    scope.touch(call.actor, call.world.clock.now())
    call.log(call.word("Identity"))
    return nothing()


def remove(call: Call) -> Rows:
    """Gone, unless a policy uses it."""
    scope = _found(call)
    users = [policy.name for policy in call.state.policies.values() if scope.guid in policy.scopes]
    if users:
        words = f"The adaptive scope '{scope.name}' is being used by the policy '{users[0]}' and can't be removed."
        raise CmdletError("Microsoft.Exchange.Management.UnifiedPolicy.AdaptiveScopeInUseException", words)
    del call.state.scopes[scope.guid]
    call.log(call.word("Identity"))
    return nothing()


def _found(call: Call) -> Scope:
    scope = find(call.state, call.word("Identity"))
    if scope is None:
        raise not_found(call.word("Identity"))
    return scope


def render(state: TenantState, scope: Scope) -> Row:
    """A scope with its query; who is in it, only Get-AdaptiveScopeMembers would tell."""
    return common(state, scope) | {
        "LocationType": scope.location_type,
        "FilterConditions": scope.conditions,
        "RawQuery": scope.query,
        "AdministrativeUnits": [],
    }
