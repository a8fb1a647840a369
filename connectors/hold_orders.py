"""A matter as one tenant needs it, and what the platform holds it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from policies.kinds import Workload
from policies.resources import Wanted

UNIT: Final = "unit:"
"""How the member begins that stands for a whole organisational unit: its hold is made with it, lists nobody, and takes nobody else."""



@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedSource:
    """One source of one person (or place) that a hold order names, resolved in this tenant."""

    person: str
    workload: Workload
    identity_id: str | None
    address: str
    container: str | None = None
    """The place to hold: mailbox address, OneDrive or site URL, account id, group address."""
    unit: str | None = None
    """Path of the organisational unit by which the order names the person; the unit is held where the platform can."""
    unit_id: str | None = None
    """That unit's id where a look has found it: it goes before the path, at which another unit may lie by now."""



@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOrder:
    """A matter as one tenant needs it. Carries aliases only: the confidential name never leaves."""

    alias: str
    tenant_alias: str
    sources: tuple[OrderedSource, ...]
    terms: str | None = None
    range_from: date | None = None
    range_to: date | None = None



@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """The resources of a hold order, which member of which resource carries each source, and sources that cannot be carried (with why)."""

    resources: tuple[Wanted, ...]
    carried: Mapping[OrderedSource, tuple[str, str]]
    """source -> (resource key, member)."""
    refused: Mapping[OrderedSource, str]

