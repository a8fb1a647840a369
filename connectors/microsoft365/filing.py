"""Giving labels their place in the file plan: values first, then the label that names them (docs/wire/file-plan.md). Nothing of it rules records."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, TransientError, UnknownOutcomeError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.admin import AdminClient, Rows
from connectors.microsoft365.file_plan import NOUNS, UNREADABLE, folded, plan_from, plan_word, words
from policies.kinds import Kind
from policies.resources import Mark, Ref, Wanted


class FilingDesk:
    """One writer's view of the file plan; each list of values is read when first needed. Values are made, never changed, never removed."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._known: dict[str, dict[str, str]] = {}

    @property
    def _admin(self) -> AdminClient:
        """The cmdlets by which labels are written: ours, or the signed-in person's."""
        return self._access.ways.admin(self._access.ways.writing(Kind.M365_LABEL))

    def of_new(self, wanted: Wanted) -> dict[str, object]:
        """The file plan's parameter of a new label; none where its values cannot be had just now, for a label does not wait for its description."""
        said = words(wanted.fields)
        try:
            return {"FilePlanProperty": plan_word(self._spelled(said))} if said else {}
        except TenantUnreachableError:
            raise
        except ConnectorError:
            return {}

    def set(self, ref: Ref, wanted: Wanted, mark: Mark, others: Mapping[str, object], fields: frozenset[str]) -> Rows:
        """Bring the named fields of the file plan to what ``wanted`` says, ``others`` in the same call; what else the label says of it stays.

        Read again after it: a platform that drops a file plan sent by itself gets it once more beside a comment that really differs (M§10). Raises
        ConnectorError; what ``others`` hold has then been sent nevertheless.
        """
        base: dict[str, object] = {"Identity": ref.vendor_id, "Force": True, **others}
        try:
            plan = self._due(ref, wanted, fields)
        except ConnectorError:
            if set(others) - {"Comment"}:
                self._admin.write("Set-ComplianceTag", base)
            raise
        parameters = {**base, "FilePlanProperty": plan_word(plan)}
        answer = self._admin.write("Set-ComplianceTag", parameters)
        if _same(words(plan_from(self._label(ref))), plan):
            return answer
        again = str(parameters["Comment"]).removesuffix(str(mark)) + f" {mark}"
        return self._admin.write("Set-ComplianceTag", {**parameters, "Comment": again})

    def _due(self, ref: Ref, wanted: Wanted, fields: frozenset[str]) -> dict[str, str]:
        live = plan_from(self._label(ref))
        if UNREADABLE in live:
            why = f"label {ref.name}: what it says of the file plan cannot be understood, so nothing in it is replaced."
            raise PermanentError("file_plan.unreadable", why, "Look at the label in the portal, and report what it shows.")
        said = {field: word for field, word in words(wanted.fields).items() if field in fields}
        return {**words(live), **self._spelled(said)}

    def _label(self, ref: Ref) -> wire.JsonObject:
        for row in self._admin.read("Get-ComplianceTag").rows:
            if (wire.text(row, "Guid") or "").lower() == ref.vendor_id.lower():
                return row
        raise PermanentError("admin.not_found", f"label {ref.name} was not shown.", "Read the tenant again.")

    def _spelled(self, said: Mapping[str, str]) -> dict[str, str]:
        """``said`` as the tenant spells it, after making what is not there. Raises ConnectorError where a value cannot be had."""
        return {field: self._value(field, word) for field, word in said.items()}

    def _value(self, field: str, word: str) -> str:
        found = self._values(field).get(folded(word))
        if found is not None:
            return found
        try:
            self._admin.write(f"New-FilePlanProperty{NOUNS[field]}", {"Name": word})
        except UnknownOutcomeError:
            pass  # its name is its own, so a look tells whether it is there
        except PermanentError as error:
            if error.code != "name.taken":
                raise
        del self._known[field]
        found = self._values(field).get(folded(word))
        if found is None:
            raise UnknownOutcomeError("write.unseen", f"The file plan's {field} {word!r} was made and is not shown yet.", "Run it again.")
        return found

    def _values(self, field: str) -> dict[str, str]:
        if field not in self._known:
            listing = self._admin.read(f"Get-FilePlanProperty{NOUNS[field]}")
            if listing.partial is not None:
                raise TransientError("kind.partial", f"The file plan's values of {field} could not be read whole: {listing.partial}", "Run it again.")
            there = (row for row in listing.rows if (wire.text(row, "Mode") or "").lower() != "pendingdeletion")
            self._known[field] = {folded(name): name for row in there if (name := wire.filled(row, "Name"))}
        return self._known[field]


def _same(live: Mapping[str, str], due: Mapping[str, str]) -> bool:
    return {field: folded(word) for field, word in live.items()} == {field: folded(word) for field, word in due.items()}

