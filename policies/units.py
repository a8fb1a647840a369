"""The organisational units of one tenant as its directory shows them: which one is meant, and whether an account lies in it. Pure."""

from __future__ import annotations

from policies.kinds import Kind
from policies.reach import ancestors
from policies.resources import ReadState
from policies.roster import OrgUnit, Roster

TOP = "/"


class UnitTree:
    """The units of one roster. A unit is renamed and moved with everything in it, and keeps its id; so it goes by the id where that is known."""

    def __init__(self, roster: Roster) -> None:
        self.whole = any(read.kind is Kind.GOOGLE_ORG_UNIT and read.state is ReadState.COMPLETE for read in roster.reads)
        """Whether a unit that is not listed is not there."""
        self._by_id = {unit.vendor_id: unit for unit in roster.org_units}
        self._by_path = {unit.path.lower(): unit for unit in roster.org_units}

    def of_id(self, vendor_id: str | None) -> OrgUnit | None:
        """The unit with that id, wherever it lies now."""
        return self._by_id.get(vendor_id or "")

    def meant(self, path: str, vendor_id: str | None) -> OrgUnit | None:
        """The unit with that id; without one, or where it is not listed any more, the one that lies at ``path``."""
        return self.of_id(vendor_id) or self._by_path.get(path.strip().rstrip("/").lower() or TOP)

    def outside(self, where: str | None, unit: OrgUnit) -> bool:
        """Whether an account at ``where`` is shown to lie outside of ``unit``.

        A path at which no listed unit lies shows nothing: the lists of accounts and of units are two reads, and a unit may be renamed between them.
        """
        if where is None or (where.lower() not in self._by_path and where != TOP):
            return False
        return unit.path.lower() not in ancestors(where.lower())
