"""The lifecycle of labels, whoever acts (API or console): draft, published, disabled, gone (G§3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sandbox.google import errors
from sandbox.google.labeldelta import Draft, checked, new_field
from sandbox.google.labels import MAX_DRAFTS, MAX_FIELDS, MAX_LABELS, Label, Revision
from sandbox.google.labels import masked as with_mask
from sandbox.google.state import GoogleState

Item = dict[str, object]
Given = Mapping[str, object]


def create(state: GoogleState, body: Given, now: datetime, by: str) -> Label:
    """A fresh draft with its creator as editor; 400 for what does not fit, also for one label too many."""
    kind = str(body.get("labelType", ""))
    if kind not in {"ADMIN", "SHARED"}:
        raise errors.invalid("Label type must be ADMIN or SHARED.")
    if len(state.labels) >= MAX_LABELS:
        raise errors.precondition(f"An organization can have at most {MAX_LABELS} labels.")
    given = body.get("fields") or []
    assert isinstance(given, list)
    if len(given) > MAX_FIELDS:
        raise errors.invalid(f"A label can have at most {MAX_FIELDS} fields.")
    fields = [new_field(part, lambda: state.word(10).upper()) for part in given]
    first = Revision(id=state.word(8), created=now, creator=by, properties=checked(body.get("properties")), fields=fields)
    label = Label(id=state.word(32), type=kind, created=now, creator=by, revisions=[first], learn_more=str(body.get("learnMoreUri", "")))
    state.labels[label.id] = label
    return label


def change(state: GoogleState, label: Label, requests: Sequence[Given], now: datetime, by: str) -> list[Item]:
    """Make a draft revision out of ``requests``, all or nothing; returns the answers in their order."""
    if not requests:
        raise errors.invalid("At least one request must be given.")
    revision = label.latest.next(state.word(8), now, by)
    draft = Draft(label=label, revision=revision, fresh=lambda: state.word(10).upper())
    answers = [draft.apply(request) for request in requests]
    label.revisions.append(revision)
    drafts = [found for found in label.revisions if not found.published]
    label.revisions[:] = [found for found in label.revisions if found.published or found in drafts[-MAX_DRAFTS:]]
    return answers


def publish(state: GoogleState, label: Label, now: datetime, by: str) -> None:
    """What was draft is from now on what files see; there is no way back to draft. 400 when there is nothing to publish."""
    if label.state == "DISABLED":
        raise errors.precondition("A disabled label cannot be published. Enable it first.")
    if not label.has_draft:
        raise errors.precondition("The label has no unpublished changes.")
    _renew(state, label, now, by)
    for part in label.latest.fields:
        for found in (part, *part.choices):
            found.changed = False
            found.state = "PUBLISHED" if found.state == "UNPUBLISHED_DRAFT" else found.state
    label.state, label.published_at, label.publisher = "PUBLISHED", now, by


def disable(state: GoogleState, label: Label, body: Given, now: datetime, by: str) -> None:
    """Hide a published label from people; what was applied stays. 400 for one that is not published, or that a rule has locked."""
    if label.state != "PUBLISHED":
        raise errors.precondition("Only a published label can be disabled.")
    if label.locked():
        raise errors.precondition("The label is locked because a rule uses it.")
    policy = body.get("disabledPolicy")
    label.disabled_policy = with_mask({}, policy if isinstance(policy, dict) else {}, str(body.get("updateMask", "*")))
    label.state, label.disabled_at, label.disabler = "DISABLED", now, by
    _renew(state, label, now, by, keep_draft=True)


def enable(state: GoogleState, label: Label, now: datetime, by: str) -> None:
    """Bring a disabled label back; 400 for one that is not disabled."""
    if label.state != "DISABLED":
        raise errors.precondition("Only a disabled label can be enabled.")
    label.state, label.disabled_at, label.disabled_policy = "PUBLISHED", None, {}
    _renew(state, label, now, by, keep_draft=True)


def delete(state: GoogleState, label: Label) -> None:
    """The label goes, and with it what it said on every file. 400 while published or locked."""
    if label.state == "PUBLISHED":
        raise errors.precondition("A published label must be disabled before it can be deleted.")
    if label.locked():
        raise errors.precondition("The label is locked because a rule uses it.")
    del state.labels[label.id]


def _renew(state: GoogleState, label: Label, now: datetime, by: str, *, keep_draft: bool = False) -> None:
    """A new published revision; out of the draft when that is what is being published, beside a draft that goes on otherwise."""
    base = label.current if keep_draft else label.latest
    assert base is not None
    fresh = base.next(state.word(8), now, by)
    fresh.published = True
    waiting = label.latest.next(state.word(8), now, by) if keep_draft and label.has_draft else None
    label.revisions[:] = [*(found for found in label.revisions if found.published), fresh, *([waiting] if waiting else [])]
