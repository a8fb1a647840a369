"""What a proof says of a capability, and what it leaves said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.examination import Capability, ReadCapability, WriteCapability
from policies.kinds import Kind
from sync.look import proven
from sync.store.proofs import KeptProof

AT = datetime(2027, 3, 1, tzinfo=UTC)
PROVE = "recordwarden doctor --prove m365.hold"


def capability(write: WriteCapability, reason: str | None, step: str | None) -> Capability:
    return Capability(kind=Kind.M365_HOLD, read=ReadCapability.FULL, write=write, reason=reason, next_step=step)


@pytest.mark.parametrize(("reason", "step", "left"), [
    ("capability.unproven: no proof has been made here", PROVE, (None, None)),
    (None, None, (None, None)),
    ("permission.missing: the application lacks Sites.Read.All", f"Grant it. Then {PROVE}", ("permission.missing: the application lacks Sites.Read.All", "Grant it.")),
])
def test_a_proof_settles_only_that_there_was_none(reason: str | None, step: str | None, left: tuple[str | None, str | None]) -> None:
    (found,) = proven((capability(WriteCapability.UNPROVEN, reason, step),), {Kind.M365_HOLD: KeptProof(at=AT, surface=None)})
    assert (found.write, found.proven_at) == (WriteCapability.PROVEN, AT)
    assert (found.reason, found.next_step) == left


def test_what_cannot_be_written_is_not_proven_by_an_old_proof() -> None:
    missing = capability(WriteCapability.MISSING, "licence.retention_labels: nobody has it", "Buy it.")
    assert proven((missing,), {Kind.M365_HOLD: KeptProof(at=AT, surface=None)}) == (missing,)
    assert proven((capability(WriteCapability.UNPROVEN, "x.y: z", None),), {})[0].write is WriteCapability.UNPROVEN
