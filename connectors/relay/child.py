"""The process that sends one letter by apprise: reads what to do on standard input, answers with one JSON object, and calls only the named hosts.

Run by ``courier.py``, never by hand. Without ``subject`` and ``text`` it says whether it could, and calls nobody.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from connectors.relay.fence import Fence

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What was asked for."""

    url: str
    hosts: tuple[str, ...]
    timeout: float
    subject: str | None
    text: str | None


class Refused(Exception):  # noqa: N818  # the answer, no fault of ours
    """The letter was not sent: a code and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Heard(logging.Handler):
    """What the library says of its failure; it keeps keys out of it, and the courier takes out the rest."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def run(task: Task) -> None:
    """Send, or only see whether it could be sent. Raises Refused."""
    heard = _Heard()
    logger = logging.getLogger("apprise")
    logger.addHandler(heard)
    logger.propagate = False
    host = _host(task.url)
    fence = Fence((host, *task.hosts))
    fence.close()
    import apprise  # after the fence: not even its import may call anybody

    asset = apprise.AppriseAsset(
        app_id="Recordwarden", app_desc="Recordwarden", app_url="", image_url_mask="", image_url_logo="", async_mode=False, http_redirects=False,
        secure_logging=True, storage_mode="memory", pgp_autogen=False, pem_autogen=False, service_timeout=task.timeout, allow_templates=False,
    )  # fmt: skip
    service = apprise.Apprise.instantiate(task.url, asset=asset)
    if service is None:
        raise Refused("relay.url", "The URL names no service that the library knows, or lacks a part of it.")
    if host not in LOOPBACK:
        _only_safely(task.url, service)
    if task.text is None:
        return
    sender = apprise.Apprise(asset=asset)
    sender.add(service)
    if not sender.notify(title=task.subject or "", body=task.text, body_format=apprise.NotifyFormat.TEXT, interpret_escapes=False):
        if fence.refused:
            raise Refused("relay.foreign_host", f"The service called {fence.refused[0]}, which the delivery does not name; it was not reached.")
        raise Refused("relay.refused", f"The relay did not take the letter. {' '.join(heard.lines[-2:])}".strip())


def _only_safely(url: str, service: object) -> None:
    """Refuse what would go out in clear, or to whoever answers in the host's place."""
    scheme = urlsplit(url).scheme.lower()
    plain = getattr(service, "protocol", None) or ()
    if scheme in ((plain,) if isinstance(plain, str) else tuple(plain)) or getattr(service, "secure_mode", None) == "insecure":
        raise Refused("relay.not_encrypted", f"{scheme}:// to another machine would go out in clear.")
    if getattr(service, "verify_certificate", True) is False:
        raise Refused("relay.not_verified", "The URL says that the certificate is not to be verified.")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError as error:
        raise Refused("relay.url", "The URL cannot be read.") from error


def read(text: str) -> Task:
    """The task on standard input."""
    given: Mapping[str, object] = json.loads(text)
    hosts = given["hosts"]
    assert isinstance(hosts, list)
    subject, body = given.get("subject"), given.get("text")
    return Task(
        url=str(given["url"]), hosts=tuple(map(str, hosts)), timeout=float(str(given["timeout"])),
        subject=None if subject is None else str(subject), text=None if body is None else str(body),
    )  # fmt: skip


def main() -> None:
    """One task, one answer."""
    answer: dict[str, object] = {"ok": True}
    try:
        run(read(sys.stdin.read()))
    except Refused as refused:
        answer = {"ok": False, "code": refused.code, "message": refused.message}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
