"""A small sound folder, written to disk, that tests bend out of shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.folder import Folder, load_folder
from policies.problems import FolderError, Problem

DISTRICT = """\
recordwarden: 1
id: abcd1234
name: Elm Ridge Public Schools
officers:
  - {id: custodian, name: Ida Thorn, email: ida@elm.example, roles: [records_custodian]}
tenants:
  - {id: m365, platform: microsoft365, domain: elm.example}
  - {id: google, platform: google_workspace, domain: elm.example}
"""
POLICY = """\
recordwarden: 1
policy: {title: Electronic Communications, number: "3543.31", adopted: 2017-03-09, review_by: 2027-03-09}
schedule:
  packs: []
  series:
    - {id: COR-02, title: Routine correspondence, period: 2 years, trigger: created, disposition: review,
       citation: "M1", verification: secondary}
    - {id: COR-01, title: Transitory, period: none, disposition: transitory}
populations:
  staff: {m365: {group: staff@elm.example}, google: {ou: /Staff}}
rules:
  - {id: R1, series: COR-02, population: staff, workloads: [mail, drive], carrier: policy}
controls: []
deviations: []
"""
PACKED = POLICY.replace("packs: []", "packs: [connecticut-education]")


def write(home: Path, *, district: str = DISTRICT, policy: str = POLICY) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    (home / "district.yaml").write_text(district, encoding="utf-8")
    (home / "policy.yaml").write_text(policy, encoding="utf-8")
    return home


def load(home: Path, *, district: str = DISTRICT, policy: str = POLICY) -> Folder:
    return load_folder(write(home, district=district, policy=policy))


def problems_of(home: Path, *overlays: Path, district: str = DISTRICT, policy: str = POLICY) -> tuple[Problem, ...]:
    """Everything that is wrong with the folder; fails when nothing is."""
    with pytest.raises(FolderError) as caught:
        load_folder(write(home, district=district, policy=policy), overlays)
    return caught.value.problems


def only(problems: tuple[Problem, ...]) -> Problem:
    assert len(problems) == 1, [problem.message for problem in problems]
    return problems[0]


def bent(text: str, old: str, new: str) -> str:
    assert old in text, old
    return text.replace(old, new, 1)
