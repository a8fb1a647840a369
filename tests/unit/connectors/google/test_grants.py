"""What a person is told to set up: every scope that is ever asked for and no other, each missing thing with its step, theft and revocation."""

from __future__ import annotations

import re

from connectors.google_workspace import operations
from connectors.google_workspace.grants import _WHY, grant_script
from connectors.google_workspace.operations import PROOF_ONLY, READS, SCOPES, WRITES
from policies.district import Credential
from policies.kinds import Kind
from tests.unit.connectors.google.support import Bench

ASKED = {operation.scope for operation in (*READS, *WRITES, *PROOF_ONLY)}


def test_the_scopes_are_exactly_those_that_are_asked_for(bench: Bench) -> None:
    text = grant_script(bench.reader().examine(), bench.tenant())
    assert set(re.findall(r"`(https://www\.googleapis\.com/auth/[a-z.\-]+)`:", text)) == ASKED == set(SCOPES) == set(_WHY)
    line = next(line for line in text.splitlines() if line.startswith("    https://"))
    assert set(line.strip().split(",")) == ASKED
    assert operations.EDISCOVERY in text.split("## What a thief")[1]


def test_what_is_missing_stands_first_with_its_step(bench: Bench) -> None:
    assert "Nothing that was tried was refused." in grant_script(bench.reader().examine(), bench.tenant())
    bench.console("revoke_scope", scope=operations.LICENSING)
    bench.console("remove_privilege", role="Records retention service", privilege="REMOVE_HOLD")
    text = grant_script(bench.reader().examine(), bench.tenant())
    missing = text.split("## Still missing")[1].split("##")[0]
    assert {line.split(":")[0].removeprefix("- [ ] ") for line in missing.splitlines() if line.startswith("- [ ]")} == {
        Kind.GOOGLE_LICENCE.value,
        Kind.GOOGLE_HOLD.value,
    }
    assert "Manage Holds" in missing


def test_without_a_key_file_the_machine_is_what_is_granted_and_revoked(bench: Bench) -> None:
    examination = bench.reader().examine()
    keyless = bench.tenant().model_copy(update={"credential": Credential(impersonate="bot@project.example", subject="records.bot@d.example")})
    text = grant_script(examination, keyless)
    assert "Service Account Token Creator" in text
    assert "delete the key" not in text
    assert "delete the key" in grant_script(examination, bench.tenant())
