"""Cases and holds as a signed-in administrator where an application may not: A3, and what follows when the sign-in ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.errors import PermanentError
from connectors.examination import Capability, WriteCapability
from connectors.microsoft365.graph import Call, GraphClient
from connectors.microsoft365.sign_in import by_browser
from connectors.microsoft365.signed_in import PersonTokens, Session
from policies.kinds import Kind
from policies.resources import Force, ReadState, Ref
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.people import Someone, officer
from tests.unit.connectors.microsoft.support import CASE, HOLD, Bench, mark


@pytest.fixture
def a3(bench: Bench) -> Bench:
    bench.switch(licence="A3", ediscovery_manager="not_registered")
    return bench


def signed_in(bench: Bench, login: str = "") -> Session:
    bench.session = by_browser(bench.tenant, bench.context(), Someone(bench, login=login)).session
    return bench.session


def cases(bench: Bench) -> Capability:
    return next(one for one in bench.reader().examine().capabilities if one.kind is Kind.M365_CASE)


def test_without_a_person_a3_says_who_could(a3: Bench) -> None:
    one = cases(a3)
    assert one.write is WriteCapability.MISSING
    assert one.surface == "graph"
    assert one.next_step is not None
    assert one.next_step.endswith("or sign in: recordwarden login --tenant m365")


def test_a_whole_hold_on_a3_as_the_person(a3: Bench) -> None:
    signed_in(a3)
    one = cases(a3)
    assert (one.surface, one.account, one.write) == ("graph_signed_in", officer(a3), WriteCapability.UNPROVEN)
    writer, reader = a3.writer(), a3.reader()
    case = writer.create(CASE, mark(CASE.key), None)
    assert writer.account(Kind.M365_CASE) == officer(a3)
    parent = Ref(tenant="m365", kind=CASE.kind, vendor_id=case.vendor_id, name=CASE.name)
    hold = writer.create(HOLD, mark(HOLD.key), parent)
    ref = Ref(tenant="m365", kind=HOLD.kind, vendor_id=hold.vendor_id, name=HOLD.name, parent_id=case.vendor_id)
    live = reader.read_back(ref)
    assert live is not None
    members = frozenset(f"mail:{address}" for address in a3.people("teacher", 20))
    assert len(members) > 3
    receipt = writer.add(ref, members, live)
    assert {one.error for one in receipt.members} == {None}
    a3.advance(400)
    again = reader.read_back(ref)
    assert again is not None
    assert (again.members, again.force) == (members, Force.APPLIED)
    made = {event.actor.upn for event in tenant_of(a3.world).events if event.operation in ("CaseAdded", "HoldCreated") and event.at.year == 2026}
    assert officer(a3) in made


def test_where_we_may_ourselves_we_do(bench: Bench) -> None:
    signed_in(bench)
    assert (cases(bench).surface, cases(bench).account) == ("graph", None)
    writer = bench.writer()
    writer.create(CASE, mark(CASE.key), None)
    assert writer.account(Kind.M365_CASE) is None


def test_a_writer_that_was_never_told_finds_the_way_by_one_refusal(a3: Bench) -> None:
    signed_in(a3)
    writer = a3.writer()
    before = len(a3.asked("graph"))
    writer.create(CASE, mark(CASE.key), None)
    writer.create(HOLD, mark(HOLD.key), Ref(tenant="m365", kind=CASE.kind, vendor_id=next(iter_cases(a3)), name=CASE.name))
    posts = [(one.method, one.status) for one in a3.asked("graph")[before:] if one.method == "POST"]
    assert posts == [("POST", 403), ("POST", 201), ("POST", 201)]


def iter_cases(bench: Bench) -> Iterator[str]:
    return iter([one.guid for one in tenant_of(bench.world).cases.values() if one.external_id == str(mark(CASE.key))])


def test_many_refused_at_once_are_asked_again_as_the_person_each_once(a3: Bench) -> None:
    """Sources go out in one burst: those refused to us go out again, and no other."""
    signed_in(a3)
    writer = a3.writer()
    case = writer.create(CASE, mark(CASE.key), None)
    hold = writer.create(HOLD, mark(HOLD.key), Ref(tenant="m365", kind=CASE.kind, vendor_id=case.vendor_id, name=CASE.name))
    ref = Ref(tenant="m365", kind=HOLD.kind, vendor_id=hold.vendor_id, name=HOLD.name, parent_id=case.vendor_id)
    live = a3.reader().read_back(ref)
    assert live is not None
    late = a3.writer()  # has to find out by itself
    people = a3.people("teacher", 5)
    late.add(ref, frozenset(f"mail:{address}" for address in people), live)
    held = [source.place for one in tenant_of(a3.world).holds.values() if one.guid == hold.vendor_id for source in one.sources]
    assert sorted(held) == sorted(people)


def read_cases(bench: Bench) -> tuple[ReadState, str | None]:
    reader = bench.reader()
    reader.examine()
    reads = reader.snapshot({Kind.M365_CASE}).reads
    assert set(reads) == {Kind.M365_CASE}, "a kind that was read on the way and not asked for must not look complete and empty"
    read = reads[Kind.M365_CASE]
    return read.state, None if read.reason is None else read.reason.partition(" (")[0]


def test_a_manager_who_sees_their_own_cases_alone_is_partial(a3: Bench) -> None:
    signed_in(a3)
    a3.writer().create(CASE, mark(CASE.key), None)
    assert read_cases(a3) == (ReadState.PARTIAL, "visibility_check.not_seen")


def test_the_persons_own_case_proves_no_sight(a3: Bench) -> None:
    """A Manager sees the cases of their own making alone (M§3.3): a check that they made themselves would be seen by the blind."""
    administrator = tenant_of(a3.world).console.upn
    signed_in(a3, login=administrator)
    assert read_cases(a3) == (ReadState.PARTIAL, "visibility_check.not_seen"), "the administrator made this check"
    session = signed_in(a3)
    graph = PersonTokens(a3.tenant, a3.context(), session)
    client = GraphClient(a3.tenant, a3.context(), graph)
    made = client.call(Call(method="POST", path="/security/cases/ediscoveryCases", body={"displayName": "Check by the records office"})).value
    client.call(Call(method="POST", path=f"/security/cases/ediscoveryCases/{made['id']}/legalHolds", body={"displayName": "Check hold of theirs"}))
    client.close()
    graph.close()
    a3.check(Kind.M365_CASE, "Check by the records office")
    a3.check(Kind.M365_HOLD, "Check hold of theirs")
    assert read_cases(a3) == (ReadState.PARTIAL, "visibility_check.not_seen"), "the records office made this one"
    signed_in(a3, login=administrator)
    assert read_cases(a3) == (ReadState.COMPLETE, None)


def test_who_has_no_role_is_told(a3: Bench) -> None:
    signed_in(a3, login=a3.people("teacher", 1)[0])
    one = cases(a3)
    assert one.write is WriteCapability.MISSING
    assert one.reason is not None
    assert one.reason.startswith("graph.forbidden")


def test_a_sign_in_that_was_revoked_closes_cases_and_nothing_else(a3: Bench) -> None:
    session = signed_in(a3)
    a3.advance(10)
    a3.act("revoke_sessions", user=officer(a3))
    reader = a3.reader()
    examination = reader.examine()
    assert examination.signed_in is not None
    assert examination.signed_in.trouble is not None
    assert examination.signed_in.trouble.startswith("auth.sign_in_again: Tenant m365")
    assert "AADSTS50173" in examination.signed_in.trouble
    one = next(one for one in examination.capabilities if one.kind is Kind.M365_CASE)
    assert (one.write, one.next_step) == (WriteCapability.MISSING, "sign in: recordwarden login --tenant m365")
    seen = reader.snapshot({Kind.M365_CASE, Kind.M365_HOLD, Kind.M365_LABEL})
    assert seen.reads[Kind.M365_HOLD].state is ReadState.FAILED
    assert (seen.reads[Kind.M365_HOLD].reason or "").startswith("auth.sign_in_again")
    assert seen.reads[Kind.M365_LABEL].state is ReadState.COMPLETE, "what we read as ourselves goes on"
    assert reader.roster().identities
    tried = [one for one in a3.asked("authority") if b"grant_type=refresh_token" in one.request]
    with pytest.raises(PermanentError) as caught:
        a3.writer().create(CASE, mark("m-x"), None)
    assert caught.value.code == "auth.sign_in_again"
    assert [one for one in a3.asked("authority") if b"grant_type=refresh_token" in one.request] == tried, "a program never asks again"
    assert session.over is not None


def test_sources_of_a_hold_whose_person_is_gone_fail_one_by_one(a3: Bench) -> None:
    """``call_all`` hands on what was never sent as an error, and loses nothing that was."""
    session = signed_in(a3)
    writer = a3.writer()
    case = writer.create(CASE, mark(CASE.key), None)
    hold = writer.create(HOLD, mark(HOLD.key), Ref(tenant="m365", kind=CASE.kind, vendor_id=case.vendor_id, name=CASE.name))
    ref = Ref(tenant="m365", kind=HOLD.kind, vendor_id=hold.vendor_id, name=HOLD.name, parent_id=case.vendor_id)
    live = a3.reader().read_back(ref)
    assert live is not None
    a3.advance(10)
    a3.act("revoke_sessions", user=officer(a3))
    session.held.clear()  # an hour later
    receipt = a3.writer().add(ref, frozenset(f"mail:{address}" for address in a3.people("teacher", 3)), live)
    assert {(one.error or "").partition(":")[0] for one in receipt.members} == {"auth.sign_in_again"}


def test_a_person_of_another_tenant_is_not_used(a3: Bench) -> None:
    session = signed_in(a3)
    object.__setattr__(session.person, "tenant_id", "00000000-0000-4000-8000-000000000000")
    reader = a3.reader()
    examination = reader.examine()
    assert examination.signed_in is not None
    assert examination.signed_in.trouble is not None
    assert examination.signed_in.trouble.startswith("tenant.identity_changed")
    assert next(one for one in examination.capabilities if one.kind is Kind.M365_CASE).write is WriteCapability.MISSING
    assert not [one for one in a3.asked("graph") if one.caller == "person"]


def test_the_version_that_served_the_person_is_told_and_handed_on(a3: Bench) -> None:
    signed_in(a3, login=tenant_of(a3.world).console.upn)  # sees others' cases, so that a path of holds answers
    a3.switch(legal_holds_v1="off")
    connector = a3.connector()
    reader, writer = connector.reader(a3.tenant, a3.context()), connector.writer(a3.tenant, a3.context())
    seen = reader.examine()
    reader.snapshot({Kind.M365_HOLD})
    assert {one.kind: one.version for one in reader.settled(seen.capabilities)}[Kind.M365_HOLD] == "beta"
    case = writer.create(CASE, mark(CASE.key), None)
    first = len(a3.asked("graph"))
    writer.create(HOLD, mark(HOLD.key), Ref(tenant="m365", kind=CASE.kind, vendor_id=case.vendor_id, name=CASE.name))
    asked = [one for one in a3.asked("graph")[first:] if "legalHolds" in one.path]
    assert asked
    assert {one.status for one in asked} == {201}, "the writer does not find the version out by a refusal again"
    reader.close()
    writer.close()
