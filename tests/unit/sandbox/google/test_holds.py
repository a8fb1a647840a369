from __future__ import annotations

from typing import Any

import pytest

from sandbox.world import World
from tests.unit.sandbox.clients import Door, Google, address


@pytest.fixture
def matter(client: Google) -> str:
    return str(client.call("vault", "matters.create", body={"name": "Ashgrove v. district", "description": "d"})["matterId"])


def hold(client: Google, matter: str, name: str = "h", corpus: str = "MAIL", **more: Any) -> Any:
    return client.call("vault", "matters.holds.create", matterId=matter, body={"name": name, "corpus": corpus, **more})


def refused(client: Google, matter: str, **body: Any) -> tuple[int, str]:
    status, error = client.refused("vault", "matters.holds.create", matterId=matter, body={"name": "h", **body})
    return status, error["status"]


def unit(client: Google, path: str) -> str:
    return str(client.call("directory", "orgunits.get", customerId="my_customer", orgUnitPath=path)["orgUnitId"])


def people(world: World, *numbers: int) -> list[dict[str, str]]:
    return [{"email": address(world, number)} for number in numbers]


@pytest.mark.parametrize(
    ("corpus", "query", "echo"),
    [
        ("MAIL", {"mailQuery": {"terms": "roof", "startTime": "2025-09-01T17:45:00Z"}}, {"mailQuery": {"terms": "roof", "startTime": "2025-09-01T00:00:00Z"}}),
        ("MAIL", {"mailQuery": {"endTime": "2025-09-01T22:00:00-05:00"}}, {"mailQuery": {"endTime": "2025-09-02T00:00:00Z"}}),
        ("DRIVE", {"driveQuery": {"includeSharedDriveFiles": True}}, {"driveQuery": {"includeSharedDriveFiles": True}}),
        ("DRIVE", {"driveQuery": {"includeSharedDriveFiles": False}}, {"driveQuery": {}}),
        ("HANGOUTS_CHAT", {"hangoutsChatQuery": {"includeRooms": True}}, {"hangoutsChatQuery": {"includeRooms": True}}),
        ("VOICE", {"voiceQuery": {"coveredData": ["VOICEMAILS"]}}, {"voiceQuery": {"coveredData": ["VOICEMAILS"]}}),
        ("CALENDAR", {"calendarQuery": {}}, {"calendarQuery": {}}),
        ("CALENDAR", None, None),
        ("GEMINI", {"geminiQuery": {}}, {"geminiQuery": {}}),
        ("MAIL", None, None),
    ],
)
def test_every_corpus_takes_its_own_query_and_keeps_it_in_normal_form(
    client: Google, world: World, matter: str, corpus: str, query: object, echo: object
) -> None:
    more: dict[str, Any] = {"query": query} if query is not None else {}
    made = hold(client, matter, corpus=corpus, accounts=people(world, 0), **more)
    assert made.get("query") == echo
    assert client.call("vault", "matters.holds.get", matterId=matter, holdId=made["holdId"]) == made


def test_the_groups_corpus_holds_groups(client: Google, world: World, matter: str) -> None:
    made = hold(client, matter, corpus="GROUPS", query={"groupsQuery": {"terms": "roof"}}, accounts=[{"email": f"board@{world.domain}"}])
    group = client.call("directory", "groups.get", groupKey=f"board@{world.domain}")
    assert [account["accountId"] for account in made["accounts"]] == [group["id"]]
    assert refused(client, matter, corpus="GROUPS", accounts=people(world, 0)) == (400, "INVALID_ARGUMENT")
    assert refused(client, matter, corpus="MAIL", accounts=[{"email": f"board@{world.domain}"}]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    "body",
    [
        {"corpus": "MAIL", "query": {"driveQuery": {}}},
        {"corpus": "MAIL", "query": {"mailQuery": {}, "driveQuery": {}}},
        {"corpus": "GEMINI_IN_WORKSPACE"},
        {"corpus": "CORPUS_TYPE_UNSPECIFIED"},
        {"corpus": "EMAIL"},
        {},
        {"corpus": "VOICE"},
        {"corpus": "VOICE", "query": {"voiceQuery": {"coveredData": []}}},
        {"corpus": "MAIL", "accounts": [{"email": "nobody@harbormill.example"}]},
        {"corpus": "MAIL", "orgUnit": {"orgUnitId": "id:nothing"}},
        {"corpus": "MAIL", "name": ""},
        {"corpus": "MAIL", "query": {"mailQuery": {"startTime": "2025-13-45T00:00:00Z"}}},
    ],
)
def test_what_does_not_fit_is_invalid_and_makes_nothing(client: Google, matter: str, body: dict[str, Any]) -> None:
    assert refused(client, matter, **body) == (400, "INVALID_ARGUMENT")
    assert client.call("vault", "matters.holds.list", matterId=matter) == {}


def test_accounts_or_a_unit_never_both_and_no_unit_for_groups(client: Google, world: World, matter: str) -> None:
    staff = {"orgUnitId": unit(client, "/Staff")}
    assert refused(client, matter, corpus="MAIL", orgUnit=staff, accounts=people(world, 0)) == (400, "INVALID_ARGUMENT")
    assert refused(client, matter, corpus="GROUPS", orgUnit=staff) == (400, "INVALID_ARGUMENT")


def test_one_bad_account_spoils_the_whole_create(client: Google, world: World, matter: str) -> None:
    bad = [*people(world, 0), {"email": f"gone@{world.domain}"}]
    assert refused(client, matter, corpus="MAIL", accounts=bad) == (400, "INVALID_ARGUMENT")
    assert client.call("vault", "matters.holds.list", matterId=matter) == {}


def test_a_hold_name_is_taken_once_per_matter(client: Google, matter: str) -> None:
    hold(client, matter)
    assert refused(client, matter, corpus="DRIVE") == (409, "ALREADY_EXISTS")
    other = client.call("vault", "matters.create", body={"name": "another"})["matterId"]
    hold(client, other)


def test_a_hold_is_pending_until_its_time_has_come(client: Google, world: World, matter: str) -> None:
    made = hold(client, matter, accounts=people(world, 0))
    assert "holdTime" not in made["accounts"][0]
    world.clock.advance(89)
    assert "holdTime" not in client.call("vault", "matters.holds.get", matterId=matter, holdId=made["holdId"])["accounts"][0]
    world.clock.advance(1)
    shown = client.call("vault", "matters.holds.get", matterId=matter, holdId=made["holdId"])["accounts"][0]
    assert shown["holdTime"] == "2026-10-05T14:31:30.000Z"


def test_the_switch_says_how_long(client: Google, world: World, matter: str) -> None:
    world.switches["google.hold_delay"] = "86400"
    made = hold(client, matter, accounts=people(world, 0))
    world.clock.advance(86_399)
    assert "holdTime" not in client.call("vault", "matters.holds.get", matterId=matter, holdId=made["holdId"])["accounts"][0]


def test_a_hold_on_somebody_without_a_vault_licence_never_takes_effect(client: Google, door: Door, world: World, matter: str) -> None:
    door.console("remove_licence", email=address(world, 0))
    hold(client, matter, accounts=people(world, 0, 1))
    world.clock.advance(86_400)
    first, second = client.call("vault", "matters.holds.list", matterId=matter)["holds"][0]["accounts"]
    assert ("holdTime" in first, "holdTime" in second) == (False, True)
    door.console("assign_licence", email=address(world, 0), sku="1010070004")
    world.clock.advance(60)
    assert "holdTime" not in client.call("vault", "matters.holds.list", matterId=matter)["holds"][0]["accounts"][0]
    door.console("assign_licence", email=address(world, 0), sku="1010070001")
    world.clock.advance(3_540)
    # Not the time that was due, and not the order's: the moment from which it could be.
    assert client.call("vault", "matters.holds.list", matterId=matter)["holds"][0]["accounts"][0]["holdTime"] == "2026-10-06T14:31:00.000Z"


def test_a_licence_lost_later_leaves_the_hold_time_standing_which_is_why_the_roster_must_be_read_too(
    client: Google, door: Door, world: World, matter: str
) -> None:
    hold(client, matter, accounts=people(world, 0))
    world.clock.advance(120)
    door.console("remove_licence", email=address(world, 0))
    assert "holdTime" in client.call("vault", "matters.holds.list", matterId=matter)["holds"][0]["accounts"][0]
    assert not client.every("licensing", "licenseAssignments.listForProductAndSku", "items", productId="101031", skuId="1010310005", customerId="my_customer")


def test_views_tell_whom_a_hold_covers_unless_basic_is_asked_for(client: Google, world: World, matter: str) -> None:
    made = hold(client, matter, accounts=people(world, 0))
    assert "accounts" in client.call("vault", "matters.holds.list", matterId=matter)["holds"][0]
    assert "accounts" in client.call("vault", "matters.holds.list", matterId=matter, view="HOLD_VIEW_UNSPECIFIED")["holds"][0]
    basic = client.call("vault", "matters.holds.get", matterId=matter, holdId=made["holdId"], view="BASIC_HOLD")
    assert set(basic) == {"holdId", "name", "corpus", "updateTime"}


def test_lists_of_holds_come_in_pages_and_zero_means_a_hundred(client: Google, matter: str) -> None:
    for number in range(5):
        hold(client, matter, name=f"h{number}")
    first = client.call("vault", "matters.holds.list", matterId=matter, pageSize=2)
    assert [found["name"] for found in first["holds"]] == ["h0", "h1"]
    assert [found["name"] for found in client.every("vault", "matters.holds.list", "holds", matterId=matter, pageSize=2)] == [f"h{n}" for n in range(5)]
    assert len(client.call("vault", "matters.holds.list", matterId=matter, pageSize=0)["holds"]) == 5


def test_held_accounts_have_no_pages(client: Google, world: World, matter: str) -> None:
    made = hold(client, matter, accounts=people(world, *range(20)))
    listed = client.call("vault", "matters.holds.accounts.list", matterId=matter, holdId=made["holdId"])
    assert (len(listed["accounts"]), "nextPageToken" in listed) == (20, False)
    assert not hasattr(client.service("vault").matters().holds().accounts(), "list_next")


def test_an_update_without_accounts_keeps_them_and_with_accounts_replaces_them(client: Google, world: World, matter: str) -> None:
    made = hold(client, matter, accounts=people(world, 0, 1), query={"mailQuery": {"terms": "roof"}})
    world.clock.advance(120)
    ident = made["holdId"]
    body: dict[str, Any] = {"name": "renamed", "corpus": "DRIVE", "query": {"mailQuery": {"terms": "boiler"}}}
    kept = client.call("vault", "matters.holds.update", matterId=matter, holdId=ident, body=body)
    # The corpus cannot change, and asking for it is ignored without a word.
    assert (kept["name"], kept["corpus"], kept["query"], len(kept["accounts"])) == ("renamed", "MAIL", {"mailQuery": {"terms": "boiler"}}, 2)
    assert kept["updateTime"] > made["updateTime"]
    replaced = client.call("vault", "matters.holds.update", matterId=matter, holdId=ident, body={"corpus": "MAIL", "accounts": people(world, 1, 2)})
    assert [account["email"] for account in replaced["accounts"]] == [address(world, 1), address(world, 2)]
    assert ["holdTime" in account for account in replaced["accounts"]] == [True, False]
    assert "query" not in replaced


def test_a_hold_on_a_unit_must_be_told_its_unit_again(client: Google, world: World, matter: str) -> None:
    staff = {"orgUnitId": unit(client, "/Staff")}
    made = hold(client, matter, corpus="DRIVE", orgUnit=staff, query={"driveQuery": {}})
    assert "holdTime" not in made["orgUnit"]
    world.clock.advance(90)
    ident = made["holdId"]
    body: dict[str, Any] = {"name": "h", "corpus": "DRIVE", "query": {"driveQuery": {}}}
    status, error = client.refused("vault", "matters.holds.update", matterId=matter, holdId=ident, body=body)
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
    same = client.call("vault", "matters.holds.update", matterId=matter, holdId=ident, body={**body, "orgUnit": staff, "accounts": people(world, 0)})
    assert same["orgUnit"] == {**staff, "holdTime": "2026-10-05T14:31:30.000Z"}
    assert "accounts" not in same
    moved = client.call("vault", "matters.holds.update", matterId=matter, holdId=ident, body={**body, "orgUnit": {"orgUnitId": unit(client, "/Board")}})
    assert "holdTime" not in moved["orgUnit"]
    assert client.refused("vault", "matters.holds.addHeldAccounts", matterId=matter, holdId=ident, body={"emails": [address(world, 0)]})[0] == 400
    assert client.refused("vault", "matters.holds.accounts.create", matterId=matter, holdId=ident, body={"email": address(world, 0)})[0] == 400


def test_adding_many_answers_200_with_a_status_for_each(client: Google, world: World, matter: str) -> None:
    made = hold(client, matter, accounts=people(world, 0))
    emails = [address(world, 0), f"nobody@{world.domain}", address(world, 1)]
    answer = client.call("vault", "matters.holds.addHeldAccounts", matterId=matter, holdId=made["holdId"], body={"emails": emails})
    assert [response["status"].get("code", 0) for response in answer["responses"]] == [6, 5, 0]
    assert answer["responses"][2]["account"]["email"] == address(world, 1)
    assert len(client.call("vault", "matters.holds.accounts.list", matterId=matter, holdId=made["holdId"])["accounts"]) == 2


@pytest.mark.parametrize("body", [{}, {"emails": ["a@b.example"], "accountIds": ["1"]}])
def test_emails_or_ids_one_of_them(client: Google, matter: str, body: dict[str, Any]) -> None:
    made = hold(client, matter)
    assert client.refused("vault", "matters.holds.addHeldAccounts", matterId=matter, holdId=made["holdId"], body=body)[0] == 400


def test_removing_takes_ids_alone_and_answers_for_each(client: Google, world: World, matter: str) -> None:
    made = hold(client, matter, accounts=people(world, 0, 1))
    ident = made["accounts"][0]["accountId"]
    body = {"accountIds": [ident, "1" * 21]}
    answer = client.call("vault", "matters.holds.removeHeldAccounts", matterId=matter, holdId=made["holdId"], body=body)
    assert [status.get("code", 0) for status in answer["statuses"]] == [0, 5]
    assert client.refused("vault", "matters.holds.removeHeldAccounts", matterId=matter, holdId=made["holdId"], body={})[0] == 400
    assert len(client.call("vault", "matters.holds.get", matterId=matter, holdId=made["holdId"])["accounts"]) == 1


def test_removing_takes_no_addresses_neither_by_that_name_nor_as_ids(client: Google, world: World, matter: str) -> None:
    made = hold(client, matter, accounts=people(world, 0, 1))
    where = {"matterId": matter, "holdId": made["holdId"]}
    status, error = client.refused("vault", "matters.holds.removeHeldAccounts", **where, body={"emails": [address(world, 0)]})
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
    assert "emails" in error["message"]
    answer = client.call("vault", "matters.holds.removeHeldAccounts", **where, body={"accountIds": [address(world, 0)]})
    assert [one["code"] for one in answer["statuses"]] == [5]
    assert client.call("vault", "matters.holds.get", **where)["accounts"] == made["accounts"]


def test_a_call_may_leave_accounts_held_and_answer_200_all_the_same(client: Google, world: World, matter: str) -> None:
    made = hold(client, matter, accounts=people(world, 0, 1, 2))
    where = {"matterId": matter, "holdId": made["holdId"]}
    world.switches["google.vault.partial"] = "1:8"
    ids = [one["accountId"] for one in made["accounts"]]
    answer = client.call("vault", "matters.holds.removeHeldAccounts", **where, body={"accountIds": [ids[1], ids[0]]})
    assert [one.get("code", 0) for one in answer["statuses"]] == [8, 0], "in the order of the request"
    assert {one["accountId"] for one in client.call("vault", "matters.holds.get", **where)["accounts"]} == {ids[1], ids[2]}


def test_nobody_can_be_removed_from_a_units_hold(client: Google, matter: str, world: World) -> None:
    made = hold(client, matter, orgUnit={"orgUnitId": unit(client, "/Staff")})
    body = {"accountIds": [str(client.call("directory", "users.get", userKey=address(world, 0))["id"])]}
    status, error = client.refused("vault", "matters.holds.removeHeldAccounts", matterId=matter, holdId=made["holdId"], body=body)
    assert (status, error["status"]) == (400, "FAILED_PRECONDITION")


@pytest.mark.parametrize("method", ["delete", "removeHeldAccounts"])
def test_nothing_is_let_go_in_a_closed_matter_without_the_privilege_or_twice(client: Google, door: Door, world: World, matter: str, method: str) -> None:
    made = hold(client, matter, accounts=people(world, 0))
    body = {} if method == "delete" else {"body": {"accountIds": [made["accounts"][0]["accountId"]]}}
    where: dict[str, Any] = {"matterId": matter, "holdId": made["holdId"], **body}
    door.console("close_matter", matter=matter, holds="keep")
    assert client.refused("vault", f"matters.holds.{method}", **where)[1]["status"] == "FAILED_PRECONDITION"
    door.console("reopen_matter", matter=matter)
    door.console("remove_privilege", role="Records retention service", privilege="REMOVE_HOLD")
    assert client.refused("vault", f"matters.holds.{method}", **where)[1]["status"] == "PERMISSION_DENIED"
    assert client.call("vault", "matters.holds.get", matterId=matter, holdId=made["holdId"])["accounts"] == made["accounts"]
    door.console("delete_hold", matter=matter, hold=made["holdId"])
    door.console("add_privilege", role="Records retention service", privilege="REMOVE_HOLD")
    assert client.refused("vault", f"matters.holds.{method}", **where)[0] == 404


@pytest.mark.parametrize("method", ["delete", "removeHeldAccounts"])
def test_letting_go_spends_a_write_of_matters_and_of_holds(client: Google, world: World, matter: str, method: str) -> None:
    made = hold(client, matter, accounts=people(world, 0))
    gone: dict[str, Any] = {"matterId": matter, "holdId": "none"} | ({} if method == "delete" else {"body": {"accountIds": ["1"]}})
    for _ in range(58):  # making the matter and the hold were two
        assert client.refused("vault", f"matters.holds.{method}", **gone)[0] == 404
    assert client.refused("vault", f"matters.holds.{method}", **gone)[1]["status"] == "RESOURCE_EXHAUSTED"
    assert client.call("vault", "matters.holds.get", matterId=matter, holdId=made["holdId"])["accounts"]


def test_accounts_one_by_one(client: Google, world: World, matter: str) -> None:
    ident = hold(client, matter)["holdId"]
    where = {"matterId": matter, "holdId": ident}
    one = client.call("vault", "matters.holds.accounts.create", **where, body={"email": address(world, 3), "accountId": "1"})
    assert one["email"] == address(world, 3)
    status, error = client.refused("vault", "matters.holds.accounts.create", **where, body={"accountId": one["accountId"]})
    assert (status, error["status"]) == (409, "ALREADY_EXISTS")
    assert client.call("vault", "matters.holds.accounts.delete", **where, accountId=one["accountId"]) == {}
    assert client.refused("vault", "matters.holds.accounts.delete", **where, accountId=one["accountId"])[0] == 404
    assert client.call("vault", "matters.holds.accounts.list", **where) == {}


def test_a_deleted_hold_is_gone_at_once(client: Google, world: World, matter: str) -> None:
    made = hold(client, matter, accounts=people(world, 0))
    assert client.call("vault", "matters.holds.delete", matterId=matter, holdId=made["holdId"]) == {}
    status, error = client.refused("vault", "matters.holds.get", matterId=matter, holdId=made["holdId"])
    assert (status, error["status"]) == (404, "NOT_FOUND")


def test_a_rename_changes_the_address_in_the_hold_and_never_the_id(client: Google, door: Door, world: World, matter: str) -> None:
    made = hold(client, matter, accounts=people(world, 0))
    door.console("rename_user", email=address(world, 0), new_email=f"married.name@{world.domain}")
    account = client.call("vault", "matters.holds.get", matterId=matter, holdId=made["holdId"])["accounts"][0]
    assert (account["accountId"], account["email"]) == (made["accounts"][0]["accountId"], f"married.name@{world.domain}")


def test_writing_holds_has_a_budget_and_a_list_of_accounts_spends_it_too(client: Google, matter: str) -> None:
    ident = hold(client, matter)["holdId"]
    for _ in range(58):
        client.call("vault", "matters.holds.accounts.list", matterId=matter, holdId=ident)
    status, error = client.refused("vault", "matters.holds.accounts.list", matterId=matter, holdId=ident)
    assert (status, error["status"]) == (429, "RESOURCE_EXHAUSTED")
