"""A tenant that says yes and does nothing, and one that shows late what it made: neither is believed, and nothing is made twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.afterwards import doubled, open_intents, state_of
from tests.acceptance.rehearsal import District, Sandbox

pytestmark = pytest.mark.slow

DAY = 86_400.0


@pytest.fixture
def switch(tiny: District) -> tuple[District, Sandbox]:
    assert tiny.sandbox is not None
    return tiny, tiny.sandbox


def ours(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """Labels that carry our mark, by name, without those of a proof."""
    return {label["name"]: label for label in state_of(sandbox, "m365")["labels"] if ":label-" in label["comment"] and "proof" not in label["comment"]}


def test_a_set_that_says_done_and_changes_nothing_is_a_failure(switch: tuple[District, Sandbox]) -> None:
    """The keeping period was shortened in the portal; the repair is answered with yes and does not happen (M§2.7, Microsoft365DSC#175)."""
    district, sandbox = switch
    for code in (5, 0):
        district.must("--tenant", "m365", "sync", code=code)
        sandbox.forward(2 * DAY)
    name, label = next(iter(ours(sandbox).items()))
    sandbox.console("m365", "set_label_period", name=name, days=5)
    sandbox.door("/switches", {"m365.ignored_writes": "Set-ComplianceTag"})
    ran = district.must("--tenant", "m365", "sync", code=4)
    (change,) = ran.tenants["m365"]["changes"]
    assert (change["status"], change["vendor"]["error"]["code"]) == ("failed", "read_back.differs"), change
    assert ours(sandbox)[name]["duration"] == "5"
    sandbox.door("/switches", {"m365.ignored_writes": None})
    district.must("--tenant", "m365", "sync")
    assert ours(sandbox)[name]["duration"] == label["duration"]


def test_what_shows_late_is_found_by_its_mark_and_not_made_again(switch: tuple[District, Sandbox]) -> None:
    """For two minutes no list shows what was made (docs/wire/admin-endpoint.md §1.7 tolerates one)."""
    district, sandbox = switch
    sandbox.door("/switches", {"m365.visible_seconds": "120"})
    district.run("--tenant", "m365", "sync")
    made = ours(sandbox)
    assert made
    sandbox.forward(2 * DAY)
    for _ in range(5):
        if district.run("--tenant", "m365", "sync").code == 0:
            break
        sandbox.forward(2 * DAY)
    district.must("--tenant", "m365", "sync")
    assert {name: ours(sandbox)[name]["guid"] for name in made} == {name: label["guid"] for name, label in made.items()}
    assert doubled(sandbox) == []
    assert open_intents(district) == []
