"""Releases in a campaign: an officer asks, two others approve, the wait goes by, and the register says that it ended for exactly those."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Protocol, cast

from policies.district import Officer
from sync.approvals import LIFETIME
from sync.desk import Desk
from sync.ends import is_end
from sync.journal import EntryKind
from sync.matters.lane import HoldLane
from sync.matters.model import MatterError
from sync.matters.order import MatterOrder
from sync.matters.release import Reason, Release
from sync.officers import Signer
from sync.registers.governance import signing
from sync.result import RunResult
from sync.store.approvals import Approvals, KeptApproval
from tests.unit.sync.provable import KEYS, officer

ASKS, *APPROVE = (Signer(officer=name, key=KEYS[name]) for name in ("custodian", "counsel", "superintendent"))
REASON = Reason(text="Settled in court.", consent="c" * 64, consent_name="consent.pdf")
SOME, WHOLE = "some", "whole"
"""What a row may want let go: one or more of several people, or the matter."""
LOOKS = 8
"""Looks after which a release is asked for, whether or not all of its matter is in force yet."""


def officers() -> tuple[Officer, ...]:
    """The district's officers: who asks, and the two who approve."""
    return tuple(officer(one.officer) for one in (ASKS, *APPROVE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """What is to be let go: the people at these addresses of the order ``alias``, or all of it where none is named; ``order`` is opened first."""

    alias: str
    people: tuple[str, ...] = ()
    order: MatterOrder | None = None


@dataclass
class Promised:
    """Who is to be held by which order, and who was let go of it, by the names that the tenant has for them."""

    held: dict[str, set[str]] = field(default_factory=dict)
    ended: dict[str, set[str]] = field(default_factory=dict)
    gone: dict[str, set[str]] = field(default_factory=dict)

    @property
    def ever(self) -> frozenset[str]:
        """Everybody who was ever named by an order."""
        return frozenset().union(*self.held.values(), *self.ended.values(), *self.gone.values())

    def chosen(self, what: str, rng: Random) -> str | None:
        """An order that may be let go now: never the first, of which some people stand on hold as a group; None for one that is still to come."""
        least = 2 if what == SOME else 1
        able = [alias for alias, people in list(self.held.items())[1:] if len(people) >= least]
        return rng.choice(able) if able and rng.random() < 0.5 else None  # a coin

    def asked(self, address: Callable[[str], str]) -> LetGo:
        """What the register has to say, with the address of each of the tenant's own names."""
        people = {alias: frozenset(map(address, names)) for alias, names in self.gone.items()}
        return LetGo(whole=frozenset(self.ended), people=people)

    def let_go(self, alias: str, what: str, rng: Random) -> tuple[str, ...]:
        """Write down that the order lets go of some of its people, who are handed back, or of all, and then nobody is named."""
        if what == WHOLE:
            self.ended[alias] = self.held.pop(alias)
            return ()
        people = self.held[alias]
        leaving = rng.sample(sorted(people), k=rng.randrange(1, len(people)))
        people -= set(leaving)
        self.gone.setdefault(alias, set()).update(leaving)
        return tuple(leaving)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """An end that runs propose by themselves is to be signed by two officers, once a look proposes it for this object."""

    vendor_id: str


class Looking(Protocol):
    """Of a stage what a release needs."""

    desk: Desk
    lane: HoldLane

    def look(self) -> bool:
        """One look."""

    @property
    def last(self) -> RunResult:
        """What the newest look found."""


def part(stage: Looking, parting: Parting) -> None:
    """Open the order where it is new, let it come into force, and bring its release to where the next look has to carry it out."""
    if parting.order is not None:
        stage.lane.open(parting.order)
    release = None
    for number in range(LOOKS * 2):
        if release is None and (number >= LOOKS or _settled(stage.lane, parting.alias)):
            release = _asked(stage, parting)
        if release is not None:
            break
        stage.look()
    assert release is not None, f"no release of {parting.alias} could be asked for"
    _approve(stage, release)
    stage.desk.clock.sleep(timedelta(seconds=stage.desk.district.timeouts.release_wait).total_seconds())


def sign(stage: Looking, signing: Signing) -> None:
    """Look until the end of the object is proposed, and have two officers sign it: the next look carries it out."""
    for _ in range(LOOKS * 2):
        stage.look()
        proposed = [one.change for tenant in stage.last.tenants for one in tenant.changes if is_end(one.change)]
        found = [change.id for change in proposed if change.vendor_id == signing.vendor_id]
        if found:
            say_yes(stage.desk, found)
            return
    raise AssertionError(f"no end of {signing.vendor_id} was proposed")


def _settled(lane: HoldLane, alias: str) -> bool:
    sources = cast("list[dict[str, object]]", lane.status(alias)["sources"])
    return bool(sources) and all(one["state"] in {"verified", "released"} for one in sources)


def _asked(stage: Looking, parting: Parting) -> Release | None:
    """The release as it was asked for; None while what became of something of the matter is not known, or an earlier one is under way."""
    try:
        return stage.lane.releases.ask(stage.lane.find(parting.alias), parting.people or None, REASON, ASKS)
    except MatterError as error:
        if error.code not in {"release.unsettled", "release.open"}:
            raise
    return None


def _approve(stage: Looking, release: Release) -> None:
    say_yes(stage.desk, release.changes)
    stage.lane.releases.weigh()


def say_yes(desk: Desk, changes: Iterable[str], verdict: str = "yes") -> None:
    """The yes (or no) of both officers who approve, signed, to each of the changes."""
    now = desk.clock.now()
    for signer in APPROVE:
        for change in changes:
            with desk.store.write() as session:
                body = {"change": change, "verdict": verdict}
                seq = desk.journal.append(EntryKind.APPROVAL, f"change/{change}", body, actor=signing(signer), signer=signer.key, session=session)
                yes = KeptApproval(change=change, officer=signer.officer, verdict=verdict, at=now, expires=now + LIFETIME, seq=seq)
                Approvals(desk.store).put(session, yes)


def under_way(lane: HoldLane) -> bool:
    """Whether a release waits to be carried out."""
    return bool(lane.register.releasing())


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """What was asked to be let go: orders as a whole, and of others the people at these addresses; of the rest nobody."""

    whole: frozenset[str] = frozenset()
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)


def register_wrongs(matters: Iterable[Mapping[str, object]], asked: LetGo) -> tuple[str, ...]:
    """Where the register says otherwise than was asked."""
    found = []
    for matter in matters:
        facts = cast("dict[str, object]", matter["matter"])
        alias = str(facts["alias"])
        whole = alias in asked.whole
        if (facts["state"] == "released") is not whole:
            found.append(f"the register says {facts['state']} of {alias}")
        leaving = {one.lower() for one in asked.people.get(alias, ())}
        rows = [(one["person"], one["released"] is not None) for one in cast("list[dict[str, object]]", matter["people"])]
        rows += [(one["person"], one["state"] == "released") for one in cast("list[dict[str, object]]", matter["sources"])]
        wrong = {str(person) for person, released in rows if released is not (whole or str(person).lower() in leaving)}
        found += [f"the register has {person} of {alias} {'on hold' if person.lower() in leaving or whole else 'released'}" for person in sorted(wrong)]
    return tuple(found)
