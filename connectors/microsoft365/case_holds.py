"""Cases and case holds as the cmdlets show them, in the normal form that Graph's have too (docs/wire/admin-endpoint.md §2.5).

A hold by cmdlet is a policy with its places and one rule with its query: without a rule, or with a disabled one, it holds nothing (M§3.6). The
platform tells the state of the whole policy, and of single places only what failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from connectors.microsoft365 import wire
from connectors.microsoft365.holds import case_state, mail_member, site_member
from connectors.microsoft365.policies import failures, names_in
from policies.kinds import Kind
from policies.resources import Force, Live, find_mark, without_mark

CASE_TYPES = ("eDiscovery", "AdvancedEdiscovery")
"""Asked for one by one: without the parameter only the first kind is shown (M§3.6). Ours are of the first; what Graph made is of the second."""

DETAIL: Mapping[str, object] = {"DistributionDetail": True, "IncludeBindings": True}
"""Without it every hold reads as pending and without places (M§3.6)."""

_FORCES = {"success": Force.APPLIED, "pending": Force.PENDING, "error": Force.ERROR}
_REQUIRED = ("Enabled", "DistributionStatus", "ExchangeLocation", "SharePointLocation")


def case_from_row(row: wire.JsonObject, *, made_by_us: bool | None) -> Live | None:
    """A case in normal form; None when the row lacks what identifies it."""
    vendor_id, name, status = guid_of(row), wire.filled(row, "Name"), wire.filled(row, "Status")
    if vendor_id is None or name is None or status is None:
        return None
    state, description = case_state(status), wire.text(row, "Description")
    return Live(
        kind=Kind.M365_CASE,
        vendor_id=vendor_id,
        name=name,
        fields={"state": state, "description": without_mark(description)},
        mark=find_mark(wire.text(row, "ExternalId")) or find_mark(description),
        force=Force.APPLIED if state == "open" else Force.OFF,
        created_at=wire.moment(row, "WhenCreatedUTC"),
        changed_at=wire.moment(row, "WhenChangedUTC"),
        made_by_us=made_by_us,
        raw=wire.compact(row),
    )


def hold_from_rows(  # a hold is two rows, its case, whose it is, and who is called what today
    row: wire.JsonObject,
    rules: Sequence[wire.JsonObject],
    *,
    case_id: str,
    made_by_us: bool | None,
    mailboxes: Mapping[str, str] = MappingProxyType({}),
) -> Live | None:
    """A case hold with its rule in normal form; None when the row lacks what identifies it or says nothing of its places.

    ``mailboxes``: how each account's mailbox is addressed today, by the account's id.
    """
    vendor_id, name = guid_of(row), wire.filled(row, "Name")
    if vendor_id is None or name is None or any(key not in row for key in _REQUIRED):
        return None
    named = members_of(row, mailboxes)
    members = frozenset(named.values())
    rule = next(iter(rules), None)
    switched_on = wire.flag(row, "Enabled") is True and (wire.text(row, "Mode") or "Enforce").lower() == "enforce"
    enabled = switched_on and rule is not None and wire.flag(rule, "Disabled") is not True
    comment = wire.text(row, "Comment")
    return Live(
        kind=Kind.M365_HOLD,
        vendor_id=vendor_id,
        name=name,
        fields={
            "enabled": enabled,
            "query": ((wire.text(rule, "ContentMatchQuery") if rule else None) or "").strip(),
            "description": without_mark(comment),
        },
        members=members,
        member_states=failures(row, named),
        mark=find_mark(comment),
        parent_id=case_id,
        force=_force(row, enabled=enabled, empty=not members),
        created_at=wire.moment(row, "WhenCreatedUTC"),
        changed_at=wire.moment(row, "WhenChangedUTC"),
        made_by_us=made_by_us,
        raw=wire.compact({"policy": row, "rules": list(rules)}),
    )


def members_of(row: Mapping[str, object], mailboxes: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The places of a hold as members, as the row shows them and under the address that the account has today (M§5).

    Public folders are none of ours. An inactive mailbox has its leading period (M§3.1).
    """
    mail = {mail_member(name): mail_member(mailboxes.get(account, name)) for name, account in names_in(row, "ExchangeLocation")}
    return mail | {(place := site_member(name)): place for name, _account in names_in(row, "SharePointLocation")}


def locations_of(members: Iterable[str], *, verb: str = "") -> dict[str, object]:
    """Members as the cmdlets take them, sorted. Raises ValueError for what is neither a mailbox nor a site."""
    found: dict[str, object] = {}
    for prefix, parameter in (("mail", "ExchangeLocation"), ("site", "SharePointLocation")):
        names = sorted(name for item in members if (name := item.partition(":")[2]) and item.startswith(f"{prefix}:"))
        if names:
            found[f"{verb}{parameter}"] = names
    strange = sorted(item for item in members if item.partition(":")[0] not in ("mail", "site"))
    if strange:
        raise ValueError(f"no source: {strange[0]!r}")
    return found


def guid_of(row: Mapping[str, object]) -> str | None:
    """The row's own id, lower case: the same as the object's in Graph (docs/wire)."""
    found = wire.filled(row, "Guid")
    return found.lower() if found else None


def rules_in(rows: Iterable[wire.JsonObject], policy: Mapping[str, object]) -> list[wire.JsonObject]:
    """The rules among ``rows`` that belong to ``policy``, named by its id or its name: an unknown policy would have got all rules (M§2.2)."""
    own = {(wire.text(policy, "Guid") or "").lower(), (wire.text(policy, "Name") or "").lower()} - {""}
    return [row for row in rows if (wire.text(row, "Policy") or "").lower() in own]


def _force(row: Mapping[str, object], *, enabled: bool, empty: bool) -> Force:
    if not enabled:
        return Force.OFF
    found = _FORCES.get((wire.text(row, "DistributionStatus") or "").lower(), Force.UNKNOWN)
    # Without a source it holds nothing, whatever the platform says of it.
    return Force.UNKNOWN if empty and found is Force.APPLIED else found
