"""The unified audit log: writing records, and when a search finds them (late: M§6, docs/wire/graph-directory-audit.md §8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sandbox.microsoft.objects import Actor, Event
from sandbox.microsoft.state import TenantState, jitter, switch, tenant_of
from sandbox.world import World

EXCHANGE_ADMIN, DIRECTORY, CMDLET, DISCOVERY = 1, 8, 18, 24
RECORD_TYPES = {
    EXCHANGE_ADMIN: "ExchangeAdmin",
    DIRECTORY: "AzureActiveDirectory",
    CMDLET: "SecurityComplianceCenterEOPCmdlet",
    DISCOVERY: "Discovery",
}
_WORKLOADS = {
    EXCHANGE_ADMIN: "Exchange",
    DIRECTORY: "AzureActiveDirectory",
    CMDLET: "SecurityComplianceCenter",
    DISCOVERY: "SecurityComplianceCenter",
}
_EARLIEST, _SPAN = 1800.0, 3600.0
"""A record is found 30 to 90 minutes after the act; the switch ``m365.audit_seconds`` fixes the time."""

Parameters = str | tuple[tuple[str, str], ...]


def record(  # noqa: PLR0913  # one record has this many parts
    world: World,
    actor: Actor,
    what: tuple[int, str],
    object_id: str,
    parameters: Parameters = "",
    extra: Iterable[tuple[str, str]] = (),
    *,
    target: str = "",
) -> None:
    """Write one record: ``what`` is its type and operation. It becomes visible later, by a time that the seed decides."""
    state = tenant_of(world)
    now = world.clock.now()
    number = f"{len(state.events)}"
    fixed = switch(world, "audit_seconds")
    late = float(fixed) if fixed else _EARLIEST + jitter(world.seed, f"audit/{number}", _SPAN)
    state.events.append(
        Event(
            id=state.new_id("event"),
            at=now,
            visible=now + timedelta(seconds=late),
            actor=actor,
            record_type=what[0],
            operation=what[1],
            object_id=object_id,
            parameters=parameters,
            extra=tuple(extra),
            target=target,
        )
    )


def cmdlet_line(parameters: Iterable[tuple[str, object]]) -> str:
    """Parameters as the log of Security & Compliance writes them: one string, each value in quotes."""
    return " ".join(f'-{name} "{_text(value)}"' for name, value in parameters)


def pairs(parameters: Iterable[tuple[str, object]]) -> tuple[tuple[str, str], ...]:
    """Parameters as the log of Exchange writes them: name and value apart."""
    return tuple((name, _text(value)) for name, value in parameters)


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(str(part) for part in value)
    return str(value)


def data_of(state: TenantState, event: Event) -> dict[str, object]:
    """The record as the Management Activity API hands it out and Graph carries it in ``auditData``: ``CreationTime`` without a zone."""
    by_app = bool(event.actor.app_id)
    user = f"ServicePrincipal_{event.actor.object_id}" if by_app else event.actor.upn
    made: dict[str, object] = {
        "Id": event.id,
        "RecordType": event.record_type,
        "CreationTime": event.at.strftime("%Y-%m-%dT%H:%M:%S"),
        "Operation": event.operation,
        "OrganizationId": state.tenant_id,
        "UserType": 6 if by_app else 2,
        "UserKey": event.actor.app_id or event.actor.upn,
        "UserId": user,
        "Workload": _WORKLOADS[event.record_type],
        "ResultStatus": "Success" if event.record_type == DIRECTORY else "True",
        "ObjectId": event.object_id,
    }
    if by_app:
        made |= {"AppId": event.actor.app_id, "ClientAppId": event.actor.app_id, "ActorDisplayName": event.actor.name}
    if event.record_type == CMDLET:
        made |= {"SecurityComplianceCenterEventType": 0, "ClientApplication": "EMC", "CmdletVersion": "", "NonPIIParameters": ""}
        made |= {"StartTime": made["CreationTime"], "EffectiveOrganization": state.initial_domain}
    made["Parameters"] = event.parameters if isinstance(event.parameters, str) else _name_values(event.parameters)
    if event.record_type == DISCOVERY:
        named = dict(event.extra)
        made |= {"ObjectType": named.pop("ObjectType", ""), "Case": named.pop("Case", ""), "CaseId": named.pop("CaseId", "")}
        made |= {"ExtendedProperties": _name_values(tuple(named.items())), "NonPIIParameters": ""}
    elif event.extra:
        made["ExtendedProperties"] = _name_values(event.extra)
    return made


def _name_values(values: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values]


def found_by(state: TenantState, until: datetime) -> list[Event]:
    """What a search that ran at ``until`` could find, oldest first."""
    return sorted((event for event in state.events if event.visible <= until), key=lambda event: (event.at, event.id))
