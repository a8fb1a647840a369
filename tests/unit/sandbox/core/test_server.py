from __future__ import annotations

import http.client
import json
import ssl
import stat
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from starlette.requests import Request
from starlette.responses import Response

from sandbox.people import make_world
from sandbox.routing import SandboxRoute, json_of, json_response
from sandbox.server import SandboxServer
from sandbox.tenant import ConsoleAct
from sandbox.world import Exchange, Fault, World
from tests.unit.sandbox.clients import Door


class Counter:
    """The least tenant: one surface that counts, with an operation that the body names, as the admin endpoint's cmdlets do."""

    TENANT_ID: str = "counter"

    @staticmethod
    def install(world: World, _folder: Path) -> None:
        world.state["counter"] = {"n": 0}

    @staticmethod
    def routes(world: World) -> dict[str, list[SandboxRoute]]:
        state = world.state["counter"]
        assert isinstance(state, dict)

        def add(request: Request) -> Response:
            request.state.caller = "tester"
            state["n"] += 1
            return json_response({"n": state["n"], "@odata.nextLink": str(request.base_url) + "next"})

        def broken(request: Request) -> Response:
            raise RuntimeError("no")

        return {
            "graph": [
                SandboxRoute("/add", add, methods=["POST"], operation=lambda request: str(json_of(request)["cmdlet"])),
                SandboxRoute("/plain/{id}", add, methods=["GET"]),
                SandboxRoute("/broken", broken, methods=["GET"]),
            ],
            "authority": [SandboxRoute("/{tenant}/v2.0/token", add, methods=["POST"], operation="token")],
        }

    @staticmethod
    def console_acts(_world: World) -> dict[str, ConsoleAct]:
        return {"echo": lambda given: {"given": dict(given)}}

    @staticmethod
    def dump(world: World) -> dict[str, object]:
        return {"state": world.state["counter"]}

    @staticmethod
    def overlay(_world: World, base_url: str) -> dict[str, object]:
        return {"endpoints": {"graph": f"{base_url}/graph"}}

    @staticmethod
    def judge(_world: World, _exchange: Exchange) -> list[str]:
        return []


@pytest.fixture
def counting(tmp_path: Path) -> tuple[World, SandboxServer]:
    world = make_world("tiny")
    return world, SandboxServer(world, (Counter(),), tmp_path / "state")


def test_surfaces_answer_under_their_prefix_and_sign_in_at_the_root(counting: tuple[World, SandboxServer]) -> None:
    world, server = counting
    with server:
        door = Door(server)
        status, body, _ = door.send("POST", "/graph/add?x=1", {"cmdlet": "Get-Thing"})
        assert (status, json.loads(body)) == (200, {"n": 1, "@odata.nextLink": f"{server.base_url}/graph/next"})
        assert door.send("POST", "/some-tenant/v2.0/token")[0] == 200
        assert door.send("GET", "/graph/plain/7")[0] == 200
        assert [door.send("GET", path)[0] for path in ("/graph/add", "/graphic/add", "/nowhere")] == [404, 404, 404]
    assert [(e.surface, e.method, e.path, e.operation, e.caller, e.status) for e in world.exchanges] == [
        ("graph", "POST", "/graph/add?x=1", "Get-Thing", "tester", 200),
        ("authority", "POST", "/some-tenant/v2.0/token", "token", "tester", 200),
        ("graph", "GET", "/graph/plain/7", "/plain/{id}", "tester", 200),
    ]


@pytest.mark.parametrize("path", ["/graph/plain/7", "/nowhere"])
def test_the_date_of_an_answer_is_of_the_sandboxs_clock(counting: tuple[World, SandboxServer], path: str) -> None:
    world, server = counting
    with server:
        world.clock.advance(40 * 86_400)
        _, _, headers = Door(server).send("GET", path)
        assert abs(parsedate_to_datetime(headers["date"]) - world.clock.now()) < timedelta(seconds=10)


def test_a_client_that_does_not_know_the_ca_is_not_served(counting: tuple[World, SandboxServer]) -> None:
    _, server = counting
    with server:
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=ssl.create_default_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            connection.request("GET", "/graph/plain/7")
        connection.close()


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
def test_a_reset_closes_without_an_answer_before_the_work_or_after_it(counting: tuple[World, SandboxServer], when: str, done: int) -> None:
    world, server = counting
    with server:
        door = Door(server)
        assert door.ask("POST", "faults", {"surface": "graph", "operation": "New-*", "kind": "reset", "when": when}) == (200, {"added": 1})
        assert door.send("POST", "/graph/add", {"cmdlet": "Get-Thing"})[0] == 200
        with pytest.raises(http.client.RemoteDisconnected):
            door.send("POST", "/graph/add", {"cmdlet": "New-Thing"})
        assert world.state["counter"] == {"n": 1 + done}
        assert door.send("POST", "/graph/add", {"cmdlet": "New-Thing"})[0] == 200
    assert [e.status for e in world.exchanges] == [200, 0, 200]


def test_a_fault_strikes_from_the_nth_request_so_many_times(counting: tuple[World, SandboxServer]) -> None:
    world, server = counting
    world.faults.append(Fault(surface="*", operation="*", kind="status", when="before", nth=2, times=2, status=429, headers={"Retry-After": "3"}))
    with server:
        door = Door(server)
        answers = [door.send("GET", "/graph/plain/7") for _ in range(4)]
    assert [answer[0] for answer in answers] == [200, 429, 429, 200]
    assert answers[1][2]["retry-after"] == "3"
    assert json.loads(answers[1][1])["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert world.state["counter"] == {"n": 2}


def test_a_fault_can_wait_for_a_further_page(counting: tuple[World, SandboxServer]) -> None:
    _world, server = counting
    with server:
        door = Door(server)
        asked = {"surface": "graph", "operation": "*", "kind": "status", "status": 504, "query": "skiptoken"}
        assert door.ask("POST", "faults", asked) == (200, {"added": 1})
        assert "skiptoken" in str(door.ask("GET", "faults")[1])
        assert [door.send("GET", path)[0] for path in ("/graph/plain/7", "/graph/plain/7?%24skiptoken=a", "/graph/plain/7?%24skiptoken=a")] == [200, 504, 200]


def test_a_token_endpoint_that_fails_speaks_oauth(counting: tuple[World, SandboxServer]) -> None:
    world, server = counting
    world.faults.append(Fault(surface="authority", operation="token", kind="status", when="before"))
    with server:
        status, body, _ = Door(server).send("POST", "/some-tenant/v2.0/token")
    assert (status, json.loads(body)["error"]) == (503, "temporarily_unavailable")


def test_a_truncated_answer_promises_more_than_it_sends(counting: tuple[World, SandboxServer]) -> None:
    world, server = counting
    world.faults.append(Fault(surface="graph", operation="*", kind="truncated", when="after"))
    with server, pytest.raises(http.client.IncompleteRead):
        Door(server).send("GET", "/graph/plain/7")


def test_a_page_of_html_comes_with_200_and_a_foreign_link_leads_away(counting: tuple[World, SandboxServer]) -> None:
    world, server = counting
    world.faults += [
        Fault(surface="graph", operation="*", kind="html", when="after"),
        Fault(surface="graph", operation="*", kind="foreign_link", when="after", nth=1),
    ]
    with server:
        door = Door(server)
        status, body, headers = door.send("GET", "/graph/plain/7")
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert body.startswith(b"<!DOCTYPE html>")
        status, body, _ = door.send("GET", "/graph/plain/7")
        assert json.loads(body) == {"n": 2, "@odata.nextLink": "https://elsewhere.invalid/next"}


def test_a_broken_handler_answers_500_and_cannot_be_passed_over(counting: tuple[World, SandboxServer]) -> None:
    _, server = counting
    with pytest.raises(AssertionError, match="RuntimeError: no"), server:
        assert Door(server).send("GET", "/graph/broken")[0] == 500


def test_the_door_needs_its_token(counting: tuple[World, SandboxServer]) -> None:
    world, server = counting
    with server:
        door = Door(server)
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            status, body, _ = door.send("POST", "/_door/clock/advance", {"seconds": 9}, headers)
            assert (status, json.loads(body)) == (401, {"error": "the door needs its token"})
    assert world.exchanges == []


def test_the_door_moves_time_sets_switches_and_shows_what_was_asked(counting: tuple[World, SandboxServer]) -> None:
    world, server = counting
    with server:
        door = Door(server)
        before = world.clock.now()
        assert door.ask("POST", "clock/advance", {"seconds": 3_600})[0] == 200
        assert 3_600 <= (world.clock.now() - before).total_seconds() < 3_630
        assert door.ask("POST", "switches", {"a": "1", "b": "2"}) == (200, {"a": "1", "b": "2"})
        assert door.ask("POST", "switches", {"a": None}) == (200, {"b": "2"})
        door.send("GET", "/graph/plain/1")
        door.send("GET", "/graph/plain/2")
        seen = door.ask("GET", "exchanges?since=1")[1]
        assert seen["next"] == 2
        assert [(e["path"], json.loads(e["response"])["n"]) for e in seen["exchanges"]] == [("/graph/plain/2", 2)]
        door.ask("POST", "exchanges/clear")
        assert door.ask("GET", "exchanges")[1] == {"next": 0, "exchanges": []}
        assert door.ask("GET", "state")[1] == {"counter": {"state": {"n": 2}}}
        assert len(door.ask("GET", "profile")[1]["people"]) == 24


def test_the_door_says_what_it_cannot_do(counting: tuple[World, SandboxServer]) -> None:
    _, server = counting
    with server:
        door = Door(server)
        assert door.ask("POST", "console/counter/echo", {"x": 1}) == (200, {"given": {"x": 1}})
        assert door.ask("POST", "console/counter/nothing", {}) == (404, {"error": "no such act", "acts": ["echo"]})
        assert door.ask("POST", "console/nobody/echo", {})[0] == 400
        assert door.ask("POST", "faults", {"kind": "earthquake"})[0] == 400
        assert door.ask("POST", "faults", {"kind": "reset", "wen": "before"})[1] == {"error": "ValueError: unknown fields: wen"}
        assert door.ask("POST", "clock/advance", "[]")[0] == 400


def test_the_folder_says_where_everything_is_and_the_overlay_names_it(counting: tuple[World, SandboxServer]) -> None:
    world, server = counting
    with server:
        path = server.folder / "sandbox.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (content["port"], content["base_url"]) == (server.port, f"https://127.0.0.1:{server.port}")
        assert content["endpoints"] == {"counter": {"graph": f"{server.base_url}/graph", "authority": server.base_url}}
        assert Door(server).send("GET", "/_door/clock", None, {"Authorization": f"Bearer {content['door_token']}"})[0] == 200
        overlay = YAML(typ="safe").load(server.overlay)
        assert overlay == {"drill": True, "tenants": {"counter": {"endpoints": {"graph": f"{server.base_url}/graph"}}}}
    assert not path.exists()
    assert world.violations == []
