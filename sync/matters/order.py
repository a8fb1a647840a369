"""``matter.yaml`` as values: who is on hold, which sources, since when, by whose order. The contract's *matter.yaml*."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from policies import forms
from policies.district import FolderModel
from policies.kinds import Workload

Address = Annotated[str, Field(pattern=forms.ADDRESS)]


def _day(value: object) -> object:
    """A day that was written stays a day; anything else is left to what comes next. Raises ValueError for a day that no calendar has."""
    return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2026-09-14") else value


Instant = Annotated[datetime | date, BeforeValidator(_day)]


class MatterKind(StrEnum):
    """Why data is preserved."""

    LITIGATION = "litigation"
    FOI = "foi"
    AUDIT = "audit"
    INVESTIGATION = "investigation"
    DUE_PROCESS = "due_process"
    RECORDS_REQUEST = "records_request"
    GRIEVANCE = "grievance"
    CLAIM = "claim"


class LineKind(StrEnum):
    """The six ways to say who is on hold."""

    ADDRESS = "address"
    GROUP = "group"
    SCHOOL = "school"
    ROLE = "role"
    OU = "ou"
    CSV = "csv"


class PersonLine(FolderModel):
    """One line of ``people``: an address (with other addresses of the same person), a group, a school, a role of the policy, a unit, or a list."""

    address: Address | None = None
    also: tuple[Address, ...] = ()
    group: str | None = None
    school: str | None = None
    role: str | None = None
    ou: Annotated[
        str | None,
        Field(pattern=forms.UNIT, description="Google Workspace: an organisational unit by its path, held as a unit, never the root."),
    ] = None
    csv: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if len(self._given()) != 1:
            raise ValueError("a line of people says exactly one of address, group, school, role, ou, csv")
        if self.ou is not None and not self.ou.strip().strip("/"):
            raise ValueError("the whole organisation is not put on hold, for no account could be deleted meanwhile: name a unit below the root")
        if self.also and self.address is None:
            raise ValueError("also goes with an address: it names the same person's other addresses")
        return self

    def _given(self) -> list[tuple[LineKind, str]]:
        return [(kind, text) for kind in LineKind if (text := getattr(self, kind.value))]

    @property
    def kind(self) -> LineKind:
        """Which of the six ways it is."""
        return self._given()[0][0]

    @property
    def text(self) -> str:
        """What stands behind it, as written."""
        return self._given()[0][1]

    @property
    def id(self) -> str:
        """``kind:text`` in lower case: equal for equal lines."""
        return f"{self.kind.value}:{self.text.strip().lower()}"


class SourceLine(FolderModel):
    """One entry of ``sources``: a word (``mail``, ``drive``, ...) for everybody on hold, or one group, site or shared drive by itself."""

    workload: Workload | None = None
    group: str | None = None
    site: str | None = None
    shared_drive: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: object) -> object:
        return {"workload": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if self.workload is Workload.LITIGATION_HOLD:
            raise ValueError("litigation hold is no source: ask for it beside the sources, with `litigation_hold: true`")
        if self.workload is Workload.PAPER:
            raise ValueError("paper is not a source of an account: list the places under `paper`, with what and where")
        if len([one for one in (self.workload, self.group, self.site, self.shared_drive) if one]) != 1:
            raise ValueError("a source is a word, or exactly one of group, site, shared_drive")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """A word or an object, as the text has it."""
        words = [one.value for one in Workload if one not in {Workload.PAPER, Workload.LITIGATION_HOLD}]
        places = {name: {"type": "string"} for name in ("group", "site", "shared_drive")}
        one_place = {"type": "object", "properties": places, "additionalProperties": False, "minProperties": 1, "maxProperties": 1}
        return {"anyOf": [{"enum": words}, one_place]}

    @property
    def place(self) -> Workload | None:
        """What sort of place it is; None for a word."""
        if self.workload:
            return None
        return Workload.GROUP if self.group else Workload.SITE if self.site else Workload.SHARED_DRIVE

    @property
    def text(self) -> str:
        """The address, URL or id of a place."""
        return (self.group or self.site or self.shared_drive or "").strip()


class PaperLine(FolderModel):
    """Records on paper: what they are, where they lie, who answers for them, and when they were secured."""

    what: str
    where: str
    responsible: str | None = None
    secured_on: Instant | None = None


class DateRange(FolderModel):
    """The days that the matter is about; both ends count, an open end is left out."""

    from_: date | None = Field(default=None, alias="from")
    to: date | None = None

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.from_ and self.to and self.to < self.from_:
            raise ValueError("the range ends before it begins")
        return self


class Silent(FolderModel):
    """The hold is not announced to the people on it, and why."""

    reason: str


class MatterOrder(FolderModel):
    """A hold order. Four answers are enough: who ordered it, who is on hold, from when, and an alias (made up when left out)."""

    alias: Annotated[str, Field(pattern=forms.ALIAS)] | None = None
    name: str | None = None
    kind: MatterKind | None = None
    trigger: str | None = None
    triggered_on: Instant | None = None
    received_on: Instant | None = None
    passed_to_counsel_on: Instant | None = None
    ordered_on: Instant | None = None
    ordered_by: str | None = None
    counsel: str | None = None
    issues: str | tuple[str, ...] | None = None
    range: DateRange = DateRange()
    terms: str | None = None
    people: tuple[PersonLine, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    litigation_hold: Annotated[
        bool,
        Field(description="Microsoft 365: put each mailbox on litigation hold too, a second belt. Only a release switches off what we switched on."),
    ] = False
    paper: tuple[PaperLine, ...] = ()
    silent: Silent | None = None

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.people and not self.paper and not self.places:
            raise ValueError("nobody and nothing is named: add `people`, `paper`, or a place under `sources`")
        return self

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """The sources that are named by sort; empty means the usual ones of each cloud."""
        return tuple(dict.fromkeys(one.workload for one in self.sources if one.workload))

    @property
    def places(self) -> tuple[SourceLine, ...]:
        """The groups, sites and shared drives that are named."""
        return tuple(one for one in self.sources if one.place)
