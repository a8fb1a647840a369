"""Graph's groups with their members, and sites (M§5)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from sandbox.microsoft.directory import drive_row, listing_of, not_found, user_row
from sandbox.microsoft.objects import Account, Group
from sandbox.microsoft.odata import Ask, Entity, GraphError, Listing, entity, graph_routes, matches, need_eventual, page
from sandbox.microsoft.state import stable_id
from sandbox.routing import SandboxRoute
from sandbox.world import World

_GROUPS = ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")
_FILES = ("Files.Read.All", "Sites.Read.All")
_FILTERS = frozenset({"id", "displayName", "mail", "mailNickname", "mailEnabled", "securityEnabled", "proxyAddresses", "groupTypes"})


def routes(world: World) -> list[SandboxRoute]:
    """Everything below /groups and /sites."""
    table = {
        "/groups": groups,
        "/groups/{group}": group,
        "/users/{user}/transitiveMemberOf/microsoft.graph.group": groups_of_user,
        "/users/{user}/transitiveMemberOf/graph.group": groups_of_user,
        "/groups/{group}/members": members,
        "/groups/{group}/transitiveMembers": transitive_members,
        "/groups/{group}/transitiveMembers/microsoft.graph.user": transitive_users,
        "/groups/{group}/transitiveMembers/graph.user": transitive_users,
        "/groups/{group}/drive": group_drive,
        "/groups/{group}/sites/root": group_site,
        "/sites/{address:path}": site,
    }
    return [route for path, answer in table.items() for route in graph_routes(world, path, {"GET": answer})]


def groups(ask: Ask) -> Response:
    """Groups, by id."""
    ask.need(*_GROUPS)
    test = matches(ask, _FILTERS)
    found = [group for _, group in sorted(ask.state.groups.items()) if test(group_row(group))]
    return page(ask, Listing(name="groups", items=found, render=group_row))


def group_row(found: Group) -> Entity:
    """Everything that this emulator knows of a group resource."""
    return {
        "id": found.id,
        "displayName": found.display_name,
        "description": None,
        "mail": found.mail,
        "mailNickname": found.mail.partition("@")[0],
        "mailEnabled": True,
        "securityEnabled": not found.unified,
        "groupTypes": ["Unified"] if found.unified else [],
        "proxyAddresses": [f"SMTP:{found.mail}"],
        "visibility": "HiddenMembership" if found.hidden else "Private" if found.unified else None,
        "resourceProvisioningOptions": ["Team"] if found.site_url else [],
    }


def group(ask: Ask) -> Response:
    """One group by id."""
    ask.need(*_GROUPS)
    return entity(ask, "groups", group_row(_group(ask)))


def _group(ask: Ask) -> Group:
    found = ask.state.groups.get(ask.part("group").lower())
    if found is None:
        raise not_found(ask.part("group"))
    return found


def _visible(ask: Ask, found: Group) -> bool:
    # Without Member.Read.Hidden the answer is 200 and empty, not a refusal (M§5).
    return not found.hidden or "Member.Read.Hidden" in ask.caller.roles


def members(ask: Ask) -> Response:
    """Direct members, people and groups mixed."""
    ask.need(*_GROUPS)
    found = _group(ask)
    return page(ask, _mixed(ask, found.members if _visible(ask, found) else []))


def transitive_members(ask: Ask) -> Response:
    """Members and members of members, people and groups mixed, each row saying what it is."""
    ask.need(*_GROUPS)
    found = _group(ask)
    nested: set[str] = set()
    waiting = list(found.members)
    while waiting:
        member = waiting.pop()
        if member not in nested:
            nested.add(member)
            inner = ask.state.groups.get(member)
            waiting += inner.members if inner is not None else []
    return page(ask, _mixed(ask, sorted(nested) if _visible(ask, found) else []))


def _mixed(ask: Ask, ids: Sequence[str]) -> Listing[Account | Group]:
    state = ask.state
    found: list[Account | Group] = []
    for key in ids:
        account, inner = state.accounts.get(key), state.groups.get(key)
        if account is not None and account.deleted is None:
            found.append(account)
        elif inner is not None:
            found.append(inner)
    return Listing(name="directoryObjects", items=found, render=lambda one: _member(ask, one))


def _member(ask: Ask, one: Account | Group) -> Entity:
    if isinstance(one, Account):
        return {"@odata.type": "#microsoft.graph.user", **_wide(ask, user_row(ask, one))}
    return {"@odata.type": "#microsoft.graph.group", **_wide(ask, group_row(one))}


def _wide(ask: Ask, row: Entity) -> Entity:
    # Mixed rows answer null for a property that their own type lacks, so one $select serves users and groups.
    names = [name.strip() for name in ask.option("$select").split(",") if name.strip()]
    return {name: row.get(name) for name in names} if names else row


def transitive_users(ask: Ask) -> Response:
    """The people of a group, those of nested groups too; an OData cast, so an advanced query."""
    ask.need(*_GROUPS)
    need_eventual(ask)
    found = _group(ask)
    accounts = ask.state.members_of(found) if _visible(ask, found) else []
    return page(ask, listing_of(ask, "users", accounts))


def groups_of_user(ask: Ask) -> Response:
    """The groups of one person, through nested ones too; an OData cast, so an advanced query."""
    ask.need(*_GROUPS)
    need_eventual(ask)
    account = ask.state.account_at(ask.part("user"))
    if account is None:
        raise not_found(ask.part("user"))
    found = [one for _, one in sorted(ask.state.groups.items()) if _visible(ask, one) and account in ask.state.members_of(one)]
    return page(ask, Listing(name="groups", items=found, render=group_row))


def group_drive(ask: Ask) -> Response:
    """The library of a Microsoft 365 group."""
    ask.need(*_FILES)
    found = _group(ask)
    if not found.site_url:
        raise GraphError(404, "ResourceNotFound", "Resource is not found.")
    return entity(ask, "drives", drive_row(ask, found.id, found.site_id, found.site_url) | {"driveType": "documentLibrary"})


def group_site(ask: Ask) -> Response:
    """The site of a Microsoft 365 group."""
    ask.need("Sites.Read.All")
    found = _group(ask)
    if not found.site_url:
        raise GraphError(404, "itemNotFound", "Requested site could not be found")
    return entity(
        ask, "sites", {"id": found.site_id, "webUrl": found.site_url, "displayName": found.display_name, "name": found.display_name}
    )


def site(ask: Ask) -> Response:
    """A site by ``host:/path``; 404 for one that does not exist, 423 for a locked one."""
    ask.need("Sites.Read.All")
    host, _, path = ask.part("address").partition(":")
    url = f"https://{host}/{path.strip('/:')}".rstrip("/").lower()
    for known, title in ask.state.sites.items():
        if known.lower() == url:
            return entity(ask, "sites", _site_row(ask, known, title))
    for found in ask.state.groups.values():
        if found.site_url and found.site_url.lower() == url:
            return entity(ask, "sites", _site_row(ask, found.site_url, found.display_name) | {"id": found.site_id})
    for account in ask.state.accounts.values():
        if account.drive is not None and account.drive.url.lower() == url:
            if account.drive.locked:
                raise GraphError(423, "resourceLocked", "The site is locked.")
            return entity(ask, "sites", _site_row(ask, account.drive.url, account.display_name) | {"id": account.drive.site_id})
    raise GraphError(404, "itemNotFound", "Requested site could not be found")


def _site_row(ask: Ask, url: str, title: str) -> Entity:
    return {"id": stable_id(ask.state.seed, f"site/{url}"), "webUrl": url, "displayName": title, "name": url.rpartition("/")[2]}
