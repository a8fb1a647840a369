"""Who may do what in Vault: the accounts behind each privilege that bears on keeping, by address, groups expanded (G§4.4).

An assignment names an id. It is looked up where the list of accounts is not at hand or not of this look, because an id that is compared with
addresses makes a stranger of everybody. What is neither an account nor a group is a service account, and stands there with its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from connectors.errors import ConnectorError
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import MEMBERS_LIST, ROLE_ASSIGNMENTS_LIST, ROLES_LIST, USERS_GET
from connectors.google_workspace.privileges import MANAGE_HOLDS, MANAGE_MATTERS, VIEW_ALL_MATTERS
from connectors.google_workspace.wire import Json, objects, text, truth

T = TypeVar("T")

_USER: Final = "user"
_GROUP: Final = "group"
RETENTION: Final = "privileges.retention"
EVERYBODY: Final = "everybody in the organisation"
"""Stands for a group's member of type CUSTOMER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Something that can be done in Vault: its name as a setting, the console's words, and the privileges any of which is enough (G§4.4)."""

    setting: str
    words: str
    privileges: frozenset[str]
    holds: bool = False
    """Whether it reaches holds, matters or what is kept, and not only what is seen of them."""
    needed: bool = False
    """Whether our own account has to have it, so that it is no finding there."""


POWERS: Final = (
    # G§4.4: whoever holds it can shorten any retention in Vault.
    Power(setting=RETENTION, words="Manage Retention Policies", privileges=frozenset({"MANAGE_RETENTION_POLICY"}), holds=True),
    Power(setting="privileges.holds", words="Manage Holds", privileges=frozenset({MANAGE_HOLDS}), holds=True, needed=True),
    Power(setting="privileges.matters", words="Manage Matters", privileges=frozenset({MANAGE_MATTERS}), holds=True, needed=True),
    Power(setting="privileges.all_matters", words="View All Matters", privileges=frozenset({VIEW_ALL_MATTERS}), needed=True),
    Power(setting="privileges.searches", words="Manage Searches", privileges=frozenset({"MANAGE_SEARCHES"})),
    Power(setting="privileges.exports", words="Manage Exports", privileges=frozenset({"MANAGE_EXPORTS"})),
    Power(setting="privileges.audits", words="Manage Audits", privileges=frozenset({"ACCESS_ALL_LOGS", "AUDIT_SYSTEM"})),
    Power(
        setting="privileges.early_deletion",
        words="accelerated deletion",
        privileges=frozenset({"APPROVE_ACCELERATED_DELETION", "CREATE_ACCELERATED_DELETION"}),
        holds=True,
    ),
)
_NO_GROUP: Final = frozenset({"google.not_found"})
"""What an id is answered with that is no group. A 403 is our own want of a privilege, and says nothing of what the id is (G§6.4)."""
_NO_ACCOUNT: Final = _NO_GROUP | {"google.permission_denied"}
"""What an id is answered with that is no account of this customer; our own account was read, so the right itself is there."""


def read_powers(session: Session, customer: str, addresses: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """The addresses (lower case) behind each power, super administrators in all of them. ``addresses``: those of this look, by id; can be empty.

    Raises ``ConnectorError`` where roles, assignments or the members of a group cannot be read.
    """
    roles = session.pages(ROLES_LIST, "items", customer=customer, maxResults=100)
    assigned = session.pages(ROLE_ASSIGNMENTS_LIST, "items", customer=customer, maxResults=200)
    brings = {text(role, "roleId"): _powers(role) for role in roles}
    telling = [one for one in assigned if brings.get(text(one, "roleId"))]
    who = {text(one, "assignedTo"): one for one in telling}
    named = {ident: _named(session, one, addresses) for ident, one in who.items()}
    found: dict[str, set[str]] = {power.setting: set() for power in POWERS}
    for one in telling:
        for setting in brings[text(one, "roleId")]:
            found[setting] |= named[text(one, "assignedTo")]
    return {setting: tuple(sorted(accounts)) for setting, accounts in found.items()}


def _powers(role: Json) -> frozenset[str]:
    if truth(role, "isSuperAdminRole"):
        return frozenset(power.setting for power in POWERS)
    names = {text(one, "privilegeName") for one in objects(role, "rolePrivileges", "role")}
    return frozenset(power.setting for power in POWERS if power.privileges & names)


def _named(session: Session, assignment: Json, addresses: Mapping[str, str]) -> frozenset[str]:
    """The addresses that an assignment reaches."""
    ident = text(assignment, "assignedTo")
    sort = text(assignment, "assigneeType")
    if sort != _GROUP:
        if ident in addresses:
            return frozenset({addresses[ident].lower()})
        account = _asked(lambda: text(session.call(USERS_GET, userKey=ident).body, "primaryEmail"), _NO_ACCOUNT)
        if account:
            return frozenset({account.lower()})
    if sort == _USER:
        return frozenset({ident})
    members = _asked(lambda: session.pages(MEMBERS_LIST, "members", groupKey=ident, includeDerivedMembership=True, maxResults=200), _NO_GROUP)
    return frozenset({ident}) if members is None else frozenset(_people(members))


def _people(members: Iterable[Json]) -> Iterable[str]:
    for one in members:
        if text(one, "type") == "CUSTOMER":
            yield EVERYBODY
        elif text(one, "type") != "GROUP":  # the people of a nested group are in the list themselves
            yield (text(one, "email") or text(one, "id")).lower()


def _asked(ask: Callable[[], T], no_such: frozenset[str]) -> T | None:
    """The answer, or None where one of the codes ``no_such`` says that the id is not of that sort."""
    try:
        return ask()
    except ConnectorError as error:
        if error.code in no_such:
            return None
        raise
