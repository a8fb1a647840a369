"""Duties and hold orders in Google's terms. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.base import Circumstances
from connectors.examination import Capability, ReadCapability, WriteCapability
from connectors.google_workspace.connector import GoogleWorkspaceConnector
from connectors.google_workspace.labels import label_body, label_live
from connectors.google_workspace.vault import People as HeldPeople
from connectors.google_workspace.vault import hold_body, hold_live, query_fields
from connectors.google_workspace.wire import as_object
from connectors.hold_orders import HoldOrder, OrderedSource
from policies.district import Tenant
from policies.duties import Behaviour, Carrier, Disposition, Duty, People, Population, Selector, StandingValue
from policies.effects import Clock
from policies.kinds import Kind, Platform, Workload
from policies.resources import Because, Force, KindRead, ReadState, Value
from policies.roster import Group, Identity, OrgUnit, Roster
from policies.vault_rules import AtTheEnd, Service, StatedRules, VaultRule
from tests.unit.connectors.google.support import mark

CONNECTOR = GoogleWorkspaceConnector()
NOBODY = HeldPeople()
TENANT = Tenant(id="google", platform=Platform.GOOGLE_WORKSPACE)
KINDS = (Kind.GOOGLE_USER, Kind.GOOGLE_GROUP, Kind.GOOGLE_ORG_UNIT, Kind.GOOGLE_LICENCE)
PEOPLE = tuple(Identity(tenant="google", vendor_id=f"id{n}", address=f"p{n}@d.example", org_unit="/Staff" if n < 3 else "/Board") for n in range(4))
ROSTER = Roster(
    tenant="google",
    at=datetime(2026, 1, 5, tzinfo=UTC),
    identities=PEOPLE,
    groups=(Group(tenant="google", vendor_id="gid", address="board@d.example", name="Board", members=frozenset({"id3"})),),
    org_units=(OrgUnit(tenant="google", vendor_id="ou1", path="/Staff"), OrgUnit(tenant="google", vendor_id="ou2", path="/Empty")),
    reads=tuple(KindRead(kind=kind, state=ReadState.COMPLETE, count=1) for kind in KINDS),
)
UNREAD = replace(ROSTER, reads=(KindRead(kind=Kind.GOOGLE_USER, state=ReadState.FAILED, count=None, reason="google.permission_denied"), *ROSTER.reads[1:]))
FUNDAMENTALS = {"Education Fundamentals": 4}
PLUS = {"Education Fundamentals": 4, "Education Plus (Staff)": 1}


def circumstances(**changes: Any) -> Circumstances:
    return Circumstances(**{"tenant": TENANT, "capabilities": (), "licences": FUNDAMENTALS, "roster": ROSTER, **changes})


STAFF = Selector(org_units=("/Staff",))


def duty(selector: Selector | None = STAFF, **changes: Any) -> Duty:
    selectors = {} if selector is None else {Platform.GOOGLE_WORKSPACE: selector}
    base: dict[str, Any] = {
        "line": "R1", "series": "COR-02", "title": "Routine correspondence", "population": Population(id="staff", selectors=selectors),
        "workload": Workload.MAIL, "carrier": Carrier.POLICY, "term": 730, "clock": Clock.CREATED, "event": None,
        "disposition": Disposition.REVIEW, "citation": "M1", "because": Because(line="R1"),
    }  # fmt: skip
    return Duty(**{**base, **changes})


def stated(duration: str, action: str = "purge_deleted") -> StatedRules:
    return StatedRules(rules=(VaultRule(service=Service.MAIL, default=True, duration=duration, action=AtTheEnd(action)),))


@pytest.mark.parametrize(
    ("one", "around", "standing", "reason", "people"),
    [
        (duty(), {}, StandingValue.NOT_ENFORCEABLE, "vault_rules.no_api", People(covered=0, not_covered=3, unknown=0)),
        (duty(), {"stated_rules": stated("indefinite", "keep")}, StandingValue.ATTESTED, None, People(covered=3, not_covered=0, unknown=0)),
        (duty(), {"stated_rules": stated("730 days")}, StandingValue.ATTESTED, None, People(covered=3, not_covered=0, unknown=0)),
        (duty(), {"stated_rules": stated("729 days")}, StandingValue.GAP, "vault_rules.too_short", People(covered=0, not_covered=3, unknown=0)),
        (duty(), {"stated_rules": StatedRules(rules=())}, StandingValue.GAP, "vault_rules.none", People(covered=0, not_covered=3, unknown=0)),
        (
            duty(), {"stated_rules": replace(stated("indefinite", "keep"), doubt="vault_rules.overtaken")},
            StandingValue.UNKNOWN, "vault_rules.overtaken", People(covered=0, not_covered=3, unknown=0),
        ),
        (duty(blocked="series.unconfirmed"), {}, StandingValue.GAP, "series.unconfirmed", People(covered=0, not_covered=3, unknown=0)),
        (duty(Selector(org_units=("/Empty",))), {}, StandingValue.GAP, "population.empty", People(covered=0, not_covered=0, unknown=0)),
        (duty(), {"roster": UNREAD}, StandingValue.UNKNOWN, "population.roster_unread: google.user google.permission_denied", People()),
        (duty(carrier=Carrier.LABEL, workload=Workload.DRIVE), {}, StandingValue.NOT_LICENSED, "drive_label.not_licensed", People(covered=0, not_covered=3, unknown=0)),
        (
            duty(carrier=Carrier.LABEL, workload=Workload.DRIVE), {"licences": {"X/Y": 3}},
            StandingValue.UNKNOWN, "drive_label.licences_unknown", People(covered=0, not_covered=3, unknown=0),
        ),
        (
            duty(carrier=Carrier.LABEL, workload=Workload.DRIVE, disposition=Disposition.TRANSITORY), {"licences": PLUS},
            StandingValue.GAP, "transitory.not_enabled", People(covered=0, not_covered=3, unknown=0),
        ),
        (duty(carrier=Carrier.LABEL), {}, StandingValue.NOT_ENFORCEABLE, "drive_label.only_drive", People(covered=0, not_covered=3, unknown=0)),
    ],
)  # fmt: skip
def test_a_duty_has_its_standing_its_reason_and_its_people(
    one: Duty, around: dict[str, Any], standing: StandingValue, reason: str | None, people: People
) -> None:
    desired = CONNECTOR.realise([one], circumstances(**around))
    assert desired.resources == ()
    (carriage,) = desired.carriages
    assert (carriage.standing, carriage.reason, carriage.people) == (standing, reason, people)
    assert (carriage.line, carriage.series, carriage.population, carriage.tenant) == ("R1", "COR-02", "staff", "google")


@pytest.mark.parametrize("one", [duty(None), duty(workload=Workload.ARCHIVE), duty(workload=Workload.SITE), duty(workload=Workload.PAPER)])
def test_a_duty_that_does_not_speak_of_google_has_no_line_here(one: Duty) -> None:
    assert CONNECTOR.realise([one], circumstances()).carriages == ()


def source(number: int, workload: Workload = Workload.MAIL, **changes: Any) -> OrderedSource:
    base: dict[str, Any] = {"person": f"p{number}@d.example", "workload": workload, "identity_id": f"id{number}", "address": f"p{number}@d.example"}
    return OrderedSource(**{**base, **changes})


def order(*sources: OrderedSource, **changes: Any) -> HoldOrder:
    return HoldOrder(**{"alias": "smith-v-board", "tenant_alias": "heron", "sources": sources, **changes})


def test_an_order_is_one_matter_and_one_hold_per_corpus() -> None:
    sources = (source(0), source(1), source(0, Workload.DRIVE), source(0, Workload.CHAT), source(0, Workload.GEMINI), source(0, Workload.VOICE))
    ordered = CONNECTOR.realise_hold(order(*sources), circumstances())
    matter, *holds = ordered.resources
    assert (matter.kind, matter.key, matter.name, matter.people) == (Kind.GOOGLE_MATTER, "m-heron", "heron", 2)
    assert {hold.fields["corpus"]: (hold.key, hold.members, hold.people) for hold in holds} == {
        "MAIL": ("m-heron-mail", frozenset({"account:id0", "account:id1"}), 2),
        "DRIVE": ("m-heron-drive", frozenset({"account:id0"}), 1),
        "HANGOUTS_CHAT": ("m-heron-hangouts-chat", frozenset({"account:id0"}), 1),
        "GEMINI": ("m-heron-gemini", frozenset({"account:id0"}), 1),
        "VOICE": ("m-heron-voice", frozenset({"account:id0"}), 1),
    }
    assert all(hold.parent == "m-heron" and hold.depends_on == ("m-heron",) for hold in holds)
    assert ordered.carried == {one: (ordered.carried[one][0], f"account:{one.identity_id}") for one in sources}
    assert ordered.carried[sources[2]] == ("m-heron-drive", "account:id0")
    assert ordered.refused == {}
    assert "smith" not in " ".join([*(one.name for one in ordered.resources), *(str(one.fields) for one in ordered.resources)])


def test_what_is_sent_for_an_order_reads_back_as_what_was_wanted() -> None:
    sources = [source(0, workload) for workload in Workload if workload not in {Workload.ARCHIVE, Workload.SITE, Workload.PAPER, Workload.SHARED_DRIVE}]
    sources = [replace(one, container="board@d.example") if one.workload is Workload.GROUP else one for one in sources]
    ordered = CONNECTOR.realise_hold(
        order(*sources, terms="levy", range_from=date(2024, 3, 1), range_to=date(2024, 4, 1)), circumstances()
    )
    for wanted in [one for one in ordered.resources if one.kind is Kind.GOOGLE_HOLD]:
        body = as_object({**hold_body(wanted, mark(wanted.key)), "holdId": "h"}, "hold")
        live = hold_live(body, "m", NOBODY)
        assert live.fields == wanted.fields
        assert live.mark == mark(wanted.key)


def test_a_range_takes_in_its_last_day_in_every_time_zone_and_other_corpora_are_held_whole() -> None:
    ordered = CONNECTOR.realise_hold(
        order(source(0), source(0, Workload.DRIVE), terms="levy", range_from=date(2024, 3, 1), range_to=date(2024, 3, 31)), circumstances()
    )
    fields = {hold.fields["corpus"]: hold.fields for hold in ordered.resources[1:]}
    assert [fields["MAIL"][name] for name in ("terms", "start", "end")] == ["levy", "2024-02-29", "2024-04-02"]
    assert [fields["DRIVE"][name] for name in ("terms", "start", "end")] == ["", None, None]


def label_duty(**changes: Any) -> Duty:
    return duty(carrier=Carrier.LABEL, workload=Workload.DRIVE, **changes)


def test_a_label_of_googles_is_offered_for_a_row_that_locks_and_the_line_says_that_it_locks_nothing() -> None:
    desired = CONNECTOR.realise([label_duty(behaviour=Behaviour.RECORD)], circumstances(licences=PLUS))
    assert [one.key for one in desired.resources] == ["cor-02"]
    (carriage,) = desired.carriages
    assert (carriage.standing, carriage.reason, carriage.carriers) == (StandingValue.NOT_ENFORCEABLE, "drive_label.no_records", ("cor-02",))


def test_a_label_is_offered_where_the_edition_has_labels_and_never_counted_as_protection() -> None:
    longer = label_duty(line="R2", term=900)
    desired = CONNECTOR.realise([label_duty(), longer, duty()], circumstances(licences=PLUS))
    (label,) = desired.resources
    assert (label.kind, label.key, label.name, label.people) == (Kind.GOOGLE_DRIVE_LABEL, "cor-02", "COR-02 Routine correspondence", 3)
    assert label.fields == {
        "state": "published", "period": 900, "trigger": "created", "description": "Routine correspondence. M1.", "copies": "always",
    }  # fmt: skip
    first, second, rule = desired.carriages
    assert (first.standing, first.carriers, first.people) == (StandingValue.AVAILABLE, ("cor-02",), People(covered=0, not_covered=3, unknown=0))
    assert (second.standing, second.carriers) == (StandingValue.AVAILABLE, ("cor-02",))
    assert (rule.standing, rule.carriers) == (StandingValue.NOT_ENFORCEABLE, ())


def test_a_label_keeps_the_key_and_the_name_that_it_was_bound_under() -> None:
    one = label_duty(label_keys=("cor-02", "old-1"), label_name="COR-02")
    (label,) = CONNECTOR.realise([one], circumstances(licences=PLUS, names={"old-1": "Old name"})).resources
    assert (label.key, label.name) == ("old-1", "Old name")


@pytest.mark.parametrize(("term", "clock", "event", "said"), [
    (730, Clock.LABELLED, None, {"period": 730, "trigger": "labelled"}), ("forever", Clock.CREATED, None, {"period": "forever", "trigger": "created"}),
    (2190, Clock.EVENT, "student leaves", {"period": 2190, "trigger": "event:student leaves"}),
])  # fmt: skip
def test_what_a_label_says_reads_back_as_what_was_wanted(term: Any, clock: Clock, event: str | None, said: dict[str, object]) -> None:
    (wanted,) = CONNECTOR.realise([label_duty(term=term, clock=clock, event=event)], circumstances(licences=PLUS)).resources
    body = label_body(wanted.name, wanted.fields, mark(wanted.key))
    raw = {**body, "id": "l1", "lifecycle": {"state": "PUBLISHED"}, "appliedLabelPolicy": {"copyMode": "ALWAYS_COPY"}}
    live = label_live(as_object(raw, "label"))
    assert {name: live.fields[name] for name in wanted.fields} == {**wanted.fields, **said}
    assert (live.mark, live.force, live.name) == (mark(wanted.key), Force.APPLIED, wanted.name)


def test_a_label_whose_words_were_changed_says_so() -> None:
    raw = {"id": "l1", "properties": {"title": "T", "description": f"Ask the office. {mark('cor-02')}"}, "lifecycle": {"state": "DISABLED"}}
    live = label_live(as_object(raw, "label"))
    assert (live.fields["period"], live.fields["trigger"], live.fields["description"]) == (None, None, "Ask the office.")
    assert (live.fields["state"], live.force) == ("disabled", Force.OFF)


def test_a_held_group_is_told_to_keep_its_archive_and_the_hold_does_not_wait_for_it() -> None:
    known = source(0, Workload.GROUP, identity_id=None, address="board@d.example", container="board@d.example")
    _, hold, archive = CONNECTOR.realise_hold(order(known), circumstances()).resources
    assert (archive.kind, archive.name, archive.fields) == (Kind.GOOGLE_GROUP_ARCHIVE, "board@d.example", {"group": "gid", "archived": True})
    assert archive.key not in {hold.parent, *hold.depends_on}
    assert CONNECTOR.realise_hold(order(source(0)), circumstances()).resources[-1].kind is Kind.GOOGLE_HOLD


def test_a_group_is_held_by_its_id_and_an_unknown_one_is_refused() -> None:
    known = source(0, Workload.GROUP, identity_id=None, address="board@d.example", container="Board@d.example")
    unknown = replace(known, container="gone@d.example", address="gone@d.example")
    ordered = CONNECTOR.realise_hold(order(known, unknown), circumstances())
    assert ordered.carried == {known: ("m-heron-groups", "account:gid")}
    assert ordered.refused == {unknown: "group.not_found"}


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (source(0, Workload.SHARED_DRIVE), "shared_drive.no_api"),
        (source(0, Workload.ARCHIVE), "source.not_in_this_cloud"),
        (source(0, Workload.SITE), "source.not_in_this_cloud"),
        (source(0, identity_id=None), "person.not_found"),
    ],
)
def test_what_vault_cannot_hold_is_refused_and_orders_nothing(one: OrderedSource, why: str) -> None:
    ordered = CONNECTOR.realise_hold(order(one), circumstances())
    assert (ordered.resources, ordered.carried, ordered.refused) == ((), {}, {one: why})


def test_a_source_without_its_licence_is_ordered_all_the_same() -> None:
    assert PEOPLE[0].licensed_for_hold == frozenset()
    assert source(0) in CONNECTOR.realise_hold(order(source(0)), circumstances()).carried


def test_names_are_frozen_at_birth_and_the_mark_is_not_part_of_them() -> None:
    names = {"m-heron": "heron as born", "m-heron-mail": f"mail as born {mark('m-heron-mail')}"}
    ordered = CONNECTOR.realise_hold(order(source(0)), circumstances(names=names))
    assert [one.name for one in ordered.resources] == ["heron as born", "mail as born"]


@pytest.mark.parametrize(
    ("corpus", "query", "expected"),
    [
        ("MAIL", None, {}),
        ("MAIL", {}, {}),
        ("MAIL", {"mailQuery": {}}, {}),
        ("MAIL", {"mailQuery": {"startTime": "2024-01-01T00:00:00Z"}}, {"start": "2024-01-01"}),
        ("MAIL", {"mailQuery": {"startTime": "2023-12-31T19:00:00-05:00"}}, {"start": "2024-01-01"}),
        ("MAIL", {"mailQuery": {"endTime": "2024-01-01T00:00:00.000000000Z"}}, {"end": "2024-01-01"}),
        ("DRIVE", {"driveQuery": {"includeSharedDriveFiles": False}}, {}),
        ("DRIVE", {"driveQuery": {"includeTeamDriveFiles": True}}, {"options": ("shared_drives",)}),
        ("HANGOUTS_CHAT", {"hangoutsChatQuery": {"includeRooms": True}}, {"options": ("rooms",)}),
        ("VOICE", {"voiceQuery": {"coveredData": ["VOICEMAILS", "CALL_LOGS"]}}, {"options": ("call_logs", "voicemails")}),
        ("CALENDAR", {"calendarQuery": {}}, {}),
        ("GEMINI", {"geminiQuery": {}}, {}),
    ],
)
def test_queries_that_say_the_same_have_one_normal_form(corpus: str, query: Any, expected: dict[str, Value]) -> None:
    assert query_fields(corpus, query) == {"terms": "", "start": None, "end": None, "options": (), **expected}


@pytest.mark.parametrize(
    ("selector", "members"),
    [
        (Selector(org_units=("/Staff",)), {"applier:All"}),
        (Selector(groups=("name:Board",)), {"applier:board@d.example"}),
        (Selector(groups=("BOARD@d.example",), users=("P0@d.example",)), {"applier:board@d.example", "applier:p0@d.example"}),
        (Selector(groups=("board@d.example",), org_units=("/Staff",)), {"applier:All"}),
    ],
)
def test_a_label_is_wanted_with_those_who_may_apply_it(selector: Selector, members: set[str]) -> None:
    """No unit can be given a label (G§3.1), so a population of units takes the default audience."""
    (label,) = CONNECTOR.realise([duty(selector, carrier=Carrier.LABEL, workload=Workload.DRIVE)], circumstances(licences=PLUS)).resources
    assert label.members == members


def test_a_label_of_two_populations_is_for_both() -> None:
    board = duty(Selector(groups=("board@d.example",)), carrier=Carrier.LABEL, workload=Workload.DRIVE, line="R2")
    people = duty(Selector(users=("p0@d.example",)), carrier=Carrier.LABEL, workload=Workload.DRIVE)
    (label,) = CONNECTOR.realise([people, board], circumstances(licences=PLUS)).resources
    assert label.members == {"applier:board@d.example", "applier:p0@d.example"}


@pytest.mark.parametrize(
    ("read", "standing"),
    [(ReadCapability.FULL, StandingValue.GAP), (ReadCapability.NONE, StandingValue.AVAILABLE), (ReadCapability.UNKNOWN, StandingValue.AVAILABLE)],
)
def test_a_label_that_cannot_be_written_is_a_gap_only_where_labels_could_be_read(read: ReadCapability, standing: StandingValue) -> None:
    """Where they could not, the label stays wanted: that its kind was not read then makes the line unknown and the run end with 3."""
    known = Capability(kind=Kind.GOOGLE_DRIVE_LABEL, read=read, write=WriteCapability.MISSING, surface="drivelabels", reason="google.scope_missing: x")
    desired = CONNECTOR.realise([duty(carrier=Carrier.LABEL, workload=Workload.DRIVE)], circumstances(licences=PLUS, capabilities=(known,)))
    assert desired.carriages[0].standing is standing
    assert len(desired.resources) == (standing is StandingValue.AVAILABLE)


UNITS = (
    OrgUnit(tenant="google", vendor_id="top", path="/"), OrgUnit(tenant="google", vendor_id="staff", path="/Staff"),
    OrgUnit(tenant="google", vendor_id="north", path="/Staff/North"), OrgUnit(tenant="google", vendor_id="board", path="/Board"),
)  # fmt: skip


def unit_roster(*paths: str, state: ReadState = ReadState.COMPLETE) -> Roster:
    people = tuple(replace(PEOPLE[number], org_unit=path) for number, path in enumerate(paths))
    read = KindRead(kind=Kind.GOOGLE_ORG_UNIT, state=state, count=2, reason=None if state is ReadState.COMPLETE else "cut short")
    return replace(ROSTER, identities=people, org_units=UNITS, reads=(read,))


def test_who_is_named_by_their_unit_is_held_with_it_and_by_the_account_once_outside() -> None:
    sources = (source(0, unit="/Staff"), source(1, unit="/staff/"))
    known = circumstances(roster=unit_roster("/Staff/North", "/Board"))
    _, accounts, unit = CONNECTOR.realise_hold(order(*sources), known).resources
    assert (accounts.fields["scope"], accounts.members) == ("accounts", frozenset({"account:id1"}))
    assert (unit.fields["scope"], unit.fields["org_unit"], unit.members, unit.people) == ("org_unit", "staff", frozenset(), 1)
    assert CONNECTOR.realise_hold(order(*sources), known).carried[sources[0]] == (unit.key, "unit:staff")


def test_nobody_is_held_by_the_root_and_a_half_read_list_of_units_moves_nobody() -> None:
    top = source(0, unit="/")
    assert CONNECTOR.realise_hold(order(top), circumstances(roster=unit_roster("/Staff"))).carried[top] == ("m-heron-mail", "account:id0")
    staff = source(0, unit="/Staff")
    ordered = CONNECTOR.realise_hold(order(staff), circumstances(roster=unit_roster("/Staff", state=ReadState.PARTIAL)))
    assert (ordered.resources, ordered.refused) == ((), {staff: "hold.unit_unknown"})


def test_a_group_is_held_as_a_group_whatever_unit_the_order_names() -> None:
    known = source(0, Workload.GROUP, identity_id=None, address="board@d.example", container="board@d.example", unit="/Staff")
    _, hold, _ = CONNECTOR.realise_hold(order(known), circumstances(roster=unit_roster("/Staff"))).resources
    assert hold.fields["scope"] == "accounts"
