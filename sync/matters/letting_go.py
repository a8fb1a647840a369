"""What a release consists of, in each tenant, and what it leaves on hold. Pure.

Whoever is not named by it stays: a hold goes only when nobody else of the matter is in it, a case or matter is closed only with the matter itself.
The archive of a Google group that was switched on for a hold stays on: that keeps more than before and takes nothing from anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from connectors.base import Lane
from connectors.hold_orders import UNIT
from policies.keys import MATTER, is_of_matter, key_of
from policies.kinds import TRAITS, Kind
from policies.protection import Direction
from policies.resources import Because, Fields
from sync.bindings import Binding
from sync.matters.model import TAKEN, Matter, MatterError, PersonOnHold, Source, SourceState
from sync.matters.release import Release
from sync.plan import Change, Operation

CONTAINERS: Final = frozenset({Kind.M365_CASE, Kind.GOOGLE_MATTER})
STAYS: Final = frozenset({Kind.GOOGLE_GROUP_ARCHIVE})
WITHOUT_COUNSEL: Final = timedelta(days=1)
"""No release is carried out sooner after its approval, unless counsel signed for it (contract, *Release*)."""
_TEXTS: Final = frozenset({"description"})
"""Fields that say nothing about what is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One tenant as a release meets it: the vendor's own id of it, what its cases are, and what is ours there."""

    tenant: str
    identity: str
    container: Kind
    bindings: Mapping[str, Binding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who is to be let go of a matter: ``people`` by id, or everybody where it is empty. ``release`` is the request's own id."""

    matter: Matter
    release: str
    people: frozenset[str] = frozenset()

    @property
    def leaving(self) -> tuple[PersonOnHold, ...]:
        """The people and places themselves, without those let go before."""
        return tuple(one for one in self.matter.people if one.released is None and (not self.people or one.id in self.people))

    @property
    def touched(self) -> frozenset[str]:
        """Every address of theirs: none of them approves it."""
        return frozenset(address for one in self.leaving for address in addresses(one))

    @property
    def because(self) -> Because:
        """Each request is approved for itself: a yes to one that was stopped says nothing about the next."""
        return Because(line=f"release/{self.release}", matter=self.matter.tenant_alias)

    @property
    def box(self) -> str:
        """The key of the matter's case or matter in every tenant."""
        return key_of(MATTER, self.matter.tenant_alias)


def named(matter: Matter, wanted: Iterable[str]) -> tuple[str, ...]:
    """Ids of the people and places that these addresses name. Raises MatterError ``matter.person_unknown`` where one names nobody on hold here."""
    asked = {address.strip().lower() for address in wanted}
    found = {one.id: addresses(one) & asked for one in matter.held}
    unknown = asked - frozenset(address for named_by in found.values() for address in named_by)
    if unknown or not asked:
        raise MatterError(
            "matter.person_unknown", f"{len(unknown)} of the {len(asked)} addresses are not on hold in this matter; nothing was asked for.",
            "Compare the file with `hold status`.",
        )
    return tuple(sorted(one for one, named_by in found.items() if named_by))


def addresses(person: PersonOnHold) -> frozenset[str]:
    """Every address of one person or place, as the order and as the tenants call them."""
    return frozenset({person.address, *person.also, *(account.address for account in person.accounts)})


def changes(scope: Scope, ground: Ground) -> tuple[Change, ...]:
    """What is to be done in one tenant: holds first, then what they lie in.

    Raises MatterError ``release.unit`` for somebody who is held with a whole organisational unit that others of the matter are held with too.
    """
    alias = scope.matter.tenant_alias
    ours = tuple(one for key, one in sorted(ground.bindings.items()) if is_of_matter(key, alias) and one.kind not in STAYS)
    carried = _carried(scope.matter, ground.tenant)
    holds = (_of_hold(scope, ground, one, carried.get(one.key, {})) for one in ours if one.kind not in CONTAINERS)
    boxes = (_change(scope, ground, one, Operation.RELEASE) for one in ours if one.kind in CONTAINERS and not scope.people)
    return (*(one for one in holds if one is not None), *boxes)


def on_paper(scope: Scope, ground: Ground) -> Change:
    """The change that stands for a release of which no tenant has anything: officers approve it like any other, and nothing is sent."""
    return Change(
        tenant=ground.tenant, tenant_identity="", lane=Lane.HOLD, kind=ground.container, key=scope.box,
        name=scope.matter.tenant_alias, operation=Operation.REMOVE if scope.people else Operation.RELEASE, direction=Direction.WEAKENS,
        because=scope.because, people=len(scope.leaving), identities_touched=scope.touched,
    )


def _of_hold(scope: Scope, ground: Ground, binding: Binding, carried: Mapping[str, frozenset[str]]) -> Change | None:
    shared = TRAITS[binding.kind].shared
    if not scope.people and not shared:
        return _change(scope, ground, binding, Operation.RELEASE, binding.members)
    unit = next((holders for member, holders in carried.items() if member.startswith(UNIT)), None)
    if unit is not None:
        return _of_unit(scope, ground, binding, unit)
    leaving = frozenset(member for member, holders in carried.items() if not scope.people or holders <= scope.people) & binding.members
    if not leaving:
        return None
    whole = leaving >= binding.members and not shared
    return _change(scope, ground, binding, Operation.RELEASE if whole else Operation.REMOVE, leaving)


def _of_unit(scope: Scope, ground: Ground, binding: Binding, holders: frozenset[str]) -> Change | None:
    if not holders & scope.people:
        return None
    if not holders <= scope.people:
        raise MatterError(
            "release.unit",
            f"{len(holders & scope.people)} of these people are held together with a whole organisational unit, of which nobody can be let go alone.",
            "Name everybody who is held with the unit, or release the matter as a whole; `hold status` shows whom the unit's line holds.",
        )
    return _change(scope, ground, binding, Operation.RELEASE)


def _change(scope: Scope, ground: Ground, binding: Binding, operation: Operation, remove: frozenset[str] = frozenset()) -> Change:
    before: Fields = {name: value for name, value in sorted(binding.fields.items()) if name not in _TEXTS}
    return Change(
        tenant=ground.tenant, tenant_identity=ground.identity, lane=Lane.HOLD, kind=binding.kind, key=binding.key, name=binding.name,
        operation=operation, direction=Direction.WEAKENS, because=scope.because, generation=binding.generation, vendor_id=binding.vendor_id,
        parent=None if binding.parent_id is None else scope.box, before=before, remove=remove, people=len(scope.leaving),
        identities_touched=scope.touched,
    )


def _carried(matter: Matter, tenant: str) -> Mapping[str, Mapping[str, frozenset[str]]]:
    """By hold and member, the people whom it holds there and nobody let go yet."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for source in matter.followed:
        if source.tenant == tenant and source.resource is not None and source.place.member is not None:
            members = found.setdefault(source.resource, {})
            members[source.place.member] = members.get(source.place.member, frozenset()) | {source.person}
    return found


def covered(scope: Scope, approved: Iterable[Change]) -> frozenset[str]:
    """Ids of the sources that these changes let go."""
    by_key = {(one.tenant, one.key): one for one in approved}
    leaving = {one.id for one in scope.leaving}
    found = set()
    for source in scope.matter.followed:
        change = by_key.get((source.tenant, source.resource or ""))
        if change is not None and source.person in leaving and (change.operation is Operation.RELEASE or source.place.member in change.remove):
            found.add(source.id)
    return frozenset(found)


def outgrown(matter: Matter, release: Release, approved: Iterable[Change], grounds: Iterable[Ground]) -> bool:
    """Whether something that the release does not know holds its people by now, so that they would not be let go by it, or others with them.

    The matter as a whole takes in whoever joined one of its holds since; a hold that was made since is none that anybody approved.
    """
    keys = {(one.tenant, one.key) for one in approved}
    scope = Scope(matter=matter, release=release.id, people=frozenset(release.people))
    for ground in grounds:
        try:
            today = changes(scope, ground)
        except MatterError:
            return True  # a unit that held its people alone holds others by now
        if any((one.tenant, one.key) not in keys for one in today):
            return True
    leaving = {one.id for one in scope.leaving}
    new = {one.id for one in matter.followed if one.person in leaving and one.state in TAKEN} - set(release.sources)
    return bool(release.people and new)


# -- how a release goes on


def approved(release: Release, now: datetime, wait: timedelta, *, by_counsel: bool) -> Release:
    """The release with its two approvals: it is due after ``wait``, and not within a day unless counsel asked for it or approved."""
    return replace(release, approved=now, due=now + (wait if by_counsel else max(wait, WITHOUT_COUNSEL)))


def with_release(matter: Matter, release: Release) -> Matter:
    """``matter`` with this release as it stands now."""
    return replace(matter, releases=(*(one for one in matter.releases if one.id != release.id), release))


def stopped(matter: Matter, release: Release, now: datetime, by: str) -> Matter:
    """``matter`` with the release ended by somebody: what of it was let go already is to be held again, from now on."""
    ended = with_release(matter, replace(release, stopped=now, stopped_by=by, going=()))
    return held_again(ended, frozenset(one.id for one in matter.held), now)


def held_again(matter: Matter, people: frozenset[str], now: datetime) -> Matter:
    """``matter`` with these people to be held again: what was let go of theirs is ordered anew, and what is held of them stays as it is."""
    sources = tuple(
        Source(id=one.id, person=one.person, tenant=one.tenant, workload=one.workload, identity=one.identity, place=one.place, requested=now)
        if one.person in people and one.state is SourceState.RELEASED else one
        for one in matter.sources
    )
    back = tuple(replace(one, released=None, former=False) if one.id in people and one.released is not None else one for one in matter.people)
    return replace(matter, people=back, sources=sources)


def concerned(matter: Matter, release: Release, change: Change, still: AbstractSet[str] = frozenset()) -> frozenset[str]:
    """Ids of the sources that one change of a release lets go; those of members ``still`` on the hold are not among them."""
    return frozenset(
        source.id for source in matter.sources
        if source.tenant == change.tenant and source.resource == change.key and (not release.people or source.person in release.people)
        and source.place.member not in still
    )


def let_go(matter: Matter, release: Release, change: Change, now: datetime, off: frozenset[str] | None = None) -> Matter:
    """``matter`` after one change of its release was seen done (``off``: for these sources only): nothing of ours holds them any more."""
    told = concerned(matter, release, change)
    after = with_release(matter, replace(release, going=tuple(one for one in release.going if one not in told)))
    return _released(after, told if off is None else off, now)


def finished(matter: Matter, release: Release, now: datetime) -> Matter:
    """``matter`` when every change of ``release`` was seen done. What was never held is let go with the rest."""
    leaving = frozenset(release.people or (one.id for one in matter.held))
    done = with_release(matter, replace(release, ended=now, going=()))
    done = _released(done, frozenset(source.id for source in matter.sources if source.person in leaving), now)
    return replace(done, people=tuple(replace(one, released=one.released or now) if one.id in leaving else one for one in done.people))


def _released(matter: Matter, gone: frozenset[str], now: datetime) -> Matter:
    sources = tuple(
        replace(source, state=SourceState.RELEASED, released=now, code=None, error=None)
        if source.state is not SourceState.RELEASED and source.id in gone else source
        for source in matter.sources
    )
    return replace(matter, sources=sources)
