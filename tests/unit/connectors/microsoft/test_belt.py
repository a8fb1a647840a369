"""Litigation hold at the Exchange host: one list tells who is on it, each mailbox is told by itself, and a proof changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import MemberOutcome
from connectors.errors import PermanentError, UnknownOutcomeError
from connectors.examination import WriteCapability
from connectors.hold_orders import HoldOrder, OrderedSource
from connectors.microsoft365.belt import belt_from
from connectors.microsoft365.inplace import mailbox_from
from connectors.microsoft365.ordering import realise_hold
from policies.kinds import Kind, Workload
from policies.resources import Force, Live, Mark, MemberState, ReadState, Ref
from sandbox.microsoft.objects import Mailbox
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import Bench, mark
from tests.unit.connectors.microsoft.test_mapping import circumstances

NOW = datetime(2026, 10, 5, 14, tzinfo=UTC)
REF = Ref(tenant="m365", kind=Kind.M365_MAILBOX, vendor_id="m365.mailbox", name="Litigation hold")
NOBODY = belt_from((), NOW)


def row(address: str, **more: object) -> dict[str, object]:
    body = {"PrimarySmtpAddress": address, "InPlaceHolds": [], "LitigationHoldEnabled": True, "LitigationHoldDuration": "Unlimited", "ExchangeGuid": "e-1"}
    return {**body, **more}


def of(*rows: dict[str, object]) -> Live:
    return belt_from([box for one in rows if (box := mailbox_from(one))], NOW)


def box(bench: Bench, address: str) -> Mailbox:
    found = next(one.mailbox for one in tenant_of(bench.world).accounts.values() if one.upn == address)
    assert found is not None
    return found


def test_who_is_on_it_without_an_end_is_a_member_in_force_four_hours_after_it_was_set() -> None:
    just, long = (NOW - timedelta(minutes=239)).isoformat(), (NOW - timedelta(minutes=240)).isoformat()
    live = of(
        row("ann@d.example", LitigationHoldDate=just), row("bo@d.example", LitigationHoldDate=long, ExternalDirectoryObjectId="o-2"),
        row("cy@d.example", LitigationHoldDuration="2555.00:00:00"), row("dee@d.example", LitigationHoldDate=long, IsInactiveMailbox=True),
    )  # fmt: skip
    assert live.members == {"mail:ann@d.example", "mail:bo@d.example", "mail:.dee@d.example"}
    assert live.member_states["mail:ann@d.example"] == MemberState(force=Force.PENDING, since=NOW + timedelta(minutes=1), vendor_id="e-1")
    assert live.member_states["mail:bo@d.example"] == MemberState(force=Force.APPLIED, since=NOW, vendor_id="o-2")
    assert (live.vendor_id, live.force, live.mark, live.fields) == ("m365.mailbox", Force.PENDING, None, {})


def test_it_stands_beside_the_case_hold_and_no_word_of_the_matter_is_in_it() -> None:
    sources = tuple(
        OrderedSource(person="p", workload=one, identity_id="i", address="ann@d.example", container="ann@d.example") for one in (Workload.MAIL, Workload.LITIGATION_HOLD)
    )
    order = HoldOrder(alias="Northfield v. Harbormill", tenant_alias="blueheron", sources=sources, terms="levy", range_from=None, range_to=None)
    ordered = realise_hold(order, circumstances())
    [belt] = [one for one in ordered.resources if one.kind is Kind.M365_MAILBOX]
    assert (belt.members, dict(belt.fields), belt.name, belt.parent) == (frozenset({"mail:ann@d.example"}), {}, "Litigation hold", None)
    assert ordered.carried[sources[1]] == (belt.key, "mail:ann@d.example")
    assert ordered.carried[sources[0]][0] != belt.key


def test_where_nothing_but_the_belt_is_left_of_an_order_no_case_is_wanted_open() -> None:
    source = OrderedSource(person="p", workload=Workload.LITIGATION_HOLD, identity_id="i", address="ann@d.example", container="ann@d.example")
    order = HoldOrder(alias="m", tenant_alias="blueheron", sources=(source,), terms=None, range_from=None, range_to=None)
    assert [one.kind for one in realise_hold(order, circumstances()).resources] == [Kind.M365_MAILBOX]
    assert [one.kind for one in realise_hold(replace(order, sources=()), circumstances()).resources] == [Kind.M365_CASE]


def test_each_mailbox_is_told_once_and_read_back_in_one_list(bench: Bench) -> None:
    ann, bo = sorted(bench.people("teacher", 2))
    receipt = bench.writer().add(REF, frozenset({f"mail:{ann}", f"mail:{bo}"}), NOBODY)
    assert receipt.members == (MemberOutcome(member=f"mail:{ann}"), MemberOutcome(member=f"mail:{bo}"))
    seen = bench.reader().read_back(REF)
    assert seen is not None
    assert {f"mail:{ann}", f"mail:{bo}"} <= seen.members
    assert [one.operation for one in bench.asked("exchange") if one.method == "POST"].count("Get-Mailbox") == 1


def test_one_that_is_refused_is_its_own_and_the_others_are_told(bench: Bench) -> None:
    bench.fault("exchange", "Set-Mailbox", status=400)
    ann, bo = bench.people("teacher", 2)
    receipt = bench.writer().add(REF, frozenset({f"mail:{ann}", f"mail:{bo}"}), NOBODY)
    assert [one.error is None for one in receipt.members] == [False, True]


def test_what_is_about_us_is_not_said_of_each_mailbox(bench: Bench) -> None:
    bench.fault("exchange", "Set-Mailbox", status=403, times=9)
    ann, bo = bench.people("teacher", 2)
    with pytest.raises(PermanentError) as caught:
        bench.writer().add(REF, frozenset({f"mail:{ann}", f"mail:{bo}"}), NOBODY)
    assert caught.value.code == "admin.forbidden"
    assert len([one for one in bench.asked("exchange") if one.operation == "Set-Mailbox"]) == 1


@pytest.mark.parametrize("when", ["after", "before"])
def test_an_answer_that_was_lost_is_settled_by_the_list(bench: Bench, when: str) -> None:
    bench.fault("exchange", "Set-Mailbox", kind="reset", when=when)
    [ann] = bench.people("teacher", 1)
    [outcome] = bench.writer().add(REF, frozenset({f"mail:{ann}"}), NOBODY).members
    arrived = when == "after"
    assert (outcome.error is None, box(bench, ann).litigation) == (arrived, arrived)


def test_where_the_list_cannot_be_read_either_nobody_knows(bench: Bench) -> None:
    bench.fault("exchange", "Set-Mailbox", kind="reset", when="after")
    bench.fault("exchange", "Get-Mailbox", status=403, times=9)
    [ann] = bench.people("teacher", 1)
    with pytest.raises(UnknownOutcomeError):
        bench.writer().add(REF, frozenset({f"mail:{ann}"}), NOBODY)


def test_it_is_never_switched_off(bench: Bench) -> None:
    writer = bench.writer()
    assert not hasattr(writer, "remove")
    [ann] = bench.people("teacher", 1)
    writer.add(REF, frozenset({f"mail:{ann}"}), NOBODY)
    assert b'"LitigationHoldEnabled":false' not in b"".join(one.request.replace(b" ", b"").lower() for one in bench.asked("exchange"))


def test_half_a_list_is_not_believed_about_who_is_in_it(bench: Bench) -> None:
    box(bench, f"wystan.formerly@{bench.tenant.domain}").litigation = False
    with pytest.raises(PermanentError, match="could not be read whole"):
        bench.reader().read_back(REF)


def test_a_proof_tells_the_mailbox_of_the_check_again_and_changes_nothing(bench: Bench) -> None:
    known = box(bench, f"wystan.formerly@{bench.tenant.domain}")
    before = (known.litigation, known.litigation_date, known.litigation_owner, known.litigation_duration, known.comment)
    assert bench.prover().prove(Kind.M365_MAILBOX, mark("proof-mailbox")).vendor_id == "m365.mailbox"
    assert before == (known.litigation, known.litigation_date, known.litigation_owner, known.litigation_duration, known.comment)
    assert [one.operation for one in bench.asked("exchange")].count("Set-Mailbox") == 1


def test_a_proof_never_puts_a_mailbox_on_it(bench: Bench) -> None:
    [ann] = bench.people("teacher", 1)
    for name, code in ((ann, "proof.would_change"), (None, "visibility_check.not_set")):
        bench.check(Kind.M365_MAILBOX, name)
        with pytest.raises(PermanentError) as caught:
            bench.prover().prove(Kind.M365_MAILBOX, Mark(district="d", key="k", generation=1))
        assert caught.value.code == code
    assert "Set-Mailbox" not in {one.operation for one in bench.asked("exchange")}


def test_what_can_be_done_with_it_is_told(bench: Bench) -> None:
    def write(*, accepted: bool) -> WriteCapability:
        found = bench.reader(accepted=accepted).examine().capabilities
        return next(one.write for one in found if one.kind is Kind.M365_MAILBOX)

    assert write(accepted=True) is WriteCapability.UNPROVEN
    assert write(accepted=False) is WriteCapability.MISSING


def test_it_is_read_in_a_run_only_where_an_order_asks_for_it(bench: Bench) -> None:
    assert Kind.M365_MAILBOX not in bench.connector().kinds()
    assert bench.reader().snapshot({Kind.M365_MAILBOX}).reads[Kind.M365_MAILBOX].state is ReadState.COMPLETE
