"""The reader of a Microsoft 365 tenant: looks, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from connectors.audit_log import AuditRead
from connectors.base import Coverage, Finding, Holders
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.examination import Capability, Examination, Feed, Identity
from connectors.following import KeptPeople, Trail
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.audit import read_audit
from connectors.microsoft365.capabilities import capabilities, optional, read_subscriptions, surfaces
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.delegated_labels import is_missing, label_from_graph, one_label
from connectors.microsoft365.directory_audits import read_directory_audits
from connectors.microsoft365.explaining import explain
from connectors.microsoft365.findings import findings
from connectors.microsoft365.graph import Call
from connectors.microsoft365.holders import read_holders
from connectors.microsoft365.holds import case_from, case_path, hold_from, hold_path, people_of
from connectors.microsoft365.records import Known
from connectors.microsoft365.renaming import current, mailboxes
from connectors.microsoft365.roster import drives, licences, read_roster
from connectors.microsoft365.seeing import FURTHER, HOLD_KINDS, KINDS, NEWER, POLICY_KINDS, Look
from connectors.microsoft365.seeing_holds import see_hold
from connectors.microsoft365.signed_capabilities import who_is_signed_in
from connectors.microsoft365.ways import Way
from policies.kinds import TRAITS, Kind
from policies.resources import Live, ReadState, Ref, Snapshot
from policies.roster import Roster


class Microsoft365Reader:
    """``Reader``, ``PlaceFinder`` and ``Follower`` of one tenant. Opens nothing until first used.

    ``groups`` and ``sites`` are what populations name.
    """

    def __init__(self, access: Access, *, groups: frozenset[str] = frozenset(), sites: frozenset[str] = frozenset()) -> None:
        self._access = access
        self._groups = groups
        self._sites = sites
        self._known = Known()

    def examine(self, kinds: AbstractSet[Kind] | None = None) -> Examination:  # noqa: ARG002  # one examination tells of all
        """Identity, surfaces, licences and capabilities. Writes nothing."""
        identity = self._access.identity()
        try:
            self._access.subscriptions = None
            subscriptions = licences(self._access)
            self._access.subscriptions = subscriptions.rows
            seats: Mapping[str, int] = subscriptions.seats
        except TenantUnreachableError:
            raise
        except ConnectorError:
            # Not allowed to see subscriptions: unknown, and the capabilities below still stand on their own.
            seats = {}
        return Examination(
            identity=identity,
            surfaces=surfaces(self._access),
            licences=seats,
            capabilities=capabilities(self._access, seats),
            signed_in=who_is_signed_in(self._access),
            wanting=optional(self._access),
            principals=self._access.principals(),
        )

    def settled(self, capabilities: Iterable[Capability]) -> tuple[Capability, ...]:
        """Capabilities with what the look after them found out: which API version serves holds here (v1.0 first, beta where it lacks them)."""
        version = self._access.graph.version("legalHolds")
        return tuple(replace(one, version=version) if one.kind is Kind.M365_HOLD else one for one in capabilities)

    def identity(self) -> Identity:
        """Who answers under the configured tenant."""
        return self._access.identity()

    def roster(self) -> Roster:
        """Everybody and every place that populations name, with how each kind's read ended."""
        found = read_roster(self._access, self._groups, self._sites)
        self._access.mailboxes = mailboxes(found)
        return found

    def follow(self, kept: KeptPeople) -> None:
        """Bring everybody up to date from ``kept`` where that costs less than reading them whole."""
        self._access.kept = kept

    def trail(self) -> Trail | None:
        """Where the next look can go on after ``roster``; None where it has to read everybody."""
        return self._access.trail

    def containers(self, identity_ids: Iterable[str]) -> Mapping[str, str | None]:
        """OneDrive URLs of those accounts: None where there is none, absent where the platform would not say."""
        return drives(self._access, identity_ids)

    def snapshot(self, kinds: AbstractSet[Kind]) -> Snapshot:
        """Live objects of ``kinds``; a kind that fails is ``failed`` in it, never missing from it."""
        seen = Look(self._access).at(kinds)
        self._access.cases = self._access.labels = self._access.event_types = None
        self._known.remember(seen.resources)
        return seen

    def read_back(self, ref: Ref) -> Live | None:
        """One object as it is now, or None when a complete read shows that it is gone. Raises ConnectorError when it cannot tell."""
        live = self._direct(ref)
        if live is not None:
            return live
        kinds = {Kind.M365_CASE, Kind.M365_HOLD} if ref.kind is Kind.M365_HOLD else {ref.kind}
        if ref.kind not in KINDS | FURTHER:
            raise PermanentError("kind.not_read", f"{ref.kind.value} is not read by this edition.")
        seen = Look(self._access, whole=False).at(kinds)
        found = next((item for item in seen.of(ref.kind) if item.vendor_id.lower() == ref.vendor_id.lower()), None)
        # What is the platform's own is always there; who is in it, half a list does not tell.
        if found is not None and (not TRAITS[ref.kind].shared or seen.reads[ref.kind].state is not ReadState.PARTIAL):
            return found
        if not seen.complete(ref.kind):
            reason = seen.reads[ref.kind].reason
            raise PermanentError("kind.partial", f"{ref.name} was not seen, but {ref.kind.value} could not be read whole: {reason}")
        return None

    def coverage(self, identity_ids: Iterable[str], *, snapshot: Snapshot | None = None, roster: Roster | None = None) -> tuple[Coverage, ...]:
        """Which sources of those accounts are really kept today, and by what. What was read already may be given."""
        if roster is not None:
            self._access.mailboxes = mailboxes(roster)
        return explain(self._access, identity_ids, snapshot or self.snapshot(POLICY_KINDS | HOLD_KINDS), roster)

    def findings(self, snapshot: Snapshot) -> tuple[Finding, ...]:
        """What deletes by age, what is locked, and what no read of ours can show."""
        return findings(snapshot, newer_seen=not self._access.allowed.admin or self._newer_shown())

    def _newer_shown(self) -> bool:
        """Whether the newer family of policies is shown to whoever reads the older one."""
        ways = self._access.ways
        try:
            admin = ways.admin(ways.reading(Kind.M365_LABEL_POLICY, "Get-RetentionCompliancePolicy"))
            return NEWER.lower() in admin.cmdlets(Endpoint.COMPLIANCE)
        except TenantUnreachableError:
            raise
        except ConnectorError:
            return False

    def audit(self, since: datetime, until: datetime, kinds: AbstractSet[Kind] | None = None) -> AuditRead:
        """The vendor's log of changes in the window, as searches and the activity feed show it together."""
        return read_audit(self._access, self._known, since, until, kinds)

    def done_to(self, subjects: Sequence[str], since: datetime) -> AuditRead:
        """What was done to those accounts and groups, and by whom, as the directory's own log shows it."""
        return read_directory_audits(self._access, subjects, since)

    def feed(self) -> Feed:
        """How the activity feed answers, and which content types are not switched on for our application. For doctor: a run asks the feed itself."""
        return read_subscriptions(self._access)

    def holders(self) -> tuple[Holders, ...]:
        """Who else may touch holds, by role group."""
        return read_holders(self._access)

    def close(self) -> None:
        """Close connections."""
        self._access.close()

    def _direct(self, ref: Ref) -> Live | None:
        """A case or hold asked for by its id; None when it is not shown, which alone is no proof that it is gone (M§3.3)."""
        if ref.kind is Kind.M365_LABEL:
            return self._label(ref)
        if self._access.ediscovery.by_cmdlet:
            return self._by_cmdlet(ref)
        try:
            if ref.kind is Kind.M365_CASE:
                reply = self._access.ediscovery.call(Call(method="GET", path=case_path(ref.vendor_id), slow=True))
                return case_from(reply.value, made_by_us=self._access.ediscovery.made_by_us(reply.value))
            if ref.kind is Kind.M365_HOLD and ref.parent_id:
                return self._hold(ref.parent_id, ref.vendor_id)
        except ConnectorError as error:
            if error.status != 404 and not self._access.ediscovery.turned_to_cmdlets(error):
                raise
        return self._by_cmdlet(ref) if self._access.ediscovery.by_cmdlet else None

    def _by_cmdlet(self, ref: Ref) -> Live | None:
        """As above, by the cmdlets, which show a case in a list alone."""
        if ref.kind is not Kind.M365_HOLD or ref.parent_id is None:
            return None
        try:
            return see_hold(self._access, ref)
        except PermanentError as error:
            if error.code != "admin.not_found":
                raise
        return None

    def _label(self, ref: Ref) -> Live | None:
        """A label by its id where the signed-in person reads it; None where Graph does not know it, which alone is no proof that it is gone."""
        if self._access.ways.reading(ref.kind, "Get-ComplianceTag") is not Way.PERSON_GRAPH:
            return None
        try:
            row = self._access.ways.person.graph.call(one_label(ref.vendor_id)).value
        except ConnectorError as error:
            if not is_missing(error):
                raise
            return None
        live = label_from_graph(row, made_by_us=self._access.made_by_us(*people_of(row)))
        if live is None:
            raise PermanentError("wire.missing_property", f"Label {ref.name} cannot be understood as it was answered.", "Report this answer.")
        return live

    def _hold(self, case_id: str, hold_id: str) -> Live | None:
        path = hold_path(case_id, hold_id)
        row = self._access.ediscovery.call(Call(method="GET", path=path, family="legalHolds", slow=True)).value
        found: list[tuple[wire.JsonObject, ...]] = []
        for kind in ("userSources", "siteSources"):
            listing = self._access.ediscovery.rows(Call(method="GET", path=f"{path}/{kind}", family="legalHolds", slow=True))
            if listing.partial is not None:
                raise PermanentError("kind.partial", f"The sources of hold {hold_id} could not be read whole: {listing.partial}")
            found.append(listing.rows)
        live = hold_from(row, *found, case_id=case_id, made_by_us=self._access.ediscovery.made_by_us(row))
        if live is None:
            raise PermanentError("wire.missing_property", f"Hold {hold_id} cannot be understood as it was answered.", "Report this answer.")
        return current(live, self._access.mailboxes)
