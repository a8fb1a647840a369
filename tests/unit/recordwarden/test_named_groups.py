"""Which groups are read whole: those whose members or sites an open matter holds, or their archives, in every run after the one that opened it."""

from __future__ import annotations

from policies.kinds import Platform, Workload
from recordwarden.connecting import held_groups
from sync.matters.model import Details, Line, Matter, MatterState, PersonOnHold, Place, Source, Times
from tests.unit.sync.provable import START

PLACES = (
    PersonOnHold(id="a", address="board-team@d.example", place=Workload.SITE),
    PersonOnHold(id="b", address="https://d.sharepoint.com/sites/roof", place=Workload.SITE),
    PersonOnHold(id="c", address="list@d.example", place=Workload.GROUP),
    PersonOnHold(id="d", address="mia@d.example"),
)
HELD = Source(id="s", person="c", tenant="google", workload=Workload.GROUP, identity="g-7", place=Place(address="list@d.example"))
MATTER = Matter(
    alias="roof", tenant_alias="x", report_alias="y", state=MatterState.OPEN, opened=START, times=Times(ordered=START), details=Details(),
    people=PLACES, sources=(HELD,), lines=(Line(id="l", text="group:staff@d.example"), Line(id="m", text="role:board")),
)  # fmt: skip


def names(*groups: str) -> set[str]:
    return {name for group in groups for name in (group, f"name:{group}")}


def test_microsoft_is_asked_about_groups_of_lines_and_of_sites() -> None:
    assert held_groups([MATTER], Platform.MICROSOFT365) == names("staff@d.example", "board-team@d.example")


def test_google_is_asked_about_groups_of_lines_and_about_those_that_are_held_themselves_by_their_ids_too() -> None:
    assert held_groups([MATTER], Platform.GOOGLE_WORKSPACE) == names("staff@d.example", "list@d.example", "g-7")
