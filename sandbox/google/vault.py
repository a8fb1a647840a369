"""Vault API v1: matters, and who may see and touch them (G§1.2, G§1.6, G§1.9). Holds are in ``vault_holds``."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, listing
from sandbox.google.audit import api_actor, log_vault
from sandbox.google.holdbook import release_all
from sandbox.google.state import Matter, state_of
from sandbox.world import World


def operations() -> Mapping[str, Operation]:
    """Matters by method id."""
    return {
        "vault.matters.create": _create,
        "vault.matters.get": _get,
        "vault.matters.list": _list,
        "vault.matters.update": _update,
        "vault.matters.close": _close,
        "vault.matters.reopen": _reopen,
        "vault.matters.delete": _delete,
        "vault.matters.undelete": _undelete,
        "vault.matters.addPermissions": _add_permission,
        "vault.matters.removePermissions": _remove_permission,
    }


def need(call: Call, privilege: str) -> None:
    """Refuse with 403 unless the subject's roles hold that Vault privilege (G§4.4)."""
    if not call.may("vault", privilege):
        raise errors.forbidden()


def sees(call: Call, matter: Matter) -> bool:
    """Whether the subject created the matter, has it shared, or may view all (G§1.9)."""
    if call.may("vault", "ACCESS_ALL_MATTERS"):
        return True
    return call.principal == matter.owner or call.principal in matter.collaborators


def matter_of(call: Call) -> Matter:
    """The matter that the path names; 404 also when the caller may not see it."""
    matter = call.state.matters.get(call.path["matterId"])
    if matter is None or not sees(call, matter):
        raise errors.not_found("Requested entity was not found.")
    return matter


def open_matter(call: Call) -> Matter:
    """The matter of the path if it is open; 400 FAILED_PRECONDITION otherwise (G§1.6)."""
    matter = matter_of(call)
    if matter.state != "OPEN":
        raise errors.precondition("Matter is not open.")
    return matter


def matter_json(matter: Matter, *, full: bool = False) -> Item:
    """A matter as the API shows it; FULL adds who may open it."""
    shown: Item = {"matterId": matter.id, "name": matter.name, "state": matter.state, "matterRegion": matter.region}
    if matter.description:
        shown["description"] = matter.description
    if full:
        permissions = [{"accountId": matter.owner, "role": "OWNER"}]
        permissions += [{"accountId": account, "role": "COLLABORATOR"} for account in sorted(matter.collaborators)]
        shown["matterPermissions"] = permissions
    return shown


def close(world: World, matter: Matter, holds: str) -> None:
    """Close a matter. What becomes of live holds is not documented (G§12a): ``refuse``, ``release`` them, or ``keep`` them out of sight."""
    if matter.state != "OPEN":
        raise errors.precondition("Matter is not open.")
    if matter.holds and holds == "refuse":
        raise errors.precondition("The matter has holds. Delete them before closing it.")
    if holds == "release":
        for hold in list(matter.holds.values()):
            release_all(state_of(world), matter, hold)
    matter.state = "CLOSED"


def _create(call: Call) -> Item:
    need(call, "ADMIN_MATTER")
    name = str(call.body.get("name", ""))
    if not name:
        raise errors.invalid("Matter name must be set.")
    region = str(call.body.get("matterRegion", "ANY"))
    matter = Matter(
        id=call.state.word(24),
        name=name,
        description=str(call.body.get("description", "")),
        region="ANY" if region == "MATTER_REGION_UNSPECIFIED" else region,
        owner=call.principal,
        created=call.now,
    )
    call.state.matters[matter.id] = matter
    log_vault(call.world, api_actor(call), "create_investigation", _named(matter))
    return matter_json(matter)


def _get(call: Call) -> Item:
    return matter_json(matter_of(call), full=call.query.get("view") == "FULL")


def _list(call: Call) -> Item:
    if call.user is None and not call.is_admin:
        raise errors.forbidden()
    state = call.query.get("state", "STATE_UNSPECIFIED")
    shown = [
        matter_json(matter, full=call.query.get("view") == "FULL")
        for matter in sorted(call.state.matters.values(), key=lambda found: (found.created, found.id), reverse=True)
        if sees(call, matter) and state in {"STATE_UNSPECIFIED", matter.state}
    ]
    page, token = call.page(shown, "pageSize", 100, 100)
    return listing("matters", page, token)


def _update(call: Call) -> Item:
    need(call, "ADMIN_MATTER")
    matter = open_matter(call)
    # A PUT: what is not sent is lost. A name cannot be lost, a description can (G§1.6).
    name = str(call.body.get("name", ""))
    if not name:
        raise errors.invalid("Matter name must be set.")
    matter.name, matter.description = name, str(call.body.get("description", ""))
    log_vault(call.world, api_actor(call), "update_investigation_details", _named(matter))
    return matter_json(matter)


def _close(call: Call) -> Item:
    need(call, "ADMIN_MATTER")
    matter = matter_of(call)
    close(call.world, matter, call.world.switches.get("google.close_with_holds", "refuse"))
    log_vault(call.world, api_actor(call), "close_investigation", _named(matter))
    return {"matter": matter_json(matter)}


def _reopen(call: Call) -> Item:
    need(call, "ADMIN_MATTER")
    matter = matter_of(call)
    if matter.state != "CLOSED":
        raise errors.precondition("Matter is not closed.")
    matter.state = "OPEN"
    log_vault(call.world, api_actor(call), "reopen_investigation", _named(matter))
    return {"matter": matter_json(matter)}


def _delete(call: Call) -> Item:
    need(call, "ADMIN_MATTER")
    matter = matter_of(call)
    if matter.state != "CLOSED":
        raise errors.precondition("Matter must be closed before it can be deleted.")
    matter.state, matter.deleted_at = "DELETED", call.now
    log_vault(call.world, api_actor(call), "delete_investigation", _named(matter))
    return matter_json(matter)


def _undelete(call: Call) -> Item:
    need(call, "ADMIN_MATTER")
    matter = matter_of(call)
    if matter.state != "DELETED":
        raise errors.precondition("Matter is not deleted.")
    matter.state, matter.deleted_at = "CLOSED", None
    log_vault(call.world, api_actor(call), "restore_investigation", _named(matter))
    return matter_json(matter)


def _add_permission(call: Call) -> Item:
    need(call, "ADMIN_MATTER")
    matter = open_matter(call)
    asked = call.body.get("matterPermission")
    asked = asked if isinstance(asked, dict) else {}
    user = call.state.user(str(asked.get("accountId", "")))
    if user is None:
        raise errors.invalid("Invalid account.")
    if asked.get("role") != "COLLABORATOR" or user.id == matter.owner:
        raise errors.invalid("Only the collaborator role can be granted.")
    matter.collaborators.add(user.id)
    log_vault(call.world, api_actor(call), "add_collaborator", {**_named(matter), "target_user": user.email})
    return {"accountId": user.id, "role": "COLLABORATOR"}


def _remove_permission(call: Call) -> Item:
    need(call, "ADMIN_MATTER")
    matter = open_matter(call)
    account = str(call.body.get("accountId", ""))
    if account == matter.owner:
        raise errors.invalid("The owner cannot be removed.")
    if account not in matter.collaborators:
        raise errors.not_found("Requested entity was not found.")
    matter.collaborators.discard(account)
    user = call.state.users.get(account)
    log_vault(call.world, api_actor(call), "remove_collaborator", {**_named(matter), "target_user": user.email if user else ""})
    return {}


def _named(matter: Matter) -> dict[str, str]:
    return {"matter_id": matter.id, "resource_name": matter.name}
