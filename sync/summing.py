"""Sum up one tenant after a run: what came of each change, what is on its way, and how each policy line stands now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from connectors.base import Lane
from connectors.effects import GOOGLE_MODELLED, M365_MODELLED
from policies.kinds import TRAITS, Kind
from policies.resources import KindRead, Live, ReadState, Ref, Snapshot
from sync.assess import AssessInput, Standing, assess
from sync.consider import Considered
from sync.decide import PEOPLE, Decision
from sync.desk import Desk
from sync.diff import diff
from sync.difference import DiffInput, DiffResult, InFlight
from sync.drift import watch
from sync.journal import EntryKind
from sync.ledger import Progress
from sync.plan import ChangeStatus
from sync.registers.attestations import attestations
from sync.registers.confirmations import latest
from sync.registers.statements import subject_of
from sync.result import TenantResult
from sync.store.bindings import Bindings
from sync.store.changes import Changes
from sync.store.journal_rows import newest
from sync.store.standings import Standings
from sync.watch.verifying import asked_kinds, verify
from sync.wording import standing_document


class Summing:
    """Sums up the tenants of one desk. Asks no tenant anything: read-backs have told what came of each change."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def result(self, seen: Considered, progress: tuple[Progress, ...], live: dict[str, Live]) -> TenantResult:
        """The tenant's part of a run's result. ``live``: what was read back under each key since the look."""
        look, decision = seen.look, seen.decision
        requests = self.desk.door(look.tenant.id).requests()
        if decision is None or look.snapshot is None:
            kinds = {
                kind: KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=look.error.code if look.error else None)
                for kind in look.connector.kinds()
            }
            return TenantResult(
                tenant=look.tenant.id, examination=look.examination, kinds=kinds, needed=frozenset(kinds), error=look.error, requests=requests
            )
        after = with_read_back(look.snapshot, live)
        flights = {lane: self._flights(seen, decision, after, lane) for lane in seen.lanes}
        standings = self._standings(seen, decision, after, flights.get(Lane.SYNC)) if Lane.SYNC in seen.lanes else ()
        flying = tuple(flight for result in flights.values() for flight in (*result.in_flight, *result.overdue))
        flying += self._waiting(decision, progress, live, {flight.key for flight in flying})
        return TenantResult(
            tenant=look.tenant.id,
            examination=look.examination,
            capabilities=look.capabilities,
            kinds=look.snapshot.reads,
            needed=needed_kinds(decision, seen.lanes) | ((PEOPLE | self._asked(seen)) & frozenset(look.snapshot.reads)),
            drift=decision.drift,
            changes=told(decision, progress, seen.lanes),
            unmanaged=unmanaged(look.snapshot, decision, self.desk.district.id),
            standings=standings,
            in_flight=tuple(flight for flight in flying if not flight.overdue),
            overdue=tuple(flight for flight in flying if flight.overdue),
            blocked=seen.blocked,
            problems=seen.problems,
            error=look.error,
            requests=requests,
        )

    def _asked(self, seen: Considered) -> frozenset[Kind]:
        """What controls want read, where this look was at it."""
        return asked_kinds(self.desk.controls, seen.look.tenant.platform) if Lane.SYNC in seen.lanes else frozenset()

    def _flights(self, seen: Considered, decision: Decision, after: Snapshot, lane: Lane) -> DiffResult:
        """The diff once more, against what was read back: what is on its way now."""
        wanted = tuple(one for one in decision.wanted.values() if TRAITS[one.kind].hold_lane is (lane is Lane.HOLD))
        return diff(
            DiffInput(
                tenant=seen.look.tenant.id,
                tenant_identity=seen.look.vendor_id,
                lane=lane,
                desired=wanted,
                snapshot=after,
                bindings=Bindings(self.desk.store).of(seen.look.tenant.id),
                now=self.desk.clock.now(),
                overdue_seconds=self.desk.district.timeouts.overdue,
                district=self.desk.district.id,
            )
        )

    def _waiting(
        self, decision: Decision, progress: tuple[Progress, ...], live: dict[str, Live], flying: set[str]
    ) -> tuple[InFlight, ...]:
        """What the platform did not take yet, busy with an earlier change of the object: since that one, as far as the platform says when it was."""
        found: dict[str, InFlight] = {}
        now, window = self.desk.clock.now(), self.desk.district.timeouts.overdue
        for one in progress:
            key = one.change.key
            if not one.waits or key in flying | found.keys():
                continue
            seen = live.get(key)
            since = (seen.changed_at if seen else None) or one.sent or now
            overdue = now - since > timedelta(seconds=window + (decision.wanted[key].settles if key in decision.wanted else 0))
            vendor_id = seen.vendor_id if seen else one.vendor_id or ""
            found[key] = InFlight(key=key, kind=one.change.kind, vendor_id=vendor_id, since=since, overdue=overdue)
        return tuple(found.values())

    def _standings(self, seen: Considered, decision: Decision, after: Snapshot, flights: DiffResult | None) -> tuple[Standing, ...]:
        tenant = seen.look.tenant.id
        standings = assess(
            decision.desired,
            AssessInput(
                snapshot=after,
                bindings=Bindings(self.desk.store).of(tenant),
                district=self.desk.district.id,
                in_flight={one.key: one for one in (*flights.in_flight, *flights.overdue)} if flights else {},
                stopped={change.key: change.refusals[0].code for change in decision.changes if change.refusals},
                by_hand=Changes(self.desk.store).made_by_hand(tenant),
                evidence=self._evidence(tenant, decision),
                stated=tuple(one.seq for one in attestations(self.desk.store, self.desk.clock.now(), subject_of(tenant))[-1:]),
            ),
        )
        store = Standings(self.desk.store)
        shown = verify(self.desk.controls, seen.look.tenant.platform, after, seen.look.roster) if seen.look.roster else ()
        standings += store.dated(tenant, shown, self.desk.clock.now())
        changed = store.changed(tenant, standings)
        if changed or store.gone(tenant, standings):
            with self.desk.store.write() as session:
                seq = self.desk.journal.append(
                    EntryKind.OBSERVATION,
                    f"standings/{tenant}",
                    {"standings": [standing_document(one) for one in changed]},
                    tenant=tenant,
                    session=session,
                )
                store.keep(session, tenant, standings, self.desk.clock.now(), seq)
        return store.witnessed(tenant, standings)

    def _evidence(self, tenant: str, decision: Decision) -> Mapping[str, tuple[int, ...]]:
        """What the journal says of the carriers, by key, and who confirmed each row of the schedule, by series."""
        keys = {key for one in decision.desired.carriages for key in one.carriers}
        with self.desk.store.read() as session:
            found = newest(session, self.desk.store.district, tenant, keys)
        return {**{series: (one.seq,) for series, one in latest(self.desk.store).items()}, **found}


def with_read_back(snapshot: Snapshot, live: dict[str, Live]) -> Snapshot:
    """The snapshot with every object that was read back since in its newest form."""
    newest = {(one.kind, one.vendor_id): one for one in live.values()}
    kept = tuple(newest.pop((one.kind, one.vendor_id), one) for one in snapshot.resources)
    return replace(snapshot, resources=(*kept, *newest.values()))


def needed_kinds(decision: Decision, lanes: tuple[Lane, ...]) -> frozenset[Kind]:
    """The kinds that this run needed to see, in the lanes that were looked at: what is wanted and bound, and what keeps and deletes beside it."""
    kinds = {one.kind for one in decision.wanted.values()} | {one.kind for one in decision.bindings.values()} | M365_MODELLED | GOOGLE_MODELLED
    return frozenset(kind for kind in kinds if (Lane.HOLD if TRAITS[kind].hold_lane else Lane.SYNC) in lanes)


def told(decision: Decision, progress: tuple[Progress, ...], lanes: tuple[Lane, ...]) -> tuple[Progress, ...]:
    """Every change of the lanes: what was sent as it came out, the rest as planned or refused."""
    sent = {one.change.id: one for one in progress}
    shown = [
        sent.pop(change.id)
        if change.id in sent
        else Progress(change=change, status=ChangeStatus.REFUSED if change.refusals else ChangeStatus.PLANNED)
        for change in decision.changes
        if change.lane in lanes
    ]
    return (*shown, *sent.values())


def unmanaged(snapshot: Snapshot, decision: Decision, district: str) -> tuple[Ref, ...]:
    """Others' objects that have a say in when something is deleted."""
    watched = watch(snapshot, decision.bindings, district)
    ids = {(one.kind, one.vendor_id) for one in watched.values()}
    return tuple(live.ref(snapshot.tenant) for live in snapshot.resources if (live.kind, live.vendor_id) in ids)
