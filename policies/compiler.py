"""From the policy to duties: for each rule and workload what must hold, and whether anything may be written for it yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policies.district import District
from policies.duties import Disposition, Duty, Filing
from policies.effects import FOREVER, Clock, Term
from policies.keys import key_of
from policies.policy import Policy, Rule
from policies.resources import Because
from policies.schedule import RecordSeries, is_confirmed, row_digest

__all__ = ["blocked_because", "compile_policy", "label_keys", "label_name", "row_digest"]

LABEL_NAME_LIMIT: Final = 64
SECOND_THOUGHTS: Final = 30
"""Days between a person's putting on a transitory label and the end. No schedule states any and no platform takes none (M§1.1): chosen, so that
whoever labelled the wrong thing has a month to take the label off again."""
POLICY_FILE: Final = "policy.yaml"


def compile_policy(policy: Policy, district: District, confirmed: Mapping[str, str] | None) -> tuple[Duty, ...]:  # noqa: ARG001
    """The duties of every rule, in the policy's order, one for each workload.

    A row of unknown period counts as kept for ever, so that whoever overlooked ``blocked`` would keep too long rather than too short.
    ``confirmed`` maps series ids to the row digests that officers confirmed (None: there is no store to ask, so nothing counts as confirmed). A row
    that may not be acted on still yields its duties, each with ``blocked`` saying why. ``district`` is part of the signature because a district's
    circumstances may come to bear on a duty; nothing in the present rules does. Raises KeyError for a rule that names nothing; a loaded
    folder has none.
    """
    duties: list[Duty] = []
    for rule in policy.rules:
        series, population = policy.series_of(rule.series), policy.population_of(rule.population)
        if series is None or population is None:
            raise KeyError(rule.id)
        blocked = blocked_because(series, policy.transitory, confirmed)
        term, clock, event = _counted(series)
        duties.extend(
            Duty(
                line=rule.id,
                series=series.id,
                title=series.title,
                population=population,
                workload=workload,
                carrier=rule.carrier,
                term=term,
                clock=clock,
                event=event,
                disposition=series.disposition,
                citation=series.citation,
                because=_because(policy, rule),
                blocked=blocked,
                label_keys=label_keys(series),
                label_name=label_name(series),
                transitory_enabled=series.id in policy.transitory,
                filing=filing(series),
                behaviour=series.behaviour,
            )
            for workload in rule.workloads
        )
    return tuple(duties)


def _counted(series: RecordSeries) -> tuple[Term, Clock, str | None]:
    """How long, counted from what. Transitory records have no period: whoever puts the label on says that they are done with it, and days count."""
    if series.disposition is Disposition.TRANSITORY:
        return SECOND_THOUGHTS, Clock.LABELLED, None
    trigger, term = series.counted_from, series.retention.term
    return FOREVER if term is None else term, trigger.clock if trigger else Clock.CREATED, trigger.event if trigger else None


def blocked_because(series: RecordSeries, transitory: tuple[str, ...], confirmed: Mapping[str, str] | None) -> str | None:
    """The code of why nothing may be written for the row, or None.

    A retired or unknown row comes first: no confirmation helps there. A transitory row deletes, so it also waits until the district lists it.
    """
    if series.retired is not None:
        return "series.retired"
    if series.retention.term is None:
        return "series.period_unknown"
    if series.counted_from is None:
        return "series.trigger_unknown"
    if confirmed is None or not is_confirmed(series, confirmed):
        return "series.unconfirmed"
    if series.disposition is Disposition.TRANSITORY and series.id not in transitory:
        return "series.transitory_off"
    return None


def label_keys(series: RecordSeries) -> tuple[str, ...]:
    """Keys under which the row's label may be bound: its own id's first, then those of the ids it had before."""
    return tuple(key_of("label", id_) for id_ in (series.id, *series.formerly))


def label_name(series: RecordSeries) -> str:
    """The display name that a new label of the row gets: id and title, cut to 64 characters."""
    return f"{series.id} {series.title}"[:LABEL_NAME_LIMIT].rstrip()


def filing(series: RecordSeries) -> Filing:
    """Where the schedule puts the row."""
    return Filing(number=series.official_number, function=series.function, department=series.department, authority=series.authority)


def _because(policy: Policy, rule: Rule) -> Because:
    return Because(line=rule.id, series=rule.series, file=POLICY_FILE, row=policy.row_of(rule.id))
