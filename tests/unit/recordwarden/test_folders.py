"""Which folder a call goes on with, and that accepted deviations are guarded like everything else that loosens."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policies.problems import FolderError, Severity
from recordwarden.costs import summed
from recordwarden.options import Options
from recordwarden.wiring import office

DEMO = Path(__file__).resolve().parents[3] / "examples" / "demo"


@pytest.fixture
def options(tmp_path: Path) -> Options:
    shutil.copytree(DEMO, tmp_path / "district")
    (tmp_path / "clock").write_text("+0\n", encoding="utf-8")
    return Options(folder=tmp_path / "district", store=f"sqlite:///{tmp_path / 'store.db'}", clock_file=tmp_path / "clock")


def write(options: Options, name: str, text: str) -> None:
    (options.folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("policy", ["rules: [", "recordwarden: 1\n", "- a list\n", None])
def test_a_broken_policy_keeps_no_hold_from_a_new_store(options: Options, policy: str | None) -> None:
    if policy is None:
        (options.folder / "policy.yaml").unlink()
    else:
        write(options, "policy.yaml", policy)
    with pytest.raises(FolderError), office(options):
        pass
    for _ in range(2):
        with office(options, last_good_allowed=True) as opened:
            assert opened.desk.duties == ()
            assert opened.folder is None
            assert len(opened.district.officers) == 6, "the district's own officers are in force from the first act"
            assert opened.problems[0].code == "folder.policy_broken"
            assert {one.severity for one in opened.problems} == {Severity.WARNING}


@pytest.mark.parametrize("district", ["id: [", "recordwarden: 1\nid: hm7kq2x4\n"])
def test_a_broken_district_stops_everything(options: Options, district: str) -> None:
    write(options, "policy.yaml", "rules: [")
    write(options, "district.yaml", district)
    with pytest.raises(FolderError), office(options, last_good_allowed=True):
        pass


def test_the_last_good_folder_goes_before_none(options: Options) -> None:
    with office(options) as opened:
        rules = opened.policy.rules
    write(options, "policy.yaml", "rules: [")
    with office(options, last_good_allowed=True) as opened:
        assert opened.policy.rules == rules
        assert opened.problems[0].code == "folder.last_good"


def test_a_broken_policy_leaves_no_tenant_out_that_joined_since(options: Options) -> None:
    text = (options.folder / "district.yaml").read_text(encoding="utf-8")
    alone = "".join(line for line in text.splitlines(keepends=True) if "id: google" not in line)
    assert alone != text
    write(options, "district.yaml", alone)
    with office(options) as opened:
        assert [tenant.id for tenant in opened.district.tenants] == ["m365"]
    write(options, "district.yaml", text)
    write(options, "policy.yaml", "rules: [")
    with office(options, last_good_allowed=True) as opened:
        assert [tenant.id for tenant in opened.district.tenants] == ["m365", "google"]


def test_a_broken_district_goes_on_as_it_was_last_seen(options: Options) -> None:
    """Seen with the policy unchanged: what is kept is the whole folder, not only the policy."""
    text = (options.folder / "district.yaml").read_text(encoding="utf-8")
    with office(options):
        pass
    write(options, "district.yaml", text.replace("timezone: America/New_York", "timezone: America/Chicago"))
    with office(options) as opened:
        assert [entry.subject for entry in opened.desk.journal.entries()].count("folder") == 1
    write(options, "district.yaml", "id: hm7kq2x4\ndrill: true\nname: [")
    with office(options, last_good_allowed=True) as opened:
        assert opened.district.timezone == "America/Chicago"


def waiting(options: Options, deviations: str) -> list[str]:
    """What the folder with these deviations in place of its own has waiting for two officers."""
    text = (DEMO / "policy.yaml").read_text(encoding="utf-8")
    before, key, _ = text.partition("\ndeviations:")
    assert key, "the demo's deviations are the last thing in it"
    write(options, "policy.yaml", f"{before}\n{deviations}\n")
    with office(options) as opened:
        return [one.message for one in opened.problems if one.code == "governance.pending"]


DEVIATION = "deviations: [{id: late, line: keep-staff, owner: Records Custodian, reason: Migration, until: 2099-01-01}]"


def test_a_new_deviation_waits_for_two_officers(options: Options) -> None:
    assert waiting(options, "deviations: []") == []
    (said,) = waiting(options, DEVIATION)
    assert "late" in said
    assert waiting(options, "deviations: []") == []


def test_other_words_of_a_deviation_in_force_wait_too(options: Options) -> None:
    assert waiting(options, DEVIATION) == [], "the first folder is in force as it stands"
    assert waiting(options, DEVIATION) == []
    assert len(waiting(options, DEVIATION.replace("2099", "2100"))) == 1


def test_requests_are_summed_by_surface_and_method() -> None:
    assert summed([{"graph": {"GET": 2}}, {"graph": {"GET": 1, "POST": 1}, "vault": {"GET": 4}}]) == {"graph": {"GET": 3, "POST": 1}, "vault": {"GET": 4}}
