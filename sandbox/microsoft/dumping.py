"""The tenant as JSON values, for drills and tests that check from outside the vendor's APIs."""

from __future__ import annotations

from sandbox.microsoft import fileplan, holding, policing
from sandbox.microsoft.objects import Hold, Policy
from sandbox.microsoft.state import licence, tenant_of
from sandbox.world import World

Json = dict[str, object]


def dump(world: World) -> Json:
    """Everything that decides protection, with statuses as of now."""
    state = tenant_of(world)
    policing.settle(world)
    stamps = policing.mailbox_stamps(world)
    return {
        "tenant_id": state.tenant_id,
        "licence": licence(world),
        "administrator": state.console.upn,
        "app": {"id": state.app.app_id, "object_id": state.app.object_id, "name": state.app.name},
        **_labels(world),
        "policies": [_policy(world, policy) for policy in state.policies.values()],
        "scopes": [Json(name=scope.name, guid=scope.guid, comment=scope.comment, query=scope.query) for scope in state.scopes.values()],
        "rules": [
            Json(name=rule.name, guid=rule.guid, policy=rule.policy, duration=rule.duration, action=rule.action, publishes=rule.publishes)
            for rule in state.rules.values()
        ],
        "cases": [
            {"name": case.name, "guid": case.guid, "external_id": case.external_id, "status": holding.case_status(world, case)}
            | {"holds": [_hold(world, hold) for hold in holding.holds_of(world, case)]}
            for case in state.cases.values()
        ],
        "mailboxes": [
            {"address": account.upn, "id": account.id, "litigation": account.mailbox.litigation, "inactive": account.mailbox.inactive}
            | {"holds": stamps.get(account.id, [])}
            for account in state.accounts.values()
            if account.mailbox is not None and (account.mailbox.litigation or account.mailbox.inactive or account.id in stamps)
        ],
        "accounts": sum(account.deleted is None for account in state.accounts.values()),
        "groups": {group.mail: [account.upn for account in state.members_of(group)] for group in state.groups.values()},
        "sent": [
            Json(at=mail.at.isoformat(), sender=mail.sender, to=list(mail.to), message=mail.message, saved=mail.saved) for mail in state.sent
        ],
        "organisation_holds": policing.organisation_stamps(world),
        "audit": [
            {
                "at": event.at.isoformat(),
                "visible": event.visible.isoformat(),
                "by": event.actor.upn or event.actor.app_id,
                "object": event.object_id,
            }
            | {"operation": event.operation}
            for event in state.events
        ],
    }


def _labels(world: World) -> Json:
    state = tenant_of(world)
    labels = [
        Json(name=label.name, guid=label.guid, comment=label.comment, action=label.action, duration=label.duration, trigger=label.trigger)
        | {"file_plan": {word: state.templates[guid].name for word, guid in label.templates.items()}}
        for label in state.labels.values()
    ]
    values = [
        Json(kind=kind.noun, name=one.name, guid=one.guid, built_in=one.built_in)
        for kind in fileplan.KINDS
        for one in fileplan.of_kind(world, kind)
    ]
    return {"labels": labels, "file_plan": values}


def _policy(world: World, policy: Policy) -> Json:
    places = {name: [one.name for one in found] for name, found in policy.locations.items() if found}
    return {
        "name": policy.name,
        "guid": policy.guid,
        "comment": policy.comment,
        "enabled": policy.enabled,
        "status": policing.status(world, policy),
        "removing": policy.removing is not None,
        "locations": places,
        "scopes": [tenant_of(world).scopes[guid].name for guid in policy.scopes],
        "applications": list(policy.applications),
    }


def _hold(world: World, hold: Hold) -> Json:
    sources = [{"kind": one.kind, "place": one.place, "status": holding.source_status(world, hold, one)} for one in hold.sources]
    return {"name": hold.name, "guid": hold.guid, "comment": hold.comment, "enabled": hold.enabled, "sources": sources}
