"""Drive labels on a tenant whose licences bring them: made, published, kept in their words; never deleted, no draft of others published."""

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


def held(bench: Bench, ref: Ref) -> dict[str, str]:
    return dict(bench.state.labels[ref.vendor_id].permissions)


def test_people_are_let_apply_a_label_and_are_seen_to(bench: Bench) -> None:
    ref, live = made(bench)
    board = f"board@{bench.world.domain}"
    assert live.members == {f"applier:records.bot@{bench.world.domain}"}, "who makes a label may edit it"
    receipt = bench.writer().add(ref, frozenset({"applier:All", f"applier:{board}"}), live)
    assert [(one.member, one.error) for one in receipt.members] == [("applier:All", None), (f"applier:{board}", None)]
    again = bench.reader().read_back(ref)
    assert again is not None
    assert again.members == live.members | {"applier:All", f"applier:{board}"}
    assert bench.seen("drivelabels.labels.permissions.batchUpdate") == 1
    assert held(bench, ref)["audiences/default"] == "APPLIER"
    before = bench.seen("drivelabels.labels.publish")
    bench.writer().add(ref, frozenset({"applier:All"}), again)
    assert bench.seen("drivelabels.labels.permissions.batchUpdate") == 1, "who can already is left alone"
    assert bench.seen("drivelabels.labels.publish") == before, "permissions belong to no revision"


def test_a_reader_becomes_an_applier_and_nobody_becomes_less(bench: Bench) -> None:
    ref, live = made(bench)
    board, staff = f"board@{bench.world.domain}", f"staff@{bench.world.domain}"
    for principal, role in ((board, "READER"), (staff, "EDITOR"), ("audiences/default", "ORGANIZER")):
        bench.console("set_label_permission", label=ref.vendor_id, principal=principal, role=role)
    seen = bench.reader().read_back(ref)
    assert seen is not None
    assert {"applier:All", f"applier:{staff}"} <= seen.members
    assert f"applier:{board}" not in seen.members, "who may only read it cannot put it on"
    bench.writer().add(ref, frozenset({f"applier:{board}", f"applier:{staff}", "applier:All"}), live)
    assert held(bench, ref) == {
        board: "APPLIER", staff: "EDITOR", "audiences/default": "ORGANIZER", f"records.bot@{bench.world.domain}": "EDITOR",
    }  # fmt: skip


def test_an_address_that_nobody_knows_stops_nobody_else(bench: Bench) -> None:
    ref, live = made(bench)
    board = f"board@{bench.world.domain}"
    receipt = bench.writer().add(ref, frozenset({"applier:gone@elsewhere.example", f"applier:{board}"}), live)
    outcomes = {one.member: one.error for one in receipt.members}
    assert outcomes[f"applier:{board}"] is None
    assert str(outcomes["applier:gone@elsewhere.example"]).startswith("google.invalid")
    assert held(bench, ref)[board] == "APPLIER"


def test_whose_permissions_cannot_be_read_is_not_concluded_about(bench: Bench) -> None:
    ref, _ = made(bench)
    reader = bench.reader()
    reader.examine()
    bench.fault("drivelabels", "drivelabels.labels.permissions.list", "status", status=403, times=1)
    snapshot = reader.snapshot(LABELS)
    read = snapshot.reads[Kind.GOOGLE_DRIVE_LABEL]
    assert read.state is ReadState.PARTIAL
    assert str(read.reason).startswith("google.permission_denied")
    assert ref.vendor_id not in {live.vendor_id for live in snapshot.resources}


def test_a_label_of_ours_is_ours_without_its_mark_and_others_are_not_asked_about(bench: Bench) -> None:
    ref, _ = made(bench)
    bench.writer().add(ref, frozenset({"applier:All"}), made_live(bench, ref))
    bench.console("create_label", title="Somebody else's")
    bench.console("edit_label", label=ref.vendor_id, description="No mark any more")
    before = bench.seen("drivelabels.labels.permissions.list")
    reader = bench.reader()
    reader.examine()
    lives = {live.vendor_id: live for live in reader.snapshot(LABELS).resources}
    assert lives[ref.vendor_id].mark is None
    assert "applier:All" in lives[ref.vendor_id].members
    assert bench.seen("drivelabels.labels.permissions.list") - before == 1
    assert {live.members for live in lives.values() if live.vendor_id != ref.vendor_id} == {frozenset()}


def made_live(bench: Bench, ref: Ref) -> Live:
    live = bench.reader().read_back(ref)
    assert live is not None
    return live


def test_a_disabled_label_is_offered_again_and_a_locked_one_says_so(bench: Bench) -> None:
    ref, _ = made(bench)
    bench.console("disable_label", label=ref.vendor_id)
    bench.writer().set(ref, wanted(), mark(KEY), frozenset({"state"}))
    bench.console("lock_label", label=ref.vendor_id)
    live = bench.reader().read_back(ref)
    assert live is not None
    assert (live.fields["state"], live.fields["locked"]) == ("published", True)
