"""The hold lane against the emulated Microsoft tenant over HTTPS: a real store, the real engine, the real connector, one clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.base import Connector
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from policies.kinds import Kind
from sandbox import microsoft
from sandbox.microsoft.state import TenantState, tenant_of
from sandbox.world import Exchange, Fault
from sync.matters.order import MatterOrder
from sync.result import RunResult
from sync.run import Engine
from sync.store.proofs import Proofs
from tests.campaign.drive import Stage, _stage
from tests.campaign.microsoft import MicrosoftTheatre, _holdable


@dataclass
class Theatre(MicrosoftTheatre):
    """The campaign's stage without its faults. ``accepted``: an officer accepted the admin endpoint; ``groups`` are named by orders.

    ``second_belt``: an order asks for litigation hold.
    """

    accepted: bool = True
    groups: frozenset[str] = frozenset()
    second_belt: bool = False

    def connector(self) -> Connector:
        return Microsoft365Connector(allowed=Allowed(admin=self.accepted), groups=self.groups, second_belt=self.second_belt)


class Held:
    """A district with one Microsoft tenant, and what its holds say of themselves."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.world = stage.world

    @property
    def state(self) -> TenantState:
        return tenant_of(self.world)

    @property
    def lane(self) -> Any:
        return self.stage.lane

    @property
    def people(self) -> list[str]:
        """Addresses of people with a working account, a mailbox, a drive and a licence."""
        domain = self.world.domain
        return [address for one in self.world.people if _holdable(self.state, address := f"{one.local_part}@{domain}")]

    def order(self, *addresses: str, alias: str = "roof", **rest: object) -> None:
        body = {"alias": alias, "ordered_by": "counsel", "people": [{"address": one} for one in addresses], **rest}
        self.stage.order(MatterOrder.model_validate(body))

    def look(self, seconds: float = 4_000) -> RunResult:
        """One run of the hold lane; ``seconds`` pass after it."""
        result = Engine(self.stage.desk, self.stage.lane).hold()
        self.world.clock.advance(seconds)
        return result

    def until_in_force(self) -> None:
        """Sent, distributed, seen, seen again."""
        for _ in range(3):
            self.look()

    def switch(self, **values: str) -> None:
        self.world.switches.update({f"m365.{name}": value for name, value in values.items()})

    def fault(self, surface: str, operation: str, **more: object) -> None:
        self.world.faults.append(Fault(surface=surface, operation=operation, **{"kind": "status", "when": "before", **more}))  # type: ignore[arg-type]

    def proven(self, kind: Kind) -> None:
        """A proof of writing it was made and signed."""
        store = self.stage.desk.store
        with store.write() as session:
            Proofs(store).put(session, "m365", kind, self.world.clock.now(), "officer", 1, None)

    def act(self, name: str, /, **given: object) -> dict[str, object]:
        """Something an administrator does in the vendor's console."""
        with self.world.lock:
            return microsoft.console_acts(self.world)[name](given)

    def asked(self, surface: str, since: int = 0) -> list[Exchange]:
        return [one for one in self.world.exchanges[since:] if one.surface == surface]

    def matter(self, alias: str = "roof") -> dict[str, Any]:
        found: dict[str, Any] = self.lane.status(alias)
        return found

    def sources(self, alias: str = "roof") -> dict[tuple[str, str], str]:
        """Person and source to state, with the code behind a colon where there is one."""
        return {(one["person"], one["source"]): _said(one) for one in self.matter(alias)["sources"]}

    def standing(self, alias: str = "roof") -> dict[str, tuple[str, str | None]]:
        """Person to state and code."""
        return {one["person"]: (one["state"], one["code"]) for one in self.matter(alias)["people"]}


def _said(source: dict[str, Any]) -> str:
    return f"{source['state']}:{source['code']}" if source["code"] else str(source["state"])


@contextmanager
def held(
    keys: Path, folder: Path, *, accepted: bool = True, groups: frozenset[str] = frozenset(), second_belt: bool = False
) -> Iterator[Held]:
    """A district on a sandbox of its own."""
    with _stage(Theatre(accepted=accepted, groups=groups, second_belt=second_belt), 7, keys, folder) as stage:
        yield Held(stage)
