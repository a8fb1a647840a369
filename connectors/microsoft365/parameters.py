"""What the writing cmdlets are sent for an object as it is wanted (docs/wire/admin-endpoint.md). Pure: by hand the same words are used."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.errors import PermanentError
from connectors.microsoft365.labels import ACTION_WORDS, CLOCK_WORDS, EVENT, EVENT_CLOCK, period_word, stages_word
from connectors.microsoft365.policies import RULE_KEYS, application_words, locations
from policies.kinds import Kind
from policies.resources import Fields, Mark, Ref, Value, Wanted

_POLICIES = frozenset({Kind.M365_LABEL_POLICY, Kind.M365_RETENTION_POLICY})
CHAT_KEYS = "keep-chat-"
"""Keys of our policies over Teams chats, whose rules take neither clock nor display hint (M§2.2)."""

_LABEL_ACTIONS = frozenset({"keep", "keep_and_delete", "review"})
"""Keep-and-delete exists for a transitory label that two officers switched on; others keep, or wait for named people at the end (design §1.8)."""


_BEHAVIOURS = frozenset({"retain", "record"})
"""A regulatory record can never be unlocked, shortened or taken off by anybody (M§1.1): that is not in the program (design §1.1)."""


def comment(description: object, mark: Mark) -> str:
    """``description`` with the mark as the last thing in it."""
    return f"{description} {mark}".strip() if isinstance(description, str) else str(mark)


def new_parameters(wanted: Wanted, mark: Mark, parent: Ref | None) -> dict[str, object]:
    """The parameters of the ``New-`` cmdlet of what is made by cmdlet in one call. Raises PermanentError for what we never make."""
    if wanted.kind is Kind.M365_ADAPTIVE_SCOPE:
        return scope_parameters(wanted, mark)
    if wanted.kind in _POLICIES:
        return policy_parameters(wanted, mark)
    policy = needed(parent, wanted.name)
    return publish_parameters(wanted, policy) if wanted.kind is Kind.M365_LABEL_RULE else rule_parameters(wanted, mark, policy)


def label_parameters(wanted: Wanted, mark: Mark) -> dict[str, object]:
    """The parameters of ``New-ComplianceTag``, but for the event type. Raises PermanentError for a regulatory or delete-only label.

    A record label is born as one (M§1.1). Whether it may be is for two officers, and is asked long before this (``sync.guards``).
    """
    fields = wanted.fields
    behaviour, action = fields.get("behaviour", "retain"), fields.get("action")
    if behaviour not in _BEHAVIOURS or action not in _LABEL_ACTIONS:
        raise never(f"label {wanted.name}: made are labels that retain or make records, and keep, are reviewed, or (transitory) keep and then delete")
    if behaviour == "record" and action == "keep_and_delete":
        raise never(f"label {wanted.name}: what is transitory is never locked as a record")
    trigger = fields.get("trigger")
    clock = EVENT_CLOCK if str(trigger).startswith(EVENT) else CLOCK_WORDS.get(str(trigger))
    if clock is None:
        raise never(f"label {wanted.name}: there is no clock {trigger!r}")
    review = {"MultiStageReviewProperty": _stages(wanted.name, fields)} if fields.get("action") == "review" else {}
    return {
        "Name": wanted.name,
        "RetentionAction": ACTION_WORDS[str(fields["action"])],
        "RetentionDuration": _period(wanted),
        "RetentionType": clock,
        "Comment": comment(fields.get("description"), mark),
        "Notes": fields.get("description") or "",
        "IsRecordLabel": behaviour == "record",
        **review,
    }


def policy_parameters(wanted: Wanted, mark: Mark) -> dict[str, object]:
    """The parameters of ``New-RetentionCompliancePolicy``. Raises PermanentError without a location, or for an exception without All."""
    taken_out, scopes = excepted(wanted), sorted(item.partition(":")[2] for item in wanted.members if item.startswith("scope:"))
    orphans = {item for item in taken_out if f"{item.partition(':')[0]}:All" not in wanted.members}
    if not wanted.members or orphans or wanted.fields.get("locked"):
        raise never(f"policy {wanted.name}: it needs a location, exceptions only beside All, and no lock")
    return {
        "Name": wanted.name,
        "Comment": comment(wanted.fields.get("description"), mark),
        "Enabled": wanted.fields.get("enabled", True) is True,
        **(_scoped(wanted, scopes) if scopes else {**placed(wanted.members), **placed(taken_out, suffix="Exception")}),
    }


def scope_parameters(wanted: Wanted, mark: Mark) -> dict[str, object]:
    """The parameters of ``New-AdaptiveScope``. Raises PermanentError for anything but a query over people."""
    query = wanted.fields.get("query")
    if wanted.fields.get("location") != "user" or not isinstance(query, str) or not query:
        raise never(f"scope {wanted.name}: only a query over people is made here")
    return {"Name": wanted.name, "LocationType": "User", "RawQuery": query, "Comment": comment(wanted.fields.get("description"), mark)}


def rule_parameters(wanted: Wanted, mark: Mark, policy: Ref) -> dict[str, object]:
    """The parameters of a retain rule. The action is always sent: without it the vendor makes another kind of hold (M§2.2)."""
    if wanted.fields.get("action") != "keep" or wanted.fields.get("query"):
        raise never(f"rule {wanted.name}: a rule over a place keeps everything there and never deletes")
    common: dict[str, object] = {
        "Name": wanted.name,
        "Policy": policy.vendor_id,
        "RetentionDuration": _period(wanted),
        "RetentionComplianceAction": "Keep",
        "Comment": comment(wanted.fields.get("description"), mark),
    }
    if mark.key.removeprefix(RULE_KEYS).startswith(CHAT_KEYS):
        return common
    return {**common, "ExpirationDateOption": _policy_clock(wanted.name, wanted.fields.get("trigger")), "RetentionDurationDisplayHint": "Days"}


def publish_parameters(wanted: Wanted, policy: Ref) -> dict[str, object]:
    """The parameters of a publish rule: no name, no comment, or the parameter set is ambiguous (docs/wire)."""
    label = wanted.fields.get("publishes")
    if not isinstance(label, str) or not label:
        raise never(f"rule {wanted.name}: it publishes no label")
    return {"Policy": policy.vendor_id, "PublishComplianceTag": label}


def changes_of(kind: Kind, wanted: Fields, mark: Mark, fields: frozenset[str]) -> dict[str, object]:
    """The parameters that bring ``fields`` to ``wanted``. Raises PermanentError for what the platform fixes at birth or we never write."""
    if kind is Kind.M365_LABEL_RULE:
        raise never("a publish rule cannot be changed")
    found: dict[str, object] = {}
    for name in sorted(fields - {"description"}):
        found |= _change(kind, wanted, name)
    if kind is Kind.M365_LABEL and "description" in fields:
        found["Notes"] = wanted.get("description") or ""
    return {**found, "Comment": comment(wanted.get("description"), mark)}


def _change(kind: Kind, wanted: Fields, name: str) -> dict[str, object]:
    """One field of a ``Set-`` cmdlet."""
    if name == "period" and kind in (Kind.M365_LABEL, Kind.M365_RETENTION_RULE):
        return {"RetentionDuration": _period_of(wanted)}
    if name == "reviewers" and kind is Kind.M365_LABEL:
        return {"MultiStageReviewProperty": _stages("a label", wanted)}
    if name == "query" and kind is Kind.M365_ADAPTIVE_SCOPE and wanted.get("query"):
        return {"RawQuery": wanted.get("query")}
    if name == "enabled" and kind in _POLICIES and wanted.get("enabled") is True:
        return {"Enabled": True}
    if kind is Kind.M365_RETENTION_RULE:
        return _rule_change(wanted, name)
    raise never(f"{kind.value}: {name} cannot be set to {wanted.get(name)!r}")


def _rule_change(wanted: Fields, name: str) -> dict[str, object]:
    if name == "action" and wanted.get("action") == "keep":
        return {"RetentionComplianceAction": "Keep"}
    if name == "query" and not wanted.get("query"):
        return {"ContentMatchQuery": ""}
    if name == "trigger":
        return {"ExpirationDateOption": _policy_clock("a rule", wanted.get("trigger"))}
    raise never(f"{Kind.M365_RETENTION_RULE.value}: {name} cannot be set to {wanted.get(name)!r}")


def _stages(name: str, fields: Fields) -> str:
    """Reviewers as the cmdlet takes them: never nobody, because keep-and-delete without a reviewer would simply delete."""
    stages = fields.get("reviewers")
    try:
        return stages_word([item for item in stages if isinstance(item, str)] if isinstance(stages, tuple) else [])
    except ValueError as error:
        raise never(f"{name}: {error}") from error


def named_applications(wanted: Wanted) -> frozenset[str]:
    """The applications that a policy over a scope names."""
    named = wanted.fields.get("applications")
    return frozenset(item for item in named if isinstance(item, str)) if isinstance(named, tuple) else frozenset()


def _scoped(wanted: Wanted, scopes: list[str]) -> dict[str, object]:
    """A policy over scopes names them and its applications, and no place beside (M§2.2)."""
    if len(scopes) < len(wanted.members) or excepted(wanted) or not named_applications(wanted):
        raise never(f"policy {wanted.name}: over a scope it names its applications, no place and no exception")
    return {"AdaptiveScopeLocation": scopes, "Applications": application_words(named_applications(wanted))}


def excepted(wanted: Wanted) -> frozenset[str]:
    """The members that a policy leaves out of everybody."""
    exceptions = wanted.fields.get("exceptions")
    return frozenset(item for item in exceptions if isinstance(item, str)) if isinstance(exceptions, tuple) else frozenset()


def placed(members: frozenset[str], *, verb: str = "", suffix: str = "") -> Mapping[str, object]:
    """Members as location parameters. Raises PermanentError for what is no location."""
    try:
        return dict(locations(members, verb=verb, suffix=suffix))
    except ValueError as error:
        raise never(str(error)) from error


def _policy_clock(name: str, trigger: Value) -> str:
    if trigger not in ("created", "modified"):
        raise never(f"rule {name}: a policy counts from creation or modification, not from {trigger!r}")
    return CLOCK_WORDS[str(trigger)]


def _period(wanted: Wanted) -> str:
    return _period_of(wanted.fields)


def _period_of(fields: Fields) -> str:
    try:
        return period_word(fields.get("period"))
    except ValueError as error:
        raise never(str(error)) from error


def needed(parent: Ref | None, name: str) -> Ref:
    """The parent. Raises PermanentError where there is none."""
    if parent is None:
        raise never(f"{name} needs its parent")
    return parent


def never(why: str) -> PermanentError:
    """The refusal of what this program does not write."""
    return PermanentError("write.not_allowed", why, "This is never written from here; do it by hand if it is right.")
