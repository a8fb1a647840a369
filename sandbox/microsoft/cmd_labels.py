"""Cmdlets for retention labels (docs/wire/admin-endpoint.md §2.1)."""

from __future__ import annotations

from sandbox.microsoft import audit
from sandbox.microsoft.binding import (
    Call,
    Cmdlet,
    CmdletError,
    Row,
    Rows,
    days,
    enum,
    exists,
    flag,
    invalid,
    not_found,
    nothing,
    number,
    rows,
    text,
    texts,
)
from sandbox.microsoft.objects import Label
from sandbox.microsoft.rendering import ALL_WORKLOADS, common
from sandbox.microsoft.state import TenantState

MOST, LONGEST = 1000, 64
_TRIGGERS = ("CreationAgeInDays", "EventAgeInDays", "ModificationAgeInDays", "TaggedAgeInDays")
_CHANGES = {
    "RetentionDuration": "duration",
    "Comment": "comment",
    "Notes": "notes",
    "ReviewerEmail": "reviewers",
    "EventType": "event_type",
    "FilePlanProperty": "file_plan",
    "MultiStageReviewProperty": "review_stages",
    "ComplianceTagForNextStage": "next_stage",
    "AutoApprovalPeriod": "auto_approval",
}
"""What Set-ComplianceTag can change; name, action, trigger and record flags are not among it (M§1.1)."""

_SHARED = (
    days("RetentionDuration"),
    text("Comment"),
    text("Notes"),
    texts("ReviewerEmail"),
    text("EventType"),
    text("FilePlanProperty"),
    text("MultiStageReviewProperty"),
    text("ComplianceTagForNextStage"),
    number("AutoApprovalPeriod"),
    text("FlowId"),
    flag("Force"),
)


def cmdlets() -> list[Cmdlet]:
    """Get-, New-, Set- and Remove-ComplianceTag."""
    new = (
        text("Name"),
        enum("RetentionAction", "Delete", "Keep", "KeepAndDelete"),
        enum("RetentionType", *_TRIGGERS),
        flag("IsRecordLabel"),
        flag("Regulatory"),
        flag("IsRecordUnlockedAsDefault"),
        flag("PriorityCleanup"),
    )
    return [
        Cmdlet(name="Get-ComplianceTag", run=get, parameters=(text("Identity"), flag("IncludingLabelState"), flag("PriorityCleanup"))),
        Cmdlet(name="New-ComplianceTag", run=create, parameters=(*new, *_SHARED), needs=("Name",)),
        Cmdlet(name="Set-ComplianceTag", run=change, parameters=(text("Identity"), *_SHARED), needs=("Identity",)),
        Cmdlet(name="Remove-ComplianceTag", run=remove, parameters=(text("Identity"), flag("ForceDeletion")), needs=("Identity",)),
    ]


def find(state: TenantState, identity: str) -> Label | None:
    """The label with that GUID or name."""
    wanted = identity.lower()
    return state.labels.get(wanted) or next((label for label in state.labels.values() if label.name.lower() == wanted), None)


def get(call: Call) -> Rows:
    """All labels; one, if ``Identity`` names one; all of them again, if it names none (M§2.2)."""
    if call.on("PriorityCleanup"):
        return nothing()
    found = find(call.state, call.word("Identity"))
    labels = [found] if found is not None else list(call.state.labels.values())
    return Rows(items=labels, render=lambda label: render(call.state, label))


def create(call: Call) -> Rows:
    """A new label, which does nothing until a policy publishes it (M§1.1)."""
    name = call.word("Name").strip()
    if not 0 < len(name) <= LONGEST:
        raise invalid(f"The name '{name}' must have 1 to {LONGEST} characters.")
    if find(call.state, name) is not None:
        raise exists(name)
    if len(call.state.labels) >= MOST:
        raise invalid(f"You've reached the maximum number of retention labels ({MOST}).")
    retention = [call.has(part) for part in ("RetentionAction", "RetentionDuration", "RetentionType")]
    if any(retention) and not all(retention):
        raise invalid("RetentionAction, RetentionDuration and RetentionType have to be given together.")
    now = call.world.clock.now()
    label = Label(
        name=name,
        guid=call.state.new_id("label"),
        created=now,
        changed=now,
        created_by=call.actor,
        changed_by=call.actor,
        action=call.word("RetentionAction") or None,
        trigger=call.word("RetentionType") or None,
        record=call.on("IsRecordLabel") or call.on("Regulatory"),
        regulatory=call.on("Regulatory"),
        unlocked=call.on("IsRecordUnlockedAsDefault"),
        priority=len(call.state.labels),
    )
    _set(call, label)
    call.state.labels[label.guid] = label
    _log(call, label.name)
    return rows([render(call.state, label)])


def _set(call: Call, label: Label) -> bool:
    before = [getattr(label, attribute) for attribute in _CHANGES.values()]
    for name, attribute in _CHANGES.items():
        if call.has(name):
            setattr(label, attribute, call.values[name])
    return before != [getattr(label, attribute) for attribute in _CHANGES.values()]


def change(call: Call) -> Rows:
    """Longer or shorter, other texts; a warning where nothing changed."""
    label = find(call.state, call.word("Identity"))
    if label is None:
        raise not_found(call.word("Identity"))
    if call.has("RetentionDuration") and label.action is None:
        raise invalid(f"The label '{label.name}' has no retention settings.")
    if label.regulatory and call.has("RetentionDuration") and _shorter(call.word("RetentionDuration"), label.duration):
        raise invalid("The retention period of a regulatory record label can't be shortened.")
    if _set(call, label):
        label.touch(call.actor, call.world.clock.now())
        _log(call, call.word("Identity"))
    else:
        call.unchanged(label.name)
    return nothing()


def _shorter(new: str, old: str | None) -> bool:
    return new != "Unlimited" and (old == "Unlimited" or int(new) < int(old or 0))


def remove(call: Call) -> Rows:
    """Gone at once, unless a rule names it."""
    label = find(call.state, call.word("Identity"))
    if label is None:
        raise not_found(call.word("Identity"))
    users = [rule for rule in call.state.rules.values() if label.guid in {rule.publishes, rule.applies}]
    if users:
        policy = call.state.policies[users[0].policy]
        text_of = f"The label '{label.name}' is being used by the policy '{policy.name}' and can't be removed."
        raise CmdletError("Microsoft.Exchange.Management.UnifiedPolicy.ComplianceTagInUseException", text_of)
    del call.state.labels[label.guid]
    _log(call, call.word("Identity"))
    return nothing()


def _log(call: Call, what: str) -> None:
    audit.record(call.world, call.actor, (audit.CMDLET, call.cmdlet), what, audit.cmdlet_line(call.values.items()))


def render(state: TenantState, label: Label) -> Row:
    """A label as Get-ComplianceTag shows it; nothing here tells whether it is published."""
    return common(state, label) | {
        "Notes": label.notes or None,
        "RetentionAction": label.action,
        "RetentionDuration": label.duration,
        "RetentionType": label.trigger,
        "IsRecordLabel": label.record,
        "Regulatory": label.regulatory,
        "IsRecordUnlockedAsDefault": label.unlocked,
        "ReviewerEmail": list(label.reviewers),
        "EventType": label.event_type,
        "FilePlanMetadata": label.file_plan,
        "MultiStageReviewProperty": label.review_stages,
        "ComplianceTagForNextStage": label.next_stage,
        "AutoApprovalPeriod": label.auto_approval,
        "HasRetentionAction": label.action is not None,
        "Priority": label.priority,
        "Workload": ALL_WORKLOADS,
        "Disabled": False,
        "Policy": state.tenant_id,
    }
