"""A Drive label that a newer one replaced, over the sandbox's wire: proposed, signed by two, disabled; and left where anything is otherwise at the call."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policies.district import Mode
from policies.kinds import Kind
from sandbox import google
from sandbox.google.labels import Label
from sandbox.google.state import state_of
from sandbox.world import Fault
from sync.ends import is_superseded
from sync.journal import EntryKind
from sync.ledger import Progress
from sync.matters.order import MatterOrder
from sync.plan import ChangeStatus
from sync.store.changes import Changes
from tests.campaign.drive import Stage, _stage, make_keys
from tests.campaign.google_rules import DISABLE, GoogleRulesTheatre, _over_wrongs
from tests.campaign.releasing import say_yes

SEED = 11


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(GoogleRulesTheatre(), tmp_path_factory.mktemp("keys") / "keys")


class Scene:
    """Two labels in force, and a newer one beside the first."""

    def __init__(self, stage: Stage, theatre: GoogleRulesTheatre) -> None:
        self.stage, self.theatre, self.world = stage, theatre, stage.world
        theatre.prepare(stage.world)
        stage.order(theatre.orders(stage.world, random.Random(SEED)))
        assert stage.rest()
        before = set(state_of(stage.world).labels)
        ours = [one for one in state_of(stage.world).labels.values() if "[rw:" in str(one.latest.properties)]
        self.old = ours[0]
        theatre._replace(stage.world, self.old)
        (self.new,) = [one for name, one in state_of(stage.world).labels.items() if name not in before]

    def proposed(self) -> list[Progress]:
        return [one for tenant in self.stage.last.tenants for one in tenant.changes if is_superseded(one.change)]

    def looked(self) -> Progress:
        """The one proposal there is, after as many looks as the newer one needs to be what is followed."""
        for _ in range(6):
            self.stage.look()
            if found := self.proposed():
                (one,) = found
                return one
        raise AssertionError(self.stage.standing())

    def sent(self) -> int:
        return sum(one.operation == DISABLE for one in self.world.exchanges)

    def status(self, change: str) -> ChangeStatus:
        found = Changes(self.stage.store).get(change)
        assert found is not None
        return found.status

    def signed(self) -> str:
        change = self.looked().change.id
        say_yes(self.stage.desk, [change])
        return change

    def console(self, act: str, **given: object) -> None:
        google.console_acts(self.world)[act](given)

    def at_the_last_moment(self, act: Callable[[], None]) -> None:
        """``act`` happens once the look under the lease is over, as the run begins to send."""
        told: list[str] = []

        def notice(text: str) -> None:
            if "sending" in text and not told:
                told.append(text)
                act()

        object.__setattr__(self.stage.desk, "notice", notice)

    def codes(self) -> set[str]:
        return {problem.code for tenant in self.stage.last.tenants for problem in tenant.problems}


@pytest.fixture
def scene(keys: Path, tmp_path: Path) -> Iterator[Scene]:
    theatre = GoogleRulesTheatre()
    with _stage(theatre, SEED, keys, tmp_path) as stage:
        yield Scene(stage, theatre)


def test_it_is_disabled_after_two_signatures_and_nothing_else_of_it_is_touched(scene: Scene) -> None:
    shown = scene.looked()
    assert (shown.status, shown.change.vendor_id, shown.change.direction.value) == (ChangeStatus.REFUSED, scene.old.id, "weakens")
    assert [one.code for one in shown.change.refusals] == ["direction.weakens"]
    assert not scene.sent()
    say_yes(scene.stage.desk, [shown.change.id])
    scene.stage.engine.hold()
    assert not scene.sent(), "a run of the hold lane alone disables nothing"
    scene.stage.look()
    (done,) = scene.proposed()
    assert done.status is ChangeStatus.EFFECTIVE
    assert scene.sent() == 1
    assert not _over_wrongs(scene.old, scene.theatre.over[scene.old.id])
    assert scene.stage.rest()
    assert not scene.theatre.wrongs(scene.world, "cmpgn001")
    drift = [one for tenant in scene.stage.last.tenants for one in tenant.drift]
    assert not [one for one in drift if one.kind is Kind.GOOGLE_DRIVE_LABEL]
    assert not scene.stage.desk.journal.open_intents()
    kinds = [one.kind for one in scene.stage.desk.journal.entries() if one.body.get("change") == shown.change.id]
    assert (kinds.count(EntryKind.INTENT), kinds.count(EntryKind.OUTCOME)) == (1, 1)


def locked(scene: Scene) -> None:
    scene.console("lock_label", label=scene.old.id)


def locked_by_its_date(scene: Scene) -> None:
    scene.console("lock_label", label=scene.old.id, field=scene.old.latest.fields[0].id)


def revised(scene: Scene) -> None:
    scene.world.clock.advance(1)
    scene.console("edit_label", label=scene.old.id, description=scene.old.latest.properties["description"])


def newer_disabled(scene: Scene) -> None:
    scene.console("disable_label", label=scene.new.id)


def newer_gone(scene: Scene) -> None:
    scene.console("disable_label", label=scene.new.id)
    scene.console("delete_label", label=scene.new.id)


def newer_unmarked(scene: Scene) -> None:
    _set(scene.new, "Somebody's words.")


def older_unmarked(scene: Scene) -> None:
    _set(scene.old, "Somebody's words.")


def _set(label: Label, words: str) -> None:
    properties = label.latest.properties
    assert isinstance(properties, dict)
    properties["description"] = words


@pytest.mark.parametrize("meanwhile", [locked, locked_by_its_date, revised, newer_disabled, newer_gone, newer_unmarked, older_unmarked])
def test_what_happens_between_look_and_call_is_seen_and_nothing_is_sent(scene: Scene, meanwhile: Callable[[Scene], None]) -> None:
    change = scene.signed()
    scene.at_the_last_moment(lambda: meanwhile(scene))
    scene.stage.look()
    assert not scene.sent()
    assert scene.old.state == "PUBLISHED"
    assert {"label.needed", "kind.unknown"} & scene.codes()
    assert scene.status(change) is not ChangeStatus.EFFECTIVE
    assert not [one for one in scene.stage.desk.journal.open_intents() if one.body.get("change") == change]


def test_a_no_is_heard_until_the_call(scene: Scene) -> None:
    change = scene.signed()
    scene.at_the_last_moment(lambda: say_yes(scene.stage.desk, [change], "no"))
    scene.stage.look()
    assert not scene.sent()
    assert "direction.weakens" in scene.codes()


def test_who_disabled_it_meanwhile_has_done_it(scene: Scene) -> None:
    change = scene.signed()
    scene.at_the_last_moment(lambda: scene.console("disable_label", label=scene.old.id))
    scene.stage.look()
    assert not scene.sent()
    assert scene.status(change) is ChangeStatus.EFFECTIVE


def test_a_lost_answer_is_settled_by_looking_and_nothing_is_asked_twice(scene: Scene) -> None:
    change = scene.signed()
    scene.world.faults.append(Fault(surface="drivelabels", operation=DISABLE, kind="reset", when="after"))
    scene.stage.look()
    assert scene.stage.desk.journal.open_intents()
    assert scene.stage.rest()
    assert not scene.stage.desk.journal.open_intents()
    assert scene.status(change) is ChangeStatus.EFFECTIVE
    assert (scene.sent(), scene.old.state) == (1, "DISABLED")


def test_who_enables_it_again_is_not_undone_without_new_signatures(scene: Scene) -> None:
    scene.signed()
    assert scene.stage.rest()
    scene.console("enable_label", label=scene.old.id)
    again = scene.looked()
    assert [one.code for one in again.change.refusals] == ["direction.weakens"]
    scene.stage.look()
    assert (scene.sent(), scene.old.state) == (1, "PUBLISHED")


def test_an_open_matter_is_nothing_to_a_label_that_stays_on_its_files(scene: Scene) -> None:
    person = next(one for one in scene.world.people if (user := state_of(scene.world).user(f"{one.local_part}@{scene.world.domain}")) and user.vault_licensed)
    address = f"{person.local_part}@{scene.world.domain}"
    order = {"alias": "roof", "ordered_by": "counsel", "people": [{"address": address}], "sources": ["mail"]}
    scene.stage.order(MatterOrder.model_validate(order))
    assert [one.code for one in scene.looked().change.refusals] == ["direction.weakens"]


def test_a_tenant_that_is_only_observed_is_shown_it_and_nothing_is_sent(scene: Scene) -> None:
    change = scene.signed()
    desk = scene.stage.desk
    for door in desk.doors:
        object.__setattr__(door, "tenant", door.tenant.model_copy(update={"mode": Mode.OBSERVE}))
    scene.stage.look()
    (shown,) = scene.proposed()
    assert (shown.change.id, [one.code for one in shown.change.refusals]) == (change, ["mode.observe"])
    assert not scene.sent()
