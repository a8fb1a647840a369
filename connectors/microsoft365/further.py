"""Kinds beside those of every run, in normal form: event types, adaptive scopes, litigation holds, the organisation's own stamps.

Event types are made where a label counts from an event, a scope where a district says that everybody is to be one; litigation hold is switched on
where an order asks for it (``belt``). The organisation's own stamps are read and never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.microsoft365 import wire
from connectors.microsoft365.inplace import mailbox_from, stamps
from policies.kinds import Kind
from policies.resources import Force, Live, find_mark, without_mark


def event_type_from(row: wire.JsonObject, *, made_by_us: bool | None) -> Live | None:
    """An event type; None when the row lacks its name or id. It rules nothing by itself: labels name it."""
    name, vendor_id = wire.filled(row, "Name"), wire.filled(row, "Guid")
    if name is None or vendor_id is None:
        return None
    comment = wire.text(row, "Comment")
    return Live(
        kind=Kind.M365_EVENT_TYPE,
        vendor_id=vendor_id.lower(),
        name=name,
        fields={"description": without_mark(comment)},
        mark=find_mark(comment),
        force=Force.APPLIED,
        created_at=wire.moment(row, "WhenCreatedUTC"),
        changed_at=wire.moment(row, "WhenChangedUTC"),
        made_by_us=made_by_us,
        raw=wire.compact(row),
    )


def scope_from(row: wire.JsonObject, *, made_by_us: bool | None) -> Live | None:
    """An adaptive scope with the query that decides who is in it; None when the row lacks its name or id."""
    name, vendor_id = wire.filled(row, "Name"), wire.filled(row, "Guid")
    if name is None or vendor_id is None:
        return None
    return Live(
        kind=Kind.M365_ADAPTIVE_SCOPE,
        vendor_id=vendor_id.lower(),
        name=name,
        fields={
            "location": (wire.text(row, "LocationType") or "").lower(),
            "query": (wire.filled(row, "RawQuery") or wire.filled(row, "FilterConditions") or "").strip(),
            "units": tuple(sorted(wire.texts(row, "AdministrativeUnits"))),
            "description": without_mark(wire.text(row, "Comment")),
        },
        mark=find_mark(wire.text(row, "Comment")),
        # The scope itself is there once stored; whom it finds, the policies over it wait for.
        force=Force.APPLIED,
        created_at=wire.moment(row, "WhenCreatedUTC"),
        changed_at=wire.moment(row, "WhenChangedUTC"),
        made_by_us=made_by_us,
        raw=wire.compact(row),
    )


def litigation_from(row: wire.JsonObject, *, made_by_us: bool | None = None) -> Live | None:
    """A mailbox on litigation hold; None when the row says nothing about holds. Nobody's mark fits into it, so it is never ours by mark."""
    box = mailbox_from(row)
    if box is None or box.litigation is None:
        return None
    return Live(
        kind=Kind.M365_MAILBOX,
        vendor_id=box.exchange_guid or box.address,
        name=f".{box.address}" if box.inactive else box.address,
        fields={"period": box.litigation, "inactive": box.inactive, "delay": box.delayed or box.delayed_elsewhere},
        force=Force.APPLIED,
        created_at=box.litigation_since,
        made_by_us=made_by_us,
        raw=wire.compact(row),
    )


def organisation_from(row: wire.JsonObject, policies: Mapping[str, Live]) -> list[Live] | None:
    """A policy over everybody for each stamp of the organisation; None when the row carries no list of them.

    A stamp names its policy by GUID alone (M§3.1), so ``policies`` gives those by id, lower case; one that is not among them keeps the stamp as name.
    """
    if "InPlaceHolds" not in row:
        return None
    found = []
    for one in stamps(wire.texts(row, "InPlaceHolds")):
        policy = policies.get(one.guid or "")
        found.append(
            Live(
                kind=Kind.M365_ORG_HOLD,
                vendor_id=one.guid or one.raw,
                name=policy.name if policy is not None else one.raw,
                fields={"sort": one.sort.value, "does": one.does.value},
                force=Force.APPLIED,
                made_by_us=None if policy is None else policy.mark is not None or policy.made_by_us,
                raw=wire.compact({"InPlaceHolds": one.raw}),
            )
        )
    return found


def event_names(rows: Iterable[wire.JsonObject]) -> Mapping[str, str]:
    """Display names of event types by id, lower case: a label may name its event type either way (docs/wire)."""
    pairs = ((wire.filled(row, "Guid"), wire.filled(row, "Name")) for row in rows)
    return {guid.lower(): name for guid, name in pairs if guid and name}
