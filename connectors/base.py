"""What a connector is: reader, writer and prover of one tenant, and a pure mapping. Beside it: ``errors`` it raises, ``examination`` it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connectors.audit_log import AuditRead
from connectors.examination import Capability, Examination, Identity
from connectors.hold_orders import HoldOrder, Ordered
from policies.district import Tenant
from policies.duties import Desired, Duty
from policies.effects import Clock as EffectClock
from policies.effects import Effect, Term
from policies.kinds import Kind, Platform, Workload
from policies.resources import Fields, Live, Mark, Ref, Snapshot, Wanted
from policies.roster import Roster
from policies.vault_rules import StatedRules


class Clock(Protocol):
    """Time, handed down from wiring; direct clock calls are banned elsewhere."""

    def now(self) -> datetime:
        """The aware UTC instant."""

    def monotonic(self) -> float:
        """Seconds that never go back and count on while the machine is suspended."""

    def sleep(self, seconds: float) -> None:
        """Wait; under a drill clock this may return at once."""


class Lane(StrEnum):
    """Ordinary runs and holds have their own lease and their own share of each budget."""

    SYNC = "sync"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one request costs of one quota. ``account`` is what the vendor counts by (``project/NAME``, ``organisation/ID``, ``app/ID/TENANT``)."""

    account: str
    quota: str
    """A surface, or one of its quotas (``vault.hold_reads``)."""
    units: int = 1


class Meter(Protocol):
    """Counts every request (retries and tokens too) and makes callers wait inside the vendor's budgets."""

    def spend(self, surface: str, method: str, charges: Sequence[Charge] = ()) -> None:
        """Record one request that is about to leave, waiting for room in each budget first. Raises ``Stopped`` when told to stop.

        Without charges it costs one of the surface's budget, counted for this tenant alone.
        """


class Stop(Protocol):
    """Tells a long call that the process wants to end."""

    def is_set(self) -> bool:
        """Whether to stop at the next safe point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a connector is given besides its tenant's settings. ``timeout`` in seconds per request."""

    clock: Clock
    meter: Meter
    stop: Stop
    district: str
    """The random id in ``district.yaml``, for marks."""
    timeout: float = 30.0
    organisation: str | None = None
    """The tenant's own id, as it was when it was met first; None before that."""
    drill: bool = False
    """Under drill an endpoint that settings do not give is off: no request leaves for it."""








@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOutcome:
    """What the vendor answered for one member of an add or remove. ``error`` None means accepted."""

    member: str
    vendor_id: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the vendor answered to a write: accepted, not in force. ``raw`` is the answer's JSON text without credentials."""

    vendor_id: str
    name: str
    accepted_at: datetime
    vendor_at: datetime | None = None
    members: tuple[MemberOutcome, ...] = ()
    raw: str = "{}"
    surface: str | None = None
    """The surface that it was written over, where a kind has more than one; as ``Capability.surface`` names it."""
    later: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Fields that the platform did not take with the rest, each with the error's code and text: not set, and asked for again at the next look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a pure mapping may look at besides the duties."""

    tenant: Tenant
    capabilities: tuple[Capability, ...]
    licences: Mapping[str, int]
    roster: Roster
    pieces: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Members by key of the pieces that exist already: people and places stay in the piece they were first put in."""
    in_flight: frozenset[str] = frozenset()
    """Keys of what was sent and is not said to be in force yet: a platform that locks it meanwhile takes nobody new into it."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Display names by key of what is bound already: a name is frozen at birth."""
    bound: Mapping[str, Fields] = field(default_factory=dict)
    """Fields by key of what is bound already, as last read back: what cannot be told today stays as it is."""
    in_use: frozenset[str] = frozenset()
    """Keys of what is bound already and, as the platform says, offered or applied to people."""
    attested: frozenset[str] = frozenset()
    """Subjects with a valid attestation (``vault-rules/TENANT``)."""
    stated_rules: StatedRules | None = None
    """Vault's rules as an officer stated them last, and what speaks against believing it; None where nobody ever did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Whether one source of one account is really kept today, by what, and for how long at least.

    ``protected`` None means that it cannot be told, and ``reason`` says why. ``term`` counts from ``clock`` item by item; an item older
    than it is kept no longer. ``deletes`` are the objects that the platform deletes by in this source.
    """

    identity_id: str
    address: str
    source: Workload
    place: str | None
    protected: bool | None
    by: tuple[Ref, ...] = ()
    term: Term | None = None
    clock: EffectClock | None = None
    reason: str | None = None
    deletes: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in a tenant that people must hear of. ``grave``: of the first order (ST-13: age alone decides over a whole workload)."""

    code: str
    ref: Ref
    grave: bool
    message: str
    next_step: str
    workloads: tuple[Workload, ...] = ()
    everyone: bool = False
    days: int | None = None








class Reader(Protocol):
    """Looks at one tenant and changes nothing. Every method may raise ``TenantUnreachableError`` and ``Stopped``."""

    def examine(self, kinds: AbstractSet[Kind] | None = None) -> Examination:
        """Identity, surfaces, licences and capabilities (never ``proven``: proofs are in the store).

        ``kinds`` are what is read next: of the others nothing has to be tried, or told. None: everything.
        """

    def identity(self) -> Identity:
        """Who answers under the configured tenant."""

    def roster(self) -> Roster:
        """Everybody and every place, with how each kind's read ended."""

    def snapshot(self, kinds: AbstractSet[Kind]) -> Snapshot:
        """Live objects of ``kinds``; a kind that fails is ``failed`` in it, never missing from it."""

    def read_back(self, ref: Ref) -> Live | None:
        """One object as it is now, or None when the platform positively says that it is gone. Raises ConnectorError when it cannot tell."""

    def audit(self, since: datetime, until: datetime, kinds: AbstractSet[Kind] | None = None) -> AuditRead:
        """The vendor's log of changes to labels, policies, holds and accounts in the window; of ``kinds`` at least, where that spares requests."""


class PlaceFinder(Protocol):
    """A reader that can also look up where people's drives are. Costs a request a person, so it is asked only for those who need it."""

    def containers(self, identity_ids: Iterable[str]) -> Mapping[str, str | None]:
        """Drive URL by account id: None where the platform says that there is none, absent where it would not say."""


class Explainer(Protocol):
    """A reader that can also say what really protects people's sources today. Costs a few requests a person, so it is asked for few."""

    def coverage(self, identity_ids: Iterable[str], *, snapshot: Snapshot | None = None, roster: Roster | None = None) -> tuple[Coverage, ...]:
        """Source by source for those accounts. What was read already may be given, so that it is not read twice."""






class Surveyor(Protocol):
    """A reader that can also say what deletes in its tenant today, and what else people must hear of."""

    def findings(self, snapshot: Snapshot) -> tuple[Finding, ...]:
        """The gravest first. ``snapshot`` is what was read already; the little that it lacks is read now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders:
    """The accounts in one group of those who may touch holds and rules; our own apart. ``accounts`` None: not known, and ``reason`` says why."""

    group: str
    accounts: tuple[str, ...] | None
    ours: tuple[str, ...] = ()
    reason: str | None = None


class Settling(Protocol):
    """A reader that knows more of its capabilities once it has looked."""

    def settled(self, capabilities: Iterable[Capability]) -> tuple[Capability, ...]:
        """The same capabilities with what looking has shown. Asks nothing."""


class Overseer(Protocol):
    """A reader that can also say who else may touch holds. Costs a request a group, so it is asked where somebody wants to know."""

    def holders(self) -> tuple[Holders, ...]:
        """Group by group. Raises ``TenantUnreachableError`` and ``Stopped``."""


class Writer(Protocol):
    """Sends one change to one tenant. It has no delete. Raises ConnectorError; ``UnknownOutcomeError`` when only reading can tell."""

    def create(self, wanted: Wanted, mark: Mark, parent: Ref | None) -> Receipt:
        """Make ``wanted`` with ``mark`` in it; with its members only where the kind's traits say so."""

    def set(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        """Bring the named fields to what ``wanted`` says, sending again all that the vendor would otherwise drop.

        ``wanted.members`` are those to be added in the same call, of which there are none where the surface takes no members with fields; one
        outcome per member.
        """

    def add(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Add members, as a union with what is live; one outcome per member."""

    def retry(self, ref: Ref) -> Receipt:
        """Ask the platform to distribute again what it failed to distribute."""


class Releaser(Protocol):
    """Takes protection away: one hold, or people off it. Asked only for a release that two officers approved and whose waiting time is over.

    And for a second hold with one mark that two officers approved to end, while the one that is followed was just seen to hold the same; and for a
    label that a newer one replaced, likewise approved, while both were just seen to be ours and the newer one in force.

    What is so already is as good as done, so both may be asked again. Raises ConnectorError; ``UnknownOutcomeError`` when only reading can tell.
    """

    def remove(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Take ``members`` off the hold; one outcome per member. Whoever else is on it in ``live`` stays.

        Raises ConnectorError ``release.whole_only`` for a hold that takes nobody off by name (an organisational unit's).
        """

    def end(self, ref: Ref, live: Live) -> Receipt:
        """End the object: a hold holds nobody afterwards, a case or matter is closed, a label is on offer no more. Content is never touched.

        A hold of Microsoft's is switched off and stays in its case with the names of those it held; Vault has no such state, so there it is deleted.
        """


class Personal(Protocol):
    """A writer that may act as a person who is signed in, and not as ourselves."""

    def account(self, kind: Kind) -> str | None:
        """The account that the vendor's log will show for a write of ``kind``; None where it is our own."""


class Prover(Protocol):
    """Writes one marked dummy of a kind, reads it back, removes what it made in this run."""

    def prove(self, kind: Kind, mark: Mark) -> Receipt:
        """Prove that ``kind`` can be written here. Raises ConnectorError with what was refused."""












class Connector(Protocol):
    """One platform: how to open a tenant, and the pure translation into and out of its words."""

    @property
    def platform(self) -> Platform:
        """The cloud that it speaks to."""

    def reader(self, tenant: Tenant, context: Context) -> Reader:
        """A reader of ``tenant``; opens nothing until first used."""

    def writer(self, tenant: Tenant, context: Context) -> Writer:
        """A writer of ``tenant`` under its writing identity."""

    def releaser(self, tenant: Tenant, context: Context) -> Releaser:
        """What ends holds of ``tenant``, under its writing identity."""

    def prover(self, tenant: Tenant, context: Context) -> Prover:
        """A prover of ``tenant`` under its writing identity."""

    def kinds(self) -> frozenset[Kind]:
        """The kinds that this connector reads in a run."""

    def every_kind(self) -> frozenset[Kind]:
        """What an inventory reads: the kinds of a run, and those that decide nothing of ours and that people must know of."""

    def realise(self, duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
        """What the tenant should hold to carry ``duties``, and a standing for each duty (pure)."""

    def realise_hold(self, order: HoldOrder, circumstances: Circumstances) -> Ordered:
        """What the tenant should hold to carry a hold order (pure)."""

    def effects(self, snapshot: Snapshot, roster: Roster) -> tuple[Effect, ...]:
        """What the live objects do to records, for the simulator (pure)."""
