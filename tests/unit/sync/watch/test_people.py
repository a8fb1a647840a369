"""The admin log's old names and its new ones (G§5: renamed in 2026) say the same of somebody on hold, and neither says it of the way back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from connectors.audit_log import AuditEvent
from policies.kinds import Platform
from policies.resources import Snapshot
from sync.matters.model import Account, Answer, Details, Matter, MatterState, PersonCode, PersonOnHold, Presence, Times
from sync.store.watch_rows import LoggedEvent, Risk
from sync.watch.people import Past, is_risky, risks
from tests.unit.sync.matters.world import google, roster
from tests.unit.sync.provable import START

NAMES: Mapping[PersonCode, tuple[str, ...]] = {
    PersonCode.SUSPENDED: ("SUSPEND_USER", "USER_SUSPENDED", "user-suspended"),
    PersonCode.ARCHIVED: ("ARCHIVE_USER", "USER_ARCHIVED"),
    PersonCode.NOT_LICENSED: (
        "USER_LICENSE_REVOKE", "USER_LICENSE_REASSIGNMENT", "USER_LICENSE_REVOKED", "LICENSE_REMOVED_FROM_USER", "USER_LICENSE_DELETED", "LICENCE_UPDATED",
    ),
    PersonCode.MOVED: (
        "MOVE_USER_TO_ORG_UNIT", "USER_MOVED", "user_moved", "USER_MOVED_TO_ORG_UNIT", "USER_ORG_UNIT_CHANGED", "USER_ORG_UNIT_UPDATED",
        "USER_ORGANIZATIONAL_UNIT_CHANGED",
    ),
    PersonCode.RENAMED: ("RENAME_USER", "USER_RENAMED", "CHANGE_USER_PRIMARY_EMAIL", "USER_PRIMARY_EMAIL_CHANGED", "USER_EMAIL_UPDATED"),
    PersonCode.DELETED: ("DELETE_USER", "USER_DELETED"),
}  # fmt: skip
HARMLESS = (
    "UNSUSPEND_USER", "USER_UNSUSPENDED", "UNARCHIVE_USER", "USER_UNARCHIVED", "UNDELETE_USER", "USER_UNDELETED", "USER_LICENSE_ASSIGNMENT",
    "LICENSE_ASSIGNED", "REMOVE_GROUP_MEMBER", "GROUP_MEMBER_REMOVED", "USER_ALIAS_REMOVED", "CHANGE_EMAIL_SETTING", "CREATE_ORG_UNIT", "REMOVE_ORG_UNIT",
)  # fmt: skip


def named(operation: str) -> AuditEvent:
    """An entry of the admin log of that name."""
    return AuditEvent(id="e1", at=START, actor="it@d.example", operation=operation)


def shown(code: PersonCode, operation: str) -> str | None:
    """The event that is shown beside that danger, when the log has one of that name and nothing else."""
    person = google(1)
    held = PersonOnHold(
        id="p1", address=person.address, answers={"google": Answer(presence=Presence.FOUND, codes=(code,))},
        accounts=(Account(tenant="google", vendor_id=person.vendor_id, address=person.address),),
    )  # fmt: skip
    matter = Matter(
        alias="a", tenant_alias="t", report_alias="r", state=MatterState.HELD, opened=START, times=Times(ordered=START), details=Details(), people=(held,),
    )  # fmt: skip
    event = LoggedEvent(event="e1", at=START - timedelta(hours=1), operation=operation, actor="it@d.example", sort="person", subject=person.vendor_id)
    snapshot = Snapshot(tenant="google", at=START, reads={}, resources=())
    (risk,) = risks((matter,), roster("google", person), snapshot, Past(events=(event,)), Platform.GOOGLE_WORKSPACE)
    assert risk == Risk(subject=person.vendor_id, code=code.value, event=risk.event)
    return risk.event


@pytest.mark.parametrize(("code", "operation"), [(code, name) for code, names in NAMES.items() for name in names])
def test_old_and_new_names_both_count(code: PersonCode, operation: str) -> None:
    assert is_risky(named(operation))
    assert shown(code, operation) == "e1"
    others = set(NAMES) - {code}
    assert {other for other in others if shown(other, operation)} == set()


@pytest.mark.parametrize("operation", HARMLESS)
def test_the_way_back_and_what_is_about_others_is_no_danger(operation: str) -> None:
    assert not is_risky(named(operation))
