"""Every key of the files that people write stands in docs/reference/files.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from policies.district import District
from policies.policy import Policy
from sync.matters.order import MatterOrder

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "files.md").read_text(encoding="utf-8")
WORDS = frozenset((*re.findall(r"[a-z0-9_]+", TEXT), *re.findall(r"[a-z0-9_]+\.[a-z0-9_]+", TEXT)))


def keys(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[tuple[str, str]]:
    """Keys of a file's shape, nested ones too, each with the shape that it stands in."""
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        yield model.__name__, field.alias or name
        for inner in nested(field.annotation):
            yield from keys(inner, seen)


def nested(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from nested(part)


ALL = sorted({one for model in (District, Policy, MatterOrder) for one in keys(model, set())})


@pytest.mark.parametrize(("shape", "key"), ALL)
def test_a_key_is_documented(shape: str, key: str) -> None:
    assert key in WORDS, f"{shape}.{key} is not in docs/reference/files.md"


def test_there_are_keys_and_a_missing_one_would_be_seen() -> None:
    assert len(ALL) > 80
    assert "no_such_key" not in WORDS
