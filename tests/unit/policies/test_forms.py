"""No regular expression reaches a person: every form that a text must have is called by words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from policies.district import District
from policies.forms import WORDS
from policies.policy import Policy
from policies.schedule import Pack
from policies.vault_rules import VaultRule
from recordwarden.cli.init import Answers
from sync.matters.order import MatterOrder


def patterns(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "pattern" and isinstance(value, str):
                yield value
            yield from patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns(value)


@pytest.mark.parametrize("model", [District, Policy, Pack, VaultRule, MatterOrder, Answers])
def test_every_form_has_words(model: type[BaseModel]) -> None:
    found = set(patterns(model.model_json_schema()))
    assert found <= WORDS.keys()


def test_no_form_is_named_that_nothing_has() -> None:
    models = (District, Policy, Pack, VaultRule, MatterOrder, Answers)
    assert {one for model in models for one in patterns(model.model_json_schema())} == WORDS.keys()
