"""An administrator who types the lines of a sheet into PowerShell, as they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sandbox.microsoft import cmd_cases, cmd_exchange, cmd_fileplan, cmd_labels, cmd_policies, cmd_rules
from sandbox.microsoft.binding import Call, CmdletError, bind
from sandbox.microsoft.state import tenant_of
from sandbox.world import World

_FAMILIES = (
    cmd_cases.cmdlets, cmd_exchange.exchange_cmdlets, cmd_fileplan.cmdlets, cmd_labels.cmdlets, cmd_policies.cmdlets, cmd_rules.cmdlets,
)  # fmt: skip
_WORD = re.compile(r"-(?P<name>[A-Za-z]+)(?::\$(?P<flag>true|false)| (?P<values>'(?:[^']|'')*'(?:,'(?:[^']|'')*')*))?")
_IF_MISSING = "   # where it is not there yet"


def carry_out(world: World, commands: Sequence[str]) -> None:
    """Type ``commands`` one after the other; one that is only for what is not there yet is passed over where it is there."""
    for command in commands:
        line, optional, _rest = command.partition(_IF_MISSING)
        cmdlet = line.partition(" ")[0]
        given: dict[str, object] = {}
        for found in _WORD.finditer(line[len(cmdlet) :]):
            values = [value.replace("''", "'") for value in re.findall(r"'((?:[^']|'')*)'", found["values"] or "")]
            flag = found["flag"] != "false"
            lists = found["name"].endswith("Location")
            given[found["name"]] = flag if found["values"] is None else values if lists else values[0]
        try:
            typed(world, cmdlet, given)
        except CmdletError as error:
            if not (optional and error.kind.endswith(".ADObjectAlreadyExistsException")):
                raise


def typed(world: World, name: str, given: Mapping[str, object]) -> None:
    """A cmdlet as the administrator at the console runs it."""
    cmdlet = next(one for family in _FAMILIES for one in family() if one.name == name)
    with world.lock:
        state = tenant_of(world)
        cmdlet.run(Call(world=world, state=state, actor=state.console, cmdlet=name, values=bind(cmdlet, dict(given))))
