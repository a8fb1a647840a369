"""A document against its model: the value, or one problem for each thing that is wrong with its shape, where it stands and what to write."""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from policies.forms import form_words
from policies.problems import Problem, Severity, Where
from policies.source import Path_, Plain, nearest

_Model = TypeVar("_Model", bound=BaseModel)


def shaped(model: type[_Model], value: Mapping[str, Plain], places: Mapping[Path_, Where], file: Path) -> _Model | tuple[Problem, ...]:
    """``value`` as ``model``, or every problem with it."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        return tuple(_problem(model, detail, places, file) for detail in details)


def _problem(model: type[BaseModel], detail: ErrorDetails, places: Mapping[Path_, Where], file: Path) -> Problem:
    path = _in_text(detail["loc"], places)
    name = _spelt(path) or "the file"
    where = nearest(places, path, file)
    code, says, next_step = _said(model, detail, path)
    return Problem(code=code, severity=Severity.ERROR, message=f"{where.file}: {name}: {says}", next_step=next_step, subject=name, where=where)


def _said(model: type[BaseModel], detail: ErrorDetails, path: Path_) -> tuple[str, str, str]:
    """Code, sentence and next step for one of pydantic's complaints."""
    kind, given = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return _unknown_key(model, detail["loc"], str(path[-1]))
    if kind == "missing":
        return "folder.missing_key", f"the key '{detail['loc'][-1]}' is missing", f"add '{detail['loc'][-1]}:'"
    if kind == "string_type" and isinstance(given, int | float):
        return "folder.value", f"must be text, not the number {given}", f'put it in quotes: "{given}"'
    if kind in {"enum", "literal_error"}:
        return _one_of(detail)
    if kind == "string_pattern_mismatch":
        form = form_words(detail["ctx"]["pattern"])
        return "folder.value", f"'{given}' is not {form}", f"write {form}"
    message = detail["msg"].removeprefix("Value error, ") if kind == "value_error" else f"{_lower(detail['msg'])}{_given(given)}"
    return "folder.value", message, "correct the value"


def _unknown_key(model: type[BaseModel], loc: tuple[int | str, ...], key: str) -> tuple[str, str, str]:
    known = known_keys(model, loc[:-1])
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if near:
        return "folder.unknown_key", f"unknown key '{key}'; did you mean '{near[0]}'?", f"write '{near[0]}', or take the key out"
    return "folder.unknown_key", f"unknown key '{key}'", f"take it out; known here: {', '.join(known)}"


def _one_of(detail: ErrorDetails) -> tuple[str, str, str]:
    expected = str(detail.get("ctx", {}).get("expected", ""))
    choices = [choice.strip("' ") for choice in expected.replace(" or ", ", ").split(",")]
    near = difflib.get_close_matches(str(detail["input"]), choices, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return "folder.value", f"'{detail['input']}' is none of {', '.join(choices)}{hint}", f"write one of {', '.join(choices)}"


def known_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, ...]:
    """The keys that may stand at ``loc`` of a document of ``model``."""
    at: object = model
    for step in loc:
        at = _inside(at, step)
    found = _model_in(at)
    return tuple(field.alias or name for name, field in found.model_fields.items()) if found else ()


def _inside(at: object, step: int | str) -> object:
    """The annotation of what ``step`` leads to."""
    found = _model_in(at)
    if found is None:
        arguments = [argument for argument in get_args(_bare(at)) if argument is not Ellipsis]
        return arguments[-1] if arguments else None
    for name, field in found.model_fields.items():
        if step in {name, field.alias}:
            return field.annotation
    return None


def _bare(at: object) -> object:
    """An annotation without ``Annotated`` and without ``| None``."""
    if get_origin(at) is Annotated:
        return _bare(get_args(at)[0])
    if get_origin(at) in {Union, types.UnionType}:
        rest = [argument for argument in get_args(at) if argument is not type(None)]
        return _bare(rest[0])
    return at


def _model_in(at: object) -> type[BaseModel] | None:
    bare = _bare(at)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _in_text(loc: tuple[int | str, ...], places: Mapping[Path_, Where]) -> Path_:
    """``loc`` as the text has it: a form that stands alone is a list of one only in the model."""
    path: Path_ = ()
    for step in loc:
        if (*path, step) in places or not isinstance(step, int):
            path = (*path, step)
    return path


def _spelt(path: Path_) -> str:
    """``rules[0].period`` for people."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def _given(given: object) -> str:
    return f", not '{given}'" if isinstance(given, str | int | float | bool) else ""
