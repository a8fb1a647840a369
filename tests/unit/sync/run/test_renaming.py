"""Members that we remember, under the names that their accounts have today: renamed only where nobody can be taken for somebody else."""

from __future__ import annotations

from datetime import timedelta

from policies.kinds import Kind, Workload
from policies.resources import Fields, KindRead, Live, ReadState, Snapshot
from policies.roster import Identity, Roster
from sync.bindings import Binding, BindingState
from sync.renaming import under_names_of_today
from tests.unit.sync.provable import START


def account(vendor_id: str, address: str, *aliases: str) -> Identity:
    return Identity(tenant="m365", vendor_id=vendor_id, address=address, aliases=frozenset(aliases), containers={Workload.MAIL: address})


def today(remembered: set[str], shown: set[str], *people: Identity, fields: Fields | None = None, live_fields: Fields | None = None) -> Binding:
    live = Live(kind=Kind.M365_HOLD, vendor_id="h1", name="h", fields=live_fields or {}, members=frozenset(shown))
    binding = Binding(
        tenant="m365", kind=Kind.M365_HOLD, key="m-1", vendor_id="h1", name="h", generation=1, fields=fields or {}, members=frozenset(remembered),
        parent_id=None, accepted_at=START, effective_at=None, state=BindingState.IN_FORCE, mark=None,
    )  # fmt: skip
    reads = {Kind.M365_HOLD: KindRead(kind=Kind.M365_HOLD, state=ReadState.COMPLETE, count=1)}
    snapshot = Snapshot(tenant="m365", at=START + timedelta(hours=1), reads=reads, resources=(live,))
    roster = Roster(tenant="m365", at=START, identities=people)
    return under_names_of_today({"m-1": binding}, roster, snapshot)["m-1"]


NEW = account("1", "new@d.example", "old@d.example")


def test_a_member_is_remembered_under_the_address_that_the_object_shows() -> None:
    assert today({"mail:old@d.example", "site:x"}, {"mail:new@d.example", "site:x"}, NEW).members == {"mail:new@d.example", "site:x"}


def test_what_the_object_still_shows_or_does_not_show_is_left_as_it_was() -> None:
    assert today({"mail:old@d.example"}, {"mail:old@d.example", "mail:new@d.example"}, NEW).members == {"mail:old@d.example"}
    assert today({"mail:old@d.example"}, set(), NEW).members == {"mail:old@d.example"}


def test_the_one_who_inherited_a_leavers_address_is_not_the_leaver() -> None:
    """Both were put on hold; the leaver was taken off by somebody: that is drift, whoever has the address as an alias now."""
    remembered = {"mail:old@d.example", "mail:new@d.example"}
    assert today(remembered, {"mail:new@d.example"}, NEW).members == remembered


def test_an_address_that_two_accounts_answer_to_names_neither() -> None:
    other = account("2", "other@d.example", "old@d.example")
    assert today({"mail:old@d.example"}, {"mail:new@d.example"}, NEW, other).members == {"mail:old@d.example"}


def test_exceptions_are_renamed_too() -> None:
    found = today(
        set(), set(), NEW, fields={"exceptions": ("exchange:old@d.example",), "enabled": True}, live_fields={"exceptions": ("exchange:new@d.example",)}
    )
    assert found.fields == {"exceptions": ("exchange:new@d.example",), "enabled": True}
