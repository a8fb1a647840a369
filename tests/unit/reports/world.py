"""A made-up district in which a month has passed: a policy at work, a lawsuit, and somebody in the consoles. Real store, journal and engine."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from policies.compiler import compile_policy
from policies.district import Mode
from policies.kinds import Kind
from policies.policy import Policy
from policies.schedule import row_digest
from reports.board import BoardReport, make
from reports.facts import Edition
from sync.matters.lane import HoldLane
from sync.registers.attestations import Statement, attest
from sync.registers.confirmations import confirm
from sync.registers.kept import keep
from sync.run import Engine
from sync.store.proofs import Proofs
from tests.unit.sync.matters.world import CUSTODIAN, HOUR, Scene, _desk, google, m365, order, roster, scene
from tests.unit.sync.provable import district, opened

MARCH, APRIL = "2027-03", "2027-04"
MATTER = "Thorn against the Board"
POLICY = Policy.model_validate(
    {
        "recordwarden": 1,
        "policy": {"title": "Electronic Communications", "number": "3543.31", "adopted": "2017-03-09", "review_by": "2027-05-01"},
        "schedule": {
            "series": [
                {"id": "COR-02", "title": "Routine correspondence", "period": "2 years", "trigger": "created", "citation": "M1"},
                {"id": "STU-01", "title": "Student academic record", "period": "50 years", "trigger": "event:left", "citation": "M8"},
            ]
        },
        "populations": {"staff": {"m365": {"all": "users"}, "google": {"ou": "/Staff"}}},
        "rules": [
            {"id": "R1", "series": "COR-02", "population": "staff", "workloads": ["mail", "drive"], "carrier": "policy"},
            {"id": "R2", "series": "STU-01", "population": "staff", "workloads": ["drive"], "carrier": "label"},
        ],
        "controls": [
            {"id": "CT.GOV.1", "text": "A custodian is named.", "serves": ["ST-18"], "basis": "Policy", "method": "A", "reason": "to be attested"},
            {"id": "CT.ACC.2", "text": "Improper use is prohibited.", "serves": ["ST-22"], "basis": "Policy", "method": "X",
             "standing": "not_enforceable"},
        ],
        "deviations": [{"id": "D1", "line": "R2", "owner": "Wanda Quist", "reason": "labels come next year", "until": "2027-03-20"}],
    }
)


@dataclass
class Month:
    """The district after March 2027."""

    here: Scene
    tmp: Path

    def report(self, month: str = MARCH, edition: Edition | str = Edition.PUBLIC, *, restate: bool = False) -> BoardReport:
        desk = self.here.desk
        return make(
            desk.store, self.here.district, POLICY, desk.journal, desk.clock, month=month, edition=edition, out=self.tmp / "out", restate=restate
        )

    def until(self, instant: datetime) -> None:
        self.here.clock.advance((instant - self.here.clock.now()).total_seconds())


@contextmanager
def again(made: Month, tmp_path: Path) -> Iterator[Month]:
    """The same district, store, tenants and time in a folder of its own, so that the month is lived through only once."""
    shutil.copytree(made.tmp / "state", tmp_path / "state")
    clock, worlds = copy.deepcopy((made.here.clock, made.here.worlds))
    store = opened(tmp_path, clock)
    desk = _desk(made.here.district, worlds, store, clock, made.here.desk.duties)
    lane = HoldLane(desk)
    try:
        yield Month(
            here=Scene(clock=clock, store=store, worlds=worlds, desk=desk, lane=lane, engine=Engine(desk, lane), district=made.here.district),
            tmp=tmp_path,
        )
    finally:
        store.close()


def thing(here: Scene, tenant: str, kind: Kind) -> str:
    """The vendor id of our object of that kind."""
    return next(one.vendor_id for one in here.worlds[tenant].things.values() if one.kind is kind and one.mark is not None)


@contextmanager
def month(tmp_path: Path) -> Iterator[Month]:
    """March: in force by the second day; a hold is deleted and a rule shortened in the consoles, and both are repaired."""
    people = roster("m365", m365(1), m365(2), m365(3)), roster("google", google(1), google(2), units=("/Staff",))
    confirmed = {"COR-02": row_digest(POLICY.series[0])}
    duties = tuple(compile_policy(POLICY, district("custodian", tenants=TENANTS), confirmed))
    with scene(tmp_path, *people, duties=duties, mode=Mode.ENFORCE) as here:
        _set_up(here, tmp_path)
        here.engine.sync()
        here.lane.open(
            order("person1@d.example", "person2@d.example", name=MATTER, paper=[{"what": "Drawings", "where": "Vault 3"}, {"what": "Minutes",
                  "where": "Safe", "secured_on": "2027-03-01"}])
        )
        here.until_in_force()
        here.engine.sync()
        here.console("google").delete(thing(here, "google", Kind.GOOGLE_HOLD))
        here.console("m365").set(thing(here, "m365", Kind.M365_RETENTION_RULE), period=30)
        here.clock.advance(HOUR)
        here.engine.sync()
        for _ in range(3):
            here.clock.advance(2 * HOUR)
            here.engine.sync()
        yield Month(here=here, tmp=tmp_path)


TENANTS = ({"id": "m365", "platform": "microsoft365"}, {"id": "google", "platform": "google_workspace"})
AFTER_MARCH = datetime(2027, 4, 2, 12, 0, tzinfo=UTC)


def _set_up(here: Scene, tmp_path: Path) -> None:
    store, journal, clock = here.store, here.desk.journal, here.clock
    schedule = tmp_path / "schedule.pdf"
    schedule.write_bytes(b"the official schedule")
    confirm(journal, store, clock, CUSTODIAN, {"COR-02": row_digest(POLICY.series[0])}, schedule=schedule, page=3)
    keep(journal, store, clock, POLICY.digest, {})
    attest(journal, store, clock, CUSTODIAN, Statement(subject="control/CT.GOV.1", until=clock.now() + timedelta(days=20)))
    attest(journal, store, clock, CUSTODIAN, Statement(subject="vault-rules/google", until=clock.now() + timedelta(days=300)))
    with store.write() as session:
        for kind in (Kind.M365_LABEL, Kind.M365_LABEL_POLICY, Kind.M365_LABEL_RULE, Kind.M365_RETENTION_POLICY, Kind.M365_RETENTION_RULE):
            Proofs(store).put(session, "m365", kind, clock.now(), "custodian", 1, None)
