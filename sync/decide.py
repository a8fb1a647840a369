"""Work out what one tenant needs from what was seen: drift, desired state, ordered changes with direction and refusals. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from connectors.base import Circumstances, Lane
from policies.duties import Desired, Duty
from policies.effects import Effect
from policies.keys import is_proof
from policies.kinds import Kind, Platform, Workload
from policies.populations import resolve
from policies.problems import Problem
from policies.protection import Direction
from policies.resources import ReadState, Snapshot, Wanted
from policies.roster import Roster
from sync.bindings import Binding, BindingState
from sync.desk import Desk
from sync.diff import DiffInput, DiffResult, diff
from sync.drift import Drift, DriftClass, find_drift
from sync.guards import GuardInput, guard
from sync.look import Look
from sync.matters.releases import LetGo
from sync.plan import Change
from sync.project import EffectsOf, Verdict
from sync.registers.attestations import valid_subjects
from sync.registers.statements import stated_rules
from sync.renaming import under_names_of_today
from sync.store.bindings import Bindings
from sync.store.evidence import KindReads
from sync.store.watched import WatchedObjects
from sync.weigh import weigh

PEOPLE = frozenset({Kind.M365_USER, Kind.M365_GROUP, Kind.GOOGLE_USER, Kind.GOOGLE_GROUP, Kind.GOOGLE_ORG_UNIT})
"""The kinds without which nobody can say whom a population names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What follows for one tenant. ``changes`` are guarded and in the order in which they would run, holds first."""

    wanted: Mapping[str, Wanted]
    desired: Desired
    bindings: Mapping[str, Binding]
    drift: tuple[Drift, ...]
    results: Mapping[Lane, DiffResult]
    changes: tuple[Change, ...]
    warnings: tuple[Problem, ...]
    at_work: frozenset[str] = frozenset()
    """Keys that a call of ours changed since the look began, or may be changing now: no drift is said of them."""

    def runnable(self, lane: Lane) -> tuple[Change, ...]:
        """The changes of a lane that nothing refuses."""
        return tuple(change for change in self.changes if change.lane is lane and not change.refusals)


def circumstances(desk: Desk, seen: Look, bindings: Mapping[str, Binding]) -> Circumstances:
    """What the connector's pure mapping may look at."""
    assert seen.roster is not None
    assert seen.examination is not None
    return Circumstances(
        tenant=seen.tenant,
        capabilities=seen.capabilities,
        licences=seen.examination.licences,
        roster=seen.roster,
        pieces={key: sorted(binding.members) for key, binding in bindings.items()},
        in_flight=frozenset(key for key, binding in bindings.items() if binding.state is BindingState.IN_FLIGHT),
        names={key: binding.name for key, binding in bindings.items()},
        bound={key: binding.fields for key, binding in bindings.items()},
        in_use=_in_use(seen.snapshot, bindings),
        attested=valid_subjects(desk.store, desk.clock.now()),
        stated_rules=stated_rules(desk.store, seen.tenant.id, desk.clock.now()) if seen.tenant.platform is Platform.GOOGLE_WORKSPACE else None,
    )


def bound(desk: Desk, seen: Look) -> Mapping[str, Binding]:
    """What is ours in the tenant, members under the names that their accounts have today."""
    found = Bindings(desk.store).of(seen.tenant.id)
    return under_names_of_today(found, seen.roster, seen.snapshot) if seen.roster and seen.snapshot else found


def _in_use(snapshot: Snapshot | None, bindings: Mapping[str, Binding]) -> frozenset[str]:
    """Keys of what is bound and, as the platform says, offered or applied to people."""
    used = {(live.kind, live.vendor_id) for live in snapshot.resources if live.in_use} if snapshot is not None else set()
    return frozenset(key for key, binding in bindings.items() if (binding.kind, binding.vendor_id) in used)


def file_owners(duties: tuple[Duty, ...], roster: Roster, seen: Look) -> frozenset[str]:
    """Vendor ids of the accounts whose files a duty keeps or labels, and whose place must therefore be known."""
    found: set[str] = set()
    for population in {duty.population.id: duty.population for duty in duties if duty.workload is Workload.DRIVE}.values():
        selector = population.selectors.get(seen.tenant.platform)
        if selector is not None and not selector.all_users:
            found.update(one.vendor_id for one in resolve(selector, roster).identities)
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """What people bring to a decision: what open matters want held and whose places they cover, and which officers consent to each change."""

    held: tuple[Wanted, ...] = ()
    places: AbstractSet[str] = frozenset()
    consents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    let_go: LetGo = field(default_factory=LetGo)
    """What releases ended or are ending: that it is off or gone is no change from outside."""


def decide(desk: Desk, seen: Look, bearing: Bearing, *, attended: bool) -> Decision:
    """Everything that follows from ``seen`` for the duties in force, the open matters and the officers' consents."""
    assert seen.snapshot is not None
    assert seen.roster is not None
    roster, snapshot = seen.roster, seen.snapshot
    bindings = bound(desk, seen)
    desired = seen.connector.realise(desk.duties, circumstances(desk, seen, bindings))

    def effects_of(state: Snapshot) -> tuple[Effect, ...]:
        return seen.connector.effects(state, roster)

    at_work = _at_work(desk, seen, bindings)
    known = at_work | bearing.let_go.going
    drift = tuple(one for one in _drift(desk, seen, bindings, effects_of, frozenset(one.key for one in desired.resources)) if one.key not in known)
    drift = tuple(one for one in drift if not (one.drift is DriftClass.ORPHANED and one.key in bearing.let_go.gone and _is_off(one)))
    wanted = {Lane.HOLD: bearing.held, Lane.SYNC: desired.resources}
    results = {lane: diff(_input(desk, seen, bindings, lane, wanted[lane])) for lane in (Lane.HOLD, Lane.SYNC)}
    changes: list[Change] = []
    for lane in (Lane.HOLD, Lane.SYNC):
        inputs = replace(_guard_input(desk, seen, lane, bearing, attended=attended), rests_on=results[lane].rests_on)
        changes.extend(weigh(results[lane].changes, snapshot, effects_of, inputs, results[lane].vendor_ids))
        # Computed, it would weaken nothing for anybody; what ends a hold, or disables a label, is two officers' decision all the same.
        harmless = {change.id: Verdict(direction=Direction.WEAKENS) for change in results[lane].ends}
        changes.extend(guard(results[lane].ends, replace(inputs, verdicts=harmless)))
    return Decision(
        wanted={one.key: one for lane in wanted.values() for one in lane},
        desired=desired,
        bindings=bindings,
        drift=drift,
        results=results,
        changes=tuple(changes),
        warnings=tuple(problem for result in results.values() for problem in result.warnings),
        at_work=at_work,
    )


def _is_off(stray: Drift) -> bool:
    """Whether what carries our mark and is nobody's holds nothing: a hold that is off, a case or matter that is closed."""
    live = stray.live or {}
    return live.get("enabled") is False or live.get("state") not in {None, "open"}


def _at_work(desk: Desk, seen: Look, bindings: Mapping[str, Binding]) -> frozenset[str]:
    """The keys that a call of ours changed since the look began, or may be changing now: their intent is open."""
    assert seen.snapshot is not None
    begun = seen.snapshot.at
    intended = {intent.subject for intent in desk.journal.open_intents() if intent.tenant == seen.tenant.id}
    return frozenset(intended | {key for key, one in bindings.items() if one.verified_at is not None and one.verified_at > begun})


def everybody(roster: Roster) -> bool:
    """Whether every list that says whom a population names was read whole."""
    return all(read.state is ReadState.COMPLETE for read in roster.reads if read.kind in PEOPLE)


def _drift(desk: Desk, seen: Look, bindings: Mapping[str, Binding], effects_of: EffectsOf, wanted: frozenset[str]) -> tuple[Drift, ...]:
    """What differs. What carries our mark and is wanted is taken back into the store by this look, so it is no stray.

    While people could not all be read, nobody can say that something is wanted no longer.
    """
    assert seen.snapshot is not None
    assert seen.roster is not None
    known = KindReads(desk.store).last_complete(seen.tenant.id)
    found = find_drift(
        seen.tenant.id,
        seen.snapshot,
        bindings,
        WatchedObjects(desk.store).of(seen.tenant.id, seen.snapshot.at),
        effects_of,
        district=desk.district.id,
        baseline=known,
        wanted=wanted,
    )
    everybody_read = everybody(seen.roster)
    found = tuple(one for one in found if everybody_read or one.drift is not DriftClass.ORPHANED)
    adopted = {one.id for one in found if one.drift is DriftClass.ORPHANED and one.key in wanted and one.key not in bindings}
    return tuple(one for one in found if not is_proof(one.key) and one.id not in adopted)


def _input(desk: Desk, seen: Look, bindings: Mapping[str, Binding], lane: Lane, wanted: tuple[Wanted, ...]) -> DiffInput:
    assert seen.snapshot is not None
    return DiffInput(
        tenant=seen.tenant.id,
        tenant_identity=seen.vendor_id,
        lane=lane,
        desired=wanted,
        snapshot=seen.snapshot,
        bindings=bindings,
        now=desk.clock.now(),
        overdue_seconds=desk.district.timeouts.overdue,
        district=desk.district.id,
        addresses=addresses(seen.roster),
    )


def addresses(roster: Roster | None) -> Mapping[str, str]:
    """The account behind a member that is not written as an address: a Google account id, the URL of somebody's files."""
    found: dict[str, str] = {}
    for one in roster.identities if roster else ():
        found[f"account:{one.vendor_id}"] = one.address
        url = one.containers.get(Workload.DRIVE)
        if url is not None:
            found.update({f"onedrive:{url}": one.address, f"site:{url}": one.address})
    return found


def _guard_input(desk: Desk, seen: Look, lane: Lane, bearing: Bearing, *, attended: bool) -> GuardInput:
    assert seen.snapshot is not None
    return GuardInput(
        mode=seen.tenant.mode,
        thresholds=desk.district.thresholds,
        capabilities={one.kind: one for one in seen.capabilities},
        reads=seen.snapshot.reads,
        approvals={change: len(officers) for change, officers in bearing.consents.items()},
        open_matter_places=frozenset(bearing.places),
        attended=attended,
        lane=lane,
        same_tenant=not seen.identity_changed,
    )


__all__ = ["Decision", "bound", "circumstances", "decide", "everybody", "file_owners"]
