"""Google's side of the campaign: every Vault method that a hold needs, the reads it rests on, and Vault's own way of half succeeding."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from connectors.base import Connector
from connectors.google_workspace.connector import GoogleWorkspaceConnector
from policies.duties import Duty
from policies.kinds import Kind, Platform
from policies.resources import find_mark
from sandbox import google
from sandbox.google.state import GoogleState, Hold, Matter, state_of
from sandbox.people import make_world
from sandbox.world import World
from sync.matters.order import MatterOrder
from tests.campaign.cells import EVERYWHERE, Cell, Method, Strike
from tests.campaign.planting import Paging, Planted, plant_on_wire
from tests.campaign.releasing import SOME, WHOLE, LetGo, Parting, Promised
from tests.campaign.theatre import Stock

ADD = "vault.matters.holds.addHeldAccounts"
ARCHIVE = "groupsSettings.groups.patch"
REMOVE = "vault.matters.holds.removeHeldAccounts"
PARTIAL = Strike(name="partial", kind="partial", when="after", only=(ADD, REMOVE))
"""HTTP 200, some accounts held (or taken off), the others each with a status of their own (G§11.4)."""

_WRITES = ("create", "update", "reopen", "undelete", "holds.create", "holds.update", "holds.addHeldAccounts")
_RELEASES: Mapping[str, str] = {REMOVE: SOME, "vault.matters.holds.delete": WHOLE, "vault.matters.close": WHOLE}
"""What ends holds, by what has to be let go for it."""
_LISTS, _READS = ("list", "holds.list"), ("get", "holds.get")
METHODS = (
    *(Method(surface="vault", operation=f"vault.matters.{name}", writes=True) for name in _WRITES),
    *(Method(surface="vault", operation=name, writes=True) for name in _RELEASES),
    *(Method(surface="vault", operation=f"vault.matters.{name}", writes=False, pages=True) for name in _LISTS),
    *(Method(surface="vault", operation=f"vault.matters.{name}", writes=False) for name in _READS),
    Method(surface="directory", operation="directory.users.list", writes=False, pages=True),
    Method(surface="directory", operation="directory.users.get", writes=False),
    Method(surface="directory", operation="directory.groups.list", writes=False, pages=True),
    Method(surface="directory", operation="directory.members.list", writes=False, pages=True),
    Method(surface="directory", operation="directory.customers.get", writes=False),
    Method(surface="directory", operation="directory.domains.list", writes=False),  # no pages either
    Method(surface="groupssettings", operation="groupsSettings.groups.get", writes=False),
    Method(surface="groupssettings", operation=ARCHIVE, writes=True),
    Method(surface="directory", operation="directory.orgunits.list", writes=False),  # the one list of the Directory API without pages
    Method(surface="licensing", operation="licensing.licenseAssignments.listForProduct", writes=False, pages=True),
    Method(surface="reports", operation="reports.activities.list", writes=False, pages=True),
    Method(surface="token", operation="oauth2.token", writes=False),
)
SHORT = Paging(switches={"google.page_size": "1"}, token="pageToken", linked=False)
"""Google's pages carry a token and no address, so what can lead away is the answer to the request for the next (a redirect)."""
_TERMS = "levy OR budget"
FULL: Mapping[str, dict[str, object] | None] = {
    "MAIL": {"mailQuery": {"terms": _TERMS}},
    "DRIVE": {"driveQuery": {"includeSharedDriveFiles": True}},
    "HANGOUTS_CHAT": {"hangoutsChatQuery": {"includeRooms": True}},
    "VOICE": {"voiceQuery": {"coveredData": ["CALL_LOGS", "TEXT_MESSAGES", "VOICEMAILS"]}},
    "CALENDAR": None,
    "GEMINI": None,
}
"""What every order here wants of each corpus of people, written down from G§1.4."""
OF_GROUP: Mapping[str, object] = {"groupsQuery": {"terms": _TERMS}}
_SOURCES = ("mail", "drive", "chat", "voice", "calendar", "gemini")
_GROUP = f"staff-birch-hill-elementary@{make_world('tiny').domain}"
"""The group that the first order names: its archive is off, so that nothing would be kept of what is written to it (G§1.5)."""
_VOICE = "1010330003"
"""Without it nobody's calls are kept (G§4.1)."""


@dataclass
class GoogleTheatre(Stock):
    """One run's expectations: who must be held, and what of others must stay as it was."""

    tenant = "google"
    platform = Platform.GOOGLE_WORKSPACE
    package = google
    methods = METHODS
    strikes: ClassVar[tuple[Strike, ...]] = (*EVERYWHERE, PARTIAL)
    proven = frozenset[Kind]()
    promised: Promised = field(default_factory=Promised)
    others: dict[str, object] = field(default_factory=dict)
    number: int = 0

    def connector(self) -> Connector:
        return GoogleWorkspaceConnector(groups=frozenset({_GROUP}))

    def duties(self) -> tuple[Duty, ...]:
        return ()

    def prepare(self, world: World) -> None:
        world.switches["google.quota"] = "off"  # quota has a test of its own; here a 429 comes when the campaign says so
        self.others = _others(state_of(world))

    def orders(self, world: World, rng: random.Random) -> MatterOrder:
        self.number += 1
        state = state_of(world)
        able = [person for person in world.people if _holdable(world, state, f"{person.local_part}@{world.domain}")]
        chosen = rng.sample(able, k=rng.choice((2, 3, 5)))
        addresses = [f"{person.local_part}@{world.domain}" for person in chosen]
        lines, sources = [{"address": address} for address in addresses], list(_SOURCES)
        people = {state.addresses[address] for address in addresses}
        if self.number == 1:
            group = state.group(_GROUP)
            assert group is not None
            lines, sources, people = [*lines, {"group": _GROUP}], [*sources, "group"], people | set(group.members)
        for account in people:
            state.users[account].skus.add(_VOICE)
        alias = f"campaign-{self.number}"
        self.promised.held[alias] = people
        order = {"alias": alias, "ordered_by": "counsel", "people": lines, "sources": sources, "terms": _TERMS}
        return MatterOrder.model_validate(order)

    def provoke(self, world: World, method: Method, rng: random.Random) -> MatterOrder | Parting | None:
        with world.lock:
            what = _RELEASES.get(method.operation)
            return self._provoke(world, method.operation, rng) if what is None else self._release(world, what, rng)

    def _release(self, world: World, what: str, rng: random.Random) -> Parting:
        alias, order = self.promised.chosen(what, rng), None
        if alias is None:
            order = self.orders(world, rng)
            alias = f"campaign-{self.number}"
        people = self.promised.let_go(alias, what, rng)
        return Parting(alias=alias, people=tuple(state_of(world).users[one].email for one in people), order=order)

    def _provoke(self, world: World, operation: str, rng: random.Random) -> MatterOrder | None:
        state = state_of(world)
        ours = [matter for matter in state.matters.values() if find_mark(matter.description) is not None and self._may_be_touched(matter)]
        if not ours:  # what an earlier strike left is not whole yet, so somebody new is put on hold instead
            return self.orders(world, rng)
        matter = rng.choice(ours)
        hold = rng.choice(list(matter.holds.values()))
        acts = google.console_acts(world)
        if operation == ARCHIVE:
            acts["change_group_setting"]({"group": _GROUP, "setting": "isArchived", "value": "false"})
        elif operation == "vault.matters.update":
            mark = find_mark(matter.description)
            acts["edit_matter"]({"matter": matter.id, "description": f"Somebody wrote here. {mark}"})
        elif operation == "vault.matters.reopen":
            acts["close_matter"]({"matter": matter.id, "holds": rng.choice(("keep", "release"))})
        elif operation == "vault.matters.undelete":
            acts["close_matter"]({"matter": matter.id, "holds": "keep"})
            matter.state, matter.deleted_at = "DELETED", world.clock.now()
        elif operation == "vault.matters.holds.update":
            # Without its query a Drive or Chat hold keeps less. A mail hold would keep more, and the way back is not ours alone to take.
            # A voice hold has to say what it covers, and a calendar's and Gemini's say nothing (G§1.4).
            rng.choice([one for one in matter.holds.values() if one.corpus in {"DRIVE", "HANGOUTS_CHAT"}] or [hold]).query = None
        elif operation == "vault.matters.holds.create":
            acts["delete_hold"]({"matter": matter.id, "hold": hold.id})
        elif operation == ADD:
            hold = rng.choice([one for one in matter.holds.values() if one.accounts and one.corpus in FULL] or [hold])
            account = rng.choice(sorted(hold.accounts))
            acts["remove_held_account"]({"matter": matter.id, "hold": hold.id, "email": state.users[account].email})
        else:
            return self.orders(world, rng)
        return None

    def plant(self, world: World, cell: Cell, rng: random.Random) -> Planted:
        if cell.strike.kind != "partial":
            return plant_on_wire(world, cell, rng, SHORT)
        world.switches["google.vault.partial"] = "1"
        return _Partial(world, cell.method.operation, len(world.exchanges))

    def _may_be_touched(self, matter: Matter) -> bool:
        """Whether somebody in the console may spoil it, and it has to be mended: it is open, and nobody is being let go as a whole."""
        return matter.state == "OPEN" and bool(matter.holds) and _everybody(matter) not in self.promised.ended.values()

    def let_go(self, world: World) -> LetGo:
        return self.promised.asked(lambda account: state_of(world).users[account].email)

    def wrongs(self, world: World, district: str) -> tuple[str, ...]:
        state = state_of(world)
        found = [f"another's object was touched: {name}" for name, value in _others(state).items() if self.others.get(name) != value]
        found += [f"another's object is gone: {name}" for name in self.others.keys() - _others(state).keys()]
        ours = [matter for matter in state.matters.values() if (mark := find_mark(matter.description)) is not None and mark.district == district]
        marks = Counter(str(find_mark(matter.description)) for matter in ours)
        found += [f"{count} matters carry {mark}" for mark, count in marks.items() if count > 1]
        over = [matter for matter in ours if matter.state == "CLOSED" and not matter.holds]
        if len(over) != len(self.promised.ended):
            found.append(f"{len(over)} matters of ours are closed without a hold, {len(self.promised.ended)} were let go")
        ours = [matter for matter in ours if matter not in over]
        orders = list(self.promised.held.values())
        if len(ours) != len(orders):
            found.append(f"{len(ours)} matters of ours for {len(orders)} orders")
        found += [wrong for matter in ours for wrong in _matter_wrongs(matter, orders)]
        found += _group_wrongs(state, [hold for matter in ours for hold in matter.holds.values() if hold.corpus == "GROUPS"])
        wanted = sorted(sorted(people) for people in orders)
        shown = sorted(sorted(_everybody(matter)) for matter in ours)
        return tuple(found if wanted == shown else [*found, f"held are {shown}, ordered were {wanted}"])


@dataclass
class _Partial:
    """The next call for held accounts leaves one out, and says so in that account's own status."""

    world: World
    operation: str
    before: int

    def hits(self) -> int:
        called = any(one.operation == self.operation for one in self.world.exchanges[self.before :])
        return 1 if called and self.world.switches.get("google.vault.partial") == "0" else 0

    def lift(self) -> None:
        self.world.switches.pop("google.vault.partial", None)


def _holdable(world: World, state: GoogleState, address: str) -> bool:
    user = state.user(address)
    return user is not None and user.vault_licensed and user.suspended_at is None and user.archived_at is None


def _matter_wrongs(matter: Matter, orders: list[set[str]]) -> list[str]:
    found = [] if matter.state == "OPEN" else [f"matter {matter.name} is {matter.state}"]
    if not matter.description.startswith("Kept by Recordwarden."):
        found.append(f"matter {matter.name} says {matter.description!r}")
    by_corpus: dict[str, list[Hold]] = {}
    for hold in matter.holds.values():
        by_corpus.setdefault(hold.corpus, []).append(hold)
    found += [f"{len(holds)} holds of {corpus} in {matter.name}" for corpus, holds in by_corpus.items() if len(holds) != 1]
    people = _everybody(matter)
    if people not in orders:
        found.append(f"{matter.name} holds people whom no order names together")
    for hold in matter.holds.values():
        if hold.corpus in FULL and set(hold.accounts) != people:
            found.append(f"{hold.name} holds {len(hold.accounts)} of {len(people)}")
        if any(held.since is None for held in hold.accounts.values()):
            found.append(f"{hold.name}: somebody's hold is not in force")
        if hold.corpus in FULL and hold.query != FULL[hold.corpus]:
            found.append(f"{hold.name} asks {hold.query}")
    missing, foreign = set(FULL) - set(by_corpus), set(by_corpus) - set(FULL) - {"GROUPS"}
    found += [f"a hold of {corpus} in {matter.name}, which nobody ordered" for corpus in sorted(foreign)]
    return [*found, *(f"no hold of {corpus} in {matter.name}" for corpus in sorted(missing))]


def _everybody(matter: Matter) -> set[str]:
    return {account for hold in matter.holds.values() if hold.corpus != "GROUPS" for account in hold.accounts}


def _group_wrongs(state: GoogleState, holds: list[Hold]) -> list[str]:
    group = state.group(_GROUP)
    assert group is not None
    found = [] if group.keeps else ["the group on hold keeps no messages"]
    if [(set(hold.accounts), hold.query) for hold in holds] != [({group.id}, OF_GROUP)]:
        found.append(f"the group is held by {[(sorted(hold.accounts), hold.query) for hold in holds]}")
    return found


def _others(state: GoogleState) -> dict[str, object]:
    """What is in Vault and not ours, by id, as it stands."""
    found: dict[str, object] = {}
    for matter in state.matters.values():
        if find_mark(matter.description) is not None:
            continue
        found[f"matter {matter.id}"] = (matter.name, matter.description, matter.state)
        found |= {
            f"hold {hold.id}": (hold.name, hold.corpus, str(hold.query), tuple(sorted(hold.accounts)), hold.org_unit)
            for hold in matter.holds.values()
        }
    return found
