"""What a person does from the sheet is found by its mark and verified like our own: the lines are carried out as an administrator would."""

from __future__ import annotations

from connectors.instructions import Deed
from connectors.microsoft365.by_hand import instructions
from connectors.microsoft365.seeing import KINDS
from policies.kinds import Kind
from policies.resources import Live, Wanted
from sync.equality import differing
from tests.unit.connectors.microsoft.console import carry_out, typed
from tests.unit.connectors.microsoft.support import CASE, DISTRICT, HOLD, KEEP_RULE, LABEL, PUBLISH, Bench, keeping, mark, publishing


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
        carry_out(bench.world, made.commands)
    for wanted in (LABEL, publish, PUBLISH, keep, KEEP_RULE):
        live = found(bench, wanted)
        assert (differing(wanted.fields, live.fields) - {"description"}, wanted.members - live.members) == (frozenset(), frozenset())
        assert live.made_by_us is False
        assert live.mark is not None
        assert live.mark.district == DISTRICT


def test_a_rule_that_the_portal_made_without_a_mark_is_known_by_its_policy(bench: Bench) -> None:
    keep = keeping(frozenset({"exchange:All"}))
    (made,) = instructions([deed(keep)])
    carry_out(bench.world, made.commands)
    given = {"Name": "made in the portal", "Policy": keep.name, "RetentionDuration": "731", "RetentionComplianceAction": "Keep"}
    typed(bench.world, "New-RetentionComplianceRule", given)
    assert found(bench, KEEP_RULE).name == "made in the portal"


def test_a_hold_made_from_the_sheet_is_found_with_its_sources(bench: Bench) -> None:
    members = frozenset(f"mail:{address}" for address in bench.people("teacher", 2))
    hold = Wanted(kind=Kind.M365_HOLD, key=HOLD.key, name=HOLD.name, fields=HOLD.fields, members=members, parent=CASE.key)
    for made in instructions([deed(CASE), deed(hold, CASE.name)]):
        carry_out(bench.world, made.commands)
    live = found(bench, hold)
    assert (live.members, live.fields["enabled"], found(bench, CASE).name) == (members, True, CASE.name)
