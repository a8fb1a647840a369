"""What is asked about people, groups and sites beside a hold's own requests, and the letters that tell officers of people in danger."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from unittest import mock

from connectors.base import Connector, Context
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.activity import Content
from connectors.microsoft365.connector import Microsoft365Connector
from policies.district import Delivery, Subject, Tenant, Way
from policies.resources import find_mark
from sandbox import microsoft
from sandbox.microsoft.objects import Account
from sandbox.microsoft.state import GRAPH, TenantState, tenant_of
from sandbox.people import make_world
from sandbox.server import SandboxServer
from sandbox.world import World
from sync.matters.order import MatterOrder
from sync.store.notices import Letters
from sync.store.watch_rows import WatchRows
from sync.store.words import LetterState
from tests.campaign.cells import Cell, Method
from tests.campaign.drive import Stage
from tests.campaign.microsoft import _TEAMS, SHORT, MicrosoftTheatre, _holdable
from tests.campaign.planting import Paging, Planted, PlantedFault, plant_on_wire

SEND, LOG, DELTA = "POST /users/{user}/sendMail", "GET /auditLogs/directoryAudits", "GET /users/delta"
ONE, TEAM, SITE = "GET /users/{user}", "GET /groups/{group}/sites/root", "GET /sites/{address:path}"
METHODS = (
    Method(surface=GRAPH, operation=SEND, writes=True),
    *(Method(surface=GRAPH, operation=name, writes=False, pages=True) for name in (LOG, DELTA)),
    *(Method(surface=GRAPH, operation=name, writes=False) for name in (ONE, TEAM, SITE)),
    Method(surface="activity", operation="audit", writes=False),
)
_ROUND = Paging(switches={"m365.delta_page": "1"}, token="skiptoken", linked=True)
_DOMAIN = make_world("tiny").domain
_HOST = _DOMAIN.partition(".")[0]
_DISTRICT_SITE = f"https://{_HOST}.sharepoint.com/sites/district"
_LOGGED = 5_400.0
"""Seconds until the slowest log shows what was done (sandbox, ``m365.audit_seconds``)."""
_NUMBER = re.compile(r"Letter (\d+) of Recordwarden")


@dataclass
class PeopleTheatre(MicrosoftTheatre):
    """Orders name groups with their mailboxes and sites; people on hold are blocked, and officers hear of it."""

    methods = METHODS
    deliveries = (
        Delivery.model_validate(
            {"to": "custodian", "by": Way.MAIL, "tenant": "m365", "from": f"records.office@{_DOMAIN}", "about": (Subject.HOLD, Subject.DRIFT)}
        ),
    )
    before = 3
    """Looks until the first round of changes is asked for."""
    blocked: set[str] = field(default_factory=set)
    """Ids of accounts that somebody blocked."""
    sendings: list[PlantedFault] = field(default_factory=list)
    small: object = None

    def connector(self) -> Connector:
        teams = frozenset(f"name:{name}" for name in _TEAMS)
        return Microsoft365Connector(allowed=Allowed(admin=True), groups=teams, sites=frozenset({_DISTRICT_SITE}))

    def set_up(self, server: SandboxServer, tenant: Tenant, context: Context) -> Tenant:
        self.small = mock.patch("connectors.microsoft365.everybody.PAGE", 5)  # a tenant of more than one page, without the thousand people
        self.small.start()
        return tenant

    def tear_down(self) -> None:
        assert isinstance(self.small, mock._patch)
        self.small.stop()

    def prepare(self, world: World) -> None:
        super().prepare(world)
        state = tenant_of(world)
        state.subscriptions |= {one.value for one in Content}  # a proof switched the feed on long ago
        for number, group in enumerate(one for one in state.groups.values() if one.display_name in _TEAMS):
            group.unified, group.site_id = True, state.new_id("site")
            group.site_url = f"https://{state.host}.sharepoint.com/sites/campaign-team-{number}"

    def orders(self, world: World, rng: random.Random, *, grouped: bool = True) -> MatterOrder:
        order = super().orders(world, rng, grouped=grouped)
        groups = {one.group for one in order.people if one.group is not None}
        self.promised.held[str(order.alias)] |= groups
        sources = {"sources": ["mail", "archive", "drive", "group", "site"]} if groups else {}
        return MatterOrder.model_validate({**order.model_dump(exclude_unset=True), **sources})

    def provoke(self, world: World, method: Method, rng: random.Random) -> MatterOrder | None:
        with world.lock:
            if method.operation == TEAM:
                return self.orders(world, rng)
            if method.operation == "audit" and self._closed(world, rng):
                return None
            self._block(world, rng)
            if method.operation == DELTA:
                _touch(tenant_of(world), world, rng)
            if method.operation == LOG:
                world.clock.advance(_LOGGED)
        return None

    def plant(self, world: World, cell: Cell, rng: random.Random) -> Planted:
        planted = plant_on_wire(world, cell, rng, _ROUND if cell.method.operation == DELTA else SHORT)
        if cell.method.operation == ONE:  # a round tells only what changed of an account, so it is read again by itself
            planted.switches = {**planted.switches, "m365.delta_rows": "partial"}
            world.switches |= planted.switches
        if cell.method.operation == SEND:
            self.sendings.append(planted)
        return planted

    def wrongs(self, world: World, district: str) -> tuple[str, ...]:
        state = tenant_of(world)
        texts = [str(mail.message["body"]["content"]) for mail in state.sent]  # type: ignore[index]  # what Graph was sent
        numbers = Counter(int(number) for text in texts for number in _NUMBER.findall(text))
        twice = sum(count - 1 for count in numbers.values())
        lost = sum(one.hits() for one in self.sendings if one.fault.when == "after" or one.fault.kind == "truncated")
        found = [f"letter {number} never left" for number in range(1, max(numbers, default=0) + 1) if number not in numbers]
        found += [f"{twice} letters went out again, and {lost} answers were lost"] if twice > lost else []
        found += ["somebody on hold is blocked and no letter says so"] if self.blocked and not any("suspended" in text for text in texts) else []
        found += [f"a letter went to {mail.to}" for mail in state.sent if mail.to != ("custodian@d.example",)]
        return (*super().wrongs(world, district), *found)

    def said(self, stage: Stage) -> tuple[str, ...]:
        counts = Letters(stage.store).counts()
        found = [f"{counts[one]} letters were {one.value}" for one in (LetterState.GIVEN_UP, LetterState.DROPPED) if counts.get(one)]
        risks = WatchRows(stage.store).risks(self.tenant)
        found += [f"{missing} is blocked and not known to be in danger" for missing in sorted(self.blocked - {one.risk.subject for one in risks})]
        return (*found, *(f"nobody knows who blocked {one.risk.subject}" for one in risks if one.risk.subject in self.blocked and one.risk.event is None))

    def _closed(self, world: World, rng: random.Random) -> bool:
        """Whether somebody could close a case of ours, long enough ago for the feed to show it."""
        state = tenant_of(world)
        ours = [hold for hold in state.holds.values() if find_mark(hold.comment) is not None and self._may_be_touched(state, hold)]
        if ours:
            microsoft.console_acts(world)["close_case"]({"case": rng.choice(ours).case})
            world.clock.advance(_LOGGED)
        return bool(ours)

    def _block(self, world: World, rng: random.Random) -> None:
        """Somebody blocks a person on hold, after two attempts: three entries of the log about one account."""
        state = tenant_of(world)
        able = [one for people in self.promised.held.values() for one in sorted(people) if _holdable(state, one)]
        if not able:
            return
        account = state.account_at(rng.choice(able))
        assert account is not None
        acts = microsoft.console_acts(world)
        for act in ("suspend_user", "restore_user", "suspend_user"):
            acts[act]({"user": account.upn})
        self.blocked.add(account.id)


def _touch(state: TenantState, world: World, rng: random.Random) -> None:
    """Two people whom no order names get another title: a round of changes that goes on over pages."""
    living: list[Account] = [one for one in state.alive() if one.tier == "student"]
    for account in rng.sample(living, k=2):
        account.job_title = f"{account.job_title}+"
        state.enter(account)
