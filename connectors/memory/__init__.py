"""A connector whose tenant lives in memory: shipped, complete, under the same contract suite as the two real ones, and without any network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from connectors.base import Circumstances, Context, Prover, Reader, Releaser, Writer
from connectors.effects import google_effects, m365_effects
from connectors.hold_orders import HoldOrder, Ordered
from connectors.memory import mapping
from connectors.memory.reader import PEOPLE, WRITABLE, MemoryReader
from connectors.memory.world import Console, MemoryTenant, Thing, Troubles, planted
from connectors.memory.writer import MemoryProver, MemoryReleaser, MemoryWriter
from policies.district import Tenant
from policies.duties import Desired, Duty
from policies.effects import Effect
from policies.kinds import Kind, Platform
from policies.resources import Snapshot
from policies.roster import Roster

__all__ = ["Console", "MemoryConnector", "MemoryTenant", "Thing", "Troubles", "planted"]


@dataclass(frozen=True, slots=True)
class MemoryConnector:
    """Implements ``Connector`` on one world; whoever asks for a reader or writer meets the same tenant."""

    world: MemoryTenant

    @property
    def platform(self) -> Platform:
        """The cloud whose kinds and habits the world has."""
        return self.world.platform

    def reader(self, tenant: Tenant, context: Context) -> Reader:
        """A reader of the world."""
        return MemoryReader(self.world, tenant, context)

    def writer(self, tenant: Tenant, context: Context) -> Writer:  # noqa: ARG002  # one world, whatever the settings call it
        """A writer to the world."""
        return MemoryWriter(self.world, context)

    def releaser(self, tenant: Tenant, context: Context) -> Releaser:  # noqa: ARG002  # one world, whatever the settings call it
        """What ends holds in the world."""
        return MemoryReleaser(self.world, context)

    def prover(self, tenant: Tenant, context: Context) -> Prover:  # noqa: ARG002  # one world, whatever the settings call it
        """A prover in the world."""
        return MemoryProver(self.world, context)

    def kinds(self) -> frozenset[Kind]:
        """The kinds that a run reads: what can be written, and people."""
        return WRITABLE[self.platform] | PEOPLE[self.platform]

    def every_kind(self) -> frozenset[Kind]:
        """The same as in a run."""
        return self.kinds()

    def realise(self, duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
        """What the tenant should hold to carry ``duties``."""
        return mapping.realise(duties, circumstances)

    def realise_hold(self, order: HoldOrder, circumstances: Circumstances) -> Ordered:
        """What the tenant should hold to carry a hold order."""
        return mapping.realise_hold(order, circumstances)

    def effects(self, snapshot: Snapshot, roster: Roster) -> tuple[Effect, ...]:
        """What the live objects do to records."""
        return m365_effects(snapshot, roster) if self.platform is Platform.MICROSOFT365 else google_effects(snapshot, roster)
