"""What a look leaves behind: evidence first, then drift with its attribution, bindings verified or in force at last, and how the reads ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.audit_log import AuditRead
from connectors.base import Lane
from connectors.errors import ConnectorError
from policies.kinds import TRAITS, Platform
from policies.resources import Force, Live, Snapshot, Wanted
from sync.bindings import Binding, BindingState, bound_to
from sync.decide import Decision, everybody
from sync.desk import Desk
from sync.drift import AttributionState, Deed, Drift, OwnWrite, Sight, attribute, vendor_key, watch
from sync.journal import EntryKind, Sealed
from sync.look import Look
from sync.matching import generation_of
from sync.notices.looking import drift_keys, noticed
from sync.plan import plain_fields
from sync.sight import lane_of, own_writes
from sync.store import Session
from sync.store.bindings import Bindings
from sync.store.changes import Changes
from sync.store.drifts import Drifts
from sync.store.evidence import Evidence, KindReads
from sync.store.notices import Notices
from sync.store.watched import WatchedObjects, form_of

LATENCY = {Platform.GOOGLE_WORKSPACE: 4 * 3600, Platform.MICROSOFT365: 24 * 3600}
"""Seconds until an event must have reached the vendor's log (contract, *Others' objects*)."""
READ_BLIND = frozenset({Platform.MICROSOFT365})
"""Whose log answers an identity that may not see it with an empty list, so that its silence is proven by our own writes (M§0.1.7)."""
REMEMBERED = timedelta(days=30)
"""How old a write of ours may be to be looked for, and how long ago a difference may be over for the log to be asked about it at last."""
BEFORE = timedelta(hours=1)
"""How far before the earliest possible moment of a change its event is looked for: both clocks may be off."""


class Aftermath:
    """Keeps what looks at the tenants of one desk showed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.bindings = Bindings(desk.store)
        self.drifts = Drifts(desk.store)
        self.notices = Notices(desk.store)

    def looked(self, seen: Look, decision: Decision, lanes: tuple[Lane, ...]) -> tuple[Drift, ...]:
        """Keep everything that this look showed before anybody acts on it, and return the drift with what is remembered of it.

        Sends at most one question to the vendor's log. Raises ``Stopped``.
        """
        assert seen.snapshot is not None
        snapshot = seen.snapshot
        drift = self.drifts.remembered((one for one in decision.drift if self._looked_for(one, lanes)), snapshot.tenant)
        now = self.desk.clock.now()
        over = self.drifts.unnamed(snapshot.tenant, now - timedelta(seconds=LATENCY[seen.tenant.platform]) - BEFORE, now - REMEMBERED)
        drift, over = self._attributed(seen, decision, drift, over)
        differing = {vendor_key(one.kind, one.vendor_id) for one in decision.drift if one.vendor_id is not None}
        current = watch(snapshot, decision.bindings, self.desk.district.id)
        agreeing = [one for key, one in current.items() if key not in differing]
        with self.desk.store.write() as session:
            for one in drift:
                theirs = current.get(vendor_key(one.kind, one.vendor_id or ""))
                form = None if theirs is None else form_of(theirs)
                self.drifts.put(session, one, now, self._evidence(session, snapshot, one, now), form)
            for one in over:
                self.drifts.name(session, one)
            closed = self.drifts.close(session, drift, _sight(seen, decision), now)
            for told in noticed(drift, snapshot, decision.wanted):
                self.notices.note(session, told, now)
            self.notices.end(session, drift_keys(snapshot.tenant, closed), now)
            KindReads(self.desk.store).keep(session, snapshot)
            WatchedObjects(self.desk.store).agreed(session, snapshot.tenant, agreeing, snapshot.at)
            self._verify(session, snapshot, decision, now)
        return drift

    @staticmethod
    def _looked_for(drift: Drift, lanes: tuple[Lane, ...]) -> bool:
        return Lane.SYNC in lanes or TRAITS[drift.kind].hold_lane

    def _evidence(self, session: Session, snapshot: Snapshot, drift: Drift, now: datetime) -> int:
        """The number of the journal entry that the drift's raw answer stands behind; written once per drift."""
        known = self.drifts.entry(session, drift)
        if known is not None:
            return known
        live = next((one for one in snapshot.of(drift.kind) if one.vendor_id == drift.vendor_id), None)
        sha = Evidence(self.desk.store).keep(session, snapshot.tenant, live, now) if live is not None else None
        body = {
            "drift": drift.id,
            "class": drift.drift.value,
            "kind": drift.kind.value,
            "vendor_id": drift.vendor_id,
            "fields": list(drift.fields),
            "direction": drift.direction.value,
            "evidence": sha,
            "applied": Sealed(plain_fields(drift.applied)),
            "live": Sealed(plain_fields(drift.live)),
            "earliest": _text(drift.since.earliest),
            "latest": _text(drift.since.latest),
        }
        return self.desk.journal.append(
            EntryKind.OBSERVATION, drift.key or drift.id, body, tenant=snapshot.tenant, vendor_at=live.changed_at if live else None, session=session
        )

    def _attributed(
        self, seen: Look, decision: Decision, drift: tuple[Drift, ...], over: tuple[Drift, ...]
    ) -> tuple[tuple[Drift, ...], tuple[Drift, ...]]:
        """Ask the vendor's log once for all that has no account yet and may still get one: what is open, and what is over but late in the log.

        Where silence is about to be taken for an answer, the window reaches back to our own last write, which has to be found in it.
        """
        latency = LATENCY[seen.tenant.platform]
        now = self.desk.clock.now()
        asked = [one for one in (*drift, *over) if unanswered(one, latency, now)]
        if not asked or seen.reader is None:
            return drift, ()
        begins = [one.since.earliest or one.since.latest for one in asked]
        own: Mapping[Lane, OwnWrite] = {}
        if seen.tenant.platform in READ_BLIND and any(now - one.since.latest > timedelta(seconds=latency) for one in asked):
            own = own_writes(self.desk, seen.tenant.id, decision.bindings, (now - REMEMBERED, now - timedelta(seconds=latency)))
            begins += [write.at for lane, write in own.items() if any(lane_of(one.kind) is lane for one in asked)]
        try:
            answer = seen.reader.audit(min(begins) - BEFORE, now, frozenset(one.kind for one in asked))
        except ConnectorError as error:
            answer = AuditRead(available=False, reason=error.code)

        def named(one: Drift) -> Drift:
            # Asked of each by itself: an earlier time of the same difference may wait for its account when this one has it.
            if not unanswered(one, latency, now):
                return one
            return replace(one, attribution=attribute(one, answer, latency, now, own.get(lane_of(one.kind)), deed=self._deed(one)))

        return tuple(named(one) for one in drift), tuple(named(one) for one in over)

    def _deed(self, drift: Drift) -> Deed | None:
        """Our last write of the drift's object, where it went out under the account of a signed-in person."""
        sent = Changes(self.desk.store).last_sent(drift.tenant, drift.key) if drift.key is not None else None
        account = self.desk.journal.vendor_actor(sent[0]) if sent is not None else None
        return None if sent is None or account is None else Deed(account=account, sent=sent[1], answered=sent[2])

    def _verify(self, session: Session, snapshot: Snapshot, decision: Decision, now: datetime) -> None:
        """Bindings that this look confirms, brings into force, or finds to be what the policy wants by now."""
        live_of = {(live.kind, live.vendor_id): live for live in snapshot.resources}
        satisfied = {key: live for result in decision.results.values() for key, live in result.satisfied}
        for key, binding in decision.bindings.items():
            live = satisfied.get(key) or live_of.get((binding.kind, binding.vendor_id))
            if live is None or not self.bindings.unchanged(session, binding):
                continue
            fresh = confirmed(binding, live, now, wanted=decision.wanted.get(key), settled=key in satisfied)
            if fresh is None:
                continue
            self.bindings.put(session, fresh)
            if binding.state is BindingState.IN_FLIGHT and fresh.state is BindingState.IN_FORCE:
                Changes(self.desk.store).effective(session, snapshot.tenant, key, now)
        for key, live in satisfied.items():
            if key not in decision.bindings:
                self.bindings.put(
                    session, bound_to(snapshot.tenant, key, live, decision.wanted[key].members, accepted_at=live.created_at or now, now=now)
                )


def _sight(seen: Look, decision: Decision) -> Sight:
    assert seen.snapshot is not None
    assert seen.roster is not None
    return Sight(snapshot=seen.snapshot, at_work=decision.at_work, everybody=everybody(seen.roster))


def unanswered(drift: Drift, latency: int, now: datetime) -> bool:
    """Whether the log is to be asked: it has not answered yet, or could not, and its own latency (seconds) has not passed since first sight.

    What is still pending when that time is over is asked about once more, however late a run comes, so that the asking ends in a word.
    """
    if drift.attribution.state is AttributionState.PENDING:
        return True
    return drift.attribution.state is AttributionState.UNAVAILABLE and now - drift.since.latest <= timedelta(seconds=latency) + BEFORE


def confirmed(binding: Binding, live: Live, now: datetime, *, wanted: Wanted | None, settled: bool) -> Binding | None:
    """The binding as this look shows it, or None where it shows a difference that is drift.

    ``settled``: the live object is what the policy wants, so that it becomes the form that later looks are compared with.
    """
    agrees = dict(binding.fields) == dict(live.fields) and binding.members <= live.members
    if not agrees and not settled:
        return None
    ours = (binding.members | (wanted.members if wanted is not None else frozenset())) & live.members
    in_force = live.force is Force.APPLIED
    return replace(
        binding,
        vendor_id=live.vendor_id,
        name=live.name,
        # Another object than the one that was bound brings its own generation with it: under the old one's, the old one would be its double.
        generation=generation_of(live, binding),
        fields=dict(live.fields),
        members=ours,
        parent_id=live.parent_id,
        verified_at=now,
        state=BindingState.IN_FORCE if in_force else binding.state,
        effective_at=binding.effective_at or (now if in_force else None),
        mark=live.mark,
    )


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
