"""What the Google tenant consists of: its accounts, groups and units, its matters and holds, its console-only rules, its log."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.google.labels import Label
from sandbox.google.places import SharedDrive, Space
from sandbox.google.quota import Ledger
from sandbox.world import World

TENANT_ID = "google"

VAULT_SKUS = frozenset({"1010070001", "1010340007", *(f"10103100{number:02}" for number in range(5, 11))})
"""Licences that bring Vault: every Education edition and the archived-user licence, but not Gmail Only (G§0, G§4.1)."""

LABEL_SKUS = frozenset(f"10103100{number:02}" for number in range(5, 11))
"""Licences that bring Drive labels: Education Standard and Plus, not Fundamentals (G§3.2)."""

ACCOUNT_GONE = timedelta(days=20)
"""How long a deleted account can be brought back (G§4.1)."""
MATTER_GONE = timedelta(days=30)
"""How long a deleted matter stays in the trash (G§1.6)."""


@dataclass(slots=True, kw_only=True)
class User:
    """An account. ``id`` never changes; the address does."""

    id: str
    email: str
    given: str
    family: str
    employee_id: str
    org_unit: str
    created: datetime
    aliases: list[str] = field(default_factory=list)
    skus: set[str] = field(default_factory=set)
    suspended_at: datetime | None = None
    archived_at: datetime | None = None
    deleted_at: datetime | None = None
    super_admin: bool = False

    @property
    def vault_licensed(self) -> bool:
        """Whether a hold on this account has any effect."""
        return bool(self.skus & VAULT_SKUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a group: a user or another group, by id."""

    id: str
    role: str
    type: str


@dataclass(slots=True, kw_only=True)
class Group:
    """A group, its members by id, and its settings as the Groups Settings API writes them (texts, also for booleans)."""

    id: str
    email: str
    name: str
    description: str
    members: dict[str, Member] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    unkept: list[Unkept] = field(default_factory=list)

    @property
    def keeps(self) -> bool:
        """Whether messages go into the archive; where they do not, there is nothing that a hold could keep (G§1.5)."""
        return self.settings.get("isArchived") == "true"


@dataclass(slots=True, kw_only=True)
class Unkept:
    """A span in which a group kept none of its messages; ``until`` is unknown while it lasts."""

    since: datetime
    until: datetime | None = None


@dataclass(slots=True, kw_only=True)
class OrgUnit:
    """An organisational unit; ``id`` carries the ``id:`` that the Directory API writes."""

    id: str
    path: str
    description: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[1]

    @property
    def parent(self) -> str:
        """The path of the unit above; the root's is itself."""
        return self.path.rsplit("/", 1)[0] or "/"


@dataclass(slots=True, kw_only=True)
class Held:
    """Something put on hold at ``added``; ``since`` is when it took effect, unknown until then; ``late`` if its time came and it could not."""

    added: datetime
    since: datetime | None = None
    late: bool = False


@dataclass(slots=True, kw_only=True)
class Hold:
    """A hold on accounts (by id) or on one org unit, never both (G§1.5)."""

    id: str
    name: str
    corpus: str
    query: dict[str, object] | None
    updated: datetime
    accounts: dict[str, Held] = field(default_factory=dict)
    org_unit: str = ""
    org_unit_held: Held | None = None


@dataclass(slots=True, kw_only=True)
class Matter:
    """A matter, its one owner and its collaborators (by account id), its holds by id."""

    id: str
    name: str
    description: str
    region: str
    owner: str
    created: datetime
    state: str = "OPEN"
    collaborators: set[str] = field(default_factory=set)
    holds: dict[str, Hold] = field(default_factory=dict)
    deleted_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class VaultRule:
    """A retention rule: state of the console alone, because no API reads or writes it (G§0)."""

    id: str
    service: str
    default: bool
    org_unit: str
    duration: str
    start: str
    action: str
    terms: str = ""

    def as_json(self) -> dict[str, object]:
        """The rule as the console shows it."""
        return {
            "id": self.id,
            "service": self.service,
            "default": self.default,
            "org_unit": self.org_unit,
            "duration": self.duration,
            "from": self.start,
            "action": self.action,
            "terms": self.terms,
        }


@dataclass(slots=True, kw_only=True)
class Role:
    """An admin role; privileges as (service, name)."""

    id: str
    name: str
    description: str
    privileges: set[tuple[str, str]]
    system: bool = False
    super_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One entry of the audit log, as the Reports API writes it, and when it begins to be served."""

    at: datetime
    visible: datetime
    application: str
    actor: str
    names: tuple[str, ...]
    entry: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """An identity of a program: the client that domain-wide delegation was granted to, or the machine that may sign in its name."""

    email: str
    client_id: str
    key_id: str
    private_key: RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token's bearer: the impersonated account's id (empty: the service account itself), scopes, end on the system's clock."""

    account: str
    user: str
    scopes: frozenset[str]
    ends: datetime


@dataclass(slots=True, kw_only=True)
class GoogleState:
    """The whole tenant. ``addresses`` leads from every primary address and alias of the living to an id."""

    customer_id: str
    domain: str
    service_account: ServiceAccount
    machine: ServiceAccount
    """Whom a keyless installation runs as: nothing is delegated to it, it may sign as the service account (G§6.3)."""
    chance: random.Random
    machine_key: Path = Path()
    """Where the machine's key file lies."""
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    org_units: dict[str, OrgUnit] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    assignments: list[tuple[str, str, str]] = field(default_factory=list)
    """(assignment id, role id, account id)."""
    grants: set[str] = field(default_factory=set)
    tokens: dict[str, Token] = field(default_factory=dict)
    matters: dict[str, Matter] = field(default_factory=dict)
    pending: list[tuple[Hold, str, Held]] = field(default_factory=list)
    rules: dict[str, VaultRule] = field(default_factory=dict)
    policies: list[dict[str, object]] = field(default_factory=list)
    labels: dict[str, Label] = field(default_factory=dict)
    drives: dict[str, SharedDrive] = field(default_factory=dict)
    spaces: dict[str, Space] = field(default_factory=dict)
    alerts: list[dict[str, object]] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    policies_read_at: datetime | None = None
    ledger: Ledger = field(default_factory=Ledger)

    def number(self, digits: int) -> str:
        """A fresh id of so many digits, the first not zero."""
        return str(self.chance.randrange(10 ** (digits - 1), 10**digits))

    def word(self, length: int) -> str:
        """A fresh id of small letters and digits."""
        return "".join(self.chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))

    def user(self, key: str) -> User | None:
        """The living account with that id, address or alias."""
        found = self.users.get(key) or self.users.get(self.addresses.get(key.lower(), ""))
        return found if found is not None and found.deleted_at is None else None

    def group(self, key: str) -> Group | None:
        """The group with that id or address."""
        return self.groups.get(key) or self.groups.get(self.addresses.get(key.lower(), ""))

    def unit(self, key: str) -> OrgUnit | None:
        """The unit with that id (with or without ``id:``) or path."""
        found = self.org_units.get(key if key.startswith("id:") else f"id:{key}")
        if found is not None:
            return found
        path = "/" + key.strip("/")
        return next((unit for unit in self.org_units.values() if unit.path == path), None)

    def service(self, email: str) -> ServiceAccount | None:
        """The service account with that address."""
        return next((found for found in (self.service_account, self.machine) if found.email == email), None)

    def privileges(self, account: str) -> set[tuple[str, str]]:
        """Every privilege that the roles of an account or service account (by id) bring."""
        held = [self.roles[role].privileges for _, role, holder in self.assignments if holder == account and role in self.roles]
        return set().union(*held)

    @property
    def has_labels(self) -> bool:
        """Whether the tenant's edition has Drive labels."""
        return any(user.skus & LABEL_SKUS for user in self.users.values() if user.deleted_at is None)

    def is_admin(self, account: str) -> bool:
        """Whether the account or service account has any administrator's role."""
        return any(holder == account for _, _, holder in self.assignments)

    def under(self, path: str) -> Iterator[User]:
        """The living accounts in a unit and the units below it."""
        base = path.rstrip("/")
        for user in self.users.values():
            if user.deleted_at is None and (not base or user.org_unit == base or user.org_unit.startswith(base + "/")):
                yield user

    def holds_on(self, user: User) -> Iterator[tuple[Matter, Hold]]:
        """Every hold of an open matter that names the account or its unit."""
        for matter in self.matters.values():
            if matter.state != "OPEN":
                continue
            for hold in matter.holds.values():
                unit = self.org_units.get(hold.org_unit)
                in_unit = unit is not None and (user.org_unit + "/").startswith(unit.path.rstrip("/") + "/")
                if user.id in hold.accounts or in_unit:
                    yield matter, hold


def state_of(world: World) -> GoogleState:
    """The Google tenant that was installed in ``world``."""
    state = world.state[TENANT_ID]
    assert isinstance(state, GoogleState)
    return state


def hold_delay(world: World) -> timedelta:
    """How long a hold takes to come into force; the switch ``google.hold_delay`` in seconds, 90 unless told."""
    return timedelta(seconds=float(world.switches.get("google.hold_delay", "90")))


def settle(world: World) -> None:
    """Bring the tenant up to now: holds that have had their time take effect, what has been in the trash long enough is gone.

    A hold takes effect only on an account that is alive and has a licence with Vault (G§4.2); one that is neither stays pending.
    """
    state, now, delay = state_of(world), world.clock.now(), hold_delay(world)
    waiting = []
    for hold, account, held in state.pending:
        due = held.added + delay <= now
        if due and _can_be_held(state, hold, account):
            held.since = now if held.late else held.added + delay
        else:
            held.late = due
            waiting.append((hold, account, held))
    state.pending[:] = waiting
    for matter in [m for m in state.matters.values() if m.deleted_at is not None and m.deleted_at + MATTER_GONE <= now]:
        del state.matters[matter.id]
    for user in [u for u in state.users.values() if u.deleted_at is not None and u.deleted_at + ACCOUNT_GONE <= now]:
        del state.users[user.id]


def _can_be_held(state: GoogleState, hold: Hold, account: str) -> bool:
    if hold.corpus == "GROUPS":
        return account in state.groups
    if hold.org_unit:
        return hold.org_unit in state.org_units
    user = state.user(account)
    return user is not None and user.vault_licensed
