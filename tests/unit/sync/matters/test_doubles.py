"""A second hold with one mark: proposed once the one that is followed holds the same, ended after two signatures, and never on a guess."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from policies.district import Mode
from policies.kinds import Kind
from sync.approvals import LIFETIME
from sync.drift import DriftClass
from sync.ends import is_double
from sync.journal import EntryKind
from sync.ledger import Progress
from sync.officers import Signer
from sync.plan import Change, ChangeStatus
from sync.registers.governance import signing
from sync.result import RunResult
from sync.store.approvals import Approvals, KeptApproval
from sync.store.changes import Changes
from tests.unit.sync.matters.releasing import ONE, TWO, held, people
from tests.unit.sync.matters.world import HOUR, Scene, scene
from tests.unit.sync.provable import KEYS

HOLD = {"m365": Kind.M365_HOLD, "google": Kind.GOOGLE_HOLD}
CLOUDS = pytest.mark.parametrize("cloud", ["m365", "google"])


def ours(here: Scene, cloud: str) -> str:
    """The vendor id of a hold that is followed."""
    return min(thing.vendor_id for thing in here.worlds[cloud].things.values() if thing.kind is HOLD[cloud] and thing.mark)


@contextmanager
def doubled(tmp_path: Path, cloud: str, mode: Mode = Mode.OBSERVE) -> Iterator[tuple[Scene, str, str]]:
    """A matter of two people in force, and a second hold like one of its holds, in force too."""
    with scene(tmp_path, *people(1, 2, 3), mode=mode) as here:
        held(here, ONE, TWO)
        kept = ours(here, cloud)
        other = here.console(cloud).copy(kept)
        here.later(2 * HOUR)
        yield here, kept, other


def proposed(result: RunResult) -> list[Progress]:
    return [one for tenant in result.tenants for one in tenant.changes if is_double(one.change)]


def duplicates(result: RunResult) -> list[str | None]:
    return [one.vendor_id for tenant in result.tenants for one in tenant.drift if one.drift is DriftClass.DUPLICATE]


def codes(result: RunResult) -> set[str]:
    return {problem.code for tenant in result.tenants for problem in tenant.problems}


def say(here: Scene, change: str, *officers: str, verdict: str = "yes") -> None:
    """Each officer's signed word to one change."""
    for name in officers:
        signer, now = Signer(officer=name, key=KEYS[name]), here.clock.now()
        with here.store.write() as session:
            body = {"change": change, "verdict": verdict}
            seq = here.desk.journal.append(EntryKind.APPROVAL, f"change/{change}", body, actor=signing(signer), signer=signer.key, session=session)
            said = KeptApproval(change=change, officer=name, verdict=verdict, at=now, expires=now + LIFETIME, seq=seq)
            Approvals(here.store).put(session, said)


def approved(here: Scene) -> Change:
    """The one proposal there is, approved by two officers."""
    (found,) = proposed(here.engine.plan())
    say(here, found.change.id, "counsel", "superintendent")
    return found.change


def holds(here: Scene, cloud: str, vendor_id: str) -> set[str]:
    """Whom the hold holds now; nobody where it is off or gone."""
    thing = here.worlds[cloud].things.get(vendor_id)
    return set() if thing is None or thing.fields.get("enabled") is False else set(thing.members)


def status(here: Scene, change: Change) -> ChangeStatus:
    found = Changes(here.store).get(change.id)
    assert found is not None
    return found.status


@CLOUDS
@pytest.mark.parametrize("mode", list(Mode))
def test_the_second_is_ended_after_two_signatures_and_the_first_holds_everybody_still(tmp_path: Path, cloud: str, mode: Mode) -> None:
    with doubled(tmp_path, cloud, mode) as (here, kept, other):
        everybody, sources = holds(here, cloud, kept), here.sources("roof")
        first = here.engine.plan()
        assert duplicates(first) == [other]
        (shown,) = proposed(first)
        assert (shown.status, shown.change.vendor_id, shown.change.direction.value) == (ChangeStatus.REFUSED, other, "weakens")
        assert shown.change.remove == everybody
        assert [one.code for one in shown.change.refusals] == ["direction.weakens"]
        here.engine.sync()
        say(here, shown.change.id, "counsel")
        here.engine.sync()
        assert holds(here, cloud, other) == everybody, "one signature is not two"
        say(here, shown.change.id, "superintendent")
        here.hold()
        assert holds(here, cloud, other) == everybody, "a run of the hold lane alone lets go of nothing"
        (done,) = proposed(here.engine.sync())
        assert done.status is ChangeStatus.EFFECTIVE
        assert not holds(here, cloud, other)
        assert holds(here, cloud, kept) == everybody
        after = here.engine.sync()
        assert not duplicates(after)
        assert not proposed(after)
        assert "mark.duplicate" not in codes(after)
        assert here.sources("roof") == sources, "nobody's hold moved"
        assert not here.document("roof")["gaps"]
        assert not here.desk.journal.open_intents()


@CLOUDS
def test_what_holds_somebody_whom_the_first_does_not_is_not_proposed(tmp_path: Path, cloud: str) -> None:
    with doubled(tmp_path, cloud) as (here, kept, other):
        member = {"m365": "mail:person3@d.example", "google": "account:100003"}[cloud]
        here.console(cloud).add(other, member)
        here.clock.advance(2 * HOUR)
        result = here.engine.plan()
        assert duplicates(result) == [other]
        assert not proposed(result)
        assert any("it holds 1 whom" in problem.message for tenant in result.tenants for problem in tenant.problems)
        here.console(cloud).add(kept, member)
        here.engine.sync()
        assert not proposed(here.engine.plan()), "added, and not in force yet"
        here.clock.advance(2 * HOUR)
        here.engine.sync()
        assert len(proposed(here.engine.plan())) == 1


@CLOUDS
def test_another_scope_is_another_hold(tmp_path: Path, cloud: str) -> None:
    with doubled(tmp_path, cloud) as (here, _, other):
        here.console(cloud).set(other, **{"m365": {"query": "roof"}, "google": {"terms": "roof"}}[cloud])
        here.clock.advance(2 * HOUR)
        result = here.engine.plan()
        assert duplicates(result) == [other]
        assert not proposed(result)


def loses_one(here: Scene, cloud: str, kept: str) -> None:
    member = min(here.worlds[cloud].things[kept].members)
    here.console(cloud).remove(kept, member)


def gone(here: Scene, cloud: str, kept: str) -> None:
    here.console(cloud).delete(kept)


def narrower(here: Scene, cloud: str, kept: str) -> None:
    here.console(cloud).set(kept, **{"m365": {"query": "roof"}, "google": {"terms": "roof"}}[cloud])


def shut(here: Scene, cloud: str, kept: str) -> None:
    here.console(cloud).set(here.worlds[cloud].things[kept].parent_id or "", state="closed")


def unmarked(here: Scene, cloud: str, kept: str) -> None:
    here.worlds[cloud].things[kept].mark = None


@CLOUDS
@pytest.mark.parametrize("meanwhile", [loses_one, gone, narrower, shut, unmarked])
def test_what_happens_to_the_first_between_look_and_call_is_seen_and_nothing_is_sent(
    tmp_path: Path, cloud: str, meanwhile: Callable[[Scene, str, str], None]
) -> None:
    """The change comes after the run's last look, a moment before the call: only reading once more sees it."""
    with doubled(tmp_path, cloud) as (here, kept, other):
        change = approved(here)
        world, everybody = here.worlds[cloud], holds(here, cloud, other)
        at_the_last_moment(here, cloud, lambda: meanwhile(here, cloud, kept))
        result = here.engine.sync()
        (came,) = [one for one in proposed(result) if one.change.id == change.id]
        assert came.sent is None
        if (cloud, meanwhile) == ("m365", shut):
            assert came.status is ChangeStatus.EFFECTIVE, "whoever closed the case has switched off the second with the rest"
        else:
            assert came.status is ChangeStatus.REFUSED
            assert {"duplicate.needed", "kind.unknown"} & codes(result)
        assert set(world.things[other].members) == everybody
        assert not [one for one in here.desk.journal.open_intents() if one.subject == change.key]
        assert not ended(here, change)


def at_the_last_moment(here: Scene, cloud: str, act: Callable[[], None]) -> None:
    """``act`` happens once the hold lane's look under its lease is over, as its part of the run begins to send."""
    told: list[str] = []

    def notice(text: str) -> None:
        if text.startswith(f"{cloud}: sending") and not told:
            told.append(text)
            act()

    object.__setattr__(here.desk, "notice", notice)


def ended(here: Scene, change: Change) -> list[str]:
    """The journal's outcomes of the change."""
    entries = here.desk.journal.entries()
    return [str(one.body["result"]) for one in entries if one.kind is EntryKind.OUTCOME and one.body.get("change") == change.id]


@CLOUDS
def test_a_no_or_a_yes_that_counts_no_more_is_heard_until_the_call(tmp_path: Path, cloud: str) -> None:
    with doubled(tmp_path, cloud) as (here, _, other):
        change, everybody = approved(here), holds(here, cloud, other)
        at_the_last_moment(here, cloud, lambda: say(here, change.id, "custodian", verdict="no"))
        assert "direction.weakens" in codes(here.engine.sync())
        assert holds(here, cloud, other) == everybody


@CLOUDS
@pytest.mark.parametrize("hides", ["nothing", "the first", "the second"])
def test_from_half_a_list_nothing_is_ended(tmp_path: Path, cloud: str, hides: str) -> None:
    with doubled(tmp_path, cloud) as (here, kept, other):
        approved(here)
        troubles, everybody = here.worlds[cloud].troubles, holds(here, cloud, other)
        troubles.partial[HOLD[cloud]] = "read.cut_short"
        troubles.hidden = {"nothing": set[str](), "the first": {kept}, "the second": {other}}[hides]
        assert not proposed(here.engine.sync())
        assert holds(here, cloud, other) == holds(here, cloud, kept) == everybody
        troubles.partial.clear()
        troubles.hidden = set()
        here.engine.sync()
        assert everybody in (holds(here, cloud, kept), holds(here, cloud, other))
        if hides != "the first":
            assert not holds(here, cloud, other), "what the officers said stood all the while"


@CLOUDS
def test_one_more_on_the_second_since_the_signatures_is_another_change(tmp_path: Path, cloud: str) -> None:
    with doubled(tmp_path, cloud) as (here, kept, other):
        change = approved(here)
        member = {"m365": "mail:person3@d.example", "google": "account:100003"}[cloud]
        for hold in (kept, other):
            here.console(cloud).add(hold, member)
        here.clock.advance(2 * HOUR)
        here.engine.sync()
        (anew,) = proposed(here.engine.plan())
        assert anew.change.id != change.id
        assert member in holds(here, cloud, other)
        assert status(here, change) is ChangeStatus.SUPERSEDED


@CLOUDS
def test_a_lost_answer_is_settled_by_looking_and_nothing_is_asked_twice(tmp_path: Path, cloud: str) -> None:
    with doubled(tmp_path, cloud) as (here, kept, other):
        change, everybody = approved(here), holds(here, cloud, kept)
        here.worlds[cloud].troubles.lost = "after"
        here.engine.sync()
        assert here.desk.journal.open_intents()
        here.engine.sync()
        assert not here.desk.journal.open_intents()
        assert status(here, change) is ChangeStatus.EFFECTIVE
        assert not holds(here, cloud, other)
        assert holds(here, cloud, kept) == everybody


@CLOUDS
@pytest.mark.parametrize("point", ["intent.after", "call.after", "outcome.before", "outcome.after"])
def test_a_crash_at_any_point_is_caught_up_with(tmp_path: Path, cloud: str, point: str) -> None:
    with doubled(tmp_path, cloud) as (here, kept, other):
        change, everybody = approved(here), holds(here, cloud, kept)

        def crash(at: str) -> None:
            if at == point:
                raise KeyboardInterrupt

        object.__setattr__(here.desk, "crash", crash)
        with pytest.raises(KeyboardInterrupt):
            here.engine.sync()
        object.__setattr__(here.desk, "crash", lambda at: None)  # noqa: ARG005  # no trap any more
        here.engine.sync()
        here.engine.sync()
        assert not holds(here, cloud, other)
        assert holds(here, cloud, kept) == everybody
        assert status(here, change) is ChangeStatus.EFFECTIVE
        assert not here.desk.journal.open_intents()
        assert ended(here, change)[-1] == "done"


def test_signatures_are_for_one_doing_of_it_also_when_its_answer_was_lost(tmp_path: Path) -> None:
    with doubled(tmp_path, "m365") as (here, _, other):
        approved(here)
        here.worlds["m365"].troubles.lost = "after"
        here.engine.sync()
        here.engine.sync()
        assert not holds(here, "m365", other)
        here.console("m365").set(other, enabled=True)
        here.clock.advance(2 * HOUR)
        (again,) = proposed(here.engine.sync())
        assert [one.code for one in again.change.refusals] == ["direction.weakens"]
        assert holds(here, "m365", other)


@CLOUDS
def test_a_second_case_or_matter_is_told_and_left(tmp_path: Path, cloud: str) -> None:
    with scene(tmp_path, *people(1)) as here:
        held(here, ONE)
        kind = {"m365": Kind.M365_CASE, "google": Kind.GOOGLE_MATTER}[cloud]
        twin = here.console(cloud).copy(next(one.vendor_id for one in here.worlds[cloud].things.values() if one.kind is kind and one.mark))
        result = here.engine.plan()
        assert duplicates(result) == [twin]
        assert not proposed(result)
        assert "mark.duplicate" in codes(result)
