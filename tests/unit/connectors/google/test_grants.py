"""What a person is told to set up: every scope that is ever asked for and no other, each missing thing with its step, theft and revocation."""

from __future__ import annotations

import re

import pytest

from connectors.errors import TenantUnreachableError
from connectors.google_workspace import operations
from connectors.google_workspace.grants import _WHY, grant_script
from connectors.google_workspace.operations import EVERY, SCOPES
from policies.district import Credential
from policies.kinds import Kind
from tests.unit.connectors.google.support import Bench

ASKED = {operation.scope for operation in EVERY}


def test_the_scopes_are_exactly_those_that_are_asked_for(bench: Bench) -> None:
    text = grant_script(bench.reader().examine(), bench.tenant())
    assert set(re.findall(r"`(https://www\.googleapis\.com/auth/[a-z.\-]+)`:", text)) == ASKED == set(SCOPES) == set(_WHY)
    line = next(line for line in text.splitlines() if line.startswith("    https://"))
    assert set(line.strip().split(",")) == ASKED
    assert operations.EDISCOVERY in text.split("## What a thief")[1]


def missing(text: str) -> list[str]:
    """What each box under *Still missing* begins with."""
    lines = text.split("## Still missing")[1].split("##", maxsplit=1)[0].splitlines()
    return [line.removeprefix("- [ ] ").partition("," if "`" in line else ":")[0].strip("`") for line in lines if line.startswith("- [ ]")]


def test_what_is_missing_stands_first_with_its_step(bench: Bench) -> None:
    assert "Nothing that was tried was refused." in grant_script(bench.reader().examine(), bench.tenant())
    bench.console("revoke_scope", scope=operations.LICENSING)
    bench.console("remove_privilege", role="Records retention service", privilege="REMOVE_HOLD")
    text = grant_script(bench.reader().examine(), bench.tenant())
    assert missing(text) == [operations.LICENSING, Kind.GOOGLE_HOLD.value]
    assert "Manage Holds" in text.split("## In the Google Cloud console")[0]


@pytest.mark.parametrize("scope", sorted(set(SCOPES) - {operations.USERS}))
def test_each_scope_that_is_not_granted_is_named_once_with_the_client_to_add_it_to(bench: Bench, scope: str) -> None:
    bench.console("revoke_scope", scope=scope)
    examination = bench.reader().examine()
    text = grant_script(examination, bench.tenant())
    assert missing(text) == [scope]
    assert f"Add {scope} to client {bench.state.service_account.client_id} in the Admin console" in text
    assert [one.permission for one in examination.refused] == [scope]


def test_without_the_scope_for_our_own_account_nothing_can_be_asked_and_the_error_says_why(bench: Bench) -> None:
    bench.console("revoke_scope", scope=operations.USERS)
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader().examine()
    assert caught.value.code == "google.delegation_missing"
    assert operations.USERS in caught.value.next_step


def test_an_endpoint_that_refuses_for_another_reason_is_missing_too(bench: Bench) -> None:
    bench.fault("alertcenter", "alertcenter.alerts.list", "status", status=403, times=9)
    bench.fault("reports", "reports.activities.list", "status", status=403, times=9)
    examination = bench.reader().examine()
    assert {one.name for one in examination.surfaces if not one.ok} == {"alertcenter", "reports"}
    assert missing(grant_script(examination, bench.tenant())) == ["reports", "alertcenter"]


def test_without_labels_in_the_edition_their_scopes_are_not_missed(bench: Bench) -> None:
    for user in bench.state.users.values():
        user.skus &= {"1010070001"}
        user.skus.add("1010070001")
    for scope in (operations.LABELS, operations.LABELS_READ):
        bench.console("revoke_scope", scope=scope)
    assert bench.reader().examine().refused == ()


def test_without_a_key_file_the_machine_is_what_is_granted_and_revoked(bench: Bench) -> None:
    examination = bench.reader().examine()
    keyless = bench.tenant().model_copy(update={"credential": Credential(impersonate="bot@project.example", subject="records.bot@d.example")})
    text = grant_script(examination, keyless)
    assert "Service Account Token Creator" in text
    assert "delete the key" not in text
    assert "delete the key" in grant_script(examination, bench.tenant())
