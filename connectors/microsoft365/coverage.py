"""Which sources of a person are really kept, and by what: stamps on mailboxes, members of holds and policies, licences (M§3.1). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from connectors.base import Coverage
from connectors.microsoft365.holds import mail_member, site_member
from connectors.microsoft365.inplace import Does, Mailbox, Sort, Stamp, holding
from connectors.microsoft365.policies import member
from connectors.places import UnknownSettingError, reached
from policies.effects import FOREVER, Clock, Term
from policies.kinds import Kind, Workload
from policies.resources import Force, Live, ReadState, Ref, Snapshot
from policies.roster import Identity

NOTHING = "nothing.keeps"
NO_PLACE = "place.none"
_IN_MAILBOX = (Workload.MAIL, Workload.ARCHIVE, Workload.CHAT)
_KEEPING = frozenset({"keep", "keep_and_delete", "review"})
_DELETING = frozenset({"delete", "keep_and_delete"})
_RULES = (Kind.M365_HOLD, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A Microsoft 365 group that a person is in. ``site`` None: there is none where ``siteless``, else it could not be told."""

    address: str
    site: str | None
    teams: bool
    siteless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was read for an answer. ``organisation`` None, a person absent from a mapping: it could not be read, and ``unread`` says why."""

    snapshot: Snapshot
    organisation: tuple[Stamp, ...] | None
    mailboxes: Mapping[str, Mailbox | None] = field(default_factory=dict)
    """By account id; None where the platform says that there is no mailbox."""
    drives: Mapping[str, str | None] = field(default_factory=dict)
    teams: Mapping[str, tuple[Team, ...]] = field(default_factory=dict)
    unread: str = "source.unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Voice:
    """One object that keeps (``sure``), may keep (``doubt`` says why it is not sure) or does not keep yet (``not_yet``)."""

    ref: Ref
    term: Term | None = None
    clock: Clock | None = None
    doubt: str | None = None
    not_yet: str | None = None


def cover(person: Identity, evidence: Evidence) -> tuple[Coverage, ...]:
    """Every source of ``person``: mailbox, archive, chats, OneDrive, then mailbox, channels and site of each group."""
    found = [*_mailbox_sources(person, evidence), _drive(person, evidence)]
    groups = evidence.teams.get(person.vendor_id)
    if groups is None:
        found.append(_unknown(person, Workload.GROUP, None, evidence.unread))
    for group in groups or ():
        found += _group_sources(person, group, evidence)
    return tuple(found)


def workloads_of(policy: Live) -> frozenset[Workload]:
    """The workloads that a retention policy is over, by its locations and, where it names any, by its applications and scopes."""
    try:
        parts = list(reached(policy, policy.members))
    except UnknownSettingError:
        return frozenset()
    return frozenset().union(*(part.scope.workloads for part in parts))


def _mailbox_sources(person: Identity, evidence: Evidence) -> list[Coverage]:
    if person.vendor_id not in evidence.mailboxes:
        return [_unknown(person, source, None, evidence.unread) for source in _IN_MAILBOX]
    box = evidence.mailboxes[person.vendor_id]
    if box is None:
        return [_no_place(person, source) for source in _IN_MAILBOX]
    found = []
    for source in _IN_MAILBOX:
        if source is Workload.ARCHIVE and not box.archive:
            found.append(_no_place(person, source))
            continue
        voices, deletes = _stamped(box, source, evidence)
        # An inactive mailbox is kept by its holds alone: its licence is gone and was needed only before (M§3.1).
        licensed = True if box.inactive else person.kept(source)
        place = f".{box.address}" if box.inactive else box.address
        otherwise = _why_not(box, source) if evidence.organisation is not None else None
        found.append(_judged(person, source, place, voices, deletes, licensed=licensed, otherwise=otherwise))
    return found


def _stamped(box: Mailbox, source: Workload, evidence: Evidence) -> tuple[list[_Voice], list[Ref]]:
    """What keeps a mailbox by its stamps, what Graph says of it beside them, and what deletes in it."""
    voices: list[_Voice] = []
    deletes: list[Ref] = []
    if box.litigation is not None:
        ref = Ref(tenant=evidence.snapshot.tenant, kind=Kind.M365_MAILBOX, vendor_id=box.exchange_guid or box.address, name=box.address)
        voices.append(_Voice(ref=ref, term=box.litigation, clock=Clock.CREATED))
    reaching = holding(box.stamps, evidence.organisation or ())
    for one in reaching:
        more, gone = _by_stamp(one, source, evidence.snapshot)
        voices += more
        deletes += gone
    voices += _unstamped(box, source, reaching, evidence)
    return voices, deletes


def _by_stamp(one: Stamp, source: Workload, snapshot: Snapshot) -> tuple[list[_Voice], list[Ref]]:
    live = next((item for item in snapshot.resources if one.guid is not None and item.vendor_id.lower() == one.guid), None)
    if live is not None and live.kind is Kind.M365_HOLD:
        return [_hold_voice(live, snapshot.tenant)], []
    if live is not None and live.kind is Kind.M365_RETENTION_POLICY:
        return _policy_voices(live, source, snapshot, stamped=True)
    if live is not None or one.sort in (Sort.SKYPE, Sort.GROUP):
        return [], []  # a publishing policy keeps nothing by itself; the others are over other places
    kind = Kind.M365_HOLD if one.sort in (Sort.CASE_HOLD, Sort.LEGACY) else Kind.M365_RETENTION_POLICY
    ref = Ref(tenant=snapshot.tenant, kind=kind, vendor_id=one.guid or one.raw, name=one.raw)
    if one.does is Does.DELETE:
        return [], [ref]
    return [_Voice(ref=ref, doubt="stamp.unmatched")], [ref] if one.does is Does.KEEP_AND_DELETE else []


def _unstamped(box: Mailbox, source: Workload, reaching: Iterable[Stamp], evidence: Evidence) -> list[_Voice]:
    """Holds and policies over everybody that name the mailbox while it carries no stamp of theirs: announced, or lost on the way."""
    stamped = {one.guid for one in reaching}
    names = {mail_member(box.address), mail_member(f".{box.address}")}
    found = []
    snapshot = evidence.snapshot
    for hold in snapshot.of(Kind.M365_HOLD):
        inside = next((item for item in hold.members if item in names), None)
        if inside is None or hold.vendor_id.lower() in stamped or hold.force is Force.OFF:
            continue
        state = hold.member_states[inside].force if inside in hold.member_states else hold.force
        ref = hold.ref(snapshot.tenant)
        found.append(_Voice(ref=ref, doubt="hold.not_stamped") if state is Force.APPLIED else _Voice(ref=ref, not_yet=f"hold.{state.value}"))
    excluded = {one.guid for one in box.stamps if one.excluded}
    for policy in snapshot.of(Kind.M365_RETENTION_POLICY):
        everybody = policy.members & {"exchange:All", "chat:All"}
        if not everybody or policy.vendor_id.lower() in stamped | excluded or policy.force is not Force.APPLIED:
            continue
        if not _excepted(policy, {member("exchange", box.address), member("chat", box.address)}):
            voices, _gone = _policy_voices(policy, source, snapshot, stamped=True)
            found += [_Voice(ref=voice.ref, doubt="organisation.not_stamped") for voice in voices]
    return found


def _why_not(box: Mailbox, source: Workload) -> str:
    """What to say of a mailbox that nothing keeps whole."""
    if box.delayed if source is not Workload.CHAT else box.delayed_elsewhere:
        return "hold.delay: a hold was taken away; the platform keeps what was deleted for at most 30 days after that"
    if box.labelled:
        return "label.items_only: only the items that carry a retaining label are kept"
    return NOTHING


def _drive(person: Identity, evidence: Evidence) -> Coverage:
    if person.vendor_id not in evidence.drives:
        return _unknown(person, Workload.DRIVE, None, evidence.unread)
    url = evidence.drives[person.vendor_id]
    if url is None:
        return _no_place(person, Workload.DRIVE)
    return _placed(person, Workload.DRIVE, url, {site_member(url)}, {member("onedrive", url), "onedrive:All"}, evidence)


def _group_sources(person: Identity, group: Team, evidence: Evidence) -> list[Coverage]:
    address = group.address
    policies = {member("group", address), "group:All"}
    found = [_placed(person, Workload.GROUP, address, {mail_member(address)}, policies, evidence)]
    if group.teams:
        channels = {member("channel", address), "channel:All"}
        found.append(_placed(person, Workload.CHAT, address, {mail_member(address)}, channels, evidence))
    if group.site is None and group.siteless:
        found.append(_no_place(person, Workload.SITE))
    elif group.site is None:
        found.append(_unknown(person, Workload.SITE, None, evidence.unread))
    else:
        # The groups' location keeps mailbox and site of a group; the one for all sites is not said to reach them (M§2.2).
        places = policies | {member("sharepoint", group.site)}
        found.append(_placed(person, Workload.SITE, group.site, {site_member(group.site)}, places, evidence))
    return found


def _placed(  # one place, and the two ways in which it can be named
    person: Identity, source: Workload, place: str, held: set[str], kept: set[str], evidence: Evidence
) -> Coverage:
    """A place that carries no stamps: the members of holds and policies are all that there is to go by."""
    snapshot = evidence.snapshot
    voices: list[_Voice] = []
    deletes: list[Ref] = []
    for hold in snapshot.of(Kind.M365_HOLD):
        inside = next((item for item in hold.members if item in held), None)
        if inside is not None:
            state = hold.member_states[inside].force if inside in hold.member_states else hold.force
            voice = _hold_voice(hold, snapshot.tenant)
            voices.append(voice if state is Force.APPLIED else _Voice(ref=voice.ref, not_yet=f"hold.{state.value}"))
    for policy in snapshot.of(Kind.M365_RETENTION_POLICY):
        scoped = any(item.startswith("scope:") for item in policy.members) and source in workloads_of(policy)
        if (policy.members & kept and not _excepted(policy, kept)) or scoped:
            more, gone = _policy_voices(policy, source, snapshot, stamped=False)
            voices += [_Voice(ref=voice.ref, doubt="scope.members_unread") for voice in more] if scoped else more
            deletes += gone
    # Places of a group are no one person's: no licence of hers counts.
    licensed = person.kept(source) if source is Workload.DRIVE else True
    unread = next((read for kind in _RULES if (read := snapshot.reads.get(kind)) is None or read.state is not ReadState.COMPLETE), None)
    whole = all(snapshot.complete(kind) for kind in _RULES)
    otherwise = NOTHING if whole else None
    doubt = f"kind.{unread.state.value}: {unread.reason}" if unread is not None else "kind.not_read"
    return _judged(person, source, place, voices, deletes, licensed=licensed, otherwise=otherwise, doubt=doubt)


def _hold_voice(hold: Live, tenant: str) -> _Voice:
    ref = hold.ref(tenant)
    if hold.fields.get("enabled") is False:
        return _Voice(ref=ref, not_yet="hold.off")
    if hold.fields.get("query"):
        return _Voice(ref=ref, doubt="terms.narrow: only what the hold's query finds is kept")
    return _Voice(ref=ref, term=FOREVER)


def _policy_voices(policy: Live, source: Workload, snapshot: Snapshot, *, stamped: bool) -> tuple[list[_Voice], list[Ref]]:
    """What a policy's rules keep and delete in ``source``. A stamp is the platform's word that the policy has arrived."""
    ref = policy.ref(snapshot.tenant)
    if source not in workloads_of(policy) and not (source is Workload.ARCHIVE and Workload.MAIL in workloads_of(policy)):
        return [], []
    rules = [rule for rule in snapshot.of(Kind.M365_RETENTION_RULE) if rule.parent_id == policy.vendor_id and rule.force is not Force.OFF]
    if not rules:
        return [_Voice(ref=ref, doubt="policy.no_rule_seen")], []
    if policy.force is Force.OFF:
        return [_Voice(ref=ref, not_yet="policy.off")], []
    voices = []
    some = all(part.some for part in reached(policy, policy.members) if source in part.scope.workloads)
    for rule in rules:
        if rule.fields.get("action") in _KEEPING:
            sure = _rule_voice(ref, policy, rule, stamped=stamped)
            voices.append(_Voice(ref=ref, doubt="teams.some_chats") if some and source is Workload.CHAT else sure)
        elif rule.fields.get("action") not in _DELETING:
            voices.append(_Voice(ref=ref, doubt="policy.action_unknown"))
    return voices, [ref for rule in rules if rule.fields.get("action") in _DELETING][:1]


def _rule_voice(ref: Ref, policy: Live, rule: Live, *, stamped: bool) -> _Voice:
    if not stamped and policy.force is not Force.APPLIED:
        return _Voice(ref=ref, not_yet=f"policy.{policy.force.value}")
    if rule.fields.get("query"):
        return _Voice(ref=ref, doubt="terms.narrow: only what the rule's query finds is kept")
    period, trigger = rule.fields.get("period"), rule.fields.get("trigger")
    term: Term | None = FOREVER if period == FOREVER else period if isinstance(period, int) else None
    if term is None:
        return _Voice(ref=ref, doubt="policy.period_unknown")
    return _Voice(ref=ref, term=term, clock=Clock.MODIFIED if trigger == Clock.MODIFIED.value else Clock.CREATED)


def _excepted(policy: Live, members: Iterable[str]) -> bool:
    exceptions = policy.fields.get("exceptions")
    return isinstance(exceptions, tuple) and any(item in exceptions for item in members)


def _judged(  # noqa: PLR0913  # one answer has this many parts
    person: Identity,
    source: Workload,
    place: str,
    voices: Iterable[_Voice],
    deletes: Iterable[Ref],
    *,
    licensed: bool | None,
    otherwise: str | None,
    doubt: str = "organisation.unread: what is over everybody could not be read",
) -> Coverage:
    """Yes by a sure voice; not known by a doubtful one, a missing licence or an incomplete read; no only where all was seen."""
    heard = sorted(set(voices), key=lambda voice: (voice.ref.kind.value, voice.ref.name, voice.ref.vendor_id))
    sure = [voice for voice in heard if voice.doubt is None and voice.not_yet is None]
    maybe = [voice for voice in heard if voice.doubt is not None]
    made = Coverage(
        identity_id=person.vendor_id,
        address=person.address,
        source=source,
        place=place,
        protected=None,
        by=tuple(dict.fromkeys(voice.ref for voice in (sure or maybe))),
        deletes=tuple(dict.fromkeys(deletes)),
    )
    if sure and licensed:
        longest = max(sure, key=lambda voice: float("inf") if voice.term in (None, FOREVER) else float(str(voice.term)))
        return replace(made, protected=True, term=longest.term, clock=longest.clock, reason=None)
    if sure and licensed is None:
        return replace(made, protected=None, reason="licence.unknown: it is named, and whether the account's licences let it be kept is not known")
    if sure:
        return replace(made, protected=None, reason="licence.does_not_keep: it is named, but the account's licence does not let it be kept")
    if maybe:
        return replace(made, protected=None, reason=maybe[0].doubt)
    if otherwise is None:
        return replace(made, protected=None, reason=doubt)
    return replace(made, protected=False, reason=next((voice.not_yet for voice in heard), otherwise))


def _unknown(person: Identity, source: Workload, place: str | None, reason: str) -> Coverage:
    return Coverage(identity_id=person.vendor_id, address=person.address, source=source, place=place, protected=None, reason=reason)


def _no_place(person: Identity, source: Workload) -> Coverage:
    return Coverage(identity_id=person.vendor_id, address=person.address, source=source, place=None, protected=False, reason=NO_PLACE)
