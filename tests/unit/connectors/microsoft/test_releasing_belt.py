"""Litigation hold switched off again: exactly those, each by the id that was seen."""

from __future__ import annotations

import pytest

from connectors.errors import PermanentError, UnknownOutcomeError
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.releases import (
    BELT,
    belted,
    errors,
    litigation,
    mail,
    parameters,
    read,
    releaser,
    sent,
)
from tests.unit.connectors.microsoft.support import Bench


def test_litigation_hold_is_switched_off_for_exactly_those_and_nothing_else_is_said(bench: Bench) -> None:
    ann, bo, cy = mail(bench, 3)
    live = belted(bench, ann, bo, cy)
    hand = releaser(bench)
    found = sent(bench, lambda: hand.remove(BELT, frozenset({ann, bo, "mail:not.on@it.example"}), live))
    ids = [str(live.member_states[member].vendor_id) for member in sorted([ann, bo])]
    assert [parameters(one) for one in found] == [{"Identity": ident, "LitigationHoldEnabled": False} for ident in ids]
    assert [litigation(bench, member[5:]) for member in (ann, bo, cy)] == [False, False, True]
    assert read(bench, BELT).members == live.members - {ann, bo}
    receipt = hand.remove(BELT, frozenset({ann}), live)
    assert (errors(receipt), receipt.surface, receipt.vendor_id, receipt.name) == ({ann: None}, "exchange_admin", "m365.mailbox", "Litigation hold")


def test_an_inactive_mailbox_is_told_by_exchanges_own_id(bench: Bench) -> None:
    [ann] = mail(bench, 1)
    belted(bench, ann)
    bench.act("delete_user", user=ann[5:])
    live, member = read(bench, BELT), f"mail:.{ann[5:]}"
    account = next(one for one in tenant_of(bench.world).accounts.values() if ann[5:] in one.addresses)
    assert account.mailbox is not None
    assert live.member_states[member].vendor_id == account.id
    [one] = sent(bench, lambda: releaser(bench).remove(BELT, frozenset({member}), live))
    assert parameters(one) == {"Identity": account.mailbox.guid, "InactiveMailbox": True, "LitigationHoldEnabled": False}
    assert account.mailbox.litigation is False


def test_somebody_else_with_the_address_of_today_is_not_meant(bench: Bench) -> None:
    ann, bo = mail(bench, 2)
    live = belted(bench, ann, bo)
    bench.act("rename_user", user=ann[5:], to=f"ann.married@{bench.tenant.domain}")
    with bench.world.lock:
        state = tenant_of(bench.world)
        mine, other = (next(one for one in state.accounts.values() if address in one.addresses) for address in (ann[5:], bo[5:]))
        mine.aliases.clear()
        other.aliases.append(ann[5:])
    releaser(bench).remove(BELT, frozenset({ann}), live)
    assert (litigation(bench, f"ann.married@{bench.tenant.domain}"), litigation(bench, bo[5:])) == (False, True)


def test_who_became_inactive_since_is_not_said_to_be_off(bench: Bench) -> None:
    ann, bo = mail(bench, 2)
    live = belted(bench, ann, bo)
    bench.act("delete_user", user=ann[5:])
    assert errors(releaser(bench).remove(BELT, frozenset({ann}), live)) == {ann: "admin.not_found"}
    assert litigation(bench, ann[5:])


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_mailbox_that_did_not_answer_is_settled_by_the_list(bench: Bench, when: str) -> None:
    ann, bo = mail(bench, 2)
    live = belted(bench, ann, bo)
    bench.fault("exchange", "Set-Mailbox", kind="reset", when=when)
    found = errors(releaser(bench).remove(BELT, frozenset({ann}), live))
    assert (found[ann] is None, litigation(bench, ann[5:])) == (when == "after", when == "before")


def test_a_list_that_proves_nothing_settles_nothing(bench: Bench) -> None:
    """Who lacks the role is shown an empty list (M§0.1.7)."""
    ann, bo = mail(bench, 2)
    live = belted(bench, ann, bo)
    bench.switch(blind="Get-Mailbox")
    bench.fault("exchange", "Set-Mailbox", kind="reset", when="before")
    with pytest.raises(UnknownOutcomeError) as caught:
        releaser(bench).remove(BELT, frozenset({ann}), live)
    assert "again is safe" in caught.value.next_step
    assert litigation(bench, ann[5:])


def test_litigation_hold_what_is_about_us_is_said_once(bench: Bench) -> None:
    ann, bo = mail(bench, 2)
    live = belted(bench, ann, bo)
    bench.fault("exchange", "Set-Mailbox", status=403, times=9)
    before = len(bench.asked("exchange"))
    with pytest.raises(PermanentError):
        releaser(bench).remove(BELT, frozenset({ann, bo}), live)
    assert [one.operation for one in bench.asked("exchange")[before:]] == ["Set-Mailbox"]
