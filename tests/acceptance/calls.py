"""Calls of the program, each a process of its own, without paying for the import of its libraries each time.

Reading sqlmodel's and the vendors' code costs more than most commands do. So one process reads it once and forks for every call: a call still has
arguments, environment, working directory, standard files and exit status of its own, and nothing of what it leaves in memory reaches another.
What is tested for how it starts, ends or dies (the daemon, crashes) is started from nothing by ``District.start`` instead.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

ROOT = next(parent for parent in Path(__file__).resolve().parents if (parent / "pyproject.toml").exists())
_READ_ONCE = ("recordwarden.cli", "connectors.google_workspace", "connectors.microsoft365")
_LONGEST = 1 << 20
"""Bytes of arguments and environment that a call may have."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A call that is over. ``code`` as subprocess counts it: negative when a signal ended it."""

    code: int
    stdout: str
    stderr: str


@dataclass(slots=True)
class Caller:
    """The process that has read the libraries; starts with the first call and ends with the tests."""

    _folder: Path | None = None
    _process: subprocess.Popen[bytes] | None = None

    def call(self, words: list[str], place: Path, environment: dict[str, str], patience: float) -> Ended:
        """The program called with ``words``. Raises ``TimeoutError`` after ``patience`` seconds, and the call is ended."""
        with socket.socket(socket.AF_UNIX) as asking, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            asking.settimeout(patience)
            asking.connect(self._listening())
            wanted = json.dumps({"words": words, "place": str(place), "environment": environment}).encode()
            socket.send_fds(asking, [len(wanted).to_bytes(4, "big")], [out.fileno(), err.fileno()])
            asking.sendall(wanted)
            with asking.makefile("r", encoding="ascii") as telling:
                process = int(telling.readline())
                try:
                    status = int(telling.readline())
                except TimeoutError:
                    os.kill(process, signal.SIGKILL)
                    raise
            return Ended(code=os.waitstatus_to_exitcode(status), stdout=_whole(out.fileno()), stderr=_whole(err.fileno()))

    def _listening(self) -> str:
        if self._process is None or self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="calls-"))
            command = [sys.executable, "-m", "tests.acceptance.calls", str(self._folder / "calls")]
            given = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
            self._process = subprocess.Popen(command, cwd=ROOT, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert self._process.stdout is not None
            if self._process.stdout.readline() != b"ready\n":
                raise RuntimeError("the process that calls the program did not start")
            atexit.register(self._end)
        return str(self._folder / "calls")

    def _end(self) -> None:
        assert self._process is not None
        self._process.communicate(timeout=30)  # it ends with its input
        assert self._folder is not None
        (self._folder / "calls").unlink(missing_ok=True)
        self._folder.rmdir()


def _whole(file: int) -> str:
    return os.pread(file, os.fstat(file).st_size, 0).decode("utf-8")


CALLER = Caller()
"""The one of these tests."""


@dataclass(slots=True)
class _Calls:
    """The other side: reads libraries, listens, forks, tells how calls ended. Lives as long as its standard input is open."""

    path: str
    _waiting: dict[int, tuple[int, socket.socket]] = field(default_factory=dict)

    def serve(self) -> list[str] | None:
        """Serve; returns the words of a call in the process of that call, and None in the first process at the end."""
        with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as events:
            listener.bind(self.path)
            listener.listen(16)
            os.write(1, b"ready\n")
            events.register(0, selectors.EVENT_READ)
            events.register(listener, selectors.EVENT_READ)
            while True:
                for key, _ready in events.select():
                    if key.fd == 0:
                        return None
                    if key.fd in self._waiting:
                        self._tell(key.fd, events)
                        continue
                    words = self._begin(listener, events)
                    if words is not None:
                        return words

    def _begin(self, listener: socket.socket, events: selectors.BaseSelector) -> list[str] | None:
        asking, _nobody = listener.accept()
        size, files, _flags, _address = socket.recv_fds(asking, 4, 2)
        wanted = json.loads(_read(asking, int.from_bytes(size, "big")))
        process = os.fork()
        if process == 0:
            for other, (_process, its) in self._waiting.items():
                os.close(other)
                its.close()
            asking.close()
            _become(wanted["place"], wanted["environment"], files)
            words: list[str] = wanted["words"]
            return words
        for file in files:
            os.close(file)
        ending = os.pidfd_open(process)
        self._waiting[ending] = (process, asking)
        events.register(ending, selectors.EVENT_READ)
        asking.sendall(f"{process}\n".encode())
        return None

    def _tell(self, ending: int, events: selectors.BaseSelector) -> None:
        process, asking = self._waiting.pop(ending)
        events.unregister(ending)
        os.close(ending)
        _process, status = os.waitpid(process, 0)
        with asking, contextlib.suppress(BrokenPipeError):  # whoever asked may have lost patience
            asking.sendall(f"{status}\n".encode())


def _read(asking: socket.socket, size: int) -> bytes:
    assert size <= _LONGEST
    found = b""
    while len(found) < size:
        piece = asking.recv(size - len(found))
        if not piece:
            raise EOFError("the test went away")
        found += piece
    return found


def _become(place: str, environment: dict[str, str], files: list[int]) -> None:
    """What a new process would have had from its start."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in enumerate((nothing, *files)):
        os.dup2(file, number)
        os.close(file)
    os.chdir(place)
    os.environ.clear()
    os.environ.update(environment)
    random.seed()


def _main() -> NoReturn:
    for package in _READ_ONCE:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
            importlib.import_module(f"{package}.{module.name}")
    from recordwarden.__main__ import main

    gc.collect()
    gc.freeze()  # what all share is not looked through, and so not copied, in each
    words = _Calls(sys.argv[1]).serve()
    if words is None:
        sys.exit(0)
    sys.argv = ["recordwarden", *words]
    main()
    raise AssertionError("the program leaves by itself")


if __name__ == "__main__":
    _main()
