"""``doctor`` as a command on tenants of each licence, with the admin endpoint accepted or not, and with each role missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.acceptance.rehearsal import LATER, District, Keys, Moment, Ran, Sandbox, make_district

pytestmark = pytest.mark.slow

LABELS = ("m365.label", "m365.label_policy", "m365.label_rule")
POLICIES = ("m365.retention_policy", "m365.retention_rule")
HOLDS = ("m365.case", "m365.hold")
PREMIUM = ("m365.event_type", "m365.adaptive_scope")
UNPROVEN = ("unproven", "capability.unproven")
SHUT = ("missing", "admin_endpoint.not_accepted")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What doctor answered of Microsoft 365."""

    ran: Ran

    @property
    def kinds(self) -> dict[str, dict[str, Any]]:
        return {one["kind"]: one for one in self.ran.tenants["m365"]["capabilities"]}

    def says(self, *kinds: str) -> set[tuple[str, str]]:
        """Write capability and the code of its reason."""
        return {(self.kinds[kind]["write"], (self.kinds[kind]["reason"] or "").partition(":")[0]) for kind in kinds}

    def problems(self) -> set[tuple[str, str | None]]:
        """Code and subject of what is said aloud, but for the notes."""
        return {(one["code"], one.get("subject")) for one in self.ran.document["problems"] if one["severity"] != "info"}


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """The district's tenant, whose licence and roles can be changed."""

    sandbox: Sandbox
    shut: District
    accepted: District

    def doctor(self, *, accepted: bool = True, **switches: str) -> Asked:
        self.sandbox.door("/switches", {f"m365.{name}": value for name, value in switches.items()})
        return Asked(ran=(self.accepted if accepted else self.shut).run("--tenant", "m365", "doctor"))


@pytest.fixture(scope="module")
def districts(keys: Keys, untouched_tiny: tuple[Sandbox, Moment], tmp_path_factory: pytest.TempPathFactory) -> tuple[District, District]:
    """One where nobody accepted the admin endpoint, one where an officer did."""
    served, first = untouched_tiny
    served.return_to(first)
    shut, accepted = (make_district(tmp_path_factory.mktemp(name) / "place", served, *keys) for name in ("shut", "accepted"))
    accepted.must("attest", "admin-endpoint/m365", "--until", LATER, officer="custodian")
    return shut, accepted


@pytest.fixture
def tenant(districts: tuple[District, District], untouched_tiny: tuple[Sandbox, Moment]) -> Iterator[Tenant]:
    served, first = untouched_tiny
    served.return_to(first)
    yield Tenant(sandbox=served, shut=districts[0], accepted=districts[1])
    served.return_to(first)


def test_a1_carries_no_label_no_hold_and_no_litigation_hold(tenant: Tenant) -> None:
    for accepted in (True, False):
        seen = tenant.doctor(licence="A1", accepted=accepted)
        assert seen.says(*LABELS) == {("missing", "licence.retention_labels")}
        assert seen.says(*HOLDS) == {("missing", "licence.ediscovery")}
        assert seen.says("m365.mailbox") == {("missing", "licence.litigation_hold")}
        assert seen.says(*PREMIUM) == {("missing", "licence.records_management")}
        assert seen.says(*POLICIES) == {UNPROVEN if accepted else SHUT}
        for kind in (*LABELS, *HOLDS, *PREMIUM, "m365.mailbox"):
            assert "login" not in seen.kinds[kind]["next_step"]


def test_a3_holds_by_cmdlet_or_by_a_person_and_has_neither_events_nor_scopes(tenant: Tenant) -> None:
    seen = tenant.doctor(licence="A3")
    assert seen.says(*LABELS, *HOLDS, *POLICIES, "m365.mailbox") == {UNPROVEN}
    assert {seen.kinds[kind]["surface"] for kind in HOLDS} == {"compliance_admin"}
    assert seen.says(*PREMIUM) == {("missing", "licence.records_management")}
    # The folder names a check for event types, which nobody can look for without the licence.
    assert (seen.ran.code, seen.problems()) == (3, {("audit.not_subscribed", "activity"), ("visibility_check.not_seen", "m365.event_type")})
    shut = tenant.doctor(licence="A3", accepted=False)
    assert shut.says(*HOLDS) == {("missing", "graph.not_licensed")}
    assert "recordwarden login" in shut.kinds["m365.hold"]["next_step"]
    assert "attest admin-endpoint/m365" in shut.kinds["m365.hold"]["next_step"]
    assert shut.says(*LABELS, *POLICIES, "m365.mailbox") == {SHUT}
    assert shut.says(*PREMIUM) == {("missing", "licence.records_management")}


def test_a5_carries_everything_once_the_admin_endpoint_is_accepted(tenant: Tenant) -> None:
    seen = tenant.doctor(licence="A5")
    assert seen.says(*LABELS, *HOLDS, *POLICIES, "m365.mailbox", "m365.event_type") == {UNPROVEN}
    assert {seen.kinds[kind]["surface"] for kind in HOLDS} == {"graph"}
    assert (seen.ran.code, seen.problems()) == (0, {("audit.not_subscribed", "activity")})
    shut = tenant.doctor(licence="A5", accepted=False)
    assert shut.says(*HOLDS) == {UNPROVEN}
    assert shut.says(*LABELS, *POLICIES, "m365.event_type", "m365.mailbox") == {SHUT}
    assert shut.ran.code == 3
    assert {("surface.not_ok", "compliance_admin"), ("surface.not_ok", "exchange_admin")} <= shut.problems()


def test_without_a_role_the_admin_endpoint_refuses_and_that_is_said(tenant: Tenant) -> None:
    seen = tenant.doctor(admin_role="none")
    assert seen.says(*LABELS, *POLICIES, "m365.mailbox") == {("missing", "admin.forbidden")}
    assert "Compliance Administrator" in seen.kinds["m365.label"]["next_step"]
    assert seen.says(*HOLDS) == {UNPROVEN}
    assert seen.ran.code == 3
    assert {("surface.not_ok", "compliance_admin"), ("surface.not_ok", "exchange_admin")} <= seen.problems()


def test_a_viewer_reads_and_may_not_write(tenant: Tenant) -> None:
    seen = tenant.doctor(admin_role="viewer")
    assert seen.says(*LABELS, *POLICIES, "m365.event_type", "m365.mailbox") == {("missing", "admin.cmdlet_missing")}
    assert {seen.kinds[kind]["read"] for kind in (*LABELS, *POLICIES, "m365.mailbox")} == {"full"}
    assert "Compliance Administrator" in seen.kinds["m365.label"]["next_step"]
    assert (seen.ran.code, seen.problems()) == (0, {("audit.not_subscribed", "activity")})


def test_who_sees_empty_lists_misses_the_check_that_stands_in_them(tenant: Tenant) -> None:
    seen = tenant.doctor(admin_role="blind")
    assert seen.ran.code == 3
    unseen = {subject for code, subject in seen.problems() if code == "visibility_check.not_seen"}
    assert unseen >= {"m365.label", "m365.label_policy", "m365.retention_policy"}


def test_an_unregistered_application_and_a_manager_do_not_see_the_cases(tenant: Tenant) -> None:
    seen = tenant.doctor(ediscovery_manager="not_registered")
    assert seen.says(*HOLDS) == {("missing", "ediscovery.not_registered")}
    assert "New-ServicePrincipal -AppId" in seen.kinds["m365.hold"]["next_step"]
    assert "ENTERPRISE-APP-OBJECT-ID" not in seen.kinds["m365.hold"]["next_step"]
    assert seen.says(*LABELS, *POLICIES) == {UNPROVEN}
    assert seen.ran.code == 3
    own = tenant.doctor(ediscovery_manager="manager")
    assert own.says(*HOLDS) == {UNPROVEN}
    assert own.ran.code == 3
    assert {("visibility_check.not_seen", "m365.case"), ("visibility_check.not_seen", "m365.hold")} <= own.problems()
