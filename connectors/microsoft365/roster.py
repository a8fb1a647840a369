"""People, groups and places of a tenant as a roster, with what their licences keep (M§5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from connectors.errors import ConnectorError, TenantUnreachableError, TransientError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.everybody import PROPERTIES, Everybody, everybody
from connectors.microsoft365.graph import Call, Listing, segment, select
from connectors.microsoft365.inactive import read_inactive, with_inactive
from connectors.microsoft365.places import group_sites, is_team, places_of
from policies.kinds import Kind, Workload
from policies.resources import KindRead, ReadState
from policies.roster import AccountState, Group, Identity, Roster, Site

_GROUP = ("id", "displayName", "mail", "proxyAddresses", "groupTypes", "visibility", "mailEnabled", "securityEnabled")

GROUPS = Call(method="GET", path="/groups", query=(select(*_GROUP), ("$top", "999")))
DELETED = Call(
    method="GET", path="/directory/deletedItems/microsoft.graph.user", query=(select(*PROPERTIES, "deletedDateTime"), ("$top", "999"))
)
"""Lists that a roster rests on beside everybody; ``examine`` asks for groups too, and hands on what it got."""

_PLAN_IDS: dict[str, str] = {
    "9aaf7827-d63c-4b61-89c3-182f06f82e5c": "EXCHANGE_S_STANDARD",
    "efb87545-963c-4e0d-99df-69c6916d9eb0": "EXCHANGE_S_ENTERPRISE",
    "176a09a6-7ec5-4039-ac02-b2791c6ba793": "EXCHANGE_S_ARCHIVE_ADDON",
    "0a4983bb-d3e5-4a09-95d8-b2d0127b3df5": "SHAREPOINTSTANDARD_EDU",
    "63038b2c-28d0-45f6-bc36-33062963b498": "SHAREPOINTENTERPRISE_EDU",
}
"""Plans that matter here, for the day when the list of subscriptions cannot be read (docs/wire, directory)."""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
HIDDEN_MEMBERS = "Member.Read.Hidden"
"""The permission that shows who is in groups that hide their members; a token without it gets a short list and 200 (M§5)."""
_IN_USE = frozenset({"enabled", "warning"})


class Licences:
    """Subscriptions of a tenant: SKU names by id, plan names by id, and seats by name of either."""

    def __init__(self, rows: Sequence[wire.JsonObject]) -> None:
        self.rows = tuple(rows)
        self.skus: dict[str, str] = {}
        self.plans: dict[str, str] = dict(_PLAN_IDS)
        self.seats: dict[str, int] = {}
        for row in rows:
            sku, part, used = wire.filled(row, "skuId"), wire.filled(row, "skuPartNumber"), wire.number(row, "consumedUnits")
            if sku and part:
                self.skus[sku.lower()] = part
                self._count(part, used)
            for plan in wire.rows(row, "servicePlans"):
                plan_id, name = wire.filled(plan, "servicePlanId"), wire.filled(plan, "servicePlanName")
                if plan_id and name:
                    self.plans[plan_id.lower()] = name
                    self._count(name, used)

    def _count(self, name: str, used: int | None) -> None:
        self.seats[name] = self.seats.get(name, 0) + (used or 0)


def licences(access: Access) -> Licences:
    """The tenant's subscriptions, all of them. Raises ConnectorError, also where only a part was seen: a missing licence cannot be told from it."""
    rows, access.subscriptions = access.subscriptions, None
    if rows is not None:
        return Licences(rows)
    found = access.graph.rows(Call(method="GET", path="/subscribedSkus"))
    if found.partial is not None:
        raise TransientError("licences.unread", f"The list of subscriptions was seen in part: {found.partial}", "The next run asks again.")
    return Licences(found.rows)


def read_roster(access: Access, groups: frozenset[str], sites: frozenset[str]) -> Roster:
    """Everybody, all groups (members only of those that ``groups`` names), and the sites that ``sites`` names.

    Raises ``TenantUnreachableError`` and ``Stopped``; a list that could not be read is a failed read in the roster.
    """
    people, people_read = _people(access)
    inactive = read_inactive(access)
    teams, teams_read = _groups(access, groups)
    places, places_read = _sites(access, sites)
    return Roster(
        tenant=access.tenant.id,
        at=access.context.clock.now(),
        # Without the list of accounts nobody can tell whose mailbox has none.
        identities=() if people_read.state is ReadState.FAILED else with_inactive(people, inactive, access.tenant.id),
        groups=teams,
        sites=places,
        reads=(people_read, teams_read, places_read),
        gone_unread=inactive.unread if access.allowed.admin else None,
    )


def _people(access: Access) -> tuple[tuple[Identity, ...], KindRead]:
    kind = Kind.M365_USER
    try:
        seen, access.everybody = access.everybody or everybody(access), None
        deleted = access.graph.rows(DELETED)
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        return (), _failed(kind, error)
    partial = seen.partial or deleted.partial
    try:
        subscriptions = licences(access)
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        # The few plans that decide are known by id, but what the others are is not: nobody may be counted as unlicensed from this.
        subscriptions, partial = Licences(()), partial or f"licences.unread: {error.message}"
    tenant = access.tenant.id
    living = [identity_from(row, tenant, subscriptions) for row in seen.rows]
    dead = [identity_from(row, tenant, subscriptions, gone=True) for row in deleted.rows]
    if None in living or None in dead:
        partial = partial or "wire.missing_property: an account lacks its id or every address"
    people = _together(seen, [one for one in living if one is not None], [one for one in dead if one is not None])
    read = _ended(kind, len(people), partial)
    access.trail = seen.trail if read.state is ReadState.COMPLETE else None
    return people, read


def _together(seen: Everybody, living: Sequence[Identity], deleted: Sequence[Identity]) -> tuple[Identity, ...]:
    """Everybody: who was kept, less who is gone, with who changed and who is deleted put in their places.

    An account that was said to be gone and stands in the list of the deleted no more, or not yet, is deleted and not nobody. Who was kept only
    as the owner of an inactive mailbox is found again by that mailbox.
    """
    if seen.kept is None:
        return (*living, *deleted)
    kept = {one.vendor_id: one for one in seen.kept.people if not _by_mailbox_alone(one)}
    found = {key: one for key, one in kept.items() if one.state is not AccountState.DELETED}
    waiting = {key: one for key, one in kept.items() if one.state is AccountState.DELETED and one.deleted_at is None}
    waiting |= {key: replace(found.pop(key), state=AccountState.DELETED) for key, why in seen.gone.items() if key in found and why != "deleted"}
    for key, why in seen.gone.items():
        if why == "deleted":
            found.pop(key, None)
            waiting.pop(key, None)
    changed = {one.vendor_id: one for one in living}
    dead = {one.vendor_id: one for one in deleted}
    return tuple(({**waiting, **found, **dead, **changed}).values())


def _by_mailbox_alone(one: Identity) -> bool:
    """Whether only an inactive mailbox tells of this account (``inactive.with_inactive``)."""
    return one.state is AccountState.DELETED and one.deleted_at is None and one.containers.get(Workload.MAIL, "").startswith(".")


def identity_from(row: wire.JsonObject, tenant: str, subscriptions: Licences, *, gone: bool = False) -> Identity | None:
    """An account in the roster's words; None when it lacks an id or every address."""
    vendor_id = wire.filled(row, "id")
    proxies = [text for text in wire.texts(row, "proxyAddresses") if text.lower().startswith("smtp:")]
    primary = next((text[5:] for text in proxies if text.startswith("SMTP:")), None)
    upn = _plain_upn(wire.filled(row, "userPrincipalName"), vendor_id if gone else None)
    address = primary or wire.filled(row, "mail") or upn
    if vendor_id is None or address is None:
        return None
    plans = plans_of(row, subscriptions)
    skus = frozenset(subscriptions.skus.get(sku.lower(), sku) for item in wire.rows(row, "assignedLicenses") if (sku := wire.filled(item, "skuId")))
    state = AccountState.DELETED if gone else AccountState.SUSPENDED if wire.flag(row, "accountEnabled") is False else AccountState.ACTIVE
    mailbox = address.lower() if not gone and any(plan.startswith("EXCHANGE_S_") for plan in plans) else None
    return Identity(
        tenant=tenant,
        vendor_id=vendor_id,
        address=address.lower(),
        aliases=frozenset({text[5:].lower() for text in proxies} | ({upn.lower()} if upn else set())) - {address.lower()},
        name=wire.text(row, "displayName") or "",
        employee_id=wire.filled(row, "employeeId"),
        state=state,
        licences=skus,
        licensed_for_hold=kept_by(plans),
        licences_unknown=any(_ID.fullmatch(plan) for plan in plans),
        containers={Workload.MAIL: mailbox} if mailbox else {},
        deleted_at=wire.moment(row, "deletedDateTime"),
    )


def plans_of(row: wire.JsonObject, subscriptions: Licences) -> frozenset[str]:
    """Names of the service plans in use by an account; a plan of unknown id stands by its id."""
    found: set[str] = set()
    for plan in wire.rows(row, "assignedPlans"):
        plan_id = wire.filled(plan, "servicePlanId")
        if plan_id and (wire.text(plan, "capabilityStatus") or "").lower() in _IN_USE:
            found.add(subscriptions.plans.get(plan_id.lower(), plan_id))
    return frozenset(found)


def kept_by(plans: Iterable[str]) -> frozenset[Workload]:
    """The workloads that a person's plans let a hold or retention policy keep.

    Mail needs Exchange Plan 2, or Plan 1 with archiving (M§3.1); chats are kept in the mailbox; OneDrive needs SharePoint Plan 2.
    """
    named = set(plans)
    found: set[Workload] = set()
    plan_two = any(plan.startswith("EXCHANGE_S_ENTERPRISE") for plan in named)
    if plan_two or any(plan.startswith("EXCHANGE_S_ARCHIVE") for plan in named):
        found |= {Workload.MAIL, Workload.ARCHIVE, Workload.CHAT}
    if any(plan.startswith("SHAREPOINTENTERPRISE") for plan in named):
        found |= {Workload.DRIVE, Workload.SITE}
    return frozenset(found)


def _plain_upn(upn: str | None, deleted_id: str | None) -> str | None:
    """The name as it was before deletion put the id in front of it."""
    prefix = deleted_id.replace("-", "") if deleted_id else ""
    return upn[len(prefix) :] if upn and prefix and upn.lower().startswith(prefix.lower()) else upn


def _groups(access: Access, wanted: frozenset[str]) -> tuple[tuple[Group, ...], KindRead]:
    kind = Kind.M365_GROUP
    try:
        listing = access.listed.pop(kind, None) or access.graph.rows(GROUPS)
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        return (), _failed(kind, error)
    rows = [(row, group_id) for row in listing.rows if (group_id := wire.filled(row, "id"))]
    named = [group_id for row, group_id in rows if _answers(row, group_id, wanted)]
    members = dict(zip(named, access.graph.rows_all([_members_call(group_id) for group_id in named]), strict=True))
    unveiled = HIDDEN_MEMBERS in (access.tokens.roles or ())
    sites = group_sites(access, [group_id for row, group_id in rows if group_id in members and is_team(row)])
    found = []
    for row, group_id in rows:
        places, without = places_of(row, group_id, sites)
        group = _group_from(row, group_id, access.tenant.id, members.get(group_id), unveiled=unveiled)
        found.append(replace(group, containers=places, without=without))
    return tuple(found), _ended(kind, len(found), listing.partial)


def _members_call(group_id: str) -> Call:
    # The cast is an advanced query, which asks for both (docs/wire, directory).
    return Call(
        method="GET",
        path=f"/groups/{segment(group_id)}/transitiveMembers/microsoft.graph.user",
        query=(select("id", "userPrincipalName"), ("$top", "999"), ("$count", "true")),
        headers=(("ConsistencyLevel", "eventual"),),
    )


def _group_from(row: wire.JsonObject, group_id: str, tenant: str, members: Listing | ConnectorError | None, *, unveiled: bool) -> Group:
    known = isinstance(members, Listing) and members.partial is None
    # Without Member.Read.Hidden such a group answers with a short list and 200 (M§5).
    hidden = not unveiled and (wire.text(row, "visibility") or "").lower() == "hiddenmembership"
    rows = members.rows if isinstance(members, Listing) else ()
    return Group(
        tenant=tenant,
        vendor_id=group_id,
        address=(wire.filled(row, "mail") or "").lower(),
        name=wire.text(row, "displayName") or "",
        members=frozenset(member_id for item in rows if (member_id := wire.filled(item, "id"))),
        complete=known and not hidden,
    )


def _answers(row: wire.JsonObject, group_id: str, wanted: frozenset[str]) -> bool:
    lowered = {item.lower() for item in wanted}
    address, name = (wire.filled(row, "mail") or "").lower(), (wire.text(row, "displayName") or "").lower()
    return bool({group_id.lower(), address, f"name:{name}"} & lowered)


def _sites(access: Access, wanted: frozenset[str]) -> tuple[tuple[Site, ...], KindRead]:
    urls = sorted(wanted)
    parts = [urlsplit(url) for url in urls]
    paths = [f"/sites/{part.hostname}:{part.path.rstrip('/') or '/'}" for part in parts]
    found: list[Site] = []
    partial: str | None = None
    asked = [Call(method="GET", path=path, query=(select("id", "webUrl", "displayName"),)) for path in paths]
    for url, reply in zip(urls, access.graph.call_all(asked), strict=True):
        if isinstance(reply, ConnectorError):
            # 404 says that there is no such site; anything else says nothing.
            partial = partial or (None if reply.status == 404 else f"{reply.code}: {url}")
            continue
        site_id, web = wire.filled(reply.value, "id"), wire.filled(reply.value, "webUrl")
        if site_id and web:
            found.append(Site(tenant=access.tenant.id, vendor_id=site_id, url=web.rstrip("/"), name=wire.text(reply.value, "displayName") or ""))
    state = ReadState.PARTIAL if partial else ReadState.COMPLETE
    return tuple(found), KindRead(kind=Kind.M365_SITE, state=state, count=len(found), reason=partial)


def drives(access: Access, identity_ids: Iterable[str]) -> dict[str, str | None]:
    """OneDrive site URLs by account id: None where the platform says there is none; an id that could not be asked is absent.

    Raises ``TenantUnreachableError`` and ``Stopped``.
    """
    ids = list(dict.fromkeys(identity_ids))
    query = (select("id", "driveType", "webUrl", "sharePointIds"),)
    asked = [Call(method="GET", path=f"/users/{segment(vendor_id)}/drive", query=query) for vendor_id in ids]
    found: dict[str, str | None] = {}
    for vendor_id, reply in zip(ids, access.graph.call_all(asked), strict=True):
        if isinstance(reply, ConnectorError):
            # Never provisioned, so there is nothing to hold (M§5); any other refusal says nothing about the place.
            if reply.status == 404 and any(word in reply.message.lower() for word in ("mysite", "itemnotfound")):
                found[vendor_id] = None
        elif (url := _drive_site(reply.value)) is not None:
            # SharePoint's addresses mean the same in any case, and members are compared in lower case.
            found[vendor_id] = url.lower()
    return found


def _drive_site(row: wire.JsonObject) -> str | None:
    site = wire.filled(wire.child(row, "sharePointIds"), "siteUrl")
    if site:
        return site.rstrip("/")
    web = wire.filled(row, "webUrl")
    if web is None:
        return None
    # The library's name may be translated: scheme, host and the first two path segments are the site (docs/wire, directory).
    parts = urlsplit(web)
    return f"{parts.scheme}://{parts.netloc}/{'/'.join(parts.path.strip('/').split('/')[:2])}"


def _failed(kind: Kind, error: ConnectorError) -> KindRead:
    return KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=f"{error.code}: {error.message}")


def _ended(kind: Kind, count: int, partial: str | None) -> KindRead:
    if partial is not None:
        return KindRead(kind=kind, state=ReadState.PARTIAL, count=count, reason=partial)
    if not count:
        return KindRead(kind=kind, state=ReadState.UNPROVEN, count=0, reason="kind.empty: an empty list proves nothing")
    # Signed in as an application we have no account to look for; somebody seen is what there is to go by.
    return KindRead(kind=kind, state=ReadState.COMPLETE, count=count)
