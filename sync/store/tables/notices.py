"""Tables of notices: what officers have to hear of, and the letters that tell them.

No name of a person and no text of a letter stands here: accounts go by the vendor's id, matters by their random alias. A letter is worded when it
leaves, and what it said is sealed in the journal.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel

from policies.district import Subject
from sync.store.columns import EnumText, UtcText, one_of, whole
from sync.store.words import LetterState, Phase


class NoticeRow(SQLModel, table=True):
    """A thing that officers hear of once while it lasts. Written in the transaction of the finding; one row per key is open at a time."""

    __tablename__ = "notice"
    __table_args__ = (
        one_of("notice_subject", "subject", Subject),
        whole("notice_number", "number", 1),
        Index("notice_open_once", "district", "key", unique=True, sqlite_where=text("over_at IS NULL"), postgresql_where=text("over_at IS NULL")),
    )
    district: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    key: str
    subject: Subject = Field(sa_column=Column(EnumText(Subject), nullable=False))
    code: str
    tenant: str = ""
    """Empty for what concerns no one tenant."""
    matter: str | None = None
    """The matter's random alias, where the finding itself names one."""
    raised_at: datetime = Field(sa_type=UtcText)
    over_at: datetime | None = Field(default=None, sa_type=UtcText)
    document: str = "{}"
    """Ids, codes and counts, as canonical JSON."""


class LetterRow(SQLModel, table=True):
    """One letter to one officer by one way, until it was taken or given up."""

    __tablename__ = "letter"
    __table_args__ = (
        one_of("letter_state", "state", LetterState),
        whole("letter_number", "number", 1),
        whole("letter_attempts", "attempts"),
        Index("letter_due", "district", "state", "due_at"),
    )
    district: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    way: str
    officer: str
    state: LetterState = Field(sa_column=Column(EnumText(LetterState), nullable=False))
    made_at: datetime = Field(sa_type=UtcText)
    due_at: datetime = Field(sa_type=UtcText)
    attempts: int = Field(default=0, sa_type=BigInteger)
    ended_at: datetime | None = Field(default=None, sa_type=UtcText)
    error: str | None = None
    """The code of the last attempt that failed."""
    intent: int | None = Field(default=None, sa_type=BigInteger)
    """The journal's number of the attempt that is under way, or whose end nobody saw."""


class LetterLineRow(SQLModel, table=True):
    """That a letter tells an officer of a notice: once by each way while it lasts, and once when it is over."""

    __tablename__ = "letter_line"
    __table_args__ = (one_of("letter_line_phase", "phase", Phase), Index("letter_line_by_letter", "district", "letter"))
    district: str = Field(primary_key=True)
    way: str = Field(primary_key=True)
    notice: int = Field(primary_key=True, sa_type=BigInteger)
    phase: Phase = Field(sa_column=Column(EnumText(Phase), primary_key=True, nullable=False))
    letter: int = Field(sa_type=BigInteger)
