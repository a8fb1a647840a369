"""Ending what holds over Graph: sources taken out of a hold by their ids, a hold switched off, a case closed. Nothing else is ever deleted.

Each act may be asked for again: what is so already is as good as done, and what was not seen is settled by looking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.base import MemberOutcome, Reader, Receipt
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, UnknownOutcomeError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.errors import Answer
from connectors.microsoft365.graph import BETA, Call, Reply, segment, select
from connectors.microsoft365.holding import changed, never
from connectors.microsoft365.holds import INACTIVE_ID, case_path, case_state, hold_path, site_key, user_key
from connectors.microsoft365.seeing import Look
from policies.kinds import Kind
from policies.resources import Live, Ref

_SOURCES = {"mail": "userSources", "site": "siteSources"}
_WHOLE_HOLD = frozenset({"ediscovery.case_closed", "ediscovery.case_not_ready", "ediscovery.not_registered", "graph.forbidden", "graph.not_licensed"})
"""Refusals that are about the hold or about us, not about one source; Graph's saying that it serves no such path is another."""
_AGAIN = "Asking for the same again is safe: what is so already is as good as done."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A source as the hold's list shows it; ``member`` None where the row does not say which it is."""

    vendor_id: str
    member: str | None


class GraphReleaser:
    """The half of the releaser that works over Graph, as ourselves or as whoever is signed in. ``reader`` says what is positively gone."""

    def __init__(self, access: Access, reader: Reader) -> None:
        self._access = access
        self._reader = reader

    def remove(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Take exactly the sources that ``members`` are out of the hold, by the vendor's ids, a few at a time.

        What was answered with a 404 or not at all is settled by the hold's list. Raises ``UnknownOutcomeError`` when that cannot be read, and the
        vendor's refusal when it refused every one for one reason.
        """
        ids, outcomes = self._known(ref, frozenset(members & live.members), live)
        outcomes |= {member: MemberOutcome(member=member) for member in members - live.members}
        wanted = sorted(ids)
        unseen: dict[str, ConnectorError] = {}
        answer: Answer | None = None
        errors: list[ConnectorError] = []
        calls = [self._source_call(ref, member, ids[member]) for member in wanted]
        for member, reply in zip(wanted, self._access.ediscovery.call_all(calls), strict=True):
            if isinstance(reply, Reply):
                outcomes[member] = MemberOutcome(member=member, vendor_id=ids[member])
                answer = reply.answer
            elif isinstance(reply, UnknownOutcomeError) or reply.code == "graph.not_found":
                unseen[member] = reply
            else:
                errors.append(reply)
                outcomes[member] = failed(member, reply, ids[member])
        if errors and len(errors) == len(wanted) and {error.code for error in errors} <= _WHOLE_HOLD | {"graph.not_served"}:
            raise errors[0]
        if unseen:
            outcomes |= self._settled(ref, unseen, ids)
        return changed(self._access, ref, answer, tuple(outcomes[member] for member in sorted(outcomes)))

    def end_hold(self, ref: Ref) -> Receipt:
        """Switch the hold off (on beta alone, M§3.2), which changes neither its sources nor a word of it. Off already, or gone: nothing is sent."""
        row = self._shown(ref, Call(method="GET", path=_path(ref), family="legalHolds", slow=True))
        if row is None or wire.flag(row, "isEnabled") is False:
            return changed(self._access, ref, None, ())
        call = Call(method="POST", path=f"{_path(ref)}/disablePolicy", version=BETA, slow=True)
        return changed(self._access, ref, self._access.ediscovery.call(call).answer, ())

    def end_case(self, ref: Ref) -> Receipt:
        """Close the case once all holds in it are off. Closed already, closing, or gone: nothing is sent. Raises ``release.holds_left``."""
        row = self._shown(ref, Call(method="GET", path=case_path(ref.vendor_id), slow=True))
        if row is None or case_state(wire.text(row, "status") or "") == "closed":
            return changed(self._access, ref, None, ())
        call = Call(method="GET", path=f"{case_path(ref.vendor_id)}/legalHolds", family="legalHolds", slow=True)
        listing = self._access.ediscovery.rows(call)
        seen = ((wire.filled(hold, "displayName") or wire.text(hold, "id") or "?", wire.flag(hold, "isEnabled")) for hold in listing.rows)
        need_all_off(self._access, ref, seen, listing.partial)
        closing = Call(method="POST", path=f"{case_path(ref.vendor_id)}/close", slow=True)
        return changed(self._access, ref, self._access.ediscovery.call(closing).answer, ())

    def _known(self, ref: Ref, members: frozenset[str], live: Live) -> tuple[dict[str, str], dict[str, MemberOutcome]]:
        """The vendor's id of each source. One that was seen without (by cmdlet) is looked up in the hold's own list: by name, else by its account."""
        states = {member: live.member_states[member].vendor_id for member in members if member in live.member_states}
        # An inactive mailbox listed beside the source that it is held by is none itself (M§3.1): that one is taken out, unless it is to stay.
        alone = {member: member.replace("mail:.", "mail:", 1) for member in members if member.replace("mail:.", "mail:", 1) not in live.members}
        ids = {one: vendor_id for one, vendor_id in states.items() if vendor_id and not (one in alone and vendor_id.startswith(INACTIVE_ID))}
        if ids.keys() >= members:
            return ids, {}
        listed = self._listed(ref)
        if listed is None:
            return {}, {member: MemberOutcome(member=member) for member in members}
        by_name = {source.member: key for key, source in listed.items()}
        outcomes: dict[str, MemberOutcome] = {}
        for member in sorted(members - ids.keys()):
            found = by_name.get(alone.get(member, member)) or by_name.get(member) or account_of(self._access, member)
            if found is None:
                outcomes[member] = unplaced(member)
            elif found in listed:
                ids[member] = listed[found].vendor_id
            else:
                outcomes[member] = MemberOutcome(member=member)
        return ids, outcomes

    def _source_call(self, ref: Ref, member: str, vendor_id: str) -> Call:
        kind = _SOURCES.get(member.partition(":")[0])
        if kind is None:
            raise never(f"hold {ref.name}: {member!r} is no source")
        # The id need not be a GUID (M§3.5): an inactive mailbox's is zeros and its address.
        return Call(method="DELETE", path=f"{_path(ref)}/{kind}/{segment(vendor_id)}", family="legalHolds", slow=True)

    def _settled(self, ref: Ref, unseen: Mapping[str, ConnectorError], ids: Mapping[str, str]) -> dict[str, MemberOutcome]:
        try:
            listed = self._listed(ref)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            why = f"Hold {ref.name}: {len(unseen)} sources were to be taken out and what is left could not be read: {error.message}"
            raise UnknownOutcomeError("hold.sources_unseen", why, _AGAIN) from error
        still = {member for member in unseen if ids[member].lower() in (listed or {})}
        done = {member: MemberOutcome(member=member, vendor_id=ids[member]) for member in unseen}
        return done | {member: failed(member, unseen[member], ids[member]) for member in still}

    def _listed(self, ref: Ref) -> dict[str, _Source] | None:
        """The hold's sources by id, lower case; without those that the platform is taking out. None: the hold is gone."""
        found: dict[str, _Source] = {}
        for kind, key_of in (("userSources", user_key), ("siteSources", site_key)):
            try:
                listing = self._access.ediscovery.rows(Call(method="GET", path=f"{_path(ref)}/{kind}", family="legalHolds", slow=True))
            except PermanentError as error:
                if error.code == "graph.not_found" and gone(self._reader, ref):
                    return None
                raise
            if listing.partial is not None:
                raise PermanentError("kind.partial", f"The sources of hold {ref.name} could not be read whole: {listing.partial}")
            staying = (row for row in listing.rows if (wire.text(row, "holdStatus") or "").lower() != "removing")
            for row in staying:
                if vendor_id := wire.filled(row, "id"):
                    found[vendor_id.lower()] = _Source(vendor_id=vendor_id, member=key_of(row))
        return found

    def _shown(self, ref: Ref, call: Call) -> wire.JsonObject | None:
        """What ``call`` shows, None where it is gone."""
        try:
            return self._access.ediscovery.call(call).value
        except PermanentError as error:
            if error.code != "graph.not_found" or not gone(self._reader, ref):
                raise
        return None


def gone(reader: Reader, ref: Ref) -> bool:
    """Whether ``ref`` is positively not there any more: a 404 alone may mean that we may not see it (M§3.3). Raises ConnectorError."""
    return reader.read_back(ref) is None


def failed(member: str, error: ConnectorError, vendor_id: str | None = None) -> MemberOutcome:
    """The outcome of a member that is still on the hold."""
    return MemberOutcome(member=member, vendor_id=vendor_id, error=f"{error.code}: {error.message}")


def unplaced(member: str) -> MemberOutcome:
    """The outcome of a member that the hold shows under no name that we know: nobody is taken off by a guess."""
    why = "release.not_told_apart: the hold shows nobody under this address, and no account has it; nothing was sent"
    return MemberOutcome(member=member, error=why)


def account_of(access: Access, member: str) -> str | None:
    """The id of the account that has a mailbox's address today, lower case; None where none has, and for places and inactive mailboxes.

    A hold may go on showing the address under which a mailbox was put in (M§5). Raises ConnectorError.
    """
    prefix, _colon, address = member.partition(":")
    if prefix != "mail" or address.startswith("."):
        return None
    try:
        row = access.graph.call(Call(method="GET", path=f"/users/{segment(address)}", query=(select("id"),))).value
    except PermanentError as error:
        if error.code != "graph.not_found":
            raise
        return None
    found = wire.filled(row, "id")
    return found.lower() if found else None


def need_all_off(access: Access, case: Ref, holds: Iterable[tuple[str, bool | None]], partial: str | None) -> None:
    """Raises ``release.holds_left`` while a hold of the case (its name, and whether it is on) is not positively off, since closing ends it (M§3.3).

    An empty list proves nothing by itself (M§0.1.7): then all holds are looked at, and ``kind.partial`` raised where that is no proof either.
    """
    seen = tuple(holds)
    left = sorted(name for name, on in seen if on is not False)
    if left:
        why = f"Case {case.name} is not closed: that would end {len(left)} of its holds, which are on ({', '.join(left)})."
        raise PermanentError("release.holds_left", why, "Release these holds first, or ask who made them.")
    if partial is not None:
        raise PermanentError("kind.partial", f"Case {case.name} is not closed: its holds could not be read whole: {partial}", "Run it again.")
    if not seen:
        look = Look(access, whole=False).at({Kind.M365_CASE, Kind.M365_HOLD})
        if not look.complete(Kind.M365_HOLD):
            why = f"Case {case.name} is not closed: it shows no hold, and nothing shows that holds would be seen: {look.reads[Kind.M365_HOLD].reason}"
            raise PermanentError("kind.partial", why, "Set the visibility checks; see doctor.")


def _path(ref: Ref) -> str:
    if ref.parent_id is None:
        raise never(f"hold {ref.name}: its case is not known")
    return hold_path(ref.parent_id, ref.vendor_id)
