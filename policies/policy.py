"""``policy.yaml`` as values: the adopted policy, its schedule, populations, rules, controls and deviations. The contract's *Files* section."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import rfc8785
from pydantic import Field, PrivateAttr, field_validator, model_validator

from policies import forms
from policies.controls import ControlDuty, Verify
from policies.district import FolderModel
from policies.duties import Behaviour, Carrier, Population, StandingValue
from policies.kinds import Workload
from policies.problems import Where
from policies.schedule import Pack, RecordSeries, SeriesId
from policies.selectors import PopulationForm

LineId = Annotated[str, Field(pattern=forms.LINE)]
Obligation = Annotated[str, Field(pattern=forms.OBLIGATION)]


class Method(StrEnum):
    """How a control can be shown (L legend): enforced by configuration, verified by reading, attested by a person, or out of reach."""

    ENFORCED = "E"
    VERIFIED = "V"
    ATTESTED = "A"
    OUT_OF_REACH = "X"


class AdoptedPolicy(FolderModel):
    """The policy as the board adopted it. ``citations`` are its legal references as printed there, the outdated ones too."""

    title: str
    number: str | None = None
    adopted: date
    review_by: date | None = None
    citations: tuple[str, ...] = ()
    cross_references: tuple[str, ...] = ()


class Schedule(FolderModel):
    """Packs of rows to start from and the district's own rows; a row of the district replaces a pack's row of the same id whole."""

    packs: tuple[str, ...] = ()
    series: tuple[RecordSeries, ...] = ()


class Rule(FolderModel):
    """One line of the policy as it bears on the platforms: these records of these people are kept as that series says."""

    id: LineId
    series: SeriesId
    population: str
    workloads: tuple[Workload, ...] = Field(min_length=1)
    carrier: Carrier
    note: str | None = None

    @field_validator("workloads")
    @classmethod
    def _on_a_platform(cls, workloads: tuple[Workload, ...]) -> tuple[Workload, ...]:
        if Workload.PAPER in workloads:
            raise ValueError("paper is no workload of a platform: a series with media paper says where it stands")
        if Workload.LITIGATION_HOLD in workloads:
            raise ValueError("litigation_hold is no workload of a rule: an order for a hold asks for it")
        if len(set(workloads)) != len(workloads):
            raise ValueError("names a workload twice")
        return workloads


class HoldRule(FolderModel):
    """The line of the policy that orders records to be preserved for litigation. Matters themselves are never in the folder."""

    id: LineId
    text: str
    basis: str
    serves: tuple[Obligation, ...] = ()


_LATER = frozenset({"population", "verify", "besides"})
"""Words of a control that the first release did not have."""
_LATER_OF_ROWS = frozenset({"function", "department", "authority"})
"""The same of a row."""
_CLAIMABLE = frozenset({StandingValue.GAP, StandingValue.NOT_ENFORCEABLE, StandingValue.NOT_LICENSED, StandingValue.UNKNOWN})


class Control(FolderModel):
    """One duty of the policy that is shown in a way of its own. ``text`` is what the policy says, ``serves`` the obligations it stands for.

    The folder can only say what is *not* known to hold; that something is enforced, verified or attested is found out, never written here.
    ``verify`` names the settings that show it, for the people of ``population`` (everybody without one); ``besides`` says what of the duty no
    setting shows, so that a signed statement has to stand for it too.
    """

    id: LineId
    text: str
    serves: tuple[Obligation, ...] = Field(min_length=1)
    basis: str
    method: Method
    standing: StandingValue = StandingValue.UNKNOWN
    reason: str | None = None
    population: str | None = None
    verify: Verify | None = None
    besides: str | None = None

    @model_validator(mode="after")
    def _only_beside_settings(self) -> Control:
        alone = [name for name in ("population", "besides") if getattr(self, name) is not None]
        if self.verify is None and alone:
            raise ValueError(f"has {' and '.join(alone)} without verify: nothing is read for it")
        if self.verify is not None and self.method not in {Method.VERIFIED, Method.ATTESTED}:
            raise ValueError(f"has verify and method {self.method.value}: reading has method V, or A where a signed statement stands beside it")
        return self

    @field_validator("standing")
    @classmethod
    def _not_claimed(cls, standing: StandingValue) -> StandingValue:
        if standing not in _CLAIMABLE:
            known = ", ".join(sorted(value.value for value in _CLAIMABLE))
            raise ValueError(f"'{standing.value}' cannot be claimed in the folder, it has to be found out; write one of {known}")
        return standing


class AcceptedDeviation(FolderModel):
    """A deviation that the district accepts for a time: of a rule or control, with owner, reason and expiry. Never of a hold."""

    id: LineId
    line: LineId
    owner: str
    reason: str
    until: date


def _said(control: Mapping[str, object]) -> dict[str, object]:
    """A control without the words that it does not say, so that a policy written before there were such words keeps its digest."""
    said = {name: value for name, value in control.items() if name not in _LATER or value is not None}
    verify = said.get("verify")
    return {**said, "verify": {name: wish for name, wish in verify.items() if wish is not None}} if isinstance(verify, Mapping) else said


def _row(series: Mapping[str, object]) -> dict[str, object]:
    """A row of the schedule without the words of the file plan that it does not say, nor that it only retains; for the same reason."""
    said = {name: value for name, value in series.items() if name not in _LATER_OF_ROWS or value is not None}
    return {name: value for name, value in said.items() if (name, value) != ("behaviour", Behaviour.RETAIN.value)}


class Policy(FolderModel):
    """``policy.yaml``, with the packs that it names once the folder has been loaded."""

    recordwarden: Annotated[int, Field(ge=1, le=1)]
    policy: AdoptedPolicy
    schedule: Schedule = Schedule()
    populations: dict[str, PopulationForm] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    hold_rule: HoldRule | None = None
    controls: tuple[Control, ...] = ()
    deviations: tuple[AcceptedDeviation, ...] = ()
    transitory: tuple[SeriesId, ...] = ()

    _packs: tuple[Pack, ...] = PrivateAttr(default=())
    _rows: Mapping[str, Where] = PrivateAttr(default_factory=dict)

    def with_packs(self, packs: tuple[Pack, ...], rows: Mapping[str, Where]) -> Policy:
        """The same policy with the packs it names and the place of each rule (by id)."""
        whole = self.model_copy()
        whole._packs, whole._rows = packs, rows  # noqa: SLF001 - a copy of our own
        return whole

    @property
    def series(self) -> tuple[RecordSeries, ...]:
        """Every row in force: the packs' in order, each replaced by the district's row of the same id, then the district's other rows."""
        own = {row.id: row for row in self.schedule.series}
        rows: dict[str, RecordSeries] = {}
        for pack in self._packs:
            rows.update({row.id: row for row in pack.series if row.id not in rows})
        return tuple({**rows, **own}.values())

    def series_of(self, series_id: str) -> RecordSeries | None:
        """The row of that id, or None."""
        return next((row for row in self.series if row.id == series_id), None)

    def population_of(self, population_id: str) -> Population | None:
        """The population of that id, or None."""
        form = self.populations.get(population_id)
        return None if form is None else form.population(population_id)

    def row_of(self, rule_id: str) -> int | None:
        """The line of ``policy.yaml`` on which the rule stands, if it was read from there."""
        where = self._rows.get(rule_id)
        return where.line if where else None

    def control_duties(self) -> tuple[ControlDuty, ...]:
        """The controls that settings can show, in the policy's order."""
        return tuple(
            ControlDuty(line=one.id, population=self.population_of(one.population) if one.population else None, wishes=one.verify.wishes)
            for one in self.controls
            if one.verify is not None
        )

    @property
    def digest(self) -> str:
        """``sha256:`` and 64 hex digits over the canonical normal form: order of rows, comments and layout do not count, the packs' rows do."""
        form = self.model_dump(mode="json", by_alias=True)
        form["controls"] = [_said(row) for row in form["controls"]]
        for listed in ("rules", "controls", "deviations"):
            form[listed] = sorted(form[listed], key=lambda row: str(row["id"]))
        form["transitory"] = sorted(form["transitory"])
        form["schedule"] = sorted((_row(row.model_dump(mode="json")) for row in self.series), key=lambda row: str(row["id"]))
        return "sha256:" + hashlib.sha256(rfc8785.dumps(form)).hexdigest()
