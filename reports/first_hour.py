"""The first-hour page of a matter: what those who run a hold need at once. It shows aliases and counts, nobody who is on hold."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from reports import words
from reports.render.html import page
from sync.matters.first_hour import FirstHour

SOURCES = {
    "requested": "to be ordered", "sent": "sent", "accepted": "accepted", "distributing": "being distributed", "effective": "in force",
    "verified": "in force, seen again", "failed": "failed", "released": "released",
}
PAPER = {"attested": "secured, signed for", "set_by_hand": "secured, says the order", "not_secured": "not secured yet"}
TIMES = (
    ("triggered", "What set it off"), ("received", "Document received on"), ("passed_to_counsel", "Passed to counsel"), ("ordered", "Ordered"),
    ("issued", "First request out"),
)


def first_hour_html(hour: FirstHour, *, made_up: bool, timezone: str = "UTC") -> str:
    """One self-contained page without scripts. Raises AccessibilityError."""
    names = _names(hour)
    zone = ZoneInfo(timezone)
    times = [(title, _when(getattr(hour.times, name), zone)) for name, title in TIMES]
    values = {"h": hour, "names": names, "made_up": made_up, "sources": SOURCES, "paper": PAPER, "times": times}
    return page("first_hour.html.j2", zone, values)


def first_hour_text(hour: FirstHour, *, made_up: bool, timezone: str = "UTC") -> str:
    """The same as plain text, for a terminal or a mail."""
    zone, names = ZoneInfo(timezone), _names(hour)
    lines = [f"FIRST HOUR: {hour.alias} ({words.HOLD_STATES[hour.state.value]}), {hour.district}, as of {words.moment(hour.made_at, zone)}"]
    if made_up:
        lines.append("MADE-UP DATA: a rehearsal.")
    lines += ["", "Do next:", *(f"  [ ] {step}" for step in hour.next_steps or ("Nothing is left to do.",)), "", "Times:"]
    lines += [f"  {title}: {_when(getattr(hour.times, name), zone)}" for name, title in TIMES]
    for cloud in hour.clouds:
        counts = ", ".join(f"{count} {SOURCES[state]}" for state, count in cloud.sources.items()) or "nothing to hold"
        lines += ["", f"{names[cloud.tenant]}: {words.many(cloud.people, 'person or place', 'people or places')}; {counts}"]
        lines += [f"  first request out {words.moment(cloud.first_sent, zone)}, all accepted {words.moment(cloud.all_accepted, zone)},"]
        lines += [f"  first in force {words.moment(cloud.first_effective, zone)}, all in force {words.moment(cloud.in_force, zone)}"]
    lines += ["", "On paper:", *(f"  {one.what}, {one.where}: {PAPER[one.state]}" for one in hour.paper)] if hour.paper else []
    lines += ["", "Whom to call:", *(f"  {words.role(one.role)}: {one.name}, {one.email or one.phone or words.NOTHING}" for one in hour.contacts)]
    lines += ["", "Other systems:", *(_system(one.name, one.owner, one.phone, one.overwrites_after) for one in hour.systems)] if hour.systems else []
    return "\n".join(words.visible(line) for line in lines) + "\n"


def _when(at: datetime | None, zone: ZoneInfo) -> str:
    """A time of the order: where it gives a day only, which is kept as midnight in UTC, no hour is made up."""
    return words.day(at) if at is not None and at.astimezone(UTC).time() == time.min else words.moment(at, zone)


def _names(hour: FirstHour) -> dict[str, str]:
    return {cloud.tenant: words.PLATFORMS[cloud.platform] for cloud in hour.clouds}


def _system(name: str, owner: str, phone: str | None, overwrites: str | None) -> str:
    after = f", overwrites after {overwrites}" if overwrites else ""
    return f"  {name}: {owner}{', ' + phone if phone else ''}{after}"
