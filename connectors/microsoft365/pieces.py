"""Dividing members among policies and holds of limited size. People and places stay in the piece they were first put in (design, promise 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence


def in_pieces(
    members: Iterable[str], key_of_piece: Callable[[int], str], existing: Mapping[str, Sequence[str]], capacity: Mapping[str, int]
) -> dict[str, frozenset[str]]:
    """Members by key of the piece that carries each, pieces numbered from 1.

    ``capacity`` is per prefix of a member. A piece that exists is kept even when nobody wanted is in it any more, so that its number is
    never given to something else; its leavers still take room, because they are still in it.
    """
    wanted = set(members)
    pieces: dict[str, frozenset[str]] = {}
    rooms: list[tuple[str, dict[str, int]]] = []
    number = 1
    while (key := key_of_piece(number)) in existing:
        inside = frozenset(existing[key])
        pieces[key] = inside & wanted
        wanted -= inside
        rooms.append((key, _room(inside, capacity)))
        number += 1
    for member in sorted(wanted):
        prefix = member.partition(":")[0]
        home = next((key for key, room in rooms if room.get(prefix, 1) > 0), None)
        if home is None:
            home = key_of_piece(number)
            rooms.append((home, dict(capacity)))
            pieces[home] = frozenset()
            number += 1
        room = next(room for key, room in rooms if key == home)
        room[prefix] = room.get(prefix, 1) - 1
        pieces[home] |= {member}
    return pieces


def _room(inside: Iterable[str], capacity: Mapping[str, int]) -> dict[str, int]:
    room = dict(capacity)
    for member in inside:
        prefix = member.partition(":")[0]
        room[prefix] = room.get(prefix, 1) - 1
    return room
