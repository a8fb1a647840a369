"""Officers' keys: Ed25519, kept as PKCS#8 PEM that only their owner can read; signing, and telling a good signature from a bad one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from policies.problems import ToldError

PREFIX = "ed25519:"


class OfficerError(ToldError):
    """An officer cannot be recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedKey:
    """What ``officer keygen`` prints: the public half, which goes into ``officers[].key``, and its short id."""

    public_key: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerKey:
    """An officer's key, opened."""

    public_key: str
    """``ed25519:<base64 of the 32 bytes>``."""
    key_id: str
    """The first 16 hex digits of SHA-256 over the 32 bytes."""
    private: Ed25519PrivateKey = field(repr=False, compare=False)

    def sign(self, data: bytes) -> str:
        """The Ed25519 signature over ``data``, in base64."""
        return base64.b64encode(self.private.sign(data)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """An officer in force together with the key that proves it."""

    officer: str
    """``officers[].id``."""
    key: OfficerKey


def generate(path: Path, passphrase: str | None) -> GeneratedKey:
    """A new key written to ``path`` (PKCS#8 PEM, 0600), never over a file.

    Raises OfficerError ``file.exists`` or ``file.unwritable``.
    """
    private = Ed25519PrivateKey.generate()
    lock: KeySerializationEncryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise OfficerError("file.exists", f"{path} exists already", "name another file; a key is never written over") from error
    except OSError as error:
        raise OfficerError("file.unwritable", f"{path} cannot be made: {error.strerror}", "check the folder and its permissions") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    opened = _opened(private)
    return GeneratedKey(public_key=opened.public_key, key_id=opened.key_id)


def load(path: Path, passphrase: str | None) -> OfficerKey:
    """The key in ``path``.

    Raises OfficerError: ``file.not_found``, ``file.readable_by_others``, ``officer.passphrase_needed``, ``officer.key_unreadable``.
    """
    pem = read_private(path)
    try:
        private = load_pem_private_key(pem, passphrase.encode() if passphrase and b"ENCRYPTED" in pem else None)
    except TypeError as error:
        raise OfficerError("officer.passphrase_needed", f"{path} is guarded by a passphrase", "set RECORDWARDEN_PASSPHRASE_FILE") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise OfficerError("officer.key_unreadable", f"{path} is no key that can be opened", "check file and passphrase") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise OfficerError("officer.key_unreadable", f"{path} holds another kind of key", "make one with `officer keygen`")
    return _opened(private)


def read_private(path: Path) -> bytes:
    """The bytes of a file that only its owner may read. Raises OfficerError ``file.not_found`` or ``file.readable_by_others``."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise OfficerError("file.not_found", f"{path} cannot be read: {error.strerror}", "check the path") from error
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise OfficerError("file.readable_by_others", f"{path} can be read by others", f"chmod 600 {path}")
        return file.read()


def read_passphrase(path: Path) -> str:
    """The first line of a passphrase file. Raises OfficerError as ``read_private`` does, and ``file.empty``."""
    lines = read_private(path).decode().splitlines()
    if not lines or not lines[0]:
        raise OfficerError("file.empty", f"{path} holds no passphrase", "write it into the first line")
    return lines[0]


def verify(public_key: str, signature: str, data: bytes) -> bool:
    """Whether ``signature`` (base64) over ``data`` was made by the owner of ``public_key``; anything malformed was not."""
    try:
        key = Ed25519PublicKey.from_public_bytes(raw(public_key))
        key.verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, ValueError):  # binascii.Error is a ValueError
        return False
    return True


def key_id(public_key: str) -> str:
    """The first 16 hex digits of SHA-256 over the 32 bytes of ``public_key``. Raises ValueError."""
    return hashlib.sha256(raw(public_key)).hexdigest()[:16]


def raw(public_key: str) -> bytes:
    """The 32 bytes in ``ed25519:<base64>``. Raises ValueError."""
    if not public_key.startswith(PREFIX):
        raise ValueError(f"{public_key!r} does not begin with {PREFIX}")
    try:
        data = base64.b64decode(public_key.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"{public_key!r} is not base64") from error
    if len(data) != 32:
        raise ValueError(f"{public_key!r} does not hold 32 bytes")
    return data


def _opened(private: Ed25519PrivateKey) -> OfficerKey:
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    text = PREFIX + base64.b64encode(public).decode()
    return OfficerKey(public_key=text, key_id=key_id(text), private=private)
