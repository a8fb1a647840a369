"""Proves what can be written here: a marked dummy, read back, and removed again; for archives, a group told what it already is.

It removes only what it made itself: empty holds, their matter, and a label that was never published.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from connectors.base import Context, Receipt
from connectors.errors import ConnectorError, PermanentError, UnknownOutcomeError
from connectors.google_workspace.archives import ArchiveWriter
from connectors.google_workspace.http import Session
from connectors.google_workspace.label_desk import FULL, NEWEST, is_draft_of_ours, revision
from connectors.google_workspace.operations import (
    HOLDS_CREATE,
    HOLDS_DELETE,
    HOLDS_GET,
    HOLDS_LIST,
    LABELS_CREATE,
    LABELS_DELETE,
    LABELS_LIST,
    MATTERS_CLOSE,
    MATTERS_CREATE,
    MATTERS_DELETE,
    MATTERS_GET,
    MATTERS_LIST,
)
from connectors.google_workspace.vault import marked_name, matter_body
from connectors.google_workspace.wire import Json, required, text
from policies.district import Tenant
from policies.kinds import Kind
from policies.resources import Mark, find_mark

NAME: Final = "Recordwarden proof"
_TEXT: Final = "A proof that this can be written; it holds nobody and is removed at once."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dummy:
    """The matter that this run made, or the one that an earlier proof had to leave behind."""

    matter_id: str
    raw: str


class GoogleProver:
    """The writing identity, with the three removals that a proof needs."""

    def __init__(self, tenant: Tenant, context: Context) -> None:
        self._context = context
        self._tenant = tenant
        self._session = Session(tenant, context, writing=True)

    def close(self) -> None:
        """Close idle connections; the next request opens new ones."""
        self._session.close()

    def prove(self, kind: Kind, mark: Mark) -> Receipt:
        """Proof that ``kind`` can be written. Raises ``ConnectorError`` with what was refused; what could not be removed is in ``raw``."""
        if kind is Kind.GOOGLE_GROUP_ARCHIVE:
            return ArchiveWriter(self._session, self._context).prove(self._tenant.visibility_checks)
        if kind is Kind.GOOGLE_DRIVE_LABEL:
            return self._label(mark)
        if kind not in {Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD}:
            raise PermanentError("kind.not_written", f"{kind.value} is not written by this connector", "There is nothing to prove.")
        dummy = self._matter(mark)
        try:
            receipt = self._proof(kind, mark, dummy)
        except ConnectorError:
            self._remove(dummy, mark)
            raise
        left = self._remove(dummy, mark)
        return receipt if left is None else replace(receipt, raw=json.dumps({"answer": json.loads(receipt.raw), "left_behind": left}))

    def _label(self, mark: Mark) -> Receipt:
        """A draft that nobody sees, read back and taken away again; never published, for what is published stays (G§3.1)."""
        drafts = self._session.pages(LABELS_LIST, "labels", useAdminAccess=True, view=FULL, pageSize=200)
        left = next((one for one in drafts if is_draft_of_ours(one, mark)), None)
        raw = json.dumps(left, sort_keys=True) if left else "{}"
        if left is None:
            body = {"labelType": "ADMIN", "properties": {"title": NAME, "description": marked_name(_TEXT, mark)}}
            answer = self._session.call(LABELS_CREATE, useAdminAccess=True, body=body)
            left, raw = answer.body, answer.raw
        label_id = required(left, "id", "label")
        back = revision(self._session, label_id, NEWEST)
        if not is_draft_of_ours(back, mark):
            raise PermanentError("proof.not_read_back", f"the label {label_id} was made and does not show its mark when read again", "Report it.")
        receipt = self._receipt(label_id, NAME, raw)
        try:
            self._session.call(LABELS_DELETE, name=f"labels/{label_id}", useAdminAccess=True)
        except ConnectorError as error:
            left_behind = f"label {label_id} ({NAME}), an unpublished draft: {error.code}"
            return replace(receipt, raw=json.dumps({"answer": json.loads(raw), "left_behind": left_behind}))
        return receipt

    def _proof(self, kind: Kind, mark: Mark, dummy: _Dummy) -> Receipt:
        """What is read back, after a hold was made in the dummy where a hold is to be proved."""
        if kind is Kind.GOOGLE_MATTER:
            back = self._session.call(MATTERS_GET, matterId=dummy.matter_id, view="BASIC")
            _same(back.body, text(back.body, "description"), mark)
            return self._receipt(dummy.matter_id, text(back.body, "name"), dummy.raw)
        made = self._session.call(HOLDS_CREATE, matterId=dummy.matter_id, body={"name": marked_name(NAME, mark), "corpus": "MAIL", "accounts": []})
        hold_id = required(made.body, "holdId", "hold")
        back = self._session.call(HOLDS_GET, matterId=dummy.matter_id, holdId=hold_id, view="FULL_HOLD")
        _same(back.body, text(back.body, "name"), mark)
        return self._receipt(hold_id, text(back.body, "name"), made.raw)

    def _matter(self, mark: Mark) -> _Dummy:
        """A dummy matter: the marked one that an earlier proof left, else a new one. An unknown outcome is settled by looking for the mark."""
        left = self._left(mark)
        if left is not None:
            return left
        try:
            answer = self._session.call(MATTERS_CREATE, body=matter_body(NAME, {"description": _TEXT}, mark))
        except UnknownOutcomeError:
            found = self._left(mark)
            if found is None:
                raise
            return found
        return _Dummy(matter_id=required(answer.body, "matterId", "matter"), raw=answer.raw)

    def _left(self, mark: Mark) -> _Dummy | None:
        for raw in self._session.pages(MATTERS_LIST, "matters", state="OPEN", view="BASIC", pageSize=100):
            if text(raw, "name") == NAME and find_mark(text(raw, "description")) == mark:
                return _Dummy(matter_id=required(raw, "matterId", "matter"), raw=json.dumps(raw, sort_keys=True))
        return None

    def _remove(self, dummy: _Dummy, mark: Mark) -> str | None:
        """Remove the dummy's marked holds, then close and delete it. Returns what was left behind and why, or None."""
        here = {"matterId": dummy.matter_id}
        try:
            for hold in self._session.pages(HOLDS_LIST, "holds", **here, view="FULL_HOLD", pageSize=100):
                if find_mark(text(hold, "name")) != mark or hold.get("accounts") or hold.get("orgUnit"):
                    return f"matter {dummy.matter_id}: it holds something that is not ours"
                self._session.call(HOLDS_DELETE, **here, holdId=required(hold, "holdId", "hold"))
            steps: tuple[Callable[[], object], ...] = (
                lambda: self._session.call(MATTERS_CLOSE, **here, body={}),
                lambda: self._session.call(MATTERS_DELETE, **here),
            )
            for step in steps:
                step()
        except ConnectorError as error:
            return f"matter {dummy.matter_id} ({NAME}): {error.code}"
        return None

    def _receipt(self, vendor_id: str, name: str, raw: str) -> Receipt:
        return Receipt(vendor_id=vendor_id, name=name, accepted_at=self._context.clock.now(), raw=raw)


def _same(body: Json, marked: str, mark: Mark) -> None:
    if find_mark(marked) != mark:
        shown = text(body, "name")
        raise PermanentError("proof.not_read_back", f"{shown!r} was made and does not show its mark when read again", "Report it.")
