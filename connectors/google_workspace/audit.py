"""Google's logs of Vault and of the Admin console as events: which object, whose account, and whether it was done through our own client.

Vault's events come in ``_begin``/``_end`` twins: the end is the deed, a begin without its end is kept, for it may have been one (G§11.16).
Names are data: the Admin console's were renamed in 2026, so old ones and new ones are known, and an unknown one passes with no kind (G§5).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Final

from connectors.audit_log import AuditEvent, AuditRead
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import ACTIVITIES_LIST
from connectors.google_workspace.wire import Json, inner, moment, objects, required, text
from policies.kinds import Kind

LATENCY: Final = timedelta(hours=4)
"""Contract, *Others' objects*: how long Google's log may take."""
APPLICATIONS: Final = ("vault", "admin")

_VAULT_KINDS: Final = (
    (re.compile(r"retention_(?:rule|period|settings|policy)|preview_retention"), Kind.GOOGLE_VAULT_RULE),
    (re.compile(r"litigation_hold|preservation_rule"), Kind.GOOGLE_HOLD),
    (re.compile(r"investigation|collaborator"), Kind.GOOGLE_MATTER),
)
_ADMIN_KINDS: Final = (
    (re.compile(r"LICENSE|LICENCE"), Kind.GOOGLE_LICENCE),
    (re.compile(r"GROUP"), Kind.GOOGLE_GROUP),
    (re.compile(r"USER"), Kind.GOOGLE_USER),  # before the units: MOVE_USER_TO_ORG_UNIT is about a user
    (re.compile(r"ORG_UNIT"), Kind.GOOGLE_ORG_UNIT),
    (re.compile(r"SETTING|TOGGLE_SERVICE|RULE"), Kind.GOOGLE_SETTING),
)
_HOLD_IN_URL: Final = re.compile(r"/holds?/(?P<id>[A-Za-z0-9_-]+)")
_TARGETS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.GOOGLE_USER: ("USER_EMAIL", "user_email", "target_user"),
    Kind.GOOGLE_LICENCE: ("USER_EMAIL", "user_email", "target_user"),
    Kind.GOOGLE_GROUP: ("GROUP_EMAIL", "group_email"),
    Kind.GOOGLE_ORG_UNIT: ("ORG_UNIT_NAME", "org_unit_name"),
    Kind.GOOGLE_SETTING: ("SETTING_NAME", "setting_name"),
}
_NO: Final = frozenset({400, 403, 404})
"""Answers to what was asked; a 401 is about who asks."""
_BEGIN: Final = "_begin"
_END: Final = "_end"


def read_audit(
    session: Session, window: tuple[datetime, datetime], own_clients: AbstractSet[str], kinds: AbstractSet[Kind] | None = None
) -> AuditRead:
    """The events of ``window``, both ends in it, oldest first. Both are sent: without one, Google serves other days (G§2.2).

    Where ``kinds`` are Vault's alone, only its own log is asked.
    """
    since, until = window
    events: list[AuditEvent] = []
    vaults = kinds is not None and kinds <= {kind for _, kind in _VAULT_KINDS}
    try:
        for application in APPLICATIONS[:1] if vaults else APPLICATIONS:
            raw = session.pages(
                ACTIVITIES_LIST, "items", userKey="all", applicationName=application, startTime=_stamp(since), endTime=_stamp(until), maxResults=1000
            )
            events += events_of(application, raw, own_clients)
    except TenantUnreachableError:
        raise
    except ConnectorError as error:
        refused = isinstance(error, PermanentError) and error.status in _NO
        return AuditRead(available=False, reason=f"{error.code}: {error.message}", refused=refused)
    events.sort(key=lambda event: (event.at, event.id))
    return AuditRead(available=True, events=tuple(events), through=min(until, session.context.clock.now() - LATENCY))


def events_of(application: str, items: Sequence[Json], own_clients: AbstractSet[str]) -> list[AuditEvent]:
    """The events of activities as Google lists them, begins that found their end left out, an activity listed twice counted once (G§5)."""
    seen: dict[str, AuditEvent] = {}
    for item in items:
        name = inner(item, "id", "activity") or {}
        activity = f"{application}/{required(name, 'time', 'activity.id')}/{text(name, 'uniqueQualifier')}"
        for number, event in enumerate(objects(item, "events", "activity")):
            seen.setdefault(f"{activity}/{number}", _event(f"{activity}/{number}", application, item, event, own_clients))
    return _paired(sorted(seen.values(), key=lambda event: (event.at, event.id)))


def _event(identifier: str, application: str, item: Json, event: Json, own_clients: AbstractSet[str]) -> AuditEvent:
    at = moment(text(inner(item, "id", "activity") or {}, "time"))
    assert at is not None  # required() has seen it
    actor = inner(item, "actor", "activity") or {}
    application_info = inner(actor, "applicationInfo", "actor") or {}
    operation = required(event, "name", "event")
    parameters = {text(one, "name"): _value(one) for one in objects(event, "parameters", "event")}
    kind = _kind(application, operation)
    vendor_id, target = _object(kind, parameters)
    return AuditEvent(
        id=identifier,
        at=at,
        actor=text(actor, "email") or text(actor, "key") or text(actor, "profileId") or "unknown",
        operation=operation,
        kind=kind,
        vendor_id=vendor_id,
        name=target,
        ours=text(application_info, "oauthClientId") in own_clients,
        details=parameters,
        raw=json.dumps({**item, "events": [event]}, ensure_ascii=False, sort_keys=True),
    )


def _kind(application: str, operation: str) -> Kind | None:
    table = _VAULT_KINDS if application == "vault" else _ADMIN_KINDS
    name = operation if application == "vault" else operation.upper()
    return next((kind for pattern, kind in table if pattern.search(name)), None)


def _object(kind: Kind | None, parameters: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The vendor's id and the name of what the event was about, as far as its parameters tell."""
    if kind is Kind.GOOGLE_MATTER:
        return parameters.get("matter_id") or None, parameters.get("resource_name") or None
    if kind is Kind.GOOGLE_HOLD:
        found = _HOLD_IN_URL.search(parameters.get("resource_url", ""))
        return found["id"] if found else None, parameters.get("resource_name") or None
    if kind is Kind.GOOGLE_VAULT_RULE:
        return None, parameters.get("resource_name") or None
    names = (parameters.get(name) for name in _TARGETS.get(kind, ())) if kind is not None else ()
    return None, next((name for name in names if name), None)


def _value(parameter: Json) -> str:
    """A parameter's value in any of the forms that the log uses, as text."""
    for key in ("value", "intValue"):
        if isinstance(parameter.get(key), str):
            return text(parameter, key)
    if isinstance(parameter.get("boolValue"), bool):
        return str(parameter["boolValue"]).lower()
    many = parameter.get("multiValue")
    return ",".join(str(one) for one in many) if isinstance(many, list) else ""


def _paired(events: Sequence[AuditEvent]) -> list[AuditEvent]:
    """Without the begins whose end came later by the same account on the same object."""
    kept: list[AuditEvent] = []
    open_begins: dict[tuple[object, ...], list[AuditEvent]] = {}
    for event in events:
        if event.operation.endswith(_BEGIN):
            open_begins.setdefault(_twin(event, _BEGIN), []).append(event)
        elif event.operation.endswith(_END) and open_begins.get(_twin(event, _END)):
            open_begins[_twin(event, _END)].pop(0)
        if not event.operation.endswith(_BEGIN):
            kept.append(event)
    orphans = [event for begins in open_begins.values() for event in begins]
    return sorted([*kept, *orphans], key=lambda event: (event.at, event.id))


def _twin(event: AuditEvent, suffix: str) -> tuple[object, ...]:
    return (event.operation.removesuffix(suffix), event.actor, event.vendor_id, event.name)


def _stamp(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
