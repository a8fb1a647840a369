"""Graph's delta on users: rounds of pages that end in a link for the next round (docs/wire/graph-directory-audit.md §3.1).

Switches: ``m365.delta_page`` rows of a page (200); ``m365.delta`` gone or resync: every token is refused so; ``m365.delta_late`` how many of the
newest changes are told in a later round only; ``m365.delta_rows`` by commas: partial (no more than what names the account, and its state), replayed
(a round begins with the changes of the one before it).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from sandbox.microsoft.directory import USERS, user_row
from sandbox.microsoft.odata import Ask, Entity, GraphError, context, graph_routes
from sandbox.microsoft.state import DeltaMark, listed, switch
from sandbox.routing import SandboxRoute, json_response
from sandbox.world import World

_LIFE = timedelta(days=7)
_UNSUPPORTED = ("$top", "$expand", "$orderby", "$filter", "$count", "$search")
_PARTIAL = ("id", "userPrincipalName", "displayName")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What is still to be told in a round: account ids, the properties, and where in the list of changes the next one begins."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    upto: int


def routes(world: World) -> list[SandboxRoute]:
    """``/users/delta`` under its two names; to stand before ``/users/{user}``."""
    return [route for path in ("/users/delta", "/users/delta()") for route in graph_routes(world, path, {"GET": users_delta})]


def users_delta(ask: Ask) -> Response:
    """One page of a round: the first call, a further page, or the first page of the next round."""
    ask.need(*USERS)
    unsupported = [name for name in _UNSUPPORTED if ask.option(name)]
    if unsupported:
        raise GraphError(400, "Request_UnsupportedQuery", f"The query option '{unsupported[0]}' is not supported with delta.")
    found = _asked(ask)
    size = int(switch(ask.world, "delta_page", "200"))
    empty = switch(ask.world, "empty_page") == "on" and not ask.option("$skiptoken") and bool(found.ids)
    chosen, rest = ((), found.ids) if empty else (found.ids[:size], found.ids[size:])
    body: Entity = {"@odata.context": context(ask, f"users({','.join(found.names)})" if found.names else "users")}
    if rest:
        body["@odata.nextLink"] = _link(ask, "$skiptoken", _Round(ids=rest, names=found.names, upto=found.upto))
    else:
        body["@odata.deltaLink"] = _link(ask, "$deltatoken", _Round(ids=(), names=found.names, upto=found.upto))
    body["value"] = [_row(ask, one, found.names) for one in chosen]
    return json_response(body)


def _asked(ask: Ask) -> _Round:
    state = ask.state
    told = max(0, len(state.changes) - int(switch(ask.world, "delta_late", "0")))
    names = tuple(name.strip() for name in ask.option("$select").split(",") if name.strip())
    since, page = ask.option("$deltatoken"), ask.option("$skiptoken")
    if not since and not page:
        return _Round(ids=tuple(account.id for account in state.alive()), names=names, upto=len(state.changes))
    if since == "latest":
        return _Round(ids=(), names=names, upto=len(state.changes))
    mark = _mark(ask, page or since)
    if page:
        return _Round(ids=mark.ids, names=mark.names, upto=mark.upto)
    begin = mark.before if "replayed" in listed(ask.world, "delta_rows") else mark.upto
    return _Round(ids=tuple(state.changes[begin : max(told, mark.upto)]), names=mark.names, upto=max(told, mark.upto))


def _mark(ask: Ask, token: str) -> DeltaMark:
    mark, how = ask.state.deltas.get(token), switch(ask.world, "delta")
    if how in {"gone", "resync"} or (mark is not None and ask.world.clock.now() - mark.at > _LIFE):
        code = "resyncRequired" if how == "resync" else "syncStateNotFound"
        raise GraphError(410, code, "The sync state generation is not found; start over.", {"Location": f"{ask.base}/users/delta?$deltatoken="})
    if mark is None:
        raise GraphError(400, "Request_BadRequest", "Badly formed token.")
    return mark


def _link(ask: Ask, option: str, rest: _Round) -> str:
    token = base64.urlsafe_b64encode(ask.state.new_id("delta").encode()).rstrip(b"=").decode()
    given = ask.state.deltas.get(ask.option("$deltatoken") or ask.option("$skiptoken"))
    before = given.upto if given is not None and ask.option("$deltatoken") else given.before if given is not None else rest.upto
    at: datetime = ask.world.clock.now()
    ask.state.deltas[token] = DeltaMark(ids=rest.ids, names=rest.names, upto=rest.upto, before=before, at=at)
    return f"{ask.base}/users/delta?{option}={token}"


def _row(ask: Ask, ident: str, names: Sequence[str]) -> Entity:
    account = ask.state.accounts[ident]
    if account.deleted is not None:
        return {"id": account.id, "@removed": {"reason": "deleted" if account.purged else "changed"}}
    row = user_row(ask, account)
    wanted = tuple(dict.fromkeys((*names, "id"))) if names else tuple(row)
    for name in wanted:
        if name not in row:
            message = f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type 'microsoft.graph.user'."
            raise GraphError(400, "BadRequest", message)
    if "partial" in listed(ask.world, "delta_rows"):
        wanted = tuple(name for name in wanted if name in _PARTIAL)
    # What was never set is not in a row at all.
    return {name: row[name] for name in wanted if row[name] is not None and row[name] != []}
