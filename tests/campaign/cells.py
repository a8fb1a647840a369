"""What a fault campaign is made of: methods, strikes, the cells where they meet, and the matrix that counts which were really hit."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Moment = Literal["before", "after"]
"""Before the vendor did the work, or after it was done and only the answer went wrong."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Method:
    """One method of a vendor as the sandbox names it. ``writes``: it changes the tenant. ``pages``: it answers with a list that may go on."""

    surface: str
    operation: str
    writes: bool
    pages: bool = False
    how: str = ""
    """Where one operation does several things: with what it is called for this row."""
    sent: str = ""
    """What the body of a request holds if it is one of this row, where ``how`` alone would leave that to chance."""
    once: bool = False
    """It makes the one thing of its sort that a tenant has, so that in a run its squares come first."""

    @property
    def words(self) -> str:
        """The head of its row."""
        return f"{self.operation} {self.how}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Strike:
    """One thing that can go wrong with a request, and when.

    ``only`` limits it to some operations (a vendor's own way of half succeeding), ``further`` to lists that have further pages: a list is
    half read then, and whoever takes the half for the whole believes that the rest is gone.
    """

    name: str
    kind: str
    when: Moment
    status: int = 503
    only: tuple[str, ...] = ()
    further: bool = False

    def can_meet(self, method: Method) -> bool:
        """Whether such a thing can happen to that method. Where not, there is no square: an object alone has no further page to lose."""
        return (not self.only or method.operation in self.only) and (method.pages or not self.further)

    @property
    def words(self) -> str:
        """The head of its column."""
        return f"{self.name}/{self.when}"


THROTTLED_BEFORE = Strike(name="429", kind="status", when="before", status=429)
THROTTLED_AFTER = Strike(name="429", kind="status", when="after", status=429)
UNAVAILABLE_BEFORE = Strike(name="503", kind="status", when="before")
UNAVAILABLE_AFTER = Strike(name="503", kind="status", when="after")
GATEWAY_BEFORE = Strike(name="504", kind="status", when="before", status=504)
GATEWAY_AFTER = Strike(name="504", kind="status", when="after", status=504)
RESET_BEFORE = Strike(name="reset", kind="reset", when="before")
RESET_AFTER = Strike(name="reset", kind="reset", when="after")
CUT_AFTER = Strike(name="cut", kind="truncated", when="after")
PORTAL_BEFORE = Strike(name="portal", kind="html", when="before")
PAGE_LOST = Strike(name="page-lost", kind="status", when="before", further=True)
"""The first page came, a further one does not."""
PAGE_ELSEWHERE = Strike(name="page-away", kind="foreign_link", when="after", further=True)
"""The first page came, and the way to the next leads to somebody else's host."""

EVERYWHERE = (
    THROTTLED_BEFORE, THROTTLED_AFTER, UNAVAILABLE_BEFORE, UNAVAILABLE_AFTER, GATEWAY_BEFORE, GATEWAY_AFTER, RESET_BEFORE, RESET_AFTER,
    CUT_AFTER, PORTAL_BEFORE, PAGE_LOST, PAGE_ELSEWHERE,
)  # fmt: skip
"""What can happen to any request of any vendor. ``after`` with a 429, 503, 504, a reset or a cut answer is success that was lost after the commit.

A cut answer and a link that leads away exist only ``after``, for there has to be an answer to spoil; a portal's page comes instead of
the service, so only ``before``; a page is lost ``before``, for reading it changes nothing that an ``after`` could tell apart.
"""

LOST_AFTER_COMMIT = (UNAVAILABLE_AFTER, GATEWAY_AFTER, RESET_AFTER, CUT_AFTER)
"""The work is done and nobody is told: where a program that asks again makes a second object."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cell:
    """One square of the matrix."""

    method: Method
    strike: Strike


def cells(methods: Sequence[Method], strikes: Sequence[Strike]) -> tuple[Cell, ...]:
    """Every square that exists."""
    return tuple(Cell(method=method, strike=strike) for method in methods for strike in strikes if strike.can_meet(method))


AT_LEAST = 2
"""Squares of one run: trouble that follows trouble is where programs break."""


def dealt(squares: Sequence[Cell], runs: int, seed: int) -> tuple[tuple[Cell, ...], ...]:
    """For each of ``runs`` runs the squares it goes through: all of them at least once, evenly, in an order that ``seed`` shuffles.

    Dealt is not hit: a square that no request ran into is to be dealt again.
    """
    rng = random.Random(seed)
    each = max(-(-len(squares) // runs), AT_LEAST)
    deck: list[Cell] = []
    while len(deck) < each * runs:
        pack = list(squares)
        rng.shuffle(pack)
        deck += pack
    return tuple(tuple(deck[number * each : (number + 1) * each]) for number in range(runs))


def sample(squares: Sequence[Cell], runs: int, seed: int) -> tuple[Cell, ...]:
    """One square a run: every strike at least once, over as many methods as there are runs for."""
    shuffled = list(squares)
    random.Random(seed).shuffle(shuffled)
    picked: list[Cell] = []
    methods: Counter[Method] = Counter()
    strikes: Counter[Strike] = Counter()
    for _ in range(runs):
        cell = min((one for one in shuffled if one not in picked), key=lambda one: (strikes[one.strike], methods[one.method]))
        picked.append(cell)
        methods[cell.method] += 1
        strikes[cell.strike] += 1
    return tuple(picked)


class Matrix:
    """How often each square was really hit: planted is not hit, only a fault that a request ran into counts."""

    def __init__(self, squares: Iterable[Cell]) -> None:
        self.hits: Counter[Cell] = Counter()
        self._squares = tuple(squares)

    def hit(self, cell: Cell, times: int) -> None:
        self.hits[cell] += times

    def empty(self) -> tuple[Cell, ...]:
        """Squares that no request ran into."""
        return tuple(cell for cell in self._squares if not self.hits[cell])

    def table(self) -> str:
        """The matrix as text, method by strike; a dot is a square that does not exist, for such a thing cannot happen to that method."""
        columns = list(dict.fromkeys(cell.strike for cell in self._squares))
        rows = list(dict.fromkeys(cell.method for cell in self._squares))
        there = set(self._squares)
        wide = max(len(row.words) for row in rows) + 2
        lines = ["".ljust(wide) + "".join(column.words.rjust(15) for column in columns)]
        for row in rows:
            squares = (Cell(method=row, strike=column) for column in columns)
            lines.append(row.words.ljust(wide) + "".join((str(self.hits[one]) if one in there else ".").rjust(15) for one in squares))
        return "\n".join(lines)
