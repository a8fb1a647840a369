"""The sealing key and what it encrypts: confidential values and their salts at rest.

The key lies in a file of its own (0600) beside the store, wrapped by a passphrase where the district gives one. It is made once; a store that has
sealed something and has lost its key says so instead of making another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import threading
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sync.store.errors import StoreError

SALT = 32
NONCE = 12
COST = 2**15
"""scrypt's n, with r 8 and p 1: 32 MiB and about a tenth of a second."""


def seal_of(salt: bytes, value: str) -> str:
    """What the chain holds instead of ``value``: SHA-256 over salt and the UTF-8 of its JSON text, in hex. Frozen with the journal's format."""
    return hashlib.sha256(salt + value.encode()).hexdigest()


class Sealer:
    """Encrypts and opens sealed values; looks at its key file at first use, so that what seals nothing needs no passphrase."""

    def __init__(self, path: Path, passphrase: str | None, check: str | None) -> None:
        self.path = path
        self._passphrase = passphrase
        self._check = check
        self._key: bytes | None = None
        self._once = threading.Lock()

    @property
    def wrapped(self) -> bool:
        """Whether a passphrase guards the key file; without one ``doctor`` says that it lies open beside the store."""
        return self.path.is_file() and "box" in _read(self.path)

    def box(self, district: str, sealed: str, salt: bytes, value: str) -> bytes:
        """Salt and value, encrypted and bound to their place."""
        nonce = secrets.token_bytes(NONCE)
        return nonce + AESGCM(self._load()).encrypt(nonce, salt + value.encode(), f"{district}|{sealed}".encode())

    def open(self, district: str, sealed: str, box: bytes) -> tuple[bytes, str]:
        """Salt and value. Raises StoreError ``store.seal_broken`` where key and box do not belong together."""
        try:
            clear = AESGCM(self._load()).decrypt(box[:NONCE], box[NONCE:], f"{district}|{sealed}".encode())
        except InvalidTag as error:
            message = f"the sealed value {sealed[:16]} cannot be opened"
            raise StoreError("store.seal_broken", message, "restore store and key from one backup") from error
        return clear[:SALT], clear[SALT:].decode()

    def check(self) -> str:
        """What the store keeps to recognise this key."""
        return hmac.new(self._load(), b"recordwarden sealing key", hashlib.sha256).hexdigest()[:32]

    def _load(self) -> bytes:
        with self._once:
            if self._key is None:
                self._key = self._read_key() if self.path.is_file() or self._check else self._make()
            return self._key

    def _read_key(self) -> bytes:
        if not self.path.is_file():
            message = f"the sealing key {self.path} is gone"
            raise StoreError("store.key_missing", message, "restore it from the backup; nothing else opens what it sealed")
        if self.path.stat().st_mode & 0o077:
            raise StoreError("file.readable_by_others", f"{self.path} can be read by others", f"chmod 600 {self.path}")
        kept = _read(self.path)
        key = _unwrap(kept, self._passphrase, self.path) if "box" in kept else base64.b64decode(kept["key"])
        found = hmac.new(key, b"recordwarden sealing key", hashlib.sha256).hexdigest()[:32]
        if self._check is not None and not hmac.compare_digest(found, self._check):
            raise StoreError("store.key_other", f"{self.path} is not the key of this store", "restore the key that was made with it")
        return key

    def _make(self) -> bytes:
        key = secrets.token_bytes(32)
        body = {"recordwarden": "1", "key": base64.b64encode(key).decode()} if self._passphrase is None else _wrap(key, self._passphrase)
        draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            json.dump(body, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self.path)  # whole or not at all, and never over a key
        except FileExistsError:  # another process made it a moment ago: that one counts
            return self._read_key()
        finally:
            draft.unlink()
        return key


def _read(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StoreError("store.key_unreadable", f"{path} is no sealing key", "restore it from the backup") from error
    if not isinstance(kept, dict) or not ({"key", "box"} & kept.keys()):
        raise StoreError("store.key_unreadable", f"{path} is no sealing key", "restore it from the backup")
    return {str(name): str(value) for name, value in kept.items()}


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode())


def _wrap(key: bytes, passphrase: str) -> dict[str, str]:
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(NONCE)
    box = nonce + AESGCM(_stretch(passphrase, salt)).encrypt(nonce, key, b"sealing key")
    return {"recordwarden": "1", "salt": base64.b64encode(salt).decode(), "box": base64.b64encode(box).decode()}


def _unwrap(kept: dict[str, str], passphrase: str | None, path: Path) -> bytes:
    if passphrase is None:
        raise StoreError("store.passphrase_needed", f"{path} is guarded by a passphrase", "set RECORDWARDEN_PASSPHRASE_FILE")
    box = base64.b64decode(kept["box"])
    try:
        return AESGCM(_stretch(passphrase, base64.b64decode(kept["salt"]))).decrypt(box[:NONCE], box[NONCE:], b"sealing key")
    except InvalidTag as error:
        raise StoreError("store.passphrase_wrong", f"the passphrase does not open {path}", "check RECORDWARDEN_PASSPHRASE_FILE") from error
