"""Writing cases and case holds by cmdlet, where Graph does not let an application (M§3.6, docs/wire/admin-endpoint.md §2.5).

Everything is named by its GUID: two cases whose names differ in case alone are two cases, and a name in a cmdlet would take either. Places go in
bulk, and a hold that is being distributed is locked, so whatever belongs together goes in one call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from connectors.base import MemberOutcome, Receipt
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, TransientError, UnknownOutcomeError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.admin import Rows
from connectors.microsoft365.case_holds import CASE_TYPES, guid_of, locations_of, rules_in
from connectors.microsoft365.errors import Answer
from connectors.microsoft365.holding import (
    Step,
    changed,
    described,
    in_turn,
    never,
    only_reopened,
    only_switched_on,
    other_name,
    reopened,
)
from connectors.microsoft365.locating import MANY, send_usable
from connectors.microsoft365.once import wait_out
from policies.resources import Live, Mark, Ref, Wanted, find_mark


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    """A create: the cmdlet with its parameters, and how what it made is found by our mark (None where a whole list shows nothing)."""

    cmdlet: str
    parameters: Mapping[str, object]
    find: Callable[[], wire.JsonObject | None]


class CaseHoldWriter:
    """The half of the writer that works on cases and holds, by cmdlet. Raises ConnectorError as the writer does."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def create_case(self, wanted: Wanted, mark: Mark) -> Receipt:
        """A new case of the first kind; the mark is its external id."""
        said = {"Description": described(wanted)} if described(wanted) else {}
        parameters = {"Name": wanted.name, "CaseType": CASE_TYPES[0], "ExternalId": str(mark), **said}
        row, rows = self._make(_New(cmdlet="New-ComplianceCase", parameters=parameters, find=lambda: self._case(mark)), mark)
        return self._receipt(row, rows, wanted.name)

    def create_hold(self, wanted: Wanted, mark: Mark, case: Ref) -> Receipt:
        """A new hold with all its places, and the rule without which it holds nothing; its comment ends in the mark.

        A place that the platform cannot resolve is left out and reported in the receipt. Once the policy is made, a rule that was not is named there
        as still to come: the policy is ours and there, holds nothing, and is never made a second time for it.
        """

        def send(members: frozenset[str]) -> tuple[wire.JsonObject, Rows]:
            parameters = {
                "Name": wanted.name,
                "Case": case.vendor_id,
                "Comment": f"{described(wanted)} {mark}".strip(),
                "Enabled": True,
                **_locations(members),
            }
            return self._make(_New(cmdlet="New-CaseHoldPolicy", parameters=parameters, find=lambda: self._policy(case.vendor_id, mark)), mark)

        sent = send_usable(wanted.members, send, tries=MANY, empty=True)
        if sent.answer is None:
            why = f"hold {wanted.name}: more than {MANY} places cannot be held as they are written."
            raise PermanentError("admin.location_invalid", why, "Check that these mailboxes and sites exist.")
        row, rows = sent.answer
        later: dict[str, tuple[str, str]] = {}
        try:
            self._new_rule(guid_of(row) or "", wanted, mark)
        except ConnectorError as error:
            later = dict.fromkeys({"enabled", "query"} if _query(wanted) else {"enabled"}, (error.code, error.message))
        receipt = self._receipt(row, rows, wanted.name, tuple(sent.outcomes[member] for member in sorted(sent.outcomes)))
        return replace(receipt, later=later)

    def set_case(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        """Reopen a closed case and switch its holds of ours on again (reopening does not, M§3.7), or send its description anew."""
        only_reopened(ref, wanted, fields)
        said = {"Identity": ref.vendor_id, "Description": described(wanted), "ExternalId": str(mark)}
        again = {"Identity": ref.vendor_id, "Reopen": True}
        steps = (
            Step(fields=fields & {"description"}, send=lambda: self._access.admin.write("Set-ComplianceCase", said).answer),
            Step(fields=fields & {"state"}, send=lambda: self._access.admin.write("Set-ComplianceCase", again).answer),
        )
        told = in_turn(steps, lambda _error: False)
        return reopened(self._access, ref, told, fields, lambda: self._enable_all(ref, mark))

    def set_hold(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        """Switch a hold on, its rule with it or made anew, and add the members of ``wanted`` in the same call; or send query or description anew.

        The policy is locked after the first call: a rule that has to be changed too is named in the receipt as still to come. So it is whatever else
        keeps it from being taken, for the first call was.
        """
        only_switched_on(ref, wanted, fields)
        answer: Answer | None = None
        outcomes: Mapping[str, MemberOutcome] = {}
        later: dict[str, tuple[str, str]] = {}
        off = "enabled" in fields and self._is_off(ref)
        if off or wanted.members or "description" in fields:
            said = {"Identity": ref.vendor_id, "Comment": f"{described(wanted)} {mark}".strip(), **({"Enabled": True} if off else {})}
            answer, outcomes = self._said(said, wanted.members)
        if fields & {"enabled", "query"}:
            try:
                answer = self._ruled(ref.vendor_id, wanted, mark, queried="query" in fields) or answer
            except ConnectorError as error:
                if answer is None:
                    raise
                later = dict.fromkeys(fields & {"enabled", "query"}, (error.code, error.message))
        receipt = changed(self._access, ref, answer, tuple(outcomes[member] for member in sorted(outcomes)))
        return replace(receipt, later=later)

    def _said(self, said: Mapping[str, object], members: frozenset[str]) -> tuple[Answer, Mapping[str, MemberOutcome]]:
        """One call that sets and adds. A place that the platform cannot resolve is left out and reported; where too many are, all of them are."""

        def send(left: frozenset[str]) -> Answer:
            return self._access.admin.write("Set-CaseHoldPolicy", {**said, **_locations(left, verb="Add")}).answer

        sent = send_usable(members, send, tries=MANY, empty=True)
        return sent.answer or send(frozenset()), sent.outcomes

    def retry(self, ref: Ref) -> Receipt:
        """Ask the platform to distribute a hold again."""
        rows = self._access.admin.write("Set-CaseHoldPolicy", {"Identity": ref.vendor_id, "RetryDistribution": True})
        return changed(self._access, ref, rows.answer, ())

    def add(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Add places, all in one call; what is there stays. One that the platform cannot resolve is left out and reported."""

        def send(left: frozenset[str]) -> Answer:
            return self._access.admin.write("Set-CaseHoldPolicy", {"Identity": ref.vendor_id, **_locations(left, verb="Add")}).answer

        sent = send_usable(members - live.members, send, tries=MANY)
        outcomes = {**sent.outcomes, **{member: MemberOutcome(member=member) for member in members & live.members}}
        return changed(self._access, ref, sent.answer, tuple(outcomes[member] for member in sorted(outcomes)))

    def _is_off(self, ref: Ref) -> bool:
        """Whether the policy itself is switched off; one that only lacks its rule is left alone, or it would be locked for nothing."""
        rows = self._access.admin.read("Get-CaseHoldPolicy", {"Case": ref.parent_id}).rows
        row = next((row for row in rows if guid_of(row) == ref.vendor_id.lower()), None)
        return row is None or wire.flag(row, "Enabled") is not True

    def _new_rule(self, policy: str, wanted: Wanted, mark: Mark) -> Answer:
        named = {"Name": wanted.name, "Policy": policy, "ContentMatchQuery": _query(wanted)}
        _row, rows = self._make(_New(cmdlet="New-CaseHoldRule", parameters=named, find=lambda: self._rule(policy)), mark)
        return rows.answer

    def _ruled(self, policy: str, wanted: Wanted, mark: Mark, *, queried: bool) -> Answer | None:
        """The policy's one rule as ``wanted`` has it: made, switched on, or ``queried`` given its query; None where it is so already."""
        rule = self._rule(policy)
        if rule is None:
            return self._new_rule(policy, wanted, mark)
        changes: dict[str, object] = {}
        if queried and (wire.text(rule, "ContentMatchQuery") or "").strip() != _query(wanted):
            changes["ContentMatchQuery"] = _query(wanted)
        if wire.flag(rule, "Disabled"):
            changes["Disabled"] = False
        return self._access.admin.write("Set-CaseHoldRule", {"Identity": guid_of(rule), **changes}).answer if changes else None

    def _enable_all(self, case: Ref, mark: Mark) -> tuple[MemberOutcome, ...]:
        found: list[MemberOutcome] = []
        for row in self._access.admin.read("Get-CaseHoldPolicy", {"Case": case.vendor_id}).rows:
            guid, own = guid_of(row), find_mark(wire.text(row, "Comment"))
            if guid is None or own is None or own.district != mark.district or wire.flag(row, "Enabled"):
                continue
            name = wire.filled(row, "Name") or guid
            try:
                self._access.admin.write("Set-CaseHoldPolicy", {"Identity": guid, "Enabled": True})
            except TenantUnreachableError:
                raise
            except ConnectorError as error:
                # The case is open again whatever becomes of this hold; while it is off a later run switches it on.
                found.append(MemberOutcome(member=name, vendor_id=guid, error=f"{error.code}: {error.message}"))
            else:
                found.append(MemberOutcome(member=name, vendor_id=guid))
        return tuple(found)

    def _make(self, new: _New, mark: Mark) -> tuple[wire.JsonObject, Rows]:
        """What a ``New-`` cmdlet made; its answer is not documented, so without an id in it the object is looked for.

        A create is sent again only after a look: throttled, when nothing with our mark is there; its name taken by something of another hand, under
        another name, because a hold does not wait until two people have agreed on a name.
        """
        try:
            rows = self._access.admin.write(new.cmdlet, new.parameters)
        except TransientError as error:
            wait_out(error, self._access.context.clock)
            there = new.find()
            if there is not None:
                return there, _nothing()
            rows = self._access.admin.write(new.cmdlet, new.parameters)
        except PermanentError as error:
            if error.code != "name.taken":
                raise
            there = new.find()
            if there is not None:
                return there, _nothing()
            rows = self._access.admin.write(new.cmdlet, {**new.parameters, "Name": other_name(str(new.parameters["Name"]), mark)})
        created = next((row for row in rows.rows if guid_of(row)), None)
        return created or self._seen(new.find(), new), rows

    @staticmethod
    def _seen(row: wire.JsonObject | None, new: _New) -> wire.JsonObject:
        if row is None:
            why = f"{new.parameters['Name']}: the platform accepted it and does not show it yet."
            raise UnknownOutcomeError("write.unseen", why, "Read the tenant again and look for the mark.")
        return row

    def _case(self, mark: Mark) -> wire.JsonObject | None:
        return self._found("Get-ComplianceCase", {"CaseType": CASE_TYPES[0]}, lambda row: find_mark(wire.text(row, "ExternalId")) == mark)

    def _policy(self, case: str, mark: Mark) -> wire.JsonObject | None:
        return self._found("Get-CaseHoldPolicy", {"Case": case}, lambda row: find_mark(wire.text(row, "Comment")) == mark)

    def _rule(self, policy: str) -> wire.JsonObject | None:
        return self._found("Get-CaseHoldRule", {"Policy": policy}, lambda row: bool(rules_in([row], {"Guid": policy})))

    def _found(self, cmdlet: str, parameters: Mapping[str, object], ours: Callable[[wire.JsonObject], bool]) -> wire.JsonObject | None:
        """The row that is ours, None where a whole list has none. Raises ``UnknownOutcomeError`` where the list broke off before it."""
        listing = self._access.admin.read(cmdlet, parameters)
        row = next((row for row in listing.rows if guid_of(row) and ours(row)), None)
        if row is None and listing.partial is not None:
            raise UnknownOutcomeError("write.unseen", f"{cmdlet}: not seen in a list that broke off: {listing.partial}", "Read the tenant again.")
        return row

    def _receipt(self, row: wire.JsonObject, rows: Rows, name: str, members: tuple[MemberOutcome, ...] = ()) -> Receipt:
        return Receipt(
            vendor_id=guid_of(row) or "",
            name=wire.filled(row, "Name") or name,
            accepted_at=self._access.context.clock.now(),
            vendor_at=rows.answer.vendor_at,
            members=members,
            raw=wire.compact({"value": [row], "warnings": list(rows.warnings)}),
        )


def _query(wanted: Wanted) -> str:
    return str(wanted.fields.get("query") or "").strip()


def _nothing() -> Rows:
    return Rows(rows=(), partial=None, warnings=(), answer=Answer(status=200, headers={}, body=b"{}"))


def _locations(members: frozenset[str], *, verb: str = "") -> dict[str, object]:
    try:
        return locations_of(members, verb=verb)
    except ValueError as error:
        raise never(str(error)) from error
