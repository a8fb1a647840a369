"""How the Google tenant looks on the first day: units, accounts, groups, roles, licences, and what the district's own people set up."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.google import labelbook, settings
from sandbox.google.audit import log_vault, person
from sandbox.google.holdbook import new_hold
from sandbox.google.places import SharedDrive, Space
from sandbox.google.state import (
    TENANT_ID,
    GoogleState,
    Group,
    Matter,
    Member,
    OrgUnit,
    Role,
    ServiceAccount,
    User,
    VaultRule,
    settle,
)
from sandbox.tls import make_rsa_key_pem, write_private
from sandbox.world import Person, World

KEY_FILE = "google-sa.json"
MACHINE_KEY_FILE = "google-machine.json"
"""The machine's own identity, as a key, so that drills without a cloud can sign in as it (G§6.3)."""
CHECK_MATTER = "District visibility check"
CHECK_HOLD = "District visibility check hold"
CHECK_LABEL = "District visibility check label"
BOT_ROLE = "Records retention service"

AUTH = "https://www.googleapis.com/auth/"
GRANTS = frozenset(
    AUTH + scope
    for scope in (
        "ediscovery",
        "ediscovery.readonly",
        "admin.directory.user.readonly",
        "admin.directory.group.readonly",
        "admin.directory.group.member.readonly",
        "admin.directory.orgunit.readonly",
        "admin.directory.rolemanagement.readonly",
        "admin.directory.customer.readonly",
        "admin.directory.domain.readonly",
        "admin.reports.audit.readonly",
        "cloud-identity.policies.readonly",
        "apps.licensing",
        "apps.groups.settings",
        "apps.alerts",
        "drive.admin.labels",
        "drive.admin.labels.readonly",
        "drive.readonly",
        "chat.admin.spaces.readonly",
    )
)
"""The scopes that the district's administrator entered for our client, exactly (G§6.1)."""

_BOT_PRIVILEGES = {
    ("vault", "ADMIN_MATTER"),
    ("vault", "REMOVE_HOLD"),
    ("vault", "ACCESS_ALL_MATTERS"),
    ("admin", "USERS_RETRIEVE"),
    ("admin", "GROUPS_RETRIEVE"),
    ("admin", "GROUPS_UPDATE"),
    ("admin", "ORGANIZATION_UNITS_RETRIEVE"),
    ("admin", "ADMIN_DOMAIN_SETTINGS"),
    ("admin", "DOMAIN_MANAGEMENT"),
    ("admin", "REPORTS"),
    ("admin", "LICENSING_READ"),
    ("admin", "APPS_INCIDENTS_READONLY"),
    # Neither privilege's name in the API is documented where we could read it; roles tell them apart all the same.
    ("labels", "MANAGE_LABELS"),
    ("chat", "MANAGE_SPACES"),
}

EDITIONS = {
    "Fundamentals": ("1010070001", "1010070001"),
    "Standard": ("1010310006", "1010310007"),
    "Plus": ("1010310009", "1010310010"),
}
"""The licence of employees and of students in each edition; every edition has Vault (G§0)."""


def install(world: World, folder: Path) -> None:
    """Put a freshly seeded tenant into ``world.state`` and the service account's key file into ``folder`` (0600).

    The switch ``google.edition`` (Fundamentals, Standard or Plus; Standard unless set) is read here.
    """
    state = GoogleState(
        customer_id="C0" + "".join(random.Random(f"customer {world.seed}").choices("abcdefghijklmnopqrstuvwxyz0123456789", k=7)),  # noqa: S311
        domain=world.domain,
        service_account=_service_account(folder / KEY_FILE, "records", "104527318830916645201"),
        machine=_service_account(folder / MACHINE_KEY_FILE, "machine", "117730051962240418876"),
        chance=random.Random(f"google {world.seed}"),  # noqa: S311 - ids and delays, not secrets
    )
    world.state[TENANT_ID] = state
    state.grants |= GRANTS
    state.machine_key = folder / MACHINE_KEY_FILE
    began = world.clock.now() - timedelta(days=900)
    _units(world, state)
    director = _service_users(world, state, began)
    _people(world, state, began)
    _groups(world, state)
    for path, kind, value in settings.FIRST_DAY:
        settings.put(state, path, kind, value)
    _places(world, state)
    _checks(world, state, director)
    _rules(world, state, director)
    settle(world)


def address_machine(state: GoogleState, base_url: str) -> None:
    """Point the machine's key file at this sandbox, whose port is known only now: clients take the token address from the file."""
    content = json.loads(state.machine_key.read_text(encoding="utf-8"))
    write_private(state.machine_key, json.dumps(content | {"token_uri": f"{base_url}/token"}, indent=1).encode("utf-8"))


def unit_of(person_: Person) -> str:
    """The unit that somebody's account sits in."""
    if person_.role == "student":
        return f"/Students/{person_.school}"
    return {"board": "/Board", "administrator": "/Staff/Administration"}.get(person_.role, "/Staff")


def _service_account(path: Path, name: str, client_id: str) -> ServiceAccount:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "type": "service_account",
            "project_id": "district-records",
            "private_key_id": hashlib.sha1(client_id.encode(), usedforsecurity=False).hexdigest(),
            "private_key": make_rsa_key_pem(),
            "client_email": f"{name}@district-records.iam.gserviceaccount.com",
            "client_id": client_id,
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": "https://oauth2.googleapis.com/token",
            "universe_domain": "googleapis.com",
        }
        write_private(path, json.dumps(content, indent=1).encode("utf-8"))
    read = json.loads(path.read_text(encoding="utf-8"))
    # Our own key from our own file: testing its primes at each start would cost more than all the rest.
    key = serialization.load_pem_private_key(read["private_key"].encode("ascii"), password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return ServiceAccount(
        email=read["client_email"], client_id=read["client_id"], key_id=read["private_key_id"], private_key=key,
    )


def _units(world: World, state: GoogleState) -> None:
    fixed = (
        ("/", "The district"),
        ("/Staff", "Employees"),
        ("/Staff/Administration", "Central office"),
        ("/Board", "Board of education"),
        ("/Students", "Students"),
    )
    for path, description in (*fixed, *((f"/Students/{school}", school) for school in world.schools)):
        unit = OrgUnit(id=f"id:03ph8a2z{state.word(8)}", path=path, description=description)
        state.org_units[unit.id] = unit


def _service_users(world: World, state: GoogleState, began: datetime) -> User:
    """The IT director (super administrator) and the account that the application acts as (a custom role, no super administrator)."""
    director = _add_user(state, "it.director", "Information", "Technology", "/Staff/Administration", began)
    director.super_admin = True
    bot = _add_user(state, "records.bot", "Records", "Service", "/Staff/Administration", began)
    staff_sku = EDITIONS[world.switches.get("google.edition", "Standard")][0]
    director.skus.add(staff_sku)
    bot.skus.add(staff_sku)
    top = Role(id=state.number(17), name="_SEED_ADMIN_ROLE", description="Super Admin", privileges=set(), system=True, super_admin=True)
    role = Role(id=state.number(17), name=BOT_ROLE, description="Holds, and reading what they rest on", privileges=set(_BOT_PRIVILEGES))
    help_desk = Role(
        id=state.number(17), name="_HELP_DESK_ADMIN_ROLE", description="Help Desk", privileges={("admin", "USERS_RETRIEVE")}, system=True,
    )
    state.roles |= {found.id: found for found in (top, role, help_desk)}
    state.assignments += [(state.number(17), top.id, director.id), (state.number(17), role.id, bot.id)]
    return director


def _people(world: World, state: GoogleState, began: datetime) -> None:
    staff_sku, student_sku = EDITIONS[world.switches.get("google.edition", "Standard")]
    for number, person_ in enumerate(world.people):
        user = _add_user(state, person_.local_part, person_.given, person_.family, unit_of(person_), began + timedelta(minutes=number))
        user.employee_id = person_.employee_id
        user.skus.add(student_sku if person_.role == "student" else staff_sku)
        if person_.role != "student":
            alias = f"{person_.given[0]}{person_.family}{person_.number}@{state.domain}".lower()
            user.aliases.append(alias)
            state.addresses[alias] = user.id


def _add_user(state: GoogleState, local: str, given: str, family: str, unit: str, created: datetime) -> User:
    user = User(
        id="1" + state.number(20), email=f"{local}@{state.domain}", given=given, family=family, employee_id="", org_unit=unit, created=created,
    )
    state.users[user.id] = user
    state.addresses[user.email] = user.id
    return user


def _groups(world: World, state: GoogleState) -> None:
    by_number = {person_.number: state.addresses[f"{person_.local_part}@{state.domain}"] for person_ in world.people}
    employees = [person_ for person_ in world.people if person_.role not in {"board", "student"}]
    staff = _add_group(state, "staff", "All staff", (by_number[p.number] for p in employees))
    board = _add_group(state, "board", "Board of education", (by_number[p.number] for p in world.people if p.role == "board"))
    for school in world.schools:
        local = "staff-" + school.lower().replace(" ", "-")
        _add_group(state, local, f"Staff of {school}", (by_number[p.number] for p in employees if p.school == school))
    # A group of groups: its members are the members of others.
    everyone = _add_group(state, "all-adults", "Staff and board", ())
    for inner in (staff, board):
        everyone.members[inner.id] = Member(id=inner.id, role="MEMBER", type="GROUP")


def _add_group(state: GoogleState, local: str, name: str, members: Iterable[str]) -> Group:
    group = Group(id="0" + state.word(14), email=f"{local}@{state.domain}", name=name, description=f"{name} of the district")
    group.members = {ident: Member(id=ident, role="MEMBER", type="USER") for ident in members}
    group.settings = {
        "isArchived": "true" if local in {"staff", "board"} else "false",
        "archiveOnly": "false",
        "whoCanPostMessage": "ALL_IN_DOMAIN_CAN_POST",
        "whoCanViewGroup": "ALL_MEMBERS_CAN_VIEW",
        "allowExternalMembers": "false",
        "messageModerationLevel": "MODERATE_NONE",
    }
    state.groups[group.id] = group
    state.addresses[group.email] = group.id
    return group


def _places(world: World, state: GoogleState) -> None:
    """Shared drives and chat spaces, a few of each, one space with more members than holds reach (G§1.5)."""
    now = world.clock.now()
    for name in ("Board packets", "Student services"):
        drive = SharedDrive(id=f"0A{state.word(17)}", name=name, created=now - timedelta(days=400))
        state.drives[drive.id] = drive
    sizes = ((school, 40) for school in world.schools)
    for name, members in (*sizes, ("Snow days", 60_000)):
        space = Space(id=f"AAAA{state.word(7)}", name=name, members=members, created=now - timedelta(days=300), active=now - timedelta(days=2))
        state.spaces[space.id] = space


def _checks(world: World, state: GoogleState, director: User) -> None:
    """The matter, hold and label that the administrator made to be seen: a list without them is not the whole list (design §1.2)."""
    now = world.clock.now() - timedelta(days=30)
    matter = Matter(
        id=state.word(24), name=CHECK_MATTER, description="Made by hand so that lists can be checked.", region="ANY", owner=director.id, created=now,
    )
    state.matters[matter.id] = matter
    body = {"name": CHECK_HOLD, "corpus": "MAIL", "accounts": [{"accountId": director.id}]}
    hold = new_hold(state, matter, body, now)
    if state.has_labels:
        properties = {"title": CHECK_LABEL, "description": "Made by hand so that lists can be checked."}
        label = labelbook.create(state, {"labelType": "ADMIN", "properties": properties}, now, director.id)
        label.permissions[director.email] = "EDITOR"
        labelbook.publish(state, label, now, director.id)
    log_vault(world, person(director), "create_investigation", {"matter_id": matter.id, "resource_name": matter.name}, at=now)
    log_vault(world, person(director), "add_preservation_rule", {"matter_id": matter.id, "resource_name": hold.name}, at=now)


def _rules(world: World, state: GoogleState, director: User) -> None:
    """One default rule for mail, which deletes: seven years, then everything. Only the console can tell."""
    rule = VaultRule(
        id=state.number(12), service="MAIL", default=True, org_unit="/", duration="2557 days", start="created", action="purge_all",
    )
    state.rules[rule.id] = rule
    details = f"Service: MAIL, Retention period: {rule.duration}, Action: {rule.action}, Rule: {rule.id}"
    values = {"additional_details": details, "organizational_unit_name": "/"}
    log_vault(world, person(director), "modify_default_retention_period", values, at=world.clock.now() - timedelta(days=60))
