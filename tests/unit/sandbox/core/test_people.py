from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from sandbox.people import PROFILES, make_people, make_world


@pytest.mark.parametrize(("profile", "count"), [("demo", 460), ("small", 460), ("large", 10_000), ("tiny", 24)])
def test_a_profile_has_its_size_and_nobody_shares_an_address(profile: str, count: int) -> None:
    world = make_world(profile)
    assert len(world.people) == count
    assert len({person.local_part for person in world.people}) == count
    assert len({person.employee_id for person in world.people}) == count


def test_a_demo_district_has_sixty_employees_five_board_members_and_students_in_every_school() -> None:
    world = make_world("demo")
    roles = Counter(person.role for person in world.people)
    assert roles["administrator"] + roles["teacher"] + roles["staff"] == 60
    assert roles["board"] == 5
    assert {person.school for person in world.people if person.role == "student"} == set(world.schools)


def test_the_same_seed_makes_the_same_people_and_another_seed_others() -> None:
    assert make_people(3, 460, ["A"]) == make_people(3, 460, ["A"])
    assert make_people(3, 460, ["A"]) != make_people(4, 460, ["A"])


def test_more_people_than_names_is_said() -> None:
    with pytest.raises(ValueError, match="made-up names"):
        make_people(1, 1_000_000, ["A"])


def test_profiles_of_unknown_name_are_refused() -> None:
    assert "huge" not in PROFILES
    with pytest.raises(KeyError):
        make_world("huge")


def test_the_clock_reads_its_file_at_each_look_and_moves_by_the_door(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("2026-01-31T08:00:00Z", encoding="utf-8")
    clock = make_world("tiny", clock_file=file).clock
    assert clock.now().isoformat() == "2026-01-31T08:00:00+00:00"
    clock.advance(90)
    assert clock.now().isoformat() == "2026-01-31T08:01:30+00:00"
    file.write_text("2026-02-01T08:00:00Z", encoding="utf-8")
    assert clock.now().isoformat() == "2026-02-01T08:01:30+00:00"
    file.write_text("+86400", encoding="utf-8")
    assert 86_400 < (clock.now() - clock.wall()).total_seconds() <= 86_490
