"""Groups Settings API: above all ``isArchived``, without which a group keeps no messages to hold (G§1.5, G§10). Values are texts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation
from sandbox.google.audit import api_actor, log_admin
from sandbox.google.discovery import document
from sandbox.google.privileges import need
from sandbox.google.state import Group, Unkept

_READ_ONLY = {"kind", "email", "name", "description"}


def operations() -> Mapping[str, Operation]:
    """Settings by method id; PUT and PATCH alike change what is sent and leave the rest."""
    return {"groupsSettings.groups.get": _get, "groupsSettings.groups.patch": _change, "groupsSettings.groups.update": _change}


def settings_json(group: Group) -> Item:
    """A ``Groups`` resource."""
    base: Item = {"kind": "groupsSettings#groups", "email": group.email, "name": group.name, "description": group.description}
    return base | group.settings


def change(group: Group, name: str, value: str, now: datetime) -> None:
    """Set a setting; while ``isArchived`` is off the group keeps nothing of what is written to it, held or not (G§1.5)."""
    kept = group.keeps
    group.settings[name] = value
    if kept and not group.keeps:
        group.unkept.append(Unkept(since=now))
    elif group.keeps and not kept and group.unkept:
        group.unkept[-1].until = now


def _get(call: Call) -> Item:
    need(call)
    return settings_json(_group(call))


def _change(call: Call) -> Item:
    need(call)
    group = _group(call)
    known = document("groupssettings").schemas["Groups"]["properties"]
    for name, value in call.body.items():
        if name not in known:
            raise errors.invalid(f"Unknown setting {name}")
        if name in _READ_ONLY:
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        old = group.settings.get(name, "")
        if text != old:
            change(group, name, text, call.now)
            values = {"GROUP_EMAIL": group.email, "SETTING_NAME": name, "OLD_VALUE": old, "NEW_VALUE": text}
            log_admin(call.world, api_actor(call), "GROUP_SETTINGS", "CHANGE_GROUP_SETTING", values)
    return settings_json(group)


def _group(call: Call) -> Group:
    group = call.state.group(call.path["groupUniqueId"])
    if group is None:
        raise errors.not_found("Resource Not Found: groupId")
    return group
