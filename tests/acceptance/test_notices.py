"""Somebody takes the licence of a person on hold away: the custodian has a letter after the next run, and none after the one that follows."""

from __future__ import annotations

import json
import signal
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.acceptance.afterwards import open_intents, order, state_of
from tests.acceptance.rehearsal import District, Sandbox

pytestmark = pytest.mark.slow

HOUR = 3600


@pytest.fixture
def held(tiny: District) -> tuple[District, str]:
    """A district with a hold in force on one person, and the letters of all that is behind it sent."""
    district = tiny
    assert district.sandbox is not None
    clouds = {"google": {one["email"] for one in state_of(district.sandbox, "google")["users"] if one["licensed"] and one["org_unit"].startswith("/Staff")}}
    person = min(one for one in clouds["google"] if one.count(".") > 1)
    district.run("hold", "open", "--file", order(district, "roof", person.partition("@")[0]), "--wait-for", "none")
    for _ in range(3):
        district.sandbox.forward(2 * HOUR)
        district.must("work", "--once")
    return district, person


def sent(sandbox: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = state_of(sandbox, "m365")["sent"]
    return found


def test_a_licence_that_is_taken_away_is_told_once(held: tuple[District, str]) -> None:
    district, person = held
    sandbox = district.sandbox
    assert sandbox is not None
    before = len(sent(sandbox))
    district.must("work", "--once")
    assert len(sent(sandbox)) == before, "a quiet run sends nothing"

    sandbox.console("google", "remove_licence", email=person)
    sandbox.forward(120)
    district.must("work", "--once")
    (mail,) = sent(sandbox)[before:]
    assert mail["to"] == ["records.custodian@harbormill.example"]
    assert mail["sender"] == "records.office@harbormill.example"
    subject, text = mail["message"]["subject"], mail["message"]["body"]["content"]
    assert "1 person on hold without the licence that the hold needs in google" in subject
    assert person not in subject
    assert person in text, "the custodian may see who is on hold"
    assert "Assign the licence again at once" in " ".join(text.split())
    alias = district.run("hold", "status", "roof").result["matter"]["tenant_alias"]
    assert f"recordwarden hold status {alias}" in text
    for word in ("A made-up claim", "roof", "drift", "digest", "compliant"):
        assert word not in text + subject

    district.must("work", "--once")
    assert len(sent(sandbox)) == before + 1, "told once"
    stands = district.run("status").result["notices"]
    assert (stands["waiting"], stands["not_sent"]) == (0, [])

    sandbox.console("google", "assign_licence", email=person, sku="1010310009")
    sandbox.forward(120)
    district.must("work", "--once")
    ended = sent(sandbox)[before + 1 :]
    assert len(ended) == 1
    assert "Over:" in ended[0]["message"]["body"]["content"]
    assert open_intents(district) == []


def test_a_letter_whose_end_nobody_saw_goes_out_again_and_never_changes_how_a_hold_ends(held: tuple[District, str]) -> None:
    district, person = held
    sandbox = district.sandbox
    assert sandbox is not None
    before = len(sent(sandbox))
    sandbox.console("google", "suspend_user", email=person)
    sandbox.forward(120)
    killed = district.run("work", "--once", RECORDWARDEN_CRASH_AT="call.after")
    assert killed.code == -signal.SIGKILL
    assert len(sent(sandbox)) == before + 1
    sandbox.forward(120)
    district.must("work", "--once")
    first, second = sent(sandbox)[before:]
    assert first["message"]["subject"] == second["message"]["subject"]
    assert open_intents(district) == []

    sandbox.door("/switches", {"m365.missing_roles": "Mail.Send"})
    sandbox.console("google", "unsuspend_user", email=person)
    sandbox.forward(120)
    unsent = district.must("work", "--once")
    assert "notice.not_sent" in unsent.codes("warning")
    stands = district.run("status")
    assert [one["code"] for one in stands.result["notices"]["not_sent"]] == ["mail.forbidden"]
    assert "notice.not_sent" in stands.codes("warning")
    told = district.run("doctor", "--send-test")
    assert told.code == 3
    assert told.result["deliveries"][0]["sent"] is False
    sandbox.door("/switches", {"m365.missing_roles": ""})
    sandbox.forward(HOUR)
    district.must("work", "--once")
    assert district.run("status").result["notices"]["not_sent"] == []
    assert district.run("doctor", "--send-test").result["deliveries"][0]["sent"] is True


def test_a_pager_is_reached_through_a_file_that_only_its_owner_reads(held: tuple[District, str]) -> None:
    district, _ = held
    heard: list[dict[str, Any]] = []

    class Pager(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    served = HTTPServer(("127.0.0.1", 0), Pager)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    try:
        file = district.folder / "pager.url"
        file.write_text(f"json://127.0.0.1:{served.server_port}/alarm\n", encoding="utf-8")
        file.chmod(0o600)
        yaml, path = YAML(), district.folder / "district.yaml"
        wanted = yaml.load(path)
        wanted["deliveries"].append({"to": "deputy", "by": "apprise", "url_file": "pager.url", "about": ["hold"]})
        yaml.dump(wanted, path)
        told = district.must("doctor", "--send-test").result["deliveries"]
    finally:
        served.shutdown()
        thread.join()
        served.server_close()
    assert {(one["to"], one["sent"]) for one in told} == {("custodian", True), ("deputy", True)}
    assert [one["title"] for one in heard] == ["[made-up data] Recordwarden: a letter to see whether notices arrive"]
    silent = district.run("doctor", "--send-test")
    assert silent.code == 3
    assert {one["to"]: one["reason"].partition(":")[0] for one in silent.result["deliveries"] if not one["sent"]} == {"deputy": "relay.refused"}
    file.chmod(0o644)
    assert "file.readable_by_others" in district.run("check").codes("error")
