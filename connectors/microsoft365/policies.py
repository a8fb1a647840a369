"""Retention policies, publishing policies and their rules in normal form. One cmdlet family serves both; the rules tell them apart (M§2.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from connectors.microsoft365 import wire
from connectors.microsoft365.labels import action_from, clock_from, period_from
from connectors.places import scope_text
from policies.kinds import Kind
from policies.resources import Fields, Force, Live, Mark, MemberState, find_mark, without_mark

LOCATIONS: dict[str, str] = {
    "exchange": "ExchangeLocation",
    "sharepoint": "SharePointLocation",
    "onedrive": "OneDriveLocation",
    "group": "ModernGroupLocation",
    "public_folder": "PublicFolderLocation",
    "skype": "SkypeLocation",
    "channel": "TeamsChannelLocation",
    "chat": "TeamsChatLocation",
}
"""Our member prefix to the vendor's property; ``Add...`` before and ``...Exception`` after it make the other forms."""

_BY_ADDRESS = frozenset({"exchange", "group", "channel", "chat", "skype"})
_NOBODY: Mapping[str, str] = MappingProxyType({})

CAPACITY: dict[str, int] = {"exchange": 1000, "group": 1000, "channel": 1000, "chat": 1000, "sharepoint": 100, "onedrive": 100}
"""Items that one static policy may hold (M§2.8)."""

DETAIL: Mapping[str, object] = {"DistributionDetail": True, "RetentionRuleTypes": True}
"""Without these two switches the status, every location and the rules of a policy are untrue (M§2.2)."""

_WORDS: dict[str, str] = {
    "user:exchange": "User:Exchange", "user:onedriveforbusiness": "User:OneDriveForBusiness", "user:microsoftteams": "User:MicrosoftTeams",
    "group:exchange": "Group:Exchange", "group:sharepoint": "Group:SharePoint", "group:microsoftteams": "Group:MicrosoftTeams",
}  # fmt: skip
PUBLISHING = "pub-"
PUBLISHING_RULE = "pubr-"
"""Keys of our publishing policies and rules. A publish rule can carry no comment (docs/wire), so its mark is read off its policy's."""

RULE_KEYS = "r-"
"""What stands before a retention policy's key in the key of its rule."""

FILLING = timedelta(days=5)
"""So long the platform may take to find whom a new or changed scope means (Common settings for retention policies, Microsoft's page)."""
MadeByUs = Callable[[wire.JsonObject], "bool | None"]
_REQUIRED = ("Name", "Guid", "Enabled", "DistributionStatus", "ExchangeLocation", "SharePointLocation", "OneDriveLocation", "ModernGroupLocation")
_NEWER_REQUIRED = ("Name", "Guid", "Enabled", "DistributionStatus", "Applications")
"""What a row of the newer family cannot lack: it has fewer locations, and without its applications it says nothing (M§2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """Adaptive scopes by name and by id, in lower case: how each reads, and which are new or changed, so that they may not be filled yet."""

    texts: Mapping[str, str] = field(default_factory=dict)
    filling: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What rows of policies are read with.

    ``mailboxes``: how accounts and groups are addressed today, by id; a location of one of them stands under that address. ``scopes``: the adaptive
    scopes, as far as they were seen.
    """

    mailboxes: Mapping[str, str] = field(default_factory=dict)
    scopes: Scopes = field(default_factory=Scopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Policies and rules as read together. ``flaw`` says which row could not be understood, None when all could."""

    policies: tuple[Live, ...]
    rules: tuple[Live, ...]
    flaw: str | None


def member(prefix: str, name: str) -> str:
    """A member in normal form: addresses and URLs in lower case without a slash at the end, ``All`` as it is."""
    plain = name.strip().rstrip("/")
    return f"{prefix}:All" if plain.lower() == "all" else f"{prefix}:{plain.lower()}"


def family(  # two lists, what is known of us and of everything beside them, and a third list
    policies: Iterable[wire.JsonObject],
    rules: Iterable[wire.JsonObject],
    district: str,
    made_by_us: MadeByUs,
    beside: Beside | None = None,
    *,
    newer: Iterable[wire.JsonObject] = (),
) -> Family:
    """Both cmdlets' rows joined: every rule under its policy (named by GUID or by name), every policy as what its rules make of it.

    ``newer``: policies of the newer family.
    """
    policy_rows, rule_rows, newer_rows = list(policies), list(rules), list(newer)
    required = [(row, _REQUIRED) for row in policy_rows] + [(row, _NEWER_REQUIRED) for row in newer_rows]
    flaws = [f"policy {wire.text(row, 'Name')!r} lacks {missing}" for row, keys in required if (missing := _lacking(row, keys))]
    flaws += [f"rule {wire.text(row, 'Name')!r} lacks {missing}" for row in rule_rows if (missing := _lacking(row, ("Name", "Guid", "Policy")))]
    usable = [row for row, keys in required if not _lacking(row, keys)]
    by_policy: dict[str, list[wire.JsonObject]] = {(wire.text(row, "Guid") or "").lower(): [] for row in usable}
    names = {(wire.text(row, "Name") or "").lower(): guid for row, guid in zip(usable, by_policy, strict=False)}
    for row in rule_rows:
        if _lacking(row, ("Name", "Guid", "Policy")):
            continue
        given = (wire.text(row, "Policy") or "").lower()
        parent = given if given in by_policy else names.get(given)
        if parent is None:
            flaws.append(f"rule {wire.text(row, 'Name')!r} belongs to a policy that was not shown")
        else:
            by_policy[parent].append(row)
    found: list[Live] = []
    found_rules: list[Live] = []
    for row in usable:
        own = by_policy[(wire.text(row, "Guid") or "").lower()]
        policy = _policy_from(row, own, made_by_us(row), beside or Beside())
        found.append(policy)
        found_rules += _rules_from(own, policy, district, made_by_us)
    return Family(policies=tuple(found), rules=tuple(found_rules), flaw=flaws[0] if flaws else None)


def locations(members: Iterable[str], *, verb: str = "", suffix: str = "") -> dict[str, list[str]]:
    """``members`` as cmdlet parameters (``AddExchangeLocation`` and so on), sorted. Raises ValueError for a member that is no location."""
    found: dict[str, list[str]] = {}
    for item in sorted(members):
        prefix, _colon, name = item.partition(":")
        if prefix not in LOCATIONS or not name:
            raise ValueError(f"no location: {item!r}")
        found.setdefault(f"{verb}{LOCATIONS[prefix]}{suffix}", []).append(name)
    return found


def _lacking(row: Mapping[str, object], keys: Sequence[str]) -> str:
    return ", ".join(key for key in keys if key not in row)


def scopes_from(rows: Iterable[wire.JsonObject], now: datetime) -> Scopes:
    """The adaptive scopes as the policies over them are read with."""
    texts: dict[str, str] = {}
    filling: set[str] = set()
    for row in rows:
        name, query = wire.filled(row, "Name"), wire.filled(row, "RawQuery") or wire.filled(row, "FilterConditions")
        keys = {key.lower() for key in (name, wire.filled(row, "Guid")) if key}
        if name is not None:
            texts |= dict.fromkeys(keys, scope_text(name, (wire.text(row, "LocationType") or "").lower(), (query or "").strip()))
        changed = wire.moment(row, "WhenChangedUTC")
        if changed is not None and now - changed < FILLING:
            filling |= keys
    return Scopes(texts=texts, filling=frozenset(filling))


def scopes_in(row: Mapping[str, object]) -> list[wire.JsonObject]:
    """The adaptive scopes that a policy's row names."""
    return [*wire.rows(row, "AdaptiveScopeLocation"), *wire.rows(row, "DynamicScopeLocation")]


def applications_of(row: Mapping[str, object]) -> tuple[str, ...]:
    """What a policy names as applications, one by one in lower case: ``User:Exchange,OneDriveForBusiness`` and ``User:Exchange,User:...`` alike."""
    found = set()
    for text in wire.texts(row, "Applications"):
        head, _colon, rest = text.partition(":")
        found |= {(word if ":" in word else f"{head}:{word}").replace(" ", "").lower() for word in rest.split(",") if word.strip()}
    return tuple(sorted(found))


def application_words(applications: Iterable[str]) -> list[str]:
    """Applications as the cmdlets write them, sorted; one that is not known here stands as it is."""
    return sorted(_WORDS.get(one, one) for one in applications)


def _scope_keys(row: Mapping[str, object]) -> list[str]:
    return [(wire.text(one, key) or "").lower() for one in scopes_in(row) for key in ("Name", "ImmutableIdentity")]


def _further(row: wire.JsonObject, scopes: Scopes) -> Fields:
    """What only some policies say: their applications, and their adaptive scopes with the queries that decide who is in them."""
    named = [scopes.texts.get(key) for key in _scope_keys(row)]
    found = {"applications": applications_of(row), "scopes": tuple(sorted({text for text in named if text}))}
    return {name: value for name, value in found.items() if value}


def _policy_from(  # a row, what belongs to it, and two facts about it
    row: wire.JsonObject, rules: Sequence[wire.JsonObject], made_by_us: bool | None, beside: Beside  # noqa: FBT001  # a fact, no switch
) -> Live:
    comment = wire.text(row, "Comment")
    mark = find_mark(comment)
    mode = (wire.text(row, "Mode") or "Enforce").lower()
    enabled = bool(wire.flag(row, "Enabled")) and mode == "enforce"
    named = dict(_named(row, "", beside.mailboxes))
    force = _force(row, enabled=enabled)
    if force is Force.APPLIED and beside.scopes.filling.intersection(_scope_keys(row)):
        force = Force.PENDING
    return Live(
        kind=_kind_of(row, rules, mark),
        vendor_id=(wire.text(row, "Guid") or "").lower(),
        name=wire.text(row, "Name") or "",
        fields={
            "enabled": enabled,
            "description": without_mark(comment),
            "exceptions": tuple(sorted(members_of(row, "Exception", beside.mailboxes))),
            "locked": bool(wire.flag(row, "RestrictiveRetention")),
            **_further(row, beside.scopes),
        },
        members=frozenset(named.values()),
        member_states=failures(row, named),
        mark=mark,
        force=force,
        created_at=wire.moment(row, "WhenCreatedUTC"),
        changed_at=wire.moment(row, "WhenChangedUTC"),
        made_by_us=made_by_us,
        raw=wire.compact(row),
    )


def _kind_of(row: wire.JsonObject, rules: Sequence[wire.JsonObject], mark: Mark | None) -> Kind:
    types = {word.lower() for word in wire.texts(row, "RetentionRuleTypes")}
    labels = any(wire.filled(rule, "PublishComplianceTag") or wire.filled(rule, "ApplyComplianceTag") for rule in rules)
    if labels or types & {"publish", "apply"}:
        return Kind.M365_LABEL_POLICY
    # Ours, made a moment ago, whose rule is still to come.
    ours = not rules and mark is not None and mark.key.startswith(PUBLISHING)
    return Kind.M365_LABEL_POLICY if ours else Kind.M365_RETENTION_POLICY


def members_of(row: wire.JsonObject, suffix: str, mailboxes: Mapping[str, str] = _NOBODY) -> Iterable[str]:
    """The members of a policy's row (``suffix`` empty), or its exceptions (``Exception``)."""
    return (today for _shown, today in _named(row, suffix, mailboxes))


def _named(row: wire.JsonObject, suffix: str, mailboxes: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Each location as the row shows it, and under the address that its account has today."""
    for prefix, name in LOCATIONS.items():
        for named, account in names_in(row, name + suffix):
            place = mailboxes.get(account)
            # Nobody wants an inactive mailbox in a policy; one that is in stays under the name it was put in by.
            today = place if place and prefix in _BY_ADDRESS and not place.startswith(".") else named
            yield member(prefix, named), member(prefix, today)
    if not suffix:
        for scope in scopes_in(row):
            word = f"scope:{wire.filled(scope, 'Name') or wire.filled(scope, 'ImmutableIdentity') or 'unnamed'}"
            yield word, word


def names_in(row: Mapping[str, object], key: str) -> Iterable[tuple[str, str]]:
    """The names in a list of locations, each with its account's id, empty where none is shown: plain strings from some hands (M§10)."""
    value = row.get(key)
    for item in value if isinstance(value, list) else []:
        named = wire.filled(item, "Name") if isinstance(item, dict) else item
        if isinstance(named, str) and named:
            yield named, (wire.filled(item, "ImmutableIdentity") or "").lower() if isinstance(item, dict) else ""


def _force(row: wire.JsonObject, *, enabled: bool) -> Force:
    if not enabled:
        return Force.OFF
    words = {"success": Force.APPLIED, "pending": Force.PENDING, "error": Force.ERROR, "pendingdeletion": Force.OFF}
    return words.get((wire.text(row, "DistributionStatus") or "").lower(), Force.UNKNOWN)


def failures(row: Mapping[str, object], named: Mapping[str, str]) -> dict[str, MemberState]:
    """Members that the platform reports as failed; the others share the policy's own state. It names them as its row shows them."""
    by_name = {shown.partition(":")[2].lower(): today for shown, today in named.items()}
    found: dict[str, MemberState] = {}
    for result in wire.texts(row, "DistributionResults"):
        where = re.match(r"\[[^\]]*\](?P<name>\S+?):(?P<why>.*)", result, re.DOTALL)
        # A URL holds a colon of its own, so the longest known name that the text begins with wins.
        plain = re.sub(r"^\[[^\]]*\]", "", result)
        known = max((name for name in by_name if plain.lower().startswith(f"{name}:")), key=len, default=None)
        name = known or (where["name"].lower() if where else None)
        if name in by_name:
            found[by_name[name]] = MemberState(force=Force.ERROR, error=plain[len(name) + 1 :].strip())
    return found


def _rules_from(rows: Sequence[wire.JsonObject], policy: Live, district: str, made_by_us: MadeByUs) -> Iterable[Live]:
    # The eldest first: our n-th publish rule in a policy of ours is generation n.
    generation = 0
    for row in sorted(rows, key=lambda item: wire.text(item, "WhenCreatedUTC") or ""):
        ours = made_by_us(row)
        label = published_label(row)
        fields = _label_fields(row, label) if label is not None else _retention_fields(row)
        mark = find_mark(wire.text(row, "Comment"))
        # A policy with our mark that a person made from the by-hand sheet has its rules from the same hand.
        hand = ours is not False or policy.made_by_us is False
        if label is None and mark is None and policy.mark is not None and policy.made_by_us is False and len(rows) == 1:
            # In the portal one form makes policy and rule, and only the policy takes our mark.
            mark = Mark(district=policy.mark.district, key=RULE_KEYS + policy.mark.key, generation=policy.mark.generation)
        if label is not None and policy.mark is not None and policy.mark.district == district and hand:
            generation += 1
            mark = rule_mark(policy.mark, generation)
        yield _rule(row, policy, fields, mark, ours)


def _rule(row: wire.JsonObject, policy: Live, fields: Fields, mark: Mark | None, made_by_us: bool | None) -> Live:  # noqa: FBT001  # as above
    return Live(
        kind=Kind.M365_LABEL_RULE if "publishes" in fields else Kind.M365_RETENTION_RULE,
        vendor_id=(wire.text(row, "Guid") or "").lower(),
        name=wire.text(row, "Name") or "",
        fields=fields,
        mark=mark,
        parent_id=policy.vendor_id,
        force=_rule_force(row, policy),
        created_at=wire.moment(row, "WhenCreatedUTC"),
        changed_at=wire.moment(row, "WhenChangedUTC"),
        made_by_us=made_by_us,
        raw=wire.compact(row),
    )


def _rule_force(row: wire.JsonObject, policy: Live) -> Force:
    """A rule is off only where it is so itself, and arrives as its policy does.

    Why a policy is not in force is not copied onto its rule: what switching the policy on, or asking for it again, does is read off the rule that
    comes into force with it.
    """
    if wire.flag(row, "Disabled") or (wire.text(row, "Mode") or "Enforce").lower() != "enforce":
        return Force.OFF
    return Force.UNKNOWN if policy.force in {Force.OFF, Force.ERROR} else policy.force


def rule_mark(policy: Mark, generation: int) -> Mark:
    """The mark of the n-th publish rule in our policy with the mark ``policy``."""
    return Mark(district=policy.district, key=PUBLISHING_RULE + policy.key.removeprefix(PUBLISHING), generation=generation)


def published_label(row: wire.JsonObject) -> str | None:
    """The name of the label that a rule publishes or applies: ``GUID,NAME`` or the bare name (docs/wire)."""
    raw = wire.filled(row, "PublishComplianceTag") or wire.filled(row, "ApplyComplianceTag")
    if raw is None:
        return None
    both = re.fullmatch(r"[0-9a-fA-F-]{36},(?P<name>.+)", raw, re.DOTALL)
    return both["name"] if both else raw


def _label_fields(row: wire.JsonObject, label: str) -> Fields:
    """What is offered to people, or put on by the platform itself (``applies``), then on what its query finds."""
    if not wire.filled(row, "ApplyComplianceTag"):
        return {"publishes": label}
    return {"publishes": label, "applies": True, "query": (wire.text(row, "ContentMatchQuery") or "").strip()}


def _retention_fields(row: wire.JsonObject) -> Fields:
    return {
        "period": period_from(row, "RetentionDuration"),
        # Null or blank reads as counted from creation (docs/wire).
        "trigger": clock_from(wire.filled(row, "ExpirationDateOption") or "CreationAgeInDays"),
        "action": action_from(wire.filled(row, "RetentionComplianceAction"), reviewed=False),
        "query": _narrowed(row),
    }


def _narrowed(row: wire.JsonObject) -> str:
    """To what a rule is narrowed, empty where it takes in everything: a query, and what else the page of Set-RetentionComplianceRule names.

    Leaving out a class of items can leave out all mail (IPM.Note). Only query and classes can be taken back from here; the rest stays a difference.
    """
    classes = ", ".join(sorted(wire.texts(row, "ExcludedItemClasses")))
    parts = (
        wire.text(row, "ContentMatchQuery") or "",
        f"without items of {classes}" if classes else "",
        "with sensitive information alone" if row.get("ContentContainsSensitiveInformation") else "",
        "of some dates alone" if wire.moment(row, "ContentDateFrom") or wire.moment(row, "ContentDateTo") else "",
    )
    return " ".join(part.strip() for part in parts if part.strip())
