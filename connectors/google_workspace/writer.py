"""Sends one change: a matter, a hold, accounts added to it, a group's archive, a Drive label. It can close, delete, disable and release nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from connectors.base import Context, Receipt
from connectors.errors import PermanentError, UnknownOutcomeError
from connectors.google_workspace.archives import ArchiveWriter
from connectors.google_workspace.held_accounts import ALREADY_EXISTS, OK, Deed, Told, ask, batches
from connectors.google_workspace.http import Answer, Session
from connectors.google_workspace.label_desk import LabelWriter
from connectors.google_workspace.operations import (
    HOLDS_ADD_ACCOUNTS,
    HOLDS_CREATE,
    HOLDS_GET,
    HOLDS_UPDATE,
    MATTERS_CREATE,
    MATTERS_GET,
    MATTERS_REOPEN,
    MATTERS_UNDELETE,
    MATTERS_UPDATE,
    ORG_UNITS_LIST,
    Operation,
)
from connectors.google_workspace.vault import ACCOUNT, empty_query, hold_body, marked_name, matter_body, query_body
from connectors.google_workspace.wire import Json, inner, objects, required, text, unit_id
from policies.district import Tenant
from policies.kinds import Kind
from policies.resources import Live, Mark, Ref, Wanted

_ADDING: Final = Deed(operation=HOLDS_ADD_ACCOUNTS, answers="responses", done=frozenset({OK, ALREADY_EXISTS}), wrapped=True)
"""One that is held already is fine (G§1.7)."""
_TOP: Final = "/"
_MY_CUSTOMER: Final = "my_customer"


class GoogleWriter:
    """The writing identity's hand in one tenant."""

    def __init__(self, tenant: Tenant, context: Context) -> None:
        self._tenant = tenant
        self._context = context
        self._session = Session(tenant, context, writing=True)
        self._archives = ArchiveWriter(self._session, context)
        self._labels = LabelWriter(self._session, context)

    def close(self) -> None:
        """Close idle connections; the next request opens new ones."""
        self._session.close()

    def create(self, wanted: Wanted, mark: Mark, parent: Ref | None) -> Receipt:
        """A new matter or a new hold without accounts. Sent once; raises ``UnknownOutcomeError`` where only our mark can tell."""
        if wanted.kind is Kind.GOOGLE_MATTER:
            answer = self._session.call(MATTERS_CREATE, body=matter_body(wanted.name, wanted.fields, mark))
            return self._receipt(answer, self._made(answer, "matterId", MATTERS_CREATE))
        if wanted.kind is Kind.GOOGLE_HOLD:
            if parent is None:
                raise PermanentError("hold.no_matter", f"the hold {wanted.key} has no matter to be made in", "Order the matter first.")
            self._never_on_top(wanted)
            answer = self._session.call(HOLDS_CREATE, matterId=parent.vendor_id, body=hold_body(wanted, mark))
            return self._receipt(answer, self._made(answer, "holdId", HOLDS_CREATE))
        if wanted.kind is Kind.GOOGLE_GROUP_ARCHIVE:
            return self._archives.switch_on(wanted.name, str(wanted.fields["group"]), wanted)
        if wanted.kind is Kind.GOOGLE_DRIVE_LABEL:
            return self._labels.create(wanted, mark)
        raise _not_written(wanted.kind)

    def _never_on_top(self, wanted: Wanted) -> None:
        """Raises ``PermanentError`` for a hold on the whole organisation: while one stands no account can be deleted (G§1.5).

        Which unit is the root only the directory tells; where it does not answer, nothing is made on any unit.
        """
        if wanted.fields.get("scope") != "org_unit":
            return
        unit = str(wanted.fields.get("org_unit"))
        listed = self._session.call(ORG_UNITS_LIST, customerId=self._tenant.customer_id or _MY_CUSTOMER, type="allIncludingParent").body
        paths = {unit_id(text(one, "orgUnitId")): text(one, "orgUnitPath") for one in objects(listed, "organizationUnits", "orgunits")}
        path = _TOP if unit == _TOP else paths.get(unit_id(unit))
        if path is None:
            raise PermanentError("hold.unit_unknown", f"{wanted.name}: the directory knows no unit {unit}", "Correct the order.")
        if path == _TOP:
            raise PermanentError("hold.never_on_top_unit", f"{wanted.name}: a hold on the whole organisation is not made", "Hold a unit below it.")

    def set(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        """The named fields brought to what ``wanted`` says; read first, so that everything else is sent back as it is (G§1.6)."""
        if ref.kind is Kind.GOOGLE_MATTER:
            return self._set_matter(ref, wanted, mark, fields)
        if ref.kind is Kind.GOOGLE_HOLD:
            return self._set_hold(ref, wanted, mark)
        if ref.kind is Kind.GOOGLE_GROUP_ARCHIVE:
            return self._archives.switch_on(ref.name, ref.vendor_id, wanted)
        if ref.kind is Kind.GOOGLE_DRIVE_LABEL:
            return self._labels.set(ref, wanted, mark, fields)
        raise _not_written(ref.kind)

    def add(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Accounts added to a hold, in batches, each with its own answer; one that is held already is fine (G§1.7). Or people let apply a label."""
        if ref.kind is Kind.GOOGLE_DRIVE_LABEL:
            return self._labels.permit(ref, members)
        if ref.kind is not Kind.GOOGLE_HOLD:
            raise _not_written(ref.kind)
        if live.fields.get("scope") == "org_unit":
            raise PermanentError("hold.covers_org_unit", f"{ref.name} covers an organisational unit and takes no accounts", "Make a second hold.")
        return self._add(ref, sorted(members))

    def retry(self, ref: Ref) -> Receipt:
        """Every account of a hold without a hold time is added again; nothing else can be distributed anew in Vault."""
        if ref.kind is not Kind.GOOGLE_HOLD:
            raise _not_written(ref.kind)
        current = self._session.call(HOLDS_GET, matterId=ref.parent_id or "", holdId=ref.vendor_id, view="FULL_HOLD")
        held = objects(current.body, "accounts", "hold")
        waiting = [f"{ACCOUNT}{required(one, 'accountId', 'held account')}" for one in held if not one.get("holdTime")]
        return self._add(ref, sorted(waiting)) if waiting else self._receipt(current, ref.vendor_id)

    def _set_matter(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        current = self._session.call(MATTERS_GET, matterId=ref.vendor_id, view="BASIC")
        answer = current
        if "state" in fields:
            if wanted.fields.get("state") != "open":
                raise PermanentError("matter.never_closed", f"{ref.name}: a matter is not closed by a program", "Release its holds, then close it.")
            answer = self._opened(ref, text(current.body, "state")) or answer
        if fields - {"state"}:
            # An update loses the name or the description that is not sent, so the live name goes back with it (G§1.6).
            name = wanted.name if "name" in fields else text(current.body, "name")
            answer = self._session.call(MATTERS_UPDATE, matterId=ref.vendor_id, body=matter_body(name, wanted.fields, mark))
        return self._receipt(answer, ref.vendor_id, name=text(current.body, "name"))

    def _opened(self, ref: Ref, state: str) -> Answer | None:
        """A closed matter reopened, a deleted one taken out of the trash first (it lands closed, G§1.6); an open one left alone."""
        if state == "DELETED":
            self._session.call(MATTERS_UNDELETE, matterId=ref.vendor_id, body={})
        return None if state == "OPEN" else self._session.call(MATTERS_REOPEN, matterId=ref.vendor_id, body={})

    def _set_hold(self, ref: Ref, wanted: Wanted, mark: Mark) -> Receipt:
        matter_id = ref.parent_id or ""
        current = self._session.call(HOLDS_GET, matterId=matter_id, holdId=ref.vendor_id, view="FULL_HOLD").body
        name = text(current, "name")
        corpus = text(current, "corpus")
        body: dict[str, object] = {
            "name": name if str(mark) in name else marked_name(wanted.name, mark),
            "corpus": corpus,
            # Corpus and sort of scope are fixed at birth (G§1.5); the query is the only thing that a set can bring.
            "query": query_body({**wanted.fields, "corpus": corpus}) or empty_query(corpus),
        }
        unit = inner(current, "orgUnit", "hold")
        if unit is not None:
            body["orgUnit"] = {"orgUnitId": required(unit, "orgUnitId", "held org unit")}
        else:
            # Whether absent accounts mean "keep" is undocumented (G§12b): all that are held now are sent again, so that none can fall out.
            body["accounts"] = [{"accountId": account} for account in sorted(_accounts(current))]
        receipt = self._receipt(self._session.call(HOLDS_UPDATE, matterId=matter_id, holdId=ref.vendor_id, body=body), ref.vendor_id)
        return receipt if unit is not None else self._kept(ref, receipt, _accounts(current))

    def _kept(self, ref: Ref, receipt: Receipt, before: frozenset[str]) -> Receipt:
        """What an update may do to accounts nobody documents (G§12b), so it is read back: whoever was held before and is not now is added again."""
        now = _accounts(self._session.call(HOLDS_GET, matterId=ref.parent_id or "", holdId=ref.vendor_id, view="FULL_HOLD").body)
        lost = sorted(f"{ACCOUNT}{account}" for account in before - now)
        return replace(receipt, members=self._add(ref, lost).members) if lost else receipt

    def _add(self, ref: Ref, members: list[str]) -> Receipt:
        told = Told()
        for batch in batches(members):
            ask(self._session, _ADDING, ref, batch, told)
        return told.receipt(ref, self._session)

    @staticmethod
    def _made(answer: Answer, key: str, operation: Operation) -> str:
        """The new object's id; an answer without it leaves open what was made."""
        made = text(answer.body, key)
        if not made:
            raise UnknownOutcomeError("wire.unexpected", f"{operation.method}: the answer names no {key}", "The next look at the tenant tells.")
        return made

    def _receipt(self, answer: Answer, vendor_id: str, *, name: str | None = None) -> Receipt:
        shown = name or text(answer.body, "name") or text(inner(answer.body, "matter", "reopen") or {}, "name")
        return Receipt(vendor_id=vendor_id, name=shown, accepted_at=self._context.clock.now(), vendor_at=answer.date, raw=answer.raw)


def _accounts(hold: Json) -> frozenset[str]:
    return frozenset(required(held, "accountId", "held account") for held in objects(hold, "accounts", "hold"))


def _not_written(kind: Kind) -> PermanentError:
    return PermanentError("kind.not_written", f"{kind.value} is not written by this connector", "Do it by hand.")
