"""What the service does not take: lengths, characters, limits, doubles, licences (docs/wire/admin-endpoint.md §1.7, M§2.8)."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Json, Lab
from .people import as_person

KEEP: Json = {"RetentionAction": "Keep", "RetentionDuration": "731", "RetentionType": "CreationAgeInDays"}
CHECK = "District visibility check label"
LABELS, TYPES = "/security/labels/retentionLabels", "/security/triggerTypes/retentionEventTypes"

NAMED: list[tuple[str, Json]] = [
    ("New-ComplianceTag", {}),
    ("New-ComplianceRetentionEventType", {}),
    ("New-AdaptiveScope", {"LocationType": "User", "RawQuery": "x"}),
    ("New-RetentionCompliancePolicy", {"ExchangeLocation": ["All"]}),
    ("New-FilePlanPropertyDepartment", {}),
]


# Names and texts.


@pytest.mark.parametrize(("cmdlet", "more"), NAMED, ids=[cmdlet for cmdlet, _ in NAMED])
def test_a_name_has_1_to_64_printable_characters(lab: Lab, cmdlet: str, more: Json) -> None:
    for name in (" ", "x" * 65, "a\nb", "a\u202eb"):
        assert "1 to 64 characters, all of them printable" in lab.failure(cmdlet, Name=name, **more), repr(name)
    assert lab.failure(cmdlet, Name="", **more) == "Cannot bind argument to parameter 'Name' because it is an empty string."
    lab.cmdlet(cmdlet, Name=f" {'x' * 64} ", **more)
    assert "already exists" in lab.failure(cmdlet, Name="X" * 64, **more)


def test_a_mandatory_word_is_not_empty(lab: Lab) -> None:
    assert "parameter 'Identity' because it is an empty string" in lab.failure("Set-ComplianceTag", Identity="", Comment="x")


def test_texts_of_a_label_end_at_1024_characters(lab: Lab) -> None:
    for word in ("Comment", "Notes"):
        assert "1024 characters" in lab.failure("New-ComplianceTag", Name="x", **{word: "x" * 1025})
        assert "1024 characters" in lab.failure("Set-ComplianceTag", Identity=CHECK, **{word: "x" * 1025})
    lab.cmdlet("Set-ComplianceTag", Identity=CHECK, Comment="x" * 1024)


def test_graph_has_the_same_lengths(lab: Lab) -> None:
    as_person(lab)
    label = lab.named("Get-ComplianceTag", CHECK)["Guid"]
    assert lab.graph("PATCH", f"{LABELS}/{label}", json={"descriptionForAdmins": "x" * 1025}).status_code == 400
    assert lab.graph("POST", TYPES, json={"displayName": "x" * 65}).status_code == 400


# Periods.


def test_a_period_has_at_most_a_hundred_years(lab: Lab) -> None:
    for cmdlet, named in (("New-ComplianceTag", {"Name": "x"} | KEEP), ("Set-ComplianceTag", {"Identity": CHECK})):
        assert "at most 36525 days" in lab.failure(cmdlet, **{**named, "RetentionDuration": "36526"})
    lab.cmdlet("Set-ComplianceTag", Identity=CHECK, RetentionDuration="36525")
    as_person(lab)
    label = lab.named("Get-ComplianceTag", CHECK)["Guid"]
    longer = {"@odata.type": "#microsoft.graph.security.retentionDurationInDays", "days": 36526}
    assert lab.graph("PATCH", f"{LABELS}/{label}", json={"retentionDuration": longer}).status_code == 400


def test_the_period_of_a_label_that_counts_from_being_put_on_is_fixed(lab: Lab) -> None:
    (made,) = lab.cmdlet("New-ComplianceTag", Name="on", **{**KEEP, "RetentionType": "TaggedAgeInDays"})
    for days in ("732", "Unlimited"):
        assert "can't be changed" in lab.failure("Set-ComplianceTag", Identity="on", RetentionDuration=days)
    lab.cmdlet("Set-ComplianceTag", Identity="on", Notes="still")
    as_person(lab)
    longer: dict[str, Any] = {"@odata.type": "#microsoft.graph.security.retentionDurationForever"}
    assert lab.graph("PATCH", f"{LABELS}/{made['Guid']}", json={"retentionDuration": longer}).status_code == 400
    assert lab.named("Get-ComplianceTag", "on")["RetentionDuration"] == "731"


def test_event_based_labels_stay(lab: Lab) -> None:
    kind = lab.named("Get-ComplianceRetentionEventType", "District visibility check event")["Guid"]
    (made,) = lab.cmdlet("New-ComplianceTag", Name="left", **{**KEEP, "RetentionType": "EventAgeInDays"}, EventType=kind)
    assert "can't be removed" in lab.failure("Remove-ComplianceTag", Identity="left", Confirm=False)
    as_person(lab)
    assert lab.graph("DELETE", f"{LABELS}/{made['Guid']}").status_code == 400
    assert lab.named("Get-ComplianceTag", "left")
