"""Holds on a unit against the sandbox: what Google leaves open about a unit's id makes no difference."""

from __future__ import annotations

import pytest

from connectors.base import Circumstances
from connectors.hold_orders import UNIT, HoldOrder, Ordered, OrderedSource
from policies.kinds import Kind, Workload
from policies.roster import OrgUnit, Roster
from sync.equality import differing
from tests.unit.connectors.google.support import VAULT, Bench, make_hold, make_matter, read


def realised(bench: Bench, roster: Roster, path: str) -> Ordered:
    """What an order for the unit at ``path`` asks of the connector, for one person in it."""
    person = next(one for one in roster.identities if one.org_unit == path)
    source = OrderedSource(person=person.address, workload=Workload.MAIL, identity_id=person.vendor_id, address=person.address, unit=path)
    order = HoldOrder(alias="heron", tenant_alias="heron", sources=(source,))
    return bench.connector.realise_hold(order, Circumstances(tenant=bench.tenant(), capabilities=(), licences={}, roster=roster))


def unit_at(roster: Roster, path: str) -> OrgUnit:
    return next(one for one in roster.org_units if one.path == path)


@pytest.mark.parametrize("vault", ["bare", "with id:"])
@pytest.mark.parametrize("directory", ["bare", "with id:"])
def test_however_google_spells_a_unit_its_hold_is_as_wanted(bench: Bench, vault: str, directory: str) -> None:
    bench.world.switches |= {"google.vault.unit_ids": vault, "google.directory.unit_ids": directory}
    reader, writer = bench.reader(), bench.writer()
    roster = reader.roster()
    ordered = realised(bench, roster, "/Staff")
    _, wanted = ordered.resources
    live = read(reader, make_hold(writer, make_matter(bench, writer), wanted))
    assert differing(wanted.fields, live.fields) == frozenset()
    assert live.fields["org_unit"] == unit_at(roster, "/Staff").vendor_id == next(iter(ordered.carried.values()))[1].removeprefix(UNIT)
    effects = bench.connector.effects(reader.snapshot(VAULT), roster)
    assert frozenset({"/Staff"}) in {effect.scope.org_units for effect in effects}
    (sent,) = [hold.org_unit for matter in bench.state.matters.values() for hold in matter.holds.values() if hold.name == live.name]
    assert sent == f"id:{live.fields['org_unit']}"
    assert ordered.resources[0].kind is Kind.GOOGLE_MATTER
