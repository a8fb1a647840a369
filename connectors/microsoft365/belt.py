"""Litigation hold as a second belt (M§3.1): which mailboxes have it, read in one list, and how one more is told. The writer never switches it off.

The setting carries no mark: whose it is cannot be told, and need not be. Of the note that Outlook shows to the mailbox's owner nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from connectors.base import MemberOutcome, Receipt
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, UnknownOutcomeError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.holds import mail_member
from connectors.microsoft365.inplace import Mailbox, mailbox_from
from policies.effects import FOREVER
from policies.kinds import Kind
from policies.resources import Force, Live, MemberState, Ref

LITIGATION_HOLD = "Litigation hold"
ON_HOLD: Mapping[str, object] = {"Filter": "LitigationHoldEnabled -eq $true", "ResultSize": "Unlimited", "IncludeInactiveMailbox": True}
"""The parameters of ``Get-Mailbox`` that show the mailboxes on litigation hold (M§3.1)."""
_SETTLES = timedelta(minutes=240)
"""So long the setting may take (M§3.1); the platform never says that it is in effect, so this is the earliest that may be claimed (docs/wire)."""


def belt_from(boxes: Iterable[Mailbox], now: datetime) -> Live:
    """All mailboxes on litigation hold without an end, as one object. One with an end is not in it: what is older than that is not kept."""
    states: dict[str, MemberState] = {}
    for box in boxes:
        if box.litigation == FOREVER:
            since = box.litigation_since + _SETTLES if box.litigation_since is not None else None
            force = Force.PENDING if since is not None and now < since else Force.APPLIED
            states[mail_member(f".{box.address}" if box.inactive else box.address)] = MemberState(
                force=force, since=since, vendor_id=box.object_id or box.exchange_guid
            )
    pending = any(state.force is Force.PENDING for state in states.values())
    return Live(
        kind=Kind.M365_MAILBOX,
        vendor_id=Kind.M365_MAILBOX.value,
        name=LITIGATION_HOLD,
        fields={},
        members=frozenset(states),
        member_states=states,
        force=Force.PENDING if pending else Force.APPLIED,
        raw=wire.compact({"LitigationHoldEnabled": sorted(states)}),
    )


class BeltWriter:
    """Switches litigation hold on, mailbox by mailbox, for there is no other way (M§3.1), and looks once at what became of it."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def add(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Each mailbox told once, with its own outcome. An answer that was lost is settled by reading the list again.

        Raises the error of the first when it is about us or the host, for then it is about all of them; ``UnknownOutcomeError`` when the
        list cannot be read either.
        """
        outcomes = {member: MemberOutcome(member=member) for member in members & live.members}
        told = sorted(members - live.members)
        inactive = self._inactive(told)
        unseen: list[str] = []
        for number, member in enumerate(told):
            try:
                self._tell(member, inactive)
            except UnknownOutcomeError:
                unseen.append(member)
            except ConnectorError as error:
                if number == 0 and (error.code in ABOUT_US or isinstance(error, TenantUnreachableError)):
                    raise
                outcomes[member] = MemberOutcome(member=member, error=f"{error.code}: {error.message}")
            else:
                outcomes[member] = MemberOutcome(member=member)
        outcomes |= self._settled(unseen)
        return self._receipt(ref.vendor_id, tuple(outcomes[member] for member in sorted(outcomes)))

    def prove(self) -> Receipt:
        """Proof that it can be switched on: the mailbox of the visibility check, which has it already, is told again. Raises PermanentError."""
        address = self._access.tenant.visibility_checks.get(Kind.M365_MAILBOX)
        if address is None:
            raise PermanentError("visibility_check.not_set", "no mailbox is named to prove it on", "Set visibility_checks m365.mailbox.")
        member = mail_member(address)
        if member not in self._seen():
            why = f"{address} is not on litigation hold, so a proof would change it"
            raise PermanentError("proof.would_change", why, "Name a mailbox that somebody put on litigation hold.")
        self._tell(member, self._inactive([member]))
        if member not in self._seen():
            raise PermanentError("proof.not_read_back", f"{address} was told and is not shown on litigation hold after it", "Report it.")
        return self._receipt(Kind.M365_MAILBOX.value, ())

    def _tell(self, member: str, inactive: Mapping[str, str]) -> None:
        place = member.partition(":")[2]
        parameters: dict[str, object] = {"Identity": place, "LitigationHoldEnabled": True, "LitigationHoldDuration": "Unlimited"}
        if place.startswith("."):
            guid = inactive.get(place)
            if guid is None:
                raise PermanentError("admin.not_found", f"The inactive mailbox {place} was not shown.", "Read the tenant again.")
            # An address may be somebody else's by now: an inactive mailbox is named by its own id (M§3.1).
            parameters |= {"Identity": guid, "InactiveMailbox": True}
        self._access.admin.write("Set-Mailbox", parameters, endpoint=Endpoint.EXCHANGE)

    def _inactive(self, members: Iterable[str]) -> Mapping[str, str]:
        """Exchange's own id by the place of each inactive mailbox; asked for only where one is to be told."""
        if not any(member.startswith("mail:.") for member in members):
            return {}
        rows = self._access.admin.read("Get-Mailbox", {"InactiveMailboxOnly": True, "ResultSize": "Unlimited"}, endpoint=Endpoint.EXCHANGE).rows
        pairs = ((wire.filled(row, "PrimarySmtpAddress"), wire.filled(row, "ExchangeGuid")) for row in rows)
        return {f".{address.lower()}": guid for address, guid in pairs if address and guid}

    def _settled(self, unseen: list[str]) -> Mapping[str, MemberOutcome]:
        if not unseen:
            return {}
        try:
            seen = self._seen()
        except ConnectorError as error:
            why = f"{len(unseen)} mailboxes were told, and who is on litigation hold could not be read after it: {error.message}"
            raise UnknownOutcomeError("write.unseen", why) from error
        lost = "network.lost: told, and not seen on the list after it"
        return {member: MemberOutcome(member=member, error=None if member in seen else lost) for member in unseen}

    def _seen(self) -> frozenset[str]:
        rows = self._access.admin.read("Get-Mailbox", ON_HOLD, endpoint=Endpoint.EXCHANGE).rows
        return belt_from((box for row in rows if (box := mailbox_from(row))), self._access.context.clock.now()).members

    def _receipt(self, vendor_id: str, members: tuple[MemberOutcome, ...]) -> Receipt:
        return Receipt(vendor_id=vendor_id, name=LITIGATION_HOLD, accepted_at=self._access.context.clock.now(), members=members)


ABOUT_US = frozenset({"admin_endpoint.not_accepted", "admin.forbidden", "admin.unauthorised", "admin.unavailable", "endpoint.not_given"})
"""Errors about us or the host: what one mailbox is answered with, all of them would be."""
