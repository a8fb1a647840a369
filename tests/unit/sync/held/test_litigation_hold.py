"""Litigation hold as a second belt: where an order asks for it, on top of the case hold, with no matter's words in it, and never switched off by us."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.kinds import Kind
from policies.resources import find_mark
from sandbox.microsoft.objects import Mailbox
from sync.run import Engine
from tests.campaign.releasing import Parting, part
from tests.unit.sync.held.stage import Held, held
from tests.unit.sync.held.test_by_hand import commands, do

BELT = "litigation_hold"
LISTED = {"Filter": "LitigationHoldEnabled -eq $true", "ResultSize": "Unlimited", "IncludeInactiveMailbox": True}


def box(here: Held, address: str) -> Mailbox:
    found = next(one.mailbox for one in here.state.accounts.values() if one.upn == address)
    assert found is not None
    return found


def asked(here: Held, cmdlet: str, since: int = 0) -> list[dict[str, Any]]:
    """The parameters of each call of a cmdlet on the Exchange host."""
    return [json.loads(one.request)["CmdletInput"]["Parameters"] for one in here.asked("exchange", since) if one.operation == cmdlet]


def belted(here: Held, *, proven: bool = True) -> str:
    """An order for one person that asks for litigation hold."""
    if proven:
        here.proven(Kind.M365_MAILBOX)
    address = here.people[0]
    here.order(address, litigation_hold=True)
    return address


def test_where_it_is_proven_it_is_switched_on_and_in_force_after_four_hours(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        address = belted(here)
        for _ in range(3):
            here.look(1_200)
        assert (box(here, address).litigation, box(here, address).litigation_duration) == (True, "Unlimited")
        assert here.sources()[address, BELT] == "distributing"
        assert here.sources()[address, "mail"] in {"effective", "verified"}, "the case hold does not wait for it"
        assert here.standing()[address][0] != "held"
        here.world.clock.advance(4 * 3600)
        here.look()
        here.look()
        assert here.sources()[address, BELT] == "verified"
        assert here.standing()[address] == ("held", None)
        since = len(here.world.exchanges)
        here.look()
        assert asked(here, "Set-Mailbox", since) == [], "it is told once"
        assert asked(here, "Get-Mailbox", since).count(LISTED) == 1, "one list a look, and no cmdlet per mailbox"


def test_without_the_order_s_word_nobody_is_put_on_it(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        here.proven(Kind.M365_MAILBOX)
        here.order(here.people[0])
        here.until_in_force()
        assert asked(here, "Set-Mailbox") == []
        assert BELT not in {source for _person, source in here.sources()}


def test_no_word_of_the_matter_goes_with_it(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        here.proven(Kind.M365_MAILBOX)
        here.order(here.people[0], litigation_hold=True, name="Northfield v. Harbormill", terms="levy", issues=["change orders"])
        here.look()
        [told] = asked(here, "Set-Mailbox")
        assert told == {"Identity": here.people[0], "LitigationHoldEnabled": True, "LitigationHoldDuration": "Unlimited"}
        assert (box(here, here.people[0]).comment, box(here, here.people[0]).comment_url) == ("", "")


def test_unproven_it_is_done_by_hand_and_verified_like_our_own(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        address = belted(here, proven=False)
        here.look()
        assert asked(here, "Set-Mailbox") == []
        assert here.sources()[address, BELT] == "failed:capability.unproven"
        assert here.sources()[address, "mail"] == "accepted"
        assert (facts := here.lane.facts("roof")).failed == 1, facts
        text = here.matter()["by_hand"]
        assert "Connect-ExchangeOnline" in text
        assert commands(text) == (f"Set-Mailbox -Identity '{address}' -LitigationHoldEnabled:$true -LitigationHoldDuration 'Unlimited'",)
        assert "roof" not in "".join(commands(text))
        do(here, text)
        here.world.clock.advance(4 * 3600)
        here.until_in_force()
        assert here.sources()[address, BELT] == "verified"
        assert here.matter()["by_hand"] is None


def test_where_the_endpoint_was_not_accepted_it_is_never_called_in_force(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, accepted=False, second_belt=True) as here:
        address = belted(here, proven=False)
        here.until_in_force()
        here.look()
        assert here.asked("exchange") == []
        assert here.sources()[address, BELT] == "failed:capability.missing"
        assert here.sources()[address, "mail"] == "verified"
        assert "-LitigationHoldEnabled:$true" in here.matter()["by_hand"]
        do(here, here.matter()["by_hand"])
        here.world.clock.advance(4 * 3600)
        here.until_in_force()
        assert here.sources()[address, BELT] == "failed:capability.missing", "what nobody can read nobody believes"


def test_an_inactive_mailbox_is_told_by_its_own_id(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        here.proven(Kind.M365_MAILBOX)
        gone = f"wystan.formerly@{here.world.domain}"
        box(here, gone).litigation_duration = "2555"
        here.order(gone, sources=["mail"], litigation_hold=True)
        here.look()
        [told] = asked(here, "Set-Mailbox")
        assert (told["Identity"], told["InactiveMailbox"]) == (box(here, gone).guid, True)
        assert box(here, gone).litigation_duration == "Unlimited", "what has an end keeps nothing beyond it"


def test_an_inactive_mailbox_by_hand(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        gone = f"wystan.formerly@{here.world.domain}"
        box(here, gone).litigation_duration = "2555"
        here.order(gone, sources=["mail"], litigation_hold=True)
        here.look()
        [line] = commands(here.matter()["by_hand"])
        assert line == (
            f"Get-Mailbox -InactiveMailboxOnly -ResultSize 'Unlimited' | Where-Object PrimarySmtpAddress -eq '{gone}' |"
            " ForEach-Object { Set-Mailbox -InactiveMailbox -Identity $_.ExchangeGuid.ToString()"
            " -LitigationHoldEnabled:$true -LitigationHoldDuration 'Unlimited' }"
        )


def test_one_that_somebody_switched_off_is_a_gap_and_is_switched_on_again(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        address = belted(here)
        here.look()
        here.world.clock.advance(4 * 3600)
        here.until_in_force()
        assert here.sources()[address, BELT] == "verified"
        box(here, address).litigation, box(here, address).litigation_date = False, None
        here.look()
        assert box(here, address).litigation
        assert [gap["source"]["source"] for gap in here.matter()["gaps"]] == [BELT]


def test_what_somebody_had_put_on_hold_before_needs_no_second_word(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        address = here.people[0]
        one = box(here, address)
        one.litigation, one.litigation_date, one.litigation_owner = True, here.world.clock.now() - timedelta(days=9), f"it.director@{here.world.domain}"
        belted(here)
        here.until_in_force()
        assert asked(here, "Set-Mailbox") == []
        assert here.sources()[address, BELT] == "verified"


def test_a_list_that_ends_early_says_nothing_against_it(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        address = belted(here)
        here.look()
        here.world.clock.advance(4 * 3600)
        here.until_in_force()
        since = len(here.world.exchanges)
        checked = box(here, f"wystan.formerly@{here.world.domain}")
        for one in (box(here, address), checked):
            one.litigation = False
        here.look()
        assert here.sources()[address, BELT] != "failed"
        assert here.matter()["gaps"] == []
        assert asked(here, "Set-Mailbox", since) == [], "in the dark nothing is told again"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_settled_by_reading_and_the_mailbox_told_once_where_it_arrived(keys: Path, tmp_path: Path, when: str) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        address = belted(here)
        here.fault("exchange", "Set-Mailbox", kind="reset", when=when)
        here.look()
        here.look()
        here.world.clock.advance(4 * 3600)
        here.until_in_force()
        assert here.sources()[address, BELT] == "verified"
        assert len(asked(here, "Set-Mailbox")) == (1 if when == "after" else 2)


def test_a_release_whose_belt_does_not_come_off_at_once_leaves_the_case_closed_and_nobody_held(keys: Path, tmp_path: Path) -> None:
    """The case is closed by then: were it wanted open for the belt's sake, it would be opened and switched on again, and stay so after the release."""
    with held(keys, tmp_path, second_belt=True) as here:
        address = belted(here)
        here.world.clock.advance(4 * 3600)
        here.until_in_force()
        part(here.stage, Parting(alias="roof"))
        here.fault("exchange", "Set-Mailbox", kind="reset")
        engine, since = Engine(here.stage.desk, here.stage.lane), len(here.world.exchanges)
        engine.end()
        here.look()
        assert (here.matter()["matter"]["state"], box(here, address).litigation) == ("releasing", True)
        engine.end()
        here.look()
        assert (here.matter()["matter"]["state"], box(here, address).litigation) == ("released", False)
        ours = [case for case in here.state.cases.values() if find_mark(case.external_id) is not None]
        assert [case.closed_at is not None for case in ours] == [True]
        assert [hold.enabled for hold in here.state.holds.values() if hold.case == ours[0].guid] == [False]
        sent = [one.operation for one in here.asked("graph", since) if one.method != "GET"]
        assert not [name for name in sent if name.endswith(("/reopen", "/enablePolicy"))]


def test_a_mailbox_without_the_licence_says_so_and_the_case_hold_stands(keys: Path, tmp_path: Path) -> None:
    with held(keys, tmp_path, second_belt=True) as here:
        here.fault("exchange", "Set-Mailbox", status=400, times=9)
        address = belted(here)
        here.until_in_force()
        assert here.sources()[address, BELT].startswith("failed")
        assert here.sources()[address, "mail"] == "verified"
        assert len(asked(here, "Set-Mailbox")) <= 3, "asked again each hour, not at each look"
