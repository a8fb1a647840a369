"""``make demo``: a made-up district's policy reaches two made-up clouds, is changed behind its back, repaired, sued, reported."""

from __future__ import annotations

import fcntl
import re
import shutil
import sys
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text
from ruamel.yaml import YAML

from recordwarden.clock import DrillClock, SystemClock
from recordwarden.drill.stage import Stage, StoryError, fresh
from recordwarden.exits import Exit

OFFICERS = ("custodian", "deputy", "superintendent", "counsel", "chair")
ROWS = ("COR-02", "COR-03", "ADM-01", "ADM-06", "ADM-07", "ADM-08", "ADM-11", "PER-03", "FIS-01", "STU-01", "STU-11", "STU-19")
DISTRICT = "hm7kq2x4"
"""The made-up district's id, as examples/demo has it: it stands in every mark."""
SCHEDULE = "official-schedule.txt"
"""Made up, as its first words say."""
MINUTE, HOUR, DAY = 60, 3600, 86400
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def main() -> int:
    """Tell the story; 0 when every command ended as the story says."""
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    folder = Path("var/demo").absolute()
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print("The story is being told here already; wait for its end.")
            return 1
        return _told(console, folder)


def _told(console: Console, folder: Path) -> int:
    clock = SystemClock()
    begun = clock.monotonic()
    _end_old_sandbox(folder)
    stage = Stage(fresh(folder), console)
    try:
        prepare(stage)
        for tell in (checks, doctors, inventories, plans, syncs, behind_the_back, lawsuit, report, proof):
            tell(stage)
    except StoryError as error:
        console.print(Text(f"\nThe story went wrong: {error}", style="bold red"))
        return 1
    finally:
        if (folder / "sandbox" / "sandbox.json").exists():
            stage.run("sandbox", "stop", "--state", str(folder / "sandbox"), expect=(Exit.DONE, Exit.ERROR), quiet=True)
    _ending(stage, clock.monotonic() - begun)
    return 0


def prepare(stage: Stage) -> None:
    """A copy of the example district, keys for its made-up officers, and the sandbox."""
    console = stage.console
    console.print(Text("Recordwarden, told with made-up data: Harbormill Public Schools, two emulated clouds on this machine.", style="bold"))
    console.print("Every command below is typed as shown, in var/demo; folder, overlay, store and clock come from the environment:")
    for name in ("FOLDER", "OVERLAY", "STORE", "CLOCK_FILE"):
        console.print(f"  RECORDWARDEN_{name}={stage.environment['RECORDWARDEN_' + name].replace(f'{stage.folder}/', '')}")
    shutil.copytree(EXAMPLES / "demo", stage.folder / "district")
    (stage.folder / "keys").mkdir(mode=0o700)
    (stage.folder / "district" / SCHEDULE).rename(stage.folder / SCHEDULE)
    orders = stage.folder / "orders"
    orders.mkdir(mode=0o700)
    for name in ("matter.yaml", "former-employee.yaml"):
        moved = (stage.folder / "district" / name).rename(orders / name)
        moved.chmod(0o600)
    stage.clock_file.write_text("+0\n", encoding="utf-8")
    for number, officer in enumerate(OFFICERS):
        said = stage.run("officer", "keygen", "--out", str(stage.key(officer)), quiet=number > 0)
        _give_key(stage.folder / "district" / "district.yaml", officer, said)
    stage.tell("The same for four more officers; their public keys go into district.yaml. Then the two clouds:")
    stage.run("sandbox", "start", "--state", str(stage.folder / "sandbox"), "--clock-file", str(stage.clock_file), "--background")
    console_act(stage, "m365", "delete_user", "user=petra.elderfield@harbormill.example", quiet=True)
    console_act(stage, "m365", "purge_user", "user=petra.elderfield@harbormill.example", quiet=True)
    console_act(stage, "google", "suspend_user", "email=petra.elderfield@harbormill.example", quiet=True)


def checks(stage: Stage) -> None:
    """Two real policies, rendered as folders."""
    stage.chapter(1, "check: the two boards' policies as they were adopted")
    for name in ("stonington", "stafford"):
        stage.run("-C", str(EXAMPLES / name), "--store", "sqlite:////nonexistent/none.db", "check")


def doctors(stage: Stage) -> None:
    """What each cloud allows, before and after an officer accepts the admin endpoint and proves the kinds."""
    stage.chapter(2, "doctor: what each cloud allows, and the reason for each no")
    stage.run("doctor", expect=(Exit.DONE, Exit.UNKNOWN))
    stage.tell("An officer accepts Microsoft's unsupported admin endpoint by name, confirms the rows of the schedule, and lets every kind be proven.")
    stage.by("custodian", "attest", "admin-endpoint/m365", "--until", _day(stage, 180))
    stage.by("custodian", "series", "confirm", *ROWS, "--schedule", str(stage.folder / SCHEDULE), "--page", "1")
    stage.later(10 * MINUTE, "rows are compared")
    stage.by("custodian", "doctor", "--prove", expect=(Exit.DONE, Exit.UNKNOWN))
    stage.later(10 * MINUTE, "what was found is talked over")


def inventories(stage: Stage) -> None:
    """The tenants as they were found."""
    stage.chapter(3, "inventory: what deletes today, which holds exist, what could not be read")
    stage.run("inventory", expect=(Exit.DONE, Exit.UNKNOWN))


def plans(stage: Stage) -> None:
    """What a run would do."""
    stage.chapter(4, "plan: what would be done, why, and what cannot be enforced")
    stage.run("plan", expect=Exit.LEFT)


def syncs(stage: Stage) -> None:
    """The policy reaches the clouds; an older hold is put in force."""
    stage.later(10 * MINUTE, "the plan is read")
    stage.chapter(5, "sync: the policy reaches both clouds")
    stage.run("sync", expect=Exit.IN_FLIGHT)
    stage.later(HOUR, "Microsoft distributes")
    stage.run("sync")
    stage.tell("Somebody who has left has a grievance: the account that is still there is held.")
    stage.run("hold", "open", "--file", str(stage.folder / "orders" / "former-employee.yaml"), expect=(Exit.IN_FLIGHT, Exit.DONE))
    stage.later(HOUR, "Google brings the hold into force")
    stage.run("hold", "status", "elderfield-grievance", "--refresh")


def behind_the_back(stage: Stage) -> None:
    """Four changes in the consoles; what is repaired, what is not, and what two officers decide."""
    stage.chapter(6, "somebody works in the consoles")
    stage.later(DAY, "an ordinary day")
    alias = _tenant_alias(stage, "elderfield-grievance")
    console_act(stage, "m365", "set_label_period", "name=COR-03 Policy and program correspondence", "days=30")
    console_act(stage, "m365", "set_label_period", "name=ADM-11 Insurance policies and claims", "days=4000")
    console_act(stage, "m365", "disable_policy", "name=Purge student mail")
    console_act(stage, "google", "delete_hold", f"matter={alias}", f"hold={alias} Drive [rw:{DISTRICT}:m-{alias}-drive:g1]")
    stage.later(2 * HOUR, "nobody notices")
    stage.run("drift", expect=Exit.LEFT)
    stage.later(HOUR, "the vendors' logs answer late")
    stage.run("drift", expect=Exit.LEFT)
    stage.tell("The short label and the hold are restored, evidence kept first. The delete policy stays off. The long label is not shortened.")
    stage.run("sync", expect=Exit.REFUSED)
    stage.run("hold", "status", "elderfield-grievance", expect=(Exit.REFUSED, Exit.IN_FLIGHT))
    said = stage.run("plan", expect=Exit.LEFT)
    digest = _found(r"Plan ([0-9a-f]{64})", said)
    change = _found(r"change retention label ADM-11[\s\S]*?its id: ([0-9a-f]{24})", said)
    stage.by("custodian", "approve", change)
    stage.by("superintendent", "approve", change)
    stage.later(HOUR, "both have signed")
    stage.run("apply", digest[:12], expect=(Exit.DONE, Exit.IN_FLIGHT, Exit.LEFT))


def lawsuit(stage: Stage) -> None:
    """A lawsuit with twelve people and two places on paper."""
    stage.chapter(7, "a lawsuit: hold twelve people in both clouds at once")
    stage.run("hold", "open", "--file", str(stage.folder / "orders" / "matter.yaml"), expect=Exit.IN_FLIGHT)
    for minutes in (10, 30, 120):
        stage.later(minutes * MINUTE, "the platforms distribute; Microsoft states up to 24 hours")
        said = stage.run("hold", "status", "gymnasium-roof", "--refresh", expect=(Exit.DONE, Exit.IN_FLIGHT))
        if "): held" in said:
            break
    stage.later(2 * MINUTE, "long enough to look a second time")
    stage.run("hold", "status", "gymnasium-roof", "--refresh", "--page", str(stage.folder / "first-hour.html"))


def report(stage: Stage) -> None:
    """The month's report."""
    stage.chapter(8, "report board: what the board reads")
    zone = YAML(typ="safe").load(stage.folder / "district" / "district.yaml")["timezone"]  # a month is the district's own
    month = DrillClock(stage.clock_file).now().astimezone(ZoneInfo(zone)).strftime("%Y-%m")
    stage.run("report", "board", "--month", month, "--out", str(stage.folder / "report"))


def proof(stage: Stage) -> None:
    """The journal holds, shows a single changed byte, and holds after an erasure."""
    stage.chapter(9, "journal verify: everything can be proved later")
    exported, copy = stage.folder / "journal.jsonl", stage.folder / "journal-changed.jsonl"
    stage.run("journal", "verify")
    stage.run("journal", "export", "--out", str(exported))
    stage.run("journal", "verify", str(exported))
    _change_a_byte(exported, copy)
    stage.tell("On a copy with one byte changed:")
    stage.run("journal", "verify", str(copy), expect=Exit.PROOF_FAILED)
    people = stage.folder / "orders" / "erase.txt"
    people.write_text("ilse.harkwell@harbormill.example\n", encoding="utf-8")
    stage.tell("Two officers erase what is known about somebody who is on hold in no matter:")
    stage.by("custodian", "journal", "erase", "--person-file", str(people), expect=Exit.REFUSED)
    stage.by("counsel", "journal", "erase", "--person-file", str(people))
    stage.run("journal", "verify")


def console_act(stage: Stage, tenant: str, act: str, *values: str, quiet: bool = False) -> None:
    """Something that an administrator does in a vendor's console."""
    stage.run("sandbox", "console", "--state", str(stage.folder / "sandbox"), tenant, act, *values, quiet=quiet)


def _tenant_alias(stage: Stage, alias: str) -> str:
    said = stage.run("--format", "json", "hold", "status", alias, expect=tuple(Exit), quiet=True)
    return _found(r'"tenant_alias": "([a-z0-9]+)"', said)


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise StoryError(f"nothing in the output looks like {pattern}:\n{text}")
    return match.group(1)


def _give_key(file: Path, officer: str, said: str) -> None:
    key = _found(r'key: "(ed25519:[^"]+)"', said)
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text(
        "\n".join(line.replace("]}", f'], key: "{key}"}}') if f"id: {officer}," in line else line for line in lines) + "\n", encoding="utf-8"
    )


def _change_a_byte(source: Path, copy: Path) -> None:
    lines = source.read_bytes().splitlines(keepends=True)
    middle = len(lines) // 2
    lines[middle] = lines[middle].replace(b'"v":1', b'"v":2') if b'"at"' not in lines[middle] else lines[middle].replace(b'"at":"2', b'"at":"3', 1)
    copy.touch(mode=0o600)
    copy.write_bytes(b"".join(lines))


def _day(stage: Stage, days: int) -> str:
    from datetime import timedelta

    return (DrillClock(stage.clock_file).now() + timedelta(days=days)).astimezone(UTC).strftime("%Y-%m-%d")


def _end_old_sandbox(folder: Path) -> None:
    """End the sandbox that an interrupted rehearsal left running here."""
    note = folder / "sandbox" / "sandbox.json"
    if note.exists():
        stage = Stage(folder, Console(quiet=True))
        stage.run("sandbox", "stop", "--state", str(note.parent), expect=tuple(Exit), quiet=True)


def _ending(stage: Stage, seconds: float) -> None:
    stage.console.print()
    stage.console.print(Text(f"The story took {seconds:.0f} seconds and {len(stage.steps)} commands. What it leaves in var/demo:", style="bold"))
    for path in ("first-hour.html", "report", "journal.jsonl", "district", "store.db"):
        stage.console.print(f"  {path}")


if __name__ == "__main__":
    sys.exit(main())
