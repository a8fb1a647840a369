"""Changing a tenant in memory, with the vendors' own refusals: fixed fields, locks while pending, members refused, answers that get lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from connectors.base import Context, MemberOutcome, Receipt
from connectors.errors import ConnectorError, LockedError, PermanentError, TenantUnreachableError, TransientError, UnknownOutcomeError
from connectors.examination import WriteCapability
from connectors.memory.reader import SURFACE, WRITABLE
from connectors.memory.world import CONTAINED, LOCKED_WHILE_PENDING, US, MemoryTenant, Thing
from policies.kinds import TRAITS, Kind
from policies.resources import Fields, Force, Live, Mark, Ref, Wanted

_BORN_WITH: Final[Mapping[Kind, Fields]] = {
    Kind.M365_LABEL_POLICY: {"exceptions": (), "locked": False},
    Kind.M365_RETENTION_POLICY: {"exceptions": (), "locked": False},
    Kind.GOOGLE_HOLD: {"org_unit": None, "terms": "", "start": None, "end": None, "options": ()},
}
"""What the platform fills in when a create does not say it."""


class _Hand:
    """What writer and prover share: one request, and the ways in which it goes wrong."""

    def __init__(self, world: MemoryTenant, context: Context) -> None:
        self.world = world
        self.context = context

    def ask(self, kind: Kind, method: str) -> None:
        """Spend a request. Raises before anything is committed when the tenant, the right or the connection is missing."""
        self.context.meter.spend(SURFACE, method)
        troubles = self.world.troubles
        if troubles.unreachable is not None:
            raise TenantUnreachableError(troubles.unreachable, "the tenant does not answer", "see doctor")
        if kind not in WRITABLE[self.world.platform] or self.world.rights.get(kind) is WriteCapability.MISSING:
            raise PermanentError("role.missing", f"{kind.value} may not be written", "grant the role that writes it", status=403)
        if troubles.lost == "before":
            troubles.lost = None
            raise TransientError("wire.unavailable", "the service is busy", status=503)

    def answer(self, thing: Thing, members: tuple[MemberOutcome, ...] = ()) -> Receipt:
        """The receipt of what was committed, unless the answer is lost on its way."""
        if self.world.troubles.lost == "after":
            self.world.troubles.lost = None
            raise UnknownOutcomeError("wire.lost", "the answer was lost after the request was sent", "read for our mark")
        now = self.world.clock.now()
        return Receipt(vendor_id=thing.vendor_id, name=thing.name, accepted_at=now, vendor_at=now, members=members)

    def found(self, ref: Ref) -> Thing:
        """The object, to be changed. Raises where it is gone or locked."""
        thing = self.world.things.get(ref.vendor_id)
        if thing is None:
            raise PermanentError("object.gone", f"{ref.kind.value} {ref.name} is not there", status=404)
        if thing.kind in LOCKED_WHILE_PENDING and self.world.show(thing).force is Force.PENDING:
            raise LockedError("policy.deploying", "settings are being deployed; once deployed, additional actions can be performed", status=400)
        return thing

    def make(self, wanted: Wanted, mark: Mark, parent: Ref | None) -> Thing:
        """Commit a new object as the platform would, or say why it would not."""
        within = CONTAINED.get(wanted.kind)
        if within is not None and (parent is None or parent.vendor_id not in self.world.things):
            raise PermanentError("object.no_container", f"{wanted.kind.value} needs its {within.value}", status=400)
        traits = TRAITS[wanted.kind]
        if traits.create_with_members and not wanted.members:
            raise PermanentError("object.no_members", f"{wanted.kind.value} is invalid without a location", status=400)
        if wanted.kind is Kind.M365_LABEL and self._named(wanted.kind, wanted.name):
            raise PermanentError("object.exists", f"a label named {wanted.name} exists", status=409)
        fields: Fields = {**_BORN_WITH.get(wanted.kind, {}), **wanted.fields}
        members = wanted.members if traits.create_with_members else ()
        return self.world.make(
            wanted.kind, wanted.name, fields, members, by=US, mark=mark, parent_id=parent.vendor_id if parent is not None else None
        )

    def _named(self, kind: Kind, name: str) -> bool:
        return any(thing.kind is kind and thing.name.casefold() == name.casefold() for thing in self.world.things.values())


class MemoryWriter:
    """Implements ``Writer`` on a world in memory; it has no delete."""

    def __init__(self, world: MemoryTenant, context: Context) -> None:
        self._hand = _Hand(world, context)
        self.world = world

    def create(self, wanted: Wanted, mark: Mark, parent: Ref | None) -> Receipt:
        """Make the object, marked; asked twice, the world has two."""
        self._hand.ask(wanted.kind, "create")
        thing = self._hand.make(wanted, mark, parent)
        return self._hand.answer(thing, _accepted(thing.members))

    def set(self, ref: Ref, wanted: Wanted, mark: Mark, fields: frozenset[str]) -> Receipt:
        """Bring the named fields to what ``wanted`` says. A field fixed at birth is refused."""
        self._hand.ask(ref.kind, "set")
        thing = self._hand.found(ref)
        fixed = {name for name in fields & TRAITS[ref.kind].immutable if thing.fields.get(name) != wanted.fields.get(name)}
        if fixed:
            raise PermanentError("object.fixed", f"{', '.join(sorted(fixed))} cannot be changed after creation", status=400)
        thing.mark = mark
        self.world.alter(thing, {name: wanted.fields.get(name) for name in fields}, by=US)
        return self._hand.answer(thing, self._joined(thing, wanted.members) if wanted.members else ())

    def add(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:  # noqa: ARG002  # vendors that replace lists need it; this one adds
        """Add members one by one; each is accepted or refused for itself, and one that is there already is accepted."""
        self._hand.ask(ref.kind, "add")
        thing = self._hand.found(ref)
        return self._hand.answer(thing, self._joined(thing, members))

    def retry(self, ref: Ref) -> Receipt:
        """Ask the platform to distribute again: what failed starts over."""
        self._hand.ask(ref.kind, "retry")
        thing = self._hand.found(ref)
        thing.broken = False
        failed = list(thing.failed)
        thing.failed.clear()
        self.world.join(thing, failed, by=US)
        return self._hand.answer(thing)

    def _joined(self, thing: Thing, members: frozenset[str]) -> tuple[MemberOutcome, ...]:
        refused = {member: reason for member, reason in self.world.troubles.refused_members.items() if member in members}
        self.world.join(thing, sorted(members - set(refused) - set(thing.members)), by=US)
        return (*_accepted(members - set(refused)), *(MemberOutcome(member=one, error=refused[one]) for one in sorted(refused)))


class MemoryReleaser:
    """Implements ``Releaser`` on a world in memory."""

    def __init__(self, world: MemoryTenant, context: Context) -> None:
        self._hand = _Hand(world, context)
        self.world = world

    def remove(self, ref: Ref, members: frozenset[str], live: Live) -> Receipt:
        """Take members off; the last one cannot be, for a hold of nobody is none."""
        if members >= live.members or live.fields.get("scope") == "org_unit":
            raise PermanentError("release.whole_only", f"{ref.name} takes nobody off by name", "end the hold as a whole")
        self._hand.ask(ref.kind, "remove")
        thing = self._hand.found(ref)
        for member in members:
            thing.members.pop(member, None)
        self.world.alter(thing, {}, by=US)
        return self._hand.answer(thing, _accepted(members))

    def end(self, ref: Ref, live: Live) -> Receipt:  # noqa: ARG002  # vendors that send a whole object need what it is
        """Close a case or matter with nothing left in it; switch a hold off, or drop it where the platform has no such state."""
        self._hand.ask(ref.kind, "end")
        thing = self._hand.found(ref)
        if thing.kind in CONTAINED.values():
            if any(child.fields.get("enabled") is not False for child in self.world.children(thing)):
                raise ConnectorError("release.holds_left", f"there are holds in {ref.name}", "end them first")
            self.world.alter(thing, {"state": "closed"}, by=US)
        elif thing.kind is Kind.M365_HOLD:
            self.world.alter(thing, {"enabled": False}, by=US)
        else:
            self.world.drop(thing, by=US)
        return self._hand.answer(thing)


def _accepted(members: Iterable[str]) -> tuple[MemberOutcome, ...]:
    return tuple(MemberOutcome(member=member) for member in sorted(members))


class MemoryProver:
    """Implements ``Prover`` on a world in memory: can remove only what it made in this run."""

    def __init__(self, world: MemoryTenant, context: Context) -> None:
        self._hand = _Hand(world, context)
        self.world = world

    def prove(self, kind: Kind, mark: Mark) -> Receipt:
        """Make a marked dummy in a dummy of its own, see it, and take both out again."""
        self._hand.ask(kind, "prove")
        made: list[Thing] = []
        try:
            return self._made_and_seen(kind, mark, made)
        finally:
            for thing in reversed(made):
                self.world.drop(thing, by=US)

    def _made_and_seen(self, kind: Kind, mark: Mark, made: list[Thing]) -> Receipt:
        within = CONTAINED.get(kind)
        parent = None
        if within is not None:
            container = self._hand.make(_dummy(within), mark, None)
            made.append(container)
            parent = self.world.show(container).ref("proof")
        thing = self._hand.make(_dummy(kind), mark, parent)
        made.append(thing)
        if kind in self.world.troubles.roleless:
            raise ConnectorError("proof.not_seen", f"the dummy {kind.value} was written and not seen again")
        return self._hand.answer(thing)


def _dummy(kind: Kind) -> Wanted:
    """An object of ``kind`` that does nothing: published to nobody, holding nobody, switched off where the platform allows."""
    keep: Fields = {"period": 1, "trigger": "created", "action": "keep", "description": ""}
    fields: dict[Kind, Fields] = {
        Kind.M365_LABEL: {**keep, "behaviour": "retain"},
        Kind.M365_LABEL_POLICY: {"enabled": False, "description": ""},
        Kind.M365_LABEL_RULE: {"publishes": "Recordwarden proof"},
        Kind.M365_RETENTION_POLICY: {"enabled": False, "description": ""},
        Kind.M365_RETENTION_RULE: {**keep, "query": ""},
        Kind.M365_CASE: {"state": "open", "description": ""},
        Kind.M365_HOLD: {"enabled": True, "query": "", "description": ""},
        Kind.GOOGLE_MATTER: {"state": "open", "description": ""},
        Kind.GOOGLE_HOLD: {"corpus": "MAIL", "scope": "accounts"},
    }
    members = frozenset({"exchange:proof@recordwarden.invalid"}) if TRAITS[kind].create_with_members else frozenset[str]()
    return Wanted(kind=kind, key="proof", name="Recordwarden proof", fields=fields[kind], members=members)
