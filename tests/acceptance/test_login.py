"""An administrator signs in beside the application: the browser, what follows from it, and how it ends; all as real processes."""

from __future__ import annotations

import json
import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.acceptance.calls import ROOT
from tests.acceptance.rehearsal import PATIENCE, District, Keys, Moment, Prepared, Ran, Sandbox, make_district, start_sandbox

pytestmark = pytest.mark.slow

OFFICER = "records.office@harbormill.example"
TOKEN_SHAPES = ("eyJ", "refresh_token", "access_token", "code_verifier")


@pytest.fixture(scope="module")
def confirmed(tmp_path_factory: pytest.TempPathFactory, untouched_tiny: tuple[Sandbox, Moment], keys: Keys) -> Prepared:
    """A district whose rows are confirmed and whose admin endpoint nobody accepted."""
    served, first = untouched_tiny
    served.return_to(first)
    made = make_district(tmp_path_factory.mktemp("login") / "place", served, *keys)
    rows = [row["id"] for row in YAML(typ="safe").load(made.folder / "policy.yaml")["schedule"]["series"]]
    made.must("series", "confirm", *rows, "--schedule", made.folder / "official-schedule.txt", "--page", "1", officer="custodian")
    (made.place / "passphrase").write_text("correct horse battery staple\n", encoding="utf-8")
    (made.place / "passphrase").chmod(0o600)
    return Prepared(district=made, moment=first)


@pytest.fixture
def rehearsed(confirmed: Prepared, tmp_path: Path) -> District:
    """That district in tenants that nobody has touched."""
    return confirmed.anew(tmp_path / "place")


Person = Callable[..., Ran]


@pytest.fixture
def person(rehearsed: District) -> Person:
    """A call of the program with a browser in which somebody sits, and with the passphrase."""
    return lambda *words, **more: rehearsed.run(*words, **(browser(rehearsed) | more))


def browser(district: District, **more: str) -> dict[str, str]:
    assert district.sandbox is not None
    script = f"{sys.executable} {ROOT / 'tests' / 'acceptance' / 'browser.py'} %s"
    given = {"BROWSER": script, "SIGN_IN_AS": OFFICER, "SIGN_IN_CA": str(district.sandbox.folder / "ca.pem")}
    return given | {"RECORDWARDEN_PASSPHRASE_FILE": str(district.place / "passphrase")} | more


def kept(district: District) -> Path:
    return district.place / "store.sign-in-m365"


def standings(ran: Ran) -> dict[str, tuple[str, str | None]]:
    ours = (one for one in ran.result["standings"] if one["tenant"] == "m365" and one["line"].startswith("label-"))
    return {one["line"]: (one["standing"], one["reason"]) for one in ours}


def capability(ran: Ran, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in ran.tenants["m365"]["capabilities"] if one["kind"] == kind)
    return found


def test_from_signing_in_to_a_label_that_people_can_use(rehearsed: District, person: Person) -> None:
    sandbox = rehearsed.sandbox
    assert sandbox is not None
    asked = len(sandbox.door("/exchanges")["exchanges"])
    before = person("doctor")
    assert capability(before, "m365.label")["next_step"].endswith("or sign in: recordwarden login --tenant m365")

    ran = person("login", "--tenant", "m365")
    assert ran.code == 0, ran.stderr
    assert json.loads(ran.stdout)["schema"] == "recordwarden/login/1"
    assert ran.result["account"] == OFFICER
    assert (ran.result["tenant"], ran.result["kept"]) == ("m365", "encrypted")
    assert ran.result["expires_in"] > 0
    assert {"RecordsManagement.ReadWrite.All", "eDiscovery.ReadWrite.All"} <= set(ran.result["scopes"])
    assert "/oauth2/v2.0/authorize?" in ran.stderr, "the address stands on stderr, for whose browser does not open"
    assert not [shape for shape in TOKEN_SHAPES if shape in ran.stdout + ran.stderr]
    assert kept(rehearsed).stat().st_mode & 0o777 == 0o600
    assert b"harbormill" not in kept(rehearsed).read_bytes(), "not even who it is stands there in the clear"

    doctor = person("doctor", "--prove", officer="deputy")
    shown = doctor.tenants["m365"]["signed_in"]
    assert (shown["account"], shown["kept"], shown["trouble"]) == (OFFICER, "encrypted", None)
    assert shown["until"]
    label = capability(doctor, "m365.label")
    assert (label["surface"], label["account"], label["write"]) == ("graph_signed_in", OFFICER, "proven")

    first = person("sync")
    labels = [one for one in first.tenants["m365"]["changes"] if one["kind"] == "m365.label"]
    assert {one["status"] for one in labels} == {"effective"}
    assert set(standings(first).values()) == {("gap", "label.unpublished")}
    sheet = person("by-hand").result["by_hand"]
    assert "Until this is done nobody can apply that label." in sheet
    assert "Make the label policy Recordwarden pub-label-adm-01-board-1" in sheet
    assert "New-RetentionComplianceRule -Policy 'Recordwarden pub-label-adm-01-board-1' -PublishComplianceTag 'ADM-01 Board minutes" in sheet

    for one in labels:
        sandbox.console("m365", "publish_label", name=one["vendor"]["name"], user=OFFICER)
    second = person("sync")
    assert (second.code, second.tenants["m365"]["changes"]) == (3, []), "retention policies stay unread without the admin endpoint"
    assert set(standings(second).values()) == {("available", "label.published_by_hand")}
    sent = sandbox.door(f"/exchanges?since={asked}")["exchanges"]
    assert not [one for one in sent if one["surface"] in {"compliance_admin", "exchange_admin"}], "nobody accepted the admin endpoint"

    journal = rehearsed.place / "journal.jsonl"
    sealed = rehearsed.place / "sealed.jsonl"
    person("journal", "export", "--out", journal, "--sealed", sealed)
    chain, values = journal.read_text(encoding="utf-8"), sealed.read_text(encoding="utf-8")
    entries = [json.loads(line) for line in chain.splitlines()]
    intents = [one["body"] for one in entries if one["kind"] == "intent" and one["tenant"] == "m365" and one["body"].get("kind") == "m365.label"]
    assert intents
    assert all(set(one["vendor_actor"]) == {"sealed"} for one in intents), "whose account it was stands sealed in the intent"
    assert OFFICER not in chain
    assert OFFICER in values
    assert not [shape for shape in TOKEN_SHAPES if shape in chain + values]
    assert person("journal", "verify").code == 0


def test_a_sign_in_that_was_revoked_says_so_everywhere_and_the_rest_goes_on(rehearsed: District, person: Person) -> None:
    sandbox = rehearsed.sandbox
    assert sandbox is not None
    assert person("login").code == 0, "the only Microsoft tenant need not be named"
    person("doctor", "--prove", officer="deputy")
    person("sync")
    sandbox.forward(60)
    sandbox.console("m365", "revoke_sessions", user=OFFICER)
    doctor = person("doctor")
    assert doctor.code == 3
    assert "auth.sign_in_again" in doctor.codes("warning")
    told = next(one for one in doctor.document["problems"] if one["code"] == "auth.sign_in_again")
    assert "AADSTS50173" in told["message"]
    assert told["next_step"] == "sign in: recordwarden login --tenant m365"
    assert doctor.tenants["m365"]["kinds"]["m365.user"]["state"] == "complete"
    assert doctor.tenants["m365"]["kinds"]["m365.label"]["reason"].startswith("auth.sign_in_again")
    plan = person("plan")
    assert "Traceback" not in plan.stderr
    assert [one for one in plan.tenants["m365"]["changes"] if one["kind"] == "m365.label_policy"] == [], "what cannot be seen is not asked for again"
    assert {state for state, _ in standings(plan).values()} == {"unknown"}

    out = person("login", "--out")
    assert (out.code, out.result["account"]) == (0, None)
    assert out.codes("info") == {"auth.sessions_live_on"}
    assert not kept(rehearsed).exists()
    assert person("doctor").tenants["m365"]["signed_in"] is None
    assert person("login", "--out").codes() == set(), "twice does no harm"


def test_without_a_passphrase_it_serves_one_call(rehearsed: District, person: Person) -> None:
    bare = browser(rehearsed)
    del bare["RECORDWARDEN_PASSPHRASE_FILE"]
    ran = rehearsed.run("login", "--tenant", "m365", **bare)
    assert (ran.code, ran.result["kept"]) == (0, "memory")
    assert ran.codes() == {"auth.not_kept"}
    assert not kept(rehearsed).exists()
    within = rehearsed.run("--sign-in", "browser", "doctor", **bare)
    assert within.tenants["m365"]["signed_in"]["kept"] == "memory"
    assert capability(within, "m365.label")["account"] == OFFICER
    after = rehearsed.run("doctor", **bare)
    assert after.tenants["m365"]["signed_in"] is None
    assert rehearsed.sandbox is not None
    since = len(rehearsed.sandbox.door("/exchanges")["exchanges"])
    worked = rehearsed.run("--sign-in", "browser", "work", "--once", **bare)
    assert [job["kind"] for job in worked.result["jobs"]] == ["holds", "sync"]
    sent = rehearsed.sandbox.door(f"/exchanges?since={since}")["exchanges"]
    assert len([one for one in sent if one["method"] == "GET" and "authorize" in one["path"]]) == 1, "one sign-in serves every job of the process"
    assert [one for one in sent if one["surface"] == "graph" and "/security/labels/retentionLabels?%24expand" in one["path"].replace("$", "%24")]
    declined = rehearsed.run("--sign-in", "browser", "doctor", **(bare | {"SIGN_IN_CHOICE": "decline"}))
    assert "auth.declined" in declined.codes("warning")
    assert declined.tenants["m365"]["kinds"]["m365.user"]["state"] == "complete", "who does not sign in does not stop the call"


def test_a_systemd_credential_is_a_passphrase_too(rehearsed: District) -> None:
    folder = rehearsed.place / "credentials"
    folder.mkdir()
    secret = folder / "recordwarden-passphrase"
    secret.write_text("of the unit\n", encoding="utf-8")
    secret.chmod(0o440)  # as systemd shows it where it lets the unit's user in by an ACL
    given = browser(rehearsed) | {"CREDENTIALS_DIRECTORY": str(folder)}
    del given["RECORDWARDEN_PASSPHRASE_FILE"]
    assert rehearsed.run("login", **given).result["kept"] == "encrypted"
    assert rehearsed.run("doctor", **given).tenants["m365"]["signed_in"]["account"] == OFFICER
    del given["CREDENTIALS_DIRECTORY"]
    shut = rehearsed.run("doctor", **given)
    assert "keeping.passphrase_needed" in shut.codes("warning")
    assert shut.tenants["m365"]["kinds"]["m365.user"]["state"] == "complete"
    assert rehearsed.run("login", "--out", **given).code == 0


def test_what_cannot_be_opened_is_told_before_anybody_signs_in_and_is_left_alone(rehearsed: District, person: Person) -> None:
    file = kept(rehearsed)
    file.write_text("somebody's own notes", encoding="utf-8")
    file.chmod(0o600)
    ran = person("login")
    assert (ran.code, ran.codes("error")) == (1, {"keeping.foreign"})
    assert "authorize" not in ran.stderr
    assert person("login", "--out").codes("error") == {"keeping.foreign"}
    assert file.read_text(encoding="utf-8") == "somebody's own notes"
    file.unlink()
    assert person("login").code == 0
    before = file.read_bytes()
    other = rehearsed.place / "other-passphrase"
    other.write_text("another\n", encoding="utf-8")
    other.chmod(0o600)
    wrong = person("login", RECORDWARDEN_PASSPHRASE_FILE=str(other))
    assert (wrong.code, wrong.codes("error")) == (1, {"keeping.passphrase_wrong"})
    seen = person("doctor", RECORDWARDEN_PASSPHRASE_FILE=str(other))
    assert "keeping.passphrase_wrong" in seen.codes("warning")
    assert file.read_bytes() == before
    assert person("doctor").tenants["m365"]["signed_in"]["account"] == OFFICER
    assert person("login", "--out").code == 0


def test_who_is_refused_is_told_once_and_plainly(rehearsed: District, person: Person) -> None:
    sandbox = rehearsed.sandbox
    assert sandbox is not None
    declined = person("login", SIGN_IN_CHOICE="decline")
    assert (declined.code, declined.codes("error"), declined.document["result"]) == (1, {"auth.declined"}, None)
    sandbox.door("/switches", {"m365.public_client": "off"})
    off = person("login")
    assert (off.code, off.codes("error")) == (4, {"auth.public_client_off"})
    for words, code in ((("login", "--tenant", "google"), 64), (("login", "--tenant", "nowhere"), 64)):
        assert person(*words).code == code
    assert not kept(rehearsed).exists()


def test_another_tenant_than_the_one_met_first_is_refused_and_not_kept(rehearsed: District, tmp_path: Path) -> None:
    rehearsed.run("doctor")  # the tenant is met
    other = start_sandbox(tmp_path / "other", "tiny", seed=8)
    try:
        given = browser(rehearsed) | {"RECORDWARDEN_OVERLAY": str(other.overlay), "SIGN_IN_CA": str(other.folder / "ca.pem")}
        ran = rehearsed.run("login", "--tenant", "m365", **given)
        assert (ran.code, ran.codes("error")) == (4, {"tenant.identity_changed"})
        assert not kept(rehearsed).exists()
    finally:
        other.end()


def by_device(district: District, **switches: str) -> tuple[int, dict[str, Any]]:
    """``login --device-code``, and somebody who opens the page and enters the code."""
    sandbox = district.sandbox
    assert sandbox is not None
    sandbox.door("/switches", {"m365.device_interval": "1", **{f"m365.{name}": value for name, value in switches.items()}})
    process = district.start("login", "--device-code", **browser(district))
    assert process.stderr is not None
    told = re.match(r"To sign in, open (\S+) on any device and enter the code (\S+)\.$", process.stderr.readline())
    assert told is not None
    trust = ssl.create_default_context(cafile=str(sandbox.folder / "ca.pem"))
    fields = urllib.parse.urlencode({"code": told[2], "login": OFFICER, "choice": "accept"}).encode()
    try:
        urllib.request.urlopen(told[1], data=fields, context=trust, timeout=20).close()
    except urllib.error.HTTPError as page:
        page.close()  # the page itself may refuse
    stdout, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, json.loads(stdout)


def test_a_device_code_and_a_tenant_that_forbids_it(rehearsed: District, person: Person) -> None:
    code, document = by_device(rehearsed)
    assert (code, document["result"]["account"], document["problems"]) == (0, OFFICER, [])
    assert person("login", "--out").code == 0
    code, document = by_device(rehearsed, device_code="blocked")
    assert (code, [one["code"] for one in document["problems"]]) == (4, ["auth.device_code_forbidden"])


def test_a_hold_where_only_a_signed_in_person_may_hold(rehearsed: District, person: Person) -> None:
    """A3: the application is refused, the person's sign-in holds the mailbox and the OneDrive, and a sign-in that is over loses sight and nothing else."""
    sandbox = rehearsed.sandbox
    assert sandbox is not None
    sandbox.door("/switches", {"m365.licence": "A3", "m365.ediscovery_manager": "not_registered"})
    people = rehearsed.people_file("hattie.stonecroft@harbormill.example")

    def ours(ran: Ran) -> dict[str, str]:
        return {one["source"]: one["state"] for one in ran.result["sources"] if one["tenant"] == "m365"}

    refused = person("hold", "open", "--name-file", people)
    assert set(ours(refused).values()) == {"failed"}
    assert "New-CaseHoldPolicy" in refused.result["by_hand"]
    assert person("login").code == 0
    held = person("hold", "open", "--name-file", people)
    alias = held.result["matter"]["alias"]
    assert set(ours(held).values()) == {"accepted"}
    sandbox.forward(7200)
    after = person("hold", "status", alias, "--refresh")
    assert set(ours(after).values()) == {"effective"}
    assert person("login", "--out").code == 0
    blind = person("hold", "status", alias, "--refresh")
    assert set(ours(blind).values()) == {"effective"}, "what is not seen is not lost"
    assert blind.result["gaps"] == []
