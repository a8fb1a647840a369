"""A plan as a person carries it out: steps in Purview's portal, and Microsoft's supported cmdlets with every value filled in. Pure.

The cmdlets are those of the signed-in modules ``Connect-IPPSSession`` (M§3.6) and ``Connect-ExchangeOnline``, the same words that our writer
sends. What we would refuse to send is refused here too. The mark stays the last thing in a comment, so that what was done by hand is found and
verified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from connectors.errors import PermanentError
from connectors.handing import VERBS, merged, no_way
from connectors.instructions import Deed, Instruction
from connectors.microsoft365.file_plan import NOUNS, plan_word, words
from connectors.microsoft365.parameters import (
    changes_of,
    comment,
    label_parameters,
    policy_parameters,
    publish_parameters,
    rule_parameters,
    scope_parameters,
)
from connectors.microsoft365.policies import LOCATIONS, locations
from policies.effects import FOREVER
from policies.kinds import Kind
from policies.resources import FILED, Ref, Value, Wanted

CONNECT = "Connect-IPPSSession   # once, as somebody with the role Compliance Administrator; for holds as an eDiscovery Manager"
CONNECT_EXCHANGE = "Connect-ExchangeOnline   # once, as somebody with the role Compliance Administrator or the management role Legal Hold"
_SHOWN = 20
"""So many members are written out as boxes to tick; more stand in the command line only."""
_POLICIES = (Kind.M365_LABEL_POLICY, Kind.M365_RETENTION_POLICY)
_SWITCHES = frozenset({"Force", "RetryDistribution", "Reopen", "InactiveMailboxOnly"})
_NAMES: Mapping[str, str] = {
    "exchange": "Exchange mailboxes", "onedrive": "OneDrive accounts", "sharepoint": "SharePoint classic and communication sites",
    "group": "Microsoft 365 Group mailboxes & sites", "chat": "Teams chats", "channel": "Teams channel messages",
    "public_folder": "Exchange public folders", "skype": "Skype for Business", "mail": "People and groups", "site": "Sites",
}  # fmt: skip
_CLOCKS = {"created": "when items were created", "modified": "when items were last modified", "labelled": "when items were labeled"}


def instructions(deeds: Sequence[Deed]) -> tuple[Instruction, ...]:
    """In the order of ``deeds``. A create and what is added to it are one instruction, for no console makes an empty hold."""
    found = []
    for deed in merged(deeds):
        try:
            found.append(_WAYS[deed.kind](deed) if deed.kind in _WAYS else no_way(deed, "nothing of this kind is ever written"))
        except PermanentError as error:
            found.append(no_way(deed, error.message))
    return tuple(found)


def line(cmdlet: str, parameters: Mapping[str, object]) -> str:
    """A PowerShell line. Values are literals: nothing in them is expanded."""
    return " ".join([cmdlet, *(_argument(name, value) for name, value in parameters.items() if value is not None)])


def _argument(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"-{name}" if name in _SWITCHES and value else f"-{name}:${str(value).lower()}"
    if isinstance(value, list | tuple):
        return f"-{name} {','.join(_literal(item) for item in value)}"
    return f"-{name} {_literal(value)}"


def _literal(value: object) -> str:
    """PowerShell takes typographic quotes for quotes too, so all of them are doubled."""
    text = "".join(mark * 2 if (mark := letter) in "'\u2018\u2019\u201a\u201b" else letter for letter in str(value))
    return "'" + text.replace("\r", " ").replace("\n", " ") + "'"


def _wanted(deed: Deed) -> Wanted:
    return Wanted(kind=deed.kind, key=deed.key, name=deed.name, fields=deed.fields, members=deed.members)


def _parent(deed: Deed) -> Ref:
    """The parent by its name, which is what a person has: the vendor's cmdlets take it as well as an id (docs/wire)."""
    if deed.parent is None:
        raise PermanentError("by_hand.no_parent", f"{deed.name} lives in an object that is not there yet.", "Do that one first.")
    return Ref(tenant="", kind=deed.kind, vendor_id=deed.parent, name=deed.parent)


def _identity(deed: Deed) -> dict[str, object]:
    return {"Identity": deed.vendor_id or deed.name}


def _label(deed: Deed) -> Instruction:
    where = "purview.microsoft.com > Solutions > Records management > File plan"
    steps: tuple[str, ...]
    if deed.operation == "create":
        parameters = label_parameters(_wanted(deed), deed.mark)
        trigger = str(deed.fields.get("trigger"))
        if trigger.startswith("event:"):
            parameters["EventType"] = trigger.removeprefix("event:")
        steps = (
            f"{where} > Create a label. Name: {parameters['Name']}",
            f"Description for admins, copied whole: {parameters['Comment']}",
            f"Retain items for a specific period: {_period(deed)}, counted {_since(trigger)}. {_record(deed)}",
            f"At the end: {_end(deed)}",
            *_filed(deed),
        )
        plan = words(deed.fields)
        values = [f"{line(f'New-FilePlanProperty{NOUNS[field]}', {'Name': word})}   # where it is not there yet" for field, word in plan.items()]
        named = {"FilePlanProperty": plan_word(plan)} if plan else {}
        return _made(deed, "label", steps, (*values, line("New-ComplianceTag", {**parameters, **named})))
    # The cmdlet replaces the whole file plan of a label, so without seeing what else stands there it is changed in the portal alone.
    commands = (_set(deed, "Set-ComplianceTag"),) if set(deed.fields) - FILED else ()
    return _made(deed, "label", (f"{where} > {deed.name} > Edit: {_told(deed)}",), commands)


def _filed(deed: Deed) -> tuple[str, ...]:
    plan = words(deed.fields)
    return (f"File plan descriptors: {'; '.join(f'{field} {word}' for field, word in plan.items())}",) if plan else ()


def _event_type(deed: Deed) -> Instruction:
    where = "purview.microsoft.com > Solutions > Records management > Events > Manage event types"
    steps: tuple[str, ...]
    text = comment(deed.fields.get("description"), deed.mark)
    if deed.operation == "create":
        steps = (f"{where} > Create. Name: {deed.name}", f"Description, copied whole: {text}")
        return _made(deed, "event type", steps, (line("New-ComplianceRetentionEventType", {"Name": deed.name, "Comment": text}),))
    steps = (f"{where} > {deed.name} > Edit. Description: {text}",)
    return _made(deed, "event type", steps, (line("Set-ComplianceRetentionEventType", {**_identity(deed), "Comment": text}),))


def _scope(deed: Deed) -> Instruction:
    where = "purview.microsoft.com > Solutions > Data lifecycle management > Adaptive scopes"
    query = deed.fields.get("query")
    if deed.operation == "create":
        parameters = scope_parameters(_wanted(deed), deed.mark)
        steps = (
            f"{where} > Create scope. Name: {deed.name}. Description, copied whole: {parameters['Comment']}",
            f"Type: Users. Advanced query builder: {query}",
        )
        return _made(deed, "adaptive scope", steps, (line("New-AdaptiveScope", parameters),))
    return _made(deed, "adaptive scope", (f"{where} > {deed.name} > Edit: {_told(deed)}",), (_set(deed, "Set-AdaptiveScope"),))


def _policy(deed: Deed) -> Instruction:
    publishing = deed.kind is Kind.M365_LABEL_POLICY
    what = "label policy" if publishing else "retention policy"
    where = f"purview.microsoft.com > Solutions > Data lifecycle management > {'Label policies' if publishing else 'Retention policies'}"
    if deed.operation == "create":
        parameters = policy_parameters(_wanted(deed), deed.mark)
        first = "Publish labels" if publishing else "New retention policy"
        steps: tuple[str, ...] = (
            f"{where} > {first} (the rest stands in the next instruction). Name: {deed.name}",
            f"Description, copied whole: {parameters['Comment']}",
            *_reach_of(deed),
        )
        return _made(deed, what, steps, (line("New-RetentionCompliancePolicy", parameters),))
    if deed.operation == "retry":
        steps = (f"{where} > {deed.name} > Retry",)
        return _made(deed, what, steps, (line("Set-RetentionCompliancePolicy", {**_identity(deed), "RetryDistribution": True}),))
    if deed.operation == "add":
        added = locations(deed.members, verb="Add")
        steps = (f"{where} > {deed.name} > Edit > Locations. Add, and leave all others as they are:", *_boxes(deed.members))
        return _made(deed, what, steps, (line("Set-RetentionCompliancePolicy", {**_identity(deed), **added}),))
    if "exceptions" in deed.fields:
        steps = (f"{where} > {deed.name} > Edit > Locations > Excluded: {_told(deed)}",)
        return _made(deed, what, steps, ())
    added = locations(deed.members, verb="Add")
    steps = (f"{where} > {deed.name} > Edit: {_told(deed)}", *_beside(deed, "Locations"))
    return _made(deed, what, steps, (_set(deed, "Set-RetentionCompliancePolicy", added),))


def _beside(deed: Deed, where: str) -> tuple[str, ...]:
    """What is added in the same sitting: once saved, the platform takes nothing more until it has distributed it."""
    return (f"Before you save, {where}. Add, and leave all others as they are:", *_boxes(deed.members)) if deed.members else ()


def _reach_of(deed: Deed) -> tuple[str, ...]:
    scopes = sorted(item.partition(":")[2] for item in deed.members if item.startswith("scope:"))
    if not scopes:
        return ("Type of policy: Static. Only these locations, all others off:", *_boxes(deed.members))
    applications = _text(deed.fields.get("applications"))
    return (f"Type of policy: Adaptive. Scope: {', '.join(scopes)}. Only these locations, all others off: {applications}",)


def _rule(deed: Deed) -> Instruction:
    policy = _parent(deed) if deed.operation == "create" else None
    if policy is not None:
        steps: tuple[str, ...] = (
            f"In the policy {policy.name}: retain items for {_period(deed)}, counted {_since(str(deed.fields.get('trigger')))}.",
            "At the end of the period: do nothing. Never choose an option that deletes.",
        )
        return _made(deed, "rule", steps, (line("New-RetentionComplianceRule", rule_parameters(_wanted(deed), deed.mark, policy)),))
    where = "purview.microsoft.com > Solutions > Data lifecycle management > Retention policies"
    steps = (f"{where} > {deed.parent or 'the policy of the rule'} > Edit > Retention settings: {_told(deed)}",)
    commands: tuple[str, ...] = (_set(deed, "Set-RetentionComplianceRule"),)
    if "query" in deed.fields:
        left_out = f"{line('Set-RetentionComplianceRule', _identity(deed))} -ExcludedItemClasses $null"
        commands += (f"{left_out}   # where Get-RetentionComplianceRule shows item classes",)
    return _made(deed, "rule", steps, commands)


def _publish(deed: Deed) -> Instruction:
    policy = _parent(deed)
    parameters = publish_parameters(_wanted(deed), policy)
    steps = (f"In the label policy {policy.name}: choose the label {deed.fields.get('publishes')}. Until this is done nobody can apply that label.",)
    return _made(deed, "published label", steps, (line("New-RetentionComplianceRule", parameters),))


def _case(deed: Deed) -> Instruction:
    where = "purview.microsoft.com > Solutions > eDiscovery > Cases"
    if deed.operation == "create":
        made = {"Name": deed.name, "ExternalId": str(deed.mark)}
        return _made(deed, "case", (f"{where} > Create case. Name: {deed.name}. Number: {deed.mark}",), (line("New-ComplianceCase", made),))
    if not deed.fields or deed.fields.keys() - {"state", "description"} or deed.fields.get("state", "open") != "open":
        return no_way(deed, "a case is only ever reopened, and described")
    steps: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    if "description" in deed.fields:
        steps += (f"{where} > {deed.name} > Case settings. Description: {_text(deed.fields['description'])}",)
        commands += (line("Set-ComplianceCase", {**_identity(deed), "Description": deed.fields["description"]}),)
    if "state" in deed.fields:
        holds = line("Get-CaseHoldPolicy", {"Case": deed.vendor_id or deed.name})
        steps += (f"{where} > {deed.name} > Reopen case. Then open each of its hold policies and switch it on: reopening does not.",)
        commands += (line("Set-ComplianceCase", {**_identity(deed), "Reopen": True}),)
        commands += (f"{holds} | ForEach-Object {{ Set-CaseHoldPolicy $_.Guid -Enabled:$true }}",)
    return _made(deed, "case", steps, commands)


def _hold(deed: Deed) -> Instruction:
    where = f"purview.microsoft.com > Solutions > eDiscovery > Cases > {deed.parent or 'the case'} > Hold policies"
    query = str(deed.fields.get("query") or "")
    if deed.operation == "create":
        case = _parent(deed)
        text = comment(deed.fields.get("description"), deed.mark)
        made = {"Name": deed.name, "Case": case.vendor_id, "Comment": text, "Enabled": True, **_held(deed.members, "")}
        ruled = {"Name": deed.name, "Policy": deed.name, **({"ContentMatchQuery": query} if query else {})}
        steps = (
            f"{where} > Create policy. Name: {deed.name}. Description, copied whole: {text}",
            "Data sources:",
            *_boxes(deed.members),
            f"Conditions: {query}" if query else "Leave the conditions empty: everything is kept.",
        )
        # Without its rule a hold holds nothing (M§3.6).
        return _made(deed, "hold", steps, (line("New-CaseHoldPolicy", made), line("New-CaseHoldRule", ruled)))
    if deed.operation == "retry":
        steps = (f"{where} > {deed.name} > Retry policy",)
        return _made(deed, "hold", steps, (line("Set-CaseHoldPolicy", {**_identity(deed), "RetryDistribution": True}),))
    if deed.operation == "add":
        steps = (f"{where} > {deed.name} > Edit > Data sources. Add, and leave all others as they are:", *_boxes(deed.members))
        return _made(deed, "hold", steps, (line("Set-CaseHoldPolicy", {**_identity(deed), **_held(deed.members, "Add")}),))
    on = {"Enabled": True} if deed.fields.get("enabled") is True else {}
    told = {"Comment": comment(deed.fields["description"], deed.mark)} if "description" in deed.fields else {}
    said = {**on, **told, **_held(deed.members, "Add")}
    commands: tuple[str, ...] = (line("Set-CaseHoldPolicy", {**_identity(deed), **said}),) if said else ()
    if "query" in deed.fields:
        rule = line("Get-CaseHoldRule", {"Policy": deed.vendor_id or deed.name})
        asked = line("Set-CaseHoldRule $_.Guid", {"ContentMatchQuery": query})
        wait = "   # once the platform has distributed the line above" if said else ""
        commands += (f"{rule} | ForEach-Object {{ {asked} }}{wait}",)
    return _made(deed, "hold", (f"{where} > {deed.name}: {_told(deed)}", *_beside(deed, "Data sources")), commands)


def _litigation_hold(deed: Deed) -> Instruction:
    """No word of a matter: duration, note and page stay empty, for Outlook shows them to the mailbox's owner."""
    steps = (
        "admin.exchange.microsoft.com > Recipients > Mailboxes > each of these > Others > Litigation hold > Manage.",
        "Turn it on. Leave the duration, the note and the web page empty.",
        *_boxes(deed.members),
    )
    return replace(_made(deed, "mailboxes on", steps, tuple(_belts(deed.members))), title=deed.name, connect=CONNECT_EXCHANGE)


def _belts(members: frozenset[str]) -> Iterable[str]:
    places = sorted(member.partition(":")[2] for member in members)
    told = {"LitigationHoldEnabled": True, "LitigationHoldDuration": "Unlimited"}
    for place in places:
        if not place.startswith("."):
            yield line("Set-Mailbox", {"Identity": place, **told})
        else:
            # An inactive mailbox is named by its own id: its address may be somebody else's by now (M§3.1).
            found = line("Get-Mailbox", {"InactiveMailboxOnly": True, "ResultSize": "Unlimited"})
            set_it = line("Set-Mailbox -InactiveMailbox -Identity $_.ExchangeGuid.ToString()", told)
            yield f"{found} | Where-Object PrimarySmtpAddress -eq {_literal(place[1:])} | ForEach-Object {{ {set_it} }}"


_WAYS: Mapping[Kind, Callable[[Deed], Instruction]] = {
    Kind.M365_LABEL: _label,
    Kind.M365_EVENT_TYPE: _event_type,
    Kind.M365_ADAPTIVE_SCOPE: _scope,
    Kind.M365_LABEL_POLICY: _policy,
    Kind.M365_RETENTION_POLICY: _policy,
    Kind.M365_RETENTION_RULE: _rule,
    Kind.M365_LABEL_RULE: _publish,
    Kind.M365_CASE: _case,
    Kind.M365_HOLD: _hold,
    Kind.M365_MAILBOX: _litigation_hold,
}


def _made(deed: Deed, what: str, console: Sequence[str], commands: Sequence[str]) -> Instruction:
    title = f"{VERBS[deed.operation]} the {what} {deed.name}"
    return Instruction(key=deed.key, title=title, console=tuple(console), commands=tuple(commands), connect=CONNECT if commands else None)


def _set(deed: Deed, cmdlet: str, beside: Mapping[str, object] = MappingProxyType({})) -> str:
    """A change of fields. The comment is left as it is unless the description itself changes: a person's plan does not carry it otherwise."""
    changes = changes_of(deed.kind, deed.fields, deed.mark, frozenset(deed.fields) - FILED)
    if "description" not in deed.fields:
        changes.pop("Comment", None)
    return line(cmdlet, {**_identity(deed), **changes, **beside})


def _held(members: frozenset[str], verb: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in sorted(members):
        prefix, _colon, place = item.partition(":")
        found.setdefault(f"{verb}{'ExchangeLocation' if prefix == 'mail' else 'SharePointLocation'}", []).append(place)
    return found


def _boxes(members: frozenset[str]) -> list[str]:
    by_prefix: dict[str, list[str]] = {}
    for item in sorted(members):
        prefix, _colon, place = item.partition(":")
        by_prefix.setdefault(prefix, []).append(place)
    found = []
    for prefix, places in by_prefix.items():
        name = _NAMES.get(prefix, LOCATIONS.get(prefix, prefix))
        if places == ["All"]:
            found.append(f"[ ] {name}: all")
        elif len(places) > _SHOWN:
            found.append(f"[ ] {name}: {len(places)} of them, as in the command line")
        else:
            found += [f"[ ] {name}: {place}" for place in places]
    return found


def _period(deed: Deed) -> str:
    period = deed.fields.get("period")
    return "ever (Forever)" if period == FOREVER else f"{period} days (Custom)"


def _since(trigger: str) -> str:
    return f"from the event type {trigger.removeprefix('event:')}" if trigger.startswith("event:") else f"from {_CLOCKS.get(trigger, trigger)}"


def _record(deed: Deed) -> str:
    if deed.fields.get("behaviour", "retain") != "record":
        return "Do not mark as a record."
    return "Mark items as a record, not as a regulatory one, locked by default. Only after two officers signed: nobody can take it back from a label."


def _end(deed: Deed) -> str:
    if deed.fields.get("action") == "review":
        return f"start a disposition review: {_text(deed.fields.get('reviewers'))}"
    if deed.fields.get("action") == "keep_and_delete":
        return "delete items automatically (a transitory label, switched on by two officers)."
    return "do nothing."


def _text(value: Value) -> str:
    if isinstance(value, tuple):
        return "; ".join(_text(item) for item in value)
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value or "nothing")


def _told(deed: Deed) -> str:
    said = []
    for name, value in sorted(deed.fields.items()):
        said.append(f"{name} to {_text(value)}" + (f" {deed.mark}" if name == "description" else ""))
    return "set " + "; ".join(said)
