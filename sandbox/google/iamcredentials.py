"""IAM Service Account Credentials API: a JWT signed as a service account for one who may, which is all that keyless delegation needs (G§6.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation
from sandbox.google.assertions import signed
from sandbox.google.state import ServiceAccount

_LONGEST = 12 * 3_600
"""Seconds that a signed JWT may live at most (discovery document)."""


def operations() -> Mapping[str, Operation]:
    """Signing by method id."""
    return {"iamcredentials.projects.serviceAccounts.signJwt": _sign}


def _sign(call: Call) -> Item:
    """Signs for the machine, which holds Service Account Token Creator on the application's account, and for nobody else."""
    target = _target(call)
    if call.world.switches.get("google.token_creator", "on") != "on" or call.user is not None or call.service is not call.state.machine:
        raise errors.forbidden("Permission 'iam.serviceAccounts.signJwt' denied on resource (or it may not exist).")
    payload = str(call.body.get("payload", ""))
    try:
        claims = json.loads(payload)
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise errors.invalid("Payload must be a serialized JSON object.")
    ends, now = claims.get("exp"), call.world.clock.wall().timestamp()
    if ends is not None and (not isinstance(ends, int) or not now <= ends <= now + _LONGEST):
        raise errors.invalid("The expiration time (exp) must be an integer timestamp, not in the past and at most 12 hours in the future.")
    return {"keyId": target.key_id, "signedJwt": signed(target, payload)}


def _target(call: Call) -> ServiceAccount:
    # The project is always the wildcard: naming it is invalid (discovery document).
    prefix = "projects/-/serviceAccounts/"
    name = call.path["name"]
    found = call.state.service(name.removeprefix(prefix)) if name.startswith(prefix) else None
    if found is None:
        raise errors.not_found("Not found; Gaia id not found for the service account.")
    return found
