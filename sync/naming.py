"""Finding a person by whole addresses and names in stored values, and putting ``[erased]`` in their place. Never a part of a longer name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

ERASED = "[erased]"
LETTERS = 5
"""A name of fewer letters stands in too many other words to be taken for one person."""
_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\".]+")


def is_address(text: str) -> bool:
    """Whether ``text`` is one whole address."""
    return _ADDRESS.fullmatch(text) is not None


def names_one(text: str) -> bool:
    """Whether ``text`` says enough to erase by: a whole address, or a name of at least five letters."""
    return is_address(text) or ("@" not in text and sum(letter.isalpha() for letter in text) >= LETTERS)


class Names:
    """The addresses and names of one wish. An address is also found as in a URL (``ann%40d.example``) or a site's path (``ann_d_example``)."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = frozenset(text.strip().casefold() for text in texts) - {""}
        patterns = [pattern for text in sorted(self.texts, key=lambda one: (-len(one), one)) for pattern in _patterns(text)]
        self._pattern = re.compile("|".join(patterns) or r"(?!)", re.IGNORECASE)

    def stand_in(self, value: object) -> bool:
        """Whether one of them stands in a JSON value, keys of objects too."""
        if isinstance(value, str):
            return self._pattern.search(value) is not None
        if isinstance(value, dict):
            return any(self.stand_in(key) or self.stand_in(one) for key, one in value.items())
        return isinstance(value, list | tuple) and any(self.stand_in(one) for one in value)

    def erased_from(self, value: object) -> object:
        """The same JSON value with ``[erased]`` in their place."""
        if isinstance(value, str):
            return self._pattern.sub(ERASED, value)
        if isinstance(value, dict):
            return {self.erased_from(key): self.erased_from(one) for key, one in value.items()}
        return [self.erased_from(one) for one in value] if isinstance(value, list | tuple) else value

    def erased_from_text(self, text: str) -> str:
        """The same stored text, JSON or not, with ``[erased]`` in their place; text in which none stands comes back as it was."""
        try:
            value = json.loads(text)
        except ValueError:
            return self._pattern.sub(ERASED, text)
        if not self.stand_in(value):
            return text
        return json.dumps(self.erased_from(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _patterns(text: str) -> tuple[str, ...]:
    if not is_address(text):
        return (rf"(?<!\w){re.escape(text)}(?!\w)",)
    forms = dict.fromkeys((text, quote(text, safe="")))
    place = re.sub(r"[^a-z0-9]", "_", text)
    whole = tuple(rf"(?<![\w.+-])(?<!\w'){re.escape(form)}(?![\w-])(?!\.\w)" for form in forms)
    return (*whole, rf"(?<!\w){re.escape(place)}(?!\w)")
