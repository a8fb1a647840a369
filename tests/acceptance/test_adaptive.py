"""A district that wants everybody to be an adaptive scope: proven first, made once, waited for as long as the platform fills it, then in force."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.afterwards import doubled, open_intents, state_of
from tests.acceptance.rehearsal import District, Ran, make_district, prepare, start_sandbox

pytestmark = pytest.mark.slow

STAFF = "    m365: {group: staff@harbormill.example}"
EVERYBODY = "    m365: {all: users, adaptive: true}"
LINE = "keep-staff"
DAY = 86_400


@pytest.fixture
def adaptive(keys: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[District]:
    served = start_sandbox(tmp_path / "sandbox", "tiny")
    district = make_district(tmp_path / "place", served, *keys)
    policy = district.folder / "policy.yaml"
    said = policy.read_text(encoding="utf-8")
    assert STAFF in said
    policy.write_text(said.replace(STAFF, EVERYBODY), encoding="utf-8")
    prepare(district)
    yield district
    served.end()


def microsoft(district: District, *words: str) -> Ran:
    return district.run("--tenant", "m365", *words)


def stands(ran: Ran, workload: str) -> tuple[str, str | None]:
    (found,) = [one for one in ran.result["standings"] if one["tenant"] == "m365" and one["line"] == LINE and one["workload"] == workload]
    return found["standing"], found["reason"]


def ours(district: District) -> list[dict[str, Any]]:
    """The policies of the district's that are switched on."""
    assert district.sandbox is not None
    return [one for one in state_of(district.sandbox, "m365")["policies"] if "[rw:" in one["comment"] and one["enabled"]]


def test_everybody_is_one_scope_that_new_policies_lie_over(adaptive: District) -> None:
    sandbox = adaptive.sandbox
    assert sandbox is not None
    (proven,) = [one for one in adaptive.run("doctor").tenants["m365"]["capabilities"] if one["kind"] == "m365.adaptive_scope"]
    assert (proven["read"], proven["write"]) == ("full", "proven")

    assert microsoft(adaptive, "sync").code == 5
    over = [one for one in ours(adaptive) if one["scopes"]]
    assert ["User:Exchange", "User:OneDriveForBusiness"] in [one["applications"] for one in over]
    assert {scope for one in over for scope in one["scopes"]} == {"Recordwarden everybody"}
    made = {one["guid"] for one in ours(adaptive)}

    sandbox.forward(2 * DAY)
    assert microsoft(adaptive, "sync").code == 5, "two days on, the platform may still be finding whom the scope means"
    assert {one["guid"] for one in ours(adaptive)} == made
    assert stands(microsoft(adaptive, "plan"), "mail")[0] == "pending"

    sandbox.forward(5 * DAY)
    microsoft(adaptive, "sync")
    plan = microsoft(adaptive, "plan")
    assert plan.tenants["m365"]["changes"] == []
    assert plan.tenants["m365"]["drift"] == []
    assert stands(plan, "mail")[0] == "enforced"
    assert doubled(sandbox) == []
    assert open_intents(adaptive) == []
