"""The made-up school district that both emulated tenants serve: people, schools, time, faults, and what was asked."""

from __future__ import annotations

import threading
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

Role = Literal["administrator", "teacher", "staff", "board", "student"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One made-up human; both tenants derive their own accounts, ids and licences from it."""

    number: int
    given: str
    family: str
    role: Role
    school: str
    employee_id: str

    @property
    def local_part(self) -> str:
        """The part of the address before the @, equal in both tenants."""
        return f"{self.given}.{self.family}".lower()


class SandboxClock:
    """The sandbox's time: the system's, shifted by what a clock file says (RFC 3339 instant, or ``+SECONDS``) and by the door."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._offset = timedelta()

    def now(self) -> datetime:
        """The aware UTC instant that both tenants believe it is."""
        base = self.wall()
        if self._file is not None and self._file.exists():
            text = self._file.read_text(encoding="utf-8").strip()
            if text.startswith("+"):
                base += timedelta(seconds=float(text[1:]))
            elif text:
                base = datetime.fromisoformat(text)
        return base + self._offset

    @staticmethod
    def wall() -> datetime:
        """The system's time, aware UTC: tokens and TLS live by it, because the clients' libraries do."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock

    def advance(self, seconds: float) -> datetime:
        """Move both tenants' time forward by ``seconds`` and return the new instant."""
        self._offset += timedelta(seconds=seconds)
        return self.now()

    @property
    def offset(self) -> timedelta:
        """By how much the door has moved it; what a clock file says is not in it."""
        return self._offset

    def set_back(self, offset: timedelta) -> None:
        """Let the door have moved it by exactly ``offset``."""
        self._offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request as the server saw it; ``operation`` is the cmdlet, RPC or route template, ``caller`` the authenticated client."""

    at: datetime
    surface: str
    method: str
    path: str
    operation: str
    caller: str
    status: int
    request: bytes
    response: bytes


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong at the ``nth`` matching request: before the work is done, or after it was committed and the answer lost."""

    surface: str
    operation: str
    kind: Literal["status", "reset", "html", "truncated", "foreign_link", "slow"]
    when: Literal["before", "after"]
    nth: int = 1
    times: int = 1
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 1.0
    """How long ``slow`` waits before it goes on."""
    query: str = ""
    """What a request's query has to hold to be struck: ``skiptoken`` or ``pageToken`` names the further pages of a list and no first one."""
    sent: str = ""
    """What a request's body has to hold to be struck: a parameter tells the uses of one cmdlet apart."""
    seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Both tenants as they stood once, with what was switched on and what was to go wrong."""

    state: dict[str, object]
    switches: dict[str, str]
    faults: list[Fault]
    offset: timedelta


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that both tenants share. Handlers take ``lock`` around a change of state."""

    clock: SandboxClock
    seed: int
    profile: str
    domain: str
    people: list[Person]
    schools: list[str]
    faults: list[Fault] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    switches: dict[str, str] = field(default_factory=dict)
    """Named behaviours that the door turns on (``m365.licence=A3``, ``m365.ediscovery_manager=not_registered`` ...)."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    state: dict[str, object] = field(default_factory=dict)
    """Each tenant's own state object by tenant id (``m365``, ``google``); its package knows the type."""
    violations: list[str] = field(default_factory=list)
    """What the vendors' schemas say against exchanges, collected while the switch ``validate`` is ``on``."""

    def moment(self) -> Moment:
        """A copy of everything that can change, to return to; what was asked and judged until then is no part of it."""
        with self.lock:
            return Moment(
                state=deepcopy(self.state),
                switches=dict(self.switches),
                faults=[replace(fault) for fault in self.faults],
                offset=self.clock.offset,
            )

    def return_to(self, moment: Moment) -> None:
        """Let everything be as it was then; the moment can be returned to again. What was asked since stays on record."""
        with self.lock:
            self.state = deepcopy(moment.state)
            self.switches = dict(moment.switches)
            self.faults = [replace(fault) for fault in moment.faults]
            self.clock.set_back(moment.offset)
