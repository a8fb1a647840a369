"""What ``doctor`` learns without writing anything: each surface is asked the smallest thing that it answers."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.base import Examination, Surface
from connectors.google_workspace.capabilities import Probe, capabilities_of, probe
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import ACTIVITIES_LIST, GROUPS_LIST, MATTERS_LIST, ORG_UNITS_LIST, USERS_LIST
from connectors.google_workspace.operations import Surface as Endpoint
from connectors.google_workspace.ourselves import Ourselves
from connectors.google_workspace.people import Seats
from connectors.google_workspace.privileges import read_privileges
from policies.kinds import Kind
from policies.resources import ReadState


def examine(session: Session, writing: Session, ourselves: Ourselves, seats: Seats) -> Examination:
    """Identity, surfaces, licences and capabilities. ``writing`` is only asked for a token, which changes nothing."""
    identity = ourselves.identity()
    probes = _probes(session, identity.vendor_id)
    probes[Kind.GOOGLE_LICENCE] = Probe(ok=seats.read.state is ReadState.COMPLETE, detail=seats.read.reason or "")
    reading = read_privileges(session, identity.vendor_id, identity.actor)
    writer = writing.subject(Endpoint.VAULT)
    by_writer = reading if writer.lower() == identity.actor.lower() else read_privileges(session, identity.vendor_id, writer)
    return Examination(
        identity=identity,
        surfaces=_surfaces(session, probes),
        licences=seats.counted(),
        capabilities=capabilities_of(probes, reading, by_writer, probe(writing.authorise_writing), seats.counted()),
    )


def _probes(session: Session, customer: str) -> dict[Kind, Probe]:
    """The smallest read of each kind."""
    matters = probe(lambda: session.call(MATTERS_LIST, state="OPEN", pageSize=1))
    return {
        Kind.GOOGLE_MATTER: matters,
        Kind.GOOGLE_HOLD: matters,
        Kind.GOOGLE_USER: probe(lambda: session.call(USERS_LIST, customer=customer, maxResults=1)),
        Kind.GOOGLE_GROUP: probe(lambda: session.call(GROUPS_LIST, customer=customer, maxResults=1)),
        Kind.GOOGLE_ORG_UNIT: probe(lambda: session.call(ORG_UNITS_LIST, customerId=customer, type="children")),
    }


def _surfaces(session: Session, probes: Mapping[Kind, Probe]) -> tuple[Surface, ...]:
    found = {
        Endpoint.DIRECTORY: probes[Kind.GOOGLE_USER],
        Endpoint.VAULT: probes[Kind.GOOGLE_MATTER],
        Endpoint.REPORTS: probe(lambda: session.call(ACTIVITIES_LIST, userKey="all", applicationName="vault", maxResults=1)),
        Endpoint.LICENSING: probes[Kind.GOOGLE_LICENCE],
    }
    # Our own account was read, so a token was given.
    token = Surface(name=Endpoint.TOKEN.value, url=session.keyring.token_url(), ok=True, detail="answers")
    asked = (Surface(name=one.value, url=session.url(one), ok=it.ok, detail=it.detail or "answers") for one, it in found.items())
    return (token, *asked)
