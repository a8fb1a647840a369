"""Drive labels as data: a label, its revisions, who may use it, what locks it (G§3.1)."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Properties = dict[str, object]

MAX_LABELS = 150
"""Labels that an organisation can have (G§3.2)."""
MAX_FIELDS = 10
MAX_TITLE = 50
MAX_DESCRIPTION = 500
MAX_DRAFTS = 10
"""Drafts that are kept before old ones go."""


@dataclass(slots=True, kw_only=True)
class Part:
    """A field, or a choice of a selection field: its properties, its own life, and for fields type and choices."""

    id: str
    properties: Properties
    state: str = "UNPUBLISHED_DRAFT"
    disabled_policy: Properties = field(default_factory=dict)
    type: str = ""
    options: Properties = field(default_factory=dict)
    choices: list[Part] = field(default_factory=list)
    changed: bool = False


@dataclass(slots=True, kw_only=True)
class Revision:
    """One state of a label's revisioned properties; ``published`` ones are what files see."""

    id: str
    created: datetime
    creator: str
    properties: Properties
    fields: list[Part]
    published: bool = False

    def next(self, ident: str, now: datetime, creator: str) -> Revision:
        """A fresh draft that begins as this one stands."""
        return Revision(id=ident, created=now, creator=creator, properties=copy.deepcopy(self.properties), fields=copy.deepcopy(self.fields))


@dataclass(slots=True, kw_only=True)
class Lock:
    """What a rule that uses the label puts on it, or on one field or choice: no disabling, no deleting (G§2.4.7)."""

    id: str
    field_id: str
    choice_id: str
    created: datetime


@dataclass(slots=True, kw_only=True)
class Label:
    """A label; ``state`` is its lifecycle, ``permissions`` are roles by principal (an address, or ``audiences/default``)."""

    id: str
    type: str
    created: datetime
    creator: str
    revisions: list[Revision]
    state: str = "UNPUBLISHED_DRAFT"
    published_at: datetime | None = None
    publisher: str = ""
    disabled_at: datetime | None = None
    disabler: str = ""
    disabled_policy: Properties = field(default_factory=dict)
    copy_mode: str = "DO_NOT_COPY"
    apps: list[str] = field(default_factory=lambda: ["DRIVE"])
    learn_more: str = ""
    permissions: dict[str, str] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)

    @property
    def latest(self) -> Revision:
        """The newest revision, draft or not."""
        return self.revisions[-1]

    @property
    def current(self) -> Revision | None:
        """The revision that files see, if the label was ever published."""
        return next((revision for revision in reversed(self.revisions) if revision.published), None)

    @property
    def has_draft(self) -> bool:
        """Whether something waits to be published."""
        return not self.latest.published

    def target(self, field_id: str = "", choice_id: str = "") -> bool:
        """Whether exactly that part (or the label itself) is what a rule has locked: all that its ``lockStatus`` tells (discovery, LockStatus)."""
        return any((lock.field_id, lock.choice_id) == (field_id, choice_id) for lock in self.locks.values())

    def locked(self, field_id: str = "", choice_id: str = "") -> bool:
        """Whether a lock stands on that part, or, for the label itself, on anything in it."""
        if not field_id:
            return bool(self.locks)
        return any(lock.field_id in {"", field_id} and lock.choice_id in {"", choice_id} for lock in self.locks.values())


def find(parts: list[Part], ident: str) -> Part | None:
    """The field or choice with that id."""
    return next((part for part in parts if part.id == ident), None)


def masked(old: Properties, new: Mapping[str, object], mask: str) -> Properties:
    """``old`` with what ``mask`` names taken from ``new``; a named property that ``new`` lacks is cleared, ``*`` names all."""
    names = set(old) | set(new) if mask.strip() in {"", "*"} else {name.strip() for name in mask.split(",")}
    kept = {name: value for name, value in old.items() if name not in names}
    return kept | {name: new[name] for name in names if name in new}
