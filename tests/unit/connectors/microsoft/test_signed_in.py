"""A sign-in that is kept: used by another process, renewed, replaced, ended; and what the platform may demand in between."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors import keeping
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, TransientError
from connectors.keeping import KeptFile
from connectors.microsoft365.clouds import Endpoint
from connectors.microsoft365.graph import Call, GraphClient
from connectors.microsoft365.sign_in import by_browser
from connectors.microsoft365.signed_in import PersonTokens, Session, purpose
from tests.unit.connectors.microsoft.people import Someone, officer
from tests.unit.connectors.microsoft.support import Bench


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_COST", {"n": 2**4, "r": 8, "p": 1})


def signed_in(bench: Bench) -> Session:
    return by_browser(bench.tenant, bench.context(), Someone(bench)).session


def tokens(bench: Bench, session: Session) -> PersonTokens:
    made = PersonTokens(bench.tenant, bench.context(), session)
    bench._closing.append(made.close)
    return made


def file(bench: Bench, path: Path) -> KeptFile:
    return KeptFile(path / "sign-in", "correct horse", purpose(bench.tenant, bench.context()))


def asked(bench: Bench) -> int:
    return len([one for one in bench.asked("authority") if one.operation == "token"])


def refused(act: Callable[[], object]) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        act()
    assert not isinstance(caught.value, TenantUnreachableError), "a sign-in that fails closes what rests on it, never the tenant"
    return caught.value


def test_another_process_goes_on_with_what_was_kept(bench: Bench, tmp_path: Path) -> None:
    session = signed_in(bench)
    assert not session.is_kept
    session.keep(file(bench, tmp_path))
    again = Session.restored(file(bench, tmp_path))
    assert again is not None
    assert (again.person, again.is_kept) == (session.person, True)
    assert again.until() == session.until()
    person = tokens(bench, again)
    assert person.token(Endpoint.GRAPH)
    assert person.scopes is not None
    assert "RecordsManagement.ReadWrite.All" in person.scopes
    assert person.names == {officer(bench), "records office", session.person.object_id}


def test_one_token_serves_many_requests_and_both_hosts_have_their_own(bench: Bench) -> None:
    person = tokens(bench, signed_in(bench))
    before = asked(bench)
    first = {person.token(Endpoint.GRAPH) for _ in range(3)}
    assert (len(first), asked(bench) - before) == (1, 1)
    assert person.token(Endpoint.COMPLIANCE) not in first
    assert asked(bench) - before == 2
    assert person.token(Endpoint.GRAPH, fresh=True) not in first


def test_a_renewed_token_is_kept_for_the_next_process(bench: Bench, tmp_path: Path) -> None:
    session = signed_in(bench)
    session.keep(file(bench, tmp_path))
    before = (tmp_path / "sign-in").read_bytes()
    tokens(bench, session).token(Endpoint.GRAPH)
    assert (tmp_path / "sign-in").read_bytes() != before
    again = Session.restored(file(bench, tmp_path))
    assert again is not None
    assert again.secrets() == session.secrets()


def test_signing_out_elsewhere_ends_it_here_and_is_not_undone(bench: Bench, tmp_path: Path) -> None:
    session = signed_in(bench)
    session.keep(file(bench, tmp_path))
    assert file(bench, tmp_path).remove()
    error = refused(lambda: tokens(bench, session).token(Endpoint.GRAPH))
    assert error.code == "auth.sign_in_again"
    assert "another process signed out" in error.message
    assert not (tmp_path / "sign-in").exists()


def test_signing_in_anew_elsewhere_is_not_written_over(bench: Bench, tmp_path: Path) -> None:
    old = signed_in(bench)
    old.keep(file(bench, tmp_path))
    signed_in(bench).keep(file(bench, tmp_path))
    after = (tmp_path / "sign-in").read_bytes()
    assert refused(lambda: tokens(bench, old).token(Endpoint.GRAPH)).code == "auth.sign_in_again"
    assert (tmp_path / "sign-in").read_bytes() == after


def test_a_disk_that_fails_stops_nobody_and_is_told(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = signed_in(bench)
    session.keep(file(bench, tmp_path))

    def full(*_given: object) -> bool:
        raise PermanentError("keeping.unwritable", "The disk is full.")

    monkeypatch.setattr(KeptFile, "update", full)
    assert tokens(bench, session).token(Endpoint.GRAPH)
    assert session.unsaved == "keeping.unwritable: The disk is full."


def test_another_sign_in_service_never_gets_the_refresh_token(bench: Bench, tmp_path: Path) -> None:
    signed_in(bench).keep(file(bench, tmp_path))
    bench.endpoint("authority", "https://127.0.0.1:9")
    with pytest.raises(PermanentError) as caught:
        Session.restored(file(bench, tmp_path))
    assert caught.value.code == "keeping.foreign"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": "interaction_required", "error_description": "AADSTS50076: multifactor", "error_codes": [50076]}, "auth.sign_in_again"),
        ({"error": "invalid_grant", "error_description": "AADSTS700082: unused", "error_codes": [700082]}, "auth.sign_in_again"),
        ({"error": "invalid_grant", "error_description": "AADSTS65001: x", "error_codes": [65001], "suberror": "consent_required"}, "auth.consent_missing"),
        ({"error": "invalid_resource", "error_description": "AADSTS500011: none", "error_codes": [500011]}, "auth.resource_missing"),
        ({"error": "invalid_client", "error_description": "AADSTS7000218: secret", "error_codes": [7000218]}, "auth.public_client_off"),
        ({"error": "temporarily_unavailable", "error_description": "AADSTS50196: loop"}, "auth.throttled"),
        ({"error": "server_confused"}, "auth.refused"),
    ],
)
def test_each_refusal_has_its_word_and_a_next_step(bench: Bench, body: dict[str, object], code: str) -> None:
    person = tokens(bench, signed_in(bench))
    bench.fault("authority", "token", times=9, status=400, body=json.dumps(body).encode())
    error = refused(lambda: person.token(Endpoint.GRAPH))
    assert error.code == code
    assert error.next_step
    if code == "auth.sign_in_again":
        assert error.next_step == "sign in: recordwarden login --tenant m365"


def test_a_sign_in_service_that_is_down_passes(bench: Bench) -> None:
    session = signed_in(bench)
    bench.fault("authority", "token", times=99, status=503)
    assert isinstance(refused(lambda: tokens(bench, session).token(Endpoint.GRAPH)), TransientError)
    bench.world.faults.clear()
    assert tokens(bench, session).token(Endpoint.GRAPH), "nothing was concluded from it"


def challenge(claims: str) -> dict[str, object]:
    encoded = base64.b64encode(claims.encode()).decode()
    header = f'Bearer realm="", error="insufficient_claims", claims="{encoded}"'
    return {"status": 401, "headers": {"www-authenticate": header}, "body": b'{"error": {"code": "InvalidAuthenticationToken", "message": "challenge"}}'}


def test_a_claims_challenge_is_answered_once_with_the_claims(bench: Bench) -> None:
    person = tokens(bench, signed_in(bench))
    client = GraphClient(bench.tenant, bench.context(), person)
    bench._closing.append(client.close)
    bench.fault("graph", "GET /security/labels/retentionLabels", **challenge('{"access_token": {"nbf": {"essential": true}}}'))
    assert client.rows(Call(method="GET", path="/security/labels/retentionLabels")).rows
    renewing = [one.request for one in bench.asked("authority") if b"grant_type=refresh_token" in one.request]
    assert b"claims=" in renewing[-1]


def test_a_claims_challenge_that_only_a_person_can_answer_says_so(bench: Bench) -> None:
    session = signed_in(bench)
    person = tokens(bench, session)
    person.token(Endpoint.GRAPH)
    client = GraphClient(bench.tenant, bench.context(), person)
    bench._closing.append(client.close)
    bench.fault("graph", "GET /security/labels/retentionLabels", **challenge('{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'))
    body = {"error": "interaction_required", "error_description": "AADSTS53003: blocked", "error_codes": [53003]}
    bench.fault("authority", "token", status=400, body=json.dumps(body).encode())
    assert refused(lambda: client.rows(Call(method="GET", path="/security/labels/retentionLabels"))).code == "auth.sign_in_again"
    assert session.over is None, "the token at hand goes on serving what asks for no more"


def test_an_account_that_was_blocked_is_over_at_once(bench: Bench) -> None:
    """Graph refuses the token that is still good (continuous access evaluation), and the sign-in cannot be renewed."""
    session = signed_in(bench)
    person = tokens(bench, session)
    person.token(Endpoint.GRAPH)
    bench.act("suspend_user", user=officer(bench))
    client = GraphClient(bench.tenant, bench.context(), person)
    bench._closing.append(client.close)
    assert refused(lambda: client.rows(Call(method="GET", path="/security/labels/retentionLabels"))).code == "auth.sign_in_again"


def test_no_token_of_theirs_stands_in_a_message(bench: Bench) -> None:
    session = signed_in(bench)
    person = tokens(bench, session)
    token = person.token(Endpoint.GRAPH)
    held = session.secrets()
    assert len(held) >= 3
    text = person.scrub(f"{token} and {' '.join(held)}")
    assert not [one for one in {token, *held} if one in text]
