"""Requests to delete ahead of retention: they stand until they are taken back or somebody signs, whoever takes the alert away meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from policies.kinds import Kind
from policies.problems import Severity
from policies.protection import Direction
from policies.resources import KindRead, Live, ReadState, Snapshot
from sync.drift import AttributionState, Drift, DriftClass
from sync.store.watch_rows import LoggedEvent
from sync.watch.alarms import alarm_problems, alarms, requests
from tests.unit.sync.provable import START


def alert(number: int, action: str = "create", request: str = "r1", matter: str = "m1") -> Live:
    fields = {"setting": "alert.accelerated_deletion", "action": action, "service": "gmail", "matter": matter, "request": request}
    at = START + timedelta(hours=number)
    return Live(kind=Kind.GOOGLE_SETTING, vendor_id=f"a{number}", name="alert.accelerated_deletion", fields=fields, created_at=at)


def seen(*lives: Live, state: ReadState = ReadState.COMPLETE) -> Snapshot:
    read = KindRead(kind=Kind.GOOGLE_SETTING, state=state, count=len(lives), reason=None if state is ReadState.COMPLETE else "google.permission_denied")
    return Snapshot(tenant="google", at=START + timedelta(days=2), reads={Kind.GOOGLE_SETTING: read}, resources=lives)


def event(number: int, operation: str = "create_accelerated_deletion_end", matter: str = "m1", minutes: int = 1) -> LoggedEvent:
    at = START + timedelta(hours=number, minutes=minutes)
    return LoggedEvent(event=f"vault/{number}/0", at=at, operation=operation, actor="it@d.example", sort="early_deletion", subject=matter)


def ids(found: tuple[Drift, ...]) -> list[str | None]:
    return [one.vendor_id for one in found]


def test_a_request_is_a_difference_that_keeps_less() -> None:
    (found,) = alarms(seen(alert(1)), (), (), frozenset())
    assert (found.drift, found.kind, found.direction) == (DriftClass.UNMANAGED, Kind.GOOGLE_SETTING, Direction.WEAKENS)
    assert (found.since.earliest, found.attribution.state) == (START + timedelta(hours=1), AttributionState.PENDING)
    (told,) = alarm_problems((found,))
    assert (told.code, told.severity, told.subject) == ("alert.accelerated_deletion", Severity.ERROR, "a1")
    assert "m1" in told.message
    assert "attest alert/a1" in told.next_step


def test_the_log_names_the_account_once_it_tells_of_it() -> None:
    (found,) = alarms(seen(alert(1)), (event(1), event(9, matter="m2", operation="cancel_accelerated_deletion_end")), (), frozenset())
    assert (found.attribution.state, found.attribution.actor, found.attribution.event) == (AttributionState.FOUND, "it@d.example", "vault/1/0")
    assert "it@d.example" in alarm_problems((found,))[0].message


def test_a_request_that_only_the_log_tells_of_counts_too() -> None:
    (found,) = alarms(seen(), (event(1),), (), frozenset())
    assert (found.vendor_id, found.attribution.actor) == ("vault/1/0", "it@d.example")
    assert alarms(seen(), (event(1), event(3, "cancel_accelerated_deletion_end")), (), frozenset()) == ()
    assert ids(alarms(seen(), (event(4), event(3, "cancel_accelerated_deletion_end")), (), frozenset())) == ["vault/4/0"]


def test_what_was_taken_back_is_over() -> None:
    assert requests(seen(alert(1), alert(2, "cancel"))) == ()
    (known,) = alarms(seen(alert(1)), (), (), frozenset())
    assert alarms(seen(alert(1), alert(2, "cancel")), (), (known,), frozenset()) == ()
    assert ids(alarms(seen(alert(1), alert(2, "cancel", request="other")), (), (known,), frozenset())) == ["a1"]


def test_an_alert_that_is_gone_or_unread_still_stands() -> None:
    """Whoever asked for the deletion can take the alert away."""
    (known,) = alarms(seen(alert(1)), (), (), frozenset())
    assert alarms(seen(), (), (known,), frozenset()) == (known,)
    assert alarms(seen(state=ReadState.PARTIAL), (), (known,), frozenset()) == (known,)
    assert alarms(seen(state=ReadState.PARTIAL), (event(1),), (known,), frozenset()) == (known,), "the log tells of the same one"


def test_a_signature_ends_it() -> None:
    (known,) = alarms(seen(alert(1)), (), (), frozenset())
    assert alarms(seen(alert(1)), (), (known,), frozenset({"a1"})) == ()
    assert alarms(seen(), (event(1),), (known,), frozenset({"a1"})) == (), "the log's entry about the same one is answered with it"
    assert alarms(seen(), (event(1),), (), frozenset({"vault/1/0"})) == ()


def test_two_requests_are_two() -> None:
    found = alarms(seen(alert(1), alert(2, request="r2")), (), (), frozenset())
    assert ids(found) == ["a1", "a2"]
    assert len({one.id for one in found}) == 2
    assert alarms(seen(alert(1)), (), tuple(replace(one) for one in found), frozenset())[1].vendor_id == "a2"
