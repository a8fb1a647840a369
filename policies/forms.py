"""The forms that short texts in a district's files must have, and what each is called where somebody missed it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NAME_40: Final = r"^[a-z0-9][a-z0-9._-]{0,39}$"
TENANT: Final = r"^[a-z0-9][a-z0-9-]{0,19}$"
DISTRICT: Final = r"^[a-z0-9]{8}$"
LINE: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"
ALIAS: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$"
OBLIGATION: Final = r"^[A-Z]{2}-[0-9]{2}$"
PUBLIC_KEY: Final = r"^ed25519:[A-Za-z0-9+/=]{44}$"
EMAIL: Final = r"^[^@\s]+@[^@\s]+$"
ADDRESS: Final = r"^[^@\s,;:<>\"]+@[^@\s,;:<>\"]+\.[^@\s,;:<>\"]+$"
HOST: Final = r"^[A-Za-z0-9.:-]+$"
UNIT: Final = r"^/"
UNPADDED: Final = r"^\S(.*\S)?$"

WORDS: Final[Mapping[str, str]] = {
    NAME_40: "1 to 40 lower-case letters, digits, dots, hyphens or underscores that begin with a letter or digit",
    TENANT: "1 to 20 lower-case letters, digits or hyphens that begin with a letter or digit",
    DISTRICT: "exactly 8 lower-case letters or digits",
    LINE: "1 to 40 letters, digits, dots, hyphens or underscores that begin with a letter or digit",
    ALIAS: "1 to 60 letters, digits, dots, hyphens or underscores that begin with a letter or digit",
    OBLIGATION: "two capital letters, a hyphen and two digits, such as ST-13",
    PUBLIC_KEY: "a public key as `recordwarden officer keygen` prints it: ed25519: and 44 characters",
    EMAIL: "one address, such as name@district.example",
    ADDRESS: "one address, such as name@district.example",
    HOST: "the name of a host, such as mail.district.example, without https:// and path",
    UNPADDED: "a text without a blank at its beginning or end",
    UNIT: "a path that begins with a slash, such as /Staff",
}


def form_words(pattern: str) -> str:
    """What a text of this form is, for people. Raises KeyError for a form that is none of ours."""
    return WORDS[pattern]
