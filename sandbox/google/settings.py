"""Settings as the Policy API tells them: one policy per unit and type, absent where nobody ever set it (G§2.1)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.google.state import GoogleState, OrgUnit

Value = Mapping[str, object]

FIRST_DAY: tuple[tuple[str, str, Value], ...] = (
    ("/", "vault.service_status", {"serviceState": "ENABLED"}),
    ("/", "gmail.service_status", {"serviceState": "ENABLED"}),
    ("/", "drive_and_docs.service_status", {"serviceState": "ENABLED"}),
    ("/", "chat.service_status", {"serviceState": "ENABLED"}),
    ("/Students", "chat.service_status", {"serviceState": "DISABLED"}),
    ("/", "chat.chat_history", {"historyOnByDefault": True, "allowUserModification": False}),
    ("/", "chat.space_history", {"historyState": "HISTORY_ALWAYS_ON"}),
    ("/", "takeout.service_status", {"serviceState": "DISABLED"}),
    ("/", "multi_party_approval.require_approvals", {"multiPartyApprovalState": "DISABLED"}),
    ("/", "gmail.comprehensive_mail_storage", {"ruleId": "comprehensive-mail-storage"}),
    ("/", "gmail.rule_states", {"ruleStates": [{"ruleId": "comprehensive-mail-storage", "enabled": True}]}),
    ("/", "groups_for_business.service_status", {"serviceState": "ENABLED"}),
    ("/", "calendar.service_status", {"serviceState": "ENABLED"}),
    ("/", "meet.service_status", {"serviceState": "ENABLED"}),
    ("/", "youtube.user_takeout", {"takeoutStatus": "DISABLED"}),
)
"""What the district's administrators had set. Third-party archiving of chat was never set, so no policy tells of it."""


def put(state: GoogleState, path: str, kind: str, value: Value) -> Value | None:
    """Set ``kind`` (without ``settings/``) on the unit at ``path``; returns what stood there before. The highest order wins."""
    unit = state.unit(path)
    assert unit is not None, path
    at = f"orgUnits/{unit.id.removeprefix('id:')}"
    for policy in state.policies:
        if _is(policy, f"settings/{kind}", at):
            setting = policy["setting"]
            assert isinstance(setting, dict)
            before: Value = setting["value"]
            setting["value"] = dict(value)
            return before
    state.policies.append(_policy(state, unit, kind, value, 1 + len(state.policies)))
    return None


def clear(state: GoogleState, path: str, kind: str) -> bool:
    """Take away what a unit sets of its own, so that it inherits again; whether there was anything."""
    unit = state.unit(path)
    assert unit is not None, path
    at = f"orgUnits/{unit.id.removeprefix('id:')}"
    kept = [policy for policy in state.policies if not _is(policy, f"settings/{kind}", at)]
    gone = len(kept) < len(state.policies)
    state.policies[:] = kept
    return gone


def _is(policy: Mapping[str, object], kind: str, at: str) -> bool:
    setting, query = policy["setting"], policy["policyQuery"]
    assert isinstance(setting, dict)
    assert isinstance(query, dict)
    return bool(setting["type"] == kind and query["orgUnit"] == at)


def _policy(state: GoogleState, unit: OrgUnit, kind: str, value: Value, order: int) -> dict[str, object]:
    ident = unit.id.removeprefix("id:")
    return {
        "name": f"policies/{state.word(24)}",
        "customer": f"customers/{state.customer_id}",
        "type": "ADMIN",
        "setting": {"type": f"settings/{kind}", "value": dict(value)},
        "policyQuery": {
            "orgUnit": f"orgUnits/{ident}",
            "query": f"entity.org_units.exists(org_unit, org_unit.org_unit_id == orgUnitId('{ident}'))",
            "sortOrder": order,
        },
    }
