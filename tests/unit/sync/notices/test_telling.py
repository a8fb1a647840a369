"""What a letter says and to whom: names only for those whose business they are; aliases and counts for everybody; never why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.district import Delivery, Subject
from policies.kinds import Kind
from policies.protection import Direction
from policies.resources import Because, KindRead, Live, ReadState, Snapshot, Wanted
from policies.roster import AccountState
from sync.drift import Drift, DriftClass, Since
from sync.notices.looking import noticed
from sync.notices.telling import SEE_NAMES, sees_names
from sync.plan import ChangeStatus
from sync.registers.attestations import Statement, attest, overtake
from sync.store.changes import Changes
from sync.watch.alarms import ACCELERATED
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, Scene, google, m365, order, roster, scene
from tests.unit.sync.notices.post import Post, desk_of, mail, send
from tests.unit.sync.provable import officer

ONE, TWO = "person1@d.example", "person2@d.example"
WHY = ("Doe v. Board", "the leaking roof", "Counsellor Fenwold", "asbestos", "roof")
"""The confidential half of the matter, and the alias that the district chose."""


def on_hold(tmp_path: Path, **rest: object) -> Iterator[Scene]:
    with scene(tmp_path, roster("m365", m365(1), m365(2)), roster("google", google(1), google(2))) as made:
        made.lane.open(order(ONE, TWO, name=WHY[0], issues=WHY[1], counsel=WHY[2], terms=WHY[3], **rest))
        made.until_in_force()
        yield made


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    yield from on_hold(tmp_path)


def suspended(here: Scene) -> None:
    people = [google(number, state=AccountState.SUSPENDED) for number in (1, 2)]
    here.worlds["google"].roster = roster("google", *people)
    here.later(HOUR)


def test_the_custodian_and_counsel_see_names_and_nobody_else_does(here: Scene) -> None:
    suspended(here)
    post = Post()
    send(here, post, *(mail(name) for name in ("custodian", "counsel", "chair", "it")))
    alias = here.lane.find("roof").tenant_alias
    assert len(post.out) == 4
    for delivery, letter in post.out:
        both = letter.subject + letter.text
        assert (ONE in letter.text, TWO in letter.text) == ((True, True) if delivery.to in {"custodian", "counsel"} else (False, False)), delivery.to
        assert "2 people on hold suspended" in both
        assert f"recordwarden hold status {alias}" in letter.text
        assert "What is lost: " in letter.text
        assert "What to do: " in letter.text
        assert "@" not in letter.subject
        for word in (*WHY, "drift", "digest", "lane", "lease", "compliant"):
            assert word.lower() not in both.lower(), (delivery.to, word)


def test_who_is_on_hold_in_a_matter_gets_counts_alone_and_so_does_everybody_for_a_silent_one(here: Scene) -> None:
    matter = here.lane.find("roof")
    custodian = officer("custodian")
    assert sees_names(custodian, matter)
    assert not sees_names(custodian.model_copy(update={"email": TWO.upper()}), matter)
    silent = replace(matter, details=replace(matter.details, silent_reason="the person must not know yet"))
    assert not sees_names(custodian, silent)
    assert not sees_names(custodian, None)
    assert {role.value for role in SEE_NAMES} == {"records_custodian", "deputy_custodian", "counsel"}


def test_names_from_a_tenant_steer_no_screen(here: Scene) -> None:
    matter = here.lane.find("roof")
    people = tuple(replace(person, address=f"\u202e{person.address}\x1b[2J") for person in matter.people)
    here.lane.register.keep(matter, replace(matter, people=people), __import__("sync.matters.register", fromlist=["Event"]).Event(name="renamed"))
    here.lane._loaded = -1
    suspended(here)
    post = Post()
    send(here, post, mail("custodian"))
    assert "\\u{202e}" in post.out[0][1].text
    assert "\x1b" not in post.out[0][1].text


def test_many_names_are_cut_and_the_command_shows_the_rest(tmp_path: Path) -> None:
    numbers = range(1, 31)
    addresses = [f"person{number}@d.example" for number in numbers]
    with scene(tmp_path, roster("m365"), roster("google", *map(google, numbers))) as here:
        here.lane.open(order(*addresses))
        here.until_in_force()
        here.worlds["google"].roster = roster("google", *(google(number, state=AccountState.SUSPENDED) for number in numbers))
        here.later(HOUR)
        post = Post()
        send(here, post, mail("custodian"))
        (letter,) = post.to("custodian")
        assert "30 people on hold suspended" in letter.subject
        assert sum(address in letter.text.replace("\n", " ") for address in addresses) <= 21
        assert "and 10 more" in letter.text


def test_a_statement_that_is_overtaken_and_a_newer_one_that_answers_it(here: Scene, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("[]", encoding="utf-8")
    desk = here.desk
    statement = Statement(subject="vault-rules/google", until=here.clock.now().replace(year=2030), rules=file)
    made = attest(desk.journal, desk.store, desk.clock, CUSTODIAN, statement)
    overtake(desk.journal, desk.store, made.id, "event-1")
    overtake(desk.journal, desk.store, made.id, "event-2")
    post = Post()
    send(here, post, mail("custodian"))
    assert "Vault's rules were changed after they were stated in google" in " ".join(post.out[0][1].text.split())
    attest(desk.journal, desk.store, desk.clock, CUSTODIAN, statement)
    here.clock.advance(HOUR)
    send(here, post, mail("custodian"))
    assert len(post.out) == 1, "its end is the officer's own doing"


def test_what_waits_for_a_signature_is_told_to_those_who_can_give_it(here: Scene) -> None:
    here.console("m365").make(Kind.M365_LABEL, "x", {"period": 1, "trigger": "created", "action": "keep", "behaviour": "retain"})
    matter = here.lane.find("roof")
    kept = Changes(here.store).with_status(*ChangeStatus)
    change = replace(kept[0].change, because=Because(line="R1"), key="label-x", tenant="m365")
    with here.store.write() as session:
        Changes(here.store).keep_changes(session, [change], here.clock.now(), "counsel")
    deliveries = [mail(name, Subject.APPROVALS) for name in ("custodian", "counsel", "chair", "it")]
    post = Post()
    desk = desk_of(here, *deliveries)
    enforcing = desk.district.model_copy(update={"tenants": tuple(one.model_copy(update={"mode": "propose"}) for one in desk.district.tenants)})
    from reports.notices import compose
    from sync.notices.dispatch import Dispatch

    Dispatch(replace(desk, district=enforcing), compose, post.courier).run()
    told = {delivery.to: letter for delivery, letter in post.out}
    assert set(told) == {"custodian", "chair"}, "not its proposer, and nobody without the right"
    assert change.id in told["chair"].text
    assert "1 change waits for your signature" in told["chair"].subject
    assert matter.tenant_alias not in told["chair"].text
    Dispatch(replace(desk, district=enforcing), compose, post.courier).run()
    assert len(post.out) == 2


NOW = datetime(2027, 3, 1, tzinfo=UTC)


def drifted(kind: Kind, direction: Direction, *fields: str, key: str | None = "k") -> Drift:
    return Drift(
        id="d1", tenant="t", kind=kind, key=key, vendor_id="v", name="Somebody's confidential matter", drift=DriftClass.CHANGED, fields=fields,
        applied=None, live=None, direction=direction, since=Since(earliest=None, latest=NOW),
    )  # fmt: skip


def test_of_what_was_changed_outside_only_what_keeps_less_and_what_was_closed() -> None:
    snapshot = Snapshot(tenant="t", at=NOW, resources=(), reads={})
    ours = {"k": Wanted(kind=Kind.M365_CASE, key="k", name="n", fields={}, because=Because(matter="kqxv2mrw"))}
    closed = noticed([drifted(Kind.M365_CASE, Direction.WEAKENS, "state")], snapshot, ours)
    assert [(one.subject, one.code, one.matter) for one in closed] == [(Subject.HOLD, "closed", "kqxv2mrw")]
    assert noticed([drifted(Kind.M365_LABEL, Direction.STRENGTHENS, "period")], snapshot, {}) == ()
    weaker = noticed([drifted(Kind.M365_RETENTION_RULE, Direction.WEAKENS, "period", key=None)], snapshot, {})
    assert [(one.subject, one.code) for one in weaker] == [(Subject.DRIFT, "weakened")]
    assert "confidential" not in str((closed, weaker)), "a name from a tenant is kept nowhere beside the finding"


def test_an_alert_about_early_deletion_is_told_without_the_matters_name() -> None:
    fields = {"setting": ACCELERATED, "action": "request", "service": "GMAIL", "matter": "Doe v. Board"}
    alert = Live(kind=Kind.GOOGLE_SETTING, vendor_id="alert-1", name="alert", fields=fields, created_at=NOW)
    reads = {Kind.GOOGLE_SETTING: KindRead(kind=Kind.GOOGLE_SETTING, state=ReadState.COMPLETE, count=1)}
    (told,) = noticed([], Snapshot(tenant="google", at=NOW, resources=(alert,), reads=reads), {})
    assert (told.subject, told.code, told.key) == (Subject.DELETION, "requested", "deletion/google/alert-1")
    assert "Doe" not in str(told)


def test_a_delivery_says_what_it_is_about() -> None:
    assert isinstance(mail("chair", Subject.HOLD), Delivery)
    assert mail("chair").about == tuple(Subject)
