"""Clients that others wrote, as `make tools` installs them, run as processes that can reach the sandbox and nothing else."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.google import hosts
from sandbox.server import SandboxServer
from tests.acceptance.third_party.proxy import Proxy

TOOLS = Path(__file__).resolve().parents[4] / ".tools" / "python" / "bin"


def needs(program: str) -> Path:
    """The installed program, or a skip that says what is missing and what makes it."""
    path = TOOLS / program
    if not path.exists():
        pytest.skip(f"{program} is not installed; `make tools` does it")
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a process left: its exit code and both streams."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A sandbox that answers to Google's names, the proxy before it, and a home for the client."""

    server: SandboxServer
    proxy: Proxy
    home: Path

    def run(self, program: Path, *words: str, **extra: str) -> Ran:
        """Run to its end under a bare environment: own home, the sandbox's CA, the proxy."""
        ca = str(self.server.ca)
        environment = {
            "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "HTTPS_PROXY": self.proxy.url,
            "HTTP_PROXY": self.proxy.url,
            "REQUESTS_CA_BUNDLE": ca,
            "SSL_CERT_FILE": ca,
            "HTTPLIB2_CA_CERTS": ca,
        } | extra
        done = subprocess.run(
            [str(program), *words], env=environment, cwd=self.home, capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL
        )
        return Ran(code=done.returncode, out=done.stdout, err=done.stderr)


def vendor_names() -> tuple[str, ...]:
    """The host names that lead to the sandbox."""
    return hosts.names()
