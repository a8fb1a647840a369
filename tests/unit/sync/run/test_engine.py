"""A whole run on tenants in memory with a real store: look, settle, drift, decide, act, assess."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.audit_log import AuditEvent, AuditRead
from connectors.base import Lane, Receipt
from connectors.errors import LockedError, TenantUnreachableError, TransientError
from connectors.examination import Capability, ReadCapability, WriteCapability
from connectors.memory.reader import MemoryReader
from connectors.memory.writer import MemoryWriter
from policies.district import Mode
from policies.duties import Carrier, Disposition, Duty, Population, Selector, StandingValue
from policies.effects import Clock
from policies.kinds import Kind, Platform, Workload
from policies.protection import Direction
from policies.resources import Because, ReadState, Ref
from recordwarden.endings import acting
from recordwarden.exits import Exit
from sync.drift import AttributionState, DriftClass
from sync.journal import EntryKind
from sync.lease import Leases
from sync.look import proven
from sync.plan import Change, ChangeStatus, Operation
from sync.result import RunResult, TenantResult
from sync.store.approvals import Approvals, KeptApproval
from sync.store.bindings import Bindings
from sync.store.changes import Changes, UnknownPlanError
from sync.store.drifts import Drifts
from sync.store.evidence import Evidence
from sync.store.proofs import Proofs
from sync.store.standings import Standings
from tests.unit.sync.matters.world import HOUR, Scene, google, m365, order, roster, scene
from tests.unit.sync.provable import HOST

LABEL = "label-cor-02"
WRITTEN = (Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE)


def duty(carrier: Carrier = Carrier.LABEL, term: int = 731) -> Duty:
    return Duty(
        line="R1",
        series="COR-02",
        title="Routine correspondence",
        workload=Workload.MAIL,
        carrier=carrier,
        term=term,
        clock=Clock.CREATED,
        event=None,
        population=Population(id="staff", selectors={Platform.MICROSOFT365: Selector(users=("person1@d.example", "person2@d.example"))}),
        disposition=Disposition.REVIEW,
        citation="M1",
        because=Because(line="R1", series="COR-02"),
        label_keys=(LABEL,),
        label_name="COR-02 Routine correspondence",
    )


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Scene]:
    people = roster("m365", m365(1), m365(2), m365(3)), roster("google", google(1), google(2))
    with scene(tmp_path, *people, duties=(duty(),), mode=Mode.ENFORCE) as made:
        with made.store.write() as session:
            for kind in WRITTEN:
                Proofs(made.store).put(session, "m365", kind, made.clock.now(), "custodian", 1, None)
        yield made


def microsoft(result: RunResult) -> TenantResult:
    return next(one for one in result.tenants if one.tenant == "m365")


def in_force(scene: Scene) -> None:
    scene.engine.sync()
    scene.clock.advance(2 * HOUR)
    assert not microsoft(scene.engine.sync()).in_flight


def label_id(scene: Scene) -> str:
    return Bindings(scene.store).of("m365")[LABEL].vendor_id


def test_plan_sends_nothing_and_sync_does_what_it_said(at_work: Scene) -> None:
    before = len(at_work.worlds["m365"].log)
    planned = microsoft(at_work.engine.plan())
    assert len(at_work.worlds["m365"].log) == before, "a plan changed the tenant"
    done = microsoft(at_work.engine.sync())
    assert [one.change.id for one in done.changes] == [one.change.id for one in planned.changes]
    assert {one.status for one in done.changes} <= {ChangeStatus.ACCEPTED, ChangeStatus.EFFECTIVE}


def test_accepted_is_not_in_force_until_the_platform_says_so_and_then_nothing_is_left(at_work: Scene) -> None:
    first = microsoft(at_work.engine.sync())
    assert first.in_flight
    assert {one.standing for one in first.standings} == {StandingValue.PENDING}
    again = microsoft(at_work.engine.sync())
    assert again.changes == ()
    assert again.in_flight
    at_work.clock.advance(2 * HOUR)
    last = microsoft(at_work.engine.sync())
    assert last.changes == ()
    assert not last.in_flight
    assert {one.standing for one in last.standings} == {StandingValue.AVAILABLE}


def test_every_intent_has_its_outcome_and_the_chain_holds(at_work: Scene) -> None:
    at_work.engine.sync()
    entries = list(at_work.desk.journal.entries())
    intents = [entry for entry in entries if entry.kind is EntryKind.INTENT]
    outcomes = [entry for entry in entries if entry.kind is EntryKind.OUTCOME]
    assert len(intents) == len(outcomes) > 0
    assert at_work.desk.journal.open_intents() == []
    assert at_work.desk.journal.verify().ok


PERSON = "records.office@d.example"


def test_a_write_under_a_persons_account_says_so_sealed_before_and_after(at_work: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryWriter, "account", lambda _self, kind: PERSON if kind is Kind.M365_LABEL else None, raising=False)
    at_work.engine.sync()
    journal = at_work.desk.journal
    intents = [entry for entry in journal.entries() if entry.kind is EntryKind.INTENT]
    named = [entry for entry in intents if "vendor_actor" in entry.body]
    assert {entry.body["kind"] for entry in named} == {"m365.label"}
    assert PERSON not in str([entry.body for entry in journal.entries()])
    assert {journal.vendor_actor(entry.seq) for entry in named} == {PERSON}
    assert {journal.vendor_actor(entry.seq) for entry in intents if entry not in named} == {None}
    assert len([entry for entry in journal.entries() if entry.kind is EntryKind.OUTCOME and "vendor_actor" in entry.body]) == len(named)


def test_our_write_under_a_persons_account_is_not_taken_for_their_change(at_work: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryWriter, "account", lambda _self, _kind: PERSON, raising=False)
    written = at_work.clock.now()
    at_work.engine.sync()
    made = AuditEvent(id="made", at=written, actor=PERSON, operation="New-ComplianceTag", kind=Kind.M365_LABEL, vendor_id=label_id(at_work))
    log = [made]
    monkeypatch.setattr(MemoryReader, "audit", lambda *_asked: AuditRead(available=True, events=tuple(log)))
    at_work.clock.advance(400)
    at_work.console("m365").set(label_id(at_work), period=30)
    (drift,) = microsoft(at_work.engine.plan()).drift
    assert drift.attribution.state is AttributionState.PENDING, "the only event is our own write"
    log.append(replace(made, id="theirs", at=written + timedelta(seconds=390), operation="Set-ComplianceTag"))
    at_work.clock.advance(1200)
    (drift,) = microsoft(at_work.engine.plan()).drift
    assert (drift.attribution.state, drift.attribution.event) == (AttributionState.FOUND, "theirs")


def test_a_proof_counts_for_the_way_that_it_was_made(at_work: Scene) -> None:
    journal, now = at_work.desk.journal, at_work.clock.now()
    as_person = journal.append(EntryKind.EVIDENCE, "proof/m365/m365.label", {"surface": "graph_signed_in"}, tenant="m365")
    with at_work.store.write() as session:
        Proofs(at_work.store).put(session, "m365", Kind.M365_LABEL, now, "custodian", as_person, None)
    kept = Proofs(at_work.store).of("m365", now)
    assert (kept[Kind.M365_LABEL].surface, kept[Kind.M365_LABEL_RULE].surface) == ("graph_signed_in", None)

    def written(surface: str, account: str | None, kind: Kind) -> WriteCapability:
        (one,) = proven((Capability(kind=kind, read=ReadCapability.FULL, write=WriteCapability.UNPROVEN, surface=surface, account=account),), kept)
        return one.write

    assert written("graph_signed_in", PERSON, Kind.M365_LABEL) is WriteCapability.PROVEN
    assert written("compliance_admin", None, Kind.M365_LABEL) is WriteCapability.UNPROVEN
    assert written("compliance_admin", None, Kind.M365_LABEL_RULE) is WriteCapability.PROVEN, "made before surfaces were written down"
    assert written("compliance_admin_signed_in", PERSON, Kind.M365_LABEL_RULE) is WriteCapability.UNPROVEN


def test_a_shortened_label_is_evidence_first_and_repaired_second(at_work: Scene) -> None:
    in_force(at_work)
    at_work.console("m365").set(label_id(at_work), period=30)
    repaired = microsoft(at_work.engine.sync())
    (drift,) = repaired.drift
    (change,) = repaired.changes
    assert (drift.drift, drift.key, drift.direction) == (DriftClass.CHANGED, LABEL, Direction.WEAKENS)
    assert (change.change.operation, change.change.direction) == (Operation.SET, Direction.STRENGTHENS)
    entries = list(at_work.desk.journal.entries())
    seen = next(one for one in entries if one.kind is EntryKind.OBSERVATION and one.body.get("drift") == drift.id)
    meant = next(one for one in entries if one.kind is EntryKind.INTENT and one.body["change"] == change.change.id)
    assert seen.seq < meant.seq, "repaired before the evidence was kept"
    raw = Evidence(at_work.store).raw("m365", str(seen.body["evidence"]))
    assert raw is not None
    assert "30" in raw
    assert microsoft(at_work.engine.sync()).drift == ()
    (closed,) = Drifts(at_work.store).between(at_work.clock.now().replace(year=2000), at_work.clock.now().replace(year=2100))
    assert closed.closed_by == "repaired"


def test_a_lengthened_label_is_not_shortened_until_two_officers_signed_exactly_that(at_work: Scene) -> None:
    in_force(at_work)
    at_work.console("m365").set(label_id(at_work), period=9999)
    refused = at_work.engine.sync()
    (change,) = microsoft(refused).changes
    assert change.status is ChangeStatus.REFUSED
    assert change.change.direction is Direction.WEAKENS
    assert [refusal.code for refusal in change.change.refusals] == ["direction.weakens"]
    assert refused.digest is not None
    unapproved = at_work.engine.apply(refused.digest)
    assert at_work.worlds["m365"].things[label_id(at_work)].fields["period"] == 9999
    assert [refusal.code for refusal in microsoft(unapproved).changes[0].change.refusals] == ["approval.missing"]
    approve(at_work, change.change.id, "chair", "counsel")
    applied = at_work.engine.apply(refused.digest)
    assert at_work.worlds["m365"].things[label_id(at_work)].fields["period"] == 731
    assert microsoft(applied).changes[0].status in {ChangeStatus.ACCEPTED, ChangeStatus.EFFECTIVE}


def approve(scene: Scene, change: str, *officers: str) -> None:
    now = scene.clock.now()
    with scene.store.write() as session:
        for number, name in enumerate(officers, 1):
            kept = KeptApproval(change=change, officer=name, verdict="yes", at=now, expires=now.replace(year=now.year + 1), seq=number)
            Approvals(scene.store).put(session, kept)


def test_an_approval_goes_stale_with_its_own_object(at_work: Scene) -> None:
    in_force(at_work)
    at_work.console("m365").set(label_id(at_work), period=9999)
    refused = at_work.engine.sync()
    assert refused.digest is not None
    approve(at_work, microsoft(refused).changes[0].change.id, "chair", "counsel")
    at_work.console("m365").set(label_id(at_work), period=20000)
    result = at_work.engine.apply(refused.digest)
    assert result.stale
    assert [problem.code for problem in result.problems] == ["approval.stale"]
    assert at_work.worlds["m365"].things[label_id(at_work)].fields["period"] == 20000


def test_apply_names_a_plan_by_eight_digits_or_more(at_work: Scene) -> None:
    digest = at_work.engine.plan().digest
    assert digest is not None
    with pytest.raises(UnknownPlanError):
        at_work.engine.apply(digest[:7])
    with pytest.raises(UnknownPlanError):
        at_work.engine.apply("0" * 12)


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_answer_makes_one_object_never_two(at_work: Scene, lost: str) -> None:
    at_work.worlds["m365"].troubles.lost = lost
    at_work.engine.sync()
    at_work.worlds["m365"].troubles.lost = None
    in_force(at_work)
    labels = [thing for thing in at_work.worlds["m365"].things.values() if thing.kind is Kind.M365_LABEL and thing.mark is not None]
    assert len(labels) == 1
    assert at_work.desk.journal.open_intents() == []
    assert at_work.desk.journal.verify().ok


@pytest.mark.parametrize("unreadable", [False, True], ids=["not shown yet", "could not be read back"])
def test_what_was_accepted_and_does_not_show_yet_is_open_and_made_once(at_work: Scene, monkeypatch: pytest.MonkeyPatch, *, unreadable: bool) -> None:
    world = at_work.worlds["m365"]

    def refuse(_reader: MemoryReader, _ref: Ref) -> None:
        raise TransientError("wire.unavailable", "not now")

    with monkeypatch.context() as trouble:
        if unreadable:
            trouble.setattr(MemoryReader, "read_back", refuse)
        else:
            at_work.clock.advance(HOUR)  # what was there before is shown all the time
            world.troubles.late[Kind.M365_LABEL] = 300
        first = microsoft(at_work.engine.sync())
    (made,) = [one for one in first.changes if one.change.key == LABEL]
    assert (made.status, made.error_code) == (ChangeStatus.FAILED, "intent.open")
    assert LABEL not in Bindings(at_work.store).of("m365"), "what nobody saw is not bound"
    assert len(at_work.desk.journal.open_intents()) == 1
    world.troubles.late.clear()
    in_force(at_work)
    assert len([thing for thing in world.things.values() if thing.kind is Kind.M365_LABEL and thing.mark is not None]) == 1
    assert at_work.desk.journal.open_intents() == []
    assert Bindings(at_work.store).of("m365")[LABEL].vendor_id in world.things


def test_an_intent_that_nobody_can_settle_blocks_its_own_key_only(at_work: Scene) -> None:
    at_work.desk.journal.intent(LABEL, {"change": "c1", "kind": "m365.label", "op": "create", "lane": "sync"}, tenant="m365")
    at_work.worlds["m365"].troubles.failed[Kind.M365_LABEL] = "read.refused"
    blocked = microsoft(at_work.engine.sync())
    assert [key.key for key in blocked.blocked] == [LABEL]
    assert LABEL not in {one.change.key for one in blocked.changes}
    at_work.worlds["m365"].troubles.failed.clear()
    at_work.clock.advance(HOUR)  # no create is under way any more
    settled = microsoft(at_work.engine.sync())
    assert settled.blocked == ()
    assert at_work.desk.journal.open_intents() == []
    assert LABEL in {one.change.key for one in settled.changes}


@pytest.mark.parametrize("state", ["failed", "partial", "roleless"])
def test_what_was_not_completely_read_is_neither_missing_nor_made(at_work: Scene, state: str) -> None:
    in_force(at_work)
    troubles = at_work.worlds["m365"].troubles
    if state == "failed":
        troubles.failed[Kind.M365_LABEL] = "read.refused"
    elif state == "partial":
        troubles.partial[Kind.M365_LABEL] = "read.cut_short"
        troubles.hidden.add(label_id(at_work))
    else:
        troubles.roleless.add(Kind.M365_LABEL)
    result = microsoft(at_work.engine.sync())
    assert result.kinds[Kind.M365_LABEL].state is not ReadState.COMPLETE
    assert not [one for one in result.changes if one.change.kind is Kind.M365_LABEL and one.status is not ChangeStatus.REFUSED]
    assert {drift.drift for drift in result.drift} <= {DriftClass.BLIND_SPOT}
    assert {one.standing for one in result.standings} == {StandingValue.UNKNOWN}


def test_a_tenant_that_answers_under_another_identity_is_left_alone(at_work: Scene) -> None:
    in_force(at_work)
    at_work.worlds["m365"].vendor_id = "somebody-else"
    result = microsoft(at_work.engine.sync())
    assert result.error is not None
    assert result.error.code == "tenant.identity_changed"
    assert result.changes == ()
    assert {read.state for read in result.kinds.values()} == {ReadState.FAILED}


def test_one_tenant_out_of_reach_does_not_stop_the_other(at_work: Scene) -> None:
    at_work.worlds["google"].troubles.unreachable = "network.refused"
    result = at_work.engine.sync()
    assert microsoft(result).changes
    assert next(one for one in result.tenants if one.tenant == "google").error is not None


def test_a_tenant_that_falls_silent_while_places_are_asked_for_does_not_stop_the_other(
    at_work: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(reader: MemoryReader, identity_ids: Iterable[str]) -> None:
        raise TenantUnreachableError("network.refused", f"nobody answers for {sorted(identity_ids)} of {reader}")

    monkeypatch.setattr(MemoryReader, "containers", silent, raising=False)
    monkeypatch.setattr("sync.consider.file_owners", lambda _duties, _roster, seen: {"m-009"} if seen.tenant.id == "m365" else set())
    result = at_work.engine.sync()
    assert {one.tenant: one.error and one.error.code for one in result.tenants} == {"m365": "network.refused", "google": None}
    assert not microsoft(result).changes


def test_others_objects_are_reported_and_left_as_they_are(at_work: Scene) -> None:
    console = at_work.console("m365")
    policy = console.make(
        Kind.M365_RETENTION_POLICY, "Purge", {"enabled": True, "description": "", "exceptions": (), "locked": False}, ["exchange:All"]
    )
    console.make(Kind.M365_RETENTION_RULE, "Purge rule", {"period": 365, "trigger": "created", "action": "delete", "query": ""}, parent_id=policy)
    in_force(at_work)
    console.set(policy, enabled=False)
    result = microsoft(at_work.engine.sync())
    assert [(one.drift, one.vendor_id) for one in result.drift] == [(DriftClass.UNMANAGED, policy)]
    assert result.changes == ()
    assert at_work.worlds["m365"].things[policy].fields["enabled"] is False


def test_modes_hold_back_the_sync_lane_and_never_the_hold_lane(tmp_path: Path) -> None:
    people = roster("m365", m365(1), m365(2)), roster("google", google(1), google(2))
    with scene(tmp_path, *people, duties=(duty(),), mode=Mode.OBSERVE) as made:
        made.lane.open(order("person1@d.example"))
        result = microsoft(made.engine.sync())
        lanes = {(one.change.lane, one.status is ChangeStatus.REFUSED) for one in result.changes}
        assert lanes == {(Lane.HOLD, False), (Lane.SYNC, True)}


def test_standings_are_kept_from_when_until_when(at_work: Scene) -> None:
    in_force(at_work)
    end = at_work.desk.journal.head().seq
    kept = [one for one in Standings(at_work.store).as_of(end) if one.tenant == "m365"]
    assert {one.standing for one in kept} == {"available"}
    first = min(one.from_seq for one in kept)
    earlier = [one for one in Standings(at_work.store).as_of(first - 1) if one.tenant == "m365"]
    assert {one.standing for one in earlier} == {"pending"}


def test_a_standing_names_the_entries_that_it_rests_on(at_work: Scene) -> None:
    in_force(at_work)
    entries = {one.seq: one for one in at_work.desk.journal.entries()}
    (standing,) = microsoft(at_work.engine.plan()).standings
    found = [(entries[seq].kind, entries[seq].subject) for seq in standing.evidence]
    assert (EntryKind.OUTCOME, LABEL) in found
    assert (EntryKind.OBSERVATION, "standings/m365") in found
    assert entries[standing.evidence[-1]].body["standings"], "the entry since which it stands so"


def test_new_evidence_is_no_new_standing(at_work: Scene) -> None:
    in_force(at_work)
    (before,) = microsoft(at_work.engine.plan()).standings
    seq = at_work.desk.journal.append(EntryKind.OBSERVATION, LABEL, {"seen": "again"}, tenant="m365")
    (after,) = microsoft(at_work.engine.plan()).standings
    assert after.evidence == tuple(sorted({*before.evidence, seq}))
    assert at_work.desk.journal.head().seq == seq, "nothing is written down for it"


def test_the_policy_changes_and_the_bound_label_keeps_its_name(at_work: Scene) -> None:
    in_force(at_work)
    longer = replace(duty(term=1096), title="Letters", label_name="COR-02 Letters")
    desk = replace(at_work.desk, duties=(longer,))
    result = microsoft(type(at_work.engine)(desk, at_work.lane).sync())
    (change,) = [one for one in result.changes if one.change.kind is Kind.M365_LABEL]
    assert (change.change.operation, change.change.direction) == (Operation.SET, Direction.STRENGTHENS)
    assert Operation.CREATE not in {one.change.operation for one in result.changes}
    thing = at_work.worlds["m365"].things[label_id(at_work)]
    assert (thing.name, thing.fields["period"]) == ("COR-02 Routine correspondence", 1096)


def test_changes_are_remembered_by_their_id(at_work: Scene) -> None:
    done = microsoft(at_work.engine.sync())
    for progress in done.changes:
        kept = Changes(at_work.store).get(progress.change.id)
        assert kept is not None
        assert kept.change.id == progress.change.id
        assert kept.status is progress.status


def test_after_a_failed_step_only_what_is_harmless_without_it_runs(at_work: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def never(change: Change, done: Sequence[Change], *rest: object) -> bool:
        asked.append((change.key, len(done)))
        return False

    monkeypatch.setattr("sync.run.still_harmless", never)
    at_work.worlds["m365"].troubles.lost = "before"
    result = microsoft(at_work.engine.sync())
    codes = [one.error_code for one in result.changes]
    assert ChangeStatus.EFFECTIVE not in {one.status for one in result.changes}
    assert set(codes) <= {"intent.open", "wire.unavailable", "change.rests_on_failed", "change.uncovered"}
    assert len(asked) == codes.count("change.uncovered")


def test_what_meets_a_lock_waits_is_asked_again_and_is_never_failed(at_work: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    in_force(at_work)
    world, key = at_work.worlds["m365"], next(key for key, one in Bindings(at_work.store).of("m365").items() if one.kind is Kind.M365_LABEL_POLICY)
    policy = Bindings(at_work.store).of("m365")[key]
    locked = True

    def busy(self: MemoryWriter, *given: object) -> Receipt:
        if locked:
            raise LockedError("admin.pending_lock", "are being deployed")
        return taken(self, *given)  # type: ignore[arg-type]

    taken = MemoryWriter.set
    monkeypatch.setattr(MemoryWriter, "set", busy)
    world.things[policy.vendor_id].fields["enabled"] = False
    world.things[policy.vendor_id].members.popitem()
    first, begun = microsoft(at_work.engine.sync()), at_work.clock.now()
    (one,) = first.changes
    assert (one.change.operation, len(one.change.add), one.status, one.error_code) == (Operation.SET, 1, ChangeStatus.PLANNED, "admin.pending_lock")
    assert [flight.key for flight in first.in_flight] == [key]
    assert acting(RunResult(tenants=(first,), acted=True)) is Exit.IN_FLIGHT
    at_work.engine.plan()
    at_work.clock.advance(HOUR)
    assert [one.status for one in microsoft(at_work.engine.sync()).changes] == [ChangeStatus.PLANNED]
    kept = Changes(at_work.store).get(one.change.id)
    assert kept is not None
    assert kept.waits_since == begun, "since it was first asked for, however often it is"
    at_work.clock.advance(30 * 24 * HOUR)
    late = microsoft(at_work.engine.sync())
    assert ([flight.key for flight in late.overdue], late.in_flight) == ([key], ())
    locked = False
    assert [one.status for one in microsoft(at_work.engine.sync()).changes] == [ChangeStatus.ACCEPTED]
    assert policy.members <= world.things[policy.vendor_id].members.keys()
    results = [entry.body["result"] for entry in at_work.desk.journal.entries() if entry.kind is EntryKind.OUTCOME]
    assert (results.count("not_done"), "failed" in results) == (3, False)
    assert at_work.desk.journal.open_intents() == []


def harmless(*_given: object) -> bool:
    return True


def harmful(*_given: object) -> bool:
    return False


@pytest.mark.parametrize(("asked", "code"), [(harmless, "change.rests_on_failed"), (harmful, "change.uncovered")])
def test_a_step_that_needs_one_that_waits_waits_with_it(
    at_work: Scene, monkeypatch: pytest.MonkeyPatch, asked: Callable[..., bool], code: str
) -> None:
    def busy(self: MemoryWriter, *given: object) -> Receipt:
        raise LockedError("admin.pending_lock", "are being deployed")

    monkeypatch.setattr("sync.run.still_harmless", asked)
    monkeypatch.setattr(MemoryWriter, "create", busy)
    result = microsoft(at_work.engine.sync())
    assert {one.status for one in result.changes} == {ChangeStatus.PLANNED}
    codes = {one.error_code for one in result.changes}
    assert {"admin.pending_lock", code} <= codes <= {"admin.pending_lock", "change.rests_on_failed", "change.uncovered"}


def test_a_log_that_answers_after_the_repair_still_names_the_account(at_work: Scene) -> None:
    in_force(at_work)
    at_work.console("m365").set(label_id(at_work), period=30)
    (drift,) = microsoft(at_work.engine.sync()).drift
    assert drift.attribution.actor is None, "the log was not late"
    at_work.engine.sync()
    at_work.clock.advance(HOUR)
    at_work.engine.sync()
    (kept,) = Drifts(at_work.store).between(at_work.clock.now().replace(year=2000), at_work.clock.now().replace(year=2100))
    assert kept.closed_at is not None
    assert kept.document["attribution"]["state"] == "found"  # type: ignore[index]  # a JSON document


def test_a_yes_counts_only_while_it_could_be_given(at_work: Scene) -> None:
    in_force(at_work)
    at_work.console("m365").set(label_id(at_work), period=9999)
    change = microsoft(at_work.engine.plan()).changes[0].change.id
    approve(at_work, change, "chair", "counsel")
    with at_work.store.write() as session:
        Changes(at_work.store).keep_changes(session, [Changes(at_work.store).find([change])[0].change], at_work.clock.now(), "counsel")
    (own,) = microsoft(at_work.engine.sync()).changes
    assert [refusal.code for refusal in own.change.refusals] == ["direction.weakens"], "the proposer's own yes counted"
    assert at_work.worlds["m365"].things[label_id(at_work)].fields["period"] == 9999


def test_a_yes_of_somebody_who_left_office_does_not_count(at_work: Scene) -> None:
    in_force(at_work)
    at_work.console("m365").set(label_id(at_work), period=9999)
    change = microsoft(at_work.engine.plan()).changes[0].change.id
    approve(at_work, change, "chair", "counsel")
    left = at_work.district.model_copy(update={"officers": tuple(one for one in at_work.district.officers if one.id != "counsel")})
    engine = type(at_work.engine)(replace(at_work.desk, district=left), at_work.lane)
    assert microsoft(engine.sync()).changes[0].status is ChangeStatus.REFUSED


def test_people_who_could_not_be_read_are_said_to_be_unread_and_make_no_orphans(at_work: Scene) -> None:
    in_force(at_work)
    world = at_work.worlds["m365"]
    reads = tuple(
        replace(read, state=ReadState.FAILED, reason="read.refused") if read.kind is Kind.M365_USER else read for read in world.roster.reads
    )
    world.roster = replace(world.roster, identities=(), reads=reads)
    result = microsoft(at_work.engine.sync())
    assert result.kinds[Kind.M365_USER].state is not ReadState.COMPLETE
    assert Kind.M365_USER in result.needed
    assert result.drift == ()


def test_a_tenant_whose_lane_another_run_holds_stops_neither_holds_nor_the_next(at_work: Scene) -> None:
    at_work.lane.open(order("person1@d.example"))
    engine = type(at_work.engine)(replace(at_work.desk, lock_wait=0.0), at_work.lane)
    other = Leases(at_work.store, at_work.clock, "another run", HOST, 1)
    with other.acquire("m365/sync", seconds=600, wait=0):
        result = engine.sync()
    assert microsoft(result).error is not None
    assert microsoft(result).error.code == "lease.held"  # type: ignore[union-attr]  # asserted above
    assert {one.change.lane for one in microsoft(result).changes if one.sent} == {Lane.HOLD}
    google = next(one for one in result.tenants if one.tenant == "google")
    assert google.error is None
    assert google.changes
