"""Changes and plans as values: printable, hashable, refusable; the plan that was reviewed is the plan that runs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import rfc8785

from connectors.base import Lane
from policies.kinds import TRAITS, Kind
from policies.protection import Direction
from policies.resources import Because, Fields, Value


class Operation(StrEnum):
    """What a change does to an object."""

    CREATE = "create"
    SET = "set"
    ADD = "add"
    REMOVE = "remove"
    MOVE = "move"
    RETRY = "retry"
    RELEASE = "release"


LETTING_GO: Final = frozenset({Operation.REMOVE, Operation.RELEASE})
"""What takes protection away, and is done by a release alone."""


class ChangeStatus(StrEnum):
    """How far a change has come; ``accepted`` is the vendor's 201, ``effective`` is the platform's word."""

    PLANNED = "planned"
    REFUSED = "refused"
    APPROVED = "approved"
    SENT = "sent"
    ACCEPTED = "accepted"
    EFFECTIVE = "effective"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a change may not run, and what would allow it."""

    code: str
    message: str
    allowed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one object. Its id is given to approval, so it hashes everything that an approver was shown."""

    tenant: str
    tenant_identity: str
    """The tenant's own id at the vendor, as pinned."""
    lane: Lane
    kind: Kind
    key: str
    name: str
    operation: Operation
    direction: Direction
    because: Because
    generation: int = 1
    vendor_id: str | None = None
    parent: str | None = None
    before: Fields | None = None
    after: Fields | None = None
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    former: frozenset[str] = frozenset()
    """Members of the live object that the policy or order no longer names: kept, listed, never removed unattended."""
    people: int = 0
    refusals: tuple[Refusal, ...] = ()
    identities_touched: frozenset[str] = frozenset()
    """Addresses of accounts that are the object or a member added or removed, for *touches self*."""

    @property
    def id(self) -> str:
        """24 hex digits over tenant identity, key, normal form before and after, member delta, policy line and direction. Frozen."""
        return hashlib.sha256(canonical(self.identity_form())).hexdigest()[:24]

    @property
    def locks(self) -> bool:
        """Whether it makes something that locks records and can never be made to lock less."""
        made = self.after if self.operation is Operation.CREATE and self.after is not None else {}
        return any(made.get(name) == value for name, value in TRAITS[self.kind].locking)

    def identity_form(self) -> dict[str, object]:
        """What the id hashes, as plain JSON values."""
        return {
            "tenant": self.tenant,
            "tenant_identity": self.tenant_identity,
            "lane": self.lane.value,
            "kind": self.kind.value,
            "key": self.key,
            "generation": self.generation,
            "operation": self.operation.value,
            "direction": self.direction.value,
            "before": plain_fields(self.before),
            "after": plain_fields(self.after),
            "add": sorted(self.add),
            "remove": sorted(self.remove),
            "line": self.because.line,
            "matter": self.because.matter,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Ordered changes of all tenants; the digest covers their ids in order."""

    district: str
    policy_digest: str
    changes: tuple[Change, ...]

    @property
    def digest(self) -> str:
        """64 hex digits; any unique prefix of eight names the plan."""
        body = {"district": self.district, "policy": self.policy_digest, "changes": [change.id for change in self.changes]}
        return hashlib.sha256(canonical(body)).hexdigest()


def plain(value: Value) -> object:
    """``value`` as JSON knows it: tuples become lists."""
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def plain_fields(fields: Fields | None) -> Mapping[str, object] | None:
    """Fields as a JSON object, or None."""
    return None if fields is None else {name: plain(value) for name, value in sorted(fields.items())}


def canonical(value: object) -> bytes:
    """RFC 8785 bytes of a JSON value. Raises ``rfc8785.CanonicalizationError`` for what JSON cannot carry."""
    return rfc8785.dumps(value)  # type: ignore[arg-type]  # rfc8785's alias for JSON is invariant; the call checks at run time
