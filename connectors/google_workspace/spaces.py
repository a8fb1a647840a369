"""Chat spaces whose history is off: what is written there is gone within a day, and neither hold nor rule keeps it (G§1.5, G§10).

Read as an administrator; only a space's own managers could switch it, so nothing here does. A missing right leaves this one thing unread and is said
in its place: the rest of the settings does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from connectors.errors import ConnectorError, TenantUnreachableError
from connectors.google_workspace.wire import Json, inner, objects, required, text
from policies.kinds import Kind
from policies.resources import Live, Value

SPACES: Final = "chat.spaces_without_history"
ASKED: Final[Mapping[str, object]] = {
    "useAdminAccess": True,
    "query": 'customer = "customers/my_customer" AND space_type = "SPACE" AND space_history_state = "HISTORY_OFF"',
    "orderBy": "membership_count.joined_direct_human_user_count DESC",
    "pageSize": 1000,
}
"""The search of the discovery document, the largest spaces first."""
_NAMED: Final = 3


def spaces_live(read: Callable[[], Sequence[Json]]) -> Live:
    """How many spaces there are without history, the ids of all, and the largest by name; or why that was not read."""
    try:
        fields = _fields(read())
    except TenantUnreachableError:
        raise
    except ConnectorError as error:  # refused, or in a form that nobody knows
        fields = {"setting": SPACES, "unread": f"{error.code}: {error.message}"}
    return Live(kind=Kind.GOOGLE_SETTING, vendor_id=SPACES, name=SPACES, fields=fields)


def _fields(raw: Sequence[Json]) -> dict[str, Value]:
    # An answer that goes by another state than the one asked for is none of them.
    off = [one for one in raw if text(one, "spaceHistoryState") in {"", "HISTORY_OFF"}]
    return {
        "setting": SPACES,
        "count": len(off),
        "spaces": tuple(required(one, "name", "space") for one in off),
        "largest": tuple(f"{text(one, 'displayName') or text(one, 'name')} ({_people(one)} people)" for one in off[:_NAMED]),
    }


def spaces_in(page: Json) -> tuple[Json, ...]:
    """The spaces of a page of results."""
    results = objects(page, "results", "spaces")
    return tuple(space for one in results if (space := inner(one, "space", "result")) is not None) or objects(page, "spaces", "spaces")


def _people(space: Json) -> int:
    count = (inner(space, "membershipCount", "space") or {}).get("joinedDirectHumanUserCount")
    return count if isinstance(count, int) else 0
