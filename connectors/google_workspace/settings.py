"""What Google only shows: settings of the Policy API, Chat spaces without history, who may do what in Vault, requests to destroy data early.

Nothing here can be written. The Policy API gives raw policies, not what is in force in a unit (G§2.1): per setting and unit the highest
``sortOrder`` wins, and a setting that was never touched is absent. It answers super administrators alone, so it has a subject of its own; a
missing right is *unknown*.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Final

from connectors.base import Context, Holders
from connectors.errors import ConnectorError, Stopped, TenantUnreachableError
from connectors.google_workspace.holders import POWERS, Power, read_powers
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import ALERTS_LIST, POLICIES_LIST, SPACES_SEARCH, Operation
from connectors.google_workspace.paging import every_page
from connectors.google_workspace.spaces import ASKED, spaces_in, spaces_live
from connectors.google_workspace.wire import Json, inner, moment, objects, text, unit_id
from policies.kinds import Kind
from policies.resources import KindRead, Live, ReadState, Value

PAUSE: Final = 1.1
"""Seconds between two requests: the Policy API answers 429 to closer ones (G§2.1)."""
_HANDED_ON: Final = 60.0
"""Seconds for which the probe's page serves the read."""

WATCHED: Final = re.compile(
    r"vault\.service_status|chat\.(?:chat_history|space_history|third_party_archiving)|gmail\.(?:comprehensive_mail_storage|rule_states)"
    r"|takeout\.service_status|[a-z_]+\.user_takeout|multi_party_approval\.require_approvals"
)
"""The settings that bear on keeping records (G§2.1)."""
_ONE_PLACE: Final = re.compile(
    r"|entity\.org_units\.exists\(org_unit, org_unit\.org_unit_id == orgUnitId\('[^']+'\)\)"
    r"|entity\.groups\.exists\(group, group\.group_id == groupId\('[^']+'\)\)"
)
"""The queries of the discovery document that name one unit or one group and nothing else; none at all says no more than the helper fields do."""
ACCELERATED: Final = "alert.accelerated_deletion"
ALERTS_BACK: Final = timedelta(days=180)
"""How far back alerts are read at each look. What was seen once stays a difference until somebody answers for it, whatever its age."""


class SettingsReader:
    """The settings, privileges and alerts of one tenant as live objects of one kind."""

    def __init__(self, session: Session, context: Context, ours: AbstractSet[str]) -> None:
        self._session = session
        self._context = context
        self._ours = frozenset(one.lower() for one in ours)
        self._asked: float | None = None
        self._first: dict[str, tuple[Json, float]] = {}
        self._powers: tuple[Mapping[str, tuple[str, ...]], float] | None = None

    def probe(self) -> None:
        """Ask for the first page of policies; the read of the same look goes on from there, for the Policy API hardly lets itself be asked."""
        self._keep(POLICIES_LIST, self._page(""))

    def probe_alerts(self) -> None:
        """Ask for the first page of alerts; the read of the same look goes on from there."""
        self._keep(ALERTS_LIST, self._session.call(ALERTS_LIST, **self._alerts_asked()).body)

    def probe_spaces(self) -> None:
        """Ask for the first page of Chat spaces without history; the read of the same look goes on from there."""
        self._keep(SPACES_SEARCH, self._session.call(SPACES_SEARCH, **ASKED).body)

    def read(self, customer: str, addresses: Mapping[str, str]) -> tuple[tuple[Live, ...], KindRead]:
        """All of them; ``addresses`` are those of the accounts by id, of this look or none.

        What could not be read makes the read partial and says why; nothing read at all makes it failed.
        """
        lives: list[Live] = []
        problems: list[ConnectorError] = []
        parts = (self._policies, lambda: self._privileges(customer, addresses), self._alerts)
        for part in parts:
            try:
                lives += part()
            except TenantUnreachableError:
                raise
            except ConnectorError as error:
                problems.append(error)
        kind, reason = Kind.GOOGLE_SETTING, "; ".join(f"{error.code}: {error.message}" for error in problems) or None
        if len(problems) == len(parts):
            return (), KindRead(kind=kind, state=ReadState.FAILED, count=None, reason=reason)
        lives.append(spaces_live(self._spaces))
        state = ReadState.PARTIAL if problems else ReadState.COMPLETE
        return tuple(lives), KindRead(kind=kind, state=state, count=len(lives), reason=reason)

    def _policies(self) -> list[Live]:
        found: list[Live] = []
        for page in every_page(self._page, POLICIES_LIST.method, self._handed_on(POLICIES_LIST)):
            lives = map(setting_live, objects(page, "policies", "policies.list"))
            found += [live for live in lives if WATCHED.fullmatch(str(live.fields["setting"]))]
        return found

    def _keep(self, operation: Operation, page: Json) -> None:
        self._first[operation.method] = (page, self._context.clock.monotonic())

    def _handed_on(self, operation: Operation) -> Json | None:
        """The page that a probe has read, once and while it is fresh."""
        kept = self._first.pop(operation.method, None)
        return kept[0] if kept is not None and self._context.clock.monotonic() - kept[1] <= _HANDED_ON else None

    def _page(self, token: str) -> Json:
        clock = self._context.clock
        while self._asked is not None and (left := self._asked + PAUSE - clock.monotonic()) > 0:
            if self._context.stop.is_set():
                raise Stopped
            clock.sleep(left)
        self._asked = clock.monotonic()
        return self._session.call(POLICIES_LIST, pageSize=100, **({"pageToken": token} if token else {})).body

    def holders(self, customer: str, addresses: Mapping[str, str]) -> tuple[Holders, ...]:
        """Who reaches holds, matters or what is kept, privilege by privilege, our own accounts apart where they need it."""
        try:
            found = self._read_powers(customer, addresses)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            return (Holders(group="Vault privileges", accounts=None, reason=f"{error.code}: {error.message}"),)
        return tuple(
            Holders(group=power.words, accounts=others, ours=ours)
            for power in POWERS
            if power.holds
            for others, ours in [self._apart(power, found[power.setting])]
        )

    def _privileges(self, customer: str, addresses: Mapping[str, str]) -> list[Live]:
        """One object per privilege that names every account whose role brings it, super administrators among them."""
        found = self._read_powers(customer, addresses)
        return [
            Live(kind=Kind.GOOGLE_SETTING, vendor_id=one.setting, name=one.setting, fields={"setting": one.setting, "accounts": others})
            for one in POWERS
            for others, _ in [self._apart(one, found[one.setting])]
        ]

    def _apart(self, power: Power, accounts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The others, and those of our own accounts that could not work without this privilege."""
        ours = self._ours if power.needed else frozenset[str]()
        return tuple(one for one in accounts if one not in ours), tuple(one for one in accounts if one in ours)

    def _read_powers(self, customer: str, addresses: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
        kept, now = self._powers, self._context.clock.monotonic()
        if kept is not None and now - kept[1] <= _HANDED_ON:
            return kept[0]
        found = read_powers(self._session, customer, addresses)
        self._powers = (found, now)
        return found

    def _spaces(self) -> tuple[Json, ...]:
        """The spaces of all pages, under ``results`` or, as it was, under ``spaces`` (discovery document)."""
        pages = self._session.paged(SPACES_SEARCH, self._handed_on(SPACES_SEARCH), **ASKED)
        return tuple(space for page in pages for space in spaces_in(page))

    def _alerts_asked(self) -> dict[str, object]:
        """What every page is asked with.

        By time and not by type: the words of the type are written down nowhere (G§10), and a wrong one would hide every request for good.
        """
        since = (self._context.clock.now() - ALERTS_BACK).replace(hour=0, minute=0, second=0, microsecond=0)
        return {"pageSize": 100, "filter": f'createTime >= "{since.isoformat().replace("+00:00", "Z")}"'}

    def _alerts(self) -> list[Live]:
        raw = self._session.pages_after(self._handed_on(ALERTS_LIST), ALERTS_LIST, "alerts", **self._alerts_asked())
        return [alert_live(one) for one in raw if is_accelerated(one)]


def setting_live(raw: Json) -> Live:
    """One policy: which setting, for which unit or group, with which value, and whether an administrator set it.

    ``narrowed``: its query asks for more than that one unit or group (a licence, say), so that it need not apply to everybody there.
    """
    setting = inner(raw, "setting", "policy") or {}
    query = inner(raw, "policyQuery", "policy") or {}
    name = text(setting, "type").removeprefix("settings/")
    unit, group = unit_id(text(query, "orgUnit").removeprefix("orgUnits/")) or None, text(query, "group").removeprefix("groups/") or None
    value: dict[str, Value] = {key: _plain(one) for key, one in sorted((inner(setting, "value", "setting") or {}).items())}
    order = query.get("sortOrder")
    return Live(
        kind=Kind.GOOGLE_SETTING,
        vendor_id=text(raw, "name"),
        name=f"{name} {group or unit or ''}".strip(),
        fields={
            "setting": name,
            "org_unit": unit,
            "group": group,
            "by_administrator": text(raw, "type") == "ADMIN",
            "narrowed": not _ONE_PLACE.fullmatch(text(query, "query").strip()),
            "order": str(order) if order is not None else "0",
            "value": tuple(f"{key}={one}" for key, one in value.items()),
        },
        raw=json.dumps(raw, ensure_ascii=False, sort_keys=True),
    )


def is_accelerated(raw: Json) -> bool:
    """Whether an alert tells of a request to destroy data ahead of its retention (G§10)."""
    data = inner(raw, "data", "alert") or {}
    return "VaultAcceleratedDeletion" in text(data, "@type") or "accelerated deletion" in text(raw, "type").lower()


def alert_live(raw: Json) -> Live:
    """Such a request: what was asked (``create``, ``cancel``: the last word of Google's enum), for which service and matter, and when."""
    data = inner(raw, "data", "alert") or {}
    at = moment(text(data, "createTime") or text(raw, "createTime"))
    return Live(
        kind=Kind.GOOGLE_SETTING,
        vendor_id=text(raw, "alertId") or text(data, "deletionRequestId"),
        name=ACCELERATED,
        fields={
            "setting": ACCELERATED,
            "action": text(data, "actionType").rpartition("_")[2].lower(),
            "service": text(data, "appType").rpartition("_")[2].lower(),
            "matter": text(data, "matterId"),
            "request": text(data, "deletionRequestId"),
        },
        created_at=at,
        raw=json.dumps(raw, ensure_ascii=False, sort_keys=True),
    )


def _plain(value: object) -> Value:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False, sort_keys=True)
