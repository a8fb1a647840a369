"""Vault's rules from the console to the log, and people on hold at risk: every act is an administrator's in the emulated console."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sandbox.people import make_world
from tests.acceptance.rehearsal import LATER, District, Keys, Moment, Prepared, Sandbox, make_district

pytestmark = pytest.mark.slow

OFFICER = "it.director@harbormill.example"
ADMIN = "it.director@harbormill.example"
QUARTER = 900


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory: pytest.TempPathFactory, untouched: tuple[Sandbox, Moment], keys: Keys) -> Prepared:
    """A district whose officers have confirmed their rows and stated nothing yet."""
    served, first = untouched
    served.return_to(first)
    place = tmp_path_factory.mktemp("confirmed")
    district = make_district(place / "place", served, *keys)
    policy = district.folder / "policy.yaml"
    rows = [row["id"] for row in YAML(typ="safe").load(policy)["schedule"]["series"]]
    official = place / "official-schedule.txt"
    official.write_text("made up", encoding="utf-8")
    district.many((*district.signing("custodian"), "series", "confirm", *rows, "--schedule", official, "--page", "1"))
    return Prepared(district=district, moment=first)


@pytest.fixture
def here(confirmed: Prepared, tmp_path: Path) -> District:
    """That district in tenants that nobody has touched."""
    return confirmed.anew(tmp_path / "place")


def sandbox(district: District) -> Sandbox:
    assert district.sandbox is not None
    return district.sandbox


def kept(district: District) -> dict[tuple[str, str], tuple[str, str | None]]:
    found = district.run("--tenant", "google", "plan").result["standings"]
    return {(one["line"], one["workload"]): (one["standing"], one["reason"]) for one in found if one["line"].startswith("keep")}


def states(district: District, rules: str) -> Any:
    file = district.place / "rules.yaml"
    file.write_text(rules, encoding="utf-8")
    return district.must("attest", "vault-rules/google", "--until", LATER, "--rules", file, officer="itdirector")


def test_rules_are_entered_stated_and_overtaken(here: District) -> None:
    sheet = here.must("console-settings").result
    (silent,) = [one for one in here.must("check").document["problems"] if one["code"] == "vault_rules.not_stated"]
    assert (silent["severity"], silent["tenant"]) == ("warning", "google")
    assert "console-settings" in silent["next_step"]
    assert "attest vault-rules/google" in silent["next_step"]
    assert set(kept(here).values()) == {("not_enforceable", "vault_rules.no_api")}
    page = here.place / "sheet.html"
    here.must("console-settings", "--format", "html", "--out", page)
    html = page.read_text(encoding="utf-8")
    assert html.count('type="checkbox"') >= sum(len(one["steps"]) for one in sheet["settings"])
    assert "<script" not in html

    for rule in sheet["rules"]:
        act = "set_default" if rule["default"] else "add_rule"
        sandbox(here).console("google", act, by=ADMIN, **{name: value for name, value in rule.items() if value is not None and name != "default"})
    sandbox(here).console("google", "view_rules", by=OFFICER)
    said = states(here, sheet["rules_file"])
    assert said.result["log"]["reason"] is None
    assert timedelta(days=179) < datetime.fromisoformat(said.result["attestation"]["made_at"]) - datetime.fromisoformat(said.result["log"]["readable_from"]) < timedelta(days=181)
    sandbox(here).forward(QUARTER)

    assert set(kept(here).values()) == {("attested", None)}
    (said,) = here.run("attestations").result["attestations"]
    assert (said["state"], len(said["consistent_with"]), said["overtaken_by"]) == ("valid", 1, [])
    checked = here.must("check")
    assert [one["reached"] for one in checked.result["vault_rules"][0]["simulation"]] == [True] * 7
    assert "vault_rules.not_stated" not in checked.codes()

    sandbox(here).console("google", "add_rule", service="MAIL", org_unit="/Staff", duration="30 days", action="purge_all", by=ADMIN)
    sandbox(here).forward(QUARTER)
    found = here.must("--tenant", "google", "drift", code=2)
    (drift,) = found.tenants["google"]["drift"]
    assert (drift["kind"], drift["class"], drift["attribution"]["actor"]) == ("google.vault_rule", "unmanaged", ADMIN)
    grave = {one["code"]: one["message"] for one in found.document["problems"] if one["severity"] == "error"}
    assert {"vault_rules.overtaken", "vault_rules.too_short", "vault_rules.purges"} <= grave.keys()
    assert ADMIN in grave["vault_rules.purges"]
    (said,) = here.run("attestations").result["attestations"]
    assert (said["state"], said["overtaken_by"]) == ("overtaken", [drift["attribution"]["event"]])
    assert set(kept(here).values()) == {("unknown", "vault_rules.overtaken")}


def test_explain_names_the_statement_and_its_state_and_never_calls_it_protection(here: District) -> None:
    world = make_world("demo")
    person = next(f"{one.local_part}@{world.domain}" for one in world.people if one.role == "teacher")
    people = here.people_file(person)

    def mail() -> dict[str, Any]:
        found = here.run("--tenant", "google", "explain", "--person-file", people).result["coverage"]
        (one,) = [one for one in found if one["source"] == "mail"]
        return dict(one)

    assert (mail()["protected"], mail()["stated"]) == ("unknown", None)
    sandbox(here).console("google", "view_rules", by=OFFICER)
    sandbox(here).forward(60)
    states(here, "- {service: MAIL, default: true, duration: 900 days, action: purge_all}\n")
    sandbox(here).forward(QUARTER)
    here.run("--tenant", "google", "drift")
    said = mail()
    assert said["protected"] == "unknown", "a statement is no protection"
    assert said["until"] is None
    assert said["reason"].startswith("vault_rules.stated: kept 900 days from created, and Vault purges after 900 days, as stated by itdirector on ")
    assert said["reason"].endswith("; consistent with the log")
    assert (said["stated"]["kept"], said["stated"]["purged"], said["stated"]["state"]) == (900, 900, "valid")

    sandbox(here).console("google", "add_rule", service="MAIL", org_unit="/Staff", duration="30 days", action="purge_all", by=ADMIN)
    sandbox(here).forward(QUARTER)
    here.run("--tenant", "google", "drift")
    said = mail()
    assert said["protected"] == "unknown"
    assert said["reason"].startswith("vault_rules.overtaken: itdirector's statement of ")
    assert " was overtaken by a change on " in said["reason"]
    assert (said["stated"]["kept"], said["stated"]["doubt"]) == (None, "vault_rules.overtaken")


def test_short_rules_are_told_when_stated_and_no_duty_counts(here: District) -> None:
    short = "- {service: MAIL, default: true, duration: 365 days, action: purge_all}\n- {service: DRIVE, default: true, duration: indefinite, action: keep}\n"
    said = states(here, short)
    assert {"vault_rules.purges", "vault_rules.too_short"} <= said.codes("error")
    assert "vault_rules.none" in said.codes("warning")
    checked = here.run("check")
    assert {"vault_rules.purges", "vault_rules.too_short"} <= checked.codes("error"), "the offline look says what the signing did"
    assert "vault_rules.too_short" in checked.codes("warning")
    sandbox(here).forward(QUARTER)
    found = kept(here)
    assert found["keep-staff", "mail"] == ("gap", "vault_rules.too_short")
    assert found["keep-staff", "drive"] == ("attested", None)
    assert found["keep-staff", "chat"] == ("gap", "vault_rules.none")


def test_a_broken_rules_file_is_refused_with_its_places(here: District) -> None:
    file = here.place / "rules.yaml"
    file.write_text("- {service: MAIL, duration: 2 years, action: purge_all}\n", encoding="utf-8")
    ran = here.run("attest", "vault-rules/google", "--until", LATER, "--rules", file, officer="itdirector")
    assert ran.code == 1
    (problem,) = ran.document["problems"]
    assert (problem["where"]["line"], problem["where"]["column"]) == (1, 19)
    assert "731 days" in problem["message"]
    assert here.run("attestations").result["attestations"] == []


def test_people_on_hold_at_risk_are_found_in_the_next_look(here: District) -> None:
    world = make_world("demo")
    people = [f"{one.local_part}@{world.domain}" for one in world.people if one.role != "student"][:7]
    order = here.place / "order.json"
    lines: list[dict[str, str]] = [{"address": one} for one in people]
    order.write_text(
        json.dumps({"alias": "risk", "ordered_by": "counsel", "people": [*lines, {"group": f"board@{world.domain}"}], "sources": ["mail", "group"]}),
        encoding="utf-8",
    )
    order.chmod(0o600)
    console = sandbox(here).console
    matter = console("google", "create_matter", name="somebody else's", by=ADMIN)["matterId"]
    console("google", "create_hold", matter=matter, name="whole unit", corpus="MAIL", org_unit="/Staff", by=ADMIN)
    here.run("--tenant", "google", "hold", "open", "--file", order)
    sandbox(here).forward(QUARTER)
    before = here.run("--tenant", "google", "hold", "status", "risk", "--refresh").result["people"]
    assert [one for one in before if one["at_risk"]] == []

    # Half of the names are the log's new ones (G§5): they show who did it as the old ones do.
    sandbox(here).door("/switches", {"google.audit_rename": "SUSPEND_USER=USER_SUSPENDED,MOVE_USER_TO_ORG_UNIT=USER_MOVED,DELETE_USER=USER_DELETED"})
    console("google", "suspend_user", email=people[0], by=ADMIN)
    console("google", "archive_user", email=people[1], by=ADMIN)
    console("google", "remove_licence", email=people[2], by=ADMIN)
    console("google", "move_user", email=people[3], org_unit="/Board", by=ADMIN)
    console("google", "rename_user", email=people[4], new_email=f"other.name@{world.domain}", by=ADMIN)
    console("google", "delete_user", email=people[5], override_hold=True, by=ADMIN)
    console("google", "delete_group", group=f"board@{world.domain}", by=ADMIN)
    sandbox(here).forward(QUARTER)
    shown = here.run("--tenant", "google", "hold", "status", "risk", "--refresh").result["people"]

    risks = {one["person"]: one["at_risk"] for one in shown if one["at_risk"]}
    assert {person: {one["code"] for one in found} for person, found in risks.items()} == {
        people[0]: {"person.suspended"},
        people[1]: {"person.archived"},
        people[2]: {"person.not_licensed"},
        people[3]: {"person.moved", "person.left_held_unit"},
        people[4]: {"person.renamed"},
        people[5]: {"person.deleted"},
        f"board@{world.domain}": {"person.group_deleted"},
    }
    every = [one for found in risks.values() for one in found]
    assert all(one["log"]["actor"] == ADMIN and one["lost"] and one["do"] for one in every)
    assert [one["code"] for one in every if one["until"]] == ["person.deleted"]

    console("google", "unsuspend_user", email=people[0], by=ADMIN)
    console("google", "assign_licence", email=people[2], sku="1010310008", by=ADMIN)
    sandbox(here).forward(QUARTER)
    again = here.run("--tenant", "google", "hold", "status", "risk", "--refresh").result["people"]
    assert not {people[0], people[2]} & {one["person"] for one in again if one["at_risk"]}


def test_the_inventory_says_what_was_stated_to_purge(here: District) -> None:
    assert here.run("--tenant", "google", "inventory").tenants["google"]["stated"] is None
    states(here, "- {service: MAIL, org_unit: /Staff, duration: 365 days, from: created, action: purge_all}\n- {service: DRIVE, default: true, duration: 9 days, action: keep}\n- {service: CALENDAR, default: true, duration: indefinite, action: keep}\n")
    found = here.run("--tenant", "google", "inventory").tenants["google"]
    assert found["deletes"] is None, "no interface shows it"
    assert [one.split(":")[0] for one in found["stated"]["deletes"]] == ["MAIL custom rule for /Staff", "DRIVE default rule"]
