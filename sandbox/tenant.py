"""What the server needs from a tenant's package: the module itself satisfies ``Tenant`` with functions of these names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from sandbox.routing import SandboxRoute
from sandbox.world import Exchange, World

ConsoleAct = Callable[[Mapping[str, object]], dict[str, object]]
"""What an administrator does in the vendor's console: takes the act's arguments, returns what it made or touched."""


class ConsoleError(ValueError):
    """The console would not let the administrator do this; the door answers 409 with the text."""


class Tenant(Protocol):
    """A tenant package, seen from the server; a module fits, its functions in the place of methods.

    Functions take the world, because that is where the tenant's state lives.
    """

    TENANT_ID: str
    """The tenant's id in the overlay and below ``/_door/console/``: ``m365`` or ``google``."""

    def install(self, world: World, folder: Path, /) -> None:
        """Put the seeded state into ``world.state[TENANT_ID]`` and the credentials that clients need into ``folder``."""

    def routes(self, world: World, /) -> Mapping[str, list[SandboxRoute]]:
        """Routes by surface, paths relative to the surface's prefix."""

    def console_acts(self, world: World, /) -> Mapping[str, ConsoleAct]:
        """What can be done in the vendor's console, by name. Called under ``world.lock``."""

    def dump(self, world: World, /) -> dict[str, object]:
        """The tenant's state as JSON values, for tests and drills that check from outside the APIs."""

    def overlay(self, world: World, base_url: str, /) -> dict[str, object]:
        """The tenant's part of the overlay file; file names in it are relative to the state folder."""

    def judge(self, world: World, exchange: Exchange, /) -> list[str]:
        """What is untrue to the vendor's schema in that exchange, one sentence each; empty when nothing is."""
