"""What is wrong with a file that holds a secret, before anybody opens it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from policies.problems import Problem, Severity, Where


def secret_file(file: Path, subject: str, where: Where, tenant: str | None = None) -> Iterator[Problem]:
    """What is wrong with a file that holds a secret: not there, not a file, or readable by others than its owner."""
    try:
        status = file.stat()
    except FileNotFoundError:
        yield _error("file.missing", f"{subject}: {file} is not there", "put the file there, or correct the path", where, tenant)
        return
    except OSError as error:
        yield _error("file.unreadable", f"{subject}: {file}: {error.strerror}", "check the path and its folders", where, tenant)
        return
    if not stat.S_ISREG(status.st_mode):
        yield _error("file.missing", f"{subject}: {file} is not a file", "correct the path", where, tenant)
    elif status.st_mode & (stat.S_IRGRP | stat.S_IROTH):
        message = f"{subject}: {file} can be read by its group or by others"
        yield _error("file.readable_by_others", message, f"chmod 600 {file}", where, tenant)


def _error(code: str, message: str, next_step: str, where: Where, tenant: str | None) -> Problem:
    return Problem(code=code, severity=Severity.ERROR, message=message, next_step=next_step, where=where, tenant=tenant)
