"""Cmdlets of the Exchange host, and who is in which role group (docs/wire/admin-endpoint.md §2.6 to §2.8)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sandbox.microsoft import audit, holding, policing
from sandbox.microsoft.binding import Call, Cmdlet, CmdletError, Row, Rows, days, flag, invalid, not_found, nothing, rows, text
from sandbox.microsoft.objects import Account, Mailbox
from sandbox.microsoft.plans import ARCHIVE, EXCHANGE_PLAN_1, EXCHANGE_PLAN_2, has_plan
from sandbox.microsoft.rendering import instant
from sandbox.microsoft.state import licence, stable_id, switch

_NONE = "00000000-0000-0000-0000-000000000000"
_SERVER = "BN8PR01A001DC01.NAMPR01A001.PROD.OUTLOOK.COM"
_DEFAULT = 1000
_MORE = "There are more results available than are currently displayed. To view them, increase the value for the ResultSize parameter."
_SLOW = "The hold setting may take up to 240 minutes to take effect."
_FILTER = re.compile(r"^\s*LitigationHoldEnabled\s+-eq\s+\$?(?P<value>true|false)\s*$", re.IGNORECASE)
_RECIPIENTS = "Microsoft.Exchange.Management.Tasks.RecipientTaskException"


def exchange_cmdlets() -> list[Cmdlet]:
    """What the Exchange host offers here."""
    look = (text("Identity"), text("ResultSize"), text("Filter"))
    kinds = (flag("InactiveMailboxOnly"), flag("IncludeInactiveMailbox"), flag("SoftDeletedMailbox"))
    write = (text("Identity"), flag("InactiveMailbox"), flag("LitigationHoldEnabled"), days("LitigationHoldDuration"), flag("Force"))
    words = (text("RetentionComment"), text("RetentionUrl"), flag("RemoveDelayHoldApplied"), flag("RemoveDelayReleaseHoldApplied"))
    return [
        Cmdlet(name="Get-Mailbox", run=get, parameters=(*look, *kinds)),
        Cmdlet(name="Set-Mailbox", run=change, parameters=(*write, *words), needs=("Identity",)),
        Cmdlet(name="Get-OrganizationConfig", run=organisation),
    ]


def role_cmdlets() -> list[Cmdlet]:
    """Role groups, on the S&C host."""
    return [
        Cmdlet(name="Get-RoleGroupMember", run=members, parameters=(text("Identity"), text("ResultSize")), needs=("Identity",)),
        Cmdlet(name="Get-eDiscoveryCaseAdmin", run=administrators),
    ]


def _with_mailbox(call: Call) -> Iterable[tuple[Account, Mailbox]]:
    for _, account in sorted(call.state.accounts.items()):
        if account.mailbox is not None:
            yield account, account.mailbox


def _find(call: Call, word: str) -> tuple[Account, Mailbox] | None:
    wanted = word.lower()
    for account, box in _with_mailbox(call):
        names = {account.id, box.guid, _distinguished(call, account).lower(), *account.addresses}
        gone = account.deleted is not None
        # An address may have been given to somebody else since: an inactive mailbox is named by GUID or distinguished name (M§3.1).
        if wanted in (names - set(account.addresses) if gone else names):
            return account, box
    return None


def _distinguished(call: Call, account: Account) -> str:
    units = f"OU={call.state.initial_domain},OU=Microsoft Exchange Hosted Organizations"
    return f"CN={account.display_name},{units},DC=NAMPR01A001,DC=PROD,DC=OUTLOOK,DC=COM"


def get(call: Call) -> Rows:
    """Mailboxes; an unknown ``Identity`` is an error here, unlike in Security & Compliance."""
    if call.has("Identity"):
        found = _find(call, call.word("Identity"))
        if found is None or (found[1].inactive and not (call.on("IncludeInactiveMailbox") or call.on("InactiveMailboxOnly"))):
            raise not_found(call.word("Identity"), _SERVER)
        items = [found]
    else:
        items = [one for one in _with_mailbox(call) if _asked(call, *one)]
    size = call.word("ResultSize", str(_DEFAULT))
    if size.lower() != "unlimited":
        if not size.isdigit():
            raise invalid(f"Cannot convert value '{size}' to type 'Unlimited'.")
        if len(items) > int(size):
            items = items[: int(size)]
            call.warnings.append(_MORE)
    stamps = policing.mailbox_stamps(call.world)
    return Rows(items=items, render=lambda one: render(call, one[0], one[1], stamps.get(one[0].id, [])))


def _asked(call: Call, account: Account, box: Mailbox) -> bool:
    if call.has("Filter"):
        match = _FILTER.match(call.word("Filter"))
        if match is None:
            raise invalid(f"The filter '{call.word('Filter')}' is not valid.")
        if box.litigation != (match["value"].lower() == "true"):
            return False
    if call.on("SoftDeletedMailbox"):
        return account.deleted is not None and not box.inactive
    if call.on("InactiveMailboxOnly"):
        return box.inactive
    return account.deleted is None or (box.inactive and call.on("IncludeInactiveMailbox"))


def render(call: Call, account: Account, box: Mailbox, stamps: list[str]) -> Row:
    """A mailbox with its holds; policies for the whole organisation are not stamped here (M§3.1)."""
    plans = [capability for plan, capability in _CAPABILITIES if has_plan(licence(call.world), account.tier, plan)]
    delayed = box.delay_until is not None and call.world.clock.now() < box.delay_until
    return {
        "Identity": account.display_name,
        "Name": account.upn.partition("@")[0],
        "DisplayName": account.display_name,
        "Alias": account.upn.partition("@")[0],
        "UserPrincipalName": account.upn,
        "PrimarySmtpAddress": account.upn,
        "EmailAddresses": [f"SMTP:{account.upn}", *(f"smtp:{alias}" for alias in account.aliases)],
        "DistinguishedName": _distinguished(call, account),
        "ExternalDirectoryObjectId": "" if account.purged else account.id,
        "Guid": box.guid,
        "ExchangeGuid": box.guid,
        "ArchiveGuid": box.archive_guid or _NONE,
        "ArchiveStatus": "Active" if box.archive_guid else "None",
        "RecipientType": "UserMailbox",
        "RecipientTypeDetails": box.kind,
        "LitigationHoldEnabled": box.litigation,
        "LitigationHoldDate": instant(box.litigation_date) if box.litigation_date else None,
        "LitigationHoldOwner": box.litigation_owner,
        "LitigationHoldDuration": box.litigation_duration
        if box.litigation_duration == "Unlimited"
        else f"{box.litigation_duration}.00:00:00",
        "InPlaceHolds": stamps,
        "ComplianceTagHoldApplied": box.labelled,
        "DelayHoldApplied": delayed,
        "DelayReleaseHoldApplied": delayed,
        "RetentionHoldEnabled": False,
        "ElcProcessingDisabled": False,
        "IsInactiveMailbox": box.inactive,
        "InactiveMailboxRetireTime": None,
        "PersistedCapabilities": plans,
        "RetentionComment": box.comment,
        "RetentionUrl": box.comment_url,
        "RetentionPolicy": "Default MRM Policy",
        "WhenCreatedUTC": instant(account.created),
        "WhenChangedUTC": instant(box.changed),
        "WhenSoftDeleted": instant(account.deleted) if account.deleted else None,
    }


_CAPABILITIES = ((EXCHANGE_PLAN_2, "BPOS_S_Enterprise"), (EXCHANGE_PLAN_1, "BPOS_S_Standard"), (ARCHIVE, "EXCHANGE_S_ARCHIVE_ADDON"))


def change(call: Call) -> Rows:
    """Litigation hold and its texts; shown at once, in effect within 240 minutes and never said to be (M§3.1)."""
    found = _find(call, call.word("Identity"))
    # An inactive mailbox is named by its GUID or distinguished name alone (M§3.1).
    by_account = found is not None and found[1].inactive and call.word("Identity").lower() == found[0].id
    if found is None or by_account or found[1].inactive != call.on("InactiveMailbox"):
        raise not_found(call.word("Identity"), _SERVER)
    account, box = found
    hold = call.on("LitigationHoldEnabled", default=box.litigation)
    if hold and not box.inactive and not has_plan(licence(call.world), account.tier, EXCHANGE_PLAN_2, ARCHIVE):
        words = f"The mailbox '{account.upn}' does not have a license that allows it to be placed on litigation hold."
        raise CmdletError(_RECIPIENTS, words)
    before = (box.litigation, box.litigation_duration, box.comment, box.comment_url, box.delay_until)
    _litigation(call, box, hold=hold)
    if call.has("RetentionComment"):
        box.comment = call.word("RetentionComment")
    if call.has("RetentionUrl"):
        box.comment_url = call.word("RetentionUrl")
    if call.on("RemoveDelayHoldApplied") or call.on("RemoveDelayReleaseHoldApplied"):
        box.delay_until = None
    if before == (box.litigation, box.litigation_duration, box.comment, box.comment_url, box.delay_until):
        call.unchanged(account.upn)
        return nothing()
    if call.has("LitigationHoldEnabled") or call.has("LitigationHoldDuration"):
        call.warnings.append(_SLOW)
    box.changed = call.world.clock.now()
    audit.record(call.world, call.actor, (audit.EXCHANGE_ADMIN, "Set-Mailbox"), account.upn, audit.pairs(call.values.items()))
    return nothing()


def _litigation(call: Call, box: Mailbox, *, hold: bool) -> None:
    if call.has("LitigationHoldDuration"):
        box.litigation_duration = call.word("LitigationHoldDuration")
    if hold == box.litigation:
        return
    box.litigation = hold
    box.litigation_date = call.world.clock.now() if hold else None
    box.litigation_owner = (call.actor.upn or call.actor.name) if hold else ""
    if not hold:
        box.delay_until = call.world.clock.now() + holding.DELAY_HOLD


def organisation(call: Call) -> Rows:
    """The one organisation, with the policies that cover everything."""
    state = call.state
    guid = stable_id(state.seed, "organisation")
    row: Row = {"Name": state.initial_domain, "Identity": state.initial_domain, "Guid": guid, "DisplayName": state.name}
    row |= {"InPlaceHolds": policing.organisation_stamps(call.world), "ElcProcessingDisabled": False, "IsDehydrated": False}
    newest = max((policy.changed for policy in state.policies.values()), default=None)
    return rows([row | {"WhenChangedUTC": instant(newest)}])


def _groups(call: Call) -> dict[str, list[Row]]:
    """Role groups by name in lower case: the administrator is in all, the app where it was registered."""
    state = call.state
    admin = state.accounts[state.administrator]
    human: Row = {
        "Name": admin.display_name,
        "DisplayName": admin.display_name,
        "Guid": stable_id(state.seed, "exchange/admin"),
        "ExternalDirectoryObjectId": admin.id,
        "RecipientType": "User",
        "PrimarySmtpAddress": admin.upn,
    }
    app: Row = {
        "Name": state.app.name,
        "DisplayName": state.app.name,
        "Guid": stable_id(state.seed, "exchange/app"),
        "ExternalDirectoryObjectId": state.app.object_id,
        "RecipientType": "ServicePrincipal",
        "PrimarySmtpAddress": "",
    }
    registered = switch(call.world, "ediscovery_manager", "administrator")
    here = {
        name: [human]
        for name in ("ediscoverymanager", "complianceadministrator", "organizationmanagement", "recordsmanagement", "caseadmin")
    }
    here["complianceadministrator"] = [human, app]
    if registered != "not_registered":
        here["ediscoverymanager"] = [human, app]
    if registered == "administrator":
        here["caseadmin"] = [human, app]
    return here


def members(call: Call) -> Rows:
    """Members of one role group."""
    found = _groups(call).get(call.word("Identity").lower())
    if found is None or call.word("Identity").lower() == "caseadmin":
        raise not_found(call.word("Identity"))
    return rows(found)


def administrators(call: Call) -> Rows:
    """Who sees every case."""
    return rows(_groups(call)["caseadmin"])
