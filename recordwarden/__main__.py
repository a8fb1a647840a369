"""``recordwarden``: the program."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from recordwarden.cli.app import run  # here, so that importing the package costs nothing

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
