"""Duties in Microsoft 365's terms. Pure: what the tenant should hold to carry them, and how each is carried.

``carrier: label`` makes one label per series, and per population publishing policies with a rule each: it stands as *available*, because a
person has to apply it. ``carrier: policy`` makes retention policies that keep a whole place: they never delete (design, promise 8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from connectors.base import Circumstances
from connectors.examination import Capability, ReadCapability, WriteCapability
from connectors.microsoft365.clouds import cloud_of
from connectors.microsoft365.file_plan import filed
from connectors.microsoft365.labels import EVENT, stage
from connectors.microsoft365.limits import LACKS, UNLICENSED, lacking_in
from connectors.microsoft365.parameters import CHAT_KEYS
from connectors.microsoft365.pieces import in_pieces, numbered, planned
from connectors.microsoft365.policies import CAPACITY, PUBLISHING, PUBLISHING_RULE, RULE_KEYS
from connectors.microsoft365.premium import barred, behaviour_of, label_key, records_licensed, reviewable, unlicensed
from connectors.microsoft365.reach import Reach, reach_of, union
from connectors.microsoft365.scopes import ALL, SCOPED, everybody, everybody_key, over_scope, scopes_proven, takes_scope
from policies.duties import Carriage, Carrier, Desired, Disposition, Duty, StandingValue
from policies.effects import FOREVER, Clock, Term
from policies.keys import key_of
from policies.kinds import Kind, Workload
from policies.resources import FILED, Fields, Value, Wanted

_LABEL_KINDS = (Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE)
_KEEP_KINDS = (Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE)
_KeyOf = Callable[[int], str]
UNPUBLISHED = "label.unpublished"
"""The label is there, or will be, and nothing of ours can publish it."""
BY_HAND = "label.published_by_hand"
_PieceKey = Callable[[str, int], str]
_NO_WRITE = frozenset({WriteCapability.MISSING, WriteCapability.ATTEST_ONLY, WriteCapability.NONE})


@dataclass(slots=True)
class _Made:
    """What has been wanted so far: resources by key, and the keys that carry each label or line with its population."""

    resources: dict[str, Wanted] = field(default_factory=dict)
    carriers: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One duty with whom it reaches, and the reason why nothing is wanted for it (None: something is)."""

    duty: Duty
    reach: Reach
    standing: StandingValue | None = None
    reason: str | None = None


def realise(duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
    """What the tenant should hold to carry ``duties``, and a carriage for each duty that speaks of this platform."""
    judged = [_judge(duty, reach, circumstances) for duty in duties if (reach := reach_of(duty, circumstances)) is not None]
    made = _Made()
    for group in _by_carrier(judged).values():
        if group[0].duty.carrier is Carrier.LABEL:
            _label(group, circumstances, made)
        else:
            _keep(group, circumstances, made)
    return Desired(
        tenant=circumstances.tenant.id,
        resources=tuple(made.resources.values()),
        carriages=tuple(_carriage(one, circumstances, made) for one in judged),
    )


def _judge(duty: Duty, reach: Reach, circumstances: Circumstances) -> _Judged:
    """The duty with the first reason why nothing can be wanted for it, if there is one."""
    labelled, transitory = duty.carrier is Carrier.LABEL, duty.disposition is Disposition.TRANSITORY
    bad_clock = not labelled and duty.clock not in (Clock.CREATED, Clock.MODIFIED)
    nobody = StandingValue.NOT_LICENSED if reach.unlicensed else StandingValue.GAP
    checks = (
        (duty.blocked is not None, StandingValue.GAP, duty.blocked),
        (transitory and not (duty.transitory_enabled and labelled), StandingValue.GAP, "transitory.not_enabled"),
        # A policy over a place counts from creation or modification only (M§2.2).
        (bad_clock, StandingValue.NOT_ENFORCEABLE, "policy.clock"),
        # M§8: what the tenant's cloud does not have, no grant and no licence brings.
        (labelled and lacking_in(cloud_of(circumstances.tenant), Kind.M365_LABEL), StandingValue.NOT_ENFORCEABLE, LACKS),
        (labelled and duty.workload is Workload.CHAT, StandingValue.NOT_ENFORCEABLE, "label.no_chats"),
        (reach.blocked is not None, nobody, reach.blocked),
    )
    for objects, standing, reason in checks:
        if objects:
            return _Judged(duty=duty, reach=reach, standing=standing, reason=reason)
    if _is_bound(duty, circumstances):
        return _Judged(duty=duty, reach=reach)
    if labelled and (why := barred(duty, circumstances)) is not None:
        return _Judged(duty=duty, reach=reach, standing=why[0], reason=why[1])
    missing = _missing(duty, circumstances)
    if missing is None:
        return _Judged(duty=duty, reach=reach)
    unlicensed = (missing.reason or "").startswith(UNLICENSED)
    standing = StandingValue.NOT_LICENSED if unlicensed else StandingValue.UNKNOWN if missing.read is ReadCapability.UNKNOWN else StandingValue.GAP
    return _Judged(duty=duty, reach=reach, standing=standing, reason=missing.reason or "capability.missing")


def _missing(duty: Duty, circumstances: Circumstances) -> Capability | None:
    kinds: tuple[Kind, ...] = _LABEL_KINDS if duty.carrier is Carrier.LABEL else _KEEP_KINDS
    if duty.carrier is Carrier.LABEL and _published_by_people(circumstances):
        kinds = (Kind.M365_LABEL,)
    return next((one for one in circumstances.capabilities if one.kind in kinds and one.write in _NO_WRITE), None)


def _by_a_person(circumstances: Circumstances) -> bool:
    """Whether we write labels as a signed-in person: over Graph, which takes a place in the file plan at birth only."""
    return any(one.kind is Kind.M365_LABEL and one.account is not None for one in circumstances.capabilities)


def _published_by_people(circumstances: Circumstances) -> bool:
    """Whether we write labels as a signed-in person, and nothing of ours can publish them: Graph has no such thing (M§2.1)."""
    policy = next((one for one in circumstances.capabilities if one.kind is Kind.M365_LABEL_POLICY), None)
    return _by_a_person(circumstances) and policy is not None and policy.write in _NO_WRITE


def _in_use(duty: Duty, circumstances: Circumstances) -> bool:
    """Whether somebody publishes the series' label, as the platform says of it."""
    return label_key(duty, circumstances) in circumstances.in_use


def _out_of_sight(circumstances: Circumstances) -> Capability | None:
    """The labels' capability where the person's sign-in shows none of them now: whether somebody published one is unknown then, not absent."""
    found = next((one for one in circumstances.capabilities if one.kind is Kind.M365_LABEL), None)
    return found if found is not None and found.read in (ReadCapability.NONE, ReadCapability.UNKNOWN) else None


def _is_bound(duty: Duty, circumstances: Circumstances) -> bool:
    """Whether something of ours carries the duty already: then it is wanted on, and what stops a change says so itself."""
    if duty.carrier is Carrier.LABEL:
        return label_key(duty, circumstances) in circumstances.names
    return any(_keep_key(duty, how, 1) in circumstances.names for how in ("", ALL, SCOPED))


def _by_carrier(judged: Iterable[_Judged]) -> dict[tuple[str, ...], list[_Judged]]:
    """Duties that share one set of policies: a label with its population, or a line with its population; chats apart (M§2.2)."""
    groups: dict[tuple[str, ...], list[_Judged]] = {}
    for one in judged:
        if one.standing is None:
            groups.setdefault(_group_key(one.duty, everyone=one.reach.everyone), []).append(one)
    return groups


def _group_key(duty: Duty, *, everyone: bool) -> tuple[str, ...]:
    what = "label" if duty.carrier is Carrier.LABEL else "chat" if duty.workload is Workload.CHAT else "keep"
    line = duty.series if duty.carrier is Carrier.LABEL else duty.line
    return (what, line, duty.population.id, "all" if everyone else "")


def _label(group: list[_Judged], circumstances: Circumstances, made: _Made) -> None:
    duty, reach = group[0].duty, _joined(group)
    key = label_key(duty, circumstances)
    name = circumstances.names.get(key, duty.label_name or f"{duty.series} {duty.title}"[:64])
    term = _longest([duty.term, *([_period(made.resources[key])] if key in made.resources else [])])
    event = _event_type(duty, circumstances)
    if event is not None:
        made.resources[event.key] = event
    made.resources[key] = Wanted(
        kind=Kind.M365_LABEL,
        key=key,
        name=name,
        fields={
            "period": term,
            "trigger": f"{EVENT}{event.name}" if event else duty.clock.value,
            **_ending(duty, term, circumstances, circumstances.bound.get(key, {})),
            "behaviour": behaviour_of(duty, circumstances).value,
            "description": _description(duty),
            **(filed(duty) if records_licensed(circumstances) else {}),
        },
        depends_on=(event.key,) if event else (),
        # The period of a label that counts from when it was put on cannot be changed any more (docs/wire/admin-endpoint.md §2.1).
        fixed=frozenset({"period"}) if duty.clock is Clock.LABELLED else frozenset(),
        at_birth=FILED if _by_a_person(circumstances) else frozenset(),
        because=duty.because,
        people=len(reach.identities),
    )

    def piece_key(how: str, number: int) -> str:
        return PUBLISHING + key_of(PUBLISHING_RULE, key, duty.population.id, how, str(number)).removeprefix(PUBLISHING_RULE)

    carriers = [*((event.key,) if event else ()), key]
    if _published_by_people(circumstances) and (_in_use(duty, circumstances) or _out_of_sight(circumstances)):
        # What somebody published by hand is not seen here, so it is not asked for a second time.
        made.carriers[_group_key(duty, everyone=reach.everyone)] = tuple(carriers)
        return
    for policy in _policies(Kind.M365_LABEL_POLICY, piece_key, reach, duty, circumstances):
        piece = policy.key
        rule = PUBLISHING_RULE + piece.removeprefix(PUBLISHING)
        carriers += _put(policy, made, circumstances)
        made.resources[rule] = Wanted(
            kind=Kind.M365_LABEL_RULE,
            key=rule,
            name=circumstances.names.get(rule, f"Recordwarden {rule}"),
            fields={"publishes": name},
            parent=piece,
            depends_on=(key, piece),
            because=duty.because,
            settles=policy.settles,
        )
        carriers.append(rule)
    made.carriers[_group_key(duty, everyone=reach.everyone)] = tuple(carriers)


def _event_type(duty: Duty, circumstances: Circumstances) -> Wanted | None:
    """The event type that a label counts from, named as the schedule names the event; one for all series that count from it."""
    if duty.clock is not Clock.EVENT or duty.event is None:
        return None
    key = key_of(EVENT, duty.event)
    return Wanted(
        kind=Kind.M365_EVENT_TYPE,
        key=key,
        name=circumstances.names.get(key, duty.event),
        fields={"description": "An event of the retention schedule"},
        because=duty.because,
    )


def _ending(duty: Duty, term: Term, circumstances: Circumstances, bound: Fields) -> dict[str, Value]:
    """What happens at the end: people decide where that is licensed and the tenant names them, else the item is kept and somebody gets a task.

    An end cannot be changed once a label is made (M§1.1). So where licences could not be read, a label that stands (``bound``) keeps the end
    that it has: another one would be a new label beside it, and another the next time.
    """
    if duty.disposition is Disposition.TRANSITORY:
        return {"action": "keep_and_delete"}
    if not reviewable(duty, term, circumstances):
        return {"action": "keep"}
    licensed = records_licensed(circumstances)
    if licensed or (licensed is None and bound.get("action") == "review"):
        return {"action": "review", "reviewers": tuple(stage(name, people) for name, people in circumstances.tenant.review_stages.items())}
    return {"action": "keep"}


def _keep(group: list[_Judged], circumstances: Circumstances, made: _Made) -> None:
    duty, reach = group[0].duty, _joined(group)
    carriers: list[str] = []
    for policy in _policies(Kind.M365_RETENTION_POLICY, lambda how, number: _keep_key(duty, how, number), reach, duty, circumstances):
        piece = policy.key
        rule = RULE_KEYS + piece
        carriers += _put(policy, made, circumstances)
        made.resources[rule] = Wanted(
            kind=Kind.M365_RETENTION_RULE,
            key=rule,
            name=circumstances.names.get(rule, f"Recordwarden {rule}"),
            fields={"period": duty.term, "trigger": duty.clock.value, "action": "keep", "query": ""},
            parent=piece,
            depends_on=(piece,),
            because=duty.because,
            settles=policy.settles,
        )
        carriers.append(rule)
    made.carriers[_group_key(duty, everyone=reach.everyone)] = tuple(carriers)


def _keep_key(duty: Duty, how: str, number: int) -> str:
    """``keep-<line>-<n>`` (chats: ``keep-chat-...``), short enough that its rule's key fits too; ``how`` says where everybody is one location."""
    head = CHAT_KEYS.strip("-") if duty.workload is Workload.CHAT else "keep"
    return key_of("r", head, duty.line, how, str(number)).removeprefix("r-")


def _policies(  # a set of policies: which sort, what they are called, whom they reach
    kind: Kind, key_of_piece: _PieceKey, reach: Reach, duty: Duty, circumstances: Circumstances
) -> list[Wanted]:
    """The policies over a reach: one over a scope or over everybody, else as many pieces as it takes."""
    how = _how(key_of_piece, reach, circumstances)
    if how == SCOPED:
        return [over_scope(_policy(kind, key_of_piece(how, 1), reach.members, reach, duty, circumstances), circumstances)]
    pieces = _pieces(reach, lambda number: key_of_piece(how, number), circumstances)
    return [_policy(kind, key, members, reach, duty, circumstances) for key, members in pieces.items()]


def _how(key_of_piece: _PieceKey, reach: Reach, circumstances: Circumstances) -> str:
    """How everybody is named. What carries a line already goes on carrying it: a scope is filled later than the platform's word for everybody."""
    if not reach.everyone:
        return ""
    scoped = takes_scope(reach.members) and not reach.exceptions
    bound = next((how for how in (SCOPED, ALL) if (scoped or how == ALL) and key_of_piece(how, 1) in circumstances.names), None)
    return bound or (SCOPED if scoped and reach.adaptive and scopes_proven(circumstances) else ALL)


def _put(policy: Wanted, made: _Made, circumstances: Circumstances) -> list[str]:
    """The policy among what is wanted, with the scope that it lies over; the keys of both."""
    made.resources[policy.key] = policy
    if everybody_key() not in policy.depends_on:
        return [policy.key]
    made.resources[everybody_key()] = everybody(circumstances, policy.because)
    return [everybody_key(), policy.key]


def _pieces(reach: Reach, key_of_piece: _KeyOf, circumstances: Circumstances) -> dict[str, frozenset[str]]:
    existing = circumstances.pieces
    members: Iterable[str] = reach.members
    if reach.unknown is not None:
        # Who belongs is not sure just now: those already kept stay wanted, so that nothing looks abandoned.
        kept = numbered(key_of_piece, existing, planned=planned(len(reach.members), CAPACITY))
        members = reach.members | {item for key in kept for item in existing[key]}
    return in_pieces(members, key_of_piece, existing, CAPACITY)


def _policy(  # the parts of one policy
    kind: Kind, key: str, members: frozenset[str], reach: Reach, duty: Duty, circumstances: Circumstances
) -> Wanted:
    return Wanted(
        kind=kind,
        key=key,
        name=circumstances.names.get(key, f"Recordwarden {key}"),
        fields={"enabled": True, "description": _description(duty), "exceptions": reach.exceptions},
        members=members,
        because=duty.because,
        # A person may be in it with a mailbox and a drive.
        people=len(reach.identities) if reach.everyone else min(len(reach.identities), len(members)),
    )


def _carriage(one: _Judged, circumstances: Circumstances, made: _Made) -> Carriage:
    duty, reach = one.duty, one.reach
    standing, reason = one.standing, one.reason
    carriers = made.carriers.get(_group_key(duty, everyone=reach.everyone), ()) if standing is None else ()
    if standing is None and reach.unknown is not None:
        standing, reason = StandingValue.UNKNOWN, reach.unknown
    if standing is None and duty.carrier is Carrier.LABEL and behaviour_of(duty, circumstances) is not duty.behaviour:
        # The label that stands is kept and offered on; it locks nothing, and the line says why.
        standing, reason = unlicensed(circumstances) or (None, None)
    if standing is None and duty.carrier is Carrier.LABEL and _published_by_people(circumstances):
        return _unpublished(one, circumstances, carriers)
    if standing is None:
        standing = StandingValue.AVAILABLE if duty.carrier is Carrier.LABEL else StandingValue.ENFORCED
        reason = "people.not_covered" if reach.people.not_covered else None
    return Carriage.of(duty, circumstances.tenant.id, standing, reason, carriers=carriers, people=reach.people)


def _unpublished(one: _Judged, circumstances: Circumstances, carriers: tuple[str, ...]) -> Carriage:
    """A label that only people can publish: available once the platform says that something offers it, and to whom is not known here."""
    duty, tenant = one.duty, circumstances.tenant.id
    unseen = _out_of_sight(circumstances)
    if unseen is not None:
        return Carriage.of(duty, tenant, StandingValue.UNKNOWN, unseen.reason, carriers=carriers)
    if _in_use(duty, circumstances):
        return Carriage.of(duty, tenant, StandingValue.AVAILABLE, BY_HAND, carriers=carriers)
    label = tuple(key for key in carriers if not key.startswith((PUBLISHING, PUBLISHING_RULE)))
    return Carriage.of(duty, tenant, StandingValue.GAP, UNPUBLISHED, carriers=label, people=one.reach.people)


def _joined(group: list[_Judged]) -> Reach:
    reach = group[0].reach
    for one in group[1:]:
        reach = union(reach, one.reach)
    return reach


def _description(duty: Duty) -> str:
    return f"{duty.title} ({duty.citation})" if duty.citation else duty.title


def _period(wanted: Wanted) -> Value:
    return wanted.fields["period"]


def _longest(terms: Iterable[Value]) -> Term:
    """The longest of some terms: two lines that share a label never shorten it."""
    days = list(terms)
    return FOREVER if FOREVER in days else max(term for term in days if isinstance(term, int))
