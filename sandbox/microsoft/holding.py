"""Cases and holds as the service keeps them: one set of acts for Graph, for the cmdlets, and for the console (M§3.2 to M§3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sandbox.microsoft import audit
from sandbox.microsoft.objects import Account, Actor, Case, Hold, Operation, Source, SourceKind
from sandbox.microsoft.plans import ARCHIVE, EXCHANGE_PLAN_2, has_plan
from sandbox.microsoft.state import licence, listed, seconds, settle_time, stable_id, switch, tenant_of
from sandbox.world import World

DELAY_HOLD = timedelta(days=30)
MAILBOXES, SITES = 1000, 100
LONGEST_NAME, LONGEST_DESCRIPTION = 64, 256
"""Characters of a name, and of a case's description (docs/wire/admin-endpoint.md §2.5)."""
LONGEST_QUERY, MOST_POLICIES = 10_000, 10_000
"""Characters of a query (M§3.7); policies of one tenant, retention and holds together (M§2.8)."""
_UNSET = UUID(int=0)


class HoldError(Exception):
    """Why the service does not do it: ``kind`` is ``exists``, ``closed``, ``missing`` or ``limit``; the text is for people."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def check_room(world: World) -> None:
    """Raise ``HoldError`` when the tenant has as many policies as it can have, whatever their kind (M§2.8)."""
    state = tenant_of(world)
    if len(state.policies) + len(state.holds) >= MOST_POLICIES:
        raise HoldError("limit", f"You've reached the maximum number of policies ({MOST_POLICIES}).")


def open_case(world: World, actor: Actor, name: str, description: str = "", external_id: str = "", case_type: str = "eDiscovery") -> Case:
    """Make a case; raises ``HoldError`` when the name is taken, or name or description too long."""
    state, now = tenant_of(world), world.clock.now()
    _check_case(world, {"name": name, "comment": description})
    case = Case(
        name=name,
        guid=state.new_id("case"),
        comment=description,
        external_id=external_id,
        case_type=case_type,
        created=now,
        changed=now,
        created_by=actor,
        changed_by=actor,
        members=[actor.object_id],
        materialised=now + seconds(world, "case_materialise", 0),
    )
    state.cases[case.guid] = case
    _case_event(world, actor, "CaseAdded", case)
    return case


def _check_case(world: World, values: dict[str, str], own: str = "") -> None:
    """Raise ``HoldError`` for a name or description that is too long, and for a name that another case has."""
    name = values.get("name")
    if name is not None and not 0 < len(name.strip()) <= LONGEST_NAME:
        raise HoldError("limit", f"The name of a case must have 1 to {LONGEST_NAME} characters.")
    if len(values.get("comment", "")) > LONGEST_DESCRIPTION:
        raise HoldError("limit", f"The description of a case can't be longer than {LONGEST_DESCRIPTION} characters.")
    taken = {case.name.lower() for case in tenant_of(world).cases.values() if case.guid != own}
    if name is not None and name.lower() in taken:
        raise HoldError("exists", "A case with the same name already exists.")


def change_case(world: World, actor: Actor, case: Case, values: dict[str, str]) -> bool:
    """Set ``name``, ``comment`` or ``external_id``; False when all of it was so already. Raises ``HoldError`` as for a new case."""
    _check_case(world, values, case.guid)
    changed = {key: value for key, value in values.items() if getattr(case, key) != value}
    for key, value in changed.items():
        setattr(case, key, value)
    if changed:
        case.touch(actor, world.clock.now())
        _case_event(world, actor, "CaseUpdated", case)
    return bool(changed)


def case_status(world: World, case: Case) -> str:
    """``active``, ``closing`` or ``closed``."""
    if case.closed_at is None:
        return "active"
    return "closed" if world.clock.now() >= case.closed_at else "closing"


def close_case(world: World, actor: Actor, case: Case) -> None:
    """Close: its holds are turned off, and their places get a delay hold of 30 days (M§3.7)."""
    if case.closed_at is not None:
        return
    case.closed_at = world.clock.now() + seconds(world, "case_close", 60)
    case.closed_by = actor
    case.touch(actor, world.clock.now())
    for hold in holds_of(world, case):
        if hold.enabled:
            _turn(world, hold, enabled=False)
    _case_event(world, actor, "CaseUpdated", case, status="Closed")


def reopen_case(world: World, actor: Actor, case: Case) -> None:
    """Open again; the holds stay off (M§3.7)."""
    if case.closed_at is None:
        return
    case.closed_at, case.closed_by = None, None
    case.touch(actor, world.clock.now())
    _case_event(world, actor, "CaseUpdated", case, status="Active")


def holds_of(world: World, case: Case) -> list[Hold]:
    """The holds of a case in the order they were made."""
    return [hold for hold in tenant_of(world).holds.values() if hold.case == case.guid]


def make_hold(world: World, actor: Actor, case: Case, name: str, values: dict[str, str]) -> Hold:
    """Make a hold (``comment``, ``query``, ``rule``); raises ``HoldError`` when the case is closed or the name taken in the tenant."""
    state, now = tenant_of(world), world.clock.now()
    _need_open(case)
    check_room(world)
    _check_query(values)
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise HoldError("limit", f"The name of a hold policy must have 1 to {LONGEST_NAME} characters.")
    if any(hold.name.lower() == name.lower() for hold in state.holds.values()):
        raise HoldError("exists", "A hold policy with the same name already exists.")
    hold = Hold(
        name=name,
        guid=state.new_id("hold"),
        case=case.guid,
        comment=values.get("comment", ""),
        query=values.get("query", ""),
        rule=values.get("rule", "") or (state.new_id("holdrule") if values.get("ruled") else ""),
        rule_name=name,
        created=now,
        changed=now,
        created_by=actor,
        changed_by=actor,
    )
    state.holds[hold.guid] = hold
    hold_event(world, actor, "HoldCreated", hold)
    return hold


def change_hold(world: World, actor: Actor, hold: Hold, values: dict[str, str]) -> bool:
    """Set ``comment`` or ``query``; a new query is distributed again. False when all of it was so already; ``HoldError`` for one too long."""
    _check_query(values)
    changed = {key: value for key, value in values.items() if getattr(hold, key) != value}
    for key, value in changed.items():
        setattr(hold, key, value)
    if changed:
        hold.touch(actor, world.clock.now())
        hold_event(world, actor, "HoldUpdated", hold)
    if "query" in changed:
        redistribute(world, actor, hold)
    return bool(changed)


def _check_query(values: dict[str, str]) -> None:
    if len(values.get("query", "")) > LONGEST_QUERY:
        raise HoldError("limit", f"The query can't be longer than {LONGEST_QUERY} characters.")


def add_rule(world: World, actor: Actor, hold: Hold, name: str, query: str) -> None:
    """Give the hold its one rule: from now on it holds. Raises ``HoldError`` in a closed case, and for a name that another rule has."""
    state = tenant_of(world)
    _need_open(state.cases[hold.case])
    _check_query({"query": query})
    if any(one.rule and one.rule_name.lower() == name.lower() for one in state.holds.values()):
        raise HoldError("exists", "A hold rule with the same name already exists.")
    hold.rule, hold.rule_name, hold.query = state.new_id("holdrule"), name, query
    redistribute(world, actor, hold)


def enable_rule(world: World, actor: Actor, hold: Hold, *, enabled: bool) -> bool:
    """Turn the rule of a hold on or off, which distributes it again; False when it was so already. ``HoldError`` for turning on in a closed case."""
    if enabled:
        _need_open(tenant_of(world).cases[hold.case])
    if hold.rule_disabled is not enabled:
        return False
    hold.rule_disabled = not enabled
    redistribute(world, actor, hold)
    for source in () if enabled else hold.sources:
        _delay(world, source)
    hold_event(world, actor, "HoldUpdated", hold)
    return True


def remove_hold(world: World, actor: Actor, hold: Hold) -> None:
    """Delete a hold: its places are free after the delay hold."""
    state = tenant_of(world)
    for source in hold.sources:
        if held(world, hold, source):
            _delay(world, source)
    del state.holds[hold.guid]
    hold_event(world, actor, "HoldRemoved", hold)


def enable_hold(world: World, actor: Actor, hold: Hold, *, enabled: bool) -> bool:
    """Turn a hold on or off; False when it was so already. Raises ``HoldError`` for turning on in a closed case."""
    if enabled:
        _need_open(tenant_of(world).cases[hold.case])
    if hold.enabled == enabled:
        return False
    _turn(world, hold, enabled=enabled)
    hold.touch(actor, world.clock.now())
    hold_event(world, actor, "HoldUpdated", hold, enabled=str(enabled))
    return True


def _turn(world: World, hold: Hold, *, enabled: bool) -> None:
    was_held = {(source.kind, source.id): not enabled and held(world, hold, source) for source in hold.sources}
    hold.enabled = enabled
    now = world.clock.now()
    hold.leaving = [source for source in hold.leaving if now < source.due]
    for source in hold.sources:
        if was_held[source.kind, source.id]:
            _delay(world, source)
        _restart(world, hold, source)
    _operation(world, hold)


def retry_hold(world: World, actor: Actor, hold: Hold) -> None:
    """Distribute again: what failed is tried anew."""
    for source in hold.sources:
        if source.failed or source.partial:
            source.failed, source.partial = _failure(world, source), False
            _restart(world, hold, source)
    hold.touch(actor, world.clock.now())
    _operation(world, hold)


def redistribute(world: World, actor: Actor, hold: Hold) -> None:
    """Begin anew with every place, as a new rule does."""
    for source in hold.sources:
        _restart(world, hold, source)
    hold.touch(actor, world.clock.now())
    _operation(world, hold)


def _restart(world: World, hold: Hold, source: Source) -> None:
    now = world.clock.now()
    source.since, source.due = now, now + settle_time(world, source.kind, f"{hold.guid}/{source.id}/{now.isoformat()}")


def add_source(world: World, actor: Actor, hold: Hold, kind: str, place: str) -> Source:
    """Put a mailbox (address or object id) or site (URL) into a hold; the same one again is the same source. Raises ``HoldError``."""
    _need_open(tenant_of(world).cases[hold.case])
    now = world.clock.now()
    source = (
        _source("mailbox", _mailbox(world, place), actor, now) if kind == "mailbox" else _source("site", _site(world, place), actor, now)
    )
    for known in hold.sources:
        if known.id == source.id and known.kind == source.kind:
            return known
    count = sum(known.kind == source.kind for known in hold.sources)
    if count >= (MAILBOXES if source.kind == "mailbox" else SITES):
        raise HoldError("limit", f"The number of locations in the policy '{hold.name}' exceeds the limit.")
    _restart(world, hold, source)
    source.failed = _failure(world, source)
    source.partial = switch(world, "hold_result") == "partial"
    hold.sources.append(source)
    hold.touch(actor, world.clock.now())
    _operation(world, hold)
    hold_event(world, actor, "HoldUpdated", hold, added=place)
    return source


def remove_source(world: World, actor: Actor, hold: Hold, source: Source) -> None:
    """Take a place out of a hold, which is distributed like any change; what was held gets a delay hold. Raises ``HoldError`` in a closed case."""
    _need_open(tenant_of(world).cases[hold.case])
    hold.sources.remove(source)
    if held(world, hold, source):
        _delay(world, source)
        hold.leaving.append(source)
    _restart(world, hold, source)
    hold.unsettled = source.due
    hold.touch(actor, world.clock.now())
    _operation(world, hold)
    hold_event(world, actor, "HoldUpdated", hold, removed=source.place)


def _mailbox(world: World, place: str) -> _Place:
    state = tenant_of(world)
    wanted = place.lower()
    if wanted.startswith("."):
        account = next((found for found in state.accounts.values() if wanted[1:] in found.addresses and _inactive(found)), None)
        identity = f"{_UNSET}{wanted}"
    else:
        account = state.account_at(wanted)
        identity = account.id if account is not None else ""
    if account is None:
        return _group_mailbox(world, place)
    name = place if wanted.startswith(".") else account.display_name
    return _Place(id=identity, name=name, place=wanted if wanted.startswith(".") else account.upn, account=account.id)


def _group_mailbox(world: World, place: str) -> _Place:
    """The mailbox of a Microsoft 365 group, under which its team's channels are kept; a distribution group has none (docs/wire)."""
    group = tenant_of(world).group_at(place)
    if group is None or not group.unified or switch(world, "group_mailboxes") == "refused":
        raise HoldError("missing", f"The mailbox or site '{place}' could not be found.")
    return _Place(id=group.id, name=group.display_name, place=group.mail)


def _inactive(account: Account) -> bool:
    return account.mailbox is not None and account.mailbox.inactive


def _site(world: World, place: str) -> _Place:
    state, url = tenant_of(world), place.rstrip("/")
    if url.lower() in listed(world, "unindexed"):
        # Sites without an index or a title cannot be held (M§3.4).
        raise HoldError("missing", f"The mailbox or site '{place}' could not be found.")
    for account in state.accounts.values():
        if account.drive is not None and account.drive.url.lower() == url.lower():
            return _Place(id=account.drive.site_id, name=account.display_name, place=account.drive.url, account=account.id)
    for group in state.groups.values():
        if group.site_url and group.site_url.lower() == url.lower():
            return _Place(id=group.site_id, name=group.display_name, place=group.site_url)
    for known, title in state.sites.items():
        if known.lower() == url.lower():
            return _Place(id=stable_id(world.seed, f"site/{known}"), name=title, place=known)
    raise HoldError("missing", f"The mailbox or site '{place}' could not be found.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a word of a request turned out to be."""

    id: str
    name: str
    place: str
    account: str = ""


def _source(kind: SourceKind, found: _Place, actor: Actor, now: datetime) -> Source:
    return Source(
        id=found.id, kind=kind, name=found.name, place=found.place, account=found.account, created=now, created_by=actor, since=now, due=now
    )


def _failure(world: World, source: Source) -> str:
    """Why a place cannot be held: an error text of the hold, or empty."""
    if switch(world, "hold_result") == "error":
        return f"{'MailboxNotFound' if source.kind == 'mailbox' else 'SiteNotFound'}: {source.place}"
    if source.kind == "site" or source.place.startswith(".") or not source.account:
        return ""
    account = tenant_of(world).accounts[source.account]
    if account.mailbox is None or not has_plan(licence(world), account.tier, EXCHANGE_PLAN_2, ARCHIVE):
        return f"MailboxNotLicensed: {source.place}"
    return ""


def source_status(world: World, hold: Hold, source: Source) -> str:
    """``notApplied applying applied removing partial`` at this moment of the sandbox's clock."""
    passed = world.clock.now() >= source.due
    if not hold.enabled or hold.rule_disabled:
        return "notApplied" if passed or source.failed else "removing"
    if source.failed or not hold.rule:
        return "notApplied"
    if not passed:
        return "applying"
    return "partial" if source.partial else "applied"


def held(world: World, hold: Hold, source: Source) -> bool:
    """Whether the place carries the hold's stamp: since applied, and until a removal is through."""
    return source_status(world, hold, source) in {"applied", "partial", "removing"}


def leaving(world: World, hold: Hold) -> list[Source]:
    """Places that were taken out and whose stamp is still there."""
    return [source for source in hold.leaving if world.clock.now() < source.due]


def hold_errors(hold: Hold) -> list[str]:
    """The hold's error texts."""
    return [source.failed for source in hold.sources if source.failed]


def distribution(world: World, hold: Hold) -> str:
    """``Pending``, ``Success`` or ``Error`` as the cmdlets show a case hold's distribution."""
    if not hold.rule or switch(world, "deploy_lock") == "stuck":
        return "Pending"
    if any(world.clock.now() < source.due for source in hold.sources) or (hold.unsettled is not None and world.clock.now() < hold.unsettled):
        return "Pending"
    return "Error" if hold_errors(hold) else "Success"


def _need_open(case: Case) -> None:
    if case.closed_at is not None:
        raise HoldError("closed", "The case is closed.")


def _delay(world: World, source: Source) -> None:
    account = tenant_of(world).accounts.get(source.account)
    if source.kind == "mailbox" and account is not None and account.mailbox is not None:
        account.mailbox.delay_until = world.clock.now() + DELAY_HOLD


def _operation(world: World, hold: Hold) -> None:
    state, now = tenant_of(world), world.clock.now()
    due = max((source.due for source in hold.sources), default=now)
    number = state.new_id("operation").replace("-", "")
    state.cases[hold.case].operations.append(Operation(id=number, started=now, done=due))


def hold_event(world: World, actor: Actor, operation: str, hold: Hold, **more: str) -> None:
    """A Discovery record about a hold."""
    case = tenant_of(world).cases[hold.case]
    extra = [("ObjectType", "HoldPolicy"), ("Case", case.name), ("CaseId", case.guid), ("HoldId", hold.guid), *more.items()]
    audit.record(world, actor, (audit.DISCOVERY, operation), hold.name, extra=extra)


def _case_event(world: World, actor: Actor, operation: str, case: Case, status: str = "") -> None:
    extra = [("ObjectType", "Case"), ("Case", case.name), ("CaseId", case.guid)]
    audit.record(world, actor, (audit.DISCOVERY, operation), case.name, extra=[*extra, ("Status", status)] if status else extra)
