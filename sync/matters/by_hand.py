"""The by-hand sheet of a matter: what a person does in the consoles for exactly the sources that are not held, written out ready to use. Pure.

The words are the connectors' own, the same that a plan's sheet uses. Recordwarden finds what was done by its mark and verifies it like its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from policies.kinds import Platform, Workload
from sync.instructing import instructed, written
from sync.matters.deeds import Handwork, Missing, Tools, handwork, missing
from sync.matters.model import Matter

_CLOUDS = {Platform.MICROSOFT365: "Microsoft 365", Platform.GOOGLE_WORKSPACE: "Google Workspace"}
_PLACES = {Workload.DRIVE: "OneDrive", Workload.MAIL: "mailbox", Workload.ARCHIVE: "archive mailbox", Workload.SITE: "site",
           Workload.GROUP: "mailbox or archive of the group", Workload.SHARED_DRIVE: "shared drive"}


def sheet(matter: Matter, tools: Sequence[Tools], district: str) -> str | None:
    """The sheet as plain text, or None when every source has been accepted. It names people: it is for those who carry out the hold."""
    lacking = [one for tool in tools if (one := missing(matter, tool)).sources or one.people or one.places]
    waiting = [line.text for line in matter.lines if line.expanded is None and not line.candidates]
    if not lacking and not waiting:
        return None
    lines = [f"BY HAND: matter {matter.tenant_alias}", ""]
    lines += ["Recordwarden could not hold what stands here. Do it in this order, as written, then run: hold status --refresh", ""]
    for one in lacking:
        lines += [f"== {one.tools.tenant.id}: {_CLOUDS[one.tools.tenant.platform]} ==", *_not_looked_at(matter, one)]
        lines += [*_tenant(matter, one, district), ""]
    if waiting:
        lines += ["== Not looked up yet ==", "Find out who is meant, and hold them in both clouds:"]
        lines += _checkboxes(f"everybody in: {one}" for one in waiting)
    return "\n".join(lines).rstrip() + "\n"


def _not_looked_at(matter: Matter, lacking: Missing) -> list[str]:
    if not lacking.tools.unreachable:
        return []
    tenant = lacking.tools.tenant.id
    at = matter.looked.get(tenant)
    known = f"what was known at the last look, {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "what the order says: nobody has looked there yet"
    return [f"{tenant} could not be looked at now. What stands here is {known}.", ""]


def _tenant(matter: Matter, lacking: Missing, district: str) -> list[str]:
    connector = lacking.tools.connector
    work = handwork(matter, lacking, connector, district) if connector else Handwork()
    steps = instructed(connector, work.deeds) if connector else None
    if steps is None:
        return ["This call did not open the tenant; hold in its console:", *_plain(lacking)]
    lines = written(steps)
    if work.sought:
        lines += ["Look these up, and add to the hold what exists:"]
        lines += [*_checkboxes(f"{_word(what)} of {whose}" for what, whose in work.sought), ""]
    if work.refused:
        lines += ["What no interface of the platform holds; see in its console:"]
        lines += [*_checkboxes(f"{_word(what)} of {whose} ({why})" for what, whose, why in work.refused), ""]
    return [*lines, *_unknown_note(lacking)]


def _plain(lacking: Missing) -> list[str]:
    known = {f"{_word(one.workload)}: {one.place.container or one.place.address}" for one in lacking.sources}
    named = [f"{_word(one.place)}: {one.address}" for one in lacking.places if one.place is not None]
    return _checkboxes([*sorted(known), *lacking.addresses, *named])


def _unknown_note(lacking: Missing) -> list[str]:
    if not lacking.strangers:
        return []
    words = "could not be asked who of these has an account there. Hold those who have, and note those who have none:"
    return [f"{lacking.tools.tenant.id} {words}", *_checkboxes(lacking.strangers)]


def _word(workload: Workload) -> str:
    return _PLACES.get(workload, workload.value)


def _checkboxes(names: Iterable[str]) -> list[str]:
    return [f"  [ ] {name}" for name in dict.fromkeys(names)]
