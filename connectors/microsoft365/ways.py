"""Which way each kind goes: as ourselves over the admin endpoint where that was accepted and proven, else as whoever is signed in, else by hand.

Cases and holds go over Graph as ourselves where the tenant's licence allows it, else over Graph as the person (M§0.1.5, M§3.2: A3), else as
ourselves by the case-hold cmdlets (M§3.6). The admin endpoint is never called, by whomever, unless an officer accepted it. A tenant that is slow
today is not a tenant that refuses: then nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, TransientError
from connectors.microsoft365.admin import AdminClient
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.graph import Call, GraphClient, Listing, Reply
from connectors.microsoft365.holds import people_of
from connectors.microsoft365.wire import JsonObject
from policies.kinds import Kind

if TYPE_CHECKING:
    from connectors.microsoft365.access import Access, Person

Found = TypeVar("Found", Reply, Listing)
Done = TypeVar("Done")


class Way(StrEnum):
    """How a kind is read or written, as ``Capability.surface`` and a proof name it."""

    GRAPH = "graph"
    ADMIN = "compliance_admin"
    PERSON_GRAPH = "graph_signed_in"
    PERSON_ADMIN = "compliance_admin_signed_in"


LABEL_KINDS = frozenset({Kind.M365_LABEL, Kind.M365_EVENT_TYPE})
"""What a signed-in person writes over Graph; publishing and retention policies have cmdlets only (M§2.1)."""
_CLOSED_TO_US = frozenset({"graph.not_licensed", "graph.forbidden", "ediscovery.not_registered"})
"""Refusals that say that we, as ourselves, may not; nothing was done."""
REFUSALS = _CLOSED_TO_US | {"graph.not_served"}
"""Graph's answers about cases after which asking it again changes nothing, and a cmdlet may do what it does not."""

CASE_READING = ("Get-ComplianceCase", "Get-CaseHoldPolicy", "Get-CaseHoldRule")
CASE_WRITING: dict[Kind, tuple[str, ...]] = {
    Kind.M365_CASE: ("New-ComplianceCase", "Set-ComplianceCase"),
    Kind.M365_HOLD: ("New-CaseHoldPolicy", "Set-CaseHoldPolicy", "New-CaseHoldRule", "Set-CaseHoldRule"),
}
"""The cmdlets that reading both kinds, and writing each, rest on."""


_NEW = {
    Kind.M365_LABEL: "New-ComplianceTag",
    Kind.M365_EVENT_TYPE: "New-ComplianceRetentionEventType",
    Kind.M365_LABEL_POLICY: "New-RetentionCompliancePolicy",
    Kind.M365_RETENTION_POLICY: "New-RetentionCompliancePolicy",
    Kind.M365_LABEL_RULE: "New-RetentionComplianceRule",
    Kind.M365_RETENTION_RULE: "New-RetentionComplianceRule",
    Kind.M365_ADAPTIVE_SCOPE: "New-AdaptiveScope",
}
"""The cmdlet without which we cannot write a kind as ourselves."""
PERSONAL = frozenset(_NEW)
"""The kinds, beside cases and holds, that a signed-in person may write."""


class Ways:
    """The ways of one ``Access``. ``only`` makes a proof go one of them by kind, whatever was proven before."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self.only: Mapping[Kind, Way] = {}

    def writing(self, kind: Kind) -> Way:
        """How ``kind`` (not of cases and holds) is written now."""
        if kind in self.only:
            return self.only[kind]
        personal = self.personal(kind)
        return Way.ADMIN if personal is None or self._proven(kind) else personal

    def reading(self, kind: Kind, cmdlet: str) -> Way:
        """How ``kind`` is read: as ourselves wherever ``cmdlet`` is ours, because nobody has to stay signed in for that."""
        personal = self.personal(kind)
        return personal if personal is not None and not self._offered(cmdlet) else Way.ADMIN

    def personal(self, kind: Kind) -> Way | None:
        """How the signed-in person would write ``kind``; None where nobody is signed in, or the cmdlets it needs were not accepted."""
        if self._access.person is None or kind not in _NEW:
            return None
        if kind in LABEL_KINDS:
            return Way.PERSON_GRAPH
        return Way.PERSON_ADMIN if self._access.allowed.admin else None

    def admin(self, way: Way) -> AdminClient:
        """The cmdlets of that way."""
        return self.person.admin if way is Way.PERSON_ADMIN else self._access.admin

    @property
    def person(self) -> Person:
        """Who is signed in. Raises PermanentError where nobody is."""
        found = self._access.person
        if found is None:
            raise self._access.unsigned
        return found

    def _proven(self, kind: Kind) -> bool:
        """Whether we have shown, as ourselves, that we can write ``kind``, and still may."""
        proven = self._access.allowed.proven()
        return kind in proven and proven[kind] in (None, Way.ADMIN) and self._offered(_NEW[kind])

    def _offered(self, cmdlet: str) -> bool:
        """Whether the cmdlet is ours; while nobody can say, it counts as ours, so that a passing failure stays one."""
        if not self._access.allowed.admin:
            return False
        try:
            return cmdlet.lower() in self._access.admin.cmdlets(Endpoint.COMPLIANCE)
        except TransientError:
            return True
        except PermanentError:
            return False


class CaseClient:
    """Cases and holds: over Graph as ourselves, and as the signed-in person from the first refusal that says that we may not.

    Where nobody is signed in, or the person is refused too, they go ``by_cmdlet`` for reader, writer and prover alike: two surfaces at once would
    show every hold twice.

    A refusal means that nothing was done, so asking again as the person repeats nothing. What the person sees is what they may see: a Manager their
    own cases alone (M§3.3), so an object of theirs proves no sight (``made_by_us``).
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _refused(self) -> PermanentError | None:
        return self._access.allowed.course.refused

    @property
    def way(self) -> Way:
        """The way that is gone now."""
        if self.by_cmdlet:
            return Way.ADMIN
        return Way.GRAPH if self._refused is None else Way.PERSON_GRAPH

    @property
    def by_cmdlet(self) -> bool:
        """Whether cases and holds go by cmdlet; ``call`` and its like are not asked then."""
        return self._access.allowed.course.by_cmdlet

    def begin(self) -> None:
        """Graph is to be asked first again, as each time that a tenant is examined."""
        self._access.allowed.course.by_cmdlet = False

    def turned_to_cmdlets(self, error: ConnectorError) -> bool:
        """Whether cases and holds go by cmdlet after Graph's last word was ``error``; from then on they do. Raises ``TenantUnreachableError``."""
        if error.code not in REFUSALS or self.lacking(CASE_READING):
            return False
        self._access.allowed.course.by_cmdlet = True
        return True

    def served(self, over_graph: Callable[[], Done], by_cmdlets: Callable[[], Done]) -> Done:
        """What was done over the surface that serves here. Graph refused before it made anything; a field may be set twice."""
        if not self.by_cmdlet:
            try:
                return over_graph()
            except PermanentError as error:
                if not self.turned_to_cmdlets(error):
                    raise
        return by_cmdlets()

    def lacking(self, cmdlets: tuple[str, ...]) -> list[str]:
        """Which of ``cmdlets`` are not ours to call: all of them where the admin endpoint is shut or does not say."""
        if not self._access.allowed.admin:
            return list(cmdlets)
        try:
            offered = self._access.admin.cmdlets(Endpoint.COMPLIANCE)
        except TenantUnreachableError:
            raise
        except ConnectorError:
            return list(cmdlets)
        return [name for name in cmdlets if name.lower() not in offered]

    @property
    def account(self) -> str | None:
        """The person as whom cases are written, None as ourselves."""
        return None if self.by_cmdlet or self._refused is None or self._access.person is None else self._access.person.account

    def call(self, call: Call) -> Reply:
        """As ``GraphClient.call``."""
        return self._either(lambda graph: graph.call(call))

    def rows(self, call: Call) -> Listing:
        """As ``GraphClient.rows``."""
        return self._either(lambda graph: graph.rows(call))

    def call_all(self, calls: Sequence[Call]) -> list[Reply | ConnectorError]:
        """As ``GraphClient.call_all``."""
        return self._each(calls, lambda graph, some: graph.call_all(some))

    def rows_all(self, calls: Sequence[Call]) -> list[Listing | ConnectorError]:
        """As ``GraphClient.rows_all``."""
        return self._each(calls, lambda graph, some: graph.rows_all(some))

    def made_by_us(self, row: JsonObject) -> bool | None:
        """Whether a case or hold is of our making; while the person reads, theirs too: who sees only what they made sees that as well."""
        made = self._access.made_by_us(*people_of(row))
        person = self._access.person
        if self._refused is None or person is None or made:
            return made
        names = {name.strip().lower() for name in people_of(row)}
        return True if names & person.tokens.names else made

    def _graph(self) -> GraphClient:
        person = self._access.person
        return person.graph if self._refused is not None and person is not None else self._access.graph

    def _over(self, error: PermanentError) -> bool:
        """Whether to go on as the person after ``error``."""
        ours = self._refused is None and error.code in _CLOSED_TO_US
        if not ours or self._access.person is None:
            return False
        self._access.allowed.course.refused = error
        return True

    def _either(self, ask: Callable[[GraphClient], Found]) -> Found:
        try:
            return ask(self._graph())
        except PermanentError as error:
            if not self._over(error):
                raise
            return ask(self._graph())

    def _each(
        self, calls: Sequence[Call], ask: Callable[[GraphClient, Sequence[Call]], list[Found | ConnectorError]]
    ) -> list[Found | ConnectorError]:
        found = ask(self._graph(), calls)
        refused = [index for index, one in enumerate(found) if isinstance(one, PermanentError) and one.code in _CLOSED_TO_US]
        first = found[refused[0]] if refused else None
        if not isinstance(first, PermanentError) or not self._over(first):
            return found
        again = ask(self._graph(), [calls[index] for index in refused])
        for index, one in zip(refused, again, strict=True):
            found[index] = one
        return found
