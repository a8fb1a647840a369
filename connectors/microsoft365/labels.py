"""Retention labels in normal form, and the words of both worlds for period, clock and action (M§2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.microsoft365 import wire
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
"""Our clock to the vendor's word; an event clock needs an event type and is not written here."""

ACTIONS: dict[str, str] = {"keep": "keep", "keepanddelete": "keep_and_delete", "delete": "delete"}
ACTION_WORDS: dict[str, str] = {"keep": "Keep", "keep_and_delete": "KeepAndDelete", "delete": "Delete"}


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


def label_from(row: wire.JsonObject, *, made_by_us: bool | None) -> Live | None:
    """A ComplianceTag in normal form; None when the row lacks what identifies a label."""
    name, vendor_id = wire.filled(row, "Name"), wire.filled(row, "Guid")
    if name is None or vendor_id is None or "RetentionDuration" not in row or "RetentionAction" not in row:
        return None
    comment = wire.text(row, "Comment")
    reviewed = bool(wire.texts(row, "ReviewerEmail") or wire.filled(row, "MultiStageReviewProperty"))
    behaviour = "regulatory" if wire.flag(row, "Regulatory") else "record" if wire.flag(row, "IsRecordLabel") else "retain"
    disabled = wire.flag(row, "Disabled") or (wire.text(row, "Mode") or "Enforce").lower() == "pendingdeletion"
    return Live(
        kind=Kind.M365_LABEL,
        vendor_id=vendor_id.lower(),
        name=name,
        fields={
            "period": period_from(row, "RetentionDuration"),
            "trigger": clock_from(wire.filled(row, "RetentionType"), wire.filled(row, "EventType")),
            "action": action_from(wire.filled(row, "RetentionAction"), reviewed=reviewed),
            "behaviour": behaviour,
            "description": without_mark(comment),
        },
        mark=find_mark(comment),
        # The label itself is in force once stored; whether anybody can apply it stands in its publishing (M§1.1).
        force=Force.OFF if disabled else Force.APPLIED,
        created_at=wire.moment(row, "WhenCreatedUTC"),
        changed_at=wire.moment(row, "WhenChangedUTC"),
        made_by_us=made_by_us,
        raw=wire.compact(row),
    )
