"""Whether a source is held, by what the platform shows, and how its state moves. Pure. The contract's *Effective*; unknown moves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from connectors.hold_orders import UNIT
from policies.kinds import TRAITS, Kind, Platform, Workload
from policies.resources import Fields, Force, Live, MemberState, ReadState, Snapshot
from policies.roster import AccountState, Identity, Roster
from policies.units import UnitTree
from sync.bindings import Binding
from sync.matters.model import IN_FORCE, PersonCode, Source, SourceState
from sync.matters.sources import PLACES, as_held

SEEN_AGAIN: Final = timedelta(seconds=60)
"""How much later an independent read must be to verify."""

_NARROWING: Final = ("query", "terms", "start", "end")
_OF_ALL: Final[Mapping[Force, Force]] = {one: one for one in (Force.APPLIED, Force.PENDING)}
"""What a hold says of every source for which it says nothing by itself; an error of the whole leaves open whose it is."""
_PEOPLE: Final = frozenset({Kind.M365_USER, Kind.GOOGLE_USER})
_LICENSING: Final = frozenset({Kind.M365_USER, Kind.GOOGLE_USER, Kind.GOOGLE_LICENCE})
"""Microsoft's licences come with the people, Google's in lists of their own."""
_GROUPS: Final = frozenset({Kind.M365_GROUP, Kind.GOOGLE_GROUP})


class Held(StrEnum):
    """What a read says of one source."""

    YES = "yes"
    PENDING = "pending"
    NO = "no"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One read of one source. ``since`` is the platform's own time of force; ``code`` and ``error`` say why it is not held."""

    held: Held
    since: datetime | None = None
    container: str | None = None
    vendor_id: str | None = None
    code: str | None = None
    error: str | None = None
    by_its_hold: bool = False
    """Said of the whole hold and not of this source: a hold that is being distributed again for somebody new lets nobody go meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How a source moved: ``lost`` when it had been in force and is not any more, ``regained`` when it is held (again)."""

    source: Source
    lost: bool = False
    regained: bool = False


class Sight:
    """One read of a tenant, indexed: ``at`` tells of each source what snapshot and roster say of it."""

    def __init__(self, snapshot: Snapshot, bindings: Mapping[str, Binding], roster: Roster) -> None:
        self.snapshot = snapshot
        self.bindings = bindings
        self._lives = {(live.kind, live.vendor_id): live for live in snapshot.resources}
        self._off = {live.vendor_id for live in snapshot.of(Kind.M365_CASE, Kind.GOOGLE_MATTER) if live.fields.get("state") not in {None, "open"}}
        self._units = UnitTree(roster)
        self._accounts = {one.vendor_id: one for one in roster.identities}
        self._groups = {group.vendor_id for group in roster.groups}
        self._archives = {live.fields.get("group"): live.fields.get("archived") for live in snapshot.of(Kind.GOOGLE_GROUP_ARCHIVE)}
        self._all_groups = any(read.kind in _GROUPS and read.state is ReadState.COMPLETE for read in roster.reads)
        self._licensing = all(read.state is ReadState.COMPLETE for read in roster.reads if read.kind in _LICENSING)
        self._whole = any(read.kind in _PEOPLE and read.state is ReadState.COMPLETE for read in roster.reads)

    def of(self, source: Source) -> Seen:
        """What this read says of ``source``. A kind that was not read whole can show that it is held, never that it is gone."""
        binding = self.bindings.get(source.resource or "")
        if binding is None or source.place.member is None:
            return self._left_behind(source)
        live = self._lives.get((binding.kind, binding.vendor_id))
        if live is None:
            gone = self.snapshot.complete(binding.kind) or binding.parent_id in self._off
            return Seen(held=Held.NO, code="hold.missing") if gone else Seen(held=Held.UNKNOWN)
        state = live.member_states.get(source.place.member)
        base = Seen(held=Held.UNKNOWN, container=live.vendor_id, vendor_id=state.vendor_id if state else None)
        if live.fields.get("enabled") is False or live.force is Force.OFF or live.parent_id in self._off:
            return replace(base, held=Held.NO, code="hold.off")
        if not _names(live, source.place.member):
            return replace(base, held=Held.NO, code="hold.member_missing") if self._listed(binding.kind) else base
        if narrowed(live.fields, binding.fields):
            return replace(base, held=Held.NO, code="hold.narrowed")
        return self._with_account(source, binding.kind.platform, _of_member(base, live, state))

    def _left_behind(self, source: Source) -> Seen:
        """A source whose hold is not made yet says nothing, unless another carried it until now: whoever left a held unit is not held by it."""
        left = source.state in IN_FORCE and source.resource is not None and self.snapshot.complete(Kind.GOOGLE_HOLD)
        container = self._lives.get((Kind.GOOGLE_HOLD, source.vendor_container or ""))
        unit = container.fields.get("org_unit") if container is not None and container.fields.get("scope") == "org_unit" else None
        if left and unit is not None and self._outside(source, str(unit)):
            return Seen(held=Held.NO, code="person.left_held_unit")
        return Seen(held=Held.UNKNOWN)

    def _outside(self, source: Source, unit: str) -> bool:
        """Whether the account is shown to lie outside of where the unit with that id lies now; in one that is gone is nobody."""
        account = self._accounts.get(source.identity or "")
        there = self._units.of_id(unit)
        if account is None:
            return False
        return self._units.whole if there is None else self._units.outside(account.org_unit, there)

    def _listed(self, kind: Kind) -> bool:
        """Whether the members of an object that was seen may be believed: without a visibility check too, but not from a half-read list.

        What is the platform's own is seen even by those who see nothing in it: who is not in it, only a complete read tells.
        """
        read = self.snapshot.reads.get(kind)
        if TRAITS[kind].shared:
            return self.snapshot.complete(kind)
        return read is not None and read.state in {ReadState.COMPLETE, ReadState.UNPROVEN}

    def _with_account(self, source: Source, platform: Platform, seen: Seen) -> Seen:
        """The licence and the life of the account decide too (G§4.2: a hold on an account without its licence protects nothing)."""
        if source.identity is None:
            return seen
        if source.workload in PLACES:
            return self._with_archive(source, platform, self._with_group(source.identity, seen))
        account = self._accounts.get(source.identity)
        if platform is Platform.GOOGLE_WORKSPACE and (account.state is AccountState.DELETED if account else self._whole):
            return replace(seen, held=Held.FAILED, code=PersonCode.DELETED.value, since=None)
        if account is None:
            # A Microsoft mailbox outlives its account while it is on hold (M§5); a Google account that nobody listed is not shown alive.
            return seen if platform is Platform.MICROSOFT365 or seen.held is not Held.YES else replace(seen, held=Held.UNKNOWN)
        return self._with_licence(account, as_held(source.workload), seen, platform)

    def _with_group(self, identity: str, seen: Seen) -> Seen:
        """G§4.2: a deleted group takes its archive with it, held or not."""
        gone = self._all_groups and identity not in self._groups
        return replace(seen, held=Held.FAILED, code=PersonCode.GROUP_DELETED.value, since=None) if gone else seen

    def _with_archive(self, source: Source, platform: Platform, seen: Seen) -> Seen:
        """G§1.5: a Google group that keeps no conversation holds nothing, whatever the hold says; one whose archive nobody read is not shown held."""
        if platform is not Platform.GOOGLE_WORKSPACE or source.workload is not Workload.GROUP or seen.held not in {Held.YES, Held.PENDING}:
            return seen
        kept = self._archives.get(source.identity or "")
        if kept is False:
            return replace(seen, held=Held.FAILED, code=PersonCode.ARCHIVE_OFF.value, since=None)
        return seen if kept is True or seen.held is Held.PENDING else replace(seen, held=Held.UNKNOWN)

    def _with_licence(self, account: Identity, workload: Workload, seen: Seen, platform: Platform) -> Seen:
        """That what a licence keeps could not be told is no want of one. Microsoft's own word stands then; Vault's says nothing of licences."""
        kept = account.kept(workload) if self._licensing else True if workload in account.licensed_for_hold else None
        if account.state is AccountState.DELETED or kept:
            return seen
        if kept is None:
            return replace(seen, held=Held.UNKNOWN) if seen.held is Held.YES and platform is Platform.GOOGLE_WORKSPACE else seen
        return replace(seen, held=Held.FAILED, code=PersonCode.NOT_LICENSED.value, since=None)


def _names(live: Live, member: str) -> bool:
    """Whether the hold takes the member in: by its list, or as the unit that it is on."""
    if member.startswith(UNIT):
        return live.fields.get("scope") == "org_unit" and live.fields.get("org_unit") == member.removeprefix(UNIT)
    return member in live.members


def _of_member(base: Seen, live: Live, state: MemberState | None) -> Seen:
    force = state.force if state else _OF_ALL.get(live.force, Force.UNKNOWN)
    error = state.error if state else None
    if error or force is Force.ERROR:
        return replace(base, held=Held.FAILED, code="hold.platform_error", error=error or "The platform reports an error for this source.")
    if force is Force.APPLIED:
        return replace(base, held=Held.YES, since=state.since if state else None)
    if force is Force.OFF:
        return replace(base, held=Held.NO, code="hold.off")
    pending = force is Force.PENDING or live.force is Force.PENDING
    return replace(base, held=Held.PENDING, by_its_hold=state is None) if pending else base


def advance(source: Source, seen: Seen, at: datetime) -> Step:
    """The source after a read at ``at``. Only ``seen.held`` yes makes it effective; verified needs a later read, 60 s or more after the first."""
    if seen.held is Held.UNKNOWN or source.state is SourceState.RELEASED:
        return Step(source=source)
    was_held = source.state in IN_FORCE
    if was_held and seen.held is Held.PENDING and seen.by_its_hold and _same_object(source, seen):
        return Step(source=source)
    if seen.held is Held.YES and source.state is SourceState.VERIFIED and _same_object(source, seen):
        return Step(source=replace(source, seen_held=at))  # the usual case, in one step: a large district has tens of thousands of sources
    place = replace(source.place, vendor_id=seen.vendor_id or source.place.vendor_id)
    known = replace(source, vendor_container=seen.container or source.vendor_container, place=place)
    if seen.held is Held.YES:
        return Step(source=_held(known, seen, at, was_held=was_held), regained=not was_held)
    return Step(source=_not_held(known, seen, at, was_held=was_held), lost=was_held)


def _not_held(source: Source, seen: Seen, at: datetime, *, was_held: bool) -> Source:
    if seen.held is Held.FAILED:
        return _unheld(source, SourceState.FAILED, seen)
    if seen.held is Held.PENDING:
        return replace(_unheld(source, SourceState.DISTRIBUTING, seen), accepted=source.accepted or at)
    # Not listed yet after the platform's yes is no news; the run sends it again where it is really missing.
    return _unheld(source, SourceState.REQUESTED, seen) if was_held else source


def _same_object(source: Source, seen: Seen) -> bool:
    return seen.container in {None, source.vendor_container} and seen.vendor_id in {None, source.place.vendor_id}


def _held(source: Source, seen: Seen, at: datetime, *, was_held: bool) -> Source:
    first = source.first_seen_held if was_held and source.first_seen_held else at
    again = at - first >= SEEN_AGAIN
    return replace(
        source, state=SourceState.VERIFIED if again else SourceState.EFFECTIVE, accepted=source.accepted or at,
        effective=source.effective if was_held and source.effective else (seen.since or at), verified=(source.verified or at) if again else None,
        first_seen_held=first, seen_held=at, code=None, error=None,
    )


def _unheld(source: Source, state: SourceState, seen: Seen) -> Source:
    return replace(source, state=state, effective=None, verified=None, first_seen_held=None, code=seen.code, error=seen.error)


def narrowed(live: Fields, ordered: Fields) -> bool:
    """Whether the live hold takes in less than the one we last read back: other terms or dates, or an option dropped."""
    if any(live.get(name) and live.get(name) != ordered.get(name) for name in _NARROWING):
        return True
    before, now = ordered.get("options"), live.get("options")
    return isinstance(before, tuple) and isinstance(now, tuple) and not set(before) <= set(now)
