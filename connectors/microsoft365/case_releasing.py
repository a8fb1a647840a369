"""Ending what holds by cmdlet, where Graph does not let an application: places taken out of a case hold in one call, a hold off, a case closed.

What the policy's own row shows is what a call names, because a hold goes on showing the address under which a mailbox was put in (M§5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.base import MemberOutcome, Reader, Receipt
from connectors.errors import PermanentError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.case_holds import CASE_TYPES, DETAIL, guid_of
from connectors.microsoft365.errors import Answer
from connectors.microsoft365.holding import changed
from connectors.microsoft365.holds import case_state, mail_member, site_member
from connectors.microsoft365.locating import MANY, send_usable
from connectors.microsoft365.policies import names_in
from connectors.microsoft365.releasing import account_of, gone, need_all_off, unplaced
from policies.resources import Live, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A place as the policy's row shows it: the word for it in a cmdlet, and whose mailbox it is (empty where the row does not say)."""

    parameter: str
    word: str
    account: str


class CaseReleaser:
    """The half of the releaser that works by cmdlet. ``reader`` says what is positively gone."""

    def __init__(self, access: Access, reader: Reader) -> None:
        self._access = access
        self._reader = reader

    def remove(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Take exactly ``members`` out, all in one call: after it the policy is locked until that is distributed (M§2.7).

        Raises ``LockedError`` while it is locked, ``release.whole_only`` where nobody would stay, ``UnknownOutcomeError`` for a lost answer (asking
        again is safe). A place that the platform cannot resolve is left in and reported.
        """
        outcomes = {member: MemberOutcome(member=member) for member in members}
        row = self._policy(ref)
        if row is None:
            return changed(self._access, ref, None, tuple(outcomes[member] for member in sorted(outcomes)))
        places = _places(row)
        if not places:
            raise PermanentError("kind.partial", f"Hold {ref.name} shows no place at all, so nobody was taken off.", "Read the tenant again.")
        shown: dict[str, str] = {}
        for member in sorted(members & live.members):
            found = self._place_of(member, places)
            if found is None:
                outcomes[member] = unplaced(member)
            elif found:
                shown[found] = member
        if shown.keys() >= places.keys():
            raise whole_only(ref)

        def send(left: frozenset[str]) -> Answer:
            return self._access.admin.write("Set-CaseHoldPolicy", {"Identity": ref.vendor_id, **_removed(places, left)}).answer

        sent = send_usable(frozenset(shown), send, tries=MANY)
        outcomes |= {shown[place]: MemberOutcome(member=shown[place], error=one.error) for place, one in sent.outcomes.items()}
        return changed(self._access, ref, sent.answer, tuple(outcomes[member] for member in sorted(outcomes)))

    def end_hold(self, ref: Ref) -> Receipt:
        """Switch the policy off, and nothing else of it. Off already, or gone: nothing is sent, or it would be locked for nothing."""
        row = self._policy(ref)
        if row is None or wire.flag(row, "Enabled") is False:
            return changed(self._access, ref, None, ())
        rows = self._access.admin.write("Set-CaseHoldPolicy", {"Identity": ref.vendor_id, "Enabled": False})
        return changed(self._access, ref, rows.answer, ())

    def end_case(self, ref: Ref) -> Receipt:
        """Close the case once all holds in it are off. Closed already, closing, or gone: nothing is sent. Raises ``release.holds_left``."""
        row = self._case(ref)
        if row is None or case_state(wire.text(row, "Status") or "") == "closed":
            return changed(self._access, ref, None, ())
        listing = self._access.admin.read("Get-CaseHoldPolicy", {"Case": ref.vendor_id, **DETAIL})
        # For a case that it does not know the cmdlet would show everybody's (M§2.2).
        own = [hold for hold in listing.rows if (wire.text(hold, "CaseId") or ref.vendor_id).lower() == ref.vendor_id.lower()]
        seen = ((wire.filled(hold, "Name") or guid_of(hold) or "?", wire.flag(hold, "Enabled")) for hold in own)
        need_all_off(self._access, ref, seen, listing.partial)
        rows = self._access.admin.write("Set-ComplianceCase", {"Identity": ref.vendor_id, "Close": True})
        return changed(self._access, ref, rows.answer, ())

    def _place_of(self, member: str, places: Mapping[str, _Place]) -> str | None:
        """Under which name the hold shows ``member``: empty where it is not in it any more, None where that cannot be told."""
        if member in places:
            return member
        account = account_of(self._access, member)
        if account is None:
            # A place has one name, and so has a mailbox that has no account any more.
            return "" if not member.startswith("mail:") or member.startswith("mail:.") else None
        return next((name for name, place in places.items() if place.account == account and name.startswith("mail:")), "")

    def _policy(self, ref: Ref) -> wire.JsonObject | None:
        """The policy as it is now, None where it is gone. Raises ConnectorError where that cannot be told."""
        listing = self._access.admin.read("Get-CaseHoldPolicy", {"Case": ref.parent_id, **DETAIL})
        return self._found(ref, listing.rows)

    def _case(self, ref: Ref) -> wire.JsonObject | None:
        return self._found(ref, tuple(row for sort in CASE_TYPES for row in self._access.admin.read("Get-ComplianceCase", {"CaseType": sort}).rows))

    def _found(self, ref: Ref, rows: tuple[wire.JsonObject, ...]) -> wire.JsonObject | None:
        row = next((row for row in rows if guid_of(row) == ref.vendor_id.lower()), None)
        if row is None and not gone(self._reader, ref):
            raise PermanentError("admin.not_found", f"{ref.name} is there and was not shown by its own cmdlet.", "Run it again.")
        return row


def whole_only(ref: Ref) -> PermanentError:
    """The refusal to leave a hold without anybody: it would look like one that holds."""
    why = f"Hold {ref.name}: nobody would stay on it, so it has to be ended whole."
    return PermanentError("release.whole_only", why, "Release the whole hold.")


def _places(row: wire.JsonObject) -> dict[str, _Place]:
    """The places of a hold by the member that each is in the row's own words. Raises ``wire.missing_property`` where it does not say."""
    if "ExchangeLocation" not in row or "SharePointLocation" not in row:
        raise PermanentError("wire.missing_property", f"Case hold {wire.text(row, 'Name')!r} says nothing of its places.", "Report this answer.")
    found: dict[str, _Place] = {}
    for key, member_of in (("ExchangeLocation", mail_member), ("SharePointLocation", site_member)):
        found |= {member_of(word): _Place(parameter=f"Remove{key}", word=word, account=account) for word, account in names_in(row, key)}
    return found


def _removed(places: Mapping[str, _Place], left: frozenset[str]) -> dict[str, object]:
    found: dict[str, list[str]] = {}
    for name in sorted(left):
        found.setdefault(places[name].parameter, []).append(places[name].word)
    return dict(found)
