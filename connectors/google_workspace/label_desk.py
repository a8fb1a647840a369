"""Reads and writes Drive labels. It can make, publish, re-describe, enable and let people apply them.

It can disable none, which is the releaser's, delete none (G§3.1: that strips them off files), and take no permission away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from connectors.base import Context, Receipt
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, UnknownOutcomeError
from connectors.google_workspace.capabilities import LABELS_NOT_LICENSED
from connectors.google_workspace.http import Answer, Session
from connectors.google_workspace.label_people import permissions, permit
from connectors.google_workspace.labels import foreign_draft, label_body, label_live, label_text, state_of, within
from connectors.google_workspace.operations import (
    LABEL_LIMITS,
    LABELS_COPY_MODE,
    LABELS_CREATE,
    LABELS_DELTA,
    LABELS_ENABLE,
    LABELS_GET,
    LABELS_LIST,
    LABELS_PUBLISH,
    Operation,
)
from connectors.google_workspace.ourselves import Ourselves
from connectors.google_workspace.visibility import settle_read
from connectors.google_workspace.wire import Json, inner, required, text
from policies.kinds import Kind
from policies.resources import KindRead, Live, Mark, ReadState, Ref, Wanted, find_mark

FULL = "LABEL_VIEW_FULL"
NEWEST = "latest"
PUBLISHED = "published"


class LabelReader:
    """Every label of the customer that an administrator sees, in its newest revision."""

    def __init__(self, session: Session, checks: Mapping[Kind, str], ourselves: Ourselves) -> None:
        self._session = session
        self._checks = checks
        self._ourselves = ourselves

    def read(self, *, sold: bool | None) -> tuple[tuple[Live, ...], KindRead]:
        """The labels, and how their list was read. ``sold`` False: the tenant's licences bring none, so nothing is asked."""
        kind = Kind.GOOGLE_DRIVE_LABEL
        if sold is False:
            return (), KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=LABELS_NOT_LICENSED)
        try:
            raw = self._session.pages(LABELS_LIST, "labels", useAdminAccess=True, view=FULL, pageSize=200)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            return (), KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=f"{error.code}: {error.message}")
        answers = self._session.each(self._with_people, [one for one in raw if state_of(one) != "deleted"])
        lives = tuple(one for one in answers if isinstance(one, Live))
        problems = [f"{one.code}: {one.message}" for one in answers if isinstance(one, ConnectorError)]
        return lives, settle_read(kind, lives, self._checks, problems[0] if problems else None)

    def again(self, ref: Ref) -> Live | None:
        """One label as it is now; None where it says that it was deleted. Raises ConnectorError where it cannot be seen."""
        raw = revision(self._session, ref.vendor_id, NEWEST)
        return None if state_of(raw) == "deleted" else label_live(raw, permissions(self._session, ref.vendor_id))

    def _with_people(self, raw: Json) -> Live | ConnectorError:
        """A label, one of ours with those who may apply it; whose cannot be told is as good as unseen, so the error stands in its place."""
        live = label_live(raw)
        ours = live.mark is not None and live.mark.district == self._session.context.district
        # One that we made is ours although somebody has taken our mark out of it.
        made = text(inner(raw, "creator", "label") or {}, "person") == f"people/{self._ourselves.account_id}"
        if not ours and not made:
            return live  # who may apply somebody else's label decides nothing here
        try:
            return label_live(raw, permissions(self._session, live.vendor_id))
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            return error


class LabelWriter:
    """Makes labels and keeps their words; each step names the revision that it expects, so that nobody's draft is overwritten."""

    def __init__(self, session: Session, context: Context) -> None:
        self._session = session
        self._context = context
        self._limits: Json | None = None

    def create(self, wanted: Wanted, mark: Mark) -> Receipt:
        """A new label, copied with its files, published. Published is for ever (G§3.1), so its words are measured first."""
        self._measure(wanted.name, label_text(wanted.fields, mark))
        answer = self._session.call(LABELS_CREATE, useAdminAccess=True, body=label_body(wanted.name, wanted.fields, mark))
        made = text(answer.body, "id")
        if not made:
            raise UnknownOutcomeError("wire.unexpected", "labels.create: the answer names no id", "The next look at the tenant tells.")
        self._copied(made)
        self._publish(made)
        return self._receipt(answer, made, wanted.name)

    def set(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        """The label's words, copying and publication brought to what ``wanted`` says. Raises ``PermanentError`` ``drive_label.foreign_draft``."""
        newest = revision(self._session, ref.vendor_id, NEWEST)
        state = state_of(newest)
        if state in {"deleted", "unknown"}:
            raise PermanentError("drive_label.gone", f"the label {ref.name} cannot be brought back", "Look at it in the label manager.")
        self._not_others(ref, newest, state)
        answer = None
        if state == "disabled":
            answer = self._act(LABELS_ENABLE, ref.vendor_id, newest)
        if fields & {"copies"}:
            answer = self._copied(ref.vendor_id)
        if fields & {"description", "period", "trigger"}:
            described = label_text(wanted.fields, mark)
            self._measure(text(inner(newest, "properties", "label") or {}, "title"), described)
            change = {"updateLabel": {"properties": {"description": described}, "updateMask": "description"}}
            current = revision(self._session, ref.vendor_id, NEWEST) if answer is not None else newest
            answer = self._session.call(
                LABELS_DELTA,
                name=f"labels/{ref.vendor_id}",
                body={"useAdminAccess": True, "requests": [change], "writeControl": control(current)},
            )
        self._publish(ref.vendor_id)
        return self._receipt(answer, ref.vendor_id, ref.name)

    def permit(self, ref: Ref, members: frozenset[str]) -> Receipt:
        """Let these apply the label, as a union with whoever can already; permissions are in force at once and belong to no revision (G§3.1)."""
        outcomes, answer = permit(self._session, ref.vendor_id, sorted(members))
        return replace(self._receipt(answer, ref.vendor_id, ref.name), members=outcomes)

    def _not_others(self, ref: Ref, newest: Json, state: str) -> None:
        if state != "published_draft":
            return
        if foreign_draft(revision(self._session, ref.vendor_id, PUBLISHED), newest):
            raise PermanentError(
                "drive_label.foreign_draft", f"somebody's unpublished changes wait in {ref.name}", "Publish or discard them in the label manager."
            )

    def _copied(self, label_id: str) -> Answer:
        """Copies of a file keep its class (G§3.1). Not part of a revision, in force at once."""
        return self._session.call(LABELS_COPY_MODE, name=f"labels/{label_id}", body={"copyMode": "ALWAYS_COPY", "useAdminAccess": True})

    def _publish(self, label_id: str) -> None:
        newest = revision(self._session, label_id, NEWEST)
        if state_of(newest) != "published":
            self._act(LABELS_PUBLISH, label_id, newest)

    def _act(self, operation: Operation, label_id: str, seen: Json) -> Answer:
        return self._session.call(operation, name=f"labels/{label_id}", body={"useAdminAccess": True, "writeControl": control(seen)})

    def _measure(self, title: str, description: str) -> None:
        if self._limits is None:
            self._limits = self._session.call(LABEL_LIMITS, name="limits/label").body
        within(self._limits, title, description)

    def _receipt(self, answer: Answer | None, label_id: str, name: str) -> Receipt:
        raw, date = (answer.raw, answer.date) if answer is not None else ("{}", None)
        return Receipt(vendor_id=label_id, name=name, accepted_at=self._context.clock.now(), vendor_at=date, raw=raw)


def revision(session: Session, label_id: str, which: str) -> Json:
    """One revision of a label, whole: ``latest`` or ``published``."""
    return session.call(LABELS_GET, name=f"labels/{label_id}@{which}", useAdminAccess=True, view=FULL).body


def control(seen: Json) -> dict[str, object]:
    """A ``writeControl`` that refuses the write where somebody was faster (G§3.1: stale is a 400)."""
    return {"requiredRevisionId": required(seen, "revisionId", "label")}


def is_draft_of_ours(raw: Json, mark: Mark) -> bool:
    """Whether a label is an unpublished draft that carries exactly this mark."""
    return state_of(raw) == "draft" and find_mark(text(inner(raw, "properties", "label") or {}, "description")) == mark
