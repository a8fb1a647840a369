"""Microsoft 365 as a connector: how a tenant is opened, and the pure translation into and out of its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from connectors.base import Circumstances, Context
from connectors.effects import m365_effects
from connectors.hold_orders import HoldOrder, Ordered
from connectors.instructions import Deed, Instruction
from connectors.microsoft365 import by_hand, mapping, ordering
from connectors.microsoft365.access import Access, Allowed
from connectors.microsoft365.mail import MailCourier
from connectors.microsoft365.prover import Microsoft365Prover
from connectors.microsoft365.reader import Microsoft365Reader
from connectors.microsoft365.releaser import Microsoft365Releaser
from connectors.microsoft365.seeing import FURTHER, KINDS
from connectors.microsoft365.writer import Microsoft365Writer
from policies.district import Tenant
from policies.duties import Desired, Duty
from policies.effects import Effect
from policies.kinds import Kind, Platform
from policies.resources import Snapshot
from policies.roster import Roster


class Microsoft365Connector:
    """Opens nothing by itself.

    ``allowed`` says what there is beside our own identity's rights: the undocumented admin endpoint (without an officer's word no request leaves
    for it), and a person who is signed in. ``groups`` (addresses, ids, ``name:...``) and ``sites`` (URLs) are what populations and orders name: only
    their members and places are read. ``second_belt``: an open matter asks for litigation hold, so it is read in each run.
    """

    platform = Platform.MICROSOFT365

    def __init__(  # what is allowed, and what populations and orders name
        self, *, allowed: Allowed, groups: AbstractSet[str] = frozenset(), sites: AbstractSet[str] = frozenset(), second_belt: bool = False
    ) -> None:
        self._allowed = allowed
        self._second_belt = second_belt
        self._groups = frozenset(groups)
        self._sites = frozenset(sites)

    def reader(self, tenant: Tenant, context: Context) -> Microsoft365Reader:
        """A reader of ``tenant``; opens nothing until first used. It can also find places (``PlaceFinder``)."""
        return Microsoft365Reader(Access(tenant, context, self._allowed), groups=self._groups, sites=self._sites)

    def writer(self, tenant: Tenant, context: Context) -> Microsoft365Writer:
        """A writer of ``tenant`` under its writing identity."""
        return Microsoft365Writer(Access(tenant, context, self._allowed, writing=True))

    def releaser(self, tenant: Tenant, context: Context) -> Microsoft365Releaser:
        """What ends holds of ``tenant``, under its writing identity."""
        return Microsoft365Releaser(Access(tenant, context, self._allowed, writing=True))

    def prover(self, tenant: Tenant, context: Context) -> Microsoft365Prover:
        """A prover of ``tenant`` under its writing identity."""
        writing = Access(tenant, context, self._allowed, writing=True)
        return Microsoft365Prover(writing, Access(tenant, context, self._allowed))

    def courier(self, tenant: Tenant, context: Context, sender: str) -> MailCourier:
        """A courier that sends mail as ``sender`` under the writing identity."""
        return MailCourier(Access(tenant, context, Allowed(), writing=True), sender)

    def kinds(self) -> frozenset[Kind]:
        """Labels with the event types they count from, their publishing, retention policies and rules, cases and holds; scopes where wanted.

        Litigation holds where an open matter asks for them: that is a list of the Exchange host, which others need not be asked for.
        """
        wanted = {Kind.M365_ADAPTIVE_SCOPE} if self._allowed.adaptive else set[Kind]()
        return KINDS | {Kind.M365_EVENT_TYPE} | wanted | ({Kind.M365_MAILBOX} if self._second_belt else set())

    def every_kind(self) -> frozenset[Kind]:
        """Beside those of a run: adaptive scopes with their queries, mailboxes on litigation hold, policies over the whole organisation."""
        return KINDS | FURTHER

    def realise(self, duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
        """What the tenant should hold to carry ``duties``, and a standing for each duty (pure)."""
        return mapping.realise(duties, circumstances)

    def realise_hold(self, order: HoldOrder, circumstances: Circumstances) -> Ordered:
        """What the tenant should hold to carry a hold order (pure)."""
        return ordering.realise_hold(order, circumstances)

    def by_hand(self, deeds: Sequence[Deed]) -> tuple[Instruction, ...]:
        """How a person does the same in Purview's portal, or by Microsoft's supported cmdlets (pure)."""
        return by_hand.instructions(deeds)

    def effects(self, snapshot: Snapshot, roster: Roster) -> tuple[Effect, ...]:
        """What the live objects do to records, for the simulator (pure). Raises ``UnknownSettingError``."""
        return m365_effects(snapshot, roster)
