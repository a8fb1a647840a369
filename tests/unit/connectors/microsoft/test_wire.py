"""Raw JSON as Microsoft's surfaces write it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.microsoft365 import wire
from connectors.microsoft365.clouds import inside


@pytest.mark.parametrize(("raw", "read"), [
    ("2026-03-02T14:05:11.0000000Z", datetime(2026, 3, 2, 14, 5, 11, tzinfo=UTC)),
    ("2026-03-02T14:05:11.1234567Z", datetime(2026, 3, 2, 14, 5, 11, 123456, tzinfo=UTC)),
    ("2026-03-02T14:05:11", datetime(2026, 3, 2, 14, 5, 11, tzinfo=UTC)),
    ("2026-03-02T09:05:11-05:00", datetime(2026, 3, 2, 14, 5, 11, tzinfo=UTC)),
    ("0001-01-01T00:00:00Z", None),
    ("0001-01-01T00:00:00", None),
    ("yesterday", None),
    ("", None),
    (None, None),
    (7, None),
])
def test_dates(raw: object, read: datetime | None) -> None:
    assert wire.moment({"at": raw}, "at") == read


@pytest.mark.parametrize(("raw", "read"), [(True, True), (False, False), ("true", True), ("False", False), ("yes", None), (1, None), (None, None)])
def test_truth_values(*, raw: object, read: bool | None) -> None:
    assert wire.flag({"is": raw}, "is") is read


def test_annotations_go_at_every_depth() -> None:
    raw = {"Guid@odata.type": "#Guid", "Guid": "x", "Place": [{"@data.type": "t", "Name": "a", "Deep": {"b@odata.type": "c", "b": 1}}]}
    assert wire.without_annotations(raw) == {"Guid": "x", "Place": [{"Name": "a", "Deep": {"b": 1}}]}


def test_a_lone_text_is_a_list_of_one_and_null_is_none() -> None:
    assert wire.texts({"a": "x", "b": ["y", 1, "z"], "c": None, "d": " "}, "a") == ("x",)
    assert wire.texts({"b": ["y", 1, "z"]}, "b") == ("y", "z")
    assert wire.texts({"c": None}, "c") == ()
    assert wire.texts({"d": " "}, "d") == ()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"a": ', b"\x00\x00\x00", b"null"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.parse_object(body)


@pytest.mark.parametrize(("link", "base", "stays"), [
    ("https://graph.microsoft.com/v1.0/users?$skiptoken=x", "https://graph.microsoft.com", True),
    ("https://graph.microsoft.com:443/v1.0/users", "https://graph.microsoft.com", True),
    ("https://127.0.0.1:8443/graph/v1.0/users", "https://127.0.0.1:8443/graph", True),
    ("https://127.0.0.1:8443/graphs/v1.0/users", "https://127.0.0.1:8443/graph", False),
    ("https://127.0.0.1:8443/vault", "https://127.0.0.1:8443/graph", False),
    ("https://127.0.0.1:8444/graph/v1.0", "https://127.0.0.1:8443/graph", False),
    ("http://graph.microsoft.com/v1.0/users", "https://graph.microsoft.com", False),
    ("https://graph.microsoft.com.evil.example/v1.0", "https://graph.microsoft.com", False),
    ("https://graph.microsoft.com@evil.example/v1.0", "https://graph.microsoft.com", False),
    ("//evil.example/v1.0", "https://graph.microsoft.com", False),
    ("/v1.0/users", "https://graph.microsoft.com", False),
])
def test_a_token_goes_only_inside_its_endpoint(*, link: str, base: str, stays: bool) -> None:
    assert inside(link, base) is stays
