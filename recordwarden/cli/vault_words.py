"""Vault's rules as JSON and as problems: what a statement of them leaves to be desired, and what they would do to records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policies.duties import Carrier, Duty
from policies.effects import FOREVER, Term
from policies.problems import Problem, Severity
from policies.vault_judging import UNSURE, Fate, Outlook, findings, outlooks, shortfalls, term_words, unsure
from policies.vault_rules import APART, Service, VaultRule

_STEP = "In the Vault console enter what recordwarden console-settings says, then state the rules anew."


def rule_problems(tenant: str, rules: Sequence[VaultRule], duties: Iterable[Duty]) -> tuple[Problem, ...]:
    """What rules, as stated, do wrong, and where a duty that a whole place carries would not be reached under them."""
    wanted = tuple(duties)
    found = [
        Problem(
            code=one.code,
            severity=Severity.ERROR,
            tenant=tenant,
            subject=f"vault-rules/{tenant}/{one.number}",
            message=one.words,
            next_step=_STEP,
        )
        for one in findings(rules, wanted)
    ]
    return (*found, *period_problems(tenant, rules, wanted))


def period_problems(tenant: str, rules: Sequence[VaultRule], duties: Iterable[Duty]) -> tuple[Problem, ...]:
    """A warning for each policy line and place whose period would not be reached under the rules, or of which the statement leaves it open."""
    wanted = tuple(duties)
    short = tuple(
        Problem(code=one.code, severity=Severity.WARNING, tenant=tenant, subject=duty.line, message=one.words, next_step=_STEP)
        for duty in wanted
        if duty.carrier is Carrier.POLICY
        for one in shortfalls(rules, duty)
    )
    return (*short, *(_unsure(tenant, service) for service in unsure(rules, wanted)))


def _unsure(tenant: str, service: Service) -> Problem:
    return Problem(
        code=UNSURE,
        severity=Severity.WARNING,
        tenant=tenant,
        subject=f"vault-rules/{tenant}",
        message=f"Nothing says whether dedicated retention is on for {service.value}: if it is, Drive's rules do not cover {APART[service]}.",
        next_step=f"Look in Vault, add {{service: {service.value}, dedicated: false}} (or true, with its rules) to the file and state it anew.",
    )


def rule_document(rule: VaultRule) -> dict[str, object]:
    """A rule in the words of the contract's file."""
    if rule.dedicated is not None:
        return {"service": rule.service.value, "dedicated": rule.dedicated}
    return {
        "service": rule.service.value,
        "default": rule.default,
        "org_unit": rule.org_unit,
        "duration": rule.duration,
        "from": rule.from_.value,
        "action": rule.action.value,
        "terms": rule.terms,
    }


def simulation(rules: Sequence[VaultRule], duties: Iterable[Duty]) -> list[dict[str, object]]:
    """What would happen to a mail, a Drive file and a chat message under the rules, place by place."""
    return [_outlook(one) for one in outlooks(rules, tuple(duties))]


def simulation_rows(rules: Sequence[VaultRule], duties: Iterable[Duty]) -> list[tuple[str, str, str, str, str]]:
    """The same for people: item, place, kept, deleted by Vault, asked for."""
    return [
        (
            one.fate.workload.value,
            _place(one.fate),
            "not at all" if one.fate.kept is None else f"{term_words(one.fate.kept)}{_since(one.fate.kept, one.fate.counted_from.value)}",
            "never" if one.fate.purged is None else f"after {term_words(one.fate.purged)}",
            "-" if one.needed is None else f"{term_words(one.needed)}, {'reached' if one.reached else 'NOT REACHED'}",
        )
        for one in outlooks(rules, tuple(duties))
    ]


def _place(fate: Fate) -> str:
    more = (*fate.terms[:1], *(f"and {term}" for term in fate.terms[1:]))
    return (fate.org_unit or "-") + (f", {APART[fate.apart]}" if fate.apart else "") + (f" ({' '.join(more)})" if more else "")


def _since(term: Term, clock: str) -> str:
    return "" if term == FOREVER else f" from {clock}"


def _outlook(one: Outlook) -> dict[str, object]:
    fate = one.fate
    return {
        "workload": fate.workload.value,
        "org_unit": fate.org_unit,
        "apart": None if fate.apart is None else fate.apart.value,
        "terms": list(fate.terms),
        "kept_days": fate.kept,
        "counted_from": fate.counted_from.value if fate.kept is not None and fate.kept != FOREVER else None,
        "vault_deletes_after_days": fate.purged,
        "rules": list(fate.rules),
        "needed_days": one.needed,
        "needed_from": one.needed_from,
        "lines": list(one.lines),
        "reached": one.reached if one.needed is not None else None,
        "reason": None if one.needed is not None else "vault_rules.nothing_asked",
    }
