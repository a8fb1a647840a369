"""Everybody as an adaptive scope: only where the district asks for it and the tenant was shown to take one, and never in the place of anything."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connectors.errors import ConnectorError, PermanentError
from connectors.examination import Capability, ReadCapability, WriteCapability
from connectors.instructions import Deed
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.by_hand import instructions
from connectors.microsoft365.connector import Microsoft365Connector
from connectors.microsoft365.parameters import new_parameters
from connectors.microsoft365.policies import FILLING
from connectors.microsoft365.sign_in import by_browser
from connectors.places import EVERYBODY
from policies.duties import Carrier, Desired, Selector, StandingValue
from policies.kinds import Kind, Workload
from policies.resources import Ref, Wanted
from tests.unit.connectors.microsoft.people import Someone, officer
from tests.unit.connectors.microsoft.support import Bench, mark
from tests.unit.connectors.microsoft.test_mapping import circumstances, duty, of, person

CONNECTOR = Microsoft365Connector(allowed=Allowed(admin=True, adaptive=True))
EVERYONE = Selector(all_users=True, adaptive=True)
SCOPE = Wanted(
    kind=Kind.M365_ADAPTIVE_SCOPE,
    key="scope-everybody",
    name="Recordwarden everybody",
    fields={"location": "user", "query": EVERYBODY, "description": "Everybody with a mailbox"},
)


def desired(
    *workloads: Workload, proof: WriteCapability = WriteCapability.PROVEN, carrier: Carrier = Carrier.POLICY, names: dict[str, str] | None = None
) -> Desired:
    shown = Capability(kind=Kind.M365_ADAPTIVE_SCOPE, read=ReadCapability.FULL, write=proof)
    facts = replace(circumstances(person("mia"), person("noah")), capabilities=(shown,), names=names or {})
    return CONNECTOR.realise([duty(workload, selector=EVERYONE, carrier=carrier) for workload in workloads], facts)


# What is wanted

def test_everybody_is_a_scope_where_asked_for_and_proven() -> None:
    found = desired(Workload.MAIL, Workload.DRIVE)
    (scope,) = of(found, Kind.M365_ADAPTIVE_SCOPE)
    (policy,) = of(found, Kind.M365_RETENTION_POLICY)
    (rule,) = of(found, Kind.M365_RETENTION_RULE)
    assert (scope.key, scope.fields["location"], scope.fields["query"]) == ("scope-everybody", "user", EVERYBODY)
    assert (policy.key, policy.members, policy.depends_on) == ("keep-r1-scope-1", frozenset({f"scope:{scope.name}"}), (scope.key,))
    assert policy.fields["applications"] == ("user:exchange", "user:onedriveforbusiness")
    assert policy.settles == rule.settles == FILLING.total_seconds()
    for carriage in found.carriages:
        assert carriage.standing is StandingValue.ENFORCED
        assert set(carriage.carriers) == {"scope-everybody", "keep-r1-scope-1", "r-keep-r1-scope-1"}


def test_a_label_is_published_over_the_same_scope() -> None:
    found = desired(Workload.MAIL, carrier=Carrier.LABEL)
    (policy,) = of(found, Kind.M365_LABEL_POLICY)
    (rule,) = of(found, Kind.M365_LABEL_RULE)
    assert (policy.members, policy.fields["applications"]) == (frozenset({"scope:Recordwarden everybody"}), ("user:exchange",))
    assert (rule.parent, rule.settles) == (policy.key, FILLING.total_seconds())


@pytest.mark.parametrize("proof", sorted(set(WriteCapability) - {WriteCapability.PROVEN}))
def test_without_the_proof_everybody_is_the_platforms_own_word(proof: WriteCapability) -> None:
    found = desired(Workload.MAIL, Workload.DRIVE, proof=proof)
    assert not of(found, Kind.M365_ADAPTIVE_SCOPE)
    (policy,) = of(found, Kind.M365_RETENTION_POLICY)
    assert (policy.key, policy.members, policy.settles) == ("keep-r1-all-1", frozenset({"exchange:All", "onedrive:All"}), 0)


def test_what_is_there_is_never_replaced_by_a_scope() -> None:
    found = desired(Workload.MAIL, names={"keep-r1-all-1": "Recordwarden keep-r1-all-1"})
    (policy,) = of(found, Kind.M365_RETENTION_POLICY)
    assert policy.members == {"exchange:All"}


def test_a_policy_over_a_scope_stays_over_it_when_the_proof_or_the_word_is_gone() -> None:
    names = {"keep-r1-scope-1": "Recordwarden keep-r1-scope-1", "scope-everybody": "Everyone here"}
    shown = Capability(kind=Kind.M365_ADAPTIVE_SCOPE, read=ReadCapability.FULL, write=WriteCapability.MISSING)
    facts = circumstances(person("mia"), capabilities=(shown,), names=names)
    found = CONNECTOR.realise([duty(selector=Selector(all_users=True))], facts)
    (policy,) = of(found, Kind.M365_RETENTION_POLICY)
    assert (policy.key, policy.members) == ("keep-r1-scope-1", frozenset({"scope:Everyone here"}))
    assert [one.name for one in of(found, Kind.M365_ADAPTIVE_SCOPE)] == ["Everyone here"]


@pytest.mark.parametrize("leaving", [Selector(all_users=True, except_=Selector(users=("noah@d.example",))), Selector(all_users=True)])
def test_what_a_scope_cannot_carry_is_carried_beside_it(leaving: Selector) -> None:
    """Exceptions, and places that no scope was proven for: the policy over the scope keeps what it keeps, and nothing is asked of it."""
    names = {"keep-r1-scope-1": "Recordwarden keep-r1-scope-1", "scope-everybody": "Everyone here"}
    facts = circumstances(person("mia"), person("noah"), names=names)
    workload = Workload.MAIL if leaving.except_ is not None else Workload.GROUP
    found = CONNECTOR.realise([duty(workload, selector=leaving)], facts)
    assert {one.key for one in of(found, Kind.M365_RETENTION_POLICY)} <= {"keep-r1-all-1", "keep-r1-1"}
    assert not of(found, Kind.M365_ADAPTIVE_SCOPE)


def test_chats_have_no_proof_over_a_scope_and_stay_with_the_platforms_word() -> None:
    found = desired(Workload.CHAT, Workload.MAIL)
    assert {one.key: set(one.members) for one in of(found, Kind.M365_RETENTION_POLICY)} == {
        "keep-chat-r1-all-1": {"chat:All"},
        "keep-r1-scope-1": {"scope:Recordwarden everybody"},
    }


# What is sent

def over(*members: str, **fields: object) -> Wanted:
    said = {"enabled": True, "description": "", "applications": ("user:exchange",), **fields}
    return Wanted(kind=Kind.M365_RETENTION_POLICY, key="k", name="k", fields=said, members=frozenset(members))  # type: ignore[arg-type]


def test_a_policy_over_a_scope_names_scope_and_applications_and_nothing_else() -> None:
    sent = new_parameters(over("scope:Everyone"), mark("k"), None)
    assert {name: sent[name] for name in sent if "Location" in name or name == "Applications"} == {
        "AdaptiveScopeLocation": ["Everyone"], "Applications": ["User:Exchange"],
    }  # fmt: skip


@pytest.mark.parametrize("wanted", [
    over("scope:Everyone", "exchange:All"),
    over("scope:Everyone", applications=()),
    over("scope:Everyone", exceptions=("exchange:a@d.example",)),
    replace(SCOPE, fields={**SCOPE.fields, "location": "site"}),
    replace(SCOPE, fields={**SCOPE.fields, "query": ""}),
])
def test_what_a_scope_cannot_say_is_never_sent(wanted: Wanted) -> None:
    with pytest.raises(PermanentError) as caught:
        new_parameters(wanted, mark("k"), None)
    assert caught.value.code == "write.not_allowed"


def test_a_scope_is_made_read_back_and_its_query_set_again(bench: Bench) -> None:
    writer, reader = bench.writer(), bench.reader()
    made = writer.create(SCOPE, mark(SCOPE.key), None)
    ref = Ref(tenant="m365", kind=SCOPE.kind, vendor_id=made.vendor_id, name=made.name, mark=mark(SCOPE.key))
    live = reader.read_back(ref)
    assert live is not None
    assert (live.mark, {name: live.fields[name] for name in SCOPE.fields}) == (mark(SCOPE.key), SCOPE.fields)
    writer.set(ref, replace(SCOPE, fields={**SCOPE.fields, "query": "Department -eq 'Board'"}), mark(SCOPE.key), frozenset({"query"}))
    changed = reader.read_back(ref)
    assert changed is not None
    assert (changed.fields["query"], changed.mark) == ("Department -eq 'Board'", mark(SCOPE.key))
    with pytest.raises(PermanentError):
        writer.set(ref, SCOPE, mark(SCOPE.key), frozenset({"location"}))


# What may be written where

def capability(bench: Bench, *, adaptive: bool) -> Capability:
    reader = Microsoft365Connector(allowed=Allowed(admin=True, adaptive=adaptive)).reader(bench.tenant, bench.context())
    found = {one.kind: one for one in reader.examine().capabilities}
    reader.close()
    return found[Kind.M365_ADAPTIVE_SCOPE]


def test_a_scope_is_written_only_where_a_population_asks_for_it_and_the_licence_has_it(bench: Bench) -> None:
    asked, unasked = capability(bench, adaptive=True), capability(bench, adaptive=False)
    assert (asked.read, asked.write) == (ReadCapability.FULL, WriteCapability.UNPROVEN)
    assert (unasked.read, unasked.write, (unasked.reason or "").partition(":")[0]) == (ReadCapability.FULL, WriteCapability.NONE, "scope.not_used")
    bench.switch(licence="A3")
    without = capability(bench, adaptive=True)
    assert (without.write, (without.reason or "").partition(":")[0]) == (WriteCapability.MISSING, "licence.records_management")
    assert "A5" in (without.next_step or "")


def test_where_the_role_is_a_persons_the_scope_is_theirs_to_write(bench: Bench) -> None:
    bench.switch(admin_role="none")
    bench.session = by_browser(bench.tenant, bench.context(), Someone(bench)).session
    found = {one.kind: one for one in bench.reader().examine().capabilities}
    assert found[Kind.M365_ADAPTIVE_SCOPE].write is WriteCapability.NONE, "nobody asks for one"
    bench.adaptive = True
    found = {one.kind: one for one in bench.reader().examine().capabilities}
    one = found[Kind.M365_ADAPTIVE_SCOPE]
    assert (one.read, one.write, one.surface, one.account) == (ReadCapability.FULL, WriteCapability.UNPROVEN, "compliance_admin_signed_in", officer(bench))
    made = bench.writer().create(SCOPE, mark(SCOPE.key), None)
    seen = bench.reader().snapshot({Kind.M365_ADAPTIVE_SCOPE}).of(Kind.M365_ADAPTIVE_SCOPE)
    assert made.vendor_id in {live.vendor_id for live in seen}
    assert bench.prover().prove(Kind.M365_ADAPTIVE_SCOPE, mark("proof-adaptive-scope")).surface == "compliance_admin_signed_in"


def test_the_kind_is_among_what_is_kept_true_only_where_it_is_asked_for() -> None:
    assert Kind.M365_ADAPTIVE_SCOPE in CONNECTOR.kinds()
    assert Kind.M365_ADAPTIVE_SCOPE not in Microsoft365Connector(allowed=Allowed(admin=True)).kinds()


def ours(bench: Bench) -> list[str]:
    seen = bench.reader().snapshot({Kind.M365_ADAPTIVE_SCOPE, Kind.M365_RETENTION_POLICY})
    return sorted(live.kind.value for live in seen.resources if live.mark is not None)


def test_a_tenant_that_takes_no_policy_over_a_scope_has_shown_nothing_and_nothing_remains(bench: Bench) -> None:
    bench.fault("compliance", "New-RetentionCompliancePolicy", status=400)
    with pytest.raises(ConnectorError):
        bench.prover().prove(Kind.M365_ADAPTIVE_SCOPE, mark("proof-adaptive-scope"))
    assert ours(bench) == []


def test_a_scope_is_proven_by_a_policy_over_it_that_is_switched_off_and_finds_nobody(bench: Bench) -> None:
    receipt = bench.prover().prove(Kind.M365_ADAPTIVE_SCOPE, mark("proof-adaptive-scope"))
    sent = [json.loads(one.request)["CmdletInput"]["Parameters"] for one in bench.asked("compliance") if one.operation == "New-RetentionCompliancePolicy"]
    assert [(policy["Enabled"], policy["Applications"]) for policy in sent] == [(False, ["User:Exchange", "User:OneDriveForBusiness"])]
    # The platform locks a policy while it distributes it, and a scope as long as a policy lies over it: what stays is off, and is told.
    assert ("left_behind" in receipt.raw) is bool(ours(bench))
    bench.advance(1000)
    again = bench.prover().prove(Kind.M365_ADAPTIVE_SCOPE, mark("proof-adaptive-scope"))
    assert again.vendor_id
    names = [one.operation for one in bench.asked("compliance")]
    assert names.count("New-AdaptiveScope") == 1 + (again.vendor_id != receipt.vendor_id), "what an earlier proof left is used again"


# By hand

def test_the_scope_and_the_policy_over_it_by_hand() -> None:
    made = Deed(operation="create", kind=SCOPE.kind, name=SCOPE.name, key=SCOPE.key, mark=mark(SCOPE.key), fields=SCOPE.fields)
    wanted = over("scope:Everyone")
    laid = Deed(operation="create", kind=wanted.kind, name="k", key="k", mark=mark("k"), fields=wanted.fields, members=wanted.members)
    scope, policy = instructions([made, laid])
    assert scope.commands[0].startswith("New-AdaptiveScope -Name 'Recordwarden everybody' -LocationType 'User' -RawQuery '")
    assert any(EVERYBODY in step for step in scope.console)
    assert "-AdaptiveScopeLocation 'Everyone' -Applications 'User:Exchange'" in policy.commands[0]
    assert any("Type of policy: Adaptive" in step for step in policy.console)
    changed = replace(made, operation="set", vendor_id="4a5b", fields={"query": "q"})
    assert instructions([changed])[0].commands[0].startswith("Set-AdaptiveScope -Identity '4a5b' -RawQuery 'q'")
