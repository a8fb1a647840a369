"""A server without any key of Google's: its own provider's token for one of Google's, that for a signature, the signature for a token to act with."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from typing import cast
from unittest import mock

from connectors.base import Context
from policies.district import Credential, Tenant
from sandbox.google.state import state_of
from sandbox.google.sts import OPERATION, write_workload
from sandbox.server import SandboxServer
from sandbox.world import World
from sync.matters.order import MatterOrder
from tests.campaign.cells import EVERYWHERE, Method
from tests.campaign.google import GoogleTheatre
from tests.campaign.releasing import Parting

METHODS = (
    Method(surface="sts", operation=OPERATION, writes=False),
    Method(surface="iam_credentials", operation="iamcredentials.projects.serviceAccounts.signJwt", writes=False),
    Method(surface="token", operation="oauth2.token", writes=False, how="keyless"),
)
_MACHINE = "GOOGLE_APPLICATION_CREDENTIALS"


@dataclass
class KeylessTheatre(GoogleTheatre):
    """Holds as ever; each look asks for tokens anew, and whoever has none for it does nothing, and nothing twice."""

    methods = METHODS
    strikes = EVERYWHERE
    environment: object = None

    def set_up(self, server: SandboxServer, tenant: Tenant, context: Context) -> Tenant:
        state = state_of(server.world)
        file = write_workload(state, server.folder, server.world.clock.wall().timestamp())
        self.environment = mock.patch.dict(os.environ, {_MACHINE: str(file)})
        self.environment.start()
        keyed = cast("Credential", tenant.credential)
        return tenant.model_copy(update={"credential": Credential(impersonate=state.service_account.email, subject=keyed.subject)})

    def tear_down(self) -> None:
        assert isinstance(self.environment, mock._patch_dict)
        self.environment.stop()

    def provoke(self, world: World, method: Method, rng: random.Random) -> MatterOrder | Parting | None:
        with world.lock:  # every look signs in anew; what it signs in for is somebody new on hold, or something in Vault that has to be mended
            return self._provoke(world, rng.choice(("", "vault.matters.reopen", "vault.matters.holds.create")), rng)
