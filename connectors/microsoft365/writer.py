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
from connectors.microsoft365.delegated_labels import LabelWriter
from connectors.microsoft365.filing import FilingDesk
from connectors.microsoft365.holding import HoldWriter
from connectors.microsoft365.labels import ACTION_WORDS, CLOCK_WORDS, EVENT, EVENT_CLOCK, period_word, stages_word
from connectors.microsoft365.policies import DETAIL, RULE_KEYS, locations, members_of, published_label
from connectors.microsoft365.ways import LABEL_KINDS, Way
from policies.kinds import Kind
from policies.resources import FILED, Fields, Live, Mark, Ref, Value, Wanted, find_mark

_PATIENCE = 5.0
"""Seconds to wait after a 429 that names no time (M§2.5)."""
_LONGEST_WAIT = 300.0
_POLICIES = frozenset({Kind.M365_LABEL_POLICY, Kind.M365_RETENTION_POLICY})

CHAT_KEYS = "keep-chat-"
"""Keys of our policies over Teams chats, whose rules take neither clock nor display hint (M§2.2)."""

_LABEL_ACTIONS = frozenset({"keep", "keep_and_delete", "review"})
"""Keep-and-delete exists for a transitory label that two officers switched on; others keep, or wait for named people at the end (design §1.8)."""


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
        if wanted.kind is Kind.M365_CASE:
            return self._held(lambda holds: holds.create_case(wanted, mark))
        if wanted.kind is Kind.M365_HOLD:
            return self._held(lambda holds: holds.create_hold(wanted, mark, _needed(parent, wanted.name)))
        if wanted.kind in LABEL_KINDS:
            return self._labelled(wanted, mark)
        if wanted.kind in _POLICIES:
            return self._made(
                "New-RetentionCompliancePolicy", policy_parameters(wanted, mark), wanted, mark, "Get-RetentionCompliancePolicy"
            )
        if wanted.kind in (Kind.M365_LABEL_RULE, Kind.M365_RETENTION_RULE):
            policy = _needed(parent, wanted.name)
            parameters = publish_parameters(wanted, policy) if wanted.kind is Kind.M365_LABEL_RULE else rule_parameters(wanted, mark, policy)
            return self._made("New-RetentionComplianceRule", parameters, wanted, mark, "Get-RetentionComplianceRule")
        raise _never(f"{wanted.kind.value} is not written by this edition")

    def set(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        """Bring the named fields to what ``wanted`` says; the mark is sent again each time."""
        if ref.kind is Kind.M365_CASE:
            return self._held(lambda holds: holds.set_case(ref, wanted, mark, fields))
        if ref.kind is Kind.M365_HOLD:
            return self._held(lambda holds: holds.set_hold(ref, wanted, mark, fields))
        changes = changes_of(ref.kind, wanted.fields, mark, fields - {"exceptions"} - FILED)
        if self._access.ways.writing(ref.kind) is Way.PERSON_GRAPH:
            return self._labels().set(ref, changes)
        if ref.kind is Kind.M365_LABEL and fields & FILED:
            return self._receipt(ref, self._filing.set(ref, wanted, mark, changes, fields & FILED))
        if ref.kind in _POLICIES and "exceptions" in fields:
            changes |= self._exceptions(ref, wanted)
        noun = {
            Kind.M365_LABEL: "ComplianceTag",
            Kind.M365_EVENT_TYPE: "ComplianceRetentionEventType",
            Kind.M365_LABEL_POLICY: "RetentionCompliancePolicy",
            Kind.M365_RETENTION_POLICY: "RetentionCompliancePolicy",
            Kind.M365_RETENTION_RULE: "RetentionComplianceRule",
        }[ref.kind]
        # The GUID, never the name: a name can be somebody else's tomorrow.
        force = {} if ref.kind in (Kind.M365_RETENTION_RULE, Kind.M365_EVENT_TYPE) else {"Force": True}
        return self._receipt(ref, self._admin(ref.kind).write(f"Set-{noun}", {"Identity": ref.vendor_id, **force, **changes}))

    def add(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Add members; what is live stays. One outcome per member."""
        if ref.kind is Kind.M365_HOLD:
            return self._held(lambda holds: holds.add(ref, members, live))
        if ref.kind is Kind.M365_MAILBOX:
            return self._belt.add(ref, members, live)
        if ref.kind not in _POLICIES:
            raise _never(f"{ref.kind.value} has no members")
        return self._graph_holds.add_locations(ref, members - live.members, already=members & live.members)

    def retry(self, ref: Ref) -> Receipt:
        """Ask the platform to distribute again what it failed to distribute."""
        if ref.kind is Kind.M365_HOLD:
            return self._held(lambda holds: holds.retry(ref))
        if ref.kind not in _POLICIES:
            raise _never(f"{ref.kind.value} is not distributed")
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
            return self._labels().create(parameters, mark, _event_name(wanted))
        return self._label(wanted, mark, parameters | self._event_of(wanted))

    def _labels(self) -> LabelWriter:
        return LabelWriter(self._access.ways.person.graph, self._access.context)

    def _admin(self, kind: Kind) -> AdminClient:
        """The cmdlets by which ``kind`` is written: ours, or the signed-in person's."""
        return self._access.ways.admin(self._access.ways.writing(kind))

    def _held(self, act: Callable[[HoldWriter | CaseHoldWriter], Receipt]) -> Receipt:
        """``act`` over the surface that holds go over here. Graph's refusal of the first call did nothing, so it may go by cmdlet after it."""
        if not self._access.ediscovery.by_cmdlet:
            try:
                return act(self._graph_holds)
            except PermanentError as error:
                if not self._access.ediscovery.turned_to_cmdlets(error):
                    raise
        return act(self._case_holds)

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
        name = _event_name(wanted)
        if name is None:
            return {}
        rows = self._admin(wanted.kind).read("Get-ComplianceRetentionEventType").rows
        found = [guid for row in rows if (wire.text(row, "Name") or "").lower() == name.lower() and (guid := wire.filled(row, "Guid"))]
        if len(found) != 1:
            raise PermanentError("event_type.not_found", f"label {wanted.name}: the event type {name!r} was not seen.", "Read the tenant again.")
        return {"EventType": found[0]}

    def _exceptions(self, ref: Ref, wanted: Wanted) -> dict[str, object]:
        """The parameters that bring a policy's exceptions to ``wanted``: the platform can only add and remove, so what is live is read first."""
        rows = self._admin(ref.kind).read("Get-RetentionCompliancePolicy", DETAIL).rows
        row = next((row for row in rows if (wire.text(row, "Guid") or "").lower() == ref.vendor_id), None)
        if row is None:
            raise PermanentError("admin.not_found", f"{ref.name} was not shown.", "Read the tenant again.")
        live, due = frozenset(members_of(row, "Exception")), _excepted(wanted)
        return {**_locations(due - live, verb="Add", suffix="Exception"), **_locations(live - due, verb="Remove", suffix="Exception")}

    def _made(self, cmdlet: str, parameters: Mapping[str, object], wanted: Wanted, mark: Mark, reading: str) -> Receipt:
        """The receipt of a ``New-`` cmdlet; its answer is not documented, so without an id in it the object is looked up."""
        try:
            rows = self._admin(wanted.kind).write(cmdlet, parameters)
        except TransientError as error:
            if error.code != "wire.throttled" or (error.retry_after or 0.0) > _LONGEST_WAIT:
                raise
            self._access.context.clock.sleep(error.retry_after if error.retry_after is not None else _PATIENCE)
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


def _event_name(wanted: Wanted) -> str | None:
    """The event type that a label counts from, by name; None where it counts from something else."""
    trigger = str(wanted.fields.get("trigger"))
    return trigger.removeprefix(EVENT) if trigger.startswith(EVENT) else None


def comment(description: object, mark: Mark) -> str:
    """``description`` with the mark as the last thing in it."""
    return f"{description} {mark}".strip() if isinstance(description, str) else str(mark)


def label_parameters(wanted: Wanted, mark: Mark) -> dict[str, object]:
    """The parameters of ``New-ComplianceTag``, but for the event type. Raises PermanentError for a record, regulatory or delete-only label."""
    fields = wanted.fields
    if fields.get("behaviour", "retain") != "retain" or fields.get("action") not in _LABEL_ACTIONS:
        raise _never(f"label {wanted.name}: only labels that retain, and keep, are reviewed, or (transitory) keep and then delete, are made")
    trigger = fields.get("trigger")
    clock = EVENT_CLOCK if str(trigger).startswith(EVENT) else CLOCK_WORDS.get(str(trigger))
    if clock is None:
        raise _never(f"label {wanted.name}: there is no clock {trigger!r}")
    review = {"MultiStageReviewProperty": _stages(wanted.name, fields)} if fields.get("action") == "review" else {}
    return {
        "Name": wanted.name,
        "RetentionAction": ACTION_WORDS[str(fields["action"])],
        "RetentionDuration": _period(wanted),
        "RetentionType": clock,
        "Comment": comment(fields.get("description"), mark),
        "Notes": fields.get("description") or "",
        "IsRecordLabel": False,
        **review,
    }


def policy_parameters(wanted: Wanted, mark: Mark) -> dict[str, object]:
    """The parameters of ``New-RetentionCompliancePolicy``. Raises PermanentError without a location, or for an exception without All."""
    excepted = _excepted(wanted)
    orphans = {item for item in excepted if f"{item.partition(':')[0]}:All" not in wanted.members}
    if not wanted.members or orphans or wanted.fields.get("locked"):
        raise _never(f"policy {wanted.name}: it needs a location, exceptions only beside All, and no lock")
    return {
        "Name": wanted.name,
        "Comment": comment(wanted.fields.get("description"), mark),
        "Enabled": wanted.fields.get("enabled", True) is True,
        **_locations(wanted.members),
        **_locations(excepted, suffix="Exception"),
    }


def rule_parameters(wanted: Wanted, mark: Mark, policy: Ref) -> dict[str, object]:
    """The parameters of a retain rule. The action is always sent: without it the vendor makes another kind of hold (M§2.2)."""
    if wanted.fields.get("action") != "keep" or wanted.fields.get("query"):
        raise _never(f"rule {wanted.name}: a rule over a place keeps everything there and never deletes")
    common: dict[str, object] = {
        "Name": wanted.name,
        "Policy": policy.vendor_id,
        "RetentionDuration": _period(wanted),
        "RetentionComplianceAction": "Keep",
        "Comment": comment(wanted.fields.get("description"), mark),
    }
    if mark.key.removeprefix(RULE_KEYS).startswith(CHAT_KEYS):
        return common
    return {**common, "ExpirationDateOption": _policy_clock(wanted.name, wanted.fields.get("trigger")), "RetentionDurationDisplayHint": "Days"}


def publish_parameters(wanted: Wanted, policy: Ref) -> dict[str, object]:
    """The parameters of a publish rule: no name, no comment, or the parameter set is ambiguous (docs/wire)."""
    label = wanted.fields.get("publishes")
    if not isinstance(label, str) or not label:
        raise _never(f"rule {wanted.name}: it publishes no label")
    return {"Policy": policy.vendor_id, "PublishComplianceTag": label}


def changes_of(kind: Kind, wanted: Fields, mark: Mark, fields: frozenset[str]) -> dict[str, object]:
    """The parameters that bring ``fields`` to ``wanted``. Raises PermanentError for what the platform fixes at birth or we never write."""
    found: dict[str, object] = {}
    if kind is Kind.M365_LABEL_RULE:
        raise _never("a publish rule cannot be changed")
    for name in sorted(fields):
        if name == "period" and kind in (Kind.M365_LABEL, Kind.M365_RETENTION_RULE):
            found["RetentionDuration"] = _period_of(wanted)
        elif name == "reviewers" and kind is Kind.M365_LABEL:
            found["MultiStageReviewProperty"] = _stages("a label", wanted)
        elif name == "action" and kind is Kind.M365_RETENTION_RULE and wanted.get("action") == "keep":
            found["RetentionComplianceAction"] = "Keep"
        elif name == "trigger" and kind is Kind.M365_RETENTION_RULE:
            found["ExpirationDateOption"] = _policy_clock("a rule", wanted.get("trigger"))
        elif name == "enabled" and kind in _POLICIES and wanted.get("enabled") is True:
            found["Enabled"] = True
        elif name != "description":
            raise _never(f"{kind.value}: {name} cannot be set to {wanted.get(name)!r}")
    if kind is Kind.M365_LABEL and "description" in fields:
        found["Notes"] = wanted.get("description") or ""
    return {**found, "Comment": comment(wanted.get("description"), mark)}


def _stages(name: str, fields: Fields) -> str:
    """Reviewers as the cmdlet takes them: never nobody, because keep-and-delete without a reviewer would simply delete."""
    stages = fields.get("reviewers")
    try:
        return stages_word([item for item in stages if isinstance(item, str)] if isinstance(stages, tuple) else [])
    except ValueError as error:
        raise _never(f"{name}: {error}") from error


def _excepted(wanted: Wanted) -> frozenset[str]:
    exceptions = wanted.fields.get("exceptions")
    return frozenset(item for item in exceptions if isinstance(item, str)) if isinstance(exceptions, tuple) else frozenset()


def _locations(members: frozenset[str], *, verb: str = "", suffix: str = "") -> Mapping[str, object]:
    try:
        return dict(locations(members, verb=verb, suffix=suffix))
    except ValueError as error:
        raise _never(str(error)) from error


def _policy_clock(name: str, trigger: Value) -> str:
    if trigger not in ("created", "modified"):
        raise _never(f"rule {name}: a policy counts from creation or modification, not from {trigger!r}")
    return CLOCK_WORDS[str(trigger)]


def _period(wanted: Wanted) -> str:
    return _period_of(wanted.fields)


def _period_of(fields: Fields) -> str:
    try:
        return period_word(fields.get("period"))
    except ValueError as error:
        raise _never(str(error)) from error


def _needed(parent: Ref | None, name: str) -> Ref:
    if parent is None:
        raise _never(f"{name} needs its parent")
    return parent


def _never(why: str) -> PermanentError:
    return PermanentError("write.not_allowed", why, "This is never written from here; do it by hand if it is right.")


