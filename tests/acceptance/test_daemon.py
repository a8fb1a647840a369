"""``serve``, ``work`` and ``status`` as processes."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest

from tests.acceptance.rehearsal import District

pytestmark = pytest.mark.slow

LONG = 300.0


def logged(line: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(line)
    return found


def test_serve_does_its_jobs_and_ends_as_told(district: District) -> None:
    process = district.start("serve")
    assert process.stderr is not None
    seen: list[dict[str, object]] = []
    for line in process.stderr:
        seen.append(logged(line))
        if seen[-1]["event"] == "job.ended" and seen[-1]["chore"] == "sync":
            break
    alive = district.run("status")
    process.send_signal(signal.SIGTERM)
    stdout, rest = process.communicate(timeout=LONG)
    seen += [logged(line) for line in rest.splitlines()]
    document = json.loads(stdout)

    assert process.returncode == document["exit"] == 143
    assert document["schema"] == "recordwarden/serve/1"
    ended = [one for one in seen if one["event"] == "job.ended"]
    assert [one["chore"] for one in ended[:2]] == ["holds", "sync"]
    assert ended[1]["run"] is not None
    assert document["result"] == {"jobs": len(ended)}
    assert seen[-1]["event"] == "daemon.ended"
    assert all({"at", "level", "district"} <= one.keys() for one in seen)
    assert alive.result["daemon"]["alive"] is True
    assert alive.result["daemon"]["last_tick"] is not None
    assert alive.result["jobs"]["done"] >= 2
    after = district.run("status").result["daemon"]
    assert after == {"alive": False, "last_tick": None, "reason": "daemon.none"}


def test_serve_logs_no_credential(district: District) -> None:
    assert district.sandbox is not None
    process = district.start("serve")
    assert process.stderr is not None
    text = ""
    for line in process.stderr:
        text += line
        if '"sync"' in line and "job.ended" in line:
            break
    process.send_signal(signal.SIGINT)
    stdout, rest = process.communicate(timeout=LONG)
    text += rest + stdout
    assert process.returncode == 130
    secret = (district.sandbox.folder / "m365-secret.txt").read_text(encoding="utf-8").strip()
    assert secret not in text
    assert not re.search(r"eyJ[A-Za-z0-9_-]{8,}\.|-----BEGIN|ya29\.", text)


def test_a_killed_daemon_is_seen_to_be_dead_and_leaves_its_place_at_once(district: District) -> None:
    process = district.start("serve")
    assert process.stderr is not None
    assert logged(process.stderr.readline())["event"] == "daemon.started"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=LONG)
    assert district.run("status").result["daemon"]["alive"] is False
    second = district.start("--lock-wait", "0", "serve")
    assert second.stderr is not None
    try:
        assert logged(second.stderr.readline())["event"] == "daemon.started"
    finally:
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=LONG)


def test_there_is_one_daemon(district: District) -> None:
    first = district.start("serve")
    assert first.stderr is not None
    first.stderr.readline()
    try:
        second = district.run("--lock-wait", "0", "serve")
    finally:
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=LONG)
    assert second.code == 1
    assert second.codes("error") == {"lease.held"}


def test_work_once_brings_the_tenants_to_the_policy_and_says_so(district: District) -> None:
    first = district.must("work", "--once")
    assert [(job["kind"], job["ok"]) for job in first.result["jobs"]] == [("holds", True), ("sync", True)]
    stands = district.run("status")
    assert stands.code == 5, "what was sent is not in force yet"
    again = district.must("work", "--once")
    assert all(not set(job["changes"]) & {"sent", "accepted", "effective"} for job in again.result["jobs"])


def test_work_says_once(district: District) -> None:
    said = district.run("work")
    assert said.code == 64
    assert said.document["schema"] == "recordwarden/usage/1"


def leading_nowhere(district: District) -> str:
    """The overlays of the district with both tenants behind a port where nobody listens."""
    nowhere = district.place / "nowhere.yaml"
    nowhere.write_text(
        "drill: true\ntenants:\n  m365:\n    endpoints: {authority: 'https://127.0.0.1:9', graph: 'https://127.0.0.1:9/graph'}\n"
        "  google:\n    endpoints: {token_uri: 'https://127.0.0.1:9/token'}\n",
        encoding="utf-8",
    )
    assert district.sandbox is not None
    return f"{district.sandbox.overlays()}{os.pathsep}{nowhere}"


def test_a_tenant_that_does_not_answer_is_a_job_that_failed_and_each_is_told(district: District) -> None:
    said = district.run("work", "--once", RECORDWARDEN_OVERLAY=leading_nowhere(district))
    assert said.code == 1
    failed = next(job for job in said.result["jobs"] if job["kind"] == "sync")
    assert not failed["ok"]
    assert failed["code"] in said.codes("error")
    assert {one["tenant"] for one in said.document["problems"] if one["severity"] == "error"} == {None, "m365", "google"}
    assert district.run("status").code == 3


def test_the_daemon_logs_what_its_runs_hand_back(district: District) -> None:
    process = district.start("serve", RECORDWARDEN_OVERLAY=leading_nowhere(district))
    assert process.stderr is not None
    seen: list[dict[str, object]] = []
    while not seen or seen[-1].get("chore") != "sync":
        seen.append(logged(process.stderr.readline()))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=LONG)
    told = [one for one in seen if one["event"] == "problem" and one.get("job") == seen[-1]["job"]]
    assert seen[-1]["code"] in {one["code"] for one in told}
    assert {one["tenant"] for one in told if one["level"] == "error"} == {"m365", "google"}
    assert all({"code", "tenant", "subject"} <= one.keys() and "words" not in one for one in told)


@pytest.mark.parametrize(("words", "code"), [(("status",), 3), (("explain", "--person-file", "people.txt"), 3), (("work", "--once"), 0)])
def test_a_broken_folder_keeps_the_last_good_one(district: District, words: tuple[str, ...], code: int) -> None:
    (district.place / "people.txt").write_text("hattie.stonecroft@harbormill.example\n", encoding="utf-8")
    (district.folder / "policy.yaml").write_text("rules: [", encoding="utf-8")
    said = district.run(*words)
    assert "folder.last_good" in said.codes("warning")
    assert said.document["result"] is not None
    assert said.code == code, said.stdout
