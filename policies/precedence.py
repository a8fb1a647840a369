"""What several effects on one item add up to, under each platform's own rules of precedence. Pure tables of who beats whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policies.effects import FOREVER, Clock, Effect, Mechanism, RemovableBy, Term
from policies.kinds import Platform, Workload
from policies.protection import Deletion, Guarantee, Protection, at_least, maximal, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one effect brings to an item that it applies to: the effect without its name, its scope and its object."""

    mechanism: Mechanism
    explicit: bool
    only_extends: bool
    clock: Clock
    event: str | None
    keep: Term | None
    delete: Term | None
    purge_all: bool
    removable_by: RemovableBy
    terms: str | None

    @property
    def guarantee(self) -> Guarantee | None:
        """What it keeps, if anything."""
        if self.keep is None:
            return None
        return Guarantee(term=self.keep, clock=self.clock, event=self.event, removable_by=self.removable_by, terms=self.terms)

    @property
    def deletion(self) -> Deletion | None:
        """What it deletes, if anything."""
        if self.delete is None or self.delete == FOREVER or self.only_extends:
            return None
        return Deletion(term=self.delete, clock=self.clock, event=self.event, purges_undeleted=self.purge_all)


def contribution(effect: Effect, workload: Workload) -> Contribution:
    """What ``effect`` brings to an item of ``workload``.

    An organisational unit's Drive rule that includes shared drives can only extend what is kept there, never purge (G§2.3).
    """
    return Contribution(
        mechanism=effect.mechanism,
        explicit=not effect.scope.everyone or effect.scope.by_query,
        only_extends=workload is Workload.SHARED_DRIVE and bool(effect.scope.org_units),
        clock=effect.clock,
        event=effect.event,
        keep=effect.keep,
        delete=effect.delete,
        purge_all=effect.purge_all,
        removable_by=effect.removable_by,
        terms=effect.terms,
    )


def combine(platform: Platform, contributions: Iterable[Contribution]) -> Protection:
    """What the contributions add up to on that platform, in normal form."""
    parts = tuple(contributions)
    return (_microsoft(parts) if platform is Platform.MICROSOFT365 else _google(parts)).normal()


def _microsoft(parts: tuple[Contribution, ...]) -> Protection:
    """Purview's four principles: retention beats deletion, the longest retention wins, explicit beats implicit, the shortest deletion wins.

    learn.microsoft.com/purview/retention ("The principles of retention, or what takes precedence?"), the first two also in L§3.3. Explicit means:
    the deletion of a label that the item carries beats every policy's, then a policy that names the place beats one for the whole tenant. The
    normal form does the rest: guarantees outlast deletions, of several deletions the first decides.
    """
    deleting = [part for part in parts if part.deletion is not None]
    top = max((_explicitness(part) for part in deleting), default=0)
    return _protection(parts, (part for part in deleting if _explicitness(part) == top))


def _explicitness(part: Contribution) -> int:
    if part.mechanism is Mechanism.LABEL:
        return 2
    return 1 if part.explicit else 0


def _google(parts: tuple[Contribution, ...]) -> Protection:
    """Vault's order: a hold beats custom rules, a custom rule beats the default even when the default is longer (G§2.3).

    Of several custom rules the one that expires last wins, and with it its choice of what is purged. The rules under a hold still say what
    happens after it, but a hold has no end that anybody knows, so nothing is deleted under it.
    """
    holds = tuple(part for part in parts if part.mechanism is Mechanism.HOLD)
    customs = tuple(part for part in parts if part.mechanism is Mechanism.VAULT_CUSTOM)
    ruling = customs or tuple(part for part in parts if part.mechanism is Mechanism.VAULT_DEFAULT)
    return _protection((*holds, *ruling), () if holds else _expiring_last(ruling))


def _expiring_last(rules: tuple[Contribution, ...]) -> tuple[Contribution, ...]:
    ends = {rule: moment(rule.keep, rule.clock, rule.event) for rule in rules if rule.keep is not None}
    last = maximal(ends.values(), at_least)
    return tuple(rule for rule in rules if rule not in ends or ends[rule] in last)


def _protection(keeping: Iterable[Contribution], deleting: Iterable[Contribution]) -> Protection:
    return Protection(
        guarantees=frozenset(part.guarantee for part in keeping if part.guarantee is not None),
        deletions=frozenset(part.deletion for part in deleting if part.deletion is not None),
    )
