"""A proof writes one marked dummy, reads it back, and leaves nothing in force."""

from __future__ import annotations

import pytest

from connectors.errors import PermanentError
from connectors.microsoft365.seeing import KINDS
from policies.kinds import Kind
from policies.resources import Force
from tests.unit.connectors.microsoft.support import Bench, mark


def key(kind: Kind) -> str:
    return f"proof-{kind.value.removeprefix('m365.').replace('_', '-')}"


def test_a_label_is_proved_and_nothing_remains(bench: Bench) -> None:
    receipt = bench.prover().prove(Kind.M365_LABEL, mark(key(Kind.M365_LABEL)))
    assert receipt.vendor_id
    assert "left_behind" not in receipt.raw
    assert not [live for live in bench.reader().snapshot({Kind.M365_LABEL}).resources if live.mark is not None]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_proved_twice_and_nothing_of_it_is_in_force(bench: Bench, kind: Kind) -> None:
    prover = bench.prover()
    first = prover.prove(kind, mark(key(kind)))
    second = prover.prove(kind, mark(key(kind)))
    assert first.vendor_id
    assert second.vendor_id
    bench.advance(2000)
    seen = bench.reader().snapshot(KINDS)
    ours = [live for live in seen.resources if live.made_by_us or live.mark is not None]
    off = {live.vendor_id for live in ours if live.force is Force.OFF}
    for live in ours:
        if live.kind is Kind.M365_LABEL:
            published = {rule.fields["publishes"] for rule in seen.of(Kind.M365_LABEL_RULE) if rule.force is Force.APPLIED}
            assert live.name not in published
        else:
            # Of a rule in a policy that is off the platform tells nothing more: it rules nothing as long as the policy is off.
            assert live.vendor_id in off or live.parent_id in off, live
        if live.vendor_id not in (first.vendor_id, second.vendor_id) or live.kind is kind:
            assert live.name in first.raw or live.name in second.raw or live.kind in (Kind.M365_LABEL_RULE, Kind.M365_RETENTION_RULE)


def test_no_case_and_no_hold_is_ever_deleted(bench: Bench) -> None:
    prover = bench.prover()
    for kind in sorted(KINDS):
        prover.prove(kind, mark(key(kind)))
    assert not [exchange for exchange in bench.asked("graph") if exchange.method == "DELETE"]


def test_what_is_refused_is_said(bench: Bench) -> None:
    bench.switch(admin_role="none")
    with pytest.raises(PermanentError) as caught:
        bench.prover().prove(Kind.M365_LABEL_POLICY, mark("proof-x"))
    assert caught.value.code == "admin.forbidden"


def test_what_cannot_be_written_cannot_be_proved(bench: Bench) -> None:
    with pytest.raises(PermanentError) as caught:
        bench.prover().prove(Kind.M365_USER, mark("proof-x"))
    assert caught.value.code == "kind.not_written"
