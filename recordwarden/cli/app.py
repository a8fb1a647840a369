"""The command line: what stands before the command, commands that are imported only when called, and the way out for every ending."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal, cast

import typer
from typer import core

# Typer keeps its parser's errors in a private place and raises them where it is told not to end the process by itself.
from typer._click.exceptions import ClickException, UsageError

from recordwarden import __version__
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import Call
from recordwarden.cli.table import TABLE, Entry, Family
from recordwarden.envelope import Content, document
from recordwarden.exits import Exit
from recordwarden.options import from_environment

PROGRAM = "recordwarden"


class LazyGroup(core.TyperGroup):
    """Commands from a table. To list them nothing is imported; to run one, its module is."""

    table = TABLE

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002  # Typer's own, public face of its context
        """The words of the table, in its order."""
        return list(self.table)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> core.TyperCommand | core.TyperGroup | None:  # type: ignore[override]  # noqa: ARG002  # as above
        """The family of that word, or a stand-in for the command that knows its one line: enough to list it."""
        found = self.table.get(cmd_name)
        if isinstance(found, Family):
            return _family(cmd_name, found)
        return None if found is None else _stand_in(cmd_name, found.help)

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> tuple[str | None, core.TyperCommand | core.TyperGroup | None, list[str]]:  # type: ignore[override]  # as above
        """The command that is about to run, imported only now."""
        found = self.table.get(args[0])
        if isinstance(found, Entry):
            if isinstance(ctx.obj, Call):
                ctx.obj.command = "-".join((*ctx.command_path.split()[1:], args[0]))
            return args[0], _command(args[0], found), args[1:]
        return super().resolve_command(ctx, args)  # type: ignore[return-value]  # as above


def _stand_in(name: str, help_line: str) -> core.TyperCommand:
    return core.TyperCommand(name, help=help_line, short_help=help_line, rich_markup_mode=None)


def _family(name: str, family: Family) -> core.TyperGroup:
    class Group(LazyGroup):
        table = family.commands

    return Group(name=name, help=family.help, short_help=family.help, rich_markup_mode=None, no_args_is_help=False)


def _command(name: str, entry: Entry) -> core.TyperCommand | core.TyperGroup:
    module, _, function = entry.does.partition(":")
    does = cast("Callable[..., Answer]", getattr(importlib.import_module(f"recordwarden.cli.{module}"), function))
    lonely = typer.Typer(add_completion=False, rich_markup_mode=None)
    lonely.command(name, help=entry.help)(does)
    command = typer.main.get_command(lonely)
    command.name = name
    return cast("core.TyperCommand", command)


def _before(  # noqa: PLR0913, PLR0917  # the contract's global options
    ctx: typer.Context,
    folder: Annotated[Path | None, typer.Option("-C", help="The district folder (default: here).", metavar="DIR")] = None,
    overlay: Annotated[list[Path] | None, typer.Option("--overlay", help="Lay a file over district.yaml; may be repeated.", metavar="FILE")] = None,
    store: Annotated[str | None, typer.Option(help="The store's address.", metavar="URL")] = None,
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="Only this tenant; may be repeated.", metavar="ID")] = None,
    output: Annotated[Literal["text", "json"] | None, typer.Option("--format", help="For people, or one JSON document.")] = None,
    officer: Annotated[str | None, typer.Option("--as", help="The officer who acts or signs.", metavar="OFFICER")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The officer's key.", metavar="FILE")] = None,
    sign_in: Annotated[
        Literal["browser", "device-code"] | None, typer.Option("--sign-in", help="An administrator signs in first, for this call alone.")
    ] = None,
    lock_wait: Annotated[float | None, typer.Option(help="Seconds to wait for another run (default: 120).", metavar="S", min=0)] = None,
    version: Annotated[bool, typer.Option("--version", help="Say the version and end.")] = False,  # noqa: FBT002  # a flag
) -> None:
    """Keep a school district's Microsoft 365 and Google Workspace tenants true to the records policy that its board adopted."""
    if version:
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        raise typer.Exit(Exit.DONE)
    call = ctx.obj
    if (officer is None) != (key is None):
        raise UsageError("--as and --key go together: who acts, and the key that proves it.")
    given = {
        "folder": folder,
        "overlays": tuple(overlay) if overlay else None,
        "store": store,
        "tenants": tuple(tenant) if tenant else None,
        "format": output,
        "officer": officer,
        "key": key,
        "lock_wait": lock_wait,
        "sign_in": sign_in,
    }
    call.options = replace(call.options, **{name: value for name, value in given.items() if value is not None})
    if ctx.invoked_subcommand is None:
        raise UsageError("A command is missing. See recordwarden --help.")


def _program() -> core.TyperGroup:
    root = typer.Typer(
        name=PROGRAM,
        cls=LazyGroup,
        add_completion=False,
        rich_markup_mode=None,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback()(_before)
    return typer.main.get_group(root)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and print its answer; the exit code. Never raises."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a letter shows its number
    options = from_environment()
    if _asks_for_json(arguments):
        options = replace(options, format="json")
    call = Call(options)
    try:
        value = _program()(args=list(arguments), prog_name=PROGRAM, obj=call, standalone_mode=False)
        answer = value if isinstance(value, Answer) else None
        code = int(value) if answer is None and value is not None else 0
    except UsageError as error:
        answer, code = _usage(call, error), 0
    except typer.Abort:
        answer, code = _aborted(call), 0
    except (Exception, KeyboardInterrupt, ClickException) as error:  # the one place where every ending gets its words; nothing is swallowed  # noqa: BLE001
        answer, code = _failed(call, error), 0
    return code if answer is None else _say(call, answer)


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether JSON is asked for, also where the rest of the line is not understood."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any(word == "--format=json" or (word == "--format" and follows == "json") for word, follows in pairs)


def _usage(call: Call, error: UsageError) -> Answer:
    from policies.problems import Problem, Severity

    call.command = "usage"
    words = error.ctx.command_path if error.ctx is not None else PROGRAM
    problem = Problem(
        code="usage",
        severity=Severity.ERROR,
        message=error.format_message(),
        next_step=f"See {words} --help; options for all commands come before the command.",
    )
    return Answer(exit=Exit.USAGE, problems=(problem,))


def _aborted(_call: Call) -> Answer:
    from policies.problems import Problem, Severity

    problem = Problem(code="run.stopped", severity=Severity.ERROR, message="Ended without an answer; nothing was written.", next_step="Begin again.")
    return Answer(exit=Exit.INTERRUPTED, problems=(problem,))


def _failed(call: Call, error: BaseException) -> Answer:
    from recordwarden.clock import ClockFileError
    from recordwarden.failures import told

    if isinstance(error, ClockFileError):
        call.without_clock()
    code, problems = told(error, call.run_id)
    if code is Exit.USAGE:
        call.command = "usage"
    if code is Exit.INTERRUPTED and call.signal == 15:
        code = Exit.TERMINATED
    if code is Exit.OUR_FAULT and os.environ.get("RECORDWARDEN_DEBUG"):
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    return Answer(exit=code, problems=problems)


def _say(call: Call, answer: Answer) -> int:
    try:
        if call.options.format == "json":
            from sync.wording import problem_document

            content = Content(
                exit=answer.exit,
                tenants=answer.tenants,
                result=None if call.command == "usage" else answer.result,
                problems=tuple(problem_document(problem) for problem in answer.problems),
            )
            sys.stdout.write(document(call.frame(), content) + "\n")
        else:
            from recordwarden.cli.screen import Screen

            answer.show(Screen(sys.stdout))
            if not answer.shows_problems:
                Screen(sys.stderr).problems(answer.problems)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  # whoever read us has gone; the interpreter still flushes
    return int(answer.exit)
