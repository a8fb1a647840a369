"""``officer keygen``: a key pair for an officer. Needs no folder, store or network."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.screen import Screen
from recordwarden.exits import Exit
from recordwarden.wrong import CommandError, error
from sync.officers import generate, read_passphrase


def keygen(
    ctx: typer.Context, out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the private key goes; never over a file.")]
) -> Answer:
    """An Ed25519 key, readable by its owner only; the public half is printed for ``officers[].key``."""
    call = called(ctx)
    file = call.options.passphrase_file
    words = read_passphrase(file) if file else None
    if words is None and sys.stdin.isatty() and call.options.format == "text":
        words = _asked()
    made = generate(out, words)

    def show(screen: Screen) -> None:
        screen.say(f"Private key: {out}" + ("" if words else " (no passphrase: whoever can read the file can sign)"))
        screen.say(f"Key id:      {made.key_id}")
        screen.say("For district.yaml, under this officer:")
        screen.raw(f'  key: "{made.public_key}"')

    return Answer(result={"file": str(out), "public_key": made.public_key, "key_id": made.key_id}, show=show)


def _asked() -> str | None:
    words = getpass.getpass("Passphrase for the key (empty for none): ", stream=sys.stderr)
    if words and words != getpass.getpass("The same again: ", stream=sys.stderr):
        raise CommandError(Exit.ERROR, error("officer.passphrases_differ", "The two passphrases differ; no key was made.", "Begin again."))
    return words or None
