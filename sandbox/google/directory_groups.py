"""Directory API: groups and their members (G§4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, listing
from sandbox.google.directory import check_customer
from sandbox.google.privileges import need
from sandbox.google.state import GoogleState, Group, Member


def operations() -> Mapping[str, Operation]:
    """Groups and members by method id."""
    return {
        "directory.groups.list": _list,
        "directory.groups.get": _get,
        "directory.members.list": _members,
        "directory.members.get": _member,
        "directory.members.hasMember": _has_member,
    }


def group_json(group: Group) -> Item:
    """A ``Group`` resource; the count is of direct members and arrives as text."""
    return {
        "kind": "admin#directory#group",
        "id": group.id,
        "etag": f'"{group.id}"',
        "email": group.email,
        "name": group.name,
        "description": group.description,
        "directMembersCount": str(len(group.members)),
        "adminCreated": True,
    }


def _list(call: Call) -> Item:
    need(call)
    chosen = list(call.state.groups.values())
    if "userKey" in call.query:
        user = call.state.user(call.query["userKey"])
        if user is None:
            raise errors.not_found("Resource Not Found: userKey")
        chosen = [group for group in chosen if user.id in group.members]
    elif "customer" in call.query:
        check_customer(call, "customer")
    elif call.query.get("domain") != call.state.domain:
        raise errors.ApiError(400, "INVALID_ARGUMENT", "required", "Bad Request: domain, customer or userKey is required")
    shown = [group_json(group) for group in sorted(chosen, key=lambda group: group.email)]
    page, token = call.page(shown, "maxResults", 200, 200)
    return listing("groups", page, token, kind="admin#directory#groups", etag='"groups"')


def _get(call: Call) -> Item:
    need(call)
    return group_json(_group(call))


def _members(call: Call) -> Item:
    need(call)
    group = _group(call)
    derived = call.query.get("includeDerivedMembership") == "true"
    roles = {role for role in call.query.get("roles", "").upper().split(",") if role}
    found = _derived(call.state, group) if derived else group.members.values()
    shown = [_member_json(call.state, member) for member in found if not roles or member.role in roles]
    page, token = call.page(shown, "maxResults", 200, 200)
    return listing("members", page, token, kind="admin#directory#members", etag='"members"')


def _member(call: Call) -> Item:
    need(call)
    member = _group(call).members.get(_member_id(call))
    if member is None:
        raise errors.not_found("Resource Not Found: memberKey")
    return _member_json(call.state, member)


def _has_member(call: Call) -> Item:
    need(call)
    wanted = _member_id(call)
    return {"isMember": any(member.id == wanted for member in _derived(call.state, _group(call)))}


def _derived(state: GoogleState, group: Group) -> Iterator[Member]:
    """Direct members and those of nested groups, each once, also where groups contain each other."""
    seen = {group.id}
    waiting = [group]
    while waiting:
        for member in waiting.pop(0).members.values():
            if member.id in seen:
                continue
            seen.add(member.id)
            yield member
            nested = state.groups.get(member.id)
            if nested is not None:
                waiting.append(nested)


def _member_json(state: GoogleState, member: Member) -> Item:
    shown: Item = {"kind": "admin#directory#member", "id": member.id, "etag": f'"{member.id}"', "role": member.role, "type": member.type}
    user, group = state.users.get(member.id), state.groups.get(member.id)
    if user is not None:
        status = "SUSPENDED" if user.suspended_at is not None else "ARCHIVED" if user.archived_at is not None else "ACTIVE"
        shown |= {"email": user.email, "status": status}
    elif group is not None:
        shown |= {"email": group.email, "status": "ACTIVE"}
    return shown


def _group(call: Call) -> Group:
    group = call.state.group(call.path["groupKey"])
    if group is None:
        raise errors.not_found("Resource Not Found: groupKey")
    return group


def _member_id(call: Call) -> str:
    key = call.path["memberKey"]
    return call.state.addresses.get(key.lower(), key)
