"""The tenant that everybody starts from."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

from sandbox import microsoft
from sandbox.microsoft.dumping import dump
from sandbox.people import make_world

from .conftest import Lab


def test_equal_seeds_give_equal_tenants(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("2026-10-05T14:30:00Z")
    dumps = []
    for seed in (3, 3, 4):
        world = make_world("tiny", seed, clock)
        microsoft.install(world, tmp_path)
        dumps.append(dump(world))
    assert dumps[0] == dumps[1]
    assert dumps[0]["tenant_id"] != dumps[2]["tenant_id"]


def test_every_person_has_an_account_with_the_same_address(lab: Lab) -> None:
    addresses = {str(row["userPrincipalName"]) for row in lab.rows("/users?$select=userPrincipalName")}
    people = {f"{person.local_part}@{lab.world.domain}" for person in lab.world.people}
    assert people <= addresses
    assert addresses - people == {"it.director@harbormill.example", "records.office@harbormill.example"}


def test_overlay_names_what_a_client_needs(lab: Lab) -> None:
    tenant = YAML(typ="safe").load(lab.server.overlay)["tenants"]["m365"]
    assert set(tenant["endpoints"]) == {"authority", "graph", "exchange_admin", "compliance_admin", "activity"}
    assert (lab.server.folder / tenant["credential"]["certificate_file"]).stat().st_mode & 0o077 == 0
    assert (lab.server.folder / "m365-secret.txt").stat().st_mode & 0o077 == 0
    checks = tenant["visibility_checks"]
    assert checks["m365.label"] in {row["Name"] for row in lab.cmdlet("Get-ComplianceTag")}
    policies = {row["Name"] for row in lab.cmdlet("Get-RetentionCompliancePolicy")}
    assert {checks["m365.label_policy"], checks["m365.retention_policy"], checks["m365.org_hold"]} <= policies
    rules = {row["Name"] for row in lab.cmdlet("Get-RetentionComplianceRule")}
    assert {checks["m365.label_rule"], checks["m365.retention_rule"]} <= rules
    cases = lab.rows("/security/cases/ediscoveryCases")
    (case,) = [row["id"] for row in cases if row["displayName"] == checks["m365.case"]]
    assert [row["displayName"] for row in lab.rows(f"/security/cases/ediscoveryCases/{case}/legalHolds")] == [checks["m365.hold"]]
    on_hold = lab.cmdlet("Get-Mailbox", "exchange", Filter="LitigationHoldEnabled -eq $true", IncludeInactiveMailbox=True)
    assert checks["m365.mailbox"] == f".{on_hold[0]['PrimarySmtpAddress']}"
    assert checks["m365.adaptive_scope"] in {row["Name"] for row in lab.cmdlet("Get-AdaptiveScope")}


def test_a_large_district_stays_inside_the_limits_of_a_static_policy(tmp_path: Path) -> None:
    world = make_world("large")
    microsoft.install(world, tmp_path)
    found = dump(world)
    assert found["accounts"] == 10_002
    policies = found["policies"]
    assert isinstance(policies, list)
    purge = next(policy for policy in policies if policy["name"] == "Purge student mail")
    assert len(purge["locations"]["ExchangeLocation"]) == 1000
