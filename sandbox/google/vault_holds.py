"""Vault API v1: holds and held accounts (G§1.2 to G§1.7)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.google import errors
from sandbox.google.api import Call, Item, Operation, listing
from sandbox.google.audit import api_actor, log_vault
from sandbox.google.holdbook import (
    account_json,
    account_of,
    accounts_json,
    hold_json,
    new_hold,
    normal_query,
    put_on_hold,
    put_unit_on_hold,
    release_all,
    resolved,
    take_off,
    unit_asked,
)
from sandbox.google.state import Group, Hold, Matter, User
from sandbox.google.vault import need, open_matter

_NOT_FOUND, _EXISTS, _UNAVAILABLE = 5, 6, 14
"""google.rpc.Code values in per-account statuses."""


def operations() -> Mapping[str, Operation]:
    """Holds by method id."""
    return {
        "vault.matters.holds.create": _create,
        "vault.matters.holds.get": _get,
        "vault.matters.holds.list": _list,
        "vault.matters.holds.update": _update,
        "vault.matters.holds.delete": _delete,
        "vault.matters.holds.addHeldAccounts": _add,
        "vault.matters.holds.removeHeldAccounts": _remove,
        "vault.matters.holds.accounts.create": _account_create,
        "vault.matters.holds.accounts.list": _account_list,
        "vault.matters.holds.accounts.delete": _account_delete,
    }


def _create(call: Call) -> Item:
    matter = _writable(call)
    hold = new_hold(call.state, matter, call.body, call.now)
    _log(call, "add_preservation_rule", matter, hold)
    return _shown(call, hold)


def _get(call: Call) -> Item:
    return _shown(call, _hold(call, open_matter(call)), full=_full(call))


def _list(call: Call) -> Item:
    matter = open_matter(call)
    shown = [_shown(call, hold, full=_full(call)) for hold in matter.holds.values()]
    page, token = call.page(shown, "pageSize", 100, 100)
    return listing("holds", page, token)


def _update(call: Call) -> Item:
    matter = _writable(call)
    hold = _hold(call, matter)
    query = normal_query(hold.corpus, call.body.get("query"))
    asked, unit_id = call.body.get("accounts"), unit_asked(call.body)
    if hold.org_unit:
        # An OU hold must be told its unit again, also when it does not change (G§1.6); accounts are ignored (discovery document).
        unit = call.state.unit(unit_id) if unit_id else None
        if unit is None:
            raise errors.invalid("Organizational unit must be set.")
        if unit.id != hold.org_unit:
            put_unit_on_hold(call.state, hold, unit.id, call.now)
    elif isinstance(asked, list) and asked:
        _replace_accounts(call, hold, [resolved(call.state, hold.corpus, account) for account in asked])
        for gone in list(hold.accounts)[: int(call.world.switches.pop("google.vault.update_loses", "0"))]:
            take_off(call.state, hold, gone, call.now)  # what an update may do to accounts nobody documents (G§12b): so many fall out of the next
    hold.query, hold.updated = query, call.now
    hold.name = str(call.body.get("name") or hold.name)
    _log(call, "update_preservation_rule_query", matter, hold)
    return _shown(call, hold)


def _replace_accounts(call: Call, hold: Hold, wanted: list[User | Group]) -> None:
    """Sent accounts are the new whole list; absent ones (no list at all) are kept (G§1.6)."""
    ids = {account.id for account in wanted}
    for gone in [account for account in hold.accounts if account not in ids]:
        take_off(call.state, hold, gone, call.now)
    for account in wanted:
        if account.id not in hold.accounts:
            put_on_hold(call.state, hold, account.id, call.now)


def _delete(call: Call) -> Item:
    matter = _writable(call)
    hold = _hold(call, matter)
    _log(call, "delete_preservation_rule", matter, hold)
    release_all(call.state, matter, hold)
    return {}


def _add(call: Call) -> Item:
    matter = _writable(call)
    hold = _hold(call, matter)
    emails, ids = call.body.get("emails") or [], call.body.get("accountIds") or []
    assert isinstance(emails, list)
    assert isinstance(ids, list)
    if bool(emails) == bool(ids):
        raise errors.invalid("Specify either emails or account_ids, but not both.")
    _need_accounts(hold)
    answers = [_add_one(call, hold, str(email), "") for email in emails] + [_add_one(call, hold, "", str(ident)) for ident in ids]
    added = [str(account) for answer in answers if (account := _added(answer))]
    if added:
        _log(call, "update_preservation_rule_add_holds", matter, hold, ", ".join(added))
    return {"responses": answers}


def _add_one(call: Call, hold: Hold, email: str, ident: str) -> Item:
    account = account_of(call.state, hold.corpus, email, ident)
    asked = {"email": email} if email else {"accountId": ident}
    if account is None:
        return {"account": asked, "status": {"code": _NOT_FOUND, "message": f"Account {email or ident} was not found."}}
    if account.id in hold.accounts:
        return {"account": asked, "status": {"code": _EXISTS, "message": f"Account {account.email} is already held."}}
    if (left_out := _left_out(call)) is not None:
        return {"account": asked, "status": left_out}
    put_on_hold(call.state, hold, account.id, call.now)
    return {"account": account_json(call.state, account.id, hold.accounts[account.id]), "status": {}}


def _left_out(call: Call) -> Item | None:
    """The status of an account that a call leaves out though it answers 200 (G§11.4): ``google.vault.partial`` is NUMBER or NUMBER:CODE."""
    left, _, code = call.world.switches.get("google.vault.partial", "0").partition(":")
    if not int(left):
        return None
    call.world.switches["google.vault.partial"] = f"{int(left) - 1}{':' if code else ''}{code}"
    return {"code": int(code or _UNAVAILABLE), "message": "The service is currently unavailable."}


def _added(answer: Item) -> object:
    account, status = answer["account"], answer["status"]
    assert isinstance(account, dict)
    return account.get("email", account["accountId"]) if not status else ""


def _remove(call: Call) -> Item:
    matter = _writable(call)
    hold = _hold(call, matter)
    ids = call.body.get("accountIds") or []
    assert isinstance(ids, list)
    if not ids:
        raise errors.invalid("Account IDs must be set.")
    _need_accounts(hold)
    statuses: list[Item] = []
    removed: list[str] = []
    for ident in (str(value) for value in ids):
        if ident not in hold.accounts:  # an address is no id, so it is not held either (docs/wire/google-release.md)
            statuses.append({"code": _NOT_FOUND, "message": f"Account {ident} is not held."})
        elif (left_out := _left_out(call)) is not None:
            statuses.append(left_out)
        else:
            user = call.state.users.get(ident)
            removed.append(user.email if user else ident)
            take_off(call.state, hold, ident, call.now)
            statuses.append({})
    if removed:
        _log(call, "update_preservation_rule_remove_holds", matter, hold, ", ".join(removed))
    return {"statuses": statuses}


def _account_create(call: Call) -> Item:
    matter = _writable(call)
    hold = _hold(call, matter)
    _need_accounts(hold)
    account = resolved(call.state, hold.corpus, call.body)
    if account.id in hold.accounts:
        raise errors.exists(f"Account {account.email} is already held.")
    put_on_hold(call.state, hold, account.id, call.now)
    _log(call, "update_preservation_rule_add_holds", matter, hold, account.email)
    return account_json(call.state, account.id, hold.accounts[account.id])


def _account_list(call: Call) -> Item:
    hold = _hold(call, open_matter(call))
    return listing("accounts", accounts_json(call.state, hold), "")


def _account_delete(call: Call) -> Item:
    matter = _writable(call)
    hold = _hold(call, matter)
    ident = call.path["accountId"]
    if ident not in hold.accounts:
        raise errors.not_found("Requested entity was not found.")
    user = call.state.users.get(ident)
    take_off(call.state, hold, ident, call.now)
    _log(call, "update_preservation_rule_remove_holds", matter, hold, user.email if user else ident)
    return {}


def _shown(call: Call, hold: Hold, *, full: bool = True) -> Item:
    """A hold; ``google.vault.unit_ids=bare`` writes the unit without ``id:``, for no page says which spelling Vault answers with."""
    shown = hold_json(call.state, hold, full=full)
    unit = shown.get("orgUnit")
    if isinstance(unit, dict) and call.world.switches.get("google.vault.unit_ids") == "bare":
        shown["orgUnit"] = unit | {"orgUnitId": hold.org_unit.removeprefix("id:")}
    return shown


def _writable(call: Call) -> Matter:
    need(call, "REMOVE_HOLD")
    return open_matter(call)


def _hold(call: Call, matter: Matter) -> Hold:
    hold = matter.holds.get(call.path["holdId"])
    if hold is None:
        raise errors.not_found("Requested entity was not found.")
    return hold


def _need_accounts(hold: Hold) -> None:
    if hold.org_unit:
        raise errors.precondition("Accounts can be added only to an account-based hold.")


def _full(call: Call) -> bool:
    # Not specified means FULL_HOLD here, unlike matters, where it means BASIC (discovery document).
    return call.query.get("view") != "BASIC_HOLD"


def _log(call: Call, name: str, matter: Matter, hold: Hold, target: str = "") -> None:
    unit = call.state.org_units.get(hold.org_unit)
    values = {
        "matter_id": matter.id,
        "resource_name": hold.name,
        "target_user": target,
        "organizational_unit_name": unit.path if unit else "",
        "additional_details": f"Service: {hold.corpus}",
    }
    log_vault(call.world, api_actor(call), name, values)
