"""A vendor's side of a campaign: what makes the program call a method, and what the tenant must look like when all is over."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Protocol

from connectors.base import Connector, Context
from policies.district import Delivery, Tenant
from policies.duties import Duty
from policies.kinds import Kind, Platform
from sandbox.server import SandboxServer
from sandbox.world import World
from sync.matters.order import MatterOrder
from tests.campaign.cells import Cell, Method, Strike
from tests.campaign.planting import Planted
from tests.campaign.releasing import LetGo, Parting, Signing

if TYPE_CHECKING:
    from tests.campaign.drive import Stage

PAUSE = 4_000.0
"""Seconds between two looks: more than any platform here takes to bring a hold into force, and than what was refused rests."""


class Theatre(Protocol):
    """A vendor's side of a campaign."""

    @property
    def tenant(self) -> str:
        """The tenant's id in the sandbox's overlay."""

    @property
    def platform(self) -> Platform:
        """The cloud."""

    @property
    def package(self) -> ModuleType:
        """The sandbox's package of that cloud."""

    @property
    def methods(self) -> Sequence[Method]:
        """The rows of the matrix."""

    @property
    def strikes(self) -> Sequence[Strike]:
        """Its columns."""

    @property
    def proven(self) -> frozenset[Kind]:
        """Kinds that were proven writable; where none of them is the sync lane's, only the hold lane runs."""

    @property
    def surfaces(self) -> Mapping[Kind, str]:
        """Of kinds that are not written as ourselves: the surface that their proof was made over."""

    @property
    def pause(self) -> float:
        """Seconds between two looks."""

    @property
    def before(self) -> int:
        """Looks before the first strike."""

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Which officers are told of what happens; none: nobody, and no letter leaves."""

    def set_up(self, server: SandboxServer, tenant: Tenant, context: Context) -> Tenant:
        """What must hold before the program starts, such as somebody who is signed in; the tenant's settings, as they are to be."""

    def dealt(self, squares: Sequence[Cell]) -> None:
        """What the run will go through; told before anything else."""

    def tear_down(self) -> None:
        """Take back what ``set_up`` changed outside of the run's own world."""

    def said(self, stage: Stage) -> tuple[str, ...]:
        """What is wrong with what the program itself knows at the end, beside its journal and its register of holds."""

    def connector(self) -> Connector:
        """The connector under test."""

    def prepare(self, world: World) -> None:
        """What must hold before anything: switches, people."""

    def orders(self, world: World, rng: random.Random) -> MatterOrder | None:
        """The first thing that is wanted: a hold order for some of the tenant's people, or None where ``duties`` says it."""

    def duties(self) -> tuple[Duty, ...]:
        """What the policy demands by now."""

    def provoke(self, world: World, method: Method, rng: random.Random) -> MatterOrder | Parting | Signing | None:
        """Make the program need ``method`` at its next look: something done in the console, a new duty, or what is handed back: an order, a release, an end."""

    def plant(self, world: World, cell: Cell, rng: random.Random) -> Planted:
        """Put the strike in the way of the method's next requests."""

    def let_go(self, world: World) -> LetGo:
        """What the register has to say of releases."""

    def wrongs(self, world: World, district: str) -> tuple[str, ...]:
        """What is not as every order wants it, or is there twice, or was not ours to touch; read off the tenant itself, never through the connector."""


class Stock:
    """What most theatres have in common."""

    surfaces: Mapping[Kind, str] = MappingProxyType({})
    pause = PAUSE
    before = 1
    deliveries: tuple[Delivery, ...] = ()

    def set_up(self, server: SandboxServer, tenant: Tenant, context: Context) -> Tenant:
        """The settings as they are; nothing is set up."""
        return tenant

    def dealt(self, squares: Sequence[Cell]) -> None:
        """It makes no difference."""

    def tear_down(self) -> None:
        """There is nothing to take back."""

    def said(self, stage: Stage) -> tuple[str, ...]:
        """Nothing more is asked."""
        return ()
