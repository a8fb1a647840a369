"""Letters of releases: those who can sign hear that one waits, in every mode; whoever hears of holds hears when it is due, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from policies.district import Mode, Subject
from tests.unit.sync.matters.releasing import REASON, WEEK, approve, ask
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, Scene, google, m365, order, roster, scene
from tests.unit.sync.notices.post import Post, mail, send

ONE, TWO = "person1@d.example", "person2@d.example"
ALL = ("custodian", "counsel", "chair", "it", "superintendent")


def district(tmp_path: Path, **rest: object) -> Iterator[Scene]:
    with scene(tmp_path, roster("m365", m365(1), m365(2)), roster("google", google(1), google(2))) as made:
        made.lane.open(order(ONE, TWO, name="Doe v. Board", issues="the roof", **rest))
        made.until_in_force()
        yield made


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    """Two people on hold, everything in force, in tenants that are only observed."""
    yield from district(tmp_path)


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Scene]:
    """The same of people who must not know yet."""
    yield from district(tmp_path, silent={"reason": "an inquiry"})


def told(here: Scene, post: Post, *about: Subject) -> dict[str, str]:
    """What each officer was told now, in one line, by officer."""
    before = len(post.out)
    send(here, post, *(mail(name, *about) for name in ALL))
    return {delivery.to: " ".join(f"{letter.subject} | {letter.text}".split()) for delivery, letter in post.out[before:]}


def test_a_release_that_waits_is_told_to_those_who_can_sign_it_in_tenants_that_are_only_observed(here: Scene) -> None:
    assert {tenant.mode for tenant in here.district.tenants} == {Mode.OBSERVE}
    release = ask(here, ONE)
    letters = told(here, Post(), Subject.APPROVALS)
    assert set(letters) == {"counsel", "chair", "superintendent"}, "neither the one who asked, nor the IT director"
    alias = here.lane.find("roof").tenant_alias
    for name, text in letters.items():
        assert f"a release of 1 person or place waits for your signature, matter {alias} |" in text
        assert all(change in text for change in release.changes)
        assert (ONE in text) is (name == "counsel")
        for word in (TWO, REASON.text, "Doe v. Board", "the roof"):
            assert word not in text


def test_it_is_told_once_also_after_looks_that_do_not_find_it_anew(here: Scene) -> None:
    ask(here)
    here.later(HOUR)
    here.engine.sync()
    here.engine.end()
    here.later(HOUR)
    post = Post()
    assert set(told(here, post, Subject.APPROVALS)) == {"counsel", "chair", "superintendent"}
    assert told(here, post, Subject.APPROVALS) == {}


def test_a_release_that_was_approved_asks_nobody_again(here: Scene) -> None:
    approve(here, ask(here, ONE), "counsel", "superintendent")
    here.lane.add("roof", order("counsel@d.example"))
    here.until_in_force()
    release = here.lane.find("roof").release
    assert release is not None
    assert release.approved is not None
    assert told(here, Post(), Subject.APPROVALS) == {}, "one of its two signatures would not be heard any more, and it stands all the same"


def test_who_is_on_hold_in_the_matter_is_not_asked(here: Scene) -> None:
    here.lane.add("roof", order("counsel@d.example"))
    here.until_in_force()
    ask(here, ONE)
    assert set(told(here, Post(), Subject.APPROVALS)) == {"chair", "superintendent"}


def test_a_release_that_is_due_is_told_to_whoever_hears_of_holds_and_so_is_its_end(here: Scene) -> None:
    post = Post()
    told(here, post, Subject.HOLD)
    release = ask(here, TWO)
    assert told(here, post, Subject.HOLD) == {}, "nobody has approved it"
    approve(here, release, "chair", "superintendent")
    letters = told(here, post, Subject.HOLD)
    assert set(letters) == set(ALL)
    due = here.lane.find("roof").release
    assert due is not None
    assert due.due is not None
    for name, text in letters.items():
        assert f"a release of 1 person or place is approved and due from {due.due:%Y-%m-%d %H:%M} UTC on, matter " in text
        assert f"recordwarden hold release {here.lane.find('roof').tenant_alias} --stop" in text
        assert (TWO in text) is (name in {"custodian", "counsel"})
        assert ONE not in text
        assert REASON.text not in text
    assert told(here, post, Subject.HOLD) == {}
    here.clock.advance(WEEK)
    here.engine.sync()
    here.engine.sync()
    ends = told(here, post, Subject.HOLD)
    assert set(ends) == set(ALL)
    assert all("Over: a release of 1 person or place was carried out, matter " in text for text in ends.values())


def test_a_release_that_was_stopped_is_told_as_stopped(here: Scene) -> None:
    post = Post()
    approve(here, ask(here), "chair", "superintendent")
    assert "a release of 2 people or places is approved" in told(here, post, Subject.HOLD)["chair"]
    here.lane.releases.stop(here.lane.find("roof"), CUSTODIAN)
    assert "a release of 2 people or places was ended before it was over" in told(here, post, Subject.HOLD)["chair"]


def test_of_a_silent_matter_no_letter_has_names(silent: Scene) -> None:
    post = Post()
    release = ask(silent)
    letters = [*told(silent, post, Subject.APPROVALS).values()]
    approve(silent, release, "chair", "superintendent")
    letters += told(silent, post, Subject.HOLD).values()
    assert len(letters) == 8
    for text in letters:
        assert ONE not in text
        assert "2 people or places" in text
