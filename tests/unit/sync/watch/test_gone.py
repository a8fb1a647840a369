"""A deleted account on hold: what can be done while Google still brings it back, and what is true after that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

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
