"""A plan as a person carries it out: the words that the writer sends, in the console's and in PowerShell's form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.instructions import Deed
from connectors.microsoft365.by_hand import instructions, line
from policies.kinds import Kind
from tests.unit.connectors.microsoft.support import CASE, HOLD, KEEP_RULE, LABEL, mark

NEW_LABEL = Deed(operation="create", kind=Kind.M365_LABEL, name=LABEL.name, key=LABEL.key, mark=mark(LABEL.key), fields=LABEL.fields)
NEW_HOLD = Deed(
    operation="create", kind=Kind.M365_HOLD, name=HOLD.name, key=HOLD.key, mark=mark(HOLD.key), parent=CASE.name, fields=HOLD.fields
)
MORE = Deed(
    operation="add", kind=Kind.M365_HOLD, name=HOLD.name, key=HOLD.key, mark=mark(HOLD.key), parent=CASE.name,
    members=frozenset({"mail:mia@d.example", "mail:.noah@d.example", "site:https://d-my.sharepoint.com/personal/mia"}),
)  # fmt: skip


def test_a_label_in_both_ways_carries_its_mark() -> None:
    (found,) = instructions([NEW_LABEL])
    (command,) = found.commands
    assert command == (
        "New-ComplianceTag -Name 'COR-02 Routine correspondence' -RetentionAction 'Keep' -RetentionDuration '731' -RetentionType 'CreationAgeInDays'"
        " -Comment 'Routine correspondence (M1) [rw:hrbrml01:cor-02:g1]' -Notes 'Routine correspondence (M1)' -IsRecordLabel:$false"
    )
    assert any("731 days" in step and "created" in step for step in found.console)
    assert any(step.endswith("[rw:hrbrml01:cor-02:g1]") for step in found.console)
    assert "At the end: do nothing." in found.console


def test_a_label_that_makes_records_says_so_and_that_two_officers_signed() -> None:
    (found,) = instructions([replace(NEW_LABEL, fields={**LABEL.fields, "behaviour": "record"})])
    (command,) = found.commands
    assert command.endswith("-IsRecordLabel:$true")
    assert "Regulatory" not in command
    assert any("Mark items as a record, not as a regulatory one" in step and "two officers" in step for step in found.console)
    assert not any("Do not mark" in step for step in found.console)


def test_a_hold_and_its_sources_are_one_instruction_with_the_rule_without_which_it_holds_nothing() -> None:
    (found,) = instructions([NEW_HOLD, MORE])
    policy, rule = found.commands
    assert "-Case 'blue heron' -Comment '[rw:hrbrml01:m-blue-heron-1:g1]' -Enabled:$true" in policy
    assert "-ExchangeLocation '.noah@d.example','mia@d.example'" in policy
    assert "-SharePointLocation 'https://d-my.sharepoint.com/personal/mia'" in policy
    assert rule == "New-CaseHoldRule -Name 'blue heron 1' -Policy 'blue heron 1'"
    assert "[ ] People and groups: mia@d.example" in found.console


def test_what_is_added_to_something_that_is_there_is_named_by_its_id() -> None:
    (found,) = instructions([replace(MORE, vendor_id="4a5b")])
    assert found.commands[0].startswith("Set-CaseHoldPolicy -Identity '4a5b' -AddExchangeLocation '.noah@d.example','mia@d.example'")


@pytest.mark.parametrize(("deed", "command"), [
    (replace(MORE, operation="set", vendor_id="4a5b", fields={"enabled": True}, members=frozenset({"mail:mia@d.example"})),
     "Set-CaseHoldPolicy -Identity '4a5b' -Enabled:$true -AddExchangeLocation 'mia@d.example'"),
    (replace(MORE, operation="set", kind=Kind.M365_RETENTION_POLICY, vendor_id="4a5b", fields={"enabled": True}, members=frozenset({"exchange:mia@d.example"})),
     "Set-RetentionCompliancePolicy -Identity '4a5b' -Enabled:$true -AddExchangeLocation 'mia@d.example'"),
])  # fmt: skip
def test_what_is_set_and_added_at_once_is_one_line(deed: Deed, command: str) -> None:
    """After the first of two lines the platform would take no second one before it has distributed it."""
    (found,) = instructions([deed])
    assert found.commands == (command,)
    assert found.console[0].endswith("set enabled to on")
    assert found.console[1].startswith("Before you save")
    assert found.console[2].endswith("mia@d.example")


def test_values_are_literals_that_nothing_expands() -> None:
    assert line("X", {"A": "it's $(evil) `n \u2019", "B": ["a", "b'c"], "C": None, "Force": True}) == "X -A 'it''s $(evil) `n \u2019\u2019' -B 'a','b''c' -Force"
    assert "\n" not in line("X", {"A": "two\nlines\r\nand more"})


def test_a_period_is_changed_without_touching_the_comment() -> None:
    deed = Deed(operation="set", kind=Kind.M365_LABEL, name=LABEL.name, key=LABEL.key, mark=mark(LABEL.key), vendor_id="4a5b", fields={"period": 1096})
    (found,) = instructions([deed])
    assert found.commands == ("Set-ComplianceTag -Identity '4a5b' -RetentionDuration '1096'",)
    (described,) = instructions([replace(deed, fields={"description": "New words"})])
    assert described.commands[0].endswith("-Comment 'New words [rw:hrbrml01:cor-02:g1]'")


def test_a_rule_belongs_to_its_policy_by_name_and_never_deletes() -> None:
    deed = Deed(operation="create", kind=KEEP_RULE.kind, name=KEEP_RULE.name, key=KEEP_RULE.key, mark=mark(KEEP_RULE.key), parent="Staff mail", fields=KEEP_RULE.fields)
    (found,) = instructions([deed])
    assert "-Policy 'Staff mail'" in found.commands[0]
    assert "-RetentionComplianceAction 'Keep'" in found.commands[0]
    (refused,) = instructions([replace(deed, fields={**KEEP_RULE.fields, "action": "delete"})])
    assert (refused.commands, refused.console) == ((), ())
    assert refused.refused


@pytest.mark.parametrize("deed", [
    replace(NEW_LABEL, fields={**LABEL.fields, "behaviour": "regulatory"}),
    replace(NEW_LABEL, fields={**LABEL.fields, "action": "delete"}),
    Deed(operation="set", kind=Kind.M365_RETENTION_POLICY, name="p", key="p", mark=mark("p"), fields={"locked": True}),
    Deed(operation="set", kind=Kind.M365_CASE, name="c", key="c", mark=mark("c"), fields={"state": "closed"}),
    Deed(operation="create", kind=Kind.M365_ORG_HOLD, name="m", key="m", mark=mark("m")),
    Deed(operation="create", kind=Kind.M365_LABEL_RULE, name="r", key="r", mark=mark("r"), fields={"publishes": "x"}),
])  # fmt: skip
def test_what_we_would_not_send_nobody_is_told_to_do(deed: Deed) -> None:
    (found,) = instructions([deed])
    assert found.refused
    assert not found.commands


def test_many_members_stand_in_the_command_line_and_a_few_are_boxes_to_tick() -> None:
    many = frozenset(f"exchange:p{number}@d.example" for number in range(30)) | {"onedrive:All"}
    deed = Deed(operation="create", kind=Kind.M365_RETENTION_POLICY, name="p", key="keep-r1-1", mark=mark("keep-r1-1"), fields={"enabled": True}, members=many)
    (found,) = instructions([deed])
    assert "[ ] Exchange mailboxes: 30 of them, as in the command line" in found.console
    assert "[ ] OneDrive accounts: all" in found.console
    assert found.commands[0].count("@d.example") == 30


def test_a_case_that_was_closed_is_reopened_with_its_holds() -> None:
    deed = Deed(operation="set", kind=Kind.M365_CASE, name="blue heron", key="m-blue-heron", mark=mark("m-blue-heron"), vendor_id="c1", fields={"state": "open"})
    (found,) = instructions([deed])
    assert found.commands[0] == "Set-ComplianceCase -Identity 'c1' -Reopen"
    assert "Set-CaseHoldPolicy $_.Guid -Enabled:$true" in found.commands[1]


def test_a_case_is_described_as_the_plan_says_and_not_reopened_for_it() -> None:
    deed = Deed(operation="set", kind=Kind.M365_CASE, name="blue heron", key="m-blue-heron", mark=mark("m-blue-heron"), vendor_id="c1", fields={"description": "Ours"})
    (found,) = instructions([deed])
    assert found.refused is None
    assert found.commands == ("Set-ComplianceCase -Identity 'c1' -Description 'Ours'",)
    assert not any("Reopen" in step for step in found.console)
    (both,) = instructions([replace(deed, fields={"description": "Ours", "state": "open"})])
    assert both.commands[:2] == ("Set-ComplianceCase -Identity 'c1' -Description 'Ours'", "Set-ComplianceCase -Identity 'c1' -Reopen")


def test_a_hold_that_somebody_narrowed_is_widened_at_its_rule() -> None:
    narrowed = replace(MORE, operation="set", vendor_id="4a5b", fields={"query": ""}, members=frozenset())
    (found,) = instructions([narrowed])
    assert found.commands == ("Get-CaseHoldRule -Policy '4a5b' | ForEach-Object { Set-CaseHoldRule $_.Guid -ContentMatchQuery '' }",)
    (described,) = instructions([replace(narrowed, fields={"description": "Ours"})])
    assert described.commands == ("Set-CaseHoldPolicy -Identity '4a5b' -Comment 'Ours [rw:hrbrml01:m-blue-heron-1:g1]'",)


@pytest.mark.parametrize("kind", [Kind.M365_RETENTION_POLICY, Kind.M365_HOLD])
def test_a_distribution_that_failed_is_asked_for_again(kind: Kind) -> None:
    (found,) = instructions([Deed(operation="retry", kind=kind, name="p", key="p", mark=mark("p"), vendor_id="4a")])
    assert found.commands[0].endswith("-Identity '4a' -RetryDistribution")
