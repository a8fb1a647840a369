"""What people see: plain lines and small tables, readable without colour and at 80 columns."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from policies.problems import Problem, Severity

_SHOWN_AS_NUMBERS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def plain(text: object) -> str:
    r"""``text`` with control, escape, bidi and other invisible characters as ``\u{..}``: a name from a tenant cannot steer a terminal."""
    return "".join(f"\\u{{{ord(letter):x}}}" if unicodedata.category(letter) in _SHOWN_AS_NUMBERS else letter for letter in str(text))


def moment(at: datetime | str | None) -> str:
    """A time for people, in UTC; ``-`` where there is none."""
    if at is None:
        return "-"
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def many(count: int, what: str, plural: str | None = None) -> str:
    """``1 change``, ``2 changes``."""
    return f"{count} {what if count == 1 else plural or what + 's'}"


class Screen:
    """Prints to one stream. Colour only ever repeats what a word says."""

    def __init__(self, stream: TextIO) -> None:
        self.console = Console(file=stream, highlight=False, markup=False, emoji=False)

    def say(self, text: object = "", style: str | None = None, indent: int = 0) -> None:
        """A line, folded at the width of the terminal under its own indent."""
        space = " " * indent
        for line in str(text).split("\n"):
            folded = textwrap.wrap(plain(line), max(self.console.width, 40), initial_indent=space, subsequent_indent=space, break_on_hyphens=False)
            for part in folded or [""]:
                self.console.print(Text(part, style=style or ""), soft_wrap=True)

    def heading(self, text: str) -> None:
        """A line that begins a part."""
        self.say()
        self.say(text, "bold")

    def raw(self, text: str) -> None:
        """Text as it is, for what is copied or piped on."""
        self.console.file.write(text if text.endswith("\n") else text + "\n")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table; long cells are folded, never cut."""
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
        for number, column in enumerate(columns):
            table.add_column(column, overflow="fold", no_wrap=number == 0)
        for row in rows:
            table.add_row(*(Text(plain("-" if cell is None else cell)) for cell in row))
        self.console.print(table)

    def problems(self, problems: Iterable[Problem]) -> None:
        """Each problem with its place and the next step, the worst first; what is said of many is said once, with their number."""
        order = list(Severity)
        alike: dict[tuple[object, ...], list[Problem]] = {}
        for problem in problems:
            alike.setdefault((problem.code, problem.tenant, problem.message, problem.where), []).append(problem)
        for group in sorted(alike.values(), key=lambda one: order.index(one[0].severity)):
            self.problem(group[0], times=len(group))

    def problem(self, problem: Problem, times: int = 1) -> None:
        """One problem: how bad, where, what, and what to do."""
        where = problem.where
        place = f"{where.file}:{where.line}:{where.column or 1}: " if where and where.line else f"{where.file}: " if where else ""
        tenant = f"{problem.tenant}: " if problem.tenant else ""
        often = f" ({times} times)" if times > 1 else ""
        self.say(f"{problem.severity.value}: {place}{tenant}{problem.message}{often} [{problem.code}]", _COLOURS[problem.severity])
        if problem.next_step:
            self.say(f"-> {problem.next_step}", indent=2)
