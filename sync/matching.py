"""Which live object is ours: by the vendor id that a binding remembers, else by our mark. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from policies.kinds import TRAITS, Kind
from policies.resources import Force, Live, Snapshot
from sync.bindings import Binding

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a read shows for one key: the live object that stands for it, and what else carries its mark.

    ``duplicates`` are younger objects with the same mark (without holds that are switched off), ``superseded`` older generations, ``foreign``
    objects whose mark names our key and another district.
    """

    live: Live | None
    duplicates: tuple[Live, ...] = ()
    superseded: tuple[Live, ...] = ()
    foreign: tuple[Live, ...] = ()


def elder(lives: Iterable[Live]) -> tuple[Live, ...]:
    """``lives`` from the eldest on; one whose age nobody tells counts as youngest."""
    return tuple(sorted(lives, key=lambda live: (live.created_at or _NEVER, live.vendor_id)))


def switched_off(live: Live) -> bool:
    """Whether it is a hold that holds nobody, though it is there. A hold of Vault's has no such state: it is there or it is not."""
    return live.kind is Kind.M365_HOLD and (live.fields.get("enabled") is False or live.force is Force.OFF)


def match(snapshot: Snapshot, kind: Kind, key: str, *, binding: Binding | None, district: str) -> Match:
    """The live object that stands for ``key``.

    What the platform has but one of is that one, whoever's. Else the bound one, unless a newer generation with our mark is there: that one was made
    before its binding could be written down. Unbound, the highest generation, and of two with one mark the elder.
    """
    of_kind = snapshot.of(kind)
    if TRAITS[kind].shared:
        return Match(live=next((live for live in of_kind if live.vendor_id == kind.value), None))
    marked = [live for live in of_kind if live.mark is not None and live.mark.key == key]
    ours = [live for live in marked if live.mark is not None and live.mark.district == district]
    foreign = tuple(live for live in marked if live.mark is not None and live.mark.district != district)
    bound = next((live for live in of_kind if binding is not None and live.vendor_id == binding.vendor_id), None)
    if bound is not None and bound not in ours:
        ours.append(bound)

    def generation(live: Live) -> int:
        if binding is not None and live is bound:
            return binding.generation
        return live.mark.generation if live.mark is not None else 1

    if not ours:
        return Match(live=None, foreign=foreign)
    newest = max(generation(live) for live in ours)
    current = elder(live for live in ours if generation(live) == newest)
    chosen = bound if bound is not None and bound in current else current[0]
    return Match(
        live=chosen,
        duplicates=tuple(live for live in current if live is not chosen and not switched_off(live)),
        superseded=tuple(live for live in ours if generation(live) < newest),
        foreign=foreign,
    )


def generation_of(live: Live, binding: Binding | None) -> int:
    """The generation of a matched object: its binding's when it is the bound one, else its mark's, else the first."""
    if binding is not None and binding.vendor_id == live.vendor_id:
        return binding.generation
    return live.mark.generation if live.mark is not None else 1
