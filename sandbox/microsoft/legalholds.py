"""Graph's legal holds and their sources, on v1.0 and beta (docs/wire/graph-ediscovery.md §4 to §6)."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.microsoft import holding
from sandbox.microsoft.ediscovery import CASES, UNSET, child, gate, named, no_content, precise, refused, sent, texts
from sandbox.microsoft.objects import Account, Case, Hold, Source
from sandbox.microsoft.odata import Answer, Ask, Entity, GraphError, Listing, entity, graph_routes, page
from sandbox.microsoft.state import spelled, switch, visible, worded
from sandbox.routing import SandboxRoute
from sandbox.world import World

_HOLDS = CASES + "/{case}/legalHolds"


def routes(world: World) -> list[SandboxRoute]:
    """Everything below a case's /legalHolds."""
    table: dict[str, dict[str, Answer]] = {
        _HOLDS: {"GET": holds, "POST": create_hold},
        _HOLDS + "/{hold}": {"GET": hold, "PATCH": update_hold, "DELETE": delete_hold},
        _HOLDS + "/{hold}/retryPolicy": {"POST": retry},
        _HOLDS + "/{hold}/microsoft.graph.security.retryPolicy": {"POST": retry},
        _HOLDS + "/{hold}/enablePolicy": {"POST": enable},
        _HOLDS + "/{hold}/microsoft.graph.security.enablePolicy": {"POST": enable},
        _HOLDS + "/{hold}/disablePolicy": {"POST": disable},
        _HOLDS + "/{hold}/microsoft.graph.security.disablePolicy": {"POST": disable},
        _HOLDS + "/{hold}/userSources": {"GET": user_sources, "POST": add_user},
        _HOLDS + "/{hold}/userSources/{source}": {"GET": one_source, "DELETE": drop_source},
        _HOLDS + "/{hold}/siteSources": {"GET": site_sources, "POST": add_site},
        _HOLDS + "/{hold}/siteSources/{source}": {"GET": one_source, "DELETE": drop_source},
        _HOLDS + "/{hold}/unifiedGroupSources": {"GET": group_sources},
    }
    return [route for path, answers in table.items() for route in graph_routes(world, path, answers)]


def _hold(ask: Ask) -> Hold:
    parent = child(ask, "legalHolds")
    found = ask.state.holds.get(ask.part("hold").lower())
    if found is None or found.case != parent.guid:
        raise GraphError(404, "NotFound", "The hold policy was not found.")
    return found


def _holds_name(found: Case) -> str:
    return f"security/cases/ediscoveryCases('{found.guid}')/legalHolds"


def holds(ask: Ask) -> Response:
    """The holds of a case."""
    parent = child(ask, "legalHolds")
    items = holding.holds_of(ask.world, parent)
    return page(ask, Listing(name=_holds_name(parent), items=items, render=lambda one: _hold_row(ask.world, one)))


def hold(ask: Ask) -> Response:
    """One hold; its status is null while nothing is wrong (M§3.5)."""
    found = _hold(ask)
    return entity(ask, _holds_name(ask.state.cases[found.case]), _hold_row(ask.world, found))


def _hold_row(world: World, found: Hold) -> Entity:
    errors = holding.hold_errors(found)
    status = worded(world, "hold", "error" if errors else "") or None
    return {
        "isEnabled": found.enabled,
        "errors": errors,
        "contentQuery": found.query,
        "description": found.comment,
        "createdDateTime": precise(found.created),
        "lastModifiedDateTime": precise(found.changed),
        "status": status,
        "id": found.guid,
        "displayName": found.name,
        "createdBy": named(found.created_by),
        "lastModifiedBy": named(found.changed_by),
    }


def create_hold(ask: Ask) -> Response:
    """201 and the hold, ``pending`` this once; sources may come inline as bindings."""
    parent = child(ask, "legalHolds")
    body = sent(ask)
    values = texts(body, {"displayName": "name", "description": "comment", "contentQuery": "query"})
    name = values.pop("name", "")
    if not name:
        raise GraphError(400, "BadRequest", "The property 'displayName' is required.")
    try:
        made = holding.make_hold(ask.world, ask.caller.actor, parent, name, values | {"ruled": "yes"})
        for key, kind, part in (("userSources@odata.bind", "mailbox", "email"), ("siteSources@odata.bind", "site", "site")):
            for one in _rows(body.get(key)):
                holding.add_source(ask.world, ask.caller.actor, made, kind, _place(one, part))
    except holding.HoldError as error:
        raise refused(error) from None
    return entity(ask, _holds_name(parent), _hold_row(ask.world, made) | {"status": "pending"}, 201)


def _rows(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _place(body: dict[str, object], part: str) -> str:
    value = body.get(part)
    if part == "site" and isinstance(value, dict):
        value = value.get("webUrl")
    if not isinstance(value, str) or not value:
        raise GraphError(400, "BadRequest", f"The property '{part}' is required.")
    return value


def update_hold(ask: Ask) -> Response:
    """204 [chosen]: only the query and the description; name and isEnabled are not patchable (M§3.4)."""
    found = _hold(ask)
    values = texts(sent(ask), {"contentQuery": "query", "description": "comment"})
    try:
        holding.change_hold(ask.world, ask.caller.actor, found, values)
    except holding.HoldError as error:
        raise refused(error) from None
    return no_content()


def delete_hold(ask: Ask) -> Response:
    """204; the places lose the hold and get a delay hold."""
    holding.remove_hold(ask.world, ask.caller.actor, _hold(ask))
    return no_content()


def retry(ask: Ask) -> Response:
    """204; what failed is distributed again."""
    gate(ask, write_only=True)
    holding.retry_hold(ask.world, ask.caller.actor, _hold(ask))
    return no_content()


def enable(ask: Ask) -> Response:
    """204 on beta alone."""
    return _toggle(ask, enabled=True)


def disable(ask: Ask) -> Response:
    """204 on beta alone."""
    return _toggle(ask, enabled=False)


def _toggle(ask: Ask, *, enabled: bool) -> Response:
    if ask.version != "beta":
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{'enablePolicy' if enabled else 'disablePolicy'}'.")
    try:
        holding.enable_hold(ask.world, ask.caller.actor, _hold(ask), enabled=enabled)
    except holding.HoldError as error:
        raise refused(error) from None
    return no_content()


def user_sources(ask: Ask) -> Response:
    """Mailboxes of a hold; one whose address also belongs to an inactive mailbox brings a row for that too."""
    return _sources(ask, "mailbox", "userSources")


def site_sources(ask: Ask) -> Response:
    """Sites of a hold."""
    return _sources(ask, "site", "siteSources")


def _sources(ask: Ask, kind: str, segment: str) -> Response:
    found = _hold(ask)
    shown = [source for source in found.sources if source.kind == kind and visible(ask.world, source.created)]
    rows = [row for source in shown for row in _source_rows(ask, found, source)]
    if switch(ask.world, "removed_sources") == "shown":
        # M§3.4 knows a status ``removing``; whether a source that was taken out is still listed with it, nobody has seen.
        rows += [_source_row(ask, source, "removing") for source in holding.leaving(ask.world, found) if source.kind == kind]
    name = f"{_holds_name(ask.state.cases[found.case])}('{found.guid}')/{segment}"
    return page(ask, Listing(name=name, items=rows, render=lambda row: row))


def _source_rows(ask: Ask, found: Hold, source: Source) -> list[Entity]:
    row = _source_row(ask, source, holding.source_status(ask.world, found, source))
    twin = next((one for one in ask.state.accounts.values() if _shadows(one, source)), None)
    if twin is None:
        return [row]
    address = f".{source.place.lower()}"
    return [row, row | {"id": f"00000000-0000-0000-0000-000000000000{address}", "displayName": address}]


def _shadows(account: Account, source: Source) -> bool:
    """Whether the account's inactive mailbox has the source's address."""
    inactive = account.mailbox is not None and account.mailbox.inactive
    return inactive and source.kind == "mailbox" and source.place.lower() in account.addresses


def _source_row(ask: Ask, source: Source, status: str) -> Entity:
    row: Entity = {
        "displayName": source.name,
        "createdDateTime": precise(source.created),
        "holdStatus": worded(ask.world, "source", status),
        "id": source.id,
        "createdBy": {"application": None, "user": {"id": None, "displayName": source.created_by.name}},
    }
    if source.kind == "mailbox":
        return row | {"email": spelled(ask.world, source.place.lstrip(".")), "includedSources": "mailbox", "siteWebUrl": None}
    return row | {"site": {"webUrl": spelled(ask.world, source.place), "id": source.id, "displayName": None, "createdDateTime": UNSET}}


def add_user(ask: Ask) -> Response:
    """201 that says ``applied`` before anything happened, as the documented sample does."""
    return _add(ask, "mailbox", "userSources", "email")


def add_site(ask: Ask) -> Response:
    """201 that says ``applied`` before anything happened, and may leave the site out."""
    return _add(ask, "site", "siteSources", "site")


def _add(ask: Ask, kind: str, segment: str, part: str) -> Response:
    found = _hold(ask)
    try:
        source = holding.add_source(ask.world, ask.caller.actor, found, kind, _place(sent(ask), part))
    except holding.HoldError as error:
        raise refused(error) from None
    row = _source_row(ask, source, "applied") | {"createdDateTime": UNSET}
    row.pop("site", None)
    return entity(ask, f"{_holds_name(ask.state.cases[found.case])}('{found.guid}')/{segment}", row, 201)


def _source(ask: Ask) -> tuple[Hold, Source]:
    found = _hold(ask)
    kind = "mailbox" if "/userSources/" in ask.request.url.path else "site"
    for source in found.sources:
        if source.kind == kind and source.id == ask.part("source").lower():
            return found, source
    raise GraphError(404, "NotFound", "The data source was not found.")


def one_source(ask: Ask) -> Response:
    """One source with its status."""
    found, source = _source(ask)
    name = f"{_holds_name(ask.state.cases[found.case])}('{found.guid}')/sources"
    return entity(ask, name, _source_row(ask, source, holding.source_status(ask.world, found, source)))


def drop_source(ask: Ask) -> Response:
    """204; content that only this hold kept may be deleted once the delay hold is over (M§3.7)."""
    found, source = _source(ask)
    try:
        holding.remove_source(ask.world, ask.caller.actor, found, source)
    except holding.HoldError as error:
        raise refused(error) from None
    return no_content()


def group_sources(ask: Ask) -> Response:
    """400: such sources exist under custodians alone (M§3.4)."""
    _hold(ask)
    raise GraphError(400, "BadRequest", "Resource not found for the segment 'unifiedGroupSources'.")
