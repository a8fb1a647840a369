"""Duties and hold orders in Google's terms. Pure.

Vault's retention rules have no API (G§0): a duty carried by policy rests on rules that a person set by hand and an officer attested. Drive
labels are the only carrier that can be written, where the edition has them (G§3.2); a person puts them on, so they stand as *available*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from connectors.base import Circumstances
from connectors.examination import ReadCapability, WriteCapability
from connectors.google_workspace.capabilities import LABELS_NOT_LICENSED, NO_RULES_API
from connectors.google_workspace.editions import drive_labels
from connectors.google_workspace.label_people import wanted_appliers
from connectors.google_workspace.units import Units
from connectors.google_workspace.vault import ACCOUNT, ALL_OPTIONS, CORPUS_OF, WITH_TERMS
from connectors.hold_orders import UNIT, HoldOrder, Ordered, OrderedSource
from policies.duties import Behaviour, Carriage, Carrier, Desired, Disposition, Duty, People, StandingValue
from policies.effects import FOREVER, Clock, Term
from policies.keys import key_of
from policies.kinds import Kind, Platform, Workload
from policies.populations import ResolvedPopulation, resolve
from policies.resources import Because, Fields, Value, Wanted, without_mark
from policies.roster import OrgUnit
from policies.vault_judging import shortfalls
from policies.vault_rules import StatedRules

ELSEWHERE: Final = frozenset({Workload.ARCHIVE, Workload.SITE, Workload.PAPER})
"""Workloads that Google does not have: mail has no archive apart, Sites are kept with Drive (G§1.4)."""
_MATTER_TEXT: Final = "Kept by Recordwarden. Do not edit the mark at the end."
_TITLE: Final = 60
"""Characters of a label's title; the tenant's own limit is asked before one is made (G§3.2)."""
_NO_WRITE: Final = frozenset({WriteCapability.MISSING, WriteCapability.NONE, WriteCapability.ATTEST_ONLY})
_SPARE: Final = timedelta(days=1)
_CORPUS_WORDS: Final = {
    "MAIL": "mail", "DRIVE": "Drive", "HANGOUTS_CHAT": "Chat", "VOICE": "Voice", "CALENDAR": "Calendar", "GEMINI": "Gemini", "GROUPS": "groups",
}  # fmt: skip


NO_RECORDS: Final = "drive_label.no_records"
"""The label is offered as any other, and locks nothing: even a Vault rule that names it only keeps (G§2.3)."""


def realise(duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
    """The Drive labels that duties ask for, and a standing for each duty that speaks of this platform; nothing else can be written for a rule."""
    tenant = circumstances.tenant.id
    carriages = []
    labels: dict[str, Wanted] = {}
    for duty in duties:
        selector = duty.population.selectors.get(Platform.GOOGLE_WORKSPACE)
        if selector is None or duty.workload in ELSEWHERE:
            continue
        people = resolve(selector, circumstances.roster)
        carriage = _carriage(duty, people, circumstances)
        if carriage.standing is StandingValue.AVAILABLE or carriage.reason == NO_RECORDS:
            wanted = _label(duty, people, circumstances, labels)
            labels[wanted.key] = wanted
            carriage = replace(carriage, carriers=(wanted.key,))
        carriages.append(carriage)
    return Desired(tenant=tenant, resources=tuple(labels.values()), carriages=tuple(carriages))


def _label(duty: Duty, people: ResolvedPopulation, circumstances: Circumstances, labels: Mapping[str, Wanted]) -> Wanted:
    """One label per series, which everybody of its populations may apply; two duties of one series that differ get the longer period."""
    keys = duty.label_keys or (key_of(duty.series),)
    key = next((one for one in keys if one in circumstances.names), keys[0])
    before = labels.get(key)
    appliers = wanted_appliers(duty.population.selectors[Platform.GOOGLE_WORKSPACE], circumstances.roster)
    periods: list[Value] = [duty.term, *([before.fields.get("period")] if before else [])]
    return Wanted(
        kind=Kind.GOOGLE_DRIVE_LABEL,
        key=key,
        name=circumstances.names.get(key, duty.label_name or f"{duty.series} {duty.title}"[:_TITLE]),
        fields={
            "state": "published",
            "period": _longest(periods),
            "trigger": duty.clock.value if duty.clock is not Clock.EVENT else f"event:{duty.event}",
            "description": f"{duty.title}." + (f" {duty.citation}." if duty.citation else ""),
            "copies": "always",
        },
        members=appliers | (before.members if before else frozenset()),
        because=duty.because,
        people=max(len(people.identities), before.people if before else 0),
    )


def _longest(periods: Iterable[Value]) -> Term:
    found = tuple(periods)
    return FOREVER if FOREVER in found else max(one for one in found if isinstance(one, int))


def _carriage(duty: Duty, people: ResolvedPopulation, circumstances: Circumstances) -> Carriage:
    standing, reason = _standing(duty, people, circumstances)
    return Carriage.of(duty, circumstances.tenant.id, standing, reason, people=_counts(people, standing))


def _standing(duty: Duty, people: ResolvedPopulation, circumstances: Circumstances) -> tuple[StandingValue, str | None]:
    """What can be said of the duty here; what is unknown comes before what is missing."""
    if duty.blocked is not None:
        return StandingValue.GAP, duty.blocked
    if people.unknown_reason is not None:
        return StandingValue.UNKNOWN, people.unknown_reason
    if people.empty:
        return StandingValue.GAP, "population.empty"
    if duty.carrier is Carrier.LABEL:
        return _label_standing(duty, circumstances)
    return _stated_standing(duty, people, circumstances.stated_rules)


def _stated_standing(duty: Duty, people: ResolvedPopulation, stated: StatedRules | None) -> tuple[StandingValue, str | None]:
    """``attested`` only where the rules, as stated, reach the duty wherever its people live; a statement that does not count leaves it unknown."""
    if stated is None:
        return StandingValue.NOT_ENFORCEABLE, NO_RULES_API
    if stated.doubt is not None:
        return StandingValue.UNKNOWN, stated.doubt
    short = shortfalls(stated.rules, duty, {one.org_unit for one in people.identities})
    return (StandingValue.GAP, short[0].code) if short else (StandingValue.ATTESTED, None)


def _label_standing(duty: Duty, circumstances: Circumstances) -> tuple[StandingValue, str]:
    if duty.workload not in {Workload.DRIVE, Workload.SHARED_DRIVE}:
        return StandingValue.NOT_ENFORCEABLE, "drive_label.only_drive"  # G§3.3: labels are applied to Drive files alone
    if duty.disposition is Disposition.TRANSITORY and not duty.transitory_enabled:
        return StandingValue.GAP, "transitory.not_enabled"
    sold = drive_labels(circumstances.licences)
    if sold is False:
        return StandingValue.NOT_LICENSED, LABELS_NOT_LICENSED
    if sold is None:
        return StandingValue.UNKNOWN, "drive_label.licences_unknown"
    known = next((one for one in circumstances.capabilities if one.kind is Kind.GOOGLE_DRIVE_LABEL), None)
    # Where labels cannot be read, whatever the reason, nobody knows whether the line is carried: that comes out of the read, as for any kind.
    if known is not None and known.read is ReadCapability.FULL and known.write in _NO_WRITE:
        return StandingValue.GAP, known.reason or "capability.missing"
    # G§2.3: a label keeps nothing until a Vault rule names it, and a person puts it on a file.
    offered = StandingValue.AVAILABLE, "drive_label.needs_rule_and_person"
    return (StandingValue.NOT_ENFORCEABLE, NO_RECORDS) if duty.behaviour is Behaviour.RECORD else offered


def _counts(people: ResolvedPopulation, standing: StandingValue) -> People:
    """How many people the standing is about; an unread roster counts nobody, in either column."""
    if people.unknown_reason is not None:
        return People()
    count = len(people.identities)
    if standing is StandingValue.ATTESTED:
        return People(covered=count, not_covered=0, unknown=0)
    return People(covered=0, not_covered=count, unknown=0)


def realise_hold(order: HoldOrder, circumstances: Circumstances) -> Ordered:
    """One matter and one hold per corpus, and per unit that is named; which member of which carries each source; what Vault's API cannot hold."""
    matter = key_of("m", order.tenant_alias)
    refused: dict[OrderedSource, str] = {}
    carried: dict[OrderedSource, tuple[str, str]] = {}
    members: dict[str, dict[str, str]] = {}
    units: dict[tuple[str, OrgUnit], set[str]] = {}
    directory = Units(circumstances.roster)
    for source in order.sources:
        account, why = _account(source, circumstances)
        if account is None:
            refused[source] = why
            continue
        if directory.unread(source):
            refused[source] = "hold.unit_unknown"  # who is held as a unit is not asked for one by one because units could not be read once
            continue
        corpus = CORPUS_OF[source.workload]
        unit = directory.carrying(source)
        if unit is not None:
            units.setdefault((corpus, unit), set()).add(source.person)
            carried[source] = (_unit_key(order, corpus, unit), f"{UNIT}{unit.vendor_id}")
            continue
        members.setdefault(corpus, {})[f"{ACCOUNT}{account}"] = source.person
        carried[source] = (_hold_key(order, corpus), f"{ACCOUNT}{account}")
    holds = [_hold(order, corpus, members[corpus], matter, circumstances) for corpus in sorted(members)]
    for corpus, unit in sorted(units, key=lambda one: (one[0], one[1].path)):
        holds.append(replace(_unit_hold(order, corpus, unit, matter, circumstances), people=len(units[corpus, unit])))
    people = {person for held in members.values() for person in held.values()} | {person for held in units.values() for person in held}
    head = Wanted(
        kind=Kind.GOOGLE_MATTER,
        key=matter,
        name=circumstances.names.get(matter, order.tenant_alias),
        fields={"state": "open", "description": _MATTER_TEXT},
        because=Because(matter=order.alias),
        people=len(people),
    )
    archives = [_archive(order, member.removeprefix(ACCOUNT), circumstances) for member in sorted(members.get(CORPUS_OF[Workload.GROUP], ()))]
    return Ordered(resources=(head, *holds, *archives) if holds else (), carried=carried, refused=refused)


def _unit_key(order: HoldOrder, corpus: str, unit: OrgUnit) -> str:
    return key_of("m", order.tenant_alias, corpus, unit.vendor_id)


def _unit_hold(order: HoldOrder, corpus: str, unit: OrgUnit, matter: str, circumstances: Circumstances) -> Wanted:
    """A hold on a unit and all below it, whoever joins; it lists nobody, so its people are counted by the roster."""
    key = _unit_key(order, corpus, unit)
    return Wanted(
        kind=Kind.GOOGLE_HOLD,
        key=key,
        name=without_mark(circumstances.names.get(key)) or f"{order.tenant_alias} {_CORPUS_WORDS[corpus]} of a unit",
        fields={**_hold_fields(order, corpus), "scope": "org_unit", "org_unit": unit.vendor_id},
        parent=matter,
        depends_on=(matter,),
        because=Because(matter=order.alias),
    )


def _archive(order: HoldOrder, group_id: str, circumstances: Circumstances) -> Wanted:
    """A held group that keeps no conversation holds nothing (G§1.5), so its archive is switched on beside the hold, not before it."""
    address = next((group.address for group in circumstances.roster.groups if group.vendor_id == group_id), group_id)
    return Wanted(
        kind=Kind.GOOGLE_GROUP_ARCHIVE,
        key=key_of("m", order.tenant_alias, "archive", group_id),
        name=address,
        fields={"group": group_id, "archived": True},
        because=Because(matter=order.alias),
        people=1,
    )


def _hold(order: HoldOrder, corpus: str, members: dict[str, str], matter: str, circumstances: Circumstances) -> Wanted:
    key = _hold_key(order, corpus)
    return Wanted(
        kind=Kind.GOOGLE_HOLD,
        key=key,
        name=without_mark(circumstances.names.get(key)) or f"{order.tenant_alias} {_CORPUS_WORDS[corpus]}",
        fields=_hold_fields(order, corpus),
        members=frozenset(members),
        parent=matter,
        depends_on=(matter,),
        because=Because(matter=order.alias),
        people=len(set(members.values())),
    )


def _hold_fields(order: HoldOrder, corpus: str) -> Fields:
    """The widest options of the corpus; terms and dates only where Vault takes them (G§1.4), so the others are held whole."""
    narrowed = corpus in WITH_TERMS
    return {
        "corpus": corpus,
        "scope": "accounts",
        "org_unit": None,
        "terms": (order.terms or "") if narrowed else "",
        "start": _start(order.range_from) if narrowed else None,
        "end": _end(order.range_to) if narrowed else None,
        "options": ALL_OPTIONS.get(corpus, ()),
    }


def _start(day: date | None) -> str | None:
    """Midnight GMT of the day before: east of Greenwich the named day begins then."""
    return None if day is None else (day - _SPARE).isoformat()


def _end(day: date | None) -> str | None:
    """Midnight GMT two days later: the named day counts whole, and west of Greenwich it ends on the next one."""
    return None if day is None else (day + 2 * _SPARE).isoformat()


def _hold_key(order: HoldOrder, corpus: str) -> str:
    return key_of("m", order.tenant_alias, corpus)


def _account(source: OrderedSource, circumstances: Circumstances) -> tuple[str | None, str]:
    """The account or group id that Vault is to hold for ``source``, or None and why there is none."""
    if source.workload is Workload.SHARED_DRIVE:
        return None, "shared_drive.no_api"  # G§1.5: a shared drive itself cannot be held through the API
    if source.workload not in CORPUS_OF:
        return None, "source.not_in_this_cloud"
    if source.workload is Workload.GROUP:
        wanted = (source.container or source.address).lower()
        group = next((one for one in circumstances.roster.groups if wanted in {one.address.lower(), one.vendor_id.lower()}), None)
        return (None, "group.not_found") if group is None else (group.vendor_id, "")
    return (None, "person.not_found") if source.identity_id is None else (source.identity_id, "")
