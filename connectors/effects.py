"""What live objects do to records: the pure translation from the resource vocabulary into effects, one function per platform.

Both real connectors and the memory connector use it, so that the simulator judges all of them by one reading. Names in a scope are
what the members say: mailbox addresses and URLs in Microsoft 365, account ids and org-unit paths in Google Workspace.

``google.vault_rule`` has no API (G§0); its normal form here is what an attested rules file says: ``service``, ``default``, ``org_unit`` (path or
None), ``period`` (days or ``"forever"``), ``trigger``, ``action`` (keep, purge_all, purge_deleted), ``terms``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from connectors.places import UnknownSettingError, reached, scope_text
from policies.effects import FOREVER, Clock, Effect, Mechanism, RemovableBy, Scope, Term
from policies.kinds import Kind, Platform, Workload
from policies.resources import Force, Live, Snapshot
from policies.roster import Roster

M365_MODELLED: Final = frozenset(
    {
        Kind.M365_LABEL,
        Kind.M365_LABEL_POLICY,
        Kind.M365_LABEL_RULE,
        Kind.M365_RETENTION_POLICY,
        Kind.M365_RETENTION_RULE,
        Kind.M365_CASE,
        Kind.M365_HOLD,
    }
)
GOOGLE_MODELLED: Final = frozenset(
    # A Drive label keeps and deletes nothing by itself (G§2.3); a group's archive decides whether a hold on it holds anything (G§1.5).
    {Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD, Kind.GOOGLE_VAULT_RULE, Kind.GOOGLE_DRIVE_LABEL, Kind.GOOGLE_GROUP_ARCHIVE}
)
_WHERE_ASKED: Final = frozenset({Kind.M365_MAILBOX})
"""Read only where an order asks for litigation hold; nothing else waits for it."""
_RULES_NOTHING: Final = frozenset({Kind.M365_EVENT_TYPE})
"""An event type is a name for labels to count from: making one, or describing it anew, keeps and deletes nothing."""
_BEHIND_OTHERS: Final = frozenset({Kind.M365_ADAPTIVE_SCOPE})
"""A scope does nothing by itself: its query decides whom the policies over it reach. They carry it too, so it need not be read to judge them."""
MODELLED: Final = M365_MODELLED | GOOGLE_MODELLED | _WHERE_ASKED | _RULES_NOTHING | _BEHIND_OTHERS
"""The kinds whose effect on records is known here; a change of any other kind is not computable, so it counts as weakening."""

ACTIONS: Final = frozenset({"keep", "keep_and_delete", "delete", "review"})
VAULT_ACTIONS: Final = frozenset({"keep", "purge_all", "purge_deleted"})

_LABELLED: Final = frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.CALENDAR, Workload.DRIVE, Workload.SITE, Workload.GROUP})
"""Where an item can carry a retention label: Exchange, OneDrive, SharePoint and Microsoft 365 groups, never a chat."""
_CORPORA: Final[Mapping[str, frozenset[Workload]]] = {
    "MAIL": frozenset({Workload.MAIL}),
    "DRIVE": frozenset({Workload.DRIVE}),
    "GROUPS": frozenset({Workload.GROUP}),
    "HANGOUTS_CHAT": frozenset({Workload.CHAT}),
    "VOICE": frozenset({Workload.VOICE}),
    "CALENDAR": frozenset({Workload.CALENDAR}),
    "GEMINI": frozenset({Workload.GEMINI}),
}
_HANDS: Final[Mapping[str, RemovableBy]] = {
    "retain": RemovableBy.PERSON,
    "record": RemovableBy.ADMINISTRATOR,
    "regulatory": RemovableBy.NOBODY,
}


def m365_effects(snapshot: Snapshot, roster: Roster) -> tuple[Effect, ...]:  # noqa: ARG001  # one signature for both platforms
    """What the labels, retention policies, case holds and litigation holds of a Microsoft 365 tenant do. Raises ``UnknownSettingError``."""
    effects: list[Effect] = []
    rules = _children(snapshot.of(Kind.M365_RETENTION_RULE))
    scopes = {
        scope.name: scope_text(scope.name, scope.fields.get("location"), scope.fields.get("query")) for scope in snapshot.of(Kind.M365_ADAPTIVE_SCOPE)
    }
    for policy in snapshot.of(Kind.M365_RETENTION_POLICY):
        for rule in rules[policy.vendor_id]:
            effects += _policy_effects(policy, rule, scopes)
    publishing = _publishing(snapshot)
    for label in snapshot.of(Kind.M365_LABEL):
        effects += _label_effects(label, publishing[label.name.casefold()], scopes)
    cases = {case.vendor_id: case for case in snapshot.of(Kind.M365_CASE)}
    for hold in snapshot.of(Kind.M365_HOLD):
        effects += _case_hold_effects(hold, cases.get(hold.parent_id or ""))
    for belt in snapshot.of(Kind.M365_MAILBOX):
        effects += _case_hold_effects(belt, None)
    return tuple(effects)


def google_effects(snapshot: Snapshot, roster: Roster) -> tuple[Effect, ...]:
    """What the Vault holds of a Google tenant do, and its Vault rules as far as an attested file tells. Raises ``UnknownSettingError``."""
    paths = {unit.vendor_id: unit.path for unit in roster.org_units}
    matters = {matter.vendor_id: matter for matter in snapshot.of(Kind.GOOGLE_MATTER)}
    silent = frozenset(live.vendor_id for live in snapshot.of(Kind.GOOGLE_GROUP_ARCHIVE) if live.fields.get("archived") is False)
    effects = [_vault_hold_effect(hold, matters.get(hold.parent_id or ""), paths) for hold in snapshot.of(Kind.GOOGLE_HOLD)]
    effects = [replace(one, scope=replace(one.scope, include=one.scope.include - silent)) if silent & one.scope.include else one for one in effects]
    effects += [_vault_rule_effect(rule, paths) for rule in snapshot.of(Kind.GOOGLE_VAULT_RULE)]
    return tuple(effects)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ruling:
    """The readable part of a label or retention rule."""

    keep: Term | None
    delete: Term | None
    clock: Clock
    event: str | None


def _children(lives: Iterable[Live]) -> defaultdict[str, list[Live]]:
    by_parent: defaultdict[str, list[Live]] = defaultdict(list)
    for live in lives:
        by_parent[live.parent_id or ""].append(live)
    return by_parent


def _ruling(live: Live) -> _Ruling:
    action = live.fields.get("action")
    if action not in ACTIONS:
        raise UnknownSettingError(live, "action", action)
    period = term(live)
    clock, event = _clock(live)
    # A disposition review at the end deletes nothing until a person says so (M§2.3), so `review` only keeps.
    return _Ruling(
        keep=None if action == "delete" else period,
        delete=period if action in {"keep_and_delete", "delete"} and period != FOREVER else None,
        clock=clock,
        event=event,
    )


def term(live: Live) -> Term:
    """The object's ``period`` in days or for ever. Raises ``UnknownSettingError`` for anything else."""
    period = live.fields.get("period")
    if period == FOREVER:
        return FOREVER
    if isinstance(period, int) and not isinstance(period, bool) and period >= 0:
        return period
    raise UnknownSettingError(live, "period", period)


def _clock(live: Live) -> tuple[Clock, str | None]:
    trigger = live.fields.get("trigger")
    if isinstance(trigger, str):
        if trigger.startswith("event:"):
            return Clock.EVENT, trigger.removeprefix("event:")
        if trigger in {Clock.CREATED.value, Clock.MODIFIED.value, Clock.LABELLED.value}:
            return Clock(trigger), None
    raise UnknownSettingError(live, "trigger", trigger)


def _text(live: Live, field: str) -> str | None:
    """The field as text, None where it is empty."""
    value = live.fields.get(field)
    return str(value) if value else None


def _running(live: Live) -> bool:
    """Whether the object is switched on and the platform says that it is in force."""
    return live.fields.get("enabled") is not False and live.force is Force.APPLIED


def _terms(*narrowings: str | None) -> str | None:
    """Several limits as one, None where there is none."""
    return " & ".join(text for text in narrowings if text) or None


def _policy_effects(policy: Live, rule: Live, scopes: Mapping[str, str]) -> list[Effect]:
    ruling = _ruling(rule)
    running = _running(policy) and rule.force not in {Force.OFF, Force.ERROR, Force.PENDING}
    return [
        Effect(
            ref=f"{policy.vendor_id}/{rule.vendor_id}/{part.part}",
            platform=Platform.MICROSOFT365,
            mechanism=Mechanism.RETENTION_POLICY,
            scope=part.scope,
            clock=ruling.clock,
            event=ruling.event,
            keep=ruling.keep,
            delete=ruling.delete,
            terms=_terms(part.narrowing, _text(rule, "query")),
            # Preservation Lock: nobody can shorten or switch off the policy any more (M§2.2).
            removable_by=RemovableBy.NOBODY if policy.fields.get("locked") is True else RemovableBy.ADMINISTRATOR,
            in_force=running,
        )
        for part in reached(policy, policy.members, scopes)
    ]


def _publishing(snapshot: Snapshot) -> defaultdict[str, list[tuple[Live, Live]]]:
    """By label name (caseless): policy and rule, both in force, that offer it or put it on. A label does nothing until published (M§1.1)."""
    policies = {policy.vendor_id: policy for policy in snapshot.of(Kind.M365_LABEL_POLICY)}
    publishing: defaultdict[str, list[tuple[Live, Live]]] = defaultdict(list)
    for rule in snapshot.of(Kind.M365_LABEL_RULE):
        policy = policies.get(rule.parent_id or "")
        if policy is not None and _running(policy) and rule.force not in {Force.OFF, Force.ERROR, Force.PENDING}:
            publishing[str(rule.fields.get("publishes", "")).casefold()].append((policy, rule))
    return publishing


def _label_effects(label: Live, publishing: Iterable[tuple[Live, Live]], scopes: Mapping[str, str]) -> list[Effect]:
    """What the label does where it stands, where people may put it on, and where the platform puts it on by itself.

    The last is taken for a policy over those places, narrowed by the rule's query: which of its items will carry the label is content.
    """
    ruling = _ruling(label)
    behaviour = label.fields.get("behaviour")
    hand = _HANDS.get(str(behaviour))
    if hand is None:
        raise UnknownSettingError(label, "behaviour", behaviour)
    # Published to nobody, the label still rules the items that carry it already.
    carried = Effect(
        ref=label.vendor_id,
        platform=Platform.MICROSOFT365,
        mechanism=Mechanism.LABEL,
        scope=Scope(workloads=_LABELLED),
        clock=ruling.clock,
        event=ruling.event,
        keep=ruling.keep,
        delete=ruling.delete,
        label=label.name,
        removable_by=hand,
        in_force=label.force is not Force.OFF,
    )
    found = [carried]
    for policy, rule in publishing:
        for part in reached(policy, policy.members, scopes):
            published = replace(carried, ref=f"{label.vendor_id}/{policy.vendor_id}/{part.part}", scope=part.scope, terms=part.narrowing)
            found.append(published)
            if rule.fields.get("applies") is True:
                place, terms = f"{label.vendor_id}/{policy.vendor_id}/{rule.vendor_id}/{part.part}", _terms(part.narrowing, _text(rule, "query"))
                found.append(replace(published, ref=place, mechanism=Mechanism.RETENTION_POLICY, label=None, terms=terms))
    return found


def _held_members(hold: Live) -> frozenset[str]:
    """The members that the hold really holds: each by its own state where the platform tells, else by the hold's."""
    held = hold.force is Force.APPLIED
    return frozenset(
        member
        for member in hold.members
        if (hold.member_states[member].force is Force.APPLIED if member in hold.member_states else held)
    )


def _open(container: Live | None) -> bool:
    """Whether the case or matter around a hold is open; one that was not read counts as open, because the hold itself was seen."""
    return container is None or container.fields.get("state") in {None, "open"}


def _case_hold_effects(hold: Live, case: Live | None) -> list[Effect]:
    on = hold.fields.get("enabled") is not False and hold.force is not Force.OFF and _open(case)
    return [
        Effect(
            ref=f"{hold.vendor_id}/{part.part}",
            platform=Platform.MICROSOFT365,
            mechanism=Mechanism.HOLD,
            scope=part.scope,
            keep=FOREVER,
            terms=_terms(part.narrowing, _text(hold, "query")),
            in_force=on,
        )
        for part in reached(hold, _held_members(hold))
    ]


def _vault_hold_effect(hold: Live, matter: Live | None, paths: Mapping[str, str]) -> Effect:
    corpus = hold.fields.get("corpus")
    workloads = _CORPORA.get(str(corpus))
    if workloads is None:
        raise UnknownSettingError(hold, "corpus", corpus)
    options = hold.fields.get("options") or ()
    if corpus == "DRIVE" and isinstance(options, tuple) and any("shared" in str(option).lower() for option in options):
        workloads |= {Workload.SHARED_DRIVE}
    unit = _text(hold, "org_unit")
    whole_unit = hold.fields.get("scope") == "org_unit" and unit is not None
    limits = [text for text in (_text(hold, "terms"), _span(hold)) if text]
    return Effect(
        ref=hold.vendor_id,
        platform=Platform.GOOGLE_WORKSPACE,
        mechanism=Mechanism.HOLD,
        scope=Scope(
            workloads=workloads,
            include=frozenset() if whole_unit else frozenset(member.partition(":")[2] for member in _held_members(hold)),
            org_units=frozenset({paths.get(unit, unit)}) if whole_unit and unit is not None else frozenset(),
        ),
        keep=FOREVER,
        # Terms and dates narrow a hold to what matches them, so together they are its query.
        terms=" ".join(limits) or None,
        in_force=_open(matter) and (hold.force is Force.APPLIED if whole_unit else hold.force is not Force.OFF),
    )


def _span(hold: Live) -> str | None:
    start, end = _text(hold, "start"), _text(hold, "end")
    return f"[{start or ''}..{end or ''}]" if start or end else None


def _vault_rule_effect(rule: Live, paths: Mapping[str, str]) -> Effect:
    service, action = rule.fields.get("service"), rule.fields.get("action")
    workloads = _CORPORA.get(str(service))
    if workloads is None:
        raise UnknownSettingError(rule, "service", service)
    if action not in VAULT_ACTIONS:
        raise UnknownSettingError(rule, "action", action)
    period = term(rule)
    clock, event = _clock(rule)
    default, unit = rule.fields.get("default") is True, _text(rule, "org_unit")
    return Effect(
        ref=rule.vendor_id,
        platform=Platform.GOOGLE_WORKSPACE,
        mechanism=Mechanism.VAULT_DEFAULT if default else Mechanism.VAULT_CUSTOM,
        scope=Scope(
            workloads=workloads,
            everyone=default or unit is None,
            org_units=frozenset({paths.get(unit, unit)}) if unit is not None and not default else frozenset(),
        ),
        clock=clock,
        event=event,
        keep=period,
        delete=period if period != FOREVER else None,  # Vault offers no end that only keeps (G§2.3)
        purge_all=action == "purge_all",
        terms=_text(rule, "terms"),
        in_force=rule.force is not Force.OFF,
    )
