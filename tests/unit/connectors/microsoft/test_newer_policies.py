"""Others' policies over Teams, newer locations and adaptive scopes: they decide when something is deleted, so they are read for what they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.effects import m365_effects
from connectors.microsoft365.coverage import Evidence, cover, workloads_of
from connectors.microsoft365.findings import findings
from connectors.microsoft365.inplace import mailbox_from
from connectors.microsoft365.policies import Beside, Family, applications_of, family, scopes_from
from connectors.places import EVERYBODY
from policies.effects import Effect, Mechanism
from policies.kinds import Kind, Workload
from policies.resources import Force, Live, ReadState, Snapshot
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import Bench
from tests.unit.connectors.microsoft.test_coverage import MIA, P1, bare, rule, world
from tests.unit.connectors.microsoft.test_coverage import policy as over
from tests.unit.connectors.test_effects import ROSTER, live

NOW = datetime(2026, 11, 2, tzinfo=UTC)
MAILBOX = frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.CALENDAR})
CHAT = frozenset({Workload.CHAT})


def row(**more: Any) -> dict[str, Any]:
    return {"Name": "Theirs", "Guid": P1, "Enabled": True, "DistributionStatus": "Success", "Applications": ["User:MicrosoftTeams"], **more}


def newer(*rows: dict[str, Any], scopes: list[dict[str, Any]] | None = None) -> Family:
    return family([], [], "abcd1234", lambda _row: None, Beside(scopes=scopes_from(scopes or [], NOW)), newer=rows)


def effects(*lives: Live) -> tuple[Effect, ...]:
    return m365_effects(world(*lives), ROSTER)


# Rows

@pytest.mark.parametrize(("said", "read"), [
    (["User:Exchange,OneDriveForBusiness", "Group:Exchange, SharePoint"], ("group:exchange", "group:sharepoint", "user:exchange", "user:onedriveforbusiness")),
    (["User:Exchange,User:OneDriveForBusiness"], ("user:exchange", "user:onedriveforbusiness")),
    ("User:MicrosoftTeams", ("user:microsoftteams",)),
    ([], ()),
    (None, ()),
])
def test_applications_read_the_same_in_either_form(said: object, read: tuple[str, ...]) -> None:
    assert applications_of({"Applications": said}) == read


def test_the_newer_family_has_fewer_locations_and_that_is_no_flaw() -> None:
    found = newer(row(ExchangeLocation=[{"Name": "All"}]))
    assert found.flaw is None
    (live,) = found.policies
    assert live.members == {"exchange:All"}
    assert live.fields["applications"] == ("user:microsoftteams",)
    lacking = row()
    del lacking["Applications"]
    assert "Applications" in (newer(lacking).flaw or "")


def test_a_policy_over_a_scope_carries_the_query_that_decides_whom_it_reaches() -> None:
    scopes = [{"Name": "Teachers", "Guid": "S1", "LocationType": "User", "RawQuery": "Title -eq 'Teacher'"}]
    (by_name,) = newer(row(AdaptiveScopeLocation=[{"Name": "Teachers"}]), scopes=scopes).policies
    (by_id,) = newer(row(AdaptiveScopeLocation=[{"Name": "", "ImmutableIdentity": "s1"}]), scopes=scopes).policies
    assert by_name.fields["scopes"] == by_id.fields["scopes"] == ("Teachers (user): Title -eq 'Teacher'",)
    (unknown,) = newer(row(AdaptiveScopeLocation=[{"Name": "Teachers"}])).policies
    assert "scopes" not in unknown.fields


@pytest.mark.parametrize(("changed", "force"), [("2026-10-30T00:00:00Z", Force.PENDING), ("2026-10-20T00:00:00Z", Force.APPLIED), (None, Force.APPLIED)])
def test_a_policy_waits_until_its_scope_had_time_to_fill(changed: str | None, force: Force) -> None:
    scopes = [{"Name": "Teachers", "Guid": "S1", "LocationType": "User", "RawQuery": "q", "WhenChangedUTC": changed}]
    assert newer(row(AdaptiveScopeLocation=[{"Name": "Teachers"}]), scopes=scopes).policies[0].force is force
    assert newer(row(ExchangeLocation=[{"Name": "All"}]), scopes=scopes).policies[0].force is Force.APPLIED


# Effects

def test_a_policy_over_teams_chats_is_not_one_over_mail() -> None:
    (effect,) = effects(over(P1, "exchange:All", applications=("user:microsoftteams",)), rule(P1, "delete", 30))
    assert (effect.scope.workloads, effect.scope.everyone, effect.delete) == (CHAT, True, 30)
    assert effect.terms, "chats or private channels: nothing says which"
    (named,) = effects(over(P1, "exchange:mia@d.example", applications=("user:microsoftteams",)), rule(P1))
    assert (named.scope.include, named.scope.workloads) == (frozenset({"mia@d.example"}), CHAT)


@pytest.mark.parametrize("location", ["chat:All", "channel:team@d.example"])
def test_the_older_teams_locations_are_chats(location: str) -> None:
    (effect,) = effects(over(P1, location), rule(P1, "delete", 1))
    assert (effect.scope.workloads, effect.terms) == (CHAT, None)


def test_what_a_drive_belongs_to_is_not_where_it_is() -> None:
    found = {effect.scope.workloads: effect for effect in effects(over(P1, "exchange:mia@d.example", applications=("user:exchange", "user:onedriveforbusiness")), rule(P1))}
    mail, drive = found[MAILBOX], found[frozenset({Workload.DRIVE})]
    assert (mail.scope.include, mail.terms) == (frozenset({"mia@d.example"}), None)
    assert (drive.scope.everyone, drive.scope.by_query, drive.terms is not None) == (True, True, True), "somebody's drive, and nobody knows whose"


@pytest.mark.parametrize("application", ["user:yammer", "user:m365copilot", "user:microsoftteamscalllog"])
def test_what_is_about_nothing_that_counts_here_reaches_nothing(application: str) -> None:
    assert effects(over(P1, "exchange:All", applications=(application,)), rule(P1, "delete", 1)) == ()
    assert effects(over(P1, "public_folder:All", "skype:All"), rule(P1, "delete", 1)) == ()


def test_a_scope_reaches_some_of_everybody_and_our_own_query_all_of_them() -> None:
    some = over(P1, "scope:Teachers", applications=("user:exchange",), scopes=("Teachers (user): Title -eq 'Teacher'",))
    (effect,) = effects(some, rule(P1, "delete", 30))
    assert (effect.scope.workloads, effect.scope.everyone, effect.scope.by_query) == (MAILBOX, True, True)
    assert "Title -eq 'Teacher'" in (effect.terms or "")
    (known,) = effects(over(P1, "scope:All of them", applications=("user:exchange",), scopes=(f"All of them (user): {EVERYBODY}",)), rule(P1))
    assert (known.scope.everyone, known.terms) == (True, None)
    (groups,) = effects(over(P1, "scope:All of them", scopes=(f"All of them (group): {EVERYBODY}",)), rule(P1))
    assert groups.terms is not None, "what the query finds of groups is another thing"


def test_everybody_is_everybody_only_of_what_the_scope_is_of() -> None:
    """A policy over two scopes names the applications of both; a group's mailbox is in no scope of people."""
    both = over(
        P1,
        "scope:All of them",
        "scope:Some groups",
        applications=("group:exchange", "group:microsoftteams", "user:exchange"),
        scopes=(f"All of them (user): {EVERYBODY}", "Some groups (group): Alias -like 'b*'"),
    )
    sure = [effect for effect in effects(both, rule(P1)) if effect.terms is None]
    assert [effect.scope.workloads for effect in sure] == [MAILBOX]
    some = frozenset[Workload]().union(*(effect.scope.workloads for effect in effects(both, rule(P1)) if effect.terms is not None))
    assert some == {Workload.GROUP, Workload.CHAT}


def test_over_everybody_too_nothing_says_which_of_the_chats_are_meant() -> None:
    chats = over(P1, "scope:E", applications=("user:exchange", "user:microsoftteams"), scopes=(f"E (user): {EVERYBODY}",))
    assert {effect.scope.workloads: effect.terms is None for effect in effects(chats, rule(P1))} == {MAILBOX: True, CHAT: False}
    assert explained(chats, rule(P1), stamp=f"mbx{bare(P1)}:2")[Workload.CHAT].reason == "teams.some_chats"


def test_a_label_that_is_put_on_by_itself_over_a_scope_rests_on_both_queries() -> None:
    label = live(Kind.M365_LABEL, "L1", period=30, action="keep_and_delete", trigger="created", behaviour="retain")
    publishing = live(Kind.M365_LABEL_POLICY, "LP", "scope:X", enabled=True, scopes=("X (user): q",))
    applying = live(Kind.M365_LABEL_RULE, "LR", parent="LP", publishes=label.name, applies=True, query="subject:x")
    (put_on,) = [effect for effect in effects(label, publishing, applying) if effect.mechanism is Mechanism.RETENTION_POLICY]
    assert (put_on.terms, put_on.scope.by_query) == ("scope X: q & subject:x", True)


def test_without_applications_a_scope_reaches_what_its_sort_may() -> None:
    for sort, workloads in (("user", MAILBOX | {Workload.DRIVE, Workload.CHAT}), ("site", {Workload.SITE, Workload.DRIVE})):
        (effect,) = effects(over(P1, "scope:X", scopes=(f"X ({sort}): q",)), rule(P1))
        assert effect.scope.workloads == workloads
    (unknown,) = effects(over(P1, "scope:X"), rule(P1))
    assert unknown.scope.workloads >= MAILBOX | {Workload.SITE, Workload.GROUP, Workload.CHAT, Workload.DRIVE}


def test_a_group_policy_is_over_its_mailbox_and_over_some_site() -> None:
    found = {effect.scope.workloads: effect for effect in effects(over(P1, "group:board@d.example"), rule(P1, "delete", 9))}
    assert found[frozenset({Workload.GROUP})].scope.include == {"board@d.example"}
    assert (found[frozenset({Workload.SITE})].scope.everyone, found[frozenset({Workload.SITE})].terms is not None) == (True, True)
    (mailbox,) = effects(over(P1, "group:board@d.example", applications=("group:exchange",)), rule(P1))
    assert mailbox.scope.workloads == {Workload.GROUP}


# What keeps a person's sources, and what deletes

def explained(policy: Live, *rules: Live, stamp: str = "") -> dict[Workload, Any]:
    box = mailbox_from({"PrimarySmtpAddress": MIA.address, "InPlaceHolds": [stamp] if stamp else [], "LitigationHoldEnabled": False})
    evidence = Evidence(snapshot=world(policy, *rules), organisation=(), mailboxes={MIA.vendor_id: box}, drives={MIA.vendor_id: None}, teams={MIA.vendor_id: ()})
    return {one.source: one for one in cover(MIA, evidence)}


def test_a_kept_private_channel_is_no_kept_mailbox_and_no_kept_chat() -> None:
    teams = over(P1, "exchange:mia@d.example", applications=("user:microsoftteams",))
    assert workloads_of(teams) == {Workload.CHAT}
    found = explained(teams, rule(P1), stamp=f"mbx{bare(P1)}:2")
    assert (found[Workload.MAIL].protected, found[Workload.MAIL].by) == (False, ())
    assert (found[Workload.CHAT].protected, found[Workload.CHAT].reason) == (None, "teams.some_chats")


def test_what_deletes_chats_is_a_finding_about_chats() -> None:
    for policy in (over(P1, "exchange:All", applications=("user:microsoftteams",)), over(P1, "chat:All"), over(P1, "channel:All")):
        (found, _unseen, _elsewhere) = findings(world(policy, rule(P1, "delete", 30)))
        assert (found.code, found.grave, found.workloads, found.everyone, found.days) == ("delete.whole_workload", True, (Workload.CHAT,), True, 30)


def test_an_adaptive_delete_is_of_the_first_order_because_nobody_knows_where_it_ends() -> None:
    policy = over(P1, "scope:Students", applications=("user:exchange",), scopes=("Students (user): Title -eq 'Student'",))
    (found, _unseen, _elsewhere) = findings(world(policy, rule(P1, "delete", 30)))
    assert found.grave
    assert frozenset(found.workloads) == MAILBOX


# Over the wire

def theirs(bench: Bench, *applications: str, **location: list[str]) -> str:
    """A policy of the newer family, as somebody makes it in the portal."""
    made = bench.act("create_policy", name="Private channels", days=30, action="Delete", locations=location or {"ExchangeLocation": ["All"]})
    with bench.world.lock:
        policy = tenant_of(bench.world).policies[str(made["policy"])]
        policy.app, policy.applications = True, list(applications)
    bench.advance(1000)
    return policy.guid


def seen(bench: Bench) -> Snapshot:
    return bench.reader().snapshot({Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE})


def test_a_policy_of_the_newer_family_is_in_the_snapshot_with_its_rule_and_in_the_inventory(bench: Bench) -> None:
    guid = theirs(bench, "User:MicrosoftTeams")
    snapshot = seen(bench)
    assert {read.state for read in snapshot.reads.values()} == {ReadState.COMPLETE}
    live = next(one for one in snapshot.of(Kind.M365_RETENTION_POLICY) if one.vendor_id == guid)
    assert live.fields["applications"] == ("user:microsoftteams",)
    assert [one.parent_id for one in snapshot.of(Kind.M365_RETENTION_RULE) if one.parent_id == guid] == [guid]
    assert any(found.ref.vendor_id == guid and found.workloads == (Workload.CHAT,) and found.grave for found in bench.reader().findings(snapshot))


def test_a_changed_query_shows_on_the_policy_over_the_scope(bench: Bench) -> None:
    admin = bench.writer()._access.admin
    scope = admin.write("New-AdaptiveScope", {"Name": "Board", "LocationType": "User", "RawQuery": "Department -eq 'Board'"}).rows[0]
    admin.write("New-RetentionCompliancePolicy", {"Name": "Board mail", "AdaptiveScopeLocation": ["Board"], "Applications": ["User:Exchange"]})
    admin.write("New-RetentionComplianceRule", {"Name": "r", "Policy": "Board mail", "RetentionDuration": "30", "RetentionComplianceAction": "Delete"})
    bench.advance(1000)
    before = next(one for one in seen(bench).of(Kind.M365_RETENTION_POLICY) if one.name == "Board mail")
    assert before.fields["scopes"] == ("Board (user): Department -eq 'Board'",)
    admin.write("Set-AdaptiveScope", {"Identity": scope["Guid"], "RawQuery": "Department -ne 'x'"})
    after = next(one for one in seen(bench).of(Kind.M365_RETENTION_POLICY) if one.name == "Board mail")
    assert after.fields["scopes"] == ("Board (user): Department -ne 'x'",)
    assert after.changed_at == before.changed_at, "nothing on the policy itself tells"


@pytest.mark.parametrize(("licence", "told"), [("A5", False), ("A3", True)])
def test_where_the_newer_family_is_not_shown_that_is_said(bench: Bench, licence: str, *, told: bool) -> None:
    bench.switch(licence=licence)
    assert ("delete.newer_unread" in {one.code for one in bench.reader().findings(seen(bench))}) is told


def test_without_a_policy_over_a_scope_none_is_asked_for(bench: Bench) -> None:
    seen(bench)
    assert "Get-AdaptiveScope" not in {one.operation for one in bench.asked("compliance")}
