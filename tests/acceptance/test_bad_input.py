"""Bad input: one clear message each, with thing, place and next step; the contract's exit code; no traceback; nothing written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.rehearsal import District, Ran

pytestmark = pytest.mark.slow


def edited(district: District, name: str, old: str, new: str) -> None:
    path = district.folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def malformed(district: District) -> None:
    edited(district, "policy.yaml", "series:", "series: [")


def unknown_key(district: District) -> None:
    edited(district, "district.yaml", "timezone:", "timezzone:")


def years(district: District) -> None:
    edited(district, "policy.yaml", "period: 2 years", "period: 6 yeers")


def contradiction(district: District) -> None:
    edited(district, "policy.yaml", "period: permanent, disposition: permanent", "period: 3 years, disposition: permanent")


def unknown_series(district: District) -> None:
    edited(district, "policy.yaml", "series: COR-02, population: staff", "series: COR-99, population: staff")


def no_such_folder(district: District) -> None:
    shutil.rmtree(district.folder)


FOLDERS: list[tuple[Callable[[District], None], str, str]] = [
    (malformed, "folder.yaml", "policy.yaml"),
    (unknown_key, "folder.unknown_key", "timezone"),
    (years, "folder.value", "yeers"),
    (contradiction, "folder.value", "contradicts"),
    (unknown_series, "rule.unknown_series", "COR-99"),
    (no_such_folder, "folder.missing", "init"),
]


def told_well(ran: Ran, code: int, expected: str) -> dict[str, object]:
    """The problem of that code, after everything that holds for all of them was checked."""
    assert ran.code == code, ran.stdout
    assert ran.document["exit"] == code
    assert "Traceback" not in ran.stderr
    found = [one for one in ran.document["problems"] if one["code"] == expected]
    assert found, ran.document["problems"]
    assert all(one["message"] and one["next_step"] for one in found)
    problem: dict[str, object] = found[0]
    return problem


@pytest.mark.parametrize("command", ["check", "plan", "sync", "drift"])
@pytest.mark.parametrize(("spoil", "expected", "word"), FOLDERS, ids=[code for _, code, _ in FOLDERS])
def test_a_spoilt_folder_is_told_whole_and_nothing_happens(
    district: District, spoil: Callable[[District], None], expected: str, word: str, command: str
) -> None:
    before = district.store.read_bytes()
    spoil(district)
    problem = told_well(district.run(command), 1, expected)
    assert word in f"{problem['message']} {problem['next_step']} {problem['where']}"
    if expected != "folder.missing":
        where = problem["where"]
        assert isinstance(where, dict)
        assert where["line"] >= 1
    assert district.store.read_bytes() == before


def test_a_population_that_matches_nobody_is_a_gap_and_not_a_success(district: District) -> None:
    edited(district, "policy.yaml", "group: board@harbormill.example", "group: nobody.here@harbormill.example")
    ran = district.run("--tenant", "m365", "plan")
    lines = {one["line"]: one for one in ran.result["standings"] if one["tenant"] == "m365" and one["population"] == "board"}
    assert {one["standing"] for one in lines.values()} == {"gap"}
    assert {one["reason"] for one in lines.values()} == {"population.empty"}
    assert not [change for change in ran.tenants["m365"]["changes"] if change["because"]["rule"] in lines]


def credential(district: District, name: str) -> Path:
    """A copy of the sandbox's credential that may be spoilt, beside an overlay of its own."""
    assert district.sandbox is not None
    copied = district.place / "credentials"
    shutil.copytree(district.sandbox.folder, copied, ignore=shutil.ignore_patterns("clock", "sandbox.json"), dirs_exist_ok=True)
    return copied / name


@pytest.mark.parametrize(("spoil", "code"), [("missing", "file.missing"), ("readable", "file.readable_by_others")])
def test_a_key_file_that_is_missing_or_open_to_others_stops_before_any_request(district: District, spoil: str, code: str) -> None:
    key = credential(district, "m365-app.pem")
    assert district.sandbox is not None
    asked = district.sandbox.door("/exchanges")["next"]
    if spoil == "missing":
        key.unlink()
    else:
        key.chmod(0o644)
    problem = told_well(district.run("plan", RECORDWARDEN_OVERLAY=str(key.parent / "overlay.yaml")), 1, code)
    assert problem["tenant"] == "m365"
    assert district.sandbox.door("/exchanges")["next"] == asked


def test_a_server_that_nobody_vouches_for_gets_no_credential(district: District) -> None:
    bundle = credential(district, "ca.pem")
    other = Path(__file__).parent / "other-ca.pem"
    shutil.copy(other if other.exists() else _other_authority(district.place), bundle)
    ran = district.run("plan", RECORDWARDEN_OVERLAY=str(bundle.parent / "overlay.yaml"))
    assert ran.code == 1, ran.stdout
    assert "Traceback" not in ran.stderr
    for tenant in ("m365", "google"):
        error = ran.tenants[tenant]["error"]
        assert error["code"].startswith("tls."), error
        assert "ca_bundle" in error["next_step"]
        assert {read["state"] for read in ran.tenants[tenant]["kinds"].values()} == {"failed"}


def _other_authority(place: Path) -> Path:
    from sandbox.tls import make_certificates

    return make_certificates(place / "other").ca


def test_an_order_with_a_mistake_opens_no_matter(district: District) -> None:
    order = district.folder / "matter.yaml"
    order.write_text(order.read_text(encoding="utf-8").replace("kind: litigation", "kind: quarrel"), encoding="utf-8")
    ran = district.run("hold", "open", "--file", order)
    assert ran.code == 1
    assert ran.document["problems"][0]["where"]["line"] >= 1
    assert district.run("hold", "status").result["matters"] == []


def test_a_bad_line_in_a_list_of_names_is_told_and_the_others_are_held_once(tiny: District) -> None:
    names = tiny.people_file("hattie.stonecroft@harbormill.example", "Ada North")
    ran = tiny.must("hold", "open", "--name-file", names, "--wait-for", "none", code=3)
    assert "people.not_an_address" in ran.codes("warning")
    assert [person["person"] for person in ran.result["people"]] == ["hattie.stonecroft@harbormill.example"]
    again = tiny.must("hold", "open", "--name-file", names, "--wait-for", "none", code=3)
    assert again.result["matter"]["alias"] == ran.result["matter"]["alias"]
    assert len(tiny.run("hold", "status").result["matters"]) == 1


def test_a_broken_folder_does_not_stop_a_hold(district: District) -> None:
    district.must("status", code=district.run("status").code)
    malformed(district)
    ran = district.run("hold", "status")
    assert ran.code == 0, ran.stdout
    assert "folder.last_good" in ran.codes("warning")
    told_well(district.run("sync"), 1, "folder.yaml")


FAULTS: list[tuple[dict[str, object], str | None]] = [
    ({"kind": "status", "status": 401}, None),
    ({"kind": "status", "status": 403}, None),
    ({"kind": "status", "status": 500}, None),
    ({"kind": "html"}, None),
    ({"kind": "truncated"}, None),
    ({"kind": "foreign_link"}, "wire.foreign_link"),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=[str(fault.get("status", fault["kind"])) for fault, _ in FAULTS])
def test_bad_luck_in_one_cloud_is_said_and_the_other_goes_on(district: District, fault: dict[str, object], code: str | None) -> None:
    sandbox = district.sandbox
    assert sandbox is not None
    sandbox.door("/faults", {"surface": "graph", "operation": "*/users", "times": 999, **fault})
    try:
        ran = district.run("plan")
    finally:
        sandbox.door("/faults", method="DELETE")
    assert ran.code == 3, ran.stdout
    assert "Traceback" not in ran.stderr
    assert ran.tenants["google"]["error"] is None
    said = f"{ran.tenants['m365']['error']} {ran.document['problems']} {ran.tenants['m365']['kinds']} {ran.result['standings']}"
    if code is not None:
        assert code in said
