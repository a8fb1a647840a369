"""A person signs in: browser with PKCE, device code, refresh; each refusal has its number."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Json, Lab
from .people import HERE, OFFICER, SCOPES, browse, came_back, public_client, sign_in
from .test_login import claims_of


def begin(lab: Lab, **more: Any) -> tuple[Any, Json]:
    client = public_client(lab)
    flow: Json = client.initiate_auth_code_flow(SCOPES, redirect_uri=HERE, response_mode="form_post", **more)
    return client, flow


def redeem(lab: Lab, **form: str) -> Json:
    values = {"client_id": lab.state.app.app_id, "grant_type": "authorization_code", "redirect_uri": HERE, **form}
    answer = lab.http.post(f"/{lab.state.tenant_id}/oauth2/v2.0/token", data=values)
    found: Json = answer.json()
    return found | {"status": answer.status_code}


def test_the_browser_brings_a_code_and_the_code_a_persons_token(lab: Lab) -> None:
    answer = sign_in(lab)
    claims = claims_of(answer["access_token"])
    assert (claims["upn"], claims["idtyp"]) == (OFFICER, "user")
    assert set(claims["scp"].split()) == {"RecordsManagement.ReadWrite.All", "eDiscovery.ReadWrite.All"}
    assert "roles" not in claims
    assert answer["id_token_claims"]["preferred_username"] == OFFICER
    assert "refresh_token" in answer


def test_a_code_works_once_with_its_verifier_and_its_address(lab: Lab) -> None:
    _, flow = begin(lab)
    code = came_back(browse(lab, flow["auth_uri"]))["code"]
    assert redeem(lab, code=code, code_verifier="wrong" * 10)["error_codes"] == [501481]
    assert redeem(lab, code=code)["error_codes"] == [501481]
    assert redeem(lab, code=code, code_verifier=flow["code_verifier"], redirect_uri="http://localhost:1/")["error_codes"] == [500112]
    assert redeem(lab, code=code, code_verifier=flow["code_verifier"])["status"] == 200
    assert redeem(lab, code=code, code_verifier=flow["code_verifier"])["error_codes"] == [54005]
    assert redeem(lab, code="1.never", code_verifier="x")["error_codes"] == [70008]


@pytest.mark.parametrize(("mode", "status"), [("query", 302), ("form_post", 200)])
def test_two_ways_back(lab: Lab, mode: str, status: int) -> None:
    _, flow = begin(lab)
    page = browse(lab, flow["auth_uri"].replace("form_post", mode))
    assert page.status_code == status
    assert came_back(page)["state"] == flow["state"]


def test_declining_says_so(lab: Lab) -> None:
    _, flow = begin(lab)
    back = came_back(browse(lab, flow["auth_uri"], choice="decline"))
    assert back["error"] == "access_denied"
    assert back["error_description"].startswith("AADSTS65004")
    assert back["state"] == flow["state"]


def test_strangers_and_disabled_accounts_stay_on_the_page(lab: Lab) -> None:
    disabled = next(account.upn for account in lab.state.alive() if not account.enabled)
    for who, number in (("nobody@harbormill.example", "AADSTS50034"), (disabled, "AADSTS50057")):
        _, flow = begin(lab)
        page = browse(lab, flow["auth_uri"], who)
        assert page.status_code == 400
        assert number in page.text


def test_an_address_that_is_not_registered_is_never_redirected_to(lab: Lab) -> None:
    client = public_client(lab)
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri="https://elsewhere.example/", response_mode="form_post")
    page = browse(lab, flow["auth_uri"])
    assert page.status_code == 400
    assert "AADSTS50011" in page.text


def test_what_nobody_consented_to_is_refused(lab: Lab) -> None:
    lab.switch(missing_scopes="eDiscovery.ReadWrite.All")
    _, flow = begin(lab)
    assert came_back(browse(lab, flow["auth_uri"]))["error_description"].startswith("AADSTS65001")
    both = ["https://graph.microsoft.com/User.Read", "https://outlook.office365.com/Exchange.Manage"]
    flow = public_client(lab).initiate_auth_code_flow(both, redirect_uri=HERE, response_mode="form_post")
    assert came_back(browse(lab, flow["auth_uri"]))["error_description"].startswith("AADSTS28000")


def test_a_registration_without_public_flows_wants_its_secret(lab: Lab) -> None:
    lab.switch(public_client="off")
    assert sign_in(lab)["error_codes"] == [7000218]


def device(lab: Lab) -> tuple[Any, Json]:
    lab.switch(device_interval="1")
    client = public_client(lab)
    flow: Json = client.initiate_device_flow(SCOPES)
    assert "user_code" in flow, flow
    return client, flow


def poll(client: Any, flow: Json) -> Json:
    answer: Json = client.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: True)
    return answer


def answer_device(lab: Lab, flow: Json, **form: str) -> str:
    assert flow["verification_uri"] == f"{lab.server.base_url}/device"
    page = lab.http.get(flow["verification_uri"])
    assert 'name="code"' in page.text
    return lab.http.post(flow["verification_uri"], data={"code": flow["user_code"].lower(), "login": OFFICER, "choice": "accept", **form}).text


def test_a_device_waits_until_the_person_has_signed_in(lab: Lab) -> None:
    client, flow = device(lab)
    assert (flow["expires_in"], flow["user_code"] in flow["message"]) == (900, True)
    assert poll(client, flow)["error"] == "authorization_pending"
    answer_device(lab, flow)
    answer = poll(client, flow)
    assert claims_of(answer["access_token"])["upn"] == OFFICER
    assert poll(client, flow)["error"] == "bad_verification_code"


@pytest.mark.parametrize(("form", "error"), [({"choice": "decline"}, "authorization_declined"), ({"code": "NOPE"}, "authorization_pending")])
def test_a_device_whose_person_declines_or_mistypes(lab: Lab, form: dict[str, str], error: str) -> None:
    client, flow = device(lab)
    answer_device(lab, flow, **form)
    assert poll(client, flow)["error"] == error


def test_a_tenant_that_forbids_device_code(lab: Lab) -> None:
    lab.switch(device_code="blocked")
    client, flow = device(lab)
    assert "AADSTS53003" in answer_device(lab, flow)
    assert poll(client, flow)["error_codes"] == [53003]


def refresh(lab: Lab, token: str, scope: str = SCOPES[0]) -> Json:
    form = {"client_id": lab.state.app.app_id, "grant_type": "refresh_token", "refresh_token": token, "scope": scope}
    found: Json = lab.http.post(f"/{lab.state.tenant_id}/oauth2/v2.0/token", data=form).json()
    return found


def test_a_session_goes_on_for_another_resource_and_the_old_token_stays_good(lab: Lab) -> None:
    first = sign_in(lab)["refresh_token"]
    other = refresh(lab, first, "https://outlook.office365.com/.default offline_access")
    claims = claims_of(other["access_token"])
    assert (claims["aud"], claims["scp"]) == ("https://outlook.office365.com", "Exchange.Manage")
    assert other["refresh_token"] != first
    assert claims_of(refresh(lab, first)["access_token"])["scp"] == "RecordsManagement.ReadWrite.All"


def test_a_session_ends_when_it_is_revoked_or_the_account_goes(lab: Lab) -> None:
    token = sign_in(lab)["refresh_token"]
    lab.act("revoke_sessions", user=OFFICER)
    assert refresh(lab, token)["error_codes"] == [50173]
    lab.advance(60)
    token = sign_in(lab)["refresh_token"]
    assert "access_token" in refresh(lab, token)
    lab.act("suspend_user", user=OFFICER)
    assert refresh(lab, token)["error_codes"] == [50057]
    lab.act("delete_user", user=OFFICER)
    assert refresh(lab, token)["error_codes"] == [50034]
    assert refresh(lab, "1.forged")["error_codes"] == [9002313]


def test_a_token_of_somebody_who_is_blocked_stops_working(lab: Lab) -> None:
    lab.tokens["graph"] = sign_in(lab)["access_token"]
    assert lab.graph("GET", "/security/labels/retentionLabels").status_code == 200
    lab.act("suspend_user", user=OFFICER)
    assert lab.graph("GET", "/security/labels/retentionLabels").status_code == 401


def test_keys_and_instances_are_there_for_those_who_ask(lab: Lab) -> None:
    discovery = lab.http.get(f"/{lab.state.tenant_id}/v2.0/.well-known/openid-configuration").json()
    assert lab.http.get(discovery["jwks_uri"]).json()["keys"][0]["kty"] == "RSA"
    found = lab.http.get("/common/discovery/instance").json()
    assert found["tenant_discovery_endpoint"].startswith(lab.server.base_url)
