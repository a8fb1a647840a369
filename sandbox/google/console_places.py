"""What administrators do to settings, labels, chat spaces and the edition: everything the application reads and does not own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.google import labelbook, settings
from sandbox.google.api import Item
from sandbox.google.audit import log_admin, person
from sandbox.google.console_vault import administrator
from sandbox.google.labels import Label, Lock
from sandbox.google.labelview import label_json
from sandbox.google.places import SharedDrive
from sandbox.google.seed import EDITIONS
from sandbox.google.state import GoogleState, state_of
from sandbox.tenant import ConsoleAct, ConsoleError
from sandbox.world import World

Given = Mapping[str, object]

_SETTING_EVENTS = {"chat": "CHANGE_CHAT_SETTING", "gmail": "CHANGE_GMAIL_SETTING", "drive_and_docs": "CHANGE_DOCS_SETTING"}


def acts(world: World) -> Mapping[str, ConsoleAct]:
    """Acts by name; labels by ``label`` (id or title), spaces by ``space`` (id or name), units by ``org_unit``."""
    console = _Places(world=world, state=state_of(world))
    return {
        "change_setting": console.change_setting,
        "clear_setting": console.clear_setting,
        "set_space_history": console.set_space_history,
        "add_shared_drive": console.add_shared_drive,
        "create_label": console.create_label,
        "edit_label": console.edit_label,
        "disable_label": console.disable_label,
        "enable_label": console.enable_label,
        "delete_label": console.delete_label,
        "lock_label": console.lock_label,
        "set_label_permission": console.set_label_permission,
        "unlock_label": console.unlock_label,
        "change_edition": console.change_edition,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    world: World
    state: GoogleState

    def change_setting(self, given: Given) -> Item:
        """Set ``setting`` (``chat.chat_history``) of a unit to the object ``value``."""
        kind, path, value = str(given["setting"]), self._path(given), given["value"]
        if not isinstance(value, dict):
            raise ConsoleError("value must be an object, as the Policy API shows it")
        before = settings.put(self.state, path, kind, value)
        self._log_setting(given, kind, path, before, value)
        return {"setting": kind, "org_unit": path, "before": before, "value": value}

    def clear_setting(self, given: Given) -> Item:
        """Let a unit inherit ``setting`` again; at the top, let the service's default hold, of which no policy tells."""
        kind, path = str(given["setting"]), self._path(given)
        if not settings.clear(self.state, path, kind):
            raise ConsoleError(f"{path} does not set {kind}")
        self._log_setting(given, kind, path, None, "INHERIT_FROM_PARENT")
        return {"setting": kind, "org_unit": path}

    def set_space_history(self, given: Given) -> Item:
        """Switch a space's history ``on`` or off, as its managers can where the setting lets them."""
        wanted = str(given["space"])
        found = [space for space in self.state.spaces.values() if wanted in {space.id, space.name}]
        if len(found) != 1:
            raise ConsoleError(f"{len(found)} spaces answer to {wanted}")
        found[0].history = bool(given["on"])
        return {"id": found[0].id, "history": found[0].history}

    def add_shared_drive(self, given: Given) -> Item:
        """Make a shared drive called ``name``."""
        drive = SharedDrive(id=f"0A{self.state.word(17)}", name=str(given["name"]), created=self.world.clock.now())
        self.state.drives[drive.id] = drive
        return {"id": drive.id, "name": drive.name}

    def create_label(self, given: Given) -> Item:
        """Make and publish an admin label called ``title``, with ``description`` and ``fields`` as the API has them."""
        if not self.state.has_labels:
            raise ConsoleError("this edition has no labels")
        properties = {"title": given["title"], "description": given.get("description", "")}
        body = {"labelType": "ADMIN", "properties": properties, "fields": given.get("fields", [])}
        by = administrator(self.state, given)
        label = labelbook.create(self.state, body, self.world.clock.now(), by.id)
        label.permissions |= {by.email: "EDITOR", "audiences/default": "APPLIER"}
        labelbook.publish(self.state, label, self.world.clock.now(), by.id)
        return label_json(label, label.latest)

    def edit_label(self, given: Given) -> Item:
        """Change ``new_title`` or ``description`` and publish the change."""
        label = self._label(given)
        properties = {**label.latest.properties}
        properties |= {name: given[key] for name, key in (("title", "new_title"), ("description", "description")) if key in given}
        by, now = administrator(self.state, given).id, self.world.clock.now()
        labelbook.change(self.state, label, [{"updateLabel": {"properties": properties, "updateMask": "*"}}], now, by)
        labelbook.publish(self.state, label, now, by)
        return label_json(label, label.latest)

    def disable_label(self, given: Given) -> Item:
        """Disable a published label."""
        label = self._label(given)
        labelbook.disable(self.state, label, {}, self.world.clock.now(), administrator(self.state, given).id)
        return label_json(label, label.latest)

    def enable_label(self, given: Given) -> Item:
        """Enable a disabled label."""
        label = self._label(given)
        labelbook.enable(self.state, label, self.world.clock.now(), administrator(self.state, given).id)
        return label_json(label, label.latest)

    def delete_label(self, given: Given) -> Item:
        """Delete a label that is disabled or a draft; what it said on files goes with it."""
        label = self._label(given)
        labelbook.delete(self.state, label)
        return {"id": label.id}

    def lock_label(self, given: Given) -> Item:
        """Have a rule use the label (or its ``field``, or a ``choice`` of it), which locks it."""
        label = self._label(given)
        lock = Lock(
            id=self.state.word(12), field_id=str(given.get("field", "")), choice_id=str(given.get("choice", "")), created=self.world.clock.now(),
        )
        label.locks[lock.id] = lock
        return {"lock": lock.id}

    def set_label_permission(self, given: Given) -> Item:
        """Give ``principal`` (an address, or ``audiences/default``) a ``role`` on the label; without one, take away what it has."""
        label, principal, role = self._label(given), str(given["principal"]), str(given.get("role", ""))
        if not role and label.permissions.pop(principal, None) is None:
            raise ConsoleError(f"{principal} has no role on this label")
        if role:
            label.permissions[principal] = role
        return {"id": label.id, "permissions": dict(label.permissions)}

    def unlock_label(self, given: Given) -> Item:
        """Take away every lock of the label: no rule uses it any more."""
        label = self._label(given)
        label.locks.clear()
        return {"id": label.id}

    def change_edition(self, given: Given) -> Item:
        """Move everybody to ``edition`` (Fundamentals, Standard, Plus): what it lacks is gone from this moment."""
        if given["edition"] not in EDITIONS:
            raise ConsoleError(f"no edition {given['edition']}")
        old = {sku for pair in EDITIONS.values() for sku in pair}
        staff, student = EDITIONS[str(given["edition"])]
        for user in self.state.users.values():
            if user.skus & old:
                user.skus = (user.skus - old) | {student if user.org_unit.startswith("/Students") else staff}
        return {"edition": given["edition"]}

    def _path(self, given: Given) -> str:
        path = str(given.get("org_unit", "/"))
        if self.state.unit(path) is None:
            raise ConsoleError(f"there is no unit {path}")
        return path

    def _label(self, given: Given) -> Label:
        wanted = given["label"]
        found = [label for label in self.state.labels.values() if wanted in {label.id, label.latest.properties.get("title")}]
        if len(found) != 1:
            raise ConsoleError(f"{len(found)} labels answer to {wanted}")
        return found[0]

    def _log_setting(self, given: Given, kind: str, path: str, before: object, after: object) -> None:
        application, _, name = kind.partition(".")
        service = name == "service_status"
        event = "TOGGLE_SERVICE_ENABLED" if service else _SETTING_EVENTS.get(application, "CHANGE_APPLICATION_SETTING")
        values = {"ORG_UNIT_NAME": path, "SERVICE_NAME" if service else "SETTING_NAME": application if service else kind}
        values |= {"OLD_VALUE": _text(before), "NEW_VALUE": _text(after)}
        log_admin(self.world, person(administrator(self.state, given)), "APPLICATION_SETTINGS", event, values)


def _text(value: object) -> str:
    return ", ".join(f"{name}={item}" for name, item in value.items()) if isinstance(value, dict) else str(value or "")
