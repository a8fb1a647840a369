"""What a person does in Vault instead of us: names copied whole with their marks, people by address, nothing narrowed that is to be held."""

from __future__ import annotations

import pytest

from connectors.google_workspace.by_hand import instructions
from connectors.instructions import Deed
from policies.kinds import Kind
from policies.resources import Mark, Value


def mark(key: str) -> Mark:
    return Mark(district="hrbrml01", key=key, generation=1)


MATTER = Deed(operation="create", kind=Kind.GOOGLE_MATTER, name="blue heron", key="m-x", mark=mark("m-x"), fields={"state": "open", "description": "Kept."})
FIELDS: dict[str, Value] = {"corpus": "DRIVE", "scope": "accounts", "terms": "", "start": None, "end": None, "options": ("shared_drives",)}
HOLD = Deed(operation="create", kind=Kind.GOOGLE_HOLD, name="blue heron Drive", key="m-x-drive", mark=mark("m-x-drive"), parent="blue heron", fields=FIELDS)
MORE = Deed(
    operation="add", kind=Kind.GOOGLE_HOLD, name="blue heron Drive", key="m-x-drive", mark=mark("m-x-drive"), parent="blue heron",
    members=frozenset({"account:1", "account:2"}), people={"account:1": "mia@d.example"},
)  # fmt: skip


def test_a_matter_and_a_hold_are_filled_in_with_their_marks_and_people_by_address() -> None:
    matter, hold = instructions([MATTER, HOLD, MORE])
    assert matter.console[0].endswith("Description, copied whole: Kept. [rw:hrbrml01:m-x:g1]")
    assert "Name, copied whole: blue heron Drive [rw:hrbrml01:m-x-drive:g1]" in hold.console[0]
    assert hold.console[1:5] == ("Service: Drive. Specific accounts:", "[ ] 2", "[ ] mia@d.example", "Include items in shared drives: on")
    assert "Leave the terms empty: everything is kept" in hold.console
    assert matter.commands == hold.commands == ()


def test_terms_and_days_stand_where_the_corpus_takes_them() -> None:
    fields: dict[str, Value] = {**FIELDS, "corpus": "MAIL", "terms": "budget", "start": "2026-01-01", "end": "2026-02-02", "options": ()}
    deed = Deed(operation="create", kind=Kind.GOOGLE_HOLD, name="n", key="k", mark=mark("k"), parent="m", fields=fields)
    (hold,) = instructions([deed])
    assert {"Sent date from 2026-01-01", "Sent date to 2026-02-02", "Terms: budget"} <= set(hold.console)


def test_people_are_added_and_nobody_taken_out() -> None:
    (found,) = instructions([MORE])
    assert "leave all others as they are" in found.console[0]
    assert "[ ] mia@d.example" in found.console


@pytest.mark.parametrize("deed", [
    Deed(operation="set", kind=Kind.GOOGLE_MATTER, name="m", key="m", mark=mark("m"), fields={"state": "closed"}),
    Deed(operation="set", kind=Kind.GOOGLE_HOLD, name="h", key="h", mark=mark("h"), fields={"terms": "less"}),
    Deed(operation="create", kind=Kind.GOOGLE_DRIVE_LABEL, name="l", key="l", mark=mark("l")),
])  # fmt: skip
def test_what_takes_away_or_has_no_sheet_says_so(deed: Deed) -> None:
    (found,) = instructions([deed])
    assert (bool(found.refused), found.console) == (True, ())


def test_a_closed_matter_is_reopened_and_a_group_keeps_its_archive() -> None:
    (matter,) = instructions([Deed(operation="set", kind=Kind.GOOGLE_MATTER, name="m", key="m", mark=mark("m"), fields={"state": "open"})])
    assert "Reopen" in matter.console[0]
    (group,) = instructions([Deed(operation="create", kind=Kind.GOOGLE_GROUP_ARCHIVE, name="staff@d.example", key="a", mark=mark("a"), fields={"archived": True})])
    assert "Conversation history: on" in group.console[0]
