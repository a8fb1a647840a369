"""The tenant as the district's administrators left it: accounts, groups, and the labels, policies and holds they made by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.microsoft import fileplan, policing
from sandbox.microsoft.objects import (
    Account,
    Actor,
    Case,
    Drive,
    EventType,
    Group,
    Hold,
    Label,
    Location,
    Mailbox,
    Policy,
    Rule,
    Scope,
    Source,
)
from sandbox.microsoft.plans import Tier
from sandbox.microsoft.state import TENANT, Registration, TenantState, stable_id
from sandbox.world import Person, World

CHECK_POLICY = "District mail keep"
CHECK_POLICY_RULE = "District mail keep rule"
CHECK_LABEL = "District visibility check label"
CHECK_PUBLISHING = "District visibility check publishing"
CHECK_CASE = "District visibility check case"
CHECK_HOLD = "District visibility check hold"
CHECK_SCOPE = "District visibility check scope"
CHECK_EVENT = "District visibility check event"
CHECK_MAILBOX = "wystan.formerly"
ORG_POLICY = "District group mail keep"
PURGE = "Purge student mail"

APP_NAME = "Records application"
_TITLES = {"administrator": "Administrator", "teacher": "Teacher", "staff": "Staff", "board": "Board member", "student": ""}
_LONG_AGO = timedelta(days=900)


def seed(world: World, app: Registration, signing_key: RSAPrivateKey) -> TenantState:
    """Make the tenant in ``world.state``: the same people in every seed's order, everything settled long ago."""
    host = world.domain.partition(".")[0]
    state = TenantState(
        tenant_id=stable_id(world.seed, "tenant"),
        domain=world.domain,
        initial_domain=f"{host}.onmicrosoft.com",
        name=f"{host.capitalize()} Public Schools",
        app=app,
        signing_key=signing_key,
        seed=world.seed,
    )
    world.state[TENANT] = state
    then = world.clock.now().replace(microsecond=0) - _LONG_AGO
    _accounts(world, state, then)
    _groups(world, state)
    _compliance(world, state, then)
    fileplan.seed(state, then)
    _ediscovery(state, then)
    state.changes.clear()
    return state


def _accounts(world: World, state: TenantState, then: datetime) -> None:
    admin = _account(state, _Newcomer(given="Information", family="Technology", local="it.director", title="Director of technology"), then)
    state.administrator = admin.id
    office = _account(state, _Newcomer(given="Records", family="Office", local="records.office", title="Records office"), then)
    state.officers |= {admin.id, office.id}
    teachers = [person for person in world.people if person.role == "teacher"]
    for person in world.people:
        account = _account(state, _newcomer(person), then)
        if person.role != "student":
            account.aliases.append(f"{person.given[0]}{person.family}{person.number}@{state.domain}".lower())
            state.enter(account)
        if person.number % 29 == 11:
            account.drive = None
    if len(teachers) > 3:
        # One employee is on leave with sign-in off; one has no licence, so no mailbox that could be held.
        state.accounts[_id(state, teachers[1])].enabled = False
        left = state.accounts[_id(state, teachers[2])]
        left.tier, left.mailbox, left.drive = "", None, None
    _departed(world, state, then)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Newcomer:
    given: str
    family: str
    local: str
    title: str
    tier: Tier = "faculty"
    department: str = "District office"
    employee_id: str = ""


def _newcomer(person: Person) -> _Newcomer:
    return _Newcomer(
        given=person.given,
        family=person.family,
        local=person.local_part,
        title=_TITLES[person.role],
        tier="student" if person.role == "student" else "faculty",
        department=person.school or "Board of Education",
        employee_id=person.employee_id,
    )


def _id(state: TenantState, person: Person) -> str:
    return stable_id(state.seed, f"account/{person.local_part}")


def _account(state: TenantState, new: _Newcomer, then: datetime) -> Account:
    upn = f"{new.local}@{state.domain}"
    key = f"account/{new.local}"
    archive = stable_id(state.seed, f"{key}/archive") if new.title == "Administrator" else ""
    account = Account(
        id=stable_id(state.seed, key),
        given=new.given,
        family=new.family,
        upn=upn,
        aliases=[],
        department=new.department,
        job_title=new.title,
        employee_id=new.employee_id,
        tier=new.tier,
        created=then,
        drive=Drive(site_id=stable_id(state.seed, f"{key}/drive"), url=drive_url(state, upn)),
        mailbox=Mailbox(guid=stable_id(state.seed, f"{key}/mailbox"), archive_guid=archive, changed=then),
    )
    state.enter(account)
    return account


def drive_url(state: TenantState, upn: str) -> str:
    """The address of a person's OneDrive site."""
    return f"https://{state.host}-my.sharepoint.com/personal/{upn.replace('@', '_').replace('.', '_')}"


def _departed(world: World, state: TenantState, then: datetime) -> None:
    """Somebody deleted last week, and somebody gone for long whose mailbox a litigation hold keeps inactive."""
    now = world.clock.now()
    recent = _account(state, _Newcomer(given="Orla", family="Departed", local="orla.departed", title="Teacher"), then)
    recent.deleted, recent.enabled = now - timedelta(days=6), False
    gone = _account(state, _Newcomer(given="Wystan", family="Formerly", local=CHECK_MAILBOX, title="Administrator"), then)
    gone.deleted, gone.purged, gone.enabled, gone.tier = now - timedelta(days=400), True, False, ""
    assert gone.mailbox is not None
    gone.mailbox.inactive, gone.mailbox.litigation = True, True
    gone.mailbox.litigation_date, gone.mailbox.litigation_owner = then, f"it.director@{state.domain}"
    for account in (recent, gone):
        state.enter(account)


def slug(school: str) -> str:
    """A school's name as the local part of an address."""
    return school.lower().replace(" ", "-")


def _groups(world: World, state: TenantState) -> None:
    people = world.people
    by_role = {role: [_id(state, person) for person in people if person.role == role] for role in _TITLES}
    teachers = _group(state, "Teachers", "teachers", by_role["teacher"])
    _group(state, "Staff", "staff", [*by_role["administrator"], *by_role["staff"], teachers.id])
    board = _group(state, "Board", "board", by_role["board"])
    _group(state, "Students", "students", by_role["student"])
    for school in world.schools:
        here = [person for person in people if person.school == school]
        _group(state, school, slug(school), [_id(state, person) for person in here])
        _group(state, f"Staff of {school}", f"staff-{slug(school)}", [_id(state, person) for person in here if person.role != "student"])
    # Two groups of one display name, one with hidden members, one of the newer kind with a mailbox and a site.
    for number in (1, 2):
        _group(state, "Athletics", f"athletics-{number}", by_role["teacher"][:number])
    hidden = _group(state, "Student services team", "student-services", by_role["administrator"][:2])
    hidden.unified, hidden.hidden = True, True
    team = _group(state, "Board of Education team", "board-team", list(board.members))
    team.unified = True
    team.site_url, team.site_id = f"https://{state.host}.sharepoint.com/sites/board-team", stable_id(state.seed, "site/board-team")
    state.sites[f"https://{state.host}.sharepoint.com/sites/district"] = "District"
    state.sites[f"https://{state.host}.sharepoint.com/sites/policies"] = "Policies"


def _group(state: TenantState, name: str, local: str, members: list[str]) -> Group:
    group = Group(id=stable_id(state.seed, f"group/{local}"), display_name=name, mail=f"{local}@{state.domain}", members=members)
    state.groups[group.id] = group
    return group


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hand:
    """The administrator at a moment in the past: what they make is settled."""

    state: TenantState
    actor: Actor
    then: datetime

    def made(self, what: str, name: str) -> dict[str, object]:
        """The fields that every compliance object needs."""
        when = {"created": self.then, "changed": self.then, "created_by": self.actor, "changed_by": self.actor}
        return {"name": name, "guid": stable_id(self.state.seed, f"{what}/{name}"), **when}


def _compliance(world: World, state: TenantState, then: datetime) -> None:
    hand = _Hand(state=state, actor=state.console, then=then)
    office = policing.resolve(world, "ExchangeLocation", [f"records.office@{state.domain}"], then)
    students = policing.resolve(world, "ExchangeLocation", [f"students@{state.domain}"], then)[:1000]
    everything = policing.resolve(world, "ModernGroupLocation", ["All"], then)
    sites = policing.resolve(world, "SharePointLocation", [f"https://{state.host}.sharepoint.com/sites/policies"], then)
    keep = _policy(hand, CHECK_POLICY, {"ExchangeLocation": office})
    _rule(hand, keep, CHECK_POLICY_RULE, "30", "Keep")
    org = _policy(hand, ORG_POLICY, {"ModernGroupLocation": everything})
    _rule(hand, org, f"{ORG_POLICY} rule", "30", "Keep")
    purge = _policy(hand, PURGE, {"ExchangeLocation": students})
    _rule(hand, purge, f"{PURGE} rule", "365", "Delete")
    label = Label(**hand.made("label", CHECK_LABEL), action="Keep", duration="30", trigger="CreationAgeInDays")  # type: ignore[arg-type]
    state.labels[label.guid] = label
    publishing = _policy(hand, CHECK_PUBLISHING, {"SharePointLocation": sites})
    rule = _rule(hand, publishing, stable_id(state.seed, "rule/publishing"), None, None)
    rule.publishes, rule.option = label.guid, None
    scope = Scope(**hand.made("scope", CHECK_SCOPE), location_type="User", query="Department -eq 'Board of Education'")  # type: ignore[arg-type]
    state.scopes[scope.guid] = scope
    event = EventType(**hand.made("event type", CHECK_EVENT))  # type: ignore[arg-type]
    state.event_types[event.guid] = event


def _policy(hand: _Hand, name: str, locations: dict[str, list[Location]]) -> Policy:
    policy = Policy(**hand.made("policy", name), locations=locations, due=hand.then, status_at=hand.then)  # type: ignore[arg-type]
    hand.state.policies[policy.guid] = policy
    return policy


def _rule(hand: _Hand, policy: Policy, name: str, duration: str | None, action: str | None) -> Rule:
    rule = Rule(**hand.made("rule", name), policy=policy.guid, duration=duration, action=action, option="CreationAgeInDays")  # type: ignore[arg-type]
    hand.state.rules[rule.guid] = rule
    return rule


def _ediscovery(state: TenantState, then: datetime) -> None:
    hand = _Hand(state=state, actor=state.console, then=then)
    for name in ("Content Search", CHECK_CASE):
        # The app is a member of neither: a Manager must not see the case that proves sight of all of them.
        members = [state.administrator]
        case = Case(**hand.made("case", name), case_type="AdvancedEdiscovery", members=members, materialised=then)  # type: ignore[arg-type]
        state.cases[case.guid] = case
    office = state.account_at(f"records.office@{state.domain}")
    assert office is not None
    hold = Hold(**hand.made("hold", CHECK_HOLD), case=case.guid, rule=stable_id(state.seed, "holdrule"), rule_name=CHECK_HOLD)  # type: ignore[arg-type]
    hold.sources.append(
        Source(
            id=office.id,
            kind="mailbox",
            name=office.display_name,
            place=office.upn,
            account=office.id,
            created=then,
            created_by=hand.actor,
            since=then,
            due=then,
        )
    )
    state.holds[hold.guid] = hold
