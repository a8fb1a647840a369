"""The sandbox as a process, with both tenants."""

from __future__ import annotations

import http.client
import json
import signal
import ssl
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML


def test_a_process_says_when_it_is_ready_serves_both_tenants_and_ends_cleanly(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    clock.write_text("2026-10-05T14:30:00Z", encoding="utf-8")
    state = tmp_path / "state"
    command = [sys.executable, "-m", "sandbox", str(state), "--profile", "tiny", "--clock-file", str(clock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline().strip()
            told = json.loads((state / "sandbox.json").read_text(encoding="utf-8"))
            assert ready == f"sandbox ready {told['base_url']}"
            assert told["pid"] == process.pid
            assert set(told["endpoints"]) == {"m365", "google"}
            overlay = YAML(typ="safe").load(state / "overlay.yaml")
            assert overlay["drill"] is True
            assert set(overlay["tenants"]) == {"m365", "google"}
            for tenant in overlay["tenants"].values():
                assert (state / tenant["ca_bundle"]).exists()
            assert ask(told, state, "/_door/clock") == {"now": "2026-10-05T14:30:00Z"}
            assert set(ask(told, state, "/_door/state")) == {"m365", "google"}
        finally:
            process.send_signal(signal.SIGTERM)
            rest, complaints = process.communicate(timeout=30)
    assert (process.returncode, rest, complaints) == (0, "", "")
    assert not (state / "sandbox.json").exists()


def ask(told: dict[str, str], state: Path, path: str) -> dict[str, object]:
    context = ssl.create_default_context(cafile=state / told["ca"])
    connection = http.client.HTTPSConnection("127.0.0.1", int(told["port"]), context=context, timeout=20)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {told['door_token']}"})
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    assert isinstance(answer, dict)
    return answer
