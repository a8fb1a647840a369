"""What governs the guards, as a value that can be compared: which of its parts a new version loosens, and what stays in force meanwhile. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.district import Delivery, District, Mode, Officer, Role, Tenant, Thresholds
from policies.kinds import Kind
from sync.plan import canonical

OFFICERS = "officers"
MODES = (Mode.OBSERVE, Mode.PROPOSE, Mode.ENFORCE)
ENOUGH = 2
"""Officers who must sign a looser value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """Officers, and every other guarded value by its path (``mode/TENANT``, ``threshold/changes``, ``endpoint/TENANT/NAME`` ...)."""

    officers: tuple[Officer, ...]
    values: Mapping[str, str | int] = field(default_factory=dict)

    @classmethod
    def of(cls, district: District, deviations: Mapping[str, str] | None = None) -> Governed:
        """What the folder says, without any overlay. ``deviations``: accepted deviations of ``policy.yaml``, id to a digest of their words."""
        values: dict[str, str | int] = {f"threshold/{name}": limit for name, limit in district.thresholds.model_dump().items()}
        values["timeout/release_wait"] = district.timeouts.release_wait
        for tenant in district.tenants:
            values[f"mode/{tenant.id}"] = tenant.mode.value
            values |= {f"visibility_check/{tenant.id}/{kind.value}": name for kind, name in tenant.visibility_checks.items()}
            values |= {f"endpoint/{tenant.id}/{name}": url for name, url in tenant.endpoints.items()}
        for delivery in district.deliveries:
            text = canonical(delivery.model_dump(mode="json", by_alias=True)).decode()
            values[f"delivery/{hashlib.sha256(text.encode()).hexdigest()[:16]}"] = text
        values |= {f"deviation/{name}": digest for name, digest in (deviations or {}).items()}
        return cls(officers=tuple(sorted(district.officers, key=lambda officer: officer.id)), values=values)

    @classmethod
    def load(cls, text: str) -> Governed:
        """What ``text()`` wrote."""
        loaded = json.loads(text)
        officers = tuple(Officer.model_validate({**one, "roles": tuple(Role(role) for role in one["roles"])}) for one in loaded["officers"])
        return cls(officers=officers, values=loaded["values"])

    def text(self) -> str:
        """Canonical JSON: what the store keeps."""
        return canonical(self.form()).decode()

    def form(self) -> dict[str, object]:
        """Plain JSON values."""
        return {"officers": [officer.model_dump(mode="json") for officer in self.officers], "values": dict(self.values)}

    def signers(self) -> list[dict[str, object]]:
        """``body.officers`` of a governance entry: id, public key and roles."""
        return [{"id": one.id, "key": one.key, "roles": [role.value for role in one.roles]} for one in self.officers]

    def officer(self, officer_id: str) -> Officer | None:
        """The officer of that id, if in force."""
        return next((one for one in self.officers if one.id == officer_id), None)

    def over(self, district: District) -> District:
        """``district`` with every guarded value as it is in force; an overlay goes on top of this, not beneath."""
        names = {one.id: one.name for one in district.officers}
        order = {name: place for place, name in enumerate(names)}
        listed = sorted(self.officers, key=lambda one: order.get(one.id, len(order)))
        officers = tuple(one.model_copy(update={"name": names.get(one.id, one.name)}) for one in listed)
        thresholds = Thresholds.model_validate({name: self.values.get(f"threshold/{name}", 0) for name in Thresholds.model_fields})
        wait = self.values.get("timeout/release_wait", district.timeouts.release_wait)
        return district.model_copy(
            update={
                "officers": officers,
                "thresholds": thresholds,
                "timeouts": district.timeouts.model_copy(update={"release_wait": wait}),
                "deliveries": tuple(Delivery.model_validate_json(str(text)) for text in self._under("delivery/").values()),
                "tenants": tuple(self._tenant(tenant) for tenant in district.tenants),
            }
        )

    def _tenant(self, tenant: Tenant) -> Tenant:
        checks = self._under(f"visibility_check/{tenant.id}/")
        return tenant.model_copy(
            update={
                "mode": Mode(str(self.values.get(f"mode/{tenant.id}", Mode.OBSERVE.value))),
                "visibility_checks": {Kind(kind): str(name) for kind, name in checks.items()},
                "endpoints": {name: str(url) for name, url in self._under(f"endpoint/{tenant.id}/").items()},
            }
        )

    def _under(self, prefix: str) -> dict[str, str | int]:
        return {path.removeprefix(prefix): value for path, value in self.values.items() if path.startswith(prefix)}


def may_approve(officer: Officer) -> bool:
    """Whether this officer can give one of the two signatures: has a key, and another role than the IT director's."""
    return officer.key is not None and any(role is not Role.IT_DIRECTOR for role in officer.roles)


def looser(old: Governed, new: Governed) -> tuple[str, ...]:
    """The paths whose new value guards less than the old one, sorted.

    A change of the officers counts as looser wherever two of the old ones could have been asked; before that there is nobody to ask.
    """
    standing = _tenants(old) & _tenants(new)
    found = {path for path in old.values.keys() | new.values.keys() if _loosens(path, old.values.get(path), new.values.get(path), standing)}
    if _essence(old) != _essence(new) and sum(map(may_approve, old.officers)) >= ENOUGH:
        found.add(OFFICERS)
    return tuple(sorted(found))


def meanwhile(old: Governed, new: Governed) -> Governed:
    """What is in force until two officers have signed ``new``: what it tightens at once, what it loosens not yet."""
    kept = set(looser(old, new))
    values = {path: value for path, value in new.values.items() if path not in kept}
    values |= {path: old.values[path] for path in kept if path in old.values}
    return Governed(officers=old.officers if OFFICERS in kept else new.officers, values=values)


def touched(old: Governed, new: Governed) -> frozenset[str]:
    """Officers whose own key, roles or address differ, came or went: they do not sign for it."""
    before, after = dict(_essence(old)), dict(_essence(new))
    return frozenset(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _essence(governed: Governed) -> tuple[tuple[str, tuple[str | None, str, tuple[Role, ...]]], ...]:
    """What makes an officer this officer: the key, the address that *touches self* compares, the roles. Not the spelling of the name."""
    return tuple(sorted((one.id, (one.key, one.email.lower(), tuple(sorted(one.roles)))) for one in governed.officers))


def _tenants(governed: Governed) -> set[str]:
    return {path.partition("/")[2] for path in governed.values if path.startswith("mode/")}


def _loosens(path: str, old: str | int | None, new: str | int | None, standing: set[str]) -> bool:  # noqa: PLR0911  # one line per guard
    """Whether going from ``old`` to ``new`` (None: not there) guards less. A path that nobody has a rule for counts as looser.

    A tenant that comes or goes takes its checks and endpoints along: it begins again in ``observe``, and its identity is pinned.
    """
    if old == new:
        return False
    head, _, rest = path.partition("/")
    match head:
        case "mode":
            return MODES.index(Mode(str(new or Mode.OBSERVE))) > MODES.index(Mode(str(old or Mode.OBSERVE)))
        case "threshold":
            return old is None or new is None or int(new) > int(old)
        case "timeout":
            return old is None or new is None or int(new) < int(old)
        case "visibility_check":
            return old is not None and rest.partition("/")[0] in standing
        case "endpoint":
            return rest.partition("/")[0] in standing
        case "delivery":
            return new is None
        case "deviation":
            return new is not None
        case _:
            return True
