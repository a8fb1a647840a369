"""Retention policies as the service keeps them: places, distribution and its lock, and stamps on mailboxes (M§2.7, M§3.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sandbox.microsoft import holding
from sandbox.microsoft.objects import LOCATIONS, Account, Actor, Location, Policy, Rule
from sandbox.microsoft.state import TenantState, listed, seconds, stable_id, switch, tenant_of
from sandbox.world import World

_LIMITS = {"ExchangeLocation": 1000, "ModernGroupLocation": 1000, "TeamsChannelLocation": 1000, "TeamsChatLocation": 1000} | {
    "SharePointLocation": 100,
    "OneDriveLocation": 100,
}
"""Places of one static policy (M§2.8)."""
_MOST = {"Exchange": 1_800, "all sites": 13, "specific sites": 2_600}
"""Policies of one tenant over mail, over all sites or OneDrives, and over some of them (M§2.8)."""
_SITES = ("SharePointLocation", "OneDriveLocation")
_WORKLOAD = {
    "ExchangeLocation": "Exchange",
    "SharePointLocation": "SharePoint",
    "OneDriveLocation": "OneDriveForBusiness",
    "ModernGroupLocation": "ModernGroup",
    "PublicFolderLocation": "PublicFolder",
    "SkypeLocation": "Skype",
    "TeamsChannelLocation": "Teams",
    "TeamsChatLocation": "Teams",
}
_SUFFIX = {"Delete": ":1", "Keep": ":2", "KeepAndDelete": ":3"}
_EVERYBODY = re.compile(r"\(IsInactiveMailbox -eq \"False\"\) -or \(IsInactiveMailbox -eq \"True\"\)", re.IGNORECASE)
_IN_MAILBOXES = re.compile(r"^User:.*(Exchange|MicrosoftTeams)", re.IGNORECASE)
_QUERY = re.compile(r"\(?\s*(?P<name>department|title)\s+-eq\s+'(?P<value>[^']*)'\s*\)?", re.IGNORECASE)
PROPERTIES = tuple(name + tail for name in LOCATIONS for tail in ("", "Exception") if name + tail != "PublicFolderLocationException")
"""Every location property that a policy shows."""


class PlaceError(Exception):
    """A place that does not resolve, or one too many; ``limit`` tells which."""

    def __init__(self, text: str, *, limit: bool = False) -> None:
        super().__init__(text)
        self.limit = limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What was done to a policy, for those who have to know when it is through."""

    actor: Actor
    at: datetime
    due: datetime


def begin(world: World, policy: Policy, actor: Actor) -> Change:
    """Note a change of the policy: it is Pending until its distribution is through."""
    now = world.clock.now()
    change = Change(actor=actor, at=now, due=now + seconds(world, "distribution", 900))
    policy.touch(actor, now)
    policy.due, policy.status_at = change.due, now
    if switch(world, "distribution") == "error":
        places = policy.locations.get("ExchangeLocation") or [one for many in policy.locations.values() for one in many]
        policy.errors = [f"[{one.workload}]{one.name}:The location could not be reached." for one in places[:1]]
    return change


def settle(world: World) -> None:
    """Drop policies whose removal is through."""
    state, now = tenant_of(world), world.clock.now()
    for guid in [guid for guid, policy in state.policies.items() if policy.removing is not None and now >= policy.removing]:
        del state.policies[guid]
        for rule in [rule for rule in state.rules.values() if rule.policy == guid]:
            del state.rules[rule.guid]


def deploying(world: World, policy: Policy) -> bool:
    """Whether an earlier change is still on its way, so that the service takes no other."""
    return switch(world, "deploy_lock") == "stuck" or world.clock.now() < policy.due


def rules_of(state: TenantState, policy: Policy) -> list[Rule]:
    """The rules of a policy."""
    return [rule for rule in state.rules.values() if rule.policy == policy.guid]


def status(world: World, policy: Policy) -> str:
    """``Pending``, ``Error`` or ``Success``; a policy without a rule stays Pending (M§2.2)."""
    if deploying(world, policy) or policy.removing is not None or not rules_of(tenant_of(world), policy):
        return "Pending"
    return "Error" if policy.errors else "Success"


def resolve(world: World, name: str, places: Iterable[str], due: datetime) -> list[Location]:
    """The location objects behind words of a request; groups become their members of this moment. Raises ``PlaceError``."""
    found: dict[str, Location] = {}
    for place in places:
        for one in _resolved(world, name.removesuffix("Exception"), place.strip(), due):
            found[one.name.lower()] = one
    return list(found.values())


def _resolved(world: World, name: str, place: str, due: datetime) -> list[Location]:
    state, workload = tenant_of(world), _WORKLOAD[name]
    if place.lower() == "all":
        return [Location(name="All", display_name="All", identity="All", workload=workload, due=due)]
    if name in _SITES and place.rstrip("/").lower() in listed(world, "unindexed"):
        raise PlaceError(f"The location '{place}' couldn't be found or is not valid.")
    if name in _SITES:
        return [_site(state, place, name, due)]
    if name in {"ModernGroupLocation", "TeamsChannelLocation"}:
        group = state.group_at(place)
        if group is None or not group.unified:
            raise PlaceError(f"The location '{place}' couldn't be found or is not valid.")
        return [Location(name=group.mail, display_name=group.display_name, identity=group.id, workload=workload, due=due)]
    account = state.account_at(place)
    if account is not None and account.mailbox is not None:
        return [_mailbox(account, workload, due)]
    members = state.group_at(place)
    if members is None:
        raise PlaceError(f"The location '{place}' couldn't be found or is not valid.")
    return [_mailbox(one, workload, due) for one in state.members_of(members) if one.mailbox is not None]


def _mailbox(account: Account, workload: str, due: datetime) -> Location:
    return Location(name=account.upn, display_name=account.display_name, identity=account.id, workload=workload, due=due)


def _site(state: TenantState, place: str, name: str, due: datetime) -> Location:
    """A site; OneDrives are places of ``OneDriveLocation`` alone, other sites of ``SharePointLocation`` alone (docs/wire/admin-endpoint.md §2.2)."""
    url, workload = place.rstrip("/"), _WORKLOAD[name]
    for account in state.accounts.values() if name == "OneDriveLocation" else ():
        if account.drive is not None and account.drive.url.lower() == url.lower():
            return Location(
                name=account.drive.url, display_name=account.display_name, identity=account.drive.site_id, workload=workload, due=due
            )
    if name == "OneDriveLocation":
        raise PlaceError(f"The location '{place}' couldn't be found or is not valid.")
    for group in state.groups.values():
        if group.site_url and group.site_url.lower() == url.lower():
            return Location(name=group.site_url, display_name=group.display_name, identity=group.site_id, workload=workload, due=due)
    for known, title in state.sites.items():
        if known.lower() == url.lower():
            return Location(name=known, display_name=title, identity=stable_id(state.seed, f"site/{known}"), workload=workload, due=due)
    raise PlaceError(f"The location '{place}' couldn't be found or is not valid.")


def place(policy: Policy, name: str, new: Iterable[Location]) -> bool:
    """Add places to one location property; False when all were there. Raises ``PlaceError`` beyond the limit."""
    here = policy.locations.setdefault(name, [])
    known = {one.name.lower() for one in here}
    added = [one for one in new if one.name.lower() not in known]
    limit = _LIMITS.get(name.removesuffix("Exception"))
    if limit is not None and len(here) + len(added) > limit:
        raise PlaceError(f"The number of locations in {name} exceeds the limit of {limit}.", limit=True)
    here += added
    return bool(added)


def check(world: World, policy: Policy) -> None:
    """Raise ``PlaceError`` where the places do not go together, or the tenant has no room for one more policy like this (M§2.8)."""
    for name, places in policy.locations.items():
        if len(places) > 1 and any(one.everything for one in places):
            raise PlaceError(f"The value All can only be used by itself in {name}.", limit=True)
    others = [_reach(one) for one in tenant_of(world).policies.values() if one.guid != policy.guid]
    for reach in _reach(policy):
        if sum(reach in one for one in others) >= _MOST[reach]:
            raise PlaceError(f"You've reached the maximum number of policies for {reach} ({_MOST[reach]}).", limit=True)


def _reach(policy: Policy) -> set[str]:
    """What a policy counts as where Microsoft limits their number."""
    sites = [one.everything for name in PROPERTIES if name.startswith(_SITES) for one in policy.locations.get(name, [])]
    mail = {"Exchange"} if policy.locations.get("ExchangeLocation") else set()
    return mail | ({"all sites"} if True in sites else set()) | ({"specific sites"} if False in sites else set())


def displace(policy: Policy, name: str, gone: Iterable[str]) -> bool:
    """Take places out by name or identity; False when none was there."""
    words = {word.rstrip("/").lower() for word in gone}
    here = policy.locations.get(name, [])
    kept = [one for one in here if one.name.lower() not in words and one.identity.lower() not in words]
    policy.locations[name] = kept
    return len(kept) < len(here)


def retains(world: World, policy: Policy) -> list[Rule]:
    """Rules by which the policy keeps or deletes at this moment; none while it is off or being removed."""
    if not policy.enabled or policy.removing is not None or policy.priority_cleanup:
        return []
    return [rule for rule in rules_of(tenant_of(world), policy) if not rule.disabled and not rule.publishes and not rule.applies]


def organisation_stamps(world: World) -> list[str]:
    """What ``Get-OrganizationConfig`` shows: policies whose place is everything, once distributed (M§3.1)."""
    prefixes = (("ExchangeLocation", "mbx"), ("TeamsChatLocation", "mbx"), ("SkypeLocation", "skp"), ("ModernGroupLocation", "grp"))
    found: list[str] = []
    for policy in tenant_of(world).policies.values():
        for rule in retains(world, policy):
            for name, prefix in prefixes:
                if any(one.everything and world.clock.now() >= one.due for one in policy.locations.get(name, [])):
                    found.append(f"{prefix}{_bare(policy.guid)}{_SUFFIX.get(rule.action or '', '')}")
    return sorted(found)


def mailbox_stamps(world: World) -> dict[str, list[str]]:
    """``InPlaceHolds`` by account id: static and adaptive policies, exclusions from organisation-wide ones, and case holds (M§3.1)."""
    state = tenant_of(world)
    found: dict[str, list[str]] = {}
    for policy in state.policies.values():
        for rule in retains(world, policy):
            for account, stamp in _stamped(world, policy, rule):
                found.setdefault(account, []).append(stamp)
    for hold in state.holds.values():
        for source in (*(one for one in hold.sources if holding.held(world, hold, one)), *holding.leaving(world, hold)):
            if source.kind == "mailbox":
                found.setdefault(source.account, []).append(f"UniH{_bare(hold.guid)}")
    return {account: sorted(stamps) for account, stamps in found.items()}


def _stamped(world: World, policy: Policy, rule: Rule) -> Iterator[tuple[str, str]]:
    """Accounts and what one rule of a policy stamps on their mailboxes."""
    now = world.clock.now()
    stamp = f"mbx{_bare(policy.guid)}{_SUFFIX[rule.action]}" if rule.action else f"UniH{_bare(policy.guid)}"
    for name in ("ExchangeLocation", "TeamsChatLocation"):
        yield from ((one.identity, stamp) for one in policy.locations.get(name, []) if not one.everything and now >= one.due)
        yield from ((one.identity, f"-mbx{_bare(policy.guid)}") for one in policy.locations.get(f"{name}Exception", []))
    if policy.scopes and now >= policy.due:
        yield from ((account.id, stamp) for account in scoped(tenant_of(world), policy))


def scoped(state: TenantState, policy: Policy) -> list[Account]:
    """People with a mailbox whom the policy's adaptive scopes reach: by ``Department`` or ``Title -eq``, or all; other queries reach nobody here."""
    reached: dict[str, Account] = {}
    if not any(_IN_MAILBOXES.search(one) for one in policy.applications):
        return []
    for scope in (state.scopes[guid] for guid in policy.scopes):
        query = _QUERY.fullmatch((scope.query or "").strip()) if scope.location_type == "User" else None
        if scope.location_type == "User" and _EVERYBODY.fullmatch((scope.query or "").strip()):
            reached |= {one.id: one for one in state.alive() if one.mailbox is not None}
        if query is not None:
            attribute = {"department": "department", "title": "job_title"}[query["name"].lower()]
            wanted = query["value"].lower()
            reached |= {one.id: one for one in state.alive() if one.mailbox is not None and str(getattr(one, attribute)).lower() == wanted}
    return list(reached.values())


def preserved(world: World, account: Account) -> bool:
    """Whether a mailbox would become inactive if its account were deleted now: on hold by anything that keeps."""
    if account.mailbox is None:
        return False
    stamps = mailbox_stamps(world).get(account.id, [])
    keeping = [stamp for stamp in stamps if not stamp.startswith("-") and not stamp.endswith(":1")]
    excluded = {stamp[1:] for stamp in stamps if stamp.startswith("-")}
    org = [
        one
        for one in organisation_stamps(world)
        if one.startswith("mbx") and not one.endswith(":1") and one.partition(":")[0] not in excluded
    ]
    delayed = account.mailbox.delay_until is not None and world.clock.now() < account.mailbox.delay_until
    return bool(account.mailbox.litigation or account.mailbox.labelled or keeping or org or delayed)


def _bare(guid: str) -> str:
    return guid.replace("-", "")
