"""What may happen on the wire, and what we may and may not conclude from it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from connectors.errors import ConnectorError, PermanentError, Stopped, TenantUnreachableError, TransientError, UnknownOutcomeError
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import HOLDS_LIST, MATTERS_LIST
from policies.district import Credential
from policies.kinds import Kind
from policies.resources import ReadState
from tests.unit.connectors.google.support import VAULT, Bench, hold_on, make_matter, mark, matter_wanted


def ours(bench: Bench) -> list[str]:
    return [matter.id for matter in bench.state.matters.values() if "[rw:" in matter.description]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["reset", "status", "html"])
def test_a_create_without_a_readable_answer_is_sent_once_and_its_outcome_is_unknown(bench: Bench, kind: str, when: str) -> None:
    bench.fault("vault", "vault.matters.create", kind, when)
    with pytest.raises(UnknownOutcomeError) as caught:
        bench.writer().create(matter_wanted(), mark("m-heron"), None)
    assert caught.value.code in {"google.unknown_outcome", "wire.not_json"}
    assert bench.seen("vault.matters.create") == 1
    assert len(ours(bench)) == (1 if when == "after" else 0)
    found = [live for live in bench.reader().snapshot(VAULT).resources if live.mark == mark("m-heron")]
    assert len(found) == len(ours(bench))


def test_a_create_whose_answer_was_cut_is_unknown_too(bench: Bench) -> None:
    bench.fault("vault", "vault.matters.create", "truncated")
    with pytest.raises(UnknownOutcomeError):
        bench.writer().create(matter_wanted(), mark("m-heron"), None)
    assert len(ours(bench)) == 1
    assert bench.seen("vault.matters.create") == 1


@pytest.mark.parametrize(("status", "error"), [(429, TransientError), (400, PermanentError), (403, PermanentError), (409, PermanentError)])
def test_a_create_that_was_refused_was_not_done_and_is_not_repeated(bench: Bench, status: int, error: type[ConnectorError]) -> None:
    bench.fault("vault", "vault.matters.create", "status", status=status)
    with pytest.raises(error):
        bench.writer().create(matter_wanted(), mark("m-heron"), None)
    assert bench.seen("vault.matters.create") == 1
    assert not ours(bench)


@pytest.mark.parametrize(
    ("kind", "more"), [("status", {"status": 503, "times": 2}), ("status", {"status": 429, "times": 3}), ("reset", {"times": 2}), ("truncated", {})]
)
def test_a_read_is_tried_again(bench: Bench, kind: str, more: dict[str, Any]) -> None:
    fault = bench.fault("vault", "vault.matters.list", kind, **more)
    read = bench.reader().snapshot(VAULT).reads[Kind.GOOGLE_MATTER]
    assert read.state is ReadState.COMPLETE
    assert bench.seen("vault.matters.list") == fault.times + 1


def test_a_retry_waits_as_long_as_the_vendor_says_and_otherwise_longer_each_time(bench: Bench) -> None:
    bench.fault("vault", "vault.matters.list", "status", status=429, headers={"Retry-After": "7"})
    bench.fault("directory", "directory.users.get", "status", status=503, times=3)
    bench.reader().snapshot(VAULT)
    assert bench.clock.slept == [1.0, 2.0, 4.0, 7.0]


def test_a_read_that_stays_down_fails_its_kind_and_never_becomes_an_empty_list(bench: Bench) -> None:
    bench.fault("vault", "vault.matters.list", "status", status=503, times=99)
    snapshot = bench.reader().snapshot(VAULT)
    assert {kind: read.state for kind, read in snapshot.reads.items()} == {Kind.GOOGLE_MATTER: ReadState.FAILED, Kind.GOOGLE_HOLD: ReadState.FAILED}
    assert snapshot.reads[Kind.GOOGLE_MATTER].count is None
    assert (snapshot.reads[Kind.GOOGLE_HOLD].reason or "").startswith("google.server_error: ")


@pytest.mark.parametrize(("kind", "code"), [("html", "wire.not_json"), ("foreign_link", "wire.foreign_link")])
def test_a_portal_or_a_redirect_instead_of_an_answer_is_named(bench: Bench, kind: str, code: str) -> None:
    bench.fault("vault", "vault.matters.list", kind, times=99)
    reason = bench.reader().snapshot(VAULT).reads[Kind.GOOGLE_MATTER].reason
    assert reason is not None
    assert reason.startswith(f"{code}: matters.list")


def test_one_matter_whose_holds_cannot_be_listed_makes_holds_partial(bench: Bench) -> None:
    hold_on(bench, bench.writer(), 0)
    bench.fault("vault", "vault.matters.holds.list", "status", status=403, times=1)
    snapshot = bench.reader().snapshot(VAULT)
    assert snapshot.reads[Kind.GOOGLE_MATTER].state is ReadState.COMPLETE
    assert snapshot.reads[Kind.GOOGLE_HOLD].state is ReadState.PARTIAL
    assert snapshot.reads[Kind.GOOGLE_HOLD].count == 1


def test_every_request_is_counted_retries_and_tokens_too(bench: Bench) -> None:
    bench.fault("vault", "vault.matters.list", "status", status=503)
    bench.reader().snapshot(VAULT)
    asked = [exchange for exchange in bench.world.exchanges if exchange.surface != "_door"]
    assert sum(bench.meter.requests.values()) == len(asked)
    assert bench.meter.requests["token_uri", "POST"] == bench.seen("oauth2.token") > 0
    # G§1.8: a list of matters is ten matter reads, and is sent twice here; a list of holds is one of them and three hold reads.
    spent = {key: units for key, units in bench.meter.cost.items() if key[1].startswith("vault.")}
    project, organisation = "project/district-records", f"organisation/{bench.state.customer_id}"
    assert spent == {(organisation, "vault.matter_reads"): 21, (project, "vault.project_reads"): 21, (project, "vault.hold_reads"): 3}
    assert bench.meter.cost[project, "directory"] > 0


@pytest.mark.parametrize(
    ("credential", "project"),
    [
        ({"service_account_file": True}, "district-records"),
        ({"impersonate": "records@other-project.iam.gserviceaccount.com"}, "other-project"),
        ({"impersonate": "records@elsewhere.example"}, None),
    ],
)
def test_quotas_are_spent_of_the_project_that_the_service_account_is_in(bench: Bench, credential: dict[str, Any], project: str | None) -> None:
    given = bench.tenant().credential_for(writing=False)
    assert given is not None
    named = given if "service_account_file" in credential else Credential(subject=given.subject, **credential)
    session = Session(bench.tenant(credential=named), bench.context(), writing=False)
    assert session.keyring.project == project
    charged = {one.account for one in session._charges(HOLDS_LIST) if one.quota == "vault.hold_reads"}
    assert charged == {f"project/{project}" if project else "tenant/google"}


def test_before_it_was_met_an_organisation_is_the_one_that_settings_name(bench: Bench) -> None:
    def organisation(**changes: Any) -> str:
        session = Session(bench.tenant(**changes), bench.context(), writing=True)
        return next(one.account for one in session._charges(MATTERS_LIST) if one.quota == "vault.matter_reads")

    assert organisation() == f"organisation/{bench.state.customer_id}"
    assert organisation(customer_id="my_customer") == "tenant/google"
    session = Session(bench.tenant(customer_id=None), bench.context(organisation="C0pinned"), writing=True)
    assert {one.account for one in session._charges(MATTERS_LIST)} == {"organisation/C0pinned", "project/district-records"}


def test_nothing_but_the_given_endpoints_is_asked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[object] = set()
    resolve = socket.getaddrinfo

    def spy(host: Any, *rest: Any, **more: Any) -> Any:
        asked.add(host)
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", spy)
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "elsewhere.invalid")
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    reader = bench.reader()
    reader.examine()
    reader.roster()
    reader.snapshot(VAULT)
    reader.audit(bench.clock.now(), bench.clock.now())
    make_matter(bench, bench.writer())
    bench.prover().prove(Kind.GOOGLE_HOLD, mark("proof"))
    assert asked == {"127.0.0.1"}


def test_being_told_to_stop_stops_before_the_next_request(bench: Bench) -> None:
    reader = bench.reader()
    reader.identity()
    sent = sum(bench.meter.requests.values())
    bench.stop.set()
    with pytest.raises(Stopped):
        reader.snapshot(VAULT)
    assert sum(bench.meter.requests.values()) == sent


def test_a_certificate_of_somebody_else_is_named(bench: Bench, tmp_path: Any) -> None:
    from sandbox.tls import make_certificates

    other = make_certificates(tmp_path / "other")
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(ca_bundle=other.ca).identity()
    assert caught.value.code == "tls.certificate"
    assert caught.value.message.endswith("shows a certificate that is not trusted.")
    assert "ca_bundle" in caught.value.next_step


def test_a_ca_bundle_that_is_not_there_is_named(bench: Bench, tmp_path: Any) -> None:
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(ca_bundle=tmp_path / "missing.pem").identity()
    assert caught.value.code == "tls.ca_bundle"
    assert "missing.pem" in caught.value.message


def test_a_refused_connection_is_the_tenants_and_waits_for_nothing(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    endpoints = {**bench.tenant().endpoints, "token_uri": f"https://127.0.0.1:{port}/token"}
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(endpoints=endpoints).identity()
    assert caught.value.code == "network.refused"
    assert bench.clock.slept == []


def test_under_drill_an_endpoint_that_is_not_given_is_off(bench: Bench) -> None:
    endpoints = {name: url for name, url in bench.tenant().endpoints.items() if name not in {"vault", "licensing"}}
    reader = bench.reader(endpoints=endpoints)
    snapshot = reader.snapshot(VAULT)
    assert (snapshot.reads[Kind.GOOGLE_MATTER].reason or "").startswith("endpoint.not_given")
    reads = {read.kind: read for read in reader.roster().reads}
    assert reads[Kind.GOOGLE_LICENCE].state is ReadState.FAILED
    assert (reads[Kind.GOOGLE_LICENCE].reason or "").startswith("endpoint.not_given")
    assert reads[Kind.GOOGLE_USER].state is ReadState.COMPLETE


def test_outside_a_drill_an_endpoint_that_is_not_given_is_googles(bench: Bench) -> None:
    from connectors.google_workspace.operations import Surface
    from connectors.google_workspace.services import Services

    services = Services({}, drill=False)
    assert services.url(Surface.VAULT) == "https://vault.googleapis.com/"
    assert services.url(Surface.DIRECTORY) == "https://admin.googleapis.com/"


def test_a_proxy_is_asked_to_open_the_way_and_its_refusal_is_the_tenants(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(TenantUnreachableError) as caught:
        bench.reader(proxy=f"http://127.0.0.1:{port}").identity()
    assert caught.value.code == "network.refused"


def test_many_matters_read_at_once_never_mix_up_their_answers(bench: Bench) -> None:
    bench.world.switches["google.quota"] = "off"
    for number in range(40):
        made = bench.console("create_matter", name=f"Matter {number}")
        bench.console("create_hold", matter=made["matterId"], name=f"Hold {number}", emails=[bench.address(number % 20)])
    snapshot = bench.reader().snapshot(VAULT)
    names = {live.vendor_id: live.name for live in snapshot.of(Kind.GOOGLE_MATTER)}
    pairs = {(names[hold.parent_id or ""], hold.name) for hold in snapshot.of(Kind.GOOGLE_HOLD)}
    assert pairs >= {(f"Matter {number}", f"Hold {number}") for number in range(40)}
    assert len(pairs) == 41


def test_what_is_kept_of_the_library_knows_one_address_alone() -> None:
    from connectors.google_workspace.services import Services

    roots = ("https://one.example/", "https://two.example/prefix/")
    found = {root: Services({"vault": root}, drill=True).request(MATTERS_LIST, pageSize=1) for root in roots}
    assert all(str(request.uri).startswith(f"{root}v1/matters?") for root, request in found.items())  # type: ignore[attr-defined]  # the library's own
    again = Services({"vault": roots[0]}, drill=True).request(MATTERS_LIST, pageSize=2)
    assert "pageSize=2" in again.uri  # type: ignore[attr-defined]  # the library's own
    with pytest.raises(PermanentError):
        Services({}, drill=True).request(MATTERS_LIST)
