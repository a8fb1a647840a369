"""Live state of the kinds that a run needs, each with how its read ended. An empty list is never complete by itself (M§0.1.7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.microsoft365 import delegated_labels, wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.admin import AdminClient, Rows
from connectors.microsoft365.belt import ON_HOLD, belt_from
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.delegated_labels import event_type_from_graph, label_from_graph
from connectors.microsoft365.further import event_names, event_type_from, litigation_from, organisation_from, scope_from
from connectors.microsoft365.holds import people_of
from connectors.microsoft365.inplace import mailbox_from
from connectors.microsoft365.labels import label_from
from connectors.microsoft365.policies import DETAIL, Beside, family, scopes_from, scopes_in
from connectors.microsoft365.seeing_holds import see_holds
from connectors.microsoft365.ways import Way
from policies.kinds import TRAITS, Kind
from policies.resources import KindRead, Live, ReadState, Snapshot

POLICY_KINDS = frozenset({Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE})
HOLD_KINDS = frozenset({Kind.M365_CASE, Kind.M365_HOLD})
KINDS = frozenset({Kind.M365_LABEL}) | POLICY_KINDS | HOLD_KINDS
"""The kinds that this connector reads in every run."""
FURTHER = frozenset({Kind.M365_EVENT_TYPE, Kind.M365_ADAPTIVE_SCOPE, Kind.M365_MAILBOX, Kind.M365_ORG_HOLD})
"""Kinds that are read where somebody asks for them."""
NEWER = "Get-AppRetentionCompliancePolicy"
"""What shows policies over newer locations and adaptive scopes, where it is offered."""

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class _Read(Protocol):
    def __call__(self, kinds: AbstractSet[Kind]) -> None: ...


class Look:
    """One look at the tenant: what was found, and per kind how the read ended. Not ``whole``: only the families that we write in."""

    def __init__(self, access: Access, *, whole: bool = True) -> None:
        self._access = access
        self._whole = whole
        self._found: list[Live] = []
        self._reads: dict[Kind, KindRead] = {}
        self._events: Rows | None = None
        self._adaptive: Rows | None = None

    def at(self, kinds: AbstractSet[Kind]) -> Snapshot:
        """The snapshot of ``kinds``. Raises only ``TenantUnreachableError`` and ``Stopped``; a kind that fails is ``failed`` in it."""
        if Kind.M365_LABEL in kinds:
            self._try({Kind.M365_LABEL}, self._labels)
        if kinds & POLICY_KINDS:
            self._try(kinds & POLICY_KINDS, self._policies)
        if kinds & HOLD_KINDS:
            self._try(kinds & HOLD_KINDS, self._holds)
        for kind, read in self._further().items():
            if kind in kinds:
                self._try({kind}, read)
        for kind in kinds - KINDS - FURTHER:
            self._reads[kind] = KindRead(kind=kind, state=ReadState.FAILED, count=None, reason="kind.not_read: this edition does not read it")
        return Snapshot(
            tenant=self._access.tenant.id,
            at=self._access.context.clock.now(),
            reads={kind: read for kind, read in self._reads.items() if kind in kinds},
            resources=tuple(live for live in self._found if live.kind in kinds),
        )

    def _try(self, kinds: AbstractSet[Kind], read: _Read) -> None:
        try:
            read(kinds)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            self._fail(kinds, error)

    def _fail(self, kinds: Iterable[Kind], error: ConnectorError) -> None:
        for kind in kinds:
            self._reads[kind] = KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=f"{error.code}: {error.message}")

    def _settle(self, kind: Kind, partial: str | None) -> None:
        lives = [live for live in self._found if live.kind is kind]
        self._reads[kind] = judged(kind, lives, partial, self._access.tenant.visibility_checks.get(kind))

    def _further(self) -> Mapping[Kind, _Read]:
        return {
            Kind.M365_EVENT_TYPE: self._event_types,
            Kind.M365_ADAPTIVE_SCOPE: self._scopes,
            Kind.M365_MAILBOX: self._litigation,
            Kind.M365_ORG_HOLD: self._organisation,
        }

    def _event_rows(self) -> Rows:
        if self._events is None:
            _needs(self._access.admin, "Get-ComplianceRetentionEventType")
            self._events = self._access.admin.read("Get-ComplianceRetentionEventType")
        return self._events

    def _over_graph(self, kind: Kind, cmdlet: str) -> bool:
        """Whether the signed-in person reads the kind over Graph."""
        return self._access.ways.reading(kind, cmdlet) is Way.PERSON_GRAPH

    def _event_types(self, kinds: AbstractSet[Kind]) -> None:
        if self._over_graph(Kind.M365_EVENT_TYPE, "Get-ComplianceRetentionEventType"):
            handed, self._access.event_types = self._access.event_types if self._whole else None, None
            listing = handed or delegated_labels.read_types(self._access.ways.person.graph)
            self._add(kinds, [event_type_from_graph(row, made_by_us=self._maker(row)) for row in listing.rows], listing.partial)
            return
        found = self._event_rows()
        self._add(kinds, [event_type_from(row, made_by_us=self._made(row)) for row in found.rows], found.partial)

    def _scopes_of(self, policies: Iterable[wire.JsonObject]) -> tuple[tuple[wire.JsonObject, ...], str | None]:
        """The adaptive scopes, where a policy names any: a changed query changes whom the policy reaches, and nothing on the policy moves.

        Where nobody lets us see them (a licence that ran out) the policies over them are read all the same; whom they reach is not known then.
        """
        if not any(scopes_in(row) for row in policies):
            return (), None
        try:
            found = self._scope_rows()
        except PermanentError:
            return (), None
        return found.rows, found.partial

    def _scope_rows(self) -> Rows:
        if self._adaptive is None:
            ways = self._access.ways
            admin = ways.admin(ways.reading(Kind.M365_ADAPTIVE_SCOPE, "Get-AdaptiveScope"))
            _needs(admin, "Get-AdaptiveScope")
            self._adaptive = admin.read("Get-AdaptiveScope")
        return self._adaptive

    def _scopes(self, kinds: AbstractSet[Kind]) -> None:
        found = self._scope_rows()
        self._add(kinds, [scope_from(row, made_by_us=self._made(row)) for row in found.rows], found.partial)

    def _litigation(self, kinds: AbstractSet[Kind]) -> None:
        found = self._access.admin.read("Get-Mailbox", ON_HOLD, endpoint=Endpoint.EXCHANGE)
        lives = [litigation_from(row, made_by_us=self._access.made_by_us(wire.text(row, "LitigationHoldOwner"))) for row in found.rows]
        self._add(kinds, lives, found.partial)
        boxes = [box for row in found.rows if (box := mailbox_from(row)) is not None]
        self._found.append(belt_from(boxes, self._access.context.clock.now()))

    def _organisation(self, kinds: AbstractSet[Kind]) -> None:
        found = self._access.admin.read("Get-OrganizationConfig", endpoint=Endpoint.EXCHANGE)
        unnamed = None
        if Kind.M365_RETENTION_POLICY not in self._reads:
            self._try(POLICY_KINDS, self._policies)
        read = self._reads[Kind.M365_RETENTION_POLICY]
        if read.state is ReadState.FAILED:
            unnamed = f"the policies that the stamps stand for could not be read: {read.reason}"
        policies = {live.vendor_id.lower(): live for live in self._found if live.kind in POLICY_KINDS}
        lives = organisation_from(found.rows[0], policies) if len(found.rows) == 1 else None
        self._add(kinds, [None] if lives is None else list(lives), found.partial or unnamed)

    def _add(self, kinds: AbstractSet[Kind], lives: list[Live | None], partial: str | None) -> None:
        self._found += [live for live in lives if live is not None]
        flaw = "wire.missing_property: a row lacks what identifies it" if None in lives else None
        for kind in kinds:
            self._settle(kind, partial or flaw)

    def _labels(self, kinds: AbstractSet[Kind]) -> None:
        if self._over_graph(Kind.M365_LABEL, "Get-ComplianceTag"):
            handed, self._access.labels = self._access.labels if self._whole else None, None
            listing = handed or delegated_labels.read_labels(self._access.ways.person.graph)
            self._add(kinds, [label_from_graph(row, made_by_us=self._maker(row)) for row in listing.rows], listing.partial)
            return
        found = self._access.admin.read("Get-ComplianceTag")
        by_id = any(_GUID.fullmatch(wire.filled(row, "EventType") or "") for row in found.rows)
        events = event_names(self._event_rows().rows) if by_id else {}
        lives = [label_from(row, made_by_us=self._made(row), events=events) for row in found.rows]
        self._found += [live for live in lives if live is not None]
        flaw = "wire.missing_property: a label lacks its name, id, period or action" if None in lives else None
        for kind in kinds:
            self._settle(kind, found.partial or flaw)

    def _policies(self, kinds: AbstractSet[Kind]) -> None:
        ways = self._access.ways
        admin = ways.admin(ways.reading(Kind.M365_LABEL_POLICY, "Get-RetentionCompliancePolicy"))
        # Never by Identity: an unknown one returns all (M§2.2).
        policies = admin.read("Get-RetentionCompliancePolicy", DETAIL)
        rules = admin.read("Get-RetentionComplianceRule")
        rule_rows, newer_rows, partial = list(rules.rows), list[wire.JsonObject](), policies.partial or rules.partial
        # Newer locations and adaptive scopes live in a family of their own, exported only where it is licensed (M§2.2).
        if self._whole and NEWER.lower() in admin.cmdlets(Endpoint.COMPLIANCE):
            newer, newer_rules = admin.read(NEWER, DETAIL), admin.read("Get-AppRetentionComplianceRule")
            newer_rows += newer.rows
            rule_rows += newer_rules.rows
            partial = partial or newer.partial or newer_rules.partial
        scopes, unseen = self._scopes_of([*policies.rows, *newer_rows])
        partial = partial or unseen
        beside = Beside(mailboxes=self._access.mailboxes, scopes=scopes_from(scopes, self._access.context.clock.now()))
        joined = family(policies.rows, rule_rows, self._access.context.district, self._made, beside, newer=newer_rows)
        self._found += [*joined.policies, *joined.rules]
        flaw = f"wire.missing_property: {joined.flaw}" if joined.flaw else None
        for kind in kinds:
            self._settle(kind, partial or flaw)

    def _holds(self, kinds: AbstractSet[Kind]) -> None:
        handed, self._access.cases = self._access.cases if self._whole else None, None
        seen = see_holds(self._access, handed=handed, with_holds=Kind.M365_HOLD in kinds)
        self._found += [*seen.cases, *seen.holds]
        if seen.with_holds:
            self._settle(Kind.M365_HOLD, seen.no_holds)
        if Kind.M365_CASE in kinds:
            personal = self._access.ediscovery.account is not None
            self._settle(Kind.M365_CASE, seen.no_cases or (self._own_cases_alone() if personal else None))

    def _own_cases_alone(self) -> str | None:
        """Why the cases that a person sees may be their own alone (M§3.3): a case does not tell who made it, and a hold in it does (docs/wire)."""
        read = self._reads[Kind.M365_HOLD]
        return None if read.state is ReadState.COMPLETE else f"{read.reason} (its hold shows whether the person sees the cases of others)"

    def _maker(self, row: wire.JsonObject) -> bool | None:
        return self._access.made_by_us(*people_of(row))

    def _made(self, row: wire.JsonObject) -> bool | None:
        return self._access.made_by_us(wire.text(row, "CreatedBy"))


def _needs(admin: AdminClient, cmdlet: str) -> None:
    """Raises PermanentError where the cmdlet is not ours: not licensed (A5), or not in our roles (docs/wire)."""
    if cmdlet.lower() not in admin.cmdlets(Endpoint.COMPLIANCE):
        raise PermanentError("admin.cmdlet_missing", f"{cmdlet} is not offered to us here.", "It needs A5 or its records add-on, and the role.")


def judged(kind: Kind, lives: list[Live], partial: str | None, check: str | None) -> KindRead:
    """How a read ended: complete only when its visibility check, made by another hand, was seen in it (contract, *Reads*)."""
    count = len(lives)
    if partial is not None:
        return KindRead(kind=kind, state=ReadState.PARTIAL, count=count, reason=partial)
    if not TRAITS[kind].needs_visibility_check:
        state, reason = (ReadState.COMPLETE, None) if lives else (ReadState.UNPROVEN, "kind.empty: an empty list proves nothing")
        return KindRead(kind=kind, state=state, count=count, reason=reason)
    if check is None:
        return KindRead(kind=kind, state=ReadState.UNPROVEN, count=count, reason="visibility_check.not_set")
    if any(live.name == check and live.mark is None and live.made_by_us is not True for live in lives):
        return KindRead(kind=kind, state=ReadState.COMPLETE, count=count)
    return KindRead(kind=kind, state=ReadState.PARTIAL, count=count, reason="visibility_check.not_seen")
