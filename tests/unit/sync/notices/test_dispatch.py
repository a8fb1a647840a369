"""Letters to officers: told once, tried again at growing distances, written down before and after, and lost by no crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.errors import PermanentError, TransientError
from policies.district import Subject
from policies.kinds import Kind
from sync.journal import EntryKind
from sync.notices.dispatch import DELAYS, LEASE, SUBJECT, TOLD_TO_NEW
from sync.store.notices import Letters, Notices, Raised
from sync.store.watch_rows import WatchRows
from sync.store.words import LetterState
from tests.unit.sync.matters.world import HOUR, Scene, google, m365, order, roster, scene
from tests.unit.sync.notices.post import Post, mail, send

ONE, TWO = "person1@d.example", "person2@d.example"
CUSTODIAN, CHAIR = mail("custodian"), mail("chair")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    """Two people on hold, everything in force, and nothing to tell."""
    with scene(tmp_path, roster("m365", m365(1), m365(2)), roster("google", google(1), google(2))) as made:
        made.lane.open(order(ONE, TWO, name="Doe v. Board", issues="the roof"))
        made.until_in_force()
        yield made


def unlicensed(here: Scene, *numbers: int) -> None:
    people = [google(number, licensed_for_hold=frozenset()) if number in numbers else google(number) for number in (1, 2)]
    here.worlds["google"].roster = roster("google", *people)
    here.later(HOUR)


def raised(here: Scene) -> list[tuple[str, str, bool]]:
    with here.store.read() as session:
        return [(one.code, one.tenant, one.over_at is None) for one in Notices(here.store).since(session, here.clock.now().replace(year=2000))]


def test_a_danger_is_told_once_and_its_end_once(here: Scene) -> None:
    post = Post()
    send(here, post, CUSTODIAN)
    assert post.out == [], "a quiet run sends nothing"
    unlicensed(here, 1)
    send(here, post, CUSTODIAN)
    (letter,) = post.to("custodian")
    assert letter.to == "custodian@d.example"
    assert "1 person on hold without the licence" in letter.subject
    for _ in range(3):
        here.later(HOUR)
        send(here, post, CUSTODIAN)
    assert len(post.out) == 1, "one letter for a thing, not one for a run"
    unlicensed(here)
    here.later(2 * HOUR)
    send(here, post, CUSTODIAN)
    here.later(HOUR)
    send(here, post, CUSTODIAN)
    assert len(post.out) == 2
    assert post.out[1][1].subject.startswith("[made-up data] Recordwarden: Over: ")
    unlicensed(here, 1)
    send(here, post, CUSTODIAN)
    assert len(post.out) == 3, "the same thing anew is news"


def test_what_failed_for_want_of_the_licence_is_not_told_beside_it(here: Scene) -> None:
    unlicensed(here, 1)
    assert {code for code, _, _ in raised(here)} == {"person.not_licensed", "gap", "failed"}
    post = Post()
    send(here, post, CUSTODIAN)
    (letter,) = post.to("custodian")
    assert "could not be put on hold" not in letter.text
    assert "found not held" in letter.text


def test_the_finding_and_its_notice_are_one_transaction(here: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Notices, "note", broken)
        with pytest.raises(OSError, match="full"):
            unlicensed(here, 1)
    assert WatchRows(here.store).risks("google") == ()
    assert here.document("roof")["gaps"] == []
    assert raised(here) == []


def test_a_hold_that_is_gone_and_a_matter_that_was_closed_are_told(here: Scene) -> None:
    case = next(thing.vendor_id for thing in here.worlds["m365"].things.values() if thing.kind is Kind.M365_CASE and thing.mark is not None)
    here.console("m365").set(case, state="closed")
    here.later(HOUR)
    post = Post()
    send(here, post, CUSTODIAN)
    (letter,) = post.to("custodian")
    alias = here.lane.find("roof").tenant_alias
    assert f"the container of our holds was found closed in m365, matter {alias}" in " ".join(letter.text.split()).replace("The container", "the container")
    assert "6 sources of 2 people on hold found not held" in " ".join(letter.text.split())
    for seconds in (1, 2 * HOUR, 2 * HOUR):
        here.later(seconds)
    send(here, post, CUSTODIAN)
    assert "Over:" in post.out[-1][1].text
    assert [state for _, _, state in raised(here)] == [False] * len(raised(here)), "all of it is over"


def test_a_hold_that_does_not_come_into_force_is_told(tmp_path: Path) -> None:
    with scene(tmp_path, roster("m365", m365(1)), roster("google", google(1))) as here:
        here.worlds["m365"].distribution_seconds = 10 * 86400
        here.lane.open(order(ONE))
        here.hold()
        post = Post()
        send(here, post, CUSTODIAN)
        assert post.out == []
        here.later(86400 + HOUR)
        send(here, post, CUSTODIAN)
        assert "not in force in time in m365" in post.out[0][1].text


def test_each_officer_by_each_way_and_only_about_what_was_asked_for(here: Scene) -> None:
    unlicensed(here, 1)
    post = Post()
    send(here, post, CUSTODIAN, mail("counsel", Subject.APPROVALS, Subject.JOBS), CHAIR)
    assert [delivery.to for delivery, _ in post.out] == ["custodian", "chair"]
    send(here, post, CUSTODIAN, mail("counsel"), CHAIR)
    assert len(post.to("counsel")) == 1, "more was asked for, and it lasts"
    here.clock.advance(TOLD_TO_NEW.total_seconds() + 1)
    send(here, post, CUSTODIAN, mail("counsel"), CHAIR, mail("it"))
    assert post.to("it") == [], "old news is for those who come to it by hold status"


def test_an_officer_who_is_not_in_force_is_told_nothing(here: Scene) -> None:
    unlicensed(here, 1)
    post = Post()
    send(here, post, mail("stranger"))
    assert post.tried == 0


def test_attempts_are_spaced_limited_and_what_was_given_up_goes_along_with_the_next(here: Scene) -> None:
    unlicensed(here, 1)
    post = Post(refusals=[PermanentError("mail.forbidden", "Sending is not allowed: client_secret=hunter22", "Grant it.")] * 99)
    for _ in range(60):
        send(here, post, CUSTODIAN)
        here.clock.advance(HOUR)
    assert post.tried == len(DELAYS) + 1
    (given_up,) = Letters(here.store).troubled()
    assert (given_up.state, given_up.error) == (LetterState.GIVEN_UP, "mail.forbidden")
    post.refusals.clear()
    send(here, post, CUSTODIAN)
    assert post.out == [], "nothing new: nothing is tried"
    unlicensed(here, 1, 2)
    send(here, post, CUSTODIAN)
    (letter,) = post.to("custodian")
    assert "2 people on hold without the licence" in letter.text
    assert Letters(here.store).troubled() == ()


def test_a_throttled_way_is_asked_again_when_it_said(here: Scene) -> None:
    unlicensed(here, 1)
    post = Post(refusals=[TransientError("wire.throttled", "too many", retry_after=7200)])
    send(here, post, CUSTODIAN)
    here.clock.advance(DELAYS[0] + 1)
    send(here, post, CUSTODIAN)
    assert post.tried == 1
    here.clock.advance(7200)
    send(here, post, CUSTODIAN)
    assert len(post.out) == 1


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(("point", "carried"), [("intent.before", 0), ("intent.after", 0), ("call.after", 1), ("outcome.before", 1), ("outcome.after", 1)])
def test_a_crash_leads_to_a_second_letter_and_never_to_none(here: Scene, point: str, carried: int) -> None:
    def crash(at: str) -> None:
        if at == point:
            raise Killed

    unlicensed(here, 1)
    post = Post()
    with pytest.raises(Killed):
        send(here, post, CUSTODIAN, crash=crash)
    assert len(post.out) == carried
    here.clock.advance(DELAYS[0])
    for _ in range(3):
        send(here, post, CUSTODIAN)
    lost_answer = carried == 1 and point != "outcome.after"
    assert len(post.out) == (2 if lost_answer else 1)
    assert here.desk.journal.open_intents() == []
    assert here.desk.journal.verify().ok


def test_the_journal_has_each_attempt_and_names_are_sealed_in_it(here: Scene) -> None:
    unlicensed(here, 1)
    post = Post(refusals=[TransientError("relay.refused", f"no way to {ONE}")])
    send(here, post, CUSTODIAN)
    here.clock.advance(HOUR)
    send(here, post, CUSTODIAN)
    entries = [one for one in here.desk.journal.entries() if one.subject.startswith(SUBJECT)]
    assert [(one.kind, one.body.get("result")) for one in entries] == [
        (EntryKind.INTENT, None), (EntryKind.OUTCOME, "failed"), (EntryKind.INTENT, None), (EntryKind.OUTCOME, "done"),
    ]  # fmt: skip
    assert entries[1].body["error_code"] == "relay.refused"
    text = "".join(str(one.body) for one in entries)
    assert "person1" not in text
    assert "custodian@d.example" not in text
    said = entries[0].body["said"]
    assert isinstance(said, dict)
    opened = here.desk.journal.reveal(str(said["sealed"]))
    assert isinstance(opened, dict)
    assert opened["to"] == "custodian@d.example"
    assert ONE in opened["text"], "what was said can be shown later"


def test_two_processes_do_not_send_at_the_same_time(here: Scene) -> None:
    unlicensed(here, 1)
    post = Post()
    with here.desk.leases.acquire(LEASE, seconds=60, wait=0):
        send(here, post, CUSTODIAN)
    assert post.tried == 0, "the other one does it for both"
    send(here, post, CUSTODIAN)
    assert len(post.out) == 1


def test_a_letter_whose_way_has_gone_is_dropped(here: Scene) -> None:
    unlicensed(here, 1)
    post = Post(refusals=[PermanentError("mail.forbidden", "no")])
    send(here, post, CUSTODIAN)
    here.clock.advance(HOUR)
    send(here, post)
    assert Letters(here.store).waiting() == ()
    send(here, post, CUSTODIAN)
    assert len(post.out) == 1, "back again, it is told"


def test_what_was_over_before_anybody_heard_is_still_told(here: Scene) -> None:
    unlicensed(here, 1)
    unlicensed(here)
    here.later(2 * HOUR)
    post = Post()
    send(here, post, CUSTODIAN)
    assert "Over:" in post.out[0][1].text
    here.later(HOUR)
    send(here, post, CUSTODIAN)
    assert len(post.out) == 1


def test_a_job_that_fails_again_and_again_is_told_and_its_first_success_ends_it(here: Scene) -> None:
    from sync.jobs import Jobs

    jobs, post = Jobs(here.store, here.clock, "host", 1), Post()
    jobs.enqueue("sync")
    for attempt in range(3):
        job = jobs.claim(seconds=60)
        assert job is not None
        jobs.fail(job, "network.unreachable", retry_in=60)
        send(here, post, CUSTODIAN)
        assert len(post.out) == (1 if attempt == 2 else 0)
        here.clock.advance(61)
    assert "fails again and again" in post.out[0][1].text
    assert "network.unreachable" in post.out[0][1].text
    job = jobs.claim(seconds=60)
    assert job is not None
    jobs.finish(job)
    send(here, post, CUSTODIAN)
    assert post.out[1][1].subject.startswith("[made-up data] Recordwarden: Over: ")


def test_one_key_is_open_once_and_may_come_again(here: Scene) -> None:
    notices, now = Notices(here.store), here.clock.now()
    thing = Raised(key="job/x", subject=Subject.JOBS, code="failing")
    for _ in range(2):
        with here.store.write() as session:
            notices.note(session, thing, now)
    with here.store.write() as session:
        assert len(notices.open(session, "job/")) == 1
        notices.end(session, ["job/x", "job/unknown"], now)
        notices.note(session, thing, now)
    with here.store.read() as session:
        assert len(notices.open(session, "job/")) == 1
        assert len(notices.since(session, now)) == 2
