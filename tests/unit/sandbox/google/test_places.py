# mypy: allow-untyped-calls
"""Shared drives, chat spaces, keyless signing, and addresses of Google's own that lead here."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from google.oauth2 import service_account

from sandbox.google import hosts
from sandbox.google.state import state_of
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.unit.sandbox.clients import AUTH, Door, Google, address

EVERY_SPACE = 'customer = "customers/my_customer" AND space_type = "SPACE"'


def spaces(client: Google, query: str = EVERY_SPACE, **more: Any) -> list[str]:
    found = client.call("chat", "spaces.search", useAdminAccess=True, query=query, **more)
    assert [result["space"] for result in found.get("results", [])] == found.get("spaces", [])
    return [space["displayName"] for space in found.get("spaces", [])]


def test_an_administrator_lists_every_shared_drive_and_others_only_theirs(client: Google, door: Door, world: World) -> None:
    door.console("add_shared_drive", name="Athletics")
    listed = client.every("drive", "drives.list", "drives", useDomainAdminAccess=True, pageSize=2)
    assert [drive["name"] for drive in listed] == ["Athletics", "Board packets", "Student services"]
    assert client.call("drive", "drives.get", driveId=listed[0]["id"], useDomainAdminAccess=True) == listed[0]
    assert client.call("drive", "drives.list")["drives"] == []
    person = address(world, 5).partition("@")[0]
    assert client.refused("drive", "drives.list", person, useDomainAdminAccess=True)[0] == 403


def test_spaces_whose_history_is_off_are_found_by_an_administrator(client: Google, door: Door) -> None:
    assert spaces(client, f'{EVERY_SPACE} AND space_history_state = "HISTORY_OFF"') == []
    door.console("set_space_history", space="Snow days", on=False)
    assert spaces(client, f'{EVERY_SPACE} AND space_history_state = "HISTORY_OFF"') == ["Snow days"]
    assert len(spaces(client)) == 4
    order = "membership_count.joined_direct_human_user_count DESC"
    assert spaces(client, orderBy=order, pageSize=1) == ["Snow days"]
    (space,) = client.call("chat", "spaces.search", useAdminAccess=True, query=EVERY_SPACE, orderBy=order, pageSize=1)["spaces"]
    assert space["membershipCount"] == {"joinedDirectHumanUserCount": 60_000}
    assert client.call("chat", "spaces.get", name=space["name"], useAdminAccess=True) == space


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ('display_name:"Mill"', 1),
        ('(display_name:"snow" OR display_name:"birch elem")', 2),
        ('(last_active_time > "2020-01-01T00:00:00+00:00" AND last_active_time < "2021-01-01T00:00:00+00:00")', 0),
        ('create_time >= "2020-01-01T00:00:00+00:00"', 4),
        ("external_user_allowed = true", 0),
    ],
)
def test_spaces_are_searched_as_the_method_describes(client: Google, more: str, count: int) -> None:
    assert len(spaces(client, f"{EVERY_SPACE} AND {more}")) == count


@pytest.mark.parametrize(
    "query", ["", 'space_type = "SPACE"', f'{EVERY_SPACE} AND owner = "x"', f"{EVERY_SPACE} AND space_history_state = OFF", f'{EVERY_SPACE} AND create_time > "x"']
)
def test_a_search_that_cannot_be_read_is_refused(client: Google, query: str) -> None:
    assert client.refused("chat", "spaces.search", useAdminAccess=True, query=query)[0] == 400


def test_searching_spaces_needs_the_privilege(client: Google, door: Door) -> None:
    door.console("remove_privilege", role="Records retention service", service="chat", privilege="MANAGE_SPACES")
    assert client.refused("chat", "spaces.search", useAdminAccess=True, query=EVERY_SPACE)[0] == 403


def sign(client: Google, credentials: Any, email: str, claims: object) -> tuple[int, Any]:
    import google_auth_httplib2

    http = google_auth_httplib2.AuthorizedHttp(credentials, http=client.http())
    url = f"{client.server.base_url}/iam_credentials/v1/projects/-/serviceAccounts/{email}:signJwt"
    answer, content = http.request(url, "POST", body=json.dumps({"payload": json.dumps(claims)}), headers={"content-type": "application/json"})
    return answer.status, json.loads(content)


class Machine(service_account.Credentials):
    """Without the library's look at a region, which would leave for IAM's real address."""

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False


def test_the_machine_signs_for_the_application_without_a_key_and_the_token_is_good(client: Google, world: World, door: Door) -> None:
    info = json.loads((client.server.folder / "google-machine.json").read_text(encoding="utf-8"))
    credentials = Machine.from_service_account_info(info, scopes=[AUTH + "cloud-platform"])
    state = state_of(world)
    application = state.service_account.email
    now = int(world.clock.wall().timestamp())
    claims = {
        "iss": application, "sub": f"records.bot@{world.domain}", "scope": AUTH + "ediscovery.readonly",
        "aud": "https://oauth2.googleapis.com/token", "iat": now, "exp": now + 3600,
    }  # fmt: skip
    status, answer = sign(client, credentials, application, claims)
    assert (status, answer["keyId"]) == (200, state.service_account.key_id)
    form = f"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={answer['signedJwt']}"
    status, text, _ = door.send("POST", "/token", form, {"content-type": "application/x-www-form-urlencoded"})
    token = json.loads(text)["access_token"]
    status, text, _ = door.send("GET", "/vault/v1/matters", headers={"authorization": f"Bearer {token}"})
    assert (status, len(json.loads(text)["matters"])) == (200, 1)
    assert sign(client, credentials, application, claims | {"exp": now + 13 * 3600})[0] == 400
    assert sign(client, credentials, "nobody@district-records.iam.gserviceaccount.com", claims)[0] == 404
    world.switches["google.token_creator"] = "off"
    assert sign(client, credentials, application, claims)[0] == 403


def test_nothing_is_delegated_to_the_machine_itself(client: Google, world: World) -> None:
    from google.auth.exceptions import RefreshError
    from google.auth.transport.requests import Request

    info = json.loads((client.server.folder / "google-machine.json").read_text(encoding="utf-8"))
    credentials = Machine.from_service_account_info(info, scopes=[AUTH + "ediscovery"], subject=f"records.bot@{world.domain}")
    request = Request()
    request.session.verify = str(client.server.ca)
    request.session.trust_env = False
    with pytest.raises(RefreshError, match="unauthorized_client"):
        credentials.refresh(request)
    request.session.close()


@pytest.mark.parametrize(
    ("host", "path", "query", "leads_to"),
    [
        ("vault.googleapis.com", "/v1/matters", "", "/vault/v1/matters"),
        ("admin.googleapis.com", "/admin/directory/v1/users", "", "/directory/admin/directory/v1/users"),
        ("admin.googleapis.com", "/admin/reports/v1/activity/users/all/applications/vault", "", "/reports/admin/reports/v1/activity/users/all/applications/vault"),
        ("admin.googleapis.com", "/$discovery/rest", "version=reports_v1", "/reports/$discovery/rest"),
        ("admin.googleapis.com", "/$discovery/rest", "version=directory_v1", "/directory/$discovery/rest"),
        ("groupssettings.googleapis.com", "/$discovery/rest", "version=v1", "/groupssettings/$discovery/rest"),
        ("www.googleapis.com", "/drive/v3/drives", "", "/drive/drive/v3/drives"),
        ("www.googleapis.com", "/groups/v1/groups/a@b.example", "", "/groupssettings/groups/v1/groups/a@b.example"),
        ("www.googleapis.com", "/discovery/v1/apis/vault/v1/rest", "", "/discovery/v1/apis/vault/v1/rest"),
        ("oauth2.googleapis.com", "/token", "", "/token"),
        ("oauth2.googleapis.com", "/revoke", "", None),
        ("127.0.0.1", "/vault/v1/matters", "", None),
        ("vault.googleapis.com.elsewhere.example", "/v1/matters", "", None),
    ],
)
def test_googles_names_lead_to_the_surface_that_is_meant(host: str, path: str, query: str, leads_to: str | None) -> None:
    assert hosts.path_at(host, path, query) == leads_to


def test_discovery_documents_are_the_ones_that_google_ships_and_lead_back_to_where_they_were_asked(server: SandboxServer, door: Door) -> None:
    status, text, _ = door.send("GET", "/vault/$discovery/rest?version=v1")
    document = json.loads(text)
    assert (status, document["name"], document["rootUrl"]) == (200, "vault", f"{server.base_url}/vault/")
    status, text, _ = door.send("GET", "/discovery/v1/apis/drivelabels/v2/rest")
    assert json.loads(text)["rootUrl"] == "https://drivelabels.googleapis.com/"
    assert door.send("GET", "/discovery/v1/apis/nothing/v9/rest")[0] == 404
    assert door.send("GET", "/vault/$discovery/rest?version=v2")[0] == 404


def self_signed(client: Google, audience: str) -> str:
    from google.auth import jwt

    info = json.loads((client.server.folder / "google-sa.json").read_text(encoding="utf-8"))
    credentials = jwt.Credentials.from_service_account_info(info, audience=audience)
    credentials.refresh(None)
    return f"Bearer {credentials.token.decode()}"


def test_a_service_account_acts_as_itself_once_it_has_a_role_and_for_one_api_at_a_time(client: Google, door: Door, world: World) -> None:
    bearer = {"authorization": self_signed(client, "https://vault.googleapis.com/")}
    assert door.send("GET", "/vault/v1/matters", headers=bearer)[0] == 403
    account = state_of(world).service_account
    assert "cannot be super administrator" in door.refused("assign_role", role="_SEED_ADMIN_ROLE", email=account.email)
    door.console("assign_role", role="Records retention service", email=account.email)
    assert door.send("GET", "/vault/v1/matters", headers=bearer)[0] == 200
    assert door.send("POST", "/vault/v1/matters", {"name": "its own"}, bearer)[0] == 200
    world.clock.advance(600)
    events = client.every("reports", "activities.list", "items", userKey="all", applicationName="vault", eventName="create_investigation_end")
    assert events[0]["actor"]["email"] == account.email
    assert door.send("GET", "/directory/admin/directory/v1/users?customer=my_customer", headers=bearer)[0] == 401
    door.console("unassign_role", role="Records retention service", email=account.email)
    assert door.send("GET", "/vault/v1/matters", headers=bearer)[0] == 403


def test_nobody_on_hold_can_be_deleted_and_a_hold_at_the_top_stops_every_deletion(client: Google, door: Door, world: World) -> None:
    """G§1.5, G§4.2: why the top unit is never put on hold."""
    assert door.console("delete_user", email=address(world, 9))["email"] == address(world, 9)
    top = client.call("directory", "orgunits.get", customerId="my_customer", orgUnitPath="/")["orgUnitId"]
    matter = client.call("vault", "matters.create", body={"name": "m"})["matterId"]
    body = {"name": "everybody", "corpus": "MAIL", "orgUnit": {"orgUnitId": top}}
    client.call("vault", "matters.holds.create", matterId=matter, body=body)
    for number in (3, 12, 20):
        assert "is on hold (everybody)" in door.refused("delete_user", email=address(world, number))
    world.clock.advance(timedelta(days=1).total_seconds())
    (hold,) = client.call("vault", "matters.holds.list", matterId=matter)["holds"]
    assert "holdTime" in hold["orgUnit"]
