"""A stranger's check of an exported journal: the contract's *Journal export* and nothing else. Knows nothing of the program that wrote it.

    python stranger.py JOURNAL [SEALED]
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = ["actor", "at", "body", "chain", "clock", "kind", "prev", "run", "seq", "subject", "tenant", "v", "vendor_at"]
KINDS = ["intent", "outcome", "observation", "approval", "attestation", "confirmation", "governance", "matter", "erasure", "evidence"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def canonical(value: Any) -> str:
    """RFC 8785 for text, whole numbers, true, false and null (names sorted by UTF-16 code units)."""
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(inner)}" for name, inner in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        raise TypeError("this page reads whole numbers only")
    return json.dumps(value, ensure_ascii=False)


def seals(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value["sealed"]] if list(value) == ["sealed"] else [seal for inner in value.values() for seal in seals(inner)]
    return [seal for inner in value for seal in seals(inner)] if isinstance(value, list) else []


def check(lines: Sequence[bytes], sealed: Sequence[dict[str, str]]) -> dict[str, object]:  # noqa: C901  # one page, read from top to bottom
    """Raises ValueError with the number of the first line that does not hold; else what was counted."""
    prev, signed = "0" * 64, 0
    keys: dict[str, str] = {}
    seen: list[str] = []
    erased: set[str] = set()
    intents: set[int] = set()
    values = {one["sealed"]: one for one in sealed}
    for number, line in enumerate(lines, start=1):
        entry = json.loads(line)
        actor, body = entry["actor"], entry["body"]
        good = sorted(entry) == FIELDS and sorted(actor) == ["id", "key", "kind", "sig"] and entry["v"] == 1 and entry["kind"] in KINDS
        good = good and canonical(entry).encode() == line and TIME.fullmatch(entry["at"]) and entry["clock"] in {"system", "drill"}
        if not good or entry["seq"] != number or entry["prev"] != prev:
            raise ValueError(number)
        if actor["sig"] is not None:
            public = base64.b64decode(keys[actor["id"]].removeprefix("ed25519:"))
            if hashlib.sha256(public).hexdigest()[:16] != actor["key"]:
                raise ValueError(number)
            message = canonical({"body": body, "kind": entry["kind"], "subject": entry["subject"]}).encode()
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(actor["sig"]), message)
            except InvalidSignature:
                raise ValueError(number) from None
            signed += 1
        if entry["kind"] == "governance":
            keys = {officer["id"]: officer["key"] for officer in body["officers"]}
        if entry["kind"] == "intent":
            intents.add(number)
        if entry["kind"] == "outcome":
            intents.remove(body["intent"])
        if entry["kind"] == "erasure":
            erased |= set(body["erased"])
        for seal in seals(body):
            seen.append(seal)
            one = values.get(seal)
            if one and hashlib.sha256(base64.b64decode(one["salt"]) + one["value"].encode()).hexdigest() != seal:
                raise ValueError(number)
        prev = hashlib.sha256(line).hexdigest()
    shown = [seal for seal in seen if seal in values]
    gone = [seal for seal in seen if seal not in values and seal in erased]
    counts = {"shown": len(shown), "erased": len(gone), "withheld": len(seen) - len(shown) - len(gone)}
    return {"entries": len(lines), "head": prev, "sealed": counts, "open_intents": sorted(intents), "signatures": signed}


def read(path: str) -> list[bytes]:
    return Path(path).read_bytes().splitlines()


if __name__ == "__main__":
    found = check(read(sys.argv[1]), [json.loads(line) for line in read(sys.argv[2])] if len(sys.argv) > 2 else [])
    sys.stdout.write(json.dumps(found))
