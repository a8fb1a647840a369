"""``init``: a short interview, then the skeleton of a district folder, never over a file."""

from __future__ import annotations

import io
import secrets
import string
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from ruamel.yaml import YAML

from policies.district import Role
from policies.folder import load_folder
from policies.problems import FolderError, Problem
from policies.source import SourceError, read_document
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import Call, called
from recordwarden.cli.files import must_exist, write_new
from recordwarden.cli.screen import Screen
from recordwarden.exits import Exit
from recordwarden.wrong import CommandError, error

LETTERS = string.ascii_lowercase + string.digits
REVIEW_YEARS = 2


class OfficerAnswer(BaseModel):
    """One officer as the interview hears it; the key comes later, from the officer's own hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")
    name: str = Field(min_length=1)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    roles: tuple[Role, ...] = Field(min_length=1)


class Answers(BaseModel):
    """Everything that the interview asks. At least one of the two clouds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    timezone: str = "America/New_York"
    microsoft_domain: str | None = None
    google_domain: str | None = None
    policy_title: str = Field(min_length=1)
    policy_number: str | None = None
    adopted: date
    officers: tuple[OfficerAnswer, ...] = ()

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, zone: str) -> str:
        """The zone, where the machine knows it. Raises ValueError."""
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            raise ValueError(f"{zone} is no time zone") from unknown
        return zone


def init(
    ctx: typer.Context,
    answers: Annotated[Path | None, typer.Option("--answers", metavar="FILE", help="YAML with the answers, where nobody sits at a terminal.")] = None,
) -> Answer:
    """Write ``district.yaml`` and ``policy.yaml`` into the folder: both or neither."""
    call = called(ctx)
    folder = call.options.folder
    for name in ("district.yaml", "policy.yaml"):
        if (folder / name).exists():
            words = f"{folder / name} exists already."
            raise CommandError(Exit.ERROR, error("file.exists", words, "Name another folder with -C; nothing is written over."))
    given = _read(answers) if answers is not None else _asked(call)
    files = {"district.yaml": district_text(given), "policy.yaml": policy_text(given)}
    _sound(files)
    _write(folder, files)
    paths = [str(folder / name) for name in files]
    return Answer(result={"written": paths}, show=lambda screen: _show(screen, folder))


def _read(path: Path) -> Answers:
    try:
        return Answers.model_validate(read_document(must_exist(path)).value)
    except SourceError as broken:
        raise CommandError(Exit.ERROR, *broken.problems) from broken
    except ValidationError as wrong:
        raise CommandError(Exit.ERROR, *(_answer_problem(path, one["loc"], one["msg"]) for one in wrong.errors())) from wrong


def _answer_problem(path: Path, place: tuple[int | str, ...], words: str) -> Problem:
    return error("init.answer", f"{path}: {'.'.join(map(str, place)) or 'the file'}: {words}", f"Known answers: {', '.join(Answers.model_fields)}.")


def _asked(call: Call) -> Answers:
    if not sys.stdin.isatty() or call.options.format == "json":
        raise CommandError(Exit.ERROR, error("init.no_terminal", "Nobody sits at a terminal to be asked.", "recordwarden -C DIR init --answers FILE"))
    name = _ask("Name of the district")
    given = {
        "name": name,
        "timezone": _ask("Time zone", "America/New_York"),
        "microsoft_domain": _ask("Primary domain in Microsoft 365 (empty: none)", "") or None,
        "google_domain": _ask("Primary domain in Google Workspace (empty: none)", "") or None,
        "policy_title": _ask("Title of the adopted policy"),
        "policy_number": _ask("Its number (empty: none)", "") or None,
        "adopted": _ask("Adopted on (YYYY-MM-DD)"),
        "officers": tuple(_officers(_ask)),
    }
    try:
        return Answers.model_validate(given)
    except ValidationError as wrong:
        raise CommandError(Exit.ERROR, *(_answer_problem(Path("answer"), one["loc"], one["msg"]) for one in wrong.errors())) from wrong


def _ask(question: str, default: str | None = None) -> str:
    return str(typer.prompt(question, default=default, err=True))


def _officers(ask: Callable[[str, str | None], str]) -> list[dict[str, object]]:
    """Officers one after another, until an empty id."""
    found: list[dict[str, object]] = []
    while identifier := ask("Officer's short id, such as custodian (empty: no more)", ""):
        roles = ask(f"Roles, of {', '.join(Role)}", Role.RECORDS_CUSTODIAN.value)
        found.append({"id": identifier, "name": ask("Name", None), "email": ask("E-mail", None), "roles": roles.replace(",", " ").split()})
    return found


def district_text(given: Answers) -> str:
    """``district.yaml``: both clouds in mode observe, no endpoint, no key yet."""
    tenants = []
    if given.microsoft_domain:
        tenants.append({"id": "m365", "platform": "microsoft365", "mode": "observe", "domain": given.microsoft_domain})
    if given.google_domain:
        tenants.append({"id": "google", "platform": "google_workspace", "mode": "observe", "domain": given.google_domain})
    body: dict[str, object] = {
        "recordwarden": 1,
        "id": "".join(secrets.choice(LETTERS) for _ in range(8)),
        "name": given.name,
        "timezone": given.timezone,
        "officers": [{**one.model_dump(mode="json")} for one in given.officers],
        "tenants": tenants,
        "systems": [],
    }
    comment = "Who the district is. The id is for ever: it stands in every mark."
    return _yaml(body, f"{comment}\nOfficers' public keys go under `key:`, as `recordwarden officer keygen` prints them.")


def policy_text(given: Answers) -> str:
    """``policy.yaml``: the adopted policy with the pack's schedule, and no rule yet."""
    head: dict[str, object] = {"title": given.policy_title}
    if given.policy_number:
        head["number"] = given.policy_number
    head |= {"adopted": given.adopted, "review_by": _later(given.adopted)}
    body: dict[str, object] = {
        "recordwarden": 1,
        "policy": head,
        "schedule": {"packs": ["connecticut-education"], "series": []},
        "populations": {},
        "rules": [],
        "controls": [],
        "deviations": [],
    }
    return _yaml(body, "The adopted policy. Rows of the pack write nothing before an officer has confirmed them: recordwarden series confirm")


def _later(day: date) -> date:
    """The same day of the year some years later; the last of February where there is no 29th."""
    return date(day.year + REVIEW_YEARS, day.month, min(day.day, 28) if day.month == 2 else day.day)


def _yaml(body: Mapping[str, object], comment: str) -> str:
    text = io.StringIO()
    text.writelines(f"# {line}\n" for line in comment.split("\n"))
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump(dict(body), text)
    return text.getvalue()


def _sound(files: Mapping[str, str]) -> None:
    """Raises CommandError with what is wrong with the folder, before anything is written to its place."""
    with tempfile.TemporaryDirectory() as place:
        for name, text in files.items():
            (Path(place) / name).write_text(text, encoding="utf-8")
        try:
            load_folder(Path(place))
        except FolderError as broken:
            raise CommandError(Exit.ERROR, *broken.problems) from broken


def _write(folder: Path, files: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        words = f"{folder} cannot be made: {problem.strerror}."
        raise CommandError(Exit.ERROR, error("file.unwritable", words, "Check the path and its permissions.")) from problem
    written: list[Path] = []
    try:
        for name, text in files.items():
            write_new(folder / name, text.encode(), mode=0o644)
            written.append(folder / name)
    except CommandError:
        for path in written:
            path.unlink()  # ours, made a moment ago: half a folder is none
        raise


def _show(screen: Screen, folder: Path) -> None:
    screen.say(f"{folder / 'district.yaml'} and {folder / 'policy.yaml'} were written.")
    screen.say("Next:")
    screen.say("-> recordwarden officer keygen --out FILE, by each officer; its public key goes under `key:`", indent=2)
    screen.say("-> populations and rules into policy.yaml, then recordwarden check", indent=2)
    screen.say("-> credentials of each tenant into district.yaml, then recordwarden doctor", indent=2)
