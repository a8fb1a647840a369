"""The guards in force over what folder and overlay wish: looser values wait for two officers, an overlay's own are in force at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from connectors.base import Clock
from policies.district import District, Tenant
from policies.policy import Policy
from policies.problems import Problem, Severity
from recordwarden.folders import Read
from sync.journal import Journal
from sync.plan import canonical
from sync.registers.governance import current, ensure, in_force
from sync.registers.governed import Governed
from sync.store import Store


def deviations(policy: Policy) -> Mapping[str, str]:
    """Every accepted deviation of the policy with a SHA-256 over its words: a new one, or one with other words, waits for two officers."""
    return {one.id: hashlib.sha256(canonical(one.model_dump(mode="json"))).hexdigest() for one in policy.deviations}


def governed(read: Read, store: Store, journal: Journal, clock: Clock) -> tuple[District, tuple[Problem, ...]]:
    """The district with the guards that are in force, the overlay's values on top, and a warning where a looser value waits for two officers."""
    first = read.folder is None and in_force(store) is None
    if read.folder is not None or first:
        state = ensure(journal, store, clock, Governed.of(read.plain, deviations(read.policy)))
    else:
        state = current(store, clock.now())
    over = state.in_force.over(read.district)
    tenants = tuple(_overlaid(mine, theirs, read.overlaid) for mine, theirs in zip(over.tenants, read.district.tenants, strict=True))
    waiting = () if state.pending is None else (looser(state.pending.looser, state.pending.signed, state.pending.digest),)
    return over.model_copy(update={"tenants": tenants}), waiting


def _overlaid(in_force: Tenant, wished: Tenant, overlaid: tuple[str, ...]) -> Tenant:
    """What an overlay says is in force at once (contract, *Calling*)."""
    update: dict[str, object] = {}
    for name in ("endpoints", "visibility_checks"):
        if any(value.startswith(f"tenants.{wished.id}.{name}") for value in overlaid):
            update[name] = getattr(wished, name)
    return in_force.model_copy(update=update)


def looser(what: tuple[str, ...], signed: tuple[str, ...], digest: str) -> Problem:
    """The warning that the folder asks for looser guards than are in force."""
    return Problem(
        code="governance.pending",
        severity=Severity.WARNING,
        subject=digest,
        message=f"The folder loosens {', '.join(what)}; the old value stays until two officers approve ({len(signed)} of 2 have).",
        next_step=f"recordwarden --as OFFICER --key FILE approve {digest[:16]}",
    )
