"""Proves that a kind can be written here: a marked dummy that touches nobody, read back, and removed where the platform lets go of it.

It can remove only what it made in the same call. Policies are born switched off and stay so; a case is closed again, because deleting cases
and holds is in no part of this program. Litigation hold has no dummy: a mailbox that has it already is told again. What stays is named in the
receipt's raw answer (``left_behind``) and used again by the next proof.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from connectors.base import Receipt
from connectors.errors import ConnectorError, LockedError, PermanentError, TenantUnreachableError, UnknownOutcomeError
from connectors.microsoft365 import wire
from connectors.microsoft365.access import Access
from connectors.microsoft365.activity import Content
from connectors.microsoft365.belt import BeltWriter
from connectors.microsoft365.graph import Call, select
from connectors.microsoft365.holds import case_path
from connectors.microsoft365.reader import Microsoft365Reader
from connectors.microsoft365.seeing import Look
from connectors.microsoft365.ways import PERSONAL, Way
from connectors.microsoft365.writer import Microsoft365Writer
from policies.keys import key_of
from policies.kinds import Kind
from policies.resources import Live, Mark, Ref, Value, Wanted

_TEXT = "A proof that this can be written; it keeps nothing and reaches nobody."
_NOBODY = 'Alias -eq "recordwarden-proof-of-nobody"'
"""A query that finds nobody."""
_POLICY_OF = {Kind.M365_LABEL_RULE: Kind.M365_LABEL_POLICY, Kind.M365_RETENTION_RULE: Kind.M365_RETENTION_POLICY}
_NOUNS = {
    Kind.M365_LABEL: "ComplianceTag",
    Kind.M365_EVENT_TYPE: "ComplianceRetentionEventType",
    Kind.M365_ADAPTIVE_SCOPE: "AdaptiveScope",
    Kind.M365_LABEL_POLICY: "RetentionCompliancePolicy",
    Kind.M365_RETENTION_POLICY: "RetentionCompliancePolicy",
}
_PROVABLE = frozenset({*_NOUNS, *_POLICY_OF, Kind.M365_CASE, Kind.M365_HOLD, Kind.M365_MAILBOX})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dummy:
    """An object of a proof; ``fresh`` when this very call made it."""

    ref: Ref
    receipt: Receipt
    fresh: bool


class Microsoft365Prover:
    """``Prover`` of one tenant under its writing identity, and ``FeedStarter`` under ``listening``, the identity that reads the log."""

    def __init__(self, access: Access, listening: Access) -> None:
        self._access = access
        self._listening = listening
        self._writer = Microsoft365Writer(access)
        self._reader = Microsoft365Reader(access)
        self._proved_as: dict[Kind, str | None] = {}

    def prove(self, kind: Kind, mark: Mark) -> Receipt:
        """Proof that ``kind`` can be written. Raises ConnectorError with what was refused or could not be read back."""
        if kind not in _PROVABLE:
            raise PermanentError("kind.not_written", f"{kind.value} is not written by this edition.", "There is nothing to prove.")
        if kind is Kind.M365_MAILBOX:
            return BeltWriter(self._access).prove()
        self._proved_as.pop(kind, None)
        first, *others = self._ways(kind)
        try:
            return self._proved(kind, mark, first)
        except (TenantUnreachableError, UnknownOutcomeError):
            raise
        except ConnectorError:
            if not others:
                raise
        return self._proved(kind, mark, others[0])

    def account(self, kind: Kind) -> str | None:
        """The signed-in person as whom ``kind`` was proved, or is about to be (``Personal``); None as ourselves."""
        if kind in self._proved_as:
            return self._proved_as[kind]
        first = self._ways(kind)[0]
        if first is None:
            return self._writer.account(kind)
        return None if first is Way.ADMIN else self._access.ways.person.account

    def _ways(self, kind: Kind) -> tuple[Way | None, ...]:
        """As ourselves first where the cmdlets were accepted, because that serves unattended runs; then as the signed-in person."""
        personal = self._access.ways.personal(kind)
        if personal is None:
            return (None,)
        return (Way.ADMIN, personal) if self._access.allowed.admin else (personal,)

    def _proved(self, kind: Kind, mark: Mark, way: Way | None) -> Receipt:
        """The proof over one way, with everything that it needs beside it; None: whichever way the kind goes."""
        ways = self._access.ways
        ways.only = {} if way is None else {one: Way.ADMIN if way is Way.ADMIN else ways.personal(one) or way for one in PERSONAL}
        made: list[_Dummy] = []
        try:
            self._make(kind, mark, made)
        except ConnectorError:
            self._clear(made)
            raise
        left = self._clear(made)
        surface = self._access.ediscovery.way if kind in (Kind.M365_CASE, Kind.M365_HOLD) else ways.writing(kind)
        self._proved_as[kind] = self._writer.account(kind)
        receipt = replace(next(dummy.receipt for dummy in reversed(made) if dummy.ref.kind is kind), surface=surface.value)
        if not left:
            return receipt
        return replace(receipt, raw=wire.compact({"answer": receipt.raw, "left_behind": "; ".join(left)}))

    def start_feed(self, content: str) -> None:
        """Switch one content type of the activity feed on. Raises ConnectorError.

        A subscription belongs to the application that asked for it, so the reading identity asks (docs/wire/activity.md §1).
        """
        self._listening.activity.start(Content(content))

    def close(self) -> None:
        """Close connections."""
        self._access.close()
        self._listening.close()

    def _make(self, kind: Kind, mark: Mark, made: list[_Dummy]) -> None:
        """Make the dummy of ``kind`` as the last of ``made``, with what it needs before it; each is read back, each has a mark of its own."""
        if kind is Kind.M365_HOLD:
            case = self._dummy(Kind.M365_CASE, _other(mark, "case"), made)
            self._dummy(kind, mark, made, parent=case.ref)
        elif kind in (Kind.M365_RETENTION_RULE, Kind.M365_LABEL_RULE):
            publishing = kind is Kind.M365_LABEL_RULE
            label = self._dummy(Kind.M365_LABEL, _other(mark, "label"), made) if publishing else None
            policy = self._dummy(_POLICY_OF[kind], _other(mark, "pub" if publishing else "policy"), made)
            self._dummy(kind, mark, made, parent=policy.ref, names=label.ref.name if label else "")
        elif kind is Kind.M365_ADAPTIVE_SCOPE:
            # A scope that no policy can lie over would prove nothing: the one over it is switched off, and its query finds nobody.
            scope = self._dummy(kind, mark, made)
            self._dummy(Kind.M365_RETENTION_POLICY, _other(mark, "over"), made, names=scope.ref.name)
        else:
            # A policy of ours without a rule is told by its key, for the rule is what tells the two sorts apart.
            self._dummy(kind, _other(mark, "pub") if kind is Kind.M365_LABEL_POLICY else mark, made)

    def _dummy(self, kind: Kind, mark: Mark, made: list[_Dummy], *, parent: Ref | None = None, names: str = "") -> _Dummy:
        """The dummy that an earlier proof left, written to again; else a new one. ``names``: the label or the scope that it is about.

        Raises ``proof.not_read_back`` when it is not seen after as it was sent, and the refusal of any part of it.
        """
        tenant = self._access.tenant.id
        wanted = self._wanted(kind, mark, names)
        left = self._left(kind, mark, parent)
        if left is not None:
            receipt, ref = self._again(left, wanted, mark), left.ref(tenant)
        else:
            receipt = self._writer.create(wanted, mark, parent)
            parent_id = parent.vendor_id if parent else None
            ref = Ref(tenant=tenant, kind=kind, vendor_id=receipt.vendor_id, name=receipt.name, mark=mark, parent_id=parent_id)
        made.append(_Dummy(ref=ref, receipt=receipt, fresh=left is None))
        for code, message in receipt.later.values():
            raise PermanentError(code, message, "See what this tenant refused; nothing is proven by half.")
        seen = self._reader.read_back(ref)
        if seen is None or seen.fields.get("applications") != wanted.fields.get("applications"):
            raise PermanentError("proof.not_read_back", f"{ref.name} was written and is not there when read again.", "Report it.")
        return made[-1]

    def _left(self, kind: Kind, mark: Mark, parent: Ref | None) -> Live | None:
        kinds = {Kind.M365_CASE, Kind.M365_HOLD} if kind is Kind.M365_HOLD else {kind}
        for live in Look(self._access, whole=False).at(kinds).of(kind):
            # A publish rule has no mark of its own making: it is the one in our dummy policy.
            same = live.parent_id == parent.vendor_id if parent and kind is Kind.M365_LABEL_RULE else live.mark == mark
            if same:
                return live
        return None

    def _again(self, live: Live, wanted: Wanted, mark: Mark) -> Receipt:
        """Write to what an earlier proof left. What cannot be changed, or is still being distributed, proves by being there: we wrote it."""
        ref = live.ref(self._access.tenant.id)
        there = Receipt(vendor_id=live.vendor_id, name=live.name, accepted_at=self._access.context.clock.now(), raw=live.raw)
        if wanted.kind is Kind.M365_LABEL_RULE:
            return there
        reopen = wanted.kind is Kind.M365_CASE and live.fields.get("state") != "open"
        # A hold that is off may lack its rule, and without one it proves nothing.
        off = wanted.kind is Kind.M365_HOLD and live.fields.get("enabled") is False
        fields = frozenset({"state"} if reopen else {"enabled"} if off else {"description"})
        try:
            # Whom it was born with is in it already; only what is new would go along with the fields.
            return self._writer.set(ref, replace(wanted, members=frozenset()), mark, fields)
        except LockedError:
            if off:
                raise
            return there

    def _wanted(self, kind: Kind, mark: Mark, names: str) -> Wanted:
        fields: dict[Kind, dict[str, Value]] = {
            Kind.M365_LABEL: {"period": 1, "trigger": "created", "action": "keep", "behaviour": "retain"},
            Kind.M365_EVENT_TYPE: {},
            Kind.M365_LABEL_POLICY: {"enabled": False},
            Kind.M365_RETENTION_POLICY: {"enabled": False},
            Kind.M365_LABEL_RULE: {"publishes": names},
            Kind.M365_ADAPTIVE_SCOPE: {"location": "user", "query": _NOBODY},
            Kind.M365_RETENTION_RULE: {"period": 1, "trigger": "created", "action": "keep", "query": ""},
            Kind.M365_CASE: {"state": "open"},
            Kind.M365_HOLD: {"enabled": True, "query": ""},
        }
        policy = kind in _POLICY_OF.values()
        over = {"applications": ("user:exchange", "user:onedriveforbusiness")} if policy and names else {}
        places = {f"scope:{names}"} if over else {f"exchange:{self._some_mailbox()}"} if policy else set[str]()
        return Wanted(
            kind=kind,
            key=mark.key,
            name=f"Recordwarden {mark.key} {mark.district}"[:64],
            fields={**fields[kind], **over, "description": _TEXT},
            members=frozenset(places),
        )

    def _some_mailbox(self) -> str:
        """A mailbox to name in a policy that is switched off: the platform takes no policy without a location (M§2.2)."""
        query = (select("id", "mail", "assignedPlans"), ("$top", "50"))
        reply = self._access.graph.call(Call(method="GET", path="/users", query=query))
        for row in wire.rows(reply.value, "value"):
            plans = [wire.text(plan, "service") for plan in wire.rows(row, "assignedPlans") if wire.text(plan, "capabilityStatus") == "Enabled"]
            address = wire.filled(row, "mail")
            if address and "exchange" in plans:
                return address.lower()
        raise PermanentError("proof.no_mailbox", "No account with a mailbox was seen to name in a dummy policy.", "Check the licences.")

    def _clear(self, made: list[_Dummy]) -> list[str]:
        """Remove what this call made, the youngest first, and close the case. Returns what stays, and why."""
        left: list[str] = []
        for dummy in reversed(made):
            if dummy.ref.kind in _POLICY_OF:
                continue  # a rule goes with its policy
            try:
                stays = self._remove(dummy)
            except TenantUnreachableError:
                raise
            except ConnectorError as error:
                stays = error.code
            if stays is not None:
                left.append(f"{dummy.ref.kind.value} {dummy.ref.name!r} ({dummy.ref.vendor_id}): {stays}")
        return left

    def _remove(self, dummy: _Dummy) -> str | None:
        ref = dummy.ref
        if ref.kind is Kind.M365_CASE:
            self._close(ref)
            return "closed and kept: cases are not deleted from here"
        if ref.kind is Kind.M365_HOLD:
            return "kept without a source in its closed case: holds are not deleted from here"
        if not dummy.fresh:
            return "left by an earlier proof; an administrator may remove it"
        way = self._access.ways.writing(ref.kind)
        if way is Way.PERSON_GRAPH:
            return "kept unpublished: nothing is deleted over Graph from here"
        self._access.ways.admin(way).write(f"Remove-{_NOUNS[ref.kind]}", {"Identity": ref.vendor_id, "Confirm": False})
        return None

    def _close(self, ref: Ref) -> None:
        if self._access.ediscovery.by_cmdlet:
            self._access.admin.write("Set-ComplianceCase", {"Identity": ref.vendor_id, "Close": True})
        else:
            self._access.ediscovery.call(Call(method="POST", path=f"{case_path(ref.vendor_id)}/close", slow=True))


def _other(mark: Mark, what: str) -> Mark:
    """The mark of a dummy that a proof needs beside the one it is about."""
    return replace(mark, key=key_of(what, mark.key))
