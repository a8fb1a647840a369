"""The connector of each tenant: imported late, with what it has to know of the policy, the store and the matters that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from connectors.base import Circumstances, Clock, Connector, Context, Prover, Reader, Releaser, Writer
from connectors.hold_orders import HoldOrder, Ordered
from connectors.instructions import ByHand, Deed, Instruction
from connectors.mailing import Courier, Mailing
from policies.district import SurfaceBudget, Tenant
from policies.duties import Desired, Duty
from policies.effects import Effect
from policies.kinds import Kind, Platform, Workload
from policies.policy import Policy
from policies.resources import Snapshot
from policies.roster import Roster
from sync.matters.model import Matter
from sync.registers.attestations import valid_subjects
from sync.store import Store
from sync.store.bindings import Bindings
from sync.store.proofs import Proofs

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from connectors.microsoft365.signed_in import Session


class LateConnector:
    """The connector of a tenant's platform, imported when it is first asked for something: a platform's SDK costs a second of start-up."""

    def __init__(self, platform: Platform, opened: Callable[[], Connector]) -> None:
        self.platform = platform
        self._open = opened
        self._opened: Connector | None = None

    def reader(self, tenant: Tenant, context: Context) -> Reader:
        """A reader of ``tenant``."""
        return self._real().reader(tenant, context)

    def writer(self, tenant: Tenant, context: Context) -> Writer:
        """A writer of ``tenant``."""
        return self._real().writer(tenant, context)

    def releaser(self, tenant: Tenant, context: Context) -> Releaser:
        """What ends holds of ``tenant``."""
        return self._real().releaser(tenant, context)

    def prover(self, tenant: Tenant, context: Context) -> Prover:
        """A prover of ``tenant``."""
        return self._real().prover(tenant, context)

    def kinds(self) -> frozenset[Kind]:
        """The kinds that a run reads."""
        return self._real().kinds()

    def every_kind(self) -> frozenset[Kind]:
        """The kinds that an inventory reads."""
        return self._real().every_kind()

    def realise(self, duties: Iterable[Duty], circumstances: Circumstances) -> Desired:
        """What the tenant should hold to carry ``duties``."""
        return self._real().realise(duties, circumstances)

    def realise_hold(self, order: HoldOrder, circumstances: Circumstances) -> Ordered:
        """What the tenant should hold to carry a hold order."""
        return self._real().realise_hold(order, circumstances)

    def effects(self, snapshot: Snapshot, roster: Roster) -> tuple[Effect, ...]:
        """What the live objects do to records."""
        return self._real().effects(snapshot, roster)

    def courier(self, tenant: Tenant, context: Context, sender: str) -> Courier:
        """A courier that sends mail as ``sender``. Raises AttributeError for a platform that sends none."""
        return cast("Mailing", self._real()).courier(tenant, context, sender)

    def by_hand(self, deeds: Sequence[Deed]) -> tuple[Instruction, ...] | None:
        """How a person does the same with the vendor's own tools; None where the platform has no sheet for it."""
        real = self._real()
        return cast("ByHand", real).by_hand(deeds) if hasattr(real, "by_hand") else None

    def _real(self) -> Connector:
        if self._opened is None:
            self._opened = self._open()
        return self._opened



def budgets_of(tenant: Tenant) -> Mapping[str, SurfaceBudget]:
    """The tenant's budgets by quota, with the vendor's published ones where settings give none; in a drill too."""
    if tenant.platform is Platform.GOOGLE_WORKSPACE:
        from connectors.google_workspace import budgets as google  # a platform that the district does not have is never imported

        return google.with_defaults(tenant.budgets)
    from connectors.microsoft365 import budgets as microsoft  # as above

    return microsoft.with_defaults(tenant.budgets)



@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What open matters name: ``groups`` whose members or sites they hold; ``second_belt`` tells, when asked, whether one wants litigation hold."""

    groups: AbstractSet[str] = frozenset()
    second_belt: Callable[[], bool] = lambda: False



def connector(  # what a connector is made of; the last has a neutral default
    tenant: Tenant,
    policy: Policy,
    store: Store,
    clock: Clock,
    named: Named,
    *,
    sign_in: Callable[[Tenant], Session | None] = lambda tenant: None,  # noqa: ARG005  # nobody is signed in
) -> Connector:
    """The connector of a tenant's platform; a platform that the district does not have, or a command does not ask, is never imported."""
    wanted = frozenset(named.groups) | named_groups(policy, tenant.platform)

    def opened() -> Connector:
        if tenant.platform is Platform.MICROSOFT365:
            from connectors.microsoft365.access import Allowed  # see LateConnector
            from connectors.microsoft365.connector import Microsoft365Connector  # as above

            def proven() -> Mapping[Kind, str | None]:
                return {kind: proof.surface for kind, proof in Proofs(store).of(tenant.id, clock.now()).items()}

            accepted = f"admin-endpoint/{tenant.id}" in valid_subjects(store, clock.now())
            allowed = Allowed(admin=accepted, adaptive=adaptive(policy, store, tenant.id), sign_in=sign_in, proven=proven)
            # Asked only now: the order that this very call opened counts too.
            belt = named.second_belt()
            return Microsoft365Connector(allowed=allowed, groups=wanted, sites=named_sites(policy), second_belt=belt)
        from connectors.google_workspace.connector import GoogleWorkspaceConnector  # as above

        return GoogleWorkspaceConnector(groups=wanted)

    return LateConnector(tenant.platform, opened)



def named_groups(policy: Policy, platform: Platform) -> frozenset[str]:
    """The groups that the policy's populations name in a platform."""
    found: set[str] = set()
    populations = [rule.population for rule in policy.rules] + [control.population for control in policy.controls if control.population]
    for name in populations:
        population = policy.population_of(name)
        selector = population.selectors.get(platform) if population else None
        while selector is not None:
            found.update(selector.groups)
            selector = selector.except_
    return frozenset(found)



def adaptive(policy: Policy, store: Store, tenant: str) -> bool:
    """Whether a population of the policy's rules is to be an adaptive scope in Microsoft 365, or one was ever made: that one is kept true."""
    found = (policy.population_of(rule.population) for rule in policy.rules)
    selectors = (population.selectors.get(Platform.MICROSOFT365) for population in found if population is not None)
    wanted = any(selector is not None and selector.adaptive for selector in selectors)
    return wanted or any(one.kind is Kind.M365_ADAPTIVE_SCOPE for one in Bindings(store).of(tenant).values())



def named_sites(policy: Policy) -> frozenset[str]:
    """The SharePoint sites that the policy's populations name: only these are looked up."""
    found: set[str] = set()
    for rule in policy.rules:
        population = policy.population_of(rule.population)
        selector = population.selectors.get(Platform.MICROSOFT365) if population else None
        while selector is not None:
            found.update(selector.sites)
            selector = selector.except_
    return frozenset(found)



def held_groups(matters: Iterable[Matter], platform: Platform) -> frozenset[str]:
    """The groups that each look at a platform asks about one by one, for open matters hold something of theirs, as their orders name them.

    Those of lines, whose members are held. In Microsoft 365 those of which the site is held, for where it is the group has to say. In Google
    those that are held themselves, for only a group's own settings say whether it keeps an archive (G§1.5); by id too, so that a new address loses
    none.
    """
    open_ones = tuple(matters)
    named = [line.text for matter in open_ones for line in matter.lines]
    asked = {Platform.MICROSOFT365: Workload.SITE, Platform.GOOGLE_WORKSPACE: Workload.GROUP}[platform]
    places = [
        name for matter in open_ones for person in matter.people if person.place is asked and "://" not in person.address
        for name in (person.address, *sorted({one.identity for one in matter.sources_of(person.id) if one.identity and one.workload is asked}))
    ]  # fmt: skip
    return group_names((*named, *(f"group:{name}" for name in places)))



def group_names(lines: Iterable[str]) -> frozenset[str]:
    """Of lines ``group:X``, ``school:X`` and so on: the groups to read, by address and by display name."""
    split = [line.partition(":") for line in lines]
    named = {text.strip() for kind, _, text in split if kind in {"group", "school"}}
    return frozenset(name for text in named for name in (text, text if text.startswith("name:") else f"name:{text}"))

