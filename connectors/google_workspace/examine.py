"""What ``doctor`` learns without writing anything: each surface is asked the smallest thing that it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from typing import Final

from connectors.errors import TenantUnreachableError
from connectors.examination import Examination, Identity, Refused, Surface
from connectors.google_workspace.capabilities import LABELS_NOT_LICENSED, Probe, capabilities_of, probe
from connectors.google_workspace.editions import drive_labels
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import (
    ACTIVITIES_LIST,
    EDISCOVERY,
    GROUP_SETTINGS,
    GROUP_SETTINGS_GET,
    GROUPS_LIST,
    LABELS,
    LABELS_LIST,
    ORG_UNITS_LIST,
    USED,
    USERS_LIST,
    scope_of,
)
from connectors.google_workspace.operations import Surface as Endpoint
from connectors.google_workspace.ourselves import Ourselves
from connectors.google_workspace.people import Seats
from connectors.google_workspace.privileges import Privileges, read_privileges
from connectors.google_workspace.settings import SettingsReader
from connectors.google_workspace.vault_reader import VaultReader
from policies.kinds import Kind
from policies.resources import ReadState

_READ_FOR: Final[Mapping[Endpoint, Kind]] = {
    Endpoint.LABELS: Kind.GOOGLE_DRIVE_LABEL,
    Endpoint.GROUP_SETTINGS: Kind.GOOGLE_GROUP_ARCHIVE,
    Endpoint.POLICIES: Kind.GOOGLE_SETTING,
    Endpoint.ALERTS: Kind.GOOGLE_SETTING,
    Endpoint.CHAT: Kind.GOOGLE_SETTING,
    Endpoint.REPORTS: Kind.GOOGLE_SETTING,
}
"""Endpoints that a look asks only for the sake of a kind; the log is probed with the settings, for both only tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Lists of which the probe's page serves the read that follows, and the kinds that are read then; None: every kind."""

    vault: VaultReader
    settings: SettingsReader
    kinds: AbstractSet[Kind] | None = None

    def reads(self, endpoint: Endpoint) -> bool:
        """Whether the read that follows asks ``endpoint`` anything."""
        return self.kinds is None or endpoint not in _READ_FOR or _READ_FOR[endpoint] in self.kinds


def examine(session: Session, writing: Session, ourselves: Ourselves, seats: Seats, lists: Lists) -> Examination:
    """Identity, surfaces, licences and capabilities, of what is read next. ``writing`` is only asked for a token, which changes nothing."""
    identity = ourselves.identity()
    sold = drive_labels(seats.counted())
    probes = _probes(session, identity.vendor_id, lists.vault)
    probes[Kind.GOOGLE_LICENCE] = Probe(ok=seats.read.state is ReadState.COMPLETE, detail=seats.read.reason or "")
    probes |= _further(session, lists, sold=sold)
    reading = read_privileges(session, identity.vendor_id, identity.actor)
    refused = _refused(session, writing, lists, sold=sold)
    by_writer = _of_writer(session, writing, identity, reading)
    return Examination(
        identity=identity,
        surfaces=_surfaces(session, probes, lists),
        licences=seats.counted(),
        capabilities=capabilities_of(probes, reading, by_writer, _may_write(session, writing, lists)),
        refused=refused,
    )


def _of_writer(session: Session, writing: Session, identity: Identity, reading: Privileges) -> Privileges:
    """The privileges of the account that writes; unknown where settings name none."""
    try:
        writer = writing.subject(Endpoint.VAULT)
    except TenantUnreachableError as error:
        return Privileges(unknown=f"{error.code}: {error.message}")
    return reading if writer.lower() == identity.actor.lower() else read_privileges(session, identity.vendor_id, writer)


def _granted(hand: Session, reading: Session, scope: str, surface: Endpoint) -> Probe:
    """Whether a hand gets a token. That the writing identity is refused altogether is no reason not to look with the other."""
    try:
        return probe(partial(hand.authorise, scope, surface))
    except TenantUnreachableError as error:
        if hand is reading or not error.code.startswith(("credential.", "google.credential_refused")) or _same(hand, reading):
            raise
        return Probe(ok=False, detail=f"{error.code}: {error.message}", next_step=error.next_step or None)


def _same(one: Session, other: Session) -> bool:
    return one.tenant.credential_for(writing=True) == other.tenant.credential_for(writing=False)


def _may_write(session: Session, writing: Session, lists: Lists) -> dict[Kind, Probe]:
    """Whether the writing identity gets a token for each scope that writes; asking for one changes nothing."""
    vault = _granted(writing, session, EDISCOVERY, Endpoint.VAULT)
    further = {Endpoint.GROUP_SETTINGS: GROUP_SETTINGS, Endpoint.LABELS: LABELS}
    return {
        Kind.GOOGLE_MATTER: vault,
        Kind.GOOGLE_HOLD: vault,
        **{_READ_FOR[one]: _granted(writing, session, scope, one) for one, scope in further.items() if lists.reads(one)},
    }


def _refused(session: Session, writing: Session, lists: Lists, *, sold: bool | None) -> tuple[Refused, ...]:
    """The scopes of which no token is given, each in the order of the table; a token is held for an hour and is asked for by no read again.

    Labels' scopes are left out where no licence brings labels, and all of an endpoint that is off or not read now.
    """
    hands = ((session, False), (writing, True))
    asked = {(hand, scope_of(one, writing=side)): one.surface for hand, side in hands for one in USED[side]}
    found: dict[tuple[str, str], Refused] = {}
    for (hand, scope), surface in asked.items():
        if hand.url(surface) is None or not lists.reads(surface) or (surface is Endpoint.LABELS and sold is False):
            continue
        tried = _granted(hand, session, scope, surface)
        if not tried.ok:  # one client that lacks it lacks it for both hands; two have a step each
            step = tried.next_step or ""
            found.setdefault((scope, step), Refused(permission=scope, reason=tried.detail, next_step=step))
    return tuple(found.values())


def _further(session: Session, lists: Lists, *, sold: bool | None) -> dict[Kind, Probe]:
    """Labels where the licences bring them, settings, and one group's archive: that of the visibility check."""
    check = session.tenant.visibility_checks.get(Kind.GOOGLE_GROUP_ARCHIVE)
    labels = Probe(ok=False, detail=LABELS_NOT_LICENSED)
    archive = Probe(ok=False, detail="visibility_check.not_set", next_step="Set visibility_checks google.group_archive to a group's address.")
    tries: dict[Endpoint, Callable[[], Probe]] = {
        Endpoint.LABELS: lambda: labels if sold is False else probe(lambda: session.call(LABELS_LIST, useAdminAccess=True, pageSize=1)),
        Endpoint.GROUP_SETTINGS: lambda: archive if check is None else probe(lambda: session.call(GROUP_SETTINGS_GET, groupUniqueId=check)),
        Endpoint.POLICIES: lambda: probe(lists.settings.probe),
    }
    return {_READ_FOR[one]: attempt() for one, attempt in tries.items() if lists.reads(one)}


def _probes(session: Session, customer: str, vault: VaultReader) -> dict[Kind, Probe]:
    """The smallest read of each kind; of matters the one that is needed anyway, for the smallest list costs as much as the whole."""
    matters = probe(vault.probe)
    return {
        Kind.GOOGLE_MATTER: matters,
        Kind.GOOGLE_HOLD: matters,
        Kind.GOOGLE_USER: probe(lambda: session.call(USERS_LIST, customer=customer, maxResults=1)),
        Kind.GOOGLE_GROUP: probe(lambda: session.call(GROUPS_LIST, customer=customer, maxResults=1)),
        Kind.GOOGLE_ORG_UNIT: probe(lambda: session.call(ORG_UNITS_LIST, customerId=customer, type="children")),
    }


def _surfaces(session: Session, probes: Mapping[Kind, Probe], lists: Lists) -> tuple[Surface, ...]:
    found = {Endpoint.DIRECTORY: probes[Kind.GOOGLE_USER], Endpoint.VAULT: probes[Kind.GOOGLE_MATTER]}
    if lists.reads(Endpoint.REPORTS):
        found[Endpoint.REPORTS] = probe(lambda: session.call(ACTIVITIES_LIST, userKey="all", applicationName="vault", maxResults=1))
    found[Endpoint.LICENSING] = probes[Kind.GOOGLE_LICENCE]
    further = {one: probes[_READ_FOR[one]] for one in (Endpoint.LABELS, Endpoint.GROUP_SETTINGS, Endpoint.POLICIES) if lists.reads(one)}
    tries = {Endpoint.ALERTS: lists.settings.probe_alerts, Endpoint.CHAT: lists.settings.probe_spaces}
    further |= {one: probe(attempt) for one, attempt in tries.items() if lists.reads(one)}
    # What no licence, no group and no endpoint asks for is told beside its kind and is no surface of this tenant.
    nothing = {LABELS_NOT_LICENSED, "visibility_check.not_set"}
    found |= {one: it for one, it in further.items() if session.url(one) is not None and it.detail not in nothing}
    # Our own account was read, so a token was given.
    token = Surface(name=Endpoint.TOKEN.value, url=session.keyring.token_url(), ok=True, detail="answers")
    asked = (Surface(name=one.value, url=session.url(one), ok=it.ok, detail=it.detail or "answers") for one, it in found.items())
    return (token, *asked)
