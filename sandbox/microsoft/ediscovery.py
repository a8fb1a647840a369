"""Graph's eDiscovery cases, and who may see them (docs/wire/graph-ediscovery.md §1 to §3, §7)."""

from __future__ import annotations

from datetime import datetime

from starlette.responses import Response

from sandbox.microsoft import holding
from sandbox.microsoft.objects import Actor, Case, Operation
from sandbox.microsoft.odata import Answer, Ask, Entity, GraphError, Listing, entity, graph_routes, page
from sandbox.microsoft.plans import EXCHANGE_PLAN_2, PREMIUM_EDISCOVERY, has_plan
from sandbox.microsoft.state import ediscovery_place, licence, switch, worded
from sandbox.routing import SandboxRoute, json_of, json_response
from sandbox.world import World

UNSET = "0001-01-01T00:00:00Z"
CASES = "/security/cases/ediscoveryCases"
_STATUS = {"exists": (409, "Conflict"), "closed": (400, "BadRequest"), "missing": (400, "BadRequest"), "limit": (400, "BadRequest")}


def routes(world: World) -> list[SandboxRoute]:
    """Everything below /security/cases."""
    table: dict[str, dict[str, Answer]] = {
        "/security/cases": {"GET": root},
        CASES: {"GET": cases, "POST": create_case},
        CASES + "/{case}": {"GET": case, "PATCH": update_case, "DELETE": delete_case},
        CASES + "/{case}/close": {"POST": close},
        CASES + "/{case}/microsoft.graph.security.close": {"POST": close},
        CASES + "/{case}/reopen": {"POST": reopen},
        CASES + "/{case}/microsoft.graph.security.reopen": {"POST": reopen},
        CASES + "/{case}/operations": {"GET": operations},
        CASES + "/{case}/custodians": {"GET": nothing},
        CASES + "/{case}/noncustodialDataSources": {"GET": nothing},
        CASES + "/{case}/caseMembers": {"GET": unauthorised},
    }
    return [route for path, answers in table.items() for route in graph_routes(world, path, answers)]


def root(ask: Ask) -> Response:
    """/security/cases itself answers 200 even where its children answer 401 (M§3.3)."""
    ask.need("eDiscovery.Read.All", "eDiscovery.ReadWrite.All", code="Forbidden")
    return json_response({"@odata.context": f"{ask.base}/$metadata#security/cases/$entity"})


def gate(ask: Ask, *, write_only: bool = False) -> None:
    """Permission, then licence, then registration in Security & Compliance (docs/wire/graph-ediscovery.md §2)."""
    roles = ("eDiscovery.ReadWrite.All",) if write_only else ("eDiscovery.Read.All", "eDiscovery.ReadWrite.All")
    ask.need(*roles, code="Forbidden")
    if ask.caller.delegated:
        _person(ask)
        return
    if not has_plan(licence(ask.world), "faculty", PREMIUM_EDISCOVERY):
        # [chosen] as in docs/wire: what an A3 tenant really answers app-only is not known (M§12).
        raise GraphError(403, "Forbidden", "The tenant does not have a license for this operation.")
    if ediscovery_place(ask.world, ask.caller.actor) == "not_registered":
        raise GraphError(401, "UnknownError", "", spelling="innererror")


def _person(ask: Ask) -> None:
    """Somebody signed in needs the role, and a tenant with Plan 2: A3 suffices (docs/wire/delegated.md §4.3)."""
    if not ask.caller.officer:
        raise GraphError(403, "Forbidden", "Insufficient privileges to complete the operation.")
    if not has_plan(licence(ask.world), "faculty", EXCHANGE_PLAN_2):
        raise GraphError(403, "Forbidden", "The tenant does not have a license for this operation.")


def _seen(ask: Ask, found: Case) -> bool:
    if ask.caller.delegated:
        # The tenant's administrator is eDiscovery Administrator, the other officers are Managers.
        return ask.caller.actor.object_id in {ask.state.administrator, *found.members}
    own = ediscovery_place(ask.world, ask.caller.actor) == "manager"
    return not own or ask.caller.actor.object_id in found.members


def _case(ask: Ask) -> Case:
    gate(ask)
    found = ask.state.cases.get(ask.part("case").lower())
    if found is None or not _seen(ask, found):
        raise GraphError(404, "NotFound", "The case was not found.")
    return found


def child(ask: Ask, segment: str = "") -> Case:
    """The case of a child route; 500 while it is not materialised, 400 where v1.0 does not know ``segment``."""
    if segment and ask.version == "v1.0" and switch(ask.world, "legal_holds_v1", "on") == "off":
        raise GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")
    found = _case(ask)
    if found.materialised is None or ask.world.clock.now() < found.materialised:
        raise GraphError(500, "UnknownError", f'The compliance case "{found.guid}" doesn\'t exist. Please create the case.')
    return found


def cases(ask: Ask) -> Response:
    """Cases that the caller may see; a Manager sees those it made or is a member of, and nothing says that there are more."""
    gate(ask)
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
        "status": worded(ask.world, "case", holding.case_status(ask.world, found)),
        "closedDateTime": precise(closed) if closed else None,
        "externalId": found.external_id,
        "id": found.guid,
        "displayName": found.name,
        "createdDateTime": precise(found.created),
    }
    if "case" in ask.request.path_params:
        row["lastModifiedBy"] = named(found.changed_by)
        row["closedBy"] = named(found.closed_by) if found.closed_by else None
    return row


def precise(at: datetime) -> str:
    """An instant as these routes write it, to the millisecond."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def named(actor: Actor) -> Entity:
    """An identity set as cases and holds write it."""
    # Holds carry the name where the id belongs (M§3.5).
    return {"application": None, "user": {"id": actor.name, "displayName": None}}


def sent(ask: Ask) -> dict[str, object]:
    """The request's JSON object; 400 for anything else."""
    try:
        return json_of(ask.request)
    except ValueError:
        raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from None


def texts(body: dict[str, object], allowed: dict[str, str]) -> dict[str, str]:
    """String properties by the name that ``allowed`` gives them; 400 for others, as documented for these PATCHes (M§3.4)."""
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


def refused(error: holding.HoldError) -> GraphError:
    """The answer for what the service does not do."""
    status, code = _STATUS[error.kind]
    return GraphError(status, code, str(error))


def create_case(ask: Ask) -> Response:
    """201 and the case; its children may answer 500 for a while. Not idempotent (M§3.7)."""
    gate(ask)
    values = texts(sent(ask), {"displayName": "name", "description": "comment", "externalId": "external_id"})
    if not values.get("name"):
        raise GraphError(400, "BadRequest", "The property 'displayName' is required.")
    try:
        words = (values["name"], values.get("comment", ""), values.get("external_id", ""))
        made = holding.open_case(ask.world, ask.caller.actor, *words, "AdvancedEdiscovery")
    except holding.HoldError as error:
        raise refused(error) from None
    return entity(ask, "security/cases/ediscoveryCases", _case_row(ask, made), 201)


def update_case(ask: Ask) -> Response:
    """204 [chosen]: the name, the description, the external id."""
    found = _case(ask)
    values = texts(sent(ask), {"displayName": "name", "description": "comment", "externalId": "external_id"})
    try:
        holding.change_case(ask.world, ask.caller.actor, found, values)
    except holding.HoldError as error:
        raise refused(error) from None
    return no_content()


def no_content() -> Response:
    """204."""
    return Response(status_code=204)


def delete_case(ask: Ask) -> Response:
    """204; refused while the case has holds (M§3.7)."""
    found = _case(ask)
    if holding.holds_of(ask.world, found):
        raise GraphError(400, "BadRequest", "The case has hold policies and can't be deleted.")
    del ask.state.cases[found.guid]
    return no_content()


def close(ask: Ask) -> Response:
    """204; the holds of the case are off from now on (M§3.7)."""
    holding.close_case(ask.world, ask.caller.actor, _case(ask))
    return no_content()


def reopen(ask: Ask) -> Response:
    """204; the holds stay off (M§3.7)."""
    holding.reopen_case(ask.world, ask.caller.actor, _case(ask))
    return no_content()


def operations(ask: Ask) -> Response:
    """Jobs of the case; made by nobody, as measured (M§3.4)."""
    found = child(ask)
    return page(ask, Listing(name=f"{CASES[1:]}('{found.guid}')/operations", items=found.operations, render=lambda one: _job(ask, one)))


def _job(ask: Ask, one: Operation) -> Entity:
    done = ask.world.clock.now() >= one.done
    state = {"status": "succeeded" if done else "running", "percentProgress": 100 if done else 50}
    times = {"createdDateTime": precise(one.started), "completedDateTime": precise(one.done) if done else UNSET}
    return {"@odata.type": "#microsoft.graph.security.ediscoveryHoldPolicySyncOperation", **times, **state} | {
        "action": "holdPolicySync",
        "id": one.id,
        "createdBy": None,
    }


def nothing(ask: Ask) -> Response:
    """People and places of the older kind: portal-made holds never appear here (M§3.2)."""
    child(ask)
    return json_response({"@odata.context": f"{ask.base}/$metadata#Collection", "value": []})


def unauthorised(ask: Ask) -> Response:
    """401 even for an authorised app (M§3.5)."""
    child(ask)
    raise GraphError(401, "UnknownError", "", spelling="innererror")
