"""The Google tenant as JSON values, for tests and drills that must check without asking the APIs that they test."""

from __future__ import annotations

from sandbox.google.api import Item, instant
from sandbox.google.holdbook import hold_json
from sandbox.google.labels import Label
from sandbox.google.labelview import label_json
from sandbox.google.state import Group, Matter, User, settle, state_of
from sandbox.google.vault import matter_json
from sandbox.world import World


def dump(world: World) -> Item:
    """Accounts, groups, matters with their holds, rules, grants, as they are by now."""
    settle(world)
    state = state_of(world)

    def matter(found: Matter) -> Item:
        return matter_json(found, full=True) | {"holds": [hold_json(state, hold) for hold in found.holds.values()]}

    return {
        "customer_id": state.customer_id,
        "users": [_user(user) for user in state.users.values()],
        "groups": [
            {"id": group.id, "email": group.email, "settings": group.settings, "members": sorted(group.members)} | {"unkept": _unkept(group)}
            for group in state.groups.values()
        ],
        "org_units": {unit.path: unit.id for unit in state.org_units.values()},
        "matters": [matter(found) for found in state.matters.values()],
        "rules": [rule.as_json() for rule in state.rules.values()],
        "labels": [_label(label) for label in state.labels.values()],
        "spaces": [{"id": space.id, "name": space.name, "history": space.history, "members": space.members} for space in state.spaces.values()],
        "drives": [{"id": drive.id, "name": drive.name} for drive in state.drives.values()],
        "policies": state.policies,
        "grants": sorted(state.grants),
        "alerts": state.alerts,
        "log": [activity.entry | {"visible": instant(activity.visible)} for activity in state.activities],
    }


def _label(label: Label) -> Item:
    return label_json(label, label.latest) | {"copy_mode": label.copy_mode, "permissions": dict(label.permissions)}


def _unkept(group: Group) -> list[Item]:
    return [{"since": instant(span.since), "until": instant(span.until) if span.until else None} for span in group.unkept]


def _user(user: User) -> Item:
    return {
        "id": user.id,
        "email": user.email,
        "aliases": user.aliases,
        "org_unit": user.org_unit,
        "licensed": user.vault_licensed,
        "suspended": user.suspended_at is not None,
        "archived": user.archived_at is not None,
        "deleted": user.deleted_at is not None,
    }
