"""The words on a screen for what has another name inside (design, *Words*)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policies.duties import StandingValue
from policies.protection import Direction
from sync.plan import ChangeStatus, Operation

OPERATIONS: Final[Mapping[Operation, str]] = {
    Operation.CREATE: "make",
    Operation.SET: "change",
    Operation.ADD: "add to",
    Operation.REMOVE: "take from",
    Operation.MOVE: "move",
    Operation.RETRY: "ask again",
    Operation.RELEASE: "release",
}
DIRECTIONS: Final[Mapping[Direction, str]] = {
    Direction.STRENGTHENS: "strengthens",
    Direction.NEUTRAL: "neutral",
    Direction.WEAKENS: "WEAKENS",
}
STATUSES: Final[Mapping[ChangeStatus, str]] = {
    ChangeStatus.PLANNED: "planned",
    ChangeStatus.REFUSED: "refused",
    ChangeStatus.APPROVED: "approved",
    ChangeStatus.SENT: "sent",
    ChangeStatus.ACCEPTED: "accepted",
    ChangeStatus.EFFECTIVE: "in force",
    ChangeStatus.FAILED: "failed",
    ChangeStatus.SUPERSEDED: "overtaken",
}
STANDINGS: Final[Mapping[StandingValue, str]] = {
    StandingValue.ENFORCED: "enforced",
    StandingValue.AVAILABLE: "available",
    StandingValue.VERIFIED: "verified",
    StandingValue.SET_BY_HAND: "set by hand",
    StandingValue.ATTESTED: "attested",
    StandingValue.PENDING: "not yet in force",
    StandingValue.GAP: "gap",
    StandingValue.NOT_ENFORCEABLE: "cannot be enforced",
    StandingValue.NOT_LICENSED: "not licensed",
    StandingValue.UNKNOWN: "unknown",
}
FIELDS: Final[Mapping[str, str]] = {
    "period": "kept for",
    "enabled": "switched on",
    "state": "state",
    "members": "people and places",
    "held": "holds in it",
    "force": "in force",
    "trigger": "counted from",
    "publishes": "offers",
}


def value_word(field: str, value: object) -> str:
    """A setting's value for people: periods in days, yes and no."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field == "period":
        return f"{value} days" if isinstance(value, int) else "ever"
    if value == "":
        return "none"
    if isinstance(value, tuple | list):
        return f"{len(value)} listed" if value else "none"
    return str(value)
