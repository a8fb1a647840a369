"""Cmdlets for retention labels (docs/wire/admin-endpoint.md §2.1)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sandbox.microsoft import fileplan
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
from sandbox.microsoft.objects import EventType, Label
from sandbox.microsoft.plans import RECORDS, has_plan
from sandbox.microsoft.rendering import ALL_WORKLOADS, common
from sandbox.microsoft.state import TenantState, licence, switch
from sandbox.world import World

MOST, LONGEST_TEXT, LONGEST_DAYS = 1000, 1024, 36_525
_TRIGGERS = ("CreationAgeInDays", "EventAgeInDays", "ModificationAgeInDays", "TaggedAgeInDays")
_CHANGES = {
    "RetentionDuration": "duration",
    "Comment": "comment",
    "Notes": "notes",
    "ReviewerEmail": "reviewers",
    "EventType": "event_type",
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


def licensed(world: World) -> bool:
    """Whether records management is there: records, review, events and the file plan need it (M§1.7)."""
    return has_plan(licence(world), "faculty", RECORDS)


def users_of(state: TenantState, label: Label) -> list[str]:
    """Names of the policies whose rules publish or apply the label."""
    return [state.policies[rule.policy].name for rule in state.rules.values() if label.guid in {rule.publishes, rule.applies}]


def _check(call: Call) -> None:
    """Raise for what needs records management, and for an event type that is missing or not there."""
    premium = ("EventType", "MultiStageReviewProperty", "ReviewerEmail", "ComplianceTagForNextStage")
    wanted = [name for name in premium if call.word(name) and call.values[name]]
    wanted += ["FilePlanProperty"] if call.has("FilePlanProperty") else []
    wanted += [name for name in ("IsRecordLabel", "Regulatory") if call.on(name)]
    wanted += [word for word in (call.word("RetentionType"),) if word == "EventAgeInDays"]
    if wanted and not licensed(call.world):
        raise invalid(f"Your organization doesn't have a license that includes {wanted[0]}.")
    if call.word("RetentionDuration").isdigit() and int(call.word("RetentionDuration")) > LONGEST_DAYS:
        raise invalid(f"RetentionDuration must be Unlimited or at most {LONGEST_DAYS} days.")
    if max(len(call.word("Comment")), len(call.word("Notes"))) > LONGEST_TEXT:
        raise invalid(f"Comment and Notes can't be longer than {LONGEST_TEXT} characters.")
    if call.word("MultiStageReviewProperty"):
        try:
            stages = json.loads(call.word("MultiStageReviewProperty"))["MultiStageReviewSettings"]
            assert all(isinstance(one["StageName"], str) and one["Reviewers"] for one in stages)
        except (ValueError, KeyError, TypeError, AssertionError):
            raise invalid("The value of MultiStageReviewProperty is not valid.") from None
    if call.word("EventType") and find_event_type(call.state, call.word("EventType")) is None:
        raise not_found(call.word("EventType"))
    if call.word("RetentionType") == "EventAgeInDays" and not call.word("EventType"):
        raise invalid("EventType is needed when RetentionType is EventAgeInDays.")


def stages_text(stages: Sequence[tuple[str, Sequence[str]]]) -> str | None:
    """Review stages as the cmdlets write them (M§2.2), of names and reviewers; None for none."""
    settings = [{"StageName": name, "Reviewers": list(people)} for name, people in stages]
    return json.dumps({"MultiStageReviewSettings": settings}) if settings else None


def stages_of(label: Label) -> list[Row]:
    """Review stages as Graph writes them; ``stageNumber`` is a string (M§1.3)."""
    if not label.review_stages:
        return [{"stageNumber": "1", "name": "", "reviewersEmailAddresses": list(label.reviewers)}] if label.reviewers else []
    found = json.loads(label.review_stages)["MultiStageReviewSettings"]
    return [
        {"stageNumber": str(number), "name": one["StageName"], "reviewersEmailAddresses": list(one["Reviewers"])}
        for number, one in enumerate(found, 1)
    ]


def find_event_type(state: TenantState, identity: str) -> EventType | None:
    """The event type with that GUID or name."""
    wanted = identity.lower()
    return next((one for one in state.event_types.values() if wanted in {one.guid, one.name.lower()}), None)


def get(call: Call) -> Rows:
    """All labels; one, if ``Identity`` names one; all of them again, if it names none (M§2.2)."""
    if call.on("PriorityCleanup"):
        return nothing()
    found = find(call.state, call.word("Identity"))
    labels = [found] if found is not None else list(call.state.labels.values())
    return Rows(items=labels, render=lambda label: render(call.state, label))


def create(call: Call) -> Rows:
    """A new label, which does nothing until a policy publishes it (M§1.1)."""
    name = call.name()
    if find(call.state, name) is not None:
        raise exists(name)
    if len(call.state.labels) >= MOST:
        raise invalid(f"You've reached the maximum number of retention labels ({MOST}).")
    retention = [call.has(part) for part in ("RetentionAction", "RetentionDuration", "RetentionType")]
    if any(retention) and not all(retention):
        raise invalid("RetentionAction, RetentionDuration and RetentionType have to be given together.")
    _check(call)
    plan = fileplan.read(call) if call.has("FilePlanProperty") else {}
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
        templates=plan,
    )
    _set(call, label)
    call.state.labels[label.guid] = label
    call.log(label.name)
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
    if call.has("RetentionDuration") and fixed_period(label):
        raise invalid(f"The retention period of the label '{label.name}' can't be changed, because it counts from when items were labeled.")
    if label.regulatory and call.has("RetentionDuration") and _shorter(call.word("RetentionDuration"), label.duration):
        raise invalid("The retention period of a regulatory record label can't be shortened.")
    _check(call)
    plan = fileplan.read(call) if call.has("FilePlanProperty") else label.templates
    changed = _set(call, label)
    if plan != label.templates and (changed or switch(call.world, "lone_file_plan") != "ignored"):
        label.templates, changed = plan, True
    if changed:
        label.touch(call.actor, call.world.clock.now())
        call.log(call.word("Identity"))
    else:
        call.unchanged(label.name)
    return nothing()


def _shorter(new: str, old: str | None) -> bool:
    return new != "Unlimited" and (old == "Unlimited" or int(new) < int(old or 0))


def fixed_period(label: Label) -> bool:
    """Whether the period is what it was at birth, for ever: so for labels that count from being put on (docs/wire/file-plan.md §6)."""
    return label.trigger == "TaggedAgeInDays"


def permanent(label: Label) -> bool:
    """Whether the label can never be deleted: event-based and regulatory ones (M§1.1, docs/wire/file-plan.md §6)."""
    return label.trigger == "EventAgeInDays" or label.regulatory


def remove(call: Call) -> Rows:
    """Gone at once, unless a rule names it or nobody can delete it."""
    label = find(call.state, call.word("Identity"))
    if label is None:
        raise not_found(call.word("Identity"))
    if permanent(label):
        raise invalid(f"The label '{label.name}' is event-based or regulatory and can't be removed.")
    users = users_of(call.state, label)
    if users:
        text_of = f"The label '{label.name}' is being used by the policy '{users[0]}' and can't be removed."
        raise CmdletError("Microsoft.Exchange.Management.UnifiedPolicy.ComplianceTagInUseException", text_of)
    if switch(call.world, "label_removal") == "pending" and not call.on("ForceDeletion"):
        label.removing = True
    else:
        del call.state.labels[label.guid]
    call.log(call.word("Identity"))
    return nothing()


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
        "FilePlanMetadata": fileplan.text_of(state, label),
        "MultiStageReviewProperty": label.review_stages,
        "ComplianceTagForNextStage": label.next_stage,
        "AutoApprovalPeriod": label.auto_approval,
        "HasRetentionAction": label.action is not None,
        "Priority": label.priority,
        "Workload": ALL_WORKLOADS,
        "Disabled": False,
        "Policy": state.tenant_id,
        "Mode": "PendingDeletion" if label.removing else "Enforce",
    }
