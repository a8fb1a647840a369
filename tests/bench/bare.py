"""The least that a client could do: the same requests, one after another over one kept-alive TLS connection, and nothing made of the answers."""

from __future__ import annotations

import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import httpx


def replay(client: httpx.Client, requests: list[dict[str, Any]]) -> list[int]:
    """The statuses of the answers, bodies read whole."""
    return [client.request(one["method"], one["url"], headers=one["headers"], content=one["body"]).status_code for one in requests]


def main(log: str, ca: str) -> int:
    """Replay the file of requests and say on stdout how long it took and which answers had another status than the program's."""
    requests = json.loads(Path(log).read_text(encoding="utf-8"))
    with httpx.Client(verify=ssl.create_default_context(cafile=ca), timeout=60, trust_env=False) as client:
        began = time.perf_counter()
        answered = replay(client, requests)
        took = time.perf_counter() - began
    wrong = [f"{one['method']} {one['url']}: {status}, not {one['status']}" for status, one in zip(answered, requests, strict=True) if status != one["status"]]
    sys.stdout.write(json.dumps({"seconds": took, "wrong": wrong}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
