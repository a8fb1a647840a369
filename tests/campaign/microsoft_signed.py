"""A tenant whose application may do nothing at the admin endpoint: labels and event types over Graph as the administrator who is signed in."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import cast

from connectors.base import Connector, Context
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from connectors.microsoft365.sign_in import by_browser
from connectors.microsoft365.signed_in import Session
from connectors.microsoft365.ways import LABEL_KINDS, Way
from policies.district import Tenant
from sandbox.microsoft.state import COMPLIANCE, GRAPH, TenantState
from sandbox.server import SandboxServer
from sandbox.world import World
from tests.campaign.cells import Method
from tests.campaign.microsoft_rules import (
    NEW_POLICY,
    NEW_RULE,
    MicrosoftRulesTheatre,
    Needs,
    _describe_event,
    _shorten_label,
)
from tests.unit.connectors.microsoft.people import Someone
from tests.unit.connectors.microsoft.support import Bench

_LABELS, _TYPES = "/security/labels/retentionLabels", "/security/triggerTypes/retentionEventTypes"
NEW, SET = f"POST {_LABELS}", f"PATCH {_LABELS}/{{label}}"
NEW_TYPE, SET_TYPE = f"POST {_TYPES}", f"PATCH {_TYPES}/{{type}}"
RENEWED = Method(surface="authority", operation="token", writes=False, how="as a person", sent="grant_type=refresh_token")
METHODS = (
    *(Method(surface=GRAPH, operation=name, writes=True) for name in (NEW, SET, NEW_TYPE, SET_TYPE)),
    *(Method(surface=GRAPH, operation=f"GET {name}", writes=False, pages=True) for name in (_LABELS, _TYPES)),
    Method(surface=GRAPH, operation=f"GET {_LABELS}/{{label}}", writes=False),
    *(Method(surface=COMPLIANCE, operation=name, writes=True, how="as a person") for name in (NEW_POLICY, NEW_RULE)),
    RENEWED,
)
_ACTS: dict[str, Callable[[World, TenantState, random.Random], bool]] = {SET: _shorten_label, SET_TYPE: _describe_event}
_SURFACES = MappingProxyType({kind: (Way.PERSON_GRAPH if kind in LABEL_KINDS else Way.PERSON_ADMIN).value for kind in MicrosoftRulesTheatre.proven})


@dataclass
class SignedTheatre(MicrosoftRulesTheatre):
    """The lines of the cmdlets' theatre, by another hand; Graph takes no file plan with a label, so no line has a citation."""

    methods = METHODS
    cites = False
    session: list[Session] = field(default_factory=list)

    surfaces = _SURFACES

    def connector(self) -> Connector:
        return Microsoft365Connector(allowed=Allowed(admin=True, sign_in=lambda _tenant: self.session[0]))

    def set_up(self, server: SandboxServer, tenant: Tenant, context: Context) -> Tenant:
        server.world.switches["m365.admin_role"] = "none"
        lobby = _Lobby(server, tenant)
        self.session.append(by_browser(tenant, context, Someone(cast("Bench", lobby))).session)
        lobby.close()
        return tenant

    def _needs(self, method: Method) -> Needs:
        name = method.operation
        return Needs(spoil=_ACTS.get(name), label=method.surface == GRAPH, event=name in (NEW_TYPE, SET_TYPE))


class _Lobby:
    """As much of a bench as somebody in front of a browser needs."""

    def __init__(self, server: SandboxServer, tenant: Tenant) -> None:
        self.server, self.tenant = server, tenant
        self._closing: list[Callable[[], None]] = []

    def close(self) -> None:
        for close in self._closing:
            close()
