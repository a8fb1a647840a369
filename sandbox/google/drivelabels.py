"""Drive Labels API: the schema of labels, who may use them and what locks them; nothing that puts a label on a file (G§3.1)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.google import errors, labelbook
from sandbox.google.api import Call, Item, Operation, listing
from sandbox.google.labels import Label, Revision
from sandbox.google.labelview import LIMITS, label_json, lock_json, permission_json

_ROLES = ("READER", "APPLIER", "ORGANIZER", "EDITOR")


def operations() -> Mapping[str, Operation]:
    """Labels by method id; permissions and locks also under a revision, which makes no difference: they are not revisioned."""
    labels: dict[str, Operation] = {
        "create": _create, "get": _get, "list": _list, "delta": _delta, "publish": _publish, "enable": _enable, "disable": _disable,
        "delete": _delete, "updateLabelCopyMode": _copy_mode, "updateLabelEnabledAppSettings": _apps,
    }  # fmt: skip
    shared: dict[str, Operation] = {
        "updatePermissions": _permit, "permissions.create": _permit, "permissions.list": _permissions, "permissions.delete": _forbid,
        "permissions.batchUpdate": _permit_all, "permissions.batchDelete": _forbid_all, "locks.list": _locks,
    }  # fmt: skip
    everything = {**labels, **shared, **{f"revisions.{name}": work for name, work in shared.items()}}
    return {
        **{f"drivelabels.labels.{name}": work for name, work in everything.items()},
        "drivelabels.limits.getLabel": _limits,
        "drivelabels.users.getCapabilities": _capabilities,
    }


def _create(call: Call) -> Item:
    _edition(call)
    if call.body.get("labelType") == "ADMIN" and not _as_admin(call):
        raise errors.forbidden("Only administrators of labels can create admin labels.")
    label = labelbook.create(call.state, call.body, call.now, call.principal)
    label.permissions[call.actor] = "EDITOR"
    return label_json(label, label.latest)


def _get(call: Call) -> Item:
    name, _, which = call.path["name"].partition("@")
    label = _label(call, name, "READER")
    if which == "published":
        revision: Revision | None = label.current
    elif which in {"", "latest"}:
        revision = label.latest if _may(call, label, "EDITOR") else label.current
    else:
        revision = next((found for found in label.revisions if found.id == which), None)
    if revision is None:
        raise errors.not_found("Requested entity was not found.")
    return label_json(label, revision, full=_full(call.query.get("view")), named=bool(which))


def _list(call: Call) -> Item:
    _edition(call)
    if call.query.get("customer", f"customers/{call.state.customer_id}") not in {f"customers/{call.state.customer_id}", "customers/my_customer"}:
        raise errors.invalid("Invalid customer.")
    if call.query.get("useAdminAccess") == "true":
        _as_admin_or_refuse(call)
    role, only = call.query.get("minimumRole") or "READER", call.query.get("publishedOnly") == "true"
    shown = []
    for label in call.state.labels.values():
        revision = label.current if only else label.latest
        if revision is not None and _may(call, label, role):
            shown.append(label_json(label, revision, full=_full(call.query.get("view")), named=only))
    page, token = call.page(shown, "pageSize", 50, 200)
    return listing("labels", page, token)


def _delta(call: Call) -> Item:
    label = _edited(call)
    requests = call.body.get("requests") or []
    assert isinstance(requests, list)
    answers = labelbook.change(call.state, label, requests, call.now, call.principal)
    full = _full(call.body.get("view"))
    return {"responses": answers, "updatedLabel": label_json(label, label.latest, full=full)}


def _publish(call: Call) -> Item:
    label = _edited(call)
    labelbook.publish(call.state, label, call.now, call.principal)
    return label_json(label, label.latest)


def _enable(call: Call) -> Item:
    label = _edited(call)
    labelbook.enable(call.state, label, call.now, call.principal)
    return label_json(label, label.latest)


def _disable(call: Call) -> Item:
    label = _edited(call)
    labelbook.disable(call.state, label, call.body, call.now, call.principal)
    return label_json(label, label.latest)


def _delete(call: Call) -> Item:
    label = _edited(call)
    labelbook.delete(call.state, label)
    return {}


def _copy_mode(call: Call) -> Item:
    label = _label(call, call.path["name"], "EDITOR")
    mode = str(call.body.get("copyMode", ""))
    if mode in {"", "COPY_MODE_UNSPECIFIED"}:
        raise errors.invalid("Copy mode must be set.")
    # Only administrators may make every copy carry the label (G§3.1).
    if mode == "ALWAYS_COPY":
        _as_admin_or_refuse(call)
    label.copy_mode = mode
    return label_json(label, label.latest, full=_full(call.body.get("view")))


def _apps(call: Call) -> Item:
    label = _label(call, call.path["name"], "EDITOR")
    settings = call.body.get("enabledAppSettings")
    apps = settings.get("enabledApps", []) if isinstance(settings, dict) else []
    label.apps = [str(app["app"]) for app in apps]
    return label_json(label, label.latest, full=_full(call.body.get("view")))


def _permit(call: Call) -> Item:
    return permission_json(*_set(call, _label(call, _parent(call), "EDITOR"), call.body))


def _permit_all(call: Call) -> Item:
    label = _label(call, _parent(call), "EDITOR")
    requests = call.body.get("requests") or []
    assert isinstance(requests, list)
    _same_as_batch(call, requests)
    before = dict(label.permissions)
    try:
        return {"permissions": [permission_json(*_set(call, label, request.get("labelPermission") or {})) for request in requests]}
    except errors.ApiError:
        label.permissions = before
        raise


def _same_as_batch(call: Call, requests: list[Mapping[str, object]]) -> None:
    """The document's words: what a part says of its parent and of useAdminAccess is empty or what the whole says; otherwise 400."""
    if not requests:
        raise errors.invalid("At least one request must be given.")
    for part in requests:
        if part.get("parent") not in {None, "", call.path["parent"]}:
            raise errors.invalid("The parent of a request must be empty or match the parent of the batch.")
        if part.get("useAdminAccess", call.body.get("useAdminAccess")) != call.body.get("useAdminAccess"):
            raise errors.invalid("use_admin_access of a request must be empty or match the batch.")


def _set(call: Call, label: Label, asked: Mapping[str, object]) -> tuple[Label, str]:
    role, email, audience = str(asked.get("role", "")), str(asked.get("email", "")).lower(), str(asked.get("audience", ""))
    if role not in _ROLES:
        raise errors.invalid("Role must be set.")
    if email and (asked.get("person") or asked.get("group")):
        raise errors.invalid("If email is specified, no principal should be specified.")
    if bool(email) == bool(audience) or audience not in {"", "audiences/default"}:
        raise errors.invalid("A principal must be given by email, or as audiences/default.")
    if email and call.state.user(email) is None and call.state.group(email) is None:
        raise errors.invalid(f"Principal {email} does not exist.")
    label.permissions[email or audience] = role
    return label, email or audience


def _permissions(call: Call) -> Item:
    label = _label(call, _parent(call), "READER")
    page, token = call.page([permission_json(label, principal) for principal in sorted(label.permissions)], "pageSize", 50, 200)
    return listing("labelPermissions", page, token)


def _forbid(call: Call) -> Item:
    parent, _, principal = call.path["name"].partition("/permissions/")
    _drop(_label(call, parent, "EDITOR"), principal)
    return {}


def _forbid_all(call: Call) -> Item:
    label = _label(call, _parent(call), "EDITOR")
    requests = call.body.get("requests") or []
    assert isinstance(requests, list)
    _same_as_batch(call, [{"useAdminAccess": one["useAdminAccess"]} if "useAdminAccess" in one else {} for one in requests])
    for request in requests:
        _drop(label, str(request.get("name", "")).partition("/permissions/")[2])
    return {}


def _drop(label: Label, principal: str) -> None:
    if label.permissions.pop(principal, None) is None:
        raise errors.not_found("Requested entity was not found.")


def _locks(call: Call) -> Item:
    label = _label(call, _parent(call), "READER")
    page, token = call.page([lock_json(label, ident) for ident in label.locks], "pageSize", 50, 200)
    return listing("labelLocks", page, token)


def _limits(call: Call) -> Item:
    _edition(call)
    return LIMITS


def _capabilities(call: Call) -> Item:
    _edition(call)
    if call.path["name"] != "users/me/capabilities":
        raise errors.invalid("Only users/me/capabilities is supported.")
    admin = call.may("labels", "MANAGE_LABELS")
    return {
        "name": call.path["name"],
        "canAccessLabelManager": admin,
        "canAdministrateLabels": admin,
        "canCreateAdminLabels": admin,
        "canCreateSharedLabels": True,
    }


def _edition(call: Call) -> None:
    """403 where no licence of the tenant brings labels; the words are ours, no page quotes the vendor's (G§3.2)."""
    if not call.state.has_labels:
        raise errors.forbidden("Labels are not available for this organization.")


def _label(call: Call, name: str, role: str) -> Label:
    """The label of a path, for one who has at least that role on it or asks as an administrator; 404 when it cannot be seen at all."""
    _edition(call)
    label = call.state.labels.get(name.partition("@")[0].removeprefix("labels/"))
    if label is None or not _may(call, label, "READER"):
        raise errors.not_found("Requested entity was not found.")
    if not _may(call, label, role):
        raise errors.forbidden()
    return label


def _edited(call: Call) -> Label:
    """The label that a write is for, at the revision that the writer believes to be the latest; 400 when it is not (G§3.1)."""
    label = _label(call, call.path["name"], "EDITOR")
    control = call.body.get("writeControl")
    required = control.get("requiredRevisionId", "") if isinstance(control, dict) else call.query.get("writeControl.requiredRevisionId", "")
    if required and required != label.latest.id:
        raise errors.precondition(f"The required revision {required} is not the latest revision of the label.")
    return label


def _may(call: Call, label: Label, role: str) -> bool:
    if _as_admin(call):
        return True
    groups = {group.email for group in call.state.groups.values() if call.principal in group.members}
    held = [label.permissions[name] for name in {call.actor, "audiences/default", *groups} if name in label.permissions]
    return any(_ROLES.index(found) >= _ROLES.index(role) for found in held)


def _as_admin(call: Call) -> bool:
    """Whether the call says useAdminAccess (in the query or the body) and may say so."""
    asked = call.query.get("useAdminAccess") == "true" or call.body.get("useAdminAccess") is True
    return asked and call.may("labels", "MANAGE_LABELS")


def _as_admin_or_refuse(call: Call) -> None:
    if not _as_admin(call):
        raise errors.forbidden("The caller is not an administrator of labels.")


def _parent(call: Call) -> str:
    return call.path["parent"].partition("/revisions/")[0]


def _full(view: object) -> bool:
    # Nothing said means BASIC for get and list (G§3.1).
    return view == "LABEL_VIEW_FULL"
