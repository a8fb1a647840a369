"""The kinds of object that a tenant can hold, and what the platform lets one do with each. The contract's names, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Platform(StrEnum):
    """The two clouds."""

    MICROSOFT365 = "microsoft365"
    GOOGLE_WORKSPACE = "google_workspace"


class Workload(StrEnum):
    """Where records live, in one vocabulary for both clouds."""

    MAIL = "mail"
    ARCHIVE = "archive"
    DRIVE = "drive"
    SITE = "site"
    CHAT = "chat"
    GROUP = "group"
    SHARED_DRIVE = "shared_drive"
    VOICE = "voice"
    CALENDAR = "calendar"
    GEMINI = "gemini"
    PAPER = "paper"
    LITIGATION_HOLD = "litigation_hold"
    """A mailbox as Exchange itself keeps it whole: a second belt beside a case hold, on Microsoft 365 alone, and only where an order asks for it."""


class Kind(StrEnum):
    """Keys of ``kinds``, ``visibility_checks``, ``--prove``, ``take-over``, ``Change.kind`` and ``Drift.kind``."""

    M365_LABEL = "m365.label"
    M365_LABEL_POLICY = "m365.label_policy"
    M365_LABEL_RULE = "m365.label_rule"
    M365_RETENTION_POLICY = "m365.retention_policy"
    M365_RETENTION_RULE = "m365.retention_rule"
    M365_ADAPTIVE_SCOPE = "m365.adaptive_scope"
    M365_EVENT_TYPE = "m365.event_type"
    M365_CASE = "m365.case"
    M365_HOLD = "m365.hold"
    M365_MAILBOX = "m365.mailbox"
    M365_ORG_HOLD = "m365.org_hold"
    M365_USER = "m365.user"
    M365_GROUP = "m365.group"
    M365_SITE = "m365.site"
    GOOGLE_MATTER = "google.matter"
    GOOGLE_HOLD = "google.hold"
    GOOGLE_VAULT_RULE = "google.vault_rule"
    GOOGLE_DRIVE_LABEL = "google.drive_label"
    GOOGLE_GROUP_ARCHIVE = "google.group_archive"
    GOOGLE_USER = "google.user"
    GOOGLE_GROUP = "google.group"
    GOOGLE_ORG_UNIT = "google.org_unit"
    GOOGLE_LICENCE = "google.licence"
    GOOGLE_SETTING = "google.setting"

    @property
    def platform(self) -> Platform:
        """The cloud that this kind belongs to."""
        return Platform.MICROSOFT365 if self.value.startswith("m365.") else Platform.GOOGLE_WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTraits:
    """What the platform fixes for a kind: fields that cannot be changed after creation, and whether a create carries members."""

    immutable: frozenset[str] = frozenset()
    create_with_members: bool = False
    needs_visibility_check: bool = True
    hold_lane: bool = False
    narrowing: frozenset[str] = frozenset()
    """Fields that can say that less is kept. They are never changed together with members, who would wait for the officers that it may need."""
    locked_on_the_way: bool = False
    """Until the platform has distributed a change of it, of whatever hand, it takes no other (M§2.7); of one surface alone ``Wanted.whole`` does."""
    filled_at_once: bool = False
    """Made empty, and by what it answers known to be there: when members are added right after, reading it once, with them in it, shows both."""
    shared: bool = False
    """One object of the platform's own, its vendor id the kind's name, which nobody makes and which carries no mark: ours in it is what we put in."""
    locking: frozenset[tuple[str, str]] = frozenset()
    """Fields and values with which an object locks what it is put on: made once, the platform lets nobody take that back from it."""


TRAITS: dict[Kind, KindTraits] = {
    # M§1.1: trigger, action and behaviour of a retention label are fixed at birth (its name too, which is not a field here and never compared
    # for a bound object); only the period and texts change. A record label stays one (M§1.1): whoever applies it locks the item.
    Kind.M365_LABEL: KindTraits(immutable=frozenset({"trigger", "action", "behaviour"}), locking=frozenset({("behaviour", "record")})),
    # M§2.2: a policy is invalid without a location, so it is born with its members.
    Kind.M365_LABEL_POLICY: KindTraits(create_with_members=True, locked_on_the_way=True, narrowing=frozenset({"exceptions"})),
    Kind.M365_LABEL_RULE: KindTraits(immutable=frozenset({"publishes"}), locked_on_the_way=True),
    Kind.M365_RETENTION_POLICY: KindTraits(create_with_members=True, locked_on_the_way=True, narrowing=frozenset({"exceptions"})),
    Kind.M365_RETENTION_RULE: KindTraits(locked_on_the_way=True),
    # What a scope is of cannot be changed (docs/wire/admin-endpoint.md §2.4); its query can.
    Kind.M365_ADAPTIVE_SCOPE: KindTraits(immutable=frozenset({"location"})),
    Kind.M365_EVENT_TYPE: KindTraits(),
    Kind.M365_CASE: KindTraits(hold_lane=True),
    # M§3.4: name and isEnabled cannot be patched on v1.0; sources are added one by one after creation.
    Kind.M365_HOLD: KindTraits(narrowing=frozenset({"query"}), hold_lane=True),
    # M§3.1: litigation hold is a setting of each mailbox; all that have it are read in one list, and are one object here.
    Kind.M365_MAILBOX: KindTraits(hold_lane=True, shared=True),
    Kind.M365_ORG_HOLD: KindTraits(),
    Kind.M365_USER: KindTraits(needs_visibility_check=False),
    Kind.M365_GROUP: KindTraits(needs_visibility_check=False),
    Kind.M365_SITE: KindTraits(needs_visibility_check=False),
    Kind.GOOGLE_MATTER: KindTraits(hold_lane=True),
    # G§1.5: corpus and the type of scope cannot be switched after creation; accounts are added in batches afterwards.
    # The unit could be replaced (G§1.3), which lets go whoever is in the one that it is on now: ours takes its own by a second hold beside it.
    Kind.GOOGLE_HOLD: KindTraits(immutable=frozenset({"corpus", "scope", "org_unit"}), hold_lane=True, filled_at_once=True),
    Kind.GOOGLE_VAULT_RULE: KindTraits(),
    Kind.GOOGLE_DRIVE_LABEL: KindTraits(),
    # A held group that keeps no conversation holds nothing (G§1.5), so its archive belongs to the hold.
    Kind.GOOGLE_GROUP_ARCHIVE: KindTraits(immutable=frozenset({"group"}), hold_lane=True),
    Kind.GOOGLE_USER: KindTraits(needs_visibility_check=False),
    Kind.GOOGLE_GROUP: KindTraits(needs_visibility_check=False),
    Kind.GOOGLE_ORG_UNIT: KindTraits(needs_visibility_check=False),
    Kind.GOOGLE_LICENCE: KindTraits(needs_visibility_check=False),
    Kind.GOOGLE_SETTING: KindTraits(needs_visibility_check=False),
}
"""Every kind has its row; a test counts them."""
