"""Who answers in a tenant, and who we are there."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from connectors.errors import ConnectorError, TenantUnreachableError
from connectors.examination import Identity
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import CUSTOMERS_GET, DOMAINS_LIST, USERS_GET, Surface
from connectors.google_workspace.wire import Json, objects, required, text
from policies.district import Tenant

_MY_CUSTOMER: Final = "my_customer"
_NOT_GRANTED: Final = frozenset({"google.delegation_missing", "google.permission_denied", "google.scope_missing"})


class Ourselves:
    """The account that the reading identity acts as, and the customer it belongs to."""

    def __init__(self, session: Session, tenant: Tenant) -> None:
        self._session = session
        self._tenant = tenant
        self._own: Json | None = None

    @property
    def address(self) -> str:
        """The address that we act as."""
        return self._session.subject(Surface.DIRECTORY)

    @property
    def account_id(self) -> str | None:
        """Our account's id, which never changes."""
        return text(self._account(), "id") or None

    @property
    def org_unit(self) -> str | None:
        """The path of the unit that our account is in."""
        return text(self._account(), "orgUnitPath") or None

    @property
    def customer(self) -> str:
        """What to name the customer in lists."""
        return text(self._account(), "customerId") or self._tenant.customer_id or _MY_CUSTOMER

    def identity(self) -> Identity:
        """The customer, its domains and us. Raises ``TenantUnreachableError`` where nobody answers or another customer does."""
        try:
            own = self._account()
            customer, domain, date = self._customer(own)
            domains = self._domains(customer, domain)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            raise TenantUnreachableError(error.code, f"the tenant does not say who it is: {error.message}", error.next_step) from error
        if self._tenant.customer_id not in {None, _MY_CUSTOMER, customer}:
            message = f"customer {customer} answers, {self._tenant.customer_id} is set"
            raise TenantUnreachableError("google.wrong_customer", message, "Correct customer_id or the credential.")
        context = self._session.context
        # A drill's clock is moved about while the vendor's header tells the machine's time, so their difference says nothing then.
        skew = None if date is None or context.drill else round((date - context.clock.now()).total_seconds())
        return Identity(vendor_id=customer, domain=domain, domains=domains, actor=required(own, "primaryEmail", "user"), skew_seconds=skew)

    def _account(self) -> Json:
        """Our own account, read once: without it nothing read here could be judged, so its absence is the tenant's."""
        if self._own is None:
            try:
                self._own = self._session.call(USERS_GET, userKey=self.address).body
                self._session.organisation = text(self._own, "customerId") or self._session.organisation
            except TenantUnreachableError:
                raise
            except ConnectorError as error:
                message = f"our own account {self.address} cannot be read: {error.message}"
                raise TenantUnreachableError(error.code, message, error.next_step) from error
        return self._own

    def _customer(self, own: Json) -> tuple[str, str, datetime | None]:
        """Customer id, primary domain and the vendor's time. Where the customer itself may not be read, our own account still names it."""
        try:
            answer = self._session.call(CUSTOMERS_GET, customerKey=_MY_CUSTOMER)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            fallback = text(own, "customerId")
            if error.code not in _NOT_GRANTED or not fallback:
                raise
            domain = self._tenant.domain or required(own, "primaryEmail", "user").rpartition("@")[2]
            return fallback, domain, None
        return required(answer.body, "id", "customer"), required(answer.body, "customerDomain", "customer"), answer.date

    def _domains(self, customer: str, primary: str) -> tuple[str, ...]:
        """Every verified domain, the primary one first; where we have no right to list them, the primary one alone."""
        try:
            listed = objects(self._session.call(DOMAINS_LIST, customer=customer).body, "domains", "domains")
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            if error.code in _NOT_GRANTED:
                return (primary,)
            raise
        names = [required(one, "domainName", "domain") for one in listed if one.get("verified") is not False]
        aliases = [text(one, "domainAliasName") for domain in listed for one in objects(domain, "domainAliases", "domain")]
        return tuple(dict.fromkeys([primary, *names, *(alias for alias in aliases if alias)]))
