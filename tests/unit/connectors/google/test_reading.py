"""What a look at a tenant shows, what it cannot show, and how it says so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.base import Connector, Prover, Reader, Writer
from connectors.errors import ConnectorError
from connectors.examination import ReadCapability, WriteCapability
from policies.kinds import Kind, Workload
from policies.resources import Force, ReadState, Ref
from policies.roster import AccountState
from sandbox.google.seed import CHECK_HOLD, CHECK_MATTER
from tests.unit.connectors.google.support import VAULT, Bench, hold_on, hold_wanted, make_hold, make_matter, mark, read

SURFACES = ("token_uri", "directory", "vault", "reports", "licensing", "groupssettings", "cloudidentity", "drivelabels", "alertcenter", "chat")


def test_the_hands_are_what_the_program_expects(bench: Bench) -> None:
    connector: Connector = bench.connector
    reader: Reader = bench.reader()
    writer: Writer = bench.writer()
    prover: Prover = bench.prover()
    assert connector.kinds() == VAULT | {Kind.GOOGLE_GROUP_ARCHIVE, Kind.GOOGLE_DRIVE_LABEL, Kind.GOOGLE_SETTING}
    assert len({type(reader), type(writer), type(prover)}) == 3, "reading, writing and proving are different hands"
    assert sum(bench.meter.requests.values()) == 0, "nothing is opened before it is used"


def test_identity_names_the_customer_its_domains_us_and_the_clock(bench: Bench) -> None:
    identity = bench.reader().identity()
    assert identity.vendor_id == bench.state.customer_id
    assert identity.domains[0] == identity.domain == bench.world.domain
    assert identity.actor == f"records.bot@{bench.world.domain}"
    assert identity.skew_seconds is None, "a drill's clock is not the machine's"


def test_outside_a_drill_the_difference_of_the_clocks_is_told(bench: Bench) -> None:
    class Slow:
        """A clock that goes 90 seconds late."""

        now = staticmethod(lambda: bench.clock.now() - timedelta(seconds=90))
        monotonic = bench.clock.monotonic
        sleep = bench.clock.sleep

    def skew(clock: object) -> int:
        reader = bench.connector.reader(bench.tenant(), bench.context(drill=False, clock=clock))
        found = reader.identity().skew_seconds
        reader.close()
        assert found is not None
        return found

    assert abs(skew(Slow()) - skew(bench.clock) - 90) <= 2


def test_a_roster_has_everybody_with_state_unit_licence_and_aliases(bench: Bench) -> None:
    bench.console("suspend_user", email=bench.address(0))
    bench.console("archive_user", email=bench.address(1))
    bench.console("delete_user", email=bench.address(2))
    gone = bench.world.people[2]
    roster = bench.reader().roster()
    assert {read.kind: read.state for read in roster.reads} == dict.fromkeys(
        (Kind.GOOGLE_USER, Kind.GOOGLE_GROUP, Kind.GOOGLE_ORG_UNIT, Kind.GOOGLE_LICENCE), ReadState.COMPLETE
    )
    assert len(roster.identities) == len(bench.world.people) + 2
    people = {identity.address: identity for identity in roster.identities}
    assert people[bench.address(0)].state is AccountState.SUSPENDED
    assert people[bench.address(1)].state is AccountState.ARCHIVED
    assert people[bench.address(1)].licences == {"Archived User"}
    assert Workload.MAIL in people[bench.address(1)].licensed_for_hold
    deleted = next(identity for identity in roster.identities if identity.employee_id == gone.employee_id)
    assert deleted.state is AccountState.DELETED
    assert deleted.deleted_at == bench.clock.now()
    teacher = people[bench.address(3)]
    assert teacher.aliases
    assert teacher.employee_id == bench.world.people[3].employee_id
    assert (teacher.org_unit or "").startswith("/")
    assert Workload.VOICE not in teacher.licensed_for_hold
    assert teacher.containers[Workload.MAIL] == teacher.address


def test_an_account_deleted_more_than_twenty_days_ago_is_gone(bench: Bench) -> None:
    made = bench.console("delete_user", email=bench.address(2))
    bench.world.clock.advance(timedelta(days=21).total_seconds())
    assert made["id"] not in {identity.vendor_id for identity in bench.reader().roster().identities}


def test_nested_groups_are_followed_to_the_accounts_in_them(bench: Bench) -> None:
    roster = bench.reader().roster()
    groups = {group.address.partition("@")[0]: group for group in roster.groups}
    assert groups["staff"].members
    assert groups["all-adults"].members == groups["staff"].members | groups["board"].members
    assert all(group.complete for group in roster.groups)


def test_only_the_members_of_the_groups_that_are_asked_for_are_read(bench: Bench) -> None:
    from connectors.google_workspace.reader import GoogleReader

    reader = GoogleReader(bench.tenant(), bench.context(), groups=frozenset({f"BOARD@{bench.world.domain}", "name:All staff"}))
    groups = {group.address.partition("@")[0]: group for group in reader.roster().groups}
    reader.close()
    assert {name for name, group in groups.items() if group.complete} == {"board", "staff"}
    assert bench.seen("directory.members.list") == 2


def test_a_group_whose_members_cannot_be_read_is_not_an_empty_one(bench: Bench) -> None:
    bench.fault("directory", "directory.members.list", "status", status=403)
    groups = bench.reader().roster().groups
    assert [group.complete for group in groups].count(False) == 1


@pytest.mark.parametrize("kind", sorted(VAULT))
def test_a_list_is_complete_only_when_its_check_is_seen(bench: Bench, kind: Kind) -> None:
    checks = {Kind.GOOGLE_MATTER: CHECK_MATTER, Kind.GOOGLE_HOLD: CHECK_HOLD}
    assert bench.reader(visibility_checks=checks).snapshot(VAULT).complete(kind)
    not_set = bench.reader(visibility_checks={one: name for one, name in checks.items() if one is not kind}).snapshot(VAULT).reads[kind]
    assert (not_set.state, not_set.reason, not_set.count) == (ReadState.UNPROVEN, "visibility_check.not_set", 1)
    not_seen = bench.reader(visibility_checks={**checks, kind: checks[kind].upper()}).snapshot(VAULT).reads[kind]
    assert (not_seen.state, not_seen.reason) == (ReadState.PARTIAL, "visibility_check.not_seen")


def test_a_check_that_we_made_ourselves_proves_nothing(bench: Bench) -> None:
    writer = bench.writer()
    matter = make_matter(bench, writer)
    hold = make_hold(writer, matter)
    checks = {Kind.GOOGLE_MATTER: matter.name, Kind.GOOGLE_HOLD: hold.name}
    reads = bench.reader(visibility_checks=checks).snapshot(VAULT).reads
    assert {read.state for read in reads.values()} == {ReadState.UNPROVEN}
    assert {read.reason for read in reads.values()} == {"visibility_check.made_by_us"}


def test_a_lost_view_all_matters_looks_like_everything_gone_and_is_not_believed(bench: Bench) -> None:
    writer = bench.writer()
    theirs = bench.console("create_matter", name="Theirs")
    mine = make_matter(bench, writer)
    bench.console("remove_privilege", role="Records retention service", privilege="ACCESS_ALL_MATTERS")
    reader = bench.reader()
    snapshot = reader.snapshot(VAULT)
    assert {live.vendor_id for live in snapshot.of(Kind.GOOGLE_MATTER)} == {mine.vendor_id}
    assert not snapshot.complete(Kind.GOOGLE_MATTER)
    assert not snapshot.complete(Kind.GOOGLE_HOLD)
    with pytest.raises(ConnectorError) as caught:
        reader.read_back(Ref(tenant="google", kind=Kind.GOOGLE_MATTER, vendor_id=str(theirs["matterId"]), name="Theirs"))
    assert caught.value.code == "read.unproven"
    found = {one.kind: one for one in reader.examine().capabilities}
    assert found[Kind.GOOGLE_MATTER].read is ReadCapability.PARTIAL
    assert found[Kind.GOOGLE_MATTER].reason == "privilege.missing: ACCESS_ALL_MATTERS"
    assert "View All Matters" in (found[Kind.GOOGLE_MATTER].next_step or "")


def test_a_missing_privilege_to_write_is_missing_and_says_which(bench: Bench) -> None:
    bench.console("remove_privilege", role="Records retention service", privilege="REMOVE_HOLD")
    found = {one.kind: one for one in bench.reader().examine().capabilities}
    assert (found[Kind.GOOGLE_MATTER].write, found[Kind.GOOGLE_HOLD].write) == (WriteCapability.UNPROVEN, WriteCapability.MISSING)
    assert "Manage Holds" in (found[Kind.GOOGLE_HOLD].next_step or "")


def test_examining_tells_of_every_kind_and_writes_nothing(bench: Bench) -> None:
    examination = bench.reader().examine()
    kinds = {one.kind: one for one in examination.capabilities}
    assert set(kinds) == {kind for kind in Kind if kind.value.startswith("google.")}
    assert (kinds[Kind.GOOGLE_VAULT_RULE].read, kinds[Kind.GOOGLE_VAULT_RULE].write) == (ReadCapability.NONE, WriteCapability.ATTEST_ONLY)
    assert kinds[Kind.GOOGLE_VAULT_RULE].reason == "vault_rules.no_api"
    assert not [one for one in kinds.values() if one.write is WriteCapability.PROVEN]
    assert {one.name: one.ok for one in examination.surfaces} == dict.fromkeys(SURFACES, True)
    assert sum(examination.licences.values()) == len(bench.world.people) + 2
    assert {method for surface, method in bench.meter.requests if surface != "token_uri"} == {"GET"}


def test_one_look_reads_each_list_once(bench: Bench) -> None:
    reader = bench.reader()
    reader.examine()
    reader.roster()
    reader.snapshot(VAULT)
    assert bench.seen("licensing.licenseAssignments.listForProduct") == 6
    assert bench.seen("directory.users.list") == 3  # the probe, the living, the deleted
    reader.snapshot(VAULT)
    assert bench.seen("directory.users.list") == 5, "what was handed on serves once"


def test_following_holds_lists_the_people_once_a_minute(bench: Bench) -> None:
    ref = hold_on(bench, bench.writer(), 0)
    reader = bench.reader()
    for _ in range(3):
        read(reader, ref)
    assert bench.seen("directory.users.list") == 2  # the living and the deleted, once
    bench.world.clock.advance(61)
    bench.console("remove_licence", email=bench.address(0))
    assert read(reader, ref).member_states[f"account:{bench.account(0)}"].error == "person.not_licensed"


def test_a_hold_is_pending_until_the_platform_shows_its_time(bench: Bench) -> None:
    ref = hold_on(bench, bench.writer(), 0, 1)
    reader = bench.reader()
    live = read(reader, ref)
    assert live.force is Force.PENDING
    assert {state.since for state in live.member_states.values()} == {None}
    bench.world.clock.advance(120)
    live = read(reader, ref)
    assert live.force is Force.APPLIED
    assert all(state.since is not None and state.since < bench.clock.now() for state in live.member_states.values())


def test_a_hold_time_alone_is_not_protection(bench: Bench) -> None:
    ref = hold_on(bench, bench.writer(), 0, 1, 2, 3)
    bench.world.clock.advance(120)
    bench.console("remove_licence", email=bench.address(1))
    bench.console("delete_user", email=bench.address(2), override_hold=True)
    bench.console("suspend_user", email=bench.address(3))
    live = read(bench.reader(), ref)
    states = {member: (state.force, state.error) for member, state in live.member_states.items()}
    assert states[f"account:{bench.account(0)}"] == (Force.APPLIED, None)
    assert states[f"account:{bench.account(1)}"] == (Force.ERROR, "person.not_licensed")
    assert states[f"account:{bench.account(3)}"] == (Force.APPLIED, None)
    errors = [error for force, error in states.values() if force is Force.ERROR]
    assert sorted(str(error) for error in errors) == ["person.deleted", "person.not_licensed"]
    assert live.force is Force.ERROR


def test_where_licences_cannot_be_read_a_member_is_unknown_and_not_failed(bench: Bench) -> None:
    ref = hold_on(bench, bench.writer(), 0)
    bench.world.clock.advance(120)
    bench.console("remove_licence", email=bench.address(0))
    bench.fault("licensing", "licensing.*", "status", status=403, times=99)
    state = read(bench.reader(), ref).member_states[f"account:{bench.account(0)}"]
    assert (state.force, state.error) == (Force.UNKNOWN, None)
    people = {one.address: one for one in bench.reader().roster().identities}
    assert people[bench.address(0)].licences_unknown
    bench.world.faults.clear()
    people = {one.address: one for one in bench.reader().roster().identities}
    assert not people[bench.address(0)].licences_unknown, "read whole, and there is none"


def test_a_rename_changes_nothing_about_a_hold(bench: Bench) -> None:
    ref = hold_on(bench, bench.writer(), 0)
    bench.world.clock.advance(120)
    account = bench.account(0)
    bench.console("rename_user", email=bench.address(0), new_email=f"new.name@{bench.world.domain}")
    assert read(bench.reader(), ref).member_states[f"account:{account}"].force is Force.APPLIED


def test_a_group_hold_follows_the_group(bench: Bench) -> None:
    writer = bench.writer()
    ref = make_hold(writer, make_matter(bench, writer), hold_wanted(corpus="GROUPS"))
    group = bench.state.addresses[f"board@{bench.world.domain}"]
    member = f"account:{group}"
    assert writer.add(ref, frozenset({member}), read(bench.reader(), ref)).members[0].error is None
    bench.world.clock.advance(120)
    assert read(bench.reader(), ref).member_states[member].force is Force.APPLIED
    bench.console("delete_group", group=f"board@{bench.world.domain}")
    live = read(bench.reader(), ref)
    assert member not in live.members or live.member_states[member].error == "person.group_deleted"


def test_a_hold_on_a_unit_has_its_time_and_no_members(bench: Bench) -> None:
    matter = bench.console("create_matter", name="Unit matter")
    bench.console("create_hold", matter=matter["matterId"], name="Unit hold", org_unit="/Staff")
    reader = bench.reader()
    live = next(one for one in reader.snapshot(VAULT).resources if one.name == "Unit hold")
    assert (live.fields["scope"], live.members, live.force) == ("org_unit", frozenset(), Force.PENDING)
    bench.world.clock.advance(120)
    live = next(one for one in reader.snapshot(VAULT).resources if one.name == "Unit hold")
    assert live.force is Force.APPLIED
    effects = bench.connector.effects(reader.snapshot(VAULT), reader.roster())
    assert frozenset({"/Staff"}) in {effect.scope.org_units for effect in effects}


def test_an_empty_hold_holds_nobody(bench: Bench) -> None:
    writer = bench.writer()
    assert read(bench.reader(), make_hold(writer, make_matter(bench, writer))).force is Force.OFF


def test_a_closed_matter_is_shown_closed_and_its_holds_are_not_asked_for(bench: Bench) -> None:
    ref = hold_on(bench, bench.writer(), 0)
    bench.console("close_matter", matter=ref.parent_id, holds="keep")
    snapshot = bench.reader().snapshot(VAULT)
    matter = next(live for live in snapshot.resources if live.vendor_id == ref.parent_id)
    assert (matter.fields["state"], matter.force) == ("closed", Force.OFF)
    assert ref.vendor_id not in {live.vendor_id for live in snapshot.resources}
    assert bench.seen("vault.matters.holds.list") == 1


def test_a_matter_closed_between_the_two_lists_is_shown_as_it_is_now(bench: Bench) -> None:
    ref = hold_on(bench, bench.writer(), 0)
    reader = bench.reader()
    reader.identity()
    matters = {live.vendor_id: live for live in reader.snapshot(frozenset({Kind.GOOGLE_MATTER})).resources}
    bench.console("close_matter", matter=ref.parent_id, holds="keep")
    holds, problem, moved = reader._vault._holds([matters[ref.parent_id or ""]])
    assert (holds, problem) == ((), None)
    assert [live.fields["state"] for live in moved] == ["closed"]


def test_reading_back_says_gone_only_where_it_can_tell(bench: Bench) -> None:
    writer = bench.writer()
    matter = make_matter(bench, writer)
    hold = make_hold(writer, matter)
    reader = bench.reader()
    assert read(reader, matter).mark == mark("m-heron")
    bench.console("delete_hold", matter=matter.vendor_id, hold=hold.vendor_id)
    assert reader.read_back(hold) is None
    never = Ref(tenant="google", kind=Kind.GOOGLE_MATTER, vendor_id="nosuchmatter", name="x")
    assert reader.read_back(never) is None, "the check was seen, so the list is whole"
    with pytest.raises(ConnectorError):
        reader.read_back(Ref(tenant="google", kind=Kind.GOOGLE_HOLD, vendor_id="h", name="x", parent_id="nosuchmatter"))
    with pytest.raises(ConnectorError):
        reader.read_back(Ref(tenant="google", kind=Kind.GOOGLE_USER, vendor_id="u", name="x"))


def test_other_kinds_are_in_a_snapshot_with_how_their_read_ended(bench: Bench) -> None:
    reader = bench.reader()
    reader.examine()
    reads = reader.snapshot(frozenset({Kind.GOOGLE_USER, Kind.GOOGLE_LICENCE, Kind.GOOGLE_VAULT_RULE})).reads
    assert reads[Kind.GOOGLE_USER].state is ReadState.COMPLETE
    assert reads[Kind.GOOGLE_LICENCE].state is ReadState.COMPLETE
    assert (reads[Kind.GOOGLE_VAULT_RULE].state, reads[Kind.GOOGLE_VAULT_RULE].reason) == (ReadState.FAILED, "vault_rules.no_api")


def test_more_matters_than_a_page_are_all_seen(bench: Bench) -> None:
    bench.world.switches["google.quota"] = "off"
    for number in range(205):
        bench.console("create_matter", name=f"Matter {number}")
    snapshot = bench.reader().snapshot(frozenset({Kind.GOOGLE_MATTER}))
    assert snapshot.reads[Kind.GOOGLE_MATTER].count == 206
    assert bench.seen("vault.matters.list") == 3


def test_a_quota_that_runs_out_is_waited_for(bench: Bench) -> None:
    for number in range(90):
        bench.console("create_matter", name=f"Matter {number}")
    snapshot = bench.reader().snapshot(VAULT)
    assert snapshot.complete(Kind.GOOGLE_HOLD)
    assert sum(bench.clock.slept) > 1, "228 hold reads a minute do not list 91 matters at three each (G§1.8)"
