"""Drive labels on a tenant whose licences bring them: made, published, kept in their words; never disabled, never deleted, no draft of others published."""

from __future__ import annotations

import pytest

from connectors.errors import ConnectorError, PermanentError
from connectors.examination import WriteCapability
from policies.kinds import Kind
from policies.resources import Force, Live, ReadState, Ref, Wanted
from sandbox.google import labelbook
from tests.unit.connectors.google.support import Bench, mark

LABELS = frozenset({Kind.GOOGLE_DRIVE_LABEL})
KEY = "cor-02"


def wanted(**changes: object) -> Wanted:
    fields = {"state": "published", "period": 730, "trigger": "created", "description": "Routine correspondence.", "copies": "always"}
    return Wanted(kind=Kind.GOOGLE_DRIVE_LABEL, key=KEY, name="COR-02 Routine correspondence", fields={**fields, **changes})  # type: ignore[dict-item]


def made(bench: Bench) -> tuple[Ref, Live]:
    receipt = bench.writer().create(wanted(), mark(KEY), None)
    ref = Ref(tenant="google", kind=Kind.GOOGLE_DRIVE_LABEL, vendor_id=receipt.vendor_id, name=receipt.name, mark=mark(KEY))
    live = bench.reader().read_back(ref)
    assert live is not None
    return ref, live


def test_a_label_is_made_published_and_reads_back_as_wanted(bench: Bench) -> None:
    _, live = made(bench)
    assert {name: live.fields[name] for name in wanted().fields} == wanted().fields
    assert (live.mark, live.name, live.force) == (mark(KEY), wanted().name, Force.APPLIED)
    bench.console("create_label", title="District check")
    reader = bench.reader(visibility_checks={Kind.GOOGLE_DRIVE_LABEL: "District check"})
    reader.examine()
    snapshot = reader.snapshot(LABELS)
    assert live.vendor_id in {one.vendor_id for one in snapshot.resources}
    assert snapshot.reads[Kind.GOOGLE_DRIVE_LABEL].state is ReadState.COMPLETE


def test_new_words_are_published_and_copying_is_brought_home(bench: Bench) -> None:
    ref, _ = made(bench)
    changed = wanted(period=900, description="Letters.")
    bench.writer().set(ref, changed, mark(KEY), frozenset({"period", "description", "copies"}))
    live = bench.reader().read_back(ref)
    assert live is not None
    assert {name: live.fields[name] for name in changed.fields} == changed.fields


def test_a_publication_that_was_lost_is_made_up_for(bench: Bench) -> None:
    bench.fault("drivelabels", "drivelabels.labels.publish", "status")
    with pytest.raises(ConnectorError):
        bench.writer().create(wanted(), mark(KEY), None)
    reader = bench.reader()
    (live,) = [one for one in reader.snapshot(LABELS).resources if one.mark == mark(KEY)]
    assert live.fields["state"] == "draft"
    bench.writer().set(live.ref("google"), wanted(), mark(KEY), frozenset({"state"}))
    again = reader.read_back(live.ref("google"))
    assert again is not None
    assert again.fields["state"] == "published"


def test_a_tenant_without_labels_is_asked_nothing(bench: Bench) -> None:
    bench.console("change_edition", edition="Fundamentals")
    reader = bench.reader()
    examination = reader.examine()
    told = next(one for one in examination.capabilities if one.kind is Kind.GOOGLE_DRIVE_LABEL)
    assert (told.write, told.reason) == (WriteCapability.NONE, "drive_label.not_licensed")
    read = reader.snapshot(LABELS).reads[Kind.GOOGLE_DRIVE_LABEL]
    assert (read.state, read.reason) == (ReadState.FAILED, "drive_label.not_licensed")
    assert bench.seen("drivelabels.labels.list") == 0


def test_a_proof_leaves_nothing_and_publishes_nothing(bench: Bench) -> None:
    receipt = bench.prover().prove(Kind.GOOGLE_DRIVE_LABEL, mark("proof0-label"))
    assert "left_behind" not in receipt.raw
    assert bench.seen("drivelabels.labels.publish") == 0
    assert not [one for one in bench.reader().snapshot(LABELS).resources if one.mark == mark("proof0-label")]


def test_words_too_long_for_the_tenant_are_refused_before_anything_is_made(bench: Bench) -> None:
    with pytest.raises(PermanentError) as caught:
        bench.writer().create(wanted(description="x" * 50_000), mark(KEY), None)
    assert caught.value.code == "drive_label.too_long"
    assert bench.seen("drivelabels.labels.create") == 0


def test_somebodys_unpublished_changes_are_not_published_by_us(bench: Bench) -> None:
    ref, _ = made(bench)
    label = bench.state.labels[ref.vendor_id]
    change = [{"updateLabel": {"properties": {"title": "Half done"}, "updateMask": "title"}}]
    labelbook.change(bench.state, label, change, bench.clock.now(), bench.state.addresses[bench.address(0)])
    live = bench.reader().read_back(ref)
    assert live is not None
    assert live.fields["state"] == "published_draft"
    with pytest.raises(PermanentError) as caught:
        bench.writer().set(ref, wanted(), mark(KEY), frozenset({"state"}))
    assert caught.value.code == "drive_label.foreign_draft"
    assert bench.seen("drivelabels.labels.publish") == 1, "the one that was ours"


def test_a_disabled_label_is_offered_again_and_a_locked_one_says_so(bench: Bench) -> None:
    ref, _ = made(bench)
    bench.console("disable_label", label=ref.vendor_id)
    bench.writer().set(ref, wanted(), mark(KEY), frozenset({"state"}))
    bench.console("lock_label", label=ref.vendor_id)
    live = bench.reader().read_back(ref)
    assert live is not None
    assert (live.fields["state"], live.fields["locked"]) == ("published", True)
