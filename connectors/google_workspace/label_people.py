"""Who may apply a Drive label: a published label that nobody may apply carries nothing.

A permission goes to a person, a group, or the organisation's default audience (G§3.1); no unit can have one, so a population of units needs the
audience. An update overwrites the role that somebody has, so only those are written who could not apply the label before: nobody's role is ever
made smaller, and nobody's is taken away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from connectors.base import MemberOutcome
from connectors.errors import PermanentError
from connectors.google_workspace.http import Answer, Session
from connectors.google_workspace.operations import LABEL_PERMISSIONS_LIST, LABEL_PERMISSIONS_UPDATE
from connectors.google_workspace.wire import Json, text
from policies.duties import Selector
from policies.populations import answers_to
from policies.roster import Roster

APPLIER: Final = "applier:"
"""How a member begins: somebody who may apply the label; the rest is an address, or ``All`` for the default audience."""
EVERYBODY: Final = f"{APPLIER}All"
AUDIENCE: Final = "audiences/default"
_CAN_APPLY: Final = frozenset({"APPLIER", "ORGANIZER", "EDITOR"})
"""Each implies the one before; a reader can only see the label."""
BATCH: Final = 50
"""Permissions in one update; Google publishes no limit."""


def wanted_appliers(selector: Selector, roster: Roster) -> frozenset[str]:
    """The members that let the people of a population apply a label. Who is excepted can apply it too where a whole audience has to be named."""
    if selector.all_users or selector.org_units:
        return frozenset({EVERYBODY})
    groups = {group.address.lower() for group in roster.groups if any(answers_to(group, name) for name in selector.groups)}
    return frozenset(f"{APPLIER}{address}" for address in (*groups, *(one.lower() for one in selector.users)))


def permissions(session: Session, label_id: str) -> tuple[Json, ...]:
    """Everybody's role on a label. Raises as ``Session.call``."""
    return session.pages(LABEL_PERMISSIONS_LIST, "labelPermissions", parent=f"labels/{label_id}", useAdminAccess=True, pageSize=200)


def appliers(listed: Iterable[Json]) -> frozenset[str]:
    """The members that can apply the label, by its permissions."""
    return frozenset(_member(one) for one in listed if text(one, "role") in _CAN_APPLY and _principal(one))


def permit(session: Session, label_id: str, members: Sequence[str]) -> tuple[tuple[MemberOutcome, ...], Answer | None]:
    """Let ``members`` apply the label; one outcome each. Those who can already are left as they are, whatever more they may do."""
    already = appliers(permissions(session, label_id))
    missing = [member for member in members if member not in already]
    found = [MemberOutcome(member=member) for member in members if member in already]
    answer: Answer | None = None
    for start in range(0, len(missing), BATCH):
        outcomes, answer = _update(session, label_id, missing[start : start + BATCH])
        found += outcomes
    return tuple(found), answer


def _update(session: Session, label_id: str, members: Sequence[str]) -> tuple[list[MemberOutcome], Answer | None]:
    """One update, all or nothing; where it is refused for one of several, each is asked for by itself: one unknown address stops nobody else."""
    requests = [{"labelPermission": _body(member)} for member in members]
    try:
        answer = session.call(LABEL_PERMISSIONS_UPDATE, parent=f"labels/{label_id}", body={"useAdminAccess": True, "requests": requests})
    except PermanentError as error:
        if error.code != "google.invalid":
            raise
        if len(members) == 1:
            return [MemberOutcome(member=members[0], error=f"{error.code}: {json.dumps(error.message)}")], None
        parts = [_update(session, label_id, [member]) for member in members]
        return [outcome for outcomes, _ in parts for outcome in outcomes], next((one for _, one in parts if one is not None), None)
    return [MemberOutcome(member=member) for member in members], answer


def _body(member: str) -> Mapping[str, str]:
    principal = {"audience": AUDIENCE} if member == EVERYBODY else {"email": member.removeprefix(APPLIER)}
    return {**principal, "role": "APPLIER"}


def _principal(permission: Json) -> str:
    return text(permission, "email") or text(permission, "audience")


def _member(permission: Json) -> str:
    principal = _principal(permission)
    return EVERYBODY if principal == AUDIENCE else f"{APPLIER}{principal.lower()}"
