"""A district whose licence lets no application hold over Graph (A3): the same order goes by cmdlet, from the first call to the repaired hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.afterwards import doubled, open_intents, order, state_of
from tests.acceptance.rehearsal import District, make_district, start_sandbox

pytestmark = pytest.mark.slow

HELD = ("hattie.stonecroft", "esme.kelderby")
LATER = "june.swanmere"
IN_FORCE = frozenset({"effective", "verified"})


@pytest.fixture
def a3(keys: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[District]:
    served = start_sandbox(tmp_path / "sandbox", "tiny")
    served.door("/switches", {"m365.licence": "A3"})
    yield make_district(tmp_path / "place", served, *keys)
    served.end()


def capability(a3: District) -> dict[str, Any]:
    """What doctor says of holds."""
    found: list[dict[str, Any]] = a3.run("doctor").tenants["m365"]["capabilities"]
    return next(one for one in found if one["kind"] == "m365.hold")


def states(result: dict[str, Any]) -> set[str]:
    """The states of the sources in Microsoft 365."""
    return {one["state"] for one in result["sources"] if one["tenant"] == "m365"}


def later(a3: District, *words: str | Path) -> dict[str, Any]:
    """An hour later a run, an hour later another look, and where the matter stands then."""
    assert a3.sandbox is not None
    a3.sandbox.forward(3600)
    a3.run("sync")
    a3.sandbox.forward(3600)
    result: dict[str, Any] = a3.run("hold", "status", *words, "--refresh").result
    return result


def test_an_order_is_sent_comes_into_force_grows_and_is_repaired_without_a5(a3: District) -> None:
    sandbox = a3.sandbox
    assert sandbox is not None
    shut = capability(a3)
    assert (shut["surface"], shut["write"]) == ("graph", "missing")
    assert "attest admin-endpoint/m365" in shut["next_step"]
    a3.must("attest", "admin-endpoint/m365", "--until", "2030-06-30", officer="custodian")
    there = capability(a3)
    assert (there["surface"], there["read"], there["write"]) == ("compliance_admin", "full", "unproven")

    file = order(a3, "roof", *HELD)
    opened = a3.must("hold", "open", "--file", file, code=5)
    assert states(opened.result) <= {"accepted", "distributing"}
    assert opened.result["by_hand"] is None
    in_force = later(a3, "roof")
    assert states(in_force) <= IN_FORCE

    # One more person: she is added, and nobody is said to have been let go meanwhile.
    a3.run("hold", "add", "roof", "--person-file", a3.people_file(f"{LATER}@harbormill.example"))
    grown = later(a3, "roof")
    assert states(grown) <= IN_FORCE
    assert grown["gaps"] == []

    # Somebody takes a person out in the portal: it is seen and written down, then it is repaired.
    (case,) = [one for one in state_of(sandbox, "m365")["cases"] if one["name"] == opened.result["matter"]["tenant_alias"]]
    (hold,) = case["holds"]
    sandbox.console("m365", "remove_hold_source", case=case["guid"], hold=hold["guid"], place=f"{HELD[0]}@harbormill.example")
    sandbox.forward(3600)
    drift = a3.run("drift").tenants["m365"]["drift"]
    assert [(one["kind"], one["class"], one["direction"]) for one in drift] == [("m365.hold", "changed", "weakens")]
    repaired = later(a3, "roof")
    assert states(repaired) <= IN_FORCE
    assert {(gap["source"]["person"], gap["source"]["source"]) for gap in repaired["gaps"]} == {(f"{HELD[0]}@harbormill.example", "mail")}
    assert all(gap["restored"] for gap in repaired["gaps"])

    # Somebody closes the case: it is opened again, its hold switched on again.
    sandbox.console("m365", "close_case", case=case["guid"])
    later(a3, "roof")
    assert states(later(a3, "roof")) <= IN_FORCE
    assert open_intents(a3) == []
    assert doubled(sandbox) == []


def test_a_proof_by_cmdlet_is_signed_and_counts(a3: District) -> None:
    a3.must("attest", "admin-endpoint/m365", "--until", "2030-06-30", officer="custodian")
    proven = a3.run("doctor", "--prove", "m365.case", "m365.hold", officer="deputy")
    found = {one["kind"]: (one["surface"], one["write"]) for one in proven.tenants["m365"]["capabilities"]}
    assert found["m365.case"] == found["m365.hold"] == ("compliance_admin", "proven")
