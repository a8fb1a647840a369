"""``doctor`` on deliveries: whether each could be sent, found out without sending; with ``--send-test`` a letter that says nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError
from connectors.mailing import Letter, Readiness
from policies.district import Delivery
from policies.problems import Problem, Severity
from recordwarden.cli.screen import Screen
from reports.notices import compose, trial
from sync.notices.dispatch import Dispatch, Way

if TYPE_CHECKING:
    from recordwarden.wiring import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One way as it was found. ``failed`` says why a letter did not go out; None where none was tried, or it was taken."""

    delivery: Delivery
    about: tuple[str, ...]
    ready: Readiness
    sent: bool | None = None
    failed: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing speaks against it."""
        return self.failed is None and self.ready.can_send is not False

    def document(self) -> dict[str, object]:
        """``deliveries[{to,by,tenant,about,can_send,reason,next_step,sent}]``; no part of a URL is in it."""
        return {
            "to": self.delivery.to,
            "by": self.delivery.by.value,
            "tenant": self.delivery.tenant,
            "about": list(self.about),
            "can_send": self.ready.can_send,
            "reason": self.failed or self.ready.reason,
            "next_step": self.ready.next_step,
            "sent": self.sent,
        }


def tried(office: Office, *, send: bool) -> tuple[Tried, ...]:
    """Every delivery in force; ``send``: a letter goes out by each."""
    dispatch = Dispatch(office.desk, compose, office.courier)
    return tuple(_tried(office, dispatch, way, send=send) for way in dispatch.ways())


def _tried(office: Office, dispatch: Dispatch, way: Way, *, send: bool) -> Tried:
    about = tuple(sorted(subject.value for subject in way.about))
    try:
        ready = office.courier(way.delivery).ready()
    except ConnectorError as error:
        ready = Readiness(can_send=False, reason=f"{error.code}: {error.message}", next_step=error.next_step or None)
    if not send:
        return Tried(delivery=way.delivery, about=about, ready=ready)
    subject, text = trial(office.district.name, way.officer.name, drill=office.district.drill)
    failed = dispatch.trial(way, Letter(to=way.officer.email, subject=subject, text=text))
    if failed is None:
        ready = Readiness(can_send=True)
    return Tried(delivery=way.delivery, about=about, ready=ready, sent=failed is None, failed=failed)


def problems(found: Sequence[Tried]) -> tuple[Problem, ...]:
    """A warning for each that cannot, or may not be able to."""
    return tuple(_problem(one) for one in found if not one.ok or one.ready.can_send is None)


def _problem(one: Tried) -> Problem:
    why = one.failed or one.ready.reason or "no reason was given"
    code, _, sentence = why.partition(": ")
    words = f"Notices to {one.delivery.to} by {one.delivery.by.value}: {sentence or code}"
    step = one.ready.next_step or "Compare the delivery in district.yaml with docs/reference/notices.md."
    return Problem(
        code=code, severity=Severity.WARNING, tenant=one.delivery.tenant, subject=one.delivery.name, message=words, next_step=step
    )


def show(screen: Screen, found: Sequence[Tried]) -> None:
    """For people."""
    if not found:
        screen.say("Notices: no delivery is set, so nobody is told of anything (deliveries in district.yaml)", "yellow")
        return
    screen.heading("Notices to officers")
    for one in found:
        said = {True: "can be sent", False: "CANNOT be sent", None: "cannot be told without sending"}[one.ready.can_send]
        said = said if one.sent is None else "a letter went out" if one.sent else "the letter did NOT go out"
        why = one.failed or one.ready.reason
        screen.say(f"{one.delivery.to} by {one.delivery.by.value} ({', '.join(one.about)}): {said}{f' ({why})' if why else ''}", indent=2)
