"""A secret at rest: opened by its passphrase alone, never half written, never written over or back by mistake."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors import keeping
from connectors.errors import PermanentError
from connectors.keeping import KeptFile

PURPOSE = {"district": "hrbrml01", "tenant": "m365", "authority": "https://127.0.0.1:8443"}
TEXT = '{"refresh_token": "0.AXEA-a-secret-that-must-not-be-seen"}'


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_COST", {"n": 2**4, "r": 8, "p": 1})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "place" / "sign-in"


def kept(path: Path, passphrase: str = "correct horse", **other: str) -> KeptFile:
    return KeptFile(path, passphrase, {**PURPOSE, **other})


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(PermanentError) as caught:
        act()
    assert caught.value.next_step
    return caught.value.code


def test_what_is_kept_comes_back_and_stands_nowhere_in_the_clear(path: Path) -> None:
    assert kept(path).read() is None
    kept(path).replace(TEXT)
    assert kept(path).read() == TEXT
    assert b"AXEA" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert {one.name for one in path.parent.iterdir()} == {"sign-in", "sign-in.lock"}


def test_the_cost_in_service_is_what_is_promised() -> None:
    assert vars(keeping)["_MOST"]["n"] > 2**15
    assert (Path(keeping.__file__).read_text(encoding="utf-8")).count('_COST: Final = {"n": 2**15, "r": 8, "p": 3}') == 1


def test_salt_and_nonce_are_new_each_time(path: Path) -> None:
    one = kept(path)
    one.replace(TEXT)
    first = json.loads(path.read_text(encoding="utf-8"))
    assert one.update(TEXT)
    second = json.loads(path.read_text(encoding="utf-8"))
    assert first["scrypt"] == second["scrypt"]
    assert base64.b64decode(first["box"])[:12] != base64.b64decode(second["box"])[:12]
    one.replace(TEXT)
    assert json.loads(path.read_text(encoding="utf-8"))["scrypt"]["salt"] != first["scrypt"]["salt"]


def test_a_wrong_passphrase_says_so_and_loses_nothing(path: Path) -> None:
    kept(path).replace(TEXT)
    before = path.read_bytes()
    assert code_of(kept(path, "wrong").read) == "keeping.passphrase_wrong"
    assert code_of(lambda: kept(path, "wrong").replace("other")) == "keeping.passphrase_wrong"
    assert path.read_bytes() == before


@pytest.mark.parametrize("share", [0.2, 0.7, 0.99])
def test_a_torn_file_says_so_and_is_not_written_over(path: Path, share: float) -> None:
    kept(path).replace(TEXT)
    torn = path.read_bytes()[: int(path.stat().st_size * share)]
    path.write_bytes(torn)
    assert code_of(kept(path).read) == "keeping.damaged"
    assert code_of(lambda: kept(path).replace("other")) == "keeping.damaged"
    assert path.read_bytes() == torn
    assert kept(path).remove()
    assert not path.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda box: box[:-8] + ("AAAAAAA=" if not box.endswith("AAAAAAA=") else "BBBBBBB="),
        lambda box: box[:12],
        lambda box: box + "!",
        len,
    ],
)
def test_what_was_changed_is_not_opened(path: Path, spoil: Callable[[str], object]) -> None:
    kept(path).replace(TEXT)
    body = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(body | {"box": spoil(body["box"])}), encoding="utf-8")
    assert code_of(kept(path).read) == "keeping.damaged"


def test_the_head_is_bound_to_the_box(path: Path) -> None:
    kept(path).replace(TEXT)
    body = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(body | {"id": "0" * 16}), encoding="utf-8")
    assert code_of(kept(path).read) in {"keeping.damaged", "keeping.passphrase_wrong"}


@pytest.mark.parametrize("cost", [{"n": 2**30}, {"n": 3}, {"n": 0}, {"r": 0}, {"p": 10**6}])
def test_a_file_cannot_ask_for_any_cost(path: Path, cost: dict[str, int]) -> None:
    kept(path).replace(TEXT)
    body = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(body | {"scrypt": body["scrypt"] | cost}), encoding="utf-8")
    assert code_of(kept(path).read) == "keeping.damaged"


@pytest.mark.parametrize("foreign", [b"a letter to somebody", b"[]", b'{"recordwarden": "1", "key": "x"}', b"\xff\xfe\x00"])
def test_a_foreign_file_is_left_alone(path: Path, foreign: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(foreign)
    path.chmod(0o600)
    one = kept(path)
    for act in (one.read, lambda: one.replace(TEXT), one.remove):
        assert code_of(act) == "keeping.foreign"
    assert path.read_bytes() == foreign


@pytest.mark.parametrize("other", [{"tenant": "m366"}, {"authority": "https://login.microsoftonline.com"}, {"district": "other001"}])
def test_a_secret_serves_only_what_it_was_kept_for(path: Path, other: dict[str, str]) -> None:
    kept(path).replace(TEXT)
    assert code_of(kept(path, **other).read) == "keeping.foreign"
    assert code_of(lambda: kept(path, **other).replace("x")) == "keeping.foreign"
    assert kept(path).read() == TEXT
    assert kept(path, **other).remove(), "whoever signs out of a place may take away what lies there"


def test_a_file_that_others_can_read_is_not_used(path: Path) -> None:
    kept(path).replace(TEXT)
    path.chmod(0o640)
    assert code_of(kept(path).read) == "file.readable_by_others"


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    assert code_of(lambda: kept(path).replace(TEXT)) == "keeping.foreign"
    assert not (tmp_path / "elsewhere").exists()


def test_what_another_process_removed_or_replaced_is_not_written_back(path: Path) -> None:
    mine, theirs = kept(path), kept(path)
    mine.replace(TEXT)
    assert mine.update("refreshed")
    theirs.replace("signed in anew")
    assert not mine.update("refreshed again")
    assert kept(path).read() == "signed in anew"
    assert theirs.remove()
    assert not theirs.update("risen")
    assert not mine.update("risen")
    assert not path.exists()
    assert not kept(path).remove()


def test_a_disk_that_fails_leaves_the_old_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = kept(path)
    one.replace(TEXT)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert code_of(lambda: one.update("new")) == "keeping.unwritable"
    monkeypatch.undo()
    assert kept(path).path.read_bytes()
    assert {name.name for name in path.parent.iterdir()} == {"sign-in", "sign-in.lock"}
