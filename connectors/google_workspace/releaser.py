"""Takes away: accounts off a hold, a hold, a matter closed, a label disabled. Nothing else in this connector can, but the prover with its own dummy.

Each of them may be asked again after a lost answer, for what is so already is as good as done: an account that is off, a hold that is gone,
a matter that is closed, a label that is disabled. Whoever asks holds the approvals; here it is only seen to that no more is let go than was asked.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from connectors.base import Context, MemberOutcome, Receipt
from connectors.errors import ConnectorError, PermanentError, UnknownOutcomeError
from connectors.google_workspace.held_accounts import OK, Deed, Told, ask, batches
from connectors.google_workspace.http import Answer, Session
from connectors.google_workspace.label_desk import NEWEST, control, revision
from connectors.google_workspace.labels import locked, state_of
from connectors.google_workspace.operations import (
    HOLDS_DELETE,
    HOLDS_GET,
    HOLDS_LIST,
    HOLDS_REMOVE_ACCOUNTS,
    LABELS_DISABLE,
    MATTERS_CLOSE,
    MATTERS_GET,
)
from connectors.google_workspace.vault import ACCOUNT
from connectors.google_workspace.wire import Json, as_object, inner, objects, required, text, unit_id
from policies.district import Tenant
from policies.kinds import Kind
from policies.resources import Live, Ref, find_mark

_REMOVING: Final = Deed(operation=HOLDS_REMOVE_ACCOUNTS, answers="statuses", done=frozenset({OK}), wrapped=False)
"""What Google says of an account that is not held is not documented: any refusal counts until the hold is seen without the account."""
_NOT_OPEN: Final = frozenset({"CLOSED", "DELETED"})
"""A matter in the trash was closed before, and comes out of it closed (G§1.6)."""
_NOT_AN_ID: Final = "google.invalid: Vault takes accounts off a hold by their id alone"


class GoogleReleaser:
    """The writing identity, with the four calls that take something away. Spends what the quotas of its context's lane allow."""

    def __init__(self, tenant: Tenant, context: Context) -> None:
        self._context = context
        self._session = Session(tenant, context, writing=True)

    def close(self) -> None:
        """Close idle connections; the next request opens new ones."""
        self._session.close()

    def remove(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Accounts taken off a hold in batches, each with its own answer (G§1.2); whoever else is on it stays. Asking again is safe.

        The hold is read first: an account that is off already is done and not sent. Raises ``release.whole_only`` for a unit's hold, and where
        nobody would be left, for what such a hold does Google does not say; ``UnknownOutcomeError`` where an answer was lost.
        """
        if ref.kind is not Kind.GOOGLE_HOLD:
            raise _not_released(ref.kind)
        if live.fields.get("scope") == "org_unit":
            raise _of_a_unit(ref)
        if live.members and live.members <= members:
            raise _nobody_left(ref)
        current = self._hold(ref)
        if _unit(current):
            raise _of_a_unit(ref)
        held = _accounts(current)
        going = sorted(members & held)
        if going and held <= members:
            raise _nobody_left(ref)
        told = self._take_off(ref, going) if going else Told()
        outcomes = {one: _off(one) for one in members} | told.outcomes
        receipt = told.receipt(ref, self._session) if told.answers else self._receipt(ref)
        return replace(receipt, members=tuple(outcomes[member] for member in sorted(members)))

    def end(self, ref: Ref, live: Live) -> Receipt:
        """A hold deleted, a matter closed that has no hold left in it, or a label disabled. Content is never touched; asking again is safe.

        Vault knows no hold that is switched off, and what is not kept otherwise may be purged at once (G§1.2). Raises ``release.changed`` for a
        hold that holds somebody whom ``live`` does not name and a label that is not as ``live`` has it, ``release.holds_left`` for a matter with
        any hold, ``release.label_locked`` for a label that a rule uses, ``release.kept`` for a group's archive,
        ``google.not_found`` where gone cannot be told from invisible, ``UnknownOutcomeError`` where an answer was lost.
        """
        if ref.kind is Kind.GOOGLE_HOLD:
            return self._end_hold(ref, live)
        if ref.kind is Kind.GOOGLE_MATTER:
            return self._end_matter(ref)
        if ref.kind is Kind.GOOGLE_DRIVE_LABEL:
            return self._end_label(ref, live)
        if ref.kind is Kind.GOOGLE_GROUP_ARCHIVE:
            raise PermanentError(
                "release.kept",
                f"{ref.name}: the group's archive stays on: switched off, it would keep nothing of what is written from then on, for anybody",
                "Nothing; whoever looks after the group may switch it off in its settings.",
            )
        raise _not_released(ref.kind)

    def _take_off(self, ref: Ref, going: list[str]) -> Told:
        """What Google says of each account. Once one batch is answered an error is that of the accounts it leaves, for something was done."""
        told = Told()
        for batch in batches(going):
            try:
                ask(self._session, _REMOVING, ref, batch, told)
            except UnknownOutcomeError:
                raise
            except ConnectorError as error:
                if not told.answers:
                    raise
                left = [member for member in going if member not in told.outcomes]
                told.outcomes.update((one, MemberOutcome(member=one, error=f"{error.code}: {error.message}")) for one in left)
                break
        refused = {member for member, one in told.outcomes.items() if one.error}
        told.outcomes.update((member, _off(member)) for member in refused - self._still_held(ref, refused))
        return told

    def _still_held(self, ref: Ref, refused: set[str]) -> set[str]:
        """Those of ``refused`` whom the hold still names; all of them where that cannot be read, so that their refusals stand."""
        if not refused:
            return set()
        try:
            return refused & _accounts(self._hold(ref))
        except ConnectorError:
            return refused

    def _end_hold(self, ref: Ref, live: Live) -> Receipt:
        current = self._hold(ref)
        if current is None:
            return self._receipt(ref)
        if _accounts(current) - live.members or _unit(current) not in {"", live.fields.get("org_unit")}:
            message = f"{ref.name} holds somebody today whom it did not hold when its release was looked at; it was left as it is"
            raise PermanentError("release.changed", message, "See who is on it now, and ask for its release anew.")
        try:
            answer = self._session.call(HOLDS_DELETE, matterId=ref.parent_id or "", holdId=ref.vendor_id)
        except ConnectorError as error:
            if error.code != "google.not_found":
                raise
            return self._receipt(ref)  # seen a moment ago: somebody else was quicker
        return self._receipt(ref, answer)

    def _end_matter(self, ref: Ref) -> Receipt:
        """What closing does to live holds is not documented, so none may be there (G§1.6)."""
        current = self._session.call(MATTERS_GET, matterId=ref.vendor_id, view="BASIC")
        if text(current.body, "state") in _NOT_OPEN:
            return self._receipt(ref, current)
        holds = self._session.pages(HOLDS_LIST, "holds", matterId=ref.vendor_id, view="BASIC_HOLD", pageSize=100)
        if holds:
            others = sum(find_mark(text(hold, "name")) is None for hold in holds)
            message = f"{ref.name} still has {len(holds)} hold(s) in it, {others} of them not made by us; a matter is closed when it has none"
            raise PermanentError("release.holds_left", message, "End the holds that are ours; whoever made the others decides on them.")
        try:
            return self._receipt(ref, self._session.call(MATTERS_CLOSE, matterId=ref.vendor_id, body={}))
        except ConnectorError as error:
            if error.code != "google.failed_precondition":
                raise
            again = self._session.call(MATTERS_GET, matterId=ref.vendor_id, view="BASIC")
            if text(again.body, "state") not in _NOT_OPEN:
                raise
            return self._receipt(ref, again)

    def _end_label(self, ref: Ref, live: Live) -> Receipt:
        """The label disabled at the revision that ``live`` has: people are not offered it any more, and find files by it as before.

        Files that carry it keep it (G§3.1).
        """
        newest = revision(self._session, ref.vendor_id, NEWEST)
        state, seen = state_of(newest), as_object(json.loads(live.raw), "label")
        if state == "disabled":
            return self._receipt(ref)
        marked = find_mark(text(inner(newest, "properties", "label") or {}, "description"))
        if state != "published" or marked is None or marked != ref.mark or newest.get("revisionId") != seen.get("revisionId"):
            message = f"the label {ref.name} is not as it was looked at (now {state}); it was left as it is"
            raise PermanentError("release.changed", message, "Nothing was sent. The next run looks again.")
        if locked(newest):
            raise PermanentError("release.label_locked", f"a rule uses the label {ref.name}", "Take it out of the rule first, in the console.")
        policy = {"hideInSearch": False, "showInApply": False}
        body = {"useAdminAccess": True, "disabledPolicy": policy, "updateMask": "*", "writeControl": control(seen)}
        return self._receipt(ref, self._session.call(LABELS_DISABLE, name=f"labels/{ref.vendor_id}", body=body))

    def _hold(self, ref: Ref) -> Json | None:
        """The hold as it is now; None only where its open matter lists its holds without it, for a 404 is said of invisible ones too."""
        matter_id = ref.parent_id or ""
        try:
            return self._session.call(HOLDS_GET, matterId=matter_id, holdId=ref.vendor_id, view="FULL_HOLD").body
        except ConnectorError as error:
            if error.code != "google.not_found":
                raise
        listed = self._session.pages(HOLDS_LIST, "holds", matterId=matter_id, view="FULL_HOLD", pageSize=100)
        return next((one for one in listed if text(one, "holdId") == ref.vendor_id), None)

    def _receipt(self, ref: Ref, answer: Answer | None = None) -> Receipt:
        """Without an ``answer`` nothing had to be sent."""
        at, raw = (answer.date, answer.raw) if answer else (None, "{}")
        return Receipt(vendor_id=ref.vendor_id, name=ref.name, accepted_at=self._context.clock.now(), vendor_at=at, raw=raw)


def _accounts(hold: Json | None) -> set[str]:
    """The members that a hold names; none where it is gone."""
    return {f"{ACCOUNT}{required(held, 'accountId', 'held account')}" for held in objects(hold or {}, "accounts", "hold")}


def _unit(hold: Json | None) -> str:
    return unit_id(text(inner(hold or {}, "orgUnit", "hold") or {}, "orgUnitId"))


def _off(member: str) -> MemberOutcome:
    """A member that is not on the hold. One that is named by an address, or by nothing of Vault's, may be on it all the same."""
    account = member.removeprefix(ACCOUNT)
    if not member.startswith(ACCOUNT) or not account or "@" in account:
        return MemberOutcome(member=member, error=_NOT_AN_ID)
    return MemberOutcome(member=member, vendor_id=account)


def _of_a_unit(ref: Ref) -> PermanentError:
    message = f"{ref.name} covers an organisational unit: nobody can be taken off it by name"
    return PermanentError("release.whole_only", message, "End the whole hold; put those who are to stay on hold on one of their own first.")


def _nobody_left(ref: Ref) -> PermanentError:
    message = f"{ref.name} would be left with nobody, and what Vault makes of such a hold is not known"
    return PermanentError("release.whole_only", message, "End the whole hold.")


def _not_released(kind: Kind) -> PermanentError:
    return PermanentError("kind.not_written", f"{kind.value} is nothing that is released by this connector", "Do it by hand.")
