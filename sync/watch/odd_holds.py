"""Holds that do something other than their makers may think: one on the whole organisation, one that names nobody. Pure; whoever made them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from policies.kinds import Kind
from policies.problems import Problem, Severity
from policies.resources import Live, Snapshot
from policies.roster import OrgUnit

TOP: Final = "/"


def hold_problems(snapshot: Snapshot, units: Iterable[OrgUnit]) -> tuple[Problem, ...]:
    """A warning for each hold on the top unit, and for each of others that is for accounts and has none (G§4.3). Ours are mended by the hold lane."""
    top = {unit.vendor_id for unit in units if unit.path == TOP}
    return tuple(problem for live in sorted(snapshot.of(Kind.GOOGLE_HOLD), key=lambda one: one.vendor_id) for problem in _about(snapshot, live, top))


def _about(snapshot: Snapshot, live: Live, top: AbstractSet[str]) -> Iterator[Problem]:
    matter = next((one.name for one in snapshot.of(Kind.GOOGLE_MATTER) if one.vendor_id == live.parent_id), live.parent_id)
    what = f"The {live.fields.get('corpus')} hold {live.name} of matter {matter}"
    if live.fields.get("scope") == "org_unit" and live.fields.get("org_unit") in top:
        yield Problem(
            code="hold.on_top_unit",
            severity=Severity.WARNING,
            tenant=snapshot.tenant,
            subject=live.vendor_id,
            message=f"{what} is on the whole organisation: while it stands no account can be deleted, and nothing that anybody deletes goes.",
            next_step="Ask who made it and for whom; hold the people who are meant, then have it released in Vault.",
        )
    if live.fields.get("scope") == "accounts" and not live.members and live.mark is None:
        yield Problem(
            code="hold.names_nobody",
            severity=Severity.WARNING,
            tenant=snapshot.tenant,
            subject=live.vendor_id,
            message=f"{what} is for accounts and names none: it keeps nothing.",
            next_step="Ask who made it: name the people in Vault, or delete it there.",
        )
