"""Duties and hold orders in Google's terms, and Google's objects as effects. Pure.

Vault's retention rules have no API (G§0): a duty carried by policy rests on rules that a person set by hand and an officer attested. Drive
labels are the only carrier that could be written, where the edition has them (G§3.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from connectors.base import Circumstances, HoldOrder, Ordered, OrderedSource
from connectors.google_workspace.capabilities import LABELS_NOT_BUILT, LABELS_NOT_LICENSED, NO_RULES_API
from connectors.google_workspace.editions import drive_labels
from connectors.google_workspace.vault import ACCOUNT, ALL_OPTIONS, CORPUS_OF, WITH_TERMS
from policies.duties import Carriage, Carrier, Desired, Duty, People, StandingValue
from policies.keys import key_of
from policies.kinds import Kind, Platform, Workload
from policies.populations import ResolvedPopulation, resolve
from policies.resources import Because, Fields, Wanted, without_mark

ELSEWHERE: Final = frozenset({Workload.ARCHIVE, Workload.SITE, Workload.PAPER})
"""Workloads that Google does not have: mail has no archive apart, Sites are kept with Drive (G§1.4)."""
_MATTER_TEXT: Final = "Kept by Recordwarden. Do not edit the mark at the end."
_SPARE: Final = timedelta(days=1)
_CORPUS_WORDS: Final = {
    "MAIL": "mail", "DRIVE": "Drive", "HANGOUTS_CHAT": "Chat", "VOICE": "Voice", "CALENDAR": "Calendar", "GEMINI": "Gemini", "GROUPS": "groups",
}  # fmt: skip


def realise(duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
    """No resource (nothing that a rule needs can be written here), and a standing for each duty that speaks of this platform."""
    tenant = circumstances.tenant.id
    attested = f"vault-rules/{tenant}" in circumstances.attested
    carriages = []
    for duty in duties:
        selector = duty.population.selectors.get(Platform.GOOGLE_WORKSPACE)
        if selector is None or duty.workload in ELSEWHERE:
            continue
        carriages.append(_carriage(duty, resolve(selector, circumstances.roster), circumstances, attested=attested))
    return Desired(tenant=tenant, resources=(), carriages=tuple(carriages))


def _carriage(duty: Duty, people: ResolvedPopulation, circumstances: Circumstances, *, attested: bool) -> Carriage:
    standing, reason = _standing(duty, people, circumstances, attested=attested)
    return Carriage(
        tenant=circumstances.tenant.id,
        line=duty.line,
        series=duty.series,
        population=duty.population.id,
        workload=duty.workload,
        standing=standing,
        reason=reason,
        people=_counts(people, standing),
    )


def _standing(
    duty: Duty, people: ResolvedPopulation, circumstances: Circumstances, *, attested: bool
) -> tuple[StandingValue, str | None]:
    """What can be said of the duty here; what is unknown comes before what is missing."""
    if duty.blocked is not None:
        return StandingValue.GAP, duty.blocked
    if people.unknown_reason is not None:
        return StandingValue.UNKNOWN, people.unknown_reason
    if people.empty:
        return StandingValue.GAP, "population.empty"
    if duty.carrier is Carrier.LABEL:
        return _label_standing(duty, circumstances)
    if attested:
        return StandingValue.ATTESTED, None
    return StandingValue.NOT_ENFORCEABLE, NO_RULES_API


def _label_standing(duty: Duty, circumstances: Circumstances) -> tuple[StandingValue, str]:
    if duty.workload not in {Workload.DRIVE, Workload.SHARED_DRIVE}:
        return StandingValue.NOT_ENFORCEABLE, "drive_label.only_drive"  # G§3.3: labels are applied to Drive files alone
    if drive_labels(circumstances.licences) is False:
        return StandingValue.NOT_LICENSED, LABELS_NOT_LICENSED
    return StandingValue.NOT_ENFORCEABLE, LABELS_NOT_BUILT


def _counts(people: ResolvedPopulation, standing: StandingValue) -> People:
    """How many people the standing is about; an unread roster counts nobody, in either column."""
    if people.unknown_reason is not None:
        return People()
    count = len(people.identities)
    if standing is StandingValue.ATTESTED:
        return People(covered=count, not_covered=0, unknown=0)
    return People(covered=0, not_covered=count, unknown=0)


def realise_hold(order: HoldOrder, circumstances: Circumstances) -> Ordered:
    """One matter and one hold per corpus; which account of which hold carries each source; and what Vault's API cannot hold."""
    matter = key_of("m", order.tenant_alias)
    refused: dict[OrderedSource, str] = {}
    carried: dict[OrderedSource, tuple[str, str]] = {}
    members: dict[str, dict[str, str]] = {}
    for source in order.sources:
        account, why = _account(source, circumstances)
        if account is None:
            refused[source] = why
            continue
        corpus = CORPUS_OF[source.workload]
        members.setdefault(corpus, {})[f"{ACCOUNT}{account}"] = source.person
        carried[source] = (_hold_key(order, corpus), f"{ACCOUNT}{account}")
    holds = [_hold(order, corpus, members[corpus], matter, circumstances) for corpus in sorted(members)]
    people = {person for held in members.values() for person in held.values()}
    head = Wanted(
        kind=Kind.GOOGLE_MATTER,
        key=matter,
        name=circumstances.names.get(matter, order.tenant_alias),
        fields={"state": "open", "description": _MATTER_TEXT},
        because=Because(matter=order.alias),
        people=len(people),
    )
    return Ordered(resources=(head, *holds) if holds else (), carried=carried, refused=refused)


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
