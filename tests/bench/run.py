"""What a run with nothing to do costs, beside a bare client that replays the same requests in the same minutes: ``python -m tests.bench.run``."""

from __future__ import annotations

import argparse
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.calls import ROOT
from tests.acceptance.rehearsal import District, Sandbox
from tests.bench.place import SIZES, Size, bring_in_force, build, served

TIMES = 3
"""Of so many measurements the middle one counts."""
QUARTER = 900.0
TOKENS = frozenset({"oauth2/v2.0/token", "/token"})


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a process cost: wall seconds from start to end, processor seconds, peak memory in MiB."""

    wall: float
    cpu: float
    peak: float


def main() -> int:
    """Measure the profiles that are asked for, print a table for each and write var/bench.json."""
    parser = argparse.ArgumentParser(description="What a run with nothing to do costs, beside a bare client.")
    parser.add_argument("--profile", choices=sorted(SIZES), action="append", help="may be repeated; default: small")
    chosen = parser.parse_args().profile or ["small"]
    path = ROOT / "var" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in chosen:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            results[name] = measure(SIZES[name], Path(folder))
        show(name, results[name])
        path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(size: Size, folder: Path) -> dict[str, Any]:
    """Build the district, bring it in force, and measure; raises AssertionError when a run did have something to do."""
    began = time.perf_counter()
    district = build(size, folder)
    sandbox = served(district)
    try:
        say(f"{size.name}: district prepared after {time.perf_counter() - began:.0f} s")
        runs = bring_in_force(district, size)
        say(f"{size.name}: in force after {runs} runs, {time.perf_counter() - began:.0f} s")
        return side_by_side(size, district, folder)
    finally:
        sandbox.end()


def side_by_side(size: Size, district: District, folder: Path) -> dict[str, Any]:
    """The program and the bare client by turns, each ``TIMES`` times, on a district in force."""
    sandbox = served(district)
    program: list[Cost] = []
    bare: list[Cost] = []
    inner: list[float] = []
    for _ in range(TIMES):
        sandbox.forward(QUARTER)  # as far apart as a daemon's runs are: what one spent of a quota of a minute is no burden for the next
        sandbox.door("/exchanges/clear", {})
        program.append(_program(district, folder))
        log = sandbox.door("/exchanges")["exchanges"]
        sandbox.door("/switches", {"google.quota": "off"})  # the program keeps to Google's quotas; the bare client need not, which only helps it
        cost, told = _bare(sandbox, log, folder)
        sandbox.door("/switches", {"google.quota": None})
        bare.append(cost)
        inner.append(told["seconds"])
        assert not told["wrong"], f"the bare client was answered otherwise than the program: {told['wrong']}"
    return _result(size, district, log, (program, bare, inner))


def _result(size: Size, district: District, log: list[dict[str, Any]], measured: tuple[list[Cost], list[Cost], list[float]]) -> dict[str, Any]:
    program, bare, inner = measured
    ours, theirs = _middle(program), _middle(bare)
    state = served(district).door("/state")
    return {
        "size": asdict(size) | {"people": len(served(district).door("/profile")["people"])},
        "objects": {
            "labels": len(state["m365"]["labels"]),
            "policies": len(state["m365"]["policies"]),
            "cases": len(state["m365"]["cases"]),
            "matters": len(state["google"]["matters"]),
            "drive_labels": len(state["google"]["labels"]),
        },
        "requests": dict(sorted(Counter(one["surface"] for one in log).items())),
        "operations": {f"{surface} {operation}": n for (surface, operation), n in sorted(Counter((one["surface"], one["operation"]) for one in log).items())},
        "total": len(log),
        "twice": _twice(log),
        "program": asdict(ours),
        "bare": asdict(theirs) | {"replay": statistics.median(inner)},
        "ratio": {"wall": ours.wall / theirs.wall, "cpu": ours.cpu / theirs.cpu, "peak": ours.peak / theirs.peak},
    }


def _twice(log: Sequence[Mapping[str, Any]]) -> int:
    """How many requests asked what had been asked before in the same run; tokens left out."""
    asked = Counter((one["surface"], one["method"], one["path"], one["request"]) for one in log if not _is_token(one["path"]))
    return sum(count - 1 for count in asked.values())


def _program(district: District, folder: Path) -> Cost:
    said = folder / "said.json"
    with said.open("w", encoding="utf-8") as out:
        command = [sys.executable, "-m", "recordwarden", "sync"]
        code, cost = _timed(subprocess.Popen(command, cwd=district.place, env=district.environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL))
    document = json.loads(said.read_text(encoding="utf-8"))
    sent = [change["key"] for tenant in document["tenants"].values() for change in tenant["changes"]]
    unseen = [(kind, read["reason"]) for tenant in document["tenants"].values() for kind, read in tenant["kinds"].items() if read["state"] != "complete"]
    assert code == 0, f"a run with nothing to do ends with 0, not {code}: {[one['code'] for one in document['problems']]} {unseen}"
    assert not sent, f"a run with nothing to do has no changes: {sent}"
    return cost


def _bare(sandbox: Sandbox, log: list[dict[str, Any]], folder: Path) -> tuple[Cost, dict[str, Any]]:
    path, ca = folder / "requests.json", sandbox.folder / "ca.pem"
    path.write_text(json.dumps(_requests(sandbox, log, ca)), encoding="utf-8")
    said = folder / "bare.json"
    with said.open("w", encoding="utf-8") as out:
        code, cost = _timed(subprocess.Popen([sys.executable, "-m", "tests.bench.bare", str(path), str(ca)], cwd=ROOT, stdout=out))
    assert code == 0
    return cost, json.loads(said.read_text(encoding="utf-8"))


def _timed(process: subprocess.Popen[bytes]) -> tuple[int, Cost]:
    began = time.perf_counter()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, Cost(wall=time.perf_counter() - began, cpu=used.ru_utime + used.ru_stime, peak=used.ru_maxrss / 1024)


def _requests(sandbox: Sandbox, log: list[dict[str, Any]], ca: Path) -> list[dict[str, Any]]:
    """The log as requests that can be sent again, each operation with a token of the same run that gets the same status."""
    tokens = [token for one in log if (token := _token(one["response"])) is not None and _is_token(one["path"])]
    fitting: dict[tuple[str, str, str], dict[str, str]] = {}
    found = []
    with httpx.Client(verify=ssl.create_default_context(cafile=str(ca)), timeout=60, trust_env=False) as client:
        for one in log:
            request = {"method": one["method"], "url": sandbox.told["base_url"] + one["path"], "body": one["request"], "status": one["status"]}
            kind = (one["surface"], one["operation"], one["caller"])
            if kind not in fitting:
                fitting[kind] = _fit(client, request, _candidates(one, tokens))
            found.append(request | {"headers": fitting[kind]})
    return found


def _candidates(one: Mapping[str, Any], tokens: Sequence[str]) -> list[dict[str, str]]:
    if _is_token(one["path"]):
        return [{"content-type": "application/x-www-form-urlencoded"}]
    headers = {"consistencylevel": "eventual", "accept": "application/json"} | ({"content-type": "application/json"} if one["request"] else {})
    return [headers | {"authorization": f"Bearer {token}"} for token in tokens] + [headers]


def _fit(client: httpx.Client, request: Mapping[str, Any], candidates: Sequence[dict[str, str]]) -> dict[str, str]:
    for headers in candidates:
        if client.request(request["method"], request["url"], headers=headers, content=request["body"]).status_code == request["status"]:
            return headers
    raise AssertionError(f"no token of the run gets {request['status']} for {request['method']} {request['url']}")


def _token(response: str) -> str | None:
    try:
        found = json.loads(response).get("access_token")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def _is_token(path: str) -> bool:
    return path.partition("?")[0].endswith(tuple(TOKENS))


def _middle(costs: Sequence[Cost]) -> Cost:
    return Cost(
        wall=statistics.median(one.wall for one in costs), cpu=statistics.median(one.cpu for one in costs), peak=statistics.median(one.peak for one in costs)
    )


def show(name: str, result: Mapping[str, Any]) -> None:
    """The result as a table for people."""
    size = result["size"]
    say(f"\n{name}: {size['people']} people, {size['series']} series, {size['policies']} lines, {size['holds']} holds of {size['people_on_hold']}")
    say(f"  {'requests':<18}{'n':>7}")
    for surface, count in result["requests"].items():
        say(f"  {surface:<18}{count:>7}")
    say(f"  {'all':<18}{result['total']:>7}   asked twice in one run: {result['twice']}")
    say(f"\n  {'':<18}{'program':>12}{'bare client':>14}{'ratio':>8}")
    for part, unit in (("wall", "s"), ("cpu", "s"), ("peak", "MiB")):
        say(f"  {part + ', ' + unit:<18}{result['program'][part]:>12.2f}{result['bare'][part]:>14.2f}{result['ratio'][part]:>8.1f}")


def say(line: str) -> None:
    """One line for whoever watches."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
