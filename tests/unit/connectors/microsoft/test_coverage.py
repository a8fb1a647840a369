"""What really keeps a person's sources: stamps, the organisation's list, exclusions, members, licences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.base import Coverage, Finding
from connectors.microsoft365.coverage import Evidence, Team, cover
from connectors.microsoft365.findings import findings
from connectors.microsoft365.inplace import Does, Mailbox, Sort, holding, mailbox_from, stamp, stamps
from policies.effects import FOREVER
from policies.kinds import Kind, Workload
from policies.resources import Fields, Force, KindRead, Live, MemberState, ReadState, Snapshot
from policies.roster import Identity

P1 = "11111111-1111-4111-8111-111111111111"
P2 = "22222222-2222-4222-8222-222222222222"
H1 = "33333333-3333-4333-8333-333333333333"
DRIVE = "https://d-my.sharepoint.com/personal/mia"
SITE = "https://d.sharepoint.com/sites/board"
MIA = Identity(
    tenant="m365", vendor_id="id-mia", address="mia@d.example",
    licensed_for_hold=frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.CHAT, Workload.DRIVE, Workload.SITE}),
)  # fmt: skip


def bare(guid: str) -> str:
    return guid.replace("-", "")


def policy(guid: str, *members: str, force: Force = Force.APPLIED, raw: str = "{}", **fields: object) -> Live:
    made = {"enabled": True, "description": "", "exceptions": (), "locked": False, **fields}
    return Live(kind=Kind.M365_RETENTION_POLICY, vendor_id=guid, name=f"p-{guid[0]}", members=frozenset(members), force=force, raw=raw, fields=made)  # type: ignore[arg-type]


def rule(parent: str, action: str = "keep", period: object = 730, trigger: str = "created", query: str = "") -> Live:
    fields = {"period": period, "trigger": trigger, "action": action, "query": query}
    return Live(kind=Kind.M365_RETENTION_RULE, vendor_id=f"r-{parent}", name="rule", parent_id=parent, force=Force.APPLIED, fields=fields)  # type: ignore[arg-type]


def hold(*members: str, state: Force = Force.APPLIED, query: str = "", enabled: bool = True) -> Live:
    return Live(
        kind=Kind.M365_HOLD, vendor_id=H1, name="blue heron 1", members=frozenset(members), force=state,
        member_states={member: MemberState(force=state) for member in members},
        fields={"enabled": enabled, "query": query, "description": ""},
    )  # fmt: skip


def world(*lives: Live, complete: bool = True) -> Snapshot:
    state = ReadState.COMPLETE if complete else ReadState.PARTIAL
    kinds = (Kind.M365_HOLD, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE)
    reads = {kind: KindRead(kind=kind, state=state, count=1, reason=None if complete else "wire.page_lost: a page") for kind in kinds}
    return Snapshot(tenant="m365", at=datetime(2026, 3, 2, tzinfo=UTC), reads=reads, resources=lives)


def mailbox(*entries: str, **more: object) -> Mailbox:
    made = Mailbox(
        object_id="id-mia", exchange_guid="eg", address="mia@d.example", archive=True, inactive=False, stamps=stamps(entries), litigation=None,
        litigation_since=None, labelled=False, delayed=False, delayed_elsewhere=False, processing_off=False,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def seen(snapshot: Snapshot, box: Mailbox | None, *organisation: str, person: Identity = MIA, **more: object) -> Mapping[Workload, Coverage]:
    evidence = Evidence(
        snapshot=snapshot, organisation=stamps(organisation), mailboxes={"id-mia": box}, drives={"id-mia": DRIVE}, teams={"id-mia": ()},
    )  # fmt: skip
    return {one.source: one for one in cover(person, replace(evidence, **more))}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "sort", "does", "excluded"),
    [
        (f"UniH{H1}", Sort.CASE_HOLD, Does.UNSAID, False),
        (f"UniH{bare(H1)}", Sort.CASE_HOLD, Does.UNSAID, False),
        (f"mbx{bare(H1)}:1", Sort.POLICY, Does.DELETE, False),
        (f"mbx{bare(H1)}:2", Sort.POLICY, Does.KEEP, False),
        (f"MBX{bare(H1).upper()}:3", Sort.POLICY, Does.KEEP_AND_DELETE, False),
        (f"-mbx{bare(H1)}:2", Sort.POLICY, Does.KEEP, True),
        (f"-mbx{bare(H1)}", Sort.POLICY, Does.UNSAID, True),
        (f"skp{bare(H1)}:2", Sort.SKYPE, Does.KEEP, False),
        (f"grp{bare(H1)}:3", Sort.GROUP, Does.KEEP_AND_DELETE, False),
        (f"cld{bare(H1)}", Sort.LEGACY, Does.UNSAID, False),
        (f"c{bare(H1)[1:]}", Sort.LEGACY, Does.UNSAID, False),
    ],
)
def test_stamps_are_decoded(text: str, sort: Sort, does: Does, excluded: bool) -> None:  # noqa: FBT001  # a column of the table
    found = stamp(text)
    assert (found.sort, found.does, found.excluded) == (sort, does, excluded)
    assert found.guid in {H1, f"c{H1[1:]}"}


def test_a_stamp_of_no_known_shape_says_nothing() -> None:
    assert (stamp("xyz:9").sort, stamp("xyz:9").guid) == (Sort.UNKNOWN, None)


def test_the_organisations_stamps_reach_all_but_those_left_out() -> None:
    organisation = stamps([f"mbx{bare(P1)}:2", f"mbx{bare(P2)}:3"])
    assert [one.guid for one in holding(stamps([f"-mbx{bare(P1)}"]), organisation)] == [P2]
    assert [one.guid for one in holding(stamps([f"UniH{H1}"]), organisation)] == [H1, P1, P2]


def test_a_case_hold_keeps_mailbox_archive_and_chats_for_ever() -> None:
    found = seen(world(hold("mail:mia@d.example")), mailbox(f"UniH{bare(H1)}"))
    for source in (Workload.MAIL, Workload.ARCHIVE, Workload.CHAT):
        assert (found[source].protected, found[source].term, [ref.vendor_id for ref in found[source].by]) == (True, FOREVER, [H1])
    assert (found[Workload.DRIVE].protected, found[Workload.DRIVE].reason) == (False, "nothing.keeps")


def test_a_policy_over_mailboxes_keeps_no_chats_and_one_over_chats_no_mail() -> None:
    found = seen(world(policy(P1, "exchange:mia@d.example"), rule(P1)), mailbox(f"mbx{bare(P1)}:2"))
    assert (found[Workload.MAIL].protected, found[Workload.MAIL].term, found[Workload.CHAT].protected) == (True, 730, False)
    found = seen(world(policy(P1, "chat:mia@d.example"), rule(P1)), mailbox(f"mbx{bare(P1)}:2"))
    assert (found[Workload.MAIL].protected, found[Workload.CHAT].protected) == (False, True)


def test_a_policy_over_everybody_is_read_off_the_organisation_and_an_exclusion_takes_it_away() -> None:
    tenant = world(policy(P1, "exchange:All"), rule(P1, period=FOREVER))
    assert seen(tenant, mailbox(), f"mbx{bare(P1)}:2")[Workload.MAIL].protected is True
    out = seen(tenant, mailbox(f"-mbx{bare(P1)}"), f"mbx{bare(P1)}:2")[Workload.MAIL]
    assert (out.protected, out.by) == (False, ())


def test_a_policy_over_everybody_that_the_organisation_does_not_name_is_doubted() -> None:
    found = seen(world(policy(P1, "exchange:All"), rule(P1)), mailbox())[Workload.MAIL]
    assert (found.protected, found.reason) == (None, "organisation.not_stamped")


def test_without_the_organisations_list_nothing_is_called_unprotected() -> None:
    found = seen(world(), mailbox(), organisation=None)[Workload.MAIL]
    assert (found.protected, (found.reason or "").split(":")[0]) == (None, "organisation.unread")


def test_the_newer_family_names_its_workloads_in_applications() -> None:
    newer = policy(P1, "scope:staff", applications=("user:exchange", "user:onedriveforbusiness", "group:exchange", "group:sharepoint"))
    found = seen(world(newer, rule(P1)), mailbox(f"mbx{bare(P1)}:2"))
    assert (found[Workload.MAIL].protected, found[Workload.CHAT].protected) == (True, False)
    # Nobody can say from here whether the drive is in the scope.
    assert (found[Workload.DRIVE].protected, found[Workload.DRIVE].reason) == (None, "scope.members_unread")


@pytest.mark.parametrize("action", ["delete", "keep_and_delete"])
def test_what_deletes_is_named_beside_what_keeps(action: str) -> None:
    found = seen(world(policy(P1, "exchange:mia@d.example"), rule(P1, action)), mailbox(f"mbx{bare(P1)}:3"))[Workload.MAIL]
    assert [ref.vendor_id for ref in found.deletes] == [P1]
    assert found.protected is (action == "keep_and_delete")


def test_a_hold_or_rule_with_a_query_keeps_only_what_it_finds() -> None:
    narrow = seen(world(hold("mail:mia@d.example", query="budget")), mailbox(f"UniH{bare(H1)}"))[Workload.MAIL]
    assert (narrow.protected, (narrow.reason or "").split(":")[0]) == (None, "terms.narrow")
    ruled = seen(world(policy(P1, "exchange:mia@d.example"), rule(P1, query="budget")), mailbox(f"mbx{bare(P1)}:2"))[Workload.MAIL]
    assert (ruled.protected, (ruled.reason or "").split(":")[0]) == (None, "terms.narrow")


def test_a_stamp_of_something_that_we_cannot_see_is_no_protection_that_we_vouch_for() -> None:
    found = seen(world(), mailbox(f"UniH{bare(H1)}"))[Workload.MAIL]
    assert (found.protected, found.reason, found.by[0].vendor_id) == (None, "stamp.unmatched", H1)


def test_a_hold_that_says_applied_but_left_no_stamp_is_doubted_and_one_on_its_way_is_no_protection() -> None:
    lost = seen(world(hold("mail:mia@d.example")), mailbox())[Workload.MAIL]
    assert (lost.protected, lost.reason) == (None, "hold.not_stamped")
    coming = seen(world(hold("mail:mia@d.example", state=Force.PENDING)), mailbox())[Workload.MAIL]
    assert (coming.protected, coming.reason) == (False, "hold.pending")


def test_a_licence_that_keeps_nothing_leaves_the_answer_open() -> None:
    plain = replace(MIA, licensed_for_hold=frozenset())
    found = seen(world(hold("mail:mia@d.example", f"site:{DRIVE}")), mailbox(f"UniH{bare(H1)}"), person=plain)
    for source in (Workload.MAIL, Workload.DRIVE):
        assert (found[source].protected, (found[source].reason or "").split(":")[0]) == (None, "licence.does_not_keep")


def test_a_licence_that_nobody_knows_leaves_it_open_too() -> None:
    odd = replace(MIA, licensed_for_hold=frozenset(), licences_unknown=True)
    found = seen(world(hold("mail:mia@d.example", f"site:{DRIVE}")), mailbox(f"UniH{bare(H1)}"), person=odd)
    for source in (Workload.MAIL, Workload.DRIVE):
        assert (found[source].protected, (found[source].reason or "").split(":")[0]) == (None, "licence.unknown")


def test_an_inactive_mailbox_needs_no_licence_and_bears_its_period() -> None:
    plain = replace(MIA, licensed_for_hold=frozenset())
    found = seen(world(hold("mail:.mia@d.example")), mailbox(f"UniH{bare(H1)}", inactive=True), person=plain)[Workload.MAIL]
    assert (found.protected, found.place) == (True, ".mia@d.example")


def test_litigation_hold_keeps_what_is_in_the_mailbox_and_never_the_drive() -> None:
    found = seen(world(), mailbox(litigation=FOREVER))
    assert [found[source].protected for source in (Workload.MAIL, Workload.CHAT, Workload.DRIVE)] == [True, True, False]
    assert found[Workload.MAIL].by[0].kind is Kind.M365_MAILBOX


def test_delay_holds_and_labelled_items_are_shown_and_count_for_nothing() -> None:
    assert (seen(world(), mailbox(delayed=True))[Workload.MAIL].reason or "").startswith("hold.delay")
    assert seen(world(), mailbox(delayed=True))[Workload.CHAT].reason == "nothing.keeps"
    assert (seen(world(), mailbox(labelled=True))[Workload.MAIL].reason or "").startswith("label.items_only")
    assert seen(world(), mailbox(labelled=True))[Workload.MAIL].protected is False


def test_a_drive_is_kept_by_name_by_all_but_never_by_a_policy_that_leaves_it_out() -> None:
    for members, exceptions, kept in (
        ({f"onedrive:{DRIVE}"}, (), True),
        ({"onedrive:All"}, (), True),
        ({"onedrive:All"}, (f"onedrive:{DRIVE}",), False),
        ({"sharepoint:All"}, (), False),
    ):
        found = seen(world(policy(P1, *members, exceptions=exceptions), rule(P1)), mailbox())[Workload.DRIVE]
        assert found.protected is kept
    pending = seen(world(policy(P1, "onedrive:All", force=Force.PENDING), rule(P1)), mailbox())[Workload.DRIVE]
    assert (pending.protected, pending.reason) == (False, "policy.pending")


def test_no_is_never_said_of_a_place_after_an_incomplete_read() -> None:
    found = seen(world(complete=False), mailbox())[Workload.DRIVE]
    assert (found.protected, found.reason) == (None, "kind.partial: wire.page_lost: a page")


def test_what_does_not_exist_and_what_could_not_be_asked_are_told_apart() -> None:
    none = seen(world(), None, drives={"id-mia": None})
    assert {one.reason for source, one in none.items() if source is not Workload.GROUP} == {"place.none"}
    unread = seen(world(), None, mailboxes={}, drives={}, teams={}, unread="admin_endpoint.not_accepted")
    assert {(one.protected, one.reason) for one in unread.values()} == {(None, "admin_endpoint.not_accepted")}
    assert seen(world(), mailbox(archive=False))[Workload.ARCHIVE].reason == "place.none"


def test_a_group_without_a_site_is_not_one_whose_site_was_not_told() -> None:
    def site(team: Team) -> tuple[bool | None, str | None]:
        evidence = Evidence(snapshot=world(), organisation=(), mailboxes={"id-mia": None}, drives={"id-mia": None}, teams={"id-mia": (team,)})
        (found,) = [one for one in cover(MIA, evidence) if one.source is Workload.SITE]
        return found.protected, found.reason

    assert site(Team(address="board@d.example", site=None, teams=False)) == (None, "source.unread")
    none = seen(world(), None, drives={"id-mia": None})[Workload.DRIVE]
    assert site(Team(address="board@d.example", site=None, teams=False, siteless=True)) == (none.protected, "place.none")


def test_a_group_is_mailbox_site_and_channels_each_with_its_own_answer() -> None:
    team = Team(address="board@d.example", site=SITE, teams=True)
    tenant = world(policy(P1, "group:board@d.example"), rule(P1), policy(P2, "channel:All"), rule(P2, period=FOREVER))
    evidence = Evidence(snapshot=tenant, organisation=(), mailboxes={"id-mia": None}, drives={"id-mia": None}, teams={"id-mia": (team,)})
    found = {(one.source, one.place): one for one in cover(MIA, evidence)}
    assert found[Workload.GROUP, "board@d.example"].term == 730
    assert found[Workload.SITE, SITE].term == 730
    assert found[Workload.CHAT, "board@d.example"].term == FOREVER


def test_a_site_of_a_group_is_held_by_its_address() -> None:
    team = Team(address="board@d.example", site=SITE, teams=False)
    evidence = Evidence(
        snapshot=world(hold(f"site:{SITE}")), organisation=(), mailboxes={"id-mia": None}, drives={"id-mia": None}, teams={"id-mia": (team,)}
    )
    found = {one.source: one for one in cover(MIA, evidence) if one.place}
    assert (found[Workload.SITE].protected, found[Workload.GROUP].protected) == (True, False)


def test_a_row_without_what_it_is_about_is_no_mailbox() -> None:
    row: dict[str, object] = {"PrimarySmtpAddress": "Mia@d.example", "InPlaceHolds": [f"UniH{H1}"], "LitigationHoldEnabled": True, "LitigationHoldDuration": "2555.00:00:00"}
    box = mailbox_from(row)
    assert box is not None
    assert (box.address, box.litigation, box.archive) == ("mia@d.example", 2555, False)
    for lacking in ("InPlaceHolds", "LitigationHoldEnabled", "PrimarySmtpAddress"):
        assert mailbox_from({key: value for key, value in row.items() if key != lacking}) is None


def told(snapshot: Snapshot) -> list[Finding]:
    """What was found, without the notes on what cannot be seen."""
    return [one for one in findings(snapshot) if one.code not in ("delete.unread", "delete.elsewhere_unread")]


def test_age_over_a_whole_workload_is_a_finding_of_the_first_order_and_over_some_places_is_not() -> None:
    whole = told(world(policy(P1, "exchange:All"), rule(P1, "delete", 90)))
    assert [(one.code, one.grave, one.days, one.everyone) for one in whole] == [("delete.whole_workload", True, 90, True)]
    assert "everybody's archive, calendar, mail: 90 days after it was made" in whole[0].message
    some = told(world(policy(P1, "exchange:mia@d.example"), rule(P1, "keep_and_delete", 90)))
    assert [(one.code, one.grave) for one in some] == [("delete.places", False)]
    many = told(world(policy(P1, *(f"exchange:s{number}@d.example" for number in range(395))), rule(P1, "delete", 365)))
    assert [(one.code, one.grave, "395 named places" in one.message) for one in many] == [("delete.places", True, True)]
    off = told(world(policy(P1, "exchange:All", force=Force.OFF, enabled=False), rule(P1, "delete")))
    assert [(one.code, one.grave) for one in off] == [("delete.whole_workload", False)]
    assert told(world(policy(P1, "exchange:All"), rule(P1, "keep"))) == []


def test_a_lock_is_told_and_what_cannot_be_seen_is_said_last() -> None:
    found = findings(world(policy(P1, "exchange:All", locked=True), rule(P1, "keep")))
    assert [(one.code, one.grave) for one in found] == [("policy.locked", False), ("delete.unread", False), ("delete.elsewhere_unread", False)]
    last = found[-1]
    assert last.workloads == (Workload.MAIL, Workload.ARCHIVE, Workload.GROUP, Workload.SITE)
    assert "Get-RetentionPolicyTag" in last.next_step
    assert "Expiration" in last.next_step


def test_a_label_that_deletes_is_told() -> None:
    label = Live(
        kind=Kind.M365_LABEL, vendor_id="l1", name="Old mail", fields={"period": 30, "trigger": "labelled", "action": "delete", "behaviour": "retain"}
    )
    (found,) = told(world(label))
    assert (found.code, found.grave, found.days) == ("delete.label", False, 30)


@pytest.mark.parametrize("applies", [True, False])
def test_a_deleting_label_that_the_platform_puts_on_everything_by_itself_is_of_the_first_order(applies: bool) -> None:  # noqa: FBT001  # a fact
    fields: Fields = {"period": 30, "trigger": "created", "action": "delete", "behaviour": "retain"}
    label = Live(kind=Kind.M365_LABEL, vendor_id="l1", name="Old mail", fields=fields)
    above = replace(policy(P1, "exchange:All"), kind=Kind.M365_LABEL_POLICY)
    below = Live(kind=Kind.M365_LABEL_RULE, vendor_id="r1", name="r", parent_id=P1, fields={"publishes": "old MAIL", **({"applies": True} if applies else {})})
    assert [(one.code, one.everyone) for one in told(world(label, above, below)) if one.grave] == ([("delete.whole_workload", True)] if applies else [])
