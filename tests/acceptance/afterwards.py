"""What stands in the tenants and in the journal after bad luck: read from the sandbox's door and by ``journal verify``, never through a connector."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.acceptance.rehearsal import District, Sandbox

MARK = re.compile(r"\[rw:[a-z0-9]{8}:[a-z0-9-]{1,40}:g\d+\]")
UNDER_WAY = 100
"""Seconds on the shared clock after which a create that nobody sees was never carried out: ``timeouts.request`` and ``sync.settle.LIST_DELAY``."""
WRITING = re.compile(r"^(New-|Set-|Add-|Remove-|Enable-|Disable-)")
READING_POSTS = frozenset({"token", "oauth2.token"})
INSIDE = frozenset({"holds", "members", "accounts", "sources"})
"""Parts of an object that are objects of their own, counted apart."""


def state_of(sandbox: Sandbox, tenant: str) -> dict[str, Any]:
    """The tenant as the sandbox has it."""
    found: dict[str, Any] = sandbox.door("/state")[tenant]
    return found


def marked(sandbox: Sandbox) -> Counter[tuple[str, str]]:
    """How many objects carry each mark, by kind of object; what is deleted does not count."""
    return Counter(_marked(sandbox))


def _marked(sandbox: Sandbox) -> Iterator[tuple[str, str]]:
    microsoft, google = state_of(sandbox, "m365"), state_of(sandbox, "google")
    lists = {
        "label": microsoft["labels"],
        "policy": microsoft["policies"],
        "scope": microsoft["scopes"],
        "case": microsoft["cases"],
        "hold": [hold for case in microsoft["cases"] for hold in case["holds"]],
        "google matter": [matter for matter in google["matters"] if matter["state"] != "DELETED"],
        "google hold": [hold for matter in google["matters"] for hold in matter["holds"]],
        "google label": google["labels"],
    }
    for kind, objects in lists.items():
        for one in objects:
            plain = {name: value for name, value in one.items() if name not in INSIDE}
            yield from ((kind, mark) for mark in set(MARK.findall(json.dumps(plain))))


def doubled(sandbox: Sandbox) -> list[str]:
    """Every mark that two objects carry, and every policy with two rules; empty when all is well."""
    rules = Counter(rule["policy"] for rule in state_of(sandbox, "m365")["rules"])
    marks = [f"{count} {kind}s carry {mark}" for (kind, mark), count in marked(sandbox).items() if count > 1]
    return marks + [f"policy {policy} has {count} rules" for policy, count in rules.items() if count > 1]


def asked(sandbox: Sandbox) -> int:
    """How many requests the tenants have seen by now."""
    return int(sandbox.door("/exchanges")["next"])


def exchanges(sandbox: Sandbox, since: int) -> list[dict[str, Any]]:
    """The requests from number ``since`` on."""
    found: list[dict[str, Any]] = sandbox.door(f"/exchanges?since={since}")["exchanges"]
    return found


def writes(found: list[dict[str, Any]]) -> list[str]:
    """Of these requests the ones that change a tenant: cmdlets by their verb, everything else by its method."""
    return [one["operation"] for one in found if _writes(one)]


def _writes(one: dict[str, Any]) -> bool:
    if one["method"] == "GET" or one["operation"] in READING_POSTS:
        return False
    return bool(WRITING.match(one["operation"])) if one["surface"] in {"exchange", "compliance"} else True


def order(district: District, alias: str, *people: str) -> Path:
    """An order that only its owner can read: mail and files of ``people``."""
    lines = "".join(f"  - {{address: {one}@harbormill.example}}\n" for one in people)
    text = f"alias: {alias}\nname: A made-up claim\nkind: claim\ntriggered_on: 2026-09-14\nordered_by: counsel\npeople:\n{lines}sources: [mail, drive]\n"
    path = district.place / f"{alias}.yaml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def open_intents(district: District) -> list[int]:
    """Numbers of the intents without outcome; fails unless the journal holds."""
    found = district.must("journal", "verify").result
    assert found["first_bad"] is None
    numbers: list[int] = found["open_intents"]
    return numbers
