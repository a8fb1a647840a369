"""By whom an account or group on hold came to be in danger, where the vendor logs what is done to accounts apart from the rest.

Such a log is asked about those in danger alone, and only while nobody is named: an entry comes minutes late, and who was not named within two
days is not going to be.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final, cast

from connectors.audit_log import AuditEvent, AuditRead, Chronicler
from connectors.errors import ConnectorError, TenantUnreachableError
from policies.problems import Problem, Severity
from sync.desk import Desk
from sync.look import Look
from sync.matters.model import PersonCode
from sync.store.watch_rows import KeptRisk, LoggedEvent, WatchRows
from sync.watch.people import PERSON, is_risky, shown

BEFORE: Final = timedelta(days=7)
"""How long before it was seen a danger may have begun; without a premium licence the log is not kept for longer."""
PATIENCE: Final = timedelta(days=2)
AT_ONCE: Final = 25
"""So many accounts are asked about in one look, a request each: the vendor allows five in ten seconds (M§6)."""
TOLD: Final = frozenset(one.value for one in (PersonCode.SUSPENDED, PersonCode.NOT_LICENSED, PersonCode.DELETED, PersonCode.GROUP_DELETED))
"""The dangers that an entry of such a log shows by its name. An account's new address is a change of some property or other there."""
UNAVAILABLE: Final = "directory_log.unavailable"


class Doers:
    """Names who did what endangers people and groups on hold. Reads the vendor's log and writes to the store alone."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rows = WatchRows(desk.store)

    def look(self, seen: Look) -> tuple[Problem, ...]:
        """Ask about those in danger of whom nobody knows by whom. Raises ``Stopped``."""
        if seen.reader is None or not hasattr(seen.reader, "done_to"):
            return ()
        tenant, now = seen.tenant.id, self._desk.clock.now()
        open_ones = [one for one in self._rows.risks(tenant) if one.risk.code in TOLD and one.risk.event is None and now - one.first_seen <= PATIENCE]
        subjects = list(dict.fromkeys(one.risk.subject for one in open_ones))[:AT_ONCE]
        if not subjects:
            return ()
        answer = _asked(cast("Chronicler", seen.reader), subjects, open_ones)
        for one in open_ones:
            self._name(tenant, one, answer)
        if answer.reason is None:
            return ()
        message = f"By whom accounts on hold came to be in danger could not be read: {answer.reason}."
        step = "recordwarden doctor says which permission is missing; the log also needs Microsoft Entra ID P1."
        return (Problem(code=UNAVAILABLE, severity=Severity.INFO, tenant=tenant, message=message, next_step=step),)

    def _name(self, tenant: str, one: KeptRisk, answer: AuditRead) -> None:
        about = [_logged(event) for event in answer.events if event.vendor_id == one.risk.subject and is_risky(event)]
        found = shown(one.risk.code, one.risk.subject, about)
        if found is not None:
            kept = [event for event in about if event.event == found]
            self._rows.attribute(tenant, replace(one.risk, event=found), kept, self._desk.clock.now())


def _asked(reader: Chronicler, subjects: list[str], risks: list[KeptRisk]) -> AuditRead:
    try:
        return reader.done_to(subjects, min(one.first_seen for one in risks) - BEFORE)
    except TenantUnreachableError as error:
        return AuditRead(available=False, reason=error.code)
    except ConnectorError as error:
        return AuditRead(available=False, reason=f"{error.code}: {error.message}")


def _logged(event: AuditEvent) -> LoggedEvent:
    """Of what is done to people no name and no raw answer is kept but who did it."""
    return LoggedEvent(event=event.id, at=event.at, operation=event.operation, actor=event.actor, sort=PERSON, subject=event.vendor_id)
