"""``init``: a short interview, then the skeleton of a district folder, never over a file."""

from __future__ import annotations

import io
import secrets
import string
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML

from policies import forms
from policies.district import Role
from policies.folder import load_folder
from policies.forms import form_words
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

    id: str = Field(pattern=forms.NAME_40)
    name: str = Field(min_length=1)
    email: str = Field(pattern=forms.EMAIL)
    roles: tuple[Role, ...] = Field(min_length=1)


class Answers(BaseModel):
    """Everything that the interview asks."""

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

    @field_validator("officers")
    @classmethod
    def ids_of_their_own(cls, officers: tuple[OfficerAnswer, ...]) -> tuple[OfficerAnswer, ...]:
        """The officers, where no two share an id. Raises ValueError."""
        ids = [one.id for one in officers]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"the id {', '.join(twice)} is given twice")
        return officers


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
        raise CommandError(Exit.ERROR, *(_answer_problem(path, one["loc"], _words(one)) for one in wrong.errors())) from wrong


def _words(wrong: ErrorDetails) -> str:
    """What is wrong with an answer, for people."""
    if wrong["type"] == "string_pattern_mismatch":
        return f"'{wrong['input']}' is not {form_words(wrong['ctx']['pattern'])}"
    return wrong["msg"].removeprefix("Value error, ")


def _answer_problem(path: Path, place: tuple[int | str, ...], words: str) -> Problem:
    return error("init.answer", f"{path}: {'.'.join(map(str, place)) or 'the file'}: {words}", f"Known answers: {', '.join(Answers.model_fields)}.")


def _asked(call: Call) -> Answers:
    if not sys.stdin.isatty() or call.options.format == "json":
        raise CommandError(Exit.ERROR, error("init.no_terminal", "Nobody sits at a terminal to be asked.", "recordwarden -C DIR init --answers FILE"))
    return Answers.model_validate(
        {
            "name": _asked_for(Answers, "name", "Name of the district"),
            "timezone": _asked_for(Answers, "timezone", "Time zone", "America/New_York"),
            "microsoft_domain": _asked_for(Answers, "microsoft_domain", "Primary domain in Microsoft 365 (empty: none)", "") or None,
            "google_domain": _asked_for(Answers, "google_domain", "Primary domain in Google Workspace (empty: none)", "") or None,
            "policy_title": _asked_for(Answers, "policy_title", "Title of the adopted policy"),
            "policy_number": _asked_for(Answers, "policy_number", "Its number (empty: none)", "") or None,
            "adopted": _asked_for(Answers, "adopted", "Adopted on (YYYY-MM-DD)"),
            "officers": _officers(),
        }
    )


def _asked_for(model: type[BaseModel], field: str, question: str, default: str | None = None) -> str:
    """An answer that can stand in ``field``: one that cannot is told and asked for again, and no other is lost by it."""
    while True:
        answer = str(typer.prompt(question, default=default, err=True))
        wrong = _wrong(model, field, _listed(answer) if field == "roles" else answer)
        if wrong is None:
            return answer
        typer.echo(f"{wrong}. Once more, please.", err=True)


def _wrong(model: type[BaseModel], field: str, value: object) -> str | None:
    """What keeps ``value`` from standing in ``field``, whatever the other fields lack."""
    try:
        model.model_validate({field: value})
    except ValidationError as error:
        return next((_words(one) for one in error.errors() if one["loc"][:1] == (field,)), None)
    return None


def _officers() -> list[dict[str, object]]:
    """Officers one after another, until an empty id."""
    found: list[dict[str, object]] = []
    while identifier := _identifier(found):
        roles = _asked_for(OfficerAnswer, "roles", f"Roles, of {', '.join(Role)}", Role.RECORDS_CUSTODIAN.value)
        named = {field: _asked_for(OfficerAnswer, field, question) for field, question in (("name", "Name"), ("email", "E-mail"))}
        found.append({"id": identifier, **named, "roles": _listed(roles)})
    return found


def _identifier(known: Sequence[Mapping[str, object]]) -> str:
    """An id that no officer has yet, or nothing."""
    while True:
        given = str(typer.prompt("Officer's short id, such as custodian (empty: no more)", default="", err=True))
        taken = given in {one["id"] for one in known}
        wrong = f"'{given}' is another officer's id" if taken else _wrong(OfficerAnswer, "id", given)
        if not given or wrong is None:
            return given
        typer.echo(f"{wrong}. Once more, please.", err=True)


def _listed(text: str) -> list[str]:
    return text.replace(",", " ").split()


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
