"""A fence around a process that may call only the hosts it was given. It cannot be taken down again, so it stands in child processes only."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterable
from typing import Any, Final

_CALLS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_NAMES: Final = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_PROCESSES: Final = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.startfile"})
"""A process that was started from here would stand outside the fence."""


class Fence:
    """Lets names of ``hosts`` be looked up and the addresses that came back be called. ``refused`` are the hosts that were asked for otherwise."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self.refused: list[str] = []
        self._hosts = {_plain(host) for host in hosts}
        self._addresses: set[str] = set()

    def close(self) -> None:
        """Put the fence up, for as long as the process lives."""
        look_up = socket.getaddrinfo

        def within(host: Any, *args: Any, **kwargs: Any) -> Any:  # the signature of what it stands in for
            found = look_up(host, *args, **kwargs)  # the hook below judges the name
            self._addresses.update(str(entry[4][0]) for entry in found)
            return found

        socket.getaddrinfo = within
        sys.addaudithook(self._watch)

    def _watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _NAMES:
            self._judge(_plain(arguments[0]), self._hosts | self._addresses)
        elif event in _CALLS:
            address = arguments[1]
            self._judge(str(address[0]) if isinstance(address, tuple) else str(address), self._addresses)
        elif event in _PROCESSES:
            raise PermissionError(f"{event} is not allowed here")

    def _judge(self, host: str, allowed: set[str]) -> None:
        if host not in allowed:
            self.refused.append(host)
            raise PermissionError(f"{host} is none of the hosts that the delivery names")


def _plain(host: object) -> str:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return text.lower().rstrip(".").strip("[]")
