"""Carry out what a release that is due consists of, in one tenant. The one place from which protection is taken away, and only as it was approved.

Everything is looked at again before it is touched. What is so already counts as done; what holds somebody whom nobody released, or has become another
than the officers approved, is left alone and told. Asking twice does no harm, so a lost answer is settled by the next look.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from connectors.base import Reader, Receipt, Releaser
from connectors.errors import ConnectorError, LockedError, UnknownOutcomeError
from policies.kinds import TRAITS, Kind
from policies.problems import Problem, Severity
from policies.resources import Force, Live
from sync.consider import Considered
from sync.desk import Desk
from sync.lease import Lease
from sync.ledger import Progress
from sync.matching import switched_off
from sync.matters import letting_go
from sync.matters.letting_go import CONTAINERS
from sync.matters.model import SourceState
from sync.matters.releases import Due, Releases
from sync.plan import Change, ChangeStatus, Operation, Refusal
from sync.record import Record
from sync.renaming import under_names_of_today
from sync.store import Session
from sync.store.bindings import Bindings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What was carried out in one tenant, what was read back under each key, and what people have to know of the rest."""

    progress: tuple[Progress, ...] = ()
    live: dict[str, Live] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What looks, and what lets go, in one tenant."""

    reader: Reader
    releaser: Releaser


class Ender:
    """Carries out releases in one tenant that was just looked at, under the lease of its hold lane."""

    def __init__(self, desk: Desk, lease: Lease, seen: Considered, hands: Hands, releases: Releases) -> None:
        self.desk = desk
        self.releases = releases
        self.lease = lease
        self.seen = seen
        self.reader = hands.reader
        self.releaser = hands.releaser
        self.bindings = Bindings(desk.store)
        self._bound = self.bindings.of(seen.look.tenant.id)
        self.record = Record(desk, lease, hands.releaser)
        snapshot = seen.look.snapshot
        assert snapshot is not None
        self.snapshot = snapshot
        self._live = {(one.kind, one.vendor_id): one for one in snapshot.resources}
        self._blocked = frozenset(one.key for one in seen.blocked)
        self._writes = {one.kind: one for one in seen.look.capabilities}
        self._problems: list[Problem] = []

    def run(self, due: Iterable[Due]) -> Ended:
        """Everything of ``due`` that may be done, in order. Raises ``Stopped`` or ``LeaseLost`` between two changes, never inside one."""
        progress = []
        for one in due:
            if not one.changes:
                self._tell(one, "release.stale", "What was approved is done, and something that it does not know holds its people by now.", _ANEW)
            progress += [found for change in one.changes for found in self._one(one, change)]
        live = {one.change.key: seen for one in progress if (seen := self._live.get((one.change.kind, one.change.vendor_id or "")))}
        return Ended(progress=tuple(progress), live=live, problems=tuple(self._problems))

    def _one(self, due: Due, change: Change) -> Iterable[Progress]:
        """How far the change has come; nothing where what became of it before is not known yet."""
        if change.key in self._blocked or (due.agreed and not self.releases.goes_on(due)):
            return ()
        if change.kind in CONTAINERS and any(self._out_of_sight(other) for other in due.changes):
            return ()  # closed by somebody else with holds of the release in it, which were told: it is opened for them, and closed at the end
        live = self._live.get((change.kind, change.vendor_id or ""))
        why = self._unknown(due, change) or self._against(due, change, live)
        if why is None and (live is None or is_over(change, self._leaving(due, change), live)):
            return (self._seen_done(due, change),)
        why = why or (self._in_the_way(due, change, live) if live is not None else None)
        if why is not None or live is None:
            return (self._refused(due, change, *why),) if why is not None else ()
        if self._on_their_way(due, change, live):
            now = self.desk.clock.now()
            return (Progress(change=change, status=ChangeStatus.ACCEPTED, intent=now, accepted=now, vendor_id=change.vendor_id),)
        again = self._looked_again(due, change, live)
        return (again,) if isinstance(again, Progress) else self._asked_for(due, change, again)

    def _asked_for(self, due: Due, change: Change, live: Live) -> Iterable[Progress]:
        """The change, sent; nothing where the release was ended a moment before: that is heard until the last one."""
        self.lease.check(need_seconds=self.desk.district.timeouts.request, shrinking=True)
        self.releases.begin(due, change)
        return (self._send(due, change, live),) if self.releases.goes_on(due) else ()

    def _looked_again(self, due: Due, change: Change, live: Live) -> Live | Progress:
        """A hold to be ended as it is now: what was read before the first change may be minutes old, and nobody calls back a hold that is gone."""
        if change.operation is not Operation.RELEASE or change.kind in CONTAINERS:
            return live
        try:
            now = self.reader.read_back(live.ref(change.tenant))
        except ConnectorError as error:
            words = f"{change.name} could not be read again before it was to be ended: {error.message}"
            return self._refused(due, change, "kind.unknown", words, "The next run looks again.")
        if now is None:
            return self._seen_done(due, change)
        why = self._in_the_way(due, change, now)
        return now if why is None else self._refused(due, change, *why)

    # -- what speaks against it

    def _unknown(self, due: Due, change: Change) -> _Why | None:
        """What makes it another release than the one approved, or leaves open what the tenant holds."""
        if not due.agreed:
            return "release.unapproved", "Fewer than two of those who approved it could do so today.", _ANEW
        if due.stale:
            return "release.stale", "Something that it does not know holds its people by now; nothing more of it is carried out.", _ANEW
        if self.seen.look.identity_changed:
            return "tenant.identity_changed", "Another tenant answers under this id.", "Settings have to lead to the tenant that was met first."
        if change.vendor_id is not None and not self.snapshot.complete(change.kind):
            read = self.snapshot.reads.get(change.kind)
            reason = read.reason if read is not None and read.reason else "it was not read"
            words = f"{change.name} was not read in full ({reason}), so that nobody can say who is on it; it was left as it is."
            return "kind.unknown", words, "See doctor for what this kind shows."
        if self._out_of_sight(change):
            words = f"Somebody closed the matter of {change.name}; what is in a closed matter Vault does not show, so that nobody can say it is gone."
            return "release.matter_closed", words, _OPENED
        return None

    def _out_of_sight(self, change: Change) -> bool:
        """Whether it is a hold of Vault's that is not seen because its matter is not open: none of such a matter is listed (G§1.6)."""
        if change.kind is not Kind.GOOGLE_HOLD or (change.kind, change.vendor_id or "") in self._live:
            return False
        around = (self._bound.get(key) for key in (change.key, change.parent or ""))
        ids = {one.vendor_id if one.kind is Kind.GOOGLE_MATTER else one.parent_id for one in around if one is not None}
        return any(is_off(one) for one in self._live.values() if one.kind is Kind.GOOGLE_MATTER and one.vendor_id in ids)

    def _against(self, due: Due, change: Change, live: Live | None) -> _Why | None:
        """What is ours under the key today is not what the officers saw, or there is more of it."""
        binding = self._bound.get(change.key)
        if binding is not None and change.vendor_id is not None and binding.vendor_id != change.vendor_id:
            return "release.stale", f"{change.name} was made anew since the release was approved.", _ANEW
        if change.kind in CONTAINERS or TRAITS[change.kind].shared:
            return None
        leaving = self._leaving(due, change)
        others = [
            one for one in self.snapshot.of(change.kind)
            if one is not live and one.mark is not None and (one.mark.district, one.mark.key) == (self.desk.district.id, change.key)
            and not is_off(one) and (not one.members or one.members & leaving)
        ]
        if others:
            words = f"{len(others)} more of our holds carry the mark of {change.name} and hold the same people."
            return "mark.duplicate", words, "Two officers approve the end of the one that is not followed (recordwarden approvals); then it goes on."
        return None

    def _in_the_way(self, due: Due, change: Change, live: Live) -> _Why | None:
        """What would be lost with it, or what we may not do."""
        capability = self._writes.get(change.kind)
        if capability is not None and capability.cannot_be_tried:
            step = f"Do it in the vendor's console: {_BY_HAND[change.operation]}; the next run sees it."
            return "capability.missing", f"{change.kind.value} cannot be written in this tenant.", step
        if change.kind in CONTAINERS:
            inside = [one for one in self._live.values() if one.parent_id == change.vendor_id and not is_off(one)]
            words = f"{len(inside)} holds are still in {change.name}, so it stays open."
            return ("release.holds_left", words, _WAIT) if inside else None
        strangers = live.members - self._leaving(due, change) - self._let_go_before(due, change)
        if change.operation is Operation.RELEASE and strangers:
            words = f"{change.name} holds {len(strangers)} besides those that the matter names; they would lose it with the rest."
            return "release.others", words, "See with whoever added them, then take them out in the console or put them on hold by an order."
        return None

    def _refused(self, due: Due, change: Change, code: str, message: str, next_step: str) -> Progress:
        self._tell(due, code, message, next_step)
        if code not in _NOT_TOLD and letting_go.concerned(due.matter, due.release, change) & set(due.release.going):
            self.releases.not_done(due, change, None)  # an answer was lost before; whoever is off it is put back at the next look
        stopped = replace(change, refusals=(Refusal(code=code, message=message, allowed_by=next_step),))
        return Progress(change=stopped, status=ChangeStatus.REFUSED, vendor_id=change.vendor_id)

    def _tell(self, due: Due, code: str, message: str, next_step: str) -> None:
        tenant = self.seen.look.tenant.id
        self._problems.append(
            Problem(code=code, severity=Severity.ERROR, tenant=tenant, subject=due.matter.tenant_alias, message=message, next_step=next_step)
        )

    # -- who it is about

    def _leaving(self, due: Due, change: Change) -> frozenset[str]:
        """Those to be let go under the names that their accounts have today, and the mailboxes that deleted accounts leave.

        With the matter as a whole everybody goes whom it holds there, whoever joined its units since, too. What another open matter wants of what
        is the platform's own stays.
        """
        binding, roster = self._bound.get(change.key), self.seen.look.roster
        found = change.remove if due.release.people else change.remove | self._members(due, change)
        if binding is not None and roster is not None:
            found = under_names_of_today({change.key: replace(binding, members=found)}, roster, self.snapshot)[change.key].members
        found |= {_twin(member) for member in found if member.startswith(_MAIL)}
        if TRAITS[change.kind].shared:
            # What somebody else had switched on before is not ours to switch off, though it served the matter too.
            found &= self.record.changes.added(change.tenant, change.kind)
            found -= self.releases.wanted_elsewhere(change.tenant, due.matter.tenant_alias)
        return found

    @staticmethod
    def _members(due: Due, change: Change) -> frozenset[str]:
        return frozenset(
            one.place.member for one in due.matter.sources if one.tenant == change.tenant and one.resource == change.key and one.place.member
        )

    @staticmethod
    def _let_go_before(due: Due, change: Change) -> frozenset[str]:
        """Members that an earlier release let go and whom the hold names still, as a hold does that was switched off and on again."""
        return frozenset(
            one.place.member for one in due.matter.sources
            if one.tenant == change.tenant and one.resource == change.key and one.state is SourceState.RELEASED and one.place.member
        )

    def _on_their_way(self, due: Due, change: Change, live: Live) -> bool:
        """Whether the platform lists those to be let go only as being taken out: it was told, and is not asked again."""
        still = self._leaving(due, change) & live.members
        states = (live.member_states.get(one) for one in still)
        return change.operation is Operation.REMOVE and all(state is not None and state.force is Force.OFF for state in states)

    # -- doing it

    def _seen_done(self, due: Due, change: Change) -> Progress:
        now = self.desk.clock.now()
        over = Progress(change=change, status=ChangeStatus.EFFECTIVE, intent=now, effective=now, vendor_id=change.vendor_id)
        with self.desk.store.write() as session:
            self.lease.guard(session)
            self.record.changes.put(session, over)
            self._unbind(session, due, change)
        self.releases.done(due.matter.tenant_alias)
        return over

    def _send(self, due: Due, change: Change, live: Live) -> Progress:
        intent, progress = self.record.intend(change)
        try:
            receipt = self._call(due, change, live)
        except UnknownOutcomeError as error:
            return self.record.left_open(progress, intent, error.message)
        except LockedError as error:
            return self._outcome(due, replace(progress, status=ChangeStatus.PLANNED, error=error.message, error_code=error.code), intent)
        except ConnectorError as error:
            return self._outcome(due, replace(progress, status=ChangeStatus.FAILED, error=error.message, error_code=error.code), intent)
        self.desk.crash("call.after")
        refused = {one.member: one.error for one in receipt.members if one.error}
        progress = replace(progress, status=ChangeStatus.ACCEPTED, accepted=receipt.accepted_at, member_errors=refused)
        return self._read_back(due, progress, intent, live)

    def _call(self, due: Due, change: Change, live: Live) -> Receipt:
        ref = live.ref(change.tenant)
        if change.operation is Operation.REMOVE:
            return self.releaser.remove(ref, self._leaving(due, change) & live.members, live)
        return self.releaser.end(ref, live)

    def _read_back(self, due: Due, progress: Progress, intent: int, before: Live) -> Progress:
        """It is over when the tenant shows it so; the platform's yes alone lets nobody go here."""
        change = progress.change
        try:
            live = self.reader.read_back(before.ref(change.tenant))
        except ConnectorError as error:
            return self._outcome(due, replace(progress, error=error.message, error_code="read_back.failed"), intent)
        if live is not None and not is_over(change, self._leaving(due, change), live):
            if self._on_their_way(due, change, live):
                return self._outcome(due, progress, intent)
            words = "The platform answered yes, and reading it again showed that somebody is held still."
            still = self._leaving(due, change) & live.members
            return self._outcome(due, replace(progress, status=ChangeStatus.FAILED, error_code="read_back.differs", error=words), intent, still)
        self._live.pop((before.kind, before.vendor_id), None)
        if live is not None:
            self._live[live.kind, live.vendor_id] = live
        return self._outcome(due, replace(progress, status=ChangeStatus.EFFECTIVE, effective=self.desk.clock.now()), intent)

    def _outcome(self, due: Due, progress: Progress, intent: int, still: frozenset[str] | None = None) -> Progress:
        """Written down; ``still`` are the members that are on it, as far as that was read: those who are off it are put back by nobody."""
        def unbound(session: Session) -> None:
            if progress.status is ChangeStatus.EFFECTIVE:
                self._unbind(session, due, progress.change)

        self.record.outcome(progress, intent, unbound)
        if progress.status is ChangeStatus.EFFECTIVE:
            self.releases.done(due.matter.tenant_alias)
        elif progress.status is not ChangeStatus.ACCEPTED:
            self.releases.not_done(due, progress.change, still)
        return progress

    def _unbind(self, session: Session, due: Due, change: Change) -> None:
        """What is over is ours no longer; a hold that let some people go is ours with the others in it."""
        binding = self._bound.get(change.key)
        if binding is None or binding.vendor_id != change.vendor_id:
            return
        left = binding.members - change.remove - self._leaving(due, change)
        if change.operation is Operation.RELEASE or (TRAITS[change.kind].shared and not left):
            self.bindings.forget(session, change.tenant, change.key)
        else:
            self.bindings.put(session, replace(binding, members=left))


def _twin(member: str) -> str:
    """A mailbox as it is listed beside itself once its account is deleted: the same address with a period before it, or without (M§5)."""
    place = member.removeprefix(_MAIL)
    return f"{_MAIL}{place.removeprefix('.') if place.startswith('.') else f'.{place}'}"


def is_over(change: Change, leaving: frozenset[str], live: Live) -> bool:
    """Whether the live object shows what a release asked for: it is off or closed, or none of ``leaving`` is in it."""
    if change.operation is Operation.REMOVE:
        return not leaving & live.members
    return is_off(live)


def is_off(live: Live) -> bool:
    """Off as a hold, or closed as a case or matter."""
    if live.kind in CONTAINERS:
        return live.fields.get("state") not in {None, "open"}
    return switched_off(live)


_Why: TypeAlias = tuple[str, str, str]
"""Code, message and next step."""
_NOT_TOLD: Final = frozenset({"kind.unknown", "tenant.identity_changed"})
"""Refusals of a look that could not tell what is held."""
_MAIL: Final = "mail:"
_ANEW: Final = "Ask anew: recordwarden hold release ALIAS --stop, then with --reason-file and --counsel-consent."
_WAIT: Final = "The next run looks again; a hold that is not of this release (another's, or one put aside) is ended by its owner in the console."
_OPENED: Final = "`recordwarden sync` opens it again, and its next run goes on; Vault's log has who closed it."
_BY_HAND: Final = {
    Operation.REMOVE: "take these people out of the hold",
    Operation.RELEASE: "switch the hold off, or close the case",
}

__all__ = ["Ended", "Ender", "is_off", "is_over"]
