"""Which groups are read whole: those whose members or sites an open matter holds, in every run after the one that opened it."""

from __future__ import annotations

from policies.kinds import Workload
from recordwarden.wiring import held_groups
from sync.matters.model import Details, Line, Matter, MatterState, PersonOnHold, Times
from tests.unit.sync.provable import START


def test_groups_of_lines_and_of_sites_are_named_and_nobody_elses() -> None:
    places = (
        PersonOnHold(id="a", address="board-team@d.example", place=Workload.SITE),
        PersonOnHold(id="b", address="https://d.sharepoint.com/sites/roof", place=Workload.SITE),
        PersonOnHold(id="c", address="list@d.example", place=Workload.GROUP),
        PersonOnHold(id="d", address="mia@d.example"),
    )
    matter = Matter(
        alias="roof", tenant_alias="x", report_alias="y", state=MatterState.OPEN, opened=START, times=Times(ordered=START), details=Details(),
        people=places, lines=(Line(id="l", text="group:staff@d.example"), Line(id="m", text="role:board")),
    )  # fmt: skip
    assert held_groups([matter]) == {"staff@d.example", "name:staff@d.example", "board-team@d.example", "name:board-team@d.example"}
