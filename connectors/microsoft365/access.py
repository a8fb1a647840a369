"""One tenant under one identity: its tokens, its Graph, its admin endpoint, opened when first used; and beside it a person who is signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.base import Context
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.examination import Identity, Principal
from connectors.following import KeptPeople, Trail
from connectors.microsoft365 import wire
from connectors.microsoft365.activity import ActivityClient
from connectors.microsoft365.admin import AdminClient
from connectors.microsoft365.auth import Tokens
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.graph import Call, GraphClient, Listing, Reply, select
from connectors.microsoft365.signed_in import PersonTokens, Session, step
from connectors.microsoft365.ways import CaseClient, Ways
from policies.district import Tenant
from policies.kinds import Kind

if TYPE_CHECKING:
    from connectors.microsoft365.everybody import Everybody

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _nobody(tenant: Tenant) -> Session | None:  # noqa: ARG001  # the default of a seam
    return None


@dataclass(slots=True)
class Course:
    """What was found on the way and holds for every access to a tenant in one run, reading or writing."""

    refused: PermanentError | None = None
    """The refusal that says that we, as ourselves, may not touch cases over Graph: from then on the signed-in person does."""
    versions: dict[str, str] = field(default_factory=dict)
    """The version of Graph that served each family of paths: who writes need not find out again what who read found."""
    by_cmdlet: bool = False
    """Whether cases and holds go by cmdlet, because over Graph neither we nor a person may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What a tenant allows beside our own identity's rights. ``admin``: an officer accepted the admin endpoint.

    ``sign_in`` gives the person who is signed in (None: nobody; raises PermanentError where a kept sign-in cannot be opened); ``proven`` the kinds
    that a proof has shown to be writable, with the surface it was made over (None: made before surfaces were written down). ``adaptive``: the
    district wants everybody to be an adaptive scope somewhere, so that scopes are kept true like everything else; otherwise none is written.
    """

    admin: bool = False
    adaptive: bool = False
    sign_in: Callable[[Tenant], Session | None] = _nobody
    proven: Callable[[], Mapping[Kind, str | None]] = field(default=dict)
    course: Course = field(default_factory=Course)


class Person:
    """The clients of a person who is signed in."""

    def __init__(self, tenant: Tenant, context: Context, session: Session, allowed: Allowed, initial_domain: Callable[[], str]) -> None:
        self.session = session
        self.tokens = PersonTokens(tenant, context, session)
        self.graph = GraphClient(tenant, context, self.tokens, allowed.course.versions)
        self.admin = AdminClient(tenant, context, self.tokens, accepted=allowed.admin, initial_domain=initial_domain)

    @property
    def account(self) -> str:
        """The address that the vendor's log shows for what they do."""
        return self.session.person.account

    def close(self) -> None:
        """Close every connection."""
        self.graph.close()
        self.admin.close()
        self.tokens.close()


class Access:
    """What reader, writer and prover share. ``close`` ends connections; forgetting it leaks nothing."""

    def __init__(self, tenant: Tenant, context: Context, allowed: Allowed, *, writing: bool = False) -> None:
        self.tenant = tenant
        self.context = context
        self.allowed = allowed
        self.tokens = Tokens(tenant, context, writing=writing)
        self.writing = writing
        self.graph = GraphClient(tenant, context, self.tokens, allowed.course.versions)
        self.admin = AdminClient(tenant, context, self.tokens, accepted=allowed.admin, initial_domain=self.initial_domain)
        self.activity = ActivityClient(tenant, context, self.tokens)
        self.ways = Ways(self)
        self.ediscovery = CaseClient(self)
        self._other: Access | None = None
        self._named = False
        self._organisation: tuple[wire.JsonObject, int | None] | None = None
        self.kept: KeptPeople | None = None
        """Everybody as an earlier look left them."""
        self.trail: Trail | None = None
        """Where the next look can go on."""
        self._person: Person | PermanentError | None = None
        self.labels: Listing | None = None
        self.event_types: Listing | None = None
        self.cases: Listing | None = None
        self.everybody: Everybody | None = None
        self.listed: dict[Kind, Listing] = {}
        self.subscriptions: tuple[wire.JsonObject, ...] | None = None
        """What ``examine`` has just read and the look after it would read again word for word; whoever uses it takes it away."""
        self.mailboxes: Mapping[str, str] = {}
        """How each account's mailbox is addressed today, by the account's id, once the roster was read."""

    @property
    def person(self) -> Person | None:
        """Who is signed in beside us, None where ``unsigned`` says why nobody is."""
        found = self._signed_in()
        return found if isinstance(found, Person) else None

    @property
    def unsigned(self) -> PermanentError:
        """Why nobody acts here as a signed-in person: nobody signed in, the kept sign-in cannot be opened, or it is another tenant's."""
        found = self._signed_in()
        assert isinstance(found, PermanentError)
        return found

    def identity(self) -> Identity:
        """Who answers. Asked anew each time. Raises ``TenantUnreachableError`` when nobody usable does."""
        self._organisation = None
        row, skew = self._organisation_row()
        domains = wire.rows(row, "verifiedDomains")
        names = tuple(name.lower() for domain in domains if (name := wire.filled(domain, "name")))
        default = next((wire.filled(domain, "name") for domain in domains if wire.flag(domain, "isDefault")), None)
        vendor_id = wire.filled(row, "id")
        if vendor_id is None or not names:
            raise TenantUnreachableError(
                "wire.unexpected", f"Tenant {self.tenant.id}: Graph names no organisation id or no domain.", "Grant Organization.Read.All."
            )
        actor = f"{self.tokens.display_name or 'application'} ({self.tenant.client_id_for(writing=self.writing) or 'managed identity'})"
        return Identity(vendor_id=vendor_id, domain=(default or names[0]).lower(), domains=names, actor=actor, skew_seconds=skew)

    def initial_domain(self) -> str:
        """The ``onmicrosoft`` domain that requests to Security & Compliance are routed by (M§2.5)."""
        row, _skew = self._organisation_row()
        for domain in wire.rows(row, "verifiedDomains"):
            name = wire.filled(domain, "name")
            if name and wire.flag(domain, "isInitial"):
                return name
        raise PermanentError("wire.unexpected", f"Tenant {self.tenant.id}: Graph shows no initial domain.", "Grant Organization.Read.All.")

    @property
    def other(self) -> Access | None:
        """The same tenant under the other identity: the writing one of a reader, the reading one of a writer. None where one does both."""
        if self._other is None and self.tenant.separate:
            self._other = Access(self.tenant, self.context, self.allowed, writing=not self.writing)
        return self._other

    @property
    def own_names(self) -> frozenset[str]:
        """The names of both identities in the vendor's records. Where the other one cannot sign in, its application id alone."""
        other = self.other
        if other is None:
            return self.tokens.names
        return self.tokens.names | other.known_names()

    def known_names(self) -> frozenset[str]:
        """Names of this identity, asking for a token where none has told them yet."""
        if not self._named:
            self._named = True
            # Where it cannot sign in, what it made cannot be told from others': ``made_by_us`` then says that it does not know.
            with suppress(ConnectorError):
                self.tokens.token(Endpoint.GRAPH)
        return self.tokens.names

    def principals(self) -> tuple[Principal, ...]:
        """Our applications in the tenant's directory, the one that writes first."""
        found = (self.tokens.principal, *((self.other.tokens.principal,) if self.other is not None else ()))
        return tuple(sorted(found, key=lambda one: not one.writes))

    def made_by_us(self, *names: str | None) -> bool | None:
        """Whether one of ``names`` (from a created-by field) is ours; None when the vendor gives none, or we do not know our own display name.

        What the signed-in person made is nobody's word: they may have made it in the portal, or we as they.
        """
        given = [name.strip().lower() for name in names if name and name.strip()]
        if any(name in self.own_names for name in given):
            return True
        person = self.person
        if person is not None and any(name in person.tokens.names for name in given):
            return None
        known = self.tokens.display_name and (self.other is None or self.other.tokens.display_name)
        return False if given and known else None

    def close(self) -> None:
        """Close every connection."""
        self.graph.close()
        self.admin.close()
        self.activity.close()
        self.tokens.close()
        if self._other is not None:
            other, self._other = self._other, None
            other.close()
        if isinstance(self._person, Person):
            self._person.close()

    def _signed_in(self) -> Person | PermanentError:
        if self._person is None:
            try:
                session = self.allowed.sign_in(self.tenant)
            except PermanentError as error:
                self._person = error
                return error
            if session is None:
                self._person = PermanentError("auth.not_signed_in", f"Tenant {self.tenant.id}: nobody is signed in.", step(self.tenant))
            elif (wrong := self._another_tenant(session)) is not None:
                self._person = wrong
            else:
                self._person = Person(self.tenant, self.context, session, self.allowed, self.initial_domain)
        return self._person

    def _another_tenant(self, session: Session) -> PermanentError | None:
        """The refusal where the person signed in to another tenant than the one that is set, and that answers."""
        known = {self.tenant.tenant_id, wire.filled(self._organisation[0], "id") if self._organisation else None}
        theirs = session.person.tenant_id
        if all(one.lower() == theirs for one in known if one and _GUID.fullmatch(one)):
            return None
        words = f"Tenant {self.tenant.id}: {session.person.account} signed in to another tenant ({theirs})."
        return PermanentError("tenant.identity_changed", words, step(self.tenant))

    def _organisation_row(self) -> tuple[wire.JsonObject, int | None]:
        if self._organisation is None:
            reply = self._asked(Call(method="GET", path="/organization", query=(select("id", "displayName", "verifiedDomains"),)))
            found = wire.rows(reply.value, "value")
            if len(found) != 1:
                raise TenantUnreachableError(
                    "wire.unexpected", f"Tenant {self.tenant.id}: Graph shows {len(found)} organisations.", "Grant Organization.Read.All."
                )
            there = reply.answer.vendor_at
            skew = round((there - self.context.clock.now()).total_seconds()) if there else None
            self._organisation = (found[0], skew)
        return self._organisation

    def _asked(self, call: Call) -> Reply:
        try:
            return self.graph.call(call)
        except PermanentError as error:
            if error.code != "graph.forbidden":
                raise
            words = f"{error.message} The application lacks Organization.Read.All, so it cannot be told which tenant answers."
            raise PermanentError("permission.missing", words, "Grant Organization.Read.All and consent to it.", status=403) from error
