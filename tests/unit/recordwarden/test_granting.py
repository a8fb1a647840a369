"""The page of what to set up is printed when it is needed most: before anything answers."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.google_workspace.connector import GoogleWorkspaceConnector
from connectors.google_workspace.operations import SCOPES
from policies.district import Tenant
from policies.kinds import Platform
from policies.problems import Problem, Severity
from recordwarden.cli.granting import grant_scripts
from sync.look import Look


def test_a_google_tenant_that_could_not_be_asked_still_says_what_it_needs() -> None:
    tenant = Tenant(id="google", platform=Platform.GOOGLE_WORKSPACE, domain="d.example")
    lacking = Problem(
        code="google.delegation_missing", severity=Severity.ERROR, message="The client may not act as the account.", next_step="Delegate the scopes."
    )
    look = Look(tenant=tenant, connector=GoogleWorkspaceConnector(), at=datetime(2026, 10, 5, tzinfo=UTC), error=lacking)
    text = grant_scripts((look,), ())["google"]
    assert text is not None
    assert "Nothing could be tried" in text
    assert "The client may not act as the account. Delegate the scopes." in text
    assert ",".join(SCOPES) in text
