"""Microsoft's side of the campaign: every request of a hold's life over Graph, and by cmdlet where Graph refuses, and the reads that it rests on."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.base import Connector
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from policies.duties import Duty
from policies.kinds import Kind, Platform
from policies.resources import find_mark
from sandbox import microsoft
from sandbox.microsoft import holding
from sandbox.microsoft.objects import Actor, AuditQuery, Case, Group, Hold
from sandbox.microsoft.state import TenantState, tenant_of
from sandbox.world import World
from sync.matters.order import MatterOrder
from tests.campaign.cells import EVERYWHERE, Cell, Method
from tests.campaign.planting import Paging, Planted, plant_on_wire
from tests.campaign.releasing import SOME, WHOLE, LetGo, Parting, Promised
from tests.campaign.theatre import Stock

_CASES = "/security/cases/ediscoveryCases"
_CASE = _CASES + "/{case}"
_HOLDS = _CASE + "/legalHolds"
_HOLD = _HOLDS + "/{hold}"
REOPEN, ENABLE, RETRY = f"POST {_CASE}/reopen", f"POST {_HOLD}/enablePolicy", f"POST {_HOLD}/retryPolicy"
USERS, SITES = f"POST {_HOLD}/userSources", f"POST {_HOLD}/siteSources"
USER, SITE = f"DELETE {_HOLD}/userSources/{{source}}", f"DELETE {_HOLD}/siteSources/{{source}}"
DISABLE, CLOSE = f"POST {_HOLD}/disablePolicy", f"POST {_CASE}/close"
_RELEASES: Mapping[str, str] = {
    USER: SOME, SITE: SOME, DISABLE: WHOLE, CLOSE: WHOLE,
    "Set-CaseHoldPolicy -Remove…Location": SOME, "Set-CaseHoldPolicy -Enabled": WHOLE, "Set-ComplianceCase -Close": WHOLE,
}  # fmt: skip
"""What ends holds, by what has to be let go for it."""

_WRITES = (f"POST {_CASES}", f"POST {_HOLDS}", USERS, SITES, REOPEN, f"PATCH {_CASE}", ENABLE, f"PATCH {_HOLD}", RETRY, USER, SITE, DISABLE, CLOSE)
_LISTS = (
    f"GET {_CASES}", f"GET {_HOLDS}", f"GET {_HOLD}/userSources", f"GET {_HOLD}/siteSources", "GET /users", "GET /groups",
    "GET /directory/deletedItems/microsoft.graph.user",
)  # fmt: skip
_MEMBERS = "GET /groups/{group}/transitiveMembers/microsoft.graph.user"
_SINGLE = frozenset({f"GET {_HOLDS}", "GET /directory/deletedItems/microsoft.graph.user"})
"""Lists that have one thing in them here."""
_READS = (f"GET {_HOLD}", f"GET {_CASE}", "GET /organization", "GET /subscribedSkus", "GET /users/{user}/drive", "GET /security/labels/retentionLabels")
"""One object each, or (subscriptions) a collection that Graph never pages."""
_QUERIES = "/security/auditLog/queries"
_LOG = (f"POST {_QUERIES}", f"GET {_QUERIES}", f"GET {_QUERIES}/{{query}}", f"GET {_QUERIES}/{{query}}/records", "subscriptions/content")
"""Who changed it is asked of both sources of the log, wherever something differs."""
METHODS = (
    *(Method(surface="graph", operation=name, writes=True) for name in _WRITES),
    *(Method(surface="graph", operation=name, writes=False, pages=True) for name in (*_LISTS, _MEMBERS)),
    *(Method(surface="graph", operation=name, writes=False) for name in _READS),
    *(Method(surface="activity" if "/content" in name else "graph", operation=name, writes=False, pages=name == f"GET {_QUERIES}") for name in _LOG),
    *(Method(surface=surface, operation="EXOModuleFile", writes=False) for surface in ("compliance", "exchange")),
    Method(surface="exchange", operation="Get-Mailbox", writes=False, pages=True),
    Method(surface="authority", operation="openid-configuration", writes=False),
    Method(surface="authority", operation="token", writes=False),
)
_TEAMS = ("Campaign team 1", "Campaign team 2")
_DAY = timedelta(days=1)
SHORT = Paging(switches={"m365.page_size": "1"}, token="skiptoken", linked=True)
EMPTY_FIRST = Paging(switches={"m365.empty_page": "legalHolds,microsoft.graph.user"}, token="skiptoken", linked=True)
"""Graph may begin a list with an empty page that leads on (M§7), so that even a list of one thing can be read half."""


@dataclass
class MicrosoftTheatre(Stock):
    """One run's expectations: who must be held, and what of others must stay as it was."""

    tenant = "m365"
    platform = Platform.MICROSOFT365
    package = microsoft
    methods = METHODS
    strikes = EVERYWHERE
    proven = frozenset[Kind]()
    promised: Promised = field(default_factory=Promised)
    others: dict[str, object] = field(default_factory=dict)
    number: int = 0

    def connector(self) -> Connector:
        return Microsoft365Connector(allowed=Allowed(admin=True), groups=frozenset(f"name:{name}" for name in _TEAMS))

    def duties(self) -> tuple[Duty, ...]:
        return ()

    def prepare(self, world: World) -> None:
        state = tenant_of(world)
        _lengthen(state, world.clock.now())
        self.others = _others(state)

    def orders(self, world: World, rng: random.Random, *, grouped: bool = False) -> MatterOrder:
        """An order for two people or more, of whom one was never looked up before, where there still is one; ``grouped``: as the members of a group."""
        self.number += 1
        state = tenant_of(world)
        able = [address for person in world.people if _holdable(state, address := f"{person.local_part}@{world.domain}")]
        fresh = [address for address in able if address not in self.promised.ever]
        first = rng.sample(fresh or able, k=1)
        chosen = [*first, *rng.sample([one for one in able if one not in first], k=rng.choice((1, 2, 3)))]
        alias = f"campaign-{self.number}"
        self.promised.held[alias] = set(chosen)
        people = [{"address": one} for one in chosen]
        empty = [one for one in state.groups.values() if one.display_name in _TEAMS and not one.members]
        if grouped and empty:  # who is in a group is looked up at the vendor, page by page
            group = empty[0]
            group.members = [account.id for one in chosen if (account := state.account_at(one)) is not None]
            people = [{"group": group.mail}]
        return MatterOrder.model_validate({"alias": alias, "ordered_by": "counsel", "people": people})

    def provoke(self, world: World, method: Method, rng: random.Random) -> MatterOrder | Parting | None:
        acts, what = _ACTS.get(method.operation), _RELEASES.get(method.words)
        with world.lock:
            if what is not None:
                return self._release(world, what, rng)
            state = tenant_of(world)
            ours = [hold for hold in state.holds.values() if find_mark(hold.comment) is not None and self._may_be_touched(state, hold)]
            if acts is None or not ours:  # or what an earlier strike left is not whole yet, so somebody new is put on hold instead
                return self.orders(world, rng, grouped=method.operation == _MEMBERS)
            acts(world, state, rng.choice(ours))
        return None

    def _release(self, world: World, what: str, rng: random.Random) -> Parting:
        alias, order = self.promised.chosen(what, rng), None
        if alias is None:
            order = self.orders(world, rng, grouped=rng.random() < 0.5)  # a coin
            alias = f"campaign-{self.number}"
        return Parting(alias=alias, people=self.promised.let_go(alias, what, rng), order=order)

    def _may_be_touched(self, state: TenantState, hold: Hold) -> bool:
        """Whether somebody in the console may spoil it, and it has to be mended: it is on, and nobody is being let go as a whole."""
        places = {source.place.lower() for source in hold.sources}
        ending = any(places == _places(state, people) for people in self.promised.ended.values())
        return bool(hold.sources) and _is_open(state, hold) and not ending

    def let_go(self, world: World) -> LetGo:  # people have the same address everywhere here
        return self.promised.asked(str)

    def plant(self, world: World, cell: Cell, rng: random.Random) -> Planted:
        return plant_on_wire(world, cell, rng, EMPTY_FIRST if cell.method.operation in _SINGLE else SHORT)

    def wrongs(self, world: World, district: str) -> tuple[str, ...]:
        state = tenant_of(world)
        found = [f"another's object was touched: {name}" for name, value in _others(state).items() if self.others.get(name) != value]
        found += [f"another's object is gone: {name}" for name in self.others.keys() - _others(state).keys()]
        ours = [case for case in state.cases.values() if (mark := find_mark(case.external_id)) is not None and mark.district == district]
        found += [f"{count} cases carry {mark}" for mark, count in Counter(case.external_id for case in ours).items() if count > 1]
        over = [case for case in ours if case.closed_at is not None]
        found += _compared(state, over, self.promised.ended.values(), "let go")
        found += [wrong for case in over for wrong in _ended_wrongs(world, state, case)]
        ours = [case for case in ours if case.closed_at is None]
        found += [wrong for case in ours for wrong in _case_wrongs(world, state, case)]
        return (*found, *_compared(state, ours, self.promised.held.values(), "held"))


_CMDLETS_THAT_WRITE = (
    "New-ComplianceCase", "New-CaseHoldPolicy", "New-CaseHoldRule", "Set-ComplianceCase", "Set-CaseHoldPolicy", "Set-CaseHoldRule",
)  # fmt: skip
_CMDLETS_THAT_LIST = ("Get-ComplianceCase", "Get-CaseHoldPolicy", "Get-CaseHoldRule")
_CMDLETS_THAT_RELEASE = (("Set-CaseHoldPolicy", "-Remove…Location"), ("Set-CaseHoldPolicy", "-Enabled"), ("Set-ComplianceCase", "-Close"))
CMDLETS = (
    *(Method(surface="compliance", operation=name, writes=True) for name in _CMDLETS_THAT_WRITE),
    *(Method(surface="compliance", operation=name, writes=True, how=how) for name, how in _CMDLETS_THAT_RELEASE),
    *(Method(surface="compliance", operation=name, writes=False, pages=True) for name in _CMDLETS_THAT_LIST),
)


@dataclass
class CmdletTheatre(MicrosoftTheatre):
    """The same on a tenant whose licence lets no application hold over Graph."""

    methods = CMDLETS

    def prepare(self, world: World) -> None:
        world.switches["m365.licence"] = "A3"
        super().prepare(world)


def _lengthen(state: TenantState, now: datetime) -> None:
    """Searches of another hand, so that their list can be read half; a search more than these two waits in no queue (M§6)."""
    by = Actor(name="Somebody", object_id=state.new_id("somebody"))
    for number in (1, 2):
        asked: dict[str, object] = {
            "displayName": f"Somebody's search {number}",
            "filterStartDateTime": (now - _DAY).isoformat(),
            "filterEndDateTime": now.isoformat(),
        }
        made = AuditQuery(id=state.new_id("query"), body=asked, created=now - _DAY, due=now - _DAY, by=by)
        state.queries[made.id] = made
        team = Group(id=state.new_id("group"), display_name=_TEAMS[number - 1], mail=f"campaign.team.{number}@{state.domain}")
        state.groups[team.id] = team


def _act(name: str, **given: Callable[[Hold], str]) -> Callable[[World, TenantState, Hold], None]:
    """Something an administrator does in the console to a hold of ours."""

    def act(world: World, state: TenantState, hold: Hold) -> None:
        microsoft.console_acts(world)[name]({"case": hold.case, **{key: value(hold) for key, value in given.items()}})

    return act


def _describe(world: World, state: TenantState, hold: Hold) -> None:
    state.cases[hold.case].comment = "Somebody wrote here."


def _narrow(world: World, state: TenantState, hold: Hold) -> None:
    hold.query = "budget"


def _fail(world: World, state: TenantState, hold: Hold) -> None:
    hold.sources[0].failed = f"{hold.sources[0].place}: the location could not be reached."


def _first(hold: Hold, kind: str) -> str:
    return next((source.place for source in hold.sources if source.kind == kind), hold.sources[0].place)


def _take_out(world: World, state: TenantState, hold: Hold) -> None:  # as the other acts
    """By cmdlet a place is put back in when its taking out is distributed: until then the policy is locked (M§2.7)."""
    _ACTS[USERS](world, state, hold)
    assert hold.unsettled is not None
    world.clock.advance(max(0.0, (hold.unsettled - world.clock.now()).total_seconds()))


def _unrule(world: World, state: TenantState, hold: Hold) -> None:
    hold.rule = hold.rule_name = ""


_ACTS: Mapping[str, Callable[[World, TenantState, Hold], None]] = {
    REOPEN: _act("close_case"),
    ENABLE: _act("disable_hold", hold=lambda hold: hold.guid),
    f"POST {_HOLDS}": _act("delete_hold", hold=lambda hold: hold.guid),
    USERS: _act("remove_hold_source", hold=lambda hold: hold.guid, place=lambda hold: _first(hold, "mailbox")),
    SITES: _act("remove_hold_source", hold=lambda hold: hold.guid, place=lambda hold: _first(hold, "site")),
    f"PATCH {_CASE}": _describe,
    f"PATCH {_HOLD}": _narrow,
    RETRY: _fail,
    **dict.fromkeys(_LOG, _act("close_case")),
    "Set-ComplianceCase": _act("close_case"),
    "Set-CaseHoldPolicy": _take_out,
    "Set-CaseHoldRule": _narrow,
    "New-CaseHoldPolicy": _act("delete_hold", hold=lambda hold: hold.guid),
    "New-CaseHoldRule": _unrule,
}


def _holdable(state: TenantState, address: str) -> bool:
    account = state.account_at(address)
    return account is not None and account.enabled and account.mailbox is not None and account.drive is not None and account.tier == "faculty"


def _is_open(state: TenantState, hold: Hold) -> bool:
    return hold.enabled and state.cases[hold.case].closed_at is None


def _holds(state: TenantState, case: Case) -> list[Hold]:
    return [hold for hold in state.holds.values() if hold.case == case.guid]


def _places(state: TenantState, people: set[str]) -> set[str]:
    """The mailbox and the drive of everybody, which is what an order means when it names no sources; of a group its mailbox and its site."""
    found = set()
    for address in people:
        account, group = state.account_at(address), state.group_at(address)
        drive = account.drive.url if account is not None and account.drive is not None else group.site_url if group is not None else ""
        assert drive, f"{address} is nobody who has a place"
        found |= {address.lower(), drive.lower().rstrip("/")}
    return found


def _compared(state: TenantState, cases: list[Case], orders: Iterable[set[str]], what: str) -> list[str]:
    """Whether the places in the cases are those of the orders, case by case; a hold that was switched off keeps the names of those it held."""
    wanted = sorted(sorted(_places(state, people)) for people in orders)
    shown = sorted(sorted(source.place.lower() for hold in _holds(state, case) for source in hold.sources) for case in cases)
    return [] if wanted == shown else [f"{what} are {shown}, asked were {wanted}"]


def _ended_wrongs(world: World, state: TenantState, case: Case) -> list[str]:
    holds = _holds(state, case)
    stamped = [source.place for hold in holds for source in hold.sources if holding.held(world, hold, source)]
    found = [f"{hold.name} is on in the closed case {case.name}" for hold in holds if hold.enabled]
    return found + ([f"{stamped} are still held by the closed case {case.name}"] if stamped else [])


def _case_wrongs(world: World, state: TenantState, case: Case) -> list[str]:
    found = [f"case {case.name} says {case.comment!r}"] if case.comment else []
    holds = _holds(state, case)
    found += [] if len(holds) == 1 else [f"{len(holds)} holds in case {case.name}"]
    for hold in holds:
        found += [f"{hold.name} is off"] if not hold.enabled else []
        found += [f"{hold.name} has no rule and holds nothing"] if not hold.rule else []
        found += [f"{hold.name} asks {hold.query!r}"] if hold.query else []
        late = [source for source in hold.sources if source.failed or source.partial or source.removing or source.due > world.clock.now()]
        found += [f"{hold.name}: {len(late)} of {len(hold.sources)} are not in force"] if late else []
    return found


def _others(state: TenantState) -> dict[str, object]:
    """Cases, holds, labels and policies that are not ours, by id, as they stand."""
    found: dict[str, object] = {}
    for case in state.cases.values():
        if find_mark(case.external_id) is None:
            found[f"case {case.guid}"] = (case.name, case.comment, case.closed_at)
            found |= {f"hold {hold.guid}": (hold.name, hold.enabled, hold.query, len(hold.sources)) for hold in _holds(state, case)}
    found |= {f"label {label.guid}": (label.name, label.duration, label.comment) for label in state.labels.values()}
    found |= {f"policy {policy.guid}": (policy.name, policy.enabled, policy.comment) for policy in state.policies.values()}
    return found
