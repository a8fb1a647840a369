"""The by-hand sheet of a matter: what a person does in the consoles for exactly the sources that are not held, written out ready to use. Pure.

Recordwarden finds what was done by its mark and verifies it like its own. The commands are the vendor's documented ones (M§3.6); for Google Vault the
web application is the way, for there is no other that Google supports by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from policies.keys import key_of
from policies.kinds import Platform, Workload
from policies.resources import Mark
from sync.matters.model import TAKEN, Matter, PersonCode, PersonOnHold, Presence, Source, SourceState

_SERVICES = {
    Workload.MAIL: "Gmail", Workload.DRIVE: "Drive", Workload.CHAT: "Google Chat", Workload.GROUP: "Groups", Workload.VOICE: "Voice",
    Workload.CALENDAR: "Calendar", Workload.GEMINI: "Gemini", Workload.SHARED_DRIVE: "Drive (shared drive)",
}
_SITES = {Workload.DRIVE: "OneDrive", Workload.SITE: "site"}
_IN_MAILBOX = frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.CHAT, Workload.CALENDAR, Workload.GROUP})
_NOTHING_TO_DO = frozenset({PersonCode.NO_CONTAINER.value, PersonCode.NOT_LICENSED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Missing:
    """What is not held in one tenant: sources we know, and addresses that nobody could look up."""

    tenant: str
    platform: Platform
    sources: tuple[Source, ...]
    addresses: tuple[str, ...]


def sheet(matter: Matter, platforms: Mapping[str, Platform], district: str) -> str | None:
    """The sheet as plain text, or None when every source has been accepted. It names people: it is for those who carry out the hold."""
    missing = [one for tenant, platform in platforms.items() if (one := _missing(matter, tenant, platform)).sources or one.addresses]
    waiting = [line.text for line in matter.lines if line.expanded is None and not line.candidates]
    if not missing and not waiting:
        return None
    lines = [f"BY HAND: matter {matter.tenant_alias}", ""]
    lines += ["Recordwarden could not hold what stands here. Do it as written, then run: hold status --refresh", ""]
    for one in missing:
        lines += _microsoft(matter, one, district) if one.platform is Platform.MICROSOFT365 else _google(matter, one, district)
    if waiting:
        lines += ["== Not looked up yet ==", "Find out who is meant, and hold them in both clouds:", *_checkboxes("everybody in", waiting)]
    return "\n".join(lines).rstrip() + "\n"


def _missing(matter: Matter, tenant: str, platform: Platform) -> _Missing:
    sources = tuple(source for source in matter.sources if source.tenant == tenant and _open(source))
    unread = [person for person in matter.people if tenant in person.where(Presence.UNREAD) or _unsought(person, tenant)]
    return _Missing(tenant=tenant, platform=platform, sources=sources, addresses=tuple(sorted({address for one in unread for address in _all(one)})))


def _open(source: Source) -> bool:
    """Whether a person could do something about it: a missing licence or a place that does not exist is nothing to order."""
    return source.state not in TAKEN and source.state is not SourceState.RELEASED and source.code not in _NOTHING_TO_DO


def _unsought(person: PersonOnHold, tenant: str) -> bool:
    return person.place is None and not person.candidates and tenant not in person.answers


def _all(person: PersonOnHold) -> Iterable[str]:
    return () if person.place else (person.address, *person.also)


def _microsoft(matter: Matter, missing: _Missing, district: str) -> list[str]:
    alias, case = matter.tenant_alias, key_of("m", matter.tenant_alias)
    inside = [source for source in missing.sources if source.workload in _IN_MAILBOX]
    # An inactive mailbox is addressed with the period before its address (M§3.1), which only the place has.
    mailboxes = sorted({source.place.container or source.place.address for source in inside} | set(missing.addresses))
    elsewhere = [source for source in missing.sources if source.workload not in _IN_MAILBOX]
    sites = sorted({source.place.container for source in elsewhere if source.place.container})
    sought = sorted({f"{_SITES.get(source.workload, 'site')} of {source.place.address}" for source in elsewhere if not source.place.container})
    keys = sorted({source.resource for source in missing.sources if source.resource}) or [key_of("m", alias, "1")]
    mark, hold_mark = Mark(district=district, key=case, generation=1), Mark(district=district, key=keys[0], generation=1)
    query = f" -ContentMatchQuery {_quoted(matter.details.terms)}" if matter.details.terms else ""
    return [
        f"== {missing.tenant}: Microsoft 365 ==",
        "In the browser: purview.microsoft.com > eDiscovery > Cases. Create (or open) the case below, in it Hold policies > Create,",
        "choose the people and sites below as locations, leave conditions " + ("as written below." if query else "empty, save, and switch it on."),
        *_checkboxes("mailbox", mailboxes), *_checkboxes("site", sites), *_checkboxes("look up and add, where it exists", sought),
        *_unknown_note(missing), "",
        "Or in PowerShell (Security & Compliance), as an eDiscovery Manager:", "",
        "  Connect-IPPSSession",
        f"  New-ComplianceCase -Name {_quoted(alias)} -ExternalId {_quoted(str(mark))}",
        f"  New-CaseHoldPolicy -Name {_quoted(f'{alias} 1')} -Case {_quoted(alias)} -Comment {_quoted(str(hold_mark))} -Enabled $true"
        + _locations("ExchangeLocation", mailboxes) + _locations("SharePointLocation", sites),
        f"  New-CaseHoldRule -Name {_quoted(f'{alias} 1')} -Policy {_quoted(f'{alias} 1')}{query}",
        f"  Get-CaseHoldPolicy -Case {_quoted(alias)} -DistributionDetail   # Success for every location, within 24 hours", "",
    ]


def _google(matter: Matter, missing: _Missing, district: str) -> list[str]:
    alias = matter.tenant_alias
    lines = [
        f"== {missing.tenant}: Google Workspace ==",
        f"In the browser: vault.google.com > Matters > Create. Name: {alias}",
        f"Description: {Mark(district=district, key=key_of('m', alias), generation=1)}",
    ]
    by_service: dict[Workload, set[str]] = {}
    for source in missing.sources:
        by_service.setdefault(source.workload, set()).add(source.place.address)
    for workload in (Workload.MAIL, Workload.DRIVE, Workload.CHAT) if missing.addresses else ():
        by_service.setdefault(workload, set()).update(missing.addresses)
    for workload, addresses in sorted(by_service.items()):
        key = next((source.resource for source in missing.sources if source.workload is workload and source.resource), None)
        mark = f" {Mark(district=district, key=key, generation=1)}" if key else ""
        lines += ["", f"Holds > Create. Name: {alias} {workload.value}{mark}. Service: {_SERVICES.get(workload, workload.value)}. Specific accounts:"]
        lines += _checkboxes("account", sorted(addresses))
        lines += [f"    Terms: {matter.details.terms}"] if matter.details.terms and workload in {Workload.MAIL, Workload.GROUP} else []
    return [*lines, *_unknown_note(missing), ""]


def _unknown_note(missing: _Missing) -> list[str]:
    if not missing.addresses:
        return []
    return [f"    {missing.tenant} could not be asked who of them has an account there. Hold those who have, and note those who have none."]


def _checkboxes(what: str, names: Sequence[str]) -> list[str]:
    return [f"  [ ] {what}: {name}" for name in names]


def _locations(option: str, names: Sequence[str]) -> str:
    return f" -{option} {','.join(_quoted(name) for name in names)}" if names else ""


def _quoted(text: str | None) -> str:
    """A PowerShell literal: nothing in it is expanded."""
    return "'" + (text or "").replace("'", "''").replace("\n", " ") + "'"
