"""eDiscovery cases and legal holds in normal form. Health is isEnabled, no errors and every source applied; never ``status`` (M§3.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.microsoft365 import wire
from connectors.microsoft365.blame import blamed
from policies.kinds import Kind
from policies.resources import Force, Live, MemberState, find_mark, without_mark

_CASE_STATES: dict[str, str] = {"active": "open", "closing": "closed", "closed": "closed", "closedwitherror": "closed"}
INACTIVE_ID = "00000000-0000-0000-0000-000000000000."

AUTOMATIC_CASE = "Content Search"
"""The case that is always there and belongs to the platform (M§3.5)."""


def case_path(case_id: str) -> str:
    """The path of a case."""
    return f"/security/cases/ediscoveryCases/{case_id}"


def hold_path(case_id: str, hold_id: str) -> str:
    """The path of a hold in its case."""
    return f"{case_path(case_id)}/legalHolds/{hold_id}"


def mail_member(address: str) -> str:
    """A mailbox as a member, in normal form."""
    return f"mail:{address.strip().lower()}"


def site_member(url: str) -> str:
    """A site or OneDrive as a member, in normal form."""
    return f"site:{url.strip().rstrip('/').lower()}"


def case_state(status: str) -> str:
    """Our word for a case's status, which either surface writes in letters of its own; an unknown one stands as it is."""
    return _CASE_STATES.get(status.lower(), status.lower())


def people_of(row: Mapping[str, object]) -> list[str]:
    """Every name under which the maker of a row stands: the vendor puts names into ids and ids into names (M§3.5)."""
    made = wire.child(row, "createdBy")
    found = [wire.child(made, who) for who in ("user", "application")]
    return [name for who in found for key in ("id", "displayName", "userPrincipalName") if (name := wire.filled(who, key))]


def case_from(row: wire.JsonObject, *, made_by_us: bool | None) -> Live | None:
    """A case in normal form; None when the row lacks what identifies it."""
    vendor_id, name, status = wire.filled(row, "id"), wire.filled(row, "displayName"), wire.filled(row, "status")
    if vendor_id is None or name is None or status is None:
        return None
    state = case_state(status)
    description = wire.text(row, "description")
    return Live(
        kind=Kind.M365_CASE,
        vendor_id=vendor_id,
        name=name,
        fields={"state": state, "description": without_mark(description)},
        mark=find_mark(wire.text(row, "externalId")) or find_mark(description),
        force=Force.APPLIED if state == "open" else Force.OFF,
        created_at=wire.moment(row, "createdDateTime"),
        changed_at=wire.moment(row, "lastModifiedDateTime"),
        made_by_us=made_by_us,
        raw=wire.compact(row),
    )


def hold_from(  # a hold is four answers and whose it is
    row: wire.JsonObject,
    users: Sequence[wire.JsonObject],
    sites: Sequence[wire.JsonObject],
    *,
    case_id: str,
    made_by_us: bool | None,
) -> Live | None:
    """A hold with its sources in normal form; None when the row lacks what identifies it, or a source cannot be named."""
    vendor_id, name, enabled = wire.filled(row, "id"), wire.filled(row, "displayName"), wire.flag(row, "isEnabled")
    errors = wire.texts(row, "errors")
    if vendor_id is None or name is None or enabled is None or "errors" not in row:
        return None
    keyed = [*((item, user_key(item)) for item in users), *((item, site_key(item)) for item in sites)]
    known = [(source, key) for source, key in keyed if key is not None]
    if len(known) < len(keyed):
        return None
    guilty = blamed(errors, (_name(key) for _source, key in known))
    states = {key: _source_state(source, guilty.get(_name(key)), enabled=enabled) for source, key in known}
    description = wire.text(row, "description")
    return Live(
        kind=Kind.M365_HOLD,
        vendor_id=vendor_id,
        name=name,
        fields={
            "enabled": enabled,
            "query": (wire.text(row, "contentQuery") or "").strip(),
            "description": without_mark(description),
        },
        members=frozenset(states),
        member_states=states,
        mark=find_mark(description),
        parent_id=case_id,
        force=_health(states.values(), errors, enabled=enabled),
        created_at=wire.moment(row, "createdDateTime"),
        changed_at=wire.moment(row, "lastModifiedDateTime"),
        made_by_us=made_by_us,
        raw=wire.compact({"hold": row, "userSources": list(users), "siteSources": list(sites)}),
    )


def user_key(row: Mapping[str, object]) -> str | None:
    """The member that a userSource is; an inactive mailbox has a period before its address (M§3.1)."""
    email = wire.filled(row, "email")
    if email is None:
        return None
    twin = (wire.text(row, "id") or "").startswith(INACTIVE_ID) or (wire.text(row, "displayName") or "").startswith(".")
    return mail_member(f".{email.lstrip('.')}" if twin else email)


def site_key(row: Mapping[str, object]) -> str | None:
    """The member that a siteSource is, None when the answer carries no address."""
    url = wire.filled(wire.child(row, "site"), "webUrl")
    return site_member(url) if url else None


def _name(key: str) -> str:
    return key.partition(":")[2]


def _source_state(row: wire.JsonObject, error: str | None, *, enabled: bool) -> MemberState:
    word = (wire.text(row, "holdStatus") or "").lower()
    vendor_id = wire.filled(row, "id")
    if error is not None:
        return MemberState(force=Force.ERROR, vendor_id=vendor_id, error=error)
    if word == "partial":
        return MemberState(force=Force.ERROR, vendor_id=vendor_id, error="partial: the platform holds only a part of this source")
    states = {"applied": Force.APPLIED, "applying": Force.PENDING, "notapplied": Force.PENDING, "removing": Force.OFF}
    force = states.get(word, Force.UNKNOWN)
    return MemberState(force=force if enabled else Force.OFF, vendor_id=vendor_id)


def _health(states: Iterable[MemberState], errors: Sequence[str], *, enabled: bool) -> Force:
    forces = {state.force for state in states}
    if not enabled:
        return Force.OFF
    if errors or Force.ERROR in forces:
        return Force.ERROR
    if forces == {Force.APPLIED}:
        return Force.APPLIED
    # Without a source it holds nothing; with one of unknown state nobody can say.
    return Force.PENDING if Force.PENDING in forces and Force.UNKNOWN not in forces else Force.UNKNOWN
