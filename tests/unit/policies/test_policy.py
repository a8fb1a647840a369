"""The policy as values: rows, populations, and lines that contradict each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from policies.duties import Disposition, Selector
from policies.kinds import Platform
from policies.schedule import RecordSeries, is_confirmed, row_digest
from policies.selectors import PopulationForm
from tests.unit.policies.folders import PACKED, POLICY, bent, load, only, problems_of

MS, GOOGLE = Platform.MICROSOFT365, Platform.GOOGLE_WORKSPACE


def row(**more: object) -> RecordSeries:
    return RecordSeries.model_validate({"id": "X-1", "title": "Things", "period": "2 years", **more})


def population(**forms: object) -> dict[Platform, Selector]:
    return dict(PopulationForm.model_validate(forms).population("p").selectors)


# --- rows ------------------------------------------------------------------------------------------------------------------------------------


def test_a_row_that_names_no_disposition_has_the_usual_one() -> None:
    assert row().disposition is Disposition.REVIEW
    assert row(period="permanent").disposition is Disposition.PERMANENT
    assert row(period="none").disposition is Disposition.TRANSITORY
    assert row(period="unknown").disposition is Disposition.REVIEW
    assert row(period=None).retention.term is None


def test_a_row_may_not_know_its_trigger() -> None:
    assert row(trigger=None).counted_from is None
    assert row(trigger="event:left").counted_from is not None


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"disposition": "permanent"}, "disposition permanent with a period"),
        ({"period": "permanent", "disposition": "expunge"}, "period permanent with disposition expunge"),
        ({"period": "none", "disposition": "review"}, "only transitory"),
        ({"disposition": "transitory"}, "transitory records have no period"),
    ],
)
def test_a_row_that_contradicts_itself(more: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        row(**more)


def test_a_row_that_is_no_mapping() -> None:
    with pytest.raises(ValidationError):
        RecordSeries.model_validate("COR-02")


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"period": "3 years"},
        {"trigger": "modified"},
        {"or_until": "audited"},
        {"disposition": "transfer"},
        {"citation": "M2"},
        {"media": "paper"},
        {"official_copy": "paper"},
        {"data_category": "public"},
        {"official_number": "M1-170"},
    ],
)
def test_a_changed_row_is_unconfirmed_again(change: dict[str, object]) -> None:
    confirmed = {"X-1": row_digest(row())}
    assert is_confirmed(row(), confirmed)
    assert not is_confirmed(row(**change), confirmed)


@pytest.mark.parametrize(
    "change", [{"id": "X-2", "formerly": ["X-1"]}, {"note": "read"}, {"source": "PDF"}, {"verification": "verified"}, {"period": "2  YEARS"}, {"function": "Finance", "department": "Board", "authority": "State"}]
)
def test_a_renamed_or_annotated_row_stays_confirmed(change: dict[str, object]) -> None:
    assert is_confirmed(row(**change), {"X-1": row_digest(row())})


def test_the_district_s_row_replaces_the_pack_s_whole(tmp_path: Path) -> None:
    policy = load(tmp_path, policy=PACKED).policy
    rows = [series for series in policy.series if series.id == "COR-02"]
    assert [(series.citation, series.source) for series in rows] == [("M1", None)]
    assert policy.series_of("STU-01") is not None
    assert policy.series_of("NONE") is None
    assert policy.population_of("nobody") is None
    assert [series.id for series in policy.series][:2] == ["COR-01", "COR-02"], "in the pack's order"


def test_without_packs_only_the_district_s_rows(tmp_path: Path) -> None:
    assert {series.id for series in load(tmp_path).policy.series} == {"COR-01", "COR-02"}


@pytest.mark.parametrize("change", ["formerly: [COR-02]", "formerly: [cor-02]", "formerly: [STU-01]"])
def test_an_id_is_never_used_again(tmp_path: Path, change: str) -> None:
    problem = only(problems_of(tmp_path, policy=bent(PACKED, "title: Transitory,", f"title: Transitory, {change},")))
    assert problem.code == "series.id_taken"


def test_ids_that_a_tenant_could_not_tell_apart(tmp_path: Path) -> None:
    policy = bent(POLICY, "id: COR-01, title", "id: COR_02, title")
    assert only(problems_of(tmp_path, policy=policy)).code == "series.id_taken"


# --- populations -----------------------------------------------------------------------------------------------------------------------------


def test_the_contract_s_forms() -> None:
    found = population(m365={"all": "users", "except": {"group": "leavers@d"}}, google=[{"ou": "/Staff"}, {"users": ["Ann@d"]}, {"group": "g@d"}])
    assert found[MS] == Selector(all_users=True, except_=Selector(groups=("leavers@d",)))
    assert found[GOOGLE] == Selector(org_units=("/Staff",), users=("ann@d",), groups=("g@d",))
    assert population(m365={"all": "users", "adaptive": True})[MS] == Selector(all_users=True, adaptive=True)
    assert population(m365={"sites": ["https://x/sites/a"]}) == {MS: Selector(sites=("https://x/sites/a",))}
    assert population(m365={"group": "name:All Staff"}) == {MS: Selector(groups=("name:All Staff",))}


def test_an_exception_of_a_list_stands_on_its_own() -> None:
    found = population(google=[{"ou": "/Staff"}, {"ou": "/Board"}, {"except": [{"users": ["a@d"]}, {"ou": "/Staff/Temps"}]}])
    assert found[GOOGLE].except_ == Selector(users=("a@d",), org_units=("/Staff/Temps",))


@pytest.mark.parametrize(
    ("forms", "says"),
    [
        ({"google": [{"ou": "/A"}, {"ou": "/B", "except": {"users": ["a"]}}]}, "entry of its own"),
        ({"google": {"ou": "/A", "except": {"ou": "/A/B", "except": {"users": ["c"]}}}}, "exception from an exception"),
        ({"google": {"ou": "/A", "group": "g"}}, "a list of two"),
        ({}, "names nobody"),
        ({"m365": []}, "names nobody"),
        ({"m365": {"all": "people"}}, "users"),
        ({"m365": {"group": "g@d", "adaptive": True}}, "adaptive beside something else"),
        ({"m365": {"all": "users", "adaptive": True, "except": {"users": ["a"]}}}, "adaptive beside something else"),
        ({"m365": [{"all": "users", "adaptive": True}, {"users": ["a"]}]}, "adaptive in a list"),
        ({"m365": [{"all": "users", "adaptive": True}, {"except": {"users": ["a"]}}]}, "adaptive in a list"),
    ],
)
def test_populations_that_cannot_be_read_one_way(forms: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        PopulationForm.model_validate(forms)


# --- lines -----------------------------------------------------------------------------------------------------------------------------------

CONTROL = "- {id: C1, text: t, serves: [ST-15], basis: b, method: V, standing: STANDING}"
RULE = "  - {id: R2, series: COR-02, population: staff, workloads: [drive], carrier: label}\ncontrols: []"


def test_two_rules_that_say_the_same_of_the_same_records_contradict_each_other(tmp_path: Path) -> None:
    problem = only(problems_of(tmp_path, policy=bent(POLICY, "controls: []", RULE)))
    assert problem.code == "rule.contradiction"
    assert "R1 and R2" in problem.message
    assert problem.where
    assert problem.where.line == 13


def test_a_transitory_row_is_never_carried_by_a_policy(tmp_path: Path) -> None:
    rule = RULE.replace("COR-02", "COR-01").replace("label", "policy")
    assert only(problems_of(tmp_path, policy=bent(POLICY, "controls: []", rule))).code == "rule.transitory_policy"


@pytest.mark.parametrize("standing", ["enforced", "verified", "attested", "available", "set_by_hand", "pending"])
def test_the_folder_cannot_claim_that_something_holds(tmp_path: Path, standing: str) -> None:
    policy = bent(POLICY, "controls: []", "controls:\n  " + CONTROL.replace("STANDING", standing))
    problem = only(problems_of(tmp_path, policy=policy))
    assert "cannot be claimed" in problem.message


@pytest.mark.parametrize("id_", ["R1", "hold"])
def test_rules_controls_and_the_hold_rule_share_one_set_of_ids(tmp_path: Path, id_: str) -> None:
    control = CONTROL.replace("STANDING", "unknown").replace("id: C1", f"id: {id_}")
    policy = bent(POLICY, "controls: []", f"hold_rule: {{id: hold, text: t, basis: b}}\ncontrols:\n  {control}")
    assert only(problems_of(tmp_path, policy=policy)).code == "folder.twice"


@pytest.mark.parametrize(
    ("line", "code"), [("C1", "deviation.hold"), ("hold", "deviation.hold"), ("R9", "deviation.unknown_line"), ("R1", None), ("C2", None)]
)
def test_a_deviation_never_of_a_hold(tmp_path: Path, line: str, code: str | None) -> None:
    policy = bent(
        POLICY,
        "controls: []\ndeviations: []",
        f"""hold_rule: {{id: hold, text: t, basis: b}}
controls:
  - {{id: C1, text: t, serves: [ST-15], basis: b, method: V}}
  - {{id: C2, text: t, serves: [ST-20], basis: b, method: V}}
deviations:
  - {{id: D1, line: {line}, owner: custodian, reason: r, until: 2027-01-01}}""",
    )
    if code is None:
        assert load(tmp_path, policy=policy).policy.deviations[0].line == line
    else:
        assert only(problems_of(tmp_path, policy=policy)).code == code


@pytest.mark.parametrize(
    ("old", "new"), [("id: COR-01", "id: PROOF0-1"), ("id: R1", "id: proof0"), ("title: Transitory,", "title: Transitory, formerly: [Proof0],")]
)
def test_the_keys_of_proofs_are_reserved(tmp_path: Path, old: str, new: str) -> None:
    assert only(problems_of(tmp_path, policy=bent(POLICY, old, new))).code == "folder.reserved"
