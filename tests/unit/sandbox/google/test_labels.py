"""Drive labels from draft to gone, and each trap on the way (G§3.1, G§3.2)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.google.seed import CHECK_LABEL
from sandbox.world import World
from tests.unit.sandbox.clients import Door, Google, address

FIELD = {"properties": {"displayName": "Kept until"}, "dateOptions": {}}
CHOICES = {
    "properties": {"displayName": "Series"},
    "selectionOptions": {"choices": [{"properties": {"displayName": "COR-02"}}, {"properties": {"displayName": "PER-01"}}]},
}


def create(client: Google, title: str = "Series COR-02", **more: Any) -> Any:
    body = {"labelType": "ADMIN", "properties": {"title": title, "description": "[rw:x]"}, **more}
    return client.call("drivelabels", "labels.create", useAdminAccess=True, body=body)


def act(client: Google, verb: str, label: Any, **body: Any) -> Any:
    return client.call("drivelabels", f"labels.{verb}", name=f"labels/{label['id']}", body={"useAdminAccess": True, **body})


def refused(client: Google, verb: str, label: Any, **body: Any) -> tuple[int, str]:
    status, error = client.refused("drivelabels", f"labels.{verb}", name=f"labels/{label['id']}", body={"useAdminAccess": True, **body})
    return status, error["status"]


def read(client: Google, label: Any, which: str = "", subject: str = "records.bot", *, admin: bool = True) -> Any:
    name = f"labels/{label['id']}{which}"
    return client.call("drivelabels", "labels.get", subject, name=name, view="LABEL_VIEW_FULL", useAdminAccess=admin)


def titles(client: Google) -> set[str]:
    """Every label's title beside that of the one which the district made to be seen."""
    found = {label["properties"]["title"] for label in client.every("drivelabels", "labels.list", "labels", useAdminAccess=True)}
    assert CHECK_LABEL in found
    return found - {CHECK_LABEL}


def state_of_label(client: Google, label: Any) -> str:
    return str(read(client, label)["lifecycle"]["state"])


def test_the_whole_life_of_a_label(client: Google) -> None:
    label = create(client)
    assert state_of_label(client, label) == "UNPUBLISHED_DRAFT"
    published = act(client, "publish", label)
    assert published["lifecycle"] == {"state": "PUBLISHED"}
    assert published["revisionId"] != label["revisionId"]
    disabled = act(client, "disable", label, disabledPolicy={"hideInSearch": False, "showInApply": True})
    assert disabled["lifecycle"] == {"state": "DISABLED", "disabledPolicy": {"hideInSearch": False, "showInApply": True}}
    assert act(client, "enable", label)["lifecycle"] == {"state": "PUBLISHED"}
    act(client, "disable", label)
    client.call("drivelabels", "labels.delete", name=f"labels/{label['id']}", useAdminAccess=True)
    assert client.refused("drivelabels", "labels.get", name=f"labels/{label['id']}", useAdminAccess=True)[0] == 404


def test_only_the_documented_ways_lead_from_state_to_state(client: Google) -> None:
    label = create(client)
    refusal = (400, "FAILED_PRECONDITION")
    assert refused(client, "disable", label) == refusal
    assert refused(client, "enable", label) == refusal
    act(client, "publish", label)
    assert refused(client, "publish", label) == refusal
    assert refused(client, "enable", label) == refusal
    deleting = client.refused("drivelabels", "labels.delete", name=f"labels/{label['id']}", useAdminAccess=True)
    assert (deleting[0], deleting[1]["status"]) == refusal
    act(client, "disable", label)
    assert refused(client, "publish", label) == refusal


def test_a_change_is_a_draft_until_it_is_published(client: Google) -> None:
    label = create(client)
    act(client, "publish", label)
    change = {"updateLabel": {"properties": {"title": "Routine correspondence"}, "updateMask": "title"}}
    answer = act(client, "delta", label, requests=[change], view="LABEL_VIEW_FULL")
    assert answer["responses"] == [{"updateLabel": {}}]
    assert answer["updatedLabel"]["lifecycle"] == {"state": "PUBLISHED", "hasUnpublishedChanges": True}
    assert answer["updatedLabel"]["properties"] == {"title": "Routine correspondence", "description": "[rw:x]"}
    assert read(client, label, "@published")["properties"]["title"] == "Series COR-02"
    act(client, "publish", label)
    assert read(client, label, "@published")["properties"]["title"] == "Routine correspondence"


def test_a_delta_is_all_or_nothing(client: Google) -> None:
    label = create(client)
    before = read(client, label)
    wrong = [{"createField": {"field": FIELD}}, {"updateField": {"id": "NOSUCH", "properties": {"displayName": "x"}}}]
    assert refused(client, "delta", label, requests=wrong) == (400, "INVALID_ARGUMENT")
    assert read(client, label) == before


def test_a_stale_revision_is_refused_and_none_given_lets_the_last_writer_win(client: Google) -> None:
    label = create(client)
    change = {"updateLabel": {"properties": {"title": "A"}, "updateMask": "title"}}
    act(client, "delta", label, requests=[change], writeControl={"requiredRevisionId": label["revisionId"]})
    stale = {"writeControl": {"requiredRevisionId": label["revisionId"]}}
    assert refused(client, "delta", label, requests=[change], **stale)[0] == 400
    assert refused(client, "publish", label, **stale)[0] == 400
    key = {"writeControl_requiredRevisionId": label["revisionId"]}
    assert client.refused("drivelabels", "labels.delete", name=f"labels/{label['id']}", useAdminAccess=True, **key)[0] == 400
    act(client, "delta", label, requests=[change])


def test_fields_and_choices_have_lives_of_their_own(client: Google) -> None:
    label = create(client, fields=[CHOICES])
    field = read(client, label)["fields"][0]
    first, second = field["selectionOptions"]["choices"]
    act(client, "publish", label)
    assert {choice["lifecycle"]["state"] for choice in read(client, label)["fields"][0]["selectionOptions"]["choices"]} == {"PUBLISHED"}
    one = {"fieldId": field["id"], "id": first["id"]}
    assert refused(client, "delta", label, requests=[{"deleteSelectionChoice": one}]) == (400, "FAILED_PRECONDITION")
    act(client, "delta", label, requests=[{"disableSelectionChoice": one}, {"deleteSelectionChoice": one}])
    assert [choice["id"] for choice in read(client, label)["fields"][0]["selectionOptions"]["choices"]] == [second["id"]]
    retyped = {"updateFieldType": {"id": field["id"], "textOptions": {}}}
    assert refused(client, "delta", label, requests=[retyped]) == (400, "FAILED_PRECONDITION")
    added = act(client, "delta", label, requests=[{"createField": {"field": FIELD | {"properties": {"displayName": "D", "insertBeforeField": field["id"]}}}}])
    assert added["responses"][0]["createField"]["priority"] == 0
    assert [part["properties"]["displayName"] for part in read(client, label)["fields"]] == ["D", "Series"]


def test_a_lock_keeps_a_label_from_being_disabled_and_says_nothing_of_whose_rule_it_is(client: Google, door: Door) -> None:
    label = create(client)
    act(client, "publish", label)
    assert client.call("drivelabels", "labels.locks.list", parent=f"labels/{label['id']}") == {}
    door.console("lock_label", label=label["id"])
    assert read(client, label)["lockStatus"] == {"locked": True}
    (lock,) = client.call("drivelabels", "labels.locks.list", parent=f"labels/{label['id']}")["labelLocks"]
    assert (lock["state"], lock["capabilities"]) == ("ACTIVE", {"canViewPolicy": False})
    assert refused(client, "disable", label) == (400, "FAILED_PRECONDITION")
    door.console("unlock_label", label=label["id"])
    act(client, "disable", label)


def test_permissions_are_upserted_by_address_at_once(client: Google, world: World) -> None:
    label = create(client)
    parent = f"labels/{label['id']}"

    def permit(**permission: str) -> Any:
        return client.call("drivelabels", "labels.updatePermissions", parent=parent, useAdminAccess=True, body=permission)

    assert permit(audience="audiences/default", role="READER")["role"] == "READER"
    assert permit(audience="audiences/default", role="APPLIER")["role"] == "APPLIER"
    permit(email=f"board@{world.domain}", role="READER")
    listed = client.every("drivelabels", "labels.permissions.list", "labelPermissions", parent=parent, useAdminAccess=True)
    assert {item.get("audience", item.get("email")): item["role"] for item in listed} == {
        "audiences/default": "APPLIER",
        f"board@{world.domain}": "READER",
        f"records.bot@{world.domain}": "EDITOR",
    }
    status, _ = client.refused(
        "drivelabels", "labels.updatePermissions", parent=parent, useAdminAccess=True, body={"email": f"nobody@{world.domain}", "role": "READER"}
    )
    assert status == 400
    batch = [{"labelPermission": {"email": address(world, 0), "role": "READER"}}, {"labelPermission": {"role": "READER"}}]
    body = {"useAdminAccess": True, "requests": batch}
    assert client.refused("drivelabels", "labels.permissions.batchUpdate", parent=parent, body=body)[0] == 400
    assert len(client.every("drivelabels", "labels.permissions.list", "labelPermissions", parent=parent, useAdminAccess=True)) == 3
    for wrong in ({"parent": "labels/other"}, {"useAdminAccess": False}):  # the document: empty, or what the batch says
        body = {"useAdminAccess": True, "requests": [{**wrong, "labelPermission": {"audience": "audiences/default", "role": "EDITOR"}}]}
        assert client.refused("drivelabels", "labels.permissions.batchUpdate", parent=parent, body=body)[0] == 400
    both = {"email": address(world, 0), "person": "people/1", "role": "READER"}
    assert client.refused("drivelabels", "labels.updatePermissions", parent=parent, useAdminAccess=True, body=both)[0] == 400


def test_people_see_published_labels_that_they_were_given_and_administrators_all(client: Google, door: Door, world: World) -> None:
    draft = create(client, "Draft")
    door.console("create_label", title="Made by hand")
    assert titles(client) == {"Draft", "Made by hand"}
    person = address(world, 5).partition("@")[0]
    shown = client.call("drivelabels", "labels.list", person, publishedOnly=True)["labels"]
    assert [(label["properties"]["title"], "@" in label["name"], "lifecycle" in label) for label in shown] == [("Made by hand", True, False)]
    assert client.refused("drivelabels", "labels.get", person, name=f"labels/{draft['id']}")[0] == 404
    assert client.refused("drivelabels", "labels.list", person, useAdminAccess=True)[0] == 403
    assert client.refused("drivelabels", "labels.create", person, body={"labelType": "ADMIN", "properties": {"title": "x"}})[0] == 403


def test_copies_can_be_made_to_keep_the_label(client: Google) -> None:
    label = create(client)
    assert read(client, label)["appliedLabelPolicy"] == {"copyMode": "DO_NOT_COPY"}
    act(client, "updateLabelCopyMode", label, copyMode="ALWAYS_COPY")
    assert read(client, label)["appliedLabelPolicy"] == {"copyMode": "ALWAYS_COPY"}
    name = f"labels/{label['id']}"
    assert client.refused("drivelabels", "labels.updateLabelCopyMode", name=name, body={"copyMode": "ALWAYS_COPY"})[0] == 403


def test_numbers_are_read_at_run_time(client: Google) -> None:
    limits = client.call("drivelabels", "limits.getLabel", name="limits/label")
    assert limits["maxFields"] == 10
    too_long = {"labelType": "ADMIN", "properties": {"title": "x" * (limits["maxTitleLength"] + 1)}}
    assert client.refused("drivelabels", "labels.create", useAdminAccess=True, body=too_long)[0] == 400
    mine = client.call("drivelabels", "users.getCapabilities", name="users/me/capabilities")
    assert mine["canAdministrateLabels"] is True


def test_fundamentals_has_no_labels(client: Google, door: Door) -> None:
    create(client)
    door.console("change_edition", edition="Fundamentals")
    status, error = client.refused("drivelabels", "labels.list", useAdminAccess=True)
    assert (status, error["status"]) == (403, "PERMISSION_DENIED")
    assert client.refused("drivelabels", "limits.getLabel", name="limits/label")[0] == 403
    assert "no labels" in door.refused("create_label", title="x")
    door.console("change_edition", edition="Plus")
    assert titles(client) == {"Series COR-02"}


def test_a_scope_that_only_reads_does_not_write(client: Google) -> None:
    service = client.service("drivelabels", scopes=["drive.admin.labels.readonly"])
    assert len(service.labels().list(useAdminAccess=True).execute()["labels"]) == 1
    with pytest.raises(Exception, match="insufficient authentication scopes"):
        service.labels().create(useAdminAccess=True, body={"labelType": "ADMIN", "properties": {"title": "x"}}).execute()


def test_somebody_else_edits_at_the_console(client: Google, door: Door) -> None:
    label = create(client)
    act(client, "publish", label)
    revision = read(client, label)["revisionId"]
    door.console("edit_label", label=label["id"], new_title="Renamed by hand")
    now = read(client, label)
    assert (now["properties"]["title"], now["revisionId"] != revision) == ("Renamed by hand", True)
    door.console("disable_label", label=label["id"])
    door.console("delete_label", label=label["id"])
    assert titles(client) == set()
