from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from sync.officers import OfficerError, generate, key_id, load, raw, read_passphrase, verify


def refused(code: str, path: Path, passphrase: str | None = None) -> None:
    with pytest.raises(OfficerError) as caught:
        load(path, passphrase)
    assert caught.value.code == code
    assert caught.value.next_step


@pytest.mark.parametrize("passphrase", [None, "korrekt pferd ünïcode"])
def test_a_key_is_made_kept_and_signs(tmp_path: Path, passphrase: str | None) -> None:
    path = tmp_path / "custodian.pem"
    made = generate(path, passphrase)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY" if passphrase else b"-----BEGIN PRIVATE KEY")
    public = base64.b64decode(made.public_key.removeprefix("ed25519:"))
    assert made.key_id == hashlib.sha256(public).hexdigest()[:16]
    key = load(path, passphrase)
    assert (key.public_key, key.key_id) == (made.public_key, made.key_id)
    signature = key.sign(b"words")
    assert verify(made.public_key, signature, b"words")
    assert not verify(made.public_key, signature, b"other words")
    assert not verify(generate(tmp_path / "other.pem", None).public_key, signature, b"words")
    assert "private" not in repr(key).lower().replace(path.name, "")
    assert len(load_pem_private_key(path.read_bytes(), passphrase.encode() if passphrase else None).sign(b"x")) == 64  # type: ignore[union-attr,call-arg]


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    generate(path, None)
    before = path.read_bytes()
    with pytest.raises(OfficerError) as caught:
        generate(path, None)
    assert caught.value.code == "file.exists"
    assert path.read_bytes() == before
    with pytest.raises(OfficerError) as caught:
        generate(tmp_path / "no" / "folder.pem", None)
    assert caught.value.code == "file.unwritable"


def test_keys_that_cannot_be_used_say_why(tmp_path: Path) -> None:
    path = tmp_path / "k.pem"
    generate(path, "secret")
    refused("officer.passphrase_needed", path)
    refused("officer.key_unreadable", path, "wrong")
    refused("file.not_found", tmp_path / "none.pem")
    for mode in (0o640, 0o604, 0o660):
        path.chmod(mode)
        refused("file.readable_by_others", path, "secret")
    words = tmp_path / "words.pem"
    words.touch(0o600)
    words.write_text("not a key", encoding="utf-8")
    refused("officer.key_unreadable", words)
    words.write_bytes(generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    refused("officer.key_unreadable", words)


def test_an_unneeded_passphrase_does_no_harm(tmp_path: Path) -> None:
    made = generate(tmp_path / "k.pem", None)
    assert load(tmp_path / "k.pem", "given for the store").key_id == made.key_id


@pytest.mark.parametrize("key", ["", "ed25519:", "ed25519:!!!!", "ed25519:AAAA", "rsa:AAAA", "AAAA"])
def test_malformed_keys_verify_nothing(key: str) -> None:
    assert not verify(key, "AAAA", b"x")
    with pytest.raises(ValueError, match=r"ed25519|base64|32 bytes"):
        raw(key)
    with pytest.raises(ValueError, match=r"ed25519|base64|32 bytes"):
        key_id(key)


def test_malformed_signatures_verify_nothing(tmp_path: Path) -> None:
    made = generate(tmp_path / "k.pem", None)
    for signature in ("", "AAAA", "!!", "é"):
        assert not verify(made.public_key, signature, b"x")


def test_a_passphrase_is_the_first_line_of_a_guarded_file(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.touch(0o600)
    path.write_text("correct horse\nnotes\n", encoding="utf-8")
    assert read_passphrase(path) == "correct horse"
    path.write_text("", encoding="utf-8")
    with pytest.raises(OfficerError) as caught:
        read_passphrase(path)
    assert caught.value.code == "file.empty"
    path.chmod(0o644)
    with pytest.raises(OfficerError) as caught:
        read_passphrase(path)
    assert caught.value.code == "file.readable_by_others"
