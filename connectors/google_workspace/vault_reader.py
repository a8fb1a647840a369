"""Reads Vault's matters and holds: the lists with how they ended, and one object as it is now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import HOLDS_GET, HOLDS_LIST, MATTERS_GET, MATTERS_LIST
from connectors.google_workspace.ourselves import Ourselves
from connectors.google_workspace.vault import People, hold_live, matter_live
from connectors.google_workspace.visibility import settle_read
from connectors.google_workspace.wire import Json, text
from policies.district import Tenant
from policies.kinds import Kind
from policies.resources import KindRead, Live, ReadState, Ref

_WHOLE: Final[Mapping[str, object]] = {"view": "FULL", "pageSize": 100}
_HANDED_ON: Final = 60.0
"""Seconds for which the probe's page serves the read."""
VAULT_KINDS: Final = frozenset({Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD})


class PeopleOf(Protocol):
    """Tells what is known of the accounts that raw holds name."""

    def __call__(self, holds: tuple[Json, ...], *, recent: bool) -> People:
        """``recent``: what is known from the last minute will do."""


class VaultReader:
    """Vault as one tenant shows it. ``people_of`` tells what is known of the accounts that raw holds name."""

    def __init__(self, session: Session, tenant: Tenant, ourselves: Ourselves, people_of: PeopleOf) -> None:
        self._session = session
        self._tenant = tenant
        self._ourselves = ourselves
        self._people_of = people_of
        self._first: tuple[Json, float] | None = None

    def probe(self) -> None:
        """Ask for the first page of matters; the read of the same look goes on from there, for a list costs ten reads (G§1.8)."""
        self._first = (self._session.call(MATTERS_LIST, **_WHOLE).body, self._session.context.clock.monotonic())

    def read(self, *, holds: bool) -> tuple[tuple[Live, ...], Mapping[Kind, KindRead]]:
        """Matters of every state, the holds of the open ones if asked for, and how each read ended."""
        own = self._ourselves.account_id
        try:
            matters = {live.vendor_id: live for live in (matter_live(raw, own) for raw in self._matters())}
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            reason = f"{error.code}: {error.message}"
            return (), {kind: KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=reason) for kind in VAULT_KINDS}
        reads = {Kind.GOOGLE_MATTER: settle_read(Kind.GOOGLE_MATTER, tuple(matters.values()), self._tenant.visibility_checks)}
        if not holds:
            return tuple(matters.values()), reads
        found, problem, moved = self._holds([live for live in matters.values() if live.fields["state"] == "open"])
        # A matter that was closed while its holds were being listed is shown as it is now (G§1.6).
        matters |= {live.vendor_id: live for live in moved}
        reads[Kind.GOOGLE_HOLD] = settle_read(Kind.GOOGLE_HOLD, found, self._tenant.visibility_checks, problem)
        return (*matters.values(), *found), reads

    def matter(self, ref: Ref) -> Live | None:
        """One matter as it is now; None only where a list that is known to be whole lacks it, for Vault says 404 for invisible things too."""
        raw = self._present(lambda: self._session.call(MATTERS_GET, matterId=ref.vendor_id, view="FULL").body)
        if raw is not None:
            return matter_live(raw, self._ourselves.account_id)
        self._first = None  # that it is gone is told by a list of now
        found, reads = self.read(holds=False)
        for live in found:
            if live.vendor_id == ref.vendor_id:
                return live
        read = reads[Kind.GOOGLE_MATTER]
        if read.state is ReadState.COMPLETE:
            return None
        message = f"the matter is not visible, and whether it is gone cannot be told ({read.reason})"
        raise PermanentError("read.unproven", message, "Set visibility_checks and see what doctor says of them.")

    def hold(self, ref: Ref) -> Live | None:
        """One hold as it is now; None only where its open matter lists its holds and this is not among them."""
        matter_id = ref.parent_id or ""
        raw = self._present(lambda: self._session.call(HOLDS_GET, matterId=matter_id, holdId=ref.vendor_id, view="FULL_HOLD").body)
        if raw is None:
            listed = self._session.pages(HOLDS_LIST, "holds", matterId=matter_id, view="FULL_HOLD", pageSize=100)
            raw = next((one for one in listed if text(one, "holdId") == ref.vendor_id), None)
        return None if raw is None else hold_live(raw, matter_id, self._people_of((raw,), recent=True))

    def _matters(self) -> tuple[Json, ...]:
        """Every matter of every state in one list, with its owner."""
        kept, self._first = self._first, None
        fresh = kept is not None and self._session.context.clock.monotonic() - kept[1] <= _HANDED_ON
        return self._session.pages_after(kept[0] if kept is not None and fresh else None, MATTERS_LIST, "matters", **_WHOLE)

    def _holds(self, matters: list[Live]) -> tuple[tuple[Live, ...], str | None, tuple[Live, ...]]:
        """The holds of open matters, why some may be missing, and matters that turned out not to be open any more."""
        answers = self._session.each(self._holds_of, matters)
        raw = [(matter.vendor_id, one) for matter, answer in zip(matters, answers, strict=True) if isinstance(answer, tuple) for one in answer]
        people = self._people_of(tuple(one for _, one in raw), recent=False)
        lives = tuple(hold_live(one, matter_id, people) for matter_id, one in raw)
        problems = [f"{answer.code}: {answer.message}" for answer in answers if isinstance(answer, ConnectorError)]
        return lives, problems[0] if problems else None, tuple(answer for answer in answers if isinstance(answer, Live))

    def _holds_of(self, matter: Live) -> tuple[Json, ...] | Live | ConnectorError:
        """The holds of one matter; the matter itself where it is not open after all; the error where neither can be told."""
        try:
            return self._session.pages(HOLDS_LIST, "holds", matterId=matter.vendor_id, view="FULL_HOLD", pageSize=100)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            if error.code != "google.failed_precondition":
                return error
            again = self.matter(matter.ref(self._tenant.id))
            return again if again is not None and again.fields["state"] != "open" else error

    def _present(self, get: Callable[[], Json]) -> Json | None:
        """What ``get`` answers, or None for a 404, which says gone *or* invisible (G§1.7)."""
        try:
            return get()
        except ConnectorError as error:
            if error.code == "google.not_found":
                return None
            raise
