"""What can be wrong with ``deliveries`` although their shape is right: nobody of that name, a way that is not whole, a file that others can read."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from policies.district import Delivery, District, Way
from policies.kinds import Platform
from policies.problems import Problem, Severity, Where
from policies.secret_files import secret_file
from policies.source import Path_

WhereIs = Callable[[Path_], Where]

_PARTS: Final = {Way.MAIL: ("tenant", "from"), Way.APPRISE: ("url_file",)}
"""What each way needs."""
_FOREIGN: Final = {Way.MAIL: ("url_file", "hosts"), Way.APPRISE: ("tenant", "from")}
"""What belongs to the other way."""

_NOBODY: Final = {"officer": "delivery.unknown_officer", "tenant": "delivery.unknown_tenant"}


def delivery_problems(district: District, where: WhereIs) -> Iterator[Problem]:
    """Everything wrong with the district's deliveries."""
    seen: set[str] = set()
    for index, delivery in enumerate(district.deliveries):
        at: Path_ = ("deliveries", index)
        if delivery.to not in {officer.id for officer in district.officers}:
            yield _unknown("officer", delivery.to, [officer.id for officer in district.officers], where((*at, "to")))
        yield from _parts(delivery, at, where)
        yield from _mail(delivery, district, at, where)
        yield from _relay(delivery, at, where)
        if delivery.name in seen:
            message = f"deliveries: {delivery.to} is told twice by the same way"
            yield _error("folder.twice", message, "write one entry with everything under about", where((*at, "to")))
        seen.add(delivery.name)


def url_file(delivery: Delivery, folder: Path) -> Path:
    """Where the file of an apprise delivery is, in the district folder ``folder``. Raises ValueError for a delivery that has none."""
    if delivery.url_file is None:
        raise ValueError(f"{delivery.name} has no url_file")
    return (folder / delivery.url_file).absolute()


def _parts(delivery: Delivery, at: Path_, where: WhereIs) -> Iterator[Problem]:
    given = {"tenant": delivery.tenant, "from": delivery.sender, "url_file": delivery.url_file, "hosts": delivery.hosts or None}
    for name in _PARTS[delivery.by]:
        if given[name] is None:
            message = f"deliveries: the one to {delivery.to} goes by {delivery.by.value} and lacks '{name}'"
            yield _error("delivery.incomplete", message, f"add '{name}:'", where(at))
    for name in _FOREIGN[delivery.by]:
        if given[name] is not None:
            message = f"deliveries: the one to {delivery.to} goes by {delivery.by.value}, where '{name}' says nothing"
            yield _error("delivery.incomplete", message, f"take '{name}' out", where((*at, name)))


def _mail(delivery: Delivery, district: District, at: Path_, where: WhereIs) -> Iterator[Problem]:
    if delivery.by is not Way.MAIL or delivery.tenant is None:
        return
    known = {tenant.id: tenant for tenant in district.tenants}
    tenant = known.get(delivery.tenant)
    if tenant is None:
        yield _unknown("tenant", delivery.tenant, known, where((*at, "tenant")))
    elif tenant.platform is not Platform.MICROSOFT365:
        message = f"deliveries: tenant {tenant.id} sends no mail from here; only {Platform.MICROSOFT365.value} does"
        yield _error("delivery.platform", message, "name a Microsoft 365 tenant, or write by: apprise", where((*at, "tenant")), tenant.id)


def _relay(delivery: Delivery, at: Path_, where: WhereIs) -> Iterator[Problem]:
    if delivery.by is Way.APPRISE and delivery.url_file is not None:
        place = where((*at, "url_file"))
        yield from secret_file(url_file(delivery, Path(place.file).parent), f"deliveries: url_file for {delivery.to}", place)


def _unknown(what: str, name: str, known: Iterable[str], where: Where) -> Problem:
    listed = list(known)
    near = difflib.get_close_matches(name, listed, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    step = f"name one of {', '.join(listed)}" if listed else f"describe the {what} first"
    return _error(_NOBODY[what], f"deliveries: the district has no {what} '{name}'{hint}", step, where)


def _error(code: str, message: str, next_step: str, where: Where, tenant: str | None = None) -> Problem:
    return Problem(code=code, severity=Severity.ERROR, message=message, next_step=next_step, where=where, tenant=tenant)
