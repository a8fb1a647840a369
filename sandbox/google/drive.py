"""Drive API: the list of shared drives as an administrator sees it (G§10), nothing of their content."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, instant, listing
from sandbox.google.places import SharedDrive


def operations() -> Mapping[str, Operation]:
    """Shared drives by method id, reading only."""
    return {"drive.drives.list": _list, "drive.drives.get": _get}


def _list(call: Call) -> Item:
    """Every shared drive for an administrator who asks as one; without that, those that the caller is a member of, here none."""
    if call.query.get("q"):
        raise errors.unserved("q of drives.list")
    if call.query.get("useDomainAdminAccess") != "true":
        return {"kind": "drive#driveList", "drives": []}
    call.need_admin()
    shown = [_json(drive) for drive in sorted(call.state.drives.values(), key=lambda drive: drive.name)]
    page, token = call.page(shown, "pageSize", 10, 100)
    return listing("drives", page, token, kind="drive#driveList")


def _get(call: Call) -> Item:
    drive = call.state.drives.get(call.path["driveId"])
    if drive is None or call.query.get("useDomainAdminAccess") != "true" or not call.is_admin:
        raise errors.not_found(f"Shared drive not found: {call.path['driveId']}")
    return _json(drive)


def _json(drive: SharedDrive) -> Item:
    return {"kind": "drive#drive", "id": drive.id, "name": drive.name, "createdTime": instant(drive.created), "hidden": drive.hidden}
