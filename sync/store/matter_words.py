"""The closed vocabularies of matters, as the store's columns and the contract have them."""

from __future__ import annotations

from enum import StrEnum


class MatterState(StrEnum):
    """How far a matter is held: as far as its weakest part. One person, source or paper place that is not makes it ``partly_held``."""

    OPEN = "open"
    PARTLY_HELD = "partly_held"
    HELD = "held"
    RELEASING = "releasing"
    RELEASED = "released"


class SourceState(StrEnum):
    """How far a source has come: ``accepted`` is the platform's yes, ``effective`` its word that it holds, ``verified`` a later read of ours."""

    REQUESTED = "requested"
    SENT = "sent"
    ACCEPTED = "accepted"
    DISTRIBUTING = "distributing"
    EFFECTIVE = "effective"
    VERIFIED = "verified"
    FAILED = "failed"
    RELEASED = "released"


class PersonState(StrEnum):
    """Whether everything ordered for a person is in force; ``question`` is held for nobody until somebody answers it."""

    HELD = "held"
    PARTLY = "partly"
    NOT_HELD = "not_held"
    QUESTION = "question"
