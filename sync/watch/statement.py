"""An officer's statement of Vault's rules beside Vault's log: what agrees with it, what came after it, what the log says was set. Pure.

The text in which the log tells a rule has no documented grammar (G§2.2), so it is read where it can be read and believed nowhere: it names a rule
in a finding, and a statement is overtaken by a change whatever the change was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from policies.effects import FOREVER
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Value
from policies.simulator import judge
from policies.vault_rules import APART, AtTheEnd, Service, VaultRule, readings
from sync.drift import Attribution, AttributionState, Drift, DriftClass, Since
from sync.drift.values import drift_of
from sync.store.watch_rows import LoggedEvent
from sync.watch.vault_names import Sort, stem

BEFORE: Final = timedelta(hours=1)
"""How long before a statement its officer has to have looked at the rules for the log to agree with it."""
SKEW: Final = timedelta(minutes=5)
"""How far our clock may run ahead of Google's. Within it nobody can say whether somebody else's change came before a statement, so it counts as one
after. What the officer who signs changed in these minutes is what the statement tells of."""
_SETS: Final = frozenset({"add_retention_rule", "update_retention_rule", "modify_default_retention_period"})
"""Names of events that set a rule."""
_PART: Final = re.compile(r"\s*(?P<name>[A-Za-z ]+?)\s*:\s*(?P<value>[^,]+)")
_UNIT: Final = "organizational_unit_name"
_TEXT: Final = "additional_details"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the log shows beside one statement. Oldest first."""

    consistent: tuple[LoggedEvent, ...]
    overtaking: tuple[LoggedEvent, ...]


def compared(made_at: datetime, account: str, events: Iterable[LoggedEvent]) -> Compared:
    """The looks at the rules by the officer's ``account`` in the hour before the statement, and every change of rules that may have come after it."""
    listed = sorted(events, key=lambda event: (event.at, event.event))
    return Compared(
        consistent=tuple(
            event
            for event in listed
            if event.sort == Sort.VIEW.value and event.actor.lower() == account.lower() and made_at - BEFORE <= event.at <= made_at
        ),
        overtaking=tuple(event for event in listed if event.sort == Sort.CHANGE.value and may_follow(event, made_at, account)),
    )


def may_follow(event: LoggedEvent, made_at: datetime, account: str) -> bool:
    """Whether an event may have come after what the officer with that ``account`` stated when our clock said ``made_at``."""
    return event.at > made_at or (event.at > made_at - SKEW and event.actor.lower() != account.lower())


def told(event: LoggedEvent) -> VaultRule | None:
    """The rule that an event tells of as it was added or changed, where that can be read; None for a deletion and for any other text."""
    name = stem(event.operation)
    if name not in _SETS:
        return None
    said = _said(event.details)
    default = name == "modify_default_retention_period"
    duration = said.get("retention period", "")
    try:
        return VaultRule.model_validate(
            {
                "service": said.get("service"),
                "default": default,
                "org_unit": None if default or said.get("service") == Service.GROUPS.value else event.details.get(_UNIT) or None,
                "duration": duration,
                "from": said.get("starts", "created"),
                "action": AtTheEnd.KEEP.value if duration == "indefinite" else said.get("action"),
                "terms": None if default else said.get("terms"),
            }
        )
    except ValidationError:
        return None


def unread(event: LoggedEvent) -> bool:
    """Whether the event sets a rule in words that cannot be read, so that nobody can say whether it is one that ends too early."""
    return event.sort == Sort.CHANGE.value and stem(event.operation) in _SETS and told(event) is None


def event_of(rule: VaultRule, events: Iterable[LoggedEvent]) -> LoggedEvent | None:
    """The newest event that tells of this very rule: the same service, place and period."""
    def same(other: VaultRule | None) -> bool:
        return other is not None and (other.service, other.default, other.org_unit or "/", other.duration, other.action) == (
            rule.service, rule.default, rule.org_unit or "/", rule.duration, rule.action,
        )  # fmt: skip

    return max((event for event in events if event.sort == Sort.CHANGE.value and same(told(event))), key=lambda event: event.at, default=None)


def drift(tenant: str, event: LoggedEvent, stated: Sequence[VaultRule] | None) -> Drift:
    """A change of rules as a difference: never repaired, over when an officer states the rules anew."""
    rule = told(event)
    live: dict[str, Value] = {"operation": event.operation, **{name: value for name, value in sorted(event.details.items()) if value}}
    found = drift_of(
        tenant,
        DriftClass.UNMANAGED,
        Kind.GOOGLE_VAULT_RULE,
        vendor_id=event.event,
        name=rule.words if rule else event.details.get("resource_name") or event.operation,
        live=live,
        direction=_direction(event, rule, stated),
        since=Since(earliest=event.at, latest=event.at),
    )
    return _attributed(found, event)


def _attributed(found: Drift, event: LoggedEvent) -> Drift:
    return replace(found, attribution=Attribution(state=AttributionState.FOUND, actor=event.actor, at=event.at, event=event.event))


def _direction(event: LoggedEvent, rule: VaultRule | None, stated: Sequence[VaultRule] | None) -> Direction:
    """Only for a new custom rule beside rules that are stated can it be computed; what cannot be computed weakens."""
    if rule is None or stated is None or rule.service in APART or stem(event.operation) != "add_retention_rule":
        return Direction.WEAKENS
    if rule.term == FOREVER and rule in stated:
        return Direction.NEUTRAL
    verdicts = {judge(before, after).direction for before, after in zip(readings(stated), readings((*stated, rule)), strict=False)}
    return Direction.WEAKENS if Direction.WEAKENS in verdicts or len(verdicts) != 1 else verdicts.pop()


def _said(details: Mapping[str, str]) -> dict[str, str]:
    return {found["name"].strip().lower(): found["value"].strip() for found in _PART.finditer(details.get(_TEXT, ""))}
