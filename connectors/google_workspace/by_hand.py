"""A plan or a hold as a person carries it out in Vault and in the Admin console, filled in. Pure.

Vault has no supported command line, so there are steps only. Names and descriptions are copied whole: the mark at their end is how what was
done by hand is found and verified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from connectors.google_workspace.vault import ACCOUNT, marked_name
from connectors.handing import VERBS, merged, no_way
from connectors.hold_orders import UNIT
from connectors.instructions import Deed, Instruction
from policies.kinds import Kind

_VAULT: Final = "vault.google.com > Matters"
_SERVICES: Final = {
    "MAIL": "Gmail", "DRIVE": "Drive", "HANGOUTS_CHAT": "Google Chat", "VOICE": "Voice", "CALENDAR": "Calendar", "GEMINI": "Gemini",
    "GROUPS": "Groups",
}  # fmt: skip
_OPTIONS: Final = {
    "shared_drives": "Include items in shared drives: on", "rooms": "Include conversations in Chat spaces: on", "call_logs": "Call logs: on",
    "text_messages": "Text messages: on", "voicemails": "Voicemails: on",
}  # fmt: skip


def instructions(deeds: Sequence[Deed]) -> tuple[Instruction, ...]:
    """In the order of ``deeds``; a create and what is added to it are one instruction."""
    none = "there is no sheet for it; do it in the console"
    return tuple(_WAYS[deed.kind](deed) if deed.kind in _WAYS else no_way(deed, none) for deed in merged(deeds))


def _matter(deed: Deed) -> Instruction:
    if deed.operation == "create":
        described = marked_name(str(deed.fields.get("description") or ""), deed.mark)
        return _made(deed, "matter", f"{_VAULT} > Create. Name: {deed.name}. Description, copied whole: {described}")
    if deed.fields.get("state") != "open":
        return no_way(deed, "a matter is only ever reopened")
    return _made(deed, "matter", f"{_VAULT} > Closed > {deed.name} > Reopen. Then see that each of its holds is there")


def _hold(deed: Deed) -> Instruction:
    where = f"{_VAULT} > {deed.parent or 'the matter'} > Holds"
    if deed.operation == "create" and deed.fields.get("scope") == "org_unit":
        corpus, unit = str(deed.fields.get("corpus")), deed.fields.get("org_unit")
        called = deed.people.get(f"{UNIT}{unit}")
        which = f"{called}, as the order calls it" if called else "the one of the order"
        return _made(
            deed, "hold",
            f"{where} > Create. Name, copied whole: {marked_name(deed.name, deed.mark)}",
            f"Service: {_SERVICES.get(corpus, corpus)}. Organizational unit: {which} (its id is {unit}), and never the topmost one",
            *_narrowed(deed), "Create",
        )  # fmt: skip
    if deed.operation == "create":
        corpus = str(deed.fields.get("corpus"))
        return _made(
            deed, "hold",
            f"{where} > Create. Name, copied whole: {marked_name(deed.name, deed.mark)}",
            f"Service: {_SERVICES.get(corpus, corpus)}. {'Groups' if corpus == 'GROUPS' else 'Specific accounts'}:",
            *_boxes(deed), *_narrowed(deed), "Create, and never choose an organisational unit instead",
        )  # fmt: skip
    if deed.operation in {"add", "retry"}:
        named = _boxes(deed) or ["every account that shows no hold time: take nobody out"]
        return _made(deed, "hold", f"{where} > {deed.name} > Edit. Add, and leave all others as they are:", *named)
    return no_way(deed, "a hold in Vault is not changed by hand from here: make a second one beside it")


def _archive(deed: Deed) -> Instruction:
    """A group with its archive off holds nothing, whatever hold names it (G§1.5)."""
    return _made(deed, "archive of the group", f"groups.google.com > {deed.name} > Group settings > Conversation history: on")


_WAYS: Final[Mapping[Kind, Callable[[Deed], Instruction]]] = {
    Kind.GOOGLE_MATTER: _matter, Kind.GOOGLE_HOLD: _hold, Kind.GOOGLE_GROUP_ARCHIVE: _archive,
}  # fmt: skip


def _boxes(deed: Deed) -> list[str]:
    """Everybody by address: Vault's API knows accounts by id, its console by address."""
    return [f"[ ] {name}" for name in sorted(deed.people.get(member, member.removeprefix(ACCOUNT)) for member in deed.members)]


def _narrowed(deed: Deed) -> list[str]:
    fields = deed.fields
    options = fields.get("options")
    said = [_OPTIONS[str(one)] for one in options if str(one) in _OPTIONS] if isinstance(options, tuple) else []
    said += [f"Sent date from {fields['start']}"] if fields.get("start") else []
    said += [f"Sent date to {fields['end']}"] if fields.get("end") else []
    return [*said, f"Terms: {fields['terms']}" if fields.get("terms") else "Leave the terms empty: everything is kept"]


def _made(deed: Deed, what: str, *steps: str) -> Instruction:
    return Instruction(key=deed.key, title=f"{VERBS[deed.operation]} the {what} {deed.name}", console=steps)
