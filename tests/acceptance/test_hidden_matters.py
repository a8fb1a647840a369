"""Matters that our account may not see: only Vault's log tells of them, and it tells of those that are older than we are too."""

from __future__ import annotations

import pytest

from tests.acceptance.rehearsal import District, Ran

pytestmark = pytest.mark.slow

ADMIN = "it.director@harbormill.example"
DAY = 86_400


def hidden(ran: Ran) -> dict[str, str]:
    """Matters out of sight, with the account that the log shows."""
    return {one["vendor"]["id"]: one["attribution"]["actor"] for one in ran.tenants["google"]["drift"] if one["class"] == "blind_spot"}


def test_what_others_made_before_the_first_look_and_what_they_work_in_is_told(district: District) -> None:
    sandbox = district.sandbox
    assert sandbox is not None
    old = sandbox.console("google", "create_matter", name="somebody else's", by=ADMIN)["matterId"]
    sandbox.forward(5 * DAY)
    sandbox.console("google", "remove_privilege", role="Records retention service", privilege="ACCESS_ALL_MATTERS")
    sandbox.forward(600)
    assert hidden(district.run("--tenant", "google", "drift"))[old] == ADMIN

    worked = sandbox.console("google", "create_matter", name="another's", by=ADMIN)["matterId"]
    sandbox.console("google", "create_hold", matter=worked, name="theirs", corpus="MAIL", org_unit="/Staff", by=ADMIN)
    sandbox.forward(600)
    assert hidden(district.run("--tenant", "google", "drift")).keys() >= {old, worked}


def test_a_matter_whose_making_the_log_does_not_tell_is_known_by_what_is_done_in_it(district: District) -> None:
    sandbox = district.sandbox
    assert sandbox is not None
    sandbox.door("/switches", {"google.audit_lost": "create_investigation*"})
    try:
        matter = sandbox.console("google", "create_matter", name="theirs", by=ADMIN)["matterId"]
    finally:
        sandbox.door("/switches", {"google.audit_lost": None})
    sandbox.console("google", "create_hold", matter=matter, name="theirs", corpus="MAIL", org_unit="/Staff", by=ADMIN)
    sandbox.console("google", "remove_privilege", role="Records retention service", privilege="ACCESS_ALL_MATTERS")
    sandbox.forward(600)
    assert hidden(district.run("--tenant", "google", "drift"))[matter] == ADMIN
