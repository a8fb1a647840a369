"""What a run remembers between runs, as values: how far a change has come, and the objects that are ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync.plan import Change, ChangeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one change has come. Times are absent until they happened; ``error`` is the vendor's text, credentials removed.

    ``planned`` with an ``error_code``: it waits for the platform, which is busy with something before it, and the next look asks again.
    """

    change: Change
    status: ChangeStatus
    intent: datetime | None = None
    sent: datetime | None = None
    accepted: datetime | None = None
    effective: datetime | None = None
    vendor_id: str | None = None
    vendor_name: str | None = None
    error: str | None = None
    error_code: str | None = None
    member_errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def waits(self) -> bool:
        """Whether it is to be done still, and the platform does not take it yet."""
        return self.status is ChangeStatus.PLANNED and self.error_code is not None
