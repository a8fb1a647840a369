"""What every run of the tests says at its very end: which tests did not run, and how many."""

from __future__ import annotations

import pytest
from _pytest.terminal import TerminalReporter

_REPORTER = pytest.StashKey[TerminalReporter]()


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Keep the reporter: it has what came back from every worker."""
    config.stash[_REPORTER] = terminalreporter


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line, after pytest's own last line; nothing when everything ran."""
    reporter = config.stash.get(_REPORTER, None)
    if reporter is None:
        return
    skipped = [report for report in reporter.stats.get("skipped", []) if isinstance(report, pytest.TestReport | pytest.CollectReport)]
    if skipped:
        names = sorted(report.nodeid.rpartition("/")[2] for report in skipped)
        reporter.write_line(f"did not run: {len(names)} ({', '.join(names)})")
