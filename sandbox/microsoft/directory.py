"""Graph's directory: the organisation, people, groups, licences, drives, and what was deleted (M§5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from starlette.responses import PlainTextResponse, Response

from sandbox.microsoft.objects import Account, SentMail
from sandbox.microsoft.odata import Ask, Entity, GraphError, Listing, entity, graph_routes, matches, page
from sandbox.microsoft.plans import product_of, products_of
from sandbox.microsoft.state import licence, listed, stable_id
from sandbox.routing import SandboxRoute, json_of
from sandbox.world import World

USERS = ("User.Read.All", "Directory.Read.All")
_GROUPS = ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")
_FILES = ("Files.Read.All", "Sites.Read.All")
_LICENCES = ("LicenseAssignment.Read.All", "Organization.Read.All", "Directory.Read.All")
_USER_FILTERS = frozenset(
    {"id", "userPrincipalName", "mail", "proxyAddresses", "employeeId", "accountEnabled", "displayName", "department", "userType"}
)
_GROUP_FILTERS = frozenset({"id", "displayName", "mail", "mailNickname", "mailEnabled", "securityEnabled", "proxyAddresses", "groupTypes"})
_FEW = ("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname")
"""What a user has without ``$select``, besides ``userPrincipalName`` and ``id``."""


def routes(world: World) -> list[SandboxRoute]:
    """Everything below /organization, /users, /groups, /directory, /sites and /subscribedSkus."""
    table = {
        "/organization": organization,
        "/users": users,
        "/users/$count": users_count,
        "/users/{user}": user,
        "/users/{user}/drive": drive,
        "/users/{user}/licenseDetails": license_details,
        "/directory/deletedItems/microsoft.graph.user": deleted_users,
        "/directory/deletedItems/{user}": deleted_user,
        "/subscribedSkus": subscribed,
    }
    read = [route for path, answer in table.items() for route in graph_routes(world, path, {"GET": answer})]
    return [*read, *graph_routes(world, "/users/{user}/sendMail", {"POST": send_mail})]


def send_mail(ask: Ask) -> Response:
    """202 without a body; the message goes nowhere, but stands in the dump under ``sent`` (docs/wire/graph-mail.md)."""
    ask.need("Mail.Send", code="ErrorAccessDenied")
    sender = _user(ask)
    allowed = listed(ask.world, "mail_senders")
    if allowed and sender.upn.lower() not in allowed:
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    if sender.mailbox is None:
        raise GraphError(404, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise.")
    try:
        body = json_of(ask.request)
    except ValueError:
        raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from None
    message = body.get("message")
    recipients = _recipients(message)
    if not isinstance(message, dict) or not recipients:
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
    saved = body.get("saveToSentItems", True) is not False
    ask.state.sent.append(SentMail(at=ask.world.clock.now(), sender=sender.upn, to=recipients, message=message, saved=saved))
    return Response(status_code=202)


def _recipients(message: object) -> tuple[str, ...]:
    """Who the message is to; empty where any of them is no address."""
    rows = message.get("toRecipients") if isinstance(message, dict) else None
    found = [row.get("emailAddress", {}).get("address") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return tuple(found) if all(isinstance(one, str) and "@" in one for one in found) else ()


def organization(ask: Ask) -> Response:
    """The one organisation; its id pins the tenant."""
    # What is enough for an application (docs/wire §9); a signed-in person needs no more than the right to read himself.
    ask.need("Organization.Read.All", "Directory.Read.All", *(("User.Read", "User.Read.All") if ask.caller.delegated else ()))
    state = ask.state
    domains = [
        {
            "capabilities": "Email, OfficeCommunicationsOnline",
            "isDefault": not initial,
            "isInitial": initial,
            "name": name,
            "type": "Managed",
        }
        for name, initial in ((state.domain, False), (state.initial_domain, True))
    ]
    row: Entity = {"id": state.tenant_id, "displayName": state.name, "verifiedDomains": domains}
    return page(ask, Listing(name="organization", items=[row], render=lambda found: found))


def users(ask: Ask) -> Response:
    """People who are not deleted, by id; any of ``$select $filter $top $count``."""
    ask.need(*USERS)
    listing = listing_of(ask, "users", ask.state.alive())
    return page(ask, listing)


def listing_of(ask: Ask, name: str, accounts: Sequence[Account], *, counted: bool = False) -> Listing[Account]:
    """People as a collection, filtered and rendered as asked."""
    test = matches(ask, _USER_FILTERS)
    found = [account for account in accounts if test(user_row(ask, account))] if ask.option("$filter") else accounts
    return Listing(name=name, items=found, render=lambda account: _chosen(ask, account), counted=counted)


def _chosen(ask: Ask, account: Account) -> Entity:
    row = user_row(ask, account)
    if ask.option("$select"):
        return row
    return {name: row[name] for name in (*_FEW, "userPrincipalName", "id")}


def users_count(ask: Ask) -> Response:
    """How many people there are, as text alone; a client that insists on JSON gets 415 (M§5)."""
    ask.need(*USERS)
    if "application/json" in ask.request.headers.get("accept", ""):
        text = "A supported MIME type could not be found that matches the acceptable MIME types for the request."
        raise GraphError(415, "Request_BadRequest", text)
    return PlainTextResponse(str(len(ask.state.alive())))


def user(ask: Ask) -> Response:
    """One person by id or sign-in name; an alias is no id: 404."""
    ask.need(*USERS)
    return entity(ask, "users", _chosen(ask, _user(ask)))


def _user(ask: Ask) -> Account:
    wanted = ask.part("user").lower()
    found = ask.state.account_at(wanted)
    if found is None or wanted not in {found.id, found.upn.lower()}:
        raise not_found(ask.part("user"))
    return found


def not_found(what: str) -> GraphError:
    """404 as the directory says it."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{what}' does not exist or one of its queried reference-property objects are not present.",
    )


def drive(ask: Ask) -> Response:
    """A person's OneDrive; 404 when it was never made, 423 when its site is locked (M§5)."""
    ask.need(*_FILES)
    account = _user(ask)
    if account.drive is None:
        raise GraphError(404, "ResourceNotFound", "User's mysite not found.")
    if account.drive.locked:
        raise GraphError(423, "resourceLocked", "The site is locked.")
    return entity(ask, "drives", drive_row(ask, account.id, account.drive.site_id, account.drive.url) | _owner(account))


def drive_row(ask: Ask, owner: str, site: str, url: str) -> Entity:
    """A drive resource."""
    seed = ask.state.seed
    points = {"siteId": site, "siteUrl": url, "webId": stable_id(seed, f"web/{site}"), "listId": stable_id(seed, f"list/{site}")}
    return {"id": f"b!{stable_id(seed, f'drive/{owner}')}", "driveType": "business", "webUrl": f"{url}/Documents", "sharePointIds": points}


def _owner(account: Account) -> Entity:
    return {"owner": {"user": {"id": account.id, "displayName": account.display_name, "email": account.upn}}}


def license_details(ask: Ask) -> Response:
    """The product assigned to a person, with its plans."""
    ask.need(*_LICENCES, "User.Read.All")
    account = _user(ask)
    product = product_of(licence(ask.world), account.tier)
    rows: list[Entity] = []
    if product is not None:
        row = _sku_plans(licence(ask.world), account)
        number = stable_id(ask.state.seed, f"licence/{account.id}")
        rows.append({"id": number, "skuId": product.id, "skuPartNumber": product.part, "servicePlans": row})
    return page(ask, Listing(name=f"users('{account.id}')/licenseDetails", items=rows, render=lambda found: found))


def _sku_plans(bought: str, account: Account) -> list[Entity]:
    product = product_of(bought, account.tier)
    plans = product.plans if product is not None else ()
    return [
        {"servicePlanId": plan.id, "servicePlanName": plan.name, "provisioningStatus": "Success", "appliesTo": "User"} for plan in plans
    ]


def subscribed(ask: Ask) -> Response:
    """What the tenant has bought and how much of it is used."""
    ask.need(*_LICENCES)
    state, bought = ask.state, licence(ask.world)
    rows: list[Entity] = []
    for product, tier in zip(products_of(bought), ("faculty", "student"), strict=True):
        used = sum(account.tier == tier for account in state.alive())
        plans: list[Entity] = [
            {"servicePlanId": plan.id, "servicePlanName": plan.name, "provisioningStatus": "Success", "appliesTo": "User"}
            for plan in product.plans
        ]
        rows.append(
            {"id": f"{state.tenant_id}_{product.id}", "accountName": state.host, "accountId": state.tenant_id, "appliesTo": "User"}
            | {"capabilityStatus": "Enabled", "consumedUnits": used, "subscriptionIds": [stable_id(state.seed, f"subscription/{tier}")]}
            | {"prepaidUnits": {"enabled": used + 25, "suspended": 0, "warning": 0, "lockedOut": 0}}
            | {"skuId": product.id, "skuPartNumber": product.part, "servicePlans": plans}
        )
    return page(ask, Listing(name="subscribedSkus", items=rows, render=lambda found: found))


def user_row(ask: Ask, account: Account) -> Entity:
    """Everything that this emulator knows of a user resource."""
    product = product_of(licence(ask.world), account.tier)
    mail = account.upn if account.mailbox is not None else None
    addresses = [f"SMTP:{account.upn}", *(f"smtp:{alias}" for alias in account.aliases)] if mail else []
    return {
        "id": account.id,
        "displayName": account.display_name,
        "givenName": account.given,
        "surname": account.family,
        "userPrincipalName": account.upn,
        "mail": mail,
        "otherMails": [],
        "proxyAddresses": addresses,
        "accountEnabled": account.enabled,
        "assignedLicenses": [{"disabledPlans": [], "skuId": product.id}] if product else [],
        "assignedPlans": [
            {"assignedDateTime": stamp(account.created), "capabilityStatus": "Enabled", "service": plan.service, "servicePlanId": plan.id}
            for plan in (product.plans if product else ())
        ],
        "department": account.department or None,
        "companyName": None,
        "officeLocation": account.department or None,
        "jobTitle": account.job_title or None,
        "employeeId": account.employee_id or None,
        "employeeType": None,
        "employeeLeaveDateTime": None,
        "userType": "Member",
        "onPremisesSyncEnabled": None,
        "createdDateTime": stamp(account.created),
        "deletedDateTime": stamp(account.deleted) if account.deleted else None,
        "businessPhones": [],
        "mobilePhone": None,
        "preferredLanguage": None,
        "usageLocation": "US",
    }


def stamp(at: datetime) -> str:
    """An instant as Graph writes it, to the second."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def deleted_users(ask: Ask) -> Response:
    """People deleted within 30 days; their sign-in name begins with the id (M§5)."""
    ask.need(*USERS)
    return page(ask, _deleted(ask))


def _deleted(ask: Ask) -> Listing[Account]:
    gone = sorted(
        (account for account in ask.state.accounts.values() if account.deleted and not account.purged), key=lambda account: account.id
    )
    return Listing(name="directoryObjects/microsoft.graph.user", items=gone, render=lambda account: _deleted_row(ask, account))


def _deleted_row(ask: Ask, account: Account) -> Entity:
    row = user_row(ask, account)
    return row | {"userPrincipalName": account.id.replace("-", "") + account.upn}


def deleted_user(ask: Ask) -> Response:
    """One deleted person by id."""
    ask.need(*USERS)
    found = next((account for account in _deleted(ask).items if account.id == ask.part("user").lower()), None)
    if found is None:
        raise not_found(ask.part("user"))
    return entity(ask, "directoryObjects", _deleted_row(ask, found))
