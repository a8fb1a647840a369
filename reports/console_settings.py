"""The retention rules to enter in the Vault console as a page to work from: self-contained, without scripts, with boxes to tick."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from policies.vault_rules import as_yaml
from policies.vault_settings import AFTER, BEFORE, SWITCHES, Entry, rules_of
from reports.render.html import page


def console_settings_html(entries: Sequence[Entry], *, district: str, made_at: datetime, timezone: str, made_up: bool) -> str:
    """One self-contained page. Raises AccessibilityError."""
    values = {
        "district": district,
        "made_at": made_at,
        "made_up": made_up,
        "entries": entries,
        "before": BEFORE,
        "after": AFTER,
        "rules_lines": as_yaml((*rules_of(entries), *SWITCHES)).splitlines(),
    }
    return page("console_settings.html.j2", ZoneInfo(timezone), values)
