"""A row is confirmed against the official schedule, never against the folder that it stands in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recordwarden.cli import series
from recordwarden.exits import Exit
from recordwarden.options import Options
from recordwarden.wiring import office
from recordwarden.wrong import CommandError

DEMO = Path(__file__).resolve().parents[3] / "examples" / "demo"


def test_the_folders_own_files_and_copies_of_them_are_no_official_schedule(tmp_path: Path) -> None:
    folder = shutil.copytree(DEMO, tmp_path / "district")
    (tmp_path / "clock").write_text("+0\n", encoding="utf-8")
    shutil.copyfile(folder / "policy.yaml", tmp_path / "Official schedule 2024.pdf")
    (tmp_path / "link.pdf").symlink_to(folder / "district.yaml")
    (tmp_path / "other.pdf").write_bytes(b"%PDF \xff")
    options = Options(folder=folder, store=f"sqlite:///{tmp_path / 'store.db'}", clock_file=tmp_path / "clock")
    with office(options) as opened:
        for own in (folder / "policy.yaml", folder / "district.yaml", tmp_path / "Official schedule 2024.pdf", tmp_path / "link.pdf"):
            with pytest.raises(CommandError) as caught:
                series._official(own, opened)
            assert caught.value.exit is Exit.ERROR
            assert [one.code for one in caught.value.problems] == ["confirm.own_file"]
        for official in (folder / "official-schedule.txt", tmp_path / "other.pdf"):
            series._official(official, opened)
