"""Whom and where a Microsoft 365 object reaches: locations, applications and adaptive scopes as scopes of the simulator's. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from policies.effects import Scope
from policies.kinds import Workload
from policies.resources import Live, Value

ALL: Final = "All"

_MAILBOX: Final = frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.CALENDAR})
_LOCATIONS: Final[Mapping[str, frozenset[Workload]]] = {
    # An Exchange location covers the primary and the archive mailbox with the calendar in it (M§2.2); chats need a Teams policy of their own.
    "exchange": _MAILBOX,
    "onedrive": frozenset({Workload.DRIVE}),
    "sharepoint": frozenset({Workload.SITE}),
    "group": frozenset({Workload.GROUP}),
    "chat": frozenset({Workload.CHAT}),
    "channel": frozenset({Workload.CHAT}),
    # A case hold on a mailbox also holds the compliance copies of Teams chats (M§3.1), and the mailbox may be a group's; a site may be a OneDrive
    # (M§3.4).
    "mail": _MAILBOX | {Workload.CHAT, Workload.GROUP},
    "site": frozenset({Workload.DRIVE, Workload.SITE}),
    # Public folders and Skype are places of nobody whom a policy of a district names.
    "public_folder": frozenset(),
    "skype": frozenset(),
}
SCOPE: Final = "scope"
"""The location of a policy over an adaptive scope: whom a query finds."""
EVERYBODY: Final = '(IsInactiveMailbox -eq "False") -or (IsInactiveMailbox -eq "True")'
"""The query of an adaptive scope that finds every mailbox of a user; both halves stand on Microsoft's page (Configure retention settings)."""
_BY_SCOPE: Final[Mapping[str, frozenset[Workload]]] = {
    "user": _MAILBOX | {Workload.DRIVE, Workload.CHAT},
    "group": frozenset({Workload.GROUP, Workload.SITE, Workload.CHAT}),
    "site": frozenset({Workload.SITE, Workload.DRIVE}),
}
"""What a policy over a scope reaches at most, by what the scope is of (the same page)."""
APPLICATIONS: Final[Mapping[str, frozenset[Workload]]] = {
    "user:exchange": _MAILBOX,
    "user:onedriveforbusiness": frozenset({Workload.DRIVE}),
    "user:microsoftteams": frozenset({Workload.CHAT}),
    "group:exchange": frozenset({Workload.GROUP}),
    "group:sharepoint": frozenset({Workload.SITE}),
    "group:microsoftteams": frozenset({Workload.CHAT}),
}
"""What a policy's applications name (M§2.2). A word that is not here (Viva Engage, call logs, assistants) is about nothing that is counted here."""
_SORTS: Final[Mapping[str, str]] = {"exchange": "user", "group": "group"}
"""The sort of application that says what of a location is meant."""
_GROUP: Final = frozenset({Workload.GROUP, Workload.SITE})
"""A group's mailbox and its site, which is what its location means where nothing else is said (the page of New-RetentionCompliancePolicy)."""
_AT_ADDRESSES: Final = frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.CALENDAR, Workload.GROUP})
"""Where the address that a newer policy names is the place itself. Of a drive or a site it only says whose that is."""
_SOME_OF_THEM: Final = frozenset({Workload.CHAT})
"""Where it is the place, and nothing says which of it: one application is chats, private channels, or both (docs/wire/admin-endpoint.md §2.4)."""
_ANYWHERE: Final = frozenset().union(*_BY_SCOPE.values())


class UnknownSettingError(ValueError):
    """A live object says something that this vocabulary has no word for, so its effect cannot be computed; ``ref`` is its vendor id."""

    def __init__(self, live: Live, field: str, value: Value) -> None:
        super().__init__(f"{live.kind.value} {live.name!r}: {field} is {value!r}, which has no known effect")
        self.ref = live.vendor_id
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Whom or where one part of an object reaches. ``narrowing``: only a part of that, and nobody here can tell which."""

    part: str
    scope: Scope
    narrowing: str | None = None
    some: bool = False
    """Even of the places that it names only some items are meant."""


def reached(live: Live, members: Iterable[str], scopes: Mapping[str, str] | None = None) -> Iterable[Reached]:
    """One part per location type, so that "all of Exchange" never reads as "all of OneDrive". Exceptions are the object's own.

    ``scopes``: how scopes read now (``NAME (of): QUERY`` by name); without it, as the object itself carries them.
    """
    carried = live.fields.get("scopes")
    texts = [*(scopes or {}).values(), *(str(text) for text in (carried if isinstance(carried, tuple) else ()))]
    include: defaultdict[str, set[str]] = defaultdict(set)
    exclude: defaultdict[str, set[str]] = defaultdict(set)
    for places_of, taken in ((include, members), (exclude, _exceptions(live))):
        for member in taken:
            location, _, place = member.partition(":")
            if location not in _LOCATIONS and location != SCOPE:
                raise UnknownSettingError(live, "members", member)
            places_of[location].add(place)
    for location in sorted(include):
        if location == SCOPE:
            for name in sorted(include[location]):
                yield from _of_scope(live, name, texts)
        else:
            yield from _of_location(live, location, include[location], exclude[location])


def _of_location(live: Live, location: str, places: set[str], taken_out: set[str]) -> Iterable[Reached]:
    """The part of one location; where applications say what of it is meant, what they leave uncertain stands as a part of its own."""
    everyone = ALL in places
    named = Scope(
        workloads=_LOCATIONS[location],
        everyone=everyone,
        include=frozenset() if everyone else frozenset(places),
        exclude=frozenset(taken_out),
    )
    meant = _applied(live, _SORTS[location]) if location in _SORTS else None
    if meant is None and location == "group":
        meant = _GROUP
    if meant is None:
        if named.workloads:
            yield Reached(part=location, scope=named)
        return
    some = f"part of {live.vendor_id}"
    if meant & _AT_ADDRESSES:
        yield Reached(part=location, scope=replace(named, workloads=meant & _AT_ADDRESSES))
    if meant & _SOME_OF_THEM:
        yield Reached(part=f"{location}/chat", scope=replace(named, workloads=meant & _SOME_OF_THEM), narrowing=some, some=True)
    elsewhere = meant - _AT_ADDRESSES - _SOME_OF_THEM
    if elsewhere:
        yield Reached(part=f"{location}/files", scope=Scope(workloads=elsewhere, everyone=True, by_query=not everyone), narrowing=some)


def _of_scope(live: Live, name: str, texts: Iterable[str]) -> Iterable[Reached]:
    """A policy over an adaptive scope: everybody where its query says so, else some, of whom nobody here knows.

    What is uncertain is a term of the effect, so the simulator tries the scope's people and the others, and no two scopes count as the same.
    """
    sort, query = _scope(name, texts)
    meant = _applied(live, None)
    if meant is not None and sort in _SORTS.values():
        # Of applications of the other sort this scope's people are none.
        meant = _applied(live, sort) or frozenset()
    part, everybody = f"{SCOPE}/{name}", Scope(workloads=_BY_SCOPE.get(sort, _ANYWHERE), everyone=True, by_query=True)
    narrowing = None if sort == "user" and query == EVERYBODY else f"scope {name}: {query}"
    if meant is None:
        yield Reached(part=part, scope=everybody, narrowing=narrowing)
        return
    if meant - _SOME_OF_THEM:
        yield Reached(part=part, scope=replace(everybody, workloads=meant - _SOME_OF_THEM), narrowing=narrowing)
    if meant & _SOME_OF_THEM:
        # As of a location, nothing says which of the chats are meant.
        chats = replace(everybody, workloads=meant & _SOME_OF_THEM)
        yield Reached(part=f"{part}/chat", scope=chats, narrowing=narrowing or f"part of {live.vendor_id}", some=True)


def scope_text(name: str, of: object, query: object) -> str:
    """How a scope reads beside the policies over it."""
    return f"{name} ({of}): {query}"


def _scope(name: str, texts: Iterable[str]) -> tuple[str, str]:
    """What a scope is of and its query, empty where nobody says."""
    for text in texts:
        found = re.fullmatch(rf"{re.escape(name)} \((?P<of>[a-z]*)\): (?P<query>.*)", text, re.DOTALL)
        if found:
            return found["of"], found["query"]
    return "", ""


def _applied(live: Live, of: str | None) -> frozenset[Workload] | None:
    """The workloads that the object's applications mean (of one sort of location), None where it names none."""
    applications = live.fields.get("applications")
    named = [str(one) for one in applications] if isinstance(applications, tuple) else []
    wanted = [one for one in named if of is None or one.startswith(f"{of}:")]
    return frozenset().union(*(APPLICATIONS.get(one, frozenset()) for one in wanted)) if wanted else None


def _exceptions(live: Live) -> tuple[str, ...]:
    value = live.fields.get("exceptions") or ()
    return tuple(str(item) for item in value) if isinstance(value, tuple) else ()
