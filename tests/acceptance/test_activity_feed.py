"""The activity feed, end to end: an officer switches it on, nothing else does, and it names an account where searches are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.rehearsal import LATER, District, Sandbox, make_district, start_sandbox

pytestmark = pytest.mark.slow

CONTENTS = ["Audit.General", "Audit.Exchange"]


def sent(sandbox: Sandbox) -> set[tuple[str, str]]:
    """Method and operation of everything that went to the feed."""
    return {(one["method"], one["operation"]) for one in sandbox.door("/exchanges")["exchanges"] if one["surface"] == "activity"}


@pytest.fixture
def unproved(keys: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[District]:
    """A district whose officers have accepted the admin endpoint and proved nothing yet."""
    served = start_sandbox(tmp_path / "sandbox", profile="tiny")
    made = make_district(tmp_path / "place", served, *keys)
    made.must("attest", "admin-endpoint/m365", "--until", LATER, officer="custodian")
    yield made
    served.end()


def test_only_a_signed_proof_switches_the_feed_on(unproved: District) -> None:
    district = unproved
    assert district.sandbox is not None
    for words in (("doctor",), ("plan",), ("drift",), ("sync",), ("work", "--once")):
        district.run(*words)
    first = district.run("doctor")
    assert "audit.not_subscribed" in first.codes("warning")
    assert first.tenants["m365"]["surfaces"]["activity"]["detail"].startswith("audit.not_subscribed")
    assert first.result["feeds"] == []
    assert {method for method, _ in sent(district.sandbox)} == {"GET"}
    proved = district.run("doctor", "--prove", officer="deputy")
    assert proved.result["feeds"] == [{"tenant": "m365", "content": content, "ok": True, "code": None} for content in CONTENTS]
    assert proved.tenants["m365"]["surfaces"]["activity"]["ok"]
    assert "audit.not_subscribed" not in proved.codes()
    again = district.run("doctor", "--prove", officer="deputy")
    assert again.result["feeds"] == []
    verified = district.must("journal", "verify")
    assert verified.result["open_intents"] == []


def test_the_feed_names_the_account_where_searches_are_refused(district: District) -> None:
    assert district.sandbox is not None
    district.must("doctor")
    district.sandbox.door("/switches", {"m365.missing_roles": "AuditLogsQuery.Read.All"})
    try:
        district.run("drift")
        district.sandbox.console("m365", "disable_policy", name="Purge student mail")
        district.sandbox.forward(7200)
        (found,) = [one for one in district.run("drift").tenants["m365"]["drift"] if one["vendor"]["name"] == "Purge student mail"]
        assert found["attribution"]["state"] == "found"
        assert found["attribution"]["actor"].startswith("it.director@")
    finally:
        district.sandbox.door("/switches", {"m365.missing_roles": ""})


