"""Graph's directory: paging, selection, filters, groups, licences, drives, deletions."""

from __future__ import annotations

from .conftest import Lab

EVENTUAL = {"ConsistencyLevel": "eventual"}


def test_organisation_names_its_domains(lab: Lab) -> None:
    (row,) = lab.rows("/organization?$select=id,displayName,verifiedDomains")
    assert row["id"] == lab.state.tenant_id
    assert [domain["name"] for domain in row["verifiedDomains"] if domain["isInitial"]] == ["harbormill.onmicrosoft.com"]


def test_pages_give_everybody_once(lab: Lab) -> None:
    found = lab.rows("/users?$select=id&$top=5")
    assert len(found) > 20
    assert {row["id"] for row in found} == {account.id for account in lab.state.alive()}
    assert len(found) == len({str(row["id"]) for row in found})


def test_link_is_opaque_and_carries_what_was_asked(lab: Lab) -> None:
    first = lab.get("/users?$select=id,mail&$top=5")
    link = str(first["@odata.nextLink"])
    assert link.startswith(f"{lab.server.base_url}/graph/v1.0/users?")
    assert "skiptoken" in link
    assert set(lab.get(link)["value"][0]) == {"id", "mail"}
    borrowed = link.replace("/users?", "/groups?")
    assert lab.graph("GET", borrowed).json()["error"]["code"] == "Directory_ExpiredPageToken"


def test_a_page_may_be_empty_and_still_lead_on(lab: Lab) -> None:
    lab.switch(empty_page="on")
    first = lab.get("/users?$select=id")
    assert first["value"] == []
    assert "@odata.nextLink" in first
    assert len(lab.rows("/users?$select=id")) == len(lab.state.alive())
    lab.switch(empty_page="groups")
    assert lab.get("/users?$select=id")["value"] != []
    assert lab.get("/groups?$select=id")["value"] == []


def test_a_page_may_be_shorter_than_asked(lab: Lab) -> None:
    lab.switch(page_size="2")
    assert len(lab.get("/users?$select=id&$top=5")["value"]) == 2
    assert len(lab.rows("/users?$select=id&$top=5")) == len(lab.state.alive())
    first = lab.invoke("Get-ComplianceTag", "compliance", {"Prefer": "odata.maxpagesize=1"}).json()
    assert len(first["value"]) == 1


def test_page_size_has_a_ceiling(lab: Lab) -> None:
    assert lab.graph("GET", "/users?$top=1000").json()["error"]["code"] == "Request_UnsupportedQuery"


def test_selection_is_exact(lab: Lab) -> None:
    assert set(lab.get(f"/users/{lab.someone()}?$select=employeeId")) - {"@odata.context"} == {"employeeId"}
    assert "accountEnabled" not in lab.get(f"/users/{lab.someone()}")
    assert lab.graph("GET", "/users?$select=nonsense").status_code == 400


def test_alias_is_found_by_filter_and_is_no_id(lab: Lab) -> None:
    account = lab.state.account_at(lab.someone())
    assert account is not None
    alias = account.aliases[0]
    assert lab.graph("GET", f"/users/{alias}").json()["error"]["code"] == "Request_ResourceNotFound"
    (row,) = lab.rows(f"/users?$filter=proxyAddresses/any(p:p eq 'smtp:{alias}')&$select=id,proxyAddresses")
    assert row["id"] == account.id
    assert f"SMTP:{account.upn}" in row["proxyAddresses"]


def test_filters(lab: Lab) -> None:
    account = lab.state.account_at(lab.someone("student"))
    assert account is not None
    for clause in (
        f"employeeId eq '{account.employee_id}'",
        f"mail eq '{account.upn.upper()}'",
        f"id eq '{account.id}' or mail eq 'nobody@x.example'",
    ):
        assert [row["id"] for row in lab.rows(f"/users?$filter={clause}&$select=id")] == [account.id]
    disabled = lab.rows("/users?$filter=accountEnabled eq false&$select=id")
    assert len(disabled) == 1
    assert lab.graph("GET", "/users?$filter=startswith(mail,'a')").json()["error"]["code"] == "Request_UnsupportedQuery"


def test_count_only_for_advanced_queries(lab: Lab) -> None:
    assert "@odata.count" not in lab.get("/users?$count=true&$top=2")
    assert lab.get("/users?$count=true&$top=2", headers=EVENTUAL)["@odata.count"] == len(lab.state.alive())
    assert lab.graph("GET", "/users/$count", headers={"Accept": "text/plain"}).text == str(len(lab.state.alive()))
    assert lab.graph("GET", "/users/$count", headers={"Accept": "application/json"}).status_code == 415


def test_nested_members_need_the_transitive_list(lab: Lab) -> None:
    group = lab.rows("/groups?$filter=mail eq 'staff@harbormill.example'&$select=id")[0]["id"]
    direct = lab.rows(f"/groups/{group}/members?$select=id,mail")
    assert any(row["@odata.type"] == "#microsoft.graph.group" for row in direct)
    path = f"/groups/{group}/transitiveMembers/microsoft.graph.user?$select=id,userPrincipalName&$top=5&$count=true"
    people = {str(row["userPrincipalName"]) for row in lab.rows(path, headers=EVENTUAL)}
    employed = {person.local_part for person in lab.world.people if person.role in {"administrator", "teacher", "staff"}}
    assert people == {f"{local}@harbormill.example" for local in employed}
    assert lab.graph("GET", path.replace("&$count=true", "")).json()["error"]["code"] == "Request_UnsupportedQuery"


def test_hidden_membership_is_an_empty_list_and_no_refusal(lab: Lab) -> None:
    (group,) = [row for row in lab.rows("/groups?$select=id,visibility") if row["visibility"] == "HiddenMembership"]
    assert len(lab.rows(f"/groups/{group['id']}/transitiveMembers?$select=id")) == 2
    lab.switch(missing_roles="Member.Read.Hidden")
    assert lab.rows(f"/groups/{group['id']}/transitiveMembers?$select=id") == []


def test_two_groups_may_share_a_display_name(lab: Lab) -> None:
    assert len(lab.rows("/groups?$filter=displayName eq 'Athletics'&$select=id")) == 2


def test_licences_follow_the_switch(lab: Lab) -> None:
    details = lab.rows(f"/users/{lab.someone('student')}/licenseDetails")
    assert [row["skuPartNumber"] for row in details] == ["M365EDU_A5_STUDENT"]
    plans = {plan["servicePlanName"] for row in lab.rows("/subscribedSkus") for plan in row["servicePlans"]}
    assert "RECORDS_MANAGEMENT" in plans
    lab.switch(licence="A3")
    plans = {plan["servicePlanName"] for row in lab.rows("/subscribedSkus") for plan in row["servicePlans"]}
    assert "EXCHANGE_S_ENTERPRISE" in plans
    assert not plans & {"RECORDS_MANAGEMENT", "EQUIVIO_ANALYTICS"}


def test_a_drive_has_its_site_or_is_missing_or_locked(lab: Lab) -> None:
    address = lab.someone()
    drive = lab.get(f"/users/{address}/drive?$select=id,webUrl,driveType,owner,sharePointIds")
    assert drive["webUrl"] == f"{drive['sharePointIds']['siteUrl']}/Documents"
    account = lab.state.account_at(address)
    assert account is not None
    assert account.drive is not None
    account.drive.locked = True
    assert lab.graph("GET", f"/users/{address}/drive").status_code == 423
    account.drive = None
    missing = lab.graph("GET", f"/users/{address}/drive")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ResourceNotFound")


def test_a_deleted_person_is_in_the_bin_alone(lab: Lab) -> None:
    address = lab.someone("staff")
    ident = lab.act("delete_user", user=address)["user"]
    assert lab.graph("GET", f"/users/{ident}").status_code == 404
    gone = {row["id"]: row for row in lab.rows("/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime")}
    assert gone[ident]["userPrincipalName"] == f"{str(ident).replace('-', '')}{address}"
    lab.act("purge_user", user=ident)
    assert ident not in {row["id"] for row in lab.rows("/directory/deletedItems/microsoft.graph.user?$select=id")}


def test_a_site_by_its_path(lab: Lab) -> None:
    assert (
        lab.get("/sites/harbormill.sharepoint.com:/sites/district?$select=id,webUrl")["webUrl"]
        == "https://harbormill.sharepoint.com/sites/district"
    )
    assert lab.graph("GET", "/sites/harbormill.sharepoint.com:/sites/none").json()["error"]["code"] == "itemNotFound"


def test_missing_permission_and_unknown_path(lab: Lab) -> None:
    lab.switch(missing_roles="User.Read.All")
    refused = lab.graph("GET", "/users")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Authorization_RequestDenied")
    unknown = lab.graph("GET", "/security/retentionPolicies")
    assert unknown.status_code == 400
    assert "segment 'retentionPolicies'" in unknown.json()["error"]["message"]


def test_request_ids_are_echoed(lab: Lab) -> None:
    answer = lab.graph("GET", "/organization", headers={"client-request-id": "5b0c0a52"})
    assert answer.headers["client-request-id"] == "5b0c0a52"
    assert answer.headers["request-id"]


def test_mail_is_accepted_without_a_word_and_stands_in_the_dump(lab: Lab) -> None:
    sender = lab.someone()
    path = f"/users/{sender}/sendMail"
    to = [{"emailAddress": {"address": "board@harbormill.example"}}]
    message = {"subject": "s", "body": {"contentType": "Text", "content": "c"}, "toRecipients": to}
    answer = lab.graph("POST", path, json={"message": message, "saveToSentItems": False})
    assert (answer.status_code, answer.content) == (202, b"")
    assert lab.graph("POST", path, json={"message": message}).status_code == 202
    assert [(mail.to, mail.message["subject"], mail.saved) for mail in lab.state.sent] == [(("board@harbormill.example",), "s", False), (("board@harbormill.example",), "s", True)]


def test_mail_that_cannot_be_sent_is_refused_and_kept_nowhere(lab: Lab) -> None:
    path = f"/users/{lab.someone()}/sendMail"
    message = {"subject": "s", "toRecipients": [{"emailAddress": {"address": "board@harbormill.example"}}]}
    assert lab.graph("POST", path, json={"message": {"subject": "s"}}).status_code == 400
    assert lab.graph("POST", path, json={"message": {"toRecipients": [{"emailAddress": {"address": "nobody"}}]}}).status_code == 400
    assert lab.graph("POST", "/users/nobody@harbormill.example/sendMail", json={"message": message}).status_code == 404
    lab.switch(mail_senders="records.office@harbormill.example")
    refused = lab.graph("POST", path, json={"message": message})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "ErrorAccessDenied")
    lab.switch(mail_senders="", missing_roles="Mail.Send")
    assert lab.graph("POST", path, json={"message": message}).status_code == 403
    assert lab.state.sent == []
