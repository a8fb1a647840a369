"""The things that a Microsoft 365 tenant holds: accounts, mailboxes, groups, labels, policies, rules, cases, holds, audit events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Scalar = str | bool | int | None
SourceKind = Literal["mailbox", "site"]

LOCATIONS = (
    "ExchangeLocation",
    "SharePointLocation",
    "OneDriveLocation",
    "ModernGroupLocation",
    "PublicFolderLocation",
    "SkypeLocation",
    "TeamsChannelLocation",
    "TeamsChatLocation",
)
"""Location properties of a retention policy; each but public folders has an ``...Exception`` twin (M§2.2)."""

TEAMS = ("TeamsChannelLocation", "TeamsChatLocation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something: an administrator by address, or an app by its ids. ``name`` is what vendors show as the maker."""

    name: str
    object_id: str
    upn: str = ""
    app_id: str = ""


@dataclass(slots=True, kw_only=True)
class Drive:
    """A OneDrive: its site, and whether the site is locked."""

    site_id: str
    url: str
    locked: bool = False


@dataclass(slots=True, kw_only=True)
class Mailbox:
    """An Exchange mailbox with what decides whether its content can be removed (M§3.1)."""

    guid: str
    kind: str = "UserMailbox"
    archive_guid: str = ""
    litigation: bool = False
    litigation_duration: str = "Unlimited"
    litigation_date: datetime | None = None
    litigation_owner: str = ""
    comment: str = ""
    comment_url: str = ""
    delay_until: datetime | None = None
    labelled: bool = False
    """A retaining label was put on an item once: ``ComplianceTagHoldApplied``."""
    inactive: bool = False
    changed: datetime


@dataclass(slots=True, kw_only=True)
class Account:
    """A user, alive or deleted; the id stays when addresses change (M§5)."""

    id: str
    given: str
    family: str
    upn: str
    aliases: list[str]
    department: str
    job_title: str
    employee_id: str
    tier: Literal["faculty", "student", ""]
    """Which kind of licence is assigned; the product comes from the tenant's licence switch. Empty: none."""
    created: datetime
    enabled: bool = True
    deleted: datetime | None = None
    purged: bool = False
    drive: Drive | None = None
    mailbox: Mailbox | None = None

    @property
    def display_name(self) -> str:
        """Given and family name, or the one of them that there is."""
        return f"{self.given} {self.family}".strip()

    @property
    def addresses(self) -> list[str]:
        """Primary address first, then the aliases, in lower case."""
        return [self.upn.lower(), *(alias.lower() for alias in self.aliases)]


@dataclass(slots=True, kw_only=True)
class Group:
    """A mail-enabled security group or a Microsoft 365 group; members are ids of accounts or groups."""

    id: str
    display_name: str
    mail: str
    unified: bool = False
    hidden: bool = False
    members: list[str] = field(default_factory=list)
    site_id: str = ""
    site_url: str = ""


@dataclass(slots=True, kw_only=True)
class Made:
    """What every compliance object has: name, GUID, free text, and who made and changed it when."""

    name: str
    guid: str
    comment: str = ""
    created: datetime
    changed: datetime
    created_by: Actor
    changed_by: Actor

    def touch(self, actor: Actor, now: datetime) -> None:
        """Note a change by ``actor``."""
        self.changed, self.changed_by = now, actor


@dataclass(slots=True, kw_only=True)
class Label(Made):
    """A retention label (``ComplianceTag``); ``action`` None makes it a classification alone."""

    action: str | None = None
    duration: str | None = None
    trigger: str | None = None
    notes: str = ""
    reviewers: list[str] = field(default_factory=list)
    record: bool = False
    regulatory: bool = False
    unlocked: bool = False
    event_type: str | None = None
    review_stages: str | None = None
    next_stage: str | None = None
    auto_approval: int | None = None
    priority: int = 0
    removing: bool = False
    """Removed, but not for good: it waits for a removal by force (``m365.label_removal``)."""
    templates: dict[str, str] = field(default_factory=dict)
    """GUIDs of file plan values by Graph's word on a label: ``citation``, ``department`` ..."""


@dataclass(slots=True, kw_only=True)
class EventType(Made):
    """What event-based labels count from; ``comment`` is its description. Events themselves do not happen here."""


@dataclass(slots=True, kw_only=True)
class Template(Made):
    """A value of the file plan, of one ``kind`` (authorities, categories ...); citations have an address and a jurisdiction."""

    kind: str
    url: str = ""
    jurisdiction: str = ""
    display_name: str = ""
    parent: str = ""
    """GUID of the category, for a subcategory."""
    built_in: bool = False
    """Given by Microsoft to every tenant."""
    removing: datetime | None = None

    @property
    def shown(self) -> str:
        """What the portal and Graph call it."""
        return self.display_name or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One place of a policy; stamped on mailboxes once ``due`` has passed."""

    name: str
    display_name: str
    identity: str
    workload: str
    due: datetime

    @property
    def everything(self) -> bool:
        """Whether it is the word ``All``."""
        return self.name == "All"


@dataclass(slots=True, kw_only=True)
class Policy(Made):
    """A retention policy, of the older or the newer (``app``) cmdlet family."""

    enabled: bool = True
    locations: dict[str, list[Location]] = field(default_factory=dict)
    locked: bool = False
    """Preservation Lock (``RestrictiveRetention``): only additions and longer periods from now on (M§2.2)."""
    due: datetime
    """When the last change reaches Success."""
    errors: list[str] = field(default_factory=list)
    status_at: datetime
    removing: datetime | None = None
    """When a removed policy will be gone."""
    app: bool = False
    applications: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    priority_cleanup: bool = False

    @property
    def teams(self) -> bool:
        """Whether it belongs to Teams, which shares a policy with nothing else."""
        return any(self.locations.get(name) for name in TEAMS)


@dataclass(slots=True, kw_only=True)
class Rule(Made):
    """A rule of a policy: keeps or deletes, or publishes or applies a label (GUID in ``publishes`` / ``applies``)."""

    policy: str
    duration: str | None = None
    action: str | None = None
    option: str | None = None
    hint: str = "Days"
    query: str = ""
    publishes: str = ""
    applies: str = ""
    disabled: bool = False
    excluded_classes: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Scope(Made):
    """An adaptive scope."""

    location_type: str
    conditions: str | None = None
    query: str | None = None


@dataclass(slots=True, kw_only=True)
class Operation:
    """A job of a case, as its operations list shows it."""

    id: str
    started: datetime
    done: datetime


@dataclass(slots=True, kw_only=True)
class Case(Made):
    """An eDiscovery case; ``comment`` is its description."""

    external_id: str = ""
    case_type: str = "eDiscovery"
    members: list[str] = field(default_factory=list)
    materialised: datetime | None = None
    """From when its child routes answer; None: never (a leftover of the portal)."""
    closed_at: datetime | None = None
    """When a close that was asked for is through; None while open."""
    closed_by: Actor | None = None
    operations: list[Operation] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Source:
    """A mailbox or site in a hold. ``since`` and ``due`` bound its last change of state."""

    id: str
    kind: SourceKind
    name: str
    place: str
    """Address (with a leading period for an inactive mailbox) or URL, as it was given."""
    account: str
    """Object id of the account behind it, or empty."""
    created: datetime
    created_by: Actor
    since: datetime
    due: datetime
    removing: bool = False
    failed: str = ""
    """An error text; such a source is not held until a retry finds it gone."""
    partial: bool = False


@dataclass(slots=True, kw_only=True)
class Hold(Made):
    """A case hold policy with its rule; ``comment`` is its description."""

    case: str
    enabled: bool = True
    query: str = ""
    rule: str = ""
    """GUID of the rule; without one the hold holds nothing (M§3.6)."""
    rule_name: str = ""
    rule_disabled: bool = False
    """Switched off by itself, the rule holds nothing although the policy is on (docs/wire/admin-endpoint.md §2.3)."""
    sources: list[Source] = field(default_factory=list)
    leaving: list[Source] = field(default_factory=list)
    """Places that were held and were taken out, until that is distributed."""
    unsettled: datetime | None = None
    """Until when the last taking out is being distributed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """A message that an application sent as somebody; ``saved``: a copy stands in that mailbox's Sent Items."""

    at: datetime
    sender: str
    to: tuple[str, ...]
    message: dict[str, object]
    saved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A record of the audit log and the moment from which a search finds it."""

    id: str
    at: datetime
    visible: datetime
    actor: Actor
    record_type: int
    operation: str
    object_id: str
    parameters: str | tuple[tuple[str, str], ...] = ""
    extra: tuple[tuple[str, str], ...] = ()
    target: str = ""
    """Id of the account or group that an act of the directory was done to."""


@dataclass(slots=True, kw_only=True)
class AuditQuery:
    """A search of the audit log as it was asked for."""

    id: str
    body: dict[str, object]
    created: datetime
    due: datetime
    by: Actor
