"""What the contract suite needs of a connector under test: the connector, a tenant to work in, time, and somebody else's hands in that tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Protocol, runtime_checkable

from connectors.base import Circumstances, Connector, Context, Prover, Reader, Writer
from connectors.hold_orders import HoldOrder, OrderedSource
from policies.district import Tenant
from policies.duties import Carrier, Desired, Disposition, Duty, Population
from policies.effects import Clock
from policies.kinds import Kind, Workload
from policies.resources import FILED, Because, Live, Mark, Ref, Snapshot, Wanted
from sync.ordering import ordered


@runtime_checkable
class Closing(Protocol):
    """What holds connections open until it is told to let go of them."""

    def close(self) -> None:
        """Let go of them."""


class Trouble(Enum):
    """What can go wrong on the way to a platform, whichever it is."""

    UNREADABLE = auto()
    """Cases or matters cannot be listed any more: the platform refuses."""
    LOST_BEFORE = auto()
    """The next case or matter to be made is not, and nobody is told."""
    LOST_AFTER = auto()
    """It is made, and the answer is lost."""


@dataclass(slots=True, kw_only=True)
class Bench:
    """A connector on a tenant.

    ``advance`` moves the tenant's clock (seconds); within ``window`` seconds everything accepted is in force, within ``log_window`` the log has caught
    up. ``delete`` removes an object as somebody else, in the console; ``trouble`` makes something go wrong from now on. ``population`` names at least two people who have mail; ``sources`` are what a
    hold order resolves to for three of them.
    """

    connector: Connector
    tenant: Tenant
    context: Context
    population: Population
    sources: tuple[OrderedSource, ...]
    advance: Callable[[float], None]
    delete: Callable[[Ref], None]
    trouble: Callable[[Trouble], None]
    window: float
    log_window: float
    deferred: frozenset[Kind]
    """Kinds that are accepted first and in force later."""
    provable: frozenset[Kind]
    stays: frozenset[Kind] = frozenset({Kind.M365_LABEL})
    """Kinds of which a proof's dummy may stay, because the platform does not let go of it at once or we never remove any."""
    label_on: Workload = Workload.MAIL
    """What the platform lets people put a label on."""
    bin_window: float = 0.0
    """Seconds for which a deleted case or matter is still shown, as ``deleted``; 0 where it is gone at once."""
    narrowed_by: Mapping[Kind, str] = field(default_factory=lambda: {Kind.M365_HOLD: "query", Kind.GOOGLE_HOLD: "terms"})
    """The field that narrows a hold by words."""
    takes_words: Callable[[Wanted], bool] = lambda want: bool(want.members)
    """Whether the platform lets this hold be narrowed by words."""
    looked: Circumstances | None = None
    """What the first look told of the tenant and its people."""
    opened: list[object] = field(default_factory=list)
    """Every hand that was given out."""

    def reader(self, tenant: Tenant | None = None) -> Reader:
        made = self.connector.reader(tenant or self.tenant, self.context)
        self.opened.append(made)
        return made

    def writer(self) -> Writer:
        made = self.connector.writer(self.tenant, self.context)
        self.opened.append(made)
        return made

    def prover(self) -> Prover:
        made = self.connector.prover(self.tenant, self.context)
        self.opened.append(made)
        return made

    def close(self) -> None:
        """Let go of every connection. A connector in memory has none."""
        for made in self.opened:
            if isinstance(made, Closing):
                made.close()

    def circumstances(self, **more: object) -> Circumstances:
        """What one look tells, as in a run: everything that is wanted in it rests on the same."""
        if self.looked is None:
            reader = self.reader()
            examination = reader.examine()
            self.looked = Circumstances(
                tenant=self.tenant, capabilities=examination.capabilities, licences=examination.licences, roster=reader.roster()
            )
        return replace(self.looked, **more)  # type: ignore[arg-type]  # the sides of Circumstances, by name

    def desired(self, **more: object) -> Desired:
        return self.connector.realise(self.duties(), self.circumstances(**more))

    def duties(self, **more: object) -> tuple[Duty, ...]:
        """A place kept for two years, and a label offered for seven."""
        base = Duty(
            line="R1", series="COR-02", title="Routine correspondence", population=self.population, workload=Workload.MAIL, carrier=Carrier.POLICY,
            term=731, clock=Clock.CREATED, event=None, disposition=Disposition.REVIEW, citation="M1", because=Because(line="R1", series="COR-02"),
        )
        label = replace(
            base, line="R2", series="FIN-01", title="Budget files", carrier=Carrier.LABEL, term=2557, because=Because(line="R2", series="FIN-01"),
            label_keys=("fin-01",), label_name="FIN-01 Budget files", workload=self.label_on,
        )
        return tuple(replace(one, **more) for one in (base, label))  # type: ignore[arg-type]  # the sides of a Duty, by name

    def order(self, sources: Iterable[OrderedSource] | None = None, **more: object) -> HoldOrder:
        base = HoldOrder(alias="x-001", tenant_alias="amber-brook", sources=self.sources if sources is None else tuple(sources))
        return replace(base, **more)  # type: ignore[arg-type]  # the sides of a HoldOrder, by name

    def held(self, order: HoldOrder | None = None) -> tuple[Wanted, ...]:
        return self.connector.realise_hold(order or self.order(), self.circumstances()).resources

    def carry(self, resources: Iterable[Wanted]) -> dict[str, Live]:
        """Make everything in order, as the engine would: create, add what a create does not carry, read back."""
        writer, reader = self.writer(), self.reader()
        made: dict[str, Live] = {}
        for want in ordered(tuple(resources)):
            parent = made[want.parent].ref(self.tenant.id) if want.parent is not None else None
            receipt = writer.create(replace(want, members=want.born_with), self.mark(want), parent)
            ref = Ref(
                tenant=self.tenant.id, kind=want.kind, vendor_id=receipt.vendor_id, name=receipt.name,
                parent_id=parent.vendor_id if parent is not None else None,
            )
            live = self.seen(reader, ref)
            if want.members - live.members:
                writer.add(live.ref(self.tenant.id), want.members - live.members, live)
                live = self.seen(reader, ref)
            made[want.key] = live
        return made

    def seen(self, reader: Reader, ref: Ref) -> Live:
        live = reader.read_back(ref)
        assert live is not None, f"{ref.kind.value} {ref.name} was accepted and is not there"
        return live

    def mark(self, want: Wanted) -> Mark:
        return Mark(district=self.context.district, key=want.key, generation=want.generation)

    def everything(self) -> Snapshot:
        return self.reader().snapshot(self.connector.kinds())


VOCABULARY: Mapping[Kind, frozenset[str]] = {
    Kind.M365_LABEL: frozenset({"period", "trigger", "action", "behaviour", "description", "reviewers"}) | FILED,
    Kind.M365_LABEL_POLICY: frozenset({"enabled", "description", "exceptions", "locked", "applications", "scopes"}),
    Kind.M365_RETENTION_POLICY: frozenset({"enabled", "description", "exceptions", "locked", "applications", "scopes"}),
    Kind.M365_LABEL_RULE: frozenset({"publishes"}),
    Kind.M365_RETENTION_RULE: frozenset({"period", "trigger", "action", "query"}),
    Kind.M365_EVENT_TYPE: frozenset({"description"}),
    Kind.M365_CASE: frozenset({"state", "description"}),
    Kind.M365_HOLD: frozenset({"enabled", "query", "description"}),
    Kind.GOOGLE_MATTER: frozenset({"state", "description"}),
    Kind.GOOGLE_HOLD: frozenset({"corpus", "scope", "org_unit", "terms", "start", "end", "options"}),
    Kind.GOOGLE_GROUP_ARCHIVE: frozenset({"group", "archived", "frozen"}),
    Kind.GOOGLE_DRIVE_LABEL: frozenset({"state", "period", "trigger", "description", "copies", "locked"}),
    Kind.GOOGLE_SETTING: frozenset(
        {"setting", "org_unit", "group", "by_administrator", "order", "narrowed", "value", "accounts", "action", "service", "matter", "request"}
        | {"count", "spaces", "largest", "unread"}
    ),
}
"""The field names of policies/resources.py, which no connector may widen in silence."""
