"""What this tenant allows per kind, from what was tried and from the privileges that could be read; never from a wish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from connectors.errors import ConnectorError, TenantUnreachableError
from connectors.examination import Capability, ReadCapability, WriteCapability
from connectors.google_workspace.operations import EDISCOVERY, GROUP_SETTINGS, LABELS, Surface
from connectors.google_workspace.privileges import CONSOLE_NAMES, MANAGE_HOLDS, MANAGE_MATTERS, VIEW_ALL_MATTERS, Privileges
from policies.kinds import Kind

NO_RULES_API: Final = "vault_rules.no_api"
LABELS_NOT_LICENSED: Final = "drive_label.not_licensed"

_NEEDED: Final[Mapping[Kind, str]] = {Kind.GOOGLE_MATTER: MANAGE_MATTERS, Kind.GOOGLE_HOLD: MANAGE_HOLDS}
_WATCHED: Final[Mapping[Kind, Surface]] = {
    Kind.GOOGLE_USER: Surface.DIRECTORY,
    Kind.GOOGLE_GROUP: Surface.DIRECTORY,
    Kind.GOOGLE_ORG_UNIT: Surface.DIRECTORY,
    Kind.GOOGLE_LICENCE: Surface.LICENSING,
    Kind.GOOGLE_SETTING: Surface.POLICIES,
}
_OTHERS: Final[Mapping[Kind, tuple[Surface, str]]] = {
    Kind.GOOGLE_GROUP_ARCHIVE: (Surface.GROUP_SETTINGS, GROUP_SETTINGS),
    Kind.GOOGLE_DRIVE_LABEL: (Surface.LABELS, LABELS),
}


_PASSING: Final = ("google.server_error", "google.quota", "google.token_unavailable", "google.unauthenticated", "network.", "tls.", "wire.")
"""Codes of failures that are the wire's or the moment's, not the tenant's grant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Whether something that was tried worked; ``detail`` and ``next_step`` say why not."""

    ok: bool
    detail: str = ""
    next_step: str | None = None


def probe(attempt: Callable[[], object]) -> Probe:
    """How ``attempt`` ended. A tenant that cannot be reached at all is raised, not noted."""
    try:
        attempt()
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        return Probe(ok=False, detail=f"{error.code}: {error.message}", next_step=error.next_step or None)
    return Probe(ok=True)


def capabilities_of(
    probes: Mapping[Kind, Probe], reading: Privileges, writing: Privileges, write_probes: Mapping[Kind, Probe]
) -> tuple[Capability, ...]:
    """One capability per Google kind that was probed, and of Vault's rules.

    ``write_probes`` say, per kind that can be written, whether the scope for it is granted.
    """
    found = [_vault(kind, probes[kind], reading, writing, write_probes[kind]) for kind in (Kind.GOOGLE_MATTER, Kind.GOOGLE_HOLD)]
    found += [_watched(kind, surface, probes[kind]) for kind, surface in _WATCHED.items() if kind in probes]
    found.append(
        Capability(
            kind=Kind.GOOGLE_VAULT_RULE,
            read=ReadCapability.NONE,
            write=WriteCapability.ATTEST_ONLY,
            reason=NO_RULES_API,  # G§0: no Google API has Vault's retention rules
            next_step="Set the rules in the Vault console, then attest them with vault-rules/TENANT and the rules file.",
        )
    )
    found += [_other(kind, probes[kind], write_probes[kind]) for kind in _OTHERS if kind in probes]
    return tuple(found)


def _vault(kind: Kind, tried: Probe, reading: Privileges, writing: Privileges, scope: Probe) -> Capability:
    """Matters and holds: the list must answer and View All Matters be held, or else somebody's matters are out of sight (G§11.9)."""
    read, reason, next_step = ReadCapability.FULL, None, None
    sees_all = reading.has(VIEW_ALL_MATTERS)
    if not tried.ok:
        read, reason, next_step = ReadCapability.NONE, tried.detail, tried.next_step
    elif sees_all is None:
        read, reason, next_step = ReadCapability.UNKNOWN, f"privileges.unread: {reading.unknown}", "Delegate the role management scope."
    elif not sees_all:
        read, reason, next_step = ReadCapability.PARTIAL, f"privilege.missing: {VIEW_ALL_MATTERS}", _grant(VIEW_ALL_MATTERS)
    write = WriteCapability.UNPROVEN
    needed = _NEEDED[kind]
    if not scope.ok:
        write, reason, next_step = WriteCapability.MISSING, reason or scope.detail, next_step or scope.next_step or f"Delegate {EDISCOVERY}."
    elif writing.has(needed) is False:
        write, reason, next_step = WriteCapability.MISSING, reason or f"privilege.missing: {needed}", next_step or _grant(needed)
    elif writing.has(needed) is None:
        reason = reason or f"privileges.unread: {writing.unknown}"
    return Capability(kind=kind, read=read, write=write, surface=Surface.VAULT.value, reason=reason, next_step=next_step)


def _other(kind: Kind, tried: Probe, scope: Probe) -> Capability:
    """Groups' archives and Drive labels: what answers may be tried, and only a proof shows that it can be written."""
    surface, needed = _OTHERS[kind]
    if tried.detail == LABELS_NOT_LICENSED:
        return Capability(kind=kind, read=ReadCapability.NONE, write=WriteCapability.NONE, surface=surface.value, reason=LABELS_NOT_LICENSED)
    problem = tried if not tried.ok else scope if not scope.ok else None
    # A list that went wrong on the way says nothing about what may be written: the kind is unknown now, not missing.
    passing = problem is tried and scope.ok and tried.detail.startswith(_PASSING)
    return Capability(
        kind=kind,
        read=ReadCapability.FULL if tried.ok else ReadCapability.UNKNOWN if passing else ReadCapability.NONE,
        write=WriteCapability.UNPROVEN if problem is None or passing else WriteCapability.MISSING,
        surface=surface.value,
        reason=problem.detail if problem else None,
        next_step=(problem.next_step or f"Delegate {needed}.") if problem else None,
    )


def _watched(kind: Kind, surface: Surface, tried: Probe) -> Capability:
    return Capability(
        kind=kind,
        read=ReadCapability.FULL if tried.ok else ReadCapability.UNKNOWN if tried.detail.startswith(_PASSING) else ReadCapability.NONE,
        write=WriteCapability.NONE,
        surface=surface.value,
        reason="kind.watched_only" if tried.ok else tried.detail,
        next_step=tried.next_step,
    )


def _grant(privilege: str) -> str:
    return f"Give the account a role with the Vault privilege {CONSOLE_NAMES[privilege]} (Admin console > Account > Admin roles)."
