"""``status`` says the worst, and what is not known is never nothing."""

from __future__ import annotations

import os
import signal

import pytest

from tests.acceptance.rehearsal import District

pytestmark = pytest.mark.slow
DAY = 86_400


def test_a_tenant_that_nobody_looked_at_lately_is_unknown(tiny: District) -> None:
    assert tiny.sandbox is not None
    before = tiny.must("status", code=3)
    assert "look.none" in before.codes("warning")
    tiny.run("sync")
    tiny.sandbox.forward(DAY)
    tiny.must("sync")
    assert not {"look.none", "look.old"} & tiny.must("status").codes()
    tiny.sandbox.forward(2 * DAY)
    assert tiny.must("status", code=3).codes("warning") >= {"look.old"}


def test_a_look_at_one_tenant_is_no_look_at_the_other(tiny: District) -> None:
    nowhere = tiny.place / "nowhere.yaml"
    nowhere.write_text("drill: true\ntenants:\n  google:\n    endpoints: {token_uri: 'https://127.0.0.1:9/token'}\n", encoding="utf-8")
    assert tiny.sandbox is not None
    overlays = f"{tiny.sandbox.overlay}{os.pathsep}{nowhere}"
    plan = tiny.run("plan", RECORDWARDEN_OVERLAY=overlays)
    assert plan.code == 3
    tiny.run("--tenant", "m365", "plan")
    assert tiny.run("status").code == 3


def test_a_daemon_that_died_is_the_worst_that_can_be_said(tiny: District) -> None:
    process = tiny.start("serve")
    assert process.stderr is not None
    assert '"daemon.started"' in process.stderr.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=300)
    assert "daemon.dead" in tiny.must("status", code=3).codes("warning")


def test_what_was_not_read_is_said_before_anything_is_nothing(tiny: District) -> None:
    """Without the officer's yes to the admin endpoint nothing of Microsoft's labels and policies can be seen."""
    assert tiny.sandbox is not None
    tiny.sandbox.door("/faults", {"surface": "compliance", "operation": "*", "kind": "status", "status": 403, "when": "before", "times": 9999})
    try:
        drift = tiny.run("drift", RECORDWARDEN_FORMAT="text")
    finally:
        tiny.sandbox.door("/faults", method="DELETE")
    assert drift.code == 3
    assert drift.stdout.index("not read completely") < drift.stdout.index("nothing that was seen")
