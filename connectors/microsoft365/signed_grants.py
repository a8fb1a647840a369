"""What a signed-in administrator needs in Microsoft's consoles, what a thief of the kept sign-in could do, and how to take it back. Pure.

Facts: docs/wire/delegated.md §1 (redirect address), §3 (refresh), §4 (scope and role have to agree); M§1.2, M§3.3 (permissions).
"""

from __future__ import annotations

from typing import Final

from connectors.examination import Examination
from policies.district import Tenant

DELEGATED: Final = (
    ("Microsoft Graph", "RecordsManagement.ReadWrite.All", "see, make and change labels and event types", "Compliance Administrator"),
    (
        "Microsoft Graph", "eDiscovery.ReadWrite.All",
        "see and make cases and holds, and end them after a release, where an application may not (A3)", "eDiscovery Manager and Administrator",
    ),
    (
        "Office 365 Exchange Online", "Exchange.Manage",
        "publish labels and write retention policies over the admin endpoint; only where an officer accepted it", "Compliance Administrator",
    ),
)  # fmt: skip
"""API, delegated permission, what it is for, and the role that the person needs beside it."""


def signed_in(examination: Examination, tenant: Tenant) -> list[str]:
    """What to set up, and who is signed in now."""
    person = examination.signed_in
    now = f"Signed in now: {person.account}." if person is not None and person.trouble is None else "Nobody is signed in now."
    found = [
        "## A signed-in administrator (optional)",
        "",
        "For what Microsoft offers to signed-in people only: labels over Graph, and holds on A3. The application's own rights stay as they are.",
        "",
        "1. App registrations > the application > Authentication > Add a platform > *Mobile and desktop applications*: `http://localhost`.",
        "2. The same page: *Allow public client flows* to Yes. Device code works only where no Conditional Access policy forbids it.",
        "3. API permissions (type: delegated), then Grant admin consent:",
    ]
    found += [f"   - `{name}` ({api}): {why}. The person's own role: {role}." for api, name, why, role in DELEGATED]
    return [
        *found,
        "4. An account of its own for this, with these roles and no others, and with multifactor sign-in; not a Global Administrator.",
        f"5. `recordwarden login --tenant {tenant.id}`. {now}",
        "",
        "Scope and role have to agree: a sign-in never lets the person do more than they may.",
        "",
    ]


def theft_of_sign_in() -> list[str]:
    """What the kept file is worth."""
    return [
        "Of the kept sign-in (the file beside the store, and the passphrase that opens it; one without the other is worth nothing):",
        "",
        "- do all that the delegated permissions above and the person's roles both allow, as that person, from anywhere unless Conditional",
        "  Access forbids it: change labels; make, narrow, switch off and delete holds; search mailboxes and sites, export and purge what is found",
        "- go on doing so for as long as it is used every 90 days: signing out here forgets the file and revokes nothing",
        "- of a process that runs: read both out of its memory, if the thief is that user on the machine, or root",
        "",
        "Not: sign in to anything that was not consented to, learn the person's password, or outlast *Revoke sessions*.",
        "",
    ]


def revoke_sign_in(tenant: Tenant) -> list[str]:
    """How it is ended for good."""
    return [
        "## How to revoke the sign-in",
        "",
        "1. Users > the account > *Revoke sessions* (or change its password): nothing can be renewed any more, and tokens end within about an hour.",
        f"2. `recordwarden login --tenant {tenant.id} --out` forgets the kept file. Purview > Audit shows what that account did.",
        "3. For good: take the delegated permissions away (Enterprise applications > Permissions), and the roles from the account.",
        "",
    ]
