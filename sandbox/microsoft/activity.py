"""The Office 365 Management Activity API: subscriptions, lists of content, blobs of records (M§6, docs/wire/activity.md).

Switches: ``m365.activity_page`` entries of a list (200), ``m365.activity_repeats`` on: every record stands in two blobs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from sandbox.microsoft import audit
from sandbox.microsoft.bearer import Caller, caller_of
from sandbox.microsoft.directory import stamp
from sandbox.microsoft.hosts import outer
from sandbox.microsoft.objects import Event
from sandbox.microsoft.state import ACTIVITY, TenantState, switch, tenant_of
from sandbox.routing import Handler, SandboxRoute, json_response
from sandbox.world import World

_WINDOW, _BACK = timedelta(hours=24), timedelta(days=7)
_CONTENT = {
    "audit.general": ("Audit.General", (audit.CMDLET, audit.DISCOVERY)),
    "audit.exchange": ("Audit.Exchange", (audit.EXCHANGE_ADMIN,)),
    "audit.azureactivedirectory": ("Audit.AzureActiveDirectory", (audit.DIRECTORY,)),
    "audit.sharepoint": ("Audit.SharePoint", ()),
    "dlp.all": ("DLP.All", ()),
}
_BASE = "/api/v1.0/{tenant}/activity/feed"
_TWIN = "b"
"""What the id of a record's second blob ends in."""


def routes(world: World) -> list[SandboxRoute]:
    """Subscriptions, content lists and blobs."""
    feed = _Feed(world)
    table: list[tuple[str, str, Handler]] = [
        ("POST", "subscriptions/start", feed.start),
        ("POST", "subscriptions/stop", feed.stop),
        ("GET", "subscriptions/list", feed.subscriptions),
        ("GET", "subscriptions/content", feed.content),
        ("GET", "audit/{blob}", feed.blob),
    ]
    return [
        SandboxRoute(f"{_BASE}/{path}", feed.guarded(handler), methods=[method], operation=path.partition("/{")[0])
        for method, path, handler in table
    ]


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


def _permit(state: TenantState, request: Request, caller: Caller) -> None:
    if request.path_params["tenant"].lower() != state.tenant_id:
        raise _RefusedError(403, "AF10001", "The tenant ID passed in the URL does not match the tenant ID passed in the access token.")
    if "ActivityFeed.Read" not in caller.roles or (caller.delegated and not caller.officer):
        text = "The permission set () sent in the request does not include the expected permission ActivityFeed.Read."
        raise _RefusedError(403, "AF10001", text)


class _Feed:
    def __init__(self, world: World) -> None:
        self._world = world

    def guarded(self, handler: Handler) -> Handler:
        """The handler behind the token check, its refusals as this API writes them."""

        def answer(request: Request) -> Response:
            state = tenant_of(self._world)
            caller = caller_of(state, request, ACTIVITY)
            if isinstance(caller, str):
                return json_response({"Message": "Authorization has been denied for this request."}, 401)
            try:
                _permit(state, request, caller)
                return handler(request)
            except _RefusedError as refusal:
                return json_response({"error": {"code": refusal.code, "message": str(refusal)}}, refusal.status)

        return answer

    def _kind(self, request: Request) -> tuple[str, tuple[int, ...]]:
        given = request.query_params.get("contentType", "")
        found = _CONTENT.get(given.lower())
        if found is None:
            raise _RefusedError(400, "AF20020", f"The specified content type is not valid: {given}")
        return found

    def _row(self, kind: str) -> dict[str, object]:
        return {"contentType": kind, "status": "enabled", "webhook": None}

    def start(self, request: Request) -> Response:
        """Begin to collect; refused, and that is no failure, where it was begun before."""
        kind, _ = self._kind(request)
        state = tenant_of(self._world)
        if kind in state.subscriptions:
            raise _RefusedError(400, "AF20024", "The subscription is already enabled. No property change.")
        state.subscriptions.add(kind)
        if kind in state.restarted:
            state.restarted[kind] = self._world.clock.now()
        return json_response(self._row(kind))

    def stop(self, request: Request) -> Response:
        """End collecting. What was there is lost, also to whoever starts again."""
        kind, state = self._kind(request)[0], tenant_of(self._world)
        self._need(kind)
        state.subscriptions.remove(kind)
        state.restarted[kind] = self._world.clock.now()
        return Response(status_code=200)

    def _need(self, kind: str) -> None:
        if kind not in tenant_of(self._world).subscriptions:
            raise _RefusedError(400, "AF20022", "No subscription found for the specified content type")

    def subscriptions(self, request: Request) -> Response:
        """What is collected."""
        del request
        return json_response([self._row(kind) for kind in sorted(tenant_of(self._world).subscriptions)])

    def content(self, request: Request) -> Response:
        """Blobs that became available in a window, in pages whose next address stands in a header."""
        kind, types = self._kind(request)
        self._need(kind)
        start, end = self._window(request)
        state = tenant_of(self._world)
        begin = max(start, state.restarted.get(kind, start))
        found = [one for one in audit.found_by(state, self._world.clock.now()) if one.record_type in types and begin <= one.visible < end]
        path = f"{outer(request)}{_BASE.replace('{tenant}', request.path_params['tenant'])}"
        tails = ("", _TWIN) if switch(self._world, "activity_repeats") == "on" else ("",)
        rows = [_blob_row(kind, one, f"{path}/audit", tail) for tail in tails for one in found]
        size, offset = int(switch(self._world, "activity_page", "200")), int(request.query_params.get("nextPage", "0"))
        headers = {}
        if offset + size < len(rows):
            window = f"startTime={start:%Y-%m-%dT%H:%M:%S.%f}&endTime={end:%Y-%m-%dT%H:%M:%S.%f}"
            headers["NextPageUri"] = f"{path}/subscriptions/content?contentType={kind}&{window}&nextPage={offset + size}"
        return json_response(rows[offset : offset + size], headers=headers)

    def _window(self, request: Request) -> tuple[datetime, datetime]:
        now, given = self._world.clock.now(), request.query_params
        if ("startTime" in given) != ("endTime" in given):
            raise _RefusedError(400, "AF20030", "Start time and end time must both be specified (or both omitted).")
        try:
            start, end = (_instant(given[name]) if name in given else None for name in ("startTime", "endTime"))
        except ValueError:
            raise _RefusedError(400, "AF20030", "Start time and end time must both be specified in a valid format.") from None
        if start is None or end is None:
            return now - _WINDOW, now
        if not start < end or end - start > _WINDOW or start < now - _BACK:
            text = "Start time and end time must both be specified and must be less than or equal to 24 hours apart, "
            raise _RefusedError(400, "AF20055", text + "with the start time no more than 7 days in the past.")
        return start, end

    def blob(self, request: Request) -> Response:
        """The records of one blob; gone after seven days."""
        state, number = tenant_of(self._world), request.path_params["blob"].removesuffix(f"${_TWIN}")
        now = self._world.clock.now()
        for event in audit.found_by(state, now):
            if event.id.replace("-", "") == number and now < event.visible + _BACK:
                return json_response([audit.data_of(state, event)])
        raise _RefusedError(404, "AF20051", "Content requested with the key has already expired. Content older than 7 days cannot be retrieved.")


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _blob_row(kind: str, event: Event, path: str, tail: str) -> dict[str, str]:
    number = event.id.replace("-", "") + (f"${tail}" if tail else "")
    times = {"contentCreated": f"{stamp(event.visible)[:-1]}.000Z", "contentExpiration": f"{stamp(event.visible + _BACK)[:-1]}.000Z"}
    return {"contentUri": f"{path}/{number}", "contentId": number, "contentType": kind, **times}
