"""CLI for Microsoft 365, as `make tools` installs it, run as a process that can reach the sandbox and nothing else."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.microsoft import hosts
from sandbox.microsoft.state import TenantState, tenant_of
from sandbox.server import SandboxServer
from tests.acceptance.third_party.proxy import Proxy

CLI = Path(__file__).resolve().parents[4] / ".tools" / "node" / "node_modules" / ".bin" / "m365"
_CODE = re.compile(r"open the page (?P<page>\S+) and enter the code (?P<code>\w+)")


def needs_cli() -> Path:
    """The installed program, or a skip that says what is missing and what makes it."""
    if not CLI.exists():
        pytest.skip("CLI for Microsoft 365 is not installed; `make tools` does it")
    return CLI


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a process left: its exit code and both streams."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A sandbox that answers to Microsoft's names, the proxy before it, and a home for the client."""

    server: SandboxServer
    proxy: Proxy
    home: Path

    @property
    def state(self) -> TenantState:
        """The tenant, to look at what a command left in it."""
        return tenant_of(self.server.world)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "LANG": "C.UTF-8",
            "HTTPS_PROXY": self.proxy.url,
            "NODE_EXTRA_CA_CERTS": str(self.server.ca),
        }

    def quiet(self) -> None:
        """Switch its telemetry off in its own settings, before it is first used."""
        settings = self.home / "config" / "configstore"
        settings.mkdir(parents=True)
        text = json.dumps({"disableTelemetry": True, "autoOpenLinksInBrowser": False, "prompt": False})
        (settings / "cli-m365-config.json").write_text(text, encoding="utf-8")

    def run(self, *words: str) -> Ran:
        """Run to its end."""
        done = subprocess.run(
            [str(needs_cli()), *words], env=self._environment(), cwd=self.home, capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL
        )
        return Ran(code=done.returncode, out=done.stdout, err=done.stderr)

    def m365(self, *words: str) -> Any:
        """Run a command that has to succeed, and read what it printed."""
        done = self.run(*words, "--output", "json")
        assert done.code == 0, done
        return json.loads(done.out) if done.out.strip() else None

    def log_in(self, *words: str) -> None:
        """Sign the program in to the tenant as the district's registration."""
        self.m365("login", "--appId", self.state.app.app_id, "--tenant", self.state.tenant_id, *words)

    def log_in_person(self, address: str) -> None:
        """Sign a person in by device code: the program waits, the person opens the page that it names, here over the same proxy."""
        words = ["login", "--authType", "deviceCode", "--appId", self.state.app.app_id, "--tenant", self.state.tenant_id]
        with subprocess.Popen(
            [str(needs_cli()), *words], env=self._environment(), cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            told = ""
            until = time.monotonic() + 60
            while not _CODE.search(told) and time.monotonic() < until:
                line = process.stderr.readline()
                if not line:
                    break
                told += line
            found = _CODE.search(told)
            assert found is not None, told
            assert found["page"] == "https://login.microsoftonline.com/device"
            with httpx.Client(verify=ssl.create_default_context(cafile=str(self.server.ca)), proxy=self.proxy.url, trust_env=False) as browser:
                done = browser.post(found["page"], data={"code": found["code"], "login": address, "choice": "accept"})
            assert done.status_code == 200, done.text
            out, err = process.communicate(timeout=300)
            assert process.returncode == 0, out + err


def vendor_names() -> tuple[str, ...]:
    """The host names that lead to the sandbox."""
    return hosts.names()
