"""What an administrator is told to set up: everything that the connector uses, nothing that it does not, and how to take it back."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.examination import Capability, Examination, Identity, PersonSignedIn, Principal, ReadCapability, Surface, WriteCapability
from connectors.microsoft365 import grants
from connectors.microsoft365.clouds import CLOUDS
from connectors.microsoft365.sign_in import WANTED
from policies.district import Tenant
from policies.kinds import Kind

FOLDER = Path(grants.__file__).parent


def examination(*capabilities: Capability, surfaces: tuple[Surface, ...] = ()) -> Examination:
    who = Identity(vendor_id="t", domain="d.example", domains=("d.example",), actor="Recordwarden", skew_seconds=0)
    return Examination(identity=who, surfaces=surfaces, licences={}, capabilities=capabilities)


def tenant(**more: object) -> Tenant:
    return Tenant.model_validate({"id": "m365", "platform": "microsoft365", "client_id": "app-1", "credential": {"certificate_file": "k.pem"}, **more})


TWO = {"read": {"certificate_file": "r.pem", "client_id": "app-2"}, "write": {"client_secret_file": "w"}}


def test_what_is_missing_stands_first_with_its_next_step() -> None:
    case = Capability(
        kind=Kind.M365_CASE, read=ReadCapability.NONE, write=WriteCapability.MISSING, reason="ediscovery.not_registered: 401", next_step="Register it."
    )
    scope = Capability(kind=Kind.M365_SITE, read=ReadCapability.FULL, write=WriteCapability.NONE, reason="kind.read_only")
    down = Surface(name="compliance_admin", url=None, ok=False, detail="admin_endpoint.not_accepted")
    text = grants.grant_script(examination(case, scope, surfaces=(down,)), tenant())
    missing = text.partition("## Still missing")[2].partition("## entra")[0]
    assert "- [ ] m365.case: ediscovery.not_registered: 401. Register it." in missing
    assert "- [ ] compliance_admin: admin_endpoint.not_accepted." in missing
    assert "m365.site" not in missing
    assert "Nothing that was tried was refused." in grants.grant_script(examination(scope), tenant())


def test_the_application_is_filled_in_and_every_permission_is_named_with_its_reason() -> None:
    text = grants.grant_script(examination(), tenant())
    assert "New-ServicePrincipal -AppId app-1" in text
    for one in grants.PERMISSIONS:
        assert f"`{one.name}`: {one.why}" in text


def test_what_is_known_is_filled_in_and_the_rest_is_left_in_capitals() -> None:
    two = tuple(Principal(writes=writes, application_id=f"app-{number}", object_id=f"object-{number}") for number, writes in ((1, True), (2, False)))
    text = grants.grant_script(replace(examination(), principals=two), tenant(id="district", credential=None, credentials=TWO), ("a@d.example", "b@d.example"))
    assert "attest admin-endpoint/district --until DATE" in text
    for number in (1, 2):
        assert f"New-ServicePrincipal -AppId app-{number} -ObjectId object-{number} " in text
        assert f"Add-eDiscoveryCaseAdmin -User object-{number}" in text
    assert "\"PrimarySmtpAddress -eq 'a@d.example' -or PrimarySmtpAddress -eq 'b@d.example'\"" in text
    assert "-Identity app-1 -Resource b@d.example" in text
    assert not re.search("APPLICATION-ID|OBJECT-ID|MAILBOX|TENANT", text)
    bare = grants.grant_script(examination(), tenant(client_id=None, credential={"managed_identity": True}))
    assert "New-ServicePrincipal -AppId APPLICATION-ID -ObjectId ENTERPRISE-APP-OBJECT-ID" in bare
    assert "-Resource MAILBOX" in bare


def test_sending_is_advised_for_one_mailbox_and_its_theft_is_told() -> None:
    text = grants.grant_script(examination(), tenant())
    assert "`Mail.Send`: send notices" in text
    assert 'New-ManagementRoleAssignment -App app-1 -Role "Application Mail.Send" -CustomResourceScope' in text
    assert "send mail as anybody in the tenant" in text
    separate = tenant(credential=None, credentials=TWO)
    reading = grants.grant_script(examination(), separate).partition("Of the reading credential")[2].partition("Of the writing credential")[0]
    assert "send mail" not in reading


def test_two_identities_have_two_thefts_and_the_reading_one_cannot_write() -> None:
    separate = tenant(credential=None, credentials=TWO)
    text = grants.grant_script(examination(), separate)
    reading, writing = text.partition("Of the reading credential")[2].partition("Of the writing credential")[::2]
    assert "a certificate's private key" in reading
    assert "eDiscovery.ReadWrite.All" not in reading
    assert "a client secret" in writing
    assert "purge" in writing
    assert "Of the credential" in grants.grant_script(examination(), tenant())


def test_two_applications_are_both_registered_and_revoked_and_two_keys_of_one_are_no_two() -> None:
    text = grants.grant_script(examination(), tenant(credential=None, credentials=TWO))
    for app in ("app-1", "app-2"):
        assert f"New-ServicePrincipal -AppId {app} -ObjectId" in text
    assert "Enterprise applications > app-1 and app-2 > Properties" in text
    assert "`Sites.Read.All`: find the addresses of OneDrives and sites (Microsoft has no narrower one) (the reading application alone)" in text
    one = {"read": {"certificate_file": "r.pem"}, "write": {"client_secret_file": "w"}}
    text = grants.grant_script(examination(), tenant(credential=None, credentials=one))
    assert "belong to one application, so either of them can do all of this" in text
    assert "Of the credential" in text
    assert "Of the reading credential" not in text


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_admin_endpoints_permission_is_another_one_in_two_clouds(cloud: str) -> None:
    text = grants.grant_script(examination(), tenant(cloud=cloud))
    assert ("455e5cd2-84e8-4751-8344-5672145dfa17" in text) is (cloud in {"gcc_high", "dod"})


def test_every_permission_that_the_code_asks_for_by_name_is_in_the_script() -> None:
    """A next step that names a permission which the script does not list would send an administrator in a circle."""
    named = {
        word
        for file in FOLDER.glob("*.py")
        if file.name != "grants.py"
        for word in re.findall(r"\b(?:[A-Za-z]+\.(?:Read|ReadWrite|ManageAsApp|Send)(?:\.(?:All|Hidden))?)\b", file.read_text(encoding="utf-8"))
        if not word.startswith("RecordsManagement")
    }
    assert named <= {one.name for one in grants.PERMISSIONS}, named
    assert named


def test_what_a_signed_in_administrator_needs_and_what_a_thief_of_it_has() -> None:
    now = PersonSignedIn(account="a@d.example", until=None, kept=True, scopes=())
    text = grants.grant_script(replace(examination(), signed_in=now), tenant())
    for needed in ("`http://localhost`", "Allow public client flows", "recordwarden login --tenant m365", "Signed in now: a@d.example."):
        assert needed in text
    for permission in WANTED:
        assert f"`{permission}` (Microsoft Graph)" in text
    theft = text.partition("Of the kept sign-in")[2].partition("## How to revoke")[0]
    assert "purge" in theft
    assert "every 90 days" in theft
    revoking = text.partition("## How to revoke the sign-in")[2]
    assert "Revoke sessions" in revoking
    assert "recordwarden login --tenant m365 --out" in revoking
    assert "Nobody is signed in now." in grants.grant_script(examination(), tenant())


def test_a_sign_in_that_is_over_is_missing() -> None:
    over = PersonSignedIn(account="a@d.example", until=None, kept=True, scopes=None, trouble="auth.sign_in_again: over")
    text = grants.grant_script(replace(examination(), signed_in=over), tenant())
    assert "- [ ] the sign-in of a@d.example: auth.sign_in_again: over." in text
    assert "Nobody is signed in now." in text
