"""Telling officers at the end of a run, and saying what could not be told. Nothing here changes how a run ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.problems import Problem, Severity
from reports.notices import compose
from sync.notices.dispatch import Dispatch
from sync.store.notices import KeptLetter, Letters
from sync.store.words import LetterState
from sync.wording import instant

if TYPE_CHECKING:
    from recordwarden.wiring import Office


def notify(office: Office) -> tuple[Problem, ...]:
    """Send what is due by every way that the district names, and give a warning for what could not be sent."""
    Dispatch(office.desk, compose, office.courier).run()
    return not_sent(office)


def not_sent(office: Office) -> tuple[Problem, ...]:
    """A warning for each letter that was tried in vain; one that was given up is shown until a later one by the same way is taken."""
    return tuple(_problem(letter) for letter in Letters(office.desk.store).troubled())


def notices(office: Office) -> dict[str, object]:
    """``notices{waiting,sent,last_sent,not_sent[]}`` for ``status``."""
    letters = Letters(office.desk.store)
    counts, last = letters.counts(), letters.last_sent()
    return {
        "waiting": counts[LetterState.WAITING],
        "sent": counts[LetterState.SENT],
        "last_sent": None if last is None else instant(last),
        "not_sent": [
            {
                "letter": one.number,
                "officer": one.officer,
                "way": one.way,
                "attempts": one.attempts,
                "code": one.error,
                "next": instant(one.due_at) if one.state is LetterState.WAITING else None,
            }
            for one in letters.troubled()
        ],
    }


def _problem(letter: KeptLetter) -> Problem:
    then = f"tried again after {instant(letter.due_at)}" if letter.state is LetterState.WAITING else "given up; what it told goes along with the next"
    return Problem(
        code="notice.not_sent",
        severity=Severity.WARNING,
        subject=letter.way,
        message=f"Letter {letter.number} to {letter.officer} could not be sent ({letter.error}), {letter.attempts} times tried; {then}.",
        next_step="recordwarden doctor --send-test",
    )
