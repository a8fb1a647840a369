"""What both platforms' connectors say where no connection came about: one code and one sentence, in our own words, never a library's."""

from __future__ import annotations

import errno
import os
import socket

from connectors.errors import TenantUnreachableError


def untrusted(place: str) -> TenantUnreachableError:
    """``tls.certificate``: ``place`` shows a certificate that nobody we trust has signed, or that is not for this address."""
    return TenantUnreachableError(
        "tls.certificate",
        f"{place} shows a certificate that is not trusted.",
        "Set ca_bundle to the authority that issued it, correct the endpoint, or find out who stands in between.",
    )


def reason(error: BaseException) -> str:
    """Why, as far as the operating system says, in its words; what a library made of it is left out."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, socket.gaierror):
            return "its name cannot be resolved"
        if isinstance(seen, TimeoutError):
            return "no answer in time"
        if isinstance(seen, ConnectionRefusedError) or (isinstance(seen, OSError) and seen.errno == errno.ECONNREFUSED):
            return "it refuses connections"
        if isinstance(seen, OSError) and seen.errno in errno.errorcode:
            return os.strerror(seen.errno or 0).lower()
        seen = _inner(seen)
    return "the connection did not come about"


def _inner(error: BaseException) -> BaseException | None:
    """What lies under an error: its cause, or the error that a library wrapped as an argument or as its reason."""
    wrapped = getattr(error, "reason", None)
    if not isinstance(wrapped, BaseException):
        inside = error.exceptions if isinstance(error, BaseExceptionGroup) else error.args
        wrapped = next((one for one in inside if isinstance(one, BaseException)), None)
    return wrapped or error.__cause__ or error.__context__
