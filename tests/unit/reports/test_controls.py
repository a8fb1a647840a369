"""How the report shows duties that settings show: as strong as the weakest cloud, and never stronger than what no setting shows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policies.district import Tenant
from policies.duties import StandingValue
from policies.kinds import Platform
from policies.policy import Policy
from reports.facts import ControlFacts, DeadlineState, StatementFacts
from reports.standing import controls
from reports.words import reason
from sync.store.standings import KeptStanding

AT = datetime(2027, 3, 2, tzinfo=UTC)
TENANTS = (Tenant(id="m365", platform=Platform.MICROSOFT365), Tenant(id="google", platform=Platform.GOOGLE_WORKSPACE))
SIGNED = StatementFacts(
    id="a1", subject="C1", office="Records Custodian", made_at=AT, until=datetime(2027, 9, 1, tzinfo=UTC), state=DeadlineState.VALID, days_left=90
)


def policy(*, besides: str | None = None, population: str | None = "google-staff") -> Policy:
    control = {
        "id": "C1", "text": "t", "serves": ["ST-03"], "basis": "b", "method": "V", "population": population,
        "verify": {"google.takeout": "disabled"}, "besides": besides,
    }  # fmt: skip
    return Policy.model_validate(
        {
            "recordwarden": 1, "policy": {"title": "E", "adopted": "2017-03-09"},
            "populations": {"google-staff": {"google": {"ou": "/Staff"}}},
            "controls": [control, {"id": "C2", "text": "t", "serves": ["ST-18"], "basis": "b", "method": "A", "reason": "to be attested"}],
        }
    )  # fmt: skip


def kept(standing: StandingValue, why: str | None = None, tenant: str = "google") -> KeptStanding:
    document: dict[str, object] = {"people": {"covered": 3, "not_covered": 0, "unknown": 0}, "evidence": [], "since": "2027-03-01T08:00:00Z", "reason": why}
    return KeptStanding(
        tenant=tenant, line="C1", series="", population="google-staff", workload="", standing=standing.value, from_seq=7, until_seq=None,
        from_at=AT, until_at=None, document=document,
    )  # fmt: skip


def shown(*stood: KeptStanding, signed: bool = False, **said: str | None) -> ControlFacts:
    return controls(policy(**said), (SIGNED,) if signed else (), TENANTS, stood)[0]


def test_what_every_cloud_shows_is_verified() -> None:
    found = shown(kept(StandingValue.VERIFIED))
    assert found.standing is StandingValue.VERIFIED
    (cloud,) = found.clouds
    assert (cloud.tenant, cloud.since, cloud.evidence, cloud.covered) == ("google", datetime(2027, 3, 1, 8, tzinfo=UTC), (7,), 3)


def test_a_cloud_in_which_nothing_was_read_is_unknown_and_so_is_the_duty() -> None:
    assert shown().standing is StandingValue.UNKNOWN
    found = shown(kept(StandingValue.VERIFIED), population=None)
    assert found.standing is StandingValue.UNKNOWN
    assert [(one.tenant, one.reason) for one in found.clouds] == [("m365", "line.not_assessed"), ("google", None)]


@pytest.mark.parametrize("signed", [False, True])
def test_what_a_setting_shows_otherwise_is_a_gap_whatever_was_signed(signed: bool) -> None:  # noqa: FBT001  # a case
    found = shown(kept(StandingValue.GAP, "setting.differs: Takeout: /Staff serviceState ENABLED"), signed=signed, besides="paper")
    assert found.standing is StandingValue.GAP
    assert found.reason == "a setting is not as the policy wants it (Takeout: /Staff serviceState ENABLED)"


def test_what_no_setting_shows_has_to_be_signed_for() -> None:
    found = shown(kept(StandingValue.VERIFIED), besides="paper forms")
    assert found.standing is StandingValue.UNKNOWN
    assert "paper forms" in str(found.reason)
    found = shown(kept(StandingValue.VERIFIED), besides="paper forms", signed=True)
    assert (found.standing, found.reason) == (StandingValue.ATTESTED, "signed by the Records Custodian; the settings were read too, and agree")


def test_a_statement_stands_in_for_what_could_not_be_read() -> None:
    found = shown(kept(StandingValue.UNKNOWN, "google.permission_denied"), signed=True)
    assert (found.standing, found.reason) == (StandingValue.ATTESTED, "signed by the Records Custodian; the settings could not all be read")


def test_a_duty_without_settings_is_as_it_was() -> None:
    found = controls(policy(), (), TENANTS, ())[1]
    assert (found.standing, found.reason, found.clouds) == (StandingValue.UNKNOWN, "to be attested", ())


def test_a_vendor_s_sentence_is_never_shown_behind_a_code() -> None:
    assert reason("google.permission_denied: somebody@d.example may not") == "code google.permission_denied"
    assert reason("setting.unclear: Takeout (/Staff)") == "which value of a setting holds cannot be told (Takeout (/Staff))"
