"""Answering for what somebody else changed: an officer says, until a day, that an object which is not ours may be as it is now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from policies.district import Officer, Role
from policies.kinds import Kind
from sync.desk import Desk
from sync.drift import DriftClass
from sync.journal import JournalError, Sealed
from sync.officers import Signer
from sync.registers.attestations import Attestation, Statement, attest, take_over
from sync.store import Session
from sync.store.documents import load_object
from sync.store.drifts import Drifts, KeptDrift
from sync.store.watched import Acceptance, WatchedObjects

PREFIX: Final = "drift/"
"""An attestation of ``drift/ID`` answers for a difference."""


def accept(desk: Desk, signer: Signer, statement: Statement) -> Attestation:
    """The signed statement about ``drift/ID``; the difference is over as accepted, and comes again when the statement ends or the object changes.

    Raises JournalError: ``attest.subject`` for what nobody can answer for, ``approval.role`` and ``approval.own_proposal`` for an officer who may
    not, and what ``attest`` raises.
    """
    one = answerable(desk, statement.subject.removeprefix(PREFIX))
    _may(one, signer, desk.district.officers)
    store, now = desk.store, desk.clock.now()
    said = {"drift": one.id, "occurrence": one.occurrence, "live": Sealed(None if one.form is None else load_object(one.form))}

    def keep(session: Session, seq: int) -> None:
        if not Drifts(store).answer(session, one, now):
            raise JournalError("attest.subject", "this difference is over already", "recordwarden drift")
        acceptance = Acceptance(tenant=one.tenant, kind=one.kind, vendor_id=_vendor_id(one), form=one.form, until=statement.until, seq=seq)
        older = WatchedObjects(store).accept(session, acceptance, now)
        if older is not None:
            take_over(session, store.district, older, seq)

    return attest(desk.journal, store, desk.clock, signer, replace(statement, said=said, also=keep))


def answerable(desk: Desk, drift: str) -> KeptDrift:
    """The open difference of that id, where an officer can answer for it. Raises JournalError ``attest.subject``."""
    found = [kept for tenant in desk.district.tenants if (kept := Drifts(desk.store).open(tenant.id).get(drift)) is not None]
    if not found:
        raise JournalError("attest.subject", "no difference of this id is open", "recordwarden drift")
    one = found[0]
    if one.kind is Kind.GOOGLE_VAULT_RULE:
        raise JournalError("attest.subject", "Vault's rules are stated as a whole", f"attest vault-rules/{one.tenant} --rules FILE --until DATE")
    if one.document["class"] != DriftClass.UNMANAGED.value:
        raise JournalError(
            "attest.subject", "the object is Recordwarden's own: it is brought back, not answered for", "recordwarden sync, or change the policy"
        )
    return one


def _may(one: KeptDrift, signer: Signer, officers: Iterable[Officer]) -> None:
    officer = next((known for known in officers if known.id == signer.officer), None)
    if officer is None or set(officer.roles) <= {Role.IT_DIRECTOR}:
        raise JournalError("approval.role", f"{signer.officer} holds no office that may answer for it", "another officer has to")
    log = one.document["attribution"]
    actor = log.get("actor") if isinstance(log, dict) else None
    if actor is not None and str(actor).lower() == officer.email.lower():
        raise JournalError("approval.own_proposal", "the vendor's log shows this officer's own account for the change", "another officer has to")


def _vendor_id(one: KeptDrift) -> str:
    vendor = one.document["vendor"]
    if not isinstance(vendor, dict) or vendor.get("id") is None:
        raise JournalError("attest.subject", "this difference names no object", "recordwarden drift")
    return str(vendor["id"])


__all__ = ["PREFIX", "accept", "answerable"]
