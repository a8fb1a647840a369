"""Naming many places in one call: never one call a place (M§2.2), and a place that the platform cannot resolve does not stop the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors.base import MemberOutcome
from connectors.errors import ConnectorError, PermanentError

_T = TypeVar("_T")
FEW = 20
MANY = 100
"""How many calls are made to sort unusable locations out of one change before it is given up: for a policy, which can wait, and for a hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Generic[_T]):
    """What was answered to the call that went through, None where none did, and what became of each member."""

    answer: _T | None
    outcomes: dict[str, MemberOutcome]


def send_usable(members: frozenset[str], send: Callable[[frozenset[str]], _T], *, tries: int = FEW, empty: bool = False) -> Sent[_T]:
    """Call ``send`` with all ``members`` at once. A call refused for a member changed nothing, so it is made again without it.

    ``empty``: worth sending with no member left. Raises what ``send`` raises for any other reason.
    """
    left = set(members)
    outcomes: dict[str, MemberOutcome] = {}
    for _try in range(tries):
        if not left and not empty:
            break
        try:
            answer = send(frozenset(left))
        except PermanentError as error:
            bad = {member for member in left if f"'{member.partition(':')[2]}'" in error.message.lower()}
            if error.code not in ("admin.location_invalid", "admin.not_found") or not bad:
                raise
            outcomes |= {member: refused(member, error) for member in bad}
            left -= bad
        else:
            return Sent(answer=answer, outcomes=outcomes | {member: MemberOutcome(member=member) for member in left})
    untried = "admin.location_invalid: not tried, too many others were unusable"
    return Sent(answer=None, outcomes=outcomes | {member: MemberOutcome(member=member, error=untried) for member in left})


def refused(member: str, error: ConnectorError) -> MemberOutcome:
    """The outcome of a member that the platform would not take; one that is there already is none."""
    if "already" in error.message.lower():
        return MemberOutcome(member=member)
    return MemberOutcome(member=member, error=f"{error.code}: {error.message}")
