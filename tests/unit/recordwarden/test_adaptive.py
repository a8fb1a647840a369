"""When the tenant is asked about adaptive scopes at all: where a population wants to be one, or one of ours is there."""

from __future__ import annotations

import shutil
from pathlib import Path

from policies.kinds import Kind
from recordwarden.connecting import adaptive
from recordwarden.options import Options
from recordwarden.wiring import Office, office
from sync.bindings import Binding, BindingState
from sync.store.bindings import Bindings

DEMO = Path(__file__).resolve().parents[3] / "examples" / "demo"
STAFF = "    m365: {group: staff@harbormill.example}"


def options(tmp_path: Path, staff: str) -> Options:
    folder = shutil.copytree(DEMO, tmp_path / "district")
    said = (folder / "policy.yaml").read_text(encoding="utf-8")
    assert STAFF in said
    (folder / "policy.yaml").write_text(said.replace(STAFF, staff), encoding="utf-8")
    (tmp_path / "clock").write_text("+0\n", encoding="utf-8")
    return Options(folder=folder, store=f"sqlite:///{tmp_path / 'store.db'}", clock_file=tmp_path / "clock")


def asked(opened: Office) -> bool:
    return adaptive(opened.policy, opened.desk.store, "m365")


def test_a_population_that_says_adaptive_is_asked_for(tmp_path: Path) -> None:
    with office(options(tmp_path, "    m365: {all: users, adaptive: true}")) as opened:
        assert asked(opened)


def test_what_a_population_says_reaches_the_connector(tmp_path: Path) -> None:
    for said, wanted in (("{all: users, adaptive: true}", True), ("{all: users}", False)):
        with office(options(tmp_path / str(wanted), f"    m365: {said}")) as opened:
            (door,) = (one for one in opened.desk.doors if one.tenant.id == "m365")
            assert (Kind.M365_ADAPTIVE_SCOPE in door.connector.kinds()) is wanted


def test_everybody_alone_is_not_and_a_scope_that_was_made_stays_ours(tmp_path: Path) -> None:
    with office(options(tmp_path, "    m365: {all: users}")) as opened:
        assert not asked(opened)
        bound = Binding(
            tenant="m365", kind=Kind.M365_ADAPTIVE_SCOPE, key="scope-everybody", vendor_id="v", name="n", generation=1, fields={}, members=frozenset(),
            parent_id=None, accepted_at=opened.desk.clock.now(), effective_at=None, state=BindingState.IN_FLIGHT, mark=None,
        )  # fmt: skip
        with opened.desk.store.write() as session:
            Bindings(opened.desk.store).put(session, bound)
        assert asked(opened)
