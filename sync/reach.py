"""Whose records a weakening step touches, workload by workload: what the guard for open matters asks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from policies.effects import Effect
from policies.kinds import Platform, Workload
from policies.protection import Direction
from policies.simulator import judge

_AT_URLS: Final = frozenset({Workload.DRIVE, Workload.SITE, Workload.SHARED_DRIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whose items of one workload change: ``places`` by name, and with ``others`` everybody who is not ``named`` by anything in force there."""

    platform: Platform
    workload: Workload
    places: frozenset[str]
    others: bool
    named: frozenset[str]

    def touches(self, place: str) -> bool:
        """Whether items at ``place`` (in lower case) may be worse protected afterwards."""
        return self._lives_here(place) and (place in self.places or (self.others and place not in self.named))

    def _lives_here(self, place: str) -> bool:
        """In Microsoft 365 files are at URLs and all else at addresses; in Google Workspace everything is at the account."""
        return self.platform is Platform.GOOGLE_WORKSPACE or ("://" in place) is (self.workload in _AT_URLS)


def reaching(before: Iterable[Effect], after: Iterable[Effect], touched: Iterable[tuple[Platform, Workload]]) -> Iterator[Reach]:
    """The reach in each of the ``touched`` workloads that loses protection."""
    for platform, workload in sorted(touched):
        was, will = _only(before, platform, workload), _only(after, platform, workload)
        judgement = judge(was, will)
        if judgement.direction is Direction.WEAKENS:
            yield Reach(
                platform=platform,
                workload=workload,
                places=_lower(judgement.places),
                others=judgement.others,
                named=_named(was) & _named(will),
            )


def _only(effects: Iterable[Effect], platform: Platform, workload: Workload) -> tuple[Effect, ...]:
    return tuple(
        replace(effect, scope=replace(effect.scope, workloads=frozenset({workload})))
        for effect in effects
        if effect.platform is platform and workload in effect.scope.workloads
    )


def _named(effects: Iterable[Effect]) -> frozenset[str]:
    return _lower(place for effect in effects if effect.in_force for place in effect.scope.include)


def _lower(places: Iterable[str]) -> frozenset[str]:
    return frozenset(place.lower() for place in places)
