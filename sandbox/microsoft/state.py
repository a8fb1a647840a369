"""The emulated Microsoft 365 tenant: everything in it, who may do what, and how long things take on the sandbox's clock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from sandbox.microsoft.objects import (
    Account,
    Actor,
    AuditQuery,
    Case,
    Event,
    EventType,
    Group,
    Hold,
    Label,
    Policy,
    Rule,
    Scope,
    SentMail,
    Template,
)
from sandbox.world import World

TENANT = "m365"
_NAMESPACE = UUID("8b3f6d0e-5c1a-5f7e-9a43-6f2f0c9d1e77")

GRAPH, EXCHANGE, COMPLIANCE, ACTIVITY = "graph", "exchange", "compliance", "activity"

MANAGE_AS_APP = "Exchange.ManageAsApp"
GRANTED = {
    GRAPH: (
        "AuditLog.Read.All",
        "AuditLogsQuery.Read.All",
        "GroupMember.Read.All",
        "Mail.Send",
        "Member.Read.Hidden",
        "Organization.Read.All",
        "Sites.Read.All",
        "User.Read.All",
        "eDiscovery.Read.All",
        "eDiscovery.ReadWrite.All",
    ),
    EXCHANGE: (MANAGE_AS_APP,),
    COMPLIANCE: (MANAGE_AS_APP,),
    ACTIVITY: ("ActivityFeed.Read",),
}
"""Application permissions that the app was given, by audience: of those that Microsoft's pages name as enough for a call, the narrowest that are of
use (docs/wire/graph-directory-audit.md §9). ``m365.missing_roles`` takes some away, ``m365.more_roles`` adds to those of Graph."""

EXCHANGE_MANAGE = "Exchange.Manage"
DELEGATED = {
    GRAPH: (
        "AuditLogsQuery.Read.All",
        "Directory.Read.All",
        "Group.Read.All",
        "Mail.Send",
        "RecordsManagement.Read.All",
        "RecordsManagement.ReadWrite.All",
        "Sites.Read.All",
        "User.Read",
        "User.Read.All",
        "eDiscovery.Read.All",
        "eDiscovery.ReadWrite.All",
    ),
    EXCHANGE: (EXCHANGE_MANAGE,),
    COMPLIANCE: (EXCHANGE_MANAGE,),
    ACTIVITY: ("ActivityFeed.Read",),
}
"""Delegated permissions that an administrator consented to, by audience; the switch ``m365.missing_scopes`` takes some away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The app registration that the district made: its ids, its name, and what it signs in with."""

    app_id: str
    object_id: str
    name: str
    secret: str
    certificate: bytes
    """The DER bytes that were uploaded."""
    public_key: RSAPublicKey
    roles: Mapping[str, tuple[str, ...]] | None = None
    """Application permissions by audience, where this one has others than ``GRANTED``."""
    directory_role: str = ""
    """Its own role at the admin endpoint, as the switch ``m365.admin_role`` words it; empty: what the switch says."""
    ediscovery: str = ""
    """Its own place in eDiscovery, as ``m365.ediscovery_manager`` words it; empty: what the switch says."""

    @property
    def actor(self) -> Actor:
        """The app as a doer."""
        return Actor(name=self.name, object_id=self.object_id, app_id=self.app_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaMark:
    """What a token of Graph's delta stands for: accounts still to be told in its round, the properties, and where in the changes the next begins."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    upto: int
    before: int
    """Where the round before it began."""
    at: datetime


@dataclass(slots=True, kw_only=True)
class TenantState:
    """One tenant. Nothing runs in the background: what is pending becomes done when somebody looks after its time."""

    tenant_id: str
    domain: str
    initial_domain: str
    name: str
    app: Registration
    more_apps: dict[str, Registration] = field(default_factory=dict)
    """Further applications of the district, by application id: one that reads beside one that writes."""
    signing_key: RSAPrivateKey
    accounts: dict[str, Account] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    """Account id by address in lower case, of accounts that are alive."""
    groups: dict[str, Group] = field(default_factory=dict)
    sites: dict[str, str] = field(default_factory=dict)
    """Title by URL of sites that belong to nobody."""
    labels: dict[str, Label] = field(default_factory=dict)
    event_types: dict[str, EventType] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    """Values of the file plan, by GUID."""
    policies: dict[str, Policy] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    scopes: dict[str, Scope] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    queries: dict[str, AuditQuery] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    """Ids of accounts whose addresses are in ``addresses``."""
    changes: list[str] = field(default_factory=list)
    """Account ids in the order of their changes: what a delta token counts along."""
    deltas: dict[str, DeltaMark] = field(default_factory=dict)
    """Tokens of Graph's delta on users."""
    links: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Skip tokens of Graph: the query they belong to, and where it goes on."""
    skip_tokens: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """Skip tokens of the admin endpoint: where it goes on, and until when they are good."""
    requests: dict[str, list[datetime]] = field(default_factory=dict)
    """Times of recent requests by throttling bucket."""
    subscriptions: set[str] = field(default_factory=set)
    """Content types that the activity feed collects."""
    restarted: dict[str, datetime] = field(default_factory=dict)
    """Since when a content type is collected again that had been stopped: nothing older is served."""
    sent: list[SentMail] = field(default_factory=list)
    """Mail that Graph's sendMail took."""
    officers: set[str] = field(default_factory=set)
    """Object ids of people who are Compliance Administrators: what a signed-in person may do with labels and holds."""
    revoked: dict[str, datetime] = field(default_factory=dict)
    """When somebody's sign-ins were revoked, by account id: earlier sessions cannot be refreshed."""
    administrator: str = ""
    """Object id of the account that works in the console."""
    seed: int = 0
    made: int = 0

    def registered(self, app_id: str) -> Registration | None:
        """The application of that id; None for one that this tenant does not know."""
        return self.app if app_id == self.app.app_id else self.more_apps.get(app_id)

    def new_id(self, what: str) -> str:
        """The next GUID, equal for equal seeds and equal order of acts."""
        self.made += 1
        return stable_id(self.seed, f"{what}/{self.made}")

    @property
    def host(self) -> str:
        """The first label of the initial domain, which names the tenant's SharePoint hosts."""
        return self.initial_domain.partition(".")[0]

    @property
    def console(self) -> Actor:
        """The administrator who works in the vendor's console."""
        account = self.accounts[self.administrator]
        return Actor(name=account.display_name, object_id=account.id, upn=account.upn)

    def alive(self) -> list[Account]:
        """Accounts that are not deleted, by id, which is the order that Graph pages in."""
        return [account for _, account in sorted(self.accounts.items()) if account.deleted is None]

    def account_at(self, address: str) -> Account | None:
        """The live account with that primary address, alias or object id; None when there is none."""
        wanted = address.lower()
        found = self.accounts.get(self.addresses.get(wanted, wanted))
        return found if found is not None and found.deleted is None else None

    def enter(self, account: Account) -> None:
        """Take the account in, or note that its addresses or its life changed."""
        self.accounts[account.id] = account
        self.changes.append(account.id)
        for address in [address for address, owner in self.addresses.items() if owner == account.id] if account.id in self.known else []:
            del self.addresses[address]
        self.known.add(account.id)
        if account.deleted is None:
            self.addresses.update(dict.fromkeys(account.addresses, account.id))

    def group_at(self, address: str) -> Group | None:
        """The group with that address or id."""
        wanted = address.lower()
        return self.groups.get(wanted) or next((group for group in self.groups.values() if group.mail == wanted), None)

    def members_of(self, group: Group) -> list[Account]:
        """Live accounts in the group and the groups inside it, each once."""
        found: dict[str, Account] = {}
        waiting, seen = [group], {group.id}
        while waiting:
            for member in waiting.pop().members:
                nested = self.groups.get(member)
                if nested is not None and nested.id not in seen:
                    seen.add(nested.id)
                    waiting.append(nested)
                account = self.accounts.get(member)
                if account is not None and account.deleted is None:
                    found[member] = account
        return [found[key] for key in sorted(found)]


def stable_id(seed: int, what: str) -> str:
    """A GUID that is the same for the same seed and words."""
    return str(uuid5(_NAMESPACE, f"{seed}/{what}"))


def tenant_of(world: World) -> TenantState:
    """The tenant's state; raises ``KeyError`` before it was installed."""
    state = world.state[TENANT]
    assert isinstance(state, TenantState)
    return state


def switch(world: World, name: str, default: str = "") -> str:
    """The value of the switch ``m365.<name>``."""
    return world.switches.get(f"{TENANT}.{name}", default)


def paged(world: World, size: int) -> int:
    """How many rows a page of ``size`` has: fewer where the switch ``m365.page_size`` says so, for a service may always give less than asked."""
    return min(size, int(switch(world, "page_size", str(size))))


def listed(world: World, name: str) -> frozenset[str]:
    """The comma-separated values of the switch ``m365.<name>``, in lower case."""
    return frozenset(part.strip().lower() for part in switch(world, name).split(",") if part.strip())


def spelled(world: World, place: str) -> str:
    """An address or URL as the service writes it back: as it was given, or in another case where the switch ``m365.shapes`` says spelling."""
    if "spelling" not in listed(world, "shapes"):
        return place
    head, mark, tail = place.rpartition("/") if place.startswith("https://") else ("", "", place)
    local, at, domain = tail.partition("@")
    return f"{head}{mark}{local.title()}{at}{domain}"


def worded(world: World, kind: str, word: str) -> str:
    """A status word as the service writes it, or another where the switch ``m365.words`` says ``kind:word:other`` (by commas)."""
    for one in switch(world, "words").split(","):
        parts = one.strip().split(":")
        if parts[:2] == [kind, word] and len(parts) == 3:
            return parts[2]
    return word


def visible(world: World, created: datetime) -> bool:
    """Whether lists show what was made then: at once, or later by the switch ``m365.visible_seconds``."""
    return world.clock.now() >= created + seconds(world, "visible", 0)


def admin_role(world: World, actor: Actor) -> str:
    """What the caller may do at the admin endpoint: its application's own role, else the switch ``m365.admin_role``."""
    app = tenant_of(world).registered(actor.app_id)
    return (app.directory_role if app else "") or switch(world, "admin_role", "compliance_administrator")


def ediscovery_place(world: World, actor: Actor) -> str:
    """The caller's place in eDiscovery: its application's own, else the switch ``m365.ediscovery_manager``."""
    app = tenant_of(world).registered(actor.app_id)
    return (app.ediscovery if app else "") or switch(world, "ediscovery_manager", "administrator")


def licence(world: World) -> str:
    """A1, A3 or A5: the switch ``m365.licence``."""
    return switch(world, "licence", "A5").upper()


def seconds(world: World, name: str, default: float) -> timedelta:
    """How long something takes on the sandbox's clock: the switch ``m365.<name>_seconds``, or ``default``."""
    return timedelta(seconds=float(switch(world, f"{name}_seconds", str(default))))


def jitter(seed: int, what: str, span: float) -> float:
    """A number of seconds from 0 to ``span`` that is the same for the same seed and words."""
    digest = hashlib.sha256(f"{seed}/{what}".encode()).digest()
    return span * int.from_bytes(digest[:4], "big") / 0xFFFFFFFF


def settle_time(world: World, kind: str, what: str) -> timedelta:
    """How long a source of a hold takes: about 2 minutes for a mailbox, 5 for a site, seeded (docs/wire/graph-ediscovery.md §6)."""
    fixed = switch(world, f"hold_{kind}_seconds")
    if fixed:
        return timedelta(seconds=float(fixed))
    return timedelta(seconds=(120.0 if kind == "mailbox" else 300.0) + jitter(world.seed, what, 40.0))
