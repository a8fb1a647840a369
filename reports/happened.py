"""What changed in the period: by Recordwarden, from the journal; outside it, from the record of differences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from policies.kinds import TRAITS, Kind
from reports.chronicle import Chronicle, Sent, Signature, instant, mapping, text
from reports.facts import Edition, FieldChange, OurChange, OutsideChange, Period, Shown
from reports.words import FIELDS, LOGS
from sync.store.drifts import KeptDrift

PUBLIC = "shown in counsel's edition only"
_PLAIN = frozenset({"period", "trigger", "action", "behaviour", "enabled", "state", "locked", "force"})
"""Settings whose values are words of the platform, never somebody's text."""
STRAYS = frozenset({"orphaned", "blind_spot"})
"""Sorts of difference that nobody outside made."""
_ORDER = ("weakens", "neutral", "strengthens")


def ours(told: Chronicle, period: Period, offices: Mapping[str, str]) -> tuple[OurChange, ...]:
    """What was sent in the period, oldest first, with what the platform answered then."""
    return tuple(_ours(told, one, offices) for one in told.sent.values() if period.begin <= one.at < period.end)


def _signed(told: Chronicle, sent: Sent) -> dict[str, Signature]:
    """The newest word of each officer before it was sent, without those that were spent when the same change was done an earlier time."""
    before = [one.settled or 0 for one in told.sent.values() if one.change == sent.change and one.seq < sent.seq and one.result == "done"]
    spent = max(before, default=0)
    return {one.officer: one for one in told.signatures if one.change == sent.change and spent < one.seq < sent.seq}


def _ours(told: Chronicle, sent: Sent, offices: Mapping[str, str]) -> OurChange:
    signed = _signed(told, sent)
    return OurChange(
        id=sent.change,
        tenant=sent.tenant,
        at=sent.at,
        kind=sent.kind,
        operation=sent.operation,
        direction=sent.direction,
        line=sent.line,
        hold=told.holds[sent.matter].report_alias if sent.matter in told.holds else None,
        people=sent.people,
        result=_result(sent),
        signed_by=tuple(offices.get(name, "a former officer") for name, one in signed.items() if one.verdict == "yes"),
        intent=sent.seq,
    )


def _result(sent: Sent) -> str:
    """``accepted`` or ``effective`` where it was done, else why it was not; ``open`` while nobody knows."""
    if sent.result is None:
        return "open"
    return sent.status or "done" if sent.result == "done" else sent.result


def outside(kept: Iterable[KeptDrift], told: Chronicle, period: Period, edition: Edition) -> tuple[OutsideChange, ...]:
    """What was changed by others and was open at some time in the period, what keeps less first."""
    found = [_outside(one, told, period, edition) for one in kept]
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.direction), not one.open, one.latest, one.id)))


def _outside(kept: KeptDrift, told: Chronicle, period: Period, edition: Edition) -> OutsideChange:
    document = kept.document
    since, log, vendor = mapping(document["since"]), mapping(document["attribution"]), mapping(document["vendor"])
    ended = kept.closed_at if kept.closed_at is not None and kept.closed_at < period.end else None
    restored = ended is not None and kept.closed_by == "repaired" and document["direction"] == "weakens"
    return OutsideChange(
        id=kept.id,
        tenant=kept.tenant,
        kind=kept.kind.value,
        sort=str(document["class"]),
        series=_stands_for(kept, told),
        # What was asked of Vault has no name of somebody's own: its name is ours.
        object=_shown(text(vendor["name"]), Edition.COUNSEL if kept.kind is Kind.GOOGLE_SETTING else edition, "it has no name"),
        direction=str(document["direction"]),
        fields=_fields(document),
        earliest=instant(since["earliest"]),
        latest=kept.first_seen,
        open=ended is None,
        ended=ended,
        ended_by=kept.closed_by if ended is not None else None,
        restored_after=round((ended - kept.first_seen).total_seconds()) if ended is not None and restored else None,
        log=str(log["state"]),
        account=_shown(text(log["actor"]), edition, LOGS[str(log["state"])]),
    )


def _shown(value: str | None, edition: Edition, absent: str) -> Shown:
    if value is None:
        return Shown(value=None, withheld=absent)
    return Shown(value=value) if edition is Edition.COUNSEL else Shown(value=None, withheld=PUBLIC)


def _stands_for(kept: KeptDrift, told: Chronicle) -> str | None:
    """Our key, or a hold's name in reports: the name under which tenants know a matter is not for reports."""
    if kept.key is None:
        return None
    if not TRAITS[kept.kind].hold_lane:
        return kept.key
    return hold_of(kept.key, told)


def hold_of(key: str, told: Chronicle) -> str | None:
    """The hold's name in reports behind a key of the hold lane."""
    return next((f"Hold {one.report_alias}" for alias, one in told.holds.items() if key == f"m-{alias}" or key.startswith(f"m-{alias}-")), None)


def _fields(document: Mapping[str, object]) -> tuple[FieldChange, ...]:
    names = document["fields"]
    assert isinstance(names, list)
    before, after = document["applied"], document["live"]
    was = mapping(before) if before is not None else {}
    is_now = mapping(after) if after is not None else {}
    return tuple(FieldChange(name=str(name), before=_value(str(name), was), after=_value(str(name), is_now)) for name in names)


def _value(name: str, fields: Mapping[str, object]) -> str:  # one line per sort of value
    if name not in fields or fields[name] is None:
        return "not recorded"
    value = fields[name]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return f"{len(value)} listed"
    if name == "period":
        return f"{value:,} days" if isinstance(value, int) else "for ever"
    if name in _PLAIN:
        return str(value).replace("_", " ")
    return f"{value:,}" if isinstance(value, int) else "a text"


def field_words(changes: Sequence[FieldChange]) -> str:
    """The changed settings in one sentence."""
    return "; ".join(
        FIELDS.get(one.name, one.name) + (f": {one.before} → {one.after}" if one.before != one.after else " differ") for one in changes
    )


def known_kind(value: str) -> Kind:
    """The kind of that name. Raises ValueError for one that the contract does not know."""
    return Kind(value)
