"""The only way out for a client that others wrote: a CONNECT proxy that leads the names it knows to the sandbox and nothing anywhere else."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Collection
from types import TracebackType
from typing import Self


class Proxy:
    """Listens on loopback while the ``with`` block lasts. ``refused`` collects every ``host:port`` that was asked for and is not ours."""

    def __init__(self, names: Collection[str], port: int) -> None:
        self._names = frozenset(names)
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)
        self.refused: list[str] = []
        self.asked: set[str] = set()

    @property
    def url(self) -> str:
        """What belongs into HTTPS_PROXY."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        with client:
            verb, name = _request(client)
            host, _, port = name.rpartition(":")
            if verb != "CONNECT" or port != "443" or host.lower() not in self._names:
                self.refused.append(name)
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            self.asked.add(host.lower())
            with socket.create_connection(("127.0.0.1", self._target), timeout=20) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _pump(client, server)


def _request(client: socket.socket) -> tuple[str, str]:
    head = b""
    while b"\r\n\r\n" not in head:
        part = client.recv(4096)
        if not part:
            break
        head += part
    verb, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    return verb, rest.partition(" ")[0]


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes both ways until either side ends."""
    with selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, other)
        ready.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in ready.select():
                source, sink = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                try:
                    part = source.recv(65_536)
                    if not part:
                        return
                    sink.sendall(part)
                except OSError:
                    return
