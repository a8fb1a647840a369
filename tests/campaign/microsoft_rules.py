"""The sync lane's side of Microsoft's campaign: labels, their publishing, retention policies and rules over the admin endpoint."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from connectors.base import Connector
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from connectors.places import EVERYBODY
from policies.duties import Carrier, Disposition, Duty, Population, Selector
from policies.effects import Clock
from policies.kinds import Kind, Platform, Workload
from policies.resources import Because, find_mark
from sandbox import microsoft
from sandbox.microsoft import policing
from sandbox.microsoft.objects import Label, Made, Policy, Rule
from sandbox.microsoft.seed import CHECK_POLICY
from sandbox.microsoft.state import COMPLIANCE, EXCHANGE, GRAPH, TenantState, tenant_of
from sandbox.world import World
from sync.matters.order import MatterOrder
from tests.campaign.cells import EVERYWHERE, Cell, Method
from tests.campaign.planting import Paging, Planted, plant_on_wire
from tests.campaign.releasing import LetGo
from tests.campaign.theatre import Stock

NEW_LABEL, SET_LABEL = "New-ComplianceTag", "Set-ComplianceTag"
NEW_POLICY, SET_POLICY = "New-RetentionCompliancePolicy", "Set-RetentionCompliancePolicy"
NEW_RULE, SET_RULE = "New-RetentionComplianceRule", "Set-RetentionComplianceRule"
NEW_EVENT, SET_EVENT = "New-ComplianceRetentionEventType", "Set-ComplianceRetentionEventType"
NEW_VALUE = "New-FilePlanPropertyCitation"

_WRITES = (NEW_LABEL, SET_LABEL, NEW_POLICY, SET_POLICY, NEW_RULE, SET_RULE, NEW_EVENT, SET_EVENT, NEW_VALUE)
_LISTS = (
    "Get-ComplianceTag", "Get-RetentionCompliancePolicy", "Get-RetentionComplianceRule", "Get-AppRetentionCompliancePolicy",
    "Get-AppRetentionComplianceRule", "Get-ComplianceRetentionEventType", "Get-FilePlanPropertyCitation",
)  # fmt: skip
METHODS = (
    *(Method(surface=COMPLIANCE, operation=name, writes=True) for name in _WRITES),
    *(Method(surface=COMPLIANCE, operation=name, writes=False, pages=True) for name in _LISTS),
    Method(surface=COMPLIANCE, operation="EXOModuleFile", writes=False),
    Method(surface=EXCHANGE, operation="EXOModuleFile", writes=False),
    Method(surface=EXCHANGE, operation="Get-Mailbox", writes=False, pages=True),
    Method(surface=GRAPH, operation="GET /users", writes=False, pages=True),
    Method(surface="authority", operation="token", writes=False),
)
_SHORT = Paging(switches={"m365.page_size": "1"}, token="skiptoken", linked=True)
_TERMS = (366, 731, 1096, 2557)
_TOO_SHORT = 30
_DEPLOYED = 1_000.0
"""Seconds until what somebody changed in the console is through: before, the platform takes no change and the program sends none (M§2.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of the made-up policy: its series, its people and what the tenant has to show for it, worked out here and not by the program."""

    series: str
    labelled: bool
    days: int
    people: frozenset[str]
    event: str | None = None
    """What its label counts from, where that is not creation."""
    everybody: bool = False
    """It is for everybody with a mailbox, over an adaptive scope, and names nobody."""
    cited: bool = True

    @property
    def citation(self) -> str | None:
        return f"M-{self.series}" if self.cited else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What makes the program call a method: what somebody does in the console, else a new line, with a label, with one that counts from an event."""

    spoil: Callable[[World, TenantState, random.Random], bool] | None = None
    label: bool = False
    event: bool = False


@dataclass
class MicrosoftRulesTheatre(Stock):
    """One run's expectations: which lines must be in force, and what of others must stay as it was."""

    tenant = "m365"
    platform = Platform.MICROSOFT365
    package = microsoft
    methods = METHODS
    strikes = EVERYWHERE
    proven = frozenset(
        {Kind.M365_LABEL, Kind.M365_EVENT_TYPE, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE}
    )
    cites = True
    lines: list[_Line] = field(default_factory=list)
    others: dict[str, object] = field(default_factory=dict)

    def connector(self) -> Connector:
        return Microsoft365Connector(allowed=Allowed(admin=True))

    def prepare(self, world: World) -> None:
        _lengthen(tenant_of(world))
        self.others = _others(tenant_of(world))

    def orders(self, world: World, rng: random.Random) -> MatterOrder | None:
        """The policy at the start: a label that counts from an event and is offered, and a place that is kept."""
        self._demand(world, rng, labelled=True, counted=True)
        self._demand(world, rng, labelled=False)
        return None

    def duties(self) -> tuple[Duty, ...]:
        return tuple(_duty(line) for line in self.lines)

    def provoke(self, world: World, method: Method, rng: random.Random) -> MatterOrder | None:
        needs = self._needs(method)
        with world.lock:
            if needs.spoil is None or not needs.spoil(world, tenant_of(world), rng):  # or what an earlier strike left is not whole yet
                self._demand(world, rng, labelled=needs.label or rng.random() < 0.5, counted=needs.event)
        return None

    def _needs(self, method: Method) -> Needs:
        name = method.operation
        return Needs(spoil=_ACTS.get(name), label=name in _LABELLED, event=name in (NEW_EVENT, SET_EVENT))

    def plant(self, world: World, cell: Cell, rng: random.Random) -> Planted:
        return plant_on_wire(world, cell, rng, _SHORT)

    def let_go(self, world: World) -> LetGo:  # nothing is released here
        return LetGo()

    def wrongs(self, world: World, district: str) -> tuple[str, ...]:
        state = tenant_of(world)
        found = [f"another's object was touched: {name}" for name, value in _others(state).items() if self.others.get(name) != value]
        found += [f"another's object is gone: {name}" for name in self.others.keys() - _others(state).keys()]
        everything = (*state.labels.values(), *state.event_types.values(), *state.policies.values(), *state.rules.values(), *state.scopes.values())
        made: list[Made] = [one for one in everything if _ours(one)]
        marks = Counter(str(find_mark(one.comment)) for one in made)
        found += [f"{count} objects carry {mark}" for mark, count in marks.items() if count > 1]
        found += [f"{mark} is another district's" for mark in marks if f"rw:{district}:" not in mark]
        for line in self.lines:
            found += _label_wrongs(world, state, line) if line.labelled else _place_wrongs(world, state, line)
        labels = sum(1 for one in state.labels.values() if _ours(one))
        policies = sum(1 for one in state.policies.values() if _ours(one))
        if (labels, policies) != (sum(line.labelled for line in self.lines), len(self.lines)):
            found.append(f"{labels} labels and {policies} policies of ours for {len(self.lines)} lines")
        return tuple(found)

    def _demand(self, world: World, rng: random.Random, *, labelled: bool, counted: bool = False, everybody: bool = False) -> None:
        """A line more in the policy, for two or three people, or ``everybody``; ``counted``: from an event of its own."""
        state = tenant_of(world)
        able = [address for person in world.people if _has_mailbox(state, address := f"{person.local_part}@{world.domain}")]
        number = len(self.lines) + 1
        people = frozenset[str]() if everybody else frozenset(rng.sample(able, k=rng.choice((2, 3))))
        event, days = f"Campaign event {number}" if counted else None, rng.choice(_TERMS)
        self.lines.append(_Line(series=f"CMP-{number:02}", labelled=labelled, days=days, people=people, event=event, everybody=everybody, cited=self.cites))


def _lengthen(state: TenantState) -> None:
    """More things of another hand in every list that has none or one to begin with: such a list could not be read half."""
    policy = next(one for one in state.policies.values() if one.name == CHECK_POLICY)
    (rule,) = policing.rules_of(state, policy)
    event = next(iter(state.event_types.values()))
    for number in (1, 2):
        newer = replace(policy, name=f"Newer places {number}", guid=state.new_id("policy"), app=True, applications=["User:Exchange"])
        state.policies[newer.guid] = newer
        kept = replace(rule, name=f"Newer places {number} rule", guid=state.new_id("rule"), policy=newer.guid)
        state.rules[kept.guid] = kept
        other = replace(event, name=f"Another event {number}", guid=state.new_id("event"))
        state.event_types[other.guid] = other
    gone = next(one for one in state.accounts.values() if one.mailbox is not None and one.mailbox.inactive)
    assert gone.mailbox is not None
    upn = f"gone.too@{state.domain}"
    state.enter(replace(gone, id=state.new_id("account"), upn=upn, drive=None, mailbox=replace(gone.mailbox, guid=state.new_id("mailbox"))))


def _selector(line: _Line) -> Selector:
    return Selector(all_users=True, adaptive=True) if line.everybody else Selector(users=tuple(sorted(line.people)))


def _duty(line: _Line) -> Duty:
    key = f"label-{line.series.lower()}"
    return Duty(
        line=f"line-{line.series.lower()}",
        series=line.series,
        title="Campaign records",
        workload=Workload.MAIL,
        carrier=Carrier.LABEL if line.labelled else Carrier.POLICY,
        term=line.days,
        clock=Clock.EVENT if line.event else Clock.CREATED,
        event=line.event,
        population=Population(id=f"people-{line.series.lower()}", selectors={Platform.MICROSOFT365: _selector(line)}),
        disposition=Disposition.PERMANENT,
        citation=line.citation,
        because=Because(line=f"line-{line.series.lower()}", series=line.series),
        label_keys=(key,),
        label_name=f"{line.series} Campaign records",
    )


def _has_mailbox(state: TenantState, address: str) -> bool:
    account = state.account_at(address)
    return account is not None and account.enabled and account.mailbox is not None and account.tier == "faculty"


def _ours(one: Made) -> bool:
    return find_mark(one.comment) is not None


def _settled(world: World, state: TenantState) -> list[Policy]:
    """Policies of ours with their rule that no deployment locks: what an administrator can change too."""
    found = [one for one in state.policies.values() if _ours(one) and policing.rules_of(state, one)]
    return [one for one in found if not policing.deploying(world, one)]


def _shorten_label(world: World, state: TenantState, rng: random.Random) -> bool:
    """Somebody gives a label of ours a shorter period."""
    labels = [one for one in state.labels.values() if _ours(one)]
    if labels:
        microsoft.console_acts(world)["set_label_period"]({"name": rng.choice(labels).guid, "days": str(_TOO_SHORT)})
    return bool(labels)


def _spoil_policy(world: World, state: TenantState, rng: random.Random) -> bool:
    """Somebody takes a place out of a policy of ours, or switches it off."""
    policies = _settled(world, state)
    if not policies:
        return False
    policy, acts = rng.choice(policies), microsoft.console_acts(world)
    places = policy.locations.get("ExchangeLocation", [])
    if len(places) > 1 and rng.random() < 0.5:
        acts["remove_location"]({"name": policy.guid, "place": rng.choice(places).name})
    else:
        acts["disable_policy"]({"name": policy.guid})
    world.clock.advance(_DEPLOYED)
    return True


def _shorten_rule(world: World, state: TenantState, rng: random.Random) -> bool:
    """Somebody gives the rule of a retention policy of ours a shorter period."""
    rules = [rule for policy in _settled(world, state) for rule in policing.rules_of(state, policy) if not rule.publishes]
    if rules:
        microsoft.console_acts(world)["set_rule_period"]({"name": rng.choice(rules).guid, "days": str(_TOO_SHORT)})
        world.clock.advance(_DEPLOYED)
    return bool(rules)


def _describe_event(world: World, state: TenantState, rng: random.Random) -> bool:
    """Somebody writes another description on an event type of ours, behind the mark."""
    events = [one for one in state.event_types.values() if _ours(one)]
    for one in events[:1]:
        one.comment = f"Somebody wrote here. {find_mark(one.comment)}"
    return bool(events)


_LABELLED = frozenset({NEW_LABEL, NEW_EVENT, SET_EVENT, NEW_VALUE, "Get-FilePlanPropertyCitation"})
_ACTS: Mapping[str, Callable[[World, TenantState, random.Random], bool]] = {
    SET_LABEL: _shorten_label,
    SET_POLICY: _spoil_policy,
    SET_RULE: _shorten_rule,
    SET_EVENT: _describe_event,
}


def _label_wrongs(world: World, state: TenantState, line: _Line) -> list[str]:
    labels = [one for one in state.labels.values() if _ours(one) and one.name.startswith(line.series)]
    if len(labels) != 1:
        return [f"{len(labels)} labels for {line.series}"]
    (label,) = labels
    trigger = "EventAgeInDays" if line.event else "CreationAgeInDays"
    found = [] if (label.action, label.duration, label.trigger) == ("Keep", str(line.days), trigger) else [_said(label, line)]
    event = state.event_types.get(label.event_type or "")
    found += [] if (event.name if event else None) == line.event else [f"label {label.name} counts from {event.name if event else None}"]
    cited = state.templates.get(label.templates.get("citation", ""))
    found += [] if (cited.name if cited else None) == line.citation else [f"label {label.name} cites {cited.name if cited else None}"]
    rules = [one for one in state.rules.values() if one.publishes == label.guid]
    if len(rules) != 1:
        return [*found, f"{line.series} is published {len(rules)} times"]
    return found + _policy_wrongs(world, state, rules[0], line)


def _place_wrongs(world: World, state: TenantState, line: _Line) -> list[str]:
    rules = [one for one in state.rules.values() if _ours(one) and line.series.lower() in one.comment.lower()]
    if len(rules) != 1:
        return [f"{len(rules)} retention rules for {line.series}"]
    (rule,) = rules
    asked = (rule.action, rule.duration, rule.option, rule.query, rule.disabled)
    found = [] if asked == ("Keep", str(line.days), "CreationAgeInDays", "", False) else [f"the rule of {line.series} says {asked}"]
    return found + _policy_wrongs(world, state, rule, line)


def _policy_wrongs(world: World, state: TenantState, rule: Rule, line: _Line) -> list[str]:
    policy = state.policies[rule.policy]
    found = [] if policy.enabled else [f"the policy of {line.series} is off"]
    found += [f"the policy of {line.series} has {len(policing.rules_of(state, policy))} rules"] if len(policing.rules_of(state, policy)) != 1 else []
    found += [f"the policy of {line.series} is locked"] if policy.locked else []
    places = policy.locations.get("ExchangeLocation", [])
    shown = sorted(one.name.lower() for one in places)
    if shown != sorted(line.people):
        found.append(f"{line.series} reaches {shown}, not {sorted(line.people)}")
    found += [f"{line.series} has other places too"] if any(value for name, value in policy.locations.items() if name != "ExchangeLocation") else []
    found += _scope_wrongs(state, policy, line)
    if policing.status(world, policy) != "Success" or any(one.due > world.clock.now() for one in places):
        found.append(f"the policy of {line.series} is not in force: {policing.status(world, policy)}")
    return found


def _scope_wrongs(state: TenantState, policy: Policy, line: _Line) -> list[str]:
    """Whether a policy lies over the scope that finds everybody, or over none where it names its people."""
    scopes = [state.scopes[guid] for guid in policy.scopes]
    if not line.everybody:
        return [f"{line.series} lies over {[one.name for one in scopes]}"] if scopes else []
    if len(scopes) != 1 or not _ours(scopes[0]):
        return [f"{line.series} lies over {[one.name for one in scopes]} and not over our scope"]
    asked = (scopes[0].location_type.lower(), scopes[0].query, sorted(one.lower() for one in policy.applications))
    wanted = ("user", EVERYBODY, ["user:exchange"])
    return [] if asked == wanted else [f"{line.series} lies over {asked}"]


def _said(label: Label, line: _Line) -> str:
    return f"label {label.name} says {label.action} {label.duration} {label.trigger}, not {line.days} days"


def _others(state: TenantState) -> dict[str, object]:
    """Labels, policies and rules that are not ours, by id, as they stand."""
    found: dict[str, object] = {}
    found |= {f"label {one.guid}": (one.name, one.duration, one.action, one.comment) for one in state.labels.values() if not _ours(one)}
    found |= {f"scope {one.guid}": (one.name, one.query, one.comment) for one in state.scopes.values() if not _ours(one)}
    for policy in state.policies.values():
        if _ours(policy):
            continue
        places = sorted(one.name for value in policy.locations.values() for one in value)
        found[f"policy {policy.guid}"] = (policy.name, policy.enabled, policy.comment, tuple(places))
        found |= {
            f"rule {rule.guid}": (rule.name, rule.duration, rule.action, rule.publishes, rule.disabled) for rule in policing.rules_of(state, policy)
        }
    found |= {f"case {case.guid}": (case.name, case.comment, case.closed_at) for case in state.cases.values()}
    return found
