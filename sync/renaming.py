"""What we remember of an object's members, under the names that their accounts have today. Pure.

A binding remembers a mailbox by the address it had when it was put in. Where the account has another address since, and the live object shows it
under that one, nobody left and nobody joined: neither drift nor another piece follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from policies.kinds import Workload
from policies.resources import Live, Snapshot, Value
from policies.roster import Roster
from sync.bindings import Binding


def under_names_of_today(bindings: Mapping[str, Binding], roster: Roster, snapshot: Snapshot) -> Mapping[str, Binding]:
    """``bindings`` with members renamed that the live object shows under the account's present address; everything else as it was."""
    lives = {(live.kind, live.vendor_id): live for live in snapshot.resources}
    places = _places(roster)
    found: dict[str, Binding] = {}
    for key, binding in bindings.items():
        live = lives.get((binding.kind, binding.vendor_id))
        found[key] = binding if live is None else _renamed(binding, live, places)
    return found


def _renamed(binding: Binding, live: Live, places: Mapping[str, str | None]) -> Binding:
    members = _exchanged(binding.members, live.members, places)
    fields = dict(binding.fields)
    excepted, shown = _texts(fields.get("exceptions")), _texts(live.fields.get("exceptions"))
    if excepted:
        fields["exceptions"] = tuple(sorted(_exchanged(excepted, shown, places)))
    return binding if (members, fields) == (binding.members, binding.fields) else replace(binding, members=members, fields=fields)


def _exchanged(remembered: frozenset[str], shown: frozenset[str], places: Mapping[str, str | None]) -> frozenset[str]:
    """``remembered`` with those that are not shown, each under its new name where that one is shown and stands for nobody remembered yet."""
    found = set(remembered)
    for member in sorted(remembered - shown):
        prefix, _, name = member.partition(":")
        place = places.get(name)
        today = f"{prefix}:{place}"
        if place is not None and today in shown and today not in found:
            found.remove(member)
            found.add(today)
    return frozenset(found)


def _places(roster: Roster) -> Mapping[str, str | None]:
    """The present mailbox of everybody by each of their addresses; None where two accounts answer to one."""
    found: dict[str, str | None] = {}
    for one in roster.identities:
        place = one.containers.get(Workload.MAIL, one.address).lower()
        for address in one.addresses:
            found[address] = place if found.get(address, place) == place else None
    return found


def _texts(value: Value) -> frozenset[str]:
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, tuple) else frozenset()
