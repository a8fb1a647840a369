"""One call of the program: what was said before the command, and what became known on the way."""

from __future__ import annotations

import os
import pwd
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from recordwarden.clock import SystemClock
from recordwarden.envelope import Frame
from recordwarden.options import Options

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    import typer

    from connectors.base import Clock
    from policies.folder import Folder
    from recordwarden.wiring import Office
    from sync.officers import Signer
    from sync.registers.governance import Author


class Call:
    """Handed to every command. Commands open the district's office through it, so that the envelope knows what was read."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.stop = threading.Event()
        self.signal: int | None = None
        """The signal that asked to end, if one did."""
        self.run_id = secrets.token_hex(8)
        self.command = "usage"
        self._clock: Clock = SystemClock()
        self._drill = False
        self._district: str | None = None
        self._policy: str | None = None

    def frame(self) -> Frame:
        """What the envelope says about this call, as far as it is known. Raises ValueError where the drill's clock cannot be read."""
        return Frame(
            command=self.command,
            run_id=self.run_id,
            at=self._clock.now(),
            clock="drill" if self._drill else "system",
            district=self._district,
            policy_digest=self._policy,
        )

    def without_clock(self) -> Call:
        """The same call by the machine's own time, for saying that the drill's time cannot be read."""
        self._clock = SystemClock()
        return self

    def knows(self, folder: Folder) -> Folder:
        """Remember which folder was read."""
        self._district, self._policy = folder.district.id, folder.digest
        return folder

    @contextmanager
    def office(self, *, last_good: bool = False, groups: AbstractSet[str] = frozenset()) -> Iterator[Office]:
        """The district open for work; SIGINT and SIGTERM end what runs in it at the next safe point.

        ``last_good``: go on with the store's last good folder where the one on disk is broken. Raises what ``wiring.office`` raises.
        """
        from recordwarden.wiring import office  # the store and both connectors stand behind it

        with (
            self._ended_by_signals(),
            office(self.options, stop=self.stop, notice=self.notice, last_good_allowed=last_good, groups=groups) as opened,
        ):
            self.run_id, self._clock, self._drill = opened.desk.run_id, opened.desk.clock, opened.district.drill
            self._district, self._policy = opened.district.id, opened.policy_digest
            if self.options.officer is not None:
                self.signer(opened)  # whoever is named has to be who they say, also where nothing is signed
            yield opened

    def notice(self, text: str) -> None:
        """Say how far a long command is, on stderr, to people only."""
        if self.options.format == "text":
            sys.stderr.write(f".. {text}\n")
            sys.stderr.flush()

    def signer(self, office: Office) -> Signer:
        """The officer who signs this call. Raises OfficerError ``officer.not_identified``, ``officer.key_mismatch``, or what opening a key raises."""
        from recordwarden.wiring import passphrase
        from sync.officers import OfficerError, load
        from sync.registers.governance import identify

        if self.options.officer is None or self.options.key is None:
            raise OfficerError("officer.not_identified", "This has to be signed by an officer.", "recordwarden --as OFFICER --key FILE ...")
        return identify(office.desk.store, self.options.officer, load(self.options.key, passphrase(self.options)))

    def author(self, office: Office) -> Author:
        """Who stands behind an act that needs no signature: the officer, who then signs it, or else this account of the operating system.

        Raises what ``signer`` raises.
        """
        from sync.registers.governance import account, signed_by

        return signed_by(self.signer(office)) if self.options.officer else account(_user(), socket.gethostname())

    def proposer(self, office: Office) -> str | None:
        """The officer behind this call, or None where nobody is named. Raises what ``signer`` raises."""
        return self.signer(office).officer if self.options.officer else None

    @contextmanager
    def _ended_by_signals(self) -> Iterator[None]:
        def end(number: int, _frame: FrameType | None) -> None:
            if self.stop.is_set():
                signal.signal(number, signal.SIG_DFL)  # asked twice: end at once the next time
            self.signal = number
            self.stop.set()

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _user() -> str:
    """The account that this process runs under, as the system knows it and not as the environment says; its number where it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def called(ctx: typer.Context) -> Call:
    """The call that a command belongs to, which from now on knows the command's words."""
    call = ctx.obj
    if not isinstance(call, Call):
        raise TypeError("a command was called outside the command line")
    call.command = "-".join(ctx.command_path.split()[1:])
    return call
