"""A published label that nobody may apply is no carrier: permissions are given, seen to be taken away, and given again; nobody else's is touched."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.rehearsal import District, Ran, Sandbox

pytestmark = pytest.mark.slow
LABEL = "PER-03 Grievances"
LINE = "label-grievances"
BOARD = "board@harbormill.example"


def sandbox(district: District) -> Sandbox:
    assert district.sandbox is not None
    return district.sandbox


def google(district: District, *words: str) -> Ran:
    return district.run("--tenant", "google", *words)


def stands(ran: Ran) -> tuple[str, str | None]:
    (found,) = [one for one in ran.result["standings"] if one["tenant"] == "google" and one["line"] == LINE and one["workload"] == "drive"]
    return found["standing"], found["reason"]


def label(district: District) -> dict[str, Any]:
    (found,) = [one for one in sandbox(district).door("/state")["google"]["labels"] if one["properties"]["title"] == LABEL]
    return dict(found)


def test_a_label_is_available_only_while_its_people_may_apply_it(tiny: District) -> None:
    here = tiny
    google(here, "sync")
    assert label(here)["permissions"]["audiences/default"] == "APPLIER"
    assert stands(google(here, "plan")) == ("available", "drive_label.needs_rule_and_person")

    console = sandbox(here).console
    console("google", "set_label_permission", label=LABEL, principal="audiences/default")
    console("google", "set_label_permission", label=LABEL, principal=BOARD, role="READER")
    ran = google(here, "plan")
    (drift,) = [one for one in ran.tenants["google"]["drift"] if one["kind"] == "google.drive_label"]
    assert (drift["class"], drift["fields"]) == ("changed", ["members"])
    assert stands(ran) == ("gap", "carrier.members")

    google(here, "sync")
    assert label(here)["permissions"]["audiences/default"] == "APPLIER"
    assert label(here)["permissions"][BOARD] == "READER", "what others gave stays"
    assert stands(google(here, "plan"))[0] == "available"
