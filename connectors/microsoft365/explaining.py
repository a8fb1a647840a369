"""Gathering what is needed to say which sources of a few people are really kept. Reads only what was not read already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.base import Coverage
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.coverage import Evidence, Team, cover
from connectors.microsoft365.graph import Call, Listing, Reply, segment, select
from connectors.microsoft365.inplace import Mailbox, Stamp, mailbox_from, stamps
from connectors.microsoft365.places import group_sites
from connectors.microsoft365.roster import Licences, drives, identity_from, licences
from policies.kinds import Workload
from policies.resources import Snapshot
from policies.roster import AccountState, Identity, Roster

_FEW = 5
"""Up to so many mailboxes are asked for one by one; more are one list, because the endpoint takes about one call a second (M§2.5)."""
_USER = ("id", "displayName", "userPrincipalName", "mail", "proxyAddresses", "accountEnabled", "assignedLicenses", "assignedPlans", "employeeId")


def explain(access: Access, identity_ids: Iterable[str], snapshot: Snapshot, roster: Roster | None) -> tuple[Coverage, ...]:
    """Source by source for those accounts; an account that nobody knows has no answer.

    Raises ``TenantUnreachableError`` and ``Stopped``; what could not be read is a source of which nothing can be told.
    """
    people = _people(access, list(dict.fromkeys(identity_ids)), roster)
    ids = [person.vendor_id for person in people if person.state is not AccountState.DELETED]
    boxes, unread = _mailboxes(access, people)
    evidence = Evidence(
        snapshot=snapshot,
        organisation=_organisation(access),
        mailboxes=boxes,
        drives={**_known_drives(people), **drives(access, [one for one in ids if one not in _known_drives(people)])},
        teams=_teams(access, ids),
        unread=unread or "source.unread",
    )
    return tuple(one for person in people for one in cover(person, evidence))


def _people(access: Access, ids: Sequence[str], roster: Roster | None) -> list[Identity]:
    known = {person.vendor_id: person for person in roster.identities} if roster is not None else {}
    left = [one for one in ids if one not in known]
    if left:
        subscriptions = _subscriptions(access)
        asked = [Call(method="GET", path=f"/users/{segment(one)}", query=(select(*_USER),)) for one in left]
        for reply in access.graph.call_all(asked):
            person = identity_from(reply.value, access.tenant.id, subscriptions) if isinstance(reply, Reply) else None
            if person is not None:
                known[person.vendor_id] = person
            elif isinstance(reply, ConnectorError) and reply.status != 404:
                raise reply
    return [known[one] for one in ids if one in known]


def _subscriptions(access: Access) -> Licences:
    try:
        return licences(access)
    except TenantUnreachableError:
        raise
    except ConnectorError:
        # The plans that decide are known by id without the list of subscriptions.
        return Licences(())


def _mailboxes(access: Access, people: Sequence[Identity]) -> tuple[dict[str, Mailbox | None], str | None]:
    """Mailboxes by account id, None for a person who surely has none; and why some could not be read."""
    if len(people) > _FEW:
        return _all_mailboxes(access, people)
    found: dict[str, Mailbox | None] = {}
    unread: str | None = None
    for person in people:
        try:
            parameters = {"Identity": person.vendor_id, "IncludeInactiveMailbox": True}
            rows = access.admin.read("Get-Mailbox", parameters, endpoint=Endpoint.EXCHANGE).rows
        except TenantUnreachableError:
            raise
        except PermanentError as error:
            if error.code == "admin.not_found" and Workload.MAIL not in person.containers:
                found[person.vendor_id] = None
            else:
                unread = unread or f"{error.code}: {error.message}"
        except ConnectorError as error:
            unread = unread or f"{error.code}: {error.message}"
        else:
            # Another mailbox than the one asked for is no answer (the trap of unknown identities, M§2.2).
            box = next((box for row in rows if (box := mailbox_from(row)) and _is_of(box, person)), None)
            if box is not None:
                found[person.vendor_id] = box
    return found, unread


def _all_mailboxes(access: Access, people: Sequence[Identity]) -> tuple[dict[str, Mailbox | None], str | None]:
    try:
        parameters = {"ResultSize": "Unlimited", "IncludeInactiveMailbox": True}
        read = access.admin.read("Get-Mailbox", parameters, endpoint=Endpoint.EXCHANGE)
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        return {}, f"{error.code}: {error.message}"
    boxes = [box for row in read.rows if (box := mailbox_from(row)) is not None]
    by_id = {box.object_id: box for box in boxes if box.object_id}
    by_address = {box.address: box for box in boxes}
    found: dict[str, Mailbox | None] = {}
    for person in people:
        box = by_id.get(person.vendor_id.lower()) or by_address.get(person.address)
        if box is not None:
            found[person.vendor_id] = box
        elif Workload.MAIL not in person.containers and boxes and read.partial is None:
            found[person.vendor_id] = None
    return found, read.partial


def _is_of(box: Mailbox, person: Identity) -> bool:
    return box.object_id == person.vendor_id.lower() or (box.object_id is None and box.address in person.addresses)


def _organisation(access: Access) -> tuple[Stamp, ...] | None:
    """The stamps of policies over everybody; None when the organisation's settings could not be read."""
    try:
        rows = access.admin.read("Get-OrganizationConfig", endpoint=Endpoint.EXCHANGE).rows
    except TenantUnreachableError:
        raise
    except ConnectorError:
        return None
    if len(rows) != 1 or "InPlaceHolds" not in rows[0]:
        return None
    return stamps(wire.texts(rows[0], "InPlaceHolds"))


def _known_drives(people: Iterable[Identity]) -> Mapping[str, str]:
    return {person.vendor_id: url for person in people if (url := person.containers.get(Workload.DRIVE))}


def _teams(access: Access, ids: Sequence[str]) -> dict[str, tuple[Team, ...]]:
    """The Microsoft 365 groups of each account, with their sites; an account is absent when its groups could not be read whole."""
    query = (select("id", "mail", "groupTypes", "resourceProvisioningOptions"), ("$top", "999"), ("$count", "true"))
    asked = [
        Call(
            method="GET",
            path=f"/users/{segment(one)}/transitiveMemberOf/microsoft.graph.group",
            query=query,
            headers=(("ConsistencyLevel", "eventual"),),
        )
        for one in ids
    ]
    listings = dict(zip(ids, access.graph.rows_all(asked), strict=True))
    usable = {one: listing.rows for one, listing in listings.items() if isinstance(listing, Listing) and listing.partial is None}
    groups = {
        group_id: row
        for rows in usable.values()
        for row in rows
        if "Unified" in wire.texts(row, "groupTypes") and wire.filled(row, "mail") and (group_id := wire.filled(row, "id"))
    }
    sites = group_sites(access, sorted(groups))
    keys = {one: [key for row in rows if (key := wire.filled(row, "id")) in groups] for one, rows in usable.items()}
    return {one: tuple(_team(groups[key], key, sites) for key in found if key is not None) for one, found in keys.items()}


def _team(row: wire.JsonObject, key: str, sites: Mapping[str, str | None]) -> Team:
    teams, site = "Team" in wire.texts(row, "resourceProvisioningOptions"), sites.get(key)
    return Team(address=(wire.filled(row, "mail") or "").lower(), site=site, teams=teams, siteless=key in sites and site is None)

