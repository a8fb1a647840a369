"""A hold order in Microsoft 365's terms: one case, and holds of at most 1,000 mailboxes and 100 sites each (M§3.7). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.base import Circumstances
from connectors.hold_orders import HoldOrder, Ordered, OrderedSource
from connectors.microsoft365.belt import LITIGATION_HOLD
from connectors.microsoft365.clouds import Endpoint, cloud_of
from connectors.microsoft365.holds import mail_member, site_member
from connectors.microsoft365.limits import LACKS, lacking_in
from connectors.microsoft365.pieces import in_pieces
from policies.keys import key_of
from policies.kinds import Kind, Workload
from policies.resources import Because, Wanted

_CAPACITY = {"mail": 1000, "site": 100}
# Chats and the calendar are kept inside the mailbox, and the archive is a part of it (M§3.1).
_IN_MAILBOX = frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.CHAT, Workload.CALENDAR, Workload.GROUP, Workload.LITIGATION_HOLD})
_SITES = frozenset({Workload.DRIVE, Workload.SITE})


def realise_hold(order: HoldOrder, circumstances: Circumstances) -> Ordered:
    """The case and holds of an order, which member of which hold carries each source, and sources that Microsoft 365 cannot hold.

    Dates do not narrow a hold here: everything of a source is kept, which is more than was asked and never less. Terms do.
    """
    if lacking_in(cloud_of(circumstances.tenant), Kind.M365_HOLD):
        return Ordered(resources=(), carried={}, refused=dict.fromkeys(order.sources, LACKS))
    whole = by_cmdlet(circumstances)
    members: dict[OrderedSource, str] = {}
    refused: dict[OrderedSource, str] = {}
    belts: dict[OrderedSource, str] = {}
    for source in order.sources:
        found = _member(source)
        if found is None:
            refused[source] = "person.no_container" if source.workload in _IN_MAILBOX | _SITES else "source.not_here"
        elif source.workload is Workload.LITIGATION_HOLD:
            belts[source] = found
        else:
            members[source] = found
    case = key_of("m", order.tenant_alias)
    pieces = in_pieces(
        set(members.values()),
        lambda number: key_of("m", order.tenant_alias, str(number)),
        circumstances.pieces,
        _CAPACITY,
        # A cmdlet's hold is locked until it has been distributed, which may take a day: nobody new waits for that.
        shut=circumstances.in_flight if whole else frozenset(),
    )
    homes = {member: key for key, held in pieces.items() for member in held}
    head = Wanted(
        kind=Kind.M365_CASE,
        key=case,
        name=circumstances.names.get(case, order.tenant_alias),
        fields={"state": "open", "description": ""},
        because=Because(matter=order.alias),
    )
    holds = [_hold(order, case, key, members, circumstances, held) for key, held in pieces.items()]
    belt = _belt(order, belts)
    carried = {source: (homes[member], member) for source, member in members.items()}
    # Of a release of which the belt alone could not be taken off, the case is closed by now: to want it open would hold everybody again.
    body = () if belt and not members else (head, *holds)
    return Ordered(
        resources=(*body, *((belt,) if belt else ())),
        carried=carried | ({source: (belt.key, member) for source, member in belts.items()} if belt else {}),
        refused=refused,
    )


def _belt(order: HoldOrder, members: Mapping[OrderedSource, str]) -> Wanted | None:
    """The mailboxes that are to be on litigation hold too. No word of the matter goes with it: the setting has room for a note that people read."""
    if not members:
        return None
    return Wanted(
        kind=Kind.M365_MAILBOX,
        key=key_of("m", order.tenant_alias, "litigation"),
        name=LITIGATION_HOLD,
        fields={},
        members=frozenset(members.values()),
        because=Because(matter=order.alias),
        people=len({source.person for source in members}),
    )


def by_cmdlet(circumstances: Circumstances) -> bool:
    """Whether holds go over the admin endpoint here; it takes a hold with all its places at once and locks it while it distributes it (M§2.7)."""
    surface = next((one.surface for one in circumstances.capabilities if one.kind is Kind.M365_HOLD), None)
    return surface == Endpoint.COMPLIANCE.value


def _hold(  # the parts of one hold
    order: HoldOrder, case: str, key: str, members: dict[OrderedSource, str], circumstances: Circumstances, held: frozenset[str]
) -> Wanted:
    number = key.rpartition("-")[2]
    return Wanted(
        kind=Kind.M365_HOLD,
        key=key,
        name=circumstances.names.get(key, f"{order.tenant_alias} {number}"),
        fields={"enabled": True, "query": (order.terms or "").strip(), "description": ""},
        members=held,
        parent=case,
        depends_on=(case,),
        because=Because(matter=order.alias),
        people=len({source.person for source, member in members.items() if member in held}),
        whole=by_cmdlet(circumstances),
    )


def _member(source: OrderedSource) -> str | None:
    if source.workload in _SITES:
        return site_member(source.container) if source.container else None
    if source.workload in _IN_MAILBOX:
        place = source.container or source.address
        return mail_member(place) if place else None
    return None
