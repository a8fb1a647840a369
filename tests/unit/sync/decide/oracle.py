"""When an item can be gone, worked out by hand from a Microsoft tenant's live objects: deliberately another way than the simulator's.

No effects, no partial order: a few items with dates of their own, and for each the day until which it survives its user's delete and the day on
which the platform deletes it. Purview's principles: retention beats deletion, the longest retention wins, explicit deletion beats implicit, the
shortest deletion wins (learn.microsoft.com/purview/retention).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from policies.kinds import Kind
from policies.resources import Force, Live, Snapshot

LOCATION = {"mail": "exchange", "drive": "onedrive"}


@dataclass(frozen=True, slots=True)
class Item:
    """One record: created on day 0, modified and labelled on later days."""

    workload: str
    place: str
    label: str | None
    carried: bool
    modified: int
    labelled: int


def items(places: Iterable[str], known: Iterable[str], new: Iterable[str]) -> Iterator[Item]:
    """Items of every sort. Only a label that was there before can be on an item already."""
    worn = [(None, False), *((label, True) for label in sorted(known)), *((label, False) for label in sorted({*known, *new}))]
    for workload, place, (label, carried), (modified, labelled) in product(
        LOCATION, sorted(places), worn, ((0, 0), (0, 5000), (5000, 0), (40, 40), (9000, 9000))
    ):
        yield Item(workload, place, label, carried, modified, labelled)


def _base(item: Item, trigger: object) -> float:
    days = {"created": 0, "modified": item.modified, "labelled": item.labelled}
    return days.get(str(trigger), 20_000)


def _end(item: Item, live: Live) -> float:
    period = live.fields["period"]
    return math.inf if period == "forever" else _base(item, live.fields["trigger"]) + int(str(period))


def _covers(policy: Live, item: Item) -> tuple[bool, bool]:
    """Whether the policy reaches the item, and whether by name."""
    location = LOCATION[item.workload]
    if policy.fields.get("enabled") is False or policy.force is not Force.APPLIED:
        return False, False
    if f"{location}:All" in policy.members:
        taken_out = policy.fields.get("exceptions") or ()
        return f"{location}:{item.place}" not in (taken_out if isinstance(taken_out, tuple) else ()), False
    return f"{location}:{item.place}" in policy.members, True


def _label_reaches(tenant: Snapshot, label: Live, item: Item) -> bool:
    if item.label != label.name:
        return False
    if item.carried:
        return True
    policies = {policy.vendor_id: policy for policy in tenant.of(Kind.M365_LABEL_POLICY)}
    for rule in tenant.of(Kind.M365_LABEL_RULE):
        policy = policies.get(rule.parent_id or "")
        if policy is not None and rule.fields["publishes"] == label.name and _covers(policy, item)[0]:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Say:
    """What one object says of an item: kept until, deleted on (each None: nothing), and how explicit it is."""

    kept: float | None
    deleted: float | None
    explicit: int


def _says(item: Item, ruling: Live, explicit: int) -> Say:
    end, action = _end(item, ruling), ruling.fields["action"]
    return Say(None if action == "delete" else end, end if action in {"delete", "keep_and_delete"} else None, explicit)


def _sayings(tenant: Snapshot, item: Item) -> Iterator[Say]:
    for policy in tenant.of(Kind.M365_RETENTION_POLICY):
        reached, by_name = _covers(policy, item)
        for rule in tenant.of(Kind.M365_RETENTION_RULE):
            if reached and rule.parent_id == policy.vendor_id and rule.force is Force.APPLIED:
                yield _says(item, rule, int(by_name))
    for label in tenant.of(Kind.M365_LABEL):
        if _label_reaches(tenant, label, item):
            yield _says(item, label, 2)
    if item.workload == "mail" and any(_held(tenant, hold, item.place) for hold in tenant.of(Kind.M365_HOLD)):
        yield Say(math.inf, None, 0)


def fate(tenant: Snapshot, item: Item) -> tuple[float, float]:
    """Until which day the item survives its user's delete, and on which day the platform deletes it."""
    sayings = list(_sayings(tenant, item))
    kept = max([0.0, *(one.kept for one in sayings if one.kept is not None)])
    due = [(one.explicit, one.deleted) for one in sayings if one.deleted is not None and one.deleted < math.inf]
    if not due:
        return kept, math.inf
    most = max(explicit for explicit, _ in due)
    return kept, max(kept, min(day for explicit, day in due if explicit == most))


def _held(tenant: Snapshot, hold: Live, place: str) -> bool:
    state = hold.member_states.get(f"mail:{place}")
    cases = {case.vendor_id: case for case in tenant.of(Kind.M365_CASE)}
    case = cases.get(hold.parent_id or "")
    shut = case is not None and case.fields.get("state") != "open"
    return hold.fields.get("enabled") is not False and state is not None and state.force is Force.APPLIED and not shut


def losses(before: Snapshot, after: Snapshot, places: Iterable[str]) -> list[tuple[Item, tuple[float, float], tuple[float, float]]]:
    """Every looked-at item that could be gone sooner after than before, with its two fates."""
    known, new = ({label.name for label in tenant.of(Kind.M365_LABEL)} for tenant in (before, after))
    found = []
    for item in items(places, known, new):
        was, now = fate(before, item), fate(after, item)
        if now[0] < was[0] or now[1] < was[1]:
            found.append((item, was, now))
    return found
