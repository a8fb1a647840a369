"""What the tests of releases stand on: a matter in force, a release asked for and approved, and what is held of it by whom."""

from __future__ import annotations

from policies.kinds import Kind
from policies.roster import Roster
from sync.approvals import LIFETIME
from sync.journal import EntryKind
from sync.matters.release import Reason, Release
from sync.officers import Signer
from sync.registers.governance import signing
from sync.store.approvals import Approvals, KeptApproval
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, Scene, google, m365, order, roster
from tests.unit.sync.provable import KEYS

ONE, TWO, THREE = "person1@d.example", "person2@d.example", "person3@d.example"
FILE = "f" * 64
"""The digest of the order's file."""
WEEK = 7 * 24 * HOUR
REASON = Reason(text="Settled in court.", consent="c" * 64, consent_name="consent.pdf")


def people(*numbers: int) -> tuple[Roster, Roster]:
    return roster("m365", *(m365(one) for one in numbers)), roster("google", *(google(one) for one in numbers))


def ask(here: Scene, *addresses: str) -> Release:
    return here.lane.releases.ask(here.lane.find("roof"), addresses or None, REASON, CUSTODIAN)


def ask_again(here: Scene) -> Release:
    """The release that is under way, stopped, and asked for anew."""
    here.lane.releases.stop(here.lane.find("roof"), CUSTODIAN)
    return ask(here)


def approve(here: Scene, release: Release, *officers: str) -> None:
    """Each officer's signed yes to every change of the release."""
    desk, now = here.desk, here.clock.now()
    for name in officers:
        signer = Signer(officer=name, key=KEYS[name])
        for change in release.changes:
            with desk.store.write() as session:
                body = {"change": change, "verdict": "yes"}
                seq = desk.journal.append(
                    EntryKind.APPROVAL, f"change/{change}", body, actor=signing(signer), signer=signer.key, session=session
                )
                Approvals(desk.store).put(
                    session, KeptApproval(change=change, officer=name, verdict="yes", at=now, expires=now + LIFETIME, seq=seq)
                )
    here.lane.releases.weigh()


def due(here: Scene, *addresses: str) -> None:
    """A release of these people (none: of everybody) with its two approvals, and the wait over."""
    approve(here, ask(here, *addresses), "counsel", "superintendent")
    here.clock.advance(WEEK)


def held(here: Scene, *addresses: str) -> None:
    """A matter of these people, in force in both clouds."""
    here.lane.open(order(*addresses), sha256=FILE)
    here.until_in_force()


def live_holds(here: Scene) -> dict[str, set[str]]:
    """What holds whom now, by the name of the hold: nobody where it is off or gone."""
    return {
        thing.name: set(thing.members)
        for world in here.worlds.values() for thing in world.things.values()
        if thing.kind in {Kind.M365_HOLD, Kind.GOOGLE_HOLD} and thing.mark is not None and thing.fields.get("enabled") is not False
    }


def boxes(here: Scene) -> set[object]:
    kinds = {Kind.M365_CASE, Kind.GOOGLE_MATTER}
    return {thing.fields["state"] for world in here.worlds.values() for thing in world.things.values() if thing.kind in kinds and thing.mark}
