"""Notices and letters in the store: what officers have to hear of, and how far each letter has come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, func, select

from policies.district import Subject
from sync.store import Store
from sync.store.documents import dump, load_object
from sync.store.tables.notices import LetterLineRow, LetterRow, NoticeRow
from sync.store.words import LetterState, Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """Something that officers have to hear of. ``key`` names it for as long as it lasts; ``document`` holds ids, codes and counts, never a name."""

    key: str
    subject: Subject
    code: str
    tenant: str = ""
    matter: str | None = None
    document: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as the store has it (``NoticeRow``)."""

    number: int
    key: str
    subject: Subject
    code: str
    tenant: str
    matter: str | None
    raised_at: datetime
    over_at: datetime | None
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """A letter as the store has it (``LetterRow``), with the notices that it tells of."""

    number: int
    way: str
    officer: str
    state: LetterState
    made_at: datetime
    due_at: datetime
    attempts: int
    ended_at: datetime | None
    error: str | None
    intent: int | None
    notices: tuple[int, ...] = ()


class Notices:
    """Reads and writes the notices of one district; raising and ending happen in the transaction of the finding."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def note(self, session: Session, raised: Raised, now: datetime) -> None:
        """Keep something that officers have to hear of; what is known already under its key, and not over, is kept once."""
        if self._open_row(session, raised.key) is not None:
            return
        number = (session.exec(select(func.max(NoticeRow.number)).where(NoticeRow.district == self.store.district)).one() or 0) + 1
        session.add(
            NoticeRow(
                district=self.store.district,
                number=number,
                key=raised.key,
                subject=raised.subject,
                code=raised.code,
                tenant=raised.tenant,
                matter=raised.matter,
                raised_at=now,
                document=dump(dict(raised.document)),
            )
        )
        session.flush()

    def end(self, session: Session, keys: Iterable[str], now: datetime) -> None:
        """What is known under ``keys`` is over."""
        for key in keys:
            row = self._open_row(session, key)
            if row is not None:
                row.over_at = now
                session.add(row)

    def open(self, session: Session, prefix: str = "") -> tuple[Notice, ...]:
        """What is not over, of keys that begin with ``prefix``."""
        query = select(NoticeRow).where(NoticeRow.district == self.store.district, col(NoticeRow.over_at).is_(None))
        if prefix:
            query = query.where(col(NoticeRow.key).startswith(prefix, autoescape=True))
        return tuple(_notice(row) for row in session.exec(query.order_by(col(NoticeRow.number))).all())

    def of(self, session: Session, numbers: Iterable[int]) -> tuple[Notice, ...]:
        """The notices of those numbers, in order."""
        query = select(NoticeRow).where(NoticeRow.district == self.store.district, col(NoticeRow.number).in_(list(numbers)))
        return tuple(_notice(row) for row in session.exec(query.order_by(col(NoticeRow.number))).all())

    def since(self, session: Session, begin: datetime) -> tuple[Notice, ...]:
        """What was raised after ``begin``, or is over since."""
        query = select(NoticeRow).where(
            NoticeRow.district == self.store.district, (col(NoticeRow.raised_at) >= begin) | (col(NoticeRow.over_at) >= begin)
        )
        return tuple(_notice(row) for row in session.exec(query.order_by(col(NoticeRow.number))).all())

    def _open_row(self, session: Session, key: str) -> NoticeRow | None:
        query = select(NoticeRow).where(NoticeRow.district == self.store.district, NoticeRow.key == key, col(NoticeRow.over_at).is_(None))
        return session.exec(query).first()


class Letters:
    """Reads and writes the letters of one district."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def told(self, session: Session, way: str, notices: Iterable[int]) -> Mapping[tuple[int, Phase], KeptLetter]:
        """By notice and phase the letter that tells of it by ``way``."""
        query = select(LetterLineRow).where(
            LetterLineRow.district == self.store.district, LetterLineRow.way == way, col(LetterLineRow.notice).in_(list(notices))
        )
        lines = session.exec(query).all()
        letters = {one.number: one for one in self._letters(session, numbers={line.letter for line in lines})}
        return {(line.notice, line.phase): letters[line.letter] for line in lines}

    def make(self, session: Session, way: str, officer: str, lines: Iterable[tuple[int, Phase]], now: datetime) -> int:
        """The number of a new letter that waits to be sent. A line that an earlier letter could not bring is taken over."""
        number = (session.exec(select(func.max(LetterRow.number)).where(LetterRow.district == self.store.district)).one() or 0) + 1
        session.add(
            LetterRow(district=self.store.district, number=number, way=way, officer=officer, state=LetterState.WAITING, made_at=now, due_at=now)
        )
        self.add_lines(session, number, way, lines)
        return number

    def add_lines(self, session: Session, letter: int, way: str, lines: Iterable[tuple[int, Phase]]) -> None:
        """Let a letter tell of more."""
        for notice, phase in lines:
            session.merge(LetterLineRow(district=self.store.district, way=way, notice=notice, phase=phase, letter=letter))
        session.flush()

    def waiting(self) -> tuple[KeptLetter, ...]:
        """The letters that wait, the one longest due first."""
        with self.store.read() as session:
            return tuple(sorted(self._letters(session, states=(LetterState.WAITING,)), key=lambda one: (one.due_at, one.number)))

    def begin(self, session: Session, number: int, intent: int, next_due: datetime) -> None:
        """An attempt is about to be made; should nobody see its end, the next is due at ``next_due``."""
        row = self._row(session, number)
        row.attempts, row.intent, row.due_at = row.attempts + 1, intent, next_due
        session.add(row)

    def fail(self, session: Session, number: int, error: str, due_at: datetime | None, now: datetime) -> None:
        """The attempt failed; without ``due_at`` there is no further one."""
        row = self._row(session, number)
        row.error, row.intent = error, None
        if due_at is None:
            row.state, row.ended_at = LetterState.GIVEN_UP, now
        else:
            row.due_at = due_at
        session.add(row)

    def end(self, session: Session, number: int, state: LetterState, now: datetime) -> None:
        """The letter was sent, or stands for nothing any more."""
        row = self._row(session, number)
        row.state, row.ended_at, row.intent = state, now, None
        row.error = None if state is LetterState.SENT else row.error
        session.add(row)

    def troubled(self) -> tuple[KeptLetter, ...]:
        """Letters that were tried in vain and, by the same way, nothing has been sent since."""
        with self.store.read() as session:
            rows = self._letters(session, states=(LetterState.WAITING, LetterState.GIVEN_UP, LetterState.SENT))
        sent: dict[str, datetime] = {}
        for one in rows:
            if one.state is LetterState.SENT and one.ended_at is not None:
                sent[one.way] = max(one.ended_at, sent.get(one.way, one.ended_at))
        return tuple(
            one
            for one in rows
            if (one.state is LetterState.WAITING and one.attempts)
            or (one.state is LetterState.GIVEN_UP and one.ended_at is not None and (one.way not in sent or sent[one.way] < one.ended_at))
        )

    def counts(self) -> Mapping[LetterState, int]:
        """How many letters stand in each state."""
        query = select(LetterRow.state, func.count()).where(LetterRow.district == self.store.district).group_by(col(LetterRow.state))
        with self.store.read() as session:
            found = session.exec(query).all()
        return {state: sum(number for one, number in found if one is state) for state in LetterState}

    def last_sent(self) -> datetime | None:
        """When the last letter was taken."""
        query = select(func.max(LetterRow.ended_at)).where(LetterRow.district == self.store.district, LetterRow.state == LetterState.SENT)
        with self.store.read() as session:
            return session.exec(query).one()

    def _letters(self, session: Session, *, states: tuple[LetterState, ...] = (), numbers: Iterable[int] | None = None) -> list[KeptLetter]:
        query = select(LetterRow).where(LetterRow.district == self.store.district)
        if states:
            query = query.where(col(LetterRow.state).in_(states))
        if numbers is not None:
            query = query.where(col(LetterRow.number).in_(list(numbers)))
        rows = session.exec(query.order_by(col(LetterRow.number))).all()
        open_ones = [row.number for row in rows if row.state is LetterState.WAITING]
        lines = session.exec(
            select(LetterLineRow).where(LetterLineRow.district == self.store.district, col(LetterLineRow.letter).in_(open_ones))
        ).all()
        return [_letter(row, tuple(sorted({line.notice for line in lines if line.letter == row.number}))) for row in rows]

    def _row(self, session: Session, number: int) -> LetterRow:
        return session.get_one(LetterRow, (self.store.district, number))


def _notice(row: NoticeRow) -> Notice:
    return Notice(
        number=row.number,
        key=row.key,
        subject=row.subject,
        code=row.code,
        tenant=row.tenant,
        matter=row.matter,
        raised_at=row.raised_at,
        over_at=row.over_at,
        document=load_object(row.document),
    )


def _letter(row: LetterRow, notices: tuple[int, ...]) -> KeptLetter:
    return KeptLetter(
        number=row.number,
        way=row.way,
        officer=row.officer,
        state=row.state,
        made_at=row.made_at,
        due_at=row.due_at,
        attempts=row.attempts,
        ended_at=row.ended_at,
        error=row.error,
        intent=row.intent,
        notices=notices,
    )
