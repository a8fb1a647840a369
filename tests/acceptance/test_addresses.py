"""Every address that leaves the process is one that the settings name: watched from inside each process, below all libraries."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.rehearsal import District

pytestmark = pytest.mark.slow

WATCH = """
import json, os, sys
LOG = os.environ["WATCHED_ADDRESSES"]
def _watch(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        said = [event, arguments[1]]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        said = [event, arguments[0]]
    else:
        return
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(json.dumps(said, default=str) + "\\n")
sys.addaudithook(_watch)
"""


@pytest.fixture
def watched(district: District, tmp_path: Path) -> tuple[District, dict[str, str], Path]:
    """A district, what its processes are given so that they report every address, and where they report it."""
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    log = tmp_path / "addresses.jsonl"
    beside = [one for one in (os.environ.get("PYTHONPATH"),) if one]  # whoever runs the tests from another tree says where it is
    return district, {"PYTHONPATH": os.pathsep.join((str(hook), *beside)), "WATCHED_ADDRESSES": str(log)}, log


def test_nothing_but_the_endpoints_is_ever_called(watched: tuple[District, dict[str, str], Path]) -> None:
    district, given, log = watched
    assert district.sandbox is not None
    order = district.folder / "matter.yaml"
    for words in (("doctor",), ("plan",), ("inventory",), ("hold", "open", "--file", order, "--wait-for", "none"), ("work", "--once"), ("drift",)):
        ran = district.run(*words, **given)
        assert ran.document, ran.stderr
    named = {(urlsplit(url).hostname, urlsplit(url).port) for urls in district.sandbox.told["endpoints"].values() for url in urls.values()}
    seen = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    connected = {tuple(address[:2]) for event, address in seen if event == "socket.connect"}
    assert connected
    assert connected <= named
    looked_up = {host for event, host in seen if event in {"socket.getaddrinfo", "socket.gethostbyname"}}
    assert looked_up <= {host for host, _ in named}
    assert not [address for event, address in seen if event == "socket.sendto"]


@pytest.mark.parametrize("words", [("check",), ("status",), ("approvals",), ("attestations",), ("journal", "verify"), ("hold", "status")])
def test_what_asks_no_tenant_opens_no_connection(watched: tuple[District, dict[str, str], Path], words: tuple[str, ...]) -> None:
    district, given, log = watched
    ran = district.run(*words, **given)
    assert ran.document["exit"] == ran.code
    assert not log.exists(), log.read_text(encoding="utf-8")
