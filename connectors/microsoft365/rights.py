"""What the application's permissions let each kind do, and what each one that is missing costs. Pure.

A token says which application permissions it carries. What stands in it decides nothing by itself (Graph's own answer does), but it tells
what Graph would only show by silence: a list that is short, a search of the log that is refused later (M§5, M§6).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from connectors.examination import Capability, ReadCapability, Refused, Surface, WriteCapability
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.grants import GRAPH, PERMISSIONS, Permission
from policies.district import Tenant

_LESS = (ReadCapability.NONE, ReadCapability.PARTIAL, ReadCapability.UNKNOWN, ReadCapability.FULL)
"""From the least that is known to be seen to the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The application permissions in each identity's Graph token; None where a token does not tell. One identity: ``writing`` is ``reading``."""

    reading: frozenset[str] | None
    writing: frozenset[str] | None
    separate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A permission that an identity (``who``) needs and does not have."""

    permission: Permission
    who: str
    app: str | None

    @property
    def told(self) -> str:
        """Which one, and what it costs."""
        return f"{self.who} lacks {self.permission.name}, so {self.permission.costs}"

    @property
    def next_step(self) -> str:
        """The clicks that give it."""
        return (
            f"entra.microsoft.com > App registrations > {self.app or self.who} > API permissions > Add a permission > {self.permission.api} > "
            f"Application permissions > {self.permission.name}; then Grant admin consent. New tokens carry it, within the hour."
        )


def lacking(granted: Granted, tenant: Tenant) -> tuple[Lack, ...]:
    """The Graph permissions that are missing, each with the identity that needs it."""
    found = []
    for one in PERMISSIONS:
        if one.api != GRAPH:
            continue
        for writing in (False, True):
            roles = granted.writing if writing else granted.reading
            if roles is None or not _needed(one, writing=writing, separate=granted.separate) or roles & {one.name, *one.covered_by}:
                continue
            who = "the application" if not granted.separate else "the writing application" if writing else "the reading application"
            found.append(Lack(permission=one, who=who, app=tenant.client_id_for(writing=writing)))
    return tuple(found)


def _needed(one: Permission, *, writing: bool, separate: bool) -> bool:
    """Whether that identity needs it; one identity for both is asked once."""
    if not separate:
        return not writing
    return one.writes or one.both if writing else not one.writes


def told(capabilities: Iterable[Capability], lacks: Sequence[Lack]) -> tuple[Capability, ...]:
    """Capabilities with every missing permission that costs them something."""
    return tuple(_told(one, [lack for lack in lacks if one.kind in lack.permission.kinds and _serves(lack, one)]) for one in capabilities)


def _serves(lack: Lack, one: Capability) -> bool:
    """Whether the permission would serve the kind the way it goes here: those for cases are of no use to a signed-in person, nor to cmdlets."""
    return not lack.permission.name.startswith("eDiscovery") or one.surface == Endpoint.GRAPH.value


def _told(one: Capability, lacks: Sequence[Lack]) -> Capability:
    for lack in lacks:
        seen = lack.permission.kinds[one.kind]
        code = lack.permission.code
        read = one.read if seen is None else min(one.read, seen, key=_LESS.index)
        said = f"{code}: {lack.told}"
        # What Graph refused for want of this very permission is said once, in words that name it.
        kept = one.reason if one.reason and not one.reason.startswith(("graph.forbidden", "kind.", "capability.unproven")) else None
        waiting = " Then " + (one.next_step or "") if one.write is WriteCapability.UNPROVEN and one.next_step else ""
        one = replace(one, read=read, reason=f"{kept}; {said}" if kept else said, next_step=lack.next_step + waiting)
    return one


def wanting(lacks: Iterable[Lack]) -> tuple[Refused, ...]:
    """The optional permissions among those that are missing."""
    return tuple(
        Refused(permission=lack.permission.name, reason=lack.told, next_step=lack.next_step) for lack in lacks if lack.permission.optional
    )


def with_lacks(surface: Surface, lacks: Sequence[Lack]) -> Surface:
    """The Graph surface with every missing permission in its detail, and the steps for those that are not optional."""
    steps = " ".join(lack.next_step for lack in lacks if not lack.permission.optional)
    return replace(surface, detail=surface.detail + "".join(f"; {lack.told}" for lack in lacks), next_step=steps or None)
