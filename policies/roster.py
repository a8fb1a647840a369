"""People, groups and places of a tenant, and who among them a population names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from policies.kinds import Workload
from policies.resources import KindRead


class AccountState(StrEnum):
    """The state of an account in one tenant."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ARCHIVED = "archived"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One account of one tenant. ``services`` says per workload whether the licence keeps it under hold and where its container is."""

    tenant: str
    vendor_id: str
    address: str
    aliases: frozenset[str] = frozenset()
    name: str = ""
    employee_id: str | None = None
    state: AccountState = AccountState.ACTIVE
    org_unit: str | None = None
    licences: frozenset[str] = frozenset()
    licensed_for_hold: frozenset[Workload] = frozenset()
    """Workloads that the licences surely keep."""
    licences_unknown: bool = False
    """What the licences keep could not be told: their list was not read whole, or one of them is known to nobody here. Not: has none."""
    containers: Mapping[Workload, str] = field(default_factory=dict)
    """Known places by workload: OneDrive's URL for drive, the mailbox address for mail."""
    without: frozenset[Workload] = frozenset()
    """Workloads for which the platform says that there is no place. One that is in neither is unknown, which is not the same."""
    deleted_at: datetime | None = None

    def kept(self, workload: Workload) -> bool | None:
        """Whether the licences let a hold keep ``workload``; None where that cannot be told."""
        return True if workload in self.licensed_for_hold else None if self.licences_unknown else False

    @property
    def addresses(self) -> frozenset[str]:
        """Primary address and aliases, lower case."""
        return frozenset({self.address.lower(), *(alias.lower() for alias in self.aliases)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group with the vendor ids of the *accounts* in it, nested groups already followed."""

    tenant: str
    vendor_id: str
    address: str
    name: str
    members: frozenset[str]
    complete: bool = True
    containers: Mapping[Workload, str] = field(default_factory=dict)
    """Places of the group's own, where they are known: its mailbox's address, its site's URL."""
    without: frozenset[Workload] = frozenset()
    """Workloads of which the group surely has no place of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgUnit:
    """A Google organisational unit by path and immutable id, the id without the ``id:`` that Google writes in some places."""

    tenant: str
    vendor_id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A SharePoint site or OneDrive by its URL."""

    tenant: str
    vendor_id: str
    url: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All people, groups and places of one tenant at one time, with how each kind's read ended."""

    tenant: str
    at: datetime
    identities: tuple[Identity, ...]
    groups: tuple[Group, ...] = ()
    org_units: tuple[OrgUnit, ...] = ()
    sites: tuple[Site, ...] = ()
    reads: tuple[KindRead, ...] = ()
    gone_unread: str | None = None
    """Why what is kept of accounts that are gone for good could not all be seen, though it was asked for: then nobody is surely absent."""
