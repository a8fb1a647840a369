"""Accounts put on a hold or taken off it: in batches, each account with its own answer, for HTTP 200 says nothing about any of them (G§11.4)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.base import MemberOutcome, Receipt
from connectors.errors import PermanentError, UnknownOutcomeError
from connectors.google_workspace.http import Answer, Session
from connectors.google_workspace.operations import Operation
from connectors.google_workspace.vault import ACCOUNT
from connectors.google_workspace.wire import Json, inner, objects, text
from policies.resources import Ref

BATCH: Final = 100
"""Accounts per call; Google publishes no limit (G§1.8), and one call spends one hold write however many it carries."""

OK: Final = 0
ALREADY_EXISTS: Final = 6
_CODES: Final = {
    3: "google.invalid", 5: "google.not_found", 7: "google.permission_denied", 9: "google.failed_precondition", 16: "google.unauthenticated",
}  # fmt: skip
"""google.rpc.Code numbers in an account's own status that say no."""
_PASSING: Final = {
    2: "google.server_error", 4: "google.server_error", 8: "google.quota", 10: "google.server_error", 13: "google.server_error",
    14: "google.server_error",
}  # fmt: skip
"""Those that say not now: the account is asked for again within the same call, for adding or removing it twice does no harm (G§1.7)."""
_PAUSES: Final = (1.0, 2.0, 4.0)
"""Seconds before each further try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One of the two calls that take accounts by id: under which key its answers stand, and which codes mean done.

    ``wrapped``: each answer is an object with a ``status`` in it (G§1.3: ``responses[]``), and not the status itself (``statuses[]``).
    """

    operation: Operation
    answers: str
    done: frozenset[int]
    wrapped: bool

    @property
    def name(self) -> str:
        """The method's last part, for messages."""
        return self.operation.method.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What Google has answered so far: the last word on each member, and every answer whole."""

    outcomes: dict[str, MemberOutcome] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)

    @property
    def raw(self) -> str:
        """The one answer's JSON text, or a list of them all."""
        return self.answers[0].raw if len(self.answers) == 1 else f"[{','.join(answer.raw for answer in self.answers)}]"

    def receipt(self, ref: Ref, session: Session) -> Receipt:
        """All of it as the receipt of a change to the hold ``ref``; something has been answered."""
        return Receipt(
            vendor_id=ref.vendor_id,
            name=ref.name,
            accepted_at=session.context.clock.now(),
            vendor_at=self.answers[-1].date,
            members=tuple(self.outcomes.values()),
            raw=self.raw,
        )


def batches(members: Sequence[str]) -> Iterator[Sequence[str]]:
    """``members`` in their order, as many at a time as go into one call."""
    for start in range(0, len(members), BATCH):
        yield members[start : start + BATCH]


def ask(session: Session, deed: Deed, ref: Ref, batch: Sequence[str], told: Told) -> None:
    """Send one batch, and those of it again whose own answer was not now. ``told`` grows as answers come, also where a later one is an error.

    Raises as ``Session.call`` does, and ``UnknownOutcomeError`` where the answers are not one per account.
    """
    waiting = batch
    for pause in (0.0, *_PAUSES):
        session.rest(pause)
        accounts = [member.removeprefix(ACCOUNT) for member in waiting]
        answer = session.call(deed.operation, matterId=ref.parent_id or "", holdId=ref.vendor_id, body={"accountIds": accounts})
        said = _outcomes(deed, waiting, answer)
        told.answers.append(answer)
        told.outcomes.update((one.member, one) for one in said)
        waiting = [one.member for one in said if (one.error or "").partition(":")[0] in _PASSING.values()]
        if not waiting:
            return


def _outcomes(deed: Deed, batch: Sequence[str], answer: Answer) -> list[MemberOutcome]:
    """One outcome per account, in the order of the request (G§1.3). What cannot be read so leaves open what was done."""
    try:
        answers = objects(answer.body, deed.answers, deed.name)
        if len(answers) == len(batch):
            return [_outcome(deed, member, one) for member, one in zip(batch, answers, strict=True)]
        said = f"{deed.name}: {len(answers)} answers for {len(batch)} accounts"
    except PermanentError as error:
        said = error.message
    raise UnknownOutcomeError("wire.unexpected", said, "The next look at the tenant tells who is held.")


def _outcome(deed: Deed, member: str, answer: Json) -> MemberOutcome:
    status: Mapping[str, object] = (inner(answer, "status", "response") or {}) if deed.wrapped else answer
    account = text(inner(answer, "account", "response") or {}, "accountId") or member.removeprefix(ACCOUNT)
    code = status.get("code", OK)
    if isinstance(code, int) and code in deed.done:
        return MemberOutcome(member=member, vendor_id=account)
    known = {**_CODES, **_PASSING}.get(code, "google.refused") if isinstance(code, int) else "google.refused"
    return MemberOutcome(member=member, vendor_id=account, error=f"{known}: {json.dumps(text(status, 'message'))}")
