"""Words for worked cases: effects, items and what becomes of them, short enough that a table of cases can be read."""

from __future__ import annotations

from typing import Any

from policies.effects import FOREVER, Clock, Effect, Mechanism, RemovableBy, Scope, Term
from policies.kinds import Platform, Workload
from policies.protection import Deletion, Guarantee
from policies.simulator import Item

MS, GOOGLE = Platform.MICROSOFT365, Platform.GOOGLE_WORKSPACE
HOLD, POLICY, LABEL, DEFAULT, CUSTOM = (
    Mechanism.HOLD,
    Mechanism.RETENTION_POLICY,
    Mechanism.LABEL,
    Mechanism.VAULT_DEFAULT,
    Mechanism.VAULT_CUSTOM,
)
ANN, BOB = "ann@d.example", "bob@d.example"


def reach(
    *names: str,
    everyone: bool = False,
    exclude: tuple[str, ...] = (),
    units: tuple[str, ...] = (),
    workload: Workload = Workload.MAIL,
) -> Scope:
    return Scope(workloads=frozenset({workload}), everyone=everyone, include=frozenset(names), exclude=frozenset(exclude), org_units=frozenset(units))


ALL = reach(everyone=True)


def ms(mechanism: Mechanism, scope: Scope = ALL, **more: Any) -> Effect:
    return Effect(ref=more.pop("ref", f"ms-{mechanism.value}-{sorted(more.items())!r}"), platform=MS, mechanism=mechanism, scope=scope, **more)


def vault(mechanism: Mechanism, term: Term, scope: Scope = ALL, *, purge_all: bool = True, **more: Any) -> Effect:
    """A Vault rule: keeps for ``term``, then purges everything or only what people deleted."""
    delete = None if term == FOREVER else term
    return Effect(
        ref=more.pop("ref", f"{mechanism.value}-{term}"),
        platform=GOOGLE,
        mechanism=mechanism,
        scope=scope,
        keep=term,
        delete=delete,
        purge_all=purge_all,
        **more,
    )


def kept(term: Term, clock: Clock = Clock.CREATED, by: RemovableBy = RemovableBy.ADMINISTRATOR, terms: str | None = None) -> Guarantee:
    return Guarantee(term=term, clock=clock, removable_by=by, terms=terms)


def gone(term: Term, clock: Clock = Clock.CREATED) -> Deletion:
    return Deletion(term=term, clock=clock)


ANNS = Item(platform=MS, workload=Workload.MAIL, place=ANN)
GANN = Item(platform=GOOGLE, workload=Workload.MAIL, place=ANN, org_unit="/Staff")
PURVIEW = "learn.microsoft.com/purview/retention, 'The principles of retention'"
VAULT = "support.google.com/vault/answer/2990828, G§2.3"
