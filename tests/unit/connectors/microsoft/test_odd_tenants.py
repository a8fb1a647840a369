"""Tenants that look or behave oddly: other shapes, unknown words, roles that see a part, writes that come to nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connectors.errors import PermanentError, UnknownOutcomeError
from connectors.microsoft365.seeing import KINDS
from policies.kinds import Kind, Workload
from policies.resources import Force, Live, ReadState
from sandbox.microsoft import cmd_exchange
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import KEEP_RULE, Bench, mark, publishing
from tests.unit.connectors.microsoft.test_writing import hold_refs, label_ref, policy_ref, read, sources


def seen(bench: Bench) -> tuple[list[Live], dict[Kind, ReadState]]:
    """Everything that a look shows, but for the raw answers."""
    look = bench.reader().snapshot(KINDS)
    plain = [replace(one, raw="") for one in look.resources]
    return sorted(plain, key=lambda one: (one.kind, one.vendor_id)), {kind: found.state for kind, found in look.reads.items()}


@pytest.mark.parametrize("shape", ["spelling", "nulls", "plain", "tags", "spelling,nulls,plain,tags"])
def test_the_same_things_in_another_shape_are_the_same_things(bench: Bench, shape: str) -> None:
    """M§10: most false alarms of other tools are these."""
    label_ref(bench)
    writer = bench.writer()
    wanted = publishing(frozenset(f"exchange:{address}" for address in bench.people("teacher", 2)))
    writer.create(wanted, mark(wanted.key), None)
    policy_ref(bench)
    _, hold = hold_refs(bench)
    writer.add(hold, sources(bench, 2), read(bench, hold))
    bench.advance(2000)
    before = seen(bench)
    bench.switch(shapes=shape)
    assert seen(bench) == before


@pytest.mark.parametrize(
    ("words", "kind", "force"),
    [
        ("distribution:Success:NotApplicable", Kind.M365_RETENTION_POLICY, Force.UNKNOWN),
        ("distribution:Success:Retrying", Kind.M365_RETENTION_POLICY, Force.UNKNOWN),
        ("distribution:Success:PendingDeletion", Kind.M365_RETENTION_POLICY, Force.OFF),
        ("source:applied:unknownFutureValue", Kind.M365_HOLD, Force.UNKNOWN),
        ("hold::success", Kind.M365_HOLD, Force.APPLIED),
        ("case:active:closedWithError", Kind.M365_CASE, Force.OFF),
        ("case:active:pendingDelete", Kind.M365_CASE, Force.OFF),
    ],
)
def test_a_word_that_nobody_knows_is_never_in_force(bench: Bench, words: str, kind: Kind, force: Force) -> None:
    policy = policy_ref(bench)
    bench.writer().create(KEEP_RULE, mark("r-keep-r1-1"), policy)
    case, hold = hold_refs(bench)
    bench.writer().add(hold, sources(bench, 2), read(bench, hold))
    bench.advance(2000)
    ref = {Kind.M365_RETENTION_POLICY: policy, Kind.M365_HOLD: hold, Kind.M365_CASE: case}[kind]
    assert read(bench, ref).force is Force.APPLIED
    bench.switch(words=words)
    assert read(bench, ref).force is force


def test_a_role_that_sees_rules_and_no_policies_has_seen_neither_whole(bench: Bench) -> None:
    """M§10: a Global Reader saw one label and no policy, and nothing said so."""
    label_ref(bench)
    bench.switch(sees="Get-ComplianceTag:0,Get-RetentionCompliancePolicy:0")
    look = bench.reader().snapshot(KINDS)
    for kind in (Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_RETENTION_POLICY):
        assert look.reads[kind].state is ReadState.PARTIAL, kind
        assert look.of(kind) == ()


def test_a_create_that_made_nothing_is_not_called_done(bench: Bench) -> None:
    """Microsoft365DSC#1003: no error, and no object."""
    bench.switch(ignored_writes="New-ComplianceTag")
    with pytest.raises(UnknownOutcomeError):
        label_ref(bench)


def test_writes_that_end_over_their_audit_record_say_why(bench: Bench) -> None:
    """M§10: office-docs-powershell#9391. The outer message of every failure is the same useless constant."""
    bench.switch(app_writes="refused")
    with pytest.raises(PermanentError) as caught:
        label_ref(bench)
    assert "audit record" in caught.value.message
    assert "Invalid Operation" not in caught.value.message


def test_a_site_without_an_index_is_named_and_the_others_are_held(bench: Bench) -> None:
    _, hold = hold_refs(bench)
    host = tenant_of(bench.world).host
    good, bad = (f"https://{host}.sharepoint.com/sites/{name}" for name in ("district", "policies"))
    bench.switch(unindexed=bad)
    receipt = bench.writer().add(hold, frozenset({f"site:{good}", f"site:{bad}"}), read(bench, hold))
    refused = {one.member for one in receipt.members if one.error is not None}
    assert refused == {f"site:{bad}"}
    assert read(bench, hold).members == {f"site:{good}"}


def test_a_label_that_is_being_removed_is_off_and_its_proof_can_be_made_again(bench: Bench) -> None:
    bench.switch(label_removal="pending")
    first, second = (bench.prover().prove(Kind.M365_LABEL, mark("proof-m365-label")) for _ in range(2))
    assert first.vendor_id == second.vendor_id
    (left,) = [one for one in bench.reader().snapshot({Kind.M365_LABEL}).resources if one.mark is not None]
    assert left.force is Force.OFF


def test_a_list_of_holds_may_take_longer_than_other_requests(bench: Bench) -> None:
    """M§3.5: an empty one took 11 to 22 seconds."""
    hold_refs(bench)
    bench.fault("graph", "GET /security/cases/ediscoveryCases/{case}/legalHolds", kind="slow", seconds=1.5)
    reader = bench.connector().reader(bench.tenant, replace(bench.context(), timeout=1.0))
    assert reader.snapshot({Kind.M365_HOLD}).reads[Kind.M365_HOLD].state is ReadState.COMPLETE
    reader.close()


def test_an_unknown_name_is_nobody_and_no_list_is_asked_for_by_name(bench: Bench) -> None:
    """M§0.1: a Get- of Security & Compliance that is given an unknown Identity returns everything."""
    ref = label_ref(bench)
    assert bench.reader().read_back(replace(ref, vendor_id="00000000-0000-4000-8000-000000000000", name="nobody", mark=None)) is None
    bench.reader().snapshot(KINDS)
    sent = [json.loads(exchange.request)["CmdletInput"] for exchange in bench.asked("compliance") if exchange.path.endswith("InvokeCommand")]
    lists = [one for one in sent if one["CmdletName"].startswith("Get-") and one["CmdletName"] != "Get-RoleGroupMember"]
    assert len(lists) > 5
    assert not [one for one in lists if "Identity" in one["Parameters"]]


def test_a_list_of_mailboxes_does_not_end_at_the_first_thousand(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """M§3.1: without ResultSize it ends there, with a warning and without a link. Here it would end after two."""
    monkeypatch.setattr(cmd_exchange, "_DEFAULT", 2)
    people = [address for role in ("teacher", "staff", "board", "student") for address in bench.people(role, 4)]
    _, hold = hold_refs(bench)
    bench.writer().add(hold, frozenset(f"mail:{address}" for address in people), read(bench, hold))
    bench.advance(3 * 86400)
    reader = bench.reader()
    roster = reader.roster()
    ids = [one.vendor_id for one in roster.identities if one.address in people]
    found = reader.coverage(ids, snapshot=reader.snapshot(KINDS), roster=roster)
    assert len(ids) == len(people) > 8, "a few would be asked for one by one"
    assert {one.address for one in found if one.source is Workload.MAIL and one.protected} == set(people)
