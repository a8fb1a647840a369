"""Everybody as an adaptive scope, where a district asks for it and the tenant was shown to take one (M§2.2). Pure.

The platform's own word for everybody (``All``) keeps at least as much and sooner: a mailbox made today is in it today, while a scope is filled
once a day and may take five days. A scope is for what ``All`` cannot do: more than thirteen policies over all OneDrives and sites (M§2.8). So it
is used where the population says ``adaptive``, for policies that are new, and never in the place of one that is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from connectors.base import Circumstances
from connectors.examination import WriteCapability
from connectors.microsoft365.policies import FILLING
from connectors.places import EVERYBODY
from policies.keys import key_of
from policies.kinds import Kind
from policies.resources import Because, Wanted

ALL, SCOPED = "all", "scope"
"""How the keys of policies over everybody tell their two sorts apart."""
_APPLICATIONS = {"exchange": "user:exchange", "onedrive": "user:onedriveforbusiness"}
"""What the proof shows. Chats over a scope belong to the newer family of policies (M§2.2), which is not written from here."""


def scopes_proven(circumstances: Circumstances) -> bool:
    """Whether this tenant was shown to take a scope and a policy over it; without the licence nobody can show that."""
    return any(one.kind is Kind.M365_ADAPTIVE_SCOPE and one.write is WriteCapability.PROVEN for one in circumstances.capabilities)


def takes_scope(members: Iterable[str]) -> bool:
    """Whether a policy over these places may lie over a scope: all of them are everybody's mailboxes or OneDrives."""
    return all(member in {f"{location}:All" for location in _APPLICATIONS} for member in members)


def everybody_key() -> str:
    """The key of the one scope that all policies over everybody share."""
    return key_of("scope", "everybody")


def everybody(circumstances: Circumstances, because: Because) -> Wanted:
    """The scope whose query finds every mailbox of a user, inactive ones too."""
    return Wanted(
        kind=Kind.M365_ADAPTIVE_SCOPE,
        key=everybody_key(),
        name=_name(circumstances),
        fields={"location": "user", "query": EVERYBODY, "description": "Everybody with a mailbox"},
        because=because,
    )


def over_scope(policy: Wanted, circumstances: Circumstances) -> Wanted:
    """``policy``, which names everybody, over the scope: the same workloads, as applications."""
    applications = sorted(_APPLICATIONS[member.partition(":")[0]] for member in policy.members)
    return replace(
        policy,
        fields={**policy.fields, "applications": tuple(applications)},
        members=frozenset({f"scope:{_name(circumstances)}"}),
        depends_on=(everybody_key(),),
        settles=round(FILLING.total_seconds()),
    )


def _name(circumstances: Circumstances) -> str:
    return circumstances.names.get(everybody_key(), "Recordwarden everybody")
