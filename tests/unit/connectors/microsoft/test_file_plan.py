"""What a label says of the file plan: values first, words as the tenant spells them, what others put there left alone, and never in the label's way."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connectors.errors import PermanentError
from connectors.instructions import Deed
from connectors.microsoft365.by_hand import instructions
from connectors.microsoft365.file_plan import filed, plan_from, plan_word
from policies.duties import Carrier, Disposition, Duty, Filing, Population
from policies.effects import Clock
from policies.kinds import Kind, Workload
from policies.resources import FILED, Because, Live, Ref
from sync.equality import differing
from tests.unit.connectors.microsoft.support import LABEL, Bench, mark

PLAN = {"authority": "Public Records Administrator", "category": "Administration", "citation": "M1; GL 2009-2", "department": "Records office", "reference": "M1-170"}
FILED_LABEL = replace(LABEL, fields={**LABEL.fields, **PLAN})


def made(bench: Bench, wanted: object = FILED_LABEL) -> Ref:
    receipt = bench.writer().create(wanted, mark(LABEL.key), None)  # type: ignore[arg-type]
    return Ref(tenant="m365", kind=Kind.M365_LABEL, vendor_id=receipt.vendor_id, name=receipt.name, mark=mark(LABEL.key))


def read(bench: Bench, ref: Ref) -> Live:
    live = bench.reader().read_back(ref)
    assert live is not None
    return live


def sent(bench: Bench, cmdlet: str) -> list[dict[str, str]]:
    return [json.loads(one.request)["CmdletInput"]["Parameters"] for one in bench.asked("compliance") if one.operation == cmdlet]


def test_a_label_is_made_with_its_place_and_reads_back_as_wanted(bench: Bench) -> None:
    live = read(bench, made(bench))
    assert {name: live.fields[name] for name in PLAN} == PLAN
    assert not differing(FILED_LABEL.fields, live.fields)


def test_values_are_made_before_they_are_named_and_only_once(bench: Bench) -> None:
    writer = bench.writer()
    writer.create(FILED_LABEL, mark(LABEL.key), None)
    writer.create(replace(FILED_LABEL, key="fin-01", name="FIN-01 Budgets"), mark("fin-01"), None)
    assert [one["Name"] for one in sent(bench, "New-FilePlanPropertyDepartment")] == ["Records office"]
    assert sent(bench, "New-FilePlanPropertyCategory") == [], "the tenant was born with it"
    # Once to see that it is not there, once to see that it is; not once a label.
    assert len(sent(bench, "Get-FilePlanPropertyDepartment")) == 2
    order = [one.operation for one in bench.asked("compliance")]
    assert order.index("New-FilePlanPropertyDepartment") < order.index("New-ComplianceTag")


def test_a_value_that_the_tenant_spells_otherwise_is_used_as_it_is_and_is_no_difference(bench: Bench) -> None:
    wanted = replace(LABEL, fields={**LABEL.fields, "department": "HUMAN resources"})
    live = read(bench, made(bench, wanted))
    assert live.fields["department"] == "Human resources"
    assert not differing(wanted.fields, live.fields)
    assert differing({"description": "HUMAN resources"}, {"description": "Human resources"}) == {"description"}


def test_an_existing_label_is_given_its_place_and_keeps_what_others_put_there(bench: Bench) -> None:
    ref = made(bench, replace(LABEL, fields={**LABEL.fields, "category": "Payroll", "department": "Legal"}))
    wanted = replace(LABEL, fields={**LABEL.fields, "department": "Finance", "citation": "M1"})
    bench.writer().set(ref, wanted, mark(LABEL.key), frozenset({"department", "citation"}))
    live = read(bench, ref)
    assert (live.fields["department"], live.fields["citation"], live.fields["category"]) == ("Finance", "M1", "Payroll")
    assert live.mark == mark(LABEL.key)


def test_a_place_that_the_platform_drops_when_it_comes_alone_is_sent_again_beside_something_that_differs(bench: Bench) -> None:
    bench.switch(lone_file_plan="ignored")
    ref = made(bench, LABEL)
    wanted = replace(LABEL, fields={**LABEL.fields, "citation": "M1"})
    bench.writer().set(ref, wanted, mark(LABEL.key), frozenset({"citation"}))
    live = read(bench, ref)
    assert (live.fields["citation"], live.fields["description"], live.mark) == ("M1", LABEL.fields["description"], mark(LABEL.key))
    assert len(sent(bench, "Set-ComplianceTag")) == 2
    # And another time, although the comment has its second blank by now.
    bench.writer().set(ref, replace(wanted, fields={**wanted.fields, "citation": "M2"}), mark(LABEL.key), frozenset({"citation"}))
    assert read(bench, ref).fields["citation"] == "M2"


def test_what_else_is_due_goes_in_the_same_call(bench: Bench) -> None:
    bench.switch(lone_file_plan="ignored")
    ref = made(bench, LABEL)
    wanted = replace(LABEL, fields={**LABEL.fields, "period": 2557, "citation": "M1"})
    bench.writer().set(ref, wanted, mark(LABEL.key), frozenset({"citation", "period"}))
    assert (read(bench, ref).fields["citation"], read(bench, ref).fields["period"]) == ("M1", 2557)
    assert len(sent(bench, "Set-ComplianceTag")) == 1


@pytest.mark.parametrize("cmdlet", ["New-FilePlanPropertyDepartment", "Get-FilePlanPropertyDepartment"])
def test_no_value_is_no_reason_to_have_no_label(bench: Bench, cmdlet: str) -> None:
    bench.fault("compliance", cmdlet, status=403, times=99, body=b"\x00" * 64)
    live = read(bench, made(bench))
    assert {**live.fields, **PLAN} == {**FILED_LABEL.fields}
    assert not FILED & set(live.fields)


def test_a_label_with_a_place_that_is_refused_is_made_without_it(bench: Bench) -> None:
    said = b'{"error":{"innererror":{"internalexception":{"message":"Failed to parse File plan metadata value"}}}}'
    bench.fault("compliance", "New-ComplianceTag", status=400, body=said)
    live = read(bench, made(bench))
    assert live.fields == LABEL.fields


def test_a_longer_period_does_not_wait_for_a_value_that_cannot_be_made(bench: Bench) -> None:
    ref = made(bench, LABEL)
    bench.fault("compliance", "New-FilePlanPropertyCitation", status=403, times=99, body=b"\x00" * 64)
    wanted = replace(LABEL, fields={**LABEL.fields, "period": 2557, "citation": "M1"})
    with pytest.raises(PermanentError):
        bench.writer().set(ref, wanted, mark(LABEL.key), frozenset({"citation", "period"}))
    assert read(bench, ref).fields["period"] == 2557


def test_a_lost_answer_makes_no_second_value(bench: Bench) -> None:
    bench.fault("compliance", "New-FilePlanPropertyDepartment", status=504, when="after")
    assert read(bench, made(bench)).fields["department"] == "Records office"
    assert len(sent(bench, "New-FilePlanPropertyDepartment")) == 1


# Reading

def metadata(value: object) -> dict[str, object]:
    return {"FilePlanMetadata": value if isinstance(value, str) or value is None else json.dumps(value)}


@pytest.mark.parametrize(("value", "fields"), [
    (None, {}),
    ("", {}),
    ({"Settings": []}, {}),
    ({"Settings": [{"Key": "FilePlanPropertyCitation", "Value": None}, {"Key": "FilePlanPropertyCategory", "Value": ""}]}, {}),
    ({"Settings": [{"Key": "FilePlanPropertySubCategory", "Value": " Routine "}]}, {"subcategory": "Routine"}),
    ({"Settings": [{"Key": "FilePlanPropertyReferenceId", "Value": "M1"}, {"Key": "FilePlanPropertyAuthority", "Value": "Legal"}]}, {"reference": "M1", "authority": "Legal"}),
    ({"FilePlanPropertyCategory": {"Name": "Payroll"}}, {"category": "Payroll"}),
])
def test_forms_in_which_a_file_plan_may_come_back(value: object, fields: dict[str, str]) -> None:
    assert plan_from(metadata(value)) == fields


@pytest.mark.parametrize("value", ["no JSON", {"Settings": "all"}, {"Settings": ["x"]}, {"Settings": [{"Key": "Shelf", "Value": "3"}]}, {"FilePlanPropertyCategory": 3}])
def test_what_cannot_be_read_is_not_nothing(value: object) -> None:
    assert set(plan_from(metadata(value))) == {"file_plan"}


def test_what_cannot_be_read_is_never_replaced(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = made(bench, LABEL)
    monkeypatch.setattr("connectors.microsoft365.filing.plan_from", lambda row: {"file_plan": "?"})  # noqa: ARG005  # no sandbox answers so
    with pytest.raises(PermanentError) as caught:
        bench.writer().set(ref, replace(LABEL, fields={**LABEL.fields, "citation": "M1"}), mark(LABEL.key), frozenset({"citation"}))
    assert caught.value.code == "file_plan.unreadable"
    assert sent(bench, "Set-ComplianceTag") == []


def test_all_six_keys_are_sent_because_the_whole_set_is_replaced() -> None:
    settings = json.loads(plan_word({"citation": "M1"}))["Settings"]
    assert len(settings) == 6
    assert [one["Key"] for one in settings if one["Value"]] == ["FilePlanPropertyCitation"]


# From the schedule

def duty(**more: object) -> Duty:
    base = Duty(
        line="R1", series="COR-02", title="Routine", population=Population(id="staff", selectors={}), workload=Workload.MAIL, carrier=Carrier.LABEL,
        term=731, clock=Clock.CREATED, event=None, disposition=Disposition.REVIEW, citation="M1", because=Because(),
    )
    return replace(base, **more)  # type: ignore[arg-type]


def test_the_schedules_words_become_descriptors() -> None:
    said = Filing(number="M1-170", function="Correspondence", department="Board office", authority="State Library")
    assert filed(duty(filing=said)) == {
        "authority": "State Library", "category": "Correspondence", "citation": "M1", "department": "Board office", "reference": "M1-170",
    }


@pytest.mark.parametrize("citation", [None, "", "x" * 65, "M1\x07"])
def test_what_fits_into_no_value_is_left_out(citation: str | None) -> None:
    assert filed(duty(citation=citation)) == {}


# By hand

def test_by_hand_it_is_a_step_and_two_lines() -> None:
    fields = {**LABEL.fields, "citation": "M1; O'Hara"}
    (found,) = instructions([Deed(operation="create", kind=Kind.M365_LABEL, name=LABEL.name, key=LABEL.key, mark=mark(LABEL.key), fields=fields)])
    assert "File plan descriptors: citation M1; O'Hara" in found.console
    assert found.commands[0].startswith("New-FilePlanPropertyCitation -Name 'M1; O''Hara'")
    assert "-FilePlanProperty '{\"Settings\"" in found.commands[1]


def test_by_hand_a_place_alone_is_changed_in_the_portal() -> None:
    deed = Deed(operation="set", kind=Kind.M365_LABEL, name=LABEL.name, key=LABEL.key, mark=mark(LABEL.key), vendor_id="v", fields={"citation": "M2"})
    (found,) = instructions([deed])
    assert found.commands == ()
    assert "citation to M2" in found.console[0]
