"""GAM7, unmodified: its own requests, its own reading of our answers."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable

import pytest

from sandbox.google.seed import AUTH, BOT_ROLE, CHECK_LABEL
from sandbox.google.state import state_of
from tests.acceptance.third_party.google.tools import Bench, Ran, needs
from tests.unit.sandbox.clients import Door, address

Gam = Callable[..., Ran]


@pytest.fixture
def gam(bench: Bench) -> Gam:
    """``gam("print", "users")`` as the service account itself, which the administrator gave the role that the application has."""
    program = needs("gam")
    state = state_of(bench.server.world)
    Door(bench.server).console("assign_role", role=BOT_ROLE, email=state.service_account.email)
    folder = bench.home / "gam"
    (folder / "drive").mkdir(parents=True)
    (folder / "cache").mkdir()
    shutil.copy(bench.server.folder / "google-sa.json", folder / "oauth2service.json")
    lines = {
        "cacerts_pem": str(bench.server.ca),
        "enable_dasa": "true",
        "admin_email": f"records.bot@{state.domain}",
        "customer_id": state.customer_id,
        "domain": state.domain,
        "no_update_check": "true",
        "drive_dir": str(folder / "drive"),
        "cache_dir": str(folder / "cache"),
        "no_cache": "true",
    }
    (folder / "gam.cfg").write_text("[DEFAULT]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()), encoding="utf-8")

    def run(*words: str) -> Ran:
        done = bench.run(program, *words, GAMCFGDIR=str(folder))
        assert done.code == 0, done
        return done

    return run


def rows(done: Ran) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.out)))


def test_lists_users(gam: Gam, bench: Bench) -> None:
    listed = {row["primaryEmail"] for row in rows(gam("print", "users"))}
    world = bench.server.world
    assert listed == {user.email for user in state_of(world).users.values()}
    assert address(world, 0) in listed


def test_creates_lists_updates_and_closes_matters(gam: Gam, bench: Bench) -> None:
    gam("create", "vaultmatter", "name", "Bus accident", "description", "Claim of 3 October")
    (made,) = [matter for matter in state_of(bench.server.world).matters.values() if matter.name == "Bus accident"]
    assert made.description == "Claim of 3 October"
    listed = {row["name"]: row for row in rows(gam("print", "vaultmatters"))}
    assert listed["Bus accident"]["matterId"] == made.id
    assert listed["Bus accident"]["state"] == "OPEN"
    assert "District visibility check" in listed
    gam("update", "vaultmatter", "Bus accident", "name", "Bus accident 2026", "description", "Claim of 3 October, revised")
    assert (made.name, made.description) == ("Bus accident 2026", "Claim of 3 October, revised")
    gam("close", "vaultmatter", "Bus accident 2026")
    assert made.state == "CLOSED"
    gam("reopen", "vaultmatter", "Bus accident 2026")
    assert made.state == "OPEN"


HOLDS = [
    ("mail", ["terms", "accident", "starttime", "2026-10-01T00:00:00Z"], {"mailQuery": {"terms": "accident", "startTime": "2026-10-01T00:00:00Z"}}),
    ("drive", ["includeshareddrives", "true"], {"driveQuery": {"includeSharedDriveFiles": True}}),
    ("hangouts_chat", ["includerooms", "true"], {"hangoutsChatQuery": {"includeRooms": True}}),
    ("voice", ["covereddata", "voicemails"], {"voiceQuery": {"coveredData": ["VOICEMAILS"]}}),
    ("calendar", [], None),
    ("gemini", [], None),
]


def test_puts_a_person_on_hold_in_every_corpus(gam: Gam, bench: Bench) -> None:
    world = bench.server.world
    person = address(world, 3)
    gam("create", "vaultmatter", "name", "m")
    for corpus, words, _ in HOLDS:
        gam("create", "vaulthold", "matter", "m", "name", corpus, "corpus", corpus, "accounts", person, *words)
    (matter,) = [found for found in state_of(world).matters.values() if found.name == "m"]
    assert [(hold.corpus.lower(), hold.query) for hold in matter.holds.values()] == [(corpus, query) for corpus, _, query in HOLDS]
    listed = {row["name"]: row for row in rows(gam("print", "vaultholds", "matters", "m"))}
    assert {name: row["corpus"] for name, row in listed.items()} == {corpus: corpus.upper() for corpus, _, _ in HOLDS}


def test_adds_people_to_a_hold_takes_them_off_and_deletes_it(gam: Gam, bench: Bench) -> None:
    world = bench.server.world
    people = [address(world, 3), address(world, 4)]
    gam("create", "vaultmatter", "name", "m")
    gam("create", "vaulthold", "matter", "m", "name", "h", "corpus", "mail", "accounts", people[0])
    (matter,) = [found for found in state_of(world).matters.values() if found.name == "m"]
    (hold,) = matter.holds.values()
    gam("update", "vaulthold", "h", "matter", "m", "addaccounts", people[1])
    assert [state_of(world).users[account].email for account in hold.accounts] == people
    world.clock.advance(600)
    (listed,) = rows(gam("print", "vaultholds", "matters", "m"))
    assert (listed["name"], listed["accounts"], listed["accounts.0.email"]) == ("h", "2", people[0])
    assert listed["accounts.0.holdTime"]
    gam("update", "vaulthold", "h", "matter", "m", "removeaccounts", people[0])
    assert [state_of(world).users[account].email for account in hold.accounts] == people[1:]
    gam("delete", "vaulthold", "h", "matter", "m")
    assert not matter.holds


def test_holds_a_unit_and_a_group(gam: Gam, bench: Bench) -> None:
    world = bench.server.world
    gam("create", "vaultmatter", "name", "m")
    gam("create", "vaulthold", "matter", "m", "name", "unit", "corpus", "mail", "orgunit", "/Board")
    gam("create", "vaulthold", "matter", "m", "name", "group", "corpus", "groups", "accounts", f"board@{world.domain}")
    (matter,) = [found for found in state_of(world).matters.values() if found.name == "m"]
    unit, group = matter.holds.values()
    assert state_of(world).org_units[unit.org_unit].path == "/Board"
    assert [state_of(world).groups[account].email for account in group.accounts] == [f"board@{world.domain}"]
    # Changing the unit is left out: GAM 7.49.0 ends with an error of its own ("unexpected keyword argument throwReas") before it sends anything.


def test_reads_labels_drives_and_the_log_and_sets_a_groups_archive(gam: Gam, bench: Bench) -> None:
    world, door = bench.server.world, Door(bench.server)
    bot = f"records.bot@{world.domain}"
    for scope in ("drive.labels", "drive"):
        door.console("grant_scope", scope=AUTH + scope)
    door.console("create_label", title="Routine correspondence")
    labels = {row["properties.title"]: row["labelType"] for row in rows(gam("user", bot, "print", "classificationlabels", "adminaccess"))}
    assert labels == {"Routine correspondence": "ADMIN", CHECK_LABEL: "ADMIN"}
    assert {row["name"] for row in rows(gam("print", "shareddrives"))} == {"Board packets", "Student services"}
    assert {row["name"] for row in rows(gam("report", "vault"))} >= {"add_preservation_rule_end", "modify_default_retention_period_end"}
    gam("update", "group", f"staff@{world.domain}", "isarchived", "false")
    group = state_of(world).group(f"staff@{world.domain}")
    assert group is not None
    assert not group.keeps


def test_a_name_that_google_does_not_own_is_refused_and_remembered(bench: Bench) -> None:
    """The leak detector itself: without it a passing run would prove nothing."""
    done = bench.run(needs("python"), "-c", "import requests; requests.get('https://telemetry.elsewhere.example/')")
    assert "Tunnel connection failed: 403" in done.err
    assert bench.proxy.refused == ["telemetry.elsewhere.example:443"]
    bench.proxy.refused.clear()
