"""A courier for whatever an apprise URL names. The library runs in a child process that can reach the named hosts and no other.

Why a process of its own: most of apprise's services call hosts that stand in no URL (a pager's API, a provider's mail server), redirects are
followed by default, and proxies are taken from the environment. In a child the fence is put below all libraries (``fence.py``), it holds for the
child alone, the environment is empty, and a service that hangs is ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from connectors.errors import ConnectorError, PermanentError, TransientError, UnknownOutcomeError
from connectors.mailing import Letter, Readiness
from connectors.redact import redact
from policies.problems import Where
from policies.secret_files import secret_file

CHILD: Final = f"{__package__}.child"
_ONE: Final = "Write one apprise URL into it."
GRACE: Final = 15.0
"""Seconds that a child has beyond the request's own time: starting, and looking a name up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayCourier:
    """Sends to the one URL in ``url_file``. ``hosts`` are those that its service calls besides the URL's own; ``timeout`` in seconds."""

    url_file: Path
    hosts: tuple[str, ...] = ()
    timeout: float = 30.0

    def carry(self, letter: Letter) -> None:
        """Hand the letter over; who it goes to stands in the URL. Raises ConnectorError ``relay.*``, ``file.*``."""
        self._child({"subject": letter.subject, "text": letter.text})

    def ready(self) -> Readiness:
        """Whether the file is private and holds a URL that the library knows. Nothing is called: that the host answers, a letter shows."""
        try:
            self._child({})
        except ConnectorError as error:
            return Readiness(can_send=False, reason=f"{error.code}: {error.message}", next_step=error.next_step or None)
        return Readiness(can_send=True)

    def _child(self, task: Mapping[str, str]) -> None:
        url = self._url()
        asked = {"url": url, "hosts": list(self.hosts), "timeout": self.timeout, **task}
        path = os.pathsep.join(one for one in sys.path if one)
        try:
            ended = subprocess.run(  # noqa: S603  # our own module, by the interpreter that runs us; what it reads comes on its standard input
                [sys.executable, "-s", "-m", CHILD],
                input=json.dumps(asked),
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=self.timeout + GRACE,
                env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": path, "PYTHONUTF8": "1"},
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            why = "The relay did not answer in time; the letter may have gone out."
            raise UnknownOutcomeError("relay.no_answer", why, "Look at the relay.") from error
        except OSError as error:
            why = f"No process could be started to send: {error.strerror}."
            raise TransientError("relay.died", why, "See whether the machine has room.") from error
        try:
            said = json.loads(ended.stdout)
        except ValueError as error:
            step = "Report this: the notice was not composed wrongly, the library that sends it ended."
            raise UnknownOutcomeError("relay.died", f"The process that sends ended with {ended.returncode} and said nothing.", step) from error
        if not said["ok"]:
            raise _error(str(said["code"]), redact(str(said["message"]), _secrets(url)))

    def _url(self) -> str:
        """The URL. Raises PermanentError for a file that is not there, readable by others, or holds anything but one URL."""
        wrong = next(secret_file(self.url_file, "deliveries: url_file", Where(file=str(self.url_file))), None)
        if wrong is not None:
            raise PermanentError(wrong.code, wrong.message, wrong.next_step)
        try:
            lines = self.url_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise PermanentError("relay.url", f"{self.url_file.name} cannot be read: {type(error).__name__}.", _ONE) from error
        urls = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        if len(urls) != 1:
            raise PermanentError("relay.url", f"{self.url_file.name} holds {len(urls)} URLs, not one.", _ONE)
        return urls[0]


_STEPS: Final[Mapping[str, str]] = {
    "relay.url": "Compare the URL in the file with apprise's page on that service.",
    "relay.not_encrypted": "Use the form of the URL that encrypts (jsons://, mailtos:// and so on).",
    "relay.not_verified": "Take verify=no out of the URL; a certificate that cannot be verified is no certificate.",
    "relay.foreign_host": "If this is the service's own host, name it under `hosts` of the delivery.",
    "relay.refused": "See the relay's own log; the address or the key in the URL may be out of date.",
}


def _error(code: str, message: str) -> ConnectorError:
    kind = TransientError if code == "relay.refused" else PermanentError
    return kind(code, message, _STEPS.get(code, "See docs/reference/notices.md."))


def _secrets(url: str) -> set[str]:
    """Every part of the URL but its scheme and host: any of them may be a key."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return {url}
    pieces = [parts.username or "", parts.password or "", *parts.path.split("/"), *(pair.partition("=")[2] for pair in parts.query.split("&"))]
    return {url} | {form for piece in pieces for form in (piece, unquote(piece)) if form}
