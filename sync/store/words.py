"""The closed vocabularies that the store's columns use: each a StrEnum, each held by a CHECK in the schema."""

from __future__ import annotations

from enum import StrEnum


class EntryKind(StrEnum):
    """What a journal entry records. Frozen with the journal's format."""

    INTENT = "intent"
    OUTCOME = "outcome"
    OBSERVATION = "observation"
    APPROVAL = "approval"
    ATTESTATION = "attestation"
    CONFIRMATION = "confirmation"
    GOVERNANCE = "governance"
    MATTER = "matter"
    ERASURE = "erasure"
    EVIDENCE = "evidence"


class OutcomeResult(StrEnum):
    """How an intent ended. ``not_done``: the platform did not carry it out, as it said itself or a later read showed."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    NOT_DONE = "not_done"


class GovernanceState(StrEnum):
    """Where a version of what governs the guards stands."""

    PENDING = "pending"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"


class JobState(StrEnum):
    """How far a job has come."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class LetterState(StrEnum):
    """How far a letter to an officer has come. ``dropped``: its way or its officer is not in force any more."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


class Phase(StrEnum):
    """What a line of a letter says of a notice: that it is, or that it is over."""

    RAISED = "raised"
    OVER = "over"
