"""What the platform says of one place is not said of another whose name is a part of it."""

from __future__ import annotations

from pathlib import Path

from tests.unit.sync.held.stage import held


def test_the_trouble_of_a_longer_name_opens_no_gap_for_the_shorter(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        short, other = here.people[:2]
        longer = f"jo{short}"
        here.act("rename_user", user=other, to=longer)
        here.order(short, longer)
        here.until_in_force()
        assert set(here.sources().values()) == {"verified"}
        source = next(one for hold in here.state.holds.values() for one in hold.sources if one.place == longer)
        source.failed = f"MailboxNotLicensed: {longer}"
        here.fault("graph", "POST /security/cases/ediscoveryCases/{case}/legalHolds/{hold}/retryPolicy", status=403, times=9999)
        here.look()
        assert here.sources()[short, "mail"] == "verified"
        assert here.sources()[longer, "mail"] == "failed:hold.platform_error"
        assert {gap["source"]["person"] for gap in here.matter()["gaps"]} == {longer}
