"""``login``: an administrator signs in, for what Microsoft documents for signed-in people only; ``--out`` forgets it."""

from __future__ import annotations

from typing import Annotated

import typer

from connectors.base import Lane
from connectors.errors import PermanentError
from policies.district import Tenant
from policies.kinds import Platform
from policies.problems import Problem, Severity
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import Call, called
from recordwarden.cli.screen import Screen
from recordwarden.exits import Exit
from recordwarden.inviting import signed_in
from recordwarden.sign_ins import IN_MEMORY
from recordwarden.wiring import Office
from recordwarden.wrong import CommandError, error
from sync.journal import EntryKind

REFUSED = frozenset(
    {"tenant.identity_changed", "auth.device_code_forbidden", "auth.conditional_access", "auth.consent_missing", "auth.public_client_off"}
)
"""What the tenant refuses, and a person can change."""


def login(
    ctx: typer.Context,
    tenant: Annotated[str | None, typer.Option("--tenant", help="The tenant to sign in to (default: the only Microsoft one).", metavar="ID")] = None,
    device_code: Annotated[bool, typer.Option("--device-code", help="By a code on another device, where allowed.")] = False,  # noqa: FBT002  # a flag
    out: Annotated[bool, typer.Option("--out", help="Sign out here: forget what is kept.")] = False,  # noqa: FBT002  # a flag
) -> Answer:
    """Sign in with the browser; kept encrypted where a passphrase is given, else in memory only. No token is ever shown."""
    call = called(ctx)
    with call.office(last_good=True) as office:
        chosen = _chosen(call, office, tenant)
        if chosen.id not in {door.tenant.id for door in office.desk.doors}:
            raise CommandError(Exit.USAGE, error("tenant.unknown", f"{chosen.id} is not among the tenants that --tenant names.", "Name it once."))
        try:
            return _out(call, office, chosen) if out else _in(call, office, chosen, "device-code" if device_code else "browser")
        except PermanentError as wrong:
            code = Exit.REFUSED if wrong.code in REFUSED else Exit.ERROR
            raise CommandError(code, error(wrong.code, wrong.message, wrong.next_step, tenant=chosen.id)) from wrong


def _chosen(call: Call, office: Office, named: str | None) -> Tenant:
    """The tenant that is meant. Raises CommandError for none, for several, and for one that nobody signs in to."""
    names = {named} if named is not None else set(call.options.tenants)
    able = [one for one in office.district.tenants if one.platform is Platform.MICROSOFT365]
    meant = [one for one in able if not names or one.id in names]
    if len(meant) == 1:
        return meant[0]
    known = ", ".join(one.id for one in able) or "none"
    words = "Say which tenant." if not names else f"Nobody signs in to {', '.join(sorted(names))}."
    raise CommandError(Exit.USAGE, error("tenant.unknown", words, f"recordwarden login --tenant ID; Microsoft tenants here: {known}."))


def _in(call: Call, office: Office, tenant: Tenant, way: str) -> Answer:
    context = office.desk.door(tenant.id).context(Lane.SYNC)
    keeper = office.sign_ins.keeper(tenant, context)
    if keeper is not None:
        keeper.read()  # a file that could not be written over is told before anybody has to sign in
    found = signed_in(office, tenant, way, call.author(office))
    if keeper is not None:
        found.session.keep(keeper)
    person = found.session.person
    result = {
        "tenant": tenant.id,
        "account": person.account,
        "expires_in": found.expires_in,
        "kept": "encrypted" if keeper is not None else "memory",
        "scopes": list(found.scopes),
    }
    problems = (*office.problems, *_lacking(tenant, found.scopes), *((_not_kept(tenant),) if keeper is None else ()))

    def show(screen: Screen) -> None:
        where = f"kept encrypted in {office.sign_ins.file(tenant)}" if keeper is not None else "not kept"
        screen.say(f"{person.account} is signed in to {tenant.id}; {where}.")

    return Answer(result=result, problems=problems, show=show)


def _out(call: Call, office: Office, tenant: Tenant) -> Answer:
    context = office.desk.door(tenant.id).context(Lane.SYNC)
    gone = office.sign_ins.forget(tenant, context)
    if gone:
        by = call.author(office)
        office.desk.journal.append(EntryKind.OBSERVATION, f"sign-in/{tenant.id}", {"way": "out"}, tenant=tenant.id, actor=by.actor, signer=by.key)
    words = "The sign-in that was kept here is forgotten." if gone else "No sign-in was kept here."
    told = Problem(
        code="auth.sessions_live_on",
        severity=Severity.INFO,
        tenant=tenant.id,
        message="A copy of the forgotten sign-in would go on working: Microsoft ends it only where the account's sessions are revoked.",
        next_step="entra.microsoft.com > Users > the account > Revoke sessions.",
    )
    return Answer(
        result={"tenant": tenant.id, "account": None, "expires_in": None, "kept": None, "scopes": []},
        problems=(*office.problems, *((told,) if gone else ())),
        show=lambda screen: screen.say(words),
    )


def _lacking(tenant: Tenant, scopes: tuple[str, ...]) -> list[Problem]:
    from connectors.microsoft365.sign_in import WANTED  # only where somebody signed in

    return [
        Problem(
            code="auth.consent_missing",
            severity=Severity.WARNING,
            tenant=tenant.id,
            message=f"The sign-in does not carry {scope}: {why} stay closed to it.",
            next_step="An administrator grants it, with consent (recordwarden doctor --grant-script); then sign in again.",
        )
        for scope, why in WANTED.items()
        if scope not in scopes
    ]


def _not_kept(tenant: Tenant) -> Problem:
    words = "Without a passphrase the sign-in is kept in memory only: it served this call, which is over."
    return Problem(code="auth.not_kept", severity=Severity.WARNING, tenant=tenant.id, message=words, next_step=IN_MEMORY)
