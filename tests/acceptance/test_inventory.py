"""``inventory``: what keeps and deletes today, others' things above all."""

from __future__ import annotations

import pytest

from tests.acceptance.rehearsal import District

pytestmark = pytest.mark.slow


def test_holds_that_no_case_shows_stand_in_it(tiny: District) -> None:
    """Litigation holds on mailboxes and policies over the whole organisation are nobody's case and keep all the same."""
    m365 = tiny.run("inventory").tenants["m365"]
    kinds = {hold["kind"] for hold in m365["holds"]}
    assert {"m365.mailbox", "m365.org_hold"} <= kinds
    assert m365["not_read"] == []
    assert {"m365.mailbox", "m365.org_hold", "m365.adaptive_scope"} <= m365["kinds"].keys()


def test_what_deletes_by_age_over_a_whole_workload_is_the_first_finding(tiny: District) -> None:
    """ST-13: content decides how long a record is kept, so such a rule is what people must hear of before anything else."""
    assert tiny.sandbox is not None
    named = tiny.run("inventory").tenants["m365"]["findings"]
    assert "delete.whole_workload" not in {one["code"] for one in named}
    tiny.sandbox.console("m365", "create_policy", name="Old mail", days=90, action="Delete")
    first, *others = tiny.run("inventory").tenants["m365"]["findings"]
    assert (first["code"], first["grave"], first["everyone"], first["days"]) == ("delete.whole_workload", True, True, 90)
    assert (first["ref"]["name"], first["workloads"]) == ("Old mail", ["archive", "calendar", "mail"])
    assert "90 days" in first["message"]
    assert "Two officers" in first["next_step"]
    assert others == named
