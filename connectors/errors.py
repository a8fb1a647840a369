"""How asking a tenant goes wrong: every connector raises these and nothing else."""

from __future__ import annotations

from policies.problems import ToldError


class ConnectorError(ToldError):
    """A tenant could not be asked or did not answer usefully. The text has every credential already taken out of it."""

    def __init__(self, code: str, message: str, next_step: str = "", *, status: int | None = None) -> None:
        super().__init__(code, message, next_step)
        self.status = status


class TransientError(ConnectorError):
    """Worth trying again later (throttled, 5xx, connection lost); ``retry_after`` in seconds when the vendor said so."""

    def __init__(self, code: str, message: str, next_step: str = "", *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(code, message, next_step, status=status)
        self.retry_after = retry_after


class LockedError(TransientError):
    """The platform is still distributing an earlier change of the object and takes no other before it has; nothing was done."""


class PermanentError(ConnectorError):
    """Trying again changes nothing until a person does something."""


class UnknownOutcomeError(ConnectorError):
    """A write was sent and its outcome was not seen (504, reset, timeout); only reading for our mark can tell."""


class TenantUnreachableError(ConnectorError):
    """Nothing at all can be done with this tenant now: no token, no network, wrong certificate, wrong tenant."""


class Stopped(Exception):  # noqa: N818  # being told to end is no error
    """The process was told to end; raised at a safe point."""
