"""Releases on the district's desk: asked for by an officer, approved by two others, waited for, and written down step by step. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from policies.district import Role, Tenant
from policies.kinds import Kind, Platform, Workload
from sync.approvals import needed
from sync.consent import consenting
from sync.desk import Desk
from sync.matters import letting_go
from sync.matters.letting_go import Ground, Scope
from sync.matters.model import Matter, MatterError, MatterState
from sync.matters.register import Event, Register
from sync.matters.release import Reason, Release
from sync.officers import Signer
from sync.plan import Change, ChangeStatus
from sync.registers.governance import Author, signed_by
from sync.store.approvals import Approvals
from sync.store.bindings import Bindings
from sync.store.changes import Changes
from sync.store.pins import Pins

CONTAINER: Final = {Platform.MICROSOFT365: Kind.M365_CASE, Platform.GOOGLE_WORKSPACE: Kind.GOOGLE_MATTER}
PROGRAM: Final = Author()


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What of one release is to be carried out in one tenant: the changes as they were approved. ``agreed``: two yeses count today."""

    matter: Matter
    release: Release
    changes: tuple[Change, ...]
    agreed: bool = True
    stale: bool = False
    """Something that it does not know holds its people by now: nothing of it is carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """Keys of a tenant: ``going`` was told to let somebody go and does not show it yet, ``gone`` was ended by a release and is ours no longer."""

    going: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


class Releases:
    """The releases of one district. ``settle`` works out the states that follow from a matter's parts."""

    def __init__(self, desk: Desk, register: Register, settle: Callable[[Matter], Matter], token: Callable[[], str]) -> None:
        self.desk = desk
        self.register = register
        self._settle = settle
        self._token = token
        self._changes = Changes(desk.store)
        self._bindings = Bindings(desk.store)

    # -- what officers do

    def ask(self, matter: Matter, people: Iterable[str] | None, reason: Reason, signer: Signer) -> Release:
        """A release of ``matter``, or of the people at these addresses, as ``signer`` asks for it; its changes wait for two other officers.

        Raises MatterError ``matter.released``, ``release.open``, ``release.unsettled``, ``release.unit`` or ``matter.person_unknown``;
        JournalError when the signature is not accepted.
        """
        self._may_ask(matter)
        scope = Scope(matter=matter, release=self._token(), people=frozenset(letting_go.named(matter, people) if people is not None else ()))
        changes = self._of(scope)
        now = self.desk.clock.now()
        release = Release(
            id=scope.release, officer=signer.officer, requested=now, reason=reason, changes=tuple(one.id for one in changes),
            people=tuple(sorted(scope.people)), sources=tuple(sorted(letting_go.covered(scope, changes))),
        )
        with self.desk.store.write() as session:
            self._changes.keep_changes(session, changes, now, signer.officer)

        def asked(current: Matter) -> Matter:
            self._may_ask(current)
            return letting_go.with_release(current, release)

        self._change(matter, asked, "release_asked", signed_by(signer))
        return release

    def stop(self, matter: Matter, signer: Signer) -> Release:
        """The open release of ``matter``, ended by an officer: whatever it let go already is held again. Raises MatterError ``release.none``."""
        found: list[Release] = []

        def ended(current: Matter) -> Matter:
            release = current.release
            if release is None:
                raise MatterError("release.none", "No release of this matter is under way.", "See `hold status`.")
            after = letting_go.stopped(current, release, self.desk.clock.now(), signer.officer)
            found.extend(one for one in after.releases if one.id == release.id)
            return after

        self._change(matter, ended, "release_stopped", signed_by(signer))
        self.forget(found[0])
        return found[0]

    def refused(self, changes: AbstractSet[str], signer: Signer) -> None:
        """An officer's no to some of ``changes`` ends the releases that consist of them."""
        for matter in self.register.releasing():
            if matter.release is not None and changes & frozenset(matter.release.changes):
                self.stop(matter, signer)

    def forget(self, release: Release) -> None:
        """The changes of a release that came to nothing stand for nothing any more."""
        with self.desk.store.write() as session:
            self._changes.overtake(session, release.changes, self.desk.clock.now())

    def weigh(self) -> tuple[Release, ...]:
        """The releases that have their approvals since this was last asked, each with the time when it falls due, written down."""
        found = []
        for matter in self.register.releasing():
            release = matter.release
            if release is not None and release.approved is None and self._agreed(matter, release):
                wait = timedelta(seconds=self.desk.district.timeouts.release_wait)
                approved = letting_go.approved(release, self.desk.clock.now(), wait, by_counsel=self._by_counsel(release))

                def weighed(current: Matter, approved: Release = approved) -> Matter:
                    same = current.release is not None and current.release.id == approved.id and current.release.approved is None
                    return letting_go.with_release(current, approved) if same else current

                self._change(matter, weighed, "release_approved")
                found.append(approved)
        return tuple(found)

    # -- what a run asks

    def asked(self) -> frozenset[str]:
        """Ids of the changes of every open release: no look at a tenant overtakes them."""
        return frozenset(change for matter in self.register.releasing() if matter.release for change in matter.release.changes)

    def due(self, tenant: str, alias: str | None = None) -> tuple[Due, ...]:
        """What is to be carried out in a tenant now, of every matter or of one: approved and waited for, and not seen done yet."""
        self.weigh()
        now = self.desk.clock.now()
        found = []
        for loaded in self.register.releasing():
            matter = self._caught_up(loaded)
            release = matter.release
            if release is None or release.due is None or release.due > now or alias not in {None, matter.alias, matter.tenant_alias}:
                continue
            kept = {one.id: one for one in self._changes.find(release.changes)}
            left = (kept[one] for one in release.changes if one in kept and kept[one].status is not ChangeStatus.EFFECTIVE)
            changes = tuple(one.change for one in left if one.tenant == tenant)
            stale = self._outgrown(matter, release, [one.change for one in kept.values()])
            if changes or stale:
                agreed = self._agreed(matter, release, lasting=True)
                found.append(Due(matter=matter, release=release, changes=changes, agreed=agreed, stale=stale))
        return tuple(found)

    def goes_on(self, due: Due) -> bool:
        """Whether the release is still to be carried out, as register and officers have it at this moment."""
        matter = self._now_of(due.matter.tenant_alias)
        release = matter.release
        return release is not None and release.id == due.release.id and self._agreed(matter, release, lasting=True)

    def begin(self, due: Due, change: Change) -> None:
        """Note that what ``change`` lets go is about to be asked for: from now on no run puts it back."""

        def begun(current: Matter, release: Release) -> Matter:
            going = tuple(sorted({*release.going, *letting_go.concerned(current, release, change)}))
            return letting_go.with_release(current, replace(release, begun=release.begun or self.desk.clock.now(), going=going))

        self._of_release(due, begun, "release_begun")

    def not_done(self, due: Due, change: Change, still: AbstractSet[str] | None) -> None:
        """Note that ``change`` was not done, or for some only: whoever is ``still`` on it (None: everybody) is held, and followed, as before.

        Those who were seen off it are let go.
        """

        def held(current: Matter, release: Release) -> Matter:
            off = letting_go.concerned(current, release, change, still) if still is not None else frozenset[str]()
            return letting_go.let_go(current, release, change, self.desk.clock.now(), off)

        self._of_release(due, held, "release_refused")

    def done(self, alias: str) -> None:
        """Note what was seen done by now and, with the last of it, that the release is over."""
        self._caught_up(self._now_of(alias))

    def let_go(self, tenant: str) -> LetGo:
        """Keys of which a difference in a tenant may be a release's own doing."""
        begun = self._changes.find(self.register.begun())
        if not begun:
            return LetGo()
        now = {change for matter in self.register.releasing() if matter.release is not None for change in matter.release.changes}
        bound = self._bindings.of(tenant)
        here = [one for one in begun if one.tenant == tenant]
        return LetGo(
            going=frozenset(one.key for one in here if one.id in now and one.status is ChangeStatus.ACCEPTED),
            gone=frozenset(one.key for one in here if one.status is ChangeStatus.EFFECTIVE and one.key not in bound),
        )

    def wanted_elsewhere(self, tenant: str, alias: str) -> frozenset[str]:
        """Members of what is the platform's own (litigation hold) that other matters than ``alias`` want in it: they stay."""
        return frozenset(
            source.place.member
            for other in self.register.open() if other.tenant_alias != alias
            for source in other.followed
            if source.tenant == tenant and source.workload is Workload.LITIGATION_HOLD and source.place.member is not None
        )

    # -- inside

    def _may_ask(self, matter: Matter) -> None:
        if matter.state is MatterState.RELEASED:
            raise MatterError("matter.released", "This matter has been released.", "See `hold status`.")
        if matter.release is not None:
            raise MatterError(
                "release.open", "A release of this matter is under way already.",
                "See `hold status`, wait for it, or end it: hold release ALIAS --stop.",
            )
        ours = {one.subject for one in self.desk.journal.open_intents() if one.body.get("matter") == matter.tenant_alias}
        if ours:
            raise MatterError(
                "release.unsettled", f"What became of {len(ours)} of the matter's objects is not known yet.",
                "Run `recordwarden sync` until `status` shows nothing in flight for them, and ask again.",
            )

    def _of(self, scope: Scope) -> tuple[Change, ...]:
        grounds = [self._ground(tenant) for tenant in self.desk.district.tenants]
        found = tuple(change for ground in grounds for change in letting_go.changes(scope, ground))
        return found or (letting_go.on_paper(scope, grounds[0]),)

    def _outgrown(self, matter: Matter, release: Release, kept: Iterable[Change]) -> bool:
        return letting_go.outgrown(matter, release, kept, (self._ground(tenant) for tenant in self.desk.district.tenants))

    def _ground(self, tenant: Tenant) -> Ground:
        return Ground(
            tenant=tenant.id, identity=Pins(self.desk.store).get(tenant.id) or "", container=CONTAINER[tenant.platform],
            bindings=self._bindings.of(tenant.id),
        )

    def _caught_up(self, matter: Matter) -> Matter:
        """``matter`` with everything that its release was seen to have done, also what a crash kept from being noted."""
        release = matter.release
        if release is None:
            return matter
        done = {one.id: one.change for one in self._changes.find(release.changes) if one.status is ChangeStatus.EFFECTIVE}

        def noted(current: Matter) -> Matter:
            now, after = self.desk.clock.now(), current
            for change in done.values():
                if after.release is None or after.release.id != release.id:
                    return current  # it was ended meanwhile, and everybody is to be held
                after = letting_go.let_go(after, after.release, change, now)
            over = after.release is not None and after.release.id == release.id and done.keys() >= set(release.changes)
            if over and after.release is not None and not self._outgrown(after, after.release, done.values()):
                after = letting_go.finished(after, after.release, now)
            return after

        return self._change(matter, noted, "let_go")

    def _agreed(self, matter: Matter, release: Release, *, lasting: bool = False) -> bool:
        """Whether every change has the yeses that it needs, from officers who could give them today. ``lasting``: however long ago they did."""
        consents = consenting(self.desk, lambda alias: _on_hold(matter), release.changes, lasting=lasting)  # noqa: ARG005  # all are of this matter
        kept = self._changes.find(release.changes)
        return len(kept) == len(release.changes) and all(len(consents.get(one.id, ())) >= needed(one.change.direction, None) for one in kept)

    def _by_counsel(self, release: Release) -> bool:
        counsel = {one.id for one in self.desk.district.officers if Role.COUNSEL in one.roles}
        said = Approvals(self.desk.store).of(release.changes)
        signed = {release.officer, *(one.officer for given in said.values() for one in given if one.verdict == "yes")}
        return bool(signed & counsel)

    def _now_of(self, alias: str) -> Matter:
        found = self.register.get(alias)
        assert found is not None, "a matter is never taken out of the register"
        return found

    def _of_release(self, due: Due, act: Callable[[Matter, Release], Matter], event: str) -> None:
        """Write what ``act`` makes of the matter and its release; nothing where that release is over by now."""

        def still(current: Matter) -> Matter:
            release = current.release
            return act(current, release) if release is not None and release.id == due.release.id else current

        self._change(due.matter, still, event)

    def _change(self, matter: Matter, act: Callable[[Matter], Matter], event: str, by: Author = PROGRAM) -> Matter:
        return self.register.change(matter.tenant_alias, lambda current: self._settle(act(current)), Event(name=event, by=by))


def _on_hold(matter: Matter) -> AbstractSet[str]:
    return frozenset(address for person in matter.people if person.released is None for address in letting_go.addresses(person))
