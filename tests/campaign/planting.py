"""Strikes on the sandbox's wire: put in the way of a method's next requests, counted, taken away."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol

from sandbox.world import Fault, World
from tests.campaign.cells import Cell


class Planted(Protocol):
    """A strike that waits for its request."""

    def hits(self) -> int:
        """How many requests ran into it."""

    def lift(self) -> None:
        """Take it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How lists of a vendor go on: what makes the sandbox give short pages, what a request for a further page has in its query, and
    whether the way to it stands in the page as a link (``linked``) or only as a number, so that only the further request can be led away.
    """

    switches: dict[str, str]
    token: str
    linked: bool


@dataclass(slots=True)
class PlantedFault:
    """A fault of the sandbox's wire, with the switches that are on as long as it is there."""

    world: World
    fault: Fault
    switches: dict[str, str]

    def hits(self) -> int:
        return min(self.fault.times, max(0, self.fault.seen - self.fault.nth + 1))

    def lift(self) -> None:
        self.world.faults.remove(self.fault)
        for name in self.switches:
            self.world.switches.pop(name, None)


def plant_on_wire(world: World, cell: Cell, rng: random.Random, paging: Paging) -> PlantedFault:
    """The strike as a fault of the sandbox: once, or often enough that retrying a read does not outlast it."""
    times = rng.choice((1, 2)) if cell.method.writes else rng.choice((1, 2, 9))
    short = paging.switches if cell.strike.further else {}
    away = cell.strike.kind == "foreign_link" and paging.linked
    world.switches |= short
    fault = Fault(
        surface=cell.method.surface,
        operation=cell.method.operation,
        kind=cell.strike.kind,  # type: ignore[arg-type]  # only strikes on the wire come here
        when=cell.strike.when,
        status=cell.strike.status,
        times=times,
        query=paging.token if cell.strike.further and not away else "",
        sent=cell.method.sent,
    )
    world.faults.append(fault)
    return PlantedFault(world, fault, short)
