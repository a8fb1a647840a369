"""The made-up people of the sandbox district, equal for equal seeds, and the profiles that say how many there are."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from sandbox.world import Person, Role, SandboxClock, World

DOMAIN = "harbormill.example"
"""A reserved top-level domain (RFC 2606): mail to it can reach nobody."""

_GIVEN = """
    Abel Ada Adela Alban Alma Alvin Amara Amos Anika Ansel Anya Arlo Asa Astrid Aubrey Aurel Avis Basil Beatrix Bela Benno Berta Blaise
    Blythe Bram Briar Bruno Calla Caspian Cecil Celia Clem Clio Cora Corin Cyril Dahlia Dario Delia Della Desmond Dinah Dora Edda Edith
    Elias Elinor Ellis Elora Emeric Enid Ephraim Esme Etta Ezra Fabian Farah Felix Fern Flora Freya Gideon Gilda Greta Gwen Hattie Hazel
    Hector Hester Hugo Ida Ignace Ilse Imogen Inez Ira Isolde Ivor Jarvis Jem Jonas Josie Jude June Kaia Keir Kit Lark Lena Leopold Lev
    Liv Lorna Lucan Ludo Lyra Mabel Magnus Maren Marius Maud Mercy Milo Mina Moses Nadia Nell Niall Nora Odessa Olive Orin Oscar Otis
    Otto Pearl Percy Petra Phoebe Piers
""".split()  # noqa: SIM905 - one word a name reads better than 110 quoted strings
_FAMILY = """
    Abernow Aldcroft Amberly Ashgrove Bairstead Barrowby Beckhurst Bellweather Birchall Blackmere Bramwick Brightwell Brockden Burlow
    Calderby Carrowmoor Castlemere Chalkley Cloverdale Coldbrook Cranwick Crossfell Dalebrook Darrowby Deepwell Dovecote Dunmarsh
    Easterby Elderfield Elmsworth Fairbeck Farrowdale Fenwold Fernhough Foxmoor Garthwick Gladmore Glenhollow Goldacre Grayling
    Greenhithe Hallowby Harkwell Hartmere Hawkshollow Hazelbrook Heathcombe Highmoor Hollinwood Ironbridge Islewick Jessamy Kelderby
    Kestrelow Kingsmoor Larchfield Larkhill Leafield Lindenow Longmere Lowfield Mallowby Marlcombe Meadowcroft Millrace Mistlewood
    Moorhen Mossgrove Netherby Newbarn Northmere Oakhollow Oldfield Orchardson Otterbourne Overbeck Pennyfeather Pinecroft Plumstead
    Quarrington Quillfeather Ravensby Redmarsh Ridgeway Rookwood Rosethorn Rushbrook Saltmarsh Sandhollow Sedgewick Silverbeck Snowfield
    Southmere Stonecroft Summerhay Swanmere Tallowby Tarnfield Thistlewood Thornbury Underhay Valecroft Wainfleet Waterlow Weatherby
    Westmarsh Whinmoor Wildegrove Willowmere Windermoor Wintergreen Wrenfield Yarrow Yewdale
""".split()  # noqa: SIM905 - one word a name reads better than 110 quoted strings

_SCHOOLS = ("Birch Hill Elementary", "Mill River Middle", "Harbormill High")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How big a district is: everybody, of whom so many are employed or sit on the board; the rest are students."""

    people: int
    employees: int
    board: int


PROFILES = {
    "demo": Profile(people=460, employees=60, board=5),
    "small": Profile(people=460, employees=60, board=5),
    "large": Profile(people=10_000, employees=1_300, board=7),
    "tiny": Profile(people=24, employees=12, board=3),
}


def make_people(seed: int, count: int, schools: list[str], profile: Profile | None = None) -> list[Person]:
    """``count`` people with unique names, in the same order for the same seed: employees first, then the board, then students."""
    shape = profile or Profile(people=count, employees=round(count * 60 / 460), board=5)
    chance = random.Random(f"people {seed}")  # noqa: S311 - names, not secrets
    pairs = [(given, family) for given in _GIVEN for family in _FAMILY]
    if count > len(pairs):
        raise ValueError(f"only {len(pairs)} made-up names are at hand, {count} were asked for")
    chosen = chance.sample(pairs, count)
    return [
        Person(
            number=number,
            given=given,
            family=family,
            role=_role(number, shape),
            school="" if shape.employees <= number < shape.employees + shape.board else schools[number % len(schools)],
            employee_id=f"E{10_000 + number}" if number < shape.employees + shape.board else f"S{10_000 + number}",
        )
        for number, (given, family) in enumerate(chosen)
    ]


def make_world(profile: str = "demo", seed: int = 7, clock_file: Path | None = None) -> World:
    """A district of that profile with nobody's tenant in it yet; raises ``KeyError`` for a profile that does not exist."""
    shape = PROFILES[profile]
    schools = list(_SCHOOLS)
    return World(
        clock=SandboxClock(clock_file),
        seed=seed,
        profile=profile,
        domain=DOMAIN,
        people=make_people(seed, shape.people, schools, shape),
        schools=schools,
    )


def _role(number: int, shape: Profile) -> Role:
    if number >= shape.employees + shape.board:
        return "student"
    if number >= shape.employees:
        return "board"
    # Of ten employees one runs something, six teach and three do the rest: about what a district's staff list looks like.
    return "administrator" if number % 10 == 0 else "teacher" if number % 10 < 7 else "staff"
