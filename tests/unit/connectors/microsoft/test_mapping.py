"""Duties and orders in Microsoft 365's terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Circumstances
from connectors.examination import Capability, ReadCapability, WriteCapability
from connectors.hold_orders import HoldOrder, OrderedSource
from connectors.microsoft365.access import Allowed
from connectors.microsoft365.connector import Microsoft365Connector
from connectors.microsoft365.labels import period_word
from connectors.microsoft365.pieces import in_pieces
from connectors.microsoft365.premium import RECORDS
from policies.compiler import SECOND_THOUGHTS
from policies.district import Tenant
from policies.duties import Behaviour, Carrier, Desired, Disposition, Duty, Filing, Population, Selector, StandingValue
from policies.effects import FOREVER, Clock
from policies.kinds import Kind, Platform, Workload
from policies.resources import FILED, Because, KindRead, ReadState, Wanted
from policies.roster import AccountState, Group, Identity, Roster, Site

LICENSED = frozenset({Workload.MAIL, Workload.ARCHIVE, Workload.CHAT, Workload.DRIVE, Workload.SITE})
CONNECTOR = Microsoft365Connector(allowed=Allowed(admin=True))


def person(name: str, *, licensed: bool = True, drive: bool = True, state: AccountState = AccountState.ACTIVE) -> Identity:
    places = {Workload.MAIL: f"{name}@d.example"} | ({Workload.DRIVE: f"https://d-my.sharepoint.com/personal/{name}"} if drive else {})
    return Identity(
        tenant="m365", vendor_id=f"id-{name}", address=f"{name}@d.example", state=state,
        licensed_for_hold=LICENSED if licensed else frozenset(), containers=places,
    )  # fmt: skip


def circumstances(*people: Identity, complete: bool = True, **more: object) -> Circumstances:
    members = frozenset(one.vendor_id for one in people)
    group = Group(tenant="m365", vendor_id="g1", address="staff@d.example", name="Staff", members=members, complete=complete)
    kinds = (Kind.M365_USER, Kind.M365_GROUP, Kind.M365_SITE)
    site = Site(tenant="m365", vendor_id="s1", url="https://d.sharepoint.com/sites/board", name="Board")
    roster = Roster(
        tenant="m365", at=datetime(2026, 3, 2, tzinfo=UTC), identities=people, groups=(group,), sites=(site,),
        reads=tuple(KindRead(kind=kind, state=ReadState.COMPLETE, count=1) for kind in kinds),
    )  # fmt: skip
    tenant = Tenant(id="m365", platform=Platform.MICROSOFT365)
    return replace(Circumstances(tenant=tenant, capabilities=(), licences={}, roster=roster), **more)  # type: ignore[arg-type]


def duty(workload: Workload = Workload.MAIL, **more: object) -> Duty:
    selector = more.pop("selector", Selector(groups=("staff@d.example",)))
    made = Duty(
        line="R1", series="COR-02", title="Routine correspondence", workload=workload, carrier=Carrier.POLICY, term=731, clock=Clock.CREATED,
        population=Population(id="staff", selectors={Platform.MICROSOFT365: selector}),  # type: ignore[dict-item]
        event=None, disposition=Disposition.REVIEW, citation="M1", because=Because(line="R1", series="COR-02"),
        label_keys=("cor-02", "old-02"), label_name="COR-02 Routine correspondence",
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def of(desired: Desired, kind: Kind) -> list[Wanted]:
    return [one for one in desired.resources if one.kind is kind]


def test_a_policy_keeps_mailboxes_and_drives_of_a_line_together() -> None:
    desired = CONNECTOR.realise([duty(), duty(Workload.DRIVE)], circumstances(person("mia"), person("noah")))
    (policy,) = of(desired, Kind.M365_RETENTION_POLICY)
    (rule,) = of(desired, Kind.M365_RETENTION_RULE)
    assert policy.members == {
        "exchange:mia@d.example", "exchange:noah@d.example",
        "onedrive:https://d-my.sharepoint.com/personal/mia", "onedrive:https://d-my.sharepoint.com/personal/noah",
    }  # fmt: skip
    assert (policy.key, policy.people, policy.fields["description"]) == ("keep-r1-1", 2, "Routine correspondence (M1)")
    assert (rule.key, rule.parent, rule.fields) == ("r-keep-r1-1", "keep-r1-1", {"period": 731, "trigger": "created", "action": "keep", "query": ""})
    for carriage in desired.carriages:
        assert (carriage.standing, carriage.reason, carriage.carriers) == (StandingValue.ENFORCED, None, ("keep-r1-1", "r-keep-r1-1"))
        assert (carriage.people.covered, carriage.people.not_covered, carriage.people.unknown) == (2, 0, 0)


@pytest.mark.parametrize("disposition", [Disposition.REVIEW, Disposition.TRANSFER, Disposition.PERMANENT, Disposition.EXPUNGE])
@pytest.mark.parametrize("carrier", list(Carrier))
def test_no_disposition_ever_deletes(disposition: Disposition, carrier: Carrier) -> None:
    desired = CONNECTOR.realise([duty(disposition=disposition, carrier=carrier, term=FOREVER)], circumstances(person("mia")))
    actions = [one.fields["action"] for one in desired.resources if "action" in one.fields]
    assert actions == ["keep"]


def test_a_label_is_published_to_the_population_and_stands_as_available() -> None:
    desired = CONNECTOR.realise([duty(carrier=Carrier.LABEL), duty(Workload.DRIVE, carrier=Carrier.LABEL)], circumstances(person("mia")))
    (label,) = of(desired, Kind.M365_LABEL)
    (policy,) = of(desired, Kind.M365_LABEL_POLICY)
    (rule,) = of(desired, Kind.M365_LABEL_RULE)
    assert (label.key, label.name, label.fields["action"], label.fields["behaviour"]) == ("cor-02", "COR-02 Routine correspondence", "keep", "retain")
    assert policy.key == "pub-cor-02-staff-1"
    assert (rule.key, rule.parent, rule.fields) == ("pubr-cor-02-staff-1", "pub-cor-02-staff-1", {"publishes": label.name})
    assert label.key in rule.depends_on
    assert {carriage.standing for carriage in desired.carriages} == {StandingValue.AVAILABLE}
    assert {carriage.carriers for carriage in desired.carriages} == {("cor-02", policy.key, rule.key)}


RECORD_LABEL = duty(carrier=Carrier.LABEL, behaviour=Behaviour.RECORD)


def test_a_series_that_locks_gets_a_record_label_and_its_policies_lock_nothing() -> None:
    facts = circumstances(person("mia"), licences={RECORDS: 9})
    desired = CONNECTOR.realise([RECORD_LABEL, duty(line="R2", behaviour=Behaviour.RECORD)], facts)
    (label,) = of(desired, Kind.M365_LABEL)
    assert label.fields["behaviour"] == "record"
    assert {carriage.standing for carriage in desired.carriages} == {StandingValue.AVAILABLE, StandingValue.ENFORCED}
    (policy,) = of(desired, Kind.M365_RETENTION_POLICY)
    assert "locked" not in policy.fields


UNLICENSED = [({"A3": 9}, StandingValue.NOT_LICENSED, "licence.records_management"), ({}, StandingValue.UNKNOWN, "licences.unread")]


@pytest.mark.parametrize(("licences", "standing", "reason"), UNLICENSED)
def test_without_records_management_no_record_label_is_wanted(licences: dict[str, int], standing: StandingValue, reason: str) -> None:
    desired = CONNECTOR.realise([RECORD_LABEL], circumstances(person("mia"), licences=licences))
    assert not desired.resources
    assert [(one.standing, one.reason) for one in desired.carriages] == [(standing, reason)]


@pytest.mark.parametrize(("licences", "standing", "reason"), UNLICENSED)
@pytest.mark.parametrize(("now", "kept"), [("retain", "retain"), ("record", "record")])
def test_a_label_that_stands_stays_what_it_is_where_no_record_label_can_be_made(
    licences: dict[str, int], standing: StandingValue, reason: str, now: str, kept: str
) -> None:
    names, bound = {"cor-02": "COR-02 Routine correspondence"}, {"cor-02": {"behaviour": now}}
    desired = CONNECTOR.realise([RECORD_LABEL], circumstances(person("mia"), licences=licences, names=names, bound=bound))
    (label,) = of(desired, Kind.M365_LABEL)
    assert label.fields["behaviour"] == kept
    (carriage,) = desired.carriages
    assert carriage.carriers[0] == "cor-02"
    expected = (standing, reason) if now == "retain" else (StandingValue.AVAILABLE, None)
    assert (carriage.standing, carriage.reason) == expected


def capable(kind: Kind, *, write: WriteCapability = WriteCapability.PROVEN, read: ReadCapability = ReadCapability.FULL, **more: str) -> Capability:
    return Capability(kind=kind, read=read, write=write, **more)  # type: ignore[arg-type]


AS_PERSON = (
    capable(Kind.M365_LABEL, account="a@d.example"),
    capable(Kind.M365_LABEL_POLICY, write=WriteCapability.MISSING, read=ReadCapability.NONE, reason="admin_endpoint.not_accepted: off"),
    capable(Kind.M365_LABEL_RULE, write=WriteCapability.MISSING, read=ReadCapability.NONE, reason="admin_endpoint.not_accepted: off"),
)


def test_a_label_that_only_people_can_publish_is_a_gap_until_somebody_has() -> None:
    labelled = duty(carrier=Carrier.LABEL)
    first = CONNECTOR.realise([labelled], circumstances(person("mia"), capabilities=AS_PERSON))
    assert len(of(first, Kind.M365_LABEL_POLICY)) == len(of(first, Kind.M365_LABEL_RULE)) == 1, "they stand in the plan, for the sheet"
    (carriage,) = first.carriages
    assert (carriage.standing, carriage.reason, carriage.carriers) == (StandingValue.GAP, "label.unpublished", ("cor-02",))

    named, in_use = {"cor-02": "COR-02 Routine correspondence"}, frozenset({"cor-02"})
    used = CONNECTOR.realise([labelled], circumstances(person("mia"), capabilities=AS_PERSON, names=named, in_use=in_use))
    assert [one.kind for one in used.resources] == [Kind.M365_LABEL], "what somebody published is not asked for again"
    (carriage,) = used.carriages
    assert (carriage.standing, carriage.reason) == (StandingValue.AVAILABLE, "label.published_by_hand")
    assert carriage.people.covered is None, "to whom is not known here"

    ours = (capable(Kind.M365_LABEL), *AS_PERSON[1:])
    (carriage,) = CONNECTOR.realise([labelled], circumstances(person("mia"), capabilities=ours)).carriages
    assert (carriage.standing, (carriage.reason or "").partition(":")[0]) == (StandingValue.GAP, "admin_endpoint.not_accepted"), "as ever"


def test_labels_that_a_lost_sign_in_hides_are_unknown_and_asked_for_by_nobody() -> None:
    over = capable(Kind.M365_LABEL, write=WriteCapability.MISSING, read=ReadCapability.NONE, account="a@d.example", reason="auth.sign_in_again: over")
    named = {"cor-02": "COR-02 Routine correspondence"}
    seen = CONNECTOR.realise([duty(carrier=Carrier.LABEL)], circumstances(person("mia"), capabilities=(over, *AS_PERSON[1:]), names=named))
    assert [one.kind for one in seen.resources] == [Kind.M365_LABEL]
    (carriage,) = seen.carriages
    assert (carriage.standing, carriage.reason) == (StandingValue.UNKNOWN, "auth.sign_in_again: over")


def test_one_label_serves_two_populations_and_is_never_shortened_by_either() -> None:
    board = Population(id="board", selectors={Platform.MICROSOFT365: Selector(users=("mia@d.example",))})
    duties = [duty(carrier=Carrier.LABEL), duty(carrier=Carrier.LABEL, line="R2", population=board, term=FOREVER)]
    desired = CONNECTOR.realise(duties, circumstances(person("mia")))
    (label,) = of(desired, Kind.M365_LABEL)
    assert label.fields["period"] == FOREVER
    assert [one.key for one in of(desired, Kind.M365_LABEL_POLICY)] == ["pub-cor-02-staff-1", "pub-cor-02-board-1"]


def test_the_label_that_is_bound_is_used_and_its_name_is_frozen() -> None:
    desired = CONNECTOR.realise([duty(carrier=Carrier.LABEL)], circumstances(person("mia"), names={"old-02": "Old name"}))
    (label,) = of(desired, Kind.M365_LABEL)
    (rule,) = of(desired, Kind.M365_LABEL_RULE)
    assert (label.key, label.name, rule.fields["publishes"]) == ("old-02", "Old name", "Old name")


def test_everybody_is_one_location_with_its_exceptions() -> None:
    selector = Selector(all_users=True, except_=Selector(users=("noah@d.example",)))
    desired = CONNECTOR.realise([duty(selector=selector), duty(Workload.DRIVE, selector=selector)], circumstances(person("mia"), person("noah")))
    (policy,) = of(desired, Kind.M365_RETENTION_POLICY)
    assert policy.key == "keep-r1-all-1"
    assert policy.members == {"exchange:All", "onedrive:All"}
    assert policy.fields["exceptions"] == ("exchange:noah@d.example", "onedrive:https://d-my.sharepoint.com/personal/noah")
    assert {carriage.people.covered for carriage in desired.carriages} == {1}


def test_chats_have_a_policy_of_their_own_and_cannot_carry_labels() -> None:
    desired = CONNECTOR.realise([duty(), duty(Workload.CHAT)], circumstances(person("mia")))
    assert {one.key: set(one.members) for one in of(desired, Kind.M365_RETENTION_POLICY)} == {
        "keep-r1-1": {"exchange:mia@d.example"},
        "keep-chat-r1-1": {"chat:mia@d.example"},
    }
    (carriage,) = CONNECTOR.realise([duty(Workload.CHAT, carrier=Carrier.LABEL)], circumstances(person("mia"))).carriages
    assert (carriage.standing, carriage.reason) == (StandingValue.NOT_ENFORCEABLE, "label.no_chats")


def test_sites_and_groups() -> None:
    sites = duty(Workload.SITE, selector=Selector(sites=("https://d.sharepoint.com/sites/board",)))
    group = duty(Workload.GROUP, line="R2")
    desired = CONNECTOR.realise([sites, group], circumstances(person("mia")))
    assert [set(one.members) for one in of(desired, Kind.M365_RETENTION_POLICY)] == [
        {"sharepoint:https://d.sharepoint.com/sites/board"},
        {"group:staff@d.example"},
    ]


def capability(write: WriteCapability, read: ReadCapability = ReadCapability.NONE) -> Capability:
    return Capability(kind=Kind.M365_RETENTION_POLICY, read=read, write=write, reason="admin.cmdlet_missing")


@pytest.mark.parametrize(("changes", "more", "standing", "reason"), [
    ({"blocked": "series.unconfirmed"}, {}, StandingValue.GAP, "series.unconfirmed"),
    ({"disposition": Disposition.TRANSITORY}, {}, StandingValue.GAP, "transitory.not_enabled"),
    ({"disposition": Disposition.TRANSITORY, "transitory_enabled": True}, {}, StandingValue.GAP, "transitory.not_enabled"),
    ({"disposition": Disposition.TRANSITORY, "carrier": Carrier.LABEL}, {}, StandingValue.GAP, "transitory.not_enabled"),
    ({"clock": Clock.LABELLED}, {}, StandingValue.NOT_ENFORCEABLE, "policy.clock"),
    ({"clock": Clock.EVENT, "event": "leaving"}, {}, StandingValue.NOT_ENFORCEABLE, "policy.clock"),
    ({"clock": Clock.EVENT, "event": "left", "carrier": Carrier.LABEL}, {}, StandingValue.UNKNOWN, "licences.unread"),
    ({"clock": Clock.EVENT, "event": "left", "carrier": Carrier.LABEL}, {"licences": {"A3": 9}}, StandingValue.NOT_LICENSED, "licence.records_management"),
    ({"clock": Clock.EVENT, "event": "left", "carrier": Carrier.LABEL}, {"licences": {RECORDS: 9}}, StandingValue.GAP, "capability.unproven"),
    ({"selector": Selector(users=("nobody@d.example",))}, {}, StandingValue.GAP, "population.empty"),
    ({}, {"capabilities": (capability(WriteCapability.MISSING),)}, StandingValue.GAP, "admin.cmdlet_missing"),
    ({}, {"capabilities": (capability(WriteCapability.NONE, ReadCapability.UNKNOWN),)}, StandingValue.UNKNOWN, "admin.cmdlet_missing"),
])
def test_what_cannot_be_carried_wants_nothing_and_says_why(
    changes: dict[str, object], more: dict[str, object], standing: StandingValue, reason: str
) -> None:
    desired = CONNECTOR.realise([duty(**changes)], circumstances(person("mia"), **more))  # type: ignore[arg-type]
    assert desired.resources == ()
    (carriage,) = desired.carriages
    assert (carriage.standing, carriage.reason, carriage.carriers) == (standing, reason, ())


def test_labels_that_no_licence_carries_are_not_licensed() -> None:
    reason = "licence.retention_labels: retention labels need A3 or E3 at least, and nobody here has it"
    barred = Capability(kind=Kind.M365_LABEL, read=ReadCapability.FULL, write=WriteCapability.MISSING, reason=reason)
    facts = circumstances(person("mia"), capabilities=(barred,))
    (carriage,) = CONNECTOR.realise([duty(carrier=Carrier.LABEL)], facts).carriages
    assert (carriage.standing, carriage.reason) == (StandingValue.NOT_LICENSED, reason)


def test_what_is_bound_stays_wanted_when_a_capability_is_lost() -> None:
    facts = circumstances(person("mia"), capabilities=(capability(WriteCapability.MISSING),), names={"keep-r1-1": "Recordwarden keep-r1-1"})
    assert [one.key for one in CONNECTOR.realise([duty()], facts).resources] == ["keep-r1-1", "r-keep-r1-1"]


def test_an_unproven_capability_stops_nothing_here() -> None:
    facts = circumstances(person("mia"), capabilities=(capability(WriteCapability.UNPROVEN),))
    assert CONNECTOR.realise([duty()], facts).resources


def test_a_transitory_label_that_was_switched_on_keeps_and_then_deletes() -> None:
    wanted = duty(
        carrier=Carrier.LABEL, disposition=Disposition.TRANSITORY, transitory_enabled=True, term=SECOND_THOUGHTS, clock=Clock.LABELLED
    )
    (label,) = of(CONNECTOR.realise([wanted], circumstances(person("mia"))), Kind.M365_LABEL)
    assert (label.fields["action"], label.fields["trigger"]) == ("keep_and_delete", "labelled")
    assert period_word(label.fields["period"]) == "30", "what the compiler says, the cmdlet takes"


def test_people_without_licence_or_place_are_counted_and_not_ordered() -> None:
    desired = CONNECTOR.realise(
        [duty(), duty(Workload.DRIVE)], circumstances(person("mia"), person("noah", licensed=False), person("zoe", drive=False))
    )
    by_workload = {carriage.workload: carriage for carriage in desired.carriages}
    assert by_workload[Workload.MAIL].people.not_covered == 1
    assert by_workload[Workload.DRIVE].people.not_covered == 2
    assert {carriage.reason for carriage in desired.carriages} == {"people.not_covered"}
    assert not [member for member in of(desired, Kind.M365_RETENTION_POLICY)[0].members if "noah" in member]


def test_nobody_licensed_is_not_licensed() -> None:
    (carriage,) = CONNECTOR.realise([duty()], circumstances(person("mia", licensed=False))).carriages
    assert (carriage.standing, carriage.reason) == (StandingValue.NOT_LICENSED, "people.not_licensed")


def test_an_incomplete_group_makes_the_line_unknown_and_abandons_nobody() -> None:
    pieces = {"keep-r1-1": ["exchange:mia@d.example", "exchange:old@d.example"]}
    desired = CONNECTOR.realise([duty()], circumstances(person("mia"), complete=False, pieces=pieces))
    (policy,) = of(desired, Kind.M365_RETENTION_POLICY)
    assert policy.members == {"exchange:mia@d.example", "exchange:old@d.example"}
    (carriage,) = desired.carriages
    assert carriage.standing is StandingValue.UNKNOWN
    assert (carriage.reason or "").startswith("population.group_incomplete")
    assert (carriage.people.covered, carriage.people.not_covered) == (None, None)


def test_a_duty_that_does_not_speak_of_this_platform_has_no_carriage() -> None:
    google = Population(id="staff", selectors={Platform.GOOGLE_WORKSPACE: Selector(org_units=("/Staff",))})
    desired = CONNECTOR.realise([duty(population=google), duty(Workload.VOICE)], circumstances(person("mia")))
    assert (desired.resources, desired.carriages) == ((), ())


def test_keys_fit_and_differ_however_long_the_line_is() -> None:
    lines = [f"{'a-very-long-line-of-a-policy-' * 3}{number}" for number in range(3)]
    duties = [duty(line=line) for line in lines] + [duty(carrier=Carrier.LABEL, label_keys=(f"{'x' * 38}-{number}",)) for number in range(2)]
    desired = CONNECTOR.realise(duties, circumstances(person("mia")))
    keys = [one.key for one in desired.resources]
    assert all(len(key) <= 40 for key in keys)
    assert len(set(keys)) == len(keys)
    assert len(of(desired, Kind.M365_RETENTION_POLICY)) == 3


def test_a_thousand_and_one_mailboxes_are_two_policies() -> None:
    people = [person(f"p{number:04}", drive=False) for number in range(1001)]
    sizes = sorted(len(one.members) for one in of(CONNECTOR.realise([duty()], circumstances(*people)), Kind.M365_RETENTION_POLICY))
    assert sizes == [1, 1000]


NAMES = st.integers(min_value=0, max_value=40).map(lambda number: f"mail:p{number}")


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(st.frozensets(NAMES), min_size=1, max_size=5), st.integers(min_value=1, max_value=4))
def test_members_stay_in_the_piece_they_were_first_put_in(days: list[frozenset[str]], size: int) -> None:
    pieces: dict[str, Sequence[str]] = {}
    homes: dict[str, str] = {}
    for wanted in days:
        found = in_pieces(wanted, lambda number: f"k{number}", pieces, {"mail": size})
        assert frozenset[str]().union(*found.values()) == wanted
        for key, members in found.items():
            assert all(homes.setdefault(member, key) == key for member in members)
            # Nobody is removed unattended, so a piece is what it was and what came.
            pieces[key] = sorted(set(pieces.get(key, ())) | members)
        assert all(len(members) <= size for members in pieces.values())
        assert set(found) >= set(pieces)


def test_a_piece_that_was_never_made_moves_nobody_out_of_a_later_one() -> None:
    existing = {"k1": ["mail:a", "mail:b"], "k3": ["mail:e", "mail:f"]}
    found = in_pieces({f"mail:{name}" for name in "abcdef"} | {"mail:0"}, lambda number: f"k{number}", existing, {"mail": 2})
    assert found["k3"] == {"mail:e", "mail:f"}
    assert {key: set(members) for key, members in found.items() if key not in existing} == {"k2": {"mail:0", "mail:c"}, "k4": {"mail:d"}}


def source(name: str, workload: Workload, container: str | None = None) -> OrderedSource:
    return OrderedSource(person=f"{name}@d.example", workload=workload, identity_id=f"id-{name}", address=f"{name}@d.example", container=container)


def test_an_order_is_a_case_and_a_hold_with_mailboxes_and_sites() -> None:
    mail, archive = source("mia", Workload.MAIL, "Mia@d.example"), source("mia", Workload.ARCHIVE)
    drive = source("mia", Workload.DRIVE, "https://D-my.sharepoint.com/personal/mia/")
    gone, voice = source("noah", Workload.DRIVE), source("mia", Workload.VOICE)
    left = source("old", Workload.MAIL, ".old@d.example")
    order = HoldOrder(alias="2026-lawsuit", tenant_alias="blue heron", sources=(mail, archive, drive, gone, voice, left))
    ordered = CONNECTOR.realise_hold(order, circumstances())
    case, hold = ordered.resources
    assert (case.kind, case.key, case.name, case.fields["state"]) == (Kind.M365_CASE, "m-blue-heron", "blue heron", "open")
    assert (hold.kind, hold.key, hold.parent, hold.people) == (Kind.M365_HOLD, "m-blue-heron-1", "m-blue-heron", 2)
    assert hold.members == {"mail:mia@d.example", "site:https://d-my.sharepoint.com/personal/mia", "mail:.old@d.example"}
    assert hold.fields == {"enabled": True, "query": "", "description": ""}
    assert ordered.carried[archive] == ordered.carried[mail] == ("m-blue-heron-1", "mail:mia@d.example")
    assert ordered.refused == {gone: "person.no_container", voice: "source.not_here"}
    assert {one.because.matter for one in ordered.resources} == {"2026-lawsuit"}
    assert not [one for one in ordered.resources if "lawsuit" in f"{one.key}{one.name}{one.fields}"]


def test_a_large_order_is_divided_by_the_platforms_limits() -> None:
    sources = tuple(source(f"p{number:03}", Workload.DRIVE, f"https://d-my.sharepoint.com/personal/p{number:03}") for number in range(130))
    ordered = CONNECTOR.realise_hold(HoldOrder(alias="a", tenant_alias="blue heron", sources=sources), circumstances())
    assert [len(one.members) for one in ordered.resources[1:]] == [100, 30]
    held = {one.key: one.members for one in ordered.resources}
    assert all(member in held[key] for key, member in ordered.carried.values())


def test_terms_narrow_a_hold_and_dates_do_not() -> None:
    order = HoldOrder(alias="a", tenant_alias="b", sources=(source("mia", Workload.MAIL),), terms="budget", range_from=datetime(2026, 1, 1, tzinfo=UTC).date())
    assert CONNECTOR.realise_hold(order, circumstances()).resources[1].fields["query"] == "budget"


EVENTS = Capability(kind=Kind.M365_EVENT_TYPE, read=ReadCapability.FULL, write=WriteCapability.PROVEN)


def test_a_label_that_counts_from_an_event_rests_on_its_event_type() -> None:
    facts = circumstances(person("mia"), licences={RECORDS: 9}, capabilities=(EVENTS,))
    duties = [duty(carrier=Carrier.LABEL, clock=Clock.EVENT, event="student-left"), duty(Workload.DRIVE, carrier=Carrier.LABEL, clock=Clock.EVENT, event="student-left")]
    desired = CONNECTOR.realise(duties, facts)
    (event,) = of(desired, Kind.M365_EVENT_TYPE)
    (label,) = of(desired, Kind.M365_LABEL)
    assert (event.key, event.name, event.members) == ("event-student-left", "student-left", frozenset())
    assert (label.fields["trigger"], label.depends_on) == ("event:student-left", (event.key,))
    assert {carriage.carriers[:2] for carriage in desired.carriages} == {(event.key, label.key)}


def test_two_series_that_count_from_one_event_share_its_type_and_a_bound_name_stays() -> None:
    facts = circumstances(person("mia"), licences={RECORDS: 9}, capabilities=(EVENTS,), names={"event-student-left": "Student left"})
    first = duty(carrier=Carrier.LABEL, clock=Clock.EVENT, event="student-left")
    second = duty(carrier=Carrier.LABEL, clock=Clock.EVENT, event="student-left", series="STU-11", label_keys=("stu-11",), label_name="STU-11 File")
    desired = CONNECTOR.realise([first, second], facts)
    assert len(of(desired, Kind.M365_EVENT_TYPE)) == 1
    assert {label.fields["trigger"] for label in of(desired, Kind.M365_LABEL)} == {"event:Student left"}


@pytest.mark.parametrize(("licences", "stages", "changes", "action"), [
    ({RECORDS: 9}, {"Records": ("Records@d.example", "clerk@d.example")}, {}, "review"),
    ({RECORDS: 9}, {"Records": ("records@d.example",)}, {"disposition": Disposition.TRANSFER}, "review"),
    ({RECORDS: 9}, {"Records": ("records@d.example",)}, {"disposition": Disposition.EXPUNGE}, "keep"),
    ({RECORDS: 9}, {"Records": ("records@d.example",)}, {"term": FOREVER}, "keep"),
    ({RECORDS: 9}, {}, {}, "keep"),
    ({"A3": 9}, {"Records": ("records@d.example",)}, {}, "keep"),
    ({}, {}, {}, "keep"),
])
def test_the_end_is_reviewed_where_licensed_and_by_whom_the_tenant_names_else_kept(
    licences: dict[str, int], stages: dict[str, tuple[str, ...]], changes: dict[str, object], action: str
) -> None:
    tenant = Tenant(id="m365", platform=Platform.MICROSOFT365, review_stages=stages)
    facts = circumstances(person("mia"), licences=licences, tenant=tenant)
    (label,) = of(CONNECTOR.realise([duty(carrier=Carrier.LABEL, **changes)], facts), Kind.M365_LABEL)  # type: ignore[arg-type]
    assert label.fields["action"] == action
    assert ("reviewers" in label.fields) is (action == "review")
    if len(stages.get("Records", ())) == 2:
        assert label.fields["reviewers"] == ("Records: clerk@d.example, records@d.example",)


UNREAD: dict[str, int] = {}
REVIEWING = Tenant(id="m365", platform=Platform.MICROSOFT365, review_stages={"Records": ("records@d.example",)})


def test_no_label_that_people_would_review_is_made_while_licences_are_unread() -> None:
    desired = CONNECTOR.realise([duty(carrier=Carrier.LABEL)], circumstances(person("mia"), licences=UNREAD, tenant=REVIEWING))
    assert of(desired, Kind.M365_LABEL) == []
    (carriage,) = desired.carriages
    assert (carriage.standing, carriage.reason) == (StandingValue.UNKNOWN, "licences.unread")


@pytest.mark.parametrize("action", ["review", "keep"])
def test_a_label_that_stands_keeps_its_end_while_licences_are_unread(action: str) -> None:
    """Another end would be another label beside it, which nobody may ever delete."""
    facts = circumstances(
        person("mia"), licences=UNREAD, tenant=REVIEWING, names={"cor-02": "COR-02 Routine correspondence"}, bound={"cor-02": {"action": action}}
    )
    (label,) = of(CONNECTOR.realise([duty(carrier=Carrier.LABEL)], facts), Kind.M365_LABEL)
    assert label.fields["action"] == action


@pytest.mark.parametrize(("licences", "filed"), [({RECORDS: 9}, {"citation": "M1", "reference": "M1-170", "category": "Correspondence"}), ({"A3": 9}, {}), ({}, {})])
def test_a_label_says_where_the_schedule_puts_it_only_where_that_is_licensed(licences: dict[str, int], filed: dict[str, str]) -> None:
    said = duty(carrier=Carrier.LABEL, citation="M1", filing=Filing(number="M1-170", function="Correspondence"))
    desired = CONNECTOR.realise([said], circumstances(person("mia"), licences=licences))
    (label,) = of(desired, Kind.M365_LABEL)
    assert {name: label.fields[name] for name in FILED if name in label.fields} == filed
    (carriage,) = desired.carriages
    assert (carriage.standing, carriage.reason) == (StandingValue.AVAILABLE, None)


def test_what_a_signed_in_person_can_say_at_birth_alone_is_wanted_of_new_labels_only() -> None:
    said = duty(carrier=Carrier.LABEL, citation="M1")
    mine = circumstances(person("mia"), licences={RECORDS: 9})
    theirs = replace(mine, capabilities=(capable(Kind.M365_LABEL, account="a@d.example"),))
    for facts, at_birth in ((mine, frozenset()), (theirs, FILED)):
        (label,) = of(CONNECTOR.realise([said], facts), Kind.M365_LABEL)
        assert (label.fields["citation"], label.at_birth, "citation" in label.lasting) == ("M1", at_birth, not at_birth)


@pytest.mark.parametrize(("clock", "fixed"), [(Clock.CREATED, frozenset()), (Clock.LABELLED, {"period"})])
def test_a_period_from_being_labelled_is_fixed_at_birth(clock: Clock, fixed: set[str]) -> None:
    (label,) = of(CONNECTOR.realise([duty(carrier=Carrier.LABEL, clock=clock)], circumstances(person("mia"))), Kind.M365_LABEL)
    assert label.fixed == fixed


def test_a_new_generation_of_a_label_is_published_beside_the_old_one() -> None:
    facts = circumstances(person("mia"), names={"cor-02": "COR-02 Routine correspondence (2)", "pubr-cor-02-staff-1": "a guid"})
    desired = CONNECTOR.realise([duty(carrier=Carrier.LABEL, clock=Clock.MODIFIED)], facts)
    (rule,) = of(desired, Kind.M365_LABEL_RULE)
    # What a rule publishes is fixed at birth, so the difference makes a second rule in the same policy; the first one stays.
    assert rule.fields["publishes"] == "COR-02 Routine correspondence (2)"


def test_twelve_hundred_people_of_one_matter_stay_in_the_pieces_they_were_first_put_in() -> None:
    def sources(numbers: range) -> tuple[OrderedSource, ...]:
        return tuple(
            OrderedSource(person=f"p{n}", workload=workload, identity_id=f"id-{n}", address=f"p{n:04}@d.example", container=place)
            for n in numbers
            for workload, place in ((Workload.MAIL, f"p{n:04}@d.example"), (Workload.DRIVE, f"https://d-my.sharepoint.com/personal/p{n:04}"))
        )

    first = CONNECTOR.realise_hold(HoldOrder(alias="m", tenant_alias="blue heron", sources=sources(range(1200))), circumstances())
    holds = [one for one in first.resources if one.kind is Kind.M365_HOLD]
    # A hundred sites fill a hold first (M§3.7), so its mailboxes never come near a thousand.
    assert len(holds) == 12
    assert all(sum(member.startswith("site:") for member in hold.members) <= 100 for hold in holds)
    assert all(sum(member.startswith("mail:") for member in hold.members) <= 1000 for hold in holds)
    assert sum(len(hold.members) for hold in holds) == 2400
    assert (len(first.carried), first.refused) == (2400, {})
    pieces = {hold.key: sorted(hold.members) for hold in holds}
    again = CONNECTOR.realise_hold(
        HoldOrder(alias="m", tenant_alias="blue heron", sources=sources(range(-3, 1203))), circumstances(pieces=pieces)
    )
    for hold in again.resources[1:]:
        assert frozenset(pieces.get(hold.key, ())) <= hold.members


def test_people_whose_licence_nobody_knows_are_counted_as_unknown_and_never_as_unlicensed() -> None:
    odd = replace(person("noah", licensed=False), licences_unknown=True)
    carriage = CONNECTOR.realise([duty()], circumstances(person("mia"), odd)).carriages[0]
    assert (carriage.people.covered, carriage.people.not_covered, carriage.people.unknown) == (1, 0, 1)
    alone = CONNECTOR.realise([duty()], circumstances(odd)).carriages[0]
    assert (alone.standing, alone.reason) == (StandingValue.UNKNOWN, "licence.unknown")
    everybody = duty(selector=Selector(all_users=True))
    assert CONNECTOR.realise([everybody], circumstances(odd)).carriages[0].standing is StandingValue.UNKNOWN
