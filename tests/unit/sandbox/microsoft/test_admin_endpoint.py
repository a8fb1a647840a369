"""The admin endpoint as transport: authorisation, the envelope, errors, paging, annotations."""

from __future__ import annotations

import httpx
import pytest

from .conftest import Lab


def exported(lab: Lab, surface: str = "compliance") -> set[str]:
    url = f"/{surface}/adminapi/v1.0/{lab.state.tenant_id}/EXOModuleFile?Version=3.9.2"
    answer = lab.http.get(url, headers={"Authorization": f"Bearer {lab.token(surface)}", "CommandName": "*"})
    assert answer.status_code == 200, answer.text
    return {name for row in answer.json()["value"] for name in row["exportedCmdlets"].split(",")}


def nul(answer: httpx.Response) -> bool:
    return answer.status_code == 403 and len(answer.content) > 0 and set(answer.content) == {0}


def test_self_test_lists_what_the_roles_allow(lab: Lab) -> None:
    assert exported(lab, "exchange") == {"Get-Mailbox", "Set-Mailbox", "Get-OrganizationConfig"}
    everything = exported(lab)
    assert {"New-ComplianceTag", "Get-AdaptiveScope", "New-CaseHoldPolicy"} <= everything
    lab.switch(licence="A3", ediscovery_manager="not_registered", missing_cmdlets="New-ComplianceTag")
    gone = everything - exported(lab)
    assert {"New-ComplianceTag", "Get-AdaptiveScope", "Get-AppRetentionCompliancePolicy", "Get-ComplianceCase", "New-CaseHoldRule"} <= gone
    assert "Get-ComplianceTag" in exported(lab)


def test_two_grants(lab: Lab) -> None:
    lab.switch(missing_roles="Exchange.ManageAsApp")
    assert lab.invoke("Get-ComplianceTag").status_code == 401
    lab.switch(missing_roles="", admin_role="none")
    assert nul(lab.invoke("Get-ComplianceTag"))


def test_a_cmdlet_that_is_not_there_is_nul_bytes(lab: Lab) -> None:
    assert nul(lab.invoke("Get-Nonsense"))
    assert nul(lab.invoke("Get-ComplianceTag", "exchange"))
    lab.switch(missing_cmdlets="Get-ComplianceTag")
    answer = lab.invoke("Get-ComplianceTag")
    assert nul(answer)
    assert answer.headers["content-type"].startswith("application/json")


def test_another_tenant_is_nul_bytes(lab: Lab) -> None:
    url = "/compliance/adminapi/beta/8f1c2d3e-0000-4000-8000-00000000a365/InvokeCommand"
    assert nul(lab.invoke("Get-ComplianceTag", url=url))


@pytest.mark.parametrize(
    "spelling", ["/compliance/AdminApi/V1.0/{t}/invokecommand", "/compliance/adminapi/beta/harbormill.onmicrosoft.com/InvokeCommand"]
)
def test_path_without_regard_to_case(lab: Lab, spelling: str) -> None:
    assert lab.invoke("get-compliancetag", url=spelling.format(t=lab.state.tenant_id)).status_code == 200


def test_a_role_that_sees_nothing_gets_an_empty_list_and_no_word(lab: Lab) -> None:
    lab.switch(blind="Get-RetentionCompliancePolicy")
    answer = lab.invoke("Get-RetentionCompliancePolicy", DistributionDetail=True)
    assert (answer.status_code, answer.json()["value"], answer.json()["@adminapi.warnings"]) == (200, [], [])
    assert lab.cmdlet("Get-ComplianceTag")
    lab.switch(blind="", admin_role="blind")
    assert lab.cmdlet("Get-ComplianceTag") == []


def test_envelope(lab: Lab) -> None:
    url = f"/compliance/adminapi/beta/{lab.state.tenant_id}/InvokeCommand"
    headers = {"Authorization": f"Bearer {lab.token('compliance')}"}
    good = {"CmdletInput": {"CmdletName": "Get-ComplianceTag", "Parameters": {}}}
    assert lab.http.post(url, json=good, headers=headers).status_code == 200
    assert lab.http.post(url, content=b"{}", headers=headers).status_code == 415
    null = {"CmdletInput": {"CmdletName": "Get-ComplianceTag", "Parameters": None}}
    assert lab.http.post(url, json=null, headers=headers).status_code == 400
    assert lab.http.post(url, json={"cmdletinput": good["CmdletInput"]}, headers=headers).status_code == 400
    assert lab.http.get(url, headers=headers).status_code == 405
    assert lab.http.post(url, json=good).status_code == 401


def test_annotations_are_mixed_in_at_every_depth(lab: Lab) -> None:
    (row,) = [row for row in lab.cmdlet("Get-RetentionCompliancePolicy", DistributionDetail=True) if row["Name"] == "District mail keep"]
    assert row["Guid@odata.type"] == "#Guid"
    assert row["WhenCreatedUTC@data.type"] == "System.DateTime"
    assert row["ExchangeLocation@odata.type"] == "#Collection(Exchange.GenericHashTable)"
    assert row["ExchangeLocation"][0]["@data.type"]
    assert str(row["WhenCreatedUTC"]).endswith("Z")


def test_pages_and_their_links(lab: Lab) -> None:
    first = lab.invoke("Get-Mailbox", "exchange", {"Prefer": "odata.maxpagesize=10"}, ResultSize="Unlimited").json()
    total = list(first["value"])
    page = first
    while "@odata.nextLink" in page:
        page = lab.invoke(
            "Get-Mailbox", "exchange", {"Prefer": "odata.maxpagesize=10"}, page["@odata.nextLink"], ResultSize="Unlimited"
        ).json()
        total += page["value"]
    assert len(first["value"]) == 10
    assert len({row["ExchangeGuid"] for row in total}) == len(total) == sum(a.mailbox is not None for a in lab.state.alive())


@pytest.mark.parametrize("how", ["late", "switch"])
def test_links_expire(lab: Lab, how: str) -> None:
    link = lab.invoke("Get-Mailbox", "exchange", {"Prefer": "odata.maxpagesize=10"}, ResultSize="Unlimited").json()["@odata.nextLink"]
    if how == "late":
        lab.advance(1800)
    else:
        lab.switch(nextlink="expired")
    answer = lab.invoke("Get-Mailbox", "exchange", {}, link, ResultSize="Unlimited")
    assert answer.status_code == 400
    text = answer.json()["error"]["innererror"]["internalexception"]["message"]
    assert text == "Expired or Invalid pagination request. Default Expiry time is 00:30:00"


def test_truncation_warns_and_gives_no_link(lab: Lab) -> None:
    body = lab.invoke("Get-Mailbox", "exchange", ResultSize="5").json()
    assert len(body["value"]) == 5
    assert "@odata.nextLink" not in body
    assert body["@adminapi.warnings"] == [
        "There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter."
    ]


def test_selection(lab: Lab) -> None:
    url = f"/compliance/adminapi/beta/{lab.state.tenant_id}/InvokeCommand?$select=Name"
    (row,) = lab.invoke("Get-ComplianceTag", url=url).json()["value"]
    assert set(row) == {"Name"}


def test_binder_refuses(lab: Lab) -> None:
    assert lab.failure("Get-ComplianceTag", Nonsense=True).startswith("AmbiguousParameterSetException")
    assert "missing mandatory parameters: Name." in lab.failure("New-ComplianceTag")
    text = lab.failure("New-ComplianceTag", Name="x", RetentionAction="Keeep", RetentionDuration="1", RetentionType="TaggedAgeInDays")
    assert text.endswith("Specify one of the following enumerator names and try again: Delete, Keep, KeepAndDelete")
    for duration in ("soon", "-3", "0"):
        assert "Cannot convert value" in lab.failure(
            "Set-ComplianceTag", Identity="District visibility check label", RetentionDuration=duration
        )


def test_enums_by_prefix(lab: Lab) -> None:
    values = {"RetentionAction": "KeepAnd", "RetentionDuration": "10", "RetentionType": "tag"}
    (row,) = lab.cmdlet("New-ComplianceTag", Name="x", **values)
    assert (row["RetentionAction"], row["RetentionType"]) == ("KeepAndDelete", "TaggedAgeInDays")
    assert "Specify one of" in lab.failure("New-ComplianceTag", Name="y", **(values | {"RetentionType": "Z"}))


def test_whatif_is_executed(lab: Lab) -> None:
    lab.cmdlet("New-ComplianceTag", Name="really", WhatIf=True, Confirm=False)
    assert lab.named("Get-ComplianceTag", "really")


def test_a_write_that_says_done_and_is_not(lab: Lab) -> None:
    lab.switch(ignored_writes="Set-ComplianceTag")
    assert lab.warnings("Set-ComplianceTag", Identity="District visibility check label", RetentionDuration="99") == []
    assert lab.named("Get-ComplianceTag", "District visibility check label")["RetentionDuration"] == "30"


def test_region_discovery(lab: Lab) -> None:
    lab.switch(region="nam13b")
    url = f"/compliance/AdminApi/v1.0/{lab.state.tenant_id}/EXOModuleFile"
    answer = lab.http.get(url, headers={"Authorization": f"Bearer {lab.token('compliance')}"})
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://nam13b.admin.protection.outlook.com:446/")


def test_operations_are_named_by_cmdlet(lab: Lab) -> None:
    lab.cmdlet("Get-ComplianceTag")
    assert lab.world.exchanges[-1].operation == "Get-ComplianceTag"
    assert lab.world.exchanges[-1].caller == lab.state.app.app_id
