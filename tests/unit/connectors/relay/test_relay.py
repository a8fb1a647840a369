"""Letters by apprise: to a receiver on this machine for real; to any other host than the named one, in clear, or unverified: not at all."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import ConnectorError, PermanentError, TransientError, UnknownOutcomeError
from connectors.mailing import Letter
from connectors.relay import courier as relay
from connectors.relay.courier import RelayCourier

LETTER = Letter(to="ida@elm.example", subject="1 person on hold is at risk", text="Matter kqxv2mrw:\n  licence missing \\n stays as written\n")


class Receiver(HTTPServer):
    """A webhook on this machine."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.heard: list[dict[str, Any]] = []
        self.answer: tuple[int, dict[str, str]] = (200, {})

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/alarm"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status, headers = self.server.answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    served = Receiver()
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


def courier(tmp_path: Path, url: str, *hosts: str, mode: int = 0o600) -> RelayCourier:
    file = tmp_path / "pager.url"
    file.write_text(f"# who is called at night\n{url}\n", encoding="utf-8")
    file.chmod(mode)
    return RelayCourier(url_file=file, hosts=hosts, timeout=10.0)


def refused(made: RelayCourier) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        made.carry(LETTER)
    return caught.value


def test_a_letter_reaches_a_webhook_word_for_word(receiver: Receiver, tmp_path: Path) -> None:
    courier(tmp_path, receiver.url).carry(LETTER)
    (heard,) = receiver.heard
    assert heard["title"] == LETTER.subject
    assert heard["message"].rstrip("\n") == LETTER.text.rstrip("\n")


def test_a_relay_that_says_no_is_asked_again_later(receiver: Receiver, tmp_path: Path) -> None:
    receiver.answer = (503, {})
    error = refused(courier(tmp_path, f"{receiver.url}/s3cret-key"))
    assert (error.code, type(error)) == ("relay.refused", TransientError)
    assert "s3cret-key" not in error.message
    assert len(receiver.heard) == 1, "nothing is tried twice inside"


@pytest.mark.parametrize("wish", ["", "?redirect=yes"])
def test_a_redirect_leads_nowhere_else(receiver: Receiver, tmp_path: Path, wish: str) -> None:
    receiver.answer = (307, {"Location": f"http://localhost:{receiver.server_port}/elsewhere"})
    error = refused(courier(tmp_path, receiver.url + wish))
    assert error.code == ("relay.foreign_host" if wish else "relay.refused")
    assert len(receiver.heard) == 1


def test_a_service_with_a_host_of_its_own_is_not_reached_unless_it_is_named(tmp_path: Path) -> None:
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    error = refused(courier(tmp_path, url))
    assert (error.code, type(error)) == ("relay.foreign_host", PermanentError)
    assert "hooks.slack.com" in error.message
    assert "`hosts`" in error.next_step
    assert courier(tmp_path, url, "hooks.slack.com").ready().can_send is True


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("json://relay.example/alarm", "relay.not_encrypted"),
        ("mailto://me:secret@mail.example", "relay.not_encrypted"),
        ("mailtos://me:secret@mail.example?smtp=mail.example&mode=insecure", "relay.not_encrypted"),
        ("jsons://relay.example/alarm?verify=no", "relay.not_verified"),
        ("nothing://relay.example", "relay.url"),
        ("jsons://relay.example/a\njsons://relay.example/b", "relay.url"),
    ],
)
def test_what_is_refused_before_anything_is_called(tmp_path: Path, url: str, code: str) -> None:
    told = courier(tmp_path, url).ready()
    assert told.can_send is False
    assert told.reason is not None
    assert told.reason.startswith(f"{code}: ")
    assert "secret" not in told.reason
    assert refused(courier(tmp_path, url)).code == code


def test_a_file_that_others_can_read_is_not_used(receiver: Receiver, tmp_path: Path) -> None:
    assert refused(courier(tmp_path, receiver.url, mode=0o644)).code == "file.readable_by_others"
    assert receiver.heard == []


def test_a_process_that_dies_leaves_the_outcome_open(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "CHILD", "connectors.relay.nothing")
    error = refused(courier(tmp_path, receiver.url))
    assert (error.code, type(error)) == ("relay.died", UnknownOutcomeError)


def test_a_process_that_cannot_be_started_is_tried_again_later(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    error = refused(courier(tmp_path, receiver.url))
    assert (error.code, type(error)) == ("relay.died", TransientError)


def test_the_library_is_imported_only_where_it_is_used() -> None:
    code = "import connectors.relay.courier, recordwarden.wiring, sys; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
