"""What a look adds from the vendor's log: Vault's rules as stated compared with it, changes of rules as differences, and findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connectors.audit_log import AuditEvent
from policies.controls import RETENTION_PRIVILEGES
from policies.kinds import Kind, Platform
from policies.problems import Problem, Severity
from policies.vault_judging import RuleFinding, findings
from policies.vault_rules import VaultRule
from sync.desk import Desk
from sync.drift import Drift
from sync.look import Look
from sync.notices.looking import drift_keys
from sync.registers import statements
from sync.registers.attestations import Attestation, AttestationState, attestations, confirm_consistent, overtake
from sync.registers.statements import RulesStatement
from sync.store.drifts import Drifts
from sync.store.notices import Notices
from sync.store.watch_rows import Cursor, LoggedEvent, WatchRows
from sync.watch.alarms import SUBJECT, alarm_problems, alarms
from sync.watch.blind import blind_spots
from sync.watch.odd_holds import hold_problems
from sync.watch.polling import MATTER, OLDEST, Poller
from sync.watch.settings import setting_problems
from sync.watch.statement import SKEW, compared, drift, event_of, may_follow, told, unread
from sync.watch.vault_names import Sort, begins, is_known, stem

UNKNOWN_SHOWN: Final = timedelta(days=30)
"""For how long a name that nobody knows stays a finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one look adds to a run: differences to be kept and shown, and problems."""

    drift: tuple[Drift, ...] = ()
    problems: tuple[Problem, ...] = ()


class Watching:
    """Watches the tenants of one desk. Reads a tenant's log and the store; sends no request that changes anything."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.rows = WatchRows(desk.store)
        self.poller = Poller(desk)

    def look(self, seen: Look, ids: Callable[[], Mapping[str, str]], *, past: bool) -> Watched:
        """Read the log on, note at the statement what the log shows, and say what follows. ``ids`` as for ``Poller.poll``. Raises ``Stopped``.

        ``past``: what lies before the first look is read too, as far as that was not done; where a hold waits it is not.
        """
        if seen.tenant.platform is not Platform.GOOGLE_WORKSPACE or seen.reader is None:
            return Watched()
        tenant, now = seen.tenant.id, self.desk.clock.now()
        stated = statements.newest(self.desk.store, tenant, now)
        self.poller.poll(tenant, seen.reader, ids(), None if stated is None else stated.attestation.made_at)
        if past:
            self.poller.past(tenant, seen.reader)
        cursor = self.rows.cursor(tenant)
        assert cursor is not None  # a poll leaves one
        changes = self.rows.events(tenant, Sort.CHANGE.value)
        if stated is not None:
            stated = self._noted(tenant, stated, (*changes, *self.rows.events(tenant, Sort.VIEW.value)), now)
        later = changes if stated is None else tuple(event for event in changes if self._follows(event, stated.attestation))
        found = tuple(drift(tenant, event, stated.rules if stated else None) for event in later)
        self._answered(tenant, found, now)
        hidden = () if seen.snapshot is None else blind_spots(seen.snapshot, self._of_matters(tenant))
        odd = () if seen.snapshot is None or seen.roster is None else hold_problems(seen.snapshot, seen.roster.org_units)
        early, settings = self._settings(seen, now)
        told = self._problems(tenant, cursor, stated, changes, later)
        return Watched(drift=(*early, *found, *hidden), problems=(*alarm_problems(early), *told, *odd, *settings))

    def _settings(self, seen: Look, now: datetime) -> tuple[tuple[Drift, ...], tuple[Problem, ...]]:
        """Requests to delete early as differences, and what the settings mean for keeping; nothing where this look did not read them."""
        snapshot, tenant = seen.snapshot, seen.tenant.id
        if snapshot is None or Kind.GOOGLE_SETTING not in snapshot.reads:
            return (), ()
        signed = {one.subject.removeprefix(SUBJECT) for one in attestations(self.desk.store, now) if one.subject.startswith(SUBJECT)}
        store = Drifts(self.desk.store)
        known = store.kept(tenant, Kind.GOOGLE_SETTING)
        past = store.answered(tenant, Kind.GOOGLE_SETTING)
        found = alarms(snapshot, self.rows.events(tenant, Sort.EARLY.value), (*known, *past), signed)
        if any(one.vendor_id in signed for one in known):
            with self.desk.store.write() as session:
                store.accept(session, tenant, Kind.GOOGLE_SETTING, {one.id for one in known if one.vendor_id not in signed}, now)
        meant = frozenset(one for duty in self.desk.controls for one in duty.wishes.get(RETENTION_PRIVILEGES, ()))
        problems = setting_problems(snapshot, meant or None, seen.roster)
        return found, tuple(one for one in problems if one.severity is not Severity.INFO)

    def _of_matters(self, tenant: str) -> Iterable[AuditEvent]:
        """Everything that the log ever told of matters that are not ours: only it knows of those out of sight."""
        return (
            AuditEvent(id=one.event, at=one.at, actor=one.actor, operation=one.operation, kind=Kind.GOOGLE_MATTER, vendor_id=one.subject)
            for one in self.rows.events(tenant, MATTER)
        )

    def _noted(self, tenant: str, stated: RulesStatement, events: Sequence[LoggedEvent], now: datetime) -> RulesStatement:
        """Note at the statement, once each, the events that agree with it and those that came after it."""
        made = stated.attestation
        result = compared(made.made_at, self._account(made.officer), events)
        new = [event for event in result.overtaking if event.event not in made.overtaken_by]
        agreeing = [event for event in result.consistent if event.event not in made.consistent_with]
        for event in new:
            overtake(self.desk.journal, self.desk.store, made.id, event.event)
        for event in agreeing:
            confirm_consistent(self.desk.journal, self.desk.store, made.id, event.event)
        return (statements.newest(self.desk.store, tenant, now) or stated) if new or agreeing else stated

    def _follows(self, event: LoggedEvent, made: Attestation) -> bool:
        return may_follow(event, made.made_at, self._account(made.officer))

    def _account(self, officer: str) -> str:
        return next((one.email for one in self.desk.district.officers if one.id == officer), "")

    def _answered(self, tenant: str, found: Iterable[Drift], now: datetime) -> None:
        """A change that a newer statement has taken in is over."""
        still = {one.id for one in found}
        store = Drifts(self.desk.store)
        if not {one.id for one in store.open(tenant).values() if one.kind is Kind.GOOGLE_VAULT_RULE} <= still:
            with self.desk.store.write() as session:
                answered = store.accept(session, tenant, Kind.GOOGLE_VAULT_RULE, still, now)
                Notices(self.desk.store).end(session, drift_keys(tenant, answered), now)

    def _problems(
        self, tenant: str, cursor: Cursor, stated: RulesStatement | None, changes: Sequence[LoggedEvent], later: Sequence[LoggedEvent]
    ) -> Iterable[Problem]:
        now = self.desk.clock.now()
        if cursor.failing_since is not None:
            yield _problem(tenant, "vault_log.unavailable", Severity.WARNING, f"The log could not be read: {cursor.reason}.", "recordwarden doctor")
        yield from _about_past(tenant, cursor)
        unknown = self.rows.events(tenant, Sort.UNKNOWN.value, since=now - UNKNOWN_SHOWN)
        yield from _unknown_names(tenant, (*unknown, *(event for event in changes if not is_known(event.operation))))
        if stated is not None:
            yield from _about_statement(tenant, stated, cursor, later)
            yield from self._about_rules(tenant, stated.rules or (), changes)
        yield from self._about_changes(tenant, later)

    def _about_rules(self, tenant: str, rules: Sequence[VaultRule], changes: Sequence[LoggedEvent]) -> Iterable[Problem]:
        """What is wrong with the rules as stated, each with the account and time that the log shows for it."""
        newest = max((event for event in changes if unread(event)), key=lambda event: event.at, default=None)
        for one in findings(rules, self.desk.duties):
            event = event_of(one.rule, changes)
            yield _rule_problem(tenant, one, f"{statements.subject_of(tenant)}/{one.number}", _who(event, newest))

    def _about_changes(self, tenant: str, later: Sequence[LoggedEvent]) -> Iterable[Problem]:
        """What would be wrong with the rules that the log tells of since the statement; a text that cannot be read may be any of it."""
        for event in later:
            rule = told(event)
            for one in findings((rule,), self.desk.duties) if rule is not None else ():
                yield _rule_problem(tenant, one, event.event, _who(event))
            if unread(event):
                message = f"A rule of Vault was set ({stem(event.operation)}), and the log's words for it cannot be read: {shown(event)}."
                more = "It may end before the schedule does, or purge what is not transitory."
                step = f"Look at that rule in the Vault console and state the rules: attest {statements.subject_of(tenant)} --rules FILE."
                yield _problem(tenant, "vault_rules.change_unread", Severity.ERROR, f"{message} {more}", step, event.event)


def _about_past(tenant: str, cursor: Cursor) -> Iterable[Problem]:
    """What of the time before the first look will not be read, or was not yet."""
    lost = "Matters of others that nobody has worked in since, and requests to delete early, are not known from then."
    if cursor.past_refused is not None and cursor.readable_from is not None:
        message = f"The vendor refuses its log from before {cursor.readable_from:%Y-%m-%d}: {cursor.past_refused}. {lost}"
        yield _problem(tenant, "vault_log.past_refused", Severity.INFO, message, "Look at all matters in the Vault console once.")
    if cursor.past_reason is not None:
        window = f"from {cursor.past_through or OLDEST:%Y-%m-%d} to {cursor.began:%Y-%m-%d}"
        message = f"The log {window} could not be read yet: {cursor.past_reason}. {lost}"
        step = "Nothing: the next look reads on there. If it stays: recordwarden doctor"
        yield _problem(tenant, "vault_log.past_unread", Severity.WARNING, message, step)


def _about_statement(tenant: str, stated: RulesStatement, cursor: Cursor, later: Sequence[LoggedEvent]) -> Iterable[Problem]:
    made, subject = stated.attestation, statements.subject_of(tenant)
    again = f"Look at the rules in the Vault console and state them anew: attest {subject} --rules FILE."
    if later:
        newest = later[-1]
        more = f", with {len(later) - 1} before it" if len(later) > 1 else ""
        begun = " (begun; its end is not in the log)" if begins(newest.operation) else ""
        when = "after" if newest.at > made.made_at else f"within {SKEW.seconds // 60} minutes before, by clocks that may differ,"
        message = f"Vault's rules were changed {when} {made.officer} stated them: {stem(newest.operation)}{begun}, {shown(newest)}{more}."
        yield _problem(tenant, statements.OVERTAKEN, Severity.ERROR, message, again, subject)
    if made.state is AttestationState.EXPIRED:
        yield _problem(tenant, statements.EXPIRED, Severity.WARNING, f"{made.officer}'s statement of Vault's rules has expired.", again, subject)
    if stated.rules is None:
        message = "The statement of Vault's rules has no file that can be read."
        yield _problem(tenant, statements.UNREADABLE, Severity.WARNING, message, again, subject)
    if cursor.readable_from is not None and made.made_at < cursor.readable_from:
        message = f"The log can be read from {cursor.readable_from:%Y-%m-%d} only, and the statement is older: changes between are not known."
        yield _problem(tenant, "vault_log.too_short", Severity.WARNING, message, again, subject)
    if made.state is AttestationState.VALID and not made.consistent_with:
        message = f"The log shows no look at the rules by {made.officer}'s account in the hour before the statement."
        step = "Nothing if the rules were read with another account; else look at them and state them anew."
        yield _problem(tenant, "vault_rules.no_view", Severity.INFO, message, step, subject)


def _unknown_names(tenant: str, events: Iterable[LoggedEvent]) -> Iterable[Problem]:
    by_name: dict[str, list[LoggedEvent]] = {}
    for event in events:
        by_name.setdefault(stem(event.operation), []).append(event)
    for name, seen in sorted(by_name.items()):
        message = f"Vault's log has an event that nobody here knows: {name}, {len(seen)} times, last {shown(seen[-1])}."
        step = "Ask that account what it did; tell the maintainers the name."
        yield _problem(tenant, "vault_log.unknown_event", Severity.WARNING, message, step, name)


def _rule_problem(tenant: str, one: RuleFinding, subject: str, who: str) -> Problem:
    step = "In the Vault console set it to Indefinitely (recordwarden console-settings), then state the rules anew."
    return _problem(tenant, one.code, Severity.ERROR, one.words + who, step, subject)


def _who(event: LoggedEvent | None, else_: LoggedEvent | None = None) -> str:
    """Account and time of the event that set a rule; where none can be read as that rule, of the newest one that cannot be read at all."""
    if event is not None:
        return f" The log shows {shown(event)}."
    return "" if else_ is None else f" No event of the log can be read as this rule; the newest whose words cannot be read: {shown(else_)}."


def shown(event: LoggedEvent) -> str:
    """The account and time that the log shows."""
    return f"account {event.actor}, {event.at:%Y-%m-%d %H:%M:%S} UTC"


def _problem(tenant: str, code: str, severity: Severity, message: str, step: str, subject: str | None = None) -> Problem:
    return Problem(code=code, severity=severity, tenant=tenant, subject=subject, message=message, next_step=step)
