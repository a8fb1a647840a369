"""Litigation hold switched off again, mailbox by mailbox. Nothing else of a mailbox is touched: no delay hold is cleared, nothing is recalculated.

Asking again is safe: a mailbox that is off it already is told the same once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.base import MemberOutcome, Receipt
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, UnknownOutcomeError
from connectors.microsoft365.access import Access
from connectors.microsoft365.belt import ABOUT_US, LITIGATION_HOLD
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.inplace import Mailbox, mailbox_from
from connectors.microsoft365.releasing import failed
from connectors.microsoft365.seeing import Look
from policies.kinds import Kind
from policies.resources import Live, Ref


class BeltReleaser:
    """Switches litigation hold off for exactly the mailboxes that are named, and looks once at what became of those that did not answer."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def remove(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Each mailbox told once, with its own outcome. What was not found, or did not answer, is settled by the list.

        Raises the error of the first when it is about us or the host; ``UnknownOutcomeError`` when the list cannot be read whole either.
        """
        outcomes = {member: MemberOutcome(member=member) for member in members - live.members}
        ids = {member: state.vendor_id for member, state in live.member_states.items()}
        told = sorted(members & live.members)
        inactive = self._inactive(told)
        unseen: dict[str, ConnectorError] = {}
        for number, member in enumerate(told):
            try:
                self._tell(member, ids.get(member), inactive)
            except ConnectorError as error:
                if number == 0 and (error.code in ABOUT_US or isinstance(error, TenantUnreachableError)):
                    raise
                outcomes[member] = failed(member, error, ids.get(member))
                if isinstance(error, UnknownOutcomeError) or error.code == "admin.not_found":
                    unseen[member] = error
            else:
                outcomes[member] = MemberOutcome(member=member, vendor_id=ids.get(member))
        outcomes |= self._settled(unseen, ids)
        return Receipt(
            vendor_id=ref.vendor_id,
            name=LITIGATION_HOLD,
            accepted_at=self._access.context.clock.now(),
            members=tuple(outcomes[member] for member in sorted(outcomes)),
        )

    def _tell(self, member: str, vendor_id: str | None, inactive: Iterable[Mailbox]) -> None:
        place = member.partition(":")[2]
        parameters: dict[str, object] = {"LitigationHoldEnabled": False}
        if place.startswith("."):
            parameters |= {"Identity": _own_id(place, vendor_id, inactive), "InactiveMailbox": True}
        else:
            # By the id that was seen: the address may be somebody else's by now.
            parameters["Identity"] = vendor_id or place
        self._access.admin.write("Set-Mailbox", parameters, endpoint=Endpoint.EXCHANGE)

    def _inactive(self, members: Iterable[str]) -> tuple[Mailbox, ...]:
        """Every inactive mailbox; asked for only where one is to be told."""
        if not any(member.startswith("mail:.") for member in members):
            return ()
        rows = self._access.admin.read("Get-Mailbox", {"InactiveMailboxOnly": True, "ResultSize": "Unlimited"}, endpoint=Endpoint.EXCHANGE).rows
        return tuple(box for row in rows if (box := mailbox_from(row)))

    def _settled(self, unseen: Mapping[str, ConnectorError], ids: Mapping[str, str | None]) -> Mapping[str, MemberOutcome]:
        if not unseen:
            return {}
        belt = self._belt()
        if belt is None:
            if not any(isinstance(error, UnknownOutcomeError) for error in unseen.values()):
                return {}
            why = f"{len(unseen)} mailboxes were told, and who is on litigation hold could not be read whole after it."
            raise UnknownOutcomeError("write.unseen", why, "Asking for the same again is safe: what is so already is as good as done.")
        on = {state.vendor_id for state in belt.member_states.values()}
        off = {member for member in unseen if not {member, member.replace("mail:", "mail:.", 1)} & belt.members and (ids.get(member) or "") not in on}
        return {member: MemberOutcome(member=member, vendor_id=ids.get(member)) for member in off}

    def _belt(self) -> Live | None:
        """Who is on litigation hold now, None where that was not seen whole."""
        try:
            look = Look(self._access, whole=False).at({Kind.M365_MAILBOX})
        except ConnectorError:
            return None
        # Beside the belt, which is all of them together, single mailboxes may be shown under the same kind.
        found = next((one for one in look.of(Kind.M365_MAILBOX) if one.vendor_id == Kind.M365_MAILBOX.value), None)
        return found if look.complete(Kind.M365_MAILBOX) else None


def _own_id(place: str, vendor_id: str | None, inactive: Iterable[Mailbox]) -> str:
    """Exchange's own id of an inactive mailbox (M§3.1). Raises PermanentError where it is not shown, or where two might be meant."""
    same = [box for box in inactive if f".{box.address.lower()}" == place]
    meant = [box for box in same if vendor_id is None or vendor_id in (box.object_id, box.exchange_guid)]
    if len(meant) != 1 or meant[0].exchange_guid is None:
        raise PermanentError("admin.not_found", f"The inactive mailbox {place} was not shown, or more than one was.", "Read the tenant again.")
    return meant[0].exchange_guid
