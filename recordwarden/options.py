"""What the caller said before the command: flag beats environment beats default. Nothing else is read from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The contract's global options."""

    folder: Path = Path()
    overlays: tuple[Path, ...] = ()
    store: str | None = None
    tenants: tuple[str, ...] = ()
    format: Literal["text", "json"] = "text"
    officer: str | None = None
    key: Path | None = None
    lock_wait: float = 120.0
    passphrase_file: Path | None = None
    credential_file: Path | None = None
    """The systemd credential ``recordwarden-passphrase``: opens kept sign-ins where no passphrase file is given."""
    sign_in: Literal["browser", "device-code"] | None = None
    """Sign in within this command, for this process alone."""
    clock_file: Path | None = None
    crash_at: str | None = None
    state_home: Path = field(default_factory=Path)

    def store_url(self, district: str) -> str:
        """The store's address: the one given, or the default beside the user's state."""
        return self.store or f"sqlite:///{self.state_home / 'recordwarden' / district / 'store.db'}"


def from_environment(environ: Mapping[str, str] | None = None) -> Options:
    """The options that the environment gives."""
    env = os.environ if environ is None else environ
    home = env.get("XDG_STATE_HOME") or str(Path(env.get("HOME", "/")) / ".local" / "state")
    overlays = tuple(Path(part) for part in env.get("RECORDWARDEN_OVERLAY", "").split(os.pathsep) if part)
    form = env.get("RECORDWARDEN_FORMAT", "text")
    return Options(
        folder=Path(env.get("RECORDWARDEN_FOLDER", ".")),
        overlays=overlays,
        store=env.get("RECORDWARDEN_STORE"),
        format="json" if form == "json" else "text",
        passphrase_file=_path(env.get("RECORDWARDEN_PASSPHRASE_FILE")),
        credential_file=_credential(env.get("CREDENTIALS_DIRECTORY")),
        clock_file=_path(env.get("RECORDWARDEN_CLOCK_FILE")),
        crash_at=env.get("RECORDWARDEN_CRASH_AT"),
        state_home=Path(home),
    )


def _credential(folder: str | None) -> Path | None:
    """What systemd hands the unit (``LoadCredential=recordwarden-passphrase:...``), where it does."""
    path = Path(folder) / "recordwarden-passphrase" if folder else None
    return path if path is not None and path.exists() else None


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
