"""Letters, and what carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from connectors.base import Context
from policies.district import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One notice to one person, as it leaves: plain text."""

    to: str
    subject: str
    text: str



@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether a courier could carry a letter now, as far as can be told without sending one. ``can_send`` None: it cannot be told."""

    can_send: bool | None
    reason: str | None = None
    next_step: str | None = None



class Courier(Protocol):
    """Carries letters by one way. Nothing is tried twice inside: when to try again is for whoever keeps the letters to say."""

    def carry(self, letter: Letter) -> None:
        """Hand the letter over. Raises ConnectorError; ``UnknownOutcomeError`` when it may have gone out all the same."""

    def ready(self) -> Readiness:
        """Whether it could, found out without sending. Raises nothing but ``Stopped``."""



class Mailing(Protocol):
    """A connector that can also send mail from a mailbox of its tenant."""

    def courier(self, tenant: Tenant, context: Context, sender: str) -> Courier:
        """A courier that sends as ``sender``, under the writing identity; opens nothing until first used."""

