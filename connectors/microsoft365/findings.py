"""What deletes in a tenant by age, and what nobody should have switched on. Pure.

Content and function decide how long a record is kept, never its age in a mailbox (ST-13): a rule that deletes over a whole workload is a
finding of the first order, whoever made it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from connectors.base import Finding
from connectors.microsoft365.coverage import workloads_of
from connectors.microsoft365.crowding import near_limits
from policies.effects import FOREVER
from policies.kinds import Kind, Workload
from policies.resources import Force, Live, Ref, Snapshot

_DELETING = frozenset({"delete", "keep_and_delete"})
_CLOCKS = {"created": "after it was made", "modified": "after it was last changed", "labelled": "after it was labelled"}
_POPULATION = 50
"""From so many named places on, a policy is a rule over a population that somebody has written out name by name."""
_BY_NAME = "Ask who decided it and when. Two officers may have it switched off; Recordwarden switches off nothing."


def findings(snapshot: Snapshot, *, newer_seen: bool = True) -> tuple[Finding, ...]:
    """The gravest first, and last what nobody can see from here. Not ``newer_seen``: the newer family of policies is not shown to us here."""
    found: list[Finding] = []
    policies = {policy.vendor_id: policy for policy in snapshot.of(Kind.M365_RETENTION_POLICY)}
    for rule in snapshot.of(Kind.M365_RETENTION_RULE):
        policy = policies.get(rule.parent_id or "")
        if policy is not None and rule.fields.get("action") in _DELETING:
            found.append(_deleting(policy, rule, snapshot.tenant))
    found += [_locked(policy, snapshot.tenant) for policy in policies.values() if policy.fields.get("locked") is True]
    deleting = {label.name.casefold(): label for label in snapshot.of(Kind.M365_LABEL) if label.fields.get("action") in _DELETING}
    found += [_label(label, snapshot.tenant) for label in deleting.values()]
    found += [*_applied(snapshot, deleting), *near_limits(snapshot)]
    hidden = [_unseen(snapshot.tenant), *([] if newer_seen else [_newer_unseen(snapshot.tenant)]), _elsewhere(snapshot.tenant)]
    return (*sorted(found, key=lambda one: (not one.grave, one.code, one.ref.name, one.ref.vendor_id)), *hidden)


def everywhere(policy: Live) -> bool:
    """Whether a policy is over a whole workload: everybody or every site, or an adaptive scope, of which nobody knows where it ends."""
    return any(item.endswith(":All") or item.startswith("scope:") for item in policy.members)


def _deleting(policy: Live, rule: Live, tenant: str) -> Finding:
    days = rule.fields.get("period")
    places = workloads_of(policy)
    whole, off = everywhere(policy), policy.fields.get("enabled") is False or policy.force is Force.OFF or rule.force is Force.OFF
    narrowed = " what its query finds of" if rule.fields.get("query") else ""
    first = "keeps for that long and then deletes" if rule.fields.get("action") == "keep_and_delete" else "deletes"
    when = _when(rule)
    where = ", ".join(sorted(place.value for place in places)) or "places that are not understood"
    state = "is switched off and" if off else ""
    named = len(policy.members)
    reach = "everybody's" if whole else f"{named} named places'"
    return Finding(
        code="delete.whole_workload" if whole else "delete.places",
        ref=policy.ref(tenant),
        grave=not off and (whole or named >= _POPULATION),
        message=f"The policy {policy.name!r} {state} {first}{narrowed} {reach} {where}: {when}.".replace("  ", " "),
        next_step=_BY_NAME,
        workloads=tuple(sorted(places)),
        everyone=whole,
        days=days if isinstance(days, int) and not isinstance(days, bool) else None,
    )


def _unseen(tenant: str) -> Finding:
    """Only a switch that we never send, not even to read, shows priority clean-up policies; no ordinary list has them in it (M§2.2)."""
    return Finding(
        code="delete.unread",
        ref=Ref(tenant=tenant, kind=Kind.M365_RETENTION_POLICY, vendor_id="", name="priority clean-up"),
        grave=False,
        message="Priority clean-up policies delete in spite of labels, policies and holds, and are not shown here.",
        next_step="Look once a month: Purview > Data lifecycle management > Priority cleanup. Should there be one, tell counsel the same day.",
    )


def _elsewhere(tenant: str) -> Finding:
    """What deletes by age and is no policy of Purview's.

    Exchange's own tags delete in mailboxes beside Purview's policies, by default over a whole mailbox (Microsoft's KB 4032361); groups that expire go
    with mailbox, site and team (Microsoft's page on the expiration policy of groups). Neither is read here.
    """
    return Finding(
        code="delete.elsewhere_unread",
        ref=Ref(tenant=tenant, kind=Kind.M365_RETENTION_POLICY, vendor_id="", name="settings outside Purview"),
        grave=False,
        message="Exchange's own retention tags and the expiration of groups delete by age too, and are not read here.",
        next_step=(
            "Look once a year: Get-RetentionPolicyTag | Format-Table Name,Type,AgeLimitForRetention,RetentionAction (Exchange Online PowerShell; "
            "what deletes with the type All is over whole mailboxes), and entra.microsoft.com > Groups > Expiration."
        ),
        workloads=(Workload.MAIL, Workload.ARCHIVE, Workload.GROUP, Workload.SITE),
    )


def _newer_unseen(tenant: str) -> Finding:
    """The cmdlets of the newer family are offered only where it is licensed, and a policy may outlive the licence (M§2.2)."""
    return Finding(
        code="delete.newer_unread",
        ref=Ref(tenant=tenant, kind=Kind.M365_RETENTION_POLICY, vendor_id="", name="newer locations"),
        grave=False,
        message="Policies over private channels, adaptive scopes and other newer locations are not shown to us with these licences and roles.",
        next_step="Look once: Purview > Data lifecycle management > Retention policies, and compare with this list.",
        workloads=(Workload.CHAT,),
    )


def _locked(policy: Live, tenant: str) -> Finding:
    return Finding(
        code="policy.locked",
        ref=policy.ref(tenant),
        grave=False,
        message=f"The policy {policy.name!r} is locked for ever: it can be lengthened and widened, never loosened.",
        next_step="Nothing can be done; plan with it.",
        workloads=tuple(sorted(workloads_of(policy))),
        everyone=everywhere(policy),
    )


def _label(label: Live, tenant: str) -> Finding:
    days = label.fields.get("period")
    return Finding(
        code="delete.label",
        ref=label.ref(tenant),
        grave=False,
        message=f"The label {label.name!r} deletes what carries it: {_when(label)}.",
        next_step="See which series it stands for, and who may apply it.",
        workloads=(Workload.MAIL, Workload.ARCHIVE, Workload.DRIVE, Workload.SITE, Workload.GROUP),
        days=days if isinstance(days, int) and not isinstance(days, bool) else None,
    )


def _applied(snapshot: Snapshot, deleting: Mapping[str, Live]) -> Iterator[Finding]:
    """Labels that delete and that the platform puts on by itself: nobody decides item by item, so it is a deletion over those places."""
    policies = {policy.vendor_id: policy for policy in snapshot.of(Kind.M365_LABEL_POLICY)}
    for rule in snapshot.of(Kind.M365_LABEL_RULE):
        policy, label = policies.get(rule.parent_id or ""), deleting.get(str(rule.fields.get("publishes", "")).casefold())
        if policy is not None and label is not None and rule.fields.get("applies") is True:
            query = {"query": rule.fields.get("query", "")}
            found = _deleting(policy, replace(rule, fields={**label.fields, **query}), snapshot.tenant)
            yield replace(found, message=f"{found.message} It puts the label {label.name!r} on by itself.")


def _when(rule: Live) -> str:
    days = rule.fields.get("period")
    return "never" if days == FOREVER else f"{days} days {_CLOCKS.get(str(rule.fields.get('trigger')), 'by a clock of its own')}"
