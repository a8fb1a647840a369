"""Which value of a setting holds for the people of a unit, as far as Google's raw policies tell. Pure.

The Policy API gives policies, not what is in force (G§2.1): a unit inherits from the units above it, a policy for a group beats those for
units, and of two policies for one place the higher ``sortOrder`` wins, field by field. What is not documented is whether a higher order further
up beats a unit's own policy, and whom a query reaches that asks for more than one place. Both are therefore read in every way that is possible.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from policies.kinds import Kind
from policies.reach import ancestors
from policies.resources import Live, Snapshot
from policies.roster import Roster

Values = Mapping[str, str]
RULES: Final = "ruleStates"
"""The one field that is a list of rules, each by its own id: of two policies both lists count, the later word on each rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSays:
    """What a policy for a group sets, and who is in the group; ``members`` None where they were not read whole."""

    group: str
    values: Values
    members: frozenset[str] | None


class Settings:
    """The settings that one look at a tenant shows."""

    def __init__(self, snapshot: Snapshot, roster: Roster) -> None:
        self._lives = tuple(live for live in snapshot.of(Kind.GOOGLE_SETTING) if "value" in live.fields)
        self._paths = {unit.vendor_id: unit.path.lower() for unit in roster.org_units}
        self._groups = {group.vendor_id: group for group in roster.groups}

    def shown(self, setting: str) -> bool:
        """Whether anybody ever set it, anywhere."""
        return any(live.fields["setting"] == setting for live in self._lives)

    def homeless(self, setting: str) -> bool:
        """Whether a policy of it is for a unit that the list of units does not have."""
        units = (live.fields.get("org_unit") for live in self._lives if live.fields["setting"] == setting and live.fields.get("group") is None)
        return any(unit is not None and str(unit) not in self._paths for unit in units)

    def readings(self, setting: str, path: str) -> tuple[Values, ...]:
        """The values that may hold in the unit at ``path``, one for each way of reading the policies; a single one where all ways agree."""
        above = ancestors(path.lower())
        found = [live for live in self._of(setting) if live.fields.get("group") is None and self._path(live) in above]
        plain = [live for live in found if live.fields.get("narrowed") is not True]
        ways = []
        for listed in (plain, found):
            ways.append(merged(sorted(listed, key=lambda live: (-above.index(self._path(live)), order(live)))))
            ways.append(merged(sorted(listed, key=order)))
        return tuple({tuple(sorted(way.items())): way for way in ways}.values())

    def of_groups(self, setting: str) -> tuple[GroupSays, ...]:
        """What policies for groups set."""
        by_group: dict[str, list[Live]] = {}
        for live in self._of(setting):
            if live.fields.get("group") is not None:
                by_group.setdefault(str(live.fields["group"]), []).append(live)
        return tuple(
            GroupSays(group=group, values=merged(sorted(lives, key=order)), members=self._members(group)) for group, lives in sorted(by_group.items())
        )

    def _of(self, setting: str) -> Iterable[Live]:
        return (live for live in self._lives if live.fields["setting"] == setting)

    def _path(self, live: Live) -> str:
        return self._paths.get(str(live.fields.get("org_unit")), "")

    def _members(self, group: str) -> frozenset[str] | None:
        known = self._groups.get(group)
        return known.members if known is not None and known.complete else None


def merged(lives: Sequence[Live]) -> Values:
    """The fields of several policies, the later one's word first."""
    found: dict[str, str] = {}
    for live in lives:
        for name, text in values(live).items():
            found[name] = _both(found[name], text) if name == RULES and name in found else text
    return found


def values(live: Live) -> Values:
    """What one policy sets."""
    value = live.fields.get("value")
    pairs = [str(one).partition("=") for one in value] if isinstance(value, tuple) else []
    return {name: text for name, _, text in pairs}


def order(live: Live) -> float:
    """The policy's place among those of its setting."""
    text = str(live.fields.get("order", "0"))
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0


def rule_states(text: str | None) -> Mapping[str, bool] | None:
    """Of ``ruleStates`` which rule is on; None where it is not the list of ``{ruleId, enabled}`` that it is known to be."""
    try:
        listed = json.loads(text or "[]")
        return {str(one["ruleId"]): one.get("enabled") is True for one in listed}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _both(earlier: str, later: str) -> str:
    """Two lists of rules as one; where one of them cannot be read, neither can the whole."""
    first, second = rule_states(earlier), rule_states(later)
    if first is None or second is None:
        return "unreadable"
    return json.dumps([{"ruleId": rule, "enabled": on} for rule, on in {**first, **second}.items()], sort_keys=True)
