"""Microsoft's clouds: the resources that tokens are asked for in each, and the paths of Graph that a cloud does not have (M§8)."""

from __future__ import annotations

from sandbox.microsoft.state import ACTIVITY, COMPLIANCE, EXCHANGE, GRAPH, switch
from sandbox.world import World

WORLDWIDE = "worldwide"

_WORLDWIDE = {
    "https://graph.microsoft.com": GRAPH,
    "https://outlook.office365.com": EXCHANGE,
    "https://ps.compliance.protection.outlook.com": COMPLIANCE,
}
RESOURCES = {
    WORLDWIDE: {**_WORLDWIDE, "https://manage.office.com": ACTIVITY},
    "gcc": {**_WORLDWIDE, "https://manage-gcc.office.com": ACTIVITY},
    "gcc_high": {
        "https://graph.microsoft.us": GRAPH,
        "https://outlook.office365.us": EXCHANGE,
        "https://ps.compliance.protection.office365.us": COMPLIANCE,
        "https://manage.office365.us": ACTIVITY,
    },
    "dod": {
        "https://dod-graph.microsoft.us": GRAPH,
        "https://outlook-dod.office365.us": EXCHANGE,
        "https://l5.ps.compliance.protection.office365.us": COMPLIANCE,
        "https://manage.protection.apps.mil": ACTIVITY,
    },
    "china": {
        "https://microsoftgraph.chinacloudapi.cn": GRAPH,
        "https://outlook.office365.cn": EXCHANGE,
        "https://ps.compliance.protection.partner.outlook.cn": COMPLIANCE,
    },
}
"""Audience by resource (docs/wire: admin-endpoint §1.1, activity; M§8)."""

AUDIENCES = {resource: audience for found in RESOURCES.values() for resource, audience in found.items()}

_AUDIT = "security/auditLog"
_LACKING = {
    "gcc_high": (_AUDIT,),
    "dod": (_AUDIT,),
    "china": (_AUDIT, "security/labels", "security/triggers", "security/triggerTypes", "security/cases"),
}
"""Beginnings of paths that are not in the cloud's metadata."""


def cloud(world: World) -> str:
    """The cloud that the tenant lives in: the switch ``m365.cloud``."""
    return switch(world, "cloud", WORLDWIDE)


def lacking(world: World, path: str) -> str | None:
    """The segment of ``path`` (below the version) that this cloud does not know; None where it knows all."""
    for beginning in _LACKING.get(cloud(world), ()):
        if path == beginning or path.startswith(f"{beginning}/"):
            return beginning.rpartition("/")[2]
    return None
