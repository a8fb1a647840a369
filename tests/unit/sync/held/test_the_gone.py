"""What is kept of people whose accounts are deleted, gone for good, or without a licence: held where it is found, unknown where nobody could look."""

from __future__ import annotations

from pathlib import Path

from sandbox.microsoft.objects import Account
from sync.matters.model import PersonCode
from tests.unit.sync.held.stage import Held, held

UNKNOWN = f"failed:{PersonCode.PLACE_UNKNOWN.value}"
NONE = f"failed:{PersonCode.NO_CONTAINER.value}"


def deleted_while_on_hold(here: Held) -> str:
    """Somebody whose mailbox a first matter holds, deleted: the mailbox goes on as an inactive one."""
    person = here.people[0]
    here.order(person, alias="first")
    here.until_in_force()
    assert here.act("delete_user", user=person)["inactive_mailbox"] is True
    return person


def states(here: Held, alias: str) -> dict[str, str]:
    return {source: state for (_person, source), state in here.sources(alias).items()}


def test_a_deleted_persons_inactive_mailbox_is_held(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        person = deleted_while_on_hold(here)
        here.order(person, alias="second")
        here.until_in_force()
        assert states(here, "second") == {"mail": "verified", "archive": "verified", "drive": "verified"}
        assert here.standing("second") == {person: ("held", "person.deleted")}
        assert states(here, "first") == {"mail": "verified", "archive": "verified", "drive": "verified"}


def test_where_the_list_is_refused_the_mailbox_is_unknown_and_not_left_out(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        person = deleted_while_on_hold(here)
        here.fault("exchange", "Get-Mailbox", status=403, times=9999)
        here.order(person, alias="second")
        here.until_in_force()
        assert states(here, "second") == {"mail": UNKNOWN, "archive": UNKNOWN, "drive": "verified"}
        assert here.matter("second")["matter"]["state"] == "partly_held"
        assert here.lane.facts("second").unplaced == 2
        assert states(here, "first") == {"mail": "verified", "archive": "verified", "drive": "verified"}, "what is held goes on"


def test_where_the_endpoint_is_not_accepted_too_and_no_request_goes_there(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, accepted=False) as here:
        person = deleted_while_on_hold(here)
        here.order(person, alias="second")
        here.until_in_force()
        assert states(here, "second") == {"mail": UNKNOWN, "archive": UNKNOWN, "drive": "verified"}
        assert here.asked("exchange") == []


def test_of_a_deleted_person_nothing_is_dropped_in_silence(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        orla = f"orla.departed@{here.world.domain}"  # nothing preserved her mailbox, and nobody ever looked for her OneDrive
        here.order(orla)
        here.until_in_force()
        assert states(here, "roof") == {"mail": NONE, "archive": NONE, "drive": UNKNOWN}
        assert here.standing() == {orla: ("not_held", "person.deleted")}
        assert f"OneDrive of {orla}" in here.matter()["by_hand"]


def test_somebody_gone_for_good_is_found_by_the_address_of_the_mailbox(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        wystan = f"wystan.formerly@{here.world.domain}"
        here.order(wystan, sources=["mail"])
        here.until_in_force()
        assert states(here, "roof") == {"mail": "verified"}
        assert here.standing() == {wystan: ("held", "person.deleted")}
        assert {source.place for hold in here.state.holds.values() for source in hold.sources} >= {f".{wystan}"}


def test_without_a_licence_the_mailbox_that_is_left_is_the_inactive_one(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        person = here.people[0]
        here.act("remove_licence", user=person)
        account = here.state.account_at(person)
        assert account is not None
        inactive(account)
        here.order(person, sources=["mail"])
        here.look()
        assert [source.place for hold in here.state.holds.values() for source in hold.sources if source.account == account.id] == [f".{person}"]


def inactive(account: Account) -> None:
    assert account.mailbox is not None
    account.mailbox.inactive = True


def test_an_address_that_somebody_else_has_now_is_a_question(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        person = here.people[0]
        gone = next(one for one in here.state.accounts.values() if one.upn.startswith("wystan"))
        gone.upn = person
        here.order(person)
        here.look()
        assert here.standing() == {person: ("question", "person.ambiguous")}


def test_the_sheet_keeps_the_period_of_an_inactive_mailbox(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path) as here:
        wystan = f"wystan.formerly@{here.world.domain}"
        here.fault("graph", "POST /security/cases/ediscoveryCases/{case}/legalHolds/{hold}/userSources", status=403, times=9999)
        here.fault("compliance", "Set-CaseHoldPolicy", status=403, times=9999)  # by cmdlet neither
        here.order(wystan, sources=["mail"])
        here.look()
        assert f"'.{wystan}'" in here.matter()["by_hand"]
