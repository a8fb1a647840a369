"""What ``check`` says of Vault's rules where no officer has stated any."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from recordwarden.cli.app import run

DEMO = next(parent for parent in Path(__file__).resolve().parents if (parent / "pyproject.toml").exists()) / "examples" / "demo"


def checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    code = run(["-C", str(folder), "--format", "json", "check"])
    return code, json.loads(capsys.readouterr().out)["problems"]


def test_rules_that_nobody_has_stated_are_a_warning_with_the_next_step(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECORDWARDEN_STORE", f"sqlite:///{tmp_path / 'store.db'}")
    folder = tmp_path / "folder"
    shutil.copytree(DEMO, folder)
    (folder / "matter.yaml").chmod(0o600)
    code, problems = checked(folder, capsys)
    (found,) = [one for one in problems if one["code"] == "vault_rules.not_stated"]
    assert (code, found["severity"], found["tenant"], found["subject"]) == (0, "warning", "google", "vault-rules/google")
    assert "console-settings" in found["next_step"]
    assert "attest vault-rules/google --rules FILE" in found["next_step"]
    # A policy that rests on Vault nowhere has nothing to state.
    policy = folder / "policy.yaml"
    before, found_rules, _ = policy.read_text(encoding="utf-8").partition("\nrules:\n")
    assert found_rules
    policy.write_text(f"{before}\nrules: []\n", encoding="utf-8")
    code, problems = checked(folder, capsys)
    assert code == 0, problems
    assert "vault_rules.not_stated" not in {one["code"] for one in problems}
