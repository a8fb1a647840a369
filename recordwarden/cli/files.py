"""Writing files so that each is whole or not there, and never in place of somebody's own."""

from __future__ import annotations

import os
from pathlib import Path

from recordwarden.exits import Exit
from recordwarden.wrong import CommandError, error


def write_new(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file that was not there. Raises CommandError ``file.exists`` or ``file.unwritable``."""
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, it fails where there is a file already
    except FileExistsError as problem:
        raise CommandError(Exit.ERROR, error("file.exists", f"{path} exists already.", "Name another file; nothing is written over.")) from problem
    except OSError as problem:
        words = f"{path} cannot be written: {problem.strerror}."
        raise CommandError(Exit.ERROR, error("file.unwritable", words, "Check the path and its permissions.")) from problem
    finally:
        draft.unlink(missing_ok=True)


def must_exist(path: Path) -> Path:
    """``path``, where it is a file that can be read. Raises CommandError ``file.not_found``."""
    if not path.is_file() or not os.access(path, os.R_OK):
        raise CommandError(Exit.ERROR, error("file.not_found", f"{path} cannot be read.", "Check the path and its permissions."))
    return path
