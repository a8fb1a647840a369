"""``python -m sandbox STATE_DIR``: both tenants until SIGTERM."""

from __future__ import annotations

import argparse
from pathlib import Path

from sandbox.people import PROFILES
from sandbox.server import serve


def main() -> int:
    """Parse the arguments and serve; returns the exit code."""
    parser = argparse.ArgumentParser(prog="sandbox", description="Serve two emulated tenants over HTTPS on loopback.")
    parser.add_argument("state_dir", type=Path)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="demo")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--clock-file", type=Path)
    given = parser.parse_args()
    return serve(given.state_dir, given.profile, given.seed, given.port, given.clock_file)


if __name__ == "__main__":
    raise SystemExit(main())
