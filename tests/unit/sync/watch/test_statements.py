"""Statements of Vault's rules against Vault's log: nothing missed between two looks, nothing counted twice, nothing believed that was overtaken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from connectors.audit_log import AuditEvent, AuditRead
from connectors.base import Lane, Reader
from policies.kinds import Kind
from policies.problems import Severity
from policies.protection import Direction
from policies.vault_rules import INDEFINITE
from sync.drift import AttributionState, DriftClass
from sync.registers.attestations import Attestation, AttestationState, Statement, attest, attestations
from sync.registers.statements import NOT_READ, OVERTAKEN, stated_rules
from sync.result import TenantResult
from sync.store.drifts import Drifts
from sync.store.watch_rows import WatchRows
from sync.watch import polling
from sync.watch.polling import MATTER, OLDEST, SERVED, Poller, Reach
from sync.watch.statement import SKEW
from sync.watch.vault_names import Sort, is_known, sort_of, stem
from tests.unit.policies.test_vault_rules import demo_duties
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, Scene, google, m365, roster, scene

RULES = "- {service: MAIL, default: true, duration: indefinite, action: keep}\n"
OFFICER = "custodian@d.example"
ADMIN = "it@d.example"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as made:
        made.worlds["google"].log_seconds = 0
        yield made


def happens(here: Scene, operation: str, actor: str = ADMIN, *, ago: float = 0, number: str | None = None, **details: str) -> str:
    """Something in Vault's log; ``ago`` seconds before now, shown from now on."""
    log = here.worlds["google"].log
    event = f"vault/{number or len(log)}/0"
    at = here.clock.now() - timedelta(seconds=ago)
    log.append(AuditEvent(id=event, at=at, actor=actor, operation=operation, kind=Kind.GOOGLE_VAULT_RULE, details=details, raw=json.dumps({"event": event})))
    return event


def states(here: Scene, tmp_path: Path, rules: str = RULES) -> Attestation:
    file = tmp_path / "rules.yaml"
    file.write_text(rules, encoding="utf-8")
    desk = here.desk
    statement = Statement(subject="vault-rules/google", until=here.clock.now() + timedelta(days=90), rules=file)
    return attest(desk.journal, desk.store, desk.clock, CUSTODIAN, statement)


def looks(here: Scene, after: float = 120) -> TenantResult:
    here.clock.advance(after)
    return here.engine.drift(("google",)).tenants[0]


def now(here: Scene) -> Attestation:
    return attestations(here.store, here.clock.now(), "vault-rules/google")[-1]


def codes(result: TenantResult) -> list[str]:
    return [one.code for one in result.problems if one.code.startswith("vault")]


def test_a_look_in_the_hour_before_is_consistent(here: Scene, tmp_path: Path) -> None:
    happens(here, "view_retention_policy", OFFICER, ago=2 * HOUR)
    happens(here, "view_retention_policy", ADMIN, ago=60)
    seen = happens(here, "VIEW_RETENTION_POLICY", OFFICER.upper(), ago=59 * 60)
    states(here, tmp_path)
    result = looks(here)
    assert now(here).consistent_with == (seen,)
    assert now(here).state is AttestationState.VALID
    assert codes(result) == []
    assert result.drift == ()


def test_no_look_is_said_and_no_reproach(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    assert codes(looks(here)) == ["vault_rules.no_view"]


@pytest.mark.parametrize(
    "name", ["add_retention_rule_end", "update_retention_rule_end", "delete_retention_rule_end", "modify_default_retention_period_end",
             "update_retention_settings", "ADD-RETENTION-RULE", "set_retention_window"],
)  # fmt: skip
def test_a_later_change_overtakes_it(here: Scene, tmp_path: Path, name: str) -> None:
    states(here, tmp_path)
    looks(here)
    event = happens(here, name)
    result = looks(here)
    assert now(here).overtaken_by == (event,)
    assert now(here).state is AttestationState.OVERTAKEN
    said = stated_rules(here.store, "google", here.clock.now())
    assert said is not None
    assert said.doubt == OVERTAKEN
    assert OVERTAKEN in codes(result)
    assert ("vault_log.unknown_event" in codes(result)) is not is_known(name)
    (drift,) = result.drift
    assert (drift.kind, drift.drift, drift.direction) == (Kind.GOOGLE_VAULT_RULE, DriftClass.UNMANAGED, Direction.WEAKENS)
    assert (drift.attribution.state, drift.attribution.actor, drift.attribution.event) == (AttributionState.FOUND, ADMIN, event)


def test_an_earlier_change_does_not(here: Scene, tmp_path: Path) -> None:
    happens(here, "add_retention_rule_end", ago=SKEW.total_seconds())
    states(here, tmp_path)
    result = looks(here)
    assert now(here).state is AttestationState.VALID
    assert result.drift == ()


def test_a_change_that_a_fast_clock_of_ours_puts_before_the_statement_overtakes_it(here: Scene, tmp_path: Path) -> None:
    """Our clock runs four minutes ahead: what happens a minute after the signing stands in Google's log with a time three minutes before it."""
    states(here, tmp_path)
    here.clock.advance(60)
    event = happens(here, "delete_retention_rule_end", "stranger@d.example", ago=4 * 60)
    result = looks(here)
    assert (now(here).state, now(here).overtaken_by) == (AttestationState.OVERTAKEN, (event,))
    assert [one.attribution.event for one in result.drift] == [event]
    (said,) = [one for one in result.problems if one.code == OVERTAKEN]
    assert said.next_step.endswith("attest vault-rules/google --rules FILE.")
    assert "within 5 minutes before, by clocks that may differ, custodian stated them" in said.message


def test_what_the_officer_set_just_before_signing_is_what_the_statement_tells_of(here: Scene, tmp_path: Path) -> None:
    happens(here, "add_retention_rule_end", OFFICER, ago=60)
    states(here, tmp_path)
    assert looks(here).drift == ()
    assert now(here).state is AttestationState.VALID


def test_a_new_statement_answers_for_the_change(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    happens(here, "add_retention_rule_end", ago=-1)
    (drift,) = looks(here).drift
    here.clock.advance(SKEW.total_seconds())
    states(here, tmp_path)
    assert looks(here).drift == ()
    assert [(one.id, one.closed_by) for one in Drifts(here.store).between(here.clock.now() - timedelta(days=1), here.clock.now())] == [(drift.id, "accepted")]


def test_an_event_that_comes_late_is_found(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    for _ in range(5):
        looks(here, 6 * HOUR)
    event = happens(here, "delete_retention_rule_end", ago=15 * HOUR)
    looks(here)
    assert now(here).overtaken_by == (event,)


def test_one_that_comes_days_late_is_found_once_a_day(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    for _ in range(20):
        looks(here, 12 * HOUR)
    event = happens(here, "delete_retention_rule_end", ago=5 * 24 * HOUR)
    looks(here)
    looks(here, 24 * HOUR)
    assert now(here).overtaken_by == (event,)


def test_overlapping_windows_count_an_event_once(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    happens(here, "add_retention_rule_end", ago=-1)
    for _ in range(4):
        looks(here, HOUR)
    assert len(now(here).overtaken_by) == 1
    assert len(WatchRows(here.store).events("google", Sort.CHANGE.value)) == 1
    noted = [entry for entry in here.desk.journal.entries() if entry.subject == "vault-rules/google" and "overtaken_by" in entry.body]
    assert len(noted) == 1


def test_a_log_that_fails_is_read_on_where_it_was_left(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    looks(here)
    here.worlds["google"].troubles.no_log = "google.permission_denied"
    event = happens(here, "add_retention_rule_end", ago=-1)
    result = looks(here, 30 * HOUR)
    assert "vault_log.unavailable" in codes(result)
    assert now(here).state is AttestationState.VALID
    looks(here, 30 * HOUR)
    said = stated_rules(here.store, "google", here.clock.now())
    assert said is not None
    assert said.doubt == NOT_READ
    here.worlds["google"].troubles.no_log = None
    result = looks(here, 24 * HOUR)
    assert "vault_log.unavailable" not in codes(result)
    assert now(here).overtaken_by == (event,)


def test_from_when_the_log_can_be_read_is_asked_without_moving_the_cursor(here: Scene) -> None:
    desk = here.desk
    reader, poller, rows = desk.door("google").reader(Lane.SYNC), Poller(desk), WatchRows(here.store)
    here.worlds["google"].troubles.no_log = "google.permission_denied"
    assert poller.reach("google", reader) == Reach(reason="google.permission_denied")
    here.worlds["google"].troubles.no_log = None
    assert poller.reach("google", reader) == Reach(at=here.clock.now() - SERVED)
    assert rows.cursor("google") is None
    happens(here, "view_retention_policy", ago=200 * 24 * HOUR)
    looks(here)
    before = rows.cursor("google")
    assert before is not None
    older = min(event.at for event in here.worlds["google"].log)
    assert poller.reach("google", reader) == Reach(at=older)
    assert rows.cursor("google") == replace(before, readable_from=older)
    here.worlds["google"].troubles.no_log = "google.permission_denied"
    assert poller.reach("google", reader) == Reach(at=older)


def test_a_statement_older_than_the_log_says_so(here: Scene, tmp_path: Path) -> None:
    here.worlds["google"].troubles.no_log = "google.permission_denied"
    states(here, tmp_path)
    looks(here)
    here.clock.advance(190 * 24 * HOUR)
    here.worlds["google"].troubles.no_log = None
    here.worlds["google"].log.clear()
    assert "vault_log.too_short" in codes(looks(here))


def test_the_cursor_never_goes_back_and_survives_the_process(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    through: list[datetime] = []
    for _ in range(4):
        looks(here, 3 * HOUR)
        cursor = WatchRows(here.store).cursor("google")
        assert cursor is not None
        assert cursor.through is not None
        through.append(cursor.through)
    assert through == sorted(set(through))
    assert WatchRows(here.store).cursor("m365") is None


def test_a_beginning_without_an_end_counts_once_its_end_can_no_longer_come(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    looks(here)
    event = happens(here, "update_retention_rule_begin")
    looks(here)
    assert now(here).overtaken_by == ()
    result = looks(here, HOUR)
    assert now(here).overtaken_by == (event,)
    assert any("its end is not in the log" in one.message for one in result.problems)


def test_a_short_rule_is_a_finding_with_account_and_time(here: Scene, tmp_path: Path) -> None:
    text = "Service: MAIL, Retention period: 30 days, Starts: created, Action: purge_all, Rule: 7"
    states(here, tmp_path)
    happens(here, "add_retention_rule_end", ago=-1, additional_details=text, organizational_unit_name="/Staff")
    (drift,) = looks(here).drift
    assert drift.name == "MAIL custom rule for /Staff: 30 days from created, then purge_all"
    assert drift.direction is Direction.WEAKENS


def test_a_first_rule_of_meets_own_takes_recordings_away_from_drives(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path, "- {service: DRIVE, default: true, duration: indefinite, action: keep}\n")
    text = "Service: MEET, Retention period: 9999 days, Starts: created, Action: purge_deleted, Rule: 7"
    happens(here, "add_retention_rule_end", ago=-1, additional_details=text, organizational_unit_name="/")
    (drift,) = looks(here).drift
    assert (drift.name, drift.direction) == ("MEET custom rule for /: 9,999 days from created, then purge_deleted", Direction.WEAKENS)


def test_text_that_cannot_be_read_is_a_change_all_the_same(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    happens(here, "add_retention_rule_end", ago=-1, additional_details="{proto: 3}")
    (drift,) = looks(here).drift
    assert drift.name == "add_retention_rule_end"
    assert drift.live is not None
    assert drift.live["additional_details"] == "{proto: 3}"


def test_a_rule_set_in_words_that_cannot_be_read_is_an_error_with_account_and_time(here: Scene, tmp_path: Path) -> None:
    event = happens(here, "add_retention_rule_end", ago=HOUR, additional_details="{proto: 3}")
    at = here.clock.now() - timedelta(hours=1)
    for stated in (False, True):
        if stated:
            states(here, tmp_path)
            event, at = happens(here, "UPDATE-RETENTION-RULE-END", ago=-1), here.clock.now() + timedelta(seconds=1)
        (one,) = [one for one in looks(here).problems if one.code == "vault_rules.change_unread"]
        assert (one.severity, one.subject) == (Severity.ERROR, event)
        assert f"account {ADMIN}, {at:%Y-%m-%d %H:%M:%S} UTC" in one.message
    here.clock.advance(SKEW.total_seconds())
    states(here, tmp_path)
    happens(here, "delete_retention_rule_end", ago=-1)
    assert "vault_rules.change_unread" not in codes(looks(here))


SHORT = "- {service: MAIL, org_unit: /, duration: indefinite, action: keep}\n- {service: MAIL, org_unit: /, duration: 30 days, action: purge_deleted}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Service: MAIL, Retention period: 30 days, Starts: created, Action: purge_deleted", "The log shows account it@d.example, "),
        ("{proto: 3}", "the newest whose words cannot be read: account it@d.example, "),
    ],
)
def test_a_rule_that_another_makes_up_for_is_an_error_all_the_same(tmp_path: Path, text: str, says: str) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1)), duties=demo_duties()) as made:
        made.worlds["google"].log_seconds = 0
        happens(made, "add_retention_rule_end", ago=HOUR, additional_details=text, organizational_unit_name="/")
        states(made, tmp_path, SHORT)
        found = [one for one in looks(made).problems if one.subject == "vault-rules/google/2"]
        assert {(one.code, one.severity) for one in found} == {
            ("vault_rules.too_short", Severity.ERROR), ("vault_rules.purges_deleted", Severity.ERROR),
        }  # fmt: skip
        assert any("Another rule makes up for it today" in one.message for one in found)
        assert all(says in one.message and f"{made.clock.now():%Y-%m-%d}" in one.message for one in found)


def test_without_a_statement_changes_are_told_too(here: Scene) -> None:
    happens(here, "add_retention_rule_end", ago=HOUR)
    assert len(looks(here).drift) == 1


def test_what_the_vendor_answered_is_kept(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    event = happens(here, "add_retention_rule_end", ago=-1)
    looks(here)
    (kept,) = WatchRows(here.store).events("google", Sort.CHANGE.value)
    assert kept.event == event
    assert kept.evidence is not None


def test_a_matter_that_only_the_log_tells_of_is_told_until_it_is_seen(here: Scene) -> None:
    looks(here)
    happened = {"create_investigation_end": False, "view_investigation": True, "close_investigation_end": True}
    for number, (operation, ours) in enumerate(happened.items()):
        event = AuditEvent(
            id=f"vault/m{number}/0", at=here.clock.now(), actor=ADMIN, operation=operation, kind=Kind.GOOGLE_MATTER, vendor_id=f"hidden-{number}",
            name="Confidential", ours=ours,
        )  # fmt: skip
        here.worlds["google"].log.append(event)
    for _ in range(2):
        (told,) = looks(here, 48 * HOUR).drift
        assert (told.drift, told.kind, told.vendor_id) == (DriftClass.BLIND_SPOT, Kind.GOOGLE_MATTER, "hidden-0")
        assert (told.attribution.actor, told.name) == (ADMIN, None)


Asked = list[tuple[tuple[datetime, datetime], frozenset[Kind] | None]]


def listening(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the log is asked from now on: windows and kinds."""
    asked: Asked = []
    real = polling._asked

    def asking(reader: Reader, since: datetime, until: datetime, kinds: frozenset[Kind] | None = None) -> AuditRead:
        asked.append(((since, until), kinds))
        return real(reader, since, until, kinds)

    monkeypatch.setattr(polling, "_asked", asking)
    return asked


def inside(here: Scene, operation: str, matter: str, *, ago: float, kind: Kind | None = None, ours: bool = False) -> None:
    """Something that was done in a matter, as Vault's log has it."""
    log, at = here.worlds["google"].log, here.clock.now() - timedelta(seconds=ago)
    log.append(AuditEvent(id=f"vault/w{len(log)}/0", at=at, actor=ADMIN, operation=operation, kind=kind, details={"matter_id": matter}, ours=ours))


@pytest.mark.parametrize("days", [5, 100, 400, 3000])
def test_a_matter_made_long_before_the_first_look_is_told(here: Scene, days: int) -> None:
    inside(here, "create_investigation_end", "old", ago=days * 24 * HOUR, kind=Kind.GOOGLE_MATTER)
    happens(here, "add_retention_rule_end", ago=days * 24 * HOUR)
    (told,) = looks(here).drift
    assert (told.drift, told.vendor_id) == (DriftClass.BLIND_SPOT, "old"), "of rules, what was before we came is no difference"
    assert told.since.latest == here.clock.now() - timedelta(days=days, seconds=120)


def test_a_past_that_could_not_be_read_is_read_at_the_next_look(here: Scene) -> None:
    inside(here, "create_investigation_end", "old", ago=400 * 24 * HOUR, kind=Kind.GOOGLE_MATTER)
    here.worlds["google"].troubles.no_log = "google.permission_denied"
    assert looks(here).drift == ()
    here.worlds["google"].troubles.no_log = None
    assert [one.vendor_id for one in looks(here, 24 * HOUR).drift] == ["old"]


def test_the_past_is_read_in_slices_without_a_hole_and_once(here: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = listening(monkeypatch)
    looks(here)
    (recent, of_all), *past = asked
    assert (recent[1], of_all) == (here.clock.now(), None), "what is new comes first"
    windows = [window for window, _ in past]
    assert windows[0][0] == OLDEST
    assert all(begin == end for (_, end), (begin, _) in pairwise([*windows, recent]))
    assert {kinds for _, kinds in past} == {frozenset({Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD, Kind.GOOGLE_VAULT_RULE})}, "of the past only Vault's log"
    assert len(past) < 20
    asked.clear()
    looks(here, HOUR)
    assert len(asked) == 1


def test_a_hold_waits_for_nothing_of_the_past(here: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    inside(here, "create_investigation_end", "old", ago=400 * 24 * HOUR, kind=Kind.GOOGLE_MATTER)
    asked = listening(monkeypatch)
    here.hold()
    assert [window for window, _ in asked] == [(here.clock.now() - timedelta(days=1), here.clock.now())]
    asked.clear()
    assert [one.vendor_id for one in looks(here, 10).drift] == ["old"], "the next full look reads it, also where the log was read a moment ago"
    assert asked[0][0][0] == OLDEST


def test_a_past_that_breaks_off_goes_on_where_it_stopped(here: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in (4000, 400):
        inside(here, "create_investigation_end", f"old-{days}", ago=days * 24 * HOUR, kind=Kind.GOOGLE_MATTER)
    here.worlds["google"].troubles.log_left = 6
    result = looks(here)
    assert [one.vendor_id for one in result.drift] == ["old-4000"]
    assert codes(result) == ["vault_log.past_unread"], "what is new was read all the same"
    asked = listening(monkeypatch)
    here.worlds["google"].troubles.log_left = None
    result = looks(here)
    assert {one.vendor_id for one in result.drift} == {"old-4000", "old-400"}
    assert asked[1][0][0] == OLDEST + 5 * polling._SLICE
    assert codes(result) == []


def test_a_vendor_that_refuses_old_windows_is_read_from_what_it_serves(here: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """G§12g: nobody knows whether Google does."""
    here.worlds["google"].troubles.no_old_log = "google.invalid: Start time"
    inside(here, "create_investigation_end", "lost", ago=400 * 24 * HOUR, kind=Kind.GOOGLE_MATTER)
    inside(here, "create_investigation_end", "old", ago=100 * 24 * HOUR, kind=Kind.GOOGLE_MATTER)
    asked = listening(monkeypatch)
    result = looks(here)
    assert [one.vendor_id for one in result.drift] == ["old"]
    (said,) = [one for one in result.problems if one.code.startswith("vault_log")]
    assert (said.code, said.severity) == ("vault_log.past_refused", Severity.INFO)
    cursor = WatchRows(here.store).cursor("google")
    assert cursor is not None
    assert cursor.readable_from == here.clock.now() - SERVED + timedelta(days=1)
    asked.clear()
    states(here, tmp_path)
    event = happens(here, "add_retention_rule_end", ago=-1)
    looks(here, HOUR)
    assert len(asked) == 1, "what is refused is asked for once"
    assert now(here).overtaken_by == (event,)


def test_a_pause_longer_than_the_vendor_serves_does_not_blind_for_ever(here: Scene, tmp_path: Path) -> None:
    states(here, tmp_path)
    looks(here)
    here.worlds["google"].troubles.no_old_log = "google.invalid: Start time"
    event = happens(here, "add_retention_rule_end", ago=-200 * 24 * HOUR)
    result = looks(here, 220 * 24 * HOUR)
    assert event in now(here).overtaken_by
    assert "vault_log.unavailable" not in codes(result)
    assert {"vault_log.past_refused", "vault_log.too_short"} <= set(codes(result))


def test_from_when_a_log_that_refuses_old_windows_can_be_read_is_what_it_serves(here: Scene) -> None:
    here.worlds["google"].troubles.no_old_log = "google.invalid: Start time"
    assert Poller(here.desk).reach("google", here.desk.door("google").reader(Lane.SYNC)) == Reach(at=here.clock.now() - SERVED + timedelta(days=1))


def test_a_request_to_delete_early_from_before_the_first_look_is_kept(here: Scene) -> None:
    inside(here, "create_accelerated_deletion_end", "old", ago=30 * 24 * HOUR)
    looks(here)
    assert [(one.operation, one.subject) for one in WatchRows(here.store).events("google", Sort.EARLY.value)] == [("create_accelerated_deletion_end", "old")]


@pytest.mark.parametrize(("operation", "kind"), [
    ("add_preservation_rule_end", Kind.GOOGLE_HOLD), ("search", None), ("create_export_end", None), ("view_document", None),
    ("view_investigation", Kind.GOOGLE_MATTER),
])  # fmt: skip
def test_whatever_was_done_in_a_matter_tells_of_it(here: Scene, operation: str, kind: Kind | None) -> None:
    looks(here)
    for number in range(3):
        inside(here, operation, "hidden", ago=number, kind=kind)
        inside(here, operation, "own", ago=number, kind=kind, ours=True)
    for _ in range(2):
        assert [one.vendor_id for one in looks(here, 60).drift] == ["hidden"]
    assert len(WatchRows(here.store).events("google", MATTER)) == 1, "one trace a day is enough"


def test_every_name_of_the_list_has_its_meaning() -> None:
    changes = {"add_retention_rule", "update_retention_rule", "delete_retention_rule", "modify_default_retention_period"}
    assert {stem(f"{name}_begin") for name in changes} == changes
    assert {sort_of(f"{name}_end") for name in changes} == {Sort.CHANGE}
    assert sort_of("update_retention_settings") is Sort.CHANGE
    assert sort_of("view_retention_settings") is Sort.OTHER
    assert sort_of("preview_retention_rule") is Sort.OTHER
    assert sort_of("obsolete_preview_retention_rule_count") is Sort.OTHER
    assert sort_of("add_preservation_rule_begin") is Sort.OTHER
    assert sort_of("fold_paper") is Sort.UNKNOWN
    assert INDEFINITE == "indefinite"
