"""Everybody as an adaptive scope: the one that a tenant has of ours, made once, mended when somebody narrows it, and the policies over it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.base import Connector
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from policies.kinds import Kind
from sandbox.microsoft.objects import Scope
from sandbox.microsoft.state import COMPLIANCE, TenantState, tenant_of
from sandbox.world import World
from sync.matters.order import MatterOrder
from tests.campaign.cells import Cell, Method
from tests.campaign.microsoft_rules import MicrosoftRulesTheatre, _ours

NEW = Method(surface=COMPLIANCE, operation="New-AdaptiveScope", writes=True, once=True)
SET = Method(surface=COMPLIANCE, operation="Set-AdaptiveScope", writes=True)
LIST = Method(surface=COMPLIANCE, operation="Get-AdaptiveScope", writes=False, pages=True)
_FILLED = 5 * 86_400.0
"""Seconds that a scope may take until it finds everybody (M§2.2)."""


@dataclass
class ScopeTheatre(MicrosoftRulesTheatre):
    """One line for named people from the start, and one for everybody, unless the making of the scope is to be struck."""

    methods = (NEW, SET, LIST)
    proven = MicrosoftRulesTheatre.proven | {Kind.M365_ADAPTIVE_SCOPE}
    pause = _FILLED / 6
    """The runs of a day or so, for nothing of this is in force sooner."""
    unmade: bool = False

    def connector(self) -> Connector:
        return Microsoft365Connector(allowed=Allowed(admin=True, adaptive=True))

    def dealt(self, squares: Sequence[Cell]) -> None:
        self.unmade = any(one.method == NEW for one in squares)

    def prepare(self, world: World) -> None:
        state = tenant_of(world)
        some = next(iter(state.scopes.values()))
        for number in (1, 2):
            other = replace(some, name=f"Another scope {number}", guid=state.new_id("scope"))
            state.scopes[other.guid] = other
        super().prepare(world)

    def orders(self, world: World, rng: random.Random) -> MatterOrder | None:
        self._demand(world, rng, labelled=False)
        if not self.unmade:
            self._demand(world, rng, labelled=False, everybody=True)
        return None

    def provoke(self, world: World, method: Method, rng: random.Random) -> MatterOrder | None:
        with world.lock:
            mine = _scopes(tenant_of(world))
            if method == SET and mine:
                mine[0].query, mine[0].changed = "Department -eq 'Board of Education'", world.clock.now()  # somebody narrows it
            elif method != LIST or not mine:
                self._demand(world, rng, labelled=rng.random() < 0.5, everybody=True)  # a coin
        return None

    def wrongs(self, world: World, district: str) -> tuple[str, ...]:
        scopes = _scopes(tenant_of(world))
        wanted = any(line.everybody for line in self.lines)
        found = [] if len(scopes) == wanted else [f"{len(scopes)} scopes of ours"]
        return (*super().wrongs(world, district), *found)


def _scopes(state: TenantState) -> list[Scope]:
    return [one for one in state.scopes.values() if _ours(one)]
