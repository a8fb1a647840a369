"""Cmdlets for the rules of retention policies (docs/wire/admin-endpoint.md §2.3)."""

from __future__ import annotations

from sandbox.microsoft import cmd_labels, cmd_policies, policing
from sandbox.microsoft.binding import (
    Call,
    Cmdlet,
    Parameter,
    Row,
    Rows,
    ambiguous,
    days,
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
from sandbox.microsoft.objects import Policy, Rule
from sandbox.microsoft.plans import EXCHANGE_PLAN_2, has_plan
from sandbox.microsoft.rendering import ALL_WORKLOADS, common
from sandbox.microsoft.state import TenantState, licence

_ACTION = ("Delete", "Keep", "KeepAndDelete")
_OPTION = ("CreationAgeInDays", "ModificationAgeInDays")
_NOT_FOR_TEAMS = ("ExpirationDateOption", "RetentionDurationDisplayHint", "ContentMatchQuery", "ExcludedItemClasses")
_CHANGES = {
    "RetentionDuration": "duration",
    "RetentionComplianceAction": "action",
    "ExpirationDateOption": "option",
    "RetentionDurationDisplayHint": "hint",
    "Comment": "comment",
    "ContentMatchQuery": "query",
    "ExcludedItemClasses": "excluded_classes",
}


def cmdlets() -> list[Cmdlet]:
    """Get-, New-, Set- and Remove-RetentionComplianceRule, and the App- family's read."""
    new = (
        text("Policy"),
        text("Name", ""),
        text("PublishComplianceTag", "Publish"),
        text("ApplyComplianceTag", "Apply"),
        text("ContentMatchQuery", "", "Apply"),
        *_settings(""),
        text("Comment", ""),
        texts("ExcludedItemClasses", ""),
    )
    kept = (text("Identity"), *_settings(), text("Comment"), text("ContentMatchQuery"), texts("ExcludedItemClasses"))
    sets = (("Publish", ("Policy", "PublishComplianceTag")), ("Apply", ("Policy", "ApplyComplianceTag")))
    return [
        Cmdlet(name="Get-RetentionComplianceRule", run=get, parameters=(text("Identity"), text("Policy"), flag("PriorityCleanup"))),
        Cmdlet(name="Get-AppRetentionComplianceRule", run=get_app, parameters=(text("Identity"), text("Policy")), premium=True),
        Cmdlet(name="New-RetentionComplianceRule", run=create, parameters=new, needs=("Name", "Policy"), sets=sets),
        Cmdlet(name="Set-RetentionComplianceRule", run=change, parameters=kept, needs=("Identity",)),
        Cmdlet(
            name="Remove-RetentionComplianceRule", run=remove, parameters=(text("Identity"), flag("ForceDeletion")), needs=("Identity",)
        ),
    ]


def _settings(*sets: str) -> tuple[Parameter, ...]:
    return (
        days("RetentionDuration", *sets),
        enum("RetentionComplianceAction", *_ACTION, sets=sets),
        enum("ExpirationDateOption", *_OPTION, sets=sets),
        enum("RetentionDurationDisplayHint", "Days", "Months", "Years", sets=sets),
    )


def find(state: TenantState, identity: str) -> Rule | None:
    """The rule with that GUID or name."""
    wanted = identity.lower()
    return state.rules.get(wanted) or next((rule for rule in state.rules.values() if rule.name.lower() == wanted), None)


def get(call: Call) -> Rows:
    """All rules; those of one policy or one rule when the words fit; all again when they do not (M§2.2)."""
    return _get(call, app=False)


def get_app(call: Call) -> Rows:
    """All rules of the newer family."""
    return _get(call, app=True)


def _get(call: Call, *, app: bool) -> Rows:
    policing.settle(call.world)
    items = [rule for rule in call.state.rules.values() if call.state.policies[rule.policy].app == app]
    policy = cmd_policies.find(call.state, call.word("Policy"), app=app) if call.word("Policy") else None
    one = find(call.state, call.word("Identity")) if call.word("Identity") else None
    if policy is not None:
        items = [rule for rule in items if rule.policy == policy.guid]
    if one is not None:
        items = [one]
    return Rows(items=items, render=lambda rule: render(call.state, rule))


def create(call: Call) -> Rows:
    """A rule; the first of a new policy is taken although the policy is Pending, later ones wait (M§2.7)."""
    policing.settle(call.world)
    policy = cmd_policies.find(call.state, call.word("Policy"))
    if policy is None:
        raise not_found(call.word("Policy"))
    existing = policing.rules_of(call.state, policy)
    if policy.removing is not None or (existing and policing.deploying(call.world, policy)):
        raise pending(policy.name)
    if call.has("PublishComplianceTag") or call.has("ApplyComplianceTag"):
        rule = _labelling(call, policy, existing)
    else:
        rule = _retaining(call, policy, existing)
    call.state.rules[rule.guid] = rule
    policing.begin(call.world, policy, call.actor)
    call.log(rule.name if call.has("Name") else call.word("Policy"))
    return rows([render(call.state, rule)])


def _new(call: Call, policy: Policy, name: str) -> Rule:
    now, guid = call.world.clock.now(), call.state.new_id("rule")
    return Rule(
        name=name or guid,
        guid=guid,
        comment=call.word("Comment"),
        created=now,
        changed=now,
        created_by=call.actor,
        changed_by=call.actor,
        policy=policy.guid,
    )


def _labelling(call: Call, policy: Policy, existing: list[Rule]) -> Rule:
    if policy.teams:
        raise ambiguous()
    word = call.word("PublishComplianceTag") or call.word("ApplyComplianceTag")
    label = cmd_labels.find(call.state, word)
    if label is None:
        raise not_found(word)
    if call.has("ApplyComplianceTag") and not cmd_labels.licensed(call.world):
        raise invalid("Your organization doesn't have a license that includes ApplyComplianceTag.")
    if not has_plan(licence(call.world), "faculty", EXCHANGE_PLAN_2):
        raise invalid("Your organization doesn't have a license that includes PublishComplianceTag.")
    if any(not rule.publishes for rule in existing) or any(rule.publishes == label.guid for rule in existing):
        raise invalid(f"The policy '{policy.name}' already has a rule.")
    rule = _new(call, policy, "")
    if call.has("PublishComplianceTag"):
        rule.publishes = label.guid
    else:
        rule.applies, rule.query = label.guid, call.word("ContentMatchQuery")
    return rule


def _retaining(call: Call, policy: Policy, existing: list[Rule]) -> Rule:
    if existing:
        raise invalid(f"The policy '{policy.name}' already has a rule.")
    name = call.name()
    if find(call.state, name) is not None:
        raise exists(name)
    if policy.teams and any(call.has(name) for name in _NOT_FOR_TEAMS):
        raise ambiguous()
    rule = _new(call, policy, name)
    rule.duration = call.word("RetentionDuration") or "Unlimited"
    rule.action = call.word("RetentionComplianceAction") or None
    rule.option = None if policy.teams else call.word("ExpirationDateOption", "CreationAgeInDays")
    rule.hint = call.word("RetentionDurationDisplayHint", "Days")
    rule.query = call.word("ContentMatchQuery")
    rule.excluded_classes = call.words("ExcludedItemClasses")
    return rule


def change(call: Call) -> Rows:
    """Period, action, clock, texts; refused while the policy is being deployed, and for anything shorter under Preservation Lock."""
    policing.settle(call.world)
    rule = find(call.state, call.word("Identity"))
    if rule is None:
        raise not_found(call.word("Identity"))
    policy = call.state.policies[rule.policy]
    if policing.deploying(call.world, policy):
        raise pending(policy.name)
    if (rule.publishes or rule.applies) and any(call.has(name) for name in list(_CHANGES)[:4]):
        raise ambiguous()
    if policy.locked and _shrinks(call, rule):
        raise invalid(f"The policy '{policy.name}' has Preservation Lock (RestrictiveRetention): the period can only be made longer.")
    changed = False
    for name, attribute in _CHANGES.items():
        if call.has(name) and getattr(rule, attribute) != call.values[name]:
            setattr(rule, attribute, call.values[name])
            changed = True
    if not changed:
        call.unchanged(rule.name)
        return nothing()
    rule.touch(call.actor, call.world.clock.now())
    policing.begin(call.world, policy, call.actor)
    call.log(call.word("Identity"))
    return nothing()


def _shrinks(call: Call, rule: Rule) -> bool:
    new = call.word("RetentionDuration", rule.duration or "")
    shorter = new != "Unlimited" and (rule.duration == "Unlimited" or int(new or 0) < int(rule.duration or 0))
    action = call.word("RetentionComplianceAction", rule.action or "")
    return shorter or action != (rule.action or "") or call.has("ContentMatchQuery") or call.has("ExcludedItemClasses")


def remove(call: Call) -> Rows:
    """Releases everything that the rule kept and leaves an invalid policy (M§2.2)."""
    policing.settle(call.world)
    rule = find(call.state, call.word("Identity"))
    if rule is None:
        raise not_found(call.word("Identity"))
    policy = call.state.policies[rule.policy]
    if policy.locked:
        raise invalid(f"The policy '{policy.name}' has Preservation Lock (RestrictiveRetention): its rule can't be removed.")
    if policing.deploying(call.world, policy) and not call.on("ForceDeletion"):
        raise pending(policy.name)
    del call.state.rules[rule.guid]
    policing.begin(call.world, policy, call.actor)
    call.log(call.word("Identity"))
    return nothing()


def render(state: TenantState, rule: Rule) -> Row:
    """A rule; a published label reads ``guid,name``."""
    return common(state, rule) | {
        "Policy": rule.policy,
        "RetentionDuration": rule.duration,
        "RetentionDurationDisplayHint": rule.hint,
        "RetentionComplianceAction": rule.action,
        "ExpirationDateOption": rule.option,
        "ContentMatchQuery": rule.query,
        "ExcludedItemClasses": list(rule.excluded_classes),
        "ApplyComplianceTag": _tag(state, rule.applies),
        "PublishComplianceTag": _tag(state, rule.publishes),
        "ContentContainsSensitiveInformation": [],
        "Disabled": rule.disabled,
        "Workload": ALL_WORKLOADS,
        "Priority": 0,
    }


def _tag(state: TenantState, guid: str) -> str:
    return f"{guid},{state.labels[guid].name}" if guid else ""
