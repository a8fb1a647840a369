"""The hold lane: opening matters, telling runs what is to be held, and following each source until the platform says that it is.

Whatever is ordered is written down before anything is sent, and nothing here takes anybody off a hold. Names stay in the store behind seals: tenants
and logs see the random alias.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.base import Circumstances, Connector, Lane
from connectors.examination import WriteCapability
from connectors.hold_orders import Ordered
from policies.kinds import TRAITS, Kind, Platform, Workload
from policies.problems import Problem
from policies.resources import Because, Snapshot, Wanted
from policies.roster import Roster
from sync.bindings import Binding
from sync.desk import Desk
from sync.ledger import Progress
from sync.look import look
from sync.matters import by_hand, findings, joining, opening, placing, sending, standing
from sync.matters import status as showing
from sync.matters.deeds import Tools
from sync.matters.first_hour import FirstHour, first_hour
from sync.matters.force import Sight, Step, advance
from sync.matters.gaps import close, open_gap, with_causes
from sync.matters.letting_go import addresses, stopped
from sync.matters.model import Matter, MatterError, MatterState, Opened, Presence, SourceState
from sync.matters.order import MatterOrder
from sync.matters.register import AliasTakenError, Event, Register
from sync.matters.releases import Releases
from sync.matters.resolve import Directory
from sync.matters.sources import USUAL
from sync.officers import Signer
from sync.registers.attestations import attestations, valid_subjects
from sync.registers.governance import Author, signed_by
from sync.store.bindings import Bindings
from sync.store.drifts import Drifts
from sync.store.rosters import Rosters
from sync.store.watch_rows import WatchRows
from sync.watch.people import PERSON, Past, dangers, ids_on_hold, risks

PAPER = "paper/"
"""An attestation of ``paper/ID`` vouches for a place on paper."""

PROGRAM = Author()
"""An order that the program gives itself."""

FRESH = timedelta(minutes=10)
"""How long a list of people counts as read now."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_LETTERS_AND_DIGITS = _LETTERS + "23456789"


def random_token() -> str:
    """Eight random characters, the first a letter, none that are mistaken for another."""
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(7))


class HoldLane:
    """The matters of one district, for one process. A run calls owners, wanted, places, observe and sent, in this order, for each tenant."""

    def __init__(self, desk: Desk, token: opening.Token = random_token) -> None:
        self.desk = desk
        self.register = Register(desk.store, desk.journal, desk.clock.now)
        self._token = token
        self.releases = Releases(desk, self.register, self._settled, token)
        self._fresh: dict[str, Roster] = {}
        self._unreachable: dict[str, datetime] = {}
        self._matters: dict[str, Matter] = {}
        self._secured: frozenset[str] = frozenset()
        self._loaded = -1

    # -- what people order

    def open(self, order: MatterOrder, *, both: bool = False, sha256: str | None = None, by: Author = PROGRAM) -> Opened:
        """The matter of ``order``, recorded before anything is sent: a new one, or the open one of this alias or this very file.

        ``by`` gives the order and stands beside it in the journal.
        Nobody is taken out of an open matter; what the order no longer names comes back in ``missing``. Raises MatterError ``matter.released``.
        """
        before = self._same(order, sha256)
        if before is not None and before.state is MatterState.RELEASED:
            raise MatterError("matter.released", "The matter of this alias has been released.", "Give the new order an alias of its own.")
        try:
            return self._take(before, order, Event(name="opened", order=sha256, by=by), both=both)
        except AliasTakenError:
            return self._take(self._same(order, sha256), order, Event(name="opened", order=sha256, by=by), both=both)

    def add(self, alias: str, order: MatterOrder, *, both: bool = False, sha256: str | None = None, by: Author = PROGRAM) -> Opened:
        """The open matter of ``alias`` with what ``order``, given ``by`` somebody, adds. Raises MatterError ``matter.unknown .released``."""
        before = self._open_one(alias)
        return self._take(before, order, Event(name="added", order=sha256, by=by), both=both, again=True)

    def former(self, alias: str, addresses: Iterable[str], signer: Signer) -> Opened:
        """The matter with these people marked as former: they stay on hold until two officers release them. Signed.

        Raises MatterError ``matter.unknown``, ``matter.released`` or ``matter.person_unknown``; JournalError when the signature is not accepted.
        """
        before = self._open_one(alias)
        named = frozenset(address.lower() for address in addresses)
        known = {person.address for person in before.people} | {account.address for person in before.people for account in person.accounts}
        if not named <= known:
            raise MatterError(
                "matter.person_unknown", f"{len(named - known)} of the {len(named)} addresses are not on hold in this matter; nobody was marked.",
                "Compare the file with `hold status`.",
            )
        people = tuple(
            replace(person, former=True) if named & {person.address, *(account.address for account in person.accounts)} else person
            for person in before.people
        )
        after = replace(before, people=people)
        self.register.keep(before, after, Event(name="former", by=signed_by(signer), always=True), self._settled)
        self._loaded = -1
        return Opened(alias=after.alias, tenant_alias=after.tenant_alias, new=False, unchanged=after == before)

    def find(self, alias: str) -> Matter:
        """The matter that any of its three aliases names. Raises MatterError ``matter.unknown``."""
        found = self.register.get(alias)
        if found is None:
            raise MatterError("matter.unknown", "There is no matter of this alias.", "See `hold status` without an alias.")
        return found

    def on_hold(self, alias: str) -> frozenset[str]:
        """Addresses of everybody on hold in a matter, as the order and as the tenants call them. Raises MatterError ``matter.unknown``."""
        return frozenset(address for person in self.find(alias).people if person.released is None for address in addresses(person))

    # -- what people see

    def status(self, alias: str | None = None, unreachable: AbstractSet[str] = frozenset()) -> dict[str, object]:
        """The contract's result: the matter's fields, or without an alias ``matters`` with those of each. Raises MatterError ``matter.unknown``.

        ``unreachable``: tenants that were asked now and did not answer, which the by-hand sheet says.
        """
        tools = self._tools(unreachable)
        if alias is not None:
            return self._document(self.find(alias), tools)
        return {"matters": [self._document(matter, tools) for matter in self.register.all()]}

    def facts(self, alias: str | None = None) -> showing.Facts:
        """What the exit code follows from, for one matter or for every open one. Raises MatterError ``matter.unknown``."""
        return showing.facts((self.find(alias),) if alias is not None else self.register.open(), self._platforms())

    def by_hand(self, alias: str) -> str | None:
        """The by-hand sheet for exactly the sources that are not held, or None. Raises MatterError ``matter.unknown``."""
        return by_hand.sheet(self.find(alias), self._tools(), self.desk.district.id)

    def first_hour(self, alias: str) -> FirstHour:
        """The first-hour page's data. Raises MatterError ``matter.unknown``."""
        return first_hour(self.find(alias), self.desk.district, self._vouched(), self.desk.clock.now())

    # -- what a run asks

    def owners(self, tenant_id: str, roster: Roster) -> AbstractSet[str]:
        """Vendor ids of held accounts whose files are held too. The roster just read is used first to find the people of every open matter."""
        self._forget_old(roster.at)
        self._fresh[tenant_id] = roster
        self._load()
        if any(joining.unasked(matter, frozenset(self._platforms())) for matter in self._matters.values()):
            self._read_others()
        self.resolve(self._fresh)
        platform = self._platforms()[tenant_id]
        return {
            account.vendor_id
            for matter in self._matters.values() if Workload.DRIVE in (matter.named or USUAL[platform])
            for person in matter.held if not person.candidates
            for account in person.accounts if account.tenant == tenant_id
        }

    def resolve(self, rosters: Mapping[str, Roster]) -> None:
        """Find the accounts of everybody on hold in ``rosters`` and expand the groups, schools and roles; what is found is remembered."""
        asking = joining.Asking(
            directory=Directory(rosters), platforms=self._platforms(), unreachable=frozenset(self._unreachable),
            populations={duty.population.id: duty.population for duty in self.desk.duties},
        )
        now = self.desk.clock.now()
        for matter in self._opened():
            self._keep(matter, joining.joined(matter, asking, self._token, now), Event(name="joined"))

    def wanted(self, tenant_id: str, connector: Connector, circumstances: Circumstances) -> tuple[Wanted, ...]:
        """Everything that open matters want held in a tenant, former people included; which hold carries each source is remembered."""
        found: list[Wanted] = []
        for matter in self._opened():
            after = placing.placed(matter, connector.platform, circumstances.roster, self.desk.clock.now())
            order, index = placing.asked(after, tenant_id)
            if order.sources:
                ordered = connector.realise_hold(order, circumstances)
                missing = _not_ours_to_write(circumstances, frozenset(one.kind for one in ordered.resources))
                after = placing.carried(after, ordered, index, missing)
                resting = placing.resting(after, tenant_id, self.desk.clock.now()) | _unwritten(ordered, missing)
                found.extend(_ours(one, after, resting) for one in ordered.resources)
            self._keep(matter, after, Event(name="ordered", tenant=tenant_id))
        return tuple(found)

    def ids_on_hold(self, roster: Roster) -> Mapping[str, str]:
        """The vendor's id by every address of the accounts and groups on hold in a tenant."""
        return ids_on_hold(self._opened(), roster)

    def places(self, tenant_id: str) -> AbstractSet[str]:
        """Accounts and places under an open matter in a tenant, lower case: ids, addresses, mailboxes, sites."""
        found: set[str] = set()
        for matter in self._opened():
            for source in matter.sources:
                if source.tenant == tenant_id and source.state is not SourceState.RELEASED:
                    member = (source.place.member or "").partition(":")[2]
                    found.update(one.lower() for one in (source.identity, source.place.address, source.place.container, member) if one)
            for person in matter.held:
                if tenant_id not in person.where(Presence.ABSENT):  # a list that was read whole and does not know them has nothing of theirs
                    found.update(address for address in addresses(person))
        return found

    def observe(self, tenant_id: str, snapshot: Snapshot, bindings: Mapping[str, Binding], roster: Roster) -> tuple[Problem, ...]:
        """Move every source to what the platform shows, open and close gap records, and say what is wrong with people on hold."""
        sight = Sight(snapshot, bindings, roster)
        problems: list[Problem] = []
        for matter in self._opened():
            steps = {source.id: advance(source, sight.of(source), snapshot.at) for source in matter.followed if source.tenant == tenant_id}
            after = self._stepped(matter, steps, self._platforms()[tenant_id], snapshot.at)
            if any(gap.tenant == tenant_id and gap.cause is None for gap in after.gaps):
                after = with_causes(after, tenant_id, Drifts(self.desk.store).open(tenant_id).values())
            self._keep(matter, after, Event(name="observed", tenant=tenant_id))
            problems.extend(findings.problems(self._matters[matter.tenant_alias], tenant_id, frozenset(gap.id for gap in matter.gaps)))
        watched, platform = WatchRows(self.desk.store), self._platforms()[tenant_id]
        past = Past(events=watched.events(tenant_id, PERSON), risks=watched.risks(tenant_id))
        watched.at_risk(tenant_id, risks(self._opened(), roster, snapshot, past, platform), snapshot.at)
        self._looked(tenant_id, snapshot.at)
        return tuple(problems)

    def sent(self, tenant_id: str, progress: Progress) -> None:
        """One change of the hold lane went out, or failed to."""
        for matter in [one for one in self._opened() if one.tenant_alias == progress.change.because.matter]:
            self._keep(matter, sending.after(matter, tenant_id, progress), Event(name="sent", tenant=tenant_id))

    # -- inside

    def _vouched(self) -> frozenset[str]:
        """Ids of paper places that a valid attestation vouches for."""
        subjects = valid_subjects(self.desk.store, self.desk.clock.now())
        return frozenset(subject.removeprefix(PAPER) for subject in subjects if subject.startswith(PAPER))

    def _tools(self, unreachable: AbstractSet[str] = frozenset()) -> tuple[Tools, ...]:
        """What a sheet is written with, tenant by tenant."""
        doors = {door.tenant.id: door.connector for door in self.desk.doors}
        bindings = Bindings(self.desk.store)
        tenants = self.desk.district.tenants
        return tuple(
            Tools(tenant=one, connector=doors.get(one.id), bindings=bindings.of(one.id), unreachable=one.id in unreachable) for one in tenants
        )

    def _document(self, matter: Matter, tools: Sequence[Tools]) -> dict[str, object]:
        prefix = "gap/"
        found = {
            one.subject.removeprefix(prefix): showing.Finding(attestation=one.id, officer=one.officer, at=one.made_at)
            for one in (attestations(self.desk.store, self.desk.clock.now()) if matter.gaps else ()) if one.subject.startswith(prefix)
        }
        sheet = by_hand.sheet(matter, tools, self.desk.district.id)
        risk = dangers(WatchRows(self.desk.store).risks(), self._platforms(), self.desk.clock.now())
        return showing.document(matter, self._vouched(), found, sheet, self._platforms(), at_risk=risk)

    def _same(self, order: MatterOrder, sha256: str | None) -> Matter | None:
        named = self.register.get(order.alias) if order.alias else None
        return named or (self.register.of_order(sha256) if sha256 else None)

    def _open_one(self, alias: str) -> Matter:
        found = self.find(alias)
        if found.state is MatterState.RELEASED:
            raise MatterError("matter.released", "This matter has been released.", "Open a new one.")
        return found

    def _take(self, before: Matter | None, order: MatterOrder, event: Event, *, both: bool, again: bool = False) -> Opened:
        """A new order holds whoever was let go and is named once more, and ends a release that it does not go with; ``again``: an old one, too."""
        seen_before = before is not None and event.order is not None and self.register.has_order(before, event.order)
        base = before or opening.new(order, self._token, self.desk.clock.now())
        after = base if seen_before else opening.with_order(base, order, self._token, both=both)
        anew, now = again or not seen_before, self.desk.clock.now()
        after = opening.again(after, order, now) if anew else after
        after = opening.with_both(after) if both else after
        overruled = anew and before is not None and opening.overrules(before, order)
        if overruled and after.release is not None:
            after = stopped(after, after.release, now, "order")
        self._secured = self._vouched()
        after = self._settled(after) if anew or both else after
        event = replace(event, name="opened" if before is None else "added", order=None if seen_before else event.order)

        def with_order(current: Matter) -> Matter:
            """What another process wrote at once, with this order in it all the same: to hold is stronger than to let go."""
            ordered = opening.again(current, order, now) if anew else current
            if anew and ordered.release is not None and opening.overrules(ordered, order):
                ordered = stopped(ordered, ordered.release, now, "order")
            return self._settled(ordered)

        written = self.register.keep(before, after, event, with_order).seq is not None
        if overruled and before is not None and before.release is not None:
            self.releases.forget(before.release)
        if written:
            # Whoever is to be held is looked for among everybody, not among those of whom a change was told.
            with self.desk.store.write() as session:
                Rosters(self.desk.store).read_whole_next(session, self._platforms(), self.desk.clock.now())
        self._loaded = -1
        return Opened(
            alias=after.alias, tenant_alias=after.tenant_alias, new=before is None, added=opening.added(before, after), unchanged=not written,
            missing=opening.missing(before, order) if before else (), overruled=overruled,
        )

    def _platforms(self) -> dict[str, Platform]:
        return {tenant.id: tenant.platform for tenant in self.desk.district.tenants}

    def _load(self) -> None:
        newest = self.register.newest()
        if newest != self._loaded:
            self._matters = {matter.tenant_alias: matter for matter in self.register.open()}
            self._loaded = newest
        self._secured = self._vouched()

    def _opened(self) -> tuple[Matter, ...]:
        if self._loaded < 0:
            self._load()
        return tuple(self._matters.values())

    def _keep(self, before: Matter, after: Matter, event: Event) -> None:
        written = self.register.keep(before, self._settled(after), event, self._settled)
        if written.seq is not None and written.after == self._loaded:
            self._loaded = written.seq  # nobody else wrote in between: what is in memory is what is there
        self._matters[before.tenant_alias] = written.matter

    def _settled(self, matter: Matter) -> Matter:
        return standing.settled(matter, tuple(self._platforms()), self._secured, self.desk.clock.now())

    def _looked(self, tenant_id: str, at: datetime) -> None:
        self._matters = {alias: replace(matter, looked={**matter.looked, tenant_id: at}) for alias, matter in self._matters.items()}
        self.register.looked(tenant_id, tuple(self._matters.values()), at)

    @staticmethod
    def _stepped(matter: Matter, steps: Mapping[str, Step], platform: Platform, at: datetime) -> Matter:
        gaps = {gap.id: gap for gap in matter.gaps}
        before = {source.id: source for source in matter.sources}
        for key, step in steps.items():
            if step.lost:
                gap = open_gap(matter.tenant_alias, before[key], platform, at)
                gaps[gap.id] = gap
            if step.regained:
                gaps |= {gap.id: close(gap, at) for gap in gaps.values() if gap.source == key}
        sources = tuple(steps[source.id].source if source.id in steps else source for source in matter.sources)
        return replace(matter, sources=sources, gaps=tuple(gaps.values()))

    def _forget_old(self, at: datetime) -> None:
        """A process that lives long must not take an old list of people for today's."""
        self._fresh = {tenant: roster for tenant, roster in self._fresh.items() if abs(at - roster.at) < FRESH}
        self._unreachable = {tenant: tried for tenant, tried in self._unreachable.items() if abs(at - tried) < FRESH}

    def _read_others(self) -> None:
        """Read who is in the tenants that were not looked at yet: a person is joined across all of them before anything is ordered for them."""
        for door in self.desk.doors:
            tenant = door.tenant.id
            if tenant in self._fresh or tenant in self._unreachable:
                continue
            seen = look(self.desk, door, Lane.HOLD, frozenset())
            if seen.roster is None:
                self._unreachable[tenant] = seen.at  # the others go ahead; this one is asked again by its own run
            else:
                self._fresh[tenant] = seen.roster


def _ours(wanted: Wanted, matter: Matter, resting: frozenset[tuple[str, str]]) -> Wanted:
    """One resource under the matter's random alias, without the members that rest."""
    members = frozenset(member for member in wanted.members if (wanted.key, member) not in resting)
    return replace(wanted, because=Because(matter=matter.tenant_alias), members=members)


def _not_ours_to_write(circumstances: Circumstances, kinds: frozenset[Kind]) -> Mapping[Kind, str]:
    """Of ``kinds`` those that we do not write here, with the code that says why.

    Holds go out without a proof (design, promise 3). A setting of the platform's own carries no mark by which a lost answer could be settled and is
    only a second belt, so it is written where that was proven, and by hand elsewhere.
    """
    known = {one.kind: one for one in circumstances.capabilities if one.kind in kinds}
    found = {kind: placing.NO_RIGHT for kind, one in known.items() if one.cannot_be_tried}
    proven = {kind for kind, one in known.items() if one.write is WriteCapability.PROVEN}
    unproven = {kind for kind in kinds - found.keys() - proven if TRAITS[kind].shared}
    return {**found, **dict.fromkeys(unproven, placing.UNPROVEN)}


def _unwritten(ordered: Ordered, missing: Mapping[Kind, str]) -> frozenset[tuple[str, str]]:
    """Members of the platform's own objects that we do not write here: looked for all the same, for a person may put them in."""
    shared = [one for one in ordered.resources if TRAITS[one.kind].shared and one.kind in missing]
    return frozenset((one.key, member) for one in shared for member in one.members)

