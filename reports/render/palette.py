"""The colours of the reports, each beside the one that text has on it. The accessibility check reads them back from the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policies.duties import StandingValue

INK: Final = "#1d2433"
PAPER: Final = "#ffffff"
STANDINGS: Final[Mapping[StandingValue, tuple[str, str]]] = {
    StandingValue.ENFORCED: ("#1c5a4a", PAPER),
    StandingValue.VERIFIED: ("#2a6f7c", PAPER),
    StandingValue.SET_BY_HAND: ("#3d6391", PAPER),
    StandingValue.ATTESTED: ("#5a5793", PAPER),
    StandingValue.AVAILABLE: ("#cfdcea", INK),
    StandingValue.PENDING: ("#f2d79a", INK),
    StandingValue.GAP: ("#9c2f1f", PAPER),
    StandingValue.NOT_ENFORCEABLE: ("#55525f", PAPER),
    StandingValue.NOT_LICENSED: ("#d9d3df", INK),
    StandingValue.UNKNOWN: ("#f6f4ef", INK),
}
"""Background and text of each standing."""
