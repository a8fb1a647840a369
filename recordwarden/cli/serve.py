"""``serve``: the daemon in the foreground, until it is told to end."""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import Annotated

import typer

from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.screen import many
from recordwarden.daemon import HOLDS_SECONDS, SYNC_SECONDS, Daemon, Rhythm, told
from recordwarden.exits import Exit
from recordwarden.logging import json_log
from sync.jobs import Jobs


def serve(
    ctx: typer.Context,
    sync_every: Annotated[float, typer.Option("--sync-every", metavar="S", min=1, help="Seconds between two full runs.")] = SYNC_SECONDS,
    holds_every: Annotated[float, typer.Option("--holds-every", metavar="S", min=1, help="Seconds between two looks at holds.")] = HOLDS_SECONDS,
) -> Answer:
    """Run until SIGTERM (ends with 143) or SIGINT (130); what is being sent is finished or settled by the next run."""
    call = called(ctx)
    with call.office(last_good=True) as office:
        desk = office.desk
        log = json_log(sys.stderr, desk.clock, district=office.district.id, run=desk.run_id)
        for problem in office.problems:
            told(log, problem)
        jobs = Jobs(desk.store, desk.clock, socket.gethostname(), os.getpid())
        done = Daemon(office, jobs, log, Rhythm(sync=sync_every, holds=holds_every)).run()
    code = Exit.TERMINATED if call.signal == signal.SIGTERM else Exit.INTERRUPTED
    return Answer(exit=code, result={"jobs": done}, show=lambda screen: screen.say(f"Ended as told, after {many(done, 'job')}."))
