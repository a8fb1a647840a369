"""Cases and holds as they are now, over the surface that serves them here. One surface a look, so that no hold is ever listed twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from connectors.errors import ConnectorError, TenantUnreachableError, TransientError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.admin import Rows
from connectors.microsoft365.case_holds import CASE_TYPES, DETAIL, case_from_row, guid_of, hold_from_rows, rules_in
from connectors.microsoft365.graph import Call, Listing, calls
from connectors.microsoft365.holds import AUTOMATIC_CASE, case_from, case_path, hold_from, hold_path
from connectors.microsoft365.renaming import current
from policies.resources import Live, Ref

_LEFTOVER_AFTER = timedelta(hours=1)
"""A case that the platform has not set up after this long is a leftover of its portal (M§3.5), not one in the making."""
_RULES_TOGETHER = 100
"""So many rules are asked for in one list; of more, the platform's own page says that the list times out (M§3.6)."""
_FLAWED_CASE = "wire.missing_property: a case lacks its id, name or status"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldsSeen:
    """Cases and their holds. ``no_cases``, ``no_holds`` say why some are missing, None where all were seen; ``with_holds``: holds were read."""

    cases: tuple[Live, ...]
    holds: tuple[Live, ...] = ()
    no_cases: str | None = None
    no_holds: str | None = None
    with_holds: bool = False


def see_holds(access: Access, *, handed: Listing | None, with_holds: bool) -> HoldsSeen:
    """What is there. ``handed``: Graph's list of cases, where it was read a moment ago. Raises ConnectorError when there is no list at all."""
    if not access.ediscovery.by_cmdlet:
        try:
            return _OverGraph(access).see(handed, with_holds=with_holds)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            if not access.ediscovery.turned_to_cmdlets(error):
                raise
    return _ByCmdlet(access).see(with_holds=with_holds)


def see_hold(access: Access, ref: Ref) -> Live | None:
    """One hold by its cmdlets, None where its case does not show it. Raises ConnectorError."""
    return _ByCmdlet(access).one(ref)


class _OverGraph:
    def __init__(self, access: Access) -> None:
        self._access = access
        self._holds: list[Live] = []

    def see(self, handed: Listing | None, *, with_holds: bool) -> HoldsSeen:
        listing = handed or self._access.ediscovery.rows(Call(method="GET", path="/security/cases/ediscoveryCases", slow=True))
        lives = [case_from(row, made_by_us=self._access.ediscovery.made_by_us(row)) for row in listing.rows]
        cases = _others_left_out(lives)
        partial = listing.partial or (_FLAWED_CASE if None in lives else None)
        # The cases of a person may be theirs alone, which only holds show (M§3.3).
        with_holds = with_holds or self._access.ediscovery.account is not None
        missing = (self._case_holds(cases) or partial) if with_holds else None
        return HoldsSeen(cases=tuple(cases), holds=tuple(self._holds), no_cases=partial, no_holds=missing, with_holds=with_holds)

    def _case_holds(self, cases: list[Live]) -> str | None:
        """Read the holds of cases that are ours or open, and say what could not be read."""
        looked = _looked_at(cases, self._access.context.district)
        paths = [f"{case_path(case.vendor_id)}/legalHolds" for case in looked]
        listings = self._access.ediscovery.rows_all(calls("GET", paths, family="legalHolds", slow=True))
        partial: str | None = None
        rows: list[tuple[Live, wire.JsonObject]] = []
        for case, listing in zip(looked, listings, strict=True):
            if isinstance(listing, Listing):
                rows += [(case, row) for row in listing.rows]
                partial = partial or listing.partial
            elif listing.code == "graph.not_served":
                raise listing
            elif not self._leftover(case, listing):
                partial = partial or f"{listing.code}: {listing.message}"
        return self._sources(rows) or partial

    def _leftover(self, case: Live, error: ConnectorError) -> bool:
        old = case.created_at is not None and self._access.context.clock.now() - case.created_at > _LEFTOVER_AFTER
        return error.code == "ediscovery.case_not_ready" and case.mark is None and old

    def _sources(self, rows: list[tuple[Live, wire.JsonObject]]) -> str | None:
        usable = [(case, row, hold_id) for case, row in rows if (hold_id := wire.filled(row, "id"))]
        partial = "wire.missing_property: a hold lacks its id" if len(usable) < len(rows) else None
        paths = [f"{hold_path(case.vendor_id, hold_id)}/{kind}" for case, _row, hold_id in usable for kind in ("userSources", "siteSources")]
        listings = self._access.ediscovery.rows_all(calls("GET", paths, family="legalHolds", slow=True))
        for index, (case, row, hold_id) in enumerate(usable):
            users, sites = listings[2 * index], listings[2 * index + 1]
            if not isinstance(users, Listing) or not isinstance(sites, Listing):
                error = users if isinstance(users, ConnectorError) else sites
                partial = partial or f"kind.partial: the sources of hold {hold_id} could not be read: {error}"
                continue
            partial = partial or users.partial or sites.partial
            mine = self._access.ediscovery.made_by_us(row)
            live = hold_from(row, users.rows, sites.rows, case_id=case.vendor_id, made_by_us=mine)
            if live is None:
                partial = partial or f"wire.missing_property: hold {hold_id} or one of its sources cannot be understood"
            else:
                self._holds.append(current(live, self._access.mailboxes))
        return partial


class _ByCmdlet:
    def __init__(self, access: Access) -> None:
        self._access = access
        self._partial: str | None = None

    def see(self, *, with_holds: bool) -> HoldsSeen:
        lists = [self._access.admin.read("Get-ComplianceCase", {"CaseType": sort}) for sort in CASE_TYPES]
        lives = [case_from_row(row, made_by_us=self._made(row)) for one in lists for row in one.rows]
        cases = _others_left_out(lives)
        partial = next((one.partial for one in lists if one.partial), None) or (_FLAWED_CASE if None in lives else None)
        holds = self._holds(_looked_at(cases, self._access.context.district)) if with_holds else ()
        missing = (self._partial or partial) if with_holds else None
        return HoldsSeen(cases=tuple(cases), holds=tuple(holds), no_cases=partial, no_holds=missing, with_holds=with_holds)

    def one(self, ref: Ref) -> Live | None:
        found = self._access.admin.read("Get-CaseHoldPolicy", {"Case": ref.parent_id, **DETAIL})
        row = next((row for row in found.rows if guid_of(row) == ref.vendor_id.lower()), None)
        if row is None or ref.parent_id is None:
            return None
        rules = self._access.admin.read("Get-CaseHoldRule", {"Policy": ref.vendor_id})
        return hold_from_rows(row, rules_in(rules.rows, row), case_id=ref.parent_id, made_by_us=self._made(row), mailboxes=self._access.mailboxes)

    def _holds(self, cases: list[Live]) -> list[Live]:
        found: list[Live] = []
        policies = self._policies(cases)
        rules = self._rules([row for _case, row in policies])
        for case, row in policies:
            own = rules.get(guid_of(row) or "")
            if own is None:
                continue  # why is told already: without its rule nobody knows whether a hold holds anything
            live = hold_from_rows(row, own, case_id=case.vendor_id, made_by_us=self._made(row), mailboxes=self._access.mailboxes)
            if live is None:
                self._lacks(f"wire.missing_property: case hold {wire.text(row, 'Name')!r} cannot be understood")
            else:
                found.append(live)
        return found

    def _policies(self, cases: list[Live]) -> list[tuple[Live, wire.JsonObject]]:
        """The hold policies of ``cases``: in one list where that tells whose each is, else case by case."""
        together = self._try_together("Get-CaseHoldPolicy", DETAIL)
        if together is not None and all(wire.filled(row, "CaseId") for row in together.rows):
            by_id = {case.vendor_id: case for case in cases}
            named = ((by_id.get((wire.text(row, "CaseId") or "").lower()), row) for row in together.rows)
            return [(case, row) for case, row in named if case is not None]
        found: list[tuple[Live, wire.JsonObject]] = []
        for case in cases:
            rows = self._try_one("Get-CaseHoldPolicy", {"Case": case.vendor_id, **DETAIL}, f"the holds of case {case.vendor_id}")
            found += [(case, row) for row in rows or () if (wire.text(row, "CaseId") or case.vendor_id).lower() == case.vendor_id]
        return found

    def _rules(self, policies: list[wire.JsonObject]) -> dict[str, list[wire.JsonObject]]:
        """Rules by the id of their policy, which is absent where they could not be read."""
        if not policies:
            return {}
        together = self._try_together("Get-CaseHoldRule", {}) if len(policies) <= _RULES_TOGETHER else None
        if together is not None:
            return {guid_of(row) or "": rules_in(together.rows, row) for row in policies}
        found: dict[str, list[wire.JsonObject]] = {}
        for row in policies:
            rows = self._try_one("Get-CaseHoldRule", {"Policy": guid_of(row)}, f"the rule of case hold {guid_of(row)}")
            if rows is not None:
                found[guid_of(row) or ""] = rules_in(rows, row)
        return found

    def _try_together(self, cmdlet: str, parameters: Mapping[str, object]) -> Rows | None:
        """One list over the tenant, None where it did not come whole: large tenants time out (M§3.6)."""
        try:
            found = self._access.admin.read(cmdlet, parameters, patient=False)
        except TransientError:
            return None
        return found if found.partial is None else None

    def _try_one(self, cmdlet: str, parameters: dict[str, object], what: str) -> tuple[wire.JsonObject, ...] | None:
        try:
            found = self._access.admin.read(cmdlet, parameters)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            self._lacks(f"{error.code}: {what} could not be read: {error.message}")
            return None
        if found.partial is not None:
            self._lacks(found.partial)
        return found.rows

    def _lacks(self, why: str) -> None:
        self._partial = self._partial or why

    def _made(self, row: wire.JsonObject) -> bool | None:
        return self._access.made_by_us(wire.text(row, "CreatedBy"))


def _others_left_out(lives: list[Live | None]) -> list[Live]:
    """The cases without the platform's own, which is always there and nobody's (M§3.5)."""
    return [live for live in lives if live is not None and (live.name != AUTOMATIC_CASE or live.mark is not None)]


def _looked_at(cases: list[Live], district: str) -> list[Live]:
    """The cases whose holds are read: ours, and all that are open."""
    return [case for case in cases if (case.mark is not None and case.mark.district == district) or case.fields["state"] == "open"]
