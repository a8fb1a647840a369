"""A secret at rest: encrypted with a passphrase, in one file that only its owner can read, written whole or not at all.

scrypt (RFC 7914) stretches the passphrase; AES-256-GCM (NIST SP 800-38D) encrypts the text and binds it to its purpose. Both are ``cryptography``'s.
Salt and nonce are random. The cost is OWASP's for scrypt (*Password Storage Cheat Sheet*: n 2^15, r 8, p 3): 32 MiB and a quarter of a second.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from connectors.errors import PermanentError

_COST: Final = {"n": 2**15, "r": 8, "p": 3}
_MOST: Final = {"n": 2**20, "r": 16, "p": 16}
"""More than this a file may not ask for: it would cost a gigabyte and minutes before anybody knows whose file it is."""
_SALT, _NONCE = 16, 12
_BEGIN: Final = b'{"recordwarden_kept": 1,'
"""How every file begins that was written here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """What stands in the open, and is authenticated with the rest: which keeping this is, what it is for, and how the key is made."""

    id: str
    purpose: Mapping[str, str]
    salt: bytes
    cost: Mapping[str, int]

    def document(self) -> dict[str, object]:
        return {
            "recordwarden_kept": 1,
            "id": self.id,
            "for": dict(self.purpose),
            "scrypt": {**self.cost, "salt": base64.b64encode(self.salt).decode()},
        }

    def bound(self) -> bytes:
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """A key with the head that it belongs to, so that writing again does not stretch the passphrase again."""

    head: _Head
    secret: bytes = field(repr=False)
    check: str = field(repr=False)


class KeptFile:
    """One secret text in one file, for one ``purpose``. Safe against two processes: what another one replaced or removed is never written back.

    Every error is a ``PermanentError`` that leaves the file as it is: ``keeping.passphrase_wrong``, ``keeping.damaged`` (torn or changed),
    ``keeping.foreign`` (for something else, or no such file at all), ``file.readable_by_others``, ``keeping.unwritable``.
    """

    def __init__(self, path: Path, passphrase: str, purpose: Mapping[str, str]) -> None:
        self.path = path
        self._passphrase = passphrase
        self._purpose = dict(purpose)
        self._key: _Key | None = None

    def read(self) -> str | None:
        """The text, None where no file is."""
        raw = self._raw()
        if raw is None:
            return None
        head, check, box = self._parsed(raw)
        key = self._key if self._key is not None and self._key.head == head else self._stretched(head)
        if not hmac.compare_digest(key.check, check):
            raise PermanentError(
                "keeping.passphrase_wrong", f"The passphrase does not open {self.path}.", "Check RECORDWARDEN_PASSPHRASE_FILE; the file is untouched."
            )
        try:
            clear = AESGCM(key.secret).decrypt(box[:_NONCE], box[_NONCE:], head.bound())
        except (InvalidTag, ValueError) as error:
            raise self._damaged() from error
        self._key = key
        return clear.decode()

    def replace(self, text: str) -> None:
        """Keep ``text`` anew, under a salt of its own. What is there already must be ours to open: nothing else is written over."""
        with self._locked():
            self.read()
            head = _Head(id=secrets.token_hex(8), purpose=self._purpose, salt=secrets.token_bytes(_SALT), cost=_COST)
            self._key = self._stretched(head)
            self._write(self._key, text)

    def update(self, text: str) -> bool:
        """Keep ``text`` in the place of what was read; False, and nothing is written, where that was replaced or removed since."""
        if self._key is None:
            return False
        with self._locked():
            raw = self._raw()
            if raw is None or self._parsed(raw)[0] != self._key.head:
                return False
            self._write(self._key, text)
            return True

    def remove(self) -> bool:
        """Take the file away, whatever it is for and whoever can open it; False where there was none. What this program did not write stays."""
        with self._locked():
            raw = self._raw()
            if raw is None:
                return False
            self._own(raw)
            self._key = None
            self.path.unlink(missing_ok=True)
            return True

    def _raw(self) -> bytes | None:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._foreign(f"cannot be opened ({error.strerror})") from error
        with os.fdopen(descriptor, "rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise PermanentError("file.readable_by_others", f"{self.path} can be read by others.", f"chmod 600 {self.path}")
            return file.read()

    def _own(self, raw: bytes) -> None:
        """Raises ``keeping.foreign`` unless the file begins as this program begins one, however torn it is."""
        if not raw.startswith(_BEGIN):
            raise self._foreign("is no file of this program")

    def _parsed(self, raw: bytes) -> tuple[_Head, str, bytes]:
        """Head, check and box."""
        self._own(raw)
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise self._damaged() from error
        if not isinstance(body, dict) or body.get("for") != self._purpose:
            raise self._foreign("is for something else: another district, tenant, application or sign-in service")
        try:
            scrypt = body["scrypt"]
            cost = {name: int(scrypt[name]) for name in _COST}
            head = _Head(id=str(body["id"]), purpose=self._purpose, salt=base64.b64decode(scrypt["salt"], validate=True), cost=cost)
            check, box = str(body["check"]), base64.b64decode(body["box"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise self._damaged() from error
        if any(not 1 <= cost[name] <= most for name, most in _MOST.items()) or cost["n"] & (cost["n"] - 1) or len(box) <= _NONCE:
            raise self._damaged()
        return head, check, box

    def _stretched(self, head: _Head) -> _Key:
        both = Scrypt(salt=head.salt, length=64, **head.cost).derive(self._passphrase.encode())
        check = hmac.new(both[32:], head.bound(), hashlib.sha256).hexdigest()[:32]
        return _Key(head=head, secret=both[:32], check=check)

    def _write(self, key: _Key, text: str) -> None:
        nonce = secrets.token_bytes(_NONCE)
        box = nonce + AESGCM(key.secret).encrypt(nonce, text.encode(), key.head.bound())
        body = {**key.head.document(), "check": key.check, "box": base64.b64encode(box).decode()}
        draft = self.path.with_name(f"{self.path.name}.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
                json.dump(body, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise self._unwritable(error) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time looks and writes; held for a moment only, and let go of by the system when a process dies."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _damaged(self) -> PermanentError:
        step = "Move it away, or sign out with `recordwarden login --out`, and sign in again."
        return PermanentError("keeping.damaged", f"{self.path} is torn or was changed: it cannot be opened.", step)

    def _foreign(self, why: str) -> PermanentError:
        step = "It is left as it is. Move it away (one of ours: `recordwarden login --out`), then sign in again."
        return PermanentError("keeping.foreign", f"{self.path} {why}.", step)

    def _unwritable(self, error: OSError) -> PermanentError:
        step = "Check the folder, its permissions and the disk."
        return PermanentError("keeping.unwritable", f"{self.path} cannot be written ({error.strerror}).", step)
