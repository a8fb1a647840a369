"""Made from the store alone as of a journal number, once for a month that is over, and sealed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from policies.duties import StandingValue
from policies.kinds import Kind
from reports.board import make
from reports.collect import ReportError, Source, collect, period_of
from reports.facts import DeadlineState, Edition
from sync.journal import EntryKind
from sync.registers.attestations import Statement, attest
from tests.unit.reports.world import APRIL, MARCH, POLICY, Month, thing
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, order


def test_hashes_and_journal_number_are_sealed(april: Month) -> None:
    report = april.report()
    journal = april.here.desk.journal
    entry = next(iter(journal.entries(report.seq - 1)))
    assert (entry.kind, entry.subject) == (EntryKind.EVIDENCE, "report/board/2027-03/public")
    assert entry.body["files"] == [{"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in report.paths]
    assert report.sha256 == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in report.paths}
    as_of = report.facts.as_of
    assert as_of.seq < report.seq
    assert journal.verify(against=f"{as_of.seq}:{as_of.hash}").ok
    assert sorted(path.name for path in (april.tmp / "out").iterdir()) == sorted(report.sha256), "no draft is left behind"


def test_what_comes_later_does_not_change_a_month_that_is_over(april: Month) -> None:
    first = april.report().facts
    here = april.here
    here.console("m365").delete(thing(here, "m365", Kind.M365_RETENTION_POLICY))
    here.clock.advance(HOUR)
    here.engine.sync()
    here.lane.open(order("person3@d.example", alias="boiler"))
    here.engine.hold()
    gap = first.gaps[0].id
    attest(here.desk.journal, here.store, here.clock, CUSTODIAN, Statement(subject=f"gap/{gap}", until=datetime(2030, 1, 1, tzinfo=UTC)))
    second = april.report(restate=True).facts
    assert replace(second, generated_at=first.generated_at, freshness=first.freshness) == first


def test_a_finding_in_april_shows_in_april(april: Month) -> None:
    here = april.here
    first, second = april.report().facts.gaps
    attest(here.desk.journal, here.store, here.clock, CUSTODIAN, Statement(subject=f"gap/{first.id}", until=datetime(2030, 1, 1, tzinfo=UTC)))
    found = april.report(APRIL).facts
    assert [gap.id for gap in found.gaps] == [second.id], "what an officer recorded is not carried on"
    assert found.numbers.gaps_opened == 0
    assert found.numbers.gaps_without_finding == 1


def test_april_compares_with_march(april: Month) -> None:
    march, now = april.report().facts, april.report(APRIL).facts
    assert march.tallies[0].previous is None
    assert now.tallies[0].previous == march.tallies[0].counts
    assert now.trend[-2].counts == march.trend[-1].counts
    assert [point.counts for point in march.trend[:-1]] == [None] * 12
    assert now.ours == ()
    assert now.outside == ()


def test_what_waited_when_a_month_ended_is_not_known_and_never_nothing(april: Month) -> None:
    said = "What waited for signatures when the month ended is not known any more"
    over, lasting = april.report().facts, april.report(APRIL).facts
    assert [point.text.startswith(said) for point in over.decisions].count(True) == 1
    assert not [point for point in lasting.decisions if point.text.startswith(said)]


def test_a_month_that_is_over_is_reported_once(april: Month) -> None:
    april.report()
    with pytest.raises(ReportError) as caught:
        april.report()
    assert caught.value.code == "report.exists"
    april.report(edition="counsel")
    assert april.report(restate=True).seq > 0


def test_a_month_that_lasts_gives_a_preliminary_report_as_often_as_one_likes(april: Month) -> None:
    assert not april.report(APRIL).facts.period.over
    later = april.report(APRIL)
    assert later.facts.as_of.seq == later.seq - 1


@pytest.mark.parametrize(("asked", "code"), [("2027-13", "report.month"), ("2027-05", "report.month"), ("2027-02", "report.nothing_yet")])
def test_months_that_cannot_be_reported(april: Month, asked: str, code: str) -> None:
    before = april.here.desk.journal.head()
    with pytest.raises(ReportError) as caught:
        april.report(asked)
    assert caught.value.code == code
    assert april.here.desk.journal.head() == before


def test_a_place_that_cannot_be_written_leaves_nothing_behind(april: Month) -> None:
    (april.tmp / "file").write_text("in the way")
    desk, before = april.here.desk, april.here.desk.journal.head()
    with pytest.raises(ReportError) as caught:
        make(desk.store, april.here.district, POLICY, desk.journal, desk.clock, month=MARCH, edition="public", out=april.tmp / "file")
    assert caught.value.code == "report.place"
    assert desk.journal.head() == before


def test_a_line_that_no_run_has_assessed_is_unknown_and_told(april: Month) -> None:
    form = POLICY.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    rule = {"id": "R9", "series": "COR-02", "population": "staff", "workloads": ["chat"], "carrier": "policy"}
    wider = type(POLICY).model_validate({**form, "recordwarden": 1, "rules": [*form["rules"], rule]})
    here = april.here
    source = Source(store=here.store, district=here.district, policy=wider, journal=here.desk.journal, now=here.clock.now())
    facts = collect(source, APRIL, Edition.PUBLIC, "0")
    assert {line.standing for line in facts.lines if line.line == "R9"} == {StandingValue.UNKNOWN}
    assert [(one.tenant, one.what, one.reason) for one in facts.not_checked if one.what == "R9"] == [
        ("m365", "R9", "line.not_assessed"), ("google", "R9", "line.not_assessed"),
    ]


def test_a_kind_that_was_not_read_completely_is_told_and_never_counted_as_in_order(april: Month) -> None:
    here = april.here
    seen = next(one.vendor_id for one in here.worlds["m365"].things.values() if one.name == f"Visible {Kind.M365_RETENTION_RULE.value}")
    here.console("m365").delete(seen)
    here.engine.sync()
    facts = april.report(APRIL).facts
    assert (Kind.M365_RETENTION_RULE.value, "visibility_check.not_seen") in {(one.what, one.reason) for one in facts.not_checked}
    assert facts.numbers.not_checked == len(facts.not_checked) > 0
    assert any(point.section == "unchecked" for point in facts.risks)


def test_deadlines_are_read_at_the_end_of_the_month(april: Month) -> None:
    facts = april.report().facts
    states = {one.subject: (one.state, one.days_left) for one in facts.statements}
    assert states["control/CT.GOV.1"] == (DeadlineState.EXPIRED, -11)
    assert states["vault-rules/google"][0] is DeadlineState.VALID
    assert [one.standing for one in facts.controls] == [StandingValue.UNKNOWN, StandingValue.NOT_ENFORCEABLE], "an expired statement attests nothing"
    assert facts.deviations[0].state is DeadlineState.EXPIRED


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [("2027-03", "2027-03-01T05:00:00+00:00", "2027-04-01T04:00:00+00:00"), ("2026-12", "2026-12-01T05:00:00+00:00", "2027-01-01T05:00:00+00:00")],
)
def test_a_month_is_the_district_s_own(asked: str, begin: str, end: str) -> None:
    """New York leaves winter time on 14 March 2027."""
    period = period_of(asked, "America/New_York", datetime(2028, 1, 1, tzinfo=UTC))
    assert (period.begin.astimezone(UTC).isoformat(), period.end.astimezone(UTC).isoformat()) == (begin, end)


def test_a_month_in_which_nobody_looked_counts_nothing_as_in_order(april: Month) -> None:
    """What the store remembers of March is no word about April (promise 2)."""
    here = april.here
    source = Source(store=here.store, district=here.district, policy=POLICY, journal=here.desk.journal, now=here.clock.now())
    before, facts = collect(source, MARCH, Edition.PUBLIC, "0"), collect(source, APRIL, Edition.PUBLIC, "0")
    assert before.numbers.unknown < before.numbers.lines
    assert {line.standing for line in facts.lines} == {StandingValue.UNKNOWN}
    assert {(one.tenant, one.what) for one in facts.not_checked if one.reason == "read.too_old"} >= {("m365", "everything"), ("google", "everything")}
    assert before.numbers.sources_in_force > 0
    assert (facts.numbers.sources_in_force, facts.numbers.sources_not_seen) == (0, facts.numbers.sources_ordered)
