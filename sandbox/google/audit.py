"""The audit log: what the Reports API will tell about each act, who it says did it, and when it begins to say so (G§2.2, G§5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from sandbox.google.api import Call, instant
from sandbox.google.state import Activity, GoogleState, User, state_of
from sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who the log will name: the account, and the application if it was one that acted in the account's name."""

    email: str
    profile: str
    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened: the application whose log it stands in, when, the event's type and name, its parameters (empty ones are left out)."""

    application: str
    at: datetime
    kind: str
    name: str
    values: Mapping[str, str]


def api_actor(call: Call) -> Actor:
    """The impersonated account, with our client's id as the application (G§2.2)."""
    return Actor(
        email=call.actor,
        profile=call.principal,
        application=call.service.client_id,
    )


def person(user: User) -> Actor:
    """An administrator at the console: no application stands between."""
    return Actor(email=user.email, profile=user.id)


PAIR = ("_begin", "_end")
"""What most acts in Vault leave (G§11.16)."""
SINGLE = ("",)
BROKEN_OFF = ("_begin",)
"""What an act leaves that did not come to its end."""


def log_vault(
    world: World, actor: Actor, name: str, values: Mapping[str, str], *, steps: Sequence[str] = PAIR, at: datetime | None = None
) -> None:
    """Log one act in Vault, done now or ``at``: an event for each of ``steps``."""
    moment = at or world.clock.now()
    for step, suffix in enumerate(steps):
        event = Event(application="vault", at=moment + timedelta(milliseconds=40 * step), kind="user_action", name=name + suffix, values=values)
        _log(world, actor, event)


def log_admin(world: World, actor: Actor, kind: str, name: str, values: Mapping[str, str]) -> None:
    """Log one act in the Admin console, parameters in the appendix's capitals (G§5)."""
    _log(world, actor, Event(application="admin", at=world.clock.now(), kind=kind, name=name, values=values))


def visible(state: GoogleState, world: World, application: str) -> Sequence[Activity]:
    """What the API serves by now, newest first."""
    now = world.clock.now()
    return sorted((a for a in state.activities if a.application == application and a.visible <= now), key=lambda a: a.at, reverse=True)


def _log(world: World, actor: Actor, event: Event) -> None:
    state, switches = state_of(world), world.switches
    # Events arrive late and out of order: minutes in life (G§2.2), here the switch's seconds and up to two thirds more.
    late = float(switches.get("google.audit_delay", "180"))
    # Single ones come hours late or never (G§2.2): `google.audit_late` is PATTERN=SECONDS, `google.audit_lost` a pattern of names.
    pattern, _, seconds = switches.get("google.audit_late", "").partition("=")
    if pattern and fnmatchcase(event.name, pattern):
        late = float(seconds)
    if fnmatchcase(event.name, switches.get("google.audit_lost", "")):
        return
    # Google gave admin events other names in 2026 (G§5): `google.audit_rename` is OLD=NEW,OLD=NEW, because which ones is for the drill to say.
    renamed = dict(pair.split("=", 1) for pair in switches.get("google.audit_rename", "").split(",") if pair)
    event = replace(event, name=renamed.get(event.name, event.name))
    parameters = [{"name": key, "value": value} for key, value in event.values.items() if value]
    entry: dict[str, object] = {
        "kind": "admin#reports#activity",
        "id": {
            "time": instant(event.at),
            "uniqueQualifier": str(state.chance.randrange(-(2**63), 2**63)),
            "applicationName": event.application,
            "customerId": state.customer_id,
        },
        "etag": f'"{state.word(27)}"',
        "actor": _actor_block(actor),
        "ipAddress": "192.0.2.17" if actor.application else "198.51.100.20",
        "events": [{"type": event.kind, "name": event.name, "parameters": parameters}],
    }
    delay = timedelta(seconds=late * (1 + state.chance.random() * 2 / 3))
    state.activities.append(
        Activity(
            at=event.at, visible=event.at + delay, application=event.application, actor=actor.email, names=(event.name,), entry=entry,
        ),
    )


def _actor_block(actor: Actor) -> dict[str, object]:
    block: dict[str, object] = {"callerType": "USER", "email": actor.email, "profileId": actor.profile}
    if actor.application:
        block["applicationInfo"] = {"oauthClientId": actor.application, "applicationName": "Records application", "impersonation": True}
    return block
