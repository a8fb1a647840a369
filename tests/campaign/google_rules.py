"""The sync lane's side of Google's campaign: Drive labels, made, published, changed back, enabled again, disabled once a newer one replaced them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from connectors.base import Connector
from connectors.google_workspace.connector import GoogleWorkspaceConnector
from policies.duties import Carrier, Disposition, Duty, Population, Selector
from policies.effects import Clock
from policies.kinds import Kind, Platform, Workload
from policies.resources import Because, find_mark
from sandbox import google
from sandbox.google.labels import Label
from sandbox.google.state import GoogleState, state_of
from sandbox.world import World
from sync.matters.order import MatterOrder
from tests.campaign.cells import EVERYWHERE, Cell, Method
from tests.campaign.google import SHORT
from tests.campaign.planting import Planted, plant_on_wire
from tests.campaign.releasing import LetGo, Signing
from tests.campaign.theatre import Stock

PERMIT = "labels.permissions.batchUpdate"
DISABLE = "drivelabels.labels.disable"
_WRITES = ("labels.create", "labels.updateLabelCopyMode", "labels.publish", "labels.delta", "labels.enable", "labels.disable", PERMIT)
_READS = ("labels.get", "limits.getLabel")
METHODS = (
    *(Method(surface="drivelabels", operation=f"drivelabels.{name}", writes=True) for name in _WRITES),
    *(Method(surface="drivelabels", operation=f"drivelabels.{name}", writes=False) for name in _READS),
    Method(surface="drivelabels", operation="drivelabels.labels.list", writes=False, pages=True),
    Method(surface="drivelabels", operation="drivelabels.labels.permissions.list", writes=False, pages=True),
    # What a run of both lanes reads besides, for settings and for who may change retention.
    Method(surface="directory", operation="directory.roles.list", writes=False, pages=True),
    Method(surface="directory", operation="directory.roleAssignments.list", writes=False, pages=True),
    Method(surface="cloudidentity", operation="cloudidentity.policies.list", writes=False, pages=True),
    Method(surface="chat", operation="chat.spaces.search", writes=False, pages=True),
    Method(surface="alertcenter", operation="alertcenter.alerts.list", writes=False, pages=True),
    Method(surface="token", operation="oauth2.token", writes=False),
)
_TERMS = (366, 731, 1096, 2557)


@dataclass
class GoogleRulesTheatre(Stock):
    """One run's expectations: the labels that must be published, by series with their days, and what of others must stay as it was."""

    tenant = "google"
    platform = Platform.GOOGLE_WORKSPACE
    package = google
    methods = METHODS
    strikes = EVERYWHERE
    proven = frozenset({Kind.GOOGLE_DRIVE_LABEL})
    lines: dict[str, int] = field(default_factory=dict)
    others: dict[str, object] = field(default_factory=dict)
    over: dict[str, object] = field(default_factory=dict)
    """Labels that a newer one replaced, as they were."""

    def connector(self) -> Connector:
        return GoogleWorkspaceConnector(groups=frozenset())

    def prepare(self, world: World) -> None:
        world.switches["google.quota"] = "off"  # quota has a test of its own; here a 429 comes when the campaign says so
        theirs = next(iter(state_of(world).matters))
        for _ in range(2):  # without alerts of its own their list has no further page to lose
            google.console_acts(world)["request_accelerated_deletion"]({"matter": theirs})
        some = next(iter(state_of(world).spaces.values()))
        for number in (1, 2):  # nor spaces without history
            space = replace(some, id=f"campaign{number}", name=f"Room {number}", history=False)
            state_of(world).spaces[space.id] = space
        self.others = _others(state_of(world))

    def orders(self, world: World, rng: random.Random) -> MatterOrder | None:
        """The policy at the start: two labels."""
        self._demand(rng)
        self._demand(rng)
        return None

    def duties(self) -> tuple[Duty, ...]:
        return tuple(_duty(series, days) for series, days in self.lines.items())

    def provoke(self, world: World, method: Method, rng: random.Random) -> Signing | None:
        spoil = _ACTS.get(method.operation)
        with world.lock:
            mine = [one for one in state_of(world).labels.values() if _ours(one) and one.id not in self.over]
            whole = [one for one in mine if one.state == "PUBLISHED" and not one.has_draft]
            if whole and method.operation == DISABLE:
                return self._replace(world, rng.choice(whole))
            if spoil is None or not whole:  # or what an earlier strike left is not whole yet
                self._demand(rng)
            else:
                spoil(world, rng.choice(whole))
        return None

    def plant(self, world: World, cell: Cell, rng: random.Random) -> Planted:
        return plant_on_wire(world, cell, rng, SHORT)

    def let_go(self, world: World) -> LetGo:  # nothing is released here
        return LetGo()

    def wrongs(self, world: World, district: str) -> tuple[str, ...]:
        state = state_of(world)
        found = [f"another's label was touched: {name}" for name, value in _others(state).items() if self.others.get(name) != value]
        found += [f"another's label is gone: {name}" for name in self.others.keys() - _others(state).keys()]
        found += [wrong for label, was in self.over.items() for wrong in _over_wrongs(state.labels.get(label), was)]
        ours = [one for one in state.labels.values() if _ours(one) and one.id not in self.over]
        marks = Counter(str(find_mark(_text(one, "description"))) for one in ours)
        found += [f"{count} labels carry {mark}" for mark, count in marks.items() if count > 1 or f"rw:{district}:" not in mark]
        if len(ours) != len(self.lines):
            found.append(f"{len(ours)} labels of ours for {len(self.lines)} lines")
        for series, days in self.lines.items():
            found += _line_wrongs([one for one in ours if _text(one, "title").startswith(series)], series, days)
        return tuple(found)

    def _replace(self, world: World, label: Label) -> Signing:
        """A newer generation of a label of ours stands beside it, as one does that another store of the same district has made."""
        mark = find_mark(_text(label, "description"))
        assert mark is not None
        words = _text(label, "description").replace(str(mark), str(replace(mark, generation=mark.generation + 1)))
        google.console_acts(world)["create_label"]({"title": f"{_text(label, 'title')[:50]} g{mark.generation + 1}", "description": words})
        self.over[label.id] = _as_on_files(label)
        return Signing(vendor_id=label.id)

    def _demand(self, rng: random.Random) -> None:
        """A line more in the policy."""
        self.lines[f"CMP-{len(self.lines) + 1:02}"] = rng.choice(_TERMS)


def _duty(series: str, days: int) -> Duty:
    return Duty(
        line=f"line-{series.lower()}",
        series=series,
        title="Campaign records",
        workload=Workload.DRIVE,
        carrier=Carrier.LABEL,
        term=days,
        clock=Clock.CREATED,
        event=None,
        population=Population(id="staff", selectors={Platform.GOOGLE_WORKSPACE: Selector(org_units=("/Staff",))}),
        disposition=Disposition.PERMANENT,
        citation=None,
        because=Because(line=f"line-{series.lower()}", series=series),
        label_keys=(f"label-{series.lower()}",),
        label_name=f"{series} Campaign records",
    )


def _text(label: Label, name: str) -> str:
    return str(label.latest.properties.get(name, ""))


def _as_on_files(label: Label) -> object:
    """What of a label the files have that carry it."""
    return dict(label.latest.properties), [one.id for one in label.latest.fields], dict(label.permissions), label.copy_mode


def _over_wrongs(label: Label | None, was: object) -> list[str]:
    if label is None:
        return ["a label that was replaced is gone, and off every file"]
    found = [] if label.state == "DISABLED" else [f"a label that was replaced is {label.state}"]
    found += [] if label.disabled_policy == {"hideInSearch": False, "showInApply": False} else [f"it is disabled as {label.disabled_policy}"]
    return found + ([] if _as_on_files(label) == was else ["a label that was replaced is another on the files that carry it"])


def _ours(label: Label) -> bool:
    return find_mark(_text(label, "description")) is not None


def _shorten(world: World, label: Label) -> None:
    """Somebody writes a shorter period into a label of ours and publishes it."""
    days = next(days for days in _TERMS if f"Keep {days} days" in _text(label, "description"))
    google.console_acts(world)["edit_label"]({"label": label.id, "description": _text(label, "description").replace(f"Keep {days} ", "Keep 30 ")})


def _hide(world: World, label: Label) -> None:
    """Somebody disables a label of ours."""
    google.console_acts(world)["disable_label"]({"label": label.id})


def _shut(world: World, label: Label) -> None:
    """Somebody takes from everybody the right to apply a label of ours."""
    google.console_acts(world)["set_label_permission"]({"label": label.id, "principal": _EVERYBODY})


_EVERYBODY = "audiences/default"
_ACTS: Mapping[str, Callable[[World, Label], None]] = {
    "drivelabels.labels.delta": _shorten, "drivelabels.labels.enable": _hide, f"drivelabels.{PERMIT}": _shut,
}  # fmt: skip


def _line_wrongs(labels: list[Label], series: str, days: int) -> list[str]:
    if len(labels) != 1:
        return [f"{len(labels)} labels for {series}"]
    (label,) = labels
    found = [] if label.state == "PUBLISHED" and not label.has_draft else [f"{series} is {label.state}, draft {label.has_draft}"]
    found += [] if f"Keep {days} days from created." in _text(label, "description") else [f"{series} says {_text(label, 'description')!r}"]
    found += [] if label.permissions.get(_EVERYBODY) == "APPLIER" else [f"{series} may be applied by {dict(label.permissions)}"]
    found += [] if label.copy_mode == "ALWAYS_COPY" else [f"{series} is copied {label.copy_mode}"]
    return found


def _others(state: GoogleState) -> dict[str, object]:
    """Labels that are not ours and what is in Vault, by id, as they stand."""
    found: dict[str, object] = {
        f"label {one.id}": (dict(one.latest.properties), one.state, len(one.revisions)) for one in state.labels.values() if not _ours(one)
    }
    return found | {f"matter {one.id}": (one.name, one.state, len(one.holds)) for one in state.matters.values()}
