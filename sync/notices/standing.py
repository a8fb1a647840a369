"""What officers have to hear of that no single finding shows: holds that are overdue, and changes that wait for an officer's signature."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from policies.district import Mode, Officer, Subject
from policies.kinds import TRAITS
from sync.awaiting import OnHold, awaiting, could_sign, last_full
from sync.bindings import Binding, BindingState
from sync.desk import Desk
from sync.matters.model import Matter
from sync.registers import governance
from sync.registers.governed import may_approve
from sync.store import Session
from sync.store.bindings import Bindings
from sync.store.notices import Notices, Raised

OVERDUE, APPROVALS = "overdue/", "approvals/"


def standing(desk: Desk, matters: Callable[[], Iterable[Matter]], officers: Iterable[Officer], on_hold: OnHold) -> tuple[Raised, ...]:
    """Everything of these two sorts as it is now; ``officers`` are those who are told of approvals. ``matters`` is asked where a hold is late."""
    return (*_overdue(desk, matters), *_waiting(desk, tuple(officers), on_hold))


def keep(notices: Notices, session: Session, current: Iterable[Raised], now: datetime) -> None:
    """Note what is new among ``current``, and end what of these sorts is not among it any more."""
    wanted = {one.key: one for one in current}
    for one in wanted.values():
        notices.note(session, one, now)
    known = [one.key for prefix in (OVERDUE, APPROVALS) for one in notices.open(session, prefix)]
    notices.end(session, (key for key in known if key not in wanted), now)


def _overdue(desk: Desk, matters: Callable[[], Iterable[Matter]]) -> Iterable[Raised]:
    """Holds that the platform accepted and has not brought into force within the district's time."""
    late = [binding for tenant in desk.district.tenants for _, binding in sorted(Bindings(desk.store).of(tenant.id).items()) if _late(desk, binding)]
    if not late:
        return
    behind = {(source.tenant, source.resource): matter.tenant_alias for matter in matters() for source in matter.sources if source.resource}
    for binding in late:
        yield Raised(
            key=f"{OVERDUE}{binding.tenant}/{binding.key}", subject=Subject.HOLD, code="overdue", tenant=binding.tenant,
            matter=behind.get((binding.tenant, binding.key)), document={"key": binding.key, "accepted": binding.accepted_at.isoformat()},
        )  # fmt: skip


def _late(desk: Desk, binding: Binding) -> bool:
    waited = (desk.clock.now() - binding.accepted_at).total_seconds()
    return TRAITS[binding.kind].hold_lane and binding.state is BindingState.IN_FLIGHT and waited > desk.district.timeouts.overdue


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
