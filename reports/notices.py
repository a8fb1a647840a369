"""A notice to an officer in words: plain text, in the words of the people who read it, with what is lost and what to do. Pure.

Matters go by their random alias. Names stand in it only where the telling carries them; the subject line never has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from textwrap import fill
from typing import Final

from policies.district import Subject
from reports import words
from sync.notices.telling import Item, Telling

NAMED: Final = 20
"""How many names one thing lists."""
WIDTH: Final = 78

_RISKS: Final[Mapping[str, str]] = {
    "person.suspended": "suspended",
    "person.archived": "archived",
    "person.not_licensed": "without the licence that the hold needs",
    "person.left_held_unit": "moved out of a unit that a hold is on",
    "person.moved": "moved to another unit",
    "person.renamed": "renamed",
    "person.deleted": "deleted",
    "person.gone_for_good": "deleted and past bringing back",
    "person.group_deleted": "deleted (a group)",
    "group.archive_off": "keeping no archive (a group)",
}
"""How an account on hold is at risk; every code of ``MEANINGS`` has its words (a test compares)."""

_JOBS: Final[Mapping[str, str]] = {"holds": "holds", "sync": "policies and holds"}


def compose(telling: Telling) -> tuple[str, str]:
    """Subject and text."""
    lasting = [item for item in telling.items if item.over is None]
    ended = [item for item in telling.items if item.over is not None]
    first = headline(telling.items[0]) if telling.items else "nothing any more"
    more = f" (and {words.many(len(telling.items) - 1, 'other thing')})" if len(telling.items) > 1 else ""
    drill = "[made-up data] " if telling.drill else ""
    prefix = "" if lasting else "Over: "
    parts = [f"To {words.visible(telling.officer)}, {words.visible(telling.district)}:"]
    parts += [_lasting(item) for item in lasting]
    if ended:
        parts.append("\n".join(["Over:", *(_wrapped(f"- {headline(item)}. Over since {_moment(item.over)}.{_named(item)}") for item in ended)]))
    parts.append(fill(f"Letter {telling.letter} of Recordwarden. Should it arrive twice under this number, it is the same letter.", WIDTH))
    if telling.drill:
        parts.append("Made-up data: this district and its tenants are a drill.")
    return f"{drill}Recordwarden: {prefix}{first}{more}", "\n\n".join(parts) + "\n"


def headline(item: Item) -> str:
    """One line without a name: what happened, how many, where, in which matter."""
    said = _HEADLINES.get(item.code)
    about = said(item) if said is not None else f"{_on_hold(item)} {_RISKS.get(item.code, 'at risk')}"
    cloud = f" in {item.tenant}" if item.tenant else ""
    matter = f", matter {item.matter}" if item.matter else ""
    return f"{about}{cloud}{matter}"


def _on_hold(item: Item) -> str:
    return f"{words.many(item.people or 0, 'person', 'people')} on hold"


def _sources(item: Item) -> str:
    return f"{words.many(item.sources or 0, 'source')} of {words.many(item.people or 0, 'person', 'people')}"


def _people(item: Item) -> str:
    return words.many(item.people or 0, "person or place", "people or places")


def _from(item: Item) -> str:
    return f"{item.details['due'][:16].replace('T', ' ')} UTC"


def _kind(item: Item) -> str:
    return words.kind(item.details["kind"])


_DUE: Final[Mapping[str, Callable[[Item], str]]] = {
    "open": lambda item: f"a release of {_people(item)} is approved and due from {_from(item)} on",
    "ended": lambda item: f"a release of {_people(item)} was carried out",
    "stopped": lambda item: f"a release of {_people(item)} was ended before it was over",
}
"""By how the release stands when the letter is written."""

_HEADLINES: Final[Mapping[str, Callable[[Item], str]]] = {
    "gap": lambda item: f"{_sources(item)} on hold found not held",
    "failed": lambda item: f"{_sources(item)} could not be put on hold",
    "closed": lambda _: "the container of our holds was found closed",
    "overdue": lambda _: "a hold was accepted and is not in force in time",
    "weakened": lambda item: f"{_kind(item)} changed outside Recordwarden, something is kept less than before",
    "requested": lambda _: "deletion ahead of retention was requested",
    "cancelled": lambda _: "a request for deletion ahead of retention was cancelled",
    "overtaken": lambda _: "Vault's rules were changed after they were stated",
    "release": lambda item: f"a release of {_people(item)} waits for your signature",
    "due": lambda item: _DUE[item.details["outcome"]](item),
    "waiting": lambda item: f"{words.many(len(item.ids), 'change')} {'waits' if len(item.ids) == 1 else 'wait'} for your signature",
    "guards": lambda _: "looser guards wait for your signature",
    "failing": lambda item: f"the work on {_JOBS.get(item.details['job'], item.details['job'])} fails again and again",
}


def _lasting(item: Item) -> str:
    lines = [_wrapped(f"* {_capital(headline(item))}. First seen {_moment(item.since)}.{_named(item)}")]
    lines += [_wrapped(text, "  ") for text in _explained(item)]
    return "\n".join(lines)


def _named(item: Item) -> str:
    if not item.names:
        return ""
    more = f" and {len(item.names) - NAMED:,} more" if len(item.names) > NAMED else ""
    return f" {', '.join(words.visible(name) for name in item.names[:NAMED])}{more}."


def _explained(item: Item) -> list[str]:
    """What is lost, what to do, and the command that shows more."""
    if item.lost is not None:
        undone = f" It can be undone until {_moment(item.until)}." if item.until else ""
        return [f"What is lost: {item.lost}{undone}", f"What to do: {item.do}", _status(item)]
    said = _EXPLAINED[item.code](item)
    return [*said, _status(item)] if item.subject is Subject.HOLD else said


def _status(item: Item) -> str:
    return f"Who and what: recordwarden hold status {item.matter}" if item.matter else "Who and what: recordwarden hold status"


_EXPLAINED: Final[Mapping[str, Callable[[Item], list[str]]]] = {
    "gap": lambda item: [
        "What is lost: not known yet. Evidence was kept, and what is missing is ordered again by the next run.",
        f"What to do: find out what could have been deleted, then record it, signed: {_attest(item)}",
    ],
    "failed": lambda _: [
        "What is lost: these sources are not protected by the hold.",
        "What to do: see the reason beside each; the by-hand sheet has the steps for what a person can hold.",
    ],
    "closed": lambda _: [
        "What is lost: while it is closed nothing in it is held. The next run opens it again and checks every source.",
        "What to do: ask who closed it, and tell them that the matter is open.",
    ],
    "overdue": lambda item: [
        f"What is lost: nothing that is known. Accepted {item.details['accepted'][:16].replace('T', ' ')} UTC; until it is in force nothing is sure.",
        "What to do: ask the vendor; the next run asks it to distribute again.",
    ],
    "weakened": lambda _: [
        "What is lost: records could be deleted sooner than before the change.",
        "What to do: recordwarden plan shows what was changed, which account the vendor's log shows, and what would bring it back.",
    ],
    "requested": lambda item: [
        f"What is lost: what Vault keeps of {words.visible(item.details.get('service') or 'a service')} may be destroyed ahead of its time.",
        "What to do: ask who requested it and on whose word; in Vault, cancel the request while it waits. Then recordwarden hold status.",
    ],
    "cancelled": lambda _: ["What is lost: nothing by this.", "What to do: ask who had requested it and why."],
    "overtaken": lambda item: [
        f"What is lost: what {item.details.get('officer', 'an officer')} stated of the rules counts no longer.",
        "What to do: look at the rules in the Vault console and state them anew: recordwarden attest vault-rules/TENANT --rules FILE",
    ],
    "release": lambda item: [
        "What is lost: nothing yet. Once two officers signed and the wait is over, this matter keeps nothing of theirs any more.",
        f"What to do: see why it is asked for and who goes (recordwarden approvals), then sign or refuse: {_approve(item)}",
    ],
    "due": lambda item: [
        f"What is lost: nothing before {_from(item)}. From then on this matter keeps nothing of theirs any more.",
        f"What to do: nothing, where that is right. Any officer ends it before: recordwarden hold release {item.matter} --stop",
    ],
    "waiting": lambda item: [f"What to do: see what it would do (recordwarden approvals), then sign or refuse: {_approve(item)}"],
    "guards": lambda item: [f"What to do: compare with what the board decided, then: recordwarden approve {item.ids[0]}"],
    "failing": lambda item: [
        f"What is lost: what changed in the tenants since is not seen. The last reason: {item.details.get('error', 'not known')}.",
        "What to do: recordwarden doctor, and docs/errors.md for the reason.",
    ],
}  # fmt: skip


def _attest(item: Item) -> str:
    return f"recordwarden attest gap/{item.ids[0]} --until DATE --evidence FILE{_more(item, 1)}"


def _approve(item: Item) -> str:
    return f"recordwarden approve {' '.join(item.ids[:NAMED])}{_more(item, NAMED)}"


def _more(item: Item, shown: int) -> str:
    return f" (and {len(item.ids) - shown:,} more)" if len(item.ids) > shown else ""


def trial(district: str, officer: str, *, drill: bool) -> tuple[str, str]:
    """Subject and text of a letter that shows that a way works."""
    mark = "[made-up data] " if drill else ""
    said = "This letter shows that notices reach you. Nothing has happened and nothing is to be done."
    return f"{mark}Recordwarden: a letter to see whether notices arrive", f"To {words.visible(officer)}, {words.visible(district)}:\n\n{said}\n"


def _moment(at: datetime | None) -> str:
    return words.NOTHING if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _wrapped(text: str, indent: str = "") -> str:
    return fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent or "  ", break_long_words=False, break_on_hyphens=False)
