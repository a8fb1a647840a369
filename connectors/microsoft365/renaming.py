"""Whose mailbox a live member is, by the account's id: an account that has another address since is the same account (M§5).

Holds and policies go on showing the address under which a mailbox was put in, or the new one; the id beside it does not change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connectors.microsoft365.holds import mail_member
from policies.kinds import Workload
from policies.resources import Force, Live, MemberState
from policies.roster import Roster

_BEST = (Force.APPLIED, Force.PENDING, Force.ERROR, Force.UNKNOWN, Force.OFF)
"""Of two rows for one mailbox (the account's own and that of the inactive mailbox it left) the one that says most counts."""


def mailboxes(roster: Roster) -> Mapping[str, str]:
    """How each account's and group's mailbox is addressed today, by its id in lower case."""
    found = {group.vendor_id.lower(): group.address for group in roster.groups if group.address}
    return found | {one.vendor_id.lower(): one.containers.get(Workload.MAIL, one.address) for one in roster.identities}


def current(live: Live, known: Mapping[str, str]) -> Live:
    """A hold with its mailboxes under the addresses of today; what is of no known account stays as it is shown."""
    names = {member: _today(member, live.member_states.get(member), known) for member in live.members}
    if all(member == name for member, name in names.items()):
        return live
    states: dict[str, MemberState] = {}
    for member, name in sorted(names.items()):
        state = live.member_states.get(member)
        if state is not None and (name not in states or _BEST.index(state.force) < _BEST.index(states[name].force)):
            states[name] = state
    return replace(live, members=frozenset(names.values()), member_states=states)


def _today(member: str, state: MemberState | None, known: Mapping[str, str]) -> str:
    if state is None or state.vendor_id is None or not member.startswith("mail:"):
        return member
    place = known.get(state.vendor_id.lower())
    return member if place is None else mail_member(place)
