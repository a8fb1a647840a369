"""The admin endpoint: cmdlets as HTTPS JSON on the Exchange and the S&C host (docs/wire/admin-endpoint.md §1)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from sandbox.microsoft import cmd_cases, cmd_events, cmd_exchange, cmd_fileplan, cmd_labels, cmd_policies, cmd_rules, cmd_scopes, throttle
from sandbox.microsoft.bearer import Caller, caller_of
from sandbox.microsoft.binding import Call, Cmdlet, CmdletError, Row, Rows, bind
from sandbox.microsoft.hosts import outer
from sandbox.microsoft.objects import Actor, Made
from sandbox.microsoft.plans import RECORDS, has_plan
from sandbox.microsoft.rendering import annotated
from sandbox.microsoft.state import (
    COMPLIANCE,
    EXCHANGE,
    EXCHANGE_MANAGE,
    MANAGE_AS_APP,
    admin_role,
    ediscovery_place,
    licence,
    listed,
    paged,
    switch,
    tenant_of,
    visible,
)
from sandbox.routing import SandboxRoute, body_of, json_response
from sandbox.world import World

_EXPIRED = "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
_LIFE = timedelta(minutes=30)
_PAGE = 1000
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def routes(world: World, surface: str) -> list[SandboxRoute]:
    """Everything below /adminapi on one host; path segments match without regard to case."""
    host = _Host(world, surface)
    return [SandboxRoute("/{api}/{version}/{tenant}/{what:path}", host.answer, methods=_METHODS, operation=_operation)]


def _operation(request: Request) -> str:
    what = str(request.path_params["what"])
    if what.lower() != "invokecommand":
        return what
    try:
        envelope = json.loads(body_of(request))["CmdletInput"]["CmdletName"]
    except (ValueError, KeyError, TypeError):
        return what
    return str(envelope)


class _BadRequestError(Exception):
    """A request that never reaches a cmdlet."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class _Host:
    def __init__(self, world: World, surface: str) -> None:
        self._world = world
        self._surface = surface
        found = cmd_exchange.exchange_cmdlets() if surface == EXCHANGE else _compliance()
        self._own = {cmdlet.name.lower(): cmdlet for cmdlet in found}
        self._foreign = {cmdlet.name.lower(): cmdlet for cmdlet in _compliance()} if surface == EXCHANGE else {}

    @property
    def _cmdlets(self) -> dict[str, Cmdlet]:
        """What this host serves; the Exchange host S&C's cmdlets too, where the switch ``m365.scc_host`` says exchange (M§2.5a)."""
        return self._own | self._foreign if switch(self._world, "scc_host") == EXCHANGE else self._own

    def answer(self, request: Request) -> Response:
        """Authorise, then the self-test, the banner or a cmdlet."""
        state = tenant_of(self._world)
        if request.path_params["api"].lower() != "adminapi" or request.path_params["version"].lower() not in {"beta", "v1.0"}:
            return Response(status_code=404)
        caller = caller_of(state, request, self._surface)
        refusal = self._refusal(request, caller)
        if refusal is None and throttle.wait(self._world, self._surface, 60):
            # No Retry-After: none was ever seen here (M§2.5).
            refusal = Response(status_code=429)
        if refusal is not None:
            return refusal
        assert isinstance(caller, Caller)
        what = str(request.path_params["what"]).lower()
        if what == "invokecommand":
            return self._invoke(request, caller) if request.method == "POST" else Response(status_code=405)
        if request.method == "GET" and what == "exomodulefile":
            return self._discovered(request) or self._exported(request, caller.actor)
        if request.method == "GET" and what.startswith("exobanner("):
            return self._discovered(request) or json_response({"value": []})
        return Response(status_code=404)

    def _refusal(self, request: Request, caller: Caller | str) -> Response | None:
        """Two grants: the app role in the token, and a role on the service principal (docs/wire/admin-endpoint.md §1.6)."""
        if isinstance(caller, str) or not caller.roles & {MANAGE_AS_APP, EXCHANGE_MANAGE}:
            return Response(status_code=401, headers={"WWW-Authenticate": 'Bearer client_id="", trusted_issuers="", error="invalid_token"'})
        if self._surface == COMPLIANCE and switch(self._world, "scc_host") == EXCHANGE:
            return _nul()
        state = tenant_of(self._world)
        ours = {state.tenant_id, state.domain, state.initial_domain}
        role = caller.officer if caller.delegated else admin_role(self._world, caller.actor) != "none"
        if request.path_params["tenant"].lower() not in ours or not role:
            return _nul()
        return None

    def _discovered(self, request: Request) -> Response | None:
        """The front door's redirect, where the switch ``m365.region`` (Exchange: ``m365.exchange_region``) names a region (M§2.5)."""
        region = switch(self._world, "region" if self._surface == COMPLIANCE else "exchange_region")
        if not region or "commandname" in request.headers:
            return None
        host = "admin.protection.outlook.com:446" if self._surface == COMPLIANCE else "outlook.office365.com"
        return Response(status_code=302, headers={"Location": f"https://{region}.{host}{request.url.path}"})

    def _allowed(self, cmdlet: Cmdlet, actor: Actor) -> bool:
        if cmdlet.name.lower() in listed(self._world, "missing_cmdlets"):
            return False
        if cmdlet.writes and admin_role(self._world, actor) == "viewer":
            return False
        if cmdlet.premium and not has_plan(licence(self._world), "faculty", RECORDS):
            return False
        return not (cmdlet.ediscovery and ediscovery_place(self._world, actor) == "not_registered")

    def _exported(self, request: Request, actor: Actor) -> Response:
        names = sorted(cmdlet.name for cmdlet in self._cmdlets.values() if self._allowed(cmdlet, actor))
        context = f"{outer(request)}/adminapi/v1.0/{tenant_of(self._world).tenant_id}/$metadata#EXOModuleFile"
        return json_response({"@odata.context": context, "value": [{"exportedCmdlets": ",".join(names)}]})

    def _invoke(self, request: Request, caller: Caller) -> Response:
        try:
            name, given = _envelope(request)
        except _BadRequestError as error:
            return Response(status_code=error.status) if not error.text else _error("System.ArgumentException", error.text)
        cmdlet = self._cmdlets.get(name.lower())
        if cmdlet is None or not self._allowed(cmdlet, caller.actor):
            return _nul()
        try:
            call = Call(
                world=self._world,
                state=tenant_of(self._world),
                actor=caller.actor,
                cmdlet=cmdlet.name,
                values=bind(cmdlet, given),
            )
            found = self._run(cmdlet, call)
            return self._page(request, call, found)
        except CmdletError as error:
            return _error(error.kind, str(error))

    def _run(self, cmdlet: Cmdlet, call: Call) -> Rows:
        blind = listed(self._world, "blind")
        if not cmdlet.writes and (blind & {"*", cmdlet.name.lower()} or admin_role(self._world, call.actor) == "blind"):
            # The trap of traps: a role that sees nothing gets an empty list and no warning (M§0.1.7).
            return Rows(items=[], render=lambda row: row)
        if cmdlet.writes and cmdlet.name.lower() in listed(self._world, "ignored_writes"):
            return Rows(items=[], render=lambda row: row)
        if cmdlet.writes and call.actor.app_id and self._surface == COMPLIANCE and switch(self._world, "app_writes") == "refused":
            # So app-only writes of policies once ended, over the audit record that they leave (M§10: office-docs-powershell#9391).
            raise CmdletError("Microsoft.Office.Audit.Schema.ExpectedValueException", "The audit record of the cmdlet is not valid.")
        found = cmdlet.run(call)
        return found if cmdlet.writes else self._shown(cmdlet, found)

    def _shown(self, cmdlet: Cmdlet, found: Rows) -> Rows:
        """What a list shows: things that are new come late (``m365.visible_seconds``), and a role may see a part without a word (``m365.sees``)."""
        items = [one for one in found.items if not isinstance(one, Made) or visible(self._world, one.created)]
        sees = dict(one.partition(":")[::2] for one in listed(self._world, "sees"))
        return replace(found, items=items[: int(sees.get(cmdlet.name.lower(), len(items)))])

    def _page(self, request: Request, call: Call, found: Rows) -> Response:
        state, size, offset = call.state, paged(self._world, _size(request)), self._offset(request)
        chosen = found.items[offset : offset + size]
        base = f"{outer(request)}/adminapi/{request.path_params['version']}/{request.path_params['tenant']}"
        body: Row = {
            "@odata.context": f"{base}/$metadata#Collection(Exchange.GenericHashTable)",
            "adminapi.warnings@odata.type": "#Collection(String)",
            "@adminapi.warnings": list(call.warnings),
        }
        if offset + size < len(found.items):
            token = "AD" + base64.urlsafe_b64encode(state.new_id("skip").encode()).rstrip(b"=").decode()
            state.skip_tokens[token] = (offset + size, self._world.clock.now() + _LIFE)
            body["@odata.nextLink"] = f"{base}/InvokeCommand?%24skiptoken={token}"
        body["value"] = [annotated(self._shaped(_selected(request, found.render(one)))) for one in chosen]
        return json_response(body)

    def _shaped(self, row: Row) -> Row:
        """The row in other shapes that clients met (M§10), by the switch ``m365.shapes``: null lists, places and labels as plain names."""
        shapes = listed(self._world, "shapes")
        if "plain" in shapes:
            places = {name: value for name, value in row.items() if "Location" in name and isinstance(value, list)}
            row = row | {name: [one["Name"] for one in found] for name, found in places.items()}
        if "tags" in shapes:
            row = row | {name: str(row[name]).partition(",")[2] for name in ("PublishComplianceTag", "ApplyComplianceTag") if row.get(name)}
        return {name: None if "nulls" in shapes and value == [] else value for name, value in row.items()}

    def _offset(self, request: Request) -> int:
        token = request.query_params.get("$skiptoken")
        if token is None:
            return 0
        offset, until = tenant_of(self._world).skip_tokens.get(token, (0, None))
        if until is None or self._world.clock.now() >= until or switch(self._world, "nextlink") == "expired":
            raise CmdletError("Microsoft.Exchange.Admin.Api.PaginationException", _EXPIRED)
        return offset


def _compliance() -> Iterable[Cmdlet]:
    first = [*cmd_labels.cmdlets(), *cmd_fileplan.cmdlets(), *cmd_events.cmdlets(), *cmd_scopes.cmdlets()]
    return [*first, *cmd_policies.cmdlets(), *cmd_rules.cmdlets(), *cmd_cases.cmdlets(), *cmd_exchange.role_cmdlets()]


def _envelope(request: Request) -> tuple[str, Mapping[str, object]]:
    """Cmdlet and parameters; keys of the envelope match exactly, and ``Parameters`` is an object, never null."""
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise _BadRequestError(415, "")
    try:
        body = json.loads(body_of(request))
    except ValueError:
        raise _BadRequestError(400, "The request body is not valid JSON.") from None
    envelope = body.get("CmdletInput") if isinstance(body, dict) else None
    name = envelope.get("CmdletName") if isinstance(envelope, dict) else None
    given = envelope.get("Parameters") if isinstance(envelope, dict) else None
    if not isinstance(name, str) or not isinstance(given, dict):
        raise _BadRequestError(400, "The parameter CmdletInput is missing or its CmdletName or Parameters are not valid.")
    return name, given


def _size(request: Request) -> int:
    found = re.search(r"odata\.maxpagesize=(\d+)", request.headers.get("prefer", ""))
    return max(1, int(found[1])) if found else _PAGE


def _selected(request: Request, row: Row) -> Row:
    names = [name.strip() for name in request.query_params.get("$select", "").split(",") if name.strip()]
    return {name: row[name] for name in names if name in row} if names else row


def _nul() -> Response:
    """403 with a body of NUL bytes: not JSON whatever its type says (M§2.5)."""
    return Response(b"\x00" * 1024, status_code=403, media_type="application/json")


def _error(kind: str, text: str) -> Response:
    """400 with the useless outer message and the true one inside."""
    inner = {"message": "", "type": "", "internalexception": {"message": text, "type": kind}}
    details = [{"code": "Client", "target": "", "message": f"|{kind}|{text}"}]
    return json_response({"error": {"code": "BadRequest", "message": "Invalid Operation", "details": details, "innererror": inner}}, 400)
