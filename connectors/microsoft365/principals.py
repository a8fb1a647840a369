"""Our application's ids in sentences for people. Pure."""

from __future__ import annotations

from typing import Final

from connectors.examination import Principal

APPLICATION: Final = "APPLICATION-ID"
OBJECT: Final = "ENTERPRISE-APP-OBJECT-ID"
"""What stands in sentences for people where our application's ids belong, until a token has told them."""


def filled_in(text: str, who: Principal) -> str:
    """``text`` with the ids of ``who`` in the places that are left for them."""
    for place, known in ((APPLICATION, who.application_id), (OBJECT, who.object_id)):
        text = text.replace(place, known) if known else text
    return text
