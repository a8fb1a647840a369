"""Asking somebody to sign in: the address, or the code, on stderr, and the machine's browser. Standard output belongs to the answer."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from connectors.base import Lane
from connectors.errors import PermanentError
from policies.district import Tenant
from policies.kinds import Platform
from policies.problems import Problem, Severity
from sync.journal import EntryKind, Sealed
from sync.registers.governance import Author
from sync.store.pins import Pins

if TYPE_CHECKING:
    from connectors.microsoft365.sign_in import Invitation, SignedIn
    from recordwarden.wiring import Office

PROGRAM = Author()


def invite(invitation: Invitation) -> None:
    """Say what to do, and open the browser where that helps."""
    if invitation.code is not None:
        _say(f"To sign in, open {invitation.address} on any device and enter the code {invitation.code}.")
        return
    _say(f"To sign in, go on in the browser of this machine within {invitation.seconds:.0f} seconds. If none opens, open this address in one:")
    _say(f"   {invitation.address}")
    # In a process of its own: some browsers write to standard output, and some stay until they are closed.
    command = [sys.executable, "-I", "-m", "webbrowser", invitation.address]
    nothing = subprocess.DEVNULL
    browser = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)  # noqa: S603  # our interpreter, the endpoint of the settings
    threading.Thread(target=browser.wait, daemon=True).start()


def signed_in(opened: Office, tenant: Tenant, way: str, by: Author = PROGRAM) -> SignedIn:
    """Somebody signs in to ``tenant`` by ``way`` (``browser``, ``device-code``); written down. Raises PermanentError when it does not come about.

    Another tenant than the one that was met first is refused: ``tenant.identity_changed``.
    """
    from connectors.microsoft365.sign_in import by_browser, by_device_code  # only where somebody is to sign in

    context = opened.desk.door(tenant.id).context(Lane.SYNC)
    found = (by_device_code if way == "device-code" else by_browser)(tenant, context, invite)
    theirs, account = found.session.person.tenant_id, found.session.person.account
    pinned = Pins(opened.desk.store).get(tenant.id)
    same = pinned is None or pinned.lower() == theirs
    body = {"account": Sealed(account), "way": way, "scopes": list(found.scopes), "same_tenant": same}
    opened.desk.journal.append(EntryKind.OBSERVATION, f"sign-in/{tenant.id}", body, tenant=tenant.id, actor=by.actor, signer=by.key)
    if not same:
        words = f"{account} signed in to another tenant ({theirs}) than {tenant.id} was when it was met first; the sign-in is not used."
        step = "Compare tenant_id and endpoints in district.yaml with the tenant; sign in to that one."
        raise PermanentError("tenant.identity_changed", words, step)
    return found


def sign_in_here(opened: Office) -> list[Problem]:
    """Somebody signs in to each of the call's Microsoft tenants, for this process alone. What did not come about is a warning."""
    problems = []
    for door in opened.desk.doors:
        if door.tenant.platform is not Platform.MICROSOFT365:
            continue
        try:
            found = signed_in(opened, door.tenant, opened.options.sign_in or "browser")
        except PermanentError as error:
            problems.append(
                Problem(code=error.code, severity=Severity.WARNING, tenant=door.tenant.id, message=error.message, next_step=error.next_step)
            )
        else:
            opened.sign_ins.memory[door.tenant.id] = found.session
    return problems


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
