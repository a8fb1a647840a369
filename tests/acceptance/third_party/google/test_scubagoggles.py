"""ScubaGoggles, unmodified, reads the tenant and writes its report. Rego runs in regorus, because Open Policy Agent's own program is no package."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

from sandbox.google.seed import AUTH, BOT_ROLE
from sandbox.google.state import state_of
from tests.acceptance.third_party.google.tools import Bench, needs
from tests.unit.sandbox.clients import Door

SCOPES = ("cloud-identity.inboundsso.readonly",)
"""What its own instructions have the administrator enter for delegation beyond what our own application has."""

CHAT = ("GWS.CHAT.1.1v1", "GWS.CHAT.1.2v1", "GWS.CHAT.3.1v1")
"""History on, not for users to change, and on in spaces: what the district had set."""


def _rego_evaluator(folder: Path, python: Path) -> None:
    """A program named ``opa`` that answers ``version`` and ``eval``, as ScubaGoggles calls them."""
    program = folder / "opa"
    program.write_text(
        f"#!{python}\n"
        + dedent(
            """\
            import json, sys
            import regorus
            if sys.argv[1] == "version":
                print("Version: 1.0.0")
                raise SystemExit
            engine = regorus.Engine()
            words = sys.argv[2:]
            for flag, value in zip(words[1::2], words[2::2]):
                if flag == "-i":
                    engine.set_input_json(open(value, encoding="utf-8").read())
                elif flag == "-d":
                    engine.add_policy_from_file(value)
            print(json.dumps([json.loads(engine.eval_rule_as_json(words[0]))]))
            """
        ),
        encoding="utf-8",
    )
    program.chmod(0o755)


def test_reads_the_tenant_and_reports(bench: Bench) -> None:
    program = needs("scubagoggles")
    _rego_evaluator(bench.home, needs("python"))
    state, door = state_of(bench.server.world), Door(bench.server)
    for scope in SCOPES:
        door.console("grant_scope", scope=AUTH + scope)
    # Group settings and licences it reads as the service account itself.
    door.console("assign_role", role=BOT_ROLE, email=state.service_account.email)
    done = bench.run(
        program, "gws", "-c", str(bench.server.folder / "google-sa.json"), "--subjectemail", f"it.director@{state.domain}",
        "--customerid", state.customer_id, "-b", "chat", "drive", "groups", "commoncontrols", "--opapath", str(bench.home),
        "--skipdoh", "--preferreddnsresolvers", "127.0.0.1", "--quiet", "-o", str(bench.home / "out"),
    )  # fmt: skip
    assert done.code == 0, done
    assert "Exception thrown" not in done.err, done.err
    (results,) = (bench.home / "out").rglob("ScubaResults*.json")
    report = json.loads(results.read_text(encoding="utf-8"))
    assert set(report["Results"]) == {"chat", "drive", "groups", "commoncontrols"}
    assert report["MetaData"]["TenantId"] == state.customer_id
    controls = {control["Control ID"]: control for group in report["Results"]["chat"] for control in group["Controls"]}
    told = report["Raw"]["policies"]
    assert told[state.domain]["vault_service_status"] == {"serviceState": "ENABLED"}
    assert told[state.domain]["chat_space_history"] == {"historyState": "HISTORY_ALWAYS_ON"}
    assert told["Students"]["chat_service_status"] == {"serviceState": "DISABLED"}
    assert {name: controls[name]["Result"] for name in CHAT} == dict.fromkeys(CHAT, "Pass")
    assert next((bench.home / "out").rglob("BaselineReports.html")).stat().st_size > 1000
    # The leak detector found it looking for a newer version of itself, and nothing else.
    (elsewhere,) = set(bench.proxy.refused)
    assert "google" not in elsewhere
    assert "retrieving latest" in done.err
    bench.proxy.refused.clear()
