"""The rules of holds, whoever sets them (API or console): what may be asked for, what is kept of it, how it is shown (G§1.3 to G§1.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time

from sandbox.google import errors
from sandbox.google.api import Item, instant
from sandbox.google.state import GoogleState, Group, Held, Hold, Matter, User

QUERIES: Mapping[str, str] = {
    "MAIL": "mailQuery",
    "DRIVE": "driveQuery",
    "GROUPS": "groupsQuery",
    "HANGOUTS_CHAT": "hangoutsChatQuery",
    "VOICE": "voiceQuery",
    "CALENDAR": "calendarQuery",
    "GEMINI": "geminiQuery",
}
"""The one query object that goes with each corpus. GEMINI_IN_WORKSPACE has none: it cannot be held through the API (G§1.3)."""


def normal_query(corpus: str, query: object) -> dict[str, object] | None:
    """The query as the service keeps it: times at midnight GMT, false booleans gone, ``{}`` kept; 400 where it does not fit the corpus."""
    if corpus not in QUERIES:
        raise errors.invalid(f"Corpus type {corpus or 'CORPUS_TYPE_UNSPECIFIED'} is not supported.")
    due = QUERIES[corpus]
    if not query:
        if corpus == "VOICE":
            raise errors.invalid("Voice holds require at least one covered data type.")
        return None
    assert isinstance(query, dict)
    if set(query) != {due}:
        raise errors.invalid(f"Query {sorted(query)} does not match corpus type {corpus}.")
    inner = query[due]
    kept = {name: _midnight(value) if name in {"startTime", "endTime"} else value for name, value in inner.items() if value not in (False, "", None)}
    if corpus == "VOICE" and not kept.get("coveredData"):
        raise errors.invalid("Voice holds require at least one covered data type.")
    return {due: kept}


def account_of(state: GoogleState, corpus: str, email: str, account: str) -> User | Group | None:
    """The user, or for the GROUPS corpus the group, that an email (which wins, G§1.3) or else an id names."""
    key = email or account
    return state.group(key) if corpus == "GROUPS" else state.user(key)


def put_on_hold(state: GoogleState, hold: Hold, account: str, now: datetime) -> None:
    """Add an account to a hold; it takes effect later (``settle``)."""
    held = Held(added=now)
    hold.accounts[account] = held
    hold.updated = now
    state.pending.append((hold, account, held))


def put_unit_on_hold(state: GoogleState, hold: Hold, unit: str, now: datetime) -> None:
    """Make the hold cover a unit."""
    held = Held(added=now)
    hold.org_unit, hold.org_unit_held, hold.updated = unit, held, now
    state.pending.append((hold, "", held))


def take_off(state: GoogleState, hold: Hold, account: str, now: datetime) -> None:
    """Remove an account from a hold."""
    del hold.accounts[account]
    hold.updated = now
    state.pending[:] = [entry for entry in state.pending if entry[0] is not hold or entry[1] != account]


def release_all(state: GoogleState, matter: Matter, hold: Hold) -> None:
    """Delete a hold: its accounts are released at once."""
    del matter.holds[hold.id]
    state.pending[:] = [entry for entry in state.pending if entry[0] is not hold]


def new_hold(state: GoogleState, matter: Matter, body: Mapping[str, object], now: datetime) -> Hold:
    """Create a hold from a ``Hold`` body, all or nothing; 400 for what does not fit, 409 for a name that the matter has already."""
    name, corpus = str(body.get("name", "")), str(body.get("corpus", ""))
    if not name:
        raise errors.invalid("Hold name must be set.")
    query = normal_query(corpus, body.get("query"))
    asked = body.get("accounts") or []
    unit_id = unit_asked(body)
    assert isinstance(asked, list)
    if asked and unit_id:
        raise errors.invalid("A hold covers accounts or an organizational unit, not both.")
    if unit_id and corpus == "GROUPS":
        raise errors.invalid("Groups holds cannot cover an organizational unit.")
    found = [resolved(state, corpus, account) for account in asked]
    unit = state.unit(unit_id) if unit_id else None
    if unit_id and unit is None:
        raise errors.invalid("Invalid organizational unit.")
    if any(hold.name == name for hold in matter.holds.values()):
        raise errors.exists(f"A hold named {name} already exists in this matter.")
    hold = Hold(id=state.word(16), name=name, corpus=corpus, query=query, updated=now)
    matter.holds[hold.id] = hold
    for account in found:
        put_on_hold(state, hold, account.id, now)
    if unit is not None:
        put_unit_on_hold(state, hold, unit.id, now)
    return hold


def resolved(state: GoogleState, corpus: str, account: Mapping[str, object]) -> User | Group:
    """The account that a ``HeldAccount`` names; 400 for one that is not there (G§1.7)."""
    email, ident = str(account.get("email", "")), str(account.get("accountId", ""))
    found = account_of(state, corpus, email, ident)
    if found is None:
        raise errors.invalid(f"Account {email or ident} is not valid.")
    return found


def unit_asked(body: Mapping[str, object]) -> str:
    """The org unit id in a ``Hold`` body, or nothing."""
    unit = body.get("orgUnit")
    return str(unit.get("orgUnitId", "")) if isinstance(unit, dict) else ""


def hold_json(state: GoogleState, hold: Hold, *, full: bool = True) -> Item:
    """A hold as the API shows it; BASIC_HOLD leaves out whom it covers."""
    shown: Item = {"holdId": hold.id, "name": hold.name, "updateTime": instant(hold.updated), "corpus": hold.corpus}
    if hold.query is not None:
        shown["query"] = hold.query
    if full and hold.org_unit:
        shown["orgUnit"] = {"orgUnitId": hold.org_unit} | _hold_time(hold.org_unit_held)
    if full and hold.accounts:
        shown["accounts"] = accounts_json(state, hold)
    return shown


def accounts_json(state: GoogleState, hold: Hold) -> Sequence[Item]:
    """Everybody the hold names, with today's address; one that has been deleted for good keeps its id alone."""
    return [account_json(state, ident, held) for ident, held in hold.accounts.items()]


def account_json(state: GoogleState, ident: str, held: Held) -> Item:
    """A ``HeldAccount``; ``holdTime`` only once it is in force."""
    shown: Item = {"accountId": ident}
    user, group = state.users.get(ident), state.groups.get(ident)
    if user is not None:
        shown |= {"email": user.email, "firstName": user.given, "lastName": user.family}
    elif group is not None:
        shown["email"] = group.email
    return shown | _hold_time(held)


def _hold_time(held: Held | None) -> Item:
    return {} if held is None or held.since is None else {"holdTime": instant(held.since)}


def _midnight(value: object) -> str:
    # "The value is rounded to 12 AM on the specified date", in GMT (discovery document, HeldMailQuery).
    try:
        moment = datetime.fromisoformat(str(value)).astimezone(UTC)
    except ValueError as error:
        raise errors.invalid(f"Invalid time: {value}") from error
    return datetime.combine(moment.date(), time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
