"""Retention labels and event types over Graph, which Microsoft documents for a signed-in person only (M§1.2): both ways between its words and ours.

What may be written at all is decided where the cmdlets' parameters are made (``writer``); here they are put into Graph's words (M§2.3), so that one
gate serves both ways. A label made here is unpublished: Graph has nothing that publishes (M§2.1). Nothing is deleted, and no event is fired.
Its place in the file plan is given to it at birth; that one could be given to it afterwards nobody has shown (``delegated_filing``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from connectors.base import Context, Receipt
from connectors.errors import ConnectorError, PermanentError, TransientError, UnknownOutcomeError
from connectors.microsoft365 import wire
from connectors.microsoft365.delegated_filing import GraphFilingDesk
from connectors.microsoft365.errors import Answer
from connectors.microsoft365.file_plan import folded, words
from connectors.microsoft365.graph import V1, Call, GraphClient, Listing, Reply, segment
from connectors.microsoft365.labels import CLOCKS, EVENT, reviewed, stage
from connectors.microsoft365.once import there_by_mark, wait_out
from policies.effects import FOREVER
from policies.kinds import Kind
from policies.resources import FILED, Fields, Force, Live, Mark, Ref, Value, Wanted, find_mark, without_mark

LABELS: Final = "/security/labels/retentionLabels"
TYPES: Final = "/security/triggerTypes/retentionEventTypes"
_NESTED: Final = ("$expand", "dispositionReviewStages,retentionEventType,descriptors")
"""What a label shows only to who asks for it (docs/wire/delegated.md §4.1)."""
_REVIEW: Final = "startdispositionreview"

_TRIGGERS: Final[Mapping[str, str]] = {"datelabeled": "labelled", "datecreated": "created", "datemodified": "modified", "dateofevent": "event"}
_TRIGGER_WORDS: Final[Mapping[str, str]] = {
    "created": "dateCreated", "modified": "dateModified", "labelled": "dateLabeled", "event": "dateOfEvent",
}  # fmt: skip
_BEHAVIOURS: Final[Mapping[str, str]] = {
    "donotretain": "retain", "retain": "retain", "retainasrecord": "record", "retainasregulatoryrecord": "regulatory",
}  # fmt: skip
_DAYS: Final = "#microsoft.graph.security.retentionDurationInDays"
_FOREVER: Final = "#microsoft.graph.security.retentionDurationForever"
_PLAN: Final[Mapping[str, str]] = {
    "authority": "authority", "category": "category", "citation": "citation", "department": "department", "filePlanReference": "reference",
}  # fmt: skip
"""Graph's descriptors to our fields (M§1.5)."""
_AT_BIRTH: Final = "over Graph a label is given its place in the file plan when it is made, and by nothing that Microsoft documents after that."


def read_labels(graph: GraphClient) -> Listing:
    """Every label that the person sees, with what is nested in it; one by one where a list does not take ``$expand``, which is not sure (M§12)."""
    try:
        return graph.rows(Call(method="GET", path=LABELS, query=(_NESTED,)))
    except PermanentError as error:
        if error.status != 400:
            raise
    plain = graph.rows(Call(method="GET", path=LABELS))
    ids = [wire.filled(row, "id") for row in plain.rows]
    replies = graph.call_all([one_label(vendor_id) for vendor_id in ids if vendor_id])
    rows = tuple(reply.value for reply in replies if isinstance(reply, Reply))
    lost = next((f"{reply.code}: {reply.message}" for reply in replies if not isinstance(reply, Reply)), None)
    flaw = "wire.missing_property: a label lacks its id" if None in ids else None
    return Listing(rows=rows, partial=plain.partial or lost or flaw)


def read_types(graph: GraphClient) -> Listing:
    """Every event type that the person sees."""
    return graph.rows(Call(method="GET", path=TYPES))


def one_label(vendor_id: str) -> Call:
    """The request for one label with what is nested in it."""
    return Call(method="GET", path=f"{LABELS}/{segment(vendor_id)}", query=(_NESTED,))


def is_missing(error: ConnectorError) -> bool:
    """Whether Graph says that there is no such label: by its text, whatever the status (M§1.4)."""
    return error.status == 404 or "couldn't be found" in error.message.lower()


def label_from_graph(row: wire.JsonObject, *, made_by_us: bool | None) -> Live | None:
    """A Graph label in the same normal form as a ComplianceTag; None when the row lacks what identifies a label."""
    name, vendor_id = wire.filled(row, "displayName"), wire.filled(row, "id")
    behaviour, action = wire.filled(row, "behaviorDuringRetentionPeriod"), wire.filled(row, "actionAfterRetentionPeriod")
    if name is None or vendor_id is None or behaviour is None or action is None or "retentionDuration" not in row:
        return None
    comment = wire.text(row, "descriptionForAdmins")
    stages = _stages(row)
    further: Fields = {"reviewers": stages, **_filed(row)}
    # Stages that were shown, with nobody in them, are no review: the platform simply deletes (M§2.3).
    nobody = "dispositionReviewStages" in row and not reviewed(stages)
    return Live(
        kind=Kind.M365_LABEL,
        vendor_id=vendor_id.lower(),
        name=name,
        fields={
            "period": _period(row),
            "trigger": _trigger(row),
            "action": _action(behaviour.lower(), "delete" if nobody and action.lower() == _REVIEW else action),
            "behaviour": _BEHAVIOURS.get(behaviour.lower(), behaviour),
            "description": without_mark(comment),
            **{key: value for key, value in further.items() if value},
        },
        mark=find_mark(comment),
        force=Force.APPLIED,
        created_at=wire.moment(row, "createdDateTime"),
        changed_at=wire.moment(row, "lastModifiedDateTime"),
        made_by_us=made_by_us,
        in_use=wire.flag(row, "isInUse"),
        raw=wire.compact(row),
    )


def event_type_from_graph(row: wire.JsonObject, *, made_by_us: bool | None) -> Live | None:
    """A Graph event type in normal form; None when the row lacks its name or id."""
    name, vendor_id = wire.filled(row, "displayName"), wire.filled(row, "id")
    if name is None or vendor_id is None:
        return None
    description = wire.text(row, "description")
    return Live(
        kind=Kind.M365_EVENT_TYPE,
        vendor_id=vendor_id.lower(),
        name=name,
        fields={"description": without_mark(description)},
        mark=find_mark(description),
        force=Force.APPLIED,
        created_at=wire.moment(row, "createdDateTime"),
        changed_at=wire.moment(row, "lastModifiedDateTime"),
        made_by_us=made_by_us,
        raw=wire.compact(row),
    )


class LabelWriter:
    """Writes labels and event types as the signed-in person. ``parameters`` are always the cmdlets', already judged."""

    def __init__(self, graph: GraphClient, context: Context) -> None:
        self._graph = graph
        self._context = context
        self._filing = GraphFilingDesk(graph, context)

    def create(self, parameters: Mapping[str, object], wanted: Wanted, mark: Mark) -> Receipt:
        """A new label with its place in the file plan; what of that place the platform will not take is named in the receipt, for the label counts.

        Raises ``event_type.not_found`` and what Graph refuses with.
        """
        body, event = body_of(parameters), event_name(wanted.fields)
        if event is not None:
            # The address of the version that is asked, or the platform may not follow it (M§1.3).
            body["retentionEventType@odata.bind"] = f"{self._graph.base}/{V1}{TYPES}('{self._type(event)}')"
        said = words(wanted.fields)
        place = self._filing.of_new(said)
        if not place.descriptors:
            return replace(self._made(LABELS, body, mark, "descriptionForAdmins"), later=place.later)
        try:
            receipt = self._made(LABELS, {**body, "descriptors": dict(place.descriptors)}, mark, "descriptionForAdmins")
        except PermanentError as error:
            if error.code == "name.taken":
                raise
            receipt = self._made(LABELS, body, mark, "descriptionForAdmins")
            return replace(receipt, later=dict.fromkeys(said, (error.code, error.message)))
        return replace(receipt, later={**self._dropped(receipt, said), **place.later})

    def create_type(self, name: str, comment: str, mark: Mark) -> Receipt:
        """A new event type."""
        return self._made(TYPES, {"displayName": name, "description": comment}, mark, "description")

    def set(self, ref: Ref, parameters: Mapping[str, object], fields: frozenset[str]) -> Receipt:
        """What of a label or event type may be changed; the platform answers 200 with the object or 204 without (M§1.2).

        A place in the file plan is not among it and stands in the receipt as still to come; alone it is refused (``file_plan.at_birth``).
        """
        filed = fields & FILED
        if filed and not fields - FILED:
            raise PermanentError("file_plan.at_birth", f"label {ref.name}: {_AT_BIRTH}", "Set it in the portal, or let labels go by cmdlet.")
        if ref.kind is Kind.M365_EVENT_TYPE:
            path, body = TYPES, {"description": parameters["Comment"]}
        else:
            path, body = LABELS, body_of(parameters)
        answer = self._graph.call(Call(method="PATCH", path=f"{path}/{segment(ref.vendor_id)}", body=body)).answer
        return replace(self._receipt(ref.vendor_id, ref.name, answer, "{}"), later=dict.fromkeys(filed, ("file_plan.at_birth", _AT_BIRTH)))

    def _dropped(self, receipt: Receipt, said: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """What of ``said`` a new label does not show although it was accepted; nothing where it cannot be seen just now, for then nobody knows."""
        try:
            shown = words(_filed(self._graph.call(one_label(receipt.vendor_id)).value))
        except ConnectorError:
            return {}
        missing = (name for name, word in said.items() if folded(shown.get(name, "")) != folded(word))
        return dict.fromkeys(missing, ("file_plan.not_taken", f"label {receipt.name}: taken, and shown without this place in the file plan."))

    def _type(self, name: str) -> str:
        rows = self._graph.rows(Call(method="GET", path=TYPES)).rows
        found = [vendor_id for row in rows if (wire.text(row, "displayName") or "").lower() == name.lower() and (vendor_id := wire.filled(row, "id"))]
        if len(found) != 1:
            raise PermanentError("event_type.not_found", f"The event type {name!r} was not seen.", "Read the tenant again.")
        return found[0]

    def _made(self, path: str, body: Mapping[str, object], mark: Mark, marked: str) -> Receipt:
        """What a create made. Throttled, it is sent again only after a look has shown that nothing carries our mark yet."""
        call = Call(method="POST", path=path, body=body, once=True)
        try:
            reply = self._graph.call(call)
        except TransientError as error:
            wait_out(error, self._context.clock)
            reply = there_by_mark(self._graph.rows, Call(method="GET", path=path), str(mark), mark, marked) or self._graph.call(call)
        vendor_id, name = wire.filled(reply.value, "id"), str(body["displayName"])
        if vendor_id is None:
            raise UnknownOutcomeError("wire.unexpected", f"{name}: accepted without an id.", "Read the tenant again and look for the mark.")
        return self._receipt(vendor_id.lower(), wire.filled(reply.value, "displayName") or name, reply.answer, wire.compact(reply.value))

    def _receipt(self, vendor_id: str, name: str, answer: Answer, raw: str) -> Receipt:
        return Receipt(vendor_id=vendor_id, name=name, accepted_at=self._context.clock.now(), vendor_at=answer.vendor_at, raw=raw)


def event_name(fields: Fields) -> str | None:
    """The event type that a label counts from, by name; None where it counts from something else."""
    trigger = str(fields.get("trigger"))
    return trigger.removeprefix(EVENT) if trigger.startswith(EVENT) else None


def body_of(parameters: Mapping[str, object]) -> dict[str, object]:
    """Cmdlet parameters of a label in Graph's words (M§2.3). What is fixed at birth appears only where it was given."""
    body: dict[str, object] = {}
    if "Name" in parameters:
        body["displayName"] = parameters["Name"]
    reviewed = "MultiStageReviewProperty" in parameters
    if "RetentionAction" in parameters:
        deleting = parameters["RetentionAction"] == "KeepAndDelete"
        # A record starts locked unless the label says otherwise, and ours does not (M§1.1).
        body["behaviorDuringRetentionPeriod"] = "retainAsRecord" if parameters.get("IsRecordLabel") is True else "retain"
        body["actionAfterRetentionPeriod"] = "startDispositionReview" if reviewed else "delete" if deleting else "none"
    if "RetentionType" in parameters:
        body["retentionTrigger"] = _TRIGGER_WORDS[CLOCKS[str(parameters["RetentionType"]).lower()]]
    if "RetentionDuration" in parameters:
        body["retentionDuration"] = _duration(str(parameters["RetentionDuration"]))
    if reviewed:
        body["dispositionReviewStages"] = _review(str(parameters["MultiStageReviewProperty"]))
    for cmdlets, graphs in (("Comment", "descriptionForAdmins"), ("Notes", "descriptionForUsers")):
        if cmdlets in parameters:
            body[graphs] = parameters[cmdlets]
    return body


def _duration(word: str) -> dict[str, object]:
    return {"@odata.type": _FOREVER} if word == "Unlimited" else {"@odata.type": _DAYS, "days": int(word)}


def _review(text: str) -> list[dict[str, object]]:
    """Stages in order. The number goes out as a string: it is one in the metadata (M§1.3)."""
    settings = wire.rows(wire.parse_object(text.encode()), "MultiStageReviewSettings")
    return [
        {"stageNumber": str(number), "name": wire.text(one, "StageName") or "", "reviewersEmailAddresses": list(wire.texts(one, "Reviewers"))}
        for number, one in enumerate(settings, 1)
    ]


def _period(row: wire.JsonObject) -> Value:
    """Days, for ever, or None; told by the presence of ``days``, for a type annotation may be gone (M§1.3)."""
    duration = row.get("retentionDuration")
    if not isinstance(duration, dict):
        return None
    days = wire.number(duration, "days")
    kind = wire.filled(duration, "@odata.type") or ""
    return days if days is not None else FOREVER if not kind or kind.endswith("retentionDurationForever") else kind


def _trigger(row: wire.JsonObject) -> Value:
    raw = wire.filled(row, "retentionTrigger")
    if raw is None:
        return None
    known = _TRIGGERS.get(raw.lower(), raw)
    return f"{EVENT}{wire.filled(wire.child(row, 'retentionEventType'), 'displayName') or ''}" if known == "event" else known


def _action(behaviour: str, action: str) -> Value:
    """Our word for both; what keeps nothing and deletes nothing has none, and an unknown one stands as the vendor wrote it."""
    lowered, keeps = action.lower(), behaviour != "donotretain"
    known = {"none": "keep" if keeps else None, "delete": "keep_and_delete" if keeps else "delete", _REVIEW: "review"}
    return known.get(lowered, action)


def _stages(row: wire.JsonObject) -> tuple[str, ...]:
    found = []
    for one in wire.rows(row, "dispositionReviewStages"):
        # The vendor's own example has a blank at the end of this name (M§1.3).
        people: Sequence[str] = wire.texts(one, "reviewersEmailAddresses") or wire.texts(one, "reviewersEmailAddresses ")
        number = re.sub(r"\D", "", str(one.get("stageNumber", ""))) or "0"
        found.append((int(number), stage(wire.text(one, "name") or "", people)))
    return tuple(text for _number, text in sorted(found))


def _filed(row: wire.JsonObject) -> Fields:
    """What a label says of the file plan, in our fields."""
    plan = wire.child(row, "descriptors")
    said = {field: wire.filled(wire.child(plan, name), "displayName") for name, field in _PLAN.items()}
    said["subcategory"] = wire.filled(wire.child(wire.child(plan, "category"), "subcategory"), "displayName")
    return {field: word for field, word in said.items() if word}
