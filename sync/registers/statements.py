"""Vault's rules as officers stated them: the newest statement of each tenant, and what speaks against believing it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from policies.problems import FolderError
from policies.vault_rules import StatedRules, VaultRule, read_rules
from sync.registers.attestations import Attestation, AttestationState, attestations
from sync.store import Store
from sync.store.watch_rows import WatchRows

NOT_COMPARED: Final = timedelta(hours=48)
"""For how long a statement is believed while nobody can compare it with the log."""
OVERTAKEN: Final = "vault_rules.overtaken"
EXPIRED: Final = "vault_rules.expired"
UNREADABLE: Final = "vault_rules.unreadable"
NOT_READ: Final = "vault_log.not_read"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesStatement:
    """The newest statement about a tenant's rules. ``rules`` None: its file cannot be read any more."""

    attestation: Attestation
    rules: tuple[VaultRule, ...] | None


def subject_of(tenant: str) -> str:
    """What such a statement is about."""
    return f"vault-rules/{tenant}"


def newest(store: Store, tenant: str, now: datetime) -> RulesStatement | None:
    """The statement made last, in whatever state it is, or None where nobody ever made one."""
    found = attestations(store, now, subject_of(tenant))
    if not found:
        return None
    last = max(found, key=lambda one: one.seq)
    return RulesStatement(attestation=last, rules=_rules(last))


def stated_rules(store: Store, tenant: str, now: datetime) -> StatedRules | None:
    """The rules of the newest statement, with the doubt that there is about it; None where nobody ever stated any."""
    last = newest(store, tenant, now)
    if last is None:
        return None
    if last.rules is None:
        return StatedRules(rules=(), doubt=UNREADABLE)
    return StatedRules(rules=last.rules, doubt=_doubt(store, tenant, last.attestation, now))


def _doubt(store: Store, tenant: str, made: Attestation, now: datetime) -> str | None:
    if made.state is AttestationState.OVERTAKEN:
        return OVERTAKEN
    if made.state is AttestationState.EXPIRED:
        return EXPIRED
    cursor = WatchRows(store).cursor(tenant)
    compared = cursor.polled_at if cursor is not None else None
    believed_since = made.made_at if compared is None else max(compared, made.made_at)
    return NOT_READ if now - believed_since > NOT_COMPARED else None


def _rules(made: Attestation) -> tuple[VaultRule, ...] | None:
    if made.rules is None:
        return None
    try:
        return read_rules(made.rules, Path("rules"))
    except FolderError:
        return None
