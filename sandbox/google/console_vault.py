"""What an administrator does in Vault's own pages: matters, holds, and the retention rules that no API knows (G§2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sandbox.google.api import Item, instant
from sandbox.google.audit import BROKEN_OFF, PAIR, SINGLE, log_vault, person
from sandbox.google.holdbook import QUERIES, hold_json, new_hold, put_unit_on_hold, release_all, take_off
from sandbox.google.state import GoogleState, Hold, Matter, User, VaultRule, state_of
from sandbox.google.vault import close, matter_json
from sandbox.tenant import ConsoleAct, ConsoleError
from sandbox.world import World

Given = Mapping[str, object]


def acts(world: World) -> Mapping[str, ConsoleAct]:
    """Acts by name. Each takes ``by``, the administrator's address, and signs the log with it (the IT director unless given)."""
    console = _Vault(world=world, state=state_of(world))
    return {
        "create_matter": console.create_matter,
        "create_hold": console.create_hold,
        "delete_hold": console.delete_hold,
        "change_hold_unit": console.change_hold_unit,
        "remove_held_account": console.remove_held_account,
        "close_matter": console.close_matter,
        "reopen_matter": console.reopen_matter,
        "edit_matter": console.edit_matter,
        "add_rule": console.add_rule,
        "update_rule": console.update_rule,
        "delete_rule": console.delete_rule,
        "set_default": console.set_default,
        "change_retention_settings": console.change_settings,
        "view_retention_settings": console.view_settings,
        "vault_event": console.something_new,
        "cancel_accelerated_deletion": console.cancel_accelerated_deletion,
        "view_rules": console.view_rules,
        "request_accelerated_deletion": console.request_accelerated_deletion,
    }


def administrator(state: GoogleState, given: Given) -> User:
    """Who acts: ``by``, or the IT director."""
    address = str(given.get("by") or f"it.director@{state.domain}")
    user = state.user(address)
    if user is None:
        raise ConsoleError(f"there is no account {address}")
    return user


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vault:
    world: World
    state: GoogleState

    def create_matter(self, given: Given) -> Item:
        """Make a matter owned by the administrator; ``name``, ``description``."""
        owner = administrator(self.state, given)
        matter = Matter(
            id=self.state.word(24),
            name=str(given["name"]),
            description=str(given.get("description", "")),
            region="ANY",
            owner=owner.id,
            created=self.world.clock.now(),
        )
        self.state.matters[matter.id] = matter
        self._log(given, "create_investigation", matter)
        return matter_json(matter, full=True)

    def create_hold(self, given: Given) -> Item:
        """Make a hold; ``matter``, ``name``, ``corpus``, and ``emails`` or ``org_unit`` (a path), ``query``."""
        matter = self._matter(given)
        body: dict[str, object] = {"name": given["name"], "corpus": given.get("corpus", "MAIL"), "query": given.get("query")}
        emails, path = given.get("emails"), given.get("org_unit")
        if isinstance(emails, list):
            body["accounts"] = [{"email": email} for email in emails]
        if path:
            unit = self.state.unit(str(path))
            body["orgUnit"] = {"orgUnitId": unit.id if unit else str(path)}
        hold = new_hold(self.state, matter, body, self.world.clock.now())
        self._log(given, "add_preservation_rule", matter, hold)
        return hold_json(self.state, hold)

    def delete_hold(self, given: Given) -> Item:
        """Release a hold; ``matter`` and ``hold`` by id or name."""
        matter = self._matter(given)
        hold = self._hold(matter, given)
        self._log(given, "delete_preservation_rule", matter, hold)
        release_all(self.state, matter, hold)
        return {"matterId": matter.id, "holdId": hold.id}

    def change_hold_unit(self, given: Given) -> Item:
        """Put a hold on another unit (``org_unit``, a path): whoever is in the old one is held no more (G§1.3: the unit is replaceable)."""
        matter = self._matter(given)
        hold, unit = self._hold(matter, given), self.state.unit(str(given["org_unit"]))
        if not hold.org_unit:
            raise ConsoleError("a hold for accounts cannot be put on a unit")
        if unit is None:
            raise ConsoleError(f"there is no unit {given['org_unit']}")
        put_unit_on_hold(self.state, hold, unit.id, self.world.clock.now())
        self._log(given, "update_preservation_rule_query", matter, hold)
        return hold_json(self.state, hold)

    def remove_held_account(self, given: Given) -> Item:
        """Take one person (``email``) out of a hold."""
        matter = self._matter(given)
        hold = self._hold(matter, given)
        user = self.state.user(str(given["email"]))
        if user is None or user.id not in hold.accounts:
            raise ConsoleError(f"{given['email']} is not in that hold")
        take_off(self.state, hold, user.id, self.world.clock.now())
        self._log(given, "update_preservation_rule_remove_holds", matter, hold, user.email)
        return hold_json(self.state, hold)

    def close_matter(self, given: Given) -> Item:
        """Close a matter; ``holds`` says what becomes of its holds: ``release`` (unless given), ``keep``."""
        matter = self._matter(given)
        how = str(given.get("holds", "release"))
        if how == "release":
            for hold in matter.holds.values():
                self._log(given, "delete_preservation_rule", matter, hold)
        close(self.world, matter, how)
        self._log(given, "close_investigation", matter)
        return matter_json(matter)

    def reopen_matter(self, given: Given) -> Item:
        """Open a closed matter again."""
        matter = self._matter(given)
        if matter.state != "CLOSED":
            raise ConsoleError("the matter is not closed")
        matter.state = "OPEN"
        self._log(given, "reopen_investigation", matter)
        return matter_json(matter)

    def edit_matter(self, given: Given) -> Item:
        """Change a matter's ``new_name`` or ``description``."""
        matter = self._matter(given)
        matter.name = str(given.get("new_name", matter.name))
        matter.description = str(given.get("description", matter.description))
        self._log(given, "update_investigation_details", matter)
        return matter_json(matter)

    def add_rule(self, given: Given) -> Item:
        """Save a custom retention rule; it applies at once to old and new data (G§2.3). With ``breaks_off`` it comes to nothing but a log entry."""
        rule = self._rule_from(VaultRule(
            id=self.state.number(12), service="MAIL", default=False, org_unit="/", duration="indefinite", start="created", action="keep",
        ), given)
        if not given.get("breaks_off"):
            self.state.rules[rule.id] = rule
        self._log_rule(given, "add_retention_rule", rule)
        return rule.as_json()

    def update_rule(self, given: Given) -> Item:
        """Change a rule, named by ``id``."""
        rule = self._rule(given)
        changed = self._rule_from(replace(rule), given)
        if not given.get("breaks_off"):
            self.state.rules[rule.id] = changed
        self._log_rule(given, "update_retention_rule", changed)
        return changed.as_json()

    def delete_rule(self, given: Given) -> Item:
        """Delete a custom rule, named by ``id``."""
        rule = self._rule(given)
        if rule.default:
            raise ConsoleError("a default rule cannot be deleted, only changed")
        if not given.get("breaks_off"):
            del self.state.rules[rule.id]
        self._log_rule(given, "delete_retention_rule", rule)
        return rule.as_json()

    def change_settings(self, given: Given) -> Item:
        """Switch dedicated rules for ``service`` (MEET or SITES) ``on`` or off; where they are off, Drive's rules apply (G§2.3)."""
        service, on = str(given["service"]), bool(given["on"])
        if service not in {"MEET", "SITES"}:
            raise ConsoleError(f"{service} has no retention setting of its own")
        values = {"additional_details": f"Service: {service}, Dedicated retention: {'on' if on else 'off'}"}
        log_vault(self.world, person(administrator(self.state, given)), "update_retention_settings", values, steps=SINGLE)
        return {"service": service, "on": on}

    def view_settings(self, given: Given) -> Item:
        """Look at the retention settings' page."""
        log_vault(self.world, person(administrator(self.state, given)), "view_retention_settings", {}, steps=SINGLE)
        return {}

    def something_new(self, given: Given) -> Item:
        """Leave a Vault event called ``event`` that no list of names has: Google adds some now and then."""
        name = str(given["event"])
        log_vault(self.world, person(administrator(self.state, given)), name, {"additional_details": str(given.get("details", ""))}, steps=SINGLE)
        return {"event": name}

    def set_default(self, given: Given) -> Item:
        """Set a service's one default rule; ``service``, ``duration``, ``action``."""
        service = self._service(given)
        rule = next((rule for rule in self.state.rules.values() if rule.default and rule.service == service), None)
        if rule is None:
            rule = VaultRule(
                id=self.state.number(12), service=service, default=True, org_unit="/", duration="indefinite", start="created", action="keep",
            )
            self.state.rules[rule.id] = rule
        self._rule_from(rule, given)
        self._log_rule(given, "modify_default_retention_period", rule)
        return rule.as_json()

    def view_rules(self, given: Given) -> Item:
        """Look at the rules' page, which the log remembers."""
        log_vault(self.world, person(administrator(self.state, given)), "view_retention_policy", {}, steps=SINGLE)
        return {"rules": [rule.as_json() for rule in self.state.rules.values()]}

    def request_accelerated_deletion(self, given: Given) -> Item:
        """Ask for mail to be destroyed ahead of retention: an event and an alert (G§2.3a, G§10)."""
        matter = self._matter(given)
        self._log(given, "create_accelerated_deletion", matter)
        return self._alert(matter, "CREATE", self.state.word(20))

    def cancel_accelerated_deletion(self, given: Given) -> Item:
        """Take back the ``request`` to destroy mail early; that too is an event and an alert."""
        matter = self._matter(given)
        self._log(given, "cancel_accelerated_deletion", matter)
        return self._alert(matter, "CANCEL", str(given["request"]))

    def _alert(self, matter: Matter, action: str, request: str) -> Item:
        now = instant(self.world.clock.now())
        prefix = "VAULT_ACCELERATED_DELETION"
        alert: Item = {
            "alertId": self.state.word(32),
            "customerId": self.state.customer_id,
            "createTime": now,
            "startTime": now,
            "updateTime": now,
            "type": "Vault accelerated deletion",
            "source": "Google Vault",
            "data": {
                "@type": "type.googleapis.com/google.apps.alertcenter.type.VaultAcceleratedDeletion",
                "actionType": f"{prefix}_ACTION_TYPE_{action}",
                "appType": f"{prefix}_APP_TYPE_GMAIL",
                "createTime": now,
                "deletionRequestId": request,
                "matterId": matter.id,
            },
        }
        self.state.alerts.append(alert)
        return {"alertId": alert["alertId"], "request": request}

    def _rule_from(self, rule: VaultRule, given: Given) -> VaultRule:
        rule.service = self._service(given) if "service" in given else rule.service
        rule.org_unit = str(given.get("org_unit", rule.org_unit))
        if self.state.unit(rule.org_unit) is None:
            raise ConsoleError(f"there is no unit {rule.org_unit}")
        rule.duration = _duration(given.get("duration", rule.duration))
        rule.start = str(given.get("from", rule.start))
        rule.action = str(given.get("action", rule.action))
        rule.terms = str(given.get("terms", rule.terms))
        return rule

    def _service(self, given: Given) -> str:
        service = str(given.get("service", "MAIL"))
        if service not in QUERIES:
            raise ConsoleError(f"no service {service}")
        return service

    def _rule(self, given: Given) -> VaultRule:
        rule = self.state.rules.get(str(given.get("id", "")))
        if rule is None:
            raise ConsoleError(f"there is no rule {given.get('id')}")
        return rule

    def _matter(self, given: Given) -> Matter:
        wanted = str(given["matter"])
        found = [matter for matter in self.state.matters.values() if wanted in {matter.id, matter.name}]
        if len(found) != 1:
            raise ConsoleError(f"{len(found)} matters answer to {wanted}")
        return found[0]

    def _hold(self, matter: Matter, given: Given) -> Hold:
        wanted = str(given["hold"])
        found = [hold for hold in matter.holds.values() if wanted in {hold.id, hold.name}]
        if len(found) != 1:
            raise ConsoleError(f"{len(found)} holds answer to {wanted}")
        return found[0]

    def _log(self, given: Given, name: str, matter: Matter, hold: Hold | None = None, target: str = "") -> None:
        values = {"matter_id": matter.id, "resource_name": hold.name if hold else matter.name, "target_user": target}
        if hold is not None:
            values["additional_details"] = f"Service: {hold.corpus}"
        log_vault(self.world, person(administrator(self.state, given)), name, values)

    def _log_rule(self, given: Given, name: str, rule: VaultRule) -> None:
        # The grammar of additional_details is undocumented (G§2.2): free text that says what the page said.
        details = f"Service: {rule.service}, Retention period: {rule.duration}, Starts: {rule.start}, Action: {rule.action}, Rule: {rule.id}"
        values = {"additional_details": details + (f", Terms: {rule.terms}" if rule.terms else ""), "organizational_unit_name": rule.org_unit}
        log_vault(self.world, person(administrator(self.state, given)), name, values, steps=BROKEN_OFF if given.get("breaks_off") else PAIR)


def _duration(value: object) -> str:
    """``indefinite`` or ``N days`` with N from 1 to 36,500 (G§2.3)."""
    text = str(value)
    days = text.removesuffix(" days")
    if text == "indefinite" or (days.isdigit() and 1 <= int(days) <= 36_500):
        return text if text == "indefinite" else f"{int(days)} days"
    raise ConsoleError(f"{text!r} is neither indefinite nor 1 to 36500 days")
