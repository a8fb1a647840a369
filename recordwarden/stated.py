"""What an officer's statement of Vault's rules says about one source of one account, beside how far it may be believed.

A statement is a statement: it never makes a source protected, it says what would keep it if the rules are as they were stated (G§2.4). Vault's
rules have no interface, so nobody but its log can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from policies.effects import FOREVER
from policies.kinds import Kind, Workload
from policies.vault_judging import Fate, fates, term_words
from policies.vault_rules import SERVICE_OF, SPACES, VaultRule
from sync.registers.attestations import Attestation
from sync.registers.statements import OVERTAKEN, newest, stated_rules
from sync.store import Store
from sync.store.watch_rows import WatchRows
from sync.watch.vault_names import Sort
from sync.wording import instant

STATED: Final = "vault_rules.stated"
NO_RULE: Final = "vault_rules.none"
UNTOLD: Final = f"{Kind.GOOGLE_VAULT_RULE.value}: "
"""How the reason begins of a source that only Vault's rules could still be keeping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedOf:
    """A tenant's newest statement. ``doubt`` is the code of why it is not believed now; ``changed_at`` when the change was that overtook it."""

    made: Attestation
    rules: tuple[VaultRule, ...]
    doubt: str | None
    changed_at: datetime | None

    @property
    def code(self) -> str:
        """``vault_rules.stated``, or what speaks against believing it."""
        return self.doubt or STATED


def stated_of(store: Store, tenant: str, now: datetime) -> StatedOf | None:
    """The newest statement about a tenant's rules; None where nobody ever made one."""
    last, rules = newest(store, tenant, now), stated_rules(store, tenant, now)
    if last is None or rules is None:
        return None
    changed = [event.at for event in WatchRows(store).events(tenant, Sort.CHANGE.value) if event.event in last.attestation.overtaken_by]
    return StatedOf(made=last.attestation, rules=tuple(rules.rules), doubt=rules.doubt, changed_at=min(changed, default=None))


def worst_fate(stated: StatedOf, source: Workload, org_unit: str | None) -> Fate | None:
    """What the rules as stated do at least to anything in the source: of all ways to read them the one that keeps for the shortest time."""
    if source not in SERVICE_OF:
        return None
    places = (org_unit, SPACES) if source is Workload.CHAT else (org_unit,)
    found = [fate for place in places for fate in fates(stated.rules, source, place)]
    return min(found, key=_kept, default=None)


def reason(stated: StatedOf, fate: Fate | None) -> str:
    """A code and a sentence: what is stated, by whom and when, and what the log says to it."""
    made = stated.made
    head = f"as stated by {made.officer} on {made.made_at:%Y-%m-%d}, good until {made.until:%Y-%m-%d}"
    if stated.doubt == OVERTAKEN:
        when = f" on {stated.changed_at:%Y-%m-%d}" if stated.changed_at else ""
        return f"{stated.code}: {made.officer}'s statement of {made.made_at:%Y-%m-%d} was overtaken by a change{when}"
    if stated.doubt is not None:
        return f"{stated.code}: {made.officer}'s statement of {made.made_at:%Y-%m-%d}, good until {made.until:%Y-%m-%d}, is not believed now"
    log = "consistent with the log" if made.consistent_with else "the log shows no look at the rules by that account before"
    if fate is None or fate.kept is None:
        return f"{NO_RULE}: no rule keeps it, {head}; {log}"
    purged = "" if fate.purged is None else f", and Vault purges after {term_words(fate.purged)}"
    return f"{STATED}: kept {term_words(fate.kept)} from {fate.counted_from.value}{purged}, {head}; {log}"


def document(stated: StatedOf, fate: Fate | None) -> Mapping[str, object]:
    """The statement for machines: its state and, where it is believed, what it says."""
    believed = fate if stated.doubt is None else None
    return {
        "attestation": stated.made.id,
        "officer": stated.made.officer,
        "made_at": instant(stated.made.made_at),
        "until": instant(stated.made.until),
        "state": stated.made.state.value,
        "doubt": stated.doubt,
        "consistent_with": list(stated.made.consistent_with),
        "overtaken_by": list(stated.made.overtaken_by),
        "kept": None if believed is None else believed.kept,
        "counted_from": None if believed is None or believed.kept is None else believed.counted_from.value,
        "purged": None if believed is None else believed.purged,
        "rules": [] if believed is None else list(believed.rules),
    }


def _kept(fate: Fate) -> float:
    if fate.kept is None:
        return -1.0
    return float("inf") if fate.kept == FOREVER else float(fate.kept)
