"""Logs of the daemon: one JSON object a line on stderr, at the district's time, with nothing in it that looks like a credential."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC
from typing import TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from connectors.base import Clock
from connectors.redact import redact

Processor = Callable[[WrappedLogger, str, EventDict], EventDict]


def json_log(stream: TextIO, clock: Clock, **always: str) -> FilteringBoundLogger:
    """A logger that writes to ``stream``; ``always`` stands on every line. Nothing is configured for anybody else."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[_at(clock), structlog.processors.add_log_level, without_credentials, structlog.processors.JSONRenderer(sort_keys=True)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        context_class=dict,
    )
    return logger.bind(**always)


def without_credentials(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Every text of the event without what is shaped like a token, a key or a named secret (contract, *Vendors' error text*)."""
    return {name: redact(value) if isinstance(value, str) else value for name, value in event.items()}


class Bridge(logging.Handler):
    """What a library says to the standard logger, in our form: its words and the type of an error, never its values."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        self._log.warning("library.said", library=record.name, words=str(record.msg)[:120], error=kind)


def _at(clock: Clock) -> Processor:
    def stamped(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["at"] = clock.now().astimezone(UTC).isoformat().replace("+00:00", "Z")
        return event

    return stamped
