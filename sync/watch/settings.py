"""What the settings that a tenant shows mean for keeping records, as problems for people. Pure; nothing here is ever written to a tenant.

The Policy API shows raw policies (G§2.1): per setting and unit the highest order wins, and a setting that nobody touched is absent, so its default
holds. A setting that could not be read is unknown, which is a finding of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from policies.kinds import Kind
from policies.problems import Problem, Severity
from policies.resources import Live, ReadState, Snapshot
from policies.roster import Roster
from sync.watch.effective import RULES, merged, order, rule_states, values

HOLDERS: Final = "privileges.retention"
VAULT_PRIVILEGES: Final = tuple(f"privileges.{one}" for one in ("holds", "matters", "all_matters", "searches", "exports", "audits", "early_deletion"))
"""The rest of what can be done in Vault, as the settings name it."""
SPACES: Final = "chat.spaces_without_history"
_CONSOLE: Final = "Admin console > Apps > Google Workspace"

_Judge = Callable[[Mapping[str, str]], tuple[str, str] | None]
"""Code and sentence for what a setting's value means for keeping, or None where it is well."""


def setting_problems(snapshot: Snapshot, expected: AbstractSet[str] | None = None, roster: Roster | None = None) -> tuple[Problem, ...]:
    """Every finding about a tenant's settings, the gravest first. ``expected``: addresses that may change retention; None: nobody said whose.

    ``roster`` tells what units and groups are called; without it they go by the vendor's id.
    Requests to delete early are told with ``alarms``.
    """
    read = snapshot.reads.get(Kind.GOOGLE_SETTING)
    if read is None:
        return ()
    found: list[Problem] = []
    if read.state is not ReadState.COMPLETE:
        step = _RIGHT if "policies" in (read.reason or "") else _LACKING
        found.append(_problem(snapshot.tenant, "setting.unknown", Severity.WARNING, None, f"Not every setting could be read: {read.reason}.", step))
    lives = snapshot.of(Kind.GOOGLE_SETTING)
    found += [one for live in lives if live.fields.get("setting") == HOLDERS for one in _holders(snapshot.tenant, live, expected)]
    names = _names(roster)
    found += [one for live in in_force(lives) if (one := _judged(snapshot.tenant, live, names)) is not None]
    found += [one for live in lives if live.fields.get("setting") == SPACES for one in _spaces(snapshot.tenant, live)]
    if read.state is ReadState.COMPLETE:
        found += _untouched(snapshot.tenant, lives)
        found += _mail_rule(snapshot.tenant, in_force(lives))
    return tuple(sorted(found, key=lambda one: (_GRAVEST.index(one.severity), one.code, one.subject or "")))


def in_force(lives: Iterable[Live]) -> tuple[Live, ...]:
    """Of the policies of one setting for one unit or group what they set together, the one with the higher order first, field by field."""
    places: dict[tuple[object, ...], list[Live]] = {}
    for live in lives:
        if "value" in live.fields:
            places.setdefault((live.fields["setting"], live.fields.get("org_unit"), live.fields.get("group")), []).append(live)
    return tuple(_together(sorted(listed, key=order)) for listed in places.values())


def _together(listed: Sequence[Live]) -> Live:
    value = tuple(f"{name}={text}" for name, text in merged(listed).items())
    return listed[-1] if len(listed) == 1 else replace(listed[-1], fields={**listed[-1].fields, "value": value})


_GRAVEST: Final = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_RIGHT: Final = "Give subjects.cloudidentity the address of a super administrator, and delegate the scopes that doctor names."
_LACKING: Final = "Give what doctor names."


def _names(roster: Roster | None) -> Mapping[str, str]:
    """Paths of units and addresses of groups, by the bare id that the Policy API has."""
    if roster is None:
        return {}
    units = {one.vendor_id.removeprefix("id:"): one.path for one in roster.org_units}
    return units | {one.vendor_id: one.address or one.name for one in roster.groups}


def _judged(tenant: str, live: Live, names: Mapping[str, str]) -> Problem | None:
    judge = _judge(str(live.fields["setting"]))
    said = judge(values(live)) if judge is not None else None
    if said is None:
        return None
    code, sentence = said
    severity = Severity.INFO if code in _MERELY_TOLD else Severity.WARNING
    where = live.fields.get("group") or live.fields.get("org_unit")
    bare = str(where or "").removeprefix("id:")
    message = f"{sentence} (for {names.get(bare, bare)})." if bare else f"{sentence}."
    return _problem(tenant, code, severity, live.name, message, f"{_CONSOLE}: {live.fields['setting']}")


def _chat_history(value: Mapping[str, str]) -> tuple[str, str] | None:
    if value.get("historyOnByDefault") != "true":
        return "setting.chat_history_off", "Chat history is off by default: what is written then is gone after 24 hours and no hold keeps it"
    if value.get("allowUserModification") == "true":
        return "setting.chat_history_optional", "People may switch the history of their chats off: what is written then no hold keeps"
    return None


def _space_history(value: Mapping[str, str]) -> tuple[str, str] | None:
    state = value.get("historyState", "unknown")
    if state.endswith("HISTORY_ALWAYS_ON"):
        return None
    return "setting.space_history_optional", f"The history of Chat spaces can be off ({state}): what is written then no hold keeps"


def _archiving(value: Mapping[str, str]) -> tuple[str, str] | None:
    if value.get("enabled") != "true":
        return None
    return "setting.third_party_archiving", "Chats are copied to an archive outside Vault, where neither holds nor rules of Vault reach"


def _spaces(tenant: str, live: Live) -> list[Problem]:
    """Spaces whose own history is off, whatever the setting for new ones says."""
    if (unread := live.fields.get("unread")) is not None:
        said = f"Whether Chat spaces keep their history could not be read: {unread}."
        return [_problem(tenant, "setting.spaces_unread", Severity.WARNING, SPACES, said, _LACKING)]
    count, largest = live.fields.get("count"), live.fields.get("largest")
    if not count or not isinstance(largest, tuple):
        return []
    whose = "1 Chat space has its history off" if count == 1 else f"{count} Chat spaces have their history off"
    said = f"{whose}: what is written there is gone after 24 hours and no hold keeps it. The largest: "
    step = "Ask a manager of each space to switch its history on, or set HISTORY_ALWAYS_ON: no administrator's interface can."
    return [_problem(tenant, "setting.spaces_without_history", Severity.WARNING, SPACES, f"{said}{', '.join(str(one) for one in largest)}.", step)]


def _vault_service(value: Mapping[str, str]) -> tuple[str, str] | None:
    return None if value.get("serviceState") == "ENABLED" else ("setting.vault_off", "The Vault service is off")


def _takeout(value: Mapping[str, str]) -> tuple[str, str] | None:
    on = value.get("serviceState") == "ENABLED"
    return ("setting.takeout_on", "People may take their data out and away") if on else None


def _own_takeout(value: Mapping[str, str]) -> tuple[str, str] | None:
    off = value.get("takeoutStatus") == "DISABLED"
    return None if off else ("setting.takeout_on", "People may take their data of this service out and away")


def _two_people(value: Mapping[str, str]) -> tuple[str, str] | None:
    on = value.get("multiPartyApprovalState") == "ENABLED"
    return None if on else ("setting.multi_party_approval_off", "Grave changes in the Admin console need no second administrator")


def _judge(setting: str) -> _Judge | None:
    """What judges a setting; ``SERVICE.user_takeout`` is one setting for each service that has it."""
    return _own_takeout if setting.endswith(".user_takeout") else _JUDGES.get(setting)


_JUDGES: Final[Mapping[str, _Judge]] = {
    "chat.chat_history": _chat_history,
    "chat.space_history": _space_history,
    "chat.third_party_archiving": _archiving,
    "vault.service_status": _vault_service,
    "takeout.service_status": _takeout,
    "multi_party_approval.require_approvals": _two_people,
}
_MERELY_TOLD: Final = frozenset({"setting.takeout_on", "setting.multi_party_approval_off"})
_DEFAULTS: Final = {
    "chat.chat_history": ("setting.chat_history_default", "Nobody has set the history of chats, so Google's default holds: off, people may choose"),
    "chat.space_history": ("setting.space_history_default", "Nobody has set the history of Chat spaces, so Google's default holds"),
    "gmail.comprehensive_mail_storage": (
        "setting.comprehensive_mail_storage_off",
        "Comprehensive mail storage is not set: mail that other Google services send may not be in Vault",
    ),
    "vault.service_status": ("setting.vault_off", "Nothing says that the Vault service is on, and a service that nobody set is off"),
}
"""G§2.1: what is never touched has no policy."""


def _untouched(tenant: str, lives: Iterable[Live]) -> list[Problem]:
    shown = {live.fields.get("setting") for live in lives}
    return [
        _problem(tenant, code, Severity.WARNING, setting, f"{sentence}.", f"{_CONSOLE}: {setting}")
        for setting, (code, sentence) in _DEFAULTS.items()
        if setting not in shown
    ]


def _mail_rule(tenant: str, lives: Sequence[Live]) -> list[Problem]:
    """Comprehensive mail storage is a rule, and another setting says which rules are on: one that is off stores nothing more."""
    wanted = {rule for live in lives if live.fields["setting"] == "gmail.comprehensive_mail_storage" if (rule := values(live).get("ruleId"))}
    states = [live for live in lives if live.fields["setting"] == "gmail.rule_states"]
    off = {rule for live in states for rule, on in (rule_states(values(live).get(RULES)) or {}).items() if not on}
    said = "The rule of comprehensive mail storage is switched off: mail that other Google services send may not be in Vault."
    code, setting = "setting.comprehensive_mail_storage_off", "gmail.rule_states"
    return [_problem(tenant, code, Severity.WARNING, setting, said, f"{_CONSOLE}: gmail.comprehensive_mail_storage")] if wanted & off else []


def _holders(tenant: str, live: Live, expected: AbstractSet[str] | None) -> list[Problem]:
    accounts = _named(live)
    if expected is None:
        message = f"{len(accounts)} accounts can change or delete retention in Vault: {', '.join(sorted(accounts)) or 'none'}."
        step = "Compare with whom the district means to be able to."
        return [_problem(tenant, "setting.retention_privileges", Severity.INFO, HOLDERS, message, step)]
    strangers = sorted(accounts - {one.lower() for one in expected})
    return [
        _problem(
            tenant, "setting.retention_privilege_unexpected", Severity.WARNING, address,
            f"{address} can change or delete retention in Vault and is not among those who should.", "Admin console > Account > Admin roles.",
        )
        for address in strangers
    ]  # fmt: skip


def accounts_of(snapshot: Snapshot, setting: str) -> AbstractSet[str] | None:
    """The addresses of those who have one of Vault's privileges; None where that was not read."""
    return next((_named(live) for live in snapshot.of(Kind.GOOGLE_SETTING) if live.fields.get("setting") == setting), None)


def _named(live: Live) -> AbstractSet[str]:
    named = live.fields.get("accounts")
    return {str(one).lower() for one in named} if isinstance(named, tuple) else set()


def _problem(tenant: str, code: str, severity: Severity, subject: str | None, message: str, step: str) -> Problem:  # a problem's fields
    return Problem(code=code, severity=severity, tenant=tenant, subject=subject, message=message, next_step=step)
