"""What a person still has to set up in Google's consoles: scopes, privileges, steps, what a stolen key could do, how to revoke it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.examination import Capability, Examination, ReadCapability, Refused, Surface, WriteCapability
from connectors.google_workspace import operations as table
from connectors.google_workspace.capabilities import LABELS_NOT_LICENSED
from connectors.google_workspace.operations import SCOPES, scopes_of
from connectors.google_workspace.privileges import CONSOLE_NAMES, VIEW_ALL_MATTERS
from policies.district import Tenant
from policies.kinds import Kind

_WHY: Final[Mapping[str, str]] = {
    table.EDISCOVERY: "make matters and holds, and add people to them; end them where two officers released them",
    table.EDISCOVERY_READ: "see matters and holds",
    table.USERS: "see accounts: name, address, unit, suspended, archived",
    table.GROUPS: "see groups",
    table.MEMBERS: "see who is in a group that an order or the policy names",
    table.ORG_UNITS: "see organisational units",
    table.ROLES: "see who may change retention, and what we ourselves may do",
    table.CUSTOMER: "know that it is this district and no other",
    table.DOMAINS: "know every address that people have",
    table.AUDIT: "see in the log who changed what",
    table.LICENSING: "see which accounts a hold really protects (Google has no read-only form of it)",
    table.GROUP_SETTINGS: "see and switch on the archive of held groups (Google has no read-only form of it)",
    table.LABELS: "make and publish Drive labels, where the edition has them; disable a replaced one that two officers approved",
    table.LABELS_READ: "see Drive labels",
    table.POLICIES: "see settings of Chat, Gmail and Vault; only a super administrator's account may",
    table.ALERTS: "hear of requests to delete ahead of retention",
    table.CHAT_SPACES: "find Chat spaces whose history is off",
}
_THEFT: Final = (
    (table.EDISCOVERY, "make, narrow and delete holds and matters, and search and export mail and files through Vault, which is never done here"),
    (table.LICENSING, "take licences away, which ends the protection of the accounts that had them"),
    (table.GROUP_SETTINGS, "change any group's settings, its archive and who may post among them"),
    (table.LABELS, "disable and delete Drive labels, which strips them off every file"),
    (table.ALERTS, "read and close alerts"),
    (table.AUDIT, "read who did what in every log"),
)
_APIS: Final = (
    "vault.googleapis.com", "admin.googleapis.com", "licensing.googleapis.com", "groupssettings.googleapis.com", "drivelabels.googleapis.com",
    "cloudidentity.googleapis.com", "alertcenter.googleapis.com",
    "chat.googleapis.com (with an app set up under *Configuration*, no more than its name)",
    "iamcredentials.googleapis.com (only without a key file)",
)  # fmt: skip


_BOTH: Final = "reads and writes"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hand:
    """One principal at Google: a client that acts as an account, and what it does."""

    does: str
    subject: str
    client: str
    keyless: bool
    scopes: tuple[str, ...]

    @property
    def reads(self) -> bool:
        return self.does != "writes"

    @property
    def writes(self) -> bool:
        return self.does != "reads"


def grant_script(examination: Examination, tenant: Tenant, senders: Sequence[str] = ()) -> str:  # noqa: ARG001  # Google names no mailbox
    """Markdown for the person who sets Google up: what is missing first, then everything, then theft and revocation."""
    return _page(tenant, examination.identity.domain, _missing(examination))


def unexamined(tenant: Tenant, why: str) -> str:
    """The same where nobody could be asked: everything that has to be there. ``why`` says what went wrong."""
    said = f"Nothing could be tried, so what of this is there already is not known. {why}".rstrip()
    return _page(tenant, tenant.domain or tenant.customer_id or "not known", ["## Still missing", "", said, ""])


def _page(tenant: Tenant, domain: str, missing: Sequence[str]) -> str:
    hands = _hands(tenant)
    parts = (
        [f"# Google Workspace, {tenant.id} ({domain})", ""],
        missing,
        _cloud(hands),
        *(_scopes(tenant, hand, hands) for hand in _clients(hands)),
        *(_role(hand, hands) for hand in hands),
        _settings(tenant),
        *(_theft(hand, hands) for hand in hands),
        _revoke(hands),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _hands(tenant: Tenant) -> tuple[_Hand, ...]:
    """One principal where one credential reads and writes, else the one that reads and the one that writes."""
    found = [_hand(tenant, writing=writing) for writing in (False, True)]
    reading, writing = found
    if (reading.subject.lower(), reading.client) == (writing.subject.lower(), writing.client):
        return (_Hand(does=_BOTH, subject=writing.subject, client=writing.client, keyless=writing.keyless, scopes=SCOPES),)
    return reading, writing


def _hand(tenant: Tenant, *, writing: bool) -> _Hand:
    credential = tenant.credential_for(writing=writing)
    subject = (credential.subject if credential else None) or "the service user"
    return _Hand(
        does="writes" if writing else "reads",
        subject=subject,
        client=(str(credential.service_account_file or credential.impersonate or "") if credential else "") or "the service account",
        keyless=credential is not None and credential.impersonate is not None,
        scopes=scopes_of(writing=writing),
    )


def _clients(hands: Sequence[_Hand]) -> tuple[_Hand, ...]:
    """The hands whose scopes are delegated apart; one client that acts as two accounts has all in one place."""
    return tuple(hands[:1]) if len({hand.client for hand in hands}) == 1 else tuple(hands)


def _of(hand: _Hand, hands: Sequence[_Hand]) -> str:
    """What a heading says of whose section it is, where there are two."""
    return f", for {hand.subject}, who {hand.does}" if len(hands) > 1 else ""


def _missing(examination: Examination) -> list[str]:
    """Scopes first, each once with its step; then kinds and endpoints that lack something else."""
    refused = examination.refused
    lines = [f"- [ ] `{one.permission}`, to {_WHY.get(one.permission, 'work')}: {_reason(one.reason)} {one.next_step}".rstrip() for one in refused]
    kinds = [one for one in examination.capabilities if _lacks(one) and not _for_want_of(one.reason, refused)]
    lines += [f"- [ ] {one.kind.value}: {_reason(one.reason)} {one.next_step or ''}".rstrip() for one in kinds]
    said = {one.reason for one in kinds}
    failed = [one for one in examination.surfaces if _failed(one) and one.detail not in said and not _for_want_of(one.detail, refused)]
    lines += [f"- [ ] {one.name}: {_reason(one.detail)} {one.next_step or ''}".rstrip() for one in failed]
    return ["## Still missing", "", *(lines or ["Nothing that was tried was refused."]), ""]


def _failed(one: Surface) -> bool:
    return one.url is not None and not one.ok


def _for_want_of(reason: str | None, refused: Sequence[Refused]) -> bool:
    """Whether a reason names one of these scopes; one scope's name can begin another's."""
    return any(re.search(rf"{re.escape(one.permission)}(?![\w.-])", reason or "") for one in refused)


def _lacks(one: Capability) -> bool:
    if one.kind is Kind.GOOGLE_VAULT_RULE or one.reason == LABELS_NOT_LICENSED:
        return False  # no grant in the world gives Vault's rules an interface, or Fundamentals labels
    return one.read in {ReadCapability.NONE, ReadCapability.PARTIAL, ReadCapability.UNKNOWN} or one.write is WriteCapability.MISSING


def _reason(reason: str | None) -> str:
    return f"{(reason or 'refused').rstrip('.')}."


def _cloud(hands: Sequence[_Hand]) -> list[str]:
    ways = {
        True: "Make no key. Give the machine's own identity the role *Service Account Token Creator* on this service account, and nothing else.",
        False: "Make one JSON key, on the server readable by its user alone (`chmod 600`), without a copy (or none: `credential.impersonate`).",
    }
    accounts = _clients(hands)
    two = len(accounts) > 1
    return [
        "## In the Google Cloud console",
        "",
        "1. A project that belongs to the district and serves this alone; two owners at most.",
        f"2. Enable: {', '.join(_APIS)}.",
        "3. " + ("Two service accounts, one that reads and one that writes," if two else "A service account") + " without any role in the project.",
        *(f"{number}. {f'For the one that {hand.does}: ' if two else ''}{ways[hand.keyless]}" for number, hand in enumerate(accounts, 4)),
        "",
    ]


def _scopes(tenant: Tenant, hand: _Hand, hands: Sequence[_Hand]) -> list[str]:
    above = tenant.subjects.get("cloudidentity")
    note = f"`{table.POLICIES}` is used as {above} alone." if above else "Set `subjects.cloudidentity` to read settings."
    apart = len(_clients(hands)) > 1
    scopes = hand.scopes if apart else SCOPES
    return [
        f"## Admin console > Security > Access and data control > API controls > Domain-wide delegation{_of(hand, hands) if apart else ''}",
        "",
        "Add the service account's client id with exactly these scopes; one that is not listed here is not asked for:",
        "",
        *(f"- `{scope}`: {_WHY[scope]}" for scope in scopes),
        "",
        "In one line for the console's field:",
        "",
        "    " + ",".join(scopes),
        "",
        *([note, ""] if table.POLICIES in scopes else []),
    ]


def _role(hand: _Hand, hands: Sequence[_Hand]) -> list[str]:
    return [
        f"## Admin console > Account > Admin roles{_of(hand, hands)}",
        "",
        f"A role of its own for {hand.subject}, which is no super administrator, belongs to no person and has a Vault licence:",
        "",
        *(f"- Vault: {words} (`{name}`)" for name, words in CONSOLE_NAMES.items() if hand.writes or name == VIEW_ALL_MATTERS),
        *(f"- {words}" for words, needed in _PRIVILEGES if needed(hand)),
        "",
        "Not to be given: Manage Searches, Manage Exports, Manage Retention Policies, accelerated deletion. Nothing here needs them.",
        "",
    ]


_PRIVILEGES: Final[tuple[tuple[str, Callable[[_Hand], bool]], ...]] = (
    ("Admin API: Users > Read, Groups > Read, Organizational Units > Read; License Management > License Read", lambda hand: hand.reads),
    ("Admin API: Groups > Read, Organizational Units > Read", lambda hand: not hand.reads),
    ("Domain Settings, Domain Management, Reports", lambda hand: hand.reads),
    ("Groups > Update, only if archives of held groups are to be switched on", lambda hand: hand.writes),
    ("Drive and Docs > Manage Labels, only where the edition has labels", lambda _: True),
    ("Alert Center > View Access", lambda hand: hand.reads),
    ("Google Chat > Manage chat and spaces conversations, only to find spaces whose history is off", lambda hand: hand.reads),
)
"""Privileges by the hand that needs them (docs/wire/google-privileges.md)."""


def _settings(tenant: Tenant) -> list[str]:
    checks = [f"- {kind.value}: {name}" for kind, name in sorted(tenant.visibility_checks.items())]
    return [
        "## Objects that must be seen",
        "",
        "Made by a person, in the consoles, and left alone, so that an empty list is never mistaken for the truth:",
        "",
        *(checks or ["- [ ] none is set yet: an open matter, a hold in it, a group with archive, a Drive label (`visibility_checks`)"]),
        "",
    ]


def _theft(hand: _Hand, hands: Sequence[_Hand]) -> list[str]:
    what = "the machine's identity" if hand.keyless else "the key file"
    scopes = hand.scopes if len(_clients(hands)) > 1 else SCOPES
    return [
        f"## What a thief of {what} could do{_of(hand, hands)}",
        "",
        f"Act as {hand.subject}, and as every other account of the domain that these scopes work for, from anywhere, until it is revoked:",
        "",
        *(f"- {words} (`{scope}`)" for scope, words in _THEFT if scope in scopes),
        "",
        "Not: read mail or files directly, change accounts or passwords, or change Vault's retention rules, which no interface can.",
        "",
    ]


def _revoke(hands: Sequence[_Hand]) -> list[str]:
    ends = {
        True: "Google Cloud console > the service account > Permissions: remove *Service Account Token Creator* from the machine's identity.",
        False: "Google Cloud console > the service account > Keys: delete the key. Tokens live on for up to an hour.",
    }
    steps = [
        "Admin console > Security > API controls > Domain-wide delegation: delete the client. It ends at once for new tokens.",
        *dict.fromkeys(ends[hand.keyless] for hand in hands),
        *(
            f"Admin console > Users > {one}: suspend it; that ends what its tokens may do. Holds stay in force."
            for one in dict.fromkeys(hand.subject for hand in hands)
        ),
        "Vault > Reports > Audit, and Admin console > Reporting > Vault log events: what was done since, by this client.",
    ]
    return ["## How to revoke it", "", *(f"{number}. {step}" for number, step in enumerate(steps, 1)), ""]
