"""Who is meant: the accounts of one person across tenants, and the people a group, school or role stands for. Pure.

Accounts are one person's where an address or alias is equal in both tenants, or the employee number is; never by display name or by the part before
the @. Where two accounts of one tenant answer, it is a question, and a question is held for nobody until somebody answers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from policies.kinds import Kind
from policies.resources import ReadState
from policies.roster import AccountState, Identity, Roster
from sync.matters.model import Account, Answer, PersonCode, Presence

_PEOPLE = frozenset({Kind.M365_USER, Kind.GOOGLE_USER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One person as the order names them, with the accounts that were joined before."""

    address: str
    also: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()
    both: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Who answered. With ``question`` two accounts of one tenant could be meant, and nobody is chosen. ``answers`` only of tenants read now."""

    identities: tuple[Identity, ...] = ()
    question: bool = False
    candidates: tuple[str, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)


class Directory:
    """All accounts of the tenants that were read now, by address, employee number and vendor id."""

    def __init__(self, fresh: Mapping[str, Roster]) -> None:
        self.fresh = fresh
        self._address: dict[tuple[str, str], list[Identity]] = {}
        self._employee: dict[tuple[str, str], list[Identity]] = {}
        self._vendor: dict[tuple[str, str], Identity] = {}
        for tenant, roster in fresh.items():
            for identity in roster.identities:
                self._vendor[tenant, identity.vendor_id] = identity
                for address in identity.addresses:
                    self._address.setdefault((tenant, address), []).append(identity)
                if identity.employee_id:
                    self._employee.setdefault((tenant, identity.employee_id.strip().lower()), []).append(identity)

    def knows_everybody(self, tenant: str) -> bool:
        """Whether somebody missing from the tenant's list may be believed to be absent."""
        roster = self.fresh.get(tenant)
        reads = [read for read in roster.reads if read.kind in _PEOPLE] if roster else []
        return bool(reads) and all(read.state is ReadState.COMPLETE for read in reads)

    def knows_the_gone(self, tenant: str) -> bool:
        """Whether it was seen, as far as it was asked for, what is kept of accounts that are gone for good."""
        roster = self.fresh.get(tenant)
        return roster is not None and roster.gone_unread is None

    def by_id(self, tenant: str, vendor_id: str) -> Identity | None:
        """The account with that id."""
        return self._vendor.get((tenant, vendor_id))

    def by_address(self, tenant: str, addresses: Iterable[str]) -> tuple[Identity, ...]:
        """Every account that one of the addresses is an address or alias of."""
        return once(one for address in addresses for one in self._address.get((tenant, address.lower()), ()))

    def alike(self, tenant: str, seeds: Iterable[Identity]) -> tuple[Identity, ...]:
        """The accounts of ``tenant`` that share an address, alias or employee number with one of ``seeds``."""
        found: list[Identity] = []
        for seed in seeds:
            found.extend(self.by_address(tenant, seed.addresses))
            if seed.employee_id:
                found.extend(self._employee.get((tenant, seed.employee_id.strip().lower()), ()))
        return once(found)


def find(asked: Asked, directory: Directory) -> Found:
    """The accounts of one person in the tenants read now, or the question that has to be answered first.

    An account joined before is found by the vendor's id, whatever it is called today. An address in the order that one account of a tenant answers to
    settles that tenant; where none does, the person's accounts in the other tenants are asked for their like.
    """
    chosen: dict[str, tuple[Identity, ...]] = {}
    contested: list[Identity] = []
    for tenant in directory.fresh:
        known, rivals = _named(asked, tenant, directory)
        if known:
            chosen[tenant] = known
        contested.extend(rivals)
    elsewhere = [_as_remembered(account) for account in asked.accounts if account.tenant not in directory.fresh]
    for tenant in directory.fresh:
        if tenant not in chosen and not any(account.tenant == tenant for account in asked.accounts):
            like = directory.alike(tenant, [*elsewhere, *(one for group in chosen.values() for one in group)])
            if like:
                chosen[tenant] = like
                contested.extend(like if len(like) > 1 else ())
    answers = {tenant: _answer(asked, tenant, chosen.get(tenant, ()), directory) for tenant in directory.fresh}
    identities = once(one for group in chosen.values() for one in group)
    if contested and not asked.both:
        return Found(question=True, candidates=candidates(once((*contested, *identities))), answers=answers)
    return Found(identities=identities, answers=answers)


def _as_remembered(account: Account) -> Identity:
    """An account in a tenant that was not read now, as far as it is remembered: it helps to find its like, and proves nothing."""
    return Identity(tenant=account.tenant, vendor_id=account.vendor_id, address=account.address, employee_id=account.employee_id)


def _named(asked: Asked, tenant: str, directory: Directory) -> tuple[tuple[Identity, ...], tuple[Identity, ...]]:
    """The accounts that the order or an earlier join names in one tenant, and those among them that rival for one address."""
    joined = [account for account in asked.accounts if account.tenant == tenant]
    if joined:
        still = [directory.by_id(tenant, account.vendor_id) for account in joined]
        return tuple(one for one in still if one is not None), ()
    rivals: list[Identity] = []
    known: list[Identity] = []
    for address in (asked.address, *asked.also):
        matches = directory.by_address(tenant, [address])
        known.extend(matches)
        rivals.extend(matches if len(matches) > 1 else ())
    return once(known), once(rivals)


_OF_STATE = {
    AccountState.DELETED: PersonCode.DELETED, AccountState.SUSPENDED: PersonCode.SUSPENDED, AccountState.ARCHIVED: PersonCode.ARCHIVED,
}


def _answer(asked: Asked, tenant: str, chosen: Sequence[Identity], directory: Directory) -> Answer:
    joined = {account.vendor_id: account for account in asked.accounts if account.tenant == tenant}
    whole = directory.knows_everybody(tenant)
    codes: set[PersonCode] = set()
    if whole and not joined.keys() <= {one.vendor_id for one in chosen}:
        codes.add(PersonCode.DELETED)
    for one in chosen:
        if one.state in _OF_STATE:
            codes.add(_OF_STATE[one.state])
        before = joined.get(one.vendor_id)
        if before and before.address.lower() != one.address.lower():
            codes.add(PersonCode.RENAMED)
        if before and before.org_unit is not None and one.org_unit is not None and before.org_unit != one.org_unit:
            codes.add(PersonCode.MOVED)
    # Somebody whose account was known is not looked for anew among what is kept of the gone.
    presence = Presence.FOUND if chosen else Presence.ABSENT if whole and (joined or directory.knows_the_gone(tenant)) else Presence.UNREAD
    return Answer(presence=presence, codes=tuple(code for code in PersonCode if code in codes))


def candidates(identities: Iterable[Identity]) -> tuple[str, ...]:
    """``TENANT:ADDRESS`` of each, with the vendor's id where two would read the same."""
    listed = list(identities)
    words = [f"{one.tenant}:{one.address.lower()}" for one in listed]
    return tuple(word if words.count(word) == 1 else f"{word}#{one.vendor_id}" for word, one in zip(words, listed, strict=True))


def once(identities: Iterable[Identity]) -> tuple[Identity, ...]:
    """Each account one time, in the order in which they came."""
    return tuple({(one.tenant, one.vendor_id): one for one in identities}.values())
