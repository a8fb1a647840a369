"""What ``journal verify`` says where a chain proves less than it seems to."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from recordwarden.cli import journal
from recordwarden.cli.screen import Screen
from recordwarden.drill import demo
from sync.journal import JournalError, Verification, verify_file
from sync.journal.words import SealedCount


def test_a_file_without_an_entry_proves_nothing(tmp_path: Path) -> None:
    (tmp_path / "chain").touch()
    with pytest.raises(JournalError) as caught:
        verify_file(tmp_path / "chain")
    assert caught.value.code == "journal.empty"
    done = subprocess.run(
        [sys.executable, "-m", "recordwarden", "journal", "verify", str(tmp_path / "chain")], capture_output=True, text=True, check=False, timeout=90
    )
    assert done.returncode == 1
    assert "journal.empty" in done.stdout + done.stderr


@pytest.mark.parametrize(("against", "times"), [(None, 1), ("1:ab", 0)])
def test_the_end_of_a_chain_is_not_vouched_for_without_a_head(against: str | None, times: int) -> None:
    heard = StringIO()
    found = Verification(
        ok=True, entries=1, head="ab", seq=1, sealed=SealedCount(shown=0, withheld=0, erased=0), first_bad=None, open_intents=(), signatures=0
    )
    journal._show(Screen(heard), found, against)
    assert heard.getvalue().count("--against") == times


def test_the_demos_changed_copy_is_for_its_owner_alone(tmp_path: Path) -> None:
    source, copy = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b'{"at":"2026","v":1}\n')
    demo._change_a_byte(source, copy)
    assert copy.read_bytes() != source.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
