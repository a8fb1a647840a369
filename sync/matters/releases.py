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
from sync.store.bindings import Bindings
from sync.store.changes import Changes
from sync.store.pins import Pins

CONTAINER: Final = {Platform.MICROSOFT365: Kind.M365_CASE, Platform.GOOGLE_WORKSPACE: Kind.GOOGLE_MATTER}
PROGRAM: Final = Author()


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What of one release is to be carried out in one tenant. ``stale``: it has become another than the one that was approved."""

    matter: Matter
    release: Release
    changes: tuple[Change, ...]
    stale: bool = False


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
            people=tuple(sorted(scope.people)),
        )
        with self.desk.store.write() as session:
            self._changes.keep_changes(session, changes, now, signer.officer)
        self._keep(matter, letting_go.with_release(matter, release), "release_asked", signed_by(signer))
        return release

    def stop(self, matter: Matter, signer: Signer) -> Release:
        """The open release of ``matter``, ended by an officer: what is not let go yet stays on hold. Raises MatterError ``release.none``."""
        release = matter.release
        if release is None:
            raise MatterError("release.none", "No release of this matter is under way.", "See `hold status`.")
        stopped = replace(release, stopped=self.desk.clock.now(), stopped_by=signer.officer)
        self._keep(matter, letting_go.with_release(matter, stopped), "release_stopped", signed_by(signer))
        self.forget(stopped)
        return stopped

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
                self._keep(matter, letting_go.with_release(matter, approved), "release_approved")
                found.append(approved)
        return tuple(found)

    # -- what a run asks

    def asked(self) -> frozenset[str]:
        """Ids of the changes of every open release: no look at a tenant overtakes them."""
        return frozenset(change for matter in self.register.releasing() if matter.release for change in matter.release.changes)

    def due(self, tenant: str) -> tuple[Due, ...]:
        """What is to be carried out in a tenant now: approved, waited for, not stopped."""
        self.weigh()
        now = self.desk.clock.now()
        found = []
        for matter in self.register.releasing():
            release = matter.release
            if release is not None and release.due is not None and release.due <= now:
                one = self._due(matter, release, tenant)
                if one is not None:
                    found.append(one)
        return tuple(found)

    def begin(self, due: Due) -> None:
        """Note that ``due`` is being carried out: from now on no run puts its people back. One that was ended meanwhile is not begun."""
        matter = self._now(due.matter)
        if matter.release is not None and matter.release.id == due.release.id and matter.release.begun is None:
            begun = replace(matter.release, begun=self.desk.clock.now())
            self._keep(matter, letting_go.with_release(matter, begun), "release_begun")

    def goes_on(self, due: Due) -> bool:
        """Whether the release is still to be carried out, as the register has it at this moment."""
        release = self._now(due.matter).release
        return release is not None and release.id == due.release.id and release.letting_go

    def done(self, alias: str, change: Change) -> None:
        """Note that one change was seen done, and with the last one that the release is over."""
        matter = self._now_of(alias)
        release = matter.release
        if release is None or change.id not in release.changes:
            return
        after = letting_go.let_go(matter, change, self.desk.clock.now())
        over = frozenset(release.changes) <= self._ended(release) | {change.id}
        if over:
            after = letting_go.finished(after, release, self.desk.clock.now())
        self._keep(matter, after, "released" if over else "let_go")

    def let_go(self, tenant: str) -> frozenset[str]:
        """Keys of what releases ended in a tenant, or are ending: that it is gone or off is no change from outside."""
        ids = self.register.begun()
        if not ids:
            return frozenset()
        ending = {change for matter in self.register.releasing() if matter.release and matter.release.begun for change in matter.release.changes}
        bound = self._bindings.of(tenant)
        return frozenset(one.key for one in self._changes.find(ids) if one.tenant == tenant and (one.id in ending or one.key not in bound))

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
        grounds = [self._ground(tenant, scope.matter) for tenant in self.desk.district.tenants]
        found = tuple(change for ground in grounds for change in letting_go.changes(scope, ground))
        return found or (letting_go.on_paper(scope, grounds[0]),)

    def _ground(self, tenant: Tenant, matter: Matter) -> Ground:
        elsewhere = {
            source.place.member
            for other in self.register.open() if other.tenant_alias != matter.tenant_alias
            for person in other.held for source in other.sources_of(person.id)
            if source.tenant == tenant.id and source.workload is Workload.LITIGATION_HOLD and source.place.member is not None
        }
        return Ground(
            tenant=tenant.id, identity=Pins(self.desk.store).get(tenant.id) or "", container=CONTAINER[tenant.platform],
            bindings=self._bindings.of(tenant.id), elsewhere=frozenset(elsewhere),
        )

    def _due(self, matter: Matter, release: Release, tenant: str) -> Due | None:
        """What is left to do; anything else than what was approved makes it stale, for nobody said yes to that."""
        scope = Scope(matter=matter, release=release.id, people=frozenset(release.people))
        ended = self._ended(release)
        left = tuple(one for one in self._of(scope) if one.tenant == tenant and one.id not in ended)
        known = {one.id for one in self._changes.find(release.changes) if one.tenant == tenant} - ended
        if not left and not known:
            return None
        return Due(matter=matter, release=release, changes=left, stale={one.id for one in left} != known)

    def _ended(self, release: Release) -> frozenset[str]:
        return frozenset(one.id for one in self._changes.find(release.changes) if one.status is ChangeStatus.EFFECTIVE)

    def _agreed(self, matter: Matter, release: Release) -> bool:
        consents = consenting(self.desk, lambda alias: _on_hold(matter) if alias == matter.tenant_alias else frozenset())
        kept = self._changes.find(release.changes)
        return len(kept) == len(release.changes) and all(len(consents.get(one.id, ())) >= needed(one.change.direction, None) for one in kept)

    def _by_counsel(self, release: Release) -> bool:
        counsel = {one.id for one in self.desk.district.officers if Role.COUNSEL in one.roles}
        given = consenting(self.desk, lambda alias: frozenset())  # noqa: ARG005  # who is on hold was weighed before
        signed = {release.officer, *(officer for change in release.changes for officer in given.get(change, ()))}
        return bool(signed & counsel)

    def _now(self, matter: Matter) -> Matter:
        return self._now_of(matter.tenant_alias)

    def _now_of(self, alias: str) -> Matter:
        found = self.register.get(alias)
        assert found is not None, "a matter is never taken out of the register"
        return found

    def _keep(self, before: Matter, after: Matter, event: str, by: Author = PROGRAM) -> None:
        self.register.keep(before, self._settle(after), Event(name=event, by=by), self._settle)


def _on_hold(matter: Matter) -> AbstractSet[str]:
    return frozenset(address for person in matter.people if person.released is None for address in letting_go.addresses(person))
