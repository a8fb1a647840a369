"""A made-up district against a sandbox, both as real processes: everything is done by calls of the program, over real HTTPS on loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.acceptance.calls import CALLER, ROOT, Ended

DEMO = ROOT / "examples" / "demo"
OFFICERS = ("custodian", "deputy", "counsel", "itdirector")
"""The officers who have keys."""
ONE_AFTER_ANOTHER = "import json, sys\nfrom recordwarden.cli.app import run\nfor words in json.load(sys.stdin):\n    run(words)\n"
"""Several calls in one process: an interpreter's start costs more than most commands do."""
LATER = (datetime.now(UTC) + timedelta(days=900)).date().isoformat()  # noqa: TID251  # sandboxes begin today
"""A day until which statements count: some years from whenever the tests run."""
PATIENCE = 300.0
"""Seconds that one call may take on a busy machine; nothing waits for it."""


Keys = tuple[Path, dict[str, str]]
"""The folder of the officers' keys, and their public halves by officer."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One call of the program as it ended: exit code, the one JSON document on stdout, and what stood on stderr."""

    code: int
    document: dict[str, Any]
    stdout: str
    stderr: str

    @property
    def result(self) -> Any:
        """``result`` of the envelope."""
        return self.document["result"]

    @property
    def tenants(self) -> dict[str, Any]:
        """``tenants`` of the envelope."""
        found: dict[str, Any] = self.document["tenants"]
        return found

    def codes(self, severity: str | None = None) -> set[str]:
        """Codes of the problems."""
        return {one["code"] for one in self.document["problems"] if severity in {None, one["severity"]}}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A moment that a sandbox keeps, and what its clock file said."""

    number: int
    clock: str


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """A sandbox that serves as a process of its own."""

    folder: Path
    clock: Path
    process: subprocess.Popen[str]
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def overlay(self) -> Path:
        """The overlay that leads a district here."""
        return self.folder / "overlay.yaml"

    @property
    def haste(self) -> Path:
        """An overlay without the vendors' budgets."""
        return self.folder / "haste.yaml"

    def hurry(self) -> None:
        """No quota here, and no budget in districts that are led here from now on: days of work are put into seconds. Quotas have tests of their own."""
        plenty = {"per_minute": 1_000_000}
        budgets = {"google": dict.fromkeys(("vault", "drivelabels"), plenty)}
        self.haste.write_text(json.dumps({"tenants": {tenant: {"budgets": given} for tenant, given in budgets.items()}}), encoding="utf-8")
        self.door("/switches", {"google.quota": "off"})

    def overlays(self) -> str:
        """The overlays of a district that is led here."""
        return os.pathsep.join(str(path) for path in (self.overlay, self.haste) if path.exists())

    def door(self, path: str, body: object = None, method: str | None = None) -> Any:
        """What the drill's door answers; the product never asks here."""
        request = urllib.request.Request(self.told["door_url"] + path, method=method or ("GET" if body is None else "POST"))
        request.add_header("Authorization", f"Bearer {self.told['door_token']}")
        trust = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(request, data=data, context=trust, timeout=120) as answer:
            return json.load(answer)

    def console(self, tenant: str, act: str, **values: object) -> Any:
        """What an administrator does in a vendor's console."""
        return self.door(f"/console/{tenant}/{act}", values)

    def forward(self, seconds: float) -> None:
        """Move the time that sandbox and program share."""
        moved = float(self.clock.read_text(encoding="utf-8").strip().removeprefix("+")) + seconds
        self.clock.write_text(f"+{moved}\n", encoding="utf-8")

    def moment(self) -> Moment:
        """Both tenants and the time as they are now, to return to."""
        return Moment(number=self.door("/moments", {})["moment"], clock=self.clock.read_text(encoding="utf-8"))

    def return_to(self, moment: Moment) -> None:
        """Let both tenants and the time be as they were then, whatever happened since."""
        self.door(f"/moments/{moment.number}", {})
        self.clock.write_text(moment.clock, encoding="utf-8")

    def judged(self) -> None:
        """Raise ``AssertionError`` if the vendors' schemas found a wrong request or answer since this was last asked."""
        wrong = self.door("/violations", method="DELETE")
        assert not wrong, "the vendors' schemas say:\n" + "\n".join(wrong)

    def end(self) -> None:
        """End the process and wait until it has gone; raises like ``judged``."""
        try:
            self.judged()
        finally:
            _SERVING.remove(self)
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=30)


_SERVING: list[Sandbox] = []


def serving() -> tuple[Sandbox, ...]:
    """The sandboxes that were started here and serve still."""
    return tuple(_SERVING)


def start_sandbox(folder: Path, profile: str = "demo", seed: int = 7, *, quotas: bool = False, judging: bool = True) -> Sandbox:
    """A sandbox that answers; without ``quotas`` it is in a hurry. While ``judging`` it holds each exchange against the vendors' schemas."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = folder / "clock"
    clock.write_text("+0\n", encoding="utf-8")
    command = [sys.executable, "-m", "sandbox", str(folder), "--profile", profile, "--seed", str(seed), "--clock-file", str(clock)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    ready = process.stdout.readline()
    if not ready.startswith("sandbox ready"):
        process.kill()
        raise AssertionError(process.communicate(timeout=10)[1])
    made = Sandbox(folder=folder, clock=clock, process=process, told=json.loads((folder / "sandbox.json").read_text(encoding="utf-8")))
    _SERVING.append(made)
    if not quotas:
        made.hurry()
    made.door("/switches", {"validate": "on" if judging else "off"})
    return made


@dataclass(frozen=True, kw_only=True)
class District:
    """A district folder with its store, its officers' keys, and the sandbox that it meets."""

    place: Path
    sandbox: Sandbox | None
    keys: Path

    @property
    def folder(self) -> Path:
        """The folder with district.yaml and policy.yaml."""
        return self.place / "folder"

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.place / "store.db"

    def environment(self, **extra: str) -> dict[str, str]:
        """What a call of the program is given; nothing of the caller's own."""
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.place),
            "RECORDWARDEN_FOLDER": str(self.folder),
            "RECORDWARDEN_STORE": f"sqlite:///{self.store}",
            "RECORDWARDEN_FORMAT": "json",
        }
        given |= {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
        if self.sandbox is not None:
            given |= {"RECORDWARDEN_OVERLAY": self.sandbox.overlays(), "RECORDWARDEN_CLOCK_FILE": str(self.sandbox.clock)}
        return given | extra

    def start(self, *words: str | Path, **extra: str) -> subprocess.Popen[str]:
        """A call of the program that goes on, started from nothing."""
        command = [sys.executable, "-m", "recordwarden", *map(str, words)]
        return subprocess.Popen(
            command, cwd=self.place, env=self.environment(**extra), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *words: str | Path, officer: str | None = None, **extra: str) -> Ran:
        """A call of the program, in JSON, with ``officer`` behind it where one is named."""
        signing = () if officer is None else self.signing(officer)
        ended = self._ended((*signing, *words), extra)
        try:
            document = json.loads(ended.stdout)
        except ValueError:
            document = {}
        return Ran(code=ended.code, document=document, stdout=ended.stdout, stderr=ended.stderr)

    def _ended(self, words: tuple[str | Path, ...], extra: dict[str, str]) -> Ended:
        if not any(name.startswith("PYTHON") for name in extra):
            return CALLER.call([str(word) for word in words], self.place, self.environment(**extra), PATIENCE)
        process = self.start(*words, **extra)  # what an interpreter reads at its start
        stdout, stderr = process.communicate(timeout=PATIENCE)
        return Ended(code=process.returncode, stdout=stdout, stderr=stderr)

    def many(self, *calls: tuple[str | Path, ...]) -> list[dict[str, Any]]:
        """The documents of several calls that all end well, made one after another in one process."""
        lines = json.dumps([[str(word) for word in words] for words in calls])
        process = subprocess.run(
            [sys.executable, "-c", ONE_AFTER_ANOTHER], cwd=self.place, env=self.environment(), input=lines, capture_output=True, text=True, check=True
        )
        documents = [json.loads(line) for line in process.stdout.splitlines()]
        assert [document["exit"] for document in documents] == [0] * len(calls), f"{process.stdout}\n{process.stderr}"
        return documents

    def signing(self, officer: str) -> tuple[str | Path, ...]:
        """What stands before a command that ``officer`` signs."""
        return ("--as", officer, "--key", self.keys / f"{officer}.pem")

    def must(self, *words: str | Path, officer: str | None = None, code: int = 0, **extra: str) -> Ran:
        """A call that ends with ``code``; what it said otherwise stands in the failure."""
        ran = self.run(*words, officer=officer, **extra)
        assert ran.code == code, f"{' '.join(map(str, words))}: {ran.code}\n{ran.stdout}\n{ran.stderr}"
        return ran

    def people_file(self, *addresses: str) -> Path:
        """A file of people."""
        path = self.place / f"people-{len(list(self.place.glob('people-*')))}.txt"
        path.write_text("# made up\n" + "".join(f"{address}\n" for address in addresses), encoding="utf-8")
        return path

    def copy(self, place: Path) -> District:
        """The same district with a store of its own, in the state in which this one's is now."""
        shutil.copytree(self.place, place, dirs_exist_ok=True)
        return replace(self, place=place)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A district whose officers have done what comes before the first run, and the moment when they had. Tests work on copies."""

    district: District
    moment: Moment

    def anew(self, place: Path) -> District:
        """A copy of its store, with the tenants back at that moment."""
        assert self.district.sandbox is not None
        self.district.sandbox.return_to(self.moment)
        return self.district.copy(place)


def make_keys(folder: Path) -> dict[str, str]:
    """A key pair for each officer, as the officers make them; the public halves by officer."""
    folder.mkdir(parents=True, exist_ok=True)
    bare = District(place=folder, sandbox=None, keys=folder)
    made = bare.many(*(("officer", "keygen", "--out", folder / f"{name}.pem") for name in OFFICERS))
    return {name: document["result"]["public_key"] for name, document in zip(OFFICERS, made, strict=True)}


def make_district(place: Path, sandbox: Sandbox | None, keys: Path, public: dict[str, str], **changes: Any) -> District:
    """The demo's folder with the officers' keys in it; ``changes`` replace whole values of district.yaml."""
    found = District(place=place, sandbox=sandbox, keys=keys)
    shutil.copytree(DEMO, found.folder)
    yaml = YAML()
    path = found.folder / "district.yaml"
    district = yaml.load(path)
    for officer in district["officers"]:
        if officer["id"] in public:
            officer["key"] = public[officer["id"]]
    district.update(changes)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(district, file)
    (found.folder / "matter.yaml").chmod(0o600)
    return found


def prepare(district: District) -> None:
    """What officers do before a tenant is written to: accept the admin endpoint, confirm the rows, have writing proved."""
    custodian, deputy = district.signing("custodian"), district.signing("deputy")
    policy = district.folder / "policy.yaml"
    rows = [row["id"] for row in YAML(typ="safe").load(policy)["schedule"]["series"]]
    district.many(
        (*custodian, "attest", "admin-endpoint/m365", "--until", LATER),
        (*custodian, "series", "confirm", *rows, "--schedule", district.folder / "official-schedule.txt", "--page", "1"),
        (*deputy, "doctor", "--prove"),
    )
