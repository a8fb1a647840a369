"""``sandbox``: two emulated tenants with made-up data on this machine, their time, and what administrators do in their consoles."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import typer

from recordwarden.cli.answer import Answer, CommandError
from recordwarden.cli.call import called
from recordwarden.cli.failures import error
from recordwarden.cli.screen import Screen
from recordwarden.exits import Exit

STARTS_WITHIN = 60.0
"""Seconds; the large profile makes ten thousand people."""
State = Annotated[Path, typer.Option("--state", metavar="DIR", help="The sandbox's folder.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A sandbox that serves, as its own file describes it."""

    folder: Path
    pid: int
    base_url: str
    door_url: str
    door_token: str
    clock_file: Path | None

    def ask(self, path: str, body: Mapping[str, object]) -> object:
        """What the door answers. Raises CommandError with what it refused."""
        request = Request(f"{self.door_url}{path}", data=json.dumps(body).encode(), method="POST")  # noqa: S310  # the door is https on loopback
        request.add_header("Authorization", f"Bearer {self.door_token}")
        request.add_header("Content-Type", "application/json")
        trust = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        try:
            with urlopen(request, context=trust, timeout=30) as answer:  # noqa: S310  # as above
                return json.load(answer)
        except HTTPError as refused:
            said = refused.read().decode(errors="replace")[:300]
            raise CommandError(Exit.ERROR, error("sandbox.refused", f"The sandbox refused: {said}", "Look at the act and its values.")) from refused
        except (URLError, OSError) as gone:
            raise CommandError(
                Exit.ERROR, error("sandbox.unreachable", f"The sandbox does not answer: {gone}", "recordwarden sandbox start")
            ) from gone


def start(  # noqa: PLR0913, PLR0917  # how a sandbox can be made
    ctx: typer.Context,
    state: State,
    profile: Annotated[str, typer.Option(help="demo, tiny, small or large.")] = "demo",
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 7,
    port: Annotated[int, typer.Option(help="0: any free one.")] = 0,
    clock_file: Annotated[Path | None, typer.Option("--clock-file", metavar="FILE", help="Share a rehearsal's time.")] = None,
    background: Annotated[bool, typer.Option("--background", help="Return when it is ready.")] = False,  # noqa: FBT002  # a flag
) -> Answer:
    """Serve both tenants over HTTPS on loopback; ``overlay.yaml`` in the folder leads a district to them."""
    called(ctx)
    from sandbox.people import PROFILES

    if profile not in PROFILES:
        raise CommandError(Exit.USAGE, error("sandbox.profile", f"There is no profile {profile}.", f"Choose one of {', '.join(sorted(PROFILES))}."))
    if not background:
        from sandbox.server import serve

        serve(state, profile, seed, port, clock_file)
        return Answer()
    running = _in_background(state, profile, seed, port, clock_file)

    def show(screen: Screen) -> None:
        screen.say(f"The sandbox serves made-up data at {running.base_url} (process {running.pid}).")
        screen.say(f"Lead a district to it with --overlay {state / 'overlay.yaml'}")

    return Answer(result={"pid": running.pid, "base_url": running.base_url, "overlay": str(state / "overlay.yaml")}, show=show)


def stop(ctx: typer.Context, state: State) -> Answer:
    """End the sandbox of that folder and wait until it has gone."""
    called(ctx)
    running = _running(state)
    os.kill(running.pid, signal.SIGTERM)
    for _ in range(100):
        if not (state / "sandbox.json").exists():
            return Answer(result={"stopped": running.pid}, show=lambda screen: screen.say("The sandbox has ended."))
        time.sleep(0.1)  # noqa: TID251  # waiting for another process, not for a district's time
    raise CommandError(Exit.ERROR, error("sandbox.still_there", f"Process {running.pid} has not ended.", f"End it by hand: kill {running.pid}"))


def advance(ctx: typer.Context, seconds: Annotated[float, typer.Argument(help="How far time moves.")], state: State) -> Answer:
    """Move time on: in the shared clock file where the sandbox has one, else in the sandbox alone."""
    called(ctx)
    running = _running(state)
    if running.clock_file is None:
        now = running.ask("/clock/advance", {"seconds": seconds})
    else:
        text = running.clock_file.read_text(encoding="utf-8").strip() if running.clock_file.exists() else "+0"
        if not text.startswith("+"):
            raise CommandError(
                Exit.ERROR, error("sandbox.fixed_time", f"{running.clock_file} holds a fixed instant.", "Write +SECONDS into it to let time move.")
            )
        moved = float(text[1:]) + seconds
        running.clock_file.write_text(f"+{moved:g}\n", encoding="utf-8")
        now = {"offset_seconds": moved}
    return Answer(result=now, show=lambda screen: screen.say(f"Time moved on by {seconds:g} seconds."))


def console(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Argument(help="m365 or google.")],
    act: Annotated[str, typer.Argument(help="What the administrator does.")],
    state: State,
    values: Annotated[list[str] | None, typer.Argument(help="NAME=VALUE ...")] = None,
) -> Answer:
    """Do what an administrator does in a vendor's console, with the log's entry under the administrator's account."""
    called(ctx)
    pairs = dict(pair.partition("=")[::2] for pair in values or [])
    done = _running(state).ask(f"/console/{tenant}/{act}", {name: _value(text) for name, text in pairs.items()})
    return Answer(result=done, show=lambda screen: screen.say(f"Somebody did {act} in the console of {tenant}: {json.dumps(done)}"))


def _value(text: str) -> object:
    return int(text) if text.lstrip("-").isdigit() else text


def _in_background(state: Path, profile: str, seed: int, port: int, clock_file: Path | None) -> Running:
    state.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", "sandbox", str(state), "--profile", profile, "--seed", str(seed), "--port", str(port)]
    if clock_file is not None:
        command += ["--clock-file", str(clock_file)]
    log = (state / "sandbox.log").open("wb")
    child = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603  # our own program
    ends = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < ends:
        if child.poll() is not None:
            said = (state / "sandbox.log").read_text(encoding="utf-8", errors="replace")[-300:]
            raise CommandError(Exit.ERROR, error("sandbox.did_not_start", f"The sandbox ended at once: {said}", "Look at sandbox.log in its folder."))
        if (state / "sandbox.json").exists():
            remember_clock(state, clock_file)
            return _running(state)
        time.sleep(0.1)  # noqa: TID251  # waiting for another process, not for a district's time
    child.terminate()
    raise CommandError(Exit.ERROR, error("sandbox.did_not_start", "The sandbox was not ready in time.", "Look at sandbox.log in its folder."))


def remember_clock(state: Path, clock_file: Path | None) -> None:
    """Keep beside the sandbox which file its time comes from, for ``advance``."""
    if clock_file is not None:
        (state / "clock-file").write_text(str(clock_file.resolve()), encoding="utf-8")


def _running(state: Path) -> Running:
    try:
        known = json.loads((state / "sandbox.json").read_text(encoding="utf-8"))
    except FileNotFoundError as missing:
        raise CommandError(
            Exit.ERROR, error("sandbox.not_running", f"No sandbox serves from {state}.", f"recordwarden sandbox start --state {state} --background")
        ) from missing
    named = state / "clock-file"
    clock = Path(named.read_text(encoding="utf-8")) if named.exists() else None
    return Running(
        folder=state, pid=int(known["pid"]), base_url=known["base_url"], door_url=known["door_url"], door_token=known["door_token"], clock_file=clock
    )
