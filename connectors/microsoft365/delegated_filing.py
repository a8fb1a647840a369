"""A label's place in the file plan over Graph, as the signed-in person: at its birth, by reference, and never after (docs/wire/file-plan.md §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from connectors.base import Context
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, TransientError, UnknownOutcomeError
from connectors.microsoft365 import wire
from connectors.microsoft365.file_plan import folded
from connectors.microsoft365.graph import V1, Call, GraphClient
from connectors.microsoft365.once import wait_out

_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "authority": ("authorities", "authorityTemplate"),
    "category": ("categories", "categoryTemplate"),
    "citation": ("citations", "citationTemplate"),
    "department": ("departments", "departmentTemplate"),
    "reference": ("filePlanReferences", "filePlanReferenceTemplate"),
}
"""Our fields to Graph's collections and to the references of a label's descriptors. No reference binds a subcategory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a new label is born with: ``descriptors`` of its body, and of the fields that could not be had the code and text."""

    descriptors: Mapping[str, str] = field(default_factory=dict)
    later: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class GraphFilingDesk:
    """One writer's view of the file plan over Graph; each list of values is read when first needed. Values are made, never changed, never removed."""

    def __init__(self, graph: GraphClient, context: Context) -> None:
        self._graph = graph
        self._context = context
        self._known: dict[str, dict[str, str]] = {}

    def of_new(self, said: Mapping[str, str]) -> Place:
        """References to the values ``said``, made where they are missing. One that cannot be had just now keeps no label and no other waiting.

        Raises ``TenantUnreachableError``.
        """
        descriptors: dict[str, str] = {}
        later: dict[str, tuple[str, str]] = {}
        for name, word in said.items():
            try:
                collection, reference = _LISTS[name]
                # The address of the version that is asked, or the platform may not follow it (M§1.3).
                descriptors[f"{reference}@odata.bind"] = f"{self._graph.base}/{V1}{_path(collection)}('{self._value(name, word)}')"
            except TenantUnreachableError:
                raise
            except ConnectorError as error:
                later[name] = (error.code, error.message)
        return Place(descriptors=descriptors, later=later)

    def _value(self, name: str, word: str) -> str:
        """The id of a value, however the tenant spells it."""
        found = self._values(name).get(folded(word))
        if found is not None:
            return found
        try:
            made = self._made(name, word)
        except UnknownOutcomeError:
            made = None  # its name is its own, so a look tells whether it is there
        except PermanentError as error:
            if error.code != "name.taken":
                raise
            made = None
        if made is not None:
            self._known[name][folded(word)] = made
            return made
        found = self._again(name).get(folded(word))
        if found is None:
            raise UnknownOutcomeError("write.unseen", f"The file plan's {name} {word!r} was made and is not shown yet.", "Run it again.")
        return found

    def _made(self, name: str, word: str) -> str | None:
        """The id of a new value, None where the answer names none. Throttled, it is sent again only after a look has shown that it is not there."""
        collection, reference = _LISTS[name]
        body = {"@odata.type": f"#microsoft.graph.security.{reference}", "displayName": word}
        call = Call(method="POST", path=_path(collection), body=body, once=True)
        try:
            return wire.filled(self._graph.call(call).value, "id")
        except TransientError as error:
            wait_out(error, self._context.clock)
        return self._again(name).get(folded(word)) or wire.filled(self._graph.call(call).value, "id")

    def _again(self, name: str) -> Mapping[str, str]:
        self._known.pop(name, None)
        return self._values(name)

    def _values(self, name: str) -> dict[str, str]:
        """Ids by folded name. Raises ConnectorError where the list did not come whole: from half of it nobody can say what has to be made."""
        if name not in self._known:
            listing = self._graph.rows(Call(method="GET", path=_path(_LISTS[name][0])))
            if listing.partial is not None:
                raise TransientError("kind.partial", f"The file plan's values of {name} could not be read whole: {listing.partial}", "Run it again.")
            rows = ((wire.filled(row, "displayName"), wire.filled(row, "id")) for row in listing.rows)
            self._known[name] = {folded(shown): vendor_id for shown, vendor_id in rows if shown and vendor_id}
        return self._known[name]


def _path(collection: str) -> str:
    return f"/security/labels/{collection}"
