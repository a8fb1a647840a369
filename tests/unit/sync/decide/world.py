"""Worlds for the properties: a tenant that we set up, that others then worked in, and a policy that was edited meanwhile."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from connectors.base import Charge, Context, Lane
from connectors.errors import ConnectorError
from connectors.examination import Capability, WriteCapability
from connectors.memory import Console, MemoryConnector, MemoryTenant, planted
from connectors.memory.reader import WRITABLE
from policies.district import Tenant
from policies.kinds import Kind, Platform
from policies.resources import Fields, Live, Mark, Snapshot, Value, Wanted
from policies.roster import Roster
from sync.bindings import Binding, BindingState
from sync.difference import DiffResult
from sync.plan import Change, Operation
from sync.project import differing_fields
from tests.unit.sync.decide.build import DISTRICT, NOW, can, wanted

PLACES = ("a@d.example", "b@d.example", "c@d.example")
KINDS = WRITABLE[Platform.MICROSOFT365]
PERIODS: tuple[Value, ...] = (30, 365, 730, 2555, "forever")
ACTIONS = ("keep", "keep_and_delete", "delete", "review")
TRIGGERS = ("created", "modified", "labelled", "event:left")
WINDOW = timedelta(days=2)


@dataclass(slots=True)
class TestClock:
    """A clock that moves when told."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class Meter:
    """Counts requests."""

    spent: dict[str, int] = field(default_factory=dict)

    def spend(self, surface: str, method: str, charges: Sequence[Charge] = ()) -> None:
        self.spent[f"{surface}.{method}"] = self.spent.get(f"{surface}.{method}", 0) + sum(one.units for one in charges)


class NeverStop:
    """Nobody wants the process to end."""

    def is_set(self) -> bool:
        return False


@dataclass(slots=True)
class Place:
    """A tenant in memory with everything one needs to work on it."""

    world: MemoryTenant
    clock: TestClock
    tenant: Tenant
    meter: Meter = field(default_factory=Meter)
    bindings: dict[str, Binding] = field(default_factory=dict)

    @property
    def connector(self) -> MemoryConnector:
        return MemoryConnector(self.world)

    @property
    def context(self) -> Context:
        return Context(clock=self.clock, meter=self.meter, stop=NeverStop(), district=DISTRICT)

    @property
    def console(self) -> Console:
        return Console(self.world)

    def read(self) -> Snapshot:
        return self.connector.reader(self.tenant, self.context).snapshot(KINDS)

    def capabilities(self) -> Mapping[Kind, Capability]:
        return can(*KINDS, write=WriteCapability.PROVEN)

    def later(self) -> Place:
        """A copy of everything in which the platform's window has passed, and nobody has done anything."""
        other = copy.deepcopy(self)
        other.clock.at += WINDOW
        return other

    def send(self, change: Change, wants: Mapping[str, Wanted], ids: dict[str, str]) -> None:
        """Do one change through the writer. Raises ConnectorError as the platform would."""
        writer = self.connector.writer(self.tenant, self.context)
        want = wants[change.key]
        mark = Mark(district=DISTRICT, key=change.key, generation=change.generation)
        if change.operation is Operation.CREATE:
            parent = self.live(want.parent, ids).ref("m365") if want.parent in ids else None
            born = replace(want, name=change.name, generation=change.generation, members=want.born_with)
            ids[change.key] = writer.create(born, mark, parent).vendor_id
            return
        live = self.live(change.key, ids) if change.vendor_id is None else self.world.show(self.world.things[change.vendor_id])
        if change.operation is Operation.SET:
            writer.set(live.ref("m365"), want, mark, differing_fields(change))
        elif change.operation is Operation.ADD:
            writer.add(live.ref("m365"), change.add, live)
        else:
            writer.retry(live.ref("m365"))

    def live(self, key: str | None, ids: Mapping[str, str]) -> Live:
        return self.world.show(self.world.things[ids[key or ""]])

    def run(self, changes: tuple[Change, ...], wants: Mapping[str, Wanted], result: DiffResult) -> int:
        """Send changes in order, leaving out what the platform refuses and what rests on it; how many went through."""
        ids, failed, sent = dict(result.vendor_ids), set[str](), 0
        for change in changes:
            if {change.key, *result.rests_on.get(change.key, ())} & failed:
                failed.add(change.key)
                continue
            try:
                self.send(change, wants, ids)
                sent += 1
            except ConnectorError:
                failed.add(change.key)
        return sent


def fresh(clock: TestClock | None = None) -> Place:
    """An empty tenant with its visibility checks."""
    ticking = clock if clock is not None else TestClock()
    roster = Roster(tenant="m365", at=NOW, identities=())
    world = MemoryTenant(platform=Platform.MICROSOFT365, vendor_id="contoso", domain="d.example", clock=ticking, roster=roster)
    tenant = Tenant(id="m365", platform=Platform.MICROSOFT365, visibility_checks=planted(world, KINDS))
    return Place(world=world, clock=ticking, tenant=tenant)


def policy(number: int, period: Value, action: str, trigger: str, members: frozenset[str]) -> tuple[Wanted, Wanted]:
    return (
        wanted(Kind.M365_RETENTION_POLICY, f"keep-{number}", members=members),
        wanted(Kind.M365_RETENTION_RULE, f"keepr-{number}", parent=f"keep-{number}", period=period, action=action, trigger=trigger),
    )


def label(number: int, period: Value, action: str, trigger: str, members: frozenset[str]) -> tuple[Wanted, Wanted, Wanted]:
    name = f"Label {number}"
    return (
        replace(wanted(Kind.M365_LABEL, f"label-{number}", period=period, action=action, trigger=trigger), name=name),
        wanted(Kind.M365_LABEL_POLICY, f"pub-{number}", members=members, depends_on=(f"label-{number}",)),
        wanted(Kind.M365_LABEL_RULE, f"pubr-{number}", parent=f"pub-{number}", publishes=name, depends_on=(f"label-{number}",)),
    )


MEMBERS = st.sampled_from([*(f"exchange:{place}" for place in PLACES), *(f"onedrive:{place}" for place in PLACES), "exchange:All", "onedrive:All"])
RULING = st.tuples(st.sampled_from(PERIODS), st.sampled_from(ACTIONS), st.sampled_from(TRIGGERS), st.frozensets(MEMBERS, min_size=1, max_size=3))


@st.composite
def designs(draw: st.DrawFn) -> tuple[Wanted, ...]:
    """What a policy wants: up to two retention policies and two labels."""
    policies = draw(st.lists(RULING, max_size=2))
    labels = draw(st.lists(RULING, min_size=0 if policies else 1, max_size=2))
    return (
        *(one for number, sides in enumerate(policies, 1) for one in policy(number, *sides)),
        *(one for number, sides in enumerate(labels, 1) for one in label(number, *sides)),
    )


@st.composite
def edited(draw: st.DrawFn, design: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
    """The same policy after the board looked at it again: other periods, other members, a line more or less."""
    if draw(st.integers(0, 3)) == 0:
        return draw(designs())
    found = []
    for want in design:
        fields: dict[str, Value] = dict(want.fields)
        if "period" in fields and draw(st.booleans()):
            fields["period"] = draw(st.sampled_from(PERIODS))
        if want.kind is Kind.M365_RETENTION_RULE and draw(st.integers(0, 3)) == 0:
            fields["action"] = draw(st.sampled_from(ACTIONS))
        moved: bool = draw(st.booleans())
        members = draw(st.frozensets(MEMBERS, min_size=1, max_size=3)) if want.members and moved else want.members
        found.append(replace(want, fields=fields, members=members))
    return tuple(found)


@st.composite
def places(draw: st.DrawFn) -> tuple[Place, tuple[Wanted, ...]]:
    """A tenant that carries a design, in which others have worked since, and the design as it is now."""
    design = draw(designs())
    place = fresh()
    _set_up(place, design)
    if draw(st.integers(0, 4)):
        place.clock.at += WINDOW
    others = draw(st.lists(RULING, max_size=2))
    for number, (period, action, trigger, members) in enumerate(others):
        _others_policy(place, number, {"period": period, "action": action, "trigger": trigger, "query": ""}, members)
    for _ in range(draw(st.integers(0, 4))):
        _meddle(draw, place)
    if draw(st.booleans()):
        place.clock.at += WINDOW
    return place, draw(edited(design))


def _set_up(place: Place, design: tuple[Wanted, ...]) -> None:
    ids: dict[str, str] = {}
    for want in design:
        mark = Mark(district=DISTRICT, key=want.key, generation=1)
        parent = place.live(want.parent, ids).ref("m365") if want.parent is not None else None
        receipt = place.connector.writer(place.tenant, place.context).create(want, mark, parent)
        ids[want.key] = receipt.vendor_id
        live = place.live(want.key, ids)
        place.bindings[want.key] = Binding(
            tenant="m365", kind=want.kind, key=want.key, vendor_id=live.vendor_id, name=live.name, generation=1, fields=live.fields,
            members=live.members, parent_id=live.parent_id, accepted_at=place.clock.now(), effective_at=place.clock.now(),
            state=BindingState.IN_FORCE, mark=mark,
        )


def _others_policy(place: Place, number: int, rule: Fields, members: frozenset[str]) -> None:
    fields: Fields = {"enabled": True, "description": "", "exceptions": (), "locked": False}
    above = place.console.make(Kind.M365_RETENTION_POLICY, f"Theirs {number}", fields, members)
    place.console.make(Kind.M365_RETENTION_RULE, f"Theirs {number}", rule, parent_id=above)


def _meddle(draw: st.DrawFn, place: Place) -> None:
    """One thing that somebody does in the console."""
    touchable = sorted(thing.vendor_id for thing in place.world.things.values() if not thing.name.startswith("Visible"))
    if not touchable:
        return
    thing = place.world.things[draw(st.sampled_from(touchable))]
    match draw(st.sampled_from(["period", "switch", "leave", "join", "break", "delete", "text", "word"])):
        case "period" if "period" in thing.fields:
            place.console.set(thing.vendor_id, period=draw(st.sampled_from(PERIODS)))
        case "switch" if "enabled" in thing.fields:
            place.console.set(thing.vendor_id, enabled=not thing.fields["enabled"])
        case "leave" if len(thing.members) > 1:
            place.console.remove(thing.vendor_id, draw(st.sampled_from(sorted(thing.members))))
        case "join" if thing.members:
            place.console.add(thing.vendor_id, draw(MEMBERS))
        case "break" if thing.members:
            place.console.break_distribution(thing.vendor_id)
        case "delete":
            place.console.delete(thing.vendor_id)
        case "word" if thing.kind is Kind.M365_RETENTION_RULE:
            place.console.set(thing.vendor_id, action=draw(st.sampled_from(ACTIONS)))
        case _:
            place.console.set(thing.vendor_id, description="somebody was here")


__all__ = ["KINDS", "PLACES", "Lane", "Meter", "NeverStop", "Place", "TestClock", "designs", "fresh", "places"]
