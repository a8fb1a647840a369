"""The tenant's file plan: six kinds of values, what a tenant is born with, and what a label carries of them (docs/wire/file-plan.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sandbox.microsoft.binding import Call, CmdletError
from sandbox.microsoft.objects import Actor, Label, Template
from sandbox.microsoft.state import TenantState, seconds, stable_id, tenant_of
from sandbox.world import World

_UNREADABLE = "Microsoft.Exchange.Management.UnifiedPolicy.ErrorInvalidFilePlanMetadataException"
_NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of value: the cmdlets' noun, Graph's collection, the key in a label's JSON text, and the word on Graph's label."""

    noun: str
    collection: str
    key: str
    on_label: str


AUTHORITY = Kind(noun="Authority", collection="authorities", key="FilePlanPropertyAuthority", on_label="authority")
CATEGORY = Kind(noun="Category", collection="categories", key="FilePlanPropertyCategory", on_label="category")
SUBCATEGORY = Kind(noun="SubCategory", collection="subcategories", key="FilePlanPropertySubcategory", on_label="subcategory")
CITATION = Kind(noun="Citation", collection="citations", key="FilePlanPropertyCitation", on_label="citation")
DEPARTMENT = Kind(noun="Department", collection="departments", key="FilePlanPropertyDepartment", on_label="department")
REFERENCE = Kind(noun="ReferenceId", collection="filePlanReferences", key="FilePlanPropertyReferenceId", on_label="filePlanReference")
KINDS = (DEPARTMENT, CATEGORY, SUBCATEGORY, CITATION, REFERENCE, AUTHORITY)
"""In the order of a label's JSON text."""

_BORN: Mapping[str, str] = {
    "Authority": "Business|Legal|Regulatory",
    "Category": "Accounts payable|Accounts receivable|Administration|Compliance|Contracting|Financial statements|Learning and development|"
    "Payroll|Planning|Policies and procedures|Procurement|Recruiting and hiring|Research and development",
    "Citation": "Commodity Exchange Act|Health Insurance Portability and Accountability Act of 1996|"
    "OSHA Injury and Illness Recordkeeping and Reporting Requirements|Sarbanes-Oxley Act of 2002|Truth in Lending Act",
    "Department": "Finance|Human resources|Information technology|Legal|Marketing|Operations|Procurement|Products|Sales|Services",
}
"""What every tenant is born with, by noun (docs/wire/file-plan.md §1.3)."""


def seed(state: TenantState, then: datetime) -> None:
    """Put the values in that Microsoft gives every tenant; nobody can edit or remove them (docs/wire/file-plan.md §1.2)."""
    maker = Actor(name="Microsoft", object_id=_NOBODY)
    for kind in KINDS:
        for name in filter(None, _BORN.get(kind.noun, "").split("|")):
            guid = stable_id(state.seed, f"file plan/{kind.collection}/{name}")
            made = Template(
                name=name, guid=guid, kind=kind.collection, created=then, changed=then, created_by=maker, changed_by=maker, built_in=True
            )
            state.templates[guid] = made
            if name == "Sarbanes-Oxley Act of 2002":
                made.jurisdiction = "U.S. Securities and Exchange Commission (SEC)"


def of_kind(world: World, kind: Kind) -> list[Template]:
    """Values of one kind, the one that is being removed among them until its time has passed."""
    state, now = tenant_of(world), world.clock.now()
    wait = seconds(world, "distribution", 900)
    for guid in [one.guid for one in state.templates.values() if one.removing is not None and one.removing + wait <= now]:
        del state.templates[guid]
    return [one for one in state.templates.values() if one.kind == kind.collection]


def find(world: World, kind: Kind, identity: str) -> Template | None:
    """The value of that kind with that GUID, ``CN=<guid>`` or name, whatever the case."""
    wanted = identity.lower().removeprefix("cn=")
    return next((one for one in of_kind(world, kind) if wanted in {one.guid, one.name.lower()}), None)


def make(world: World, actor: Actor, kind: Kind, name: str) -> Template | None:
    """A new value; None when the kind has one of that name. Another kind may have it too."""
    state, now = tenant_of(world), world.clock.now()
    if find(world, kind, name) is not None:
        return None
    number = state.new_id(kind.collection)
    made = Template(name=name, guid=number, kind=kind.collection, created=now, changed=now, created_by=actor, changed_by=actor)
    state.templates[number] = made
    return made


def users_of(world: World, found: Template) -> list[str]:
    """Names of what uses the value: labels, and subcategories of a category."""
    state = tenant_of(world)
    labels = [label.name for label in state.labels.values() if found.guid in label.templates.values()]
    return labels + [one.name for one in of_kind(world, SUBCATEGORY) if one.parent == found.guid]


def text_of(state: TenantState, label: Label) -> str | None:
    """``FilePlanMetadata``: the values that the label carries, by name; None for none."""
    carried = [(kind.key, state.templates.get(label.templates.get(kind.on_label, ""))) for kind in KINDS]
    settings = [{"Key": key, "Value": one.name} for key, one in carried if one is not None]
    return json.dumps({"Settings": settings}) if settings else None


def read(call: Call) -> dict[str, str]:
    """What ``FilePlanProperty`` asks for: GUIDs by Graph's word; raises ``CmdletError`` for text or values that are not valid."""
    kinds = {kind.key.lower(): kind for kind in KINDS}
    found: dict[str, Template] = {}
    for key, value in _settings(call.word("FilePlanProperty")):
        kind = kinds.get(key.lower())
        if kind is None or kind.on_label in found:
            raise _unreadable()
        if not value:
            continue
        alive = [one for one in of_kind(call.world, kind) if one.removing is None]
        one = next((one for one in alive if one.name.lower() == value.lower()), None)
        if one is None:
            raise CmdletError(_UNREADABLE, f"The value '{value}' is not a valid {kind.key}.")
        found[kind.on_label] = one
    below = found.get(SUBCATEGORY.on_label)
    if below is not None and (CATEGORY.on_label not in found or found[CATEGORY.on_label].guid != below.parent):
        raise CmdletError(_UNREADABLE, f"The value '{below.name}' is not a valid {SUBCATEGORY.key} of the category.")
    return {word: one.guid for word, one in found.items()}


def _unreadable() -> CmdletError:
    return CmdletError(_UNREADABLE, "Failed to parse File plan metadata value.")


def _settings(text: str) -> Iterable[tuple[str, str]]:
    """Keys and values of the JSON text; the flat form is refused, as it was measured (docs/wire/file-plan.md §3)."""
    try:
        settings = json.loads(text)["Settings"]
        pairs = [(one["Key"], one["Value"] or "") for one in settings]
    except (ValueError, KeyError, TypeError):
        raise _unreadable() from None
    if not isinstance(settings, list) or not all(isinstance(word, str) for pair in pairs for word in pair):
        raise _unreadable()
    return pairs
