"""Labels, policies and rules: the lies, the locks, and what is stamped on mailboxes."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Json, Lab

LABEL: Json = {"RetentionAction": "Keep", "RetentionDuration": "731", "RetentionType": "CreationAgeInDays"}
DETAIL: Json = {"DistributionDetail": True, "RetentionRuleTypes": True}
WAIT = 900


def policy_of(lab: Lab, name: str) -> Json:
    return lab.named("Get-RetentionCompliancePolicy", name, **DETAIL)


def make_policy(lab: Lab, name: str = "Staff mail", days: str = "2555", action: str = "Keep", **more: Any) -> str:
    (made,) = lab.cmdlet("New-RetentionCompliancePolicy", Name=name, **({"ExchangeLocation": [lab.someone()]} | more))
    guid = str(made["Guid"])
    lab.cmdlet("New-RetentionComplianceRule", Name=f"{name} rule", Policy=guid, RetentionDuration=days, RetentionComplianceAction=action)
    return guid


# Labels.


def test_a_label_is_made_and_read_back(lab: Lab) -> None:
    (made,) = lab.cmdlet("New-ComplianceTag", Name="COR-02", Comment="c [m]", Notes="n", ReviewerEmail=["a@x.example"], **LABEL)
    row = lab.named("Get-ComplianceTag", "COR-02")
    assert row["Guid"] == made["Guid"]
    assert (row["RetentionDuration"], row["RetentionAction"], row["RetentionType"]) == ("731", "Keep", "CreationAgeInDays")
    assert (row["Comment"], row["Notes"], row["ReviewerEmail"], row["IsRecordLabel"]) == ("c [m]", "n", ["a@x.example"], False)
    assert row["CreatedBy"] == row["LastModifiedBy"] == "Records application"
    assert lab.named("Get-ComplianceTag", "District visibility check label")["CreatedBy"] == "Information Technology"


def test_label_names_are_unique_and_limited(lab: Lab) -> None:
    lab.cmdlet("New-ComplianceTag", Name="A", **LABEL)
    assert "already exists" in lab.failure("New-ComplianceTag", Name="a", **LABEL)
    assert "1 to 64 characters" in lab.failure("New-ComplianceTag", Name="x" * 65, **LABEL)
    assert "together" in lab.failure("New-ComplianceTag", Name="half", RetentionAction="Keep")


def test_immutable_parameters_are_unknown_to_set(lab: Lab) -> None:
    guid = lab.named("Get-ComplianceTag", "District visibility check label")["Guid"]
    changes: list[Json] = [{"Name": "x"}, {"RetentionAction": "Delete"}, {"RetentionType": "TaggedAgeInDays"}, {"IsRecordLabel": True}]
    for change in changes:
        assert lab.failure("Set-ComplianceTag", Identity=guid, **change).startswith("AmbiguousParameterSetException")


def test_a_label_gets_longer_and_shorter(lab: Lab) -> None:
    guid = lab.named("Get-ComplianceTag", "District visibility check label")["Guid"]
    for days in ("60", "10", "Unlimited"):
        assert lab.cmdlet("Set-ComplianceTag", Identity=guid, RetentionDuration=days) == []
        assert lab.named("Get-ComplianceTag", "District visibility check label")["RetentionDuration"] == days
    warning = "The command completed successfully but no settings of 'District visibility check label' have been modified."
    assert lab.warnings("Set-ComplianceTag", Identity=guid, RetentionDuration="unlimited") == [warning]


def test_a_published_label_cannot_be_removed(lab: Lab) -> None:
    assert "is being used by" in lab.failure("Remove-ComplianceTag", Identity="District visibility check label", Confirm=False)
    lab.cmdlet("New-ComplianceTag", Name="free", **LABEL)
    lab.cmdlet("Remove-ComplianceTag", Identity="free", Confirm=False)
    assert "free" not in {row["Name"] for row in lab.cmdlet("Get-ComplianceTag")}
    assert "couldn't be found on 'FfoConfigurationSession'" in lab.failure("Remove-ComplianceTag", Identity="free")


@pytest.mark.parametrize(
    "cmdlet", ["Get-ComplianceTag", "Get-RetentionCompliancePolicy", "Get-RetentionComplianceRule", "Get-CaseHoldPolicy"]
)
def test_identity_trap(lab: Lab, cmdlet: str) -> None:
    lab.cmdlet("New-ComplianceTag", Name="second", **LABEL)
    everything = lab.cmdlet(cmdlet)
    assert lab.cmdlet(cmdlet, Identity="no such thing") == everything
    assert lab.cmdlet(cmdlet, Identity=everything[0]["Name"]) == everything[:1]


# Policies and rules.


def test_the_lie_without_the_switches(lab: Lab) -> None:
    plain = lab.named("Get-RetentionCompliancePolicy", "District mail keep")
    assert (plain["DistributionStatus"], plain["ExchangeLocation"], plain["HasRules"], plain["RetentionRuleTypes"]) == (
        "Pending",
        [],
        False,
        [],
    )
    true = policy_of(lab, "District mail keep")
    assert (true["DistributionStatus"], true["HasRules"], true["RetentionRuleTypes"]) == ("Success", True, ["Retention"])
    assert [place["Name"] for place in true["ExchangeLocation"]] == ["records.office@harbormill.example"]
    assert policy_of(lab, "District visibility check publishing")["RetentionRuleTypes"] == ["Publish"]


def test_a_policy_is_pending_until_its_time_and_locked_so_long(lab: Lab) -> None:
    guid = make_policy(lab)
    assert policy_of(lab, "Staff mail")["DistributionStatus"] == "Pending"
    rule = next(row["Guid"] for row in lab.cmdlet("Get-RetentionComplianceRule") if row["Policy"] == guid)
    locked = "Previous changes to the policy 'Staff mail' are being deployed. Once deployed, additional actions can be performed."
    assert lab.failure("Set-RetentionCompliancePolicy", Identity=guid, Comment="x") == locked
    assert lab.failure("Set-RetentionComplianceRule", Identity=rule, RetentionDuration="10") == locked
    assert lab.failure("Remove-RetentionComplianceRule", Identity=rule) == locked
    assert lab.failure("Remove-RetentionCompliancePolicy", Identity=guid) == locked
    lab.advance(WAIT)
    assert policy_of(lab, "Staff mail")["DistributionStatus"] == "Success"
    lab.cmdlet("Set-RetentionComplianceRule", Identity=rule, RetentionDuration="10")
    assert policy_of(lab, "Staff mail")["DistributionStatus"] == "Pending"


def test_a_stuck_deployment(lab: Lab) -> None:
    lab.switch(deploy_lock="stuck")
    assert "are being deployed" in lab.failure("Set-RetentionCompliancePolicy", Identity="District mail keep", Comment="x")


def test_a_policy_without_a_rule_keeps_nothing_and_stays_pending(lab: Lab) -> None:
    address = lab.someone()
    lab.cmdlet("New-RetentionCompliancePolicy", Name="bare", ExchangeLocation=[address])
    lab.advance(WAIT * 3)
    assert policy_of(lab, "bare")["DistributionStatus"] == "Pending"
    assert lab.cmdlet("Get-Mailbox", "exchange", Identity=address)[0]["InPlaceHolds"] == []


def test_stamps_follow_distribution(lab: Lab) -> None:
    address, other = lab.someone(), lab.someone("staff")
    guid = make_policy(lab, ExchangeLocation=[address])
    stamp = f"mbx{guid.replace('-', '')}:2"

    def stamps(of: str) -> object:
        return lab.cmdlet("Get-Mailbox", "exchange", Identity=of)[0]["InPlaceHolds"]

    assert stamps(address) == []
    lab.advance(WAIT)
    assert stamps(address) == [stamp]
    lab.cmdlet("Set-RetentionCompliancePolicy", Identity=guid, AddExchangeLocation=[other])
    assert (stamps(address), stamps(other)) == ([stamp], [])
    lab.advance(WAIT)
    lab.cmdlet("Set-RetentionCompliancePolicy", Identity=guid, RemoveExchangeLocation=[address])
    assert (stamps(address), stamps(other)) == ([], [stamp])
    lab.advance(WAIT)
    lab.cmdlet("Set-RetentionCompliancePolicy", Identity=guid, Enabled=False)
    assert stamps(other) == []


def test_organisation_wide_policies_are_stamped_on_the_organisation_alone(lab: Lab) -> None:
    excluded = lab.someone("student")
    guid = make_policy(lab, "All mail", ExchangeLocation=["All"], ExchangeLocationException=[excluded], action="KeepAndDelete").replace(
        "-", ""
    )
    lab.advance(WAIT)
    (org,) = lab.cmdlet("Get-OrganizationConfig", "exchange")
    assert f"mbx{guid}:3" in org["InPlaceHolds"]
    assert any(stamp.startswith("grp") for stamp in org["InPlaceHolds"])
    assert lab.cmdlet("Get-Mailbox", "exchange", Identity=lab.someone())[0]["InPlaceHolds"] == []
    stamps = lab.cmdlet("Get-Mailbox", "exchange", Identity=excluded)[0]["InPlaceHolds"]
    assert f"-mbx{guid}" in stamps


def test_a_rule_without_action_becomes_another_kind_of_hold(lab: Lab) -> None:
    (made,) = lab.cmdlet("New-RetentionCompliancePolicy", Name="odd", ExchangeLocation=[lab.someone()])
    lab.cmdlet("New-RetentionComplianceRule", Name="odd rule", Policy="odd", RetentionDuration="10")
    lab.advance(WAIT)
    stamp = f"UniH{str(made['Guid']).replace('-', '')}"
    assert lab.cmdlet("Get-Mailbox", "exchange", Identity=lab.someone())[0]["InPlaceHolds"] == [stamp]


def test_exactly_one_retaining_rule(lab: Lab) -> None:
    make_policy(lab)
    lab.advance(WAIT)
    values = {"RetentionDuration": "9", "RetentionComplianceAction": "Keep"}
    assert "already has a rule" in lab.failure("New-RetentionComplianceRule", Name="two", Policy="Staff mail", **values)


def test_publishing(lab: Lab) -> None:
    (label,) = lab.cmdlet("New-ComplianceTag", Name="COR-02", **LABEL)
    lab.cmdlet("New-RetentionCompliancePolicy", Name="COR-02 labels", ExchangeLocation=["All"])
    assert lab.failure("New-RetentionComplianceRule", Policy="COR-02 labels", PublishComplianceTag="COR-02", Name="x").startswith(
        "AmbiguousParameterSet"
    )
    assert "couldn't be found" in lab.failure("New-RetentionComplianceRule", Policy="COR-02 labels", PublishComplianceTag="none")
    (rule,) = lab.cmdlet("New-RetentionComplianceRule", Policy="COR-02 labels", PublishComplianceTag="COR-02")
    assert rule["Name"] == rule["Guid"]
    assert rule["PublishComplianceTag"] == f"{label['Guid']},COR-02"
    assert (rule["RetentionDuration"], rule["RetentionComplianceAction"]) == (None, None)
    lab.advance(WAIT)
    # A publishing policy keeps nothing, also not organisation-wide.
    assert all("mbx" not in stamp for stamp in lab.cmdlet("Get-OrganizationConfig", "exchange")[0]["InPlaceHolds"])


def test_places(lab: Lab) -> None:
    assert "couldn't be found or is not valid" in lab.failure(
        "New-RetentionCompliancePolicy", Name="x", ExchangeLocation=["nobody@harbormill.example"]
    )
    assert "Parameter set cannot be resolved" in lab.failure("New-RetentionCompliancePolicy", Name="x")
    assert "only when" in lab.failure(
        "New-RetentionCompliancePolicy", Name="x", ExchangeLocation=[lab.someone()], ExchangeLocationException=[lab.someone("staff")]
    )
    assert lab.failure("New-RetentionCompliancePolicy", Name="x", ExchangeLocation=["All"], TeamsChatLocation=["All"]).startswith(
        "Ambiguous"
    )
    lab.cmdlet("New-RetentionCompliancePolicy", Name="group", ExchangeLocation=["board@harbormill.example"])
    names = {place["Name"] for place in policy_of(lab, "group")["ExchangeLocation"]}
    assert names == {f"{person.local_part}@harbormill.example" for person in lab.world.people if person.role == "board"}
    lab.act("add_group_member", group="board@harbormill.example", user=lab.someone())
    assert {place["Name"] for place in policy_of(lab, "group")["ExchangeLocation"]} == names


def test_a_failed_set_changes_nothing(lab: Lab) -> None:
    before = policy_of(lab, "District mail keep")
    lab.failure(
        "Set-RetentionCompliancePolicy", Identity="District mail keep", Comment="x", AddExchangeLocation=[lab.someone(), "nobody@x.example"]
    )
    assert policy_of(lab, "District mail keep") == before


def test_a_set_without_effect_warns_and_does_not_distribute(lab: Lab) -> None:
    (warning,) = lab.warnings("Set-RetentionCompliancePolicy", Identity="District mail keep", Enabled=True, Comment="")
    assert "no settings of 'District mail keep' have been modified" in warning
    assert policy_of(lab, "District mail keep")["DistributionStatus"] == "Success"


def test_saved_but_not_deployed(lab: Lab) -> None:
    lab.switch(deploy_failed="1")
    text = lab.failure("New-RetentionCompliancePolicy", Name="stored", ExchangeLocation=[lab.someone()])
    assert "failed to be deployed" in text
    assert policy_of(lab, "stored")["Enabled"] is True


def test_error_status_needs_a_retry(lab: Lab) -> None:
    lab.switch(distribution="error")
    guid = make_policy(lab)
    lab.advance(WAIT)
    row = policy_of(lab, "Staff mail")
    assert row["DistributionStatus"] == "Error"
    assert row["DistributionResults"] == [f"[Exchange]{lab.someone()}:The location could not be reached."]
    lab.switch(distribution="ok")
    assert lab.failure("Set-RetentionCompliancePolicy", Identity=guid, RetryDistribution=True, Comment="x").startswith("Ambiguous")
    lab.cmdlet("Set-RetentionCompliancePolicy", Identity=guid, RetryDistribution=True)
    assert policy_of(lab, "Staff mail")["DistributionStatus"] == "Pending"
    lab.advance(WAIT)
    assert policy_of(lab, "Staff mail")["DistributionStatus"] == "Success"


def test_preservation_lock_refuses_whatever_shrinks(lab: Lab) -> None:
    guid = make_policy(lab)
    rule = next(row["Guid"] for row in lab.cmdlet("Get-RetentionComplianceRule") if row["Policy"] == guid)
    lab.advance(WAIT)
    lab.cmdlet("Set-RetentionCompliancePolicy", Identity=guid, RestrictiveRetention=True)
    lab.advance(WAIT)
    shrinking: list[Json] = [{"Enabled": False}, {"RemoveExchangeLocation": [lab.someone()]}]
    for values in shrinking:
        assert "Preservation Lock" in lab.failure("Set-RetentionCompliancePolicy", Identity=guid, **values)
    for name, value in (("RetentionDuration", "10"), ("RetentionComplianceAction", "Delete")):
        changed: Json = {name: value}
        assert "Preservation Lock" in lab.failure("Set-RetentionComplianceRule", Identity=rule, **changed)
    assert "Preservation Lock" in lab.failure("Remove-RetentionComplianceRule", Identity=rule)
    assert "Preservation Lock" in lab.failure("Remove-RetentionCompliancePolicy", Identity=guid)
    lab.cmdlet("Set-RetentionComplianceRule", Identity=rule, RetentionDuration="9999")
    lab.advance(WAIT)
    lab.cmdlet("Set-RetentionCompliancePolicy", Identity=guid, AddExchangeLocation=[lab.someone("staff")])


def test_a_removed_policy_lingers(lab: Lab) -> None:
    guid = make_policy(lab)
    lab.advance(WAIT)
    lab.cmdlet("Remove-RetentionCompliancePolicy", Identity=guid, Confirm=False)
    assert policy_of(lab, "Staff mail")["Mode"] == "PendingDeletion"
    assert "already exists" in lab.failure("New-RetentionCompliancePolicy", Name="Staff mail", ExchangeLocation=["All"])
    lab.advance(WAIT)
    assert "Staff mail" not in {row["Name"] for row in lab.cmdlet("Get-RetentionCompliancePolicy")}
    assert guid not in {row["Policy"] for row in lab.cmdlet("Get-RetentionComplianceRule")}


def test_the_seed_has_what_administrators_made(lab: Lab) -> None:
    purge = policy_of(lab, "Purge student mail")
    rule = lab.named("Get-RetentionComplianceRule", "Purge student mail rule")
    assert (purge["Enabled"], rule["RetentionComplianceAction"], rule["RetentionDuration"]) == (True, "Delete", "365")
    assert {row["CreatedBy"] for row in lab.cmdlet("Get-RetentionCompliancePolicy")} == {"Information Technology"}
    assert [row["Name"] for row in lab.cmdlet("Get-AdaptiveScope")] == ["District visibility check scope"]
    assert lab.cmdlet("Get-AppRetentionCompliancePolicy") == []
