"""Retention labels in normal form, and the words of both worlds for period, clock and action (M§2.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from connectors.microsoft365 import wire
from connectors.microsoft365.file_plan import plan_from
from policies.effects import FOREVER
from policies.kinds import Kind
from policies.resources import Force, Live, Value, find_mark, without_mark

CLOCKS: dict[str, str] = {
    "creationageindays": "created",
    "modificationageindays": "modified",
    "taggedageindays": "labelled",
    "eventageindays": "event",
}
"""The vendor's clock (lower case) to ours."""

CLOCK_WORDS: dict[str, str] = {"created": "CreationAgeInDays", "modified": "ModificationAgeInDays", "labelled": "TaggedAgeInDays"}
"""Our clock to the vendor's word."""
EVENT_CLOCK = "EventAgeInDays"
EVENT = "event:"
"""What stands before the event type's name in a label's trigger."""

ACTIONS: dict[str, str] = {"keep": "keep", "keepanddelete": "keep_and_delete", "delete": "delete"}
ACTION_WORDS: dict[str, str] = {"keep": "Keep", "keep_and_delete": "KeepAndDelete", "delete": "Delete", "review": "KeepAndDelete"}
"""A reviewed end is written as keep-and-delete with reviewers: nothing goes before one of them has said so (M§2.3)."""


def period_from(row: Mapping[str, object], key: str) -> Value:
    """Days as int, ``"forever"``, None when the object keeps and deletes nothing; anything unknown stands as the vendor wrote it."""
    as_number = wire.number(row, key)
    if as_number is not None:
        return as_number
    raw = wire.filled(row, key)
    if raw is None:
        return None
    if raw.strip().lower() == "unlimited":
        return FOREVER
    # Plain days, or a time span "2555.00:00:00".
    days = re.fullmatch(r"(\d+)(?:\.00:00:00)?", raw.strip())
    return int(days.group(1)) if days else raw


def period_word(period: Value) -> str:
    """``period`` as a cmdlet takes it: a string of days or ``Unlimited``. Raises ValueError for anything else."""
    if period == FOREVER:
        return "Unlimited"
    if isinstance(period, int) and not isinstance(period, bool) and period > 0:
        return str(period)
    raise ValueError(f"no retention period: {period!r}")


def clock_from(raw: str | None, event: str | None = None) -> Value:
    """Our word for the vendor's clock; an unknown one stands as the vendor wrote it."""
    if raw is None:
        return None
    known = CLOCKS.get(raw.lower(), raw)
    return f"event:{event or ''}" if known == "event" else known


def action_from(raw: str | None, *, reviewed: bool) -> Value:
    """Our word for the vendor's action; ``reviewed`` when people decide at the end (KeepAndDelete with reviewers, M§2.3)."""
    if raw is None:
        return None
    known = ACTIONS.get(raw.lower(), raw)
    return "review" if known == "keep_and_delete" and reviewed else known


def stages_word(stages: Sequence[str]) -> str:
    """``MultiStageReviewProperty`` for stages written ``NAME: ADDRESS, ADDRESS``. Raises ValueError where a stage has no name or nobody."""
    found = []
    for stage in stages:
        name, _colon, people = stage.partition(":")
        reviewers = [address.strip() for address in people.split(",") if address.strip()]
        if not name.strip() or not reviewers:
            raise ValueError(f"a review stage needs a name and somebody: {stage!r}")
        found.append({"StageName": name.strip(), "Reviewers": reviewers})
    if not found:
        raise ValueError("a review needs a stage")
    return json.dumps({"MultiStageReviewSettings": found}, separators=(",", ":"))


def stages_from(row: Mapping[str, object]) -> tuple[str, ...]:
    """The review stages of a label as ``NAME: ADDRESS, ADDRESS``; unreadable ones stand as the vendor wrote them."""
    raw = wire.filled(row, "MultiStageReviewProperty")
    if raw is None:
        people = ", ".join(sorted(address.lower() for address in wire.texts(row, "ReviewerEmail")))
        return (f"review: {people}",) if people else ()
    try:
        settings = wire.rows(wire.parse_object(raw.encode()), "MultiStageReviewSettings")
    except wire.WireError:
        return (raw,)
    return tuple(stage(wire.text(one, "StageName") or "", wire.texts(one, "Reviewers")) for one in settings)


def reviewed(stages: Iterable[str]) -> bool:
    """Whether somebody decides at the end. With nobody in a stage the platform simply deletes (M§2.3); so it is taken where none can be read."""
    return any(people.strip() for _name, colon, people in (one.partition(": ") for one in stages) if colon)


def stage(name: str, people: Sequence[str]) -> str:
    """One review stage in normal form."""
    return f"{name.strip()}: {', '.join(sorted(address.strip().lower() for address in people))}"


def _event(row: Mapping[str, object], events: Mapping[str, str]) -> str | None:
    """The name of the event type that a label counts from: given by name, by id, or at the end of a distinguished name."""
    raw = wire.filled(row, "EventType")
    return None if raw is None else events.get(raw.lower(), raw.rpartition("/")[2])


def label_from(row: wire.JsonObject, *, made_by_us: bool | None, events: Mapping[str, str] | None = None) -> Live | None:
    """A ComplianceTag in normal form; None when the row lacks what identifies a label. ``events``: names of event types by id."""
    name, vendor_id = wire.filled(row, "Name"), wire.filled(row, "Guid")
    if name is None or vendor_id is None or "RetentionDuration" not in row or "RetentionAction" not in row:
        return None
    comment = wire.text(row, "Comment")
    behaviour = "regulatory" if wire.flag(row, "Regulatory") else "record" if wire.flag(row, "IsRecordLabel") else "retain"
    stages = stages_from(row)
    further = {"reviewers": stages, **plan_from(row)}
    disabled = wire.flag(row, "Disabled") or (wire.text(row, "Mode") or "Enforce").lower() == "pendingdeletion"
    return Live(
        kind=Kind.M365_LABEL,
        vendor_id=vendor_id.lower(),
        name=name,
        fields={
            "period": period_from(row, "RetentionDuration"),
            "trigger": clock_from(wire.filled(row, "RetentionType"), _event(row, events or {})),
            "action": action_from(wire.filled(row, "RetentionAction"), reviewed=reviewed(stages)),
            "behaviour": behaviour,
            "description": without_mark(comment),
            **{name: value for name, value in further.items() if value},
        },
        mark=find_mark(comment),
        # The label itself is in force once stored; whether anybody can apply it stands in its publishing (M§1.1).
        force=Force.OFF if disabled else Force.APPLIED,
        created_at=wire.moment(row, "WhenCreatedUTC"),
        changed_at=wire.moment(row, "WhenChangedUTC"),
        made_by_us=made_by_us,
        raw=wire.compact(row),
    )
