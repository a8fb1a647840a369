"""``doctor --grant-script``: for each tenant, what an administrator still has to set up there, as its connector words it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import cast

from connectors.examination import Examination
from policies.district import Delivery, Tenant
from policies.kinds import Platform
from sync.look import Look

_WORDED = {Platform.GOOGLE_WORKSPACE: "connectors.google_workspace.grants", Platform.MICROSOFT365: "connectors.microsoft365.grants"}
"""Imported when asked for: a connector's module may bring its SDK along."""

Script = Callable[[Examination, Tenant, Sequence[str]], str]
Unexamined = Callable[[Tenant, str], str]
"""What has to be set up in a tenant that could not be asked, and why it could not."""


def grant_scripts(seen: Sequence[Look], deliveries: Sequence[Delivery]) -> Mapping[str, str | None]:
    """Markdown by tenant; None where its connector words none, or none of a tenant that could not be asked.

    ``deliveries`` name who sends from where.
    """
    senders = {one.tenant.id: tuple(dict.fromkeys(way.sender for way in deliveries if way.tenant == one.tenant.id and way.sender)) for one in seen}
    return {one.tenant.id: _script(one, senders[one.tenant.id]) for one in seen}


def _script(one: Look, senders: Sequence[str]) -> str | None:
    if one.tenant.platform not in _WORDED:
        return None
    module = import_module(_WORDED[one.tenant.platform])
    if one.examination is not None:
        return cast("Script", module.grant_script)(one.examination, one.tenant, senders)
    if not hasattr(module, "unexamined"):
        return None
    why = "" if one.error is None else f"{one.error.message} {one.error.next_step}"
    return cast("Unexamined", module.unexamined)(one.tenant, why)
