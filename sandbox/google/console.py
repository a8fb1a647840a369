"""Every console act of the Google tenant, with refusals in words that the door can pass on."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.google import console_admin, console_places, console_vault
from sandbox.google.errors import ApiError
from sandbox.google.state import settle
from sandbox.tenant import ConsoleAct, ConsoleError
from sandbox.world import World


def console_acts(world: World) -> Mapping[str, ConsoleAct]:
    """What an administrator can do in Google's consoles, by name."""
    every = {**console_vault.acts(world), **console_admin.acts(world), **console_places.acts(world)}
    return {name: _settled(world, act) for name, act in every.items()}


def _settled(world: World, act: ConsoleAct) -> ConsoleAct:
    def settled(given: Mapping[str, object]) -> dict[str, object]:
        # Before anything changes, what was due by now takes effect: a licence taken away later must not undo it.
        settle(world)
        try:
            answer = act(given)
        except ApiError as error:
            raise ConsoleError(error.message) from error
        # And after it, so that what the act made possible (a licence) counts from this moment.
        settle(world)
        return answer

    return settled
