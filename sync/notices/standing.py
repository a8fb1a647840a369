"""What officers have to hear of that no single finding shows: holds that are overdue, and changes that wait for an officer's signature."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from policies.district import Mode, Officer, Subject
from policies.kinds import TRAITS
from sync.awaiting import OnHold, awaiting, could_sign, last_full
from sync.bindings import BindingState
from sync.desk import Desk
from sync.matters.model import Matter
from sync.registers import governance
from sync.registers.governed import may_approve
from sync.store import Session
from sync.store.bindings import Bindings
from sync.store.notices import Notices, Raised

OVERDUE, APPROVALS = "overdue/", "approvals/"


def standing(desk: Desk, matters: Iterable[Matter], officers: Iterable[Officer], on_hold: OnHold) -> tuple[Raised, ...]:
    """Everything of these two sorts as it is now; ``officers`` are those who are told of approvals."""
    return (*_overdue(desk, matters), *_waiting(desk, tuple(officers), on_hold))


def keep(notices: Notices, session: Session, current: Iterable[Raised], now: datetime) -> None:
    """Note what is new among ``current``, and end what of these sorts is not among it any more."""
    wanted = {one.key: one for one in current}
    for one in wanted.values():
        notices.note(session, one, now)
    known = [one.key for prefix in (OVERDUE, APPROVALS) for one in notices.open(session, prefix)]
    notices.end(session, (key for key in known if key not in wanted), now)


def _overdue(desk: Desk, matters: Iterable[Matter]) -> Iterable[Raised]:
    """Holds that the platform accepted and has not brought into force within the district's time."""
    behind = {(source.tenant, source.resource): matter.tenant_alias for matter in matters for source in matter.sources if source.resource}
    now, limit = desk.clock.now(), desk.district.timeouts.overdue
    for tenant in desk.district.tenants:
        for key, binding in sorted(Bindings(desk.store).of(tenant.id).items()):
            late = binding.state is BindingState.IN_FLIGHT and (now - binding.accepted_at).total_seconds() > limit
            if late and TRAITS[binding.kind].hold_lane:
                document = {"key": key, "accepted": binding.accepted_at.isoformat()}
                yield Raised(
                    key=f"{OVERDUE}{tenant.id}/{key}", subject=Subject.HOLD, code="overdue", tenant=tenant.id,
                    matter=behind.get((tenant.id, key)), document=document,
                )  # fmt: skip


def _waiting(desk: Desk, officers: tuple[Officer, ...], on_hold: OnHold) -> Iterable[Raised]:
    if not officers:
        return
    since = last_full(desk)
    acting = {tenant.id for tenant in desk.district.tenants if tenant.mode is not Mode.OBSERVE}
    for one in awaiting(desk, on_hold):
        kept = one.kept
        if kept.tenant not in acting or (since is not None and kept.updated_at < since):
            continue
        document = {"change": kept.id, "needed": one.needed}
        for officer in officers:
            if could_sign(desk, one, officer, on_hold):
                key = f"{APPROVALS}{officer.id}/{kept.id}"
                yield Raised(key=key, subject=Subject.APPROVALS, code="waiting", tenant=kept.tenant, document=document)
    pending = governance.current(desk.store, desk.clock.now()).pending
    if pending is not None:
        for officer in officers:
            if may_approve(officer) and officer.id not in pending.signed:
                key, document = f"{APPROVALS}{officer.id}/guards-{pending.digest[:16]}", {"change": pending.digest[:16], "needed": 2}
                yield Raised(key=key, subject=Subject.APPROVALS, code="guards", document=document)
