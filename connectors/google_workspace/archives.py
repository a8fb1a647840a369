"""Whether groups keep their conversations: a group with its archive off holds nothing, whatever hold names it (G§1.5).

Groups Settings answers group by group, so only the groups that an order or the policy names are asked, and the one of the visibility check.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from connectors.base import Context, Receipt
from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import GROUP_SETTINGS_GET, GROUP_SETTINGS_PATCH
from connectors.google_workspace.visibility import settle_read
from connectors.google_workspace.wire import Json, text
from policies.district import Tenant
from policies.kinds import Kind
from policies.resources import Force, KindRead, Live, ReadState, Ref, Wanted
from policies.roster import Group

ON = "true"
"""Groups Settings writes its booleans as text (discovery document, ``isArchived``)."""

GroupsOf = Callable[[], tuple[tuple[Group, ...], KindRead]]
"""The groups of the tenant without their members, and how their list was read."""


def archive_live(raw: Json, group_id: str) -> Live:
    """One group's archive. ``frozen`` (``archiveOnly``) is somebody's own decision and is never compared."""
    on = text(raw, "isArchived").lower() == ON
    return Live(
        kind=Kind.GOOGLE_GROUP_ARCHIVE,
        vendor_id=group_id,
        name=text(raw, "email"),
        fields={"group": group_id, "archived": on, "frozen": text(raw, "archiveOnly").lower() == ON},
        force=Force.APPLIED if on else Force.OFF,
        raw=json.dumps(raw, ensure_ascii=False, sort_keys=True),
    )


class ArchiveReader:
    """Reads the archives of named groups."""

    def __init__(self, session: Session, tenant: Tenant, groups_of: GroupsOf, named: AbstractSet[str] | None) -> None:
        self._session = session
        self._tenant = tenant
        self._groups_of = groups_of
        self._named = None if named is None else {name.lower() for name in named}

    def read(self) -> tuple[tuple[Live, ...], KindRead]:
        """The archives of the groups in question. A group that does not answer makes the read partial."""
        groups, listed = self._groups_of()
        if listed.state is ReadState.FAILED:
            return (), KindRead(kind=Kind.GOOGLE_GROUP_ARCHIVE, state=ReadState.FAILED, count=None, reason=listed.reason)
        asked = [group for group in groups if self._asked(group)]
        answers = self._session.each(self._one, asked)
        lives = tuple(answer for answer in answers if isinstance(answer, Live))
        problems = [f"{answer.code}: {answer.message}" for answer in answers if isinstance(answer, ConnectorError)]
        if asked and not lives:
            return (), KindRead(kind=Kind.GOOGLE_GROUP_ARCHIVE, state=ReadState.FAILED, count=None, reason=problems[0])
        return lives, settle_read(Kind.GOOGLE_GROUP_ARCHIVE, lives, self._tenant.visibility_checks, problems[0] if problems else None)

    def again(self, ref: Ref) -> Live:
        """One group's archive as it is now. Raises ConnectorError, for a group that does not answer may be gone or out of sight."""
        return archive_live(self._session.call(GROUP_SETTINGS_GET, groupUniqueId=ref.name).body, ref.vendor_id)

    def _asked(self, group: Group) -> bool:
        names = {group.address.lower(), group.vendor_id.lower(), f"name:{group.name}".lower()}
        check = self._tenant.visibility_checks.get(Kind.GOOGLE_GROUP_ARCHIVE, "").lower()
        return self._named is None or bool(names & self._named) or check in names

    def _one(self, group: Group) -> Live | ConnectorError:
        try:
            return archive_live(self._session.call(GROUP_SETTINGS_GET, groupUniqueId=group.address).body, group.vendor_id)
        except TenantUnreachableError:
            raise
        except ConnectorError as error:
            return error


class ArchiveWriter:
    """Switches archives on, and never off."""

    def __init__(self, session: Session, context: Context) -> None:
        self._session = session
        self._context = context

    def switch_on(self, address: str, group_id: str, wanted: Wanted) -> Receipt:
        """The group keeps its conversations from now on; the same request again changes nothing. Raises ``PermanentError`` for anything but *on*."""
        if wanted.fields.get("archived") is not True:
            raise PermanentError("group_archive.never_off", f"{address}: an archive is not switched off by a program", "Do it by hand.")
        answer = self._session.call(GROUP_SETTINGS_PATCH, groupUniqueId=address, body={"isArchived": ON})
        return Receipt(vendor_id=group_id, name=address, accepted_at=self._context.clock.now(), vendor_at=answer.date, raw=answer.raw)

    def prove(self, checks: Mapping[Kind, str]) -> Receipt:
        """Proof that archives can be switched on: the group of the visibility check is told what it already is. Raises ``PermanentError``."""
        address = checks.get(Kind.GOOGLE_GROUP_ARCHIVE)
        if address is None:
            raise PermanentError("visibility_check.not_set", "no group is named to prove it on", "Set visibility_checks google.group_archive.")
        before = self._session.call(GROUP_SETTINGS_GET, groupUniqueId=address).body
        if text(before, "isArchived").lower() != ON:
            raise PermanentError("proof.would_change", f"{address} keeps no archive, so a proof would change it", "Name a group that keeps one.")
        answer = self._session.call(GROUP_SETTINGS_PATCH, groupUniqueId=address, body={"isArchived": ON})
        back = self._session.call(GROUP_SETTINGS_GET, groupUniqueId=address).body
        if text(back, "isArchived").lower() != ON:
            raise PermanentError("proof.not_read_back", f"{address} was told to keep an archive and does not show it", "Report it.")
        return Receipt(vendor_id=address, name=address, accepted_at=self._context.clock.now(), vendor_at=answer.date, raw=answer.raw)
