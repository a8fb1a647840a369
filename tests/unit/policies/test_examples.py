"""The shipped folders and the pack: sound, faithful, honest about what was verified, and complete in their obligations."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from policies.check import CheckResult, check
from policies.compiler import compile_policy
from policies.duties import Carrier, StandingValue
from policies.folder import Folder, load_folder, load_pack
from policies.periods import PeriodKind
from policies.policy import Method
from policies.schedule import Verification, row_digest
from policies.schema import MODELS, SCHEMAS, schema_text, write_schemas

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
TODAY = date(2026, 11, 2)


def example(name: str) -> Folder:
    return load_folder(EXAMPLES / name)


def findings(name: str) -> CheckResult:
    return check(example(name), None, TODAY)


def told(result: CheckResult, code: str) -> list[str]:
    return [problem.message for problem in result.problems if problem.code == code]


# --- obligations -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "obligations"),
    [("stonington", [f"ST-{number:02}" for number in range(1, 32)]), ("stafford", [f"SF-{number:02}" for number in range(1, 10)])],
)
def test_every_obligation_of_the_policy_is_a_control_of_its_own(name: str, obligations: list[str]) -> None:
    served = [obligation for control in example(name).policy.controls for obligation in control.serves]
    assert served == obligations


@pytest.mark.parametrize("name", ["stonington", "stafford", "demo"])
def test_no_control_claims_what_was_not_found_out(name: str) -> None:
    for control in example(name).policy.controls:
        assert control.standing in {StandingValue.UNKNOWN, StandingValue.GAP, StandingValue.NOT_ENFORCEABLE}
        assert control.reason, f"{control.id} does not say why"
        if control.method is Method.OUT_OF_REACH:
            assert control.standing is StandingValue.NOT_ENFORCEABLE


def test_stonington_s_hold_duty_is_a_hold_rule_and_stafford_has_none() -> None:
    rule = example("stonington").policy.hold_rule
    assert rule is not None
    assert set(rule.serves) == {"ST-05", "ST-15", "ST-16"}
    assert told(findings("stonington"), "policy.no_hold_rule") == []
    assert len(told(findings("stafford"), "policy.no_hold_rule")) == 1
    absent = next(control for control in example("stafford").policy.controls if control.serves == ("SF-09",))
    assert absent.standing is StandingValue.GAP


def test_superseded_sources_are_found_where_the_policies_cite_them() -> None:
    stonington = " ".join(told(findings("stonington"), "citation.superseded"))
    assert all(source in stonington for source in ("98-1", "Schedule V", "CGS 1-15", "37(e)"))
    stafford = " ".join(told(findings("stafford"), "citation.superseded"))
    assert all(source in stafford for source in ("1-19(b)(11)", "Schedule V"))
    assert told(findings("demo"), "citation.superseded") == []


def test_stonington_lets_content_and_function_decide() -> None:
    assert {rule.carrier for rule in example("stonington").policy.rules} == {Carrier.LABEL}
    assert example("stafford").policy.rules == (), "the policy states no period"


@pytest.mark.parametrize("name", ["stonington", "stafford"])
def test_a_rendering_can_reach_nobody_and_writes_nothing(name: str) -> None:
    folder = example(name)
    assert all(not tenant.endpoints and tenant.credential is None and tenant.credentials is None for tenant in folder.district.tenants)
    assert all(officer.key is None for officer in folder.district.officers)
    assert all(duty.blocked for duty in compile_policy(folder.policy, folder.district, {}))


# --- the demonstration -----------------------------------------------------------------------------------------------------------------------


def test_the_demonstration_can_be_confirmed_whole() -> None:
    folder = example("demo")
    known = {row.id: row_digest(row) for row in folder.policy.series}
    duties = compile_policy(folder.policy, folder.district, known)
    assert {duty.blocked for duty in duties} == {None}
    assert {duty.carrier for duty in duties} == {Carrier.POLICY, Carrier.LABEL}
    assert {duty.population.id for duty in duties} == {"staff", "board", "students"}
    assert len({duty.series for duty in duties}) == 12
    assert folder.district.drill
    assert [officer.id for officer in folder.district.officers] == ["custodian", "deputy", "superintendent", "counsel", "chair", "itdirector"]


def test_the_demonstration_lives_in_the_sandbox_s_district() -> None:
    from sandbox.people import DOMAIN  # the only place where the two meet

    folder = example("demo")
    text = (EXAMPLES / "demo" / "policy.yaml").read_text(encoding="utf-8")
    addresses = [word.strip("{},[]") for word in text.split() if "@" in word]
    assert addresses
    assert {address.partition("@")[2] for address in addresses} == {DOMAIN}
    assert {tenant.domain for tenant in folder.district.tenants} == {DOMAIN}


# --- the pack --------------------------------------------------------------------------------------------------------------------------------


def test_no_row_of_the_pack_pretends_to_be_verified() -> None:
    pack = load_pack("connecticut-education")
    for row in pack.series:
        assert row.verification is not Verification.VERIFIED, row.id
        assert row.official_number is None, row.id
        assert row.citation, row.id
        if row.verification is Verification.SECONDARY:
            assert row.source, f"{row.id} does not say who says so"
        if row.retention.kind is PeriodKind.UNKNOWN:
            assert row.note or row.source, f"{row.id} does not say what is unknown"


def test_what_was_in_doubt_has_no_period() -> None:
    rows = {row.id: row for row in load_pack("connecticut-education").series}
    doubtful = ["ADM-02", "ADM-03", "ADM-08", "ADM-10", "STU-14", "STU-16", "PER-01", "PER-02", "PER-07", "FIS-03", "IT-01"]
    assert all(rows[id_].retention.kind is PeriodKind.UNKNOWN for id_ in doubtful)
    assert (rows["COR-02"].retention.term, rows["STU-01"].retention.term, rows["STU-11"].retention.term) == (731, 18263, 2192)


def test_the_pack_s_rows_write_nothing_until_confirmed() -> None:
    folder = example("stonington")
    assert {duty.blocked for duty in compile_policy(folder.policy, folder.district, {})} <= {"series.unconfirmed", "series.period_unknown"}


# --- schemas ---------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_schema_on_disk_is_the_model_s(name: str, tmp_path: Path) -> None:
    assert (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8") == schema_text(name), "write them anew: policies.schema.write_schemas()"
    assert {file.name for file in write_schemas(tmp_path)} == {f"{known}.schema.json" for known in MODELS}


def test_the_schema_knows_the_keys_of_the_contract() -> None:
    policy = json.loads(schema_text("policy"))
    assert set(policy["properties"]) >= {"recordwarden", "policy", "schedule", "populations", "rules", "controls", "deviations", "transitory"}
    assert policy["additionalProperties"] is False
    rule = policy["$defs"]["Rule"]["properties"]
    assert set(rule) >= {"id", "series", "population", "workloads", "carrier"}
    district = json.loads(schema_text("district"))
    assert set(district["properties"]) >= {
        "id",
        "name",
        "timezone",
        "calendar",
        "officers",
        "tenants",
        "thresholds",
        "systems",
        "deliveries",
        "timeouts",
        "drill",
    }
    forms = policy["$defs"]["PopulationForm"]["properties"]["m365"]["anyOf"]
    assert {"array"} <= {form.get("type") for form in forms}, "a list of forms, or one alone"
    assert any("$ref" in form for form in forms)


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_an_example_is_plain_yaml_for_any_reader(file: Path) -> None:
    assert isinstance(YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8")), dict)
