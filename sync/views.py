"""Under which readings of a tenant a change is judged, so that what is pending or unreadable cannot make a loss look harmless. Pure.

A protection that is on its way counts twice: as the platform shows it now, and as if it had arrived. Shortening a policy that is still being
distributed would otherwise look like a gain over nothing. A setting for which there is no word is read both as "keeps for ever" and as "deletes
at once". (Whom an adaptive scope reaches is another unknown: its query is a term of the effects, ``connectors.places``.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from connectors.effects import ACTIONS, MODELLED, VAULT_ACTIONS
from policies.kinds import TRAITS, Kind
from policies.resources import Fields, Force, Live, MemberState, Snapshot

_ON_ITS_WAY: Final = frozenset({Force.PENDING, Force.UNKNOWN})
_RULING: Final = frozenset({Kind.M365_LABEL, Kind.M365_RETENTION_RULE, Kind.GOOGLE_VAULT_RULE})
_TRIGGERS: Final = frozenset({"created", "modified", "labelled"})
_LABELS: Final = frozenset({Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE})
_POLICIES: Final = frozenset({Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE})
_FAMILIES: Final[Mapping[Kind, frozenset[Kind]]] = {kind: family for family in (_LABELS, _POLICIES) for kind in family} | {
    # A scope reaches people through whatever lies over it.
    Kind.M365_ADAPTIVE_SCOPE: _LABELS | _POLICIES | {Kind.M365_ADAPTIVE_SCOPE}
}
_NAMED_LATER: Final = frozenset({Kind.M365_LABEL, Kind.M365_ADAPTIVE_SCOPE})


class NotComputableError(Exception):
    """The effect of a change cannot be computed; the message says why. Such a change counts as weakening."""


def settled(snapshot: Snapshot) -> Snapshot:
    """The tenant as if everything that is on its way had come into force."""
    if not any(live.force in _ON_ITS_WAY or _has_pending_member(live) for live in snapshot.resources):
        return snapshot
    return replace(snapshot, resources=tuple(arrived(live) for live in snapshot.resources))


def arrived(live: Live) -> Live:
    """The object as if the platform had brought it, and each of its members, into force."""
    states = {member: _in_force(state) for member, state in live.member_states.items()}
    return replace(live, force=Force.APPLIED if live.force in _ON_ITS_WAY else live.force, member_states=states)


def _has_pending_member(live: Live) -> bool:
    return any(state.force in _ON_ITS_WAY for state in live.member_states.values())


def _in_force(state: MemberState) -> MemberState:
    return replace(state, force=Force.APPLIED) if state.force in _ON_ITS_WAY else state


def readings(snapshot: Snapshot) -> tuple[Snapshot, ...]:
    """The tenant in every reading of what it does not tell: as it is, or once kindly and once unkindly where a setting has no known word."""
    if not any(unreadable(live) for live in snapshot.resources):
        return (snapshot,)
    return tuple(
        replace(snapshot, resources=tuple(_read_as(live, kindly=kindly) if unreadable(live) else live for live in snapshot.resources))
        for kindly in (True, False)
    )


def unreadable(live: Live) -> bool:
    """Whether the object rules how long records are kept in words that nobody here knows."""
    if live.kind not in _RULING:
        return False
    action, trigger, period = live.fields.get("action"), live.fields.get("trigger"), live.fields.get("period")
    known_action = action in (VAULT_ACTIONS if live.kind is Kind.GOOGLE_VAULT_RULE else ACTIONS)
    known_trigger = isinstance(trigger, str) and (trigger in _TRIGGERS or trigger.startswith("event:"))
    known_period = period == "forever" or (isinstance(period, int) and not isinstance(period, bool) and period >= 0)
    known_behaviour = live.kind is not Kind.M365_LABEL or live.fields.get("behaviour") in {"retain", "record", "regulatory"}
    return not (known_action and known_trigger and known_period and known_behaviour)


def _read_as(live: Live, *, kindly: bool) -> Live:
    unkind = "purge_all" if live.kind is Kind.GOOGLE_VAULT_RULE else "delete"
    said: Fields = {
        **live.fields,
        "trigger": "created",
        "behaviour": "retain",
        "period": "forever" if kindly else 0,
        "action": "keep" if kindly else unkind,
    }
    return replace(live, fields=said)


def holds_alone(snapshot: Snapshot) -> Snapshot:
    """The tenant's holds without what keeps and deletes beside them.

    A change of a hold is judged among holds: they only keep, so nothing beside them can turn its gain into a loss, and no rule of somebody else's
    for which there is no word here may stand in a hold's way (design, promise 3).
    """
    return replace(snapshot, resources=tuple(live for live in snapshot.resources if TRAITS[live.kind].hold_lane))


def must_be_read(kind: Kind) -> frozenset[Kind]:
    """The kinds that must be completely read before a change of ``kind`` can be judged: what its effect passes through.

    A label's period reaches people through rules and policies; had one of them not been seen, shortening it would look neutral. What keeps and
    deletes beside it must be seen too, since precedence is settled among all of them. A hold only keeps, and it was seen itself.
    """
    if TRAITS[kind].hold_lane:
        return frozenset()
    return _FAMILIES.get(kind, frozenset({kind}))


def computable(kind: Kind, snapshot: Snapshot, *, newborn: bool = False) -> str | None:
    """None where a change of ``kind`` can be judged in ``snapshot``, else why not.

    ``newborn``: the change makes an object that deletes nothing. A label that was not there is in nobody's rule yet, seen or unseen, since rules name
    labels that are there; so all labels must have been read for it, and nothing else. The same goes for a scope and the policies over it.
    """
    if kind not in MODELLED:
        return f"what {kind.value} does to records is not modelled"
    needs = frozenset({kind}) if newborn and kind in _NAMED_LATER else must_be_read(kind)
    unread = sorted(needed.value for needed in needs if not snapshot.complete(needed))
    return f"not completely read: {', '.join(unread)}" if unread else None

