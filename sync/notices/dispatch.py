"""Sending what waits: letters are made for what an officer has not been told, tried, tried again at growing distances, and given up in the end.

Each attempt is written down before and after. An answer that was lost leads to a second letter, never to none; nothing here changes how a run ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connectors.errors import ConnectorError, Stopped, TransientError
from connectors.mailing import Courier, Letter
from policies.district import Delivery, Officer, Subject
from sync.desk import Desk
from sync.journal import JournalError, OutcomeResult, Sealed
from sync.lease import Lease, LeaseHeldError, LeaseLost, kept_alive
from sync.matters.lane import HoldLane
from sync.matters.model import Matter
from sync.notices import standing
from sync.notices.telling import ENDS, Knowledge, Telling, covered, items
from sync.store import StoreError
from sync.store.notices import KeptLetter, Letters, Notice, Notices
from sync.store.watch_rows import WatchRows, at_risk
from sync.store.words import LetterState, Phase

LEASE: Final = "notices"
SUBJECT: Final = "notice/"
"""How the subjects of attempts begin in the journal."""
DELAYS: Final = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
"""Seconds between two attempts; after the last one a letter is given up, and what it told goes along with the next one by the same way."""
TOLD_TO_NEW: Final = timedelta(days=30)
"""An officer, or a way, that is new hears of what was raised no longer ago than this."""
UNSEEN: Final = "notice.outcome_unknown"
"""The attempt was begun and nobody saw its end."""

Wording = Callable[[Telling], tuple[str, str]]
"""Puts a telling into subject and text."""
Couriers = Callable[[Delivery], Courier]
"""The courier of a delivery. Raises ConnectorError where its way is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One officer by one way: the deliveries of that name in force, put together."""

    delivery: Delivery
    officer: Officer
    about: frozenset[Subject]


class Dispatch:
    """The notices of one desk's district, on their way to officers."""

    def __init__(self, desk: Desk, wording: Wording, couriers: Couriers) -> None:
        self.desk = desk
        self.notices = Notices(desk.store)
        self.letters = Letters(desk.store)
        self._wording = wording
        self._couriers = couriers

    def run(self) -> None:
        """Make and send what is due. Another process that is at it does it for both; what goes wrong is kept beside the letter, and shown."""
        ways = {way.delivery.name: way for way in self._ways()}
        if not ways and not self.letters.waiting():
            return
        try:
            seconds = self.desk.district.timeouts.lease
            with self.desk.leases.acquire(LEASE, seconds=seconds, wait=0, stop=self.desk.stop) as lease, kept_alive(lease):
                self._settle(lease)
                self._make(lease, ways)
                self._send(lease, ways)
        except (LeaseHeldError, LeaseLost, Stopped, StoreError) as error:
            self.desk.notice(f"notices wait: {error}")

    def trial(self, way: Way, letter: Letter) -> str | None:
        """Send a letter that tells nothing, to see whether the way works; the code and words of what went wrong, or None. Written down like any."""
        body = {"letter": None, "way": way.delivery.by.value, "officer": way.officer.id, "said": Sealed(_said(letter))}
        intent = self.desk.journal.intent(f"{SUBJECT}trial", body)
        failed = self._carried(way, letter)
        result = OutcomeResult.DONE if failed is None else OutcomeResult.FAILED
        self.desk.journal.outcome(intent, result, {"error_code": failed.code, "error": Sealed(failed.message)} if failed else None)
        return None if failed is None else f"{failed.code}: {failed.message}"

    def ways(self) -> tuple[Way, ...]:
        """Every way in force, with the officer in force behind it."""
        return tuple(self._ways())

    def _ways(self) -> Iterable[Way]:
        officers = {officer.id: officer for officer in self.desk.district.officers}
        named: dict[str, list[Delivery]] = {}
        for delivery in self.desk.district.deliveries:
            named.setdefault(delivery.name, []).append(delivery)
        for same in named.values():
            officer = officers.get(same[-1].to)
            if officer is not None:  # an officer who waits for two signatures is told nothing yet
                yield Way(delivery=same[-1], officer=officer, about=frozenset(one for delivery in same for one in delivery.about))

    # -- what was left open

    def _settle(self, lease: Lease) -> None:
        """Attempts whose end nobody saw: written down as not known, and the letter is tried again in its turn."""
        open_ones = [intent for intent in self.desk.journal.open_intents() if intent.subject.startswith(SUBJECT)]
        waiting = {letter.intent: letter for letter in self.letters.waiting() if letter.intent is not None}
        for intent in open_ones:
            with self.desk.store.write() as session:
                lease.guard(session)
                self.desk.journal.outcome(intent.seq, OutcomeResult.FAILED, {"error_code": UNSEEN}, session=session)
                letter = waiting.get(intent.seq)
                if letter is not None:
                    again = letter.due_at if letter.attempts <= len(DELAYS) else None  # as set before the attempt
                    self.letters.fail(session, letter.number, UNSEEN, again, self.desk.clock.now())

    # -- making

    def _make(self, lease: Lease, ways: dict[str, Way]) -> None:
        lane = HoldLane(self.desk)
        signers = {way.officer.id: way.officer for way in ways.values() if Subject.APPROVALS in way.about}
        current = standing.standing(self.desk, lane.register, signers.values(), lane.on_hold)
        now = self.desk.clock.now()
        with self.desk.store.write() as session:
            lease.guard(session)
            standing.keep(self.notices, session, current, now)
            open_ones = self.notices.open(session)
            recent = self.notices.since(session, now - TOLD_TO_NEW)
            everything = {notice.number: notice for notice in (*open_ones, *recent)}
            dangers = frozenset(notice.key for notice in everything.values() if notice.key.startswith("risk/"))
            tellable = [notice for notice in everything.values() if not covered(notice, dangers)]
            for name, way in ways.items():
                mine = [notice for notice in tellable if notice.subject in way.about and _for(notice, way.officer)]
                told = self.letters.told(session, name, (notice.number for notice in mine))
                news = [line for notice in mine for line in _untold(notice, told, now)]
                if news:
                    again = [line for line, letter in told.items() if letter.state is LetterState.GIVEN_UP]
                    self.letters.make(session, name, way.officer.id, dict.fromkeys((*news, *again)), now)

    # -- sending

    def _send(self, lease: Lease, ways: dict[str, Way]) -> None:
        known: Knowledge | None = None
        for letter in self.letters.waiting():
            if letter.due_at > self.desk.clock.now():
                continue
            if self.desk.stop.is_set():
                return
            known = known or self._knowledge()
            self._attempt(lease, letter, ways.get(letter.way), known)

    def _knowledge(self) -> Knowledge:
        matters: dict[str, Matter] = {matter.tenant_alias: matter for matter in HoldLane(self.desk).register.all()}
        risks = WatchRows(self.desk.store).risks()
        until = {at_risk(one.tenant, one.risk.subject, one.risk.code).key: one.risk.until for one in risks}
        platforms = {tenant.id: tenant.platform for tenant in self.desk.district.tenants}
        return Knowledge(matters=matters, until={key: at for key, at in until.items() if at is not None}, platforms=platforms)

    def _attempt(self, lease: Lease, kept: KeptLetter, way: Way | None, known: Knowledge) -> None:
        lease.check(need_seconds=self.desk.district.timeouts.request)
        now = self.desk.clock.now()
        with self.desk.store.read() as session:
            notices = self.notices.of(session, kept.notices)
        if way is None or way.officer.id != kept.officer or not notices:
            with self.desk.store.write() as session:
                lease.guard(session)
                self.letters.end(session, kept.number, LetterState.DROPPED, now)
            return
        letter = self._worded(kept, way, notices, known)
        intent = self._intend(lease, kept, way, notices, letter)
        failed = self._carried(way, letter)
        self.desk.crash("call.after")
        self._outcome(lease, kept, intent, failed)

    def _worded(self, kept: KeptLetter, way: Way, notices: Iterable[Notice], known: Knowledge) -> Letter:
        telling = Telling(
            letter=kept.number, district=self.desk.district.name, officer=way.officer.name, drill=self.desk.district.drill,
            items=items(notices, way.officer, known),
        )  # fmt: skip
        subject, text = self._wording(telling)
        return Letter(to=way.officer.email, subject=subject, text=text)

    def _intend(self, lease: Lease, kept: KeptLetter, way: Way, notices: Iterable[Notice], letter: Letter) -> int:
        self.desk.crash("intent.before")
        listed = tuple(notices)
        body = {
            "letter": kept.number, "attempt": kept.attempts + 1, "way": way.delivery.by.value, "officer": way.officer.id,
            "notices": [notice.number for notice in listed], "about": sorted({notice.subject.value for notice in listed}),
            "said": Sealed(_said(letter)),
        }  # fmt: skip
        with self.desk.store.write() as session:
            lease.guard(session)
            seq = self.desk.journal.intent(f"{SUBJECT}{kept.number}", body, session=session)
            next_due = self._next(kept.attempts + 1) or self.desk.clock.now()
            self.letters.begin(session, kept.number, seq, next_due)
            over = [(notice.number, Phase.OVER) for notice in listed if notice.over_at is not None]
            self.letters.add_lines(session, kept.number, kept.way, over)
        self.desk.crash("intent.after")
        return seq

    def _carried(self, way: Way, letter: Letter) -> ConnectorError | None:
        """What went wrong, or None."""
        try:
            self._couriers(way.delivery).carry(letter)
        except ConnectorError as error:
            return error
        return None

    def _outcome(self, lease: Lease, kept: KeptLetter, intent: int, failed: ConnectorError | None) -> None:
        self.desk.crash("outcome.before")
        now, attempts = self.desk.clock.now(), kept.attempts + 1
        try:
            with self.desk.store.write() as session:
                lease.guard(session)
                if failed is None:
                    self.desk.journal.outcome(intent, OutcomeResult.DONE, {"attempt": attempts}, session=session)
                    self.letters.end(session, kept.number, LetterState.SENT, now)
                else:
                    body = {"attempt": attempts, "error_code": failed.code, "error": Sealed(failed.message)}
                    self.desk.journal.outcome(intent, OutcomeResult.FAILED, body, session=session)
                    after = (failed.retry_after or 0.0) if isinstance(failed, TransientError) else 0.0
                    self.letters.fail(session, kept.number, failed.code, self._next(attempts, after), now)
        except JournalError as error:  # another process settled it meanwhile
            self.desk.notice(f"notices: {error.message}")
        self.desk.crash("outcome.after")

    def _next(self, attempts: int, at_least: float = 0.0) -> datetime | None:
        """When to try again after so many attempts, or None where that was the last."""
        if attempts > len(DELAYS):
            return None
        return self.desk.clock.now() + timedelta(seconds=max(DELAYS[attempts - 1], at_least))


def _for(notice: Notice, officer: Officer) -> bool:
    """Whether a notice is meant for this officer: what waits for a signature is the affair of the one who can give it."""
    return notice.subject is not Subject.APPROVALS or notice.key.startswith(f"{standing.APPROVALS}{officer.id}/")


def _untold(notice: Notice, told: Mapping[tuple[int, Phase], KeptLetter], now: datetime) -> list[tuple[int, Phase]]:
    """The lines that a way still lacks for a notice."""
    raised, over = (notice.number, Phase.RAISED), (notice.number, Phase.OVER)
    begun = told.get(raised)
    if begun is None or begun.state is LetterState.DROPPED:
        if now - notice.raised_at > TOLD_TO_NEW or (notice.over_at is not None and notice.subject not in ENDS):
            return []
        return [raised] if notice.over_at is None else [raised, over]
    ends = notice.over_at is not None and notice.subject in ENDS and over not in told
    return [over] if ends and begun.state is LetterState.SENT else []


def _said(letter: Letter) -> dict[str, str]:
    return {"to": letter.to, "subject": letter.subject, "text": letter.text}


__all__ = ["DELAYS", "SUBJECT", "Couriers", "Dispatch", "Way", "Wording"]
