"""Dividing members among policies and holds of limited size. People and places stay in the piece they were first put in (design, promise 5)."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import count


def in_pieces(
    members: Iterable[str],
    key_of_piece: Callable[[int], str],
    existing: Mapping[str, Sequence[str]],
    capacity: Mapping[str, int],
    *,
    shut: AbstractSet[str] = frozenset(),
) -> dict[str, frozenset[str]]:
    """Members by key of the piece that carries each, pieces numbered from 1.

    ``capacity`` is per prefix of a member; pieces that are ``shut`` take nobody new. A piece that exists is kept even when nobody wanted is in it
    any more, so that its number is never given to something else; its leavers still take room, because they are still in it.
    """
    wanted = set(members)
    pieces: dict[str, frozenset[str]] = {}
    rooms: list[tuple[str, dict[str, int]]] = []
    for key in numbered(key_of_piece, existing, planned=planned(len(wanted), capacity)):
        inside = frozenset(existing[key])
        pieces[key] = inside & wanted
        wanted -= inside
        if key not in shut:
            rooms.append((key, _room(inside, capacity)))
    unused = (key for number in count(1) if (key := key_of_piece(number)) not in existing)
    for member in sorted(wanted):
        prefix = member.partition(":")[0]
        home = next((key for key, room in rooms if room.get(prefix, 1) > 0), None)
        if home is None:
            home = next(unused)
            rooms.append((home, dict(capacity)))
            pieces[home] = frozenset()
        room = next(room for key, room in rooms if key == home)
        room[prefix] = room.get(prefix, 1) - 1
        pieces[home] |= {member}
    return pieces


def planned(members: int, capacity: Mapping[str, int]) -> int:
    """How many pieces one run can want for so many members, at the most."""
    return members // min(capacity.values()) + 1


def numbered(key_of_piece: Callable[[int], str], existing: Container[str], *, planned: int) -> Iterator[str]:
    """The keys of the pieces that exist, by number. A number may be missing where making that piece failed and making a later one did not.

    No more numbers in a row can be missing than a run has ``planned`` pieces.
    """
    last = 0
    for number in count(1):
        key = key_of_piece(number)
        if key in existing:
            last = number
            yield key
        elif number > last + planned:
            return


def _room(inside: Iterable[str], capacity: Mapping[str, int]) -> dict[str, int]:
    room = dict(capacity)
    for member in inside:
        prefix = member.partition(":")[0]
        room[prefix] = room.get(prefix, 1) - 1
    return room
