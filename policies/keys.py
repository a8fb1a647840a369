"""Keys: our stable names for what we make, ``[a-z0-9-]{1,40}``, carried in every mark. Frozen."""

from __future__ import annotations

import hashlib
import re

LIMIT = 40
PROOF = "proof0-"
"""Reserved: keys of the dummies that ``doctor --prove`` writes carry it."""

MATTER = "m"
"""The first word of the keys of everything that a matter wants held; its random alias is the second."""

TAKEN = "taken-"
"""Reserved: keys of objects that an officer took over and that stand for no policy line."""


def is_proof(key: str | None) -> bool:
    """Whether a key belongs to a proof's dummy, which stands for no policy line."""
    return key is not None and PROOF in key


def is_taken(key: str) -> bool:
    """Whether a key belongs to an object that was taken over beside the policy: watched as ours, wanted by no line of it."""
    return key.startswith(TAKEN)


def is_of_matter(key: str, alias: str) -> bool:
    """Whether a key belongs to what the matter of this random alias wants held: its case or matter, and all that is in it."""
    box = key_of(MATTER, alias)
    return key == box or key.startswith(f"{box}-")


def key_of(*parts: str) -> str:
    """A key from the given words; one too long is cut and told apart by eight digits of its hash."""
    full = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
    if len(full) <= LIMIT:
        return full
    return f"{full[: LIMIT - 9].rstrip('-')}-{hashlib.sha256(full.encode()).hexdigest()[:8]}"
