"""Carry out what a release that is due consists of, in one tenant. The one place from which protection is taken away, and only as it was approved.

Everything is looked at again before it is touched. What is so already counts as done; what holds somebody whom nobody released, or has become another
than the officers approved, is left alone and told. Asking twice does no harm, so a lost answer is settled by the next look.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from connectors.base import Reader, Receipt, Releaser
from connectors.errors import ConnectorError, LockedError, UnknownOutcomeError
from policies.kinds import TRAITS, Kind
from policies.problems import Problem, Severity
from policies.resources import Force, Live
from sync.consider import Considered
from sync.desk import Desk
from sync.lease import Lease
from sync.ledger import Progress
from sync.matters.letting_go import CONTAINERS
from sync.matters.releases import Due, Releases
from sync.plan import Change, ChangeStatus, Operation
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


class Ender:
    """Carries out releases in one tenant that was just looked at, under the lease of its hold lane."""

    def __init__(self, desk: Desk, lease: Lease, seen: Considered, reader: Reader, releaser: Releaser) -> None:
        self.desk = desk
        self.lease = lease
        self.seen = seen
        self.reader = reader
        self.releaser = releaser
        self.bindings = Bindings(desk.store)
        self.record = Record(desk, lease, releaser)
        snapshot = seen.look.snapshot
        assert snapshot is not None
        self.snapshot = snapshot
        self._live = {(one.kind, one.vendor_id): one for one in snapshot.resources}
        self._blocked = frozenset(one.key for one in seen.blocked)
        self._writes = {one.kind: one for one in seen.look.capabilities}
        self._problems: list[Problem] = []

    def run(self, releases: Releases, due: Iterable[Due]) -> Ended:
        """Everything of ``due`` that may be done, in order. Raises ``Stopped`` or ``LeaseLost`` between two changes, never inside one."""
        progress: list[Progress] = []
        for one in due:
            if one.stale:
                self._tell(one, "release.stale", "The matter is another now than the one whose release was approved.",
                           f"Ask anew: hold release {one.matter.alias} --stop, then with --reason-file and --counsel-consent.")
                continue
            releases.begin(one)
            for change in one.changes:
                if not releases.goes_on(one):
                    break  # an officer ended it, or an order came, while this was under way
                found = self._one(one, change)
                if found is not None:
                    progress.append(found)
                if found is not None and found.status is ChangeStatus.EFFECTIVE:
                    releases.done(one.matter.tenant_alias, change)
        live = {one.change.key: seen for one in progress if (seen := self._live.get((one.change.kind, one.change.vendor_id or "")))}
        return Ended(progress=tuple(progress), live=live, problems=tuple(self._problems))

    def _one(self, due: Due, change: Change) -> Progress | None:
        """How far the change has come; None where it was not begun."""
        if change.key in self._blocked:
            return None
        now = self.desk.clock.now()
        live = self._live.get((change.kind, change.vendor_id or ""))
        if change.vendor_id is None or (self.snapshot.complete(change.kind) if live is None else is_over(change, self._leaving(change), live)):
            over = Progress(change=change, status=ChangeStatus.EFFECTIVE, intent=now, effective=now, vendor_id=change.vendor_id)
            with self.desk.store.write() as session:
                self.lease.guard(session)
                self.record.changes.put(session, over)
                self._unbind(session, change)
            return over
        why = self._against(change, live)
        if why is not None:
            self._tell(due, *why)
            return None
        assert live is not None
        if self._on_their_way(change, live):
            return Progress(change=change, status=ChangeStatus.ACCEPTED, intent=now, accepted=now, vendor_id=change.vendor_id)
        return self._send(change, live)

    def _on_their_way(self, change: Change, live: Live) -> bool:
        """Whether the platform lists those to be let go only as being taken out: it was told, and is not asked again."""
        still = self._leaving(change) & live.members
        states = (live.member_states.get(one) for one in still)
        return change.operation is Operation.REMOVE and all(state is not None and state.force is Force.OFF for state in states)

    def _leaving(self, change: Change) -> frozenset[str]:
        """Those to be let go, under the names that their accounts have today."""
        binding = self.bindings.of(change.tenant).get(change.key)
        if binding is None or self.seen.look.roster is None:
            return change.remove
        today = under_names_of_today({change.key: replace(binding, members=change.remove)}, self.seen.look.roster, self.snapshot)
        return today[change.key].members

    def _against(self, change: Change, live: Live | None) -> tuple[str, str, str] | None:
        """Code, message and next step of what stands against it now; None where nothing does."""
        if live is None:
            read = self.snapshot.reads.get(change.kind)
            reason = read.reason if read is not None and read.reason else "it was not read"
            return "kind.unknown", f"{change.name} was not seen ({reason}), so it was left as it is.", "See doctor for what this kind shows."
        if self.seen.look.identity_changed:
            return "tenant.identity_changed", "Another tenant answers under this id.", "Settings have to lead to the tenant that was met first."
        capability = self._writes.get(change.kind)
        if capability is not None and capability.cannot_be_tried:
            step = f"Do it in the vendor's console: {_BY_HAND[change.operation]}; the next run sees it."
            return "capability.missing", f"{change.kind.value} cannot be written in this tenant.", step
        strangers = live.members - self._leaving(change) if change.operation is Operation.RELEASE and change.kind not in CONTAINERS else frozenset()
        if strangers:
            message = f"{change.name} holds {len(strangers)} besides those that the matter names; they would lose it with the rest."
            return "release.others", message, "See with whoever added them, then take them out in the console or put them on hold by an order."
        inside = [one for one in self._live.values() if change.kind in CONTAINERS and one.parent_id == change.vendor_id and not is_off(one)]
        if inside:
            return "release.holds_left", f"{len(inside)} holds are still in {change.name}, so it stays open.", _WAIT
        return None

    def _send(self, change: Change, live: Live) -> Progress:
        self.lease.check(need_seconds=self.desk.district.timeouts.request, shrinking=True)
        intent, progress = self.record.intend(change)
        try:
            receipt = self._call(change, live)
        except UnknownOutcomeError as error:
            return self.record.left_open(progress, intent, error.message)
        except LockedError as error:
            return self._outcome(replace(progress, status=ChangeStatus.PLANNED, error=error.message, error_code=error.code), intent)
        except ConnectorError as error:
            return self._outcome(replace(progress, status=ChangeStatus.FAILED, error=error.message, error_code=error.code), intent)
        self.desk.crash("call.after")
        refused = {one.member: one.error for one in receipt.members if one.error}
        progress = replace(progress, status=ChangeStatus.ACCEPTED, accepted=receipt.accepted_at, member_errors=refused)
        return self._read_back(progress, intent, live)

    def _call(self, change: Change, live: Live) -> Receipt:
        ref = live.ref(change.tenant)
        if change.operation is Operation.REMOVE:
            return self.releaser.remove(ref, self._leaving(change) & live.members, live)
        return self.releaser.end(ref, live)

    def _read_back(self, progress: Progress, intent: int, before: Live) -> Progress:
        """It is over when the tenant shows it so; the platform's yes alone lets nobody go here."""
        change = progress.change
        try:
            live = self.reader.read_back(before.ref(change.tenant))
        except ConnectorError as error:
            return self._outcome(replace(progress, error=error.message, error_code="read_back.failed"), intent)
        if live is not None and self._on_their_way(change, live) and not is_over(change, self._leaving(change), live):
            return self._outcome(progress, intent)
        if live is not None and not is_over(change, self._leaving(change), live):
            return self._outcome(
                replace(
                    progress, status=ChangeStatus.FAILED, error_code="read_back.differs",
                    error="The platform answered yes, and reading it again showed that somebody is held still.",
                ),
                intent,
            )
        self._live.pop((before.kind, before.vendor_id), None)
        if live is not None:
            self._live[live.kind, live.vendor_id] = live
        return self._outcome(replace(progress, status=ChangeStatus.EFFECTIVE, effective=self.desk.clock.now()), intent)

    def _outcome(self, progress: Progress, intent: int) -> Progress:
        def unbound(session: Session) -> None:
            if progress.status is ChangeStatus.EFFECTIVE:
                self._unbind(session, progress.change)

        self.record.outcome(progress, intent, unbound)
        return progress

    def _unbind(self, session: Session, change: Change) -> None:
        """What is over is ours no longer; a hold that let some people go is ours with the others in it."""
        binding = self.bindings.of(change.tenant).get(change.key)
        if binding is None:
            return
        left = binding.members - change.remove
        if change.operation is Operation.RELEASE or (TRAITS[change.kind].shared and not left):
            self.bindings.forget(session, change.tenant, change.key)
        else:
            self.bindings.put(session, replace(binding, members=left))

    def _tell(self, due: Due, code: str, message: str, next_step: str) -> None:
        tenant = self.seen.look.tenant.id
        self._problems.append(
            Problem(code=code, severity=Severity.ERROR, tenant=tenant, subject=due.matter.tenant_alias, message=message, next_step=next_step)
        )


def is_over(change: Change, leaving: frozenset[str], live: Live) -> bool:
    """Whether the live object shows what a release asked for: it is off or closed, or none of ``leaving`` is in it."""
    if change.operation is Operation.REMOVE:
        return not leaving & live.members
    return is_off(live)


def is_off(live: Live) -> bool:
    """Off as a hold, or closed as a case or matter. A hold of Vault's has no such state: it is there or it is not."""
    if live.kind in CONTAINERS:
        return live.fields.get("state") not in {None, "open"}
    return live.kind is Kind.M365_HOLD and (live.fields.get("enabled") is False or live.force is Force.OFF)


_WAIT: Final = "The next run looks again; a hold that is not of this release (another's, or one put aside) is ended by its owner in the console."
_BY_HAND: Final = {
    Operation.REMOVE: "take these people out of the hold",
    Operation.RELEASE: "switch the hold off, or close the case",
}

__all__ = ["Ended", "Ender", "is_off", "is_over"]
