"""Which places an error of the platform names: its texts are free and undocumented (docs/wire, graph-ediscovery 4). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

# A name goes on to the left with what addresses are made of (o'brien too), to the right also where a point or slash leads on to more of it.
_WHOLE = r"(?<![\w.%+@/-])(?<!\w'){name}(?![\w%+@-])(?![./][\w%+-])"


def blamed(errors: Sequence[str], names: Iterable[str]) -> Mapping[str, str]:
    """The first error that names each of ``names`` (lower case) as a whole word. The longest name wins: what is part of it is not named."""
    by_length = sorted(set(names), key=len, reverse=True)
    found: dict[str, str] = {}
    for text in errors:
        left = text.lower()
        for name in by_length:
            if name in left:
                left, count = re.subn(_WHOLE.format(name=re.escape(name)), " ", left)
                if count:
                    found.setdefault(name, text)
    return found
