"""What ``check`` says of folders that load."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from policies.check import CheckResult, check
from policies.citations import SUPERSEDED, superseded_in
from policies.duties import StandingValue
from policies.problems import Problem, Severity
from policies.schedule import Verification, row_digest
from tests.unit.policies.folders import DISTRICT, PACKED, POLICY, bent, load

TODAY = date(2026, 11, 2)
KEYS = ["ed25519:" + letter * 43 + "=" for letter in "AB"]


def checked(home: Path, policy: str = POLICY, *, district: str = DISTRICT, confirm: bool = True, today: date | None = TODAY) -> CheckResult:
    folder = load(home, policy=policy, district=district)
    known = {row.id: row_digest(row) for row in folder.policy.series} if confirm else None
    return check(folder, known, today)


def of(result: CheckResult, code: str) -> list[Problem]:
    return [problem for problem in result.problems if problem.code == code]


def lines(found: list[Problem]) -> list[int | None]:
    return [problem.where.line for problem in found if problem.where]


def test_rows_and_controls_as_the_contract_prints_them(tmp_path: Path) -> None:
    policy = bent(POLICY, "controls: []", "controls:\n  - {id: C1, text: t, serves: [ST-27], basis: b, method: A, reason: r}")
    result = checked(tmp_path, policy)
    routine = next(row for row in result.series if row.id == "COR-02")
    assert (routine.title, routine.verification, routine.confirmed, routine.official_number) == (
        "Routine correspondence",
        Verification.SECONDARY,
        True,
        None,
    )
    assert (routine.period, routine.used) == ("2 years (731 days)", True)
    (control,) = result.controls
    assert (control.id, control.serves, control.standing, control.method) == ("C1", ("ST-27",), StandingValue.UNKNOWN, "A")


def test_a_tenant_that_nobody_can_sign_in_to_is_told(tmp_path: Path) -> None:
    found = of(checked(tmp_path), "credential.missing")
    assert [(one.severity, one.tenant) for one in found] == [(Severity.WARNING, "m365"), (Severity.WARNING, "google")]
    assert "for reading and writing: no run can ask it anything" in found[0].message


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("credential: {managed_identity: true}", None),
        ("credentials: {read: {managed_identity: true}, write: {managed_identity: true}}", None),
        ("credentials: {read: {managed_identity: true}}", "for writing"),
    ],
)
def test_separate_credentials_for_reading_and_writing_count(tmp_path: Path, given: str, says: str | None) -> None:
    found = [one for one in of(checked(tmp_path, district=bent(DISTRICT, "id: m365", f"id: m365, {given}")), "credential.missing") if one.tenant == "m365"]
    assert [one.message.endswith(says or "") for one in found] == ([True] if says else [])


def test_without_a_store_confirmed_is_not_known(tmp_path: Path) -> None:
    result = checked(tmp_path, confirm=False)
    assert {row.confirmed for row in result.series} == {None}
    assert of(result, "series.unconfirmed") == []
    assert [problem.subject for problem in of(result, "series.unverified")] == ["COR-02"]


def test_confirmed_rows_are_verified_enough(tmp_path: Path) -> None:
    result = checked(tmp_path)
    assert of(result, "series.unverified") == of(result, "series.unconfirmed") == []


def test_an_unconfirmed_row_that_a_rule_uses(tmp_path: Path) -> None:
    (problem,) = of(check(load(tmp_path), {}, TODAY), "series.unconfirmed")
    assert problem.severity is Severity.WARNING
    assert "R1" in problem.message
    assert "series confirm COR-02" in problem.next_step


def test_rows_that_rest_on_memory_say_so(tmp_path: Path) -> None:
    (problem,) = of(checked(tmp_path, bent(POLICY, "verification: secondary", "verification: memory"), confirm=False), "series.unverified")
    assert "rests on memory" in problem.message
    assert of(checked(tmp_path, bent(POLICY, "verification: secondary", "verification: verified"), confirm=False), "series.unverified") == []


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("period: 2 years", "period: unknown", "series.period_unknown", "no known period"),
        ("trigger: created", "trigger: null", "series.period_unknown", "no known period or trigger"),
        ("verification: secondary", "retired: {on: 2026-01-01, by: b, successor: COR-09}", "series.retired", "successor is COR-09"),
        ("verification: secondary", "retired: {on: 2026-01-01, by: b}", "series.retired", "nothing is written"),
        ("verification: secondary", "or_until: audited", "series.or_until", "no platform waits for an audit"),
    ],
)
def test_a_row_with_something_to_say(tmp_path: Path, old: str, new: str, code: str, says: str) -> None:
    (problem,) = of(checked(tmp_path, bent(POLICY, old, new)), code)
    assert says in problem.message
    assert lines([problem]) == [12], "where the rule uses it"


def test_rows_and_populations_that_no_rule_uses(tmp_path: Path) -> None:
    policy = bent(POLICY, "rules:", "  board: {m365: {group: b@d}}\nrules:")
    result = checked(tmp_path, policy)
    assert [problem.subject for problem in of(result, "series.unused")] == ["COR-01"]
    assert [problem.subject for problem in of(result, "population.unused")] == ["board"]
    assert of(checked(tmp_path, bent(POLICY, "deviations: []", "transitory: [COR-01]")), "series.unused") == []
    assert [p.subject for p in of(checked(tmp_path, PACKED), "series.unused")] == ["COR-01"], "of a pack nobody need use every row"


def test_rules_that_keep_one_place_for_different_periods(tmp_path: Path) -> None:
    third = bent(POLICY, "    - {id: COR-01", "    - {id: X-3, title: t, period: permanent}\n    - {id: COR-01")
    policy = bent(third, "controls: []", "  - {id: R2, series: X-3, population: staff, workloads: [drive, chat], carrier: policy}\ncontrols: []")
    (problem,) = of(checked(tmp_path, policy), "rule.overlap")
    assert problem.severity is Severity.INFO
    assert "R1, R2 keep all drive of staff" in problem.message
    assert "the longest (R2) decides" in problem.message
    unknown = bent(policy, "period: permanent", "period: unknown")
    assert "the longest (R1)" in of(checked(tmp_path, unknown), "rule.overlap")[0].message
    by_label = bent(policy, "[drive, chat], carrier: policy", "[drive, chat], carrier: label")
    assert of(checked(tmp_path, by_label), "rule.overlap") == []


def test_a_row_that_locks_needs_a_label(tmp_path: Path) -> None:
    locks = bent(POLICY, "disposition: review", "disposition: review, behaviour: record")
    (problem,) = of(checked(tmp_path, locks), "rule.record_unlabelled")
    assert (problem.severity, problem.subject) == (Severity.WARNING, "R1")
    assert of(checked(tmp_path, bent(locks, "carrier: policy", "carrier: label")), "rule.record_unlabelled") == []
    assert of(checked(tmp_path), "rule.record_unlabelled") == []


def test_dates(tmp_path: Path) -> None:
    policy = bent(POLICY, "deviations: []", "deviations:\n  - {id: D1, line: R1, owner: custodian, reason: r, until: 2026-11-01}")
    assert lines(of(checked(tmp_path, policy), "deviation.expired")) == [15]
    assert of(checked(tmp_path, policy, today=date(2026, 11, 1)), "deviation.expired") == []
    assert of(checked(tmp_path, policy, today=None), "deviation.expired") == []
    assert of(checked(tmp_path), "policy.review_due") == []
    assert lines(of(checked(tmp_path, today=date(2027, 3, 10)), "policy.review_due")) == [2]
    assert of(checked(tmp_path, bent(POLICY, ", review_by: 2027-03-09", ""), today=date(2030, 1, 1)), "policy.review_due") == []


def test_offices_that_are_not_filled(tmp_path: Path) -> None:
    result = checked(tmp_path)
    assert of(result, "officer.no_custodian") == []
    assert len(of(result, "officer.too_few")) == 1
    full = bent(
        DISTRICT,
        "roles: [records_custodian]}",
        f"roles: [records_custodian], key: '{KEYS[0]}'}}\n  - {{id: c, name: C, email: c@d, roles: [counsel], key: '{KEYS[1]}'}}",
    )
    assert of(checked(tmp_path, district=full), "officer.too_few") == []
    director = bent(full, "roles: [counsel]", "roles: [it_director]")
    assert len(of(checked(tmp_path, district=director), "officer.too_few")) == 1, "the IT director cannot approve"
    assert len(of(checked(tmp_path, district=bent(DISTRICT, "records_custodian", "counsel")), "officer.no_custodian")) == 1


def test_a_policy_without_a_hold_rule_has_a_gap(tmp_path: Path) -> None:
    (problem,) = of(checked(tmp_path), "policy.no_hold_rule")
    assert problem.severity is Severity.WARNING
    with_rule = bent(POLICY, "controls: []", "hold_rule: {id: hold, text: t, basis: b}\ncontrols: []")
    assert of(checked(tmp_path, with_rule), "policy.no_hold_rule") == []


# --- citations -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("General Letters 98-1, 96-2 and 2001-1 of the Public Records Administrator", "2009-2"),
        ("GL 98-1", "2009-2"),
        ("Connecticut Public Records Administration Schedule V - Disposition of Education Records (Revised 1983)", "M8"),
        ("CGS 1-15 Application for copies of public records", "1-212"),
        ("1-15", "1-212"),
        ("CGS 1-19(b)(11) Access to public records. Exempt records", "1-210(b)(11)"),
        ("Rules 34 and 45 of the Federal Rules of Civil Procedure (2006 Amendments)", "37(e)"),
        ("FRCP 34", "37(e)"),
        ("General Letter 5", "Public Records Policy 05"),
        ('PL 107-110 "No Child Left Behind Act of 2001" Sections 5208 and 9528', "8528"),
    ],
)
def test_what_stands_there_now(text: str, now: str) -> None:
    (found,) = superseded_in(text)
    assert now in found.now


@pytest.mark.parametrize(
    "text",
    [
        "CGS 1-150 Something",
        "CGS 11-15",
        "CGS 1-210 to 1-213",
        "General Letter 2009-2",
        "Federal Rules of Civil Procedure 26, 34, 37(e) and 45",
        "Schedule M8, Education (02/2005)",
        "General Letter 50",
        "34 CFR 99",
        "",
    ],
)
def test_what_is_current_is_left_alone(text: str) -> None:
    assert superseded_in(text) == ()


def test_citations_of_the_policy_and_of_rows_are_placed(tmp_path: Path) -> None:
    policy = bent(POLICY, "review_by: 2027-03-09}", 'review_by: 2027-03-09, citations: ["GL 98-1"]}')
    found = of(checked(tmp_path, bent(policy, 'citation: "M1"', 'citation: "GL 98-1"')), "citation.superseded")
    assert lines(found) == [2, 6]
    assert {problem.severity for problem in found} == {Severity.WARNING}


def test_what_is_only_remembered_is_no_warning(tmp_path: Path) -> None:
    policy = bent(POLICY, 'citation: "M1"', 'citation: "No Child Left Behind Act, section 9528"')
    (problem,) = of(checked(tmp_path, policy), "citation.superseded")
    assert problem.severity is Severity.INFO
    assert sum(not source.sure for source in SUPERSEDED) == 1
