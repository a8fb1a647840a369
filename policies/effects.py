"""What one live object does to the records in its scope, in vendor-neutral words: the input of the simulator.

Connectors translate their live objects into effects (``Connector.effects``); the simulator adds the effects up under each platform's own rules
of precedence (M§: retention beats deletion, longest retention wins, explicit beats implicit; G§2.3: hold beats custom beats default).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from policies.kinds import Platform, Workload

FOREVER: Final = "forever"
Term: TypeAlias = int | Literal["forever"]
"""A length of time in whole days, or for ever."""


class Clock(StrEnum):
    """The event that a term is counted from."""

    CREATED = "created"
    MODIFIED = "modified"
    LABELLED = "labelled"
    EVENT = "event"


class Mechanism(StrEnum):
    """The sort of object that an effect comes from; precedence differs by it."""

    HOLD = "hold"
    RETENTION_POLICY = "retention_policy"
    LABEL = "label"
    VAULT_DEFAULT = "vault_default"
    VAULT_CUSTOM = "vault_custom"


class RemovableBy(StrEnum):
    """The weakest hand that can take the effect away: a person using the item, an administrator, or nobody."""

    PERSON = "person"
    ADMINISTRATOR = "administrator"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whom or where an effect reaches. ``include`` names people, places or org-unit paths; ``everyone`` is the whole tenant minus ``exclude``."""

    workloads: frozenset[Workload]
    everyone: bool = False
    include: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    org_units: frozenset[str] = frozenset()
    """Paths; an org unit reaches its children."""
    by_query: bool = False
    """Whom a query of the platform's own finds: they count as named, though nobody here may know who they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an object in force keeps and deletes.

    ``keep`` is how long an item survives its user's delete (None: not at all); ``delete`` is when the platform itself deletes it (None: never);
    both counted from ``clock``. ``purge_all`` is False where only what people already deleted is purged (a Vault option). ``label`` limits the
    effect to items that carry that label, ``terms`` to items that match a query. An effect that is not ``in_force`` does nothing.
    """

    ref: str
    platform: Platform
    mechanism: Mechanism
    scope: Scope
    clock: Clock = Clock.CREATED
    event: str | None = None
    keep: Term | None = None
    delete: Term | None = None
    purge_all: bool = True
    label: str | None = None
    terms: str | None = None
    removable_by: RemovableBy = RemovableBy.ADMINISTRATOR
    in_force: bool = True
