"""What a person does from the sheet is found by its mark and verified like our own: the lines are carried out as an administrator would."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.base import Deed, Instruction
from connectors.microsoft365.by_hand import instructions
from connectors.microsoft365.seeing import KINDS
from policies.kinds import Kind
from policies.resources import Live, Wanted
from sandbox.microsoft import cmd_cases, cmd_exchange, cmd_labels, cmd_policies, cmd_rules
from sandbox.microsoft.binding import Call, bind
from sandbox.microsoft.state import tenant_of
from sync.equality import differing
from tests.unit.connectors.microsoft.support import CASE, DISTRICT, HOLD, KEEP_RULE, LABEL, PUBLISH, Bench, keeping, mark, publishing

_WORD = re.compile(r"-(?P<name>[A-Za-z]+)(?::\$(?P<flag>true|false)| (?P<values>'(?:[^']|'')*'(?:,'(?:[^']|'')*')*))?")


def carry_out(bench: Bench, made: Instruction) -> None:
    """Type the lines as they stand."""
    assert made.refused is None
    for command in made.commands:
        cmdlet = command.partition(" ")[0]
        given: dict[str, object] = {}
        for found in _WORD.finditer(command[len(cmdlet) :]):
            values = [value.replace("''", "'") for value in re.findall(r"'((?:[^']|'')*)'", found["values"] or "")]
            flag = found["flag"] != "false"
            lists = found["name"].endswith("Location")
            given[found["name"]] = flag if found["values"] is None else values if lists else values[0]
        typed(bench, cmdlet, given)


def typed(bench: Bench, name: str, given: Mapping[str, object]) -> None:
    """A cmdlet as the administrator at the console runs it."""
    families = (cmd_cases.cmdlets, cmd_exchange.exchange_cmdlets, cmd_labels.cmdlets, cmd_policies.cmdlets, cmd_rules.cmdlets)
    cmdlet = next(one for family in families for one in family() if one.name == name)
    with bench.world.lock:
        state = tenant_of(bench.world)
        cmdlet.run(Call(world=bench.world, state=state, actor=state.console, cmdlet=name, values=bind(cmdlet, dict(given))))


def deed(wanted: Wanted, parent: str | None = None) -> Deed:
    return Deed(
        operation="create", kind=wanted.kind, name=wanted.name, key=wanted.key, mark=mark(wanted.key), parent=parent, fields=wanted.fields,
        members=wanted.members,
    )  # fmt: skip


def found(bench: Bench, wanted: Wanted) -> Live:
    return next(live for live in bench.reader().snapshot(KINDS).of(wanted.kind) if live.mark is not None and live.mark.key == wanted.key)


def test_labels_policies_and_rules_made_from_the_sheet_are_what_was_wanted(bench: Bench) -> None:
    mailboxes = frozenset(f"exchange:{address}" for address in bench.people("teacher", 2))
    keep, publish = keeping(mailboxes), publishing(mailboxes)
    deeds = [deed(LABEL), deed(publish), deed(PUBLISH, publish.name), deed(keep), deed(KEEP_RULE, keep.name)]
    for made in instructions(deeds):
        carry_out(bench, made)
    for wanted in (LABEL, publish, PUBLISH, keep, KEEP_RULE):
        live = found(bench, wanted)
        assert (differing(wanted.fields, live.fields) - {"description"}, wanted.members - live.members) == (frozenset(), frozenset())
        assert live.made_by_us is False
        assert live.mark is not None
        assert live.mark.district == DISTRICT


def test_a_rule_that_the_portal_made_without_a_mark_is_known_by_its_policy(bench: Bench) -> None:
    keep = keeping(frozenset({"exchange:All"}))
    (made,) = instructions([deed(keep)])
    carry_out(bench, made)
    given = {"Name": "made in the portal", "Policy": keep.name, "RetentionDuration": "731", "RetentionComplianceAction": "Keep"}
    typed(bench, "New-RetentionComplianceRule", given)
    assert found(bench, KEEP_RULE).name == "made in the portal"


def test_a_hold_made_from_the_sheet_is_found_with_its_sources(bench: Bench) -> None:
    members = frozenset(f"mail:{address}" for address in bench.people("teacher", 2))
    hold = Wanted(kind=Kind.M365_HOLD, key=HOLD.key, name=HOLD.name, fields=HOLD.fields, members=members, parent=CASE.key)
    for made in instructions([deed(CASE), deed(hold, CASE.name)]):
        carry_out(bench, made)
    live = found(bench, hold)
    assert (live.members, live.fields["enabled"], found(bench, CASE).name) == (members, True, CASE.name)
