"""A hold switched off, a case closed, and what follows and what never does."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from connectors.errors import PermanentError, UnknownOutcomeError
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.graph import Call
from connectors.microsoft365.inplace import mailbox_from
from policies.kinds import Kind
from policies.resources import Live, Ref
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.people import officer
from tests.unit.connectors.microsoft.releases import (
    LATER,
    case,
    case_of,
    held,
    hold,
    mail,
    parameters,
    read,
    releaser,
    sent,
)
from tests.unit.connectors.microsoft.support import CASE, Bench, mark

# A hold, ended

def test_a_hold_is_switched_off_and_stays_what_it_is(bench: Bench, surface: str) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    [one] = sent(bench, lambda: releaser(bench).end(ref, live))
    if surface == "compliance_admin":
        assert parameters(one) == {"Identity": ref.vendor_id, "Enabled": False}
    else:
        assert (one.method, one.path.rpartition("/")[2], "/beta/" in one.path, one.request) == ("POST", "disablePolicy", True, b"")
    after = read(bench, ref)
    assert after.fields == {**live.fields, "enabled": False}
    assert (after.mark, after.members, after.name) == (live.mark, live.members, live.name)
    assert not sent(bench, lambda: releaser(bench).end(ref, live)), "off already"


def test_a_hold_of_several_is_ended_alone(bench: Bench, surface: str) -> None:
    ann, bo = mail(bench, 2)
    ref, other = held(bench, frozenset({ann})), held(bench, frozenset({bo}), "m-blue-heron-2")
    assert releaser(bench).end(ref, read(bench, ref)).surface == surface
    assert (hold(bench, ref).enabled, hold(bench, other).enabled) == (False, True)


def test_where_beta_does_not_serve_it_a_hold_is_switched_off_by_cmdlet(bench: Bench) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    body = b'{"error":{"code":"BadRequest","message":"Resource not found for the segment \'disablePolicy\'."}}'
    bench.fault("graph", "POST /security/cases/ediscoveryCases/{case}/legalHolds/{hold}/disablePolicy", status=400, body=body)
    assert releaser(bench).end(ref, read(bench, ref)).surface == "compliance_admin"
    assert hold(bench, ref).enabled is False


def test_a_lost_answer_to_switching_off_is_unknown_and_may_be_asked_again(bench: Bench, surface: str) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    live = read(bench, ref)
    if surface == "compliance_admin":
        bench.fault("compliance", "Set-CaseHoldPolicy", status=504, when="after")
    else:
        bench.fault("graph", "POST /security/cases/ediscoveryCases/{case}/legalHolds/{hold}/disablePolicy", status=504, when="after")
    with pytest.raises(UnknownOutcomeError) as caught:
        releaser(bench).end(ref, live)
    assert "again is safe" in caught.value.next_step
    assert not sent(bench, lambda: releaser(bench).end(ref, live))


# A case, closed

def test_a_case_is_closed_when_every_hold_in_it_is_off(bench: Bench, surface: str) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    target = case_of(ref)
    live = read(bench, target)
    releaser(bench).end(ref, read(bench, ref))
    [one] = sent(bench, lambda: releaser(bench).end(target, live))
    if surface == "compliance_admin":
        assert parameters(one) == {"Identity": target.vendor_id, "Close": True}
    else:
        assert one.path.endswith(f"/{target.vendor_id}/close")
    assert not sent(bench, lambda: releaser(bench).end(target, live)), "closing already"
    bench.advance(LATER)
    assert read(bench, target).fields["state"] == "closed"
    receipt = releaser(bench).end(target, live)
    assert (receipt.vendor_id, receipt.surface) == (target.vendor_id, surface)


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_case_with_a_hold_that_is_on_stays_open_whosever_it_is(bench: Bench, surface: str, whose: str) -> None:
    ann, bo = mail(bench, 2)
    ref, other = held(bench, frozenset({ann})), held(bench, frozenset({bo}), "m-blue-heron-2")
    if whose == "theirs":
        with bench.world.lock:
            hold(bench, other).comment = "The attorney's own"
    releaser(bench).end(ref, read(bench, ref))
    bench.advance(LATER)
    with pytest.raises(PermanentError) as caught:
        releaser(bench).end(case_of(ref), read(bench, case_of(ref)))
    assert caught.value.code == "release.holds_left"
    assert "hold m-blue-heron-2" in caught.value.message
    assert (case(bench, case_of(ref)).closed_at, hold(bench, other).enabled) == (None, True)


def test_a_hold_that_does_not_say_whether_it_is_on_counts_as_on(bench: Bench) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    releaser(bench).end(ref, read(bench, ref))
    body = json.dumps({"value": [{"id": ref.vendor_id, "displayName": "x"}]}).encode()
    bench.fault("graph", "GET /security/cases/ediscoveryCases/{case}/legalHolds", status=200, body=body)
    with pytest.raises(PermanentError, match=r"end 1 of its holds"):
        releaser(bench).end(case_of(ref), read(bench, case_of(ref)))


def test_half_a_list_of_holds_closes_no_case(bench: Bench) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    releaser(bench).end(ref, read(bench, ref))
    live = read(bench, case_of(ref))
    body = json.dumps({"value": [{"id": "a", "displayName": "a", "isEnabled": False}], "@odata.nextLink": "https://elsewhere.example/x"}).encode()
    bench.fault("graph", "GET /security/cases/ediscoveryCases/{case}/legalHolds", status=200, body=body)
    with pytest.raises(PermanentError) as caught:
        releaser(bench).end(case_of(ref), live)
    assert caught.value.code == "kind.partial"
    assert case(bench, case_of(ref)).closed_at is None


@pytest.mark.parametrize("way", ["graph", "cmdlet"])
def test_an_empty_list_of_holds_closes_no_case_unless_holds_would_be_seen(bench: Bench, way: str) -> None:
    bench.switch(licence="A5" if way == "graph" else "A3")
    ref = held(bench, frozenset(mail(bench, 1)))
    live = read(bench, case_of(ref))
    bench.check(Kind.M365_HOLD, "never seen")
    if way == "cmdlet":
        bench.switch(blind="Get-CaseHoldPolicy")
    else:
        bench.fault("graph", "GET /security/cases/ediscoveryCases/{case}/legalHolds", status=200, body=b'{"value": []}', times=99)
    with pytest.raises(PermanentError) as caught:
        releaser(bench).end(case_of(ref), live)
    assert caught.value.code == "kind.partial"
    assert (case(bench, case_of(ref)).closed_at, hold(bench, ref).enabled) == (None, True)


def test_a_case_that_never_had_a_hold_is_closed_where_holds_would_be_seen(bench: Bench, surface: str) -> None:
    made = bench.writer().create(CASE, mark(CASE.key), None)
    target = Ref(tenant="m365", kind=Kind.M365_CASE, vendor_id=made.vendor_id, name=made.name)
    releaser(bench).end(target, read(bench, target))
    assert case(bench, target).closed_at is not None


def test_a_lost_answer_to_closing_is_unknown_and_may_be_asked_again(bench: Bench) -> None:
    ref = held(bench, frozenset(mail(bench, 1)))
    hand = releaser(bench)
    hand.end(ref, read(bench, ref))
    live = read(bench, case_of(ref))
    bench.fault("graph", "POST /security/cases/ediscoveryCases/{case}/close", kind="reset", when="after")
    with pytest.raises(UnknownOutcomeError):
        hand.end(case_of(ref), live)
    assert not sent(bench, lambda: hand.end(case_of(ref), live))


# Afterwards

def test_a_delay_hold_follows_and_is_never_cleared_from_here(bench: Bench, surface: str) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live = read(bench, ref)
    hand = releaser(bench)
    found = sent(bench, lambda: hand.remove(ref, frozenset({ann}), live))
    bench.advance(LATER)
    found += sent(bench, lambda: hand.end(ref, live))
    bench.advance(LATER)
    found += sent(bench, lambda: hand.end(case_of(ref), live))
    assert len([one for one in found if one.status < 400]) == 3
    assert not [one for one in found if one.surface == "exchange" or b"Delay" in one.request]
    assert [delayed(bench, member[5:]) for member in (ann, bo)] == [(True, True), (True, True)]
    bench.advance(30 * 86_400)
    assert [delayed(bench, member[5:]) for member in (ann, bo)] == [(False, False), (False, False)]


def delayed(bench: Bench, address: str) -> tuple[bool, bool]:
    rows = bench.reader()._access.admin.read("Get-Mailbox", {"Identity": address}, endpoint=Endpoint.EXCHANGE).rows
    [box] = [found for row in rows if (found := mailbox_from(row))]
    return box.delayed, box.delayed_elsewhere


# What is never done

@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.M365_HOLD, Kind.M365_CASE}))
def test_nothing_else_is_ended_and_nobody_is_taken_off_anything_else(bench: Bench, kind: Kind) -> None:
    ref = Ref(tenant="m365", kind=kind, vendor_id="x", name="x")
    live = Live(kind=kind, vendor_id="x", name="x", fields={}, members=frozenset({"mail:a@b.example", "mail:c@b.example"}))
    hand = releaser(bench)
    acts: list[Callable[[], object]] = [lambda: hand.end(ref, live)]
    acts += [lambda: hand.remove(ref, frozenset({"mail:a@b.example"}), live)] if kind is not Kind.M365_MAILBOX else []
    for act in acts:
        with pytest.raises(PermanentError) as caught:
            act()
        assert caught.value.code == "write.not_allowed"
    assert not bench.world.exchanges


def test_nothing_but_a_source_of_a_hold_can_be_deleted_over_graph(bench: Bench) -> None:
    graph = releaser(bench)._access.graph
    base = "/security/cases/ediscoveryCases/c"
    for path in ("/users/x", base, f"{base}/legalHolds/h", f"{base}/legalHolds/h/userSources", "/security/labels/retentionLabels/x"):
        with pytest.raises(ValueError, match="never deleted"):
            graph.call(Call(method="DELETE", path=path))
    assert not bench.asked("graph")


def test_who_released_it_is_told_and_stands_in_the_log(bench: Bench, surface: str) -> None:
    ann, bo = mail(bench, 2)
    ref = held(bench, frozenset({ann, bo}))
    live, hand = read(bench, ref), releaser(bench)
    before = len(tenant_of(bench.world).events)
    hand.remove(ref, frozenset({ann}), live)
    bench.advance(LATER)
    hand.end(ref, live)
    bench.advance(LATER)
    hand.end(case_of(ref), read(bench, case_of(ref)))
    person = tenant_of(bench.world).console.upn if surface == "graph_signed_in" else None
    assert (hand.account(Kind.M365_HOLD), hand.account(Kind.M365_MAILBOX)) == (person, None)
    logged = [(one.operation, one.actor.upn or one.actor.name) for one in tenant_of(bench.world).events[before:] if one.record_type == 24]
    who = person or tenant_of(bench.world).app.name
    assert logged == [("HoldUpdated", who), ("HoldUpdated", who), ("CaseUpdated", who)]
    if person:
        assert officer(bench) != person
