"""From rules to duties, and what keeps a duty from being written."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.compiler import compile_policy, label_keys, label_name
from policies.duties import Carrier, Disposition, Duty, Filing
from policies.effects import FOREVER, Clock
from policies.folder import Folder
from policies.kinds import Workload
from policies.schedule import RecordSeries, row_digest
from tests.unit.policies.folders import POLICY, bent, load, problems_of


def confirmed(folder: Folder) -> dict[str, str]:
    return {row.id: row_digest(row) for row in folder.policy.series}


def duties(folder: Folder, *, all_confirmed: bool = True) -> tuple[Duty, ...]:
    return compile_policy(folder.policy, folder.district, confirmed(folder) if all_confirmed else {})


def test_one_duty_for_each_rule_and_workload(tmp_path: Path) -> None:
    first, second = duties(load(tmp_path))
    assert (first.workload, second.workload) == (Workload.MAIL, Workload.DRIVE)
    assert (first.line, first.series, first.title, first.carrier) == ("R1", "COR-02", "Routine correspondence", Carrier.POLICY)
    assert (first.term, first.clock, first.event) == (731, Clock.CREATED, None)
    assert (first.disposition, first.citation, first.blocked) == (Disposition.REVIEW, "M1", None)
    assert first.population.id == "staff"
    assert (first.because.line, first.because.series, first.because.file, first.because.row) == ("R1", "COR-02", "policy.yaml", 12)
    assert first.label_keys == ("label-cor-02",)
    assert first.label_name == "COR-02 Routine correspondence"


def test_where_the_schedule_puts_a_row_goes_with_its_duties(tmp_path: Path) -> None:
    row = "official_number: M1-170, function: Correspondence, department: Board office, authority: State Library, verification: secondary"
    (first, _second) = duties(load(tmp_path, policy=bent(POLICY, "verification: secondary", row)))
    assert first.filing == Filing(number="M1-170", function="Correspondence", department="Board office", authority="State Library")
    assert duties(load(tmp_path / "b"))[0].filing == Filing()


def test_a_row_that_locks_is_another_row_and_one_that_says_what_is_usual_is_not(tmp_path: Path) -> None:
    before = confirmed(load(tmp_path / "a"))
    for name, behaviour, blocked in (("b", "retain", None), ("c", "record", "series.unconfirmed")):
        folder = load(tmp_path / name, policy=bent(POLICY, "disposition: review", f"disposition: review, behaviour: {behaviour}"))
        found = compile_policy(folder.policy, folder.district, before)
        assert {(duty.behaviour.value, duty.blocked) for duty in found} == {(behaviour, blocked)}


def test_what_is_transitory_is_never_locked(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, policy=bent(POLICY, "disposition: transitory}", "disposition: transitory, behaviour: record}"))
    assert "never locked as a record" in problems[0].message


@pytest.mark.parametrize("known", [None, {}, {"COR-02": "0" * 64}])
def test_an_unconfirmed_row_writes_nothing(tmp_path: Path, known: dict[str, str] | None) -> None:
    folder = load(tmp_path)
    assert {duty.blocked for duty in compile_policy(folder.policy, folder.district, known)} == {"series.unconfirmed"}


def test_a_changed_row_is_blocked_again(tmp_path: Path) -> None:
    before = confirmed(load(tmp_path / "a"))
    folder = load(tmp_path / "b", policy=bent(POLICY, "2 years", "3 years"))
    assert {duty.blocked for duty in compile_policy(folder.policy, folder.district, before)} == {"series.unconfirmed"}


def test_a_renamed_row_keeps_its_confirmation_and_its_label(tmp_path: Path) -> None:
    before = confirmed(load(tmp_path / "a"))
    policy = bent(bent(POLICY, "id: COR-02,", "id: MAIL-02, formerly: [COR-02],"), "series: COR-02", "series: MAIL-02")
    folder = load(tmp_path / "b", policy=policy)
    renamed = compile_policy(folder.policy, folder.district, before)
    assert {duty.blocked for duty in renamed} == {None}
    assert renamed[0].label_keys == ("label-mail-02", "label-cor-02")


@pytest.mark.parametrize(
    ("old", "new", "blocked"),
    [
        ("period: 2 years", "period: unknown", "series.period_unknown"),
        ("trigger: created", "trigger: null", "series.trigger_unknown"),
        ("verification: secondary", "verification: secondary, retired: {on: 2026-01-01, by: custodian}", "series.retired"),
    ],
)
def test_a_row_that_no_confirmation_can_free(tmp_path: Path, old: str, new: str, blocked: str) -> None:
    found = duties(load(tmp_path, policy=bent(POLICY, old, new)))
    assert {duty.blocked for duty in found} == {blocked}


def test_an_unknown_period_counts_as_for_ever(tmp_path: Path) -> None:
    found = duties(load(tmp_path, policy=bent(POLICY, "period: 2 years", "period: unknown")))
    assert {duty.term for duty in found} == {FOREVER}


@pytest.mark.parametrize(("listed", "blocked"), [("[]", "series.transitory_off"), ("[COR-01]", None)])
def test_a_transitory_row_waits_until_the_district_lists_it(tmp_path: Path, listed: str, blocked: str | None) -> None:
    rule = "{id: R1, series: COR-01, population: staff, workloads: [mail], carrier: label}"
    policy = bent(POLICY, "{id: R1, series: COR-02, population: staff, workloads: [mail, drive], carrier: policy}", rule)
    (duty,) = duties(load(tmp_path, policy=bent(policy, "deviations: []", f"transitory: {listed}")))
    assert (duty.blocked, duty.transitory_enabled) == (blocked, blocked is None)
    assert (duty.term, duty.clock) == (30, Clock.LABELLED), "a period that a platform takes, and counted from the person's own act"


def test_an_event_is_carried_by_name(tmp_path: Path) -> None:
    found = duties(load(tmp_path, policy=bent(POLICY, "trigger: created", 'trigger: "event:case-closed"')))
    assert {(duty.clock, duty.event) for duty in found} == {(Clock.EVENT, "case-closed")}


def test_a_policy_that_was_not_loaded_may_name_nothing(tmp_path: Path) -> None:
    folder = load(tmp_path)
    without = folder.policy.model_copy(update={"populations": {}})
    with pytest.raises(KeyError):
        compile_policy(without, folder.district, None)
    assert without.row_of("R1") == 12


def test_a_long_title_is_cut_for_the_label_and_a_long_id_for_the_key() -> None:
    row = RecordSeries(id="A" * 40, title="word " * 20, period="1 year")
    assert len(label_name(row)) <= 64
    assert not label_name(row).endswith(" ")
    (key,) = label_keys(row)
    assert len(key) <= 40
    assert key != label_keys(RecordSeries(id="A" * 39 + "B", title="t", period="1 year"))[0]
