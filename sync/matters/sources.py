"""Which sources a person has in a tenant: the usual ones of each cloud, or those that the order names. Pure. The contract's *Sources left out*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from policies.kinds import Platform, Workload
from policies.roster import AccountState, Identity

USUAL: Final = {
    # Chats lie in the mailbox (M§3.1: a mailbox hold covers the compliance copies of Teams chats).
    Platform.MICROSOFT365: (Workload.MAIL, Workload.ARCHIVE, Workload.DRIVE),
    Platform.GOOGLE_WORKSPACE: (Workload.MAIL, Workload.DRIVE, Workload.CHAT),
}
WHERE_LICENSED: Final = {
    Platform.MICROSOFT365: (),
    Platform.GOOGLE_WORKSPACE: (Workload.VOICE, Workload.CALENDAR, Workload.GEMINI),
}
INSIDE_MAIL: Final = frozenset({Workload.CHAT, Workload.CALENDAR})
"""On Microsoft 365 what an order calls chat or calendar is held with the mailbox."""

_MAILBOX: Final = frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.LITIGATION_HOLD})

PLACES: Final = frozenset({Workload.GROUP, Workload.SITE, Workload.SHARED_DRIVE})
"""Held only when named: they belong to nobody in particular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One source to hold: what, and where it is (None where the roster knows no place for it, which is no word that there is none)."""

    workload: Workload
    container: str | None
    none: bool = False
    """The platform says that there is no such place."""


def spots(identity: Identity, platform: Platform, named: tuple[Workload, ...], *, second_belt: bool = False) -> tuple[Spot, ...]:
    """The sources of one account. ``named`` empty means the usual ones.

    Of a deleted account Google keeps what the roster still shows a place for. Microsoft may keep all of it: what was not found is unknown, unless the
    platform says that there is nothing left. ``second_belt``: the mailbox is to be on litigation hold too, where it is held at all.
    """
    wanted = _named(platform, named) if named else _usual(identity, platform)
    if identity.state is AccountState.DELETED and platform is Platform.GOOGLE_WORKSPACE:
        wanted = tuple(workload for workload in wanted if workload in identity.containers)
    if second_belt and platform is Platform.MICROSOFT365 and _MAILBOX & set(wanted):
        wanted = (*wanted, Workload.LITIGATION_HOLD)
    return tuple(_spot(identity, platform, workload) for workload in wanted)


def _spot(identity: Identity, platform: Platform, workload: Workload) -> Spot:
    place = container(identity, platform, workload)
    return Spot(workload=workload, container=place, none=place is None and as_held(workload) in identity.without)


def as_held(workload: Workload) -> Workload:
    """The workload as rosters and licences know it: litigation hold is a setting of the mailbox."""
    return Workload.MAIL if workload is Workload.LITIGATION_HOLD else workload


def container(identity: Identity, platform: Platform, workload: Workload) -> str | None:
    """Where the source is: the place the roster knows; else for Google the account itself, for a living Microsoft mailbox its address."""
    known = identity.containers.get(workload)
    if known is not None:
        return known
    if platform is Platform.GOOGLE_WORKSPACE:
        return identity.vendor_id
    if workload not in _MAILBOX:
        return None
    return identity.containers.get(Workload.MAIL, identity.address if identity.state is not AccountState.DELETED else None)


def _usual(identity: Identity, platform: Platform) -> tuple[Workload, ...]:
    extra = tuple(workload for workload in WHERE_LICENSED[platform] if workload in identity.licensed_for_hold)
    return (*USUAL[platform], *extra)


def _named(platform: Platform, named: tuple[Workload, ...]) -> tuple[Workload, ...]:
    possible = (*USUAL[platform], *WHERE_LICENSED[platform])
    if platform is Platform.MICROSOFT365:
        named = tuple(Workload.MAIL if workload in INSIDE_MAIL else workload for workload in named)
    return tuple(dict.fromkeys(workload for workload in named if workload in possible))
