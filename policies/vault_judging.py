"""Whether Vault's rules, as somebody stated them, keep what the policy says must be kept, and what they would do to a mail, a file, a chat. Pure.

A custom rule switches the default off for what it covers, even a longer one; of several custom rules the one that ends last decides (G§2.3). So it is
never enough to look at one rule: the simulator adds all of them up, item by item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from policies.duties import Carrier, Disposition, Duty, Selector
from policies.effects import FOREVER, Clock, Effect, Term
from policies.kinds import Platform, Workload
from policies.protection import Guarantee, Protection, at_least, moment
from policies.reach import ancestors
from policies.simulator import Item, Simulation
from policies.vault_rules import APART, SERVICE_OF, SPACES, AtTheEnd, Service, VaultRule, kept_apart, readings, unit_key, untold

NONE: Final = "vault_rules.none"
TOO_SHORT: Final = "vault_rules.too_short"
PURGES: Final = "vault_rules.purges"
PURGES_DELETED: Final = "vault_rules.purges_deleted"
UNSURE: Final = "vault_rules.dedicated_untold"
SHOWN: Final = (Workload.MAIL, Workload.DRIVE, Workload.CHAT)
"""What an answer is always given for: a mail, a Drive file, a chat message."""
ROOT: Final = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What the rules would do to one sort of item: how long it survives its user's delete, and when Vault itself would delete it.

    ``kept`` None: not at all. ``purged`` None: Vault deletes nothing by itself. ``rules`` are the numbers (from 1) of the rules that decide.
    """

    workload: Workload
    org_unit: str | None
    terms: tuple[str, ...]
    kept: Term | None
    counted_from: Clock
    purged: Term | None
    rules: tuple[int, ...]
    apart: Service | None = None
    """Content of Drive that rules of its own keep, and Drive's no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A duty that the rules do not reach, and where. ``code`` tells a rule that ends too early from no rule at all."""

    code: str
    duty: Duty
    fate: Fate

    @property
    def words(self) -> str:
        """The shortfall in one sentence."""
        duty, fate = self.duty, self.fate
        what = f"{fate.workload.value} of {duty.population.id} ({place_words(fate)})"
        due = f"{duty.series} ({term_words(duty.term)} from {duty.event or duty.clock.value})"
        if fate.kept is None:
            return f"No rule keeps {what}; {duty.line} asks for {due}."
        return f"{what} is kept {term_words(fate.kept)} from {fate.counted_from.value}; {duty.line} asks for {due}."


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFinding:
    """What is wrong with one rule beside the duties. ``decides``: it is what decides somewhere, so that no other rule makes up for it."""

    code: str
    number: int
    rule: VaultRule
    duty: Duty
    decides: bool

    @property
    def words(self) -> str:
        """The finding in one sentence."""
        series = f"{self.duty.series}, {self.duty.line}, {self.duty.population.id}"
        if self.code == TOO_SHORT:
            more = "" if self.decides else " Another rule makes up for it today."
            return f"{self.rule.words}. That ends before the schedule does ({series}: {term_words(self.duty.term)}).{more}"
        which = "what people deleted" if self.code == PURGES_DELETED else "everything, also what nobody deleted"
        return f"{self.rule.words}. At its end Vault purges {which}, by age alone, and the records are not transitory ({series})."


def term_words(term: Term) -> str:
    """A term for people, in days."""
    return "for ever" if term == FOREVER else f"{term:,} days"


def place_words(fate: Fate) -> str:
    """Where, for people."""
    where = SPACES if fate.org_unit == SPACES else f"unit {fate.org_unit}" if fate.org_unit else "no known unit"
    where += f", {APART[fate.apart]}, which Drive's rules no longer cover" if fate.apart is not None else ""
    return f"{where}, matching {' and '.join(fate.terms)}" if fate.terms else where


def binding(duty: Duty) -> bool:
    """Whether the duty asks Vault to keep something: it speaks of this cloud, and its records are more than transitory."""
    speaks = Platform.GOOGLE_WORKSPACE in duty.population.selectors and duty.workload in SERVICE_OF
    return speaks and duty.disposition is not Disposition.TRANSITORY and duty.term != 0


def units_of(duty: Duty, rules: Iterable[VaultRule]) -> tuple[str | None, ...]:
    """The units that people of the duty's population may live in, as far as the folder tells: its own, and those below that a rule names.

    A population that names groups or accounts may live anywhere, so every unit that a rule names counts, and one that none names.
    """
    selector = duty.population.selectors[Platform.GOOGLE_WORKSPACE]
    named = {unit_key(rule.org_unit) for rule in rules if rule.org_unit}
    own = _own_units(selector)
    if own is None:
        return (ROOT, *sorted(named - {ROOT}))
    inside = {unit for unit in named if any(top in ancestors(unit) for top in own)}
    return tuple(sorted(own | inside))


def fates(rules: Sequence[VaultRule], workload: Workload, org_unit: str | None) -> tuple[Fate, ...]:
    """What would happen to an item of ``workload`` in ``org_unit``: one that matches no rule's terms, one that matches each, one that matches all."""
    unit = org_unit if org_unit is None or org_unit == SPACES else unit_key(org_unit)
    found = [
        replace(_fate(Simulation(effects), workload, unit, terms), apart=apart)
        for apart in _parts(rules, workload)
        for effects in readings(rules, apart)
        for terms in _matching(effects, workload)
    ]
    return tuple({(one.terms, one.kept, one.counted_from, one.purged, one.apart): one for one in reversed(found)}.values())[::-1]


def _parts(rules: Iterable[VaultRule], workload: Workload) -> tuple[Service | None, ...]:
    """All that the service's own rules keep, and each content of it that rules apart do."""
    return (None, *kept_apart(rules)) if SERVICE_OF[workload] is Service.DRIVE else (None,)


def shortfalls(rules: Sequence[VaultRule], duty: Duty, units: Iterable[str | None] | None = None) -> tuple[Shortfall, ...]:
    """Where the rules do not keep as long as ``duty`` asks; nothing where it asks nothing of Vault. ``units``: where its people are known to live."""
    if not binding(duty):
        return ()
    keys = units_of(duty, rules) if units is None else tuple(None if unit is None else unit_key(unit) for unit in units)
    keys += (SPACES,) if SERVICE_OF[duty.workload] is Service.HANGOUTS_CHAT else ()
    found = [
        replace(short, fate=replace(short.fate, apart=apart))
        for apart in _parts(rules, duty.workload)
        for effects in readings(rules, apart)
        for short in _short(Simulation(effects), duty, keys)
    ]
    return tuple({short.fate: short for short in found}.values())


def unsure(rules: Sequence[VaultRule], duties: Iterable[Duty]) -> tuple[Service, ...]:
    """Content in Drive that a duty asks to keep and of which nothing says whether Drive's rules cover it."""
    asked = any(binding(duty) and duty.carrier is Carrier.POLICY and SERVICE_OF[duty.workload] is Service.DRIVE for duty in duties)
    return untold(rules) if asked else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the rules would do to one sort of item in one place, beside what the policy asks for it. ``needed`` None: nothing is asked there."""

    fate: Fate
    needed: Term | None
    needed_from: str | None
    lines: tuple[str, ...]
    reached: bool


def outlooks(rules: Sequence[VaultRule], duties: Iterable[Duty]) -> tuple[Outlook, ...]:
    """The answer for a mail, a Drive file and a chat message in every unit that a duty speaks of, and in Chat's spaces."""
    asked = [duty for duty in duties if binding(duty) and duty.carrier is Carrier.POLICY]
    found: list[Outlook] = []
    for workload in SHOWN:
        mine = [duty for duty in asked if duty.workload is workload]
        units: list[str | None] = list(dict.fromkeys(unit for duty in mine for unit in units_of(duty, rules))) or [ROOT]
        for unit in (*units, SPACES) if workload is Workload.CHAT else units:
            here = [duty for duty in mine if unit == SPACES or unit in units_of(duty, rules)]
            found += [_outlook(fate, here, rules) for fate in fates(rules, workload, unit)]
    return tuple(found)


def _outlook(fate: Fate, duties: Sequence[Duty], rules: Sequence[VaultRule]) -> Outlook:
    longest = max(duties, key=lambda duty: float("inf") if duty.term == FOREVER else float(duty.term), default=None)
    seen = (fate.org_unit, fate.terms, fate.kept, fate.counted_from, fate.apart)
    missed = (one.fate for duty in duties for one in shortfalls(rules, duty))
    short = any((one.org_unit, one.terms, one.kept, one.counted_from, one.apart) == seen for one in missed)
    return Outlook(
        fate=fate,
        needed=None if longest is None else longest.term,
        needed_from=None if longest is None else longest.event or longest.clock.value,
        lines=tuple(dict.fromkeys(duty.line for duty in duties)),
        reached=not short,
    )


def findings(rules: Sequence[VaultRule], duties: Iterable[Duty]) -> tuple[RuleFinding, ...]:
    """Every rule that ends before a duty it covers does, or purges records that are not transitory; the gravest first, once for each rule and code.

    A rule that ends too early is a finding for duties that the whole place has to carry; one that purges is one for every series in the place.
    """
    found: dict[tuple[int, str], RuleFinding] = {}
    for duty in duties:
        if not binding(duty):
            continue
        deciding = {number for short in shortfalls(rules, duty) for number in short.fate.rules}
        for number, rule in enumerate(rules, start=1):
            if not _covers(rule, duty, rules):
                continue
            for code in _wrong(rule, duty):
                new = RuleFinding(code=code, number=number, rule=rule, duty=duty, decides=code != TOO_SHORT or number in deciding)
                known = found.get((number, code))
                if known is None or (new.decides and not known.decides):
                    found[number, code] = new
    return tuple(sorted(found.values(), key=lambda one: (not one.decides, one.code == PURGES_DELETED, one.number, one.code)))


def _wrong(rule: VaultRule, duty: Duty) -> Iterator[str]:
    if not rule.purges:
        return
    ends = moment(rule.term, Clock(rule.from_.value))
    if duty.carrier is Carrier.POLICY and not at_least(ends, moment(duty.term, duty.clock, duty.event)):
        yield TOO_SHORT
    if rule.action is AtTheEnd.PURGE_ALL:
        yield PURGES
    else:  # at least what people deleted, also where keep is stated: Vault has no such end
        yield PURGES_DELETED


def _covers(rule: VaultRule, duty: Duty, rules: Sequence[VaultRule]) -> bool:
    if SERVICE_OF[duty.workload] is not (Service.DRIVE if rule.service in APART else rule.service):
        return False
    if rule.default or rule.org_unit is None:
        return True
    return any(unit is not None and unit_key(rule.org_unit) in ancestors(unit) for unit in units_of(duty, rules))


def _short(simulation: Simulation, duty: Duty, units: Iterable[str | None]) -> Iterator[Shortfall]:
    needed = moment(duty.term, duty.clock, duty.event)
    for unit in units:
        for terms in _matching(simulation.effects, duty.workload):
            item = _item(duty.workload, unit, terms)
            kept = simulation.protection(item).guarantees
            if not any(at_least(one.until, needed) for one in kept):
                fate = _fate(simulation, duty.workload, unit, terms)
                yield Shortfall(code=NONE if fate.kept is None else TOO_SHORT, duty=duty, fate=fate)


def _fate(simulation: Simulation, workload: Workload, unit: str | None, terms: AbstractSet[str]) -> Fate:
    item = _item(workload, unit, terms)
    protection = simulation.protection(item)
    best = _longest(protection)
    purged = min((one.term for one in protection.deletions if one.term != FOREVER), default=None)
    return Fate(
        workload=workload,
        org_unit=unit,
        terms=tuple(sorted(terms)),
        kept=None if best is None else best.term,
        counted_from=Clock.CREATED if best is None else best.clock,
        purged=purged,
        rules=tuple(sorted(int(effect.ref) for effect in _ruling(simulation.applying(item)))),
    )


def _ruling(applying: Sequence[Effect]) -> Sequence[Effect]:
    """The custom rules, or the default where there is none."""
    custom = [effect for effect in applying if effect.mechanism.value == "vault_custom"]
    return custom or applying


def _longest(protection: Protection) -> Guarantee | None:
    """The guarantee to show: the longest one, and of equal ones that which counts from the latest moment."""
    def weight(one: Guarantee) -> tuple[float, str]:
        return (float("inf") if one.term == FOREVER else float(one.term), one.clock.value)

    return max(protection.guarantees, key=weight, default=None)


def _item(workload: Workload, unit: str | None, terms: AbstractSet[str]) -> Item:
    if unit == SPACES:
        return Item(platform=Platform.GOOGLE_WORKSPACE, workload=workload, place=SPACES, terms=frozenset(terms))
    return Item(platform=Platform.GOOGLE_WORKSPACE, workload=workload, org_unit=unit, terms=frozenset(terms))


def _matching(effects: Iterable[Effect], workload: Workload) -> tuple[frozenset[str], ...]:
    """Sets of terms that an item may match: none, each alone, all. More matching rules only add guarantees, so these tell the worst."""
    terms = {effect.terms for effect in effects if effect.terms is not None and workload in effect.scope.workloads}
    sets = [frozenset[str](), *(frozenset({one}) for one in sorted(terms)), frozenset(terms)]
    return tuple(dict.fromkeys(sets))


def _own_units(selector: Selector) -> set[str] | None:
    """The units that a population names, or None where it may live anywhere."""
    if selector.all_users or selector.groups or selector.users or not selector.org_units:
        return None
    return {unit_key(unit) for unit in selector.org_units}
