"""``inventory``: what keeps and deletes today, others' things above all."""

from __future__ import annotations

import pytest

from tests.acceptance.rehearsal import District

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_holds_that_no_case_shows_stand_in_it(tiny: District) -> None:
    """Litigation holds on mailboxes and policies over the whole organisation are nobody's case and keep all the same."""
    m365 = tiny.run("inventory").tenants["m365"]
    kinds = {hold["kind"] for hold in m365["holds"]}
    assert {"m365.mailbox", "m365.org_hold"} <= kinds
    assert {"m365.mailbox", "m365.org_hold", "m365.adaptive_scope"} <= m365["kinds"].keys()
