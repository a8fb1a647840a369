"""A district folder: read whole, or refused with everything that is wrong, each with its place and what to write instead."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from policies.district import Mode
from policies.folder import load_folder, load_kept, load_pack, pack_names
from policies.kinds import Kind, Platform
from policies.problems import FolderError, Problem, Severity
from policies.source import SourceError
from tests.unit.policies.folders import DISTRICT, PACKED, POLICY, bent, load, only, problems_of, write


def placed(problem: Problem) -> tuple[str, int | None, int | None]:
    assert problem.where
    return Path(problem.where.file).name, problem.where.line, problem.where.column


def test_a_sound_folder(tmp_path: Path) -> None:
    folder = load(tmp_path)
    assert folder.district.name == "Elm Ridge Public Schools"
    assert folder.district.tenant("m365").platform is Platform.MICROSOFT365
    assert folder.district.tenant("m365").mode is Mode.OBSERVE
    assert folder.problems == ()
    assert folder.digest.startswith("sha256:")
    assert len(folder.digest) == 71
    assert [Path(file.path).name for file in folder.files] == ["district.yaml", "policy.yaml"]
    assert folder.files[1].text == POLICY
    assert folder.where(("rules", 0)).line == 12
    assert folder.policy.row_of("R1") == 12
    assert folder.policy.row_of("R9") is None


def test_a_relative_path_and_a_text_path_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    assert load_folder("here").path == Path("here")


def test_layout_and_order_do_not_change_the_digest_but_words_do(tmp_path: Path) -> None:
    plain = load(tmp_path / "a").digest
    assert load(tmp_path / "b", policy="# a comment\n" + POLICY).digest == plain
    two = bent(POLICY, "controls: []", "  - {id: R2, series: COR-02, population: staff, workloads: [chat], carrier: policy}\ncontrols: []")
    swapped = bent(
        two, "{id: R1, series: COR-02, population: staff, workloads: [mail, drive]", "{id: R0, series: COR-02, population: staff, workloads: [site]"
    )
    assert load(tmp_path / "c", policy=two).digest not in {plain, load(tmp_path / "d", policy=swapped).digest}
    assert load(tmp_path / "e", policy=bent(POLICY, "2 years", "3 years")).digest != plain
    assert load(tmp_path / "f", policy=PACKED).digest != plain, "the pack's rows are part of the policy"


@pytest.mark.parametrize(
    ("old", "new", "code", "at", "says"),
    [
        ("period: 2 years", "period: 6 yeers", "folder.value", "period: 6", "did you mean '6 years'?"),
        ("carrier: policy", "carier: policy", "folder.unknown_key", "carier", "did you mean 'carrier'?"),
        ("carrier: policy", "carrier: polcy", "folder.value", "carrier", "did you mean 'policy'?"),
        ("workloads: [mail, drive]", "workloads: [mail, drve]", "folder.value", "drve", "did you mean 'drive'?"),
        ("workloads: [mail, drive]", "workloads: []", "folder.value", "workloads", "at least 1 item"),
        ("workloads: [mail, drive]", "workloads: [paper]", "folder.value", "workloads", "paper is no workload"),
        ("workloads: [mail, drive]", "workloads: [mail, mail]", "folder.value", "workloads", "names a workload twice"),
        ('number: "3543.31"', "number: 3543.31", "folder.value", "number", "must be text"),
        ("adopted: 2017-03-09", "adopted: soon", "folder.value", "adopted", "date"),
        ("series: COR-02, population", "series: COR-2, population", "rule.unknown_series", "series: COR-2", "did you mean 'COR-02'?"),
        ("population: staff", "population: staf", "rule.unknown_population", "population: staf,", "did you mean 'staff'?"),
        ("packs: []", "packs: [conecticut]", "pack.unknown", "conecticut", "connecticut-education"),
        ("ou: /Staff", "ou: Staff", "folder.value", "ou: Staff", "a path that begins with a slash"),
        ("group: staff@elm.example", "grup: staff@elm.example", "folder.unknown_key", "grup", "did you mean 'group'?"),
        ("{group: staff@elm.example}", "{group: a, users: [b]}", "folder.value", "m365", "a list of two"),
        ("{group: staff@elm.example}", "{}", "folder.value", "m365", "names nobody"),
        ("{group: staff@elm.example}", "{except: {users: [a]}}", "folder.value", "staff", "names nobody"),
        ("trigger: created", "trigger: creatd", "folder.value", "trigger", "did you mean 'created'?"),
        ("period: none, disposition: transitory", "period: none, disposition: review", "folder.value", "{id: COR-01", "only transitory"),
        ("id: COR-01", "id: COR-02", "folder.twice", "id: COR-02, title: Tr", "given twice"),
        ("deviations: []", "transitory: [COR-02]", "rule.not_transitory", "COR-02]", "only a transitory series"),
        ("deviations: []", "transitory: [COR-2]", "rule.unknown_series", "COR-2]", "did you mean"),
        ("deviations: []", "surprise: 1", "folder.unknown_key", "surprise", "known here"),
    ],
)
def test_one_fault_of_the_policy(tmp_path: Path, old: str, new: str, code: str, at: str, says: str) -> None:
    text = bent(POLICY, old, new)
    problem = next(found for found in problems_of(tmp_path, policy=text) if found.code == code)
    before = text[: text.index(at)]
    assert says in f"{problem.message} {problem.next_step}"
    assert placed(problem) == ("policy.yaml", before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert problem.severity is Severity.ERROR
    assert problem.next_step


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    problem = only(problems_of(tmp_path, policy=bent(POLICY, ", carrier: policy", "")))
    assert problem.code == "folder.missing_key"
    assert "'carrier'" in problem.message


def test_everything_wrong_with_both_files_is_told_at_once(tmp_path: Path) -> None:
    district = bent(bent(DISTRICT, "platform: microsoft365", "platform: microsoft"), "roles: [records_custodian]", "roles: []")
    policy = bent(bent(POLICY, "2 years", "6 yeers"), "carrier: policy", "carier: policy")
    found = problems_of(tmp_path, district=district, policy=policy)
    assert {placed(problem)[0] for problem in found} == {"district.yaml", "policy.yaml"}
    assert len(found) == 5, [problem.message for problem in found]


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(FolderError) as caught:
        load_folder(tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["folder.missing", "folder.missing"]


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("id: abcd1234", "id: 12345678", "folder.value", "must be text"),
        ("id: abcd1234", "id: ABC", "folder.value", "exactly 8 lower-case letters or digits"),
        ("id: google, platform", "id: m365, platform", "folder.twice", "given 2 times"),
        ("recordwarden: 1", "recordwarden: 2", "folder.value", "less than or equal to 1"),
        ("recordwarden: 1", "recordwarden: 1\ntimezone: America/New_Yrok", "district.timezone", "America/New_York"),
        ("platform: microsoft365, domain: elm.example", "platform: microsoft365, mode: enforced", "folder.value", "did you mean 'enforce'?"),
        ("domain: elm.example}\n  - {id: google", "visibility_checks: {google.hold: X}}\n  - {id: google", "visibility_check.kind", "no kind of"),
        (
            "domain: elm.example}\n  - {id: google",
            "visibility_checks: {m365.lable: X}}\n  - {id: google",
            "folder.value",
            "did you mean 'm365.label'?",
        ),
    ],
)
def test_one_fault_of_the_district(tmp_path: Path, old: str, new: str, code: str, says: str) -> None:
    problem = only(problems_of(tmp_path, district=bent(DISTRICT, old, new)))
    assert problem.code == code
    assert says in f"{problem.message} {problem.next_step}"


def test_two_officers_cannot_share_a_key(tmp_path: Path) -> None:
    key = "ed25519:" + "A" * 43 + "="
    district = bent(
        DISTRICT,
        "roles: [records_custodian]}",
        f'roles: [records_custodian], key: "{key}"}}\n  - {{id: b, name: B, email: b@x, roles: [counsel], key: "{key}"}}',
    )
    assert only(problems_of(tmp_path, district=district)).code == "folder.twice"


# --- endpoints -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("graph: http://127.0.0.1:8443", "endpoint.not_https"),
        ("graph: 127.0.0.1:8443", "endpoint.not_https"),
        ("graph: https://user:word@host", "endpoint.malformed"),
        ("graph: https://host/x?y=1", "endpoint.malformed"),
        ("graph: https://", "endpoint.malformed"),
        ("graph: 'https://host:port'", "endpoint.malformed"),
        ("authority: https://host/prefix", "endpoint.malformed"),
        ("grap: https://host", "endpoint.unknown"),
        ("vault: https://host", "endpoint.unknown"),
    ],
)
def test_an_endpoint_that_is_refused(tmp_path: Path, endpoint: str, code: str) -> None:
    district = bent(DISTRICT, "domain: elm.example}\n  - {id: google", f"endpoints: {{{endpoint}}}}}\n  - {{id: google")
    problem = only(problems_of(tmp_path, district=district))
    assert problem.code == code
    assert problem.tenant == "m365"
    assert placed(problem)[1] == 7


def test_endpoints_that_are_taken(tmp_path: Path) -> None:
    district = bent(
        DISTRICT,
        "domain: elm.example}\n  - {id: google",
        "endpoints: {graph: 'https://127.0.0.1:8443/graph', authority: 'https://host/'}}\n  - {id: google",
    )
    assert load(tmp_path, district=district).district.tenant("m365").endpoints["graph"] == "https://127.0.0.1:8443/graph"


# --- files that hold secrets -----------------------------------------------------------------------------------------------------------------


def with_credential(credential: str, *, tenant: str = "m365") -> str:
    old = f"{{id: {tenant}, platform: {'microsoft365' if tenant == 'm365' else 'google_workspace'}"
    return bent(DISTRICT, old, f"{old}, credential: {{{credential}}}")


def secret(file: Path, mode: int = 0o600) -> Path:
    file.write_text("made up", encoding="utf-8")
    file.chmod(mode)
    return file


def test_a_credential_file_is_found_beside_the_folder_s_files(tmp_path: Path) -> None:
    home = write(tmp_path / "folder", district=with_credential("certificate_file: keys/app.pem, passphrase_file: /nowhere/else"))
    (home / "keys").mkdir()
    secret(home / "keys" / "app.pem")
    with pytest.raises(FolderError) as caught:
        load_folder(home)
    problem = only(caught.value.problems)
    assert problem.code == "file.missing"
    assert "/nowhere/else" in problem.message
    write(home, district=with_credential("certificate_file: keys/app.pem"))
    credential = load_folder(home).district.tenant("m365").credential
    assert credential
    assert credential.certificate_file == home.absolute() / "keys" / "app.pem"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o440])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    secret(tmp_path / "sa.json", mode)
    problem = only(problems_of(tmp_path, district=with_credential("service_account_file: sa.json, subject: bot@elm.example", tenant="google")))
    assert problem.code == "file.readable_by_others"
    assert problem.next_step.startswith("chmod 600")
    assert problem.tenant == "google"
    assert stat.S_IMODE((tmp_path / "sa.json").stat().st_mode) == mode, "nothing was changed"


@pytest.mark.parametrize(
    ("credential", "tenant", "code"),
    [
        ("client_secret_file: gone", "m365", "file.missing"),
        ("client_secret_file: .", "m365", "file.missing"),
        ("client_secret_file: district.yaml/x", "m365", "file.unreadable"),
        ("passphrase_file: key", "m365", "credential.family"),
        ("client_secret_file: key, certificate_file: key", "m365", "credential.family"),
        ("impersonate: a@b", "m365", "credential.platform"),
        ("managed_identity: true", "google", "credential.platform"),
        ("service_account_file: key, client_id: x", "google", "credential.platform"),
    ],
)
def test_a_credential_that_cannot_be_used(tmp_path: Path, credential: str, tenant: str, code: str) -> None:
    secret(tmp_path / "key")
    assert [problem.code for problem in problems_of(tmp_path, district=with_credential(credential, tenant=tenant))] == [code]


def test_separate_identities_are_checked_too(tmp_path: Path) -> None:
    secret(tmp_path / "reader")
    old = "{id: m365, platform: microsoft365"
    district = bent(DISTRICT, old, f"{old}, credentials: {{read: {{client_secret_file: reader}}, write: {{client_secret_file: writer}}}}")
    problem = only(problems_of(tmp_path, district=district))
    assert problem.code == "file.missing"
    assert "writer" in problem.message


def test_a_ca_bundle_must_be_there_and_may_be_read_by_all(tmp_path: Path) -> None:
    old = "{id: m365, platform: microsoft365"
    district = bent(DISTRICT, old, f"{old}, ca_bundle: ca.pem")
    assert only(problems_of(tmp_path, district=district)).code == "file.missing"
    secret(tmp_path / "ca.pem", 0o644)
    assert load(tmp_path, district=district).district.tenant("m365").ca_bundle == tmp_path / "ca.pem"


# --- overlays --------------------------------------------------------------------------------------------------------------------------------


def overlay(home: Path, text: str, name: str = "overlay.yaml") -> Path:
    home.mkdir(exist_ok=True)
    file = home / name
    file.write_text(text, encoding="utf-8")
    return file


def test_an_overlay_sets_what_it_may_and_is_remembered(tmp_path: Path) -> None:
    first = overlay(
        tmp_path / "far",
        "drill: true\ntenants:\n  m365:\n    endpoints: {graph: 'https://127.0.0.1:9/g'}\n    ca_bundle: ca.pem\n    visibility_checks: {m365.label: Canary}\n",
    )
    second = overlay(tmp_path / "far", "tenants: {m365: {endpoints: {authority: 'https://127.0.0.1:9'}, domain: other.example}}", "second.yaml")
    secret(tmp_path / "far" / "ca.pem", 0o644)
    folder = load_folder(write(tmp_path / "home"), [first, str(second)])
    tenant = folder.district.tenant("m365")
    assert folder.district.drill
    assert tenant.endpoints == {"graph": "https://127.0.0.1:9/g", "authority": "https://127.0.0.1:9"}, "endpoints are laid over key by key"
    assert tenant.ca_bundle == tmp_path / "far" / "ca.pem", "relative to the overlay"
    assert tenant.domain == "other.example"
    assert tenant.visibility_checks == {Kind.M365_LABEL: "Canary"}
    assert set(folder.overlaid) == {
        "drill",
        "tenants.m365.endpoints.graph",
        "tenants.m365.ca_bundle",
        "tenants.m365.visibility_checks.m365.label",
        "tenants.m365.endpoints.authority",
        "tenants.m365.domain",
    }
    assert len(folder.files) == 4
    assert folder.digest == load_folder(tmp_path / "home").digest, "an overlay says nothing about the policy"


def test_a_credential_in_an_overlay_replaces_the_folder_s_whole(tmp_path: Path) -> None:
    secret(tmp_path / "s")
    over = overlay(tmp_path, "tenants: {m365: {credential: {client_secret_file: s}}}")
    home = write(tmp_path / "home", district=with_credential("certificate_file: gone.pem"))
    credential = load_folder(home, [over]).district.tenant("m365").credential
    assert credential
    assert (credential.certificate_file, credential.client_secret_file) == (None, tmp_path / "s")


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("name: Other", "overlay.not_allowed", "cannot set 'name'"),
        ("dril: true", "overlay.not_allowed", "did you mean 'drill'?"),
        ("tenants: {m365: {mode: enforce}}", "overlay.not_allowed", "cannot set 'mode'"),
        ("tenants: {m365: {endpoint: {}}}", "overlay.not_allowed", "did you mean 'endpoints'?"),
        ("tenants: {m356: {domain: x}}", "overlay.unknown_tenant", "did you mean 'm365'?"),
        ("tenants: [m365]", "overlay.tenants", "names tenants by id"),
        ("tenants: {m365: sandbox}", "folder.value", "must be a mapping"),
        ("tenants: {m365: {endpoints: {graph: 'http://x'}}}", "endpoint.not_https", "plain http"),
        ("tenants: {m365: {endpoints: [x]}}", "folder.value", "endpoints"),
        ("tenants: {m365: {credential: x}}", "folder.value", "credential"),
        ("tenants: {m365: {ca_bundle: 1}}", "folder.value", "ca_bundle"),
    ],
)
def test_an_overlay_that_is_refused(tmp_path: Path, text: str, code: str, says: str) -> None:
    problem = only(problems_of(tmp_path, overlay(tmp_path, text)))
    assert problem.code == code
    assert says in problem.message
    assert placed(problem)[0] == "overlay.yaml"


def test_an_overlay_that_is_not_there(tmp_path: Path) -> None:
    assert only(problems_of(tmp_path, tmp_path / "none.yaml")).code == "folder.missing"


def test_an_overlay_over_a_district_whose_tenants_have_no_shape(tmp_path: Path) -> None:
    district = DISTRICT[: DISTRICT.index("tenants:")] + "tenants: nothing\n"
    codes = [problem.code for problem in problems_of(tmp_path, overlay(tmp_path, "tenants: {m365: {domain: x}}"), district=district)]
    assert codes == ["overlay.unknown_tenant", "folder.value"]
    district = DISTRICT[: DISTRICT.index("tenants:")] + "tenants: [m365]\n"
    assert only(problems_of(tmp_path, district=district)).code == "folder.value"


# --- packs and kept texts ----------------------------------------------------------------------------------------------------------------------


def test_packs_are_found_by_name() -> None:
    assert "connecticut-education" in pack_names()
    with pytest.raises(SourceError):
        load_pack("nowhere")


def test_a_pack_out_of_shape_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.yaml").write_text("recordwarden: 1\npack: broken\n", encoding="utf-8")
    monkeypatch.setattr("policies.folder.PACKS", tmp_path)
    with pytest.raises(SourceError) as caught:
        load_pack("broken")
    assert {problem.code for problem in caught.value.problems} == {"folder.missing_key"}


def test_a_kept_folder_loads_without_its_key_files(tmp_path: Path) -> None:
    district, policy = load_kept(POLICY, with_credential("certificate_file: gone.pem"), tmp_path)
    assert policy.digest == load(tmp_path).digest
    credential = district.tenant("m365").credential
    assert credential
    assert credential.certificate_file == tmp_path / "gone.pem"


@pytest.mark.parametrize(("policy", "district"), [(bent(POLICY, "2 years", "6 yeers"), DISTRICT), (POLICY, bent(DISTRICT, "id: abcd1234", "id: x"))])
def test_a_kept_folder_that_no_longer_fits(tmp_path: Path, policy: str, district: str) -> None:
    with pytest.raises(FolderError):
        load_kept(policy, district, tmp_path)
