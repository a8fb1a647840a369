"""From duties and hold orders to the resources that carry them in a tenant in memory: the two platforms in their plainest form. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from connectors.base import Circumstances
from connectors.hold_orders import HoldOrder, Ordered, OrderedSource
from policies.duties import Carriage, Carrier, Desired, Duty, People, StandingValue
from policies.effects import Clock
from policies.keys import key_of
from policies.kinds import Kind, Platform, Workload
from policies.populations import ResolvedPopulation, resolve
from policies.resources import Because, Fields, Wanted

_LOCATIONS: Final = {
    Workload.MAIL: "exchange",
    Workload.ARCHIVE: "exchange",
    Workload.CALENDAR: "exchange",
    Workload.DRIVE: "onedrive",
    Workload.SITE: "sharepoint",
    Workload.CHAT: "chat",
}
_CORPORA: Final = {
    Workload.MAIL: "MAIL",
    Workload.DRIVE: "DRIVE",
    Workload.CHAT: "HANGOUTS_CHAT",
    Workload.GROUP: "GROUPS",
    Workload.VOICE: "VOICE",
    Workload.CALENDAR: "CALENDAR",
    Workload.GEMINI: "GEMINI",
}
_HELD: Final = {
    Workload.MAIL: "mail",
    Workload.ARCHIVE: "mail",
    Workload.CHAT: "mail",
    Workload.CALENDAR: "mail",
    Workload.GROUP: "mail",
    Workload.DRIVE: "site",
    Workload.SITE: "site",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reached:
    """Whom a duty reaches: the members that carry it, how many people they are, and how many have no known place."""

    members: frozenset[str]
    people: People
    unknown: str | None


def realise(duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
    """What the tenant should hold to carry ``duties``, and how each is carried."""
    resources: dict[str, Wanted] = {}
    carriages = [_carry(duty, circumstances, resources) for duty in duties]
    return Desired(tenant=circumstances.tenant.id, resources=tuple(resources.values()), carriages=tuple(carriages))


def _carry(duty: Duty, circumstances: Circumstances, resources: dict[str, Wanted]) -> Carriage:
    if duty.blocked is not None:
        return _carriage(duty, circumstances, StandingValue.GAP, duty.blocked)
    if circumstances.tenant.platform is Platform.GOOGLE_WORKSPACE:
        return _carry_in_google(duty, circumstances)
    selector = duty.population.selectors.get(Platform.MICROSOFT365)
    if selector is None:
        return _carriage(duty, circumstances, StandingValue.NOT_ENFORCEABLE, "population.elsewhere")
    location = _LOCATIONS.get(duty.workload)
    if location is None:
        return _carriage(duty, circumstances, StandingValue.NOT_ENFORCEABLE, "workload.no_carrier")
    reached = _reached(resolve(selector, circumstances.roster), location, everybody=selector.all_users)
    return _carry_in_microsoft(duty, circumstances, reached, resources)


def _carry_in_microsoft(duty: Duty, circumstances: Circumstances, reached: _Reached, resources: dict[str, Wanted]) -> Carriage:
    if not reached.members and reached.unknown is not None:
        return _carriage(duty, circumstances, StandingValue.UNKNOWN, reached.unknown)
    if not reached.members:
        return _carriage(duty, circumstances, StandingValue.GAP, "population.empty", people=reached.people)
    if duty.carrier is Carrier.LABEL:
        keys = _label(duty, circumstances, reached, resources)
        return _carriage(duty, circumstances, StandingValue.AVAILABLE, "label.must_be_applied", keys, reached.people)
    keys = _policy(duty, reached, resources)
    return _carriage(duty, circumstances, StandingValue.ENFORCED, reached.unknown, keys, reached.people)


def _carry_in_google(duty: Duty, circumstances: Circumstances) -> Carriage:
    """Vault rules have no API (G§0): attested, or not enforceable."""
    if duty.carrier is Carrier.LABEL:
        return _carriage(duty, circumstances, StandingValue.NOT_ENFORCEABLE, "drive_label.not_built")
    if f"vault-rules/{circumstances.tenant.id}" in circumstances.attested:
        return _carriage(duty, circumstances, StandingValue.ATTESTED, "vault_rules.no_api")
    return _carriage(duty, circumstances, StandingValue.NOT_ENFORCEABLE, "vault_rules.no_api")


def _carriage(
    duty: Duty,
    circumstances: Circumstances,
    standing: StandingValue,
    reason: str | None,
    carriers: tuple[str, ...] = (),
    people: People | None = None,
) -> Carriage:
    return Carriage.of(duty, circumstances.tenant.id, standing, reason, carriers=carriers, people=people)


def _reached(population: ResolvedPopulation, location: str, *, everybody: bool) -> _Reached:
    if everybody:
        members = frozenset({f"{location}:All"})
        return _Reached(members=members, people=People(covered=len(population.identities), not_covered=0), unknown=population.unknown_reason)
    if location == "sharepoint":
        members = frozenset(f"sharepoint:{url}" for url in population.sites)
        return _Reached(members=members, people=People(), unknown=population.unknown_reason)
    places = [identity.address if location != "onedrive" else identity.containers.get(Workload.DRIVE) for identity in population.identities]
    known = [place for place in places if place is not None]
    people = People(covered=len(known), not_covered=len(places) - len(known))
    if population.unknown_reason is not None:
        people = People(covered=len(known))
    return _Reached(members=frozenset(f"{location}:{place}" for place in known), people=people, unknown=population.unknown_reason)


def _label(duty: Duty, circumstances: Circumstances, reached: _Reached, resources: dict[str, Wanted]) -> tuple[str, ...]:
    key = next((one for one in duty.label_keys if one in circumstances.names), duty.label_keys[0])
    name = circumstances.names.get(key, duty.label_name or f"{duty.series} {duty.title}")
    resources[key] = Wanted(
        kind=Kind.M365_LABEL, key=key, name=name, fields={**_ruling(duty), "behaviour": "retain", "description": duty.title}, because=duty.because
    )
    publishing, rule = key_of("pub", key, duty.population.id), key_of("pubr", key, duty.population.id)
    _pool(resources, _places(Kind.M365_LABEL_POLICY, publishing, duty, reached, depends_on=(key,)))
    resources[rule] = Wanted(
        kind=Kind.M365_LABEL_RULE,
        key=rule,
        name=f"Publishes {name}",
        fields={"publishes": name},
        parent=publishing,
        depends_on=(key,),
        because=duty.because,
    )
    return key, publishing, rule


def _policy(duty: Duty, reached: _Reached, resources: dict[str, Wanted]) -> tuple[str, ...]:
    """One policy for mail and files, another for chats: Teams cannot share a policy with other workloads (M§2.2)."""
    own = ("chat",) if duty.workload is Workload.CHAT else ()
    key, rule = key_of("keep", duty.line, *own, "1"), key_of("keepr", duty.line, *own, "1")
    _pool(resources, _places(Kind.M365_RETENTION_POLICY, key, duty, reached))
    resources[rule] = Wanted(
        kind=Kind.M365_RETENTION_RULE,
        key=rule,
        name=f"Keeps {duty.series}",
        # At the end of a period a policy only stops keeping; it never deletes a place (design, promise 8).
        fields={**_ruling(duty), "query": ""},
        parent=key,
        because=duty.because,
    )
    return key, rule


def _ruling(duty: Duty) -> Fields:
    trigger = f"event:{duty.event}" if duty.clock is Clock.EVENT else duty.clock.value
    return {"period": duty.term, "trigger": trigger, "action": "keep"}


def _places(kind: Kind, key: str, duty: Duty, reached: _Reached, *, depends_on: tuple[str, ...] = ()) -> Wanted:
    return Wanted(
        kind=kind,
        key=key,
        name=f"Recordwarden {key}",
        fields={"enabled": True, "description": f"{duty.series} {duty.title}"},
        members=reached.members,
        depends_on=depends_on,
        because=duty.because,
        people=reached.people.covered or 0,
    )


def _pool(resources: dict[str, Wanted], wanted: Wanted) -> None:
    """Add a policy, or its members to the policy that another workload of the same line has asked for."""
    there = resources.get(wanted.key)
    if there is None:
        resources[wanted.key] = wanted
        return
    resources[wanted.key] = Wanted(
        kind=there.kind,
        key=there.key,
        name=there.name,
        fields=there.fields,
        members=there.members | wanted.members,
        depends_on=there.depends_on,
        because=there.because,
        people=max(there.people, wanted.people),
    )


def realise_hold(order: HoldOrder, circumstances: Circumstances) -> Ordered:
    """A case or matter, the holds in it, and which member of which hold carries each source."""
    google = circumstances.tenant.platform is Platform.GOOGLE_WORKSPACE
    box = key_of("m", order.tenant_alias)
    members: defaultdict[str, dict[OrderedSource, str]] = defaultdict(dict)
    refused: dict[OrderedSource, str] = {}
    for source in order.sources:
        piece, member = _in_google(source) if google else _in_microsoft(source)
        if member is None:
            refused[source] = piece
        else:
            members[piece][source] = member
    because = Because(matter=order.alias)
    container = Kind.GOOGLE_MATTER if google else Kind.M365_CASE
    resources = [Wanted(kind=container, key=box, name=order.tenant_alias, fields={"state": "open", "description": ""}, because=because)]
    carried: dict[OrderedSource, tuple[str, str]] = {}
    for piece in sorted(members):
        key = key_of("m", order.tenant_alias, piece)
        carried |= {source: (key, member) for source, member in members[piece].items()}
        resources.append(
            Wanted(
                kind=Kind.GOOGLE_HOLD if google else Kind.M365_HOLD,
                key=key,
                name=f"{order.tenant_alias} {piece}",
                fields=_vault_fields(order, piece) if google else {"enabled": True, "query": order.terms or "", "description": ""},
                members=frozenset(members[piece].values()),
                parent=box,
                because=because,
                people=len({source.person for source in members[piece]}),
            )
        )
    return Ordered(resources=tuple(resources), carried=carried, refused=refused)


def _in_microsoft(source: OrderedSource) -> tuple[str, str | None]:
    location = _HELD.get(source.workload)
    if location is None:
        return "workload.no_hold", None
    place = source.address if location == "mail" else source.container
    return ("1", f"{location}:{place}") if place is not None else ("person.no_container", None)


def _in_google(source: OrderedSource) -> tuple[str, str | None]:
    corpus = _CORPORA.get(source.workload)
    if corpus is None:
        return "workload.no_hold", None
    return (corpus.lower(), f"account:{source.identity_id}") if source.identity_id is not None else ("person.not_found", None)


def _vault_fields(order: HoldOrder, piece: str) -> Fields:
    """Vault rounds dates to midnight GMT (G§1.4), so a day is said as its date."""
    return {
        "corpus": piece.upper(),
        "scope": "accounts",
        "terms": order.terms or "",
        "start": order.range_from.isoformat() if order.range_from is not None else None,
        "end": order.range_to.isoformat() if order.range_to is not None else None,
    }
