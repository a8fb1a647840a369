"""Matters that only the log tells of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.audit_log import AuditEvent
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import KindRead, Live, ReadState, Snapshot
from sync.drift import AttributionState, DriftClass
from sync.watch.blind import blind_spots

AT = datetime(2026, 10, 5, 12, tzinfo=UTC)
SEEN = Live(kind=Kind.GOOGLE_MATTER, vendor_id="seen", name="Seen", fields={"state": "open"})


def snapshot(state: ReadState = ReadState.COMPLETE) -> Snapshot:
    read = KindRead(kind=Kind.GOOGLE_MATTER, state=state, count=1)
    return Snapshot(tenant="google", at=AT, reads={Kind.GOOGLE_MATTER: read}, resources=(SEEN,))


def event(minutes: int, matter: str | None = "hidden", operation: str = "create_investigation_end", **more: Any) -> AuditEvent:
    base = {"id": f"e{minutes}", "at": AT - timedelta(minutes=minutes), "actor": "it@d.example", "operation": operation, "kind": Kind.GOOGLE_MATTER}
    return AuditEvent(**{**base, "vendor_id": matter, "name": None, **more})


def test_a_matter_that_only_the_log_tells_of_is_a_blind_spot_with_its_account() -> None:
    (spot,) = blind_spots(snapshot(), (event(5, operation="view_investigation"), event(50, name="Secret"), event(20, "seen")))
    assert (spot.drift, spot.kind, spot.vendor_id, spot.name) == (DriftClass.BLIND_SPOT, Kind.GOOGLE_MATTER, "hidden", "Secret")
    assert (spot.since.earliest, spot.since.latest) == (AT - timedelta(minutes=50), AT - timedelta(minutes=5))
    assert (spot.attribution.state, spot.attribution.actor, spot.attribution.event) == (AttributionState.FOUND, "it@d.example", "e5")
    assert spot.direction is Direction.WEAKENS


def test_it_keeps_its_id_whatever_else_happens_to_it() -> None:
    first, second = blind_spots(snapshot(), [event(50)]), blind_spots(snapshot(), [event(50), event(5)])
    assert [one.id for one in first] == [one.id for one in second]


def test_what_was_deleted_is_none_and_what_came_back_is_one_again() -> None:
    gone = [event(50), event(40, operation="delete_investigation_end")]
    assert blind_spots(snapshot(), gone) == ()
    assert len(blind_spots(snapshot(), [*gone, event(30, operation="restore_investigation_end")])) == 1
    assert blind_spots(snapshot(), [*gone, event(30, operation="view_investigation"), event(20, operation="search")]) == ()


def test_a_deletion_that_was_only_begun_is_none_and_every_spelling_is_read() -> None:
    begun = [event(50), event(40, operation="delete_investigation_begin")]
    assert len(blind_spots(snapshot(), begun)) == 1
    assert len(blind_spots(snapshot(), [event(50), event(40, operation="DELETE-INVESTIGATION-BEGIN")])) == 1
    assert blind_spots(snapshot(), [event(50), event(40, operation="DELETE-INVESTIGATION-END")]) == ()
    assert blind_spots(snapshot(), [event(50), event(40, operation="obsolete_api_matters_delete")]) == ()
    assert len(blind_spots(snapshot(), [event(50), event(40, operation="delete_investigation_end"), event(30, operation="restore_investigation_begin")])) == 1


def test_what_was_only_worked_in_or_looked_at_is_one_too() -> None:
    for operation in ("search", "view_investigation", "create_export_end", "add_preservation_rule_end"):
        assert len(blind_spots(snapshot(), [event(50, operation=operation)])) == 1


def test_nothing_is_concluded_from_a_list_that_failed_or_from_events_after_the_look() -> None:
    assert blind_spots(snapshot(ReadState.FAILED), [event(50)]) == ()
    assert len(blind_spots(snapshot(ReadState.PARTIAL), [event(50)])) == 1
    assert blind_spots(snapshot(), [event(-1), event(50, None), event(50, kind=Kind.GOOGLE_HOLD)]) == ()
