"""``make demo``: a made-up district's policy reaches two clouds, is changed behind its back, repaired, meets a lawsuit, and reports to its board."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recordwarden.drill.story import Stage, UnexpectedEndError

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
MARK = "made-by-recordwarden-demo"
OFFICERS = ("custodian", "deputy", "superintendent", "counsel", "chair")


def main() -> int:
    """Tell the story in ``var/demo``; 0 when every step ended as it says."""
    stage = Stage(root=_fresh(ROOT / "var" / "demo"), shown=ROOT)
    try:
        _begin(stage)
        _check(stage)
        _doctor(stage)
        _inventory(stage)
        labels = _plan_and_sync(stage)
        _changed_outside(stage, labels)
        _lawsuit(stage)
        _report(stage)
        _proof(stage)
    except UnexpectedEndError as error:
        sys.stderr.write(f"\nThe demo stopped: {error}\n")
        return 1
    finally:
        if (stage.sandbox / "sandbox.json").exists():
            stage.run("sandbox", "stop", "--state", str(stage.sandbox), quiet=True)
    stage.tell("", "That was the whole story. What it left behind is in var/demo/: the district folder, the store, the report, the journal.")
    return 0


def _fresh(root: Path) -> Path:
    """An empty folder for the story; one that is not ours is left alone."""
    if root.exists():
        if not (root / MARK).exists():
            raise SystemExit(f"{root} is not a demo's folder; move it away and run again.")
        shutil.rmtree(root)
    root.mkdir(parents=True)
    (root / MARK).touch()
    return root


def _signed(stage: Stage, officer: str) -> tuple[str, ...]:
    return ("--as", officer, "--key", str(stage.root / "keys" / f"{officer}.pem"))


def _begin(stage: Stage) -> None:
    stage.screen.say("Recordwarden: the demo. Everything below is made-up data on this machine.", "bold")
    shutil.copytree(EXAMPLES / "demo", stage.folder)
    for order in ("matter.yaml", "request.yaml"):
        (stage.folder / order).chmod(0o600)
    (stage.root / "keys").mkdir(mode=0o700)
    stage.clock.write_text("+0\n", encoding="utf-8")
    district = stage.folder / "district.yaml"
    text = district.read_text(encoding="utf-8")
    for officer in OFFICERS:
        made = stage.ask("officer", "keygen", "--out", str(stage.root / "keys" / f"{officer}.pem"))
        text = text.replace(f"{{id: {officer},", f'{{id: {officer}, key: "{_result(made)["public_key"]}",')
    district.write_text(text, encoding="utf-8")
    stage.run("sandbox", "start", "--state", str(stage.sandbox), "--clock-file", str(stage.clock), "--background")


def _result(answer: Mapping[str, object]) -> Mapping[str, object]:
    result = answer["result"]
    if not isinstance(result, dict):
        raise UnexpectedEndError("an answer has no result")
    return result


def _check(stage: Stage) -> None:
    stage.chapter(1, "Two real policies, and what an honest reading finds in them")
    stage.run("-C", str(EXAMPLES / "stonington"), "check")
    stage.run("-C", str(EXAMPLES / "stafford"), "check")
    stage.tell("", "From here on: the made-up district, whose officers have compared its rows with the schedule and sign that.")
    rows = _result(stage.ask("check"))["series"]
    used = [row["id"] for row in rows if isinstance(row, dict) and row.get("used")] if isinstance(rows, list) else []
    schedule = stage.root / "official-schedule.txt"
    schedule.write_text("Made up for the demo: a page that stands for the State Library's M1, M2, M3 and M8.\n", encoding="utf-8")
    stage.run(*_signed(stage, "custodian"), "series", "confirm", *used, "--schedule", str(schedule), "--page", "1")


def _doctor(stage: Stage) -> None:
    stage.chapter(2, "What each tenant allows, and why not")
    stage.run("doctor", ends=(0, 3))
    stage.tell("", "Microsoft's admin endpoint is undocumented and stays off until an officer accepts that, by name.")
    stage.run(*_signed(stage, "superintendent"), "attest", "admin-endpoint/m365", "--until", "2027-06-30")
    stage.run(*_signed(stage, "custodian"), "doctor", "--prove", ends=(0, 3))


def _inventory(stage: Stage) -> None:
    stage.chapter(3, "What deletes today, which holds exist, what could not be read")
    stage.run("inventory", ends=(0, 3))


def _plan_and_sync(stage: Stage) -> tuple[str, ...]:
    """Returns the display names of the labels that the policy makes."""
    stage.chapter(4, "What a run would do")
    stage.run("plan", ends=(2, 3))
    labels = tuple(str(change["vendor"]["name"]) for change in _changes(stage.ask("plan", ends=(2, 3))) if change["kind"] == "m365.label")
    stage.chapter(5, "Doing it, and doing it again")
    stage.run("sync", ends=(5,))
    stage.later(3600, "an hour later the platforms have distributed it")
    stage.run("sync", ends=(0,))
    stage.tell("", "A public-records request comes in; two people's mail is held.")
    with stage.time_passing():
        stage.run(
            *_signed(stage, "custodian"), "hold", "open", "--file", str(stage.folder / "request.yaml"), "--wait-for", "effective", "--timeout", "7200"
        )
    return labels


def _changed_outside(stage: Stage, labels: tuple[str, ...]) -> None:
    stage.chapter(6, "Somebody at work in the vendors' consoles")
    hold = str(_result(stage.ask("hold", "status", "bus-contract", ends=(0, 4, 5)))["matter"]["tenant_alias"])  # type: ignore[index]  # the contract's matter
    _console(stage, "m365", "set_label_period", f"name={labels[0]}", "days=30")
    _console(stage, "m365", "set_label_period", f"name={labels[1]}", "days=36500")
    _console(stage, "m365", "delete_hold", f"hold={hold}")
    _console(stage, "m365", "disable_policy", "name=Purge student mail")
    stage.later(7200, "two hours later the vendor's log has caught up")
    stage.run("drift", ends=(2,))
    stage.run("sync", ends=(4,))
    stage.tell(
        "",
        "The short label and the hold are back; the purge stays off, for nobody is asked to delete. The long label may only be shortened by two officers.",
    )
    stage.run("hold", "status", "bus-contract", ends=(0, 4, 5))
    plan = stage.ask("plan", ends=(2, 3))
    digest, change = str(_result(plan)["digest"]), _refused(plan)
    stage.run(*_signed(stage, "superintendent"), "approve", change)
    stage.run(*_signed(stage, "counsel"), "approve", change)
    stage.run("apply", digest[:12], ends=(0, 5))
    stage.later(3600, "another hour")
    stage.run("sync", ends=(0, 2))


def _changes(plan: Mapping[str, object]) -> list[dict[str, Any]]:
    """Every change of a plan."""
    tenants = plan["tenants"]
    if not isinstance(tenants, dict):
        raise UnexpectedEndError("a plan without tenants")
    return [change for tenant in tenants.values() for change in tenant["changes"]]


def _refused(plan: Mapping[str, object]) -> str:
    """The change that two officers have to approve."""
    for change in _changes(plan):
        if change["direction"] == "weakens":
            return str(change["id"])
    raise UnexpectedEndError("the plan holds nothing that two officers have to approve")


def _console(stage: Stage, tenant: str, act: str, *values: str) -> None:
    stage.run("sandbox", "console", tenant, act, "--state", str(stage.sandbox), *values)


def _lawsuit(stage: Stage) -> None:
    stage.chapter(7, "The lawsuit")
    stage.tell("A contractor sues. Twelve people in both clouds, two paper places. Nobody has to sign anything first.")
    with stage.time_passing():
        stage.run("hold", "open", "--file", str(stage.folder / "matter.yaml"), "--wait-for", "effective", "--timeout", "7200", ends=(0, 5))
    stage.run("hold", "status", "gymnasium-roof", ends=(0, 5))


def _report(stage: Stage) -> None:
    stage.chapter(8, "The month's report for the board")
    month = str(stage.ask("journal", "head")["at"])[:7]
    stage.run("report", "board", "--month", month, "--out", str(stage.root / "report"))


def _proof(stage: Stage) -> None:
    stage.chapter(9, "Proof")
    stage.run("journal", "verify")
    exported = stage.root / "journal.jsonl"
    stage.run("journal", "export", "--out", str(exported))
    forged = stage.root / "journal-forged.jsonl"
    lines = exported.read_bytes().splitlines(keepends=True)
    lines[9] = lines[9].replace(b'"', b"'", 1)
    forged.write_bytes(b"".join(lines))
    stage.tell("", "A copy with one byte changed:")
    stage.run("journal", "verify", str(forged), ends=(6,))
    person = stage.root / "person.txt"
    person.write_text("june.swanmere@harbormill.example\n", encoding="utf-8")
    stage.tell("", "One person is erased, by two officers; the chain still holds.")
    stage.run(*_signed(stage, "counsel"), "journal", "erase", "--person-file", str(person), ends=(0, 4))
    stage.run(*_signed(stage, "custodian"), "journal", "erase", "--person-file", str(person))
    stage.run("journal", "verify")


if __name__ == "__main__":
    raise SystemExit(main())
