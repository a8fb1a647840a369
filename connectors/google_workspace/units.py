"""Which organisational unit carries a source that an order names by its unit. Pure."""

from __future__ import annotations

from connectors.hold_orders import OrderedSource
from policies.kinds import Workload
from policies.roster import OrgUnit, Roster
from policies.units import TOP, UnitTree


class Units:
    """The units of one tenant and who is in them, as its directory tells."""

    def __init__(self, roster: Roster) -> None:
        self._tree = UnitTree(roster)
        self._where = {one.vendor_id: one.org_unit for one in roster.identities}

    def unread(self, source: OrderedSource) -> bool:
        """Whether nobody can say which unit the order means: the one that is remembered is not listed, and the list was not read whole."""
        return source.unit is not None and not self._tree.whole and self._tree.of_id(source.unit_id) is None

    def carrying(self, source: OrderedSource) -> OrgUnit | None:
        """The unit whose hold carries the source: the one that the order names, unless the directory shows the account outside of it by now.

        Never the root; and a group is held as a group, never by a unit (G§1.5).
        """
        unit = self._tree.meant(source.unit, source.unit_id) if source.unit is not None else None
        if unit is None or unit.path == TOP or source.workload is Workload.GROUP:
            return None
        return None if self._tree.outside(self._where.get(source.identity_id or ""), unit) else unit
