"""Small things that everybody leans on: keys, marks, who signs in, where a value stands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.district import Credential, District
from policies.keys import LIMIT, key_of
from policies.kinds import TRAITS, Kind, Platform
from policies.policy import Policy
from policies.problems import Where
from policies.resources import KindRead, Live, ReadState, Snapshot, find_mark, without_mark
from policies.shape import known_keys
from policies.source import nearest

DISTRICT = District.model_validate(
    {
        "recordwarden": 1,
        "id": "abcd1234",
        "name": "Elm Ridge",
        "officers": [{"id": "custodian", "name": "Ida", "email": "ida@d", "roles": ["records_custodian"]}],
        "tenants": [
            {"id": "one", "platform": "microsoft365", "credential": {"subject": "common"}},
            {"id": "two", "platform": "microsoft365", "credential": {"subject": "common"}, "credentials": {"write": {"subject": "writer"}}},
            {"id": "three", "platform": "google_workspace"},
        ],
    }
)


def test_people_and_tenants_are_found_by_id() -> None:
    assert DISTRICT.officer("custodian").name == "Ida"
    assert DISTRICT.tenant("three").platform is Platform.GOOGLE_WORKSPACE
    with pytest.raises(KeyError):
        DISTRICT.officer("nobody")
    with pytest.raises(KeyError):
        DISTRICT.tenant("nowhere")


def test_the_identity_for_writing_is_the_separate_one_if_given() -> None:
    def subject(tenant: str, *, writing: bool) -> str | None:
        credential: Credential | None = DISTRICT.tenant(tenant).credential_for(writing=writing)
        return credential.subject if credential else None

    assert [subject("one", writing=writing) for writing in (False, True)] == ["common", "common"]
    assert [subject("two", writing=writing) for writing in (False, True)] == ["common", "writer"]
    assert subject("three", writing=True) is None


def test_keys_are_short_and_told_apart() -> None:
    assert key_of("label", "COR_02 x") == "label-cor-02-x"
    long, longer = key_of("a" * 50), key_of("a" * 51)
    assert len(long) <= LIMIT
    assert long != longer


def test_a_mark_is_found_last_and_taken_out() -> None:
    mark = find_mark("text [rw:abcd1234:old:g1] more [rw:abcd1234:label-x:g12]")
    assert mark is not None
    assert (mark.district, mark.key, mark.generation) == ("abcd1234", "label-x", 12)
    assert find_mark(f"note {mark}") == mark
    assert find_mark(None) is None
    assert find_mark("[rw:abcd1234:x:g0]") is None
    assert without_mark(f"note {mark}") == "note"


def test_every_kind_has_its_traits_and_platform() -> None:
    assert set(TRAITS) == set(Kind)
    assert {kind.platform for kind in Kind} == set(Platform)


def test_keys_known_at_a_place_of_a_document() -> None:
    assert "carrier" in known_keys(Policy, ("rules", 0))
    assert "group" in known_keys(Policy, ("populations", "staff", "m365", 0))
    assert "series" in known_keys(Policy, ("schedule",))
    assert known_keys(Policy, ("nothing", "here")) == ()
    assert known_keys(Policy, ("policy", "title")) == ()


def test_where_nothing_is_known_the_file_is() -> None:
    assert nearest({}, ("a",), Path("x.yaml")) == Where(file="x.yaml")


def test_a_district_survives_json() -> None:
    assert District.model_validate(json.loads(DISTRICT.model_dump_json(by_alias=True))) == DISTRICT


def test_only_a_complete_read_lets_one_believe_an_absence() -> None:
    label = Live(kind=Kind.M365_LABEL, vendor_id="1", name="Keep", fields={})
    read = {
        kind: KindRead(kind=kind, state=state, count=0)
        for kind, state in ((Kind.M365_LABEL, ReadState.COMPLETE), (Kind.M365_CASE, ReadState.PARTIAL))
    }
    snapshot = Snapshot(tenant="m365", at=datetime(2026, 11, 2, tzinfo=UTC), reads=read, resources=(label,))
    assert snapshot.complete(Kind.M365_LABEL)
    assert not snapshot.complete(Kind.M365_CASE)
    assert not snapshot.complete(Kind.M365_HOLD), "never read"
    assert snapshot.of(Kind.M365_LABEL) == (label,)
    assert snapshot.of(Kind.M365_HOLD) == ()
    assert label.ref("m365").vendor_id == "1"
