"""One HTTPS conversation at a time, told apart by what may already have happened: never sent, or sent and the answer not seen.

``httplib2`` sends a request again by itself when a connection was dropped, a create too (K§3), also with its ``RETRIES`` at 1 where the
server closed without a status line. So the vendor's client library is given this transport instead of that one.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from connectors.errors import TenantUnreachableError
from connectors.unreached import untrusted

_HTTPS_PORT: Final = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back: status, headers with lower-case names, and the decoded body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class LostError(Exception):
    """The request left and its answer was not seen whole. ``reused``: on a connection that had been used before and may have gone stale."""

    def __init__(self, message: str, *, reused: bool, truncated: bool = False) -> None:
        super().__init__(message)
        self.reused = reused
        self.truncated = truncated


class Link:
    """The open connections of one thread of work; nobody else may use it at the same time (K§3: shared ones mix up answers)."""

    def __init__(self, tls: ssl.SSLContext, *, timeout: float, proxy: str | None) -> None:
        self._tls = tls
        self._timeout = timeout
        self._proxy = proxy
        self._open: dict[str, http.client.HTTPSConnection] = {}

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, fresh: bool) -> Reply:
        """The answer to one request that is sent exactly once; redirects are handed back, not followed.

        ``fresh`` opens a new connection, so that a stale one is never why an outcome is unknown. Raises ``TenantUnreachableError`` where
        nothing was sent, ``LostError`` where something was.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise TenantUnreachableError("endpoint.not_https", f"{parts.scheme}://{parts.netloc} is not an https address", "Give https:// endpoints.")
        place = f"{parts.hostname}:{parts.port or _HTTPS_PORT}"
        if fresh:
            self._drop(place)
        connection = self._open.get(place)
        reused = connection is not None
        if connection is None:
            connection = self._connect(parts.hostname, parts.port or _HTTPS_PORT)
            self._open[place] = connection
        try:
            connection.request(method, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", body=body, headers=dict(headers))
            answer = connection.getresponse()
            content = answer.read()
        except http.client.IncompleteRead as error:
            self._drop(place)
            raise LostError(f"the answer of {place} was cut short after {len(error.partial)} bytes", reused=False, truncated=True) from error
        except (OSError, http.client.HTTPException) as error:
            self._drop(place)
            raise LostError(f"the connection to {place} was lost: {_words(error)}", reused=reused) from error
        if answer.will_close:
            self._drop(place)
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(status=answer.status, headers=names, body=_decoded(content, names.get("content-encoding", "")))

    def close(self) -> None:
        """Close every connection."""
        for place in tuple(self._open):
            self._drop(place)

    def _drop(self, place: str) -> None:
        connection = self._open.pop(place, None)
        if connection is not None:
            connection.close()

    def _connect(self, host: str, port: int) -> http.client.HTTPSConnection:
        if self._proxy:
            proxy = urlsplit(self._proxy)
            connection = http.client.HTTPSConnection(proxy.hostname or "", proxy.port or 8080, timeout=self._timeout, context=self._tls)
            connection.set_tunnel(host, port, headers=_proxy_headers(proxy.username, proxy.password))
        else:
            connection = http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._tls)
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise _unreachable(f"{host}:{port}", error) from error
        return connection


class Links:
    """Lends a ``Link`` to whoever asks; each is in one pair of hands at a time and used again afterwards."""

    def __init__(self, *, timeout: float, proxy: str | None, ca_bundle: Path | None) -> None:
        self._timeout = timeout
        self._proxy = proxy
        self._ca_bundle = ca_bundle
        self._tls: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._idle: list[Link] = []

    @contextmanager
    def lend(self) -> Iterator[Link]:
        """A link for the length of the block. Raises ``TenantUnreachableError`` for a CA file that cannot be used."""
        with self._lock:
            if self._tls is None:
                self._tls = trust(self._ca_bundle)
            link = self._idle.pop() if self._idle else Link(self._tls, timeout=self._timeout, proxy=self._proxy)
        try:
            yield link
        finally:
            with self._lock:
                self._idle.append(link)

    def close(self) -> None:
        """Close every idle connection; the next request opens a new one."""
        with self._lock:
            idle, self._idle[:] = list(self._idle), []
        for link in idle:
            link.close()


def trust(ca_bundle: Path | None) -> ssl.SSLContext:
    """Whom to believe: ``ca_bundle`` replaces the system's roots; verification cannot be switched off. Raises ``TenantUnreachableError``."""
    try:
        return ssl.create_default_context(cafile=str(ca_bundle) if ca_bundle else None)
    except (OSError, ssl.SSLError) as error:
        name = ca_bundle.name if ca_bundle else "the system's store"
        raise TenantUnreachableError(
            "tls.ca_bundle", f"the CA file {name} cannot be used: {_words(error)}", "Give ca_bundle a readable PEM file of certificates."
        ) from error


def _unreachable(place: str, error: Exception) -> TenantUnreachableError:
    """Why no connection came about, with what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return untrusted(place)
    if isinstance(error, ssl.SSLError):
        return TenantUnreachableError("tls.failed", f"{place} does not speak TLS with us: {_words(error)}", "Check the endpoint's host and port.")
    if isinstance(error, socket.gaierror):
        return TenantUnreachableError("network.name", f"the name of {place} cannot be resolved", "Check the endpoint and the name service.")
    if isinstance(error, ConnectionRefusedError):
        return TenantUnreachableError("network.refused", f"{place} refuses connections", "Check the endpoint, the firewall and the proxy.")
    return TenantUnreachableError("network.failed", f"{place} cannot be reached: {_words(error)}", "Check the network, the firewall and the proxy.")


def _proxy_headers(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    pair = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}


def _decoded(content: bytes, encoding: str) -> bytes:
    """The body as the server meant it. Raises ``LostError`` for a compressed one that was cut."""
    try:
        if encoding == "gzip":
            return gzip.decompress(content)
        if encoding == "deflate":
            return zlib.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise LostError("a compressed answer was cut short", reused=False, truncated=True) from error
    return content


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
