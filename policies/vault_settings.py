"""The retention rules to enter in the Vault console, chosen from the duties. Pure.

No finite rule is ever asked for: at its end Vault purges at least what people deleted, by age alone and with no review (G§2.3, L§3.3). For each
service there is a default rule that keeps indefinitely, and for each unit with a duty a custom rule that does, because any custom rule beats the
default, and of several custom rules the one that ends last wins: so no shorter rule that somebody adds later can take anything away. What must be
kept at least is printed in days, as Vault counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from policies.duties import Duty, Selector
from policies.effects import FOREVER, Clock, Term
from policies.kinds import Platform, Workload
from policies.vault_judging import binding, term_words
from policies.vault_rules import APART, INDEFINITE, SERVICE_OF, AtTheEnd, Service, VaultRule, unit_key

TITLES: Final = {
    Service.MAIL: "Gmail",
    Service.DRIVE: "Drive",
    Service.GROUPS: "Groups",
    Service.HANGOUTS_CHAT: "Chat",
    Service.VOICE: "Voice",
    Service.CALENDAR: "Calendar",
    Service.GEMINI: "Gemini app",
    Service.MEET: "Meet",
    Service.SITES: "Sites",
}
BEFORE: Final = (
    "A rule works as soon as it is saved, on old and on new data alike, and what it purges is gone for good. Check each line before you save.",
    "Enter the rules in this order. Delete no rule, and shorten none, before all of them are saved.",
    "Sign in with an account that has the Vault privilege Manage Retention Policies.",
    "Leave dedicated retention for Meet and for Sites off (it may be on for Sites): once on, no Drive rule covers recordings or sites any longer.",
)
AFTER: Final = (
    "Open the list of rules once more, default and custom, and compare it with this page. Looking at it leaves an entry in Vault's log.",
    "A finite rule that is not on this page ends protection at its end. Report it to the records custodian before anybody changes it.",
    "A new or changed Drive rule takes up to 24 hours; files that people delete in that time are not kept.",
    "See that dedicated retention is off for Meet and for Sites. If one is on, give it rules like Drive's first, and state it as on, with its rules.",
    "State what is set, on the same day: recordwarden --as OFFICER --key FILE attest vault-rules/TENANT --rules FILE --until DATE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rule to enter. ``lines`` are the ids of the policy's rules behind it; ``at_least`` the longest period among them, ``reads`` in words."""

    rule: VaultRule
    scope: str
    steps: tuple[str, ...]
    lines: tuple[str, ...]
    at_least: Term
    reads: str

    @property
    def title(self) -> str:
        """The screen's title."""
        kind = "default rule" if self.rule.default else "custom rule"
        return f"{TITLES[self.rule.service]}, {kind}: {self.scope}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """Where a custom rule is entered: a unit, or one of the wholes that Vault offers beside units."""

    words: str
    choose: str
    org_unit: str | None = None


def settings(duties: Iterable[Duty]) -> tuple[Entry, ...]:
    """The rules to enter, service by service, the default rule first."""
    wanted = [duty for duty in duties if binding(duty)]
    found: list[Entry] = []
    for service in Service:
        mine = [duty for duty in wanted if SERVICE_OF[duty.workload] is service]
        if not mine:
            continue
        found.append(_default(service, mine))
        scopes: dict[_Scope, list[Duty]] = {}
        for duty in mine:
            for scope in _scopes(service, duty):
                scopes.setdefault(scope, []).append(duty)
        found += [_custom(service, scope, behind) for scope, behind in scopes.items()]
    return tuple(found)


SWITCHES: Final = tuple(VaultRule.model_validate({"service": service, "dedicated": False}) for service in APART)
"""What the sheet asks for beside rules, as the file of ``attest`` states it."""


def rules_of(entries: Iterable[Entry]) -> tuple[VaultRule, ...]:
    """The rules as the file of ``attest`` states them, each once."""
    return tuple(dict.fromkeys(entry.rule for entry in entries))


def _default(service: Service, duties: Sequence[Duty]) -> Entry:
    rule = VaultRule(service=service, default=True, duration=INDEFINITE, action=AtTheEnd.KEEP)
    steps = (
        "Vault (vault.google.com) > Retention > Default rules.",
        f"Open {TITLES[service]}.",
        "Duration: Indefinitely.",
        "Save, and confirm that the list shows it as on.",
    )
    return _entry(rule, "the whole organisation", steps, duties)


def _custom(service: Service, scope: _Scope, duties: Sequence[Duty]) -> Entry:
    rule = VaultRule(service=service, org_unit=scope.org_unit, duration=INDEFINITE, action=AtTheEnd.KEEP)
    steps = (
        "Vault (vault.google.com) > Retention > Custom rules > Create.",
        f"Service: {TITLES[service]}. Continue.",
        f"Scope: {scope.choose}. Continue.",
        f"Conditions: {_CONDITIONS.get(service, 'none')}. Continue.",
        "Duration: Indefinitely.",
        "Create, and confirm that the list of custom rules shows it as on.",
    )
    return _entry(rule, scope.words, steps, duties)


_CONDITIONS: Final = {
    Service.MAIL: "leave dates and terms empty; leave Exclude drafts unticked",
    Service.GROUPS: "leave dates and terms empty",
    Service.VOICE: "every type of data ticked",
    Service.DRIVE: "no label conditions",
}


def _entry(rule: VaultRule, scope: str, steps: tuple[str, ...], duties: Sequence[Duty]) -> Entry:
    longest = max(duties, key=lambda duty: float("inf") if duty.term == FOREVER else float(duty.term))
    since = f"the event {longest.event}" if longest.clock is Clock.EVENT else longest.clock.value
    reads = term_words(longest.term) if longest.term == FOREVER else f"{term_words(longest.term)} from {since}"
    return Entry(
        rule=rule,
        scope=scope,
        steps=steps,
        lines=tuple(dict.fromkeys(duty.line for duty in duties)),
        at_least=longest.term,
        reads=f"{reads} ({longest.series})",
    )


def _scopes(service: Service, duty: Duty) -> tuple[_Scope, ...]:
    """Vault's own choices (G§2.3): units for people's services, wholes for groups and shared drives; Chat needs two rules to cover everything."""
    if service is Service.GROUPS:
        return (_Scope(words="all groups", choose="All groups"),)
    if duty.workload is Workload.SHARED_DRIVE:
        return (_Scope(words="all shared drives", choose="All shared drives"),)
    units = tuple(_unit(service, path) for path in _paths(duty.population.selectors[Platform.GOOGLE_WORKSPACE]))
    if service is Service.HANGOUTS_CHAT:
        return (*units, _Scope(words="all Chat spaces", choose="All Chat spaces"))
    return units


def _unit(service: Service, path: str) -> _Scope:
    shared = ", with Include items from shared drives ticked (it can only extend what is kept there)" if service is Service.DRIVE else ""
    whole = "the top unit, and with it everybody" if path == "/" else f"{path}, and with it the units below"
    return _Scope(words=f"unit {path}", choose=f"Organisational unit {whole}{shared}", org_unit=path)


def _paths(selector: Selector) -> tuple[str, ...]:
    """The units to choose. Vault has no scope for groups of people or for single accounts, so those are kept with everybody else."""
    if selector.all_users or selector.groups or selector.users or not selector.org_units:
        return ("/",)
    tops = {unit_key(path): path.rstrip("/") or "/" for path in selector.org_units}
    return tuple(tops.values())
