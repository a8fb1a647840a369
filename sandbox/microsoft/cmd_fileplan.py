"""Cmdlets for the values of the file plan, which need A5 (docs/wire/file-plan.md §1)."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.microsoft import fileplan
from sandbox.microsoft.binding import Call, Cmdlet, CmdletError, Parameter, Row, Rows, exists, flag, not_found, nothing, rows, text
from sandbox.microsoft.fileplan import CATEGORY, CITATION, SUBCATEGORY, Kind
from sandbox.microsoft.objects import Template
from sandbox.microsoft.rendering import common
from sandbox.microsoft.state import TenantState, stable_id

_PLACE = (text("CitationUrl"), text("CitationJurisdiction"))
_CHANGES = {"DisplayName": "display_name", "CitationUrl": "url", "CitationJurisdiction": "jurisdiction"}


def cmdlets() -> list[Cmdlet]:
    """Get-, New-, Set- and Remove- of all six kinds, and the structure, which is always empty."""
    structure = Cmdlet(name="Get-FilePlanPropertyStructure", run=_structure, parameters=(flag("IncludeAdditionalInfo"),), premium=True)
    return [structure, *(cmdlet for kind in fileplan.KINDS for cmdlet in _family(kind))]


def _family(kind: Kind) -> list[Cmdlet]:
    noun, identity = f"FilePlanProperty{kind.noun}", text("Identity")
    more: tuple[Parameter, ...] = _PLACE if kind is CITATION else ()
    parent: tuple[Parameter, ...] = (text("ParentId"),) if kind is SUBCATEGORY else ()
    needs = ("Name", "ParentId") if parent else ("Name",)

    def run(act: Callable[[Call, Kind], Rows]) -> Callable[[Call], Rows]:
        return lambda call: act(call, kind)

    return [
        Cmdlet(name=f"Get-{noun}", run=run(get), parameters=(identity,), premium=True),
        Cmdlet(name=f"New-{noun}", run=run(create), parameters=(text("Name"), *more, *parent), needs=needs, premium=True),
        Cmdlet(name=f"Set-{noun}", run=run(change), parameters=(identity, text("DisplayName"), *more), needs=("Identity",), premium=True),
        Cmdlet(name=f"Remove-{noun}", run=run(remove), parameters=(identity, flag("ForceDeletion")), needs=("Identity",), premium=True),
    ]


def _structure(call: Call) -> Rows:
    """Nothing, on a tenant that has values: so it was measured (docs/wire/file-plan.md §1.2)."""
    del call
    return nothing()


def get(call: Call, kind: Kind) -> Rows:
    """All values of the kind; one, if ``Identity`` names one; all again, if it names none (M§2.2)."""
    one = fileplan.find(call.world, kind, call.word("Identity")) if call.word("Identity") else None
    found = [one] if one is not None else fileplan.of_kind(call.world, kind)
    return Rows(items=found, render=lambda row: render(call.state, kind, row))


def create(call: Call, kind: Kind) -> Rows:
    """A new value, which labels may carry from now on."""
    name = call.name()
    parent = fileplan.find(call.world, CATEGORY, call.word("ParentId")) if kind is SUBCATEGORY else None
    if kind is SUBCATEGORY and parent is None:
        raise not_found(call.word("ParentId"))
    made = fileplan.make(call.world, call.actor, kind, name)
    if made is None:
        raise exists(name)
    made.parent = parent.guid if parent is not None else ""
    made.url, made.jurisdiction = call.word("CitationUrl"), call.word("CitationJurisdiction")
    call.log(name)
    return rows([render(call.state, kind, made)])


def change(call: Call, kind: Kind) -> Rows:
    """Another display name; of a citation, also where it stands and whose law it is."""
    found = _found(call, kind)
    before = [getattr(found, attribute) for attribute in _CHANGES.values()]
    for name, attribute in _CHANGES.items():
        if call.has(name):
            setattr(found, attribute, call.word(name))
    if before == [getattr(found, attribute) for attribute in _CHANGES.values()]:
        call.unchanged(found.name)
        return nothing()
    found.touch(call.actor, call.world.clock.now())
    call.log(call.word("Identity"))
    return nothing()


def remove(call: Call, kind: Kind) -> Rows:
    """Being removed from now on, and then gone; refused while a label or a subcategory needs it."""
    found = _found(call, kind)
    users = fileplan.users_of(call.world, found)
    if users:
        words = f"The file plan property '{found.name}' is being used by '{users[0]}' and can't be removed."
        raise CmdletError("Microsoft.Exchange.Management.UnifiedPolicy.FilePlanPropertyInUseException", words)
    found.removing = call.world.clock.now()
    call.log(call.word("Identity"))
    return nothing()


def _found(call: Call, kind: Kind) -> Template:
    """The value that Set- and Remove- find; what Microsoft gave the tenant they do not find, in the words that were measured."""
    found = fileplan.find(call.world, kind, call.word("Identity"))
    if found is None or found.built_in:
        words = f"There is no rule matching identity '{call.word('Identity')}'."
        raise CmdletError("Microsoft.Exchange.Management.UnifiedPolicy.ErrorRuleNotFoundException", words)
    return found


def render(state: TenantState, kind: Kind, found: Template) -> Row:
    """A value as Get- shows it; nothing but ``Policy`` tells Microsoft's own from the district's."""
    place: Row = {"CitationUrl": found.url or None, "CitationJurisdiction": found.jurisdiction or None} if kind is CITATION else {}
    parent: Row = {"ParentId": found.parent} if kind is SUBCATEGORY else {}
    return common(state, found) | {
        **place,
        **parent,
        "UnrestrictedName": found.name,
        "DisplayName": found.shown,
        "FilePlanPropertyType": kind.noun,
        "ReadOnly": False,
        "Priority": 0,
        "Workload": "Exchange, SharePoint",
        "Policy": stable_id(0, "file plan/policy of Microsoft") if found.built_in else state.tenant_id,
        "Disabled": False,
        "Mode": "Enforce" if found.removing is None else "PendingDeletion",
        "Identity": f"CN={found.guid}",
        "Id": f"CN={found.guid}",
    }
