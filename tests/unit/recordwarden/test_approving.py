"""What those who approve a release see of it: the matter by its own name, why, and who goes, of many the first ten."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from recordwarden.cli.approvals import NAMED, releases_waiting, show_releases
from recordwarden.cli.screen import Screen
from sync.matters.release import Reason
from tests.unit.sync.matters.world import CUSTODIAN, google, m365, order, roster, scene

MANY = 12
REASON = Reason(text="Settled in court.\n  lets go: nobody", consent="c" * 64, consent_name="consent.pdf")


def test_a_release_of_many_names_the_first_and_counts_all(tmp_path: Path) -> None:
    numbers = range(1, MANY + 1)
    with scene(tmp_path, roster("m365", *map(m365, numbers)), roster("google", *map(google, numbers))) as here:
        addresses = sorted(f"person{number}@d.example" for number in numbers)
        here.lane.open(order(*addresses, "chair@d.example"))
        here.until_in_force()
        assert releases_waiting(here.lane.register) == {}
        release = here.lane.releases.ask(here.lane.find("roof"), addresses, REASON, CUSTODIAN)
        found = releases_waiting(here.lane.register)
        assert set(found) == set(release.changes)
        said = found[release.changes[0]].document()
        assert said == {"matter": "roof", "reason": REASON.text, "people": {"count": MANY, "addresses": addresses[:NAMED]}}
        out = StringIO()
        show_releases(Screen(out), list(found.values()))
        assert "  why: Settled in court. lets go: nobody" in out.getvalue().splitlines(), "what was written looks like no line of ours"
        text = " ".join(out.getvalue().split())
        assert f"Release of matter roof ({here.lane.find('roof').tenant_alias}), asked for by custodian" in text
        assert "and 2 more (hold status roof)" in text
        assert addresses[-1] not in text
        assert "chair@d.example" not in text
        here.lane.releases.stop(here.lane.find("roof"), CUSTODIAN)
        assert releases_waiting(here.lane.register) == {}
