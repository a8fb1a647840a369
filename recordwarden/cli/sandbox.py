"""``sandbox``: start and stop the two emulated tenants, move their time, and do what an administrator does in a vendor's console."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from recordwarden.cli.answer import Answer
from recordwarden.cli.call import Call, called
from recordwarden.clock import SystemClock
from recordwarden.drill.time import forward
from recordwarden.exits import Exit
from recordwarden.wrong import CommandError, error

State = Annotated[Path | None, typer.Option("--state", metavar="DIR", help="Where the sandbox keeps what it serves with.")]
PATIENCE = 30.0
"""Seconds that starting or stopping may take."""
LOOK_AGAIN = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A sandbox that runs, as its own note says."""

    folder: Path
    pid: int
    base_url: str
    door_url: str
    door_token: str

    def call(self, path: str, body: object) -> object:
        """What the drill's door answers. Raises CommandError."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        request = urllib.request.Request(  # noqa: S310  # the address comes from the sandbox's own note and is https on loopback
            self.door_url + path,
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.door_token}", "Content-Type": "application/json"},
            method="POST",
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                said: object = json.loads(answer.read())
                return said
        except urllib.error.HTTPError as problem:
            words = json.loads(problem.read() or b"{}").get("error", str(problem))
            raise CommandError(Exit.REFUSED, error("sandbox.refused", f"The sandbox says: {words}", "Correct it and try again.")) from problem
        except OSError as problem:
            raise CommandError(Exit.ERROR, error("sandbox.not_running", "The sandbox does not answer.", "recordwarden sandbox start")) from problem


def start(  # noqa: PLR0913, PLR0917  # the contract's options
    ctx: typer.Context,
    state: State = None,
    profile: Annotated[Literal["demo", "small", "large", "tiny"], typer.Option("--profile", help="How big the made-up district is.")] = "demo",
    seed: Annotated[int, typer.Option("--seed", help="Equal seeds make equal districts.")] = 7,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 0,
    clock_file: Annotated[Path | None, typer.Option("--clock-file", metavar="FILE", help="Take the time from this file.")] = None,
    background: Annotated[bool, typer.Option("--background", help="Return once it serves.")] = False,  # noqa: FBT002  # a flag
) -> Answer:
    """Serve both tenants on 127.0.0.1 with certificates of their own; the overlay in its folder points a district at them."""
    call = called(ctx)
    folder = _folder(call, state)
    clock = clock_file or call.options.clock_file
    if not background:
        from sandbox.server import serve

        return Answer(exit=Exit(serve(folder, profile, seed, port, clock)))
    arguments = [str(folder.resolve()), "--profile", profile, "--seed", str(seed), "--port", str(port)]
    arguments += ["--clock-file", str(clock.resolve())] if clock else []
    running = _launched(folder, arguments)
    overlay = folder / "overlay.yaml"
    return Answer(
        result={"pid": running.pid, "base_url": running.base_url, "overlay": str(overlay), "state": str(folder)},
        show=lambda screen: screen.say(
            f"Serving two made-up tenants at {running.base_url}. Point a district folder at them with --overlay {overlay}"
        ),
    )


def stop(ctx: typer.Context, state: State = None) -> Answer:
    """End it, and wait until it is gone."""
    folder = _folder(called(ctx), state)
    running = find(folder)
    try:
        os.kill(running.pid, signal.SIGTERM)
    except ProcessLookupError as problem:
        (folder / "sandbox.json").unlink(missing_ok=True)
        words = f"Process {running.pid}, which served {folder}, is gone already; its note is taken away."
        raise CommandError(Exit.ERROR, error("sandbox.not_running", words, "recordwarden sandbox start --state DIR --background")) from problem
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE
    while (folder / "sandbox.json").exists():
        if clock.monotonic() > deadline:
            raise CommandError(Exit.ERROR, error("sandbox.not_stopped", f"Process {running.pid} does not end.", "End it yourself."))
        clock.sleep(LOOK_AGAIN)
    return Answer(result={"pid": running.pid}, show=lambda screen: screen.say("The sandbox has ended."))


def advance(ctx: typer.Context, seconds: Annotated[float, typer.Argument(min=0)], state: State = None) -> Answer:
    """Move time forward: in the clock file where one is set, which the drill shares, else in the sandbox alone."""
    call = called(ctx)
    if call.options.clock_file is not None:
        now = forward(call.options.clock_file, seconds).isoformat()
    else:
        answer = find(_folder(call, state)).call("/clock/advance", {"seconds": seconds})
        now = str(answer["now"]) if isinstance(answer, dict) else ""
    return Answer(result={"now": now}, show=lambda screen: screen.say(f"It is now {now}."))


def console(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Argument(help="m365 or google.")],
    act: Annotated[str, typer.Argument(help="What the administrator does, such as set_label_period.")],
    values: Annotated[list[str] | None, typer.Argument(help="What with.", metavar="KEY=VALUE...")] = None,
    state: State = None,
) -> Answer:
    """Do it as the made-up administrator: the vendor's log will show that account, later."""
    running = find(_folder(called(ctx), state))
    given = dict(_pair(text) for text in values or ())
    done = running.call(f"/console/{tenant}/{act}", given)
    return Answer(result={"done": done}, show=lambda screen: screen.say(f"{tenant}: {act} {json.dumps(done)}"))


def find(folder: Path) -> Running:
    """The sandbox that runs in ``folder``. Raises CommandError ``sandbox.not_running``."""
    try:
        note = json.loads((folder / "sandbox.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        words = f"No sandbox runs with its state in {folder}."
        raise CommandError(Exit.ERROR, error("sandbox.not_running", words, "recordwarden sandbox start --state DIR --background")) from problem
    return Running(folder=folder, pid=int(note["pid"]), base_url=note["base_url"], door_url=note["door_url"], door_token=note["door_token"])


def _folder(call: Call, state: Path | None) -> Path:
    return state or call.options.state_home / "recordwarden" / "sandbox"


def _launched(folder: Path, arguments: list[str]) -> Running:
    """The sandbox as a process of its own, once it serves."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / "sandbox.json").exists() and _alive(find(folder).pid):
        raise CommandError(Exit.ERROR, error("sandbox.running", f"A sandbox runs in {folder} already.", "recordwarden sandbox stop"))
    with (folder / "sandbox.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and our own module
            [sys.executable, "-m", "sandbox", *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    clock = SystemClock()
    deadline = clock.monotonic() + PATIENCE
    while True:
        if process.poll() is not None or clock.monotonic() > deadline:
            raise CommandError(Exit.ERROR, error("sandbox.not_started", "The sandbox did not start.", f"See {folder / 'sandbox.log'}."))
        if (folder / "sandbox.json").exists():
            running = find(folder)
            if running.pid == process.pid:
                return running
        clock.sleep(LOOK_AGAIN)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _pair(text: str) -> tuple[str, object]:
    """``KEY=VALUE``; a value that is JSON counts as such, anything else is text."""
    key, found, value = text.partition("=")
    if not found:
        raise CommandError(Exit.USAGE, error("usage", f"{text} is not KEY=VALUE.", "recordwarden sandbox console TENANT ACT KEY=VALUE ..."))
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
