"""What goes wrong in a tenant, on request: every trouble that the tenant in memory can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.base import Charge
from connectors.errors import ConnectorError, PermanentError, Stopped, TenantUnreachableError, TransientError, UnknownOutcomeError
from connectors.examination import ReadCapability, WriteCapability
from connectors.memory import Console, MemoryConnector, MemoryTenant
from connectors.memory.world import US
from policies.duties import Selector, StandingValue
from policies.kinds import Kind, Platform, Workload
from policies.resources import Force, Live, ReadState, Snapshot, Wanted
from tests.contract.bench import Bench
from tests.contract.test_memory import memory_bench

LABEL, POLICY, RULE, CASE, HOLD = Kind.M365_LABEL, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE, Kind.M365_CASE, Kind.M365_HOLD


@pytest.fixture
def bench() -> Bench:
    return memory_bench(Platform.MICROSOFT365)


@pytest.fixture
def google() -> Bench:
    return memory_bench(Platform.GOOGLE_WORKSPACE)


def world(bench: Bench) -> MemoryTenant:
    assert isinstance(bench.connector, MemoryConnector)
    return bench.connector.world


def console(bench: Bench) -> Console:
    return Console(world(bench))


def look(bench: Bench, *kinds: Kind) -> Snapshot:
    return bench.reader().snapshot(frozenset(kinds))


def keeping(bench: Bench) -> dict[str, Live]:
    made = bench.carry(bench.desired().resources)
    return {live.kind.value: live for live in made.values()}


def test_a_failed_read_is_failed_and_shows_nothing(bench: Bench) -> None:
    world(bench).troubles.failed[LABEL] = "wire.not_json"
    seen = look(bench, LABEL, CASE)
    assert (seen.reads[LABEL].state, seen.reads[LABEL].count, seen.reads[LABEL].reason) == (ReadState.FAILED, None, "wire.not_json")
    assert seen.of(LABEL) == ()
    assert seen.complete(CASE)


def test_a_partial_read_leaves_objects_out_and_says_so(bench: Bench) -> None:
    (label,) = (live for live in bench.carry(bench.desired().resources).values() if live.kind is LABEL)
    world(bench).troubles.partial[LABEL] = "wire.foreign_link"
    world(bench).troubles.hidden.add(label.vendor_id)
    seen = look(bench, LABEL)
    assert (seen.reads[LABEL].state, seen.reads[LABEL].reason) == (ReadState.PARTIAL, "wire.foreign_link")
    assert label.vendor_id not in {live.vendor_id for live in seen.of(LABEL)}


def test_without_the_role_a_list_is_empty_without_an_error_and_the_check_finds_it_out(bench: Bench) -> None:
    made = bench.carry(bench.held())
    world(bench).troubles.roleless.add(CASE)
    seen = look(bench, CASE)
    assert seen.of(CASE) == ()
    assert (seen.reads[CASE].state, seen.reads[CASE].reason) == (ReadState.PARTIAL, "visibility_check.not_seen")
    case = next(live for live in made.values() if live.kind is CASE)
    console(bench).delete(case.vendor_id)
    with pytest.raises(PermanentError, match="not for us to see"):
        bench.reader().read_back(case.ref("t"))


def test_a_read_back_that_cannot_tell_raises(bench: Bench) -> None:
    label = keeping(bench)[LABEL.value]
    world(bench).troubles.failed[LABEL] = "wire.broken"
    with pytest.raises(PermanentError, match="could not be read"):
        bench.reader().read_back(label.ref("t"))


def test_a_tenant_that_does_not_answer(bench: Bench) -> None:
    world(bench).troubles.unreachable = "network.refused"
    with pytest.raises(TenantUnreachableError):
        bench.reader().identity()
    with pytest.raises(TenantUnreachableError):
        bench.writer().create(CASE_WANTED, bench.mark(CASE_WANTED), None)


CASE_WANTED = Wanted(kind=CASE, key="m-x", name="x", fields={"state": "open", "description": ""})


def test_an_answer_lost_before_the_commit_made_nothing_and_one_lost_after_it_did(bench: Bench) -> None:
    count = len(world(bench).things)
    world(bench).troubles.lost = "before"
    with pytest.raises(TransientError):
        bench.writer().create(CASE_WANTED, bench.mark(CASE_WANTED), None)
    assert len(world(bench).things) == count
    world(bench).troubles.lost = "after"
    with pytest.raises(UnknownOutcomeError):
        bench.writer().create(CASE_WANTED, bench.mark(CASE_WANTED), None)
    marked = [live for live in look(bench, CASE).of(CASE) if live.mark == bench.mark(CASE_WANTED)]
    assert len(marked) == 1
    bench.writer().create(CASE_WANTED, bench.mark(CASE_WANTED), None)
    assert len([live for live in look(bench, CASE).of(CASE) if live.mark == bench.mark(CASE_WANTED)]) == 2, "no platform here has idempotency keys"


def test_members_are_refused_one_by_one(bench: Bench) -> None:
    wants = bench.held()
    hold = next(want for want in wants if want.members)
    bad = min(hold.members)
    world(bench).troubles.refused_members[bad] = "mailbox.not_found"
    case, empty = (replace(want, members=frozenset()) for want in wants)
    live = bench.carry([case, empty])[empty.key]
    receipt = bench.writer().add(live.ref("t"), hold.members, live)
    assert {one.member: one.error for one in receipt.members} == {**dict.fromkeys(hold.members), bad: "mailbox.not_found"}
    assert bench.seen(bench.reader(), live.ref("t")).members == hold.members - {bad}


def test_a_member_the_platform_could_not_bring_in_is_an_error_until_asked_again(bench: Bench) -> None:
    live = next(one for one in bench.carry(bench.held()).values() if one.members)
    member = min(live.members)
    thing = world(bench).things[live.vendor_id]
    thing.failed[member] = "site.no_title"
    bench.advance(bench.window)
    seen = bench.seen(bench.reader(), live.ref("t"))
    assert (seen.force, seen.member_states[member].error) == (Force.ERROR, "site.no_title")
    bench.writer().retry(live.ref("t"))
    assert bench.seen(bench.reader(), live.ref("t")).force is Force.PENDING
    bench.advance(bench.window)
    assert bench.seen(bench.reader(), live.ref("t")).force is Force.APPLIED


def test_a_policy_is_locked_while_it_is_deployed(bench: Bench) -> None:
    policy = keeping(bench)[POLICY.value]
    with pytest.raises(TransientError, match="being deployed"):
        bench.writer().add(policy.ref("t"), frozenset({"exchange:new@d.example"}), policy)
    bench.advance(bench.window)
    console(bench).break_distribution(policy.vendor_id)
    assert bench.seen(bench.reader(), policy.ref("t")).force is Force.ERROR


def test_fields_fixed_at_birth_and_objects_that_make_no_sense_are_refused(bench: Bench) -> None:
    label = keeping(bench)[LABEL.value]
    changed = Wanted(kind=LABEL, key="fin-01", name=label.name, fields={**label.fields, "action": "delete"})
    with pytest.raises(PermanentError, match="cannot be changed"):
        bench.writer().set(label.ref("t"), changed, bench.mark(changed), frozenset({"action"}))
    with pytest.raises(PermanentError, match="exists"):
        bench.writer().create(changed, bench.mark(changed), None)
    orphan = Wanted(kind=RULE, key="r", name="r", fields={})
    with pytest.raises(PermanentError, match="needs its"):
        bench.writer().create(orphan, bench.mark(orphan), None)
    nowhere = Wanted(kind=POLICY, key="p", name="p", fields={})
    with pytest.raises(PermanentError, match="without a location"):
        bench.writer().create(nowhere, bench.mark(nowhere), None)
    console(bench).delete(label.vendor_id)
    with pytest.raises(PermanentError, match="is not there"):
        bench.writer().set(label.ref("t"), changed, bench.mark(changed), frozenset({"period"}))


def test_a_missing_right_is_said_before_and_meant_afterwards(bench: Bench) -> None:
    world(bench).rights[CASE] = WriteCapability.MISSING
    world(bench).sight[CASE] = ReadCapability.PARTIAL
    (case,) = (one for one in bench.reader().examine().capabilities if one.kind is CASE)
    assert (case.read, case.write, case.reason) == (ReadCapability.PARTIAL, WriteCapability.MISSING, "role.missing")
    with pytest.raises(PermanentError, match="may not be written"):
        bench.writer().create(CASE_WANTED, bench.mark(CASE_WANTED), None)
    with pytest.raises(PermanentError, match="may not be written"):
        bench.connector.prover(bench.tenant, bench.context).prove(CASE, bench.mark(CASE_WANTED))


def test_a_proof_whose_answer_is_lost_still_cleans_up(bench: Bench) -> None:
    count = len(world(bench).things)
    world(bench).troubles.lost = "after"
    with pytest.raises(UnknownOutcomeError):
        bench.connector.prover(bench.tenant, bench.context).prove(HOLD, bench.mark(CASE_WANTED))
    assert len(world(bench).things) == count


def test_a_dummy_that_cannot_be_seen_again_proves_nothing(bench: Bench) -> None:
    count = len(world(bench).things)
    world(bench).troubles.roleless.add(LABEL)
    with pytest.raises(ConnectorError, match="not seen again"):
        bench.connector.prover(bench.tenant, bench.context).prove(LABEL, bench.mark(CASE_WANTED))
    assert len(world(bench).things) == count


def test_closing_a_case_switches_its_holds_off_and_reopening_does_not_switch_them_on(bench: Bench) -> None:
    made = bench.carry(bench.held())
    bench.advance(bench.window)
    case = next(live for live in made.values() if live.kind is CASE)
    hold = next(live for live in made.values() if live.kind is HOLD)
    console(bench).set(case.vendor_id, state="closed")
    console(bench).set(case.vendor_id, state="open")
    seen = bench.seen(bench.reader(), hold.ref("t"))
    assert (seen.fields["enabled"], seen.force) == (False, Force.OFF)
    assert {state.force for state in seen.member_states.values()} == {Force.OFF}


def test_the_holds_of_a_closed_vault_matter_cannot_be_seen(google: Bench) -> None:
    made = google.carry(google.held())
    matter = next(live for live in made.values() if live.kind is Kind.GOOGLE_MATTER)
    hold = next(live for live in made.values() if live.kind is Kind.GOOGLE_HOLD)
    console(google).set(matter.vendor_id, state="closed")
    seen = look(google, Kind.GOOGLE_HOLD, Kind.GOOGLE_MATTER)
    assert not [live for live in seen.of(Kind.GOOGLE_HOLD) if live.mark]
    with pytest.raises(PermanentError, match="is closed"):
        google.reader().read_back(hold.ref("t"))
    console(google).set(matter.vendor_id, state="open")
    assert google.reader().read_back(hold.ref("t")) is not None


def test_others_hands_leave_their_name_in_a_log_that_comes_late(bench: Bench) -> None:
    began = bench.context.clock.now()
    label = keeping(bench)[LABEL.value]
    console(bench).set(label.vendor_id, period=1)
    assert bench.reader().audit(began, began + timedelta(days=1)).events == ()
    bench.advance(bench.log_window)
    read = bench.reader().audit(began, began + timedelta(days=1))
    assert [event.actor for event in read.events if event.vendor_id == label.vendor_id] == [US, "admin@district.example"]
    assert read.through == began
    world(bench).troubles.no_log = "role.missing"
    shut = bench.reader().audit(began, began)
    assert (shut.available, shut.reason) == (False, "role.missing")


def test_others_may_add_remove_copy_and_delete(bench: Bench) -> None:
    policy = keeping(bench)[POLICY.value]
    console(bench).add(policy.vendor_id, "exchange:x@d.example")
    console(bench).remove(policy.vendor_id, *policy.members)
    assert bench.seen(bench.reader(), policy.ref("t")).members == {"exchange:x@d.example"}
    twin = console(bench).copy(policy.vendor_id)
    assert {live.vendor_id for live in look(bench, POLICY).of(POLICY) if live.mark == policy.mark} == {policy.vendor_id, twin}
    console(bench).delete(policy.vendor_id)
    assert not [live for live in look(bench, RULE).of(RULE) if live.parent_id == policy.vendor_id]


@pytest.mark.parametrize(("trouble", "state"), [("failed", ReadState.FAILED), ("partial", ReadState.PARTIAL)])
def test_people_that_could_not_be_read_make_a_population_unknown(bench: Bench, trouble: str, state: ReadState) -> None:
    getattr(world(bench).troubles, trouble)[Kind.M365_USER] = "graph.throttled"
    assert look(bench, Kind.M365_USER).reads[Kind.M365_USER].state is state
    nobody = replace(bench.population, selectors={Platform.MICROSOFT365: Selector(users=("nobody@d.example",))})
    desired = bench.connector.realise(bench.duties(population=nobody), bench.circumstances())
    assert {one.standing for one in desired.carriages} == {StandingValue.UNKNOWN}


def test_an_empty_list_of_people_proves_nothing(bench: Bench) -> None:
    assert look(bench, Kind.M365_GROUP).reads[Kind.M365_GROUP].state is ReadState.UNPROVEN


def carriage(bench: Bench, **more: object) -> tuple[StandingValue, str | None]:
    return next((one.standing, one.reason) for one in bench.connector.realise(bench.duties(**more), bench.circumstances()).carriages)


def test_what_a_platform_cannot_carry_is_said_per_duty(bench: Bench, google: Bench) -> None:
    assert carriage(bench, workload=Workload.VOICE) == (StandingValue.NOT_ENFORCEABLE, "workload.no_carrier")
    elsewhere = replace(bench.population, selectors={})
    assert carriage(bench, population=elsewhere) == (StandingValue.NOT_ENFORCEABLE, "population.elsewhere")
    assert carriage(google) == (StandingValue.NOT_ENFORCEABLE, "vault_rules.no_api")
    attested = google.connector.realise(google.duties(), google.circumstances(attested=frozenset({"vault-rules/t"})))
    assert [(one.standing, one.reason) for one in attested.carriages] == [
        (StandingValue.ATTESTED, "vault_rules.no_api"),
        (StandingValue.NOT_ENFORCEABLE, "drive_label.not_built"),
    ]


def test_mail_and_files_of_one_line_share_a_policy_and_chats_have_their_own(bench: Bench) -> None:
    mail, _ = bench.duties()
    three = [mail, replace(mail, workload=Workload.DRIVE), replace(mail, workload=Workload.CHAT)]
    desired = bench.connector.realise(three, bench.circumstances())
    policies = {want.key: want for want in desired.resources if want.kind is POLICY}
    assert sorted(policies) == ["keep-r1-1", "keep-r1-chat-1"]
    assert {member.partition(":")[0] for member in policies["keep-r1-1"].members} == {"exchange", "onedrive"}


def test_people_without_a_place_are_counted_out_and_places_are_not_people(bench: Bench) -> None:
    homeless = replace(world(bench).roster.identities[0], containers={})
    world(bench).roster = replace(world(bench).roster, identities=(homeless, *world(bench).roster.identities[1:]))
    drives = bench.connector.realise(bench.duties(workload=Workload.DRIVE), bench.circumstances()).carriages[0].people
    assert (drives.covered, drives.not_covered) == (2, 1)
    everybody = replace(bench.population, selectors={Platform.MICROSOFT365: Selector(all_users=True)})
    assert bench.connector.realise(bench.duties(population=everybody), bench.circumstances()).carriages[0].people.covered == 3
    sites = replace(bench.population, selectors={Platform.MICROSOFT365: Selector(sites=("https://d/sites/x",))})
    assert carriage(bench, population=sites, workload=Workload.SITE)[0] is StandingValue.UNKNOWN


def test_a_bound_label_keeps_its_key_and_name(bench: Bench) -> None:
    circumstances = bench.circumstances(names={"old-01": "Old name"})
    desired = bench.connector.realise(bench.duties(label_keys=("fin-01", "old-01")), circumstances)
    (label,) = (want for want in desired.resources if want.kind is LABEL)
    assert (label.key, label.name) == ("old-01", "Old name")
    assert next(want for want in desired.resources if want.kind is Kind.M365_LABEL_RULE).fields == {"publishes": "Old name"}


def test_sources_without_a_place_are_refused(bench: Bench, google: Bench) -> None:
    drive = next(one for one in bench.sources if one.workload is Workload.DRIVE)
    lost = replace(drive, container=None)
    assert bench.connector.realise_hold(bench.order([lost]), bench.circumstances()).refused == {lost: "person.no_container"}
    stranger = replace(google.sources[0], identity_id=None)
    assert google.connector.realise_hold(google.order([stranger]), google.circumstances()).refused == {stranger: "person.not_found"}


def test_every_look_and_act_is_metered(bench: Bench) -> None:
    class Full:
        def spend(self, surface: str, method: str, charges: Sequence[Charge] = ()) -> None:
            raise Stopped(method)

    context = replace(bench.context, meter=Full())
    for act in (
        lambda: bench.connector.reader(bench.tenant, context).roster(),
        lambda: bench.connector.writer(bench.tenant, context).create(CASE_WANTED, bench.mark(CASE_WANTED), None),
        lambda: bench.connector.prover(bench.tenant, context).prove(CASE, bench.mark(CASE_WANTED)),
    ):
        with pytest.raises(Stopped):
            act()
