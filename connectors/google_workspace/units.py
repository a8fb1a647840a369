"""Which organisational unit carries a source that an order names by its unit. Pure."""

from __future__ import annotations

from connectors.hold_orders import OrderedSource
from policies.kinds import Kind, Workload
from policies.reach import ancestors
from policies.resources import ReadState
from policies.roster import OrgUnit, Roster


class Units:
    """The units of one tenant and who is in them, as its directory tells."""

    def __init__(self, roster: Roster) -> None:
        self.unread = any(read.kind is Kind.GOOGLE_ORG_UNIT and read.state is not ReadState.COMPLETE for read in roster.reads)
        """Whether a unit that is not listed may be there all the same."""
        self._units = {unit.path.lower(): unit for unit in roster.org_units}
        self._where = {one.vendor_id: one.org_unit for one in roster.identities}

    def carrying(self, source: OrderedSource) -> OrgUnit | None:
        """The unit whose hold carries the source: the one that the order names, unless the directory shows the account outside of it by now.

        Never the root; and a group is held as a group, never by a unit (G§1.5).
        """
        path = (source.unit or "").strip().rstrip("/").lower()
        unit = self._units.get(path) if path else None
        where = self._where.get(source.identity_id or "")
        outside = where is not None and path not in ancestors(where.lower())
        return None if outside or source.workload is Workload.GROUP else unit
