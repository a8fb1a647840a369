"""What of a district can be wrong although its shape is right: endpoints, credentials, key files, names given twice."""

from __future__ import annotations

import difflib
import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from policies.deliveries import delivery_problems
from policies.district import Credential, District, Tenant
from policies.kinds import Platform
from policies.problems import Problem, Severity, Where
from policies.secret_files import secret_file
from policies.source import Path_

WhereIs = Callable[[Path_], Where]

ENDPOINTS: Final = {
    Platform.MICROSOFT365: ("authority", "graph", "exchange_admin", "compliance_admin", "activity", "managed_identity"),
    Platform.GOOGLE_WORKSPACE: (
        "token_uri",
        "vault",
        "drivelabels",
        "drive",
        "directory",
        "reports",
        "cloudidentity",
        "groupssettings",
        "licensing",
        "gmail",
        "alertcenter",
        "chat",
        "iam_credentials",
        "sts",
    ),
}
"""The surfaces that an endpoint can be given for (contract, *Endpoints*)."""
_SECRETS: Final = ("certificate_file", "passphrase_file", "client_secret_file", "service_account_file")
_FAMILIES: Final = {
    "certificate_file": Platform.MICROSOFT365,
    "client_secret_file": Platform.MICROSOFT365,
    "managed_identity": Platform.MICROSOFT365,
    "service_account_file": Platform.GOOGLE_WORKSPACE,
    "impersonate": Platform.GOOGLE_WORKSPACE,
}


def district_problems(district: District, where: WhereIs) -> Iterator[Problem]:
    """Everything wrong with a district whose shape is right."""
    yield from _twice("officers", (officer.id for officer in district.officers), "id", where)
    yield from _twice("officers", (officer.key or f"none-{index}" for index, officer in enumerate(district.officers)), "key", where)
    yield from _twice("tenants", (tenant.id for tenant in district.tenants), "id", where)
    yield from _timezone(district.timezone, where)
    for index, tenant in enumerate(district.tenants):
        yield from _tenant(tenant, ("tenants", index), where)
    yield from delivery_problems(district, where)


def _tenant(tenant: Tenant, at: Path_, where: WhereIs) -> Iterator[Problem]:
    for name, url in tenant.endpoints.items():
        yield from _endpoint(tenant, name, url, where((*at, "endpoints", name)))
    for kind in tenant.visibility_checks:
        if kind.platform is not tenant.platform:
            message = f"tenant {tenant.id}: {kind.value} is no kind of {tenant.platform.value}"
            yield _error("visibility_check.kind", message, "take it out", where((*at, "visibility_checks", kind.value)), tenant.id)
    yield from _credential(tenant, tenant.credential, (*at, "credential"), where)
    if tenant.credentials:
        yield from _credential(tenant, tenant.credentials.read, (*at, "credentials", "read"), where)
        yield from _credential(tenant, tenant.credentials.write, (*at, "credentials", "write"), where)
    if tenant.ca_bundle is not None and not tenant.ca_bundle.is_file():
        yield _missing(tenant, "ca_bundle", tenant.ca_bundle, where((*at, "ca_bundle")))


def _endpoint(tenant: Tenant, name: str, url: str, where: Where) -> Iterator[Problem]:
    known = ENDPOINTS[tenant.platform]
    subject = f"tenant {tenant.id}: endpoint {name}"
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        yield _error("endpoint.unknown", f"{subject} is none of {tenant.platform.value}'s{hint}", f"known: {', '.join(known)}", where, tenant.id)
    try:
        parts = urlsplit(url)
        sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        yield _error("endpoint.malformed", f"{subject}: '{url}' is no address", "write https://host[:port][/prefix]", where, tenant.id)
        return
    if parts.scheme.lower() != "https":
        message = f"{subject}: '{url}' is not https; plain http is refused, on loopback too"
        yield _error("endpoint.not_https", message, "write https://host[:port][/prefix]", where, tenant.id)
    elif not sound or _too_much(parts, prefix_allowed=name != "authority"):
        message = f"{subject}: '{url}' is not of the form https://host[:port][/prefix]"
        yield _error("endpoint.malformed", message, "leave out user names, queries, fragments, and the prefix of authority", where, tenant.id)


def _too_much(parts: SplitResult, *, prefix_allowed: bool) -> bool:
    return bool(parts.username or parts.password or parts.query or parts.fragment or (parts.path.strip("/") and not prefix_allowed))


def _credential(tenant: Tenant, credential: Credential | None, at: Path_, where: WhereIs) -> Iterator[Problem]:
    if credential is None:
        return
    given = [family for family in _FAMILIES if getattr(credential, family) not in {None, False}]
    if len(given) != 1:
        said = " and ".join(given) or "nothing to sign in with"
        message = f"tenant {tenant.id}: {'.'.join(str(step) for step in at[2:])} has {said}"
        yield _error("credential.family", message, f"give exactly one of {', '.join(_FAMILIES)}", where(at), tenant.id)
    for family in given:
        if _FAMILIES[family] is not tenant.platform:
            message = f"tenant {tenant.id}: {family} does not sign in to {tenant.platform.value}"
            yield _error("credential.platform", message, "give the credential of this platform", where((*at, family)), tenant.id)
    if credential.client_id is not None and tenant.platform is not Platform.MICROSOFT365 and credential.impersonate is None:
        message = f"tenant {tenant.id}: client_id beside a key file does not sign in to {tenant.platform.value}"
        yield _error("credential.platform", message, "leave it out: the key file says it", where((*at, "client_id")), tenant.id)
    for name in _SECRETS:
        file = getattr(credential, name)
        if isinstance(file, Path):
            yield from secret_file(file, f"tenant {tenant.id}: {name}", where((*at, name)), tenant.id)


def _missing(tenant: Tenant, name: str, file: Path, where: Where) -> Problem:
    message = f"tenant {tenant.id}: {name}: {file} is not there"
    return _error("file.missing", message, "put the file there, or correct the path", where, tenant.id)


def _timezone(name: str, where: WhereIs) -> Iterator[Problem]:
    known = zoneinfo.available_timezones()
    if known and name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        yield _error("district.timezone", f"timezone '{name}' is not known{hint}", "write a name such as America/New_York", where(("timezone",)))


def _twice(section: str, values: Iterable[str], field: str, where: WhereIs) -> Iterator[Problem]:
    listed = list(values)
    for value, times in Counter(listed).items():
        if times > 1:
            second = [index for index, other in enumerate(listed) if other == value][1]
            message = f"{section}: {field} '{value}' is given {times} times"
            yield _error("folder.twice", message, f"give every entry a {field} of its own", where((section, second, field)))


def _error(code: str, message: str, next_step: str, where: Where, tenant: str | None = None) -> Problem:
    return Problem(code=code, severity=Severity.ERROR, message=message, next_step=next_step, where=where, tenant=tenant)
