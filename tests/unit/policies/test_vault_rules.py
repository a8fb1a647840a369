"""Vault's rules: the file they are stated in, what they add up to, the duties they reach, and the rules that we ask for."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from connectors.effects import google_effects
from policies.compiler import compile_policy
from policies.duties import Carrier, Duty
from policies.effects import FOREVER
from policies.folder import load_folder
from policies.kinds import Kind, Workload
from policies.problems import FolderError, Severity
from policies.resources import Force, Live, Snapshot
from policies.roster import Roster
from policies.vault_judging import NONE, PURGES, PURGES_DELETED, TOO_SHORT, UNSURE, fates, findings, outlooks, shortfalls, unsure
from policies.vault_rules import SPACES, AtTheEnd, Service, VaultRule, as_yaml, effect_of, read_rules
from policies.vault_settings import AFTER, BEFORE, SWITCHES, rules_of, settings
from recordwarden.cli.vault_words import period_problems
from tests.unit.sync.provable import START

DEMO = next(parent for parent in Path(__file__).resolve().parents if (parent / "pyproject.toml").exists()) / "examples" / "demo"
FILE = Path("rules.yaml")


@cache
def demo_duties() -> tuple[Duty, ...]:
    folder = load_folder(DEMO, ())
    return compile_policy(folder.policy, folder.district, None)


@pytest.fixture
def duties() -> tuple[Duty, ...]:
    return demo_duties()


def rule(service: Service = Service.MAIL, duration: str = "indefinite", action: str | None = None, **more: object) -> VaultRule:
    action = action or ("keep" if duration == "indefinite" else "purge_deleted")
    return VaultRule.model_validate({"service": service, "duration": duration, "action": action, **more})


def kept(duties: tuple[Duty, ...], *rules: VaultRule, line: str = "keep-staff", workload: Workload = Workload.MAIL) -> list[str]:
    one = next(duty for duty in duties if duty.line == line and duty.workload is workload)
    return [short.code for short in shortfalls(rules, one)]


# -- the file


def test_a_file_becomes_rules_and_rules_a_file() -> None:
    rules = (
        rule(Service.MAIL, default=True),
        rule(Service.DRIVE, "731 days", "purge_all", org_unit='/Staff/Old "A"', **{"from": "modified"}),
        rule(Service.MAIL, "36500 days", terms="subject:bus"),
    )
    assert read_rules(as_yaml(rules).encode(), FILE) == rules
    assert [one.term for one in rules] == [FOREVER, 731, 36_500]


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("- {service: MAIL, duration: 2 years, action: purge_all}\n", 1, 19, "write 731 days"),
        ("- service: MAIL\n  duration: 36501 days\n  action: purge_all\n", 2, 3, "from 1 to 36,500"),
        ("- service: MAIL\n  duration: 0 days\n  action: purge_all\n", 2, 3, "from 1 to 36,500"),
        ("- service: MIAL\n  duration: indefinite\n  action: keep\n", 1, 3, "did you mean 'MAIL'"),
        ("- service: MAIL\n  duration: indefinite\n  action: purge_all\n", 1, 3, "has no end"),
        ("- {service: MAIL, default: true, org_unit: /A, duration: indefinite, action: keep}\n", 1, 3, "no org_unit"),
        ("- {service: HANGOUTS_CHAT, terms: x, duration: indefinite, action: keep}\n", 1, 3, "no terms"),
        ("- {service: GROUPS, org_unit: /A, duration: indefinite, action: keep}\n", 1, 3, "for groups"),
        ("- {service: MAIL, from: labelled, duration: indefinite, action: keep}\n", 1, 3, "only a rule for DRIVE"),
        ("- {service: MAIL, durration: 5 days, action: keep}\n", 1, 3, "'duration' is missing"),
        (
            "- {service: MAIL, default: true, duration: indefinite, action: keep}\n- {service: MAIL, default: true, duration: 9 days, action: keep}\n",
            2, 3, "second default rule; the first is on line 1",
        ),
        ("- {service: MAIL, dedicated: true}\n", 1, 3, "only MEET and SITES"),
        ("- {service: MEET, dedicated: true, duration: 5 days}\n", 1, 3, "is a switch and no rule"),
        ("- {service: MEET, dedicated: true}\n- {service: MEET, dedicated: false}\n", 2, 3, "second switch of dedicated retention"),
        ("service: MAIL\n", 1, 1, "must be a list"),
        ("- {service: MAIL\n", 2, 1, "not YAML"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_with_its_place(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(FolderError) as wrong:
        read_rules(text.encode(), FILE)
    first = wrong.value.problems[0]
    assert first.where is not None
    assert (first.where.file, first.where.line, first.where.column) == (str(FILE), line, column)
    assert says in first.message + first.next_step


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(FolderError) as wrong:
        read_rules(b"- {service: X, duration: 1 year, action: burn}\n- {service: MAIL, duration: 3 days}\n", FILE)
    assert len(wrong.value.problems) == 4


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(FolderError, match="UTF-8"):
        read_rules(b"\xff\xfe", FILE)


# -- what rules add up to


def test_a_custom_rule_ends_a_longer_default(duties: tuple[Duty, ...]) -> None:
    default = rule(default=True)
    assert kept(duties, default) == []
    assert kept(duties, default, rule(duration="365 days", org_unit="/Staff")) == [TOO_SHORT]
    assert kept(duties, default, rule(duration="365 days", org_unit="/Staff"), rule(org_unit="/")) == []


def test_one_day_decides(duties: tuple[Duty, ...]) -> None:
    assert kept(duties, rule(duration="731 days", default=True)) == []
    assert kept(duties, rule(duration="730 days", default=True)) == [TOO_SHORT]
    assert kept(duties) == [NONE]


def test_a_short_rule_on_terms_or_on_a_unit_below_is_found(duties: tuple[Duty, ...]) -> None:
    default = rule(default=True)
    by_terms = shortfalls((default, rule(duration="30 days", terms="bus")), next(one for one in duties if one.line == "keep-staff"))
    assert [(one.code, one.fate.terms, one.fate.rules) for one in by_terms] == [(TOO_SHORT, ("bus",), (2,))]
    below = shortfalls((default, rule(duration="30 days", org_unit="/Staff/Old")), next(one for one in duties if one.line == "keep-staff"))
    assert [(one.fate.org_unit, one.fate.kept) for one in below] == [("/staff/old", 30)]
    elsewhere = (default, rule(duration="30 days", org_unit="/Students"))
    assert kept(duties, *elsewhere) == []


def test_the_units_where_people_really_live_decide(duties: tuple[Duty, ...]) -> None:
    one = next(duty for duty in duties if duty.line == "keep-staff" and duty.workload is Workload.MAIL)
    rules = (rule(org_unit="/Staff"),)
    assert shortfalls(rules, one, {"/Staff", "/staff/Buses"}) == ()
    assert [short.code for short in shortfalls(rules, one, {"/Staff", None})] == [NONE]


def test_chat_needs_a_rule_for_spaces_too(duties: tuple[Duty, ...]) -> None:
    unit, spaces = rule(Service.HANGOUTS_CHAT, org_unit="/Staff"), rule(Service.HANGOUTS_CHAT)
    one = next(duty for duty in duties if duty.workload is Workload.CHAT)
    assert [short.fate.org_unit for short in shortfalls((unit,), one)] == [SPACES]
    assert [short.fate.org_unit for short in shortfalls((spaces,), one)] == ["/staff"]
    assert shortfalls((unit, spaces), one) == ()


def test_what_a_drive_rule_without_a_unit_means_is_not_guessed(duties: tuple[Duty, ...]) -> None:
    assert kept(duties, rule(Service.DRIVE), workload=Workload.DRIVE) == [NONE]
    short = (rule(Service.DRIVE, default=True), rule(Service.DRIVE, "9 days"))
    assert kept(duties, *short, workload=Workload.DRIVE) == [TOO_SHORT]


@pytest.mark.parametrize("counted", ["created", "modified"])
def test_a_rule_that_counts_from_an_earlier_day_does_not_reach(duties: tuple[Duty, ...], counted: str) -> None:
    found = kept(duties, rule(Service.DRIVE, "366 days", default=True, **{"from": counted}), line="keep-students", workload=Workload.DRIVE)
    assert found == ([TOO_SHORT] if counted == "created" else [])


def switch(service: Service, *, on: bool) -> VaultRule:
    return VaultRule.model_validate({"service": service, "dedicated": on})


@pytest.mark.parametrize("service", [Service.MEET, Service.SITES])
def test_what_has_dedicated_retention_is_no_longer_kept_by_drives_rules(duties: tuple[Duty, ...], service: Service) -> None:
    drive = rule(Service.DRIVE, default=True)

    def drives(*rules: VaultRule) -> list[str]:
        return kept(duties, *rules, workload=Workload.DRIVE)

    assert drives(drive, switch(service, on=False)) == []
    assert drives(drive, switch(service, on=True)) == [NONE]
    assert drives(drive, rule(service, "30 days", default=True)) == [TOO_SHORT], "a rule of its own is there, and nobody says that it is off"
    assert drives(drive, rule(service, default=True), switch(service, on=True)) == []
    assert drives(rule(service, default=True), switch(service, on=True)) == [NONE], "its rules keep nothing else"
    assert drives(drive, rule(service, "30 days", default=True), switch(service, on=False)) == [], "off, its rules are asleep"
    short = next(one for one in shortfalls((drive, switch(service, on=True)), drive_duty(duties)))
    assert short.fate.apart is service
    assert "Drive's rules no longer cover" in short.words
    assert PURGES in {one.code for one in findings((rule(service, "9999 days", "purge_all"),), duties)}
    shown = [one for one in outlooks((drive, switch(service, on=True)), duties) if one.fate.workload is Workload.DRIVE]
    assert {(one.fate.apart, one.reached) for one in shown} == {(None, True), (service, False)}


def drive_duty(duties: tuple[Duty, ...]) -> Duty:
    return next(duty for duty in duties if duty.line == "keep-staff" and duty.workload is Workload.DRIVE)


def test_what_nobody_says_of_dedicated_retention_is_not_taken_for_off(duties: tuple[Duty, ...]) -> None:
    drive = rule(Service.DRIVE, default=True)
    assert unsure((drive,), duties) == (Service.MEET, Service.SITES)
    assert unsure((drive, switch(Service.MEET, on=True)), duties) == (Service.SITES,)
    assert unsure((drive, *SWITCHES), duties) == ()
    assert unsure((drive,), [duty for duty in duties if duty.workload is Workload.MAIL]) == ()
    told = [one for one in period_problems("google", (drive,), duties) if one.code == UNSURE]
    assert [(one.severity, one.subject, "Drive's rules do not cover" in one.message) for one in told] == [(Severity.WARNING, "vault-rules/google", True)] * 2


def test_the_sheet_speaks_of_both_switches_and_its_file_states_them(duties: tuple[Duty, ...]) -> None:
    for lines in (BEFORE, AFTER):
        assert any("dedicated retention" in line and "Meet" in line and "Sites" in line for line in lines)
    assert read_rules(as_yaml((*rules_of(settings(duties)), *SWITCHES)).encode(), FILE)[-2:] == SWITCHES
    assert [one.words for one in SWITCHES] == ["MEET dedicated retention: off", "SITES dedicated retention: off"]


def test_findings_name_the_rule_and_whether_it_decides(duties: tuple[Duty, ...]) -> None:
    rules = (rule(default=True, duration="365 days", action="purge_all"), rule(org_unit="/"), rule(Service.CALENDAR, "1 day", "purge_all", default=True))
    found = {(one.code, one.number): one.decides for one in findings(rules, duties)}
    assert found == {(PURGES, 1): True, (TOO_SHORT, 1): False}
    alone = {(one.code, one.number): one.decides for one in findings(rules[:1], duties)}
    assert alone == {(PURGES, 1): True, (TOO_SHORT, 1): True}
    mild = {one.code for one in findings((rule(duration="9999 days", default=True),), duties)}
    assert mild == {PURGES_DELETED}


def test_a_finite_rule_purges_at_its_end_whatever_is_stated(duties: tuple[Duty, ...]) -> None:
    """Vault's form offers no end that only keeps (G§2.3), so ``keep`` with a number of days hides no purge."""
    stated = rule(default=True, duration="9999 days", action="keep")
    assert [(one.code, one.number) for one in findings((stated,), duties)] == [(PURGES_DELETED, 1)]
    assert (effect_of(stated, "1").delete, effect_of(rule(default=True), "1").delete) == (9999, None)


def test_what_would_happen_to_an_item_is_told() -> None:
    rules = (rule(default=True), rule(duration="365 days", action="purge_all", org_unit="/A", terms="bus"))
    told = {one.terms: (one.kept, one.purged, one.rules) for one in fates(rules, Workload.MAIL, "/A/b")}
    assert told == {(): (FOREVER, None, (1,)), ("bus",): (365, 365, (2,))}
    assert [(one.kept, one.purged) for one in fates((), Workload.CHAT, None)] == [(None, None)]


def test_both_readings_of_a_rule_agree() -> None:
    """The effects of a stated rule are those of the same rule in the connectors' normal form."""
    for stated in (rule(default=True), rule(duration="9 days", action="purge_all", org_unit="/a", terms="t"), rule(Service.VOICE, "5 days"), rule(duration="9 days", action="keep")):
        fields = {
            "service": stated.service.value, "default": stated.default, "org_unit": stated.org_unit,
            "period": "forever" if stated.term == FOREVER else stated.term, "trigger": stated.from_.value, "action": stated.action.value,
            "terms": stated.terms or "",
        }  # fmt: skip
        live = Live(kind=Kind.GOOGLE_VAULT_RULE, vendor_id="1", name="", fields=fields, force=Force.APPLIED)
        snapshot = Snapshot(tenant="t", at=START, reads={}, resources=(live,))
        assert google_effects(snapshot, Roster(tenant="t", at=START, identities=())) == (effect_of(stated, "1"),)


# -- the rules that we ask for


def test_the_rules_to_enter_reach_every_duty_and_purge_nothing(duties: tuple[Duty, ...]) -> None:
    rules = rules_of(settings(duties))
    assert all(one.duration == "indefinite" and one.action is AtTheEnd.KEEP for one in rules)
    assert [short for duty in duties if duty.carrier is Carrier.POLICY for short in shortfalls(rules, duty)] == []
    assert findings(rules, duties) == ()
    assert all(one.reached for one in outlooks(rules, duties))


@trials(deadline=None)
@given(
    added=st.lists(
        st.builds(
            lambda service, days, action, unit, terms: rule(service, f"{days} days", action, org_unit=unit, terms=terms),
            st.sampled_from([Service.MAIL, Service.DRIVE]),
            st.integers(min_value=1, max_value=36_500),
            st.sampled_from(["keep", "purge_all", "purge_deleted"]),
            st.sampled_from([None, "/", "/Staff", "/Staff/Old", "/Students", "/Board/x"]),
            st.sampled_from([None, "bus", "tax"]),
        ),
        max_size=4,
    )
)
def test_no_rule_that_is_added_later_takes_anything_away(added: list[VaultRule]) -> None:
    asked = demo_duties()
    rules = (*rules_of(settings(asked)), *added)
    assert [short.words for duty in asked if duty.carrier is Carrier.POLICY for short in shortfalls(rules, duty)] == []


def test_the_least_period_is_printed_in_days(duties: tuple[Duty, ...]) -> None:
    titles = {one.title: one.reads for one in settings(duties)}
    assert titles["Chat, custom rule: unit /Staff"] == "731 days from created (COR-02)"
    assert titles["Gmail, custom rule: unit /Board"] == "for ever (ADM-01)"
    assert titles["Drive, custom rule: unit /Students"] == "366 days from modified (STU-19)"
    assert "Chat, custom rule: all Chat spaces" in titles
