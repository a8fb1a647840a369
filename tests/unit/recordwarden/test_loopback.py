"""The guard that keeps every test on this machine: without it, a wrong address in a test would reach a stranger."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 443), ("2001:db8::1", 443)])
def test_no_connection_leaves(address: tuple[str, int], pytester: pytest.Pytester) -> None:
    family = "AF_INET6" if ":" in address[0] else "AF_INET"
    _copy_guard(pytester)
    pytester.makepyfile(f"import socket\ndef test_it():\n    socket.socket(socket.{family}).connect({address!r})")
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(failed=1, errors=1)


def test_no_name_is_resolved_even_where_the_error_is_swallowed(pytester: pytest.Pytester) -> None:
    _copy_guard(pytester)
    pytester.makepyfile(
        "import socket\ndef test_it():\n    try:\n        socket.getaddrinfo('graph.example', 443)\n    except Exception:\n        pass"
    )
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=1, errors=1)


def test_loopback_is_allowed() -> None:
    with socket.socket() as listener, socket.socket() as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client.connect(listener.getsockname())
    assert socket.getaddrinfo("localhost", 80)


def _copy_guard(pytester: pytest.Pytester) -> None:
    root = next(parent for parent in Path(__file__).resolve().parents if (parent / "pyproject.toml").exists())
    pytester.makeconftest((root / "tests" / "conftest.py").read_text(encoding="utf-8"))
