"""The writer of a Microsoft 365 tenant: sends one change, once. It has no delete and cannot say anything irreversible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from connectors.base import Receipt
from connectors.errors import PermanentError, TransientError, UnknownOutcomeError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.admin import AdminClient, Rows
from connectors.microsoft365.belt import BeltWriter
from connectors.microsoft365.case_holding import CaseHoldWriter
from connectors.microsoft365.delegated_labels import LabelWriter, event_name
from connectors.microsoft365.filing import FilingDesk
from connectors.microsoft365.holding import HoldWriter
from connectors.microsoft365.once import wait_out
from connectors.microsoft365.parameters import (
    changes_of,
    comment,
    excepted,
    label_parameters,
    named_applications,
    needed,
    never,
    new_parameters,
    placed,
)
from connectors.microsoft365.policies import DETAIL, application_words, applications_of, members_of, published_label
from connectors.microsoft365.ways import LABEL_KINDS, Way
from policies.kinds import Kind
from policies.resources import FILED, Live, Mark, Ref, Wanted, find_mark

_POLICIES = frozenset({Kind.M365_LABEL_POLICY, Kind.M365_RETENTION_POLICY})
_NOUNS = {
    Kind.M365_LABEL: "ComplianceTag",
    Kind.M365_EVENT_TYPE: "ComplianceRetentionEventType",
    Kind.M365_ADAPTIVE_SCOPE: "AdaptiveScope",
    Kind.M365_LABEL_POLICY: "RetentionCompliancePolicy",
    Kind.M365_RETENTION_POLICY: "RetentionCompliancePolicy",
    Kind.M365_LABEL_RULE: "RetentionComplianceRule",
    Kind.M365_RETENTION_RULE: "RetentionComplianceRule",
}
_FORCED = _POLICIES | {Kind.M365_LABEL}


class Microsoft365Writer:
    """``Writer`` of one tenant under its writing identity. Raises ConnectorError; ``UnknownOutcomeError`` when only reading can tell."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._graph_holds = HoldWriter(access)
        self._case_holds = CaseHoldWriter(access)
        self._belt = BeltWriter(access)
        self._filing = FilingDesk(access)

    def create(self, wanted: Wanted, mark: Mark, parent: Ref | None) -> Receipt:
        """Make ``wanted`` with ``mark`` in it. A policy is born with its members; a case or hold without."""
        kind = wanted.kind
        if kind is Kind.M365_CASE:
            return self._held(lambda holds: holds.create_case(wanted, mark))
        if kind is Kind.M365_HOLD:
            return self._held(lambda holds: holds.create_hold(wanted, mark, needed(parent, wanted.name)))
        if kind in LABEL_KINDS:
            return self._labelled(wanted, mark)
        if kind not in _NOUNS:
            raise never(f"{kind.value} is not written by this edition")
        return self._made(f"New-{_NOUNS[kind]}", new_parameters(wanted, mark, parent), wanted, mark, f"Get-{_NOUNS[kind]}")

    def set(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        """Bring the named fields to what ``wanted`` says and add its members, in one call; the mark is sent again each time."""
        if ref.kind is Kind.M365_CASE:
            return self._held(lambda holds: holds.set_case(ref, wanted, mark, fields))
        if ref.kind is Kind.M365_HOLD:
            return self._held(lambda holds: holds.set_hold(ref, wanted, mark, fields))
        changes = changes_of(ref.kind, wanted.fields, mark, fields - {"exceptions", "applications"} - FILED)
        if self._access.ways.writing(ref.kind) is Way.PERSON_GRAPH:
            return self._labels().set(ref, changes, fields)
        if ref.kind is Kind.M365_LABEL and fields & FILED:
            return self._receipt(ref, self._filing.set(ref, wanted, mark, changes, fields & FILED))
        if ref.kind is Kind.M365_RETENTION_RULE and "query" in fields:
            changes = self._widened(ref, changes)
        if ref.kind in _POLICIES and "exceptions" in fields:
            changes |= self._exceptions(ref, wanted)
        if ref.kind in _POLICIES and "applications" in fields:
            # The list is set as a whole (M§2.2), so what is there is sent again.
            changes |= {"Applications": application_words({*applications_of(self._row(ref)), *named_applications(wanted)})}
        # The GUID, never the name: a name can be somebody else's tomorrow.
        force = {"Force": True} if ref.kind in _FORCED else {}
        if wanted.members:
            return self._graph_holds.add_locations(ref, wanted.members, already=frozenset(), beside={**force, **changes})
        return self._receipt(ref, self._admin(ref.kind).write(f"Set-{_NOUNS[ref.kind]}", {"Identity": ref.vendor_id, **force, **changes}))

    def add(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Add members; what is live stays. One outcome per member."""
        if ref.kind is Kind.M365_HOLD:
            return self._held(lambda holds: holds.add(ref, members, live))
        if ref.kind is Kind.M365_MAILBOX:
            return self._belt.add(ref, members, live)
        if ref.kind not in _POLICIES:
            raise never(f"{ref.kind.value} has no members")
        return self._graph_holds.add_locations(ref, members - live.members, already=members & live.members)

    def retry(self, ref: Ref) -> Receipt:
        """Ask the platform to distribute again what it failed to distribute."""
        if ref.kind is Kind.M365_HOLD:
            return self._held(lambda holds: holds.retry(ref))
        if ref.kind not in _POLICIES:
            raise never(f"{ref.kind.value} is not distributed")
        parameters = {"Identity": ref.vendor_id, "RetryDistribution": True}
        return self._receipt(ref, self._admin(ref.kind).write("Set-RetentionCompliancePolicy", parameters))

    def close(self) -> None:
        """Close connections."""
        self._access.close()

    def account(self, kind: Kind) -> str | None:
        """The signed-in person's account where ``kind`` is written as they, None as ourselves (``Personal``)."""
        if kind in (Kind.M365_CASE, Kind.M365_HOLD):
            return self._access.ediscovery.account
        return None if self._access.ways.writing(kind) is Way.ADMIN else self._access.ways.person.account

    def _labelled(self, wanted: Wanted, mark: Mark) -> Receipt:
        """A label or event type, as ourselves or, over Graph, as the signed-in person."""
        over_graph = self._access.ways.writing(wanted.kind) is Way.PERSON_GRAPH
        if wanted.kind is Kind.M365_EVENT_TYPE:
            text = comment(wanted.fields.get("description"), mark)
            if over_graph:
                return self._labels().create_type(wanted.name, text, mark)
            named = {"Name": wanted.name, "Comment": text}
            return self._made("New-ComplianceRetentionEventType", named, wanted, mark, "Get-ComplianceRetentionEventType")
        parameters = label_parameters(wanted, mark)
        if over_graph:
            return self._labels().create(parameters, wanted, mark)
        return self._label(wanted, mark, parameters | self._event_of(wanted))

    def _labels(self) -> LabelWriter:
        return LabelWriter(self._access.ways.person.graph, self._access.context)

    def _admin(self, kind: Kind) -> AdminClient:
        """The cmdlets by which ``kind`` is written: ours, or the signed-in person's."""
        return self._access.ways.admin(self._access.ways.writing(kind))

    def _held(self, act: Callable[[HoldWriter | CaseHoldWriter], Receipt]) -> Receipt:
        """``act`` over the surface that holds go over here."""
        return self._access.ediscovery.served(lambda: act(self._graph_holds), lambda: act(self._case_holds))

    def _label(self, wanted: Wanted, mark: Mark, parameters: Mapping[str, object]) -> Receipt:
        """A new label with its place in the file plan; a platform that will not take that place still gets the label, which is what counts."""
        plan = self._filing.of_new(wanted)
        try:
            return self._made("New-ComplianceTag", {**parameters, **plan}, wanted, mark, "Get-ComplianceTag")
        except PermanentError as error:
            if not plan or error.code == "name.taken":
                raise
            return self._made("New-ComplianceTag", parameters, wanted, mark, "Get-ComplianceTag")

    def _event_of(self, wanted: Wanted) -> dict[str, object]:
        """The event type that a label counts from, by its id: a name could be somebody else's. Raises PermanentError where it is not there."""
        name = event_name(wanted.fields)
        if name is None:
            return {}
        rows = self._admin(wanted.kind).read("Get-ComplianceRetentionEventType").rows
        found = [guid for row in rows if (wire.text(row, "Name") or "").lower() == name.lower() and (guid := wire.filled(row, "Guid"))]
        if len(found) != 1:
            raise PermanentError("event_type.not_found", f"label {wanted.name}: the event type {name!r} was not seen.", "Read the tenant again.")
        return {"EventType": found[0]}

    def _exceptions(self, ref: Ref, wanted: Wanted) -> dict[str, object]:
        """The parameters that bring a policy's exceptions to ``wanted``: the platform can only add and remove, so what is live is read first."""
        live, due = frozenset(members_of(self._row(ref), "Exception")), excepted(wanted)
        return {**placed(due - live, verb="Add", suffix="Exception"), **placed(live - due, verb="Remove", suffix="Exception")}

    def _widened(self, ref: Ref, changes: Mapping[str, object]) -> dict[str, object]:
        """``changes`` with only what takes back the ways in which the rule is narrowed now."""
        rows = self._admin(ref.kind).read("Get-RetentionComplianceRule").rows
        row = next((row for row in rows if (wire.text(row, "Guid") or "").lower() == ref.vendor_id), None)
        if row is None:
            raise PermanentError("admin.not_found", f"{ref.name} was not shown.", "Read the tenant again.")
        left = {name: value for name, value in changes.items() if name != "ContentMatchQuery" or wire.filled(row, name)}
        return {**left, **({"ExcludedItemClasses": []} if wire.texts(row, "ExcludedItemClasses") else {})}

    def _row(self, ref: Ref) -> wire.JsonObject:
        """The policy as it is now. Raises PermanentError where it is not shown."""
        rows = self._admin(ref.kind).read("Get-RetentionCompliancePolicy", DETAIL).rows
        row = next((row for row in rows if (wire.text(row, "Guid") or "").lower() == ref.vendor_id), None)
        if row is None:
            raise PermanentError("admin.not_found", f"{ref.name} was not shown.", "Read the tenant again.")
        return row

    def _made(self, cmdlet: str, parameters: Mapping[str, object], wanted: Wanted, mark: Mark, reading: str) -> Receipt:
        """The receipt of a ``New-`` cmdlet; its answer is not documented, so without an id in it the object is looked up."""
        try:
            rows = self._admin(wanted.kind).write(cmdlet, parameters)
        except TransientError as error:
            wait_out(error, self._access.context.clock)
            rows = self._looked_for(reading, wanted, mark, parameters) or self._admin(wanted.kind).write(cmdlet, parameters)
        created = next((row for row in rows.rows if wire.filled(row, "Guid")), None)
        found = created or self._find(reading, wanted, mark, parameters)
        return Receipt(
            vendor_id=(wire.text(found, "Guid") or "").lower(),
            name=wire.filled(found, "Name") or wanted.name,
            accepted_at=self._access.context.clock.now(),
            vendor_at=rows.answer.vendor_at,
            raw=wire.compact({"value": list(rows.rows), "warnings": list(rows.warnings)}),
        )

    def _looked_for(self, reading: str, wanted: Wanted, mark: Mark, parameters: Mapping[str, object]) -> Rows | None:
        """The rows with what a throttled create made after all, None where it made nothing; a create is never repeated without this look."""
        seen = self._admin(wanted.kind).read(reading)
        row = self._among(seen.rows, wanted, mark, parameters)
        if row is None and seen.partial is not None:
            why = f"{wanted.name}: sent, throttled, and not seen in a list that broke off."
            raise UnknownOutcomeError("write.unseen", why, "Read the tenant again.")
        return None if row is None else replace(seen, rows=(row,))

    def _find(self, reading: str, wanted: Wanted, mark: Mark, parameters: Mapping[str, object]) -> wire.JsonObject:
        row = self._among(self._admin(wanted.kind).read(reading).rows, wanted, mark, parameters)
        if row is None:
            raise UnknownOutcomeError("write.unseen", f"{wanted.name}: the platform accepted it and does not show it yet.", "Read the tenant again.")
        return row

    @staticmethod
    def _among(rows: Iterable[wire.JsonObject], wanted: Wanted, mark: Mark, parameters: Mapping[str, object]) -> wire.JsonObject | None:
        for row in rows:
            if wanted.kind is Kind.M365_LABEL_RULE:
                # Names come back in whatever case they were first written in, and may hold commas (docs/wire).
                policy, label = wire.text(row, "Policy") or "", published_label(row) or ""
                same = (policy.casefold(), label.casefold()) == (
                    str(parameters["Policy"]).casefold(),
                    str(parameters["PublishComplianceTag"]).casefold(),
                )
            else:
                same = find_mark(wire.text(row, "Comment")) == mark
            if same and wire.filled(row, "Guid"):
                return row
        return None

    def _receipt(self, ref: Ref, rows: Rows) -> Receipt:
        return Receipt(
            vendor_id=ref.vendor_id,
            name=ref.name,
            accepted_at=self._access.context.clock.now(),
            vendor_at=rows.answer.vendor_at,
            raw=wire.compact({"value": list(rows.rows), "warnings": list(rows.warnings)}),
        )

