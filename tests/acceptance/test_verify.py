"""The sheet, typed by an administrator, and ``verify`` after it: what a person did is found and stands as set by hand from the next run on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox import google, microsoft
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.acceptance.rehearsal import LATER, District, Keys, Ran, make_district
from tests.unit.connectors.microsoft.console import carry_out, typed

pytestmark = pytest.mark.slow

TWO_DAYS = "+172800\n"
"""After which every policy is distributed."""
UNPROVEN = "capability.unproven"


@dataclass(frozen=True, kw_only=True)
class Office:
    """A district where nobody proved that writing works, so that people do it; its sandbox serves in this process, where they type."""

    world: World
    district: District
    clock: Path
    overlay: Path

    def run(self, *words: str | Path, officer: str | None = None) -> Ran:
        told = {"RECORDWARDEN_OVERLAY": str(self.overlay), "RECORDWARDEN_CLOCK_FILE": str(self.clock)}
        return self.district.run("--tenant", "m365", *words, officer=officer, **told)

    def sheet(self) -> tuple[str, list[dict[str, Any]]]:
        """The newest plan's digest and what a person does for it."""
        result = self.run("by-hand").result
        return result["digest"], result["instructions"]["m365"]

    def found(self, digest: str) -> tuple[int, Counter[str]]:
        """How ``verify`` ends, and how many of each finding it has."""
        ran = self.run("verify", digest[:16])
        return ran.code, Counter(one["found"] for one in ran.result["verified"])

    def from_events(self) -> set[str]:
        """Series that count from an event, for which no sheet is written before a proof."""
        return {row["id"] for row in self.rows() if str(row.get("trigger")).startswith("event")}

    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = YAML(typ="safe").load(self.district.folder / "policy.yaml")["schedule"]["series"]
        return found

    def standings(self) -> list[dict[str, Any]]:
        return [one for one in self.run("plan").result["standings"] if one["tenant"] == "m365"]


@pytest.fixture
def office(keys: Keys, tmp_path: Path) -> Iterator[Office]:
    clock = tmp_path / "clock"
    clock.write_text("+0\n", encoding="utf-8")
    world = make_world("tiny", seed=7, clock_file=clock)
    with SandboxServer(world, (microsoft, google), tmp_path / "sandbox") as server:
        made = Office(world=world, district=make_district(tmp_path / "place", None, *keys), clock=clock, overlay=server.overlay)
        rows = [row["id"] for row in made.rows()]
        schedule = made.district.folder / "official-schedule.txt"
        assert made.run("attest", "admin-endpoint/m365", "--until", LATER, officer="custodian").code == 0
        assert made.run("series", "confirm", *rows, "--schedule", schedule, "--page", "1", officer="custodian").code == 0
        refused = {code["code"] for change in made.run("plan").tenants["m365"]["changes"] for code in change["refusals"]}
        assert refused == {UNPROVEN}
        yield made


def test_what_was_typed_from_the_sheet_is_verified_and_stands_as_set_by_hand(office: Office) -> None:
    digest, sheet = office.sheet()
    assert office.found(digest) == (3, Counter(not_there=len(sheet)))
    before = office.standings()
    assert not [one for one in before if one["standing"] == "set_by_hand"]
    assert any(UNPROVEN in (one["reason"] or "") for one in before)

    for one in sheet:
        carry_out(office.world, one["commands"])
    office.clock.write_text(TWO_DAYS, encoding="utf-8")
    assert office.found(digest) == (0, Counter(set_by_hand=len(sheet)))

    ran = office.run("sync")
    assert ran.tenants["m365"]["changes"] == []
    after = office.standings()
    lacked = {(one["series"], one["line"]) for one in before if UNPROVEN in (one["reason"] or "")}
    now = {(one["series"], one["line"]): one["standing"] for one in after if one["series"] not in office.from_events()}
    # A published label waits for people to use it, whoever published it; what keeps everything there does so because of a person.
    assert {standing for line, standing in now.items() if line in lacked} == {"set_by_hand", "available"}
    assert not [one for one in after if one["standing"] == "enforced"]


def test_what_was_typed_otherwise_differs_and_what_was_left_out_is_not_there(office: Office) -> None:
    digest, sheet = office.sheet()
    labels = [one for one in sheet if one["key"].startswith("label-") and any(line.startswith("New-ComplianceTag ") for line in one["commands"])]
    right, wrong, *_left = labels
    carry_out(office.world, right["commands"])
    carry_out(office.world, wrong["commands"])
    name = next(line for line in wrong["commands"] if line.startswith("New-ComplianceTag ")).split("'")[1]
    typed(office.world, "Set-ComplianceTag", {"Identity": name, "RetentionDuration": "12345"})

    ran = office.run("verify", digest[:16])
    assert ran.code == 3
    of = {one["key"]: (one["found"], *one["differs"]) for one in ran.result["verified"] if one["kind"] == "m365.label"}
    assert of.pop(right["key"]) == ("set_by_hand",)
    assert of.pop(wrong["key"]) == ("differs", "period")
    assert set(of.values()) == {("not_there",)}
