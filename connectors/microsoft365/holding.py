"""Writing cases, holds, their sources and policies' locations: member by member, each with its own outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from connectors.base import MemberOutcome, Receipt
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, TransientError, UnknownOutcomeError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.errors import Answer
from connectors.microsoft365.graph import BETA, Call, Reply
from connectors.microsoft365.holds import case_path, hold_path, site_key, user_key
from connectors.microsoft365.locating import refused, send_usable
from connectors.microsoft365.once import there_by_mark, wait_out
from connectors.microsoft365.policies import locations
from policies.resources import Live, Mark, Ref, Wanted, find_mark

_MATERIALISE_TRIES = 9
_MATERIALISE_WAIT = 10.0
"""A new case answers its children with a 500 for up to a minute or so (M§3.5, docs/wire)."""
_CREATE_TRIES = 3
_NAME = 64
"""Characters of a case's name at most (docs/wire)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call of a change that takes several, and the fields that it sets; without any it is not sent."""

    fields: frozenset[str]
    send: Callable[[], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a change's calls: the last answer (None where nothing was sent), and the fields that were refused, with code and text."""

    answer: Answer | None
    later: Mapping[str, tuple[str, str]]


class HoldWriter:
    """The half of the writer that works on Graph, and the members of policies."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def create_case(self, wanted: Wanted, mark: Mark) -> Receipt:
        """A new case; the mark is its external id. The POST is not idempotent: who calls has looked for the mark before (M§3.7)."""
        body = {"displayName": wanted.name, "description": described(wanted), "externalId": str(mark)}
        path = "/security/cases/ediscoveryCases"
        return self._created(Call(method="POST", path=path, body=body, slow=True, once=True), wanted.name, mark, "externalId")

    def create_hold(self, wanted: Wanted, mark: Mark, case: Ref) -> Receipt:
        """A new hold without sources, its description ending in the mark. Waits for a case that is still being set up."""
        body = {"displayName": wanted.name, "description": f"{described(wanted)} {mark}".strip(), "contentQuery": wanted.fields.get("query") or ""}
        path = f"{case_path(case.vendor_id)}/legalHolds"
        call = Call(method="POST", path=path, body=body, family="legalHolds", slow=True, once=True)
        return self._created(call, wanted.name, mark, "description")

    def set_case(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        """Reopen a closed case and switch its holds of ours on again (reopening does not, M§3.7), or send its description anew."""
        only_reopened(ref, wanted, fields)
        body = {"description": described(wanted), "externalId": str(mark)}
        steps = (
            Step(fields=fields & {"description"}, send=self._sending(Call(method="PATCH", path=case_path(ref.vendor_id), body=body, slow=True))),
            Step(fields=fields & {"state"}, send=self._sending(Call(method="POST", path=f"{case_path(ref.vendor_id)}/reopen", slow=True))),
        )
        told = in_turn(steps, self._access.ediscovery.turned_to_cmdlets)
        return reopened(self._access, ref, told, fields, lambda: self._enable_all(ref, mark))

    def set_hold(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        """Switch a hold on (beta only, M§3.2), or send query and description anew, with the mark.

        These are two calls, and neither waits for the other's success: what was refused of the two is named in the receipt as still to come.
        """
        only_switched_on(ref, wanted, fields)
        body: dict[str, object] = {"description": f"{described(wanted)} {mark}".strip()}
        if "query" in fields:
            body["contentQuery"] = wanted.fields.get("query") or ""
        patch = Call(method="PATCH", path=_path(ref), body=body, family="legalHolds", slow=True)
        enable = Call(method="POST", path=f"{_path(ref)}/enablePolicy", version=BETA, slow=True)
        steps = (
            Step(fields=fields & {"query", "description"}, send=self._sending(patch)),
            Step(fields=fields & {"enabled"}, send=self._sending(enable)),
        )
        told = in_turn(steps, self._access.ediscovery.turned_to_cmdlets)
        return replace(changed(self._access, ref, told.answer, ()), later=told.later)

    def retry(self, ref: Ref) -> Receipt:
        """Ask the platform to distribute a hold again."""
        reply = self._access.ediscovery.call(Call(method="POST", path=f"{_path(ref)}/retryPolicy", family="legalHolds", slow=True))
        return changed(self._access, ref, reply.answer, ())

    def add(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Add sources, a few at a time. An outcome that was not seen is settled by reading the hold's sources again.

        Raises ``UnknownOutcomeError`` when that reading fails too, and the vendor's refusal when it refused every one for one reason.
        """
        wanted = sorted(members - live.members)
        calls = [self._source_call(ref, member) for member in wanted]
        outcomes: dict[str, MemberOutcome] = {
            member: MemberOutcome(member=member, vendor_id=live.member_states[member].vendor_id if member in live.member_states else None)
            for member in members & live.members
        }
        unseen: dict[str, ConnectorError] = {}
        answer: Answer | None = None
        errors: list[ConnectorError] = []
        for member, reply in zip(wanted, self._access.ediscovery.call_all(calls), strict=True):
            if isinstance(reply, Reply):
                # The 201 says "applied" whatever is true (docs/wire): nothing but the id is taken from it.
                outcomes[member] = MemberOutcome(member=member, vendor_id=wire.filled(reply.value, "id"))
                answer = reply.answer
            elif isinstance(reply, UnknownOutcomeError):
                unseen[member] = reply
            else:
                errors.append(reply)
                outcomes[member] = refused(member, reply)
        if unseen:
            outcomes |= self._settled(ref, unseen)
        if wanted and len(errors) == len(wanted) and {error.code for error in errors} <= _WHOLE_HOLD:
            raise errors[0]
        return changed(self._access, ref, answer, tuple(outcomes[member] for member in sorted(outcomes)))

    def add_locations(
        self, ref: Ref, members: frozenset[str], *, already: frozenset[str], beside: Mapping[str, object] = MappingProxyType({})
    ) -> Receipt:
        """Add locations to a policy, all in one call (M§2.2) and ``beside`` what else is to be set there: after a call it is locked (M§2.7).

        A location that the platform cannot resolve is left out and reported.
        """

        def send(left: frozenset[str]) -> Answer:
            ways, parameters = self._access.ways, {"Identity": ref.vendor_id, **beside, **_added(left)}
            return ways.admin(ways.writing(ref.kind)).write("Set-RetentionCompliancePolicy", parameters).answer

        sent = send_usable(members, send, empty=bool(beside))
        answer = send(frozenset()) if beside and sent.answer is None else sent.answer
        outcomes = {**sent.outcomes, **{member: MemberOutcome(member=member) for member in already}}
        return changed(self._access, ref, answer, tuple(outcomes[member] for member in sorted(outcomes)))

    def _sending(self, call: Call) -> Callable[[], Answer]:
        return lambda: self._access.ediscovery.call(call).answer

    def _source_call(self, ref: Ref, member: str) -> Call:
        prefix, _colon, name = member.partition(":")
        if prefix == "mail" and name:
            body: dict[str, object] = {"email": name, "includedSources": "mailbox"}
            return Call(method="POST", path=f"{_path(ref)}/userSources", body=body, family="legalHolds", slow=True)
        if prefix == "site" and name:
            # In a hold only the mailbox of a person is honoured, so a OneDrive goes in as a site (M§3.4).
            return Call(method="POST", path=f"{_path(ref)}/siteSources", body={"site": {"webUrl": name}}, family="legalHolds", slow=True)
        raise never(f"hold {ref.name}: {member!r} is no source")

    def _settled(self, ref: Ref, unseen: dict[str, ConnectorError]) -> dict[str, MemberOutcome]:
        there: dict[str, str | None] = {}
        try:
            for kind, key_of in (("userSources", user_key), ("siteSources", site_key)):
                listing = self._access.ediscovery.rows(Call(method="GET", path=f"{_path(ref)}/{kind}", family="legalHolds", slow=True))
                if listing.partial is not None:
                    raise PermanentError("kind.partial", listing.partial)
                there |= {key: wire.filled(row, "id") for row in listing.rows if (key := key_of(row)) is not None}
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            raise UnknownOutcomeError(
                "hold.sources_unseen", f"Hold {ref.name}: {len(unseen)} sources were sent and could not be read back: {error.message}"
            ) from error
        return {
            member: MemberOutcome(member=member, vendor_id=there[member]) if member in there else refused(member, error)
            for member, error in unseen.items()
        }

    def _enable_all(self, case: Ref, mark: Mark) -> tuple[MemberOutcome, ...]:
        listing = self._access.ediscovery.rows(
            Call(method="GET", path=f"{case_path(case.vendor_id)}/legalHolds", family="legalHolds", slow=True)
        )
        found: list[MemberOutcome] = []
        for row in listing.rows:
            hold_id, own = wire.filled(row, "id"), find_mark(wire.text(row, "description"))
            if hold_id is None or own is None or own.district != mark.district or wire.flag(row, "isEnabled"):
                continue
            name = wire.filled(row, "displayName") or hold_id
            path = f"{hold_path(case.vendor_id, hold_id)}/enablePolicy"
            try:
                self._access.ediscovery.call(Call(method="POST", path=path, version=BETA, slow=True))
            except TenantUnreachableError:
                raise
            except ConnectorError as error:
                # The case is open again whatever becomes of this hold; it stays off, and drift will say so.
                found.append(MemberOutcome(member=name, vendor_id=hold_id, error=f"{error.code}: {error.message}"))
            else:
                found.append(MemberOutcome(member=name, vendor_id=hold_id))
        return tuple(found)

    def _created(self, call: Call, name: str, mark: Mark, marked: str) -> Receipt:
        """What a create made. Throttled, it is sent again only after a look has shown that nothing carries our mark in ``marked`` yet.

        Nor does a name that another hand uses stop a hold: then it is made under another one.
        """
        for attempt in range(1, _CREATE_TRIES):
            try:
                return self._made(self._when_ready(call), name)
            except PermanentError as error:
                if error.code != "name.taken":
                    raise
                call = replace(call, body={**(call.body or {}), "displayName": other_name(name, mark)})
            except TransientError as error:
                wait_out(error, self._access.context.clock, float(2**attempt))
            siblings = Call(method="GET", path=call.path, family=call.family, slow=True)
            there = there_by_mark(self._access.ediscovery.rows, siblings, name, mark, marked)
            if there is not None:
                return self._made(there, name)
        return self._made(self._when_ready(call), name)

    def _when_ready(self, call: Call) -> Reply:
        for _try in range(_MATERIALISE_TRIES):
            try:
                return self._access.ediscovery.call(call)
            except TransientError as error:
                if error.code != "ediscovery.case_not_ready":
                    raise
                self._access.context.clock.sleep(_MATERIALISE_WAIT)
        return self._access.ediscovery.call(call)

    def _made(self, reply: Reply, name: str) -> Receipt:
        vendor_id = wire.filled(reply.value, "id")
        if vendor_id is None:
            raise UnknownOutcomeError("wire.unexpected", f"{name}: accepted without an id.", "Read the tenant again and look for the mark.")
        return Receipt(
            vendor_id=vendor_id,
            name=wire.filled(reply.value, "displayName") or name,
            accepted_at=self._access.context.clock.now(),
            vendor_at=reply.answer.vendor_at,
            raw=wire.compact(reply.value),
        )


_WHOLE_HOLD = frozenset(
    {"ediscovery.case_closed", "ediscovery.case_not_ready", "ediscovery.not_registered", "graph.forbidden", "graph.not_licensed", "graph.not_found"}
)
"""Refusals that are about the hold or about us, not about one source."""


def _added(members: frozenset[str]) -> dict[str, list[str]]:
    try:
        return locations(members, verb="Add")
    except ValueError as error:
        raise never(str(error)) from error


def changed(access: Access, ref: Ref, answer: Answer | None, members: tuple[MemberOutcome, ...]) -> Receipt:
    """The receipt of a change to ``ref``; ``answer`` None where nothing had to be sent."""
    return Receipt(
        vendor_id=ref.vendor_id,
        name=ref.name,
        accepted_at=access.context.clock.now(),
        vendor_at=answer.vendor_at if answer else None,
        members=members,
        raw=access.tokens.scrub(answer.body.decode("utf-8", "replace")) if answer and answer.body else "{}",
    )


def in_turn(steps: Iterable[Step], elsewhere: Callable[[ConnectorError], bool]) -> Told:
    """Send every step, whatever was refused of those before it: what one call did stays done.

    Raises the first refusal where nothing was taken, any that makes the whole change go ``elsewhere``, and ``UnknownOutcomeError``, for what a lost
    answer did only a look can tell.
    """
    answer: Answer | None = None
    first: ConnectorError | None = None
    later: dict[str, tuple[str, str]] = {}
    for step in steps:
        if not step.fields:
            continue
        try:
            answer = step.send()
        except ConnectorError as error:
            lost = isinstance(error, UnknownOutcomeError) or (isinstance(error, TenantUnreachableError) and answer is None)
            if lost or elsewhere(error):
                raise
            first = first or error
            later |= dict.fromkeys(step.fields, (error.code, error.message))
    if answer is None and first is not None:
        raise first
    return Told(answer=answer, later=later)


def reopened(  # the case, what became of it, what was asked, and what follows
    access: Access, ref: Ref, told: Told, fields: frozenset[str], enable: Callable[[], tuple[MemberOutcome, ...]]
) -> Receipt:
    """The receipt of a change to a case. Once it is open, ``enable`` switches its holds on; that they cannot be listed does not close it again."""
    later, outcomes = dict(told.later), tuple[MemberOutcome, ...]()
    if "state" in fields and "state" not in later:
        try:
            outcomes = enable()
        except ConnectorError as error:
            later["state"] = (error.code, error.message)
    return replace(changed(access, ref, told.answer, outcomes), later=later)


def other_name(name: str, mark: Mark) -> str:
    """A name for an object whose own is taken by another hand; what tells ours from theirs is the mark."""
    own = f" ({mark.district})"
    return name[: _NAME - len(own)] + own


def only_reopened(ref: Ref, wanted: Wanted, fields: frozenset[str]) -> None:
    """Raises PermanentError (``write.not_allowed``) for anything but reopening a case and describing it."""
    if fields - {"state", "description"} or ("state" in fields and wanted.fields.get("state") != "open"):
        raise never(f"case {ref.name}: only reopening and its description are written")


def only_switched_on(ref: Ref, wanted: Wanted, fields: frozenset[str]) -> None:
    """Raises PermanentError (``write.not_allowed``) for anything but switching a hold on, its query and its description."""
    if fields - {"enabled", "query", "description"} or ("enabled" in fields and wanted.fields.get("enabled") is not True):
        raise never(f"hold {ref.name}: it is only ever switched on")


def described(wanted: Wanted) -> str:
    """The description that is wanted, empty where there is none."""
    value = wanted.fields.get("description")
    return value if isinstance(value, str) else ""


def _path(ref: Ref) -> str:
    if ref.parent_id is None:
        raise never(f"hold {ref.name}: its case is not known")
    return hold_path(ref.parent_id, ref.vendor_id)


def never(why: str) -> PermanentError:
    """The refusal of what this program does not write."""
    return PermanentError("write.not_allowed", why, "This is never written from here; do it by hand if it is right.")
