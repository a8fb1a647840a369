"""What every connector must do, whatever stands behind it. Subclass it and give it a ``bench``.

Nothing here knows a vendor: it talks to the protocols of connectors/base.py and to time.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from connectors.base import Lane
from connectors.errors import ConnectorError, TransientError, UnknownOutcomeError
from connectors.examination import ReadCapability, WriteCapability
from policies.duties import Selector, StandingValue
from policies.effects import FOREVER, Mechanism
from policies.kinds import TRAITS, Kind, Workload
from policies.resources import Force, Live, ReadState, Ref, Snapshot, Wanted
from sync.bindings import Binding, BindingState
from sync.diff import DiffInput, DiffResult, diff
from tests.contract.bench import VOCABULARY, Bench, Trouble

KEY = re.compile(r"[a-z0-9-]{1,40}")
NOBODY = "00000000-0000-4000-8000-000000000000"
"""An id that no object has."""


def compared(bench: Bench, wants: tuple[Wanted, ...], seen: Snapshot, made: dict[str, Live], lane: Lane = Lane.SYNC) -> DiffResult:
    bindings = {
        key: Binding(
            tenant=bench.tenant.id, kind=live.kind, key=key, vendor_id=live.vendor_id, name=live.name, generation=1, fields=live.fields,
            members=live.members, parent_id=live.parent_id, accepted_at=bench.context.clock.now(), effective_at=bench.context.clock.now(),
            state=BindingState.IN_FORCE, mark=live.mark,
        )
        for key, live in made.items()
    }
    return diff(
        DiffInput(
            tenant=bench.tenant.id, tenant_identity="t", lane=lane, desired=wants, snapshot=seen, bindings=bindings,
            now=bench.context.clock.now(), overdue_seconds=86400, district=bench.context.district,
        )
    )


class ConnectorContract:
    """The suite. Methods that make objects make their own."""

    @pytest.fixture
    def bench(self) -> Bench:
        raise NotImplementedError

    # Looking

    def test_the_tenant_says_who_it_is_and_says_it_again(self, bench: Bench) -> None:
        first, second = bench.reader().identity(), bench.reader().examine().identity
        assert first.vendor_id
        assert first.vendor_id == second.vendor_id
        assert first.domain in first.domains
        assert first.actor

    def test_capabilities_name_every_kind_and_claim_no_proof(self, bench: Bench) -> None:
        capabilities = {one.kind: one for one in bench.reader().examine().capabilities}
        assert bench.connector.kinds() <= set(capabilities)
        assert all(kind.platform is bench.connector.platform for kind in capabilities)
        for one in capabilities.values():
            assert one.write is not WriteCapability.PROVEN, "proofs are in the store"
            if one.write in {WriteCapability.MISSING, WriteCapability.ATTEST_ONLY}:
                assert one.reason
                assert one.next_step
            if one.read is ReadCapability.NONE:
                assert one.reason

    def test_every_kind_asked_for_is_answered_for(self, bench: Bench) -> None:
        kinds = bench.connector.kinds()
        seen = bench.reader().snapshot(kinds)
        assert set(seen.reads) == kinds
        assert seen.tenant == bench.tenant.id
        assert all(live.kind in kinds for live in seen.resources)
        for kind, read in seen.reads.items():
            assert read.kind is kind
            assert (read.state is ReadState.COMPLETE) is (read.reason is None)
        one = frozenset({min(kinds & set(VOCABULARY))})
        assert set(bench.reader().snapshot(one).reads) == one

    def test_with_its_visibility_check_in_sight_a_list_is_complete(self, bench: Bench) -> None:
        seen = bench.everything()
        for kind in bench.connector.kinds() & set(bench.tenant.visibility_checks):
            assert seen.complete(kind), (kind, seen.reads[kind])
            check = bench.tenant.visibility_checks[kind]
            assert any(live.name == check and live.mark is None for live in seen.of(kind))

    def test_without_a_visibility_check_a_list_proves_nothing(self, bench: Bench) -> None:
        blind = bench.tenant.model_copy(update={"visibility_checks": {}})
        seen = bench.reader(blind).snapshot(bench.connector.kinds())
        for kind in bench.tenant.visibility_checks:
            if TRAITS[kind].needs_visibility_check:
                assert (seen.reads[kind].state, seen.reads[kind].reason) == (ReadState.UNPROVEN, "visibility_check.not_set")

    def test_with_a_visibility_check_out_of_sight_a_list_is_partial(self, bench: Bench) -> None:
        wrong = dict.fromkeys(bench.tenant.visibility_checks, "No such object")
        seen = bench.reader(bench.tenant.model_copy(update={"visibility_checks": wrong})).snapshot(bench.connector.kinds())
        for kind in bench.tenant.visibility_checks:
            if TRAITS[kind].needs_visibility_check:
                assert (seen.reads[kind].state, seen.reads[kind].reason) == (ReadState.PARTIAL, "visibility_check.not_seen")

    def test_an_object_of_ours_is_no_visibility_check(self, bench: Bench) -> None:
        case = bench.held()[0]
        made = bench.carry([case])[case.key]
        checks = {**bench.tenant.visibility_checks, case.kind: made.name}
        seen = bench.reader(bench.tenant.model_copy(update={"visibility_checks": checks})).snapshot(frozenset({case.kind}))
        assert seen.reads[case.kind].state in {ReadState.PARTIAL, ReadState.UNPROVEN}
        assert str(seen.reads[case.kind].reason).startswith("visibility_check.")

    def test_live_objects_speak_the_shared_vocabulary(self, bench: Bench) -> None:
        bench.carry((*bench.desired().resources, *bench.held()))
        for live in bench.everything().resources:
            assert set(live.fields) <= VOCABULARY[live.kind], live
            hash(tuple(sorted((name, repr(value)) for name, value in live.fields.items())))
            assert all(":" in member for member in live.members)
            assert set(live.member_states) <= live.members
            assert live.raw.startswith("{")

    def test_what_is_not_there_reads_back_as_nothing(self, bench: Bench) -> None:
        case = bench.held()[0]
        made = bench.carry([case])[case.key]
        bench.delete(made.ref(bench.tenant.id))
        if bench.bin_window:
            assert bench.seen(bench.reader(), made.ref(bench.tenant.id)).fields["state"] == "deleted"
            bench.advance(bench.bin_window)
        assert bench.reader().read_back(made.ref(bench.tenant.id)) is None
        seen = bench.reader().snapshot(frozenset({case.kind}))
        assert seen.complete(case.kind)
        assert made.vendor_id not in {live.vendor_id for live in seen.of(case.kind)}

    def test_what_cannot_be_read_is_failed_and_never_taken_for_empty(self, bench: Bench) -> None:
        case = bench.held()[0]
        bench.carry([case])
        bench.trouble(Trouble.UNREADABLE)
        seen = bench.reader().snapshot(frozenset({case.kind}))
        read = seen.reads[case.kind]
        assert (read.state, read.count) == (ReadState.FAILED, None)
        assert read.reason
        nobody = Ref(tenant=bench.tenant.id, kind=case.kind, vendor_id=NOBODY, name="x")
        with pytest.raises(ConnectorError):
            bench.reader().read_back(nobody)

    # Acting

    @pytest.mark.parametrize(
        ("trouble", "told", "made"), [(Trouble.LOST_BEFORE, (UnknownOutcomeError, TransientError), 0), (Trouble.LOST_AFTER, (UnknownOutcomeError,), 1)]
    )
    def test_a_create_without_an_answer_is_sent_once_and_only_its_mark_tells(
        self, bench: Bench, trouble: Trouble, told: tuple[type[ConnectorError], ...], made: int
    ) -> None:
        """``TransientError`` says that nothing was done, so what was done must never end in it."""
        case = bench.held()[0]
        bench.trouble(trouble)
        with pytest.raises(told):
            bench.writer().create(case, bench.mark(case), None)
        seen = bench.reader().snapshot(frozenset({case.kind}))
        assert seen.complete(case.kind)
        assert len([live for live in seen.of(case.kind) if live.mark == bench.mark(case)]) == made

    def test_the_writer_has_no_delete(self, bench: Bench) -> None:
        words = ("delete", "remove", "release", "purge", "close", "disable")
        names = [name for name in dir(bench.writer()) if not name.startswith("_") and name != "close"]  # that one ends connections
        assert not [name for name in names if any(word in name for word in words)]

    def test_what_was_made_is_found_by_its_mark_and_says_what_was_asked(self, bench: Bench) -> None:
        wants = (*bench.desired().resources, *bench.held())
        made = bench.carry(wants)
        seen = bench.everything()
        for want in wants:
            marked = [live for live in seen.of(want.kind) if live.mark == bench.mark(want)]
            assert [live.vendor_id for live in marked] == [made[want.key].vendor_id]
            assert {name: marked[0].fields.get(name) for name in want.fields} == dict(want.fields)
            assert want.members <= marked[0].members
            assert "[rw:" not in str(marked[0].fields.get("description", ""))
            assert marked[0].parent_id == (made[want.parent].vendor_id if want.parent is not None else None)

    def test_accepted_is_not_in_force(self, bench: Bench) -> None:
        wants = (*bench.desired().resources, *bench.held())
        made = bench.carry(wants)
        deferred = [live for live in made.values() if live.kind in bench.deferred]
        assert deferred
        assert {live.force for live in deferred} <= {Force.PENDING, Force.UNKNOWN}
        bench.advance(bench.window)
        for live in made.values():
            assert bench.seen(bench.reader(), live.ref(bench.tenant.id)).force is Force.APPLIED, live

    def test_what_carries_the_policy_and_the_order_needs_nothing_more(self, bench: Bench) -> None:
        """Normal forms: what was written reads back as what is wanted, so a second run has nothing to do."""
        policy, order = bench.desired().resources, bench.held()
        made = bench.carry((*policy, *order))
        bench.advance(bench.window)
        seen = bench.everything()
        for lane, wants in ((Lane.SYNC, policy), (Lane.HOLD, order)):
            result = compared(bench, wants, seen, made, lane)
            assert result.changes == ()
            assert {key for key, _ in result.satisfied} == {want.key for want in wants}
            assert not result.in_flight

    def test_adding_is_a_union_and_may_be_repeated(self, bench: Bench) -> None:
        wants = bench.held()
        hold = next(want for want in wants if len(want.members) > 1)
        first, *rest = sorted(hold.members)
        some = tuple(replace(want, members=frozenset({first})) if want is hold else want for want in wants)
        made = bench.carry(some)[hold.key]
        bench.advance(bench.window)  # what is being distributed may be locked
        live = bench.seen(bench.reader(), made.ref(bench.tenant.id))
        receipt = bench.writer().add(live.ref(bench.tenant.id), frozenset(rest), live)
        assert {outcome.member for outcome in receipt.members if outcome.error is None} >= set(rest)
        after = bench.seen(bench.reader(), live.ref(bench.tenant.id))
        assert after.members == hold.members
        bench.advance(bench.window)
        bench.writer().add(after.ref(bench.tenant.id), frozenset(rest), after)
        assert bench.seen(bench.reader(), live.ref(bench.tenant.id)).members == hold.members

    def test_setting_a_field_leaves_the_rest_as_it_was(self, bench: Bench) -> None:
        wants = bench.held()
        made = bench.carry(wants)
        bench.advance(bench.window)
        hold = next(want for want in wants if bench.takes_words(want))
        field = bench.narrowed_by[hold.kind]
        changed = replace(hold, fields={**hold.fields, field: "budget"})
        before = bench.seen(bench.reader(), made[hold.key].ref(bench.tenant.id))
        bench.writer().set(before.ref(bench.tenant.id), changed, bench.mark(hold), frozenset({field}))
        after = bench.seen(bench.reader(), before.ref(bench.tenant.id))
        assert after.fields == {**before.fields, field: "budget"}
        assert (after.members, after.mark) == (before.members, before.mark)

    def test_a_proof_leaves_behind_only_what_the_platform_keeps_and_uses_it_again(self, bench: Bench) -> None:
        before = {(live.kind, live.vendor_id) for live in bench.everything().resources}

        def left_by_a_proof() -> dict[str, Live]:
            prover = bench.prover()
            for kind in sorted(bench.provable):
                want = Wanted(kind=kind, key="proof", name="proof", fields={})
                assert prover.prove(kind, bench.mark(want)).vendor_id
            there = [live for live in bench.everything().resources if live.fields.get("state") != "deleted"]
            return {live.vendor_id: live for live in there if (live.kind, live.vendor_id) not in before}

        left = left_by_a_proof()
        assert {live.kind for live in left.values()} <= bench.stays, "what the platform will not remove yet, or nobody here may remove"
        off = {live.vendor_id for live in left.values() if live.force is Force.OFF}
        # Of a rule in a policy that is off the platform tells nothing more: it rules nothing as long as the policy is off.
        assert all(key in off or live.parent_id in off for key, live in left.items() if live.kind is not Kind.M365_LABEL)
        bench.advance(bench.window)
        assert set(left_by_a_proof()) == set(left)

    # The log

    def test_the_log_tells_our_hand_from_another(self, bench: Bench) -> None:
        began = bench.context.clock.now()
        case = bench.held()[0]
        made = bench.carry([case])[case.key]
        bench.delete(made.ref(bench.tenant.id))
        bench.advance(bench.log_window)
        read = bench.reader().audit(began, bench.context.clock.now())
        assert read.available, read.reason
        about = [event for event in read.events if event.vendor_id == made.vendor_id]
        assert [event.ours for event in sorted(about, key=lambda event: event.at)][:1] == [True]
        assert any(not event.ours and event.actor for event in about)

    # Mapping

    def test_mapping_is_pure_and_its_keys_are_sound(self, bench: Bench) -> None:
        circumstances = bench.circumstances()
        once, again = (bench.connector.realise(bench.duties(), circumstances) for _ in range(2))
        assert once == again
        keys = {want.key: want for want in once.resources}
        assert len(keys) == len(once.resources)
        assert all(KEY.fullmatch(key) for key in keys)
        assert all(want.kind.platform is bench.connector.platform for want in once.resources)
        assert all(key in keys for want in once.resources for key in (*want.depends_on, *((want.parent,) if want.parent else ())))
        assert len(once.carriages) == len(bench.duties())
        assert all(key in keys for carriage in once.carriages for key in carriage.carriers)
        for want in once.resources:
            assert set(want.fields) <= VOCABULARY[want.kind]

    def test_a_label_is_offered_and_never_counted_as_enforced(self, bench: Bench) -> None:
        for carriage in bench.desired().carriages:
            if carriage.line == "R2":
                assert carriage.standing is not StandingValue.ENFORCED

    def test_no_resource_ever_deletes_a_place(self, bench: Bench) -> None:
        for want in bench.desired().resources:
            if want.kind is not Kind.M365_LABEL:
                assert want.fields.get("action") in {None, "keep"}

    def test_a_blocked_duty_writes_nothing_and_says_why(self, bench: Bench) -> None:
        desired = bench.connector.realise(bench.duties(blocked="series.unconfirmed"), bench.circumstances())
        assert desired.resources == ()
        assert {(one.standing, one.reason) for one in desired.carriages} == {(StandingValue.GAP, "series.unconfirmed")}

    def test_a_population_that_matches_nobody_is_not_carried(self, bench: Bench) -> None:
        nobody = replace(bench.population, selectors={bench.connector.platform: Selector(users=("nobody@nowhere.example",))})
        desired = bench.connector.realise(bench.duties(population=nobody), bench.circumstances())
        assert not [want for want in desired.resources if want.members]
        assert {one.standing for one in desired.carriages} <= {StandingValue.GAP, StandingValue.NOT_ENFORCEABLE, StandingValue.NOT_LICENSED}

    def test_an_order_carries_or_refuses_every_source(self, bench: Bench) -> None:
        lost = replace(bench.sources[0], workload=Workload.PAPER)
        order = bench.order((*bench.sources, lost))
        ordered = bench.connector.realise_hold(order, bench.circumstances())
        assert set(ordered.carried) | set(ordered.refused) == set(order.sources)
        assert not set(ordered.carried) & set(ordered.refused)
        assert lost in ordered.refused
        wants = {want.key: want for want in ordered.resources}
        assert all(member in wants[key].members for key, member in ordered.carried.values())
        assert all(KEY.fullmatch(key) for key in wants)
        assert ordered == bench.connector.realise_hold(order, bench.circumstances())

    def test_who_joins_an_order_moves_nobody(self, bench: Bench) -> None:
        fewer = {want.key: want for want in bench.held(bench.order(bench.sources[:-1]))}
        more = {want.key: want for want in bench.held()}
        for key, want in fewer.items():
            assert want.members <= more[key].members
            assert (want.kind, want.name, want.fields, want.parent) == (more[key].kind, more[key].name, more[key].fields, more[key].parent)

    # Effects

    def test_a_hold_keeps_for_ever_once_it_is_in_force_and_not_before(self, bench: Bench) -> None:
        wants = bench.held()
        made = bench.carry(wants)
        roster = bench.reader().roster()
        hold = next(want for want in wants if want.members)
        ref = made[hold.key].vendor_id

        def holding() -> set[str]:
            effects = bench.connector.effects(bench.everything(), roster)
            mine = [one for one in effects if one.mechanism is Mechanism.HOLD and one.in_force and one.ref.startswith(ref)]
            assert all(one.keep == FOREVER and one.delete is None for one in mine)
            return {place for one in mine for place in one.scope.include}

        assert holding() == set()
        bench.advance(bench.window)
        assert holding() == {member.partition(":")[2] for member in hold.members}

    def test_a_reference_to_another_tenants_object_is_not_found(self, bench: Bench) -> None:
        case = bench.held()[0]
        assert bench.reader().read_back(Ref(tenant=bench.tenant.id, kind=case.kind, vendor_id=NOBODY, name="x")) is None
