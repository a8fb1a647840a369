"""How a cmdlet takes its parameters: names without regard to case, sets, enums by prefix, and what it says when it cannot.

docs/wire/admin-endpoint.md §1 has the rules and their sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.microsoft import audit
from sandbox.microsoft.objects import Actor
from sandbox.microsoft.state import TenantState
from sandbox.world import World

Row = dict[str, object]
Kind = Literal["text", "texts", "flag", "days", "enum", "number"]
Value = str | list[str] | bool | int

_COMMON = frozenset(
    {"confirm", "whatif", "verbose", "debug", "erroraction", "warningaction", "errorvariable", "warningvariable", "outbuffer"}
)
"""Parameters that every cmdlet takes. ``WhatIf`` does nothing in Security & Compliance: the cmdlet runs (M§2.2)."""

LONGEST_NAME = 64
"""Characters of a name, of whatever object (docs/wire/admin-endpoint.md §1.7)."""

_TASKS = "Microsoft.Exchange.Configuration.Tasks"
_POLICY = "Microsoft.Exchange.Management.UnifiedPolicy"
_BINDING = "System.Management.Automation.ParameterBindingException"


class CmdletError(Exception):
    """A failure that the cmdlet reports: its .NET type and its text, in a 400."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def not_found(what: str, server: str = "FfoConfigurationSession") -> CmdletError:
    """The object of a write does not exist (M§1.4)."""
    text = f"The operation couldn't be performed because object '{what}' couldn't be found on '{server}'."
    return CmdletError(f"{_TASKS}.ManagementObjectNotFoundException", text)


def exists(what: str) -> CmdletError:
    """The name is taken."""
    return CmdletError(f"{_TASKS}.ADObjectAlreadyExistsException", f"The object '{what}' already exists.")


def pending(name: str) -> CmdletError:
    """An earlier change is still being distributed (M§2.7)."""
    text = f"Previous changes to the policy '{name}' are being deployed. Once deployed, additional actions can be performed."
    return CmdletError(f"{_POLICY}.PolicyPendingDeploymentException", text)


def failed_deployment(name: str) -> CmdletError:
    """The change is stored, its distribution did not begin."""
    text = f"The policy '{name}' was saved but failed to be deployed. The service will try again."
    return CmdletError(f"{_POLICY}.PolicyDeploymentFailedException", text)


def bad_location(text: str) -> CmdletError:
    """A place that cannot be resolved, or one too many."""
    return CmdletError(f"{_POLICY}.InvalidLocationException", text)


def invalid(text: str) -> CmdletError:
    """Any other refusal of the task."""
    return CmdletError(f"{_TASKS}.TaskInvalidOperationException", text)


def ambiguous() -> CmdletError:
    """Parameters that no set takes together, or that no set knows (M§2.5)."""
    return CmdletError(_BINDING, "AmbiguousParameterSetException: Parameter set cannot be resolved using the specified named parameters.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter; ``sets`` empty means that every set takes it."""

    name: str
    kind: Kind
    choices: tuple[str, ...] = ()
    sets: frozenset[str] = frozenset()


def text(name: str, *sets: str) -> Parameter:
    """A string."""
    return Parameter(name=name, kind="text", sets=frozenset(sets))


def texts(name: str, *sets: str) -> Parameter:
    """Several strings; a lone one is taken as one element."""
    return Parameter(name=name, kind="texts", sets=frozenset(sets))


def flag(name: str, *sets: str) -> Parameter:
    """A switch or a Boolean."""
    return Parameter(name=name, kind="flag", sets=frozenset(sets))


def days(name: str, *sets: str) -> Parameter:
    """A number of days, or ``Unlimited``."""
    return Parameter(name=name, kind="days", sets=frozenset(sets))


def number(name: str, *sets: str) -> Parameter:
    """A whole number."""
    return Parameter(name=name, kind="number", sets=frozenset(sets))


def enum(name: str, *choices: str, sets: Sequence[str] = ()) -> Parameter:
    """One of ``choices``; a beginning that fits only one of them is taken for it (M§2.5)."""
    return Parameter(name=name, kind="enum", choices=choices, sets=frozenset(sets))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A cmdlet's output: things, and how one becomes JSON when its page is made."""

    items: Sequence[Any]  # whatever the cmdlet's own render takes
    render: Callable[[Any], Row]


def nothing() -> Rows:
    """No output, as most writes give."""
    return rows([])


def rows(found: Sequence[Row]) -> Rows:
    """Output that is JSON already."""
    return Rows(items=found, render=lambda row: row)


@dataclass(slots=True, kw_only=True)
class Call:
    """One cmdlet being run: who runs it, with which bound parameters (canonical names); it may leave warnings."""

    world: World
    state: TenantState
    actor: Actor
    cmdlet: str
    values: Mapping[str, Value]
    warnings: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether the parameter was given."""
        return name in self.values

    def word(self, name: str, default: str = "") -> str:
        """A text parameter."""
        value = self.values.get(name, default)
        return value if isinstance(value, str) else str(value)

    def words(self, name: str) -> list[str]:
        """A parameter of several texts."""
        value = self.values.get(name, [])
        return value if isinstance(value, list) else [str(value)]

    def on(self, name: str, *, default: bool = False) -> bool:
        """A switch."""
        return self.values.get(name, default) is True

    def name(self) -> str:
        """The name for something new, without blanks around it; raises ``CmdletError`` for one that the service does not take."""
        name = self.word("Name").strip()
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise invalid(f"The name '{name}' must have 1 to {LONGEST_NAME} characters, all of them printable.")
        return name

    def unchanged(self, name: str) -> None:
        """Leave the warning of a Set- that changed nothing (M§2.7)."""
        self.warnings.append(f"The command completed successfully but no settings of '{name}' have been modified.")

    def log(self, what: str) -> None:
        """Put the act in the audit log of Security & Compliance, under the cmdlet's name; ``what`` is the object it names."""
        audit.record(self.world, self.actor, (audit.CMDLET, self.cmdlet), what, audit.cmdlet_line(self.values.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cmdlet:
    """A cmdlet: what it takes, what it must be given (``needs``, by set), and what it does."""

    name: str
    run: Callable[[Call], Rows]
    parameters: tuple[Parameter, ...] = ()
    needs: tuple[str, ...] = ()
    sets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Sets beside the default one, each with what it needs; the first that fits wins."""
    premium: bool = False
    """Exported only with an A5 licence."""
    ediscovery: bool = False
    """Exported only to members of the eDiscovery Manager role group."""

    @property
    def writes(self) -> bool:
        """Whether it changes the tenant."""
        return not self.name.startswith("Get-")


def bind(cmdlet: Cmdlet, given: Mapping[str, object]) -> dict[str, Value]:
    """The parameters by canonical name and checked; raises ``CmdletError`` for what PowerShell's binder refuses."""
    known = {parameter.name.lower(): parameter for parameter in cmdlet.parameters}
    bound: dict[str, Value] = {}
    possible = {"", *(name for name, _ in cmdlet.sets)}
    for name, value in given.items():
        parameter = known.get(name.lower())
        if parameter is None:
            if name.lower() in _COMMON:
                continue
            raise ambiguous()
        bound[parameter.name] = _value(parameter, value)
        if parameter.sets:
            possible &= parameter.sets
    if not possible:
        raise ambiguous()
    _need(cmdlet, bound, possible)
    return bound


def _need(cmdlet: Cmdlet, bound: Mapping[str, Value], possible: set[str]) -> None:
    needed = [names for set_name, names in [("", cmdlet.needs), *cmdlet.sets] if set_name in possible]
    empty = [name for names in needed for name in names if bound.get(name) == ""]
    if empty:
        raise CmdletError(_BINDING, f"Cannot bind argument to parameter '{empty[0]}' because it is an empty string.")
    missing = [[name for name in names if name not in bound] for names in needed]
    if all(missing):
        shortest = min(missing, key=len)
        words = "Cannot process command because of one or more missing mandatory parameters: "
        raise CmdletError(_BINDING, f"{words}{' '.join(shortest)}.")


def _value(parameter: Parameter, value: object) -> Value:
    if value is None:
        return [] if parameter.kind == "texts" else ""
    return _READERS[parameter.kind](parameter, value)


def _text(parameter: Parameter, value: object) -> Value:
    return _refuse(parameter, value, "System.String") if isinstance(value, list | dict) else str(value)


def _texts(_parameter: Parameter, value: object) -> Value:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _number(parameter: Parameter, value: object) -> Value:
    return int(str(value)) if str(value).lstrip("-").isdigit() else _refuse(parameter, value, "System.Int32")


def _refuse(parameter: Parameter, value: object, kind: str) -> Value:
    words = f'Cannot bind parameter \'{parameter.name}\'. Cannot convert value "{value}" to type "{kind}".'
    raise CmdletError(_BINDING, words)


def _truth(parameter: Parameter, value: object) -> Value:
    if isinstance(value, bool):
        return value
    word = str(value).lower().lstrip("$")
    return word == "true" if word in {"true", "false"} else _refuse(parameter, value, "System.Boolean")


def _choice(parameter: Parameter, given: object) -> Value:
    value = str(given)
    exact = [choice for choice in parameter.choices if choice.lower() == value.lower()]
    found = exact or [choice for choice in parameter.choices if choice.lower().startswith(value.lower()) and value]
    if len(found) == 1:
        return found[0]
    words = f'Cannot bind parameter \'{parameter.name}\'. Cannot convert value "{value}" to type "{parameter.name}". '
    raise CmdletError(_BINDING, f"{words}Specify one of the following enumerator names and try again: {', '.join(parameter.choices)}")


def _days(parameter: Parameter, value: object) -> Value:
    word = str(value).strip()
    if word.lower() == "unlimited":
        return "Unlimited"
    match = re.fullmatch(r"(\d+)(\.00:00:00)?", word)
    if match is None or int(match[1]) < 1:
        return _refuse(parameter, value, "Microsoft.Exchange.Data.Unlimited`1[Microsoft.Exchange.Data.EnhancedTimeSpan]")
    return str(int(match[1]))


_READERS: Mapping[Kind, Callable[[Parameter, object], Value]] = {
    "text": _text,
    "texts": _texts,
    "flag": _truth,
    "enum": _choice,
    "days": _days,
    "number": _number,
}
