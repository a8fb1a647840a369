"""What of a label needs records management: its clock, its end, its place in the file plan, and whether it makes records. Pure."""

from __future__ import annotations

from connectors.base import Circumstances
from connectors.examination import WriteCapability
from policies.duties import Behaviour, Disposition, Duty, StandingValue
from policies.effects import FOREVER, Clock, Term
from policies.keys import key_of
from policies.kinds import Kind

RECORDS = "RECORDS_MANAGEMENT"
"""The service plan behind event clocks, disposition review and record labels (M§1.7)."""


def label_key(duty: Duty, circumstances: Circumstances) -> str:
    """The key that the series' label is bound under, else the one it would get."""
    keys = duty.label_keys or (key_of(duty.series),)
    return next((key for key in keys if key in circumstances.names), keys[0])


def barred(duty: Duty, circumstances: Circumstances) -> tuple[StandingValue, str] | None:
    """Why the duty's label may not be born here, as far as its clock, its behaviour or its end need records management."""
    if duty.clock is Clock.EVENT and (why := _no_events(circumstances)) is not None:
        return why
    if duty.behaviour is Behaviour.RECORD:
        return unlicensed(circumstances)
    if reviewable(duty, duty.term, circumstances) and records_licensed(circumstances) is None:
        return StandingValue.UNKNOWN, "licences.unread"
    return None


def _no_events(circumstances: Circumstances) -> tuple[StandingValue, str] | None:
    """Why no label may count from an event here: it needs a licence (M§1.7), and a proof, because nobody was seen doing it (M§13)."""
    why = unlicensed(circumstances)
    if why is not None:
        return why
    capability = next((one for one in circumstances.capabilities if one.kind is Kind.M365_EVENT_TYPE), None)
    if capability is not None and capability.write is WriteCapability.PROVEN:
        return None
    return StandingValue.GAP, (capability.reason if capability else None) or "capability.unproven"


def unlicensed(circumstances: Circumstances) -> tuple[StandingValue, str] | None:
    """Why nothing of records management may be made here, or None where it is licensed."""
    licensed = records_licensed(circumstances)
    if licensed is None:
        return StandingValue.UNKNOWN, "licences.unread"
    return None if licensed else (StandingValue.NOT_LICENSED, "licence.records_management")


def behaviour_of(duty: Duty, circumstances: Circumstances) -> Behaviour:
    """What the label makes of an item. It is fixed at birth (M§1.1): one that stands and retains goes on so where no record label may be made."""
    bound = circumstances.bound.get(label_key(duty, circumstances), {}).get("behaviour")
    if duty.behaviour is Behaviour.RECORD and bound == Behaviour.RETAIN.value and unlicensed(circumstances) is not None:
        return Behaviour.RETAIN
    return duty.behaviour


def records_licensed(circumstances: Circumstances) -> bool | None:
    """Whether the tenant has seats of records management, which event clocks and disposition review need; None when its licences are not known."""
    if not circumstances.licences:
        return None
    return circumstances.licences.get(RECORDS, 0) > 0


def reviewable(duty: Duty, term: Term, circumstances: Circumstances) -> bool:
    """Whether people would decide at the end if that is licensed."""
    return duty.disposition in (Disposition.REVIEW, Disposition.TRANSFER) and term != FOREVER and bool(circumstances.tenant.review_stages)
