"""The first page: counts (not a grade), what stands out, and what officers and board have to decide. Pure, over the other facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from policies.duties import StandingValue
from policies.kinds import Kind
from reports.facts import (
    ControlFacts,
    DeadlineState,
    DeviationFacts,
    GapFacts,
    HoldFacts,
    LineFacts,
    NotChecked,
    OfficeFacts,
    OurChange,
    OutsideChange,
    PartFacts,
    Period,
    PolicyFacts,
    StatementFacts,
)
from reports.first_page import Numbers, Point
from reports.holding import people_let_go, people_on_hold
from reports.words import day, many

MOST = 5
"""Points of the first page; all of it stands in the sections behind."""
SOON = timedelta(days=60)
_UNREACHABLE = frozenset({StandingValue.NOT_ENFORCEABLE, StandingValue.NOT_LICENSED})
_WEAKEST = frozenset({StandingValue.GAP, StandingValue.PENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the first page sums up."""

    period: Period
    policy: PolicyFacts
    offices: Sequence[OfficeFacts]
    lines: Sequence[LineFacts]
    parts: Sequence[PartFacts]
    ours: Sequence[OurChange]
    outside: Sequence[OutsideChange]
    holds: Sequence[HoldFacts]
    gaps: Sequence[GapFacts]
    deviations: Sequence[DeviationFacts]
    statements: Sequence[StatementFacts]
    not_checked: Sequence[NotChecked]
    controls: Sequence[ControlFacts]
    waiting: int | None
    """Changes of the newest plan that would keep less and lack signatures; None for a month that is over, of which nobody kept what waited then."""
    guards_waiting: bool | None
    """Whether a looser setting of the guards lacks signatures; None as above."""


def numbers(on: Material) -> Numbers:
    """The counts of the first page."""
    standings = [one.standing for one in on.lines]
    open_holds = [one for one in on.holds if one.released is None]
    clouds = [cloud for hold in open_holds for cloud in hold.clouds]
    return Numbers(
        lines=len(standings),
        enforced=standings.count(StandingValue.ENFORCED),
        weakest=sum(one in _WEAKEST for one in standings),
        out_of_reach=sum(one in _UNREACHABLE for one in standings),
        unknown=standings.count(StandingValue.UNKNOWN),
        holds_open=len(open_holds),
        people_on_hold=people_on_hold(open_holds),
        people_let_go=people_let_go(open_holds),
        sources_ordered=sum(cloud.ordered for cloud in clouds),
        sources_in_force=sum(cloud.in_force for cloud in clouds),
        sources_not_seen=sum(cloud.not_seen for cloud in clouds),
        outside=len(on.outside),
        outside_weaker=sum(one.direction == "weakens" for one in on.outside),
        outside_open=sum(one.open for one in on.outside),
        restored=sum(one.restored_after is not None for one in on.outside),
        gaps_opened=sum(on.period.begin <= one.first_seen_not_held < on.period.end for one in on.gaps),
        gaps_without_finding=sum(one.found_by is None for one in on.gaps),
        ours=len(on.ours),
        ours_signed=sum(bool(one.signed_by) for one in on.ours),
        not_checked=len(on.not_checked),
    )


def risks(on: Material) -> tuple[Point, ...]:
    """What stands out, the gravest first; at most five."""
    return tuple(point for point in _risks(on) if point is not None)[:MOST]


def _risks(on: Material) -> list[Point | None]:
    gaps = [one for one in on.gaps if one.found_by is None]
    missing = sum(cloud.ordered - cloud.in_force - cloud.not_seen for hold in on.holds if hold.released is None for cloud in hold.clouds)
    weaker = [one for one in on.outside if one.open and one.direction == "weakens"]
    fallen = [one for one in on.lines if one.standing is StandingValue.GAP]
    short = [one for one in on.parts if one.standing is StandingValue.ENFORCED and one.not_covered]
    unreached = [one for one in on.lines if one.standing in _UNREACHABLE]
    early = [one for one in on.outside if one.open and one.kind == Kind.GOOGLE_SETTING.value]
    otherwise = [one for one in on.controls if one.standing is StandingValue.GAP and one.clouds]
    return [
        _point(len(early), "request to delete data ahead of its retention stands, and no officer has signed yet what came of it",
               "requests to delete data ahead of its retention stand, and no officer has signed yet what came of them", "outside"),
        _point(len(gaps), "place was held, then seen not held, and nobody has recorded yet what was found",
               "places were held, then seen not held, and nobody has recorded yet what was found", "gaps"),
        _point(missing, "place of people on hold is not in force yet", "places of people on hold are not in force yet", "holds"),
        _point(len(weaker), "setting changed outside Recordwarden keeps less than before and still stands",
               "settings changed outside Recordwarden keep less than before and still stand", "outside"),
        _point(len(fallen), "policy line keeps less in a cloud than the policy says", "policy lines keep less in a cloud than the policy says",
               "standing"),
        _point(len(otherwise), "duty of the policy is shown otherwise by a cloud's settings",
               "duties of the policy are shown otherwise by a cloud's settings", "standing"),
        _point(len(on.not_checked), "thing could not be checked", "things could not be checked", "unchecked"),
        _point(len(on.policy.unconfirmed), "row of the schedule has not been compared with the official page, so nothing is written for it",
               "rows of the schedule have not been compared with the official page, so nothing is written for them", "policy"),
        _point(0 if on.policy.hold_rule else 1, "gap in the policy itself: it has no rule that orders legal holds", "", "policy"),
        _point(len(short), "enforced place does not reach everybody it is meant for", "enforced places do not reach everybody they are meant for",
               "parts"),
        _point(len(unreached), "policy line cannot be enforced in a cloud", "policy lines cannot be enforced in a cloud", "reach"),
    ]


def _point(count: int, one: str, several: str, section: str) -> Point | None:
    return Point(text=f"{many(count, one, several)}.", section=section) if count else None


_NOT_KEPT = "What waited for signatures when the month ended is not known any more; the officers see what waits today."


def decisions(on: Material) -> tuple[Point, ...]:
    """What waits for officers or for the board."""
    found: list[Point | None] = [
        Point(text=_NOT_KEPT, section="outside") if on.waiting is None else None,
        _point(on.waiting or 0, "change that would keep less waits for two officers' signatures",
               "changes that would keep less wait for two officers' signatures", "outside"),
        Point(text="A looser setting of the guards waits for two officers' signatures.", section="policy") if on.guards_waiting else None,
        _point(sum(one.found_by is None for one in on.gaps), "gap record waits for a named officer to record what was found",
               "gap records wait for a named officer to record what was found", "gaps"),
        _point(sum(one.people.get("question", 0) for one in on.holds if one.released is None),
               "person on a hold order is an open question: say who is meant", "people on hold orders are open questions: say who is meant", "holds"),
        _point(sum(one.paper - one.paper_secured for one in on.holds if one.released is None), "place on paper is not secured for its hold",
               "places on paper are not secured for their holds", "holds"),
        _point(len(on.policy.unconfirmed), "row of the schedule waits to be compared with the official page",
               "rows of the schedule wait to be compared with the official page", "policy"),
        _review(on),
        *_vacant(on),
        *(_due(one) for one in on.statements if one.state is not DeadlineState.OVERTAKEN and one.days_left <= SOON.days),
        *(Point(text=f"The accepted deviation {one.id} ended on {day(one.until)}: end it or accept it again.", section="deviations")
          for one in on.deviations if one.state is DeadlineState.EXPIRED),
    ]
    return tuple(point for point in found if point is not None)


def _review(on: Material) -> Point | None:
    due = on.policy.review_by
    if due is None or due > on.period.end.date() + SOON:
        return None
    return Point(text=f"The policy's review is due by {day(due)}.", section="policy")


def _vacant(on: Material) -> list[Point]:
    return [
        Point(text=f"No officer is named as {one.role}.", section="policy")
        for one in on.offices if not one.filled and one.role in {"Records Custodian", "Deputy Custodian"}
    ]


def _due(one: StatementFacts) -> Point:
    words = "ended" if one.state is DeadlineState.EXPIRED else "ends"
    return Point(text=f"The signed statement about {one.subject} {words} on {day(one.until)}.", section="statements")
