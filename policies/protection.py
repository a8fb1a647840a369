"""How well one class of item is protected, as a partial order: stronger, equal, weaker, incomparable.

An item has two moments that matter. If its user deletes it, it survives until the last of its *guarantees* ends. If nobody does
anything, the platform deletes it when the first of its *deletions* falls due, but never while a guarantee runs (retention beats
deletion on both platforms: L§3.3, G§2.3). One protection is at least as strong as another when neither moment can come earlier,
whatever the item's own dates are. Where that cannot be said, the two are incomparable, which counts as weaker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from policies.effects import FOREVER, Clock, RemovableBy, Term


class Direction(StrEnum):
    """What a change does to protection, computed from its effect and never read off its verb."""

    STRENGTHENS = "strengthens"
    NEUTRAL = "neutral"
    WEAKENS = "weakens"


class Order(StrEnum):
    """How one protection stands to another."""

    STRONGER = "stronger"
    EQUAL = "equal"
    WEAKER = "weaker"
    INCOMPARABLE = "incomparable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in an item's life: ``term`` days after ``clock``; for clock ``event``, after the event of that name."""

    term: Term
    clock: Clock = Clock.CREATED
    event: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """The item survives its user's delete until ``term`` days after ``clock``.

    ``removable_by`` is the weakest hand that can take the guarantee away; ``terms`` the query it rests on, since an index can miss what it should
    have found (G§2.3: about 1 MB of text per message is searchable).
    """

    term: Term
    clock: Clock = Clock.CREATED
    event: str | None = None
    removable_by: RemovableBy = RemovableBy.ADMINISTRATOR
    terms: str | None = None

    @property
    def until(self) -> Moment:
        """When the guarantee ends."""
        return moment(self.term, self.clock, self.event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """The platform deletes the item ``term`` days after ``clock``; only what its user already deleted, unless ``purges_undeleted``."""

    term: Term
    clock: Clock = Clock.CREATED
    event: str | None = None
    purges_undeleted: bool = True

    @property
    def due(self) -> Moment:
        """When the platform would delete if nothing kept the item."""
        return moment(self.term, self.clock, self.event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What keeps an item and what deletes it, after a platform's rules of precedence have been applied."""

    guarantees: frozenset[Guarantee] = frozenset()
    deletions: frozenset[Deletion] = frozenset()

    def normal(self) -> Protection:
        """The same protection in its one normal form: two protections are ``EQUAL`` exactly when their normal forms are ``==``.

        Dominated guarantees go. A deletion of what people already deleted goes, because without it those items would be gone sooner. If a
        guarantee outlasts some deletion, the item is deleted when all guarantees have ended, so the deletions are lifted to their ends. A
        guarantee for ever leaves no deletion.
        """
        kept = maximal((_canonical(guarantee) for guarantee in self.guarantees), dominates)
        ends = maximal((guarantee.until for guarantee in kept), at_least)
        due = {deletion.due for deletion in self.deletions if deletion.purges_undeleted and deletion.term != FOREVER}
        if any(at_least(end, at) for end in ends for at in due):
            due = {end for end in ends if end.term != FOREVER}
        first = maximal(due, lambda left, right: at_least(right, left))
        return Protection(guarantees=kept, deletions=frozenset(Deletion(term=at.term, clock=at.clock, event=at.event) for at in first))


# Which clock can never run behind which: nothing is modified or labelled before it is created. Events may lie anywhere.
_NOT_BEFORE = {
    Clock.CREATED: frozenset({Clock.CREATED, Clock.MODIFIED, Clock.LABELLED}),
    Clock.MODIFIED: frozenset({Clock.MODIFIED}),
    Clock.LABELLED: frozenset({Clock.LABELLED}),
    Clock.EVENT: frozenset({Clock.EVENT}),
}
_HANDS = {RemovableBy.PERSON: 0, RemovableBy.ADMINISTRATOR: 1, RemovableBy.NOBODY: 2}

_T = TypeVar("_T")


def moment(term: Term, clock: Clock = Clock.CREATED, event: str | None = None) -> Moment:
    """The moment in normal form: for ever is counted from nothing in particular, and only the clock ``event`` has an event."""
    if term == FOREVER:
        return Moment(term=FOREVER)
    return Moment(term=term, clock=clock, event=event if clock is Clock.EVENT else None)


def at_least(left: Moment, right: Moment) -> bool:
    """Whether ``left`` can never come before ``right``, whatever the item's dates are."""
    if left.term == FOREVER:
        return True
    if right.term == FOREVER:
        return False
    if left.term < right.term:
        return False
    if left.clock not in _NOT_BEFORE[right.clock]:
        return False
    return left.event == right.event


def dominates(left: Guarantee, right: Guarantee) -> bool:
    """Whether ``left`` promises everything that ``right`` promises: as long, as hard to remove, under no narrower terms."""
    if not at_least(left.until, right.until):
        return False
    if _HANDS[left.removable_by] < _HANDS[right.removable_by]:
        return False
    return left.terms is None or left.terms == right.terms


def compare(left: Protection, right: Protection) -> Order:
    """How ``left`` stands to ``right``: a partial order, reflexive, transitive, and antisymmetric on normal forms."""
    first, second = left.normal(), right.normal()
    forth, back = _covers(first, second), _covers(second, first)
    if forth and back:
        return Order.EQUAL
    if forth:
        return Order.STRONGER
    return Order.WEAKER if back else Order.INCOMPARABLE


def maximal(items: Iterable[_T], over: Callable[[_T, _T], bool]) -> frozenset[_T]:
    """The items that no other item is ``over``."""
    distinct = frozenset(items)
    return frozenset(item for item in distinct if not any(other != item and over(other, item) for other in distinct))


def _canonical(guarantee: Guarantee) -> Guarantee:
    until = guarantee.until
    return Guarantee(term=until.term, clock=until.clock, event=until.event, removable_by=guarantee.removable_by, terms=guarantee.terms)


def _covers(strong: Protection, weak: Protection) -> bool:
    """Whether ``strong``, both in normal form, deletes nothing earlier than ``weak`` and promises no less."""
    if not all(any(dominates(mine, theirs) for mine in strong.guarantees) for theirs in weak.guarantees):
        return False
    bounds = [deletion.due for deletion in weak.deletions]
    ends = [guarantee.until for guarantee in strong.guarantees]
    return all(any(at_least(deletion.due, bound) or any(at_least(end, bound) for end in ends) for bound in bounds) for deletion in strong.deletions)
