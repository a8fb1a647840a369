"""Litigation hold as a second belt: switched on mailbox by mailbox where an order asks for it, off again by a release, and read in one list."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

from connectors.base import Connector
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from policies.kinds import Kind
from sandbox.microsoft.objects import Hold
from sandbox.microsoft.state import EXCHANGE, TenantState, tenant_of
from sandbox.world import World
from sync.matters.order import MatterOrder
from tests.campaign.cells import Method
from tests.campaign.microsoft import _TEAMS, MicrosoftTheatre
from tests.campaign.releasing import SOME, WHOLE, Parting

ON = Method(surface=EXCHANGE, operation="Set-Mailbox", writes=True, how="on", sent='"LitigationHoldEnabled": true')
OFF = Method(surface=EXCHANGE, operation="Set-Mailbox", writes=True, how="off", sent='"LitigationHoldEnabled": false')
LIST = Method(surface=EXCHANGE, operation="Get-Mailbox", writes=False, pages=True, how="-Filter …", sent="LitigationHoldEnabled -eq $true")
GONE = Method(surface=EXCHANGE, operation="Get-Mailbox", writes=False, pages=True, how="-InactiveMailboxOnly", sent="InactiveMailboxOnly")


@dataclass
class BeltTheatre(MicrosoftTheatre):
    """Everybody who is ordered on hold is to be on litigation hold too, and nobody else but those who were on it before."""

    methods = (ON, OFF, LIST, GONE)
    proven = frozenset({Kind.M365_MAILBOX})
    already: frozenset[str] = field(default_factory=frozenset)

    def connector(self) -> Connector:
        return Microsoft365Connector(allowed=Allowed(admin=True), groups=frozenset(f"name:{name}" for name in _TEAMS), second_belt=True)

    def prepare(self, world: World) -> None:
        super().prepare(world)
        state = tenant_of(world)
        # Somebody put two people on it long ago: a list of more than one thing, and a setting that no release of ours takes back.
        for name in ("it.director", "records.office"):
            account = state.account_at(f"{name}@{state.domain}")
            if account is not None and account.mailbox is not None:
                account.mailbox.litigation, account.mailbox.litigation_date = True, account.created
        gone = next(one for one in state.accounts.values() if one.mailbox is not None and one.mailbox.inactive)
        _second_gone(state, gone.id)
        self.already = _on(state)

    def orders(self, world: World, rng: random.Random, *, grouped: bool = False) -> MatterOrder:
        return super().orders(world, rng, grouped=grouped).model_copy(update={"litigation_hold": True})

    def provoke(self, world: World, method: Method, rng: random.Random) -> MatterOrder | Parting | None:
        with world.lock:
            if method == OFF:
                return self._release(world, rng.choice((SOME, WHOLE)), rng)
            state = tenant_of(world)
            ours = sorted(address for people in self.promised.held.values() for address in people if address in _on(state))
            if method == ON or not ours or rng.random() < 0.5:  # a coin
                return self.orders(world, rng)
            account = state.account_at(rng.choice(ours))
            assert account is not None
            assert account.mailbox is not None
            account.mailbox.litigation, account.mailbox.litigation_date = False, None  # somebody switches it off again
        return None

    def _may_be_touched(self, state: TenantState, hold: Hold) -> bool:
        return False  # what may happen to holds is the other theatres' affair

    def wrongs(self, world: World, district: str) -> tuple[str, ...]:
        state = tenant_of(world)
        wanted = {address.lower() for people in self.promised.held.values() for address in people} | self.already
        missing, more = sorted(wanted - _on(state)), sorted(_on(state) - wanted)
        found = [f"{one} is not on litigation hold" for one in missing] + [f"{one} is on litigation hold, which nobody ordered" for one in more]
        found += [f"{one} is on litigation hold for {days} days only" for one, days in _ends(state)]
        return (*super().wrongs(world, district), *found)


def _on(state: TenantState) -> frozenset[str]:
    return frozenset(one.upn.lower() for one in state.accounts.values() if one.mailbox is not None and one.mailbox.litigation)


def _ends(state: TenantState) -> list[tuple[str, str]]:
    boxes = ((one.upn, one.mailbox) for one in state.accounts.values() if one.mailbox is not None)
    return [(upn, box.litigation_duration) for upn, box in boxes if box.litigation and box.litigation_duration != "Unlimited"]


def _second_gone(state: TenantState, like: str) -> None:
    """Somebody else who is gone and whose mailbox is kept, so that the list of those can be read half."""
    gone = state.accounts[like]
    assert gone.mailbox is not None
    upn = f"gone.too@{state.domain}"
    state.enter(replace(gone, id=state.new_id("account"), upn=upn, drive=None, mailbox=replace(gone.mailbox, guid=state.new_id("mailbox"))))
