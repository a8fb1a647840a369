"""The top-level names are ours alone: another distribution that brings a package called ``reports`` must be noticed, not merged with."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

PACKAGES = ("policies", "connectors", "sync", "reports", "recordwarden", "sandbox")


def home(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None, f"{name} is a namespace: its __init__.py is gone"
    return Path(spec.origin).parents[1]


@pytest.mark.parametrize("name", PACKAGES)
def test_each_package_lives_beside_recordwarden(name: str) -> None:
    assert home(name) == home("recordwarden")


@pytest.mark.parametrize("name", PACKAGES)
def test_no_other_distribution_brings_the_name(name: str) -> None:
    assert set(packages_distributions().get(name, ["recordwarden"])) == {"recordwarden"}
