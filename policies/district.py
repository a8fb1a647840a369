"""``district.yaml`` as values: who the district is, its officers, its tenants and how they are reached. The contract's *Files* section."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from policies import forms
from policies.kinds import Kind, Platform


class Role(StrEnum):
    """The offices a district fills; each may approve but the IT director."""

    RECORDS_CUSTODIAN = "records_custodian"
    DEPUTY_CUSTODIAN = "deputy_custodian"
    COUNSEL = "counsel"
    SUPERINTENDENT = "superintendent"
    BOARD_CHAIR = "board_chair"
    IT_DIRECTOR = "it_director"


class Mode(StrEnum):
    """How far an unattended run may go in a tenant."""

    OBSERVE = "observe"
    PROPOSE = "propose"
    ENFORCE = "enforce"


class FolderModel(BaseModel):
    """The base of everything read from the folder: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Officer(FolderModel):
    """A named role-holder with an Ed25519 public key (``ed25519:<base64>``)."""

    id: Annotated[str, Field(pattern=forms.NAME_40)]
    name: str
    email: str
    roles: tuple[Role, ...] = Field(min_length=1)
    key: Annotated[str, Field(pattern=forms.PUBLIC_KEY)] | None = None


class Thresholds(FolderModel):
    """What one unattended run may touch per tenant; 0 is a limit, not the absence of one."""

    changes: Annotated[int, Field(ge=0)] = 50
    people: Annotated[int, Field(ge=0)] = 500
    weaken: Annotated[int, Field(ge=0)] = 0


class Timeouts(FolderModel):
    """Durations in seconds."""

    request: Annotated[int, Field(ge=1)] = 30
    release_wait: Annotated[int, Field(ge=0)] = 604800
    overdue: Annotated[int, Field(ge=1)] = 86400
    lease: Annotated[int, Field(ge=5)] = 60


class Credential(FolderModel):
    """One way in; exactly one family of fields is set (checked by the folder loader). Paths are absolute after loading.

    ``client_id`` names what this credential signs in as, where it is another one than the tenant's: Microsoft's application, or the service
    account (its unique id of digits) that a Google credential without a key file impersonates. A Google key file says it itself.
    """

    client_id: str | None = None
    certificate_file: Path | None = None
    passphrase_file: Path | None = None
    client_secret_file: Path | None = None
    managed_identity: bool | str | None = None
    service_account_file: Path | None = None
    subject: str | None = None
    impersonate: str | None = None


class Credentials(FolderModel):
    """Separate identities for reading and writing."""

    read: Credential | None = None
    write: Credential | None = None


class SurfaceBudget(FolderModel):
    """How many requests per minute a surface may see from us."""

    per_minute: Annotated[int, Field(ge=1)]


class Tenant(FolderModel):
    """One cloud of the district and how it is reached."""

    id: Annotated[str, Field(pattern=forms.TENANT)]
    platform: Platform
    mode: Mode = Mode.OBSERVE
    cloud: str = "worldwide"
    tenant_id: str | None = None
    domain: str | None = None
    customer_id: str | None = None
    client_id: str | None = None
    credential: Credential | None = None
    credentials: Credentials | None = None
    subjects: dict[str, str] = Field(default_factory=dict)
    endpoints: dict[str, str] = Field(default_factory=dict)
    region_discovery: bool | None = None
    ca_bundle: Path | None = None
    proxy: str | None = None
    visibility_checks: dict[Kind, str] = Field(default_factory=dict)
    review_stages: dict[Annotated[str, Field(min_length=1, max_length=64)], Annotated[tuple[str, ...], Field(min_length=1, max_length=10)]] = Field(
        default_factory=dict
    )
    """Who decides at the end of a period, stage by stage, by addresses of roles; without any the end of a period keeps and is a task."""
    hold_administrators: tuple[str, ...] | None = None
    """Accounts that should be able to touch holds and rules in the vendor's consoles, by address; None: the district does not say."""
    budgets: dict[str, SurfaceBudget] = Field(default_factory=dict)

    def credential_for(self, *, writing: bool) -> Credential | None:
        """The identity for reading or for writing: the separate one if given, else the common one."""
        special = (self.credentials.write if writing else self.credentials.read) if self.credentials else None
        return special or self.credential

    def client_id_for(self, *, writing: bool) -> str | None:
        """The application that signs in for reading or for writing: the credential's own, else the tenant's."""
        credential = self.credential_for(writing=writing)
        return (credential.client_id if credential else None) or self.client_id

    @property
    def separate(self) -> bool:
        """Whether reading and writing are two principals at the vendor, with rights of their own; two keys of one application are one."""
        reading, writing = self.credential_for(writing=False), self.credential_for(writing=True)
        if reading is None or writing is None:
            return False
        principals = [(one.managed_identity, self.client_id_for(writing=side)) for one, side in ((reading, False), (writing, True))]
        if any(managed for managed, _ in principals):
            return principals[0][0] != principals[1][0]
        return (principals[0][1] or "").lower() != (principals[1][1] or "").lower()


class Way(StrEnum):
    """How a notice leaves: as mail from a mailbox of a tenant, or through a relay (mail server, pager, webhook) that a URL names."""

    MAIL = "mail"
    APPRISE = "apprise"


class Subject(StrEnum):
    """What a notice can be about; docs/reference/notices.md says what each takes in."""

    HOLD = "hold"
    DRIFT = "drift"
    DELETION = "deletion"
    RULES = "rules"
    APPROVALS = "approvals"
    JOBS = "jobs"


class Delivery(FolderModel):
    """Which officer is told of what, and by which way. ``tenant`` and ``from`` belong to mail, ``url_file`` and ``hosts`` to apprise.

    ``url_file`` holds one apprise URL and stays as it is written, relative to the file that holds it: what is guarded must not change because the
    folder has moved. ``hosts`` are those that the URL's service calls besides the host in the URL; no other is ever called.
    """

    to: str
    by: Way
    tenant: str | None = None
    sender: Annotated[str, Field(pattern=forms.EMAIL)] | None = Field(default=None, alias="from")
    url_file: Path | None = None
    hosts: tuple[Annotated[str, Field(pattern=forms.HOST)], ...] = ()
    about: Annotated[tuple[Subject, ...], Field(min_length=1)] = tuple(Subject)

    @property
    def name(self) -> str:
        """What the way is called: an officer is told of one thing once by each."""
        return f"{self.to}/{self.by.value}/{self.tenant if self.by is Way.MAIL else self.url_file}"


class OtherSystem(FolderModel):
    """A system outside both clouds that holds records, and how soon it overwrites them."""

    name: str
    owner: str
    phone: str | None = None
    overwrites_after: str | None = None


class Calendar(FolderModel):
    """Days on which the district's offices are closed."""

    closed: tuple[date, ...] = ()


class District(FolderModel):
    """``district.yaml``."""

    recordwarden: Annotated[int, Field(ge=1, le=1)]
    id: Annotated[str, Field(pattern=forms.DISTRICT)]
    name: str
    timezone: str = "America/New_York"
    calendar: Calendar = Calendar()
    officers: tuple[Officer, ...] = ()
    tenants: tuple[Tenant, ...] = ()
    thresholds: Thresholds = Thresholds()
    systems: tuple[OtherSystem, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    timeouts: Timeouts = Timeouts()
    drill: bool = False

    def tenant(self, tenant_id: str) -> Tenant:
        """The tenant of that id. Raises KeyError."""
        for tenant in self.tenants:
            if tenant.id == tenant_id:
                return tenant
        raise KeyError(tenant_id)

    def officer(self, officer_id: str) -> Officer:
        """The officer of that id. Raises KeyError."""
        for officer in self.officers:
            if officer.id == officer_id:
                return officer
        raise KeyError(officer_id)
