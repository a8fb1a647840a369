"""Cmdlets for retention policies, also those that publish labels (docs/wire/admin-endpoint.md §2.2)."""

from __future__ import annotations

from dataclasses import replace

from sandbox.microsoft import cmd_scopes, holding, policing
from sandbox.microsoft.binding import (
    Call,
    Cmdlet,
    Parameter,
    Row,
    Rows,
    ambiguous,
    bad_location,
    exists,
    failed_deployment,
    flag,
    invalid,
    not_found,
    nothing,
    pending,
    rows,
    text,
    texts,
)
from sandbox.microsoft.objects import TEAMS, Location, Policy
from sandbox.microsoft.policing import PROPERTIES
from sandbox.microsoft.rendering import ALL_WORKLOADS, common, instant
from sandbox.microsoft.state import TenantState, seconds, spelled, switch, worded

_TEAMS = tuple(name for name in PROPERTIES if name.removesuffix("Exception") in TEAMS)
_PLAIN = tuple(name for name in PROPERTIES if name not in _TEAMS)


def cmdlets() -> list[Cmdlet]:
    """Get-, New-, Set-, Remove-RetentionCompliancePolicy, and the App- family's read."""
    looks = tuple(
        flag(name) for name in ("DistributionDetail", "RetentionRuleTypes", "ErrorPolicyOnly", "ExcludeTeamsPolicy", "TeamsPolicyOnly")
    )
    more = (flag("IncludeTestModeResults"), flag("PriorityCleanup"))
    places = (*(texts(name, "") for name in _PLAIN), *(texts(name, "Teams") for name in _TEAMS))
    reach = (texts("AdaptiveScopeLocation", "Adaptive"), texts("Applications", "", "Adaptive"))
    new = (*reach, text("Name"), text("Comment"), flag("Enabled"), flag("RestrictiveRetention"), flag("RetainCloudAttachment"), flag("Force"))
    return [
        Cmdlet(name="Get-RetentionCompliancePolicy", run=get, parameters=(text("Identity"), *looks, *more)),
        Cmdlet(name="Get-AppRetentionCompliancePolicy", run=get_app, parameters=(text("Identity"), *looks), premium=True),
        Cmdlet(name="New-RetentionCompliancePolicy", run=create, parameters=(*new, *places), needs=("Name",), sets=_NEW_SETS),
        Cmdlet(name="Set-RetentionCompliancePolicy", run=change, parameters=_set_parameters(), needs=("Identity",), sets=_SET_SETS),
        Cmdlet(
            name="Remove-RetentionCompliancePolicy", run=remove, parameters=(text("Identity"), flag("ForceDeletion")), needs=("Identity",)
        ),
    ]


_NEW_SETS = (("Teams", ("Name",)), ("Adaptive", ("Name", "AdaptiveScopeLocation")))
_SET_SETS = (("Teams", ("Identity",)), ("Adaptive", ("Identity",)), ("Retry", ("Identity", "RetryDistribution")))


def _set_parameters() -> tuple[Parameter, ...]:
    moves = [texts(f"{verb}{name}", "" if name in _PLAIN else "Teams") for name in PROPERTIES for verb in ("Add", "Remove")]
    settings = (
        text("Comment", "", "Teams", "Adaptive"),
        flag("Enabled", "", "Teams", "Adaptive"),
        flag("Force", "", "Teams", "Adaptive"),
        flag("RestrictiveRetention", "", "Teams", "Adaptive"),
        texts("AddAdaptiveScopeLocation", "Adaptive"),
        texts("RemoveAdaptiveScopeLocation", "Adaptive"),
        texts("Applications", "", "Adaptive"),
    )
    return (text("Identity"), flag("RetryDistribution", "Retry"), *settings, *moves)


def find(state: TenantState, identity: str, *, app: bool = False) -> Policy | None:
    """The policy of that family with that GUID or name."""
    wanted = identity.lower()
    here = [policy for policy in state.policies.values() if policy.app == app]
    return next((policy for policy in here if wanted in {policy.guid, policy.name.lower()}), None)


def get(call: Call) -> Rows:
    """Policies of the older family, true only with ``DistributionDetail``; an unknown ``Identity`` gives all (M§2.2)."""
    return _get(call, app=False)


def get_app(call: Call) -> Rows:
    """All policies of the newer family."""
    return _get(call, app=True)


def _get(call: Call, *, app: bool) -> Rows:
    policing.settle(call.world)
    found = find(call.state, call.word("Identity"), app=app) if call.word("Identity") else None
    items = [found] if found is not None else [policy for policy in call.state.policies.values() if policy.app == app]
    items = [policy for policy in items if policy.priority_cleanup == call.on("PriorityCleanup")]
    if call.on("TeamsPolicyOnly") or call.on("ExcludeTeamsPolicy"):
        items = [policy for policy in items if policy.teams == call.on("TeamsPolicyOnly")]
    if call.on("ErrorPolicyOnly"):
        items = [policy for policy in items if policy.errors]
    return Rows(items=items, render=lambda policy: render(call, policy))


def render(call: Call, policy: Policy) -> Row:
    """A policy; without ``DistributionDetail`` and ``RetentionRuleTypes`` the row lies in the way that M§2.2 tells."""
    true = call.on("DistributionDetail")
    found = policing.rules_of(call.state, policy)
    kinds = (
        sorted({"Publish" if rule.publishes else "Apply" if rule.applies else "Retention" for rule in found})
        if call.on("RetentionRuleTypes")
        else []
    )
    row = common(call.state, policy) | {
        "Enabled": policy.enabled,
        "Mode": "PendingDeletion" if policy.removing is not None else "Enforce",
        "Type": "Hold",
        "Priority": 0,
        "Workload": ALL_WORKLOADS,
        "DistributionStatus": worded(call.world, "distribution", policing.status(call.world, policy)) if true else "Pending",
        "DistributionResults": list(policy.errors) if true and not policing.deploying(call.world, policy) else [],
        "LastStatusUpdateTime": instant(policy.status_at) if true else None,
        "HasRules": bool(kinds),
        "RetentionRuleTypes": kinds,
        "RestrictiveRetention": policy.locked,
        "TeamsPolicy": policy.teams,
        "IsAdaptivePolicy": bool(policy.scopes),
        "RetainCloudAttachment": False,
        "IsSimulation": False,
        "PriorityCleanup": policy.priority_cleanup,
        "AdaptiveScopeLocation": _scopes(call.state, policy) if true else [],
        "DynamicScopeLocation": [],
        "Applications": list(policy.applications) if policy.app or policy.applications else None,
    }
    for name in PROPERTIES:
        row[name] = [place_row(call, one) for one in policy.locations.get(name, [])] if true else []
    return row


def _scopes(state: TenantState, policy: Policy) -> list[Row]:
    return [
        {"Name": state.scopes[guid].name, "DisplayName": state.scopes[guid].name, "ImmutableIdentity": guid, "Type": "Scope"}
        for guid in policy.scopes
    ]


def place_row(call: Call, one: Location) -> Row:
    """A location object."""
    return {
        "@data.type": "Microsoft.Office.CompliancePolicy.PolicyConfiguration.BindingMetadata",
        "Name": one.name if one.everything else spelled(call.world, one.name),
        "DisplayName": one.display_name,
        "ImmutableIdentity": one.identity,
        "Type": "Tenant" if one.everything else "IndividualResource",
        "Workload": one.workload,
    }


def create(call: Call) -> Rows:
    """A policy without a rule yet, which keeps nothing."""
    policing.settle(call.world)
    name = call.name()
    if find(call.state, name) or find(call.state, name, app=True):
        raise exists(name)
    scopes = cmd_scopes.named(call, call.words("AdaptiveScopeLocation"))
    if not scopes and not any(call.words(place) for place in PROPERTIES if not place.endswith("Exception")):
        raise ambiguous()
    try:
        holding.check_room(call.world)
    except holding.HoldError as error:
        raise invalid(str(error)) from None
    now = call.world.clock.now()
    policy = Policy(
        name=name,
        guid=call.state.new_id("policy"),
        comment=call.word("Comment"),
        created=now,
        changed=now,
        created_by=call.actor,
        changed_by=call.actor,
        enabled=call.on("Enabled", default=True),
        locked=call.on("RestrictiveRetention"),
        scopes=scopes,
        applications=call.words("Applications"),
        due=now,
        status_at=now,
    )
    change_of = policing.begin(call.world, policy, call.actor)
    _place(call, policy, "", change_of)
    _check(call, policy)
    call.state.policies[policy.guid] = policy
    call.log(policy.name)
    _deploy(call, policy)
    return rows([render(replace_values(call, DistributionDetail=True), policy)])


def replace_values(call: Call, **values: bool) -> Call:
    """The same call with other switches, for rendering what a New- returns."""
    return replace(call, values={**call.values, **values})


def _place(call: Call, policy: Policy, verb: str, change_of: policing.Change) -> bool:
    changed = False
    try:
        for name in PROPERTIES:
            if call.words(f"{verb}{name}"):
                new = policing.resolve(call.world, name, call.words(f"{verb}{name}"), change_of.due)
                changed |= policing.place(policy, name, new)
    except policing.PlaceError as error:
        raise (invalid(str(error)) if error.limit else bad_location(str(error))) from None
    return changed


def _check(call: Call, policy: Policy) -> None:
    cmd_scopes.check_applications(call.state, policy)
    try:
        policing.check(call.world, policy)
    except policing.PlaceError as error:
        raise invalid(str(error)) from None
    for name, places in policy.locations.items():
        base = policy.locations.get(name.removesuffix("Exception"), [])
        if name.endswith("Exception") and places and not any(one.everything for one in base):
            raise invalid(f"{name} can be used only when {name.removesuffix('Exception')} is All.")


def _deploy(call: Call, policy: Policy) -> None:
    """Raise the failure of a deployment whose change is stored already, as often as the switch ``m365.deploy_failed`` says."""
    left = int(switch(call.world, "deploy_failed", "0"))
    if left > 0:
        call.world.switches["m365.deploy_failed"] = str(left - 1)
        raise failed_deployment(policy.name)


def change(call: Call) -> Rows:
    """Add and take out places, enable, disable, comment; or distribute again. Locked while an earlier change is under way (M§2.7)."""
    policing.settle(call.world)
    policy = find(call.state, call.word("Identity"))
    if policy is None:
        raise not_found(call.word("Identity"))
    if policing.deploying(call.world, policy) or policy.removing is not None:
        raise pending(policy.name)
    if call.on("RetryDistribution"):
        policy.errors = []
        policing.begin(call.world, policy, call.actor)
        call.log(call.word("Identity"))
        return nothing()
    _guard_lock(call, policy)
    adaptive = [name for name in ("AddAdaptiveScopeLocation", "RemoveAdaptiveScopeLocation") if call.has(name)]
    if adaptive and not policy.scopes:
        raise invalid(f"The policy '{policy.name}' is static and takes no adaptive scopes.")
    before = replace(policy, locations={name: list(places) for name, places in policy.locations.items()})
    trial = policing.Change(
        actor=call.actor, at=call.world.clock.now(), due=call.world.clock.now() + seconds(call.world, "distribution", 900)
    )
    try:
        changed = _apply(call, policy, trial)
        _check(call, policy)
    except Exception:
        for name in ("enabled", "comment", "locked", "locations", "due", "scopes", "applications"):
            setattr(policy, name, getattr(before, name))
        raise
    if not changed:
        call.unchanged(policy.name)
        return nothing()
    policing.begin(call.world, policy, call.actor)
    call.log(call.word("Identity"))
    _deploy(call, policy)
    return nothing()


def _apply(call: Call, policy: Policy, trial: policing.Change) -> bool:
    changed = _place(call, policy, "Add", trial)
    added, gone = (cmd_scopes.named(call, call.words(f"{verb}AdaptiveScopeLocation")) for verb in ("Add", "Remove"))
    scopes = [*(one for one in policy.scopes if one not in gone), *(one for one in added if one not in policy.scopes)]
    if scopes != policy.scopes:
        policy.scopes, changed = scopes, True
    if call.has("Applications") and call.words("Applications") != policy.applications:
        policy.applications, changed = call.words("Applications"), True
    for name in PROPERTIES:
        if call.words(f"Remove{name}"):
            changed |= policing.displace(policy, name, call.words(f"Remove{name}"))
    for parameter, attribute, value in (
        ("Comment", "comment", call.word("Comment")),
        ("Enabled", "enabled", call.on("Enabled")),
        ("RestrictiveRetention", "locked", call.on("RestrictiveRetention") or policy.locked),
    ):
        if call.has(parameter) and getattr(policy, attribute) != value:
            setattr(policy, attribute, value)
            changed = True
            if parameter == "Enabled" and value:
                policing_restamp(policy, trial)
    return changed


def policing_restamp(policy: Policy, change_of: policing.Change) -> None:
    """A policy that is enabled again reaches its places only when its distribution is through."""
    policy.locations = {name: [replace(one, due=change_of.due) for one in places] for name, places in policy.locations.items()}


def _guard_lock(call: Call, policy: Policy) -> None:
    shrinks = any(call.words(f"Remove{name}") for name in PROPERTIES if not name.endswith("Exception"))
    shrinks |= any(call.words(f"Add{name}") for name in PROPERTIES if name.endswith("Exception"))
    shrinks |= bool(call.words("RemoveAdaptiveScopeLocation"))
    shrinks |= call.has("Enabled") and not call.on("Enabled")
    if policy.locked and shrinks:
        raise invalid(
            f"The policy '{policy.name}' has Preservation Lock (RestrictiveRetention): only additions and longer periods are accepted."
        )


def remove(call: Call) -> Rows:
    """Shows ``PendingDeletion`` for a while, then it is gone with its rules."""
    policing.settle(call.world)
    policy = find(call.state, call.word("Identity"))
    if policy is None:
        raise not_found(call.word("Identity"))
    if policy.locked:
        raise invalid(f"The policy '{policy.name}' has Preservation Lock (RestrictiveRetention) and can't be removed.")
    if policing.deploying(call.world, policy) and not call.on("ForceDeletion"):
        raise pending(policy.name)
    policy.touch(call.actor, call.world.clock.now())
    policy.removing = call.world.clock.now() + seconds(call.world, "distribution", 900)
    call.log(call.word("Identity"))
    return nothing()
