"""What is said of a source when the platform's own marks on it could not be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.base import Coverage as Marked
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from policies.kinds import Kind, Workload
from policies.resources import Force, Live, Ref, Snapshot
from policies.roster import Identity, Roster
from recordwarden.coverage import Coverage, Protected, coverage, observed

POLICY = Ref(tenant="m365", kind=Kind.M365_RETENTION_POLICY, vendor_id="p1", name="Staff mail")
SNAPSHOT = Snapshot(tenant="m365", at=datetime(2026, 3, 2, tzinfo=UTC), resources=(), reads={})


def worked_out(protected: Protected) -> Coverage:
    by = (POLICY,) if protected is Protected.YES else ()
    until = "731 days after created" if by else None
    return Coverage(person="mia", tenant="m365", account="mia@d.example", source=Workload.MAIL, protected=protected, by=by, until=until)


def marked(*, protected: bool | None, reason: str | None = None) -> Marked:
    place = None if protected is None else "mia@d.example"
    return Marked(identity_id="u1", address="mia@d.example", source=Workload.MAIL, place=place, protected=protected, reason=reason)


@pytest.mark.parametrize("guess", list(Protected))
def test_marks_that_could_not_be_read_leave_it_unknown_whatever_the_objects_say(guess: Protected) -> None:
    """Neither an exclusion nor a missing licence nor a hold on the mailbox itself was seen."""
    (said,) = observed([marked(protected=None, reason="admin.forbidden")], [worked_out(guess)], "mia", SNAPSHOT)
    assert (said.protected, said.reason) == (Protected.UNKNOWN, "admin.forbidden")
    assert (said.by, said.until) == (worked_out(guess).by, worked_out(guess).until)


@pytest.mark.parametrize(("protected", "expected"), [(True, Protected.YES), (False, Protected.NO)])
def test_marks_that_were_read_decide(protected: bool, expected: Protected) -> None:  # noqa: FBT001  # a fact
    (said,) = observed([marked(protected=protected)], [worked_out(Protected.YES)], "mia", SNAPSHOT)
    assert (said.protected, said.by) == (expected, ())


def test_an_account_that_its_reader_does_not_know_is_unknown() -> None:
    (said,) = observed([], [worked_out(Protected.YES)], "mia", SNAPSHOT)
    assert (said.protected, said.reason) == (Protected.UNKNOWN, "source.unread")


MIA = Identity(tenant="m365", vendor_id="u1", address="mia@d.example", containers={Workload.MAIL: "mia@d.example"})
PEOPLE = Roster(tenant="m365", at=SNAPSHOT.at, identities=(MIA,))


def said_of_mail(*lives: Live) -> Coverage:
    found = coverage(Microsoft365Connector(allowed=Allowed()), replace(SNAPSHOT, resources=lives), PEOPLE, MIA, "mia")
    return next(one for one in found if one.source is Workload.MAIL)


def policy(member: str, *, force: Force = Force.APPLIED, query: str = "", action: str = "keep") -> tuple[Live, Live]:
    rule = {"period": 730, "trigger": "created", "action": action, "query": query}
    return (
        Live(kind=Kind.M365_RETENTION_POLICY, vendor_id="p1", name="theirs", fields={"enabled": True}, members=frozenset({member}), force=force),
        Live(kind=Kind.M365_RETENTION_RULE, vendor_id="r1", name="rule", parent_id="p1", fields=rule, force=Force.APPLIED),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("lives", "expected"),
    [
        (policy("exchange:mia@d.example"), (Protected.YES, None)),
        (policy("exchange:mia@d.example", force=Force.PENDING), (Protected.NO, "carrier.pending")),
        (policy("exchange:mia@d.example", query="subject:budget"), (Protected.UNKNOWN, "effect.query")),
        (policy("scope:Teachers"), (Protected.UNKNOWN, "effect.scope")),
        (policy("exchange:mia@d.example", action="obliterate"), (Protected.UNKNOWN, "effect.unknown_setting")),
    ],
)
def test_what_only_a_query_can_tell_is_neither_yes_nor_no(lives: tuple[Live, ...], expected: tuple[Protected, str | None]) -> None:
    said = said_of_mail(*lives)
    assert (said.protected, said.reason) == expected
    assert {ref.vendor_id for ref in said.by} == {"p1"}
