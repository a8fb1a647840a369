"""Proofs: a marked dummy per kind, written, read back and removed; kept in the store and signed in the journal."""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from connectors.base import Lane, Prover
from connectors.errors import ConnectorError, TenantUnreachableError, UnknownOutcomeError
from connectors.examination import WriteCapability
from policies.kinds import Kind
from policies.problems import Problem, Severity
from policies.resources import Mark
from sync.desk import Desk
from sync.journal import EntryKind, OutcomeResult, Sealed
from sync.look import Look
from sync.officers import Signer
from sync.record import vendor_actor
from sync.registers.governance import signing
from sync.store.proofs import Proofs


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How one proof ended."""

    tenant: str
    kind: Kind
    ok: bool
    left_behind: str | None = None
    problem: Problem | None = None

    def document(self) -> dict[str, object]:
        """``proofs[]``."""
        return {
            "tenant": self.tenant,
            "kind": self.kind.value,
            "ok": self.ok,
            "left_behind": self.left_behind,
            "code": self.problem.code if self.problem and not self.ok else None,
        }


def proof_key(kind: Kind) -> str:
    """The key of a kind's dummy: the same at each proof, so that one that had to stay is found again."""
    return "proof0-" + kind.value.replace(".", "-").replace("_", "-")


def prove(desk: Desk, seen: Look, signer: Signer, kinds: AbstractSet[Kind]) -> list[Proof]:
    """A proof of each of ``kinds`` that this tenant has, or of every kind that is not proven yet. Raises ``Stopped``, LeaseHeldError."""
    asked = [one.kind for one in seen.capabilities if (one.kind in kinds if kinds else one.write is WriteCapability.UNPROVEN)]
    if not asked:
        return []
    door = desk.door(seen.tenant.id)
    lease = desk.leases.acquire(f"{seen.tenant.id}/{Lane.SYNC.value}", seconds=desk.district.timeouts.lease, wait=desk.lock_wait, stop=desk.stop)
    with lease as held:
        prover, found = door.prover(), []
        for kind in asked:
            held.check(need_seconds=desk.district.timeouts.request)
            desk.notice(f"{seen.tenant.id}: proving {kind.value}")
            found.append(_one(desk, prover, seen.tenant.id, kind, signer))
        return found


def _one(desk: Desk, prover: Prover, tenant: str, kind: Kind, signer: Signer) -> Proof:
    key = proof_key(kind)
    older = [intent.seq for intent in desk.journal.open_intents() if intent.tenant == tenant and intent.subject == key]
    intent = desk.journal.intent(key, {"kind": kind.value, "op": "prove", "lane": "proof", **vendor_actor(prover, kind)}, tenant=tenant)
    try:
        receipt = prover.prove(kind, Mark(district=desk.district.id, key=key, generation=1))
    except TenantUnreachableError:
        raise
    except UnknownOutcomeError as error:
        return Proof(tenant=tenant, kind=kind, ok=False, problem=_open(tenant, kind, error))
    except ConnectorError as error:
        desk.journal.outcome(intent, OutcomeResult.FAILED, {"error_code": error.code, "error": Sealed(error.message)})
        problem = Problem(
            code=error.code,
            severity=Severity.WARNING,
            tenant=tenant,
            subject=kind.value,
            message=f"{kind.value} could not be shown to be writable: {error.message}",
            next_step=error.next_step or "Write it by hand and attest it.",
        )
        return Proof(tenant=tenant, kind=kind, ok=False, problem=problem)
    left, vendor_id = _left(receipt.raw), _shown(receipt.vendor_id)
    with desk.store.write() as session:
        for seq in (*older, intent):
            desk.journal.outcome(seq, OutcomeResult.DONE, {"vendor_id": vendor_id}, session=session)
        body = {
            "kind": kind.value,
            "vendor_id": vendor_id,
            "left_behind": Sealed(left) if left else None,
            **({"surface": receipt.surface} if receipt.surface else {}),
            **vendor_actor(prover, kind),
        }
        entry = desk.journal.append(
            EntryKind.EVIDENCE, f"proof/{tenant}/{kind.value}", body, tenant=tenant, actor=signing(signer), signer=signer.key, session=session
        )
        Proofs(desk.store).put(session, tenant, kind, desk.clock.now(), signer.officer, entry, left)
    return Proof(tenant=tenant, kind=kind, ok=True, left_behind=left, problem=None if left is None else _stays(tenant, kind, left))


def _shown(vendor_id: str) -> str | Sealed:
    """The vendor's id as the journal says it: one that is an address names somebody, so it goes in sealed."""
    return Sealed(vendor_id) if "@" in vendor_id else vendor_id


def _open(tenant: str, kind: Kind, error: UnknownOutcomeError) -> Problem:
    """Whether the dummy was written cannot be told: the intent stays open, and the next proof finds the dummy by its mark."""
    return Problem(
        code="intent.open",
        severity=Severity.WARNING,
        tenant=tenant,
        subject=kind.value,
        message=f"It is not known whether the dummy of {kind.value} was written: {error.message}",
        next_step=f"recordwarden doctor --prove {kind.value}: it looks for the dummy's mark first.",
    )


def _left(raw: str) -> str | None:
    """What the prover says it could not remove."""
    body = json.loads(raw)
    left = body.get("left_behind") if isinstance(body, dict) else None
    return None if left is None else str(left)


def _stays(tenant: str, kind: Kind, left: str) -> Problem:
    return Problem(
        code="proof.left_behind",
        severity=Severity.INFO,
        tenant=tenant,
        subject=kind.value,
        message=f"The proof of {kind.value} left a dummy that keeps nothing and reaches nobody.",
        next_step=f"It is used again by the next proof: {left}",
    )
