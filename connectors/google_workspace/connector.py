"""Google Workspace as a connector: how a tenant is opened, and the pure translation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from connectors.base import Circumstances, Context
from connectors.effects import google_effects
from connectors.google_workspace import by_hand, mapping
from connectors.google_workspace.prover import GoogleProver
from connectors.google_workspace.reader import GoogleReader
from connectors.google_workspace.releaser import GoogleReleaser
from connectors.google_workspace.vault_reader import VAULT_KINDS
from connectors.google_workspace.writer import GoogleWriter
from connectors.hold_orders import HoldOrder, Ordered
from connectors.instructions import Deed, Instruction
from policies.district import Tenant
from policies.duties import Desired, Duty
from policies.effects import Effect
from policies.kinds import Kind, Platform
from policies.resources import Snapshot
from policies.roster import Roster


class GoogleWorkspaceConnector:
    """Opens nothing by itself. ``groups`` (addresses, ids, ``name:...``) limits whose members a roster reads; None reads all."""

    platform = Platform.GOOGLE_WORKSPACE

    def __init__(self, *, groups: AbstractSet[str] | None = None) -> None:
        self._groups = groups

    def reader(self, tenant: Tenant, context: Context) -> GoogleReader:
        """A reader of ``tenant``; opens nothing until first used."""
        return GoogleReader(tenant, context, groups=self._groups)

    def writer(self, tenant: Tenant, context: Context) -> GoogleWriter:
        """A writer of ``tenant`` under its writing identity."""
        return GoogleWriter(tenant, context)

    def releaser(self, tenant: Tenant, context: Context) -> GoogleReleaser:
        """What ends holds of ``tenant``, under its writing identity."""
        return GoogleReleaser(tenant, context)

    def prover(self, tenant: Tenant, context: Context) -> GoogleProver:
        """A prover of ``tenant`` under its writing identity."""
        return GoogleProver(tenant, context)

    def kinds(self) -> frozenset[Kind]:
        """What is read in a run. People, groups, units and licences come with the roster; Vault rules are known from the log alone."""
        return VAULT_KINDS | {Kind.GOOGLE_GROUP_ARCHIVE, Kind.GOOGLE_DRIVE_LABEL, Kind.GOOGLE_SETTING}

    def every_kind(self) -> frozenset[Kind]:
        """The same as in a run."""
        return self.kinds()

    def realise(self, duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
        """What the tenant should hold to carry ``duties``, and a standing for each duty (pure)."""
        return mapping.realise(duties, circumstances)

    def realise_hold(self, order: HoldOrder, circumstances: Circumstances) -> Ordered:
        """What the tenant should hold to carry a hold order (pure)."""
        return mapping.realise_hold(order, circumstances)

    def by_hand(self, deeds: Sequence[Deed]) -> tuple[Instruction, ...]:
        """How a person does the same in Vault and in the Admin console (pure)."""
        return by_hand.instructions(deeds)

    def effects(self, snapshot: Snapshot, roster: Roster) -> tuple[Effect, ...]:
        """What the live holds do to records, for the simulator (pure). Raises ``UnknownSettingError``."""
        return google_effects(snapshot, roster)
