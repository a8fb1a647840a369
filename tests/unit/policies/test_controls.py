"""What a control may want read: the words under ``verify``, what is wrong with them, and what they ask of which cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from policies.check import check
from policies.controls import CHECKS, Verify
from policies.kinds import Kind, Platform
from tests.unit.policies.folders import POLICY, bent, load, only, problems_of

CONTROL = "controls:\n  - {{id: C1, text: t, serves: [ST-03], basis: b, method: {method}, reason: r{rest}}}"


def policy(rest: str, method: str = "V") -> str:
    return bent(POLICY, "controls: []", CONTROL.format(method=method, rest=rest))


def test_what_a_control_wants_is_known_by_name(tmp_path: Path) -> None:
    folder = load(tmp_path, policy=policy(", population: staff, verify: {google.chat_history: always_on, google.retention_privileges: [a@elm.example]}"))
    (duty,) = folder.policy.control_duties()
    assert (duty.line, duty.population.id if duty.population else None) == ("C1", "staff")
    assert dict(duty.wishes) == {"google.chat_history": "always_on", "google.retention_privileges": ("a@elm.example",)}
    assert duty.asks(Platform.GOOGLE_WORKSPACE) == duty.wishes
    assert duty.asks(Platform.MICROSOFT365) == {}
    assert duty.about(Platform.MICROSOFT365), "its population is there, and nothing there shows it"
    (told,) = check(folder, None).controls
    assert told.verify == ("google.chat_history", "google.retention_privileges")


def test_a_control_that_names_no_setting_wants_nothing_read(tmp_path: Path) -> None:
    assert load(tmp_path, policy=policy("")).policy.control_duties() == ()


@pytest.mark.parametrize(
    ("rest", "says", "next_step"),
    [
        (", verify: {google.chat_histroy: always_on}", "did you mean 'google.chat_history'", "write 'google.chat_history'"),
        (", verify: {chat_history: always_on}", "unknown key 'chat_history'", "google.chat_history"),
        (", verify: {google.chat_history: alwayson}", "did you mean 'always_on'", "always_on, on_by_default"),
        (", verify: {google.takeout: enabled}", "'enabled' is none of disabled", "disabled"),
        (", verify: {}", "asks for nothing", "correct"),
        (", verify: {google.retention_privileges: []}", "at least 1 item", "correct"),
        (", population: staff", "has population without verify", "correct"),
        (", besides: paper", "has besides without verify", "correct"),
        (", population: staf, verify: {google.takeout: disabled}", "did you mean 'staff'", "define it"),
    ],
)
def test_what_cannot_be_asked_is_said_where_it_stands(tmp_path: Path, rest: str, says: str, next_step: str) -> None:
    problem = only(problems_of(tmp_path, policy=policy(rest)))
    assert says in problem.message
    assert next_step in problem.next_step
    assert problem.where is not None
    assert problem.where.line == 14


@pytest.mark.parametrize("method", ["E", "X"])
def test_reading_is_no_enforcing(tmp_path: Path, method: str) -> None:
    assert "has verify and method" in only(problems_of(tmp_path, policy=policy(", verify: {google.takeout: disabled}", method))).message


def test_a_population_that_is_in_another_cloud_shows_nothing(tmp_path: Path) -> None:
    text = policy(", population: here, verify: {google.takeout: disabled}").replace("populations:\n", "populations:\n  here: {m365: {all: users}}\n")
    problem = only(problems_of(tmp_path, policy=text))
    assert problem.code == "control.population_elsewhere"
    assert "google.takeout" in problem.message


def test_a_population_that_a_control_names_is_used(tmp_path: Path) -> None:
    text = policy(", population: here, verify: {google.takeout: disabled}").replace("populations:\n", "populations:\n  here: {google: {ou: /}}\n")
    codes = {problem.code for problem in check(load(tmp_path / "used", policy=text), None).problems}
    assert "population.unused" not in codes
    idle = text.replace(", population: here, verify: {google.takeout: disabled}", "")
    assert "population.unused" in {problem.code for problem in check(load(tmp_path / "idle", policy=idle), None).problems}


def test_words_that_a_policy_does_not_say_leave_its_digest_as_it_was(tmp_path: Path) -> None:
    """The digest of a policy that was in force before there were such words, as it stands in stores and reports."""
    plain = load(tmp_path / "plain", policy=policy("")).policy
    form = plain.model_dump(mode="json", by_alias=True)["controls"][0]
    assert {"population", "verify", "besides"} <= form.keys()
    assert plain.digest == "sha256:0a8802ee2955c274d9ab4605812dbc75e40a60df7e12da76357ed7f9ee751229"
    other = load(tmp_path / "other", policy=policy(", verify: {google.takeout: disabled}")).policy
    assert other.digest != plain.digest


def test_every_check_has_a_kind_of_its_cloud() -> None:
    from policies.controls import kind_of, platform_of

    assert {kind_of(check) for check in CHECKS} == {Kind.GOOGLE_SETTING, Kind.GOOGLE_LICENCE}
    assert {platform_of(check) for check in CHECKS} == {Platform.GOOGLE_WORKSPACE}


def test_the_reference_has_every_check_and_every_value() -> None:
    text = (Path(__file__).parents[3] / "docs/reference/controls.md").read_text(encoding="utf-8")
    rows = {row.split("|")[1].strip(" `"): row.split("|")[2] for row in text.splitlines() if row.startswith("| `google.")}
    assert tuple(rows) == CHECKS
    for field in Verify.model_fields.values():
        literal = next((one for one in get_args(field.annotation) if get_origin(one) is Literal), None)
        said = {f"`{value}`" for value in get_args(literal)} if literal else {"addresses"}
        assert all(value in rows[field.alias or ""] for value in said)
