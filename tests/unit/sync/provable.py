"""What the tests of store, journal, leases, budgets, jobs and registers share: clocks, officers, and other real processes."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine

from connectors.base import Clock
from policies.district import District, Officer, Role
from sync.officers import OfficerKey, key_id
from sync.store import Store, open_store
from sync.store.schema import upgrade

DISTRICT = "k3p9x2ab"
START = datetime(2027, 3, 1, 14, 0, tzinfo=UTC)
HOST = "records-1"
ROOT = Path(__file__).parents[3]
PATIENCE = 90.0
"""Seconds that a test waits for another process before it calls it hung."""


@dataclass
class VirtualClock:
    """Time that moves only when told, or when somebody sleeps."""

    instant: datetime = START
    ticks: float = 1000.0
    naps: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.ticks

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
        self.ticks += seconds


class RealClock:
    """The machine's time, for tests with real processes."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # this is a clock

    def monotonic(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)  # noqa: TID251  # this is a clock


class Flag:
    """A stop that tests can set."""

    def __init__(self) -> None:
        self.up = False

    def is_set(self) -> bool:
        return self.up


def officer_key(number: int) -> OfficerKey:
    """The same made-up key for the same number."""
    private = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
    public = "ed25519:" + base64.b64encode(private.public_key().public_bytes_raw()).decode()
    return OfficerKey(public_key=public, key_id=key_id(public), private=private)


KEYS = {"custodian": officer_key(1), "counsel": officer_key(2), "chair": officer_key(3), "it": officer_key(4), "superintendent": officer_key(5)}
ROLES = {"custodian": Role.RECORDS_CUSTODIAN, "counsel": Role.COUNSEL, "chair": Role.BOARD_CHAIR, "it": Role.IT_DIRECTOR,
         "superintendent": Role.SUPERINTENDENT}


def officer(name: str, key: OfficerKey | None = None) -> Officer:
    """A made-up officer with the key of that name."""
    held = key or KEYS[name]
    return Officer(id=name, name=f"A. {name.title()}", email=f"{name}@d.example", roles=(ROLES[name],), key=held.public_key)


def district(*names: str, **more: object) -> District:
    """A made-up district with these officers; ``more`` as ``district.yaml`` would say it."""
    return District.model_validate({"recordwarden": 1, "id": DISTRICT, "name": "Hollow Brook", "officers": tuple(map(officer, names)), **more})


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'state' / 'store.db'}"


@cache
def _schema() -> bytes:
    """A database with the newest schema and nothing in it: migrating takes longer than most tests."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        engine = create_engine(f"sqlite:///{file}")
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        return file.read_bytes()


def opened(folder: Path, clock: Clock | None = None, *, drill: bool = True) -> Store:
    """The store in ``folder``; a new one is migrated already, and all the rest of first use is still to come (tests/unit/sync/store opens bare ones)."""
    file = folder / "state" / "store.db"
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(_schema())
    return open_store(url_of(folder), district=DISTRICT, drill=drill, clock=clock or VirtualClock())


class Other:
    """Another real process that runs a few lines and speaks JSON, a line at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    @property
    def pid(self) -> int:
        return self.process.pid

    def say(self, word: str = "go") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def hear(self) -> Mapping[str, object]:
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert ready, "the other process says nothing"
        line = self.process.stdout.readline()
        assert line, f"the other process ended with {self.process.wait(PATIENCE)}"
        loaded: Mapping[str, object] = json.loads(line)
        return loaded

    def end(self) -> int:
        return self.process.wait(PATIENCE)


PREAMBLE = """
import json, os, sys
from pathlib import Path
from tests.unit.sync.provable import *
folder = Path(sys.argv[1])
def tell(**what): print(json.dumps(what), flush=True)
def listen(): return sys.stdin.readline().strip()
"""


@contextmanager
def another(folder: Path, code: str) -> Iterator[Other]:
    """A process that runs ``code`` with this module's names, ``folder``, ``tell`` and ``listen``."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    process = subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    try:
        yield Other(process)
    finally:
        process.kill()
        process.wait(PATIENCE)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
