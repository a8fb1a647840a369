"""The file plan by cmdlet, on labels and on Graph (docs/wire/file-plan.md)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Json, Lab
from .people import as_person

LABEL: Json = {"RetentionAction": "Keep", "RetentionDuration": "731", "RetentionType": "CreationAgeInDays"}
CHECK = "District visibility check label"
NOUNS = ("Authority", "Category", "SubCategory", "Citation", "Department", "ReferenceId")


def plan(**values: str | None) -> str:
    return json.dumps({"Settings": [{"Key": f"FilePlanProperty{noun}", "Value": value} for noun, value in values.items()]})


def settings_of(lab: Lab, name: str = CHECK) -> dict[str, str]:
    text = lab.named("Get-ComplianceTag", name)["FilePlanMetadata"]
    return {one["Key"]: one["Value"] for one in json.loads(text)["Settings"]} if text else {}


def new(lab: Lab, noun: str, name: str, **more: str) -> Json:
    (made,) = lab.cmdlet(f"New-FilePlanProperty{noun}", Name=name, Confirm=False, **more)
    return made


# Values.


def test_a_tenant_is_born_with_thirty_one_values(lab: Lab) -> None:
    counts = {noun: len(lab.cmdlet(f"Get-FilePlanProperty{noun}")) for noun in NOUNS}
    assert counts == {"Authority": 3, "Category": 13, "SubCategory": 0, "Citation": 5, "Department": 10, "ReferenceId": 0}
    assert lab.cmdlet("Get-FilePlanPropertyStructure", IncludeAdditionalInfo=True) == []
    legal = lab.named("Get-FilePlanPropertyDepartment", "Legal")
    assert (legal["FilePlanPropertyType"], legal["ReadOnly"], legal["Disabled"], legal["Workload"]) == ("Department", False, False, "Exchange, SharePoint")
    assert legal["Identity"] == f"CN={legal['Guid']}"
    assert lab.named("Get-FilePlanPropertyAuthority", "Legal")["Guid"] != legal["Guid"]


@pytest.mark.parametrize("verb", ["Remove", "Set"])
def test_what_microsoft_gave_is_found_by_no_write(lab: Lab, verb: str) -> None:
    finance = lab.named("Get-FilePlanPropertyDepartment", "Finance")
    for word in ("Finance", finance["Guid"], finance["Identity"]):
        assert lab.failure(f"{verb}-FilePlanPropertyDepartment", Identity=word) == f"There is no rule matching identity '{word}'."
    assert lab.named("Get-FilePlanPropertyDepartment", "Finance") == finance


def test_values_are_made_read_back_and_changed(lab: Lab) -> None:
    made = new(lab, "Citation", " Connecticut M1 COR-02 ", CitationUrl="https://x.example/m1", CitationJurisdiction="State Library")
    row = lab.named("Get-FilePlanPropertyCitation", "Connecticut M1 COR-02")
    assert row["Guid"] == made["Guid"]
    assert (row["DisplayName"], row["CitationUrl"], row["CitationJurisdiction"]) == ("Connecticut M1 COR-02", "https://x.example/m1", "State Library")
    assert (row["CreatedBy"], row["Comment"]) == ("Records application", None)
    assert row["Policy"] != lab.named("Get-FilePlanPropertyCitation", "Truth in Lending Act")["Policy"]
    assert lab.cmdlet("Set-FilePlanPropertyCitation", Identity=made["Guid"], CitationUrl="https://x.example/m2", DisplayName="M1") == []
    row = lab.named("Get-FilePlanPropertyCitation", "Connecticut M1 COR-02")
    assert (row["DisplayName"], row["CitationUrl"], row["CitationJurisdiction"]) == ("M1", "https://x.example/m2", "State Library")
    assert "have been modified" in lab.warnings("Set-FilePlanPropertyCitation", Identity=made["Guid"], DisplayName="M1")[0]


def test_names_are_unique_in_their_kind_alone(lab: Lab) -> None:
    new(lab, "Department", "Guidance")
    assert "already exists" in lab.failure("New-FilePlanPropertyDepartment", Name="GUIDANCE")
    assert "already exists" in lab.failure("New-FilePlanPropertyDepartment", Name="finance")
    new(lab, "ReferenceId", "Guidance")
    for name in ("  ", "x" * 65):
        assert "1 to 64 characters" in lab.failure("New-FilePlanPropertyReferenceId", Name=name)
    new(lab, "ReferenceId", "x" * 64)


def test_only_its_own_parameters(lab: Lab) -> None:
    wrong: list[tuple[str, Json]] = [
        ("New-FilePlanPropertyDepartment", {"Name": "x", "CitationUrl": "https://x.example"}),
        ("New-FilePlanPropertyDepartment", {"Name": "x", "DisplayName": "y"}),
        ("New-FilePlanPropertySubCategory", {"Name": "x", "ParentCategory": "Payroll"}),
        ("Set-FilePlanPropertySubCategory", {"Identity": "x", "ParentId": "Payroll"}),
        ("Set-FilePlanPropertyCitation", {"Identity": "x", "Name": "y"}),
    ]
    for cmdlet, given in wrong:
        assert lab.failure(cmdlet, **given).startswith("AmbiguousParameterSetException"), cmdlet
    assert "mandatory parameters: ParentId" in lab.failure("New-FilePlanPropertySubCategory", Name="x")


def test_a_subcategory_stands_below_its_category(lab: Lab) -> None:
    category = lab.named("Get-FilePlanPropertyCategory", "Administration")
    made = new(lab, "SubCategory", "Routine", ParentId="administration")
    assert (made["ParentId"], made["FilePlanPropertyType"]) == (category["Guid"], "SubCategory")
    assert "couldn't be found" in lab.failure("New-FilePlanPropertySubCategory", Name="y", ParentId="No such category")
    own = new(lab, "Category", "Students")
    new(lab, "SubCategory", "Records", ParentId=own["Guid"])
    assert "is being used by" in lab.failure("Remove-FilePlanPropertyCategory", Identity=own["Guid"], Confirm=False)


def test_identity_trap(lab: Lab) -> None:
    everything = lab.cmdlet("Get-FilePlanPropertyDepartment")
    assert lab.cmdlet("Get-FilePlanPropertyDepartment", Identity="no such thing") == everything
    assert lab.cmdlet("Get-FilePlanPropertyDepartment", Identity="Sales") == [row for row in everything if row["Name"] == "Sales"]


def test_a_removed_value_is_pending_and_then_gone(lab: Lab) -> None:
    new(lab, "ReferenceId", "COR-02")
    lab.cmdlet("Remove-FilePlanPropertyReferenceId", Identity="COR-02", Confirm=False)
    assert lab.named("Get-FilePlanPropertyReferenceId", "COR-02")["Mode"] == "PendingDeletion"
    assert "is not a valid FilePlanPropertyReferenceId" in lab.failure("Set-ComplianceTag", Identity=CHECK, FilePlanProperty=plan(ReferenceId="COR-02"))
    lab.advance(900)
    assert lab.cmdlet("Get-FilePlanPropertyReferenceId") == []


# On labels.


def test_a_label_carries_values_from_birth(lab: Lab) -> None:
    new(lab, "SubCategory", "Routine", ParentId="Administration")
    new(lab, "ReferenceId", "COR-02")
    everything = plan(Department="FINANCE", Category="Administration", Subcategory="Routine", ReferenceId="COR-02", Authority="Legal", Citation=None)
    lab.cmdlet("New-ComplianceTag", Name="COR-02", FilePlanProperty=everything, **LABEL)
    assert settings_of(lab, "COR-02") == {
        "FilePlanPropertyDepartment": "Finance",
        "FilePlanPropertyCategory": "Administration",
        "FilePlanPropertySubcategory": "Routine",
        "FilePlanPropertyReferenceId": "COR-02",
        "FilePlanPropertyAuthority": "Legal",
    }
    assert "is being used by" in lab.failure("Remove-FilePlanPropertyReferenceId", Identity="COR-02", Confirm=False)


@pytest.mark.parametrize("noun", ["Department", "Category", "Citation", "ReferenceId", "Authority"])
def test_a_value_that_was_never_created_is_refused(lab: Lab, noun: str) -> None:
    given = plan(**{noun: "Records office"})
    words = f"The value 'Records office' is not a valid FilePlanProperty{noun}."
    assert lab.failure("New-ComplianceTag", Name="never", FilePlanProperty=given, **LABEL) == words
    assert lab.failure("Set-ComplianceTag", Identity=CHECK, FilePlanProperty=given, Comment="other") == words
    assert "never" not in {row["Name"] for row in lab.cmdlet("Get-ComplianceTag")}
    assert "Records office" not in {row["Name"] for row in lab.cmdlet(f"Get-FilePlanProperty{noun}")}
    assert lab.named("Get-ComplianceTag", CHECK)["Comment"] is None


@pytest.mark.parametrize(
    "given",
    [
        '{"FilePlanPropertyDepartment": "Finance"}',
        '{"Settings": {"Key": "FilePlanPropertyDepartment", "Value": "Finance"}}',
        '{"Settings": [{"Key": "FilePlanPropertyRecord", "Value": "Finance"}]}',
        '{"Settings": [{"Key": "FilePlanPropertyDepartment"}]}',
        '{"Settings": [{"Key": "FilePlanPropertyDepartment", "Value": 7}]}',
        "Finance",
        "[]",
        "",
    ],
)
def test_another_shape_cannot_be_parsed(lab: Lab, given: str) -> None:
    assert lab.failure("Set-ComplianceTag", Identity=CHECK, FilePlanProperty=given) == "Failed to parse File plan metadata value."


def test_one_key_counts_once(lab: Lab) -> None:
    twice = json.dumps({"Settings": [{"Key": "FilePlanPropertyDepartment", "Value": name} for name in ("Finance", "Legal")]})
    assert "Failed to parse" in lab.failure("Set-ComplianceTag", Identity=CHECK, FilePlanProperty=twice)


@pytest.mark.parametrize("given", [plan(Subcategory="Routine"), plan(Category="Payroll", SubCategory="Routine")])
def test_a_subcategory_needs_its_own_category(lab: Lab, given: str) -> None:
    new(lab, "SubCategory", "Routine", ParentId="Administration")
    assert "is not a valid FilePlanPropertySubcategory" in lab.failure("Set-ComplianceTag", Identity=CHECK, FilePlanProperty=given)


def test_set_replaces_the_whole_plan(lab: Lab) -> None:
    lab.cmdlet("Set-ComplianceTag", Identity=CHECK, FilePlanProperty=plan(Department="Finance", Authority="Legal"))
    assert len(settings_of(lab)) == 2
    lab.cmdlet("Set-ComplianceTag", Identity=CHECK, FilePlanProperty=plan(Authority="Business"))
    assert settings_of(lab) == {"FilePlanPropertyAuthority": "Business"}
    assert "have been modified" in lab.warnings("Set-ComplianceTag", Identity=CHECK, FilePlanProperty=plan(Authority="business"))[0]
    lab.cmdlet("Set-ComplianceTag", Identity=CHECK, FilePlanProperty=plan(Authority=None))
    assert lab.named("Get-ComplianceTag", CHECK)["FilePlanMetadata"] is None


def test_a_lone_file_plan_can_be_ignored(lab: Lab) -> None:
    lab.switch(lone_file_plan="ignored")
    given: dict[str, Any] = {"Identity": CHECK, "FilePlanProperty": plan(Department="Finance")}
    for more in ({}, {"RetentionDuration": "30"}):
        assert "have been modified" in lab.warnings("Set-ComplianceTag", **given, **more)[0]
        assert settings_of(lab) == {}
    assert lab.warnings("Set-ComplianceTag", **given, Comment="another") == []
    assert settings_of(lab) == {"FilePlanPropertyDepartment": "Finance"}


# Who may.


@pytest.mark.parametrize("licence", ["A1", "A3"])
def test_without_records_management_there_is_no_file_plan(lab: Lab, licence: str) -> None:
    lab.switch(licence=licence)
    listed = lab.http.get(
        f"/compliance/adminapi/v1.0/{lab.state.tenant_id}/EXOModuleFile?Version=3.9.2",
        headers={"Authorization": f"Bearer {lab.token('compliance')}", "CommandName": "*"},
    )
    assert "FilePlanProperty" not in listed.text
    for cmdlet in ("Get-FilePlanPropertyDepartment", "New-FilePlanPropertyDepartment"):
        answer = lab.invoke(cmdlet, Name="x")
        assert (answer.status_code, answer.content) == (403, b"\x00" * 1024)
    assert "license" in lab.failure("New-ComplianceTag", Name="x", FilePlanProperty=plan(Department="Finance"), **LABEL)
    as_person(lab)
    assert lab.graph("POST", "/security/labels/departments", json={"displayName": "x"}).status_code == 403


def test_a_viewer_reads_and_writes_nothing(lab: Lab) -> None:
    lab.switch(admin_role="viewer")
    assert len(lab.cmdlet("Get-FilePlanPropertyDepartment")) == 10
    assert lab.invoke("New-FilePlanPropertyDepartment", Name="x").status_code == 403
    assert lab.invoke("Set-ComplianceTag", Identity=CHECK, Comment="x").status_code == 403


def test_a_blind_role_sees_an_empty_file_plan(lab: Lab) -> None:
    lab.switch(admin_role="blind")
    assert lab.cmdlet("Get-FilePlanPropertyDepartment") == []


# Beside the cmdlets.


def test_acts_are_in_the_audit_log(lab: Lab) -> None:
    made = new(lab, "Department", "Guidance")
    lab.cmdlet("Set-FilePlanPropertyDepartment", Identity=made["Guid"], DisplayName="Guidance office")
    last = lab.state.events[-2:]
    assert [(event.operation, event.object_id, event.record_type) for event in last] == [
        ("New-FilePlanPropertyDepartment", "Guidance", 18),
        ("Set-FilePlanPropertyDepartment", made["Guid"], 18),
    ]


def test_graph_shows_and_makes_the_same_values(lab: Lab) -> None:
    made = new(lab, "Citation", "M1", CitationJurisdiction="State Library")
    as_person(lab)
    seen = {row["id"]: row for row in lab.rows("/security/labels/citations")}
    assert seen[made["Guid"]]["citationJurisdiction"] == "State Library"
    lab.cmdlet("Set-FilePlanPropertyCitation", Identity=made["Guid"], DisplayName="Schedule M1")
    assert lab.get(f"/security/labels/citations/{made['Guid']}")["displayName"] == "Schedule M1"
    posted = lab.graph("POST", "/security/labels/departments", json={"displayName": "Guidance"}).json()
    assert lab.named("Get-FilePlanPropertyDepartment", "Guidance")["Guid"] == posted["id"]
    assert lab.state.events[-1].operation == "New-FilePlanPropertyDepartment"
    assert lab.graph("POST", "/security/labels/departments", json={"displayName": "guidance"}).status_code == 409
    assert lab.graph("POST", "/security/labels/departments", json={"displayName": "x" * 65}).status_code == 400
    assert len(lab.rows("/security/labels/departments")) == 11


def test_graph_has_subcategories_below_their_category(lab: Lab) -> None:
    as_person(lab)
    category = lab.named("Get-FilePlanPropertyCategory", "Payroll")["Guid"]
    path = f"/security/labels/categories/{category}/subcategories"
    made = lab.graph("POST", path, json={"displayName": "Timesheets"}).json()
    assert lab.named("Get-FilePlanPropertySubCategory", "Timesheets")["ParentId"] == category
    assert [row["id"] for row in lab.rows(path)] == [made["id"]]
    assert lab.get(f"{path}/{made['id']}")["displayName"] == "Timesheets"
    other = lab.named("Get-FilePlanPropertyCategory", "Planning")["Guid"]
    assert lab.rows(f"/security/labels/categories/{other}/subcategories") == []
    lab.cmdlet("Set-ComplianceTag", Identity=CHECK, FilePlanProperty=plan(Category="Payroll", Subcategory="Timesheets"))
    label = lab.named("Get-ComplianceTag", CHECK)["Guid"]
    seen = lab.get(f"/security/labels/retentionLabels/{label}?$expand=descriptors")["descriptors"]
    assert seen["category"] == {"displayName": "Payroll", "subcategory": {"displayName": "Timesheets"}}


def test_the_console_changes_a_labels_plan(lab: Lab) -> None:
    lab.act("set_label_file_plan", name=CHECK, plan={"Department": "Finance"})
    assert settings_of(lab) == {"FilePlanPropertyDepartment": "Finance"}
    assert lab.state.events[-1].actor.upn == "it.director@harbormill.example"
