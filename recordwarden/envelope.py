"""The one JSON document that a command prints: the same frame for every command, also for one that failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from recordwarden import __version__
from recordwarden.exits import Exit

SCHEMA = "recordwarden/{command}/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Who says it and when. ``district`` and ``policy_digest`` are None while no folder has been read."""

    command: str
    """The command's words joined by hyphens; ``usage`` where no command was understood."""
    run_id: str
    at: datetime
    clock: str = "system"
    district: str | None = None
    policy_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is said. Everything in it is made of JSON's own types."""

    exit: Exit
    tenants: Mapping[str, object] = field(default_factory=dict)
    result: object = None
    problems: tuple[Mapping[str, object], ...] = ()


def document(frame: Frame, content: Content) -> str:
    """The envelope as one line of ASCII JSON, so that no locale can spoil it."""
    body = {
        "schema": SCHEMA.format(command=frame.command),
        "version": __version__,
        "run_id": frame.run_id,
        "district": frame.district,
        "policy_digest": frame.policy_digest,
        "at": frame.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "clock": frame.clock,
        "exit": int(content.exit),
        "tenants": dict(content.tenants),
        "result": content.result,
        "problems": list(content.problems),
    }
    return json.dumps(body, ensure_ascii=True, allow_nan=False)
