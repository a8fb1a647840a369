"""Labels, policies, rules and holds in normal form: what is equal reads equal, and what is missing is never guessed."""

from __future__ import annotations

import pytest

from connectors.microsoft365.holds import hold_from, people_of
from connectors.microsoft365.labels import label_from, period_from, period_word
from connectors.microsoft365.policies import Family, family, locations
from connectors.microsoft365.wire import JsonObject
from policies.kinds import Kind
from policies.resources import Force, Live
from tests.unit.connectors.microsoft.support import DISTRICT, mark

GUID = "c3e4a1b2-7d10-4b6f-9a55-0b8f6a2d9911"


def tag(**more: object) -> JsonObject:
    return {
        "Name": "COR-02", "Guid": GUID.upper(), "Comment": f"Routine {mark('cor-02')}", "RetentionAction": "Keep", "RetentionDuration": "731",
        "RetentionType": "CreationAgeInDays", "IsRecordLabel": False, "Regulatory": None, "ReviewerEmail": None, **more,
    }  # fmt: skip


def label(**more: object) -> Live:
    live = label_from(tag(**more), made_by_us=None)
    assert live is not None
    return live


@pytest.mark.parametrize(("raw", "days"), [
    ("731", 731), (731, 731), ("Unlimited", "forever"), ("unlimited", "forever"), ("2555.00:00:00", 2555), (None, None), ("", None), ("soon", "soon"),
])
def test_periods(raw: object, days: object) -> None:
    assert period_from({"RetentionDuration": raw}, "RetentionDuration") == days


def test_a_period_goes_out_as_text() -> None:
    assert [period_word(731), period_word("forever")] == ["731", "Unlimited"]
    for wrong in (0, -1, True, None, "731"):
        with pytest.raises(ValueError, match="no retention period"):
            period_word(wrong)


@pytest.mark.parametrize(("more", "field", "value"), [
    ({"RetentionType": "TaggedAgeInDays"}, "trigger", "labelled"),
    ({"RetentionType": "EventAgeInDays", "EventType": "Leaving"}, "trigger", "event:Leaving"),
    ({"RetentionType": "ANewClock"}, "trigger", "ANewClock"),
    ({"RetentionAction": "keepanddelete"}, "action", "keep_and_delete"),
    ({"RetentionAction": "KeepAndDelete", "ReviewerEmail": ["a@b.example"]}, "action", "review"),
    ({"RetentionAction": "KeepAndDelete", "MultiStageReviewProperty": '{"MultiStageReviewSettings":[{"StageName":"R","Reviewers":["a@b.example"]}]}'}, "action", "review"),
    ({"RetentionAction": "KeepAndDelete", "MultiStageReviewProperty": "{}"}, "action", "keep_and_delete"),
    ({"RetentionAction": "KeepAndDelete", "MultiStageReviewProperty": '{"MultiStageReviewSettings":[]}'}, "action", "keep_and_delete"),
    ({"RetentionAction": "KeepAndDelete", "MultiStageReviewProperty": '{"MultiStageReviewSettings":[{"StageName":"R","Reviewers":[]}]}'}, "action", "keep_and_delete"),
    ({"RetentionAction": "KeepAndDelete", "MultiStageReviewProperty": "who knows"}, "action", "keep_and_delete"),
    ({"RetentionAction": "Delete", "ReviewerEmail": ["a@b.example"]}, "action", "delete"),
    ({"RetentionAction": "Shred"}, "action", "Shred"),
    ({"RetentionAction": None, "RetentionDuration": None, "RetentionType": None}, "action", None),
    ({"IsRecordLabel": True}, "behaviour", "record"),
    ({"IsRecordLabel": True, "Regulatory": True}, "behaviour", "regulatory"),
    ({"Comment": None}, "description", ""),
    ({"Comment": "  plain  "}, "description", "plain"),
])
def test_label_fields(more: dict[str, object], field: str, value: object) -> None:
    assert label(**more).fields[field] == value


def test_a_label_reads_with_its_mark_and_id() -> None:
    live = label()
    assert (live.vendor_id, live.mark, live.fields["description"]) == (GUID, mark("cor-02"), "Routine")


@pytest.mark.parametrize("missing", ["Name", "Guid", "RetentionDuration", "RetentionAction"])
def test_a_label_without_what_matters_is_no_label(missing: str) -> None:
    assert label_from({key: value for key, value in tag().items() if key != missing}, made_by_us=None) is None


def policy(name: str = "Staff", guid: str = GUID, **more: object) -> JsonObject:
    return {
        "Name": name, "Guid": guid, "Enabled": True, "Mode": "Enforce", "DistributionStatus": "Success", "Comment": None,
        "ExchangeLocation": [{"Name": "Mia.Cole@district.example"}], "SharePointLocation": [], "OneDriveLocation": None, "ModernGroupLocation": [], **more,
    }  # fmt: skip


def rule(guid: str, parent: str = GUID, **more: object) -> JsonObject:
    return {
        "Name": f"rule {guid}", "Guid": guid, "Policy": parent, "RetentionDuration": "731", "RetentionComplianceAction": "Keep",
        "ExpirationDateOption": None, "ContentMatchQuery": None, "WhenCreatedUTC": f"2026-01-0{guid[-1]}T00:00:00Z", **more,
    }  # fmt: skip


def join(policies: list[JsonObject], rules: list[JsonObject], *, made_by_us: bool | None = None) -> Family:
    return family(policies, rules, DISTRICT, lambda _row: made_by_us)


def test_a_rule_belongs_to_its_policy_by_id_or_by_name() -> None:
    found = join([policy(), policy("Other", "other-guid")], [rule("r1"), rule("r2", "OTHER")])
    assert found.flaw is None
    assert {(live.name, live.parent_id) for live in found.rules} == {("rule r1", GUID), ("rule r2", "other-guid")}
    assert found.rules[0].fields == {"period": 731, "trigger": "created", "action": "keep", "query": ""}


@pytest.mark.parametrize("value", [f"{GUID},COR-02, routine", "COR-02, routine"])
def test_publishing_reads_both_ways_of_naming_a_label(value: str) -> None:
    found = join([policy()], [rule("r1", PublishComplianceTag=value, RetentionDuration=None, RetentionComplianceAction=None)])
    assert found.policies[0].kind is Kind.M365_LABEL_POLICY
    assert found.rules[0].kind is Kind.M365_LABEL_RULE
    assert found.rules[0].fields == {"publishes": "COR-02, routine"}


def test_a_policy_without_a_rule_is_publishing_only_where_our_key_says_so() -> None:
    assert join([policy(Comment=str(mark("pub-cor-02-staff-1")))], []).policies[0].kind is Kind.M365_LABEL_POLICY
    assert join([policy(Comment=str(mark("keep-r1-1")))], []).policies[0].kind is Kind.M365_RETENTION_POLICY
    assert join([policy()], []).policies[0].kind is Kind.M365_RETENTION_POLICY
    assert join([policy(RetentionRuleTypes=["Publish"])], []).policies[0].kind is Kind.M365_LABEL_POLICY


def test_our_publish_rules_carry_the_mark_of_their_policy_the_eldest_first() -> None:
    ours = policy(Comment=str(mark("pub-cor-02-staff-1")))
    rules = [rule("r2", PublishComplianceTag="COR-02 (2)"), rule("r1", PublishComplianceTag="COR-02")]
    found = {live.fields["publishes"]: live.mark for live in join([ours], rules).rules}
    assert found == {"COR-02": mark("pubr-cor-02-staff-1"), "COR-02 (2)": mark("pubr-cor-02-staff-1", 2)}
    # Somebody else's rules in a policy that we made are theirs; in one that a person made with our mark they are from the same hand.
    theirs = family([ours], rules, DISTRICT, lambda row: row is ours)
    assert [live.mark for live in theirs.rules] == [None, None]
    assert None not in {live.mark for live in join([ours], rules, made_by_us=False).rules}
    foreign = policy(Comment=str(mark("pub-cor-02-staff-1", district="elsewher")))
    assert [live.mark for live in join([foreign], rules).rules] == [None, None]


@pytest.mark.parametrize("missing", ["Guid", "Enabled", "DistributionStatus", "ExchangeLocation", "OneDriveLocation"])
def test_a_row_that_lacks_what_matters_is_a_flaw(missing: str) -> None:
    found = join([{key: value for key, value in policy().items() if key != missing}], [])
    assert missing in (found.flaw or "")
    assert not found.policies


def test_a_rule_of_a_policy_that_was_not_shown_is_a_flaw() -> None:
    assert "not shown" in (join([policy()], [rule("r1", "somewhere-else")]).flaw or "")


@pytest.mark.parametrize(("more", "force", "enabled"), [
    ({}, Force.APPLIED, True),
    ({"DistributionStatus": "Pending"}, Force.PENDING, True),
    ({"DistributionStatus": "Error"}, Force.ERROR, True),
    ({"DistributionStatus": "NotApplicable"}, Force.UNKNOWN, True),
    ({"DistributionStatus": None}, Force.UNKNOWN, True),
    ({"Enabled": False}, Force.OFF, False),
    ({"Mode": "PendingDeletion"}, Force.OFF, False),
    ({"Mode": "Test"}, Force.OFF, False),
])
def test_force_is_the_platforms_word(*, more: dict[str, object], force: Force, enabled: bool) -> None:
    live = join([{**policy(), **more}], []).policies[0]
    assert (live.force, live.fields["enabled"]) == (force, enabled)


def test_a_disabled_rule_is_off_although_its_policy_is_on() -> None:
    assert join([policy()], [rule("r1", Disabled=True)]).rules[0].force is Force.OFF


def test_locations_read_the_same_in_any_case_order_and_form() -> None:
    one = join([policy(ExchangeLocation=[{"Name": "B@d.example"}, {"Name": "a@D.example"}], SharePointLocation=[{"Name": "https://X/sites/Y/"}])], [])
    two = join([policy(ExchangeLocation=["a@d.example", "b@d.example"], SharePointLocation=["https://x/sites/y"])], [])
    assert one.policies[0].members == two.policies[0].members == {"exchange:a@d.example", "exchange:b@d.example", "sharepoint:https://x/sites/y"}


def test_everything_and_its_exceptions() -> None:
    live = join([policy(ExchangeLocation=[{"Name": "All"}], ExchangeLocationException=[{"Name": "B@d.example"}])], []).policies[0]
    assert live.members == {"exchange:All"}
    assert live.fields["exceptions"] == ("exchange:b@d.example",)


def test_an_adaptive_policy_shows_its_scope() -> None:
    assert join([policy(ExchangeLocation=[], AdaptiveScopeLocation=[{"Name": "Teachers"}])], []).policies[0].members == {"scope:Teachers"}


def test_a_member_that_failed_is_named() -> None:
    url = "https://d-my.sharepoint.com/personal/mia"
    results = ["[Exchange]mia.cole@district.example:The mailbox could not be found.", f"[OneDrive]{url}:Locked."]
    live = join([policy(OneDriveLocation=[{"Name": url}], DistributionStatus="Error", DistributionResults=results)], []).policies[0]
    assert {member: state.error for member, state in live.member_states.items()} == {
        "exchange:mia.cole@district.example": "The mailbox could not be found.",
        f"onedrive:{url}": "Locked.",
    }


def test_a_failure_of_the_whole_workload_is_named() -> None:
    all_of_it = policy(ExchangeLocation=[{"Name": "All"}], DistributionStatus="Error", DistributionResults=["[Exchange]All:The service is busy."])
    (live,) = join([all_of_it], []).policies
    assert {member: state.error for member, state in live.member_states.items()} == {"exchange:All": "The service is busy."}


def test_locations_go_out_by_property() -> None:
    assert locations({"exchange:b", "exchange:a", "onedrive:u"}, verb="Add") == {"AddExchangeLocation": ["a", "b"], "AddOneDriveLocation": ["u"]}
    for wrong in ("scope:x", "exchange:", "plain"):
        with pytest.raises(ValueError, match="no location"):
            locations({wrong})


def hold(*, users: list[JsonObject] | None = None, sites: list[JsonObject] | None = None, more: JsonObject | None = None) -> Live:
    row: JsonObject = {"id": "h1", "displayName": "one", "isEnabled": True, "errors": [], "contentQuery": None, "description": str(mark("m-x-1")), "status": None}
    live = hold_from({**row, **(more or {})}, users or [], sites or [], case_id="c1", made_by_us=None)
    assert live is not None
    return live


def user(status: str | None = "applied", **more: object) -> JsonObject:
    return {"id": "u1", "email": "Mia.Cole@district.example", "displayName": "Mia Cole", "holdStatus": status, **more}


@pytest.mark.parametrize(("statuses", "more", "force"), [
    (["applied", "applied"], {}, Force.APPLIED),
    (["applied", "applying"], {}, Force.PENDING),
    (["applied", "notApplied"], {}, Force.PENDING),
    (["applied", "partial"], {}, Force.ERROR),
    (["applied", "somethingNew"], {}, Force.UNKNOWN),
    (["applied", None], {}, Force.UNKNOWN),
    (["applying", None], {}, Force.UNKNOWN),
    (["applied", "applied"], {"errors": ["Other: broken"]}, Force.ERROR),
    (["applied", "applied"], {"isEnabled": False}, Force.OFF),
    (["removing", "removing"], {"isEnabled": False}, Force.OFF),
    (["applied", "applied"], {"status": "pending"}, Force.APPLIED),
    ([], {}, Force.UNKNOWN),
])
def test_health_is_enabled_without_errors_and_every_source_applied(statuses: list[str | None], more: dict[str, object], force: Force) -> None:
    users = [user(status, id=f"u{number}", email=f"p{number}@d.example") for number, status in enumerate(statuses)]
    assert hold(users=users, more=more).force is force


def test_a_source_with_an_error_of_its_own_says_it() -> None:
    live = hold(users=[user("notApplied")], more={"errors": ["MailboxNotFound: mia.cole@district.example"]})
    state = live.member_states["mail:mia.cole@district.example"]
    assert (state.force, state.error, state.vendor_id) == (Force.ERROR, "MailboxNotFound: mia.cole@district.example", "u1")


@pytest.mark.parametrize(("error", "named"), [
    ("MailboxNotFound: joann@d.example", ()),
    ("MailboxNotFound: ann@d.example.org", ()),
    ("MailboxNotFound: .ann@d.example", ()),
    ("MailboxNotFound: o'ann@d.example", ()),
    ("MailboxNotFound:ANN@d.example.", ("ann@d.example",)),
    ("The mailbox or site 'ann@d.example' could not be found.", ("ann@d.example",)),
    ("[Exchange]ann@d.example:gone", ("ann@d.example",)),
    ("leo-ann@d.example, ann@d.example: not licensed", ("ann@d.example", "leo-ann@d.example")),
    ("SiteNotFound: https://d-my.sharepoint.com/personal/anna", ()),
    ("SiteNotFound: https://d-my.sharepoint.com/personal/ann/Documents", ()),
    ("SiteNotFound: https://d-my.sharepoint.com/personal/ann_d", ("https://d-my.sharepoint.com/personal/ann_d",)),
    ("https://D-my.sharepoint.com/personal/Ann/ is locked", ("https://d-my.sharepoint.com/personal/ann",)),
])  # fmt: skip
def test_an_error_is_of_those_that_it_names_whole(error: str, named: tuple[str, ...]) -> None:
    users = [user(id=name, email=name) for name in ("ann@d.example", "leo-ann@d.example")]
    places = ["https://d-my.sharepoint.com/personal/ann", "https://d-my.sharepoint.com/personal/ann_d"]
    sites: list[JsonObject] = [{"id": url, "holdStatus": "applied", "site": {"webUrl": url}} for url in places]
    live = hold(users=users, sites=sites, more={"errors": [error]})
    assert tuple(sorted(member.partition(":")[2] for member, state in live.member_states.items() if state.error)) == named
    assert live.force is Force.ERROR, "the hold itself is not well, whoever is meant"


def test_sources_of_a_hold_that_is_off_are_off() -> None:
    live = hold(users=[user("applied")], more={"isEnabled": False})
    assert {state.force for state in live.member_states.values()} == {Force.OFF}


def test_an_inactive_twin_is_another_member() -> None:
    twin = user(id="00000000-0000-0000-0000-000000000000.mia.cole@district.example", displayName=".mia.cole@district.example")
    assert hold(users=[user(), twin]).members == {"mail:mia.cole@district.example", "mail:.mia.cole@district.example"}


def test_sites_read_without_case_or_slash() -> None:
    site: JsonObject = {"id": "s1", "holdStatus": "applied", "site": {"webUrl": "https://D-my.sharepoint.com/personal/Mia/"}}
    assert hold(sites=[site]).members == {"site:https://d-my.sharepoint.com/personal/mia"}


@pytest.mark.parametrize("missing", ["id", "displayName", "isEnabled", "errors"])
def test_a_hold_without_what_matters_is_no_hold(missing: str) -> None:
    row: JsonObject = {"id": "h1", "displayName": "one", "isEnabled": True, "errors": []}
    del row[missing]
    assert hold_from(row, [], [], case_id="c1", made_by_us=None) is None


def test_a_hold_with_a_source_that_cannot_be_named_is_not_understood() -> None:
    row: JsonObject = {"id": "h1", "displayName": "one", "isEnabled": True, "errors": []}
    assert hold_from(row, [], [{"id": "s1", "holdStatus": "applied"}], case_id="c1", made_by_us=None) is None


@pytest.mark.parametrize(
    ("made", "names"),
    [
        ({"application": None, "user": {"id": "Recordwarden", "displayName": None}}, {"Recordwarden"}),
        ({"application": None, "user": {"id": None, "displayName": "Recordwarden"}}, {"Recordwarden"}),
        ({"user": {"id": "a-guid", "displayName": "Mia", "userPrincipalName": "mia@d.example"}}, {"a-guid", "Mia", "mia@d.example"}),
        ({"application": {"id": "app-1", "displayName": "Recordwarden"}, "user": None}, {"app-1", "Recordwarden"}),
        (None, set()),
    ],
)
def test_a_maker_is_known_in_each_of_the_shapes(made: JsonObject | None, names: set[str]) -> None:
    """M§3.5: on holds the name is in the id, on sources the id is null, on operations all three are there, or nothing."""
    assert set(people_of({"createdBy": made})) == names
