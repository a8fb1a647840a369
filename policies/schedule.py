"""The retention schedule: record series with their period, trigger, disposition and how far each row has been verified."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

import rfc8785
from pydantic import Field, field_validator, model_validator

from policies import forms
from policies.district import FolderModel
from policies.duties import Behaviour, Disposition
from policies.periods import PeriodKind, RetentionPeriod, RetentionTrigger, parse_period, parse_trigger

SeriesId = Annotated[str, Field(pattern=forms.LINE)]

PlanWord = Annotated[str, Field(min_length=1, max_length=64, pattern=forms.UNPADDED)]
"""A word of the file plan, as long as a platform takes it (docs/wire/file-plan.md)."""


class Verification(StrEnum):
    """Where a row's period comes from: the official schedule was read, somebody else's statement of it was, or nothing was."""

    VERIFIED = "verified"
    SECONDARY = "secondary"
    MEMORY = "memory"


class Media(StrEnum):
    """What the records of a series are made of; one schedule holds for all (ST-08, ST-12)."""

    ELECTRONIC = "electronic"
    PAPER = "paper"
    BOTH = "both"


class DataCategory(StrEnum):
    """Which law of access a series falls under (SF-06)."""

    PUBLIC = "public"
    EXEMPT = "exempt"
    EDUCATION_RECORD = "education_record"
    PERSONNEL = "personnel"
    HEALTH = "health"


class Retired(FolderModel):
    """The end of a series id, which is never used again."""

    on: date
    by: str
    successor: SeriesId | None = None


class RecordSeries(FolderModel):
    """One row of the schedule. ``period: unknown`` (or null) is a row that nobody may act on yet."""

    id: SeriesId
    title: Annotated[str, Field(min_length=1)]
    period: str | None
    trigger: str | None = "created"
    or_until: Literal["audited"] | None = None
    disposition: Disposition = Disposition.REVIEW
    behaviour: Behaviour = Behaviour.RETAIN
    """What its label makes of an item: kept, or locked as a record."""
    citation: str | None = None
    media: Media = Media.BOTH
    official_copy: str | None = None
    data_category: DataCategory | None = None
    verification: Verification = Verification.MEMORY
    official_number: str | None = None
    function: PlanWord | None = None
    department: PlanWord | None = None
    authority: PlanWord | None = None
    """What the records are about, whose they are, and on whose word they are kept, as the district's file plan calls it."""
    formerly: tuple[SeriesId, ...] = ()
    retired: Retired | None = None
    source: str | None = None
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _usual_disposition(cls, row: object) -> object:
        """A row that names no disposition: permanent and transitory records say it by their period, all others are reviewed."""
        if isinstance(row, dict) and "disposition" not in row:
            period = str(row.get("period")).strip().lower()
            usual = {"permanent": Disposition.PERMANENT, "none": Disposition.TRANSITORY}.get(period, Disposition.REVIEW)
            return {**row, "disposition": usual.value}
        return row

    @field_validator("period")
    @classmethod
    def _period(cls, text: str | None) -> str | None:
        parsed = parse_period(text)
        return None if parsed.kind is PeriodKind.UNKNOWN else parsed.text

    @field_validator("trigger")
    @classmethod
    def _trigger(cls, text: str | None) -> str | None:
        if text is not None:
            parse_trigger(text)
        return text

    @model_validator(mode="after")
    def _agrees(self) -> RecordSeries:
        kind = self.retention.kind
        if self.disposition is Disposition.PERMANENT and kind is PeriodKind.FINITE:
            raise ValueError(f"series {self.id} contradicts itself: disposition permanent with a period of {self.period}")
        if kind is PeriodKind.PERMANENT and self.disposition in {Disposition.TRANSITORY, Disposition.EXPUNGE}:
            raise ValueError(f"series {self.id} contradicts itself: period permanent with disposition {self.disposition.value}")
        if kind is PeriodKind.NONE and self.disposition is not Disposition.TRANSITORY:
            raise ValueError(f"series {self.id} contradicts itself: only transitory records have no period")
        if kind is PeriodKind.FINITE and self.disposition is Disposition.TRANSITORY:
            raise ValueError(f"series {self.id} contradicts itself: transitory records have no period, not {self.period}")
        if self.behaviour is Behaviour.RECORD and self.disposition is Disposition.TRANSITORY:
            raise ValueError(f"series {self.id} contradicts itself: what is transitory is never locked as a record")
        return self

    @property
    def retention(self) -> RetentionPeriod:
        """The period in days, or why there is none."""
        return parse_period(self.period)

    @property
    def counted_from(self) -> RetentionTrigger | None:
        """The trigger, or None where the row does not know it."""
        return None if self.trigger is None else parse_trigger(self.trigger)


class Pack(FolderModel):
    """A catalogue of rows to start from; a district confirms each row against the official schedule before it counts."""

    recordwarden: Annotated[int, Field(ge=1, le=1)]
    pack: str
    title: str
    edition: str
    authority: str
    notes: tuple[str, ...] = ()
    series: tuple[RecordSeries, ...]


_NOT_IN_DIGEST = frozenset({"id", "formerly", "retired", "verification", "source", "note", "function", "department", "authority"})


def row_digest(series: RecordSeries) -> str:
    """64 hex digits over what an officer confirms of a row: a changed row is unconfirmed again, a renamed or annotated one is not.

    A row that locks is another row; one that does not says nothing of it, so that what was confirmed before there was the choice stays so.
    """
    plain = {"behaviour"} if series.behaviour is Behaviour.RETAIN else set()
    row = series.model_dump(mode="json", exclude={*_NOT_IN_DIGEST, *plain})
    return hashlib.sha256(rfc8785.dumps(row)).hexdigest()


def is_confirmed(series: RecordSeries, confirmed: Mapping[str, str]) -> bool:
    """Whether the row as it stands was confirmed, under its own id or one that it had before."""
    digest = row_digest(series)
    return any(confirmed.get(id_) == digest for id_ in (series.id, *series.formerly))
