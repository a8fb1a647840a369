"""What an administrator does in Microsoft's consoles: the same acts as by the APIs, under their own account, in the audit log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from sandbox.microsoft import audit, fileplan, holding, policing
from sandbox.microsoft.binding import Call, Cmdlet, CmdletError, bind
from sandbox.microsoft.cmd_labels import cmdlets as label_cmdlets
from sandbox.microsoft.cmd_policies import cmdlets as policy_cmdlets
from sandbox.microsoft.cmd_rules import cmdlets as rule_cmdlets
from sandbox.microsoft.objects import Account, Case, Group, Hold, Made
from sandbox.microsoft.state import COMPLIANCE, EXCHANGE, GRAPH, Registration, TenantState, tenant_of
from sandbox.tenant import ConsoleAct, ConsoleError
from sandbox.world import World

Arguments = Mapping[str, object]
_Made = TypeVar("_Made", bound=Made)


def console_acts(world: World) -> dict[str, ConsoleAct]:
    """The acts by name; objects are named by name, GUID, or a part of name or description (such as a mark)."""
    desk = _Desk(world)
    acts: list[Callable[[Arguments], dict[str, object]]] = [
        desk.set_label_period,
        desk.delete_label,
        desk.create_label,
        desk.set_label_file_plan,
        desk.publish_label,
        desk.disable_policy,
        desk.enable_policy,
        desk.delete_policy,
        desk.create_policy,
        desk.create_priority_cleanup,
        desk.lock_policy,
        desk.set_rule_period,
        desk.delete_rule,
        desk.add_location,
        desk.remove_location,
        desk.create_hold,
        desk.delete_hold,
        desk.disable_hold,
        desk.enable_hold,
        desk.add_hold_source,
        desk.remove_hold_source,
        desk.create_case,
        desk.close_case,
        desk.reopen_case,
        desk.suspend_user,
        desk.restore_user,
        desk.delete_user,
        desk.purge_user,
        desk.revoke_sessions,
        desk.register_application,
        desk.remove_licence,
        desk.rename_user,
        desk.delete_group,
        desk.add_group_member,
        desk.remove_group_member,
    ]
    return {act.__name__: act for act in acts}


class _Desk:
    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def _state(self) -> TenantState:
        return tenant_of(self._world)

    def _run(self, name: str, **values: object) -> None:
        """Run a cmdlet as the portal does, waiting out no lock: a portal change during deployment is refused as well."""
        found: Iterable[Cmdlet] = [*label_cmdlets(), *policy_cmdlets(), *rule_cmdlets()]
        cmdlet = next(cmdlet for cmdlet in found if cmdlet.name == name)
        given = {key: value for key, value in values.items() if value is not None}
        try:
            call = Call(world=self._world, state=self._state, actor=self._state.console, cmdlet=name, values=bind(cmdlet, given))
            cmdlet.run(call)
        except CmdletError as error:
            raise ConsoleError(str(error)) from None

    def set_label_period(self, given: Arguments) -> dict[str, object]:
        """``{name, days}``: a longer or shorter period for a label."""
        label = _named(self._state.labels.values(), given["name"])
        self._run("Set-ComplianceTag", Identity=label.guid, RetentionDuration=given["days"])
        return {"label": label.guid, "name": label.name, "days": label.duration}

    def delete_label(self, given: Arguments) -> dict[str, object]:
        """``{name}``: a label that no policy uses."""
        label = _named(self._state.labels.values(), given["name"])
        self._run("Remove-ComplianceTag", Identity=label.guid)
        return {"label": label.guid}

    def create_label(self, given: Arguments) -> dict[str, object]:
        """``{name, days, action}``: a label that keeps, from creation."""
        values = {"RetentionAction": given.get("action", "Keep"), "RetentionDuration": given["days"], "RetentionType": "CreationAgeInDays"}
        self._run("New-ComplianceTag", Name=given["name"], Comment=given.get("comment"), **values)
        return {"label": _named(self._state.labels.values(), given["name"]).guid}

    def register_application(self, given: Arguments) -> dict[str, object]:
        """``{name, certificate, graph: [...], exchange: [...], directory_role, ediscovery}``: another application, with a certificate in PEM."""
        found = load_pem_x509_certificate(str(given["certificate"]).encode())
        key = found.public_key()
        if not isinstance(key, RSAPublicKey):
            raise ConsoleError("The certificate's key is not RSA.")
        name, state = str(given["name"]), self._state
        exchange = _texts(given.get("exchange"))
        made = Registration(
            app_id=state.new_id("app"),
            object_id=state.new_id("principal"),
            name=name,
            secret=state.new_id("secret"),
            certificate=found.public_bytes(Encoding.DER),
            public_key=key,
            roles={GRAPH: _texts(given.get("graph")), EXCHANGE: exchange, COMPLIANCE: exchange},
            directory_role=str(given.get("directory_role", "none")),
            ediscovery=str(given.get("ediscovery", "not_registered")),
        )
        state.more_apps[made.app_id] = made
        return {"app_id": made.app_id, "object_id": made.object_id}

    def set_label_file_plan(self, given: Arguments) -> dict[str, object]:
        """``{name, plan: {Department: ..., Category: ...}}``: the label carries these values and no others; they have to exist."""
        label, plan = _named(self._state.labels.values(), given["name"]), given.get("plan", {})
        settings = [{"Key": f"FilePlanProperty{noun}", "Value": value} for noun, value in plan.items()] if isinstance(plan, dict) else []
        self._run("Set-ComplianceTag", Identity=label.guid, FilePlanProperty=json.dumps({"Settings": settings}))
        return {"label": label.guid, "plan": fileplan.text_of(self._state, label)}

    def publish_label(self, given: Arguments) -> dict[str, object]:
        """``{name, user}``: offer a label in somebody's mailbox, by a policy of its own."""
        label, policy = _named(self._state.labels.values(), given["name"]), f"Publishes {given['name']}"
        self._run("New-RetentionCompliancePolicy", Name=policy, ExchangeLocation=[str(given["user"])])
        self._run("New-RetentionComplianceRule", Policy=policy, PublishComplianceTag=label.name)
        return {"label": label.guid, "policy": _named(self._state.policies.values(), policy).guid}

    def disable_policy(self, given: Arguments) -> dict[str, object]:
        """``{name}``: switch a policy off."""
        return self._enable(given, enabled=False)

    def enable_policy(self, given: Arguments) -> dict[str, object]:
        """``{name}``: switch a policy on."""
        return self._enable(given, enabled=True)

    def _enable(self, given: Arguments, *, enabled: bool) -> dict[str, object]:
        policy = _named(self._state.policies.values(), given["name"])
        self._run("Set-RetentionCompliancePolicy", Identity=policy.guid, Enabled=enabled)
        return {"policy": policy.guid, "name": policy.name, "enabled": policy.enabled}

    def delete_policy(self, given: Arguments) -> dict[str, object]:
        """``{name}``: gone after its distribution time, with its rules."""
        policy = _named(self._state.policies.values(), given["name"])
        self._run("Remove-RetentionCompliancePolicy", Identity=policy.guid)
        return {"policy": policy.guid}

    def create_policy(self, given: Arguments) -> dict[str, object]:
        """``{name, days, action, locations: {ExchangeLocation: [...]}}``: a policy with its rule."""
        locations = given.get("locations", {"ExchangeLocation": ["All"]})
        if not isinstance(locations, dict):
            raise ConsoleError("locations must be an object of lists")
        self._run("New-RetentionCompliancePolicy", Name=given["name"], Comment=given.get("comment"), **locations)
        policy = _named(self._state.policies.values(), given["name"])
        values = {"RetentionDuration": given["days"], "RetentionComplianceAction": given.get("action", "Keep")}
        self._run("New-RetentionComplianceRule", Name=f"{given['name']} rule", Policy=policy.guid, **values)
        return {"policy": policy.guid}

    def create_priority_cleanup(self, given: Arguments) -> dict[str, object]:
        """``{name, days}``: a policy over all mail that deletes in spite of retention and holds (M§2.2); listed only to who asks for its kind."""
        made = self.create_policy({**given, "action": "Delete"})
        policy = self._state.policies[str(made["policy"])]
        policy.priority_cleanup = True
        return made

    def lock_policy(self, given: Arguments) -> dict[str, object]:
        """``{name}``: Preservation Lock, which nobody can take back (M§2.2)."""
        policy = _named(self._state.policies.values(), given["name"])
        self._run("Set-RetentionCompliancePolicy", Identity=policy.guid, RestrictiveRetention=True)
        return {"policy": policy.guid, "locked": policy.locked}

    def set_rule_period(self, given: Arguments) -> dict[str, object]:
        """``{name, days}``: another period for a policy's rule, found by the rule's or the policy's name."""
        rule = self._rule(given["name"])
        self._run("Set-RetentionComplianceRule", Identity=rule, RetentionDuration=given["days"])
        return {"rule": rule}

    def delete_rule(self, given: Arguments) -> dict[str, object]:
        """``{name}``: a rule, which releases what it kept."""
        rule = self._rule(given["name"])
        self._run("Remove-RetentionComplianceRule", Identity=rule)
        return {"rule": rule}

    def _rule(self, word: object) -> str:
        for rule in self._state.rules.values():
            if str(word).lower() in {rule.name.lower(), rule.guid}:
                return rule.guid
        policy = _named(self._state.policies.values(), word)
        found = policing.rules_of(self._state, policy)
        if len(found) != 1:
            raise ConsoleError(f"the policy {policy.name} has {len(found)} rules")
        return found[0].guid

    def add_location(self, given: Arguments) -> dict[str, object]:
        """``{name, location, place}``: a place more; ``location`` defaults to ExchangeLocation."""
        return self._move(given, "Add")

    def remove_location(self, given: Arguments) -> dict[str, object]:
        """``{name, location, place}``: a place less."""
        return self._move(given, "Remove")

    def _move(self, given: Arguments, verb: str) -> dict[str, object]:
        policy = _named(self._state.policies.values(), given["name"])
        places = given["place"] if isinstance(given["place"], list) else [given["place"]]
        self._run("Set-RetentionCompliancePolicy", Identity=policy.guid, **{f"{verb}{given.get('location', 'ExchangeLocation')}": places})
        return {"policy": policy.guid}

    def _hold(self, given: Arguments) -> Hold:
        holds = list(self._state.holds.values())
        if given.get("case"):
            case = _named(self._state.cases.values(), given["case"])
            holds = [hold for hold in holds if hold.case == case.guid]
        return _named(holds, given.get("hold", ""))

    def _held(self, act: Callable[[], object], hold: Hold, operation: str) -> dict[str, object]:
        try:
            act()
        except holding.HoldError as error:
            raise ConsoleError(str(error)) from None
        # A hold changed in the portal shows in both kinds of record (docs/wire/graph-directory-audit.md §8).
        audit.record(self._world, self._state.console, (audit.CMDLET, operation), hold.name, audit.cmdlet_line([("Identity", hold.guid)]))
        return {"hold": hold.guid, "name": hold.name, "case": hold.case}

    def create_hold(self, given: Arguments) -> dict[str, object]:
        """``{case, name, comment?, query?, places}``: a hold of a case, on from its creation; its places as ``add_hold_source`` takes them."""
        case, values = self._case(given), {"comment": str(given.get("comment", "")), "query": str(given.get("query", "")), "ruled": "yes"}
        try:
            hold = holding.make_hold(self._world, self._state.console, case, str(given["name"]), values)
        except holding.HoldError as error:
            raise ConsoleError(str(error)) from None
        places = given["places"]
        assert isinstance(places, list)
        for place in places:
            self.add_hold_source({"case": case.guid, "hold": hold.guid, "place": place})
        return {"hold": hold.guid, "case": case.guid}

    def delete_hold(self, given: Arguments) -> dict[str, object]:
        """``{case?, hold}``: a hold of a case; without ``hold`` the case's only one."""
        hold = self._hold(given)
        return self._held(lambda: holding.remove_hold(self._world, self._state.console, hold), hold, "Remove-CaseHoldPolicy")

    def disable_hold(self, given: Arguments) -> dict[str, object]:
        """``{case?, hold}``: switch a hold off."""
        hold = self._hold(given)
        return self._held(lambda: holding.enable_hold(self._world, self._state.console, hold, enabled=False), hold, "Set-CaseHoldPolicy")

    def enable_hold(self, given: Arguments) -> dict[str, object]:
        """``{case?, hold}``: switch a hold on again."""
        hold = self._hold(given)
        return self._held(lambda: holding.enable_hold(self._world, self._state.console, hold, enabled=True), hold, "Set-CaseHoldPolicy")

    def add_hold_source(self, given: Arguments) -> dict[str, object]:
        """``{case?, hold, place}``: an address or a URL more."""
        hold, place = self._hold(given), str(given["place"])
        kind = "site" if place.startswith("https://") else "mailbox"
        return self._held(lambda: holding.add_source(self._world, self._state.console, hold, kind, place), hold, "Set-CaseHoldPolicy")

    def remove_hold_source(self, given: Arguments) -> dict[str, object]:
        """``{case?, hold, place}``: an address or a URL less."""
        hold, place = self._hold(given), str(given["place"]).rstrip("/").lower()
        source = next((source for source in hold.sources if place in {source.place.lower(), source.id}), None)
        if source is None:
            raise ConsoleError(f"{given['place']} is not in the hold {hold.name}")
        return self._held(lambda: holding.remove_source(self._world, self._state.console, hold, source), hold, "Set-CaseHoldPolicy")

    def create_case(self, given: Arguments) -> dict[str, object]:
        """``{name, description?, external_id?, leftover?}``: a case of their own; a leftover's child routes answer 500 for ever (M§3.5)."""
        values = (str(given["name"]), str(given.get("description", "")), str(given.get("external_id", "")), "AdvancedEdiscovery")
        try:
            case = holding.open_case(self._world, self._state.console, *values)
        except holding.HoldError as error:
            raise ConsoleError(str(error)) from None
        if given.get("leftover"):
            case.materialised = None
        return {"case": case.guid}

    def _case(self, given: Arguments) -> Case:
        return _named(self._state.cases.values(), given.get("case", given.get("name", "")))

    def close_case(self, given: Arguments) -> dict[str, object]:
        """``{case}``: close, which turns its holds off."""
        case = self._case(given)
        holding.close_case(self._world, self._state.console, case)
        return {"case": case.guid}

    def reopen_case(self, given: Arguments) -> dict[str, object]:
        """``{case}``: open again; the holds stay off."""
        case = self._case(given)
        holding.reopen_case(self._world, self._state.console, case)
        return {"case": case.guid}

    def _account(self, given: Arguments) -> Account:
        account = self._state.account_at(str(given["user"]))
        if account is None:
            raise ConsoleError(f"no user {given['user']}")
        return account

    def _directory(self, operation: str, what: str, target: str, **extra: str) -> None:
        audit.record(self._world, self._state.console, (audit.DIRECTORY, operation), what, extra=extra.items(), target=target)

    def suspend_user(self, given: Arguments) -> dict[str, object]:
        """``{user}``: block sign-in; mailbox and holds stay."""
        account = self._account(given)
        account.enabled = False
        self._state.enter(account)
        self._directory("Disable account.", account.upn, account.id)
        return {"user": account.id}

    def restore_user(self, given: Arguments) -> dict[str, object]:
        """``{user}``: allow sign-in again."""
        account = self._account(given)
        account.enabled = True
        self._state.enter(account)
        self._directory("Enable account.", account.upn, account.id)
        return {"user": account.id}

    def delete_user(self, given: Arguments) -> dict[str, object]:
        """``{user}``: deleted for 30 days; the mailbox becomes inactive only if something preserves it (M§5)."""
        account = self._account(given)
        kept = policing.preserved(self._world, account)
        account.deleted, account.enabled = self._world.clock.now(), False
        if account.mailbox is not None:
            account.mailbox.inactive = kept
        self._state.enter(account)
        self._directory("Delete user.", account.upn, account.id)
        return {"user": account.id, "inactive_mailbox": kept}

    def purge_user(self, given: Arguments) -> dict[str, object]:
        """``{user}``: gone for good, as 30 days after deletion; takes a deleted user's id or address."""
        word = str(given["user"]).lower()
        account = next((one for one in self._state.accounts.values() if one.deleted and word in {one.id, one.upn.lower()}), None)
        if account is None:
            raise ConsoleError(f"no deleted user {given['user']}")
        account.purged = True
        self._state.enter(account)
        self._directory("Hard Delete user.", account.upn, account.id)
        return {"user": account.id}

    def revoke_sessions(self, given: Arguments) -> dict[str, object]:
        """``{user}``: whoever is signed in as this person has to sign in again."""
        account = self._account(given)
        self._state.revoked[account.id] = self._world.clock.now()
        self._directory("Update StsRefreshTokenValidFrom Timestamp.", account.upn, account.id)
        return {"user": account.id}

    def remove_licence(self, given: Arguments) -> dict[str, object]:
        """``{user}``: no licence any more; the mailbox goes after 30 days unless something preserves it."""
        account = self._account(given)
        account.tier = ""
        self._state.enter(account)
        self._directory("Change user license.", account.upn, account.id)
        return {"user": account.id, "mailbox_kept_until": (self._world.clock.now() + timedelta(days=30)).isoformat()}

    def rename_user(self, given: Arguments) -> dict[str, object]:
        """``{user, to}``: another address; the old one becomes an alias, the object id and the OneDrive's address stay."""
        account, new = self._account(given), str(given["to"]).lower()
        if self._state.account_at(new) is not None:
            raise ConsoleError(f"{new} is taken")
        account.aliases = [account.upn, *(alias for alias in account.aliases if alias.lower() != new)]
        account.upn = new
        if given.get("family"):
            account.family = str(given["family"])
        self._state.enter(account)
        self._directory("Update user.", new, account.id, OldValue=account.aliases[0])
        return {"user": account.id}

    def _group(self, given: Arguments) -> Group:
        group = self._state.group_at(str(given["group"]))
        if group is None:
            raise ConsoleError(f"no group {given['group']}")
        return group

    def delete_group(self, given: Arguments) -> dict[str, object]:
        """``{group}``: gone from every list of groups."""
        group = self._group(given)
        del self._state.groups[group.id]
        for other in self._state.groups.values():
            other.members[:] = [member for member in other.members if member != group.id]
        self._directory("Delete group.", group.display_name, group.id)
        return {"group": group.id}

    def add_group_member(self, given: Arguments) -> dict[str, object]:
        """``{group, user}``: a member more."""
        group, account = self._group(given), self._account(given)
        if account.id not in group.members:
            group.members.append(account.id)
        self._directory("Add member to group.", account.upn, account.id, Group=group.mail)
        return {"group": group.id, "user": account.id}

    def remove_group_member(self, given: Arguments) -> dict[str, object]:
        """``{group, user}``: a member less, in the group itself and in groups inside it."""
        group, account = self._group(given), self._account(given)
        inside = [group, *(self._state.groups[member] for member in group.members if member in self._state.groups)]
        hit = [one for one in inside if account.id in one.members]
        if not hit:
            raise ConsoleError(f"{account.upn} is not a member of {group.mail}")
        for one in hit:
            one.members.remove(account.id)
        self._directory("Remove member from group.", account.upn, account.id, Group=group.mail)
        return {"group": group.id, "user": account.id}


def _named(found: Iterable[_Made], word: object) -> _Made:
    """The one object that the word names: by name or GUID exactly, else by a part of name or description that fits only it."""
    things, wanted = list(found), str(word).lower()
    exact = [one for one in things if wanted in {one.name.lower(), one.guid}]
    near = exact or [one for one in things if wanted in f"{one.name}\n{one.comment}\n{getattr(one, 'external_id', '')}".lower()]
    if len(near) != 1:
        raise ConsoleError(f"{len(near)} objects answer to {word!r}")
    return near[0]


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()
