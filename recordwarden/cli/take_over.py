"""``take-over``: somebody else's object is bound to a key of ours, signed; nothing is written to the tenant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from connectors.base import Lane
from policies.keys import TAKEN, key_of
from policies.kinds import TRAITS, Kind
from policies.resources import Live, Wanted
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.exits import Exit
from recordwarden.wiring import Office
from recordwarden.wrong import CommandError, error
from reports.words import KINDS
from sync.bindings import Binding, bound_to
from sync.decide import circumstances
from sync.desk import TenantDoor
from sync.journal import EntryKind, Sealed
from sync.look import Look, look
from sync.officers import Signer
from sync.registers.governance import signing
from sync.store import Session
from sync.store.bindings import Bindings
from sync.wording import instant


def take_over(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help="The kind, as `doctor` lists them.", metavar="KIND")],
    vendor_id: Annotated[str, typer.Argument(help="The vendor's own id, as `inventory` prints it.", metavar="VENDOR_ID")],
    key: Annotated[
        str | None, typer.Option("--key-name", metavar="KEY", help="The wanted object that it stands for (default: the one of its name).")
    ] = None,
) -> Answer:
    """From now on it is ours: verified at each look, and brought to what the policy wants only by changes that are shown and approved as all are."""
    call = called(ctx)
    wanted_kind = _kind(kind)
    with call.office() as office:
        signer = call.signer(office)
        door = _door(office, wanted_kind)
        name, seconds = f"{door.tenant.id}/{_lane(wanted_kind).value}", office.district.timeouts.lease
        with office.desk.leases.acquire(name, seconds=seconds, wait=office.desk.lock_wait, stop=office.stop) as lease:
            seen = look(office.desk, door, Lane.SYNC, door.connector.kinds())
            live = _live(seen, wanted_kind, vendor_id)
            bindings = Bindings(office.desk.store)
            _free(office, live, bindings.of(door.tenant.id).values())
            chosen = _key(live, _wanted(office, seen, wanted_kind), bindings.of(door.tenant.id).keys(), key)
            binding = bound_to(door.tenant.id, chosen, live, live.members, accepted_at=office.desk.clock.now(), now=office.desk.clock.now())
            with office.desk.store.write() as session:
                lease.guard(session)
                bindings.put(session, binding)
                seq = _written(office, binding, signer, session)
        told = f"{signer.officer} took over the {KINDS[wanted_kind]} {live.name} of {door.tenant.id} as {chosen}. Nothing was changed in it."
        result = {"binding": {**_document(binding), "seq": seq}}
        return Answer(result=result, problems=office.problems, show=lambda screen: screen.say(told))


def _kind(word: str) -> Kind:
    try:
        return Kind(word)
    except ValueError as strange:
        known = ", ".join(sorted(Kind))
        raise CommandError(Exit.USAGE, error("kind.no_such", f"{word} is no kind.", f"Known: {known}.")) from strange


def _lane(kind: Kind) -> Lane:
    return Lane.HOLD if TRAITS[kind].hold_lane else Lane.SYNC


def _door(office: Office, kind: Kind) -> TenantDoor:
    doors = [door for door in office.desk.doors if door.tenant.platform is kind.platform]
    if len(doors) != 1:
        words = f"{kind.value} belongs to {kind.platform.value}, of which {len(doors)} tenants were named."
        raise CommandError(Exit.ERROR, error("take_over.tenant", words, "Name one with --tenant ID before the command."))
    if kind not in doors[0].connector.kinds():
        words = f"{kind.value} is not read as an object of its own."
        raise CommandError(Exit.ERROR, error("take_over.kind", words, "Take over what `inventory` lists."))
    return doors[0]


def _live(seen: Look, kind: Kind, vendor_id: str) -> Live:
    if seen.error is not None or seen.snapshot is None:
        problem = seen.error or error("tenant.unreachable", "The tenant could not be asked.", "recordwarden doctor")
        raise CommandError(Exit.ERROR, problem)
    found = next((live for live in seen.snapshot.of(kind) if live.vendor_id == vendor_id), None)
    if found is None:
        whole = "There is" if seen.snapshot.complete(kind) else "As far as could be read there is"
        words = f"{whole} no {KINDS[kind]} of the id {vendor_id}."
        raise CommandError(Exit.ERROR, error("take_over.no_such", words, "recordwarden inventory", subject=vendor_id))
    return found


def _free(office: Office, live: Live, bindings: Iterable[Binding]) -> None:
    """Refuses what is ours already, and what carries another district's mark: that one's owner is known."""
    if any((one.kind, one.vendor_id) == (live.kind, live.vendor_id) for one in bindings):
        raise CommandError(Exit.ERROR, error("take_over.ours", f"{live.name} is ours already.", "Nothing is left to do.", subject=live.vendor_id))
    if live.mark is not None and live.mark.district != office.district.id:
        words = f"{live.name} carries the mark of another district ({live.mark.district})."
        raise CommandError(Exit.REFUSED, error("mark.other_district", words, "The two districts settle whose it is.", subject=live.vendor_id))


def _wanted(office: Office, seen: Look, kind: Kind) -> tuple[Wanted, ...]:
    """The objects of that kind that the policy wants in this tenant."""
    around = circumstances(office.desk, seen, Bindings(office.desk.store).of(seen.tenant.id))
    return tuple(one for one in seen.connector.realise(office.desk.duties, around).resources if one.kind is kind)


def _key(live: Live, wanted: tuple[Wanted, ...], bound: Iterable[str], asked: str | None) -> str:
    """The key of the wanted object that ``live`` stands for, or one of its own."""
    keys = {one.key for one in wanted}
    if asked is not None and asked not in keys:
        words = f"The policy wants no such object in this tenant: {asked}."
        raise CommandError(Exit.ERROR, error("take_over.key", words, f"Choose one of {', '.join(sorted(keys)) or 'none'}, or leave --key-name out."))
    named = [one.key for one in wanted if one.name.casefold() == live.name.casefold()]
    chosen = asked or (named[0] if named else key_of(TAKEN.rstrip("-"), live.kind.value, live.vendor_id))
    if chosen in set(bound):
        words = f"{chosen} stands for another object already."
        raise CommandError(Exit.REFUSED, error("take_over.key_bound", words, "Two officers release that one first, or name another key."))
    return chosen


def _written(office: Office, binding: Binding, signer: Signer, session: Session) -> int:
    body = {"take_over": binding.key, "kind": binding.kind.value, "vendor_id": binding.vendor_id, "name": Sealed(binding.name)}
    return office.desk.journal.append(
        EntryKind.OBSERVATION, binding.key, body, tenant=binding.tenant, actor=signing(signer), signer=signer.key, session=session
    )


def _document(one: Binding) -> dict[str, object]:
    return {
        "tenant": one.tenant,
        "kind": one.kind.value,
        "key": one.key,
        "vendor_id": one.vendor_id,
        "name": one.name,
        "generation": one.generation,
        "members": sorted(one.members),
        "taken_at": instant(one.accepted_at),
    }
