"""Graph's cases, legal holds and their sources, on v1.0 and beta (docs/wire/graph-ediscovery.md)."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from sandbox.microsoft import holding
from sandbox.microsoft.objects import Actor, Case, Hold, Operation, Source
from sandbox.microsoft.odata import Answer, Ask, Entity, GraphError, Listing, entity, graph_routes, page
from sandbox.microsoft.plans import PREMIUM_EDISCOVERY, has_plan
from sandbox.microsoft.state import licence, switch
from sandbox.routing import SandboxRoute, json_of, json_response
from sandbox.world import World

_UNSET = "0001-01-01T00:00:00Z"
_CASES = "/security/cases/ediscoveryCases"
_HOLDS = _CASES + "/{case}/legalHolds"
_STATUS = {"exists": (409, "Conflict"), "closed": (400, "BadRequest"), "missing": (400, "BadRequest"), "limit": (400, "BadRequest")}


def routes(world: World) -> list[SandboxRoute]:
    """Everything below /security/cases."""
    table: dict[str, dict[str, Answer]] = {
        "/security/cases": {"GET": root},
        _CASES: {"GET": cases, "POST": create_case},
        _CASES + "/{case}": {"GET": case, "PATCH": update_case, "DELETE": delete_case},
        _CASES + "/{case}/close": {"POST": close},
        _CASES + "/{case}/microsoft.graph.security.close": {"POST": close},
        _CASES + "/{case}/reopen": {"POST": reopen},
        _CASES + "/{case}/microsoft.graph.security.reopen": {"POST": reopen},
        _CASES + "/{case}/operations": {"GET": operations},
        _CASES + "/{case}/custodians": {"GET": nothing},
        _CASES + "/{case}/noncustodialDataSources": {"GET": nothing},
        _CASES + "/{case}/caseMembers": {"GET": unauthorised},
        _HOLDS: {"GET": holds, "POST": create_hold},
        _HOLDS + "/{hold}": {"GET": hold, "PATCH": update_hold, "DELETE": delete_hold},
        _HOLDS + "/{hold}/retryPolicy": {"POST": retry},
        _HOLDS + "/{hold}/microsoft.graph.security.retryPolicy": {"POST": retry},
        _HOLDS + "/{hold}/enablePolicy": {"POST": enable},
        _HOLDS + "/{hold}/disablePolicy": {"POST": disable},
        _HOLDS + "/{hold}/userSources": {"GET": user_sources, "POST": add_user},
        _HOLDS + "/{hold}/userSources/{source}": {"GET": one_source, "DELETE": drop_source},
        _HOLDS + "/{hold}/siteSources": {"GET": site_sources, "POST": add_site},
        _HOLDS + "/{hold}/siteSources/{source}": {"GET": one_source, "DELETE": drop_source},
        _HOLDS + "/{hold}/unifiedGroupSources": {"GET": group_sources},
    }
    return [route for path, answers in table.items() for route in graph_routes(world, path, answers)]


def root(ask: Ask) -> Response:
    """/security/cases itself answers 200 even where its children answer 401 (M§3.3)."""
    ask.need("eDiscovery.Read.All", "eDiscovery.ReadWrite.All", code="Forbidden")
    return json_response({"@odata.context": f"{ask.base}/$metadata#security/cases/$entity"})


def _gate(ask: Ask, *, write_only: bool = False) -> None:
    """Permission, then licence, then registration in Security & Compliance (docs/wire/graph-ediscovery.md §2)."""
    roles = ("eDiscovery.ReadWrite.All",) if write_only else ("eDiscovery.Read.All", "eDiscovery.ReadWrite.All")
    ask.need(*roles, code="Forbidden")
    if not has_plan(licence(ask.world), "faculty", PREMIUM_EDISCOVERY):
        # [chosen] as in docs/wire: what an A3 tenant really answers app-only is not known (M§12).
        raise GraphError(403, "Forbidden", "The tenant does not have a license for this operation.")
    if switch(ask.world, "ediscovery_manager") == "not_registered":
        raise GraphError(401, "UnknownError", "", spelling="innererror")


def _seen(ask: Ask, found: Case) -> bool:
    own = switch(ask.world, "ediscovery_manager", "administrator") == "manager"
    return not own or ask.caller.actor.object_id in found.members


def _case(ask: Ask) -> Case:
    _gate(ask)
    found = ask.state.cases.get(ask.part("case").lower())
    if found is None or not _seen(ask, found):
        raise GraphError(404, "NotFound", "The case was not found.")
    return found


def _child(ask: Ask, segment: str = "") -> Case:
    if segment and ask.version == "v1.0" and switch(ask.world, "legal_holds_v1", "on") == "off":
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
    found = _case(ask)
    if found.materialised is None or ask.world.clock.now() < found.materialised:
        raise GraphError(500, "UnknownError", f'The compliance case "{found.guid}" doesn\'t exist. Please create the case.')
    return found


def cases(ask: Ask) -> Response:
    """Cases that the caller may see; a Manager sees those it made or is a member of, and nothing says that there are more."""
    _gate(ask)
    found = [one for one in ask.state.cases.values() if _seen(ask, one)]
    return page(ask, Listing(name="security/cases/ediscoveryCases", items=found, render=lambda one: _case_row(ask, one), counted=True))


def case(ask: Ask) -> Response:
    """One case."""
    return entity(ask, "security/cases/ediscoveryCases", _case_row(ask, _case(ask)))


def _case_row(ask: Ask, found: Case) -> Entity:
    closed = found.closed_at if holding.case_status(ask.world, found) == "closed" else None
    row: Entity = {
        "description": found.comment,
        "lastModifiedDateTime": precise(found.changed),
        "status": holding.case_status(ask.world, found),
        "closedDateTime": precise(closed) if closed else None,
        "externalId": found.external_id,
        "id": found.guid,
        "displayName": found.name,
        "createdDateTime": precise(found.created),
    }
    if "case" in ask.request.path_params:
        row["lastModifiedBy"] = _named(found.changed_by)
        row["closedBy"] = _named(found.closed_by) if found.closed_by else None
    return row


def precise(at: datetime) -> str:
    """An instant as these routes write it, to the millisecond."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _named(actor: Actor) -> Entity:
    # Holds carry the name where the id belongs (M§3.5).
    return {"application": None, "user": {"id": actor.name, "displayName": None}}


def _body(ask: Ask) -> dict[str, object]:
    try:
        return json_of(ask.request)
    except ValueError:
        raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from None


def _texts(body: dict[str, object], allowed: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in body.items():
        if name.startswith("@"):
            continue
        if name not in allowed:
            raise GraphError(400, "BadRequest", f"The property '{name}' cannot be set.")
        if not isinstance(value, str):
            raise GraphError(400, "BadRequest", f"The property '{name}' must be a string.")
        found[allowed[name]] = value
    return found


def _refused(error: holding.HoldError) -> GraphError:
    status, code = _STATUS[error.kind]
    return GraphError(status, code, str(error))


def create_case(ask: Ask) -> Response:
    """201 and the case; its children may answer 500 for a while. Not idempotent (M§3.7)."""
    _gate(ask)
    values = _texts(_body(ask), {"displayName": "name", "description": "comment", "externalId": "external_id"})
    if not values.get("name"):
        raise GraphError(400, "BadRequest", "The property 'displayName' is required.")
    try:
        texts = (values["name"], values.get("comment", ""), values.get("external_id", ""))
        made = holding.open_case(ask.world, ask.caller.actor, *texts, "AdvancedEdiscovery")
    except holding.HoldError as error:
        raise _refused(error) from None
    return entity(ask, "security/cases/ediscoveryCases", _case_row(ask, made), 201)


def update_case(ask: Ask) -> Response:
    """204 [chosen]: the name, the description, the external id."""
    found = _case(ask)
    values = _texts(_body(ask), {"displayName": "name", "description": "comment", "externalId": "external_id"})
    holding.change_case(ask.world, ask.caller.actor, found, values)
    return _empty()


def _empty() -> Response:
    return Response(status_code=204)


def delete_case(ask: Ask) -> Response:
    """204; refused while the case has holds (M§3.7)."""
    found = _case(ask)
    if holding.holds_of(ask.world, found):
        raise GraphError(400, "BadRequest", "The case has hold policies and can't be deleted.")
    del ask.state.cases[found.guid]
    return _empty()


def close(ask: Ask) -> Response:
    """204; the holds of the case are off from now on (M§3.7)."""
    holding.close_case(ask.world, ask.caller.actor, _case(ask))
    return _empty()


def reopen(ask: Ask) -> Response:
    """204; the holds stay off (M§3.7)."""
    holding.reopen_case(ask.world, ask.caller.actor, _case(ask))
    return _empty()


def operations(ask: Ask) -> Response:
    """Jobs of the case; made by nobody, as measured (M§3.4)."""
    found = _child(ask)
    return page(ask, Listing(name=f"{_CASES[1:]}('{found.guid}')/operations", items=found.operations, render=lambda one: _job(ask, one)))


def _job(ask: Ask, one: Operation) -> Entity:
    done = ask.world.clock.now() >= one.done
    state = {"status": "succeeded" if done else "running", "percentProgress": 100 if done else 50}
    times = {"createdDateTime": precise(one.started), "completedDateTime": precise(one.done) if done else _UNSET}
    return {"@odata.type": "#microsoft.graph.security.ediscoveryHoldPolicySyncOperation", **times, **state} | {
        "action": "holdPolicySync",
        "id": one.id,
        "createdBy": None,
    }


def nothing(ask: Ask) -> Response:
    """People and places of the older kind: portal-made holds never appear here (M§3.2)."""
    _child(ask)
    return json_response({"@odata.context": f"{ask.base}/$metadata#Collection", "value": []})


def unauthorised(ask: Ask) -> Response:
    """401 even for an authorised app (M§3.5)."""
    _child(ask)
    raise GraphError(401, "UnknownError", "", spelling="innererror")


def _hold(ask: Ask) -> Hold:
    parent = _child(ask, "legalHolds")
    found = ask.state.holds.get(ask.part("hold").lower())
    if found is None or found.case != parent.guid:
        raise GraphError(404, "NotFound", "The hold policy was not found.")
    return found


def _holds_name(found: Case) -> str:
    return f"security/cases/ediscoveryCases('{found.guid}')/legalHolds"


def holds(ask: Ask) -> Response:
    """The holds of a case."""
    parent = _child(ask, "legalHolds")
    items = holding.holds_of(ask.world, parent)
    return page(ask, Listing(name=_holds_name(parent), items=items, render=_hold_row))


def hold(ask: Ask) -> Response:
    """One hold; its status is null while nothing is wrong (M§3.5)."""
    found = _hold(ask)
    return entity(ask, _holds_name(ask.state.cases[found.case]), _hold_row(found))


def _hold_row(found: Hold) -> Entity:
    errors = holding.hold_errors(found)
    return {
        "isEnabled": found.enabled,
        "errors": errors,
        "contentQuery": found.query,
        "description": found.comment,
        "createdDateTime": precise(found.created),
        "lastModifiedDateTime": precise(found.changed),
        "status": "error" if errors else None,
        "id": found.guid,
        "displayName": found.name,
        "createdBy": _named(found.created_by),
        "lastModifiedBy": _named(found.changed_by),
    }


def create_hold(ask: Ask) -> Response:
    """201 and the hold, ``pending`` this once; sources may come inline as bindings."""
    parent = _child(ask, "legalHolds")
    body = _body(ask)
    values = _texts(body, {"displayName": "name", "description": "comment", "contentQuery": "query"})
    name = values.pop("name", "")
    if not name:
        raise GraphError(400, "BadRequest", "The property 'displayName' is required.")
    try:
        made = holding.make_hold(ask.world, ask.caller.actor, parent, name, values | {"ruled": "yes"})
        for key, kind, part in (("userSources@odata.bind", "mailbox", "email"), ("siteSources@odata.bind", "site", "site")):
            for one in _rows(body.get(key)):
                holding.add_source(ask.world, ask.caller.actor, made, kind, _place(one, part))
    except holding.HoldError as error:
        raise _refused(error) from None
    return entity(ask, _holds_name(parent), _hold_row(made) | {"status": "pending"}, 201)


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
    holding.change_hold(ask.world, ask.caller.actor, found, _texts(_body(ask), {"contentQuery": "query", "description": "comment"}))
    return _empty()


def delete_hold(ask: Ask) -> Response:
    """204; the places lose the hold and get a delay hold."""
    holding.remove_hold(ask.world, ask.caller.actor, _hold(ask))
    return _empty()


def retry(ask: Ask) -> Response:
    """204; what failed is distributed again."""
    _gate(ask, write_only=True)
    holding.retry_hold(ask.world, ask.caller.actor, _hold(ask))
    return _empty()


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
        raise _refused(error) from None
    return _empty()


def user_sources(ask: Ask) -> Response:
    """Mailboxes of a hold; one whose address also belongs to an inactive mailbox brings a row for that too."""
    return _sources(ask, "mailbox", "userSources")


def site_sources(ask: Ask) -> Response:
    """Sites of a hold."""
    return _sources(ask, "site", "siteSources")


def _sources(ask: Ask, kind: str, segment: str) -> Response:
    found = _hold(ask)
    rows = [row for source in found.sources if source.kind == kind for row in _source_rows(ask, found, source)]
    name = f"{_holds_name(ask.state.cases[found.case])}('{found.guid}')/{segment}"
    return page(ask, Listing(name=name, items=rows, render=lambda row: row))


def _source_rows(ask: Ask, found: Hold, source: Source) -> list[Entity]:
    row = _source_row(source, holding.source_status(ask.world, found, source))
    twin = next(
        (one for one in ask.state.accounts.values() if _twin(one.mailbox is not None and one.mailbox.inactive, one.addresses, source)), None
    )
    if twin is None:
        return [row]
    address = f".{source.place.lower()}"
    return [row, row | {"id": f"00000000-0000-0000-0000-000000000000{address}", "displayName": address}]


def _twin(inactive: bool, addresses: list[str], source: Source) -> bool:  # noqa: FBT001 - a small predicate
    return inactive and source.kind == "mailbox" and source.place.lower() in addresses


def _source_row(source: Source, status: str) -> Entity:
    row: Entity = {
        "displayName": source.name,
        "createdDateTime": precise(source.created),
        "holdStatus": status,
        "id": source.id,
        "createdBy": {"application": None, "user": {"id": None, "displayName": source.created_by.name}},
    }
    if source.kind == "mailbox":
        return row | {"email": source.place.lstrip("."), "includedSources": "mailbox", "siteWebUrl": None}
    return row | {"site": {"webUrl": source.place, "id": source.id, "displayName": None, "createdDateTime": _UNSET}}


def add_user(ask: Ask) -> Response:
    """201 that says ``applied`` before anything happened, as the documented sample does."""
    return _add(ask, "mailbox", "userSources", "email")


def add_site(ask: Ask) -> Response:
    """201 that says ``applied`` before anything happened, and may leave the site out."""
    return _add(ask, "site", "siteSources", "site")


def _add(ask: Ask, kind: str, segment: str, part: str) -> Response:
    found = _hold(ask)
    try:
        source = holding.add_source(ask.world, ask.caller.actor, found, kind, _place(_body(ask), part))
    except holding.HoldError as error:
        raise _refused(error) from None
    row = _source_row(source, "applied") | {"createdDateTime": _UNSET}
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
    return entity(ask, name, _source_row(source, holding.source_status(ask.world, found, source)))


def drop_source(ask: Ask) -> Response:
    """204; content that only this hold kept may be deleted once the delay hold is over (M§3.7)."""
    found, source = _source(ask)
    holding.remove_source(ask.world, ask.caller.actor, found, source)
    return _empty()


def group_sources(ask: Ask) -> Response:
    """400: such sources exist under custodians alone (M§3.4)."""
    _hold(ask)
    raise GraphError(400, "BadRequest", "Resource not found for the segment 'unifiedGroupSources'.")
