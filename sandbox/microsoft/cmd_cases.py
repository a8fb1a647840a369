"""Cmdlets for eDiscovery cases and case holds, the way that needs no A5 (docs/wire/admin-endpoint.md §2.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sandbox.microsoft import holding
from sandbox.microsoft.binding import (
    Call,
    Cmdlet,
    CmdletError,
    Row,
    Rows,
    bad_location,
    enum,
    exists,
    flag,
    invalid,
    not_found,
    nothing,
    pending,
    rows,
    text,
    texts,
)
from sandbox.microsoft.objects import Case, Hold, Source
from sandbox.microsoft.plans import EXCHANGE_PLAN_2, PREMIUM_EDISCOVERY, has_plan
from sandbox.microsoft.rendering import ALL_WORKLOADS, common, instant
from sandbox.microsoft.state import TenantState, ediscovery_place, licence, spelled, switch, worded

_PLACES = (("ExchangeLocation", "mailbox"), ("SharePointLocation", "site"))
_MANY_RULES = 100


def cmdlets() -> list[Cmdlet]:
    """ComplianceCase, CaseHoldPolicy and CaseHoldRule."""
    case_types = enum("CaseType", "eDiscovery", "AdvancedEdiscovery")
    moves = tuple(texts(f"{verb}{name}", "") for name, _ in _PLACES for verb in ("Add", "Remove"))
    kept = (text("Identity"), flag("Close"), flag("Reopen"), text("Name"), text("Description"), text("ExternalId"))
    look = (text("Identity"), text("Case"), flag("DistributionDetail"), flag("IncludeBindings"))
    found = [
        Cmdlet(name="Get-ComplianceCase", run=get_cases, parameters=(text("Identity"), case_types)),
        Cmdlet(
            name="New-ComplianceCase",
            run=new_case,
            parameters=(text("Name"), case_types, text("ExternalId"), text("Description")),
            needs=("Name",),
        ),
        Cmdlet(name="Set-ComplianceCase", run=set_case, parameters=kept, needs=("Identity",)),
        Cmdlet(name="Get-CaseHoldPolicy", run=get_policies, parameters=look),
        Cmdlet(
            name="New-CaseHoldPolicy",
            run=new_policy,
            parameters=(text("Name"), text("Case"), *(texts(name) for name, _ in _PLACES), text("Comment"), flag("Enabled"), flag("Force")),
            needs=("Name", "Case"),
        ),
        Cmdlet(
            name="Set-CaseHoldPolicy",
            run=set_policy,
            parameters=(
                text("Identity"),
                *moves,
                flag("Enabled", ""),
                text("Comment", ""),
                flag("Force"),
                flag("RetryDistribution", "Retry"),
            ),
            needs=("Identity",),
            sets=(("Retry", ("Identity", "RetryDistribution")),),
        ),
        Cmdlet(name="Remove-CaseHoldPolicy", run=remove_policy, parameters=(text("Identity"), flag("ForceDeletion")), needs=("Identity",)),
        Cmdlet(name="Get-CaseHoldRule", run=get_rules, parameters=(text("Identity"), text("Policy"))),
        Cmdlet(
            name="New-CaseHoldRule",
            run=new_rule,
            parameters=(text("Name"), text("Policy"), text("ContentMatchQuery"), text("Comment"), flag("Disabled")),
            needs=("Name", "Policy"),
        ),
        Cmdlet(
            name="Set-CaseHoldRule",
            run=set_rule,
            parameters=(text("Identity"), text("ContentMatchQuery"), text("Comment"), flag("Disabled")),
            needs=("Identity",),
        ),
    ]
    return [replace(cmdlet, ediscovery=True, run=_licensed(cmdlet.run) if cmdlet.name.startswith("New-") else cmdlet.run) for cmdlet in found]


def _licensed(run: Callable[[Call], Rows]) -> Callable[[Call], Rows]:
    """``run``, for tenants with Exchange Plan 2 (A3 and E3): what others are answered is chosen."""

    def checked(call: Call) -> Rows:
        if not has_plan(licence(call.world), "faculty", EXCHANGE_PLAN_2):
            raise invalid("Your organization doesn't have a license that includes eDiscovery holds.")
        return run(call)

    return checked


def _seen(call: Call, case: Case) -> bool:
    own = ediscovery_place(call.world, call.actor) == "manager"
    return not own or call.actor.object_id in case.members


def find_case(call: Call, identity: str) -> Case | None:
    """The case with that GUID or name, if the caller may see it."""
    wanted = identity.lower()
    return next((case for case in call.state.cases.values() if wanted in {case.guid, case.name.lower()} and _seen(call, case)), None)


def find_hold(call: Call, identity: str) -> Hold | None:
    """The hold policy with that GUID or name, if the caller may see its case."""
    wanted = identity.lower()
    holds = (hold for hold in call.state.holds.values() if wanted in {hold.guid, hold.name.lower()})
    return next((hold for hold in holds if _seen(call, call.state.cases[hold.case])), None)


def _add(call: Call, hold: Hold, kind: str, place: str) -> None:
    try:
        holding.add_source(call.world, call.actor, hold, kind, place)
    except holding.HoldError as error:
        raise _refused(error) from None


def _refused(error: holding.HoldError) -> CmdletError:
    if error.kind == "missing":
        return bad_location(
            str(error).replace("The mailbox or site", "The location").replace("could not be found", "couldn't be found or is not valid")
        )
    return exists(str(error)) if error.kind == "exists" else invalid(str(error))


def get_cases(call: Call) -> Rows:
    """Cases of one type, the standard one unless told (M§3.6)."""
    kind = call.word("CaseType", "eDiscovery")
    found = find_case(call, call.word("Identity")) if call.word("Identity") else None
    seen = [case for case in call.state.cases.values() if case.case_type == kind and _seen(call, case)]
    return Rows(items=[found] if found is not None else seen, render=lambda case: _case(call, case))


def _case(call: Call, case: Case) -> Row:
    status = holding.case_status(call.world, case)
    row = common(call.state, case)
    del row["Comment"]
    return row | {
        "Status": _capital(worded(call.world, "case", status)),
        "CaseType": case.case_type,
        "ExternalId": case.external_id or None,
        "Description": case.comment or None,
        "ClosedBy": case.closed_by.name if case.closed_by is not None else None,
        "ClosedDateTime": instant(case.closed_at) if case.closed_at is not None and status == "closed" else None,
        "CaseMembers": list(case.members),
    }


def _capital(status: str) -> str:
    return status[:1].upper() + status[1:]


def new_case(call: Call) -> Rows:
    """A case, whose only member is the caller."""
    if call.word("CaseType") == "AdvancedEdiscovery" and not has_plan(licence(call.world), "faculty", PREMIUM_EDISCOVERY):
        raise invalid("Your organization doesn't have a license that includes eDiscovery Premium cases.")
    try:
        values = (call.name(), call.word("Description"), call.word("ExternalId"), call.word("CaseType", "eDiscovery"))
        case = holding.open_case(call.world, call.actor, *values)
    except holding.HoldError as error:
        raise _refused(error) from None
    call.log(case.name)
    return rows([_case(call, case)])


def set_case(call: Call) -> Rows:
    """Close, reopen, or other texts."""
    case = find_case(call, call.word("Identity"))
    if case is None:
        raise not_found(call.word("Identity"))
    before = holding.case_status(call.world, case)
    if call.on("Close"):
        holding.close_case(call.world, call.actor, case)
    if call.on("Reopen"):
        holding.reopen_case(call.world, call.actor, case)
    names = {"Name": "name", "Description": "comment", "ExternalId": "external_id"}
    values = {attribute: call.word(name) for name, attribute in names.items() if call.has(name)}
    try:
        changed = holding.change_case(call.world, call.actor, case, values)
    except holding.HoldError as error:
        raise _refused(error) from None
    if not changed and before == holding.case_status(call.world, case):
        call.unchanged(case.name)
        return nothing()
    call.log(call.word("Identity"))
    return nothing()


def get_policies(call: Call) -> Rows:
    """Hold policies, of one case when its GUID fits; status and places true only with ``DistributionDetail`` (M§3.6)."""
    found = find_hold(call, call.word("Identity")) if call.word("Identity") else None
    case = find_case(call, call.word("Case")) if call.word("Case") else None
    items = [hold for hold in call.state.holds.values() if _seen(call, call.state.cases[hold.case])]
    if case is not None:
        items = [hold for hold in items if hold.case == case.guid]
    return Rows(items=[found] if found is not None else items, render=lambda hold: _policy(call, hold, true=call.on("DistributionDetail")))


def _policy(call: Call, hold: Hold, *, true: bool) -> Row:
    places = {name: [_place(call, source) for source in hold.sources if source.kind == kind] if true else [] for name, kind in _PLACES}
    return common(call.state, hold) | {
        "CaseId": hold.case,
        "Enabled": hold.enabled,
        "Type": "Hold",
        "Workload": ALL_WORKLOADS,
        "DistributionStatus": worded(call.world, "distribution", holding.distribution(call.world, hold)) if true else "Pending",
        "DistributionResults": holding.hold_errors(hold) if true else [],
        "LastStatusUpdateTime": instant(hold.changed) if true else None,
        "HasRules": bool(hold.rule) and true,
        **places,
        "PublicFolderLocation": [],
    }


def _place(call: Call, source: Source) -> Row:
    return {
        "@data.type": "Microsoft.Office.CompliancePolicy.PolicyConfiguration.BindingMetadata",
        "Name": spelled(call.world, source.place),
        "DisplayName": source.name,
        "ImmutableIdentity": source.account or source.id,
        "Type": "IndividualResource",
        "Workload": "Exchange" if source.kind == "mailbox" else "SharePoint",
    }


def new_policy(call: Call) -> Rows:
    """A hold without a rule yet, which holds nothing (M§3.6)."""
    case = find_case(call, call.word("Case"))
    if case is None:
        raise not_found(call.word("Case"))
    try:
        hold = holding.make_hold(call.world, call.actor, case, call.name(), {"comment": call.word("Comment")})
    except holding.HoldError as error:
        raise _refused(error) from None
    try:
        _move(call, hold, "")
    except CmdletError:
        del call.state.holds[hold.guid]
        raise
    hold.enabled = call.on("Enabled", default=True)
    call.log(hold.name)
    return rows([_policy(call, hold, true=True)])


def _move(call: Call, hold: Hold, verb: str) -> bool:
    before = len(hold.sources)
    for name, kind in _PLACES:
        for place in call.words(f"{verb}{name}"):
            for one in _expanded(call.state, kind, place):
                _add(call, hold, kind, one)
    return len(hold.sources) > before


def _expanded(state: TenantState, kind: str, place: str) -> list[str]:
    group = state.group_at(place) if kind == "mailbox" else None
    # A distribution group is expanded to the members of this moment; who joins later is not held (M§3.6). A Microsoft 365 group is a mailbox.
    if group is None or group.unified:
        return [place]
    return [account.upn for account in state.members_of(group) if account.mailbox is not None]


def set_policy(call: Call) -> Rows:
    """Places added and taken out, on, off, comment; or distributed again."""
    hold = find_hold(call, call.word("Identity"))
    if hold is None:
        raise not_found(call.word("Identity"))
    _need_settled(call, hold)
    if call.on("RetryDistribution"):
        holding.retry_hold(call.world, call.actor, hold)
        call.log(call.word("Identity"))
        return nothing()
    changed = _moved(call, hold)
    if call.has("Comment"):
        changed |= holding.change_hold(call.world, call.actor, hold, {"comment": call.word("Comment")})
    if call.has("Enabled") and call.on("Enabled") != hold.enabled:
        try:
            changed |= holding.enable_hold(call.world, call.actor, hold, enabled=call.on("Enabled"))
        except holding.HoldError as error:
            raise _refused(error) from None
    if not changed:
        call.unchanged(hold.name)
        return nothing()
    call.log(call.word("Identity"))
    return nothing()


def _moved(call: Call, hold: Hold) -> bool:
    """Put in and take out what the call names; refused for one place, it takes none of the others."""
    before = list(hold.sources)
    try:
        changed = _move(call, hold, "Add")
    except CmdletError:
        hold.sources[:] = before
        raise
    going = [source for name, kind in _PLACES for source in hold.sources if source.kind == kind and _named(source, call.words(f"Remove{name}"))]
    if going and len(going) == len(hold.sources):
        hold.sources[:] = before
        raise invalid(f"The policy '{hold.name}' must have at least one location.")
    for source in going:
        try:
            holding.remove_source(call.world, call.actor, hold, source)
        except holding.HoldError as error:
            raise _refused(error) from None
    return changed | bool(going)


def _need_settled(call: Call, hold: Hold) -> None:
    """Raise while an earlier change is under way (docs/wire/admin-endpoint.md §2.2); a hold without a rule waits for its rule."""
    touched = hold.sources or hold.unsettled or switch(call.world, "deploy_lock") == "stuck"
    if hold.rule and touched and holding.distribution(call.world, hold) == "Pending":
        raise pending(hold.name)


def _named(source: Source, words: list[str]) -> bool:
    return any(word.rstrip("/").lower() in {source.place.lower(), source.id, source.account} for word in words)


def remove_policy(call: Call) -> Rows:
    """Gone with its rule; the places get a delay hold."""
    hold = find_hold(call, call.word("Identity"))
    if hold is None:
        raise not_found(call.word("Identity"))
    if not call.on("ForceDeletion"):
        _need_settled(call, hold)
    holding.remove_hold(call.world, call.actor, hold)
    call.log(call.word("Identity"))
    return nothing()


def get_rules(call: Call) -> Rows:
    """The rule of one hold policy; all rules for an unknown one, which a large tenant cannot answer (M§3.6)."""
    hold = find_hold(call, call.word("Policy")) if call.word("Policy") else None
    holds = [hold] if hold is not None else [one for one in call.state.holds.values() if _seen(call, call.state.cases[one.case])]
    ruled = [one for one in holds if one.rule]
    if hold is None and len(ruled) > _MANY_RULES:
        raise invalid("The operation has timed out.")
    return Rows(items=ruled, render=lambda one: _rule(call, one))


def _rule(call: Call, hold: Hold) -> Row:
    row = common(call.state, hold) | {"Name": hold.rule_name, "Guid": hold.rule, "ExchangeObjectId": hold.rule, "ImmutableId": hold.rule}
    return row | {"Policy": hold.guid, "ContentMatchQuery": hold.query or None, "Disabled": hold.rule_disabled, "Workload": ALL_WORKLOADS}


def new_rule(call: Call) -> Rows:
    """The one rule of a hold; from now on it holds."""
    hold = find_hold(call, call.word("Policy"))
    if hold is None:
        raise not_found(call.word("Policy"))
    if hold.rule:
        raise invalid(f"The policy '{hold.name}' already has a rule.")
    try:
        holding.add_rule(call.world, call.actor, hold, call.name(), call.word("ContentMatchQuery"))
    except holding.HoldError as error:
        raise _refused(error) from None
    hold.rule_disabled = call.on("Disabled")
    call.log(call.word("Name"))
    return rows([_rule(call, hold)])


def set_rule(call: Call) -> Rows:
    """Another query; on, off."""
    wanted = call.word("Identity").lower()
    hold = next((one for one in call.state.holds.values() if one.rule and wanted in {one.rule, one.rule_name.lower()}), None)
    if hold is None:
        raise not_found(call.word("Identity"))
    _need_settled(call, hold)
    try:
        changed = call.has("ContentMatchQuery") and holding.change_hold(call.world, call.actor, hold, {"query": call.word("ContentMatchQuery")})
        if call.has("Disabled"):
            changed |= holding.enable_rule(call.world, call.actor, hold, enabled=not call.on("Disabled"))
    except holding.HoldError as error:
        raise _refused(error) from None
    if changed:
        call.log(call.word("Identity"))
    else:
        call.unchanged(hold.rule_name)
    return nothing()
