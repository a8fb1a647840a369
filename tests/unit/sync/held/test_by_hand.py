"""The sheet of a hold that could not be sent: carried out as it stands by an administrator, found by its mark, and followed like our own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from policies.district import Tenant
from policies.kinds import Platform, Workload
from policies.resources import find_mark
from sync.matters.by_hand import sheet
from sync.matters.deeds import Tools
from sync.matters.model import Answer, Details, Matter, MatterState, PersonOnHold, Place, Presence, Source, SourceState, Times
from tests.campaign.drive import DISTRICT
from tests.unit.connectors.microsoft.console import carry_out
from tests.unit.sync.held.stage import Held, held
from tests.unit.sync.provable import START

CASES = "POST /security/cases/ediscoveryCases"
KNOWN = {"m365": Answer(presence=Presence.FOUND)}
USERS = CASES + "/{case}/legalHolds/{hold}/userSources"


def commands(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.startswith("     "))


def do(here: Held, text: str) -> None:
    """Type the sheet's lines as they stand."""
    carry_out(here.world, commands(text))


def ours(here: Held) -> list[str]:
    return [case.name for case in here.state.cases.values() if (mark := find_mark(case.external_id)) and mark.district == DISTRICT]


def test_a_hold_that_is_half_there_is_added_to_and_not_made_again(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        here.fault("graph", USERS, status=403, times=9999)
        here.order(*here.people[:2])
        here.look()
        text = here.matter()["by_hand"]
        [line] = commands(text)
        assert line.startswith("Set-CaseHoldPolicy -Identity ")
        assert "Connect-IPPSSession" in text
        do(here, text)
        here.until_in_force()
        assert set(here.sources().values()) == {"verified"}
        assert here.matter()["by_hand"] is None
        assert len(ours(here)) == 1


def test_a_matter_of_which_nothing_could_be_sent_is_made_whole_by_hand_and_adopted(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        here.fault("graph", CASES, status=403, times=9999)
        here.fault("compliance", "New-ComplianceCase", status=403)  # by cmdlet neither
        wystan = f"wystan.formerly@{here.world.domain}"
        here.order(here.people[0], wystan, sources=["mail"], terms="the roof's edge")
        here.look()
        assert ours(here) == []
        text = here.matter()["by_hand"]
        assert [line.partition(" ")[0] for line in commands(text)] == ["New-ComplianceCase", "New-CaseHoldPolicy", "New-CaseHoldRule"]
        do(here, text)
        here.until_in_force()
        here.look()
        assert set(here.sources().values()) == {"verified"}
        assert len(ours(here)) == 1, "what is there already is taken for ours, and nothing is made beside it"
        [hold] = [one for one in here.state.holds.values() if find_mark(one.comment)]
        assert (hold.query, {source.place for source in hold.sources}) == ("the roof's edge", {here.people[0], f".{wystan}"})


def test_a_case_that_was_closed_is_reopened_from_the_sheet(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        here.order(here.people[0])
        here.until_in_force()
        here.act("close_case", case=ours(here)[0])
        here.fault("graph", "POST /security/cases/ediscoveryCases/{case}/reopen", status=403, times=9999)
        here.look()
        text = here.matter()["by_hand"]
        assert commands(text)[0].startswith("Set-ComplianceCase -Identity ")
        assert "New-" not in text


def test_more_places_than_a_hold_takes_are_several_holds() -> None:
    people = tuple(PersonOnHold(id=f"p{number}", address=f"p{number:03}@d.example", answers=KNOWN) for number in range(130))
    sources = tuple(
        Source(
            id=f"{one.id}-{workload.value}", person=one.id, tenant="m365", workload=workload, identity=f"id-{one.id}", state=SourceState.FAILED,
            code="capability.missing", place=Place(address=one.address, container=place),
        )
        for one in people
        for workload, place in ((Workload.MAIL, one.address), (Workload.DRIVE, f"https://d-my.sharepoint.com/personal/{one.id}"))
    )  # fmt: skip
    matter = Matter(
        alias="roof", tenant_alias="blueheron", report_alias="r", state=MatterState.OPEN, opened=START, times=Times(ordered=START),
        details=Details(), people=people, sources=sources,
    )  # fmt: skip
    tools = Tools(tenant=Tenant(id="m365", platform=Platform.MICROSOFT365), connector=Microsoft365Connector(allowed=Allowed()))
    made = [line for line in commands(sheet(matter, [tools], DISTRICT) or "") if line.startswith("New-CaseHoldPolicy")]
    assert [line.count("/personal/") for line in made] == [100, 30]
    assert [find_mark(line) is not None for line in made] == [True, True]
    assert len({find_mark(line) for line in made}) == 2, "each piece has a mark of its own"
    held_one = replace(matter, sources=tuple(replace(one, state=SourceState.ACCEPTED, code=None) for one in sources))
    assert sheet(held_one, [tools], DISTRICT) is None


def test_a_tenant_that_this_call_did_not_open_is_listed_plainly() -> None:
    person = PersonOnHold(id="p", address="mia@d.example", answers=KNOWN)
    source = Source(
        id="s", person="p", tenant="m365", workload=Workload.MAIL, identity="i", state=SourceState.FAILED, code="capability.missing",
        place=Place(address="mia@d.example", container=".mia@d.example"),
    )  # fmt: skip
    matter = Matter(
        alias="roof", tenant_alias="blueheron", report_alias="r", state=MatterState.OPEN, opened=START, times=Times(ordered=START),
        details=Details(), people=(person,), sources=(source,),
    )  # fmt: skip
    tools = Tools(tenant=Tenant(id="m365", platform=Platform.MICROSOFT365), connector=None)
    assert "[ ] mailbox: .mia@d.example" in (sheet(matter, [tools], DISTRICT) or "")
