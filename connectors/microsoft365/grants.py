"""What a person still has to set up in Microsoft's consoles, what a thief of each credential could do, and how to take it back. Pure.

Facts: M§2.4 (two independent grants for the admin endpoint), M§3.3 (registration for eDiscovery), M§5 and M§6 (permissions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.examination import Capability, Examination, Principal, ReadCapability, Refused, WriteCapability
from connectors.microsoft365.principals import APPLICATION, OBJECT, filled_in
from connectors.microsoft365.signed_grants import revoke_sign_in, signed_in, theft_of_sign_in
from connectors.unsupported import ADMIN_ENDPOINT
from policies.district import Credential, Tenant
from policies.kinds import Kind

_EXCHANGE_APP: Final = "Office 365 Exchange Online"
_ACTIVITY_APP: Final = "Office 365 Management APIs"
GRAPH: Final = "Microsoft Graph"
_MAIL: Final = "Mail.Send"
_ADMITTED: Final = f"New-ServicePrincipal -AppId {APPLICATION} -ObjectId {OBJECT} -DisplayName Recordwarden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """An application permission: the API that offers it, why it is needed, what its absence costs, and which identity needs it.

    ``writes``: the writing identity alone; ``both``: the writing one too. ``kinds`` are those that suffer without it, with how much of each is
    read then (None: reading is not touched). ``covered_by`` names another permission that serves instead; ``optional``: nothing is wrong without it;
    ``code`` is how its absence is called.
    """

    api: str
    name: str
    why: str
    costs: str
    writes: bool = False
    both: bool = False
    kinds: Mapping[Kind, ReadCapability | None] = field(default_factory=dict)
    covered_by: tuple[str, ...] = ()
    optional: bool = False
    code: str = "permission.missing"


PERMISSIONS: Final = (
    Permission(
        api=GRAPH, name="Organization.Read.All", why="know that it is this tenant and no other; domains; subscriptions", both=True,
        costs="nobody can tell which tenant answers or what it is licensed for, and nothing is read or written",
        kinds={Kind.M365_USER: ReadCapability.PARTIAL, Kind.M365_LABEL: None},
    ),
    Permission(
        api=GRAPH, name="User.Read.All", why="see accounts, also deleted ones, with their licences", both=True,
        costs="no account is seen: populations, orders and clearances cannot be told",
        kinds={Kind.M365_USER: ReadCapability.NONE},
    ),
    Permission(
        api=GRAPH, name="GroupMember.Read.All", why="see groups and who is in those that the policy or an order names",
        costs="no group and no member of one is seen: populations that name groups cannot be told",
        kinds={Kind.M365_GROUP: ReadCapability.NONE},
    ),
    Permission(
        api=GRAPH, name="Member.Read.Hidden", why="see who is in groups that hide their members; else these are never complete",
        costs="groups that hide their members look empty: populations that name one stay unknown",
        kinds={Kind.M365_GROUP: ReadCapability.PARTIAL},
    ),
    Permission(
        api=GRAPH, name="Sites.Read.All", why="find the addresses of OneDrives and sites (Microsoft has no narrower one)",
        costs="no OneDrive and no site is found: neither orders nor policies reach them",
        kinds={Kind.M365_SITE: ReadCapability.NONE, Kind.M365_HOLD: None, Kind.M365_RETENTION_POLICY: None, Kind.M365_LABEL_POLICY: None},
    ),
    Permission(
        api=GRAPH, name="eDiscovery.Read.All", why="see cases and holds", covered_by=("eDiscovery.ReadWrite.All",),
        costs="no case and no hold is seen",
        kinds={Kind.M365_CASE: ReadCapability.NONE, Kind.M365_HOLD: ReadCapability.NONE},
    ),
    Permission(
        api=GRAPH, name="eDiscovery.ReadWrite.All", writes=True,
        why="make cases and holds, add people, retry; after a release by two officers, take people off and end them",
        costs="a failed hold cannot be distributed again; whether cases and holds can be made at all, only a proof shows",
        kinds={Kind.M365_CASE: None, Kind.M365_HOLD: None}, code="ediscovery.permission_missing",
    ),
    Permission(
        api=GRAPH, name="AuditLogsQuery.Read.All", why="see in the log who changed labels, policies and holds",
        costs="no change is ever attributed: who changed a label, policy or hold stays `unavailable`",
    ),
    Permission(
        api=GRAPH, name="AuditLog.Read.All", why="see who deleted, blocked or took the licence from an account or group on hold", optional=True,
        costs="an account or group on hold that is in danger is found all the same, but nobody is named who did it",
    ),
    Permission(
        api=GRAPH, name=_MAIL, why="send notices, where `deliveries` names this tenant; rather for one mailbox alone, see below",
        writes=True, optional=True,
        costs="notices leave from here only where Exchange's own roles let one mailbox send, which no token shows",
    ),
    Permission(
        api=_ACTIVITY_APP, name="ActivityFeed.Read", why="see the same by the feed, sooner, and where there are no searches (GCC High, DoD)",
        costs="who changed something is known from searches alone, later; where there are none, never", optional=True,
    ),
    Permission(
        api=_EXCHANGE_APP, name="Exchange.ManageAsApp", why="reach the admin endpoint at all; what it may do there is the role's affair", both=True,
        costs="the admin endpoint answers 401: no label, policy or mailbox is seen",
    ),
)  # fmt: skip
"""Every permission that the connector uses (docs/wire/graph-directory-audit.md §9). What is not here is not asked for."""

_THEFT: Final = (
    ("Sites.Read.All", False, "read every file in SharePoint and OneDrive, which is never done here"),
    ("User.Read.All, GroupMember.Read.All", False, "read who there is and who belongs to what"),
    ("AuditLogsQuery.Read.All", False, "read who did what"),
    ("AuditLog.Read.All", False, "read what was done to accounts and groups, and who signed in when, from where"),
    ("ActivityFeed.Read", False, "read who did what in the last week, with the subjects of messages, and switch that feed off"),
    ("eDiscovery.Read.All", False, "see every case; Microsoft's own table lets it write most of them too, so count it as writing"),
    ("Mail.Send", True, "send mail as anybody in the tenant; limited to one mailbox, as that one"),
    ("eDiscovery.ReadWrite.All", True, "make, narrow, switch off and delete holds; search mailboxes and sites, and export and purge what is found"),
    (
        "Exchange.ManageAsApp with Compliance Administrator", True,
        "change and remove labels, retention policies and holds, and lock policies for ever",
    ),
)  # fmt: skip


def grant_script(examination: Examination, tenant: Tenant, senders: Sequence[str] = ()) -> str:
    """Markdown for the person who sets Microsoft 365 up: what is missing first, then everything, then theft and revocation.

    ``senders``: the mailboxes that notices leave from here. What the program does not know is left for the reader, in capital letters.
    """
    apps = _apps(examination, tenant)
    separate = tenant.separate
    parts = (
        [f"# Microsoft 365, {tenant.id} ({examination.identity.domain})", ""],
        _missing(examination, senders),
        _registration(separate=separate),
        _permissions(tenant, separate=separate),
        _role(tenant, separate=separate),
        _ediscovery(apps),
        _mail(apps[0], senders),
        signed_in(examination, tenant),
        _objects(tenant),
        _theft(tenant, separate=separate),
        theft_of_sign_in(),
        _revoke(apps),
        revoke_sign_in(tenant),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _missing(examination: Examination, senders: Sequence[str]) -> list[str]:
    found = [f"- [ ] {one.kind.value}: {_sentence(one.reason)} {one.next_step or ''}".rstrip() for one in examination.capabilities if _lacks(one)]
    surfaces = [one for one in examination.surfaces if not one.ok or one.next_step]
    found += [f"- [ ] {one.name}: {_sentence(one.detail)} {one.next_step or ''}".rstrip() for one in surfaces]
    person = examination.signed_in
    found += [f"- [ ] the sign-in of {person.account or 'an administrator'}: {_sentence(person.trouble)}"] if person and person.trouble else []
    less = [f"- [ ] {_wanted(one, senders)}: {_sentence(one.reason)} {one.next_step}" for one in examination.wanting]
    return ["## Still missing", "", *(found or ["Nothing that was tried was refused."]), *less, ""]


def _wanted(one: Refused, senders: Sequence[str]) -> str:
    """How much a permission without which nothing is wrong is wanted."""
    if one.permission == _MAIL and senders:
        return f"`{_MAIL}`, which `deliveries` from {', '.join(senders)} needs, or Exchange's own roles for that mailbox (below)"
    return f"`{one.permission}`, wanting and optional"


def _lacks(one: Capability) -> bool:
    """Whether a grant is wanting; what no grant could give (kinds that are never written) is not."""
    return one.read in (ReadCapability.NONE, ReadCapability.PARTIAL) or one.write is WriteCapability.MISSING


def _sentence(text: str | None) -> str:
    return f"{(text or 'refused').rstrip('.')}."


def _registration(*, separate: bool) -> list[str]:
    apps = "two applications, one that reads and one that writes," if separate else "one application"
    return [
        "## entra.microsoft.com > Identity > Applications > App registrations",
        "",
        f"1. Register {apps} for this tenant alone, without a redirect address (who signs in needs one, below).",
        "2. Certificates & secrets > Certificates: upload the public half. Make the key on the server: `chmod 600`, no copy, no client secret.",
        "3. Owners: nobody. Who owns the registration can add a key of their own.",
        "4. Enterprise applications > the application > Properties: note the *object id* there; it is not the one of the registration.",
        "",
    ]


def _permissions(tenant: Tenant, *, separate: bool) -> list[str]:
    found = ["## API permissions (type: application), then Grant admin consent", ""]
    for api in dict.fromkeys(one.api for one in PERMISSIONS):
        found += [f"{api}:", *(_listed(one, separate=separate) for one in PERMISSIONS if one.api == api)]
    found += ["", f"`Exchange.ManageAsApp` is under *APIs my organization uses* > {_EXCHANGE_APP}, `ActivityFeed.Read` under {_ACTIVITY_APP}."]
    if tenant.cloud in ("gcc_high", "dod"):
        # M§2.4: these clouds have a resource of their own for it.
        found += ["In this cloud the first belongs to the API 00000007-0000-0ff1-ce00-000000000000, as role 455e5cd2-84e8-4751-8344-5672145dfa17."]
    found += ["The two names that look like the first do not open the admin endpoint.", ""]
    found += ["Purview > Audit must be recording. The feed is then switched on by an officer, signed, and only so:", ""]
    return [*found, "    recordwarden --as OFFICER --key FILE doctor --prove", ""]


def _listed(one: Permission, *, separate: bool) -> str:
    alone = "" if not separate or one.both else " (the writing application alone)" if one.writes else " (the reading application alone)"
    return f"- `{one.name}`: {one.why}{alone}"


def _role(tenant: Tenant, *, separate: bool) -> list[str]:
    reading = ["- The reading application: Global Reader. An empty list is possible with it; that is what the visibility checks are for."]
    return [
        "## entra.microsoft.com > Roles & admins",
        "",
        f"- {'The writing application' if separate else 'The application'}: Compliance Administrator. Without it the admin endpoint answers 403.",
        *(reading if separate else []),
        "",
        "Not to be given: Global Administrator, Exchange Administrator, Privileged Role Administrator. Nothing here needs them.",
        "",
        f"{ADMIN_ENDPOINT}. It stays off until an officer accepts that, signed:",
        "",
        f"    recordwarden --as OFFICER --key FILE attest admin-endpoint/{tenant.id} --until DATE",
        "",
    ]


def _ediscovery(apps: Sequence[Principal]) -> list[str]:
    return [
        "## Security & Compliance PowerShell, once, as an administrator (cases and holds)",
        "",
        "    Connect-IPPSSession",
        *(line for app in apps for line in _registered(app)),
        "",
        "The same rights end a hold after a release by two officers: people taken off, the hold switched off, the case closed. Nothing is deleted",
        "but sources of a hold. By cmdlet that is Set-CaseHoldPolicy, Set-ComplianceCase and, for litigation hold, Set-Mailbox: no Remove- cmdlet.",
        "",
        "Until then cases answer 401. Without the last line it sees its own cases alone, and that reads as partial.",
        "Without E5 or A5 Graph lets no application hold: a signed-in administrator may (below); else, with the admin endpoint accepted, holds go by",
        "cmdlet under this same registration; else a person does it, from the sheet of `recordwarden by-hand`.",
        "",
    ]


def _registered(app: Principal) -> tuple[str, ...]:
    return (
        f"    {filled_in(_ADMITTED, app)}",
        f"    {filled_in(f'Add-RoleGroupMember -Identity eDiscoveryManager -Member {OBJECT}', app)}",
        f"    {filled_in(f'Add-eDiscoveryCaseAdmin -User {OBJECT}', app)}",
    )


def _apps(examination: Examination, tenant: Tenant) -> tuple[Principal, ...]:
    """The applications, the one that writes first: as the tokens told, else as the settings say."""
    sides = (True, False) if tenant.separate else (True,)
    settings = tuple(Principal(writes=side, application_id=tenant.client_id_for(writing=side), object_id=None) for side in sides)
    return examination.principals or settings


def _mail(app: Principal, senders: Sequence[str]) -> list[str]:
    """Exchange's RBAC for applications (docs/wire/graph-mail.md): it takes the place of application access policies, and adds to Entra's consents."""
    mailboxes = tuple(senders) or ("MAILBOX",)
    scope = " -or ".join(f"PrimarySmtpAddress -eq '{mailbox}'" for mailbox in mailboxes)
    return [
        "## Exchange Online PowerShell, once, as an administrator (notices from one mailbox, where `deliveries` sends mail)",
        "",
        "Instead of consenting to `Mail.Send`, which lets the application send as everybody:",
        "",
        "    Connect-ExchangeOnline",
        f"    {filled_in(_ADMITTED, app)}",
        f'    New-ManagementScope -Name "Recordwarden notices" -RecipientRestrictionFilter "{scope}"',
        f'    New-ManagementRoleAssignment -App {_id(app)} -Role "Application Mail.Send" -CustomResourceScope "Recordwarden notices"',
        *(f"    Test-ServicePrincipalAuthorization -Identity {_id(app)} -Resource {mailbox}" for mailbox in mailboxes),
        "",
        "The two add up: while `Mail.Send` is consented as well, the scope narrows nothing. What Exchange grants shows in no token, so only",
        "`recordwarden doctor --send-test` can show that it works. It may take an hour to be in force.",
        "",
    ]


def _id(app: Principal) -> str:
    return filled_in(APPLICATION, app)


def _objects(tenant: Tenant) -> list[str]:
    checks = [f"- {kind.value}: {name}" for kind, name in sorted(tenant.visibility_checks.items())]
    return [
        "## Objects that must be seen",
        "",
        "Made by a person, in the consoles, and left alone, so that an empty list is never mistaken for the truth:",
        "",
        *(checks or ["- [ ] none is set yet: a label, a policy that publishes it, a retention policy, a case, a hold in it (`visibility_checks`)"]),
        "",
    ]


def _theft(tenant: Tenant, *, separate: bool) -> list[str]:
    found = ["## What a thief could do", ""]
    identities = (("the reading credential", False), ("the writing credential", True)) if separate else (("the credential", True),)
    for name, writing in identities:
        credential = tenant.credential_for(writing=writing)
        found += [f"Of {name} ({_sort(credential)}), until it is revoked, and from anywhere unless Conditional Access forbids it:", ""]
        found += [f"- {words} (`{permission}`)" for permission, writes, words in _THEFT if writing or not writes]
        found += [""]
    if not separate and tenant.credential_for(writing=False) != tenant.credential_for(writing=True):
        found += [
            "The reading and the writing credential belong to one application, so either of them can do all of this. For two sets of",
            "rights register a second application, and write its `client_id` into `credentials.read`.",
            "",
        ]
    return [*found, "Not: sign in as a person, read mail, change accounts, passwords or roles.", ""]


def _sort(credential: Credential | None) -> str:
    if credential is None:
        return "none is set"
    if credential.managed_identity:
        return "the machine's own identity: whoever is on the machine has it"
    return "a certificate's private key" if credential.certificate_file else "a client secret, which is copied more easily than a certificate"


def _revoke(apps: Sequence[Principal]) -> list[str]:
    app = " and ".join(_id(one) for one in apps)
    return [
        "## How to revoke it",
        "",
        f"1. Enterprise applications > {app} > Properties: *Enabled for users to sign in* to No. No new tokens; old ones end in about an hour.",
        "2. App registrations > Certificates & secrets: delete the certificate. Roles & admins: take the role away.",
        "3. In PowerShell: Remove-RoleGroupMember -Identity eDiscoveryManager, Remove-eDiscoveryCaseAdmin. Holds and policies stay in force.",
        "4. Purview > Audit: what this application did since. `recordwarden drift` says what is different from what was ordered.",
        "",
    ]
