"""Overlays: the few values by which the same folder meets the sandbox, a national cloud or a test tenant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from policies.problems import Problem, Severity, Where
from policies.source import Document, Path_, Plain

ALLOWED: Final = (
    "endpoints",
    "region_discovery",
    "cloud",
    "client_id",
    "credential",
    "credentials",
    "subjects",
    "tenant_id",
    "customer_id",
    "domain",
    "ca_bundle",
    "proxy",
    "visibility_checks",
    "budgets",
)
"""What an overlay may set of a tenant (contract, *Calling*)."""
_BY_KEY: Final = frozenset({"endpoints", "subjects", "visibility_checks", "budgets"})
"""Mappings of which an overlay replaces only the keys that it names; everything else is replaced whole."""
_PATHS: Final = ("certificate_file", "passphrase_file", "client_secret_file", "service_account_file")


@dataclass(slots=True, kw_only=True)
class Merged:
    """``district.yaml`` with overlays laid over it: values, where each stands now, and which came from an overlay."""

    value: dict[str, Plain]
    places: dict[Path_, Where]
    file: Path
    overlaid: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, code: str, message: str, next_step: str, where: Where) -> None:
        """Note an error."""
        self.problems.append(Problem(code=code, severity=Severity.ERROR, message=message, next_step=next_step, where=where))


def merge(district: Document, overlays: Iterable[Document]) -> Merged:
    """The district's values under those of the overlays, later ones on top; paths of files are made absolute by the file that holds them."""
    merged = Merged(value=dict(district.value), places=dict(district.places), file=district.file)
    tenants = merged.value.get("tenants")
    if isinstance(tenants, list):
        merged.value["tenants"] = [_with_paths(tenant, district.file.parent) for tenant in tenants]
    for overlay in overlays:
        _lay(merged, overlay)
    return merged


def _lay(merged: Merged, overlay: Document) -> None:
    for key, value in overlay.value.items():
        if key == "drill":
            merged.value["drill"] = value
            _place(merged, ("drill",), overlay, ("drill",))
        elif key == "tenants":
            _lay_tenants(merged, overlay, value)
        else:
            _unknown(merged, overlay, (key,), ("drill", "tenants"))


def _lay_tenants(merged: Merged, overlay: Document, value: Plain) -> None:
    if not isinstance(value, dict):
        message = f"{overlay.file}: tenants: an overlay names tenants by id, 'tenants: {{m365: {{...}}}}'"
        merged.refuse("overlay.tenants", message, "write a mapping of tenant ids", overlay.where(("tenants",)))
        return
    listed = merged.value.get("tenants")
    tenants = listed if isinstance(listed, list) else []
    by_id = {str(tenant["id"]): index for index, tenant in enumerate(tenants) if isinstance(tenant, dict) and "id" in tenant}
    for id_, settings in value.items():
        if id_ not in by_id:
            near = difflib.get_close_matches(id_, by_id, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            message = f"{overlay.file}: tenants: the district has no tenant '{id_}'{hint}"
            merged.refuse("overlay.unknown_tenant", message, "name a tenant of district.yaml by its id", overlay.where(("tenants", id_)))
            continue
        _lay_tenant(merged, overlay, (id_, by_id[id_]), settings)


def _lay_tenant(merged: Merged, overlay: Document, tenant: tuple[str, int], settings: Plain) -> None:
    id_, index = tenant
    listed = merged.value["tenants"]
    assert isinstance(listed, list)
    under = listed[index]
    assert isinstance(under, dict)
    laid = _with_paths(settings, overlay.file.parent)
    if not isinstance(laid, dict):
        message = f"{overlay.file}: tenants.{id_} must be a mapping"
        merged.refuse("folder.value", message, "write the settings under the tenant's id", overlay.where(("tenants", id_)))
        return
    over = dict(under)
    for key, value in laid.items():
        if key not in ALLOWED:
            _unknown(merged, overlay, ("tenants", id_, key), ALLOWED)
            continue
        beneath = under.get(key)
        both = key in _BY_KEY and isinstance(value, dict) and isinstance(beneath, dict)
        over[key] = {**beneath, **value} if both else value  # type: ignore[dict-item]  # both are mappings, as `both` says
        _place(merged, ("tenants", index, key), overlay, ("tenants", id_, key), keep=both)
    merged.value["tenants"] = [*listed[:index], over, *listed[index + 1 :]]


def _place(merged: Merged, to: Path_, overlay: Document, at: Path_, *, keep: bool = False) -> None:
    """Point everything under ``to`` at the overlay; what stood there before is forgotten unless ``keep``."""
    if not keep:
        for path in [path for path in merged.places if path[: len(to)] == to]:
            del merged.places[path]
    for path, where in overlay.places.items():
        if path[: len(at)] == at:
            merged.places[(*to, *path[len(at) :])] = where
            if not any(len(other) > len(path) and other[: len(path)] == path for other in overlay.places):
                merged.overlaid.append(".".join(str(step) for step in path))


def _unknown(merged: Merged, overlay: Document, path: Path_, known: tuple[str, ...]) -> None:
    key = str(path[-1])
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    name = ".".join(str(step) for step in path)
    message = f"{overlay.file}: {name}: an overlay cannot set '{key}'{hint}"
    merged.refuse("overlay.not_allowed", message, f"take it out; an overlay may set {', '.join(known)}", overlay.where(path))


def _with_paths(tenant: Plain, base: Path) -> Plain:
    """A tenant's settings with the paths in them made absolute; what is no mapping comes back as it is."""
    if not isinstance(tenant, dict):
        return tenant
    found = dict(tenant)
    if isinstance(found.get("ca_bundle"), str):
        found["ca_bundle"] = _absolute(base, found["ca_bundle"])
    found = {key: _credential(value, base) if key == "credential" else value for key, value in found.items()}
    pair = found.get("credentials")
    if isinstance(pair, dict):
        found["credentials"] = {key: _credential(value, base) for key, value in pair.items()}
    return found


def _credential(credential: Plain, base: Path) -> Plain:
    if not isinstance(credential, dict):
        return credential
    return {key: _absolute(base, value) if key in _PATHS else value for key, value in credential.items()}


def _absolute(base: Path, value: Plain) -> Plain:
    return str((base / value).absolute()) if isinstance(value, str) else value
