"""A deleted account on hold: what can be done while Google still brings it back, and what is true after that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policies.kinds import Kind, Workload
from policies.roster import AccountState
from tests.unit.sync.matters.world import HOUR, Scene, google, m365, order, roster, scene

ONE = "person1@d.example"
DAY = 24 * HOUR


def danger(here: Scene) -> dict[str, Any]:
    (person,) = here.document("roof")["people"]
    (found,) = person["at_risk"]
    return dict(found)


@pytest.mark.parametrize("listed", [True, False])
def test_twenty_days_after_its_deletion_nobody_is_told_to_undelete_an_account(tmp_path: Path, *, listed: bool) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1), google(2))) as here:
        here.lane.open(order(ONE, sources=["mail"]))
        here.until_in_force()
        gone = google(1, state=AccountState.DELETED, deleted_at=here.clock.now())
        here.worlds["google"].roster = roster("google", gone, google(2))
        here.later(HOUR)
        before = danger(here)
        assert (before["code"], before["until"] is None) == ("person.deleted", False)
        assert "undeleted today" in before["do"]
        if not listed:
            here.worlds["google"].roster = roster("google", google(2))
        here.clock.advance(21 * DAY)
        here.worlds["google"].roster = replace(here.worlds["google"].roster, at=here.clock.now())
        here.hold()
        after = danger(here)
        assert (after["code"], after["until"]) == ("person.gone_for_good", None)
        assert "undeleted" not in after["do"]


@pytest.mark.parametrize(
    ("mailbox", "partial", "code"),
    [
        (".person1@d.example", {}, "person.gone_for_good"),
        (".person1@d.example", {Kind.M365_USER: "read.cut_short"}, "person.deleted"),
        ("person1@d.example", {}, "person.deleted"),
    ],
    ids=["in neither list", "lists seen in part", "not yet among the deleted"],
)
def test_nobody_is_told_to_restore_an_account_that_only_its_mailbox_tells_of(tmp_path: Path, mailbox: str, partial: dict[Kind, str], code: str) -> None:
    with scene(tmp_path, roster("m365", m365(1), m365(2)), roster("google", google(2))) as here:
        here.lane.open(order(ONE, sources=["mail"]))
        here.until_in_force()
        left = m365(1, state=AccountState.DELETED, containers={Workload.MAIL: mailbox})
        here.worlds["m365"].roster = roster("m365", left, m365(2))
        here.worlds["m365"].troubles.partial.update(partial)
        here.later(HOUR)
        found = danger(here)
        assert found["code"] == code
        assert ("Have the account restored" in found["do"]) is (code == "person.deleted")
