"""What a control may want read in a tenant: the words under ``verify`` in ``policy.yaml``, and what they ask of which clouds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pydantic import ConfigDict, Field, model_validator

from policies.district import FolderModel
from policies.duties import Population
from policies.kinds import Kind, Platform

Wish: TypeAlias = "str | tuple[str, ...]"

CHAT_HISTORY: Final = "google.chat_history"
SPACE_HISTORY: Final = "google.space_history"
MAIL_STORAGE: Final = "google.mail_storage"
THIRD_PARTY_ARCHIVING: Final = "google.third_party_archiving"
VAULT_SERVICE: Final = "google.vault_service"
TAKEOUT: Final = "google.takeout"
LICENCES: Final = "google.licences"
RETENTION_PRIVILEGES: Final = "google.retention_privileges"
VAULT_PRIVILEGES: Final = "google.vault_privileges"
ACCELERATED_DELETION: Final = "google.accelerated_deletion"


class Verify(FolderModel):
    """Settings that show a control, each with the value that it wants; all of them must be seen, for everybody whom the control is about.

    ``google.chat_history`` and ``google.space_history``: ``always_on`` (nobody can switch it off) or ``on_by_default``. ``google.mail_storage``:
    mail that other Google services send is in Vault too. ``google.licences``: every account has a licence that keeps its mail, files and
    chats under hold. ``google.retention_privileges``: the addresses of those who may change retention in Vault; nobody else may.
    ``google.vault_privileges``: the addresses of those who may manage holds, matters, searches, exports, audits or early deletion there, or view
    all matters; nobody else may, our own account for its work apart.
    ``google.accelerated_deletion``: nobody has asked Vault to destroy data ahead of its retention.
    """

    model_config = ConfigDict(populate_by_name=False)

    chat_history: Literal["always_on", "on_by_default"] | None = Field(default=None, alias=CHAT_HISTORY)
    space_history: Literal["always_on", "on_by_default"] | None = Field(default=None, alias=SPACE_HISTORY)
    mail_storage: Literal["comprehensive"] | None = Field(default=None, alias=MAIL_STORAGE)
    third_party_archiving: Literal["disabled", "enabled"] | None = Field(default=None, alias=THIRD_PARTY_ARCHIVING)
    vault_service: Literal["enabled"] | None = Field(default=None, alias=VAULT_SERVICE)
    takeout: Literal["disabled"] | None = Field(default=None, alias=TAKEOUT)
    licences: Literal["kept_under_hold"] | None = Field(default=None, alias=LICENCES)
    retention_privileges: tuple[str, ...] | None = Field(default=None, alias=RETENTION_PRIVILEGES, min_length=1)
    vault_privileges: tuple[str, ...] | None = Field(default=None, alias=VAULT_PRIVILEGES, min_length=1)
    accelerated_deletion: Literal["none"] | None = Field(default=None, alias=ACCELERATED_DELETION)

    @model_validator(mode="after")
    def _asks_something(self) -> Verify:
        if not self.wishes:
            raise ValueError(f"asks for nothing: name at least one of {', '.join(CHECKS)}")
        return self

    @property
    def wishes(self) -> Mapping[str, Wish]:
        """What is wanted, by the name of the check, in the order in which the model lists them."""
        given = {field.alias or name: getattr(self, name) for name, field in type(self).model_fields.items()}
        return {name: wish for name, wish in given.items() if wish is not None}


CHECKS: Final = tuple(field.alias or name for name, field in Verify.model_fields.items())
"""The name of every check."""


def kind_of(check: str) -> Kind:
    """The kind that has to be read for a check."""
    return Kind.GOOGLE_LICENCE if check == LICENCES else Kind.GOOGLE_SETTING


def platform_of(check: str) -> Platform:
    """The cloud that a check is about."""
    return kind_of(check).platform


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlDuty:
    """One control that settings can show. Without a population it is about every account of every tenant."""

    line: str
    population: Population | None
    wishes: Mapping[str, Wish]

    def about(self, platform: Platform) -> bool:
        """Whether the control speaks of a tenant of this platform."""
        return self.population is None or platform in self.population.selectors

    def asks(self, platform: Platform) -> Mapping[str, Wish]:
        """The checks that can be made there."""
        return {check: wish for check, wish in self.wishes.items() if platform_of(check) is platform}
