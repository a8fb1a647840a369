"""For every test: nothing leaves this machine, files lie in memory where it can spare some, and the last line says which tests did not run."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

pytest_plugins = ["pytester"]  # the guard below is itself tested
_REPORTER = pytest.StashKey[TerminalReporter]()
_IN_MEMORY = Path("/dev/shm")  # Linux's own file system in memory; pytest makes a folder of its own in it, for this user alone
_ENOUGH = 2 << 30


def pytest_configure() -> None:
    """Temporary files in memory, unless somebody named a place: a store has the disk confirm each commit, and some tests did little but wait for it."""
    if "PYTEST_DEBUG_TEMPROOT" not in os.environ and os.access(_IN_MEMORY, os.W_OK) and shutil.disk_usage(_IN_MEMORY).free > _ENOUGH:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_IN_MEMORY)


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Keep the reporter: it has what came back from every worker."""
    config.stash[_REPORTER] = terminalreporter


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line, after pytest's own last line; nothing when everything ran."""
    reporter = config.stash.get(_REPORTER, None)
    if reporter is None:
        return
    skipped = [report for report in reporter.stats.get("skipped", []) if isinstance(report, pytest.TestReport | pytest.CollectReport)]
    if skipped:
        names = sorted(report.nodeid.rpartition("/")[2] for report in skipped)
        reporter.write_line(f"did not run: {len(names)} ({', '.join(names)})")


class LeftTheMachineError(Exception):
    """A test wanted to reach another machine, or to ask for its address. No OSError: nothing may take it for an unreachable network."""


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connections to loopback and to local sockets alone, and no name but ``localhost`` is resolved; a test that swallowed the error fails at its end."""
    seen: list[str] = []

    def guarded(name: str, position: int) -> Callable[..., Any]:
        real = getattr(socket.socket, name)

        def call(self: socket.socket, *given: Any) -> Any:
            address = given[position]
            if isinstance(address, tuple) and not _is_here(str(address[0])):
                seen.append(f"{name} {address[0]}")
                raise LeftTheMachineError(seen[-1])
            return real(self, *given)

        return call

    real_lookup = socket.getaddrinfo

    def lookup(host: Any, *given: Any, **named: Any) -> Any:
        words = host.decode() if isinstance(host, bytes) else host
        if words is not None and not _is_here(words):
            seen.append(f"getaddrinfo {words}")
            raise LeftTheMachineError(seen[-1])
        return real_lookup(host, *given, **named)

    monkeypatch.setattr(socket.socket, "connect", guarded("connect", 0))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded("connect_ex", 0))
    monkeypatch.setattr(socket.socket, "sendto", guarded("sendto", -1))
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    yield
    assert not seen, f"this test wanted to leave the machine: {', '.join(seen)}"


def _is_here(host: str) -> bool:
    """Whether an address or name is this machine's own; the empty host binds here."""
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
