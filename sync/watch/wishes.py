"""What a control wants of a setting, against what a reading of the policies says. Pure.

``True``: as wanted. ``False``: shown otherwise. ``None``: the platform's words do not tell. What nobody ever set is the platform's default, which
counts only where Google documents it (G§2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from policies import controls
from sync.watch.effective import RULES, Values, rule_states

_TOLD: Final = frozenset({"historyOnByDefault", "allowUserModification", "historyState", "enabled", "serviceState", "ruleId"})
Judge = Callable[[str, tuple[Values, ...]], "bool | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a check is made: the settings that it reads, its name for people, and what their values mean for a wish."""

    settings: tuple[str, ...]
    name: str
    judge: Judge

    def said(self, values: tuple[Values, ...]) -> str:
        """The values for people. Only words and switches: an address that a setting holds is nothing for a journal."""
        parts = [f"{name} {text}" for one in values for name, text in sorted(one.items()) if name in _TOLD]
        return ", ".join(parts) or "not set"


def _history(wish: str, values: tuple[Values, ...]) -> bool | None:
    """Documented: what nobody set is off by default, and people may choose."""
    (value,) = values
    on = value.get("historyOnByDefault", "false") == "true"
    free = value.get("allowUserModification", "true") == "true"
    return on and (not free or wish == "on_by_default")


def _spaces(wish: str, values: tuple[Values, ...]) -> bool | None:
    (value,) = values
    state = value.get("historyState")
    if state not in {"HISTORY_ALWAYS_ON", "DEFAULT_HISTORY_ON", "DEFAULT_HISTORY_OFF", "HISTORY_ALWAYS_OFF"}:
        return None
    return state == "HISTORY_ALWAYS_ON" or (wish == "on_by_default" and state == "DEFAULT_HISTORY_ON")


def _mail(wish: str, values: tuple[Values, ...]) -> bool | None:  # noqa: ARG001  # there is one wish
    """The setting names a rule, and another setting says whether that rule is on; without a rule nothing more is stored."""
    setting, states = values
    rule = setting.get("ruleId")
    if not rule:
        return False
    listed = rule_states(states.get(RULES))
    return None if listed is None else listed.get(rule)


def _archiving(wish: str, values: tuple[Values, ...]) -> bool | None:
    (value,) = values
    enabled = value.get("enabled")
    return None if enabled not in {"true", "false"} else (enabled == "true") == (wish == "enabled")


def _vault(wish: str, values: tuple[Values, ...]) -> bool | None:  # noqa: ARG001  # there is one wish
    """Documented: a service without a state is not there."""
    (value,) = values
    return {"ENABLED": True, "DISABLED": False, None: False}.get(value.get("serviceState"))


def _takeout(wish: str, values: tuple[Values, ...]) -> bool | None:  # noqa: ARG001  # there is one wish
    (value,) = values
    return {"ENABLED": False, "DISABLED": True}.get(value.get("serviceState", ""))


READINGS: Final[Mapping[str, Reading]] = {
    controls.CHAT_HISTORY: Reading(settings=("chat.chat_history",), name="history of chats", judge=_history),
    controls.SPACE_HISTORY: Reading(settings=("chat.space_history",), name="history of Chat spaces", judge=_spaces),
    controls.MAIL_STORAGE: Reading(
        settings=("gmail.comprehensive_mail_storage", "gmail.rule_states"), name="comprehensive mail storage", judge=_mail
    ),
    controls.THIRD_PARTY_ARCHIVING: Reading(settings=("chat.third_party_archiving",), name="archiving of chats outside Vault", judge=_archiving),
    controls.VAULT_SERVICE: Reading(settings=("vault.service_status",), name="Vault service", judge=_vault),
    controls.TAKEOUT: Reading(settings=("takeout.service_status",), name="Takeout", judge=_takeout),
}
"""The checks that read settings of units; licences, privileges and alerts are read otherwise."""
