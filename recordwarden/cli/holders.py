"""Who may touch holds in a tenant, as ``doctor`` and ``inventory`` show it, against those whom the district means to be able to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from connectors.base import Holders, Overseer
from connectors.errors import ConnectorError
from policies.district import Tenant
from policies.kinds import Platform
from policies.problems import Problem, Severity
from recordwarden.cli.screen import Screen
from sync.look import Look

_WHERE = {
    Platform.MICROSOFT365: "Purview portal > Settings > Roles and scopes > Role groups",
    Platform.GOOGLE_WORKSPACE: "Admin console > Account > Admin roles",
}


def holders_of(one: Look) -> tuple[Holders, ...]:
    """What the tenant says of its role groups or privileges; empty where its platform has none, or nobody answered."""
    if one.error is not None or one.reader is None or not hasattr(one.reader, "holders"):
        return ()
    try:
        return cast("Overseer", one.reader).holders()
    except ConnectorError as error:
        return (Holders(group="administrators", accounts=None, reason=f"{error.code}: {error.message}"),)


def documents(found: Sequence[Holders]) -> list[dict[str, object]]:
    """``holders[]``: an unread group is null with its reason."""
    return [
        {"group": one.group, "accounts": None if one.accounts is None else list(one.accounts), "ours": list(one.ours), "reason": one.reason}
        for one in found
    ]


def problems(tenant: Tenant, found: Sequence[Holders]) -> Iterator[Problem]:
    """One for each account beyond, and each missing from, the district's own list; without a list the names alone, for somebody to compare."""
    unread = [one for one in found if one.accounts is None or one.reason is not None]
    if unread:
        words = "; ".join(f"{one.group} ({one.reason})" for one in unread)
        yield _problem(tenant, "holders.unread", Severity.INFO, None, f"Who may touch holds could not be read whole: {words}.", "See the reason.")
    seen = {account: [one.group for one in found if account in (one.accounts or ())] for one in found for account in one.accounts or ()}
    step = f"{_WHERE[tenant.platform]}. Take it from who should not have it, or add the account to `hold_administrators`."
    wanted = None if tenant.hold_administrators is None else {one.lower() for one in tenant.hold_administrators}
    if wanted is None:
        if seen:
            words = f"{len(seen)} accounts can touch holds, labels or policies: {', '.join(sorted(seen))}."
            compare = "Compare with whom the district means to be able to (`hold_administrators`)."
            yield _problem(tenant, "holders.told", Severity.INFO, None, words, compare)
        return
    for account in sorted(seen.keys() - wanted):
        words = f"{account} can touch holds, labels or policies ({', '.join(seen[account])}) and is not among those who should."
        yield _problem(tenant, "holders.unexpected", Severity.WARNING, account, words, step)
    if not unread:
        for account in sorted(wanted - seen.keys()):
            words = f"{account} should be able to touch holds and has none of the roles that were read."
            yield _problem(tenant, "holders.absent", Severity.INFO, account, words, step)


def show(screen: Screen, found: Sequence[Holders]) -> None:
    """A line for each role group."""
    for one in found:
        ours = tuple(f"{name} (we ourselves)" for name in one.ours)
        who = "could not be read" if one.accounts is None else ", ".join((*one.accounts, *ours)) or "nobody"
        screen.say(f"{one.group}: {who}{f' ({one.reason})' if one.reason else ''}", indent=2)


def _problem(tenant: Tenant, code: str, severity: Severity, subject: str | None, message: str, step: str) -> Problem:  # a problem's fields
    return Problem(code=code, severity=severity, tenant=tenant.id, subject=subject, message=message, next_step=step)
