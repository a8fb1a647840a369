"""What of a policy can be wrong although its shape is right: names that lead nowhere, ids given twice, lines that contradict each other."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator

from policies.controls import platform_of
from policies.duties import Carrier, Disposition
from policies.keys import PROOF, is_proof, key_of
from policies.policy import Policy, Rule
from policies.problems import Problem, Severity, Where
from policies.source import Path_

WhereIs = Callable[[Path_], Where]


def policy_problems(policy: Policy, where: WhereIs) -> Iterator[Problem]:
    """Everything wrong with a policy whose shape is right, its packs already attached."""
    yield from _twice(policy, where)
    yield from _series_ids(policy, where)
    yield from _reserved(policy, where)
    rows = {row.id: row for row in policy.series}
    for index, rule in enumerate(policy.rules):
        at: Path_ = ("rules", index)
        if rule.series not in rows:
            yield _unknown("series", rule.series, rows, where((*at, "series")), rule.id)
        if rule.population not in policy.populations:
            yield _unknown("population", rule.population, policy.populations, where((*at, "population")), rule.id)
        yield from _transitory_by_policy(policy, rule, where((*at, "carrier")))
    yield from _same_duty(policy, where)
    yield from _verified(policy, where)
    for index, id_ in enumerate(policy.transitory):
        row = rows.get(id_)
        if row is None:
            yield _unknown("series", id_, rows, where(("transitory", index)), id_)
        elif row.disposition is not Disposition.TRANSITORY:
            message = f"transitory: series {id_} has disposition {row.disposition.value}; only a transitory series may ever delete"
            yield _error("rule.not_transitory", message, "take it out of transitory", where(("transitory", index)), id_)
    yield from _deviations(policy, where)


def _twice(policy: Policy, where: WhereIs) -> Iterator[Problem]:
    lines = [("rules", index, rule.id) for index, rule in enumerate(policy.rules)]
    lines += [("controls", index, control.id) for index, control in enumerate(policy.controls)]
    listed: dict[str, list[tuple[str, int, str]]] = {"line": lines}
    listed["series"] = [("series", index, row.id) for index, row in enumerate(policy.schedule.series)]
    listed["deviation"] = [("deviations", index, deviation.id) for index, deviation in enumerate(policy.deviations)]
    for what, entries in listed.items():
        seen: set[str] = {policy.hold_rule.id} if what == "line" and policy.hold_rule else set()
        for section, index, id_ in entries:
            if id_ in seen:
                at: Path_ = ("schedule", "series", index, "id") if section == "series" else (section, index, "id")
                yield _error("folder.twice", f"{what} id '{id_}' is given twice", "give every entry an id of its own", where(at), id_)
            seen.add(id_)


def _series_ids(policy: Policy, where: WhereIs) -> Iterator[Problem]:
    """An id is for ever: a former id is nobody's present one, and no two ids may share a key in the tenants."""
    own = {row.id: index for index, row in enumerate(policy.schedule.series)}
    owner: dict[str, str] = {}
    for row in policy.series:
        for id_ in (row.id, *row.formerly):
            key = key_of(id_)
            other = owner.setdefault(key, row.id)
            if other != row.id:
                message = f"series {row.id}: the id '{id_}' is already that of series {other}, or cannot be told from it in a tenant"
                at: Path_ = ("schedule", "series", own[row.id], "id") if row.id in own else ("schedule", "packs")
                yield _error("series.id_taken", message, "an id is never used again: choose another", where(at), row.id)


def _reserved(policy: Policy, where: WhereIs) -> Iterator[Problem]:
    """The keys of proofs' dummies are theirs alone."""
    named: list[tuple[Path_, str]] = [(("rules", index, "id"), rule.id) for index, rule in enumerate(policy.rules)]
    named += [(("schedule", "series", index, "id"), id_) for index, row in enumerate(policy.schedule.series) for id_ in (row.id, *row.formerly)]
    named += [(("populations", name), name) for name in policy.populations]
    for path, name in named:
        if is_proof(key_of(name, "x")):
            message = f"'{name}' cannot be told from the key of a proof ({PROOF}...)"
            yield _error("folder.reserved", message, "choose another id", where(path), name)


def _transitory_by_policy(policy: Policy, rule: Rule, where: Where) -> Iterator[Problem]:
    row = policy.series_of(rule.series)
    if row is not None and row.disposition is Disposition.TRANSITORY and rule.carrier is Carrier.POLICY:
        message = f"rule {rule.id} would let a whole place be deleted: series {row.id} is transitory, and its records lie among others"
        yield _error("rule.transitory_policy", message, "write carrier: label, so that a person chooses each item", where, rule.id)


def _same_duty(policy: Policy, where: WhereIs) -> Iterator[Problem]:
    """Two rules that say the same of the same records differ only in how they are carried, or by mistake."""
    said: dict[tuple[str, str, str], Rule] = {}
    for index, rule in enumerate(policy.rules):
        for workload in rule.workloads:
            other = said.setdefault((rule.series, rule.population, workload.value), rule)
            if other is not rule:
                message = (
                    f"rules {other.id} and {rule.id} contradict each other: both carry series {rule.series} for {rule.population}, {workload.value}"
                )
                how = f"{other.carrier.value} and {rule.carrier.value}"
                next_step = f"keep one ({how}); one series is carried in one way in one place"
                yield _error("rule.contradiction", message, next_step, where(("rules", index)), rule.id)
                break


def _verified(policy: Policy, where: WhereIs) -> Iterator[Problem]:
    """What a control wants read has to be a setting of a cloud in which its population is."""
    for index, control in enumerate(policy.controls):
        if control.population is None or control.verify is None:
            continue
        at = where(("controls", index, "population"))
        population = policy.population_of(control.population)
        if population is None:
            yield _unknown("population", control.population, policy.populations, at, control.id)
            continue
        for check in control.verify.wishes:
            if platform_of(check) not in population.selectors:
                message = f"control {control.id} wants {check} read, and population {control.population} names nobody in {platform_of(check).value}"
                next_step = "say in the population who is meant there, or take the check out"
                yield _error("control.population_elsewhere", message, next_step, at, control.id)
                break


def _deviations(policy: Policy, where: WhereIs) -> Iterator[Problem]:
    lines = {rule.id for rule in policy.rules} | {control.id for control in policy.controls}
    hold_lines = {control.id for control in policy.controls if {"ST-05", "ST-15", "ST-16"} & set(control.serves)}
    if policy.hold_rule:
        hold_lines.add(policy.hold_rule.id)
    for index, deviation in enumerate(policy.deviations):
        at = where(("deviations", index, "line"))
        if deviation.line in hold_lines:
            message = f"deviation {deviation.id}: nobody can accept a deviation from {deviation.line}, a duty to hold"
            yield _error("deviation.hold", message, "take it out, and do what the line says", at, deviation.id)
        elif deviation.line not in lines:
            yield _unknown("rule or control", deviation.line, lines, at, deviation.id)


def _unknown(what: str, name: str, known: Iterable[str], where: Where, subject: str) -> Problem:
    near = difflib.get_close_matches(name, list(known), n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    code = {"series": "rule.unknown_series", "population": "rule.unknown_population"}.get(what, "deviation.unknown_line")
    return _error(code, f"there is no {what} '{name}'{hint}", f"define it, or name one that is defined ({subject})", where, subject)


def _error(code: str, message: str, next_step: str, where: Where, subject: str) -> Problem:
    return Problem(code=code, severity=Severity.ERROR, message=message, next_step=next_step, where=where, subject=subject)
