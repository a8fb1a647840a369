"""A district of a given size, prepared and brought in force against a sandbox: what a run with nothing to do is measured on."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from tests.acceptance.rehearsal import ONE_AFTER_ANOTHER, District, Ran, Sandbox, make_district, make_keys, prepare, start_sandbox

DOMAIN = "harbormill.example"
AT_ONCE = 10
"""Orders that one process opens, so that starting an interpreter is paid once for all of them."""
DRIVE_LABELS = 100
"""Rules that reach Drive too: Google allows 150 labels a tenant, and the sandbox has some of its own."""
PLACES = ("staff", "board", "students")
HOUR = 3_600.0


@dataclass(frozen=True, kw_only=True)
class Size:
    """How big: people are the sandbox profile's, the rest is made here."""

    name: str
    series: int
    policies: int
    """Retention and label policies in Microsoft 365: each line of the policy makes one."""
    holds: int
    people_on_hold: int
    """In each matter."""


SIZES = {
    "tiny": Size(name="tiny", series=8, policies=6, holds=2, people_on_hold=2),
    "small": Size(name="small", series=40, policies=30, holds=25, people_on_hold=4),
    "large": Size(name="large", series=210, policies=203, holds=100, people_on_hold=100),
}


def build(size: Size, place: Path) -> District:
    """A prepared district of that size before its first run; the sandbox behind it serves until it is ended."""
    sandbox = start_sandbox(place / "sandbox", size.name, judging=False)  # judging takes time, and time is what is measured
    try:
        keys = place / "keys"
        roomy = {"changes": 5_000, "people": 1_000_000, "weaken": 0}
        district = make_district(place / "place", sandbox, keys, make_keys(keys), thresholds=roomy)
        _write_policy(district.folder / "policy.yaml", size)
        prepare(district)
    except BaseException:
        sandbox.end()
        raise
    return district


def bring_in_force(district: District, size: Size) -> int:
    """Open the matters, apply the policy and let time pass until a run has nothing left to do; how many runs that took."""
    sandbox = district.sandbox
    assert sandbox is not None
    sandbox.hurry()
    _open_matters(district, size)
    for run in range(1, 7):
        ran = district.run("sync")
        sandbox.forward(12 * HOUR)
        if ran.code == 0:
            sandbox.haste.unlink()  # measured is under the vendor's quotas
            sandbox.door("/switches", {"google.quota": None})
            return run
    raise AssertionError(f"after 6 runs there is still something to do: {ran.code} {_left(ran)}")


def _left(ran: Ran) -> list[object]:
    changes = [change for tenant in ran.tenants.values() for change in tenant["changes"]]
    return [*ran.document["problems"], *((one["key"], one["op"], one["status"], one["refusals"], one["vendor"]) for one in changes)]


def _write_policy(path: Path, size: Size) -> None:
    yaml = YAML()
    policy = yaml.load(path)
    row = {"period": "3 years", "trigger": "created", "disposition": "review", "citation": "M1", "data_category": "public", "verification": "secondary"}
    policy["schedule"]["series"] = [{"id": f"BEN-{n:03d}", "title": f"Made-up series {n}", **row} for n in range(size.series)]
    kept = [
        {"id": f"keep-{place}", "series": f"BEN-{n:03d}", "population": place, "workloads": ["mail"], "carrier": "policy"}
        for n, place in enumerate(PLACES)
    ]
    offered = [
        {
            "id": f"label-{n:03d}", "series": f"BEN-{n:03d}", "population": "staff", "carrier": "label",
            "workloads": ["mail", "drive"] if n < DRIVE_LABELS else ["mail"],
        }
        for n in range(len(PLACES), size.policies)
    ]
    policy["rules"] = kept + offered
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(policy, file)


def _open_matters(district: District, size: Size) -> None:
    assert district.sandbox is not None
    staff = _holdable(district.sandbox)
    calls: list[tuple[str | Path, ...]] = []
    for number in range(size.holds):
        start = (number * size.people_on_hold) % (len(staff) - size.people_on_hold)
        calls.append(("hold", "open", "--file", _order(district, number, staff[start : start + size.people_on_hold]), "--wait-for", "none"))
    for first in range(0, len(calls), AT_ONCE):
        _in_one_process(district, calls[first : first + AT_ONCE])


def _in_one_process(district: District, calls: list[tuple[str | Path, ...]]) -> None:
    """Calls one after another in one process, each of which has to end with 0 or, accepted and not yet in force, with 5."""
    lines = json.dumps([[str(word) for word in words] for words in calls])
    command = [sys.executable, "-c", ONE_AFTER_ANOTHER]
    process = subprocess.run(command, cwd=district.place, env=district.environment(), input=lines, capture_output=True, text=True, check=True)
    documents = [json.loads(line) for line in process.stdout.splitlines()]
    assert [document["exit"] in {0, 5} for document in documents] == [True] * len(calls), f"{process.stdout[-4000:]}\n{process.stderr[-2000:]}"


def _holdable(sandbox: Sandbox) -> list[str]:
    """Employees whom both tenants can hold: a hold of somebody without licence or account is never in force, and such a run is never done."""
    google, microsoft = sandbox.door("/state")["google"], sandbox.door("/state")["m365"]
    able = {one["email"] for one in google["users"] if one["licensed"] and not (one["suspended"] or one["archived"] or one["deleted"])}
    peculiar = [f"{one['local_part']}@{DOMAIN}" for one in sandbox.door("/profile")["people"] if one["role"] == "teacher"][:3]
    return sorted((able & set(microsoft["groups"][f"staff@{DOMAIN}"])) - set(peculiar))  # among these is the one without a mailbox


def _order(district: District, number: int, people: list[str]) -> Path:
    path = district.place / f"matter-{number:03d}.yaml"
    lines = "".join(f"  - {{address: {address}}}\n" for address in people)
    head = f"alias: bench-{number:03d}\nname: Made-up matter {number}\nkind: litigation\ntriggered_on: 2026-09-14\nordered_by: counsel\n"
    path.write_text(f"{head}people:\n{lines}sources: [mail]\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def served(district: District) -> Sandbox:
    """The sandbox behind the district."""
    assert district.sandbox is not None
    return district.sandbox
