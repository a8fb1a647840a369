"""What is sent, that nothing is dropped by sending it, and that the proof cleans up after itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.errors import ConnectorError, PermanentError, UnknownOutcomeError
from connectors.google_workspace.held_accounts import BATCH
from connectors.google_workspace.prover import NAME
from connectors.google_workspace.wire import unit_id
from policies.kinds import Kind
from policies.resources import Force, Wanted
from tests.unit.connectors.google.support import Bench, hold_on, hold_wanted, make_hold, make_matter, mark, matter_wanted, read


def members(bench: Bench, *numbers: int) -> frozenset[str]:
    return frozenset(f"account:{bench.account(number)}" for number in numbers)


def test_a_matter_is_made_with_its_mark_and_reads_back_as_wanted(bench: Bench) -> None:
    wanted = matter_wanted(description="Kept by a program.")
    writer = bench.writer()
    receipt = writer.create(wanted, mark(wanted.key), None)
    assert receipt.vendor_at is not None
    assert json.loads(receipt.raw)["description"] == f"Kept by a program. {mark(wanted.key)}"
    live = read(bench.reader(), make_matter(bench, writer, "m-other"))
    assert (live.fields, live.mark, live.made_by_us) == ({"state": "open", "description": "Kept."}, mark("m-other"), True)


@pytest.mark.parametrize(
    ("corpus", "fields"),
    [
        ("MAIL", {}),
        ("MAIL", {"terms": "budget OR levy", "start": "2024-01-01", "end": "2024-03-02"}),
        ("DRIVE", {"options": ("shared_drives",)}),
        ("DRIVE", {}),
        ("HANGOUTS_CHAT", {"options": ("rooms",)}),
        ("VOICE", {"options": ("call_logs", "text_messages", "voicemails")}),
        ("CALENDAR", {}),
        ("GEMINI", {}),
        ("GROUPS", {"terms": "levy"}),
    ],
)
def test_a_hold_of_each_corpus_reads_back_as_wanted(bench: Bench, corpus: str, fields: dict[str, Any]) -> None:
    writer = bench.writer()
    wanted = hold_wanted(corpus=corpus, **fields)
    live = read(bench.reader(), make_hold(writer, make_matter(bench, writer), wanted))
    assert live.fields == wanted.fields
    assert live.name == f"{wanted.name} {mark(wanted.key)}"
    assert live.mark == mark(wanted.key)


def test_a_hold_on_a_unit_is_sent_with_its_unit(bench: Bench) -> None:
    writer = bench.writer()
    unit = bench.state.unit("/Staff")
    assert unit is not None
    wanted = hold_wanted(scope="org_unit", org_unit=unit_id(unit.id))
    ref = make_hold(writer, make_matter(bench, writer), wanted)
    live = read(bench.reader(), ref)
    assert live.fields == wanted.fields
    changed = hold_wanted(scope="org_unit", org_unit=unit_id(unit.id), terms="levy")
    writer.set(ref, changed, mark(wanted.key), frozenset({"terms"}))
    assert read(bench.reader(), ref).fields == changed.fields
    with pytest.raises(PermanentError):
        writer.add(ref, members(bench, 0), live)


def test_nothing_is_held_on_the_whole_organisation(bench: Bench) -> None:
    writer = bench.writer()
    matter = make_matter(bench, writer)
    top = bench.state.unit("/")
    assert top is not None
    for unit in (top.id, top.id.removeprefix("id:"), "/"):
        with pytest.raises(PermanentError) as caught:
            writer.create(hold_wanted(scope="org_unit", org_unit=unit), mark("m-heron-mail"), matter)
        assert caught.value.code == "hold.never_on_top_unit"
    with pytest.raises(PermanentError) as caught:
        writer.create(hold_wanted(scope="org_unit", org_unit="id:nowhere"), mark("m-heron-mail"), matter)
    assert caught.value.code == "hold.unit_unknown"
    assert bench.seen("vault.matters.holds.create") == 0


def test_what_vault_cannot_hold_is_refused_before_anything_is_sent(bench: Bench) -> None:
    writer = bench.writer()
    matter = make_matter(bench, writer)
    sent = sum(bench.meter.requests.values())
    for wanted, parent in ((hold_wanted(corpus="GEMINI_IN_WORKSPACE"), matter), (hold_wanted(), None)):
        with pytest.raises(PermanentError):
            writer.create(wanted, mark(wanted.key), parent)
    with pytest.raises(PermanentError):
        writer.create(Wanted(kind=Kind.GOOGLE_SETTING, key="k", name="n", fields={}), mark("k"), None)
    assert sum(bench.meter.requests.values()) == sent


def test_a_second_hold_of_the_same_name_is_refused_and_named(bench: Bench) -> None:
    writer = bench.writer()
    matter = make_matter(bench, writer)
    make_hold(writer, matter)
    with pytest.raises(PermanentError) as caught:
        make_hold(writer, matter)
    assert caught.value.code == "google.already_exists"


def test_setting_a_description_keeps_the_name_that_somebody_gave(bench: Bench) -> None:
    writer = bench.writer()
    ref = make_matter(bench, writer)
    bench.console("edit_matter", matter=ref.vendor_id, new_name="Renamed by hand", description="the mark is gone")
    writer.set(ref, matter_wanted(), mark("m-heron"), frozenset({"description"}))
    live = read(bench.reader(), ref)
    assert (live.name, live.fields["description"], live.mark) == ("Renamed by hand", "Kept.", mark("m-heron"))


def test_a_closed_matter_is_reopened_and_an_open_one_left_alone(bench: Bench) -> None:
    writer = bench.writer()
    ref = make_matter(bench, writer)
    bench.console("close_matter", matter=ref.vendor_id)
    for _ in range(2):
        receipt = writer.set(ref, matter_wanted(), mark("m-heron"), frozenset({"state"}))
        assert (receipt.vendor_id, receipt.name) == (ref.vendor_id, "heron")
    assert read(bench.reader(), ref).fields["state"] == "open"
    assert bench.seen("vault.matters.reopen") == 1


def test_a_matter_in_the_trash_is_taken_out_and_reopened(bench: Bench) -> None:
    writer = bench.writer()
    ref = make_matter(bench, writer)
    bench.console("close_matter", matter=ref.vendor_id)
    bench.state.matters[ref.vendor_id].state = "DELETED"
    bench.state.matters[ref.vendor_id].deleted_at = bench.clock.now()
    writer.set(ref, matter_wanted(), mark("m-heron"), frozenset({"state"}))
    assert read(bench.reader(), ref).fields["state"] == "open"


def test_no_matter_is_closed_by_a_writer(bench: Bench) -> None:
    writer = bench.writer()
    ref = make_matter(bench, writer)
    closed = Wanted(kind=Kind.GOOGLE_MATTER, key="m-heron", name="heron", fields={"state": "closed", "description": ""})
    with pytest.raises(PermanentError):
        writer.set(ref, closed, mark("m-heron"), frozenset({"state"}))
    assert read(bench.reader(), ref).fields["state"] == "open"


def test_setting_a_query_loses_nobody_and_keeps_the_mark(bench: Bench) -> None:
    writer = bench.writer()
    ref = hold_on(bench, writer, 0, 1, corpus="DRIVE")
    bench.world.clock.advance(120)
    before = read(bench.reader(), ref)
    writer.set(ref, hold_wanted(corpus="DRIVE", options=("shared_drives",)), mark("m-heron-mail"), frozenset({"options"}))
    live = read(bench.reader(), ref)
    assert live.fields["options"] == ("shared_drives",)
    assert live.members == before.members == members(bench, 0, 1)
    assert live.name == before.name
    assert {member: state.since for member, state in live.member_states.items()} == {m: s.since for m, s in before.member_states.items()}


def test_whoever_falls_out_while_a_query_is_set_is_added_again(bench: Bench) -> None:
    writer = bench.writer()
    ref = hold_on(bench, writer, 0, 1, 2)
    bench.world.switches["google.vault.update_loses"] = "2"
    receipt = writer.set(ref, hold_wanted(terms="levy"), mark("m-heron-mail"), frozenset({"terms"}))
    live = read(bench.reader(), ref)
    assert (live.fields["terms"], live.members) == ("levy", members(bench, 0, 1, 2))
    assert len(receipt.members) == 2
    assert {one.error for one in receipt.members} == {None}
    assert bench.seen("vault.matters.holds.addHeldAccounts") == 2, "the first three, and the two that were lost in one call"


def test_accounts_are_added_in_batches_each_with_its_own_answer(bench: Bench) -> None:
    bench.world.switches["google.quota"] = "off"
    writer = bench.writer()
    ref = hold_on(bench, writer, 0)
    wanted = members(bench, 0, 1) | {f"account:99{number:03}" for number in range(BATCH + 20)}
    receipt = writer.add(ref, wanted, read(bench.reader(), ref))
    outcomes = {outcome.member: outcome.error for outcome in receipt.members}
    assert set(outcomes) == wanted
    assert {member for member, error in outcomes.items() if error is None} == members(bench, 0, 1)
    assert {str(error).partition(":")[0] for error in outcomes.values() if error} == {"google.not_found"}
    assert bench.seen("vault.matters.holds.addHeldAccounts") == 3
    assert read(bench.reader(), ref).members == members(bench, 0, 1)


@pytest.mark.parametrize("code", [2, 4, 8, 10, 13, 14])
def test_an_account_whose_answer_is_not_now_is_asked_for_again_alone(bench: Bench, code: int) -> None:
    writer = bench.writer()
    ref = hold_on(bench, writer, 0)
    bench.world.switches["google.vault.partial"] = f"2:{code}"
    receipt = writer.add(ref, members(bench, 1, 2, 3), read(bench.reader(), ref))
    assert [one.error for one in receipt.members] == [None] * 3
    assert read(bench.reader(), ref).members == members(bench, 0, 1, 2, 3)
    sent = [json.loads(one.request)["accountIds"] for one in bench.world.exchanges if one.operation == "vault.matters.holds.addHeldAccounts"]
    assert [len(accounts) for accounts in sent] == [1, 3, 2], "those that were answered are not sent again"


@pytest.mark.parametrize(
    ("code", "said"),
    [(3, "google.invalid"), (5, "google.not_found"), (7, "google.permission_denied"), (9, "google.failed_precondition"), (16, "google.unauthenticated"),
     (77, "google.refused")],
)  # fmt: skip
def test_an_account_that_is_refused_is_refused_alone_and_once(bench: Bench, code: int, said: str) -> None:
    writer = bench.writer()
    ref = hold_on(bench, writer, 0)
    bench.world.switches["google.vault.partial"] = f"1:{code}"
    receipt = writer.add(ref, members(bench, 1, 2), read(bench.reader(), ref))
    assert sorted(str(one.error).partition(":")[0] for one in receipt.members) == sorted(["None", said])
    assert bench.seen("vault.matters.holds.addHeldAccounts") == 2
    assert len(read(bench.reader(), ref).members) == 2


def test_not_now_for_too_long_is_said_with_its_code(bench: Bench) -> None:
    writer = bench.writer()
    ref = hold_on(bench, writer, 0)
    bench.world.switches["google.vault.partial"] = "99"
    receipt = writer.add(ref, members(bench, 1), read(bench.reader(), ref))
    assert str(receipt.members[0].error).startswith("google.server_error: ")
    assert bench.seen("vault.matters.holds.addHeldAccounts") == 5


def test_adding_is_a_union_with_what_others_added(bench: Bench) -> None:
    writer = bench.writer()
    ref = hold_on(bench, writer, 0)
    stale = read(bench.reader(), ref)
    bench.writer().add(ref, members(bench, 5), stale)
    writer.add(ref, members(bench, 1), stale)
    assert read(bench.reader(), ref).members == members(bench, 0, 1, 5)


def test_an_answer_that_leaves_accounts_out_is_not_taken_for_a_yes(bench: Bench) -> None:
    writer = bench.writer()
    ref = hold_on(bench, writer, 0)
    bench.fault("vault", "vault.matters.holds.addHeldAccounts", "status", "after", status=200, body=b'{"responses": []}')
    with pytest.raises(UnknownOutcomeError):
        writer.add(ref, members(bench, 1), read(bench.reader(), ref))


def test_a_made_object_without_an_id_is_an_unknown_outcome(bench: Bench) -> None:
    bench.fault("vault", "vault.matters.create", "status", "after", status=200, body=b'{"name": "heron"}')
    with pytest.raises(UnknownOutcomeError):
        make_matter(bench, bench.writer())


def test_retrying_adds_again_who_has_no_hold_time_and_only_them(bench: Bench) -> None:
    writer = bench.writer()
    ref = hold_on(bench, writer, 0)
    bench.world.clock.advance(120)
    writer.add(ref, members(bench, 1), read(bench.reader(), ref))
    receipt = writer.retry(ref)
    assert [(outcome.member, outcome.error) for outcome in receipt.members] == [(f"account:{bench.account(1)}", None)]
    bench.world.clock.advance(120)
    assert writer.retry(ref).members == ()
    assert read(bench.reader(), ref).force is Force.APPLIED


@pytest.mark.parametrize("kind", [Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD])
def test_a_proof_writes_reads_back_and_leaves_nothing(bench: Bench, kind: Kind) -> None:
    before = {ident: matter.state for ident, matter in bench.state.matters.items()}
    receipt = bench.prover().prove(kind, mark("proof"))
    assert receipt.vendor_id
    assert "left_behind" not in receipt.raw
    made = {ident: matter for ident, matter in bench.state.matters.items() if ident not in before}
    assert [(matter.state, dict(matter.holds)) for matter in made.values()] == [("DELETED", {})]
    assert {ident: matter.state for ident, matter in bench.state.matters.items() if ident in before} == before


def test_a_proof_that_is_refused_says_so_and_cleans_up(bench: Bench) -> None:
    bench.console("remove_privilege", role="Records retention service", privilege="REMOVE_HOLD")
    with pytest.raises(ConnectorError) as caught:
        bench.prover().prove(Kind.GOOGLE_HOLD, mark("proof"))
    assert caught.value.code == "google.permission_denied"
    assert {matter.state for matter in bench.state.matters.values() if matter.name == NAME} == {"DELETED"}


def test_what_a_proof_cannot_remove_is_named_and_used_by_the_next_one(bench: Bench) -> None:
    bench.fault("vault", "vault.matters.close", "status", status=403)
    left = bench.prover().prove(Kind.GOOGLE_MATTER, mark("proof"))
    assert left.vendor_id in json.loads(left.raw)["left_behind"]
    again = bench.prover().prove(Kind.GOOGLE_MATTER, mark("proof"))
    assert again.vendor_id == left.vendor_id
    assert [matter.state for matter in bench.state.matters.values() if matter.name == NAME] == ["DELETED"]


def test_a_proof_removes_nothing_that_somebody_put_into_its_dummy(bench: Bench) -> None:
    bench.fault("vault", "vault.matters.close", "status", status=403)
    left = bench.prover().prove(Kind.GOOGLE_MATTER, mark("proof"))
    bench.console("create_hold", matter=left.vendor_id, name="Put here by hand", emails=[bench.address(0)])
    again = bench.prover().prove(Kind.GOOGLE_MATTER, mark("proof"))
    assert "not ours" in json.loads(again.raw)["left_behind"]
    assert [hold.name for hold in bench.state.matters[left.vendor_id].holds.values()] == ["Put here by hand"]
    assert bench.state.matters[left.vendor_id].state == "OPEN"


def test_a_proof_whose_create_was_lost_finds_its_dummy_and_makes_no_second(bench: Bench) -> None:
    bench.fault("vault", "vault.matters.create", "reset", "after")
    bench.prover().prove(Kind.GOOGLE_MATTER, mark("proof"))
    assert bench.seen("vault.matters.create") == 1
    assert [matter.state for matter in bench.state.matters.values() if matter.name == NAME] == ["DELETED"]


def test_nothing_else_can_be_proved(bench: Bench) -> None:
    with pytest.raises(PermanentError):
        bench.prover().prove(Kind.GOOGLE_VAULT_RULE, mark("proof"))
