"""A retention rule of ours that somebody narrowed keeps less than the policy says: that is seen, and taken back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import PermanentError
from connectors.instructions import Deed
from connectors.microsoft365.by_hand import instructions
from policies.kinds import Kind
from policies.resources import Ref
from sandbox.microsoft.objects import Rule
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import KEEP_RULE, Bench, keeping, mark
from tests.unit.sync.decide.test_direction_m365 import retention


def made(bench: Bench) -> tuple[Ref, Rule]:
    """A retention policy of ours in force: its rule's reference, and the rule as the tenant has it."""
    mailboxes = frozenset(f"exchange:{address}" for address in bench.people("teacher", 2))
    policy = bench.writer().create(keeping(mailboxes), mark("keep-r1-1"), None)
    parent = Ref(tenant="m365", kind=Kind.M365_RETENTION_POLICY, vendor_id=policy.vendor_id, name=policy.name)
    rule = bench.writer().create(KEEP_RULE, mark(KEEP_RULE.key), parent)
    bench.advance(1000)
    ref = Ref(tenant="m365", kind=KEEP_RULE.kind, vendor_id=rule.vendor_id, name=rule.name, parent_id=policy.vendor_id)
    return ref, next(one for one in tenant_of(bench.world).rules.values() if one.guid.lower() == rule.vendor_id)


@pytest.mark.parametrize(("query", "classes", "shown", "sent"), [
    ("subject:budget", [], "subject:budget", {"ContentMatchQuery": ""}),
    ("", ["IPM.Note"], "without items of IPM.Note", {"ExcludedItemClasses": []}),
    ("from:mia", ["IPM.Task", "IPM.Note"], "from:mia without items of IPM.Note, IPM.Task", {"ContentMatchQuery": "", "ExcludedItemClasses": []}),
])  # fmt: skip
def test_a_rule_that_somebody_narrowed_is_seen_and_widened(bench: Bench, query: str, classes: list[str], shown: str, sent: dict[str, object]) -> None:
    ref, rule = made(bench)
    rule.query, rule.excluded_classes = query, list(classes)
    live = bench.reader().read_back(ref)
    assert live is not None
    assert live.fields["query"] == shown
    bench.writer().set(ref, KEEP_RULE, mark(KEEP_RULE.key), frozenset({"query"}))
    (asked,) = [json.loads(one.request) for one in bench.world.exchanges if one.operation == "Set-RetentionComplianceRule"]
    parameters = asked["CmdletInput"]["Parameters"]
    assert {name: value for name, value in parameters.items() if name not in ("Identity", "Comment")} == sent
    after = bench.reader().read_back(ref)
    assert after is not None
    assert (after.fields["query"], after.mark) == ("", mark(KEEP_RULE.key))


@pytest.mark.parametrize(("more", "shown"), [
    ({"ContentContainsSensitiveInformation": [{"name": "Social security number"}]}, "with sensitive information alone"),
    ({"ContentDateFrom": "2026-01-01T00:00:00Z", "ContentDateTo": None}, "of some dates alone"),
    ({"ContentContainsSensitiveInformation": [], "ContentDateFrom": "0001-01-01T00:00:00Z", "ExcludedItemClasses": None}, ""),
])  # fmt: skip
def test_whatever_narrows_a_rule_never_looks_whole(more: dict[str, Any], shown: str) -> None:
    seen = retention(**more)
    (rule,) = seen.of(Kind.M365_RETENTION_RULE)
    assert rule.fields["query"] == shown


def test_a_rule_is_never_narrowed_from_here(bench: Bench) -> None:
    ref, _rule = made(bench)
    with pytest.raises(PermanentError, match="cannot be set"):
        bench.writer().set(ref, replace(KEEP_RULE, fields={**KEEP_RULE.fields, "query": "x"}), mark(KEEP_RULE.key), frozenset({"query"}))


def test_by_hand_both_ways_of_narrowing_are_taken_back() -> None:
    deed = Deed(operation="set", kind=KEEP_RULE.kind, name="r", key=KEEP_RULE.key, mark=mark(KEEP_RULE.key), vendor_id="4a", fields={"query": ""})
    (found,) = instructions([deed])
    assert found.commands == (
        "Set-RetentionComplianceRule -Identity '4a' -ContentMatchQuery ''",
        "Set-RetentionComplianceRule -Identity '4a' -ExcludedItemClasses $null   # where Get-RetentionComplianceRule shows item classes",
    )
