"""The releaser of a Microsoft 365 tenant: takes people off a hold, switches a hold off, closes a case. The one hand here that lets go of anything.

Nothing is deleted but the sources of a hold: the hold stays in its case, switched off, with the names of those it held. For 30 days after it
the platform keeps what it held (a delay hold, M§3.1), which is shown and never cleared from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from connectors.base import Receipt
from connectors.errors import UnknownOutcomeError
from connectors.microsoft365.access import Access
from connectors.microsoft365.belt_releasing import BeltReleaser
from connectors.microsoft365.case_releasing import CaseReleaser, whole_only
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.holding import never
from connectors.microsoft365.reader import Microsoft365Reader
from connectors.microsoft365.releasing import GraphReleaser
from policies.kinds import Kind
from policies.resources import Live, Ref


class Microsoft365Releaser:
    """``Releaser`` of one tenant under its writing identity, over the surface that holds go over here.

    Raises ConnectorError; ``UnknownOutcomeError`` when only reading can tell, after which the same may be asked again: what is so already is as
    good as done.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        reader = Microsoft365Reader(access)
        self._graph = GraphReleaser(access, reader)
        self._cmdlets = CaseReleaser(access, reader)
        self._belt = BeltReleaser(access)

    def remove(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Take exactly ``members`` off; one outcome per member. Whoever is not in ``live`` is off already; everybody else stays.

        Raises ``release.whole_only`` where nobody would stay on a hold: it has to be ended whole.
        """
        if ref.kind is Kind.M365_MAILBOX:
            return self._told(lambda: self._belt.remove(ref, members, live), Endpoint.EXCHANGE.value)
        if ref.kind is not Kind.M365_HOLD:
            raise never(f"{ref.kind.value} {ref.name}: nobody is taken off it from here")
        if live.members and live.members <= members:
            raise whole_only(ref)
        return self._held(lambda holds: holds.remove(ref, members, live))

    def end(self, ref: Ref, live: Live) -> Receipt:  # noqa: ARG002  # what is there is looked at anew
        """Switch a hold off, or close a case in which every hold is off. What is off, closed or gone already is as good as done.

        Raises ``release.holds_left`` for a case with a hold that is on, anybody's: closing would end it (M§3.3).
        """
        if ref.kind is Kind.M365_HOLD:
            return self._held(lambda holds: holds.end_hold(ref))
        if ref.kind is Kind.M365_CASE:
            return self._held(lambda holds: holds.end_case(ref))
        if ref.kind is Kind.M365_MAILBOX:
            raise never("litigation hold is never ended as a whole: it is taken off the mailboxes that a release names")
        raise never(f"{ref.kind.value} {ref.name}: it is not ended from here")

    def account(self, kind: Kind) -> str | None:
        """The signed-in person's account where ``kind`` is released as they, None as ourselves (``Personal``)."""
        return self._access.ediscovery.account if kind in (Kind.M365_CASE, Kind.M365_HOLD) else None

    def close(self) -> None:
        """Close connections."""
        self._access.close()

    def _held(self, act: Callable[[GraphReleaser | CaseReleaser], Receipt]) -> Receipt:
        cases = self._access.ediscovery
        receipt = self._told(lambda: cases.served(lambda: act(self._graph), lambda: act(self._cmdlets)))
        return replace(receipt, surface=cases.way.value)

    @staticmethod
    def _told(act: Callable[[], Receipt], surface: str | None = None) -> Receipt:
        """The receipt with its surface; an answer that was lost says that the same may be asked again."""
        try:
            return replace(act(), surface=surface)
        except UnknownOutcomeError as error:
            error.next_step = "Read the tenant again. Asking for the same again is safe: what is so already is as good as done."
            raise
