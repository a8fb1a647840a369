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
from sync.store.watch_rows import KeptRisk, LoggedEvent, WatchRows
from sync.watch.people import GONE, PATIENCE, PERSON, TOLD, begins, is_risky, shown

AT_ONCE: Final = 25
"""So many accounts are asked about in one look, a request each: the vendor allows five in ten seconds (M§6)."""
SETTLES: Final = timedelta(hours=1)
"""By then an entry of what was done last to an account stands in the log (docs/wire/graph-directory-audit.md §8.1: minutes)."""
UNAVAILABLE: Final = "directory_log.unavailable"
_FINAL: Final = "hard delete"


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
        # Who was asked about least recently goes first: those of whom the log shows nobody must not keep it from all the others.
        open_ones.sort(key=lambda one: (one.asked_at is not None, one.asked_at or one.first_seen, one.first_seen))
        subjects = list(dict.fromkeys(one.risk.subject for one in open_ones))[:AT_ONCE]
        if not subjects:
            return ()
        asked = [one for one in open_ones if one.risk.subject in subjects]
        answer = _asked(cast("Chronicler", seen.reader), subjects, asked)
        self._rows.asked(tenant, subjects, now)
        for one in asked:
            self._name(tenant, one, answer)
        if answer.reason is None:
            return ()
        message = f"By whom accounts on hold came to be in danger could not be read: {answer.reason}."
        step = "recordwarden doctor says which permission is missing; the log also needs Microsoft Entra ID P1."
        return (Problem(code=UNAVAILABLE, severity=Severity.INFO, tenant=tenant, message=message, next_step=step),)

    def _name(self, tenant: str, one: KeptRisk, answer: AuditRead) -> None:
        now = self._desk.clock.now()
        about = [_logged(event) for event in answer.events if event.vendor_id == one.risk.subject and is_risky(event)]
        if one.risk.code == GONE and answer.available:
            # Whoever deleted it is named where nobody is shown to have made it final: only that is not in the log for long.
            final = [event for event in about if _FINAL in event.operation.lower()]
            about = [*self._rows.events(tenant, PERSON), *about] if now - one.first_seen > SETTLES else final
        found = shown(one.risk.code, one.risk.subject, sorted(about, key=lambda event: event.at), begins(one), one.first_seen)
        if found is not None:
            kept = [event for event in about if event.event == found]
            self._rows.attribute(tenant, replace(one.risk, event=found), kept[:1], now)


def _asked(reader: Chronicler, subjects: list[str], risks: list[KeptRisk]) -> AuditRead:
    try:
        return reader.done_to(subjects, min(begins(one) for one in risks))
    except TenantUnreachableError as error:
        return AuditRead(available=False, reason=error.code)
    except ConnectorError as error:
        return AuditRead(available=False, reason=f"{error.code}: {error.message}")


def _logged(event: AuditEvent) -> LoggedEvent:
    """Of what is done to people no name and no raw answer is kept but who did it."""
    return LoggedEvent(event=event.id, at=event.at, operation=event.operation, actor=event.actor, sort=PERSON, subject=event.vendor_id)
