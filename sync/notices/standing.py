"""What officers have to hear of that no single finding shows: overdue holds, changes that wait for an officer's signature, releases that are due."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from policies.district import Mode, Officer, Subject
from policies.kinds import TRAITS
from sync.awaiting import Awaiting, OnHold, awaiting, could_sign, last_full
from sync.bindings import Binding, BindingState
from sync.desk import Desk
from sync.ends import is_double
from sync.matters.letting_go import Scope
from sync.matters.model import Matter
from sync.matters.register import Register
from sync.matters.release import Release
from sync.registers import governance
from sync.registers.governed import may_approve
from sync.store import Session
from sync.store.bindings import Bindings
from sync.store.notices import Notices, Raised

OVERDUE, APPROVALS, RELEASES = "overdue/", "approvals/", "release/"


def standing(desk: Desk, register: Register, officers: Iterable[Officer], on_hold: OnHold) -> tuple[Raised, ...]:
    """Everything of these three sorts as it is now; ``officers`` are those who are told of approvals."""
    releasing = register.releasing()
    waiting = _waiting(desk, tuple(officers), on_hold, _asked(releasing))
    return (*_overdue(desk, register.open), *waiting, *_due(releasing))


def keep(notices: Notices, session: Session, current: Iterable[Raised], now: datetime) -> None:
    """Note what is new among ``current``, and end what of these sorts is not among it any more."""
    wanted = {one.key: one for one in current}
    for one in wanted.values():
        notices.note(session, one, now)
    known = [one.key for prefix in (OVERDUE, APPROVALS, RELEASES) for one in notices.open(session, prefix)]
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


def _asked(releasing: Iterable[Matter]) -> dict[str, tuple[Matter, Release]]:
    """By change, the matter whose open release consists of it."""
    found = ((matter, matter.release) for matter in releasing)
    return {change: (matter, release) for matter, release in found if release is not None for change in release.changes}


def _due(releasing: Iterable[Matter]) -> Iterable[Raised]:
    """Releases that have their approvals: any officer may end them, so those who hear of holds hear when they are carried out."""
    for matter in releasing:
        release = matter.release
        if release is not None and release.due is not None:
            yield Raised(
                key=f"{RELEASES}{release.id}", subject=Subject.HOLD, code="due", matter=matter.tenant_alias,
                document={**_of_release(matter, release), "due": release.due.isoformat()},
            )  # fmt: skip


def _of_release(matter: Matter, release: Release) -> dict[str, object]:
    leaving = Scope(matter=matter, release=release.id, people=frozenset(release.people)).leaving
    return {"release": release.id, "people": [person.id for person in leaving]}


def _waiting(desk: Desk, officers: tuple[Officer, ...], on_hold: OnHold, asked: Mapping[str, tuple[Matter, Release]]) -> Iterable[Raised]:
    if not officers:
        return
    since = last_full(desk)
    acting = {tenant.id for tenant in desk.district.tenants if tenant.mode is not Mode.OBSERVE}
    for one in awaiting(desk, on_hold):
        raised = _released(one, *asked[one.kept.id]) if one.kept.id in asked else _planned(one, acting, since)
        if raised is None:
            continue
        for officer in officers:
            if could_sign(desk, one, officer, on_hold):
                yield replace(raised, key=f"{APPROVALS}{officer.id}/{one.kept.id}")
    yield from _guards(desk, officers)


def _planned(one: Awaiting, acting: Collection[str], since: datetime | None) -> Raised | None:
    """A change that runs found: it stands while the newest look finds it, where it would be done; a second hold is ended in every mode."""
    kept = one.kept
    if (kept.tenant not in acting and not is_double(kept.change)) or (since is not None and kept.updated_at < since):
        return None
    return Raised(key="", subject=Subject.APPROVALS, code="waiting", tenant=kept.tenant, document={"change": kept.id, "needed": one.needed})


def _released(one: Awaiting, matter: Matter, release: Release) -> Raised | None:
    """A change of a release: no look finds it anew and it is carried out in every mode. One that was approved as a whole asks nobody again."""
    if release.approved is not None:
        return None
    document = {"change": one.kept.id, "needed": one.needed, **_of_release(matter, release)}
    return Raised(key="", subject=Subject.APPROVALS, code="release", matter=matter.tenant_alias, document=document)


def _guards(desk: Desk, officers: Iterable[Officer]) -> Iterable[Raised]:
    pending = governance.current(desk.store, desk.clock.now()).pending
    if pending is not None:
        for officer in officers:
            if may_approve(officer) and officer.id not in pending.signed:
                key, document = f"{APPROVALS}{officer.id}/guards-{pending.digest[:16]}", {"change": pending.digest[:16], "needed": 2}
                yield Raised(key=key, subject=Subject.APPROVALS, code="guards", document=document)
