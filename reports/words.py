"""The words of the reports for what has another name inside (design, *Words*): the field's own, and none that concludes about people or law."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from policies.duties import StandingValue
from policies.kinds import Kind, Platform, Workload

CODE: Final = re.compile(r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")
STANDINGS: Final[Mapping[StandingValue, str]] = {
    StandingValue.ENFORCED: "Enforced",
    StandingValue.VERIFIED: "Verified",
    StandingValue.SET_BY_HAND: "Set by hand",
    StandingValue.ATTESTED: "Attested",
    StandingValue.AVAILABLE: "Available",
    StandingValue.PENDING: "Pending",
    StandingValue.GAP: "Gap",
    StandingValue.NOT_ENFORCEABLE: "Cannot be enforced",
    StandingValue.NOT_LICENSED: "Not licensed",
    StandingValue.UNKNOWN: "Unknown",
}
"""In the order in which reports list them: strongest first, what is not known last."""
MEANINGS: Final[Mapping[StandingValue, str]] = {
    StandingValue.ENFORCED: "kept by the platform with nobody acting, and read back",
    StandingValue.VERIFIED: "set by others, and read by us",
    StandingValue.SET_BY_HAND: "done by a person, and read by us",
    StandingValue.ATTESTED: "an officer signed that it is so, until a date",
    StandingValue.AVAILABLE: "a person must put a label on; never counted as kept",
    StandingValue.PENDING: "ordered, and not yet in force by the platform's word",
    StandingValue.GAP: "less is kept than the policy says",
    StandingValue.NOT_ENFORCEABLE: "the platform has no way to enforce it",
    StandingValue.NOT_LICENSED: "the licence that it needs is missing",
    StandingValue.UNKNOWN: "could not be read, so nothing is said about it",
}
MARKS: Final[Mapping[StandingValue, str]] = {
    StandingValue.ENFORCED: "●",
    StandingValue.VERIFIED: "◉",
    StandingValue.SET_BY_HAND: "◎",
    StandingValue.ATTESTED: "◐",
    StandingValue.AVAILABLE: "○",
    StandingValue.PENDING: "◌",
    StandingValue.GAP: "▲",
    StandingValue.NOT_ENFORCEABLE: "■",
    StandingValue.NOT_LICENSED: "□",
    StandingValue.UNKNOWN: "?",
}
"""A shape for each standing, so that none is told by colour alone."""
KINDS: Final[Mapping[Kind, str]] = {
    Kind.M365_LABEL: "retention label",
    Kind.M365_LABEL_POLICY: "publishing of labels",
    Kind.M365_LABEL_RULE: "published label",
    Kind.M365_RETENTION_POLICY: "retention policy",
    Kind.M365_RETENTION_RULE: "retention rule",
    Kind.M365_ADAPTIVE_SCOPE: "adaptive scope",
    Kind.M365_EVENT_TYPE: "event type",
    Kind.M365_CASE: "eDiscovery case",
    Kind.M365_HOLD: "case hold",
    Kind.M365_MAILBOX: "mailbox hold",
    Kind.M365_ORG_HOLD: "organisation-wide hold",
    Kind.M365_USER: "users",
    Kind.M365_GROUP: "groups",
    Kind.M365_SITE: "sites",
    Kind.GOOGLE_MATTER: "Vault matter",
    Kind.GOOGLE_HOLD: "Vault hold",
    Kind.GOOGLE_VAULT_RULE: "Vault retention rule",
    Kind.GOOGLE_DRIVE_LABEL: "Drive label",
    Kind.GOOGLE_GROUP_ARCHIVE: "archive of a group",
    Kind.GOOGLE_USER: "users",
    Kind.GOOGLE_GROUP: "groups",
    Kind.GOOGLE_ORG_UNIT: "organisational units",
    Kind.GOOGLE_LICENCE: "licences",
    Kind.GOOGLE_SETTING: "settings",
}
PLATFORMS: Final[Mapping[Platform, str]] = {Platform.MICROSOFT365: "Microsoft 365", Platform.GOOGLE_WORKSPACE: "Google Workspace"}
WORKLOADS: Final[Mapping[Workload, str]] = {
    Workload.MAIL: "mail", Workload.ARCHIVE: "archive mailbox", Workload.DRIVE: "files", Workload.SITE: "site", Workload.CHAT: "chat",
    Workload.GROUP: "group", Workload.SHARED_DRIVE: "shared drive", Workload.VOICE: "voice", Workload.CALENDAR: "calendar",
    Workload.GEMINI: "Gemini", Workload.PAPER: "paper", Workload.LITIGATION_HOLD: "litigation hold",
}
OPERATIONS: Final = {
    "create": "made", "set": "changed", "add": "added to", "remove": "took from", "move": "moved", "retry": "asked again",
    "release": "released",
}
DIRECTIONS: Final = {"strengthens": "keeps more", "neutral": "keeps the same", "weakens": "keeps less"}
RESULTS: Final = {
    "effective": "in force at once", "accepted": "accepted", "failed": "failed", "refused": "refused by the platform",
    "not_done": "not carried out by the platform", "open": "outcome not known", "done": "done",
}
SORTS: Final = {
    "changed": "setting changed", "missing": "object gone", "unmanaged": "object of others changed",
    "orphaned": "object of ours without a policy line",
    "duplicate": "second object with our mark", "blind_spot": "can no longer be seen",
}
ENDINGS: Final = {"repaired": "brought back by Recordwarden", "undone": "agrees again without Recordwarden", "accepted": "accepted"}
HOLD_STATES: Final = {
    "open": "ordered", "partly_held": "partly in force", "held": "in force", "releasing": "release waits", "released": "released",
}
LET_GO: Final = "released"
"""How somebody stands whom a release let go, beside the states of people on hold."""
PERSON_STATES: Final = {"held": "held", "partly": "partly held", "not_held": "not held", "question": "open question", LET_GO: "let go"}
ROLES: Final = {
    "records_custodian": "Records Custodian", "deputy_custodian": "Deputy Custodian", "counsel": "Counsel", "superintendent": "Superintendent",
    "board_chair": "Board Chair", "it_director": "IT Director",
}
METHODS: Final = {"E": "by configuration", "V": "by reading", "A": "by a signed statement", "X": "out of reach"}
MODES: Final = {
    "observe": "plans and reports, writes nothing", "propose": "writes what an officer approved",
    "enforce": "does unattended what keeps more or the same",
}
LOGS: Final = {
    "found": "account shown in the vendor's log", "not_found": "the vendor's log shows no account",
    "pending": "the vendor's log has not answered yet",
    "unavailable": "the vendor's log cannot be read",
}
READS: Final = {"complete": "complete", "partial": "partial", "failed": "failed", "unproven": "not proven complete"}
FIELDS: Final = {
    "period": "kept for", "trigger": "counted from", "action": "at the end", "behaviour": "sort of label", "enabled": "switched on", "state": "state",
    "members": "people and places",
    "held": "holds in it",
    "force": "in force", "exceptions": "exceptions", "description": "description", "locked": "locked", "query": "query",
}
REASONS: Final[Mapping[str, str]] = {
    "alert.accelerated_deletion": "somebody asked Vault to delete data ahead of its retention",
    "control.nothing_to_read": "the policy names no setting that shows it in this cloud",
    "people.licence_unknown": "what some people's licences keep is not known",
    "setting.differs": "a setting is not as the policy wants it",
    "setting.retention_privilege_unexpected": "more accounts can change retention than the policy names",
    "setting.unclear": "which value of a setting holds cannot be told",
    "admin_endpoint.not_accepted": "an officer has not accepted the Microsoft administration endpoint, which Microsoft does not support",
    "cloud.lacks": "the national cloud that the tenant lives in does not have what it needs",
    "approval.locking": "the label locks records for good; two officers have to sign",
    "approval.missing": "it waits for officers' signatures",
    "auth.sign_in_again": "the administrator's sign-in has ended; somebody has to sign in again",
    "capability.missing": "the permission or service it needs is not there",
    "capability.unproven": "no proof has been made here that it can be written",
    "carrier.differs": "what the platform holds differs from the policy",
    "carrier.error": "the platform reports an error",
    "carrier.force_unknown": "the platform does not say whether it is in force",
    "carrier.in_flight": "ordered; the platform is still distributing it",
    "carrier.longer": "kept longer than the policy asks",
    "carrier.members": "some people or places are not in it",
    "carrier.missing": "the object that should carry it is not there",
    "carrier.off": "it is switched off",
    "carrier.overdue": "ordered, and not in force after the time that the platform states",
    "carrier.pending": "the platform is still distributing it",
    "direction.weakens": "bringing it into line would keep less; two officers have to sign",
    "drive_label.no_records": "a label of Google's locks nothing",
    "drive_label.not_built": "Drive labels are not set by this version",
    "drive_label.only_drive": "Google has labels for files only, none for mail",
    "endpoint.not_given": "its address is not given to this rehearsal",
    "kind.unknown": "it was not read",
    "label.event_not_built": "counting from an event is not set by this version",
    "label.must_be_applied": "a person must put the label on",
    "label.published_by_hand": "somebody publishes it by hand; to whom is not known here",
    "label.unpublished": "the label is made, and nobody has published it: a person has to, by the sheet",
    "label.no_chats": "labels do not reach chats",
    "licence.retention_labels": "retention labels are not licensed here",
    "line.not_assessed": "no run has assessed this line in this cloud yet",
    "mode.observe": "this cloud is set to observe only",
    "mode.propose": "this cloud waits for an officer's approval",
    "people.no_container": "some people have no such place yet",
    "people.not_covered": "some people are not reached",
    "people.not_licensed": "some people lack the licence",
    "population.ambiguous": "the policy's group answers to two",
    "population.empty": "nobody is in it",
    "population.group_incomplete": "the members of the group could not be read completely",
    "population.roster_unread": "the list of people could not be read",
    "read.empty": "the list came back empty, which proves nothing",
    "read.unproven": "it was read, but not shown to be complete",
    "series.period_unknown": "the schedule's period is not known",
    "series.transitory_off": "the district has not switched this transitory label on",
    "series.trigger_unknown": "the schedule does not say from when the period counts",
    "series.unconfirmed": "no officer has compared this row with the official schedule",
    "shared_drive.no_api": "Google offers no interface for it",
    "read.too_old": "nobody looked at this cloud in the period",
    "tenant.never_read": "this cloud has not been read yet",
    "transitory.not_enabled": "the district has not switched this transitory label on",
    "vault_rules.none": "no rule of those stated keeps it",
    "vault_rules.too_short": "a rule, as stated, ends before the schedule does",
    "vault_rules.overtaken": "the rules were changed after they were stated",
    "vault_rules.expired": "the statement of the rules has expired",
    "vault_rules.unreadable": "the statement of the rules has no file that can be read",
    "vault_log.not_read": "the statement of the rules could not be compared with the log",
    "vault_rules.no_api": "Google offers no interface for Vault's retention rules",
    "visibility_check.not_seen": "the object that proves a complete list was not in it",
    "visibility_check.not_set": "no object has been named that proves a complete list",
    "workload.no_carrier": "the platform has nothing that keeps this kind of record",
}
_OUR_OWN: Final = frozenset(
    {
        "alert.accelerated_deletion", "people.licence_unknown", "people.not_licensed", "setting.differs", "setting.retention_privilege_unexpected",
        "setting.unclear",
    }
)
"""Codes after which a sentence of ours stands, without a name of a person in it; after others it may be a vendor's."""
NOTHING: Final = "\N{EN DASH}"
"""Stands where there is nothing to say."""
_SHOWN_AS_NUMBERS: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    r"""``text`` with control, escape, bidi and other invisible characters as ``\u{..}`` (contract, *Text from tenants*)."""
    return "".join(f"\\u{{{ord(letter):x}}}" if unicodedata.category(letter) in _SHOWN_AS_NUMBERS else letter for letter in text)


def reason(code: str | None) -> str:
    """A code in plain words; one without words is shown as it is. What is said after it is shown only where we said it ourselves."""
    if code is None:
        return "no reason was recorded"
    head, _, said = code.partition(": ")
    words = REASONS.get(head, f"code {head}")
    return f"{words} ({said})" if said and head in _OUR_OWN else words


def kind(value: str) -> str:
    """The words for a kind's value. Raises ValueError for one that the contract does not know."""
    return KINDS[Kind(value)]


def role(value: str) -> str:
    """An office's title. Raises KeyError for an unknown one."""
    return ROLES[value]


def many(count: int, what: str, plural: str | None = None) -> str:
    """``1 hold``, ``2 holds``."""
    return f"{count:,} {what if count == 1 else plural or what + 's'}"


def day(at: date | datetime | None, zone: tzinfo = UTC) -> str:
    """A date spelled out; a dash where there is none."""
    if at is None:
        return NOTHING
    local = at.astimezone(zone) if isinstance(at, datetime) else at
    return f"{local.day} {local:%B %Y}"


def moment(at: datetime | None, zone: tzinfo = UTC) -> str:
    """A date and time spelled out in the district's time zone, with its name; a dash where there is none."""
    if at is None:
        return NOTHING
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M} {local.tzname()}"


def duration(seconds: int | None) -> str:
    """Seconds as days, hours and minutes; a dash where they are not known."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return many(seconds, "second")
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    parts = [many(days, "day")] * bool(days) + [many(hours, "hour")] * bool(hours) + [many(rest // 60, "minute")] * bool(rest // 60 and not days)
    return " ".join(parts)


def month_name(month: str) -> str:
    """``November 2026`` from ``2026-11``."""
    return f"{date.fromisoformat(month + '-01'):%B %Y}"
