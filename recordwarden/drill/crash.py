"""Die at a named point of apply, as a machine without power does: SIGKILL, no clean-up, at the Nth passing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

POINTS = frozenset({"intent.before", "intent.after", "call.after", "outcome.before", "outcome.after"})


class UnknownPointError(ValueError):
    """RECORDWARDEN_CRASH_AT names no point of apply."""


def trap(setting: str | None) -> Callable[[str], None]:
    """What apply calls at each point. ``setting`` is ``NAME[:N]``. Raises ``UnknownPointError``."""
    if not setting:
        return lambda point: None  # noqa: ARG005  # no trap is set
    name, _, count = setting.partition(":")
    if name not in POINTS or not (count or "1").isdigit():
        raise UnknownPointError(f"{setting} is not one of {', '.join(sorted(POINTS))}, with :N for the Nth passing.")
    left = int(count or "1")

    def passing(point: str) -> None:
        nonlocal left
        if point != name:
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return passing
