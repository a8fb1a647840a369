"""``attest`` and ``attestations``: dated, expiring statements that an officer signs about what no interface shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from connectors.base import Lane
from connectors.errors import ConnectorError, Stopped
from policies.kinds import Platform
from policies.vault_rules import read_rules
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.files import must_exist
from recordwarden.cli.screen import Screen, moment
from recordwarden.cli.vault_words import rule_problems
from recordwarden.exits import Exit
from recordwarden.wiring import Office
from recordwarden.wrong import CommandError, error
from sync.desk import Desk
from sync.matters.lane import HoldLane
from sync.registers.acceptances import PREFIX, accept
from sync.registers.attestations import Attestation, Statement
from sync.registers.attestations import attest as sign
from sync.registers.attestations import attestations as kept
from sync.watch.polling import Poller, Reach
from sync.wording import instant

TENANT_SUBJECTS: Mapping[str, Platform] = {"admin-endpoint": Platform.MICROSOFT365, "vault-rules": Platform.GOOGLE_WORKSPACE}


def attest(
    ctx: typer.Context,
    subject: Annotated[
        str, typer.Argument(help="admin-endpoint/TENANT, vault-rules/TENANT, gap/ID, paper/ID, alert/ID, drift/ID, or a control's id.")
    ],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The last day on which it counts.")],
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="FILE", help="With vault-rules: the rules as they stand in the Vault console.")
    ] = None,
    evidence: Annotated[list[Path] | None, typer.Option("--evidence", metavar="FILE", help="A file whose hash is signed; may be repeated.")] = None,
) -> Answer:
    """A signed statement that takes the place of earlier ones about the same subject."""
    call = called(ctx)
    with call.office() as office:
        signer = call.signer(office)
        _sensible(office, subject, rules)
        stated = None if rules is None else read_rules(must_exist(rules).read_bytes(), rules)
        statement = Statement(
            subject=subject,
            until=_end_of(until, office.district.timezone),
            evidence=tuple(must_exist(path) for path in evidence or ()),
            rules=rules,
        )
        desk = office.desk
        made = accept(desk, signer, statement) if subject.startswith(PREFIX) else sign(desk.journal, desk.store, desk.clock, signer, statement)
        signed = f"{signer.officer} attested {subject} until {moment(made.until)} ({made.id})."
        if stated is None:
            return Answer(result={"attestation": document(made)}, problems=office.problems, show=lambda screen: screen.say(signed))
        tenant = subject.partition("/")[2]
        reach = _reach(desk, tenant)
        return Answer(
            result={"attestation": document(made), "log": {"readable_from": instant(reach.at), "reason": reach.reason}},
            problems=(*office.problems, *rule_problems(tenant, stated, office.desk.duties)),
            show=lambda screen: _shows_reach(screen, signed, reach),
        )


def _reach(desk: Desk, tenant: str) -> Reach:
    """From when the log can be read that the statement will be compared with. The statement is signed by now: what goes wrong here is no error."""
    door = desk.door(tenant)
    try:
        return Poller(desk).reach(tenant, door.reader(Lane.SYNC))
    except (ConnectorError, Stopped) as problem:
        return Reach(reason=str(problem))


def _shows_reach(screen: Screen, signed: str, reach: Reach) -> None:
    screen.say(signed)
    if reach.at is None:
        screen.say(f"It is compared with Vault's log. From when that can be read is not known yet ({reach.reason}); the next run asks again.")
    else:
        screen.say(f"It is compared with Vault's log, which can be read from {moment(reach.at)} on.")


def attestations(ctx: typer.Context) -> Answer:
    """Every statement with its state: valid, expired or overtaken."""
    with called(ctx).office(last_good=True) as office:
        found = kept(office.desk.store, office.desk.clock.now())
        return Answer(result={"attestations": [document(one) for one in found]}, problems=office.problems, show=lambda screen: _show(screen, found))


def document(one: Attestation) -> dict[str, object]:
    """``attestation{id,subject,officer,made_at,until,state,consistent_with[],overtaken_by[]}``."""
    return {
        "id": one.id,
        "subject": one.subject,
        "officer": one.officer,
        "made_at": instant(one.made_at),
        "until": instant(one.until),
        "state": one.state.value,
        "consistent_with": list(one.consistent_with),
        "overtaken_by": list(one.overtaken_by),
        "evidence": list(one.evidence),
        "seq": one.seq,
    }


def _end_of(day: str, zone: str) -> datetime:
    """The last moment of a day in the district's time zone, in UTC."""
    try:
        end = date.fromisoformat(day)
    except ValueError as problem:
        raise CommandError(Exit.USAGE, error("usage", f"{day!r} is no date.", "Write --until YYYY-MM-DD.")) from problem
    return datetime(end.year, end.month, end.day, 23, 59, 59, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _sensible(office: Office, subject: str, rules: Path | None) -> None:
    head, _, rest = subject.partition("/")
    tenants = [tenant.id for tenant in office.district.tenants if tenant.platform is TENANT_SUBJECTS.get(head)]
    if head in TENANT_SUBJECTS and rest not in tenants:
        words = f"There is no tenant {rest or '(none named)'} that has one."
        step = f"Write {head}/TENANT with one of {', '.join(tenants)}." if tenants else "Nothing to attest: the district has no such tenant."
        raise CommandError(Exit.ERROR, error("attest.subject", words, step))
    known = head in {*TENANT_SUBJECTS, "gap", "paper", "alert", "drift"} and rest
    if not known and subject not in {control.id for control in office.policy.controls}:
        words = f"{subject} is nothing that can be attested here."
        step = "Write admin-endpoint/TENANT, vault-rules/TENANT, gap/ID, paper/ID, alert/ID, drift/ID, or a control's id."
        raise CommandError(Exit.ERROR, error("attest.subject", words, step))
    if head in {"gap", "paper"} and rest not in _known(office, head):
        words = f"No open matter has {'a gap record' if head == 'gap' else 'a place on paper'} with the id {rest}."
        raise CommandError(Exit.ERROR, error("attest.subject", words, "recordwarden hold status ALIAS shows their ids."))
    if (rules is not None) != (head == "vault-rules"):
        raise CommandError(
            Exit.USAGE,
            error("usage", "--rules goes with vault-rules/TENANT, and only with it.", "attest vault-rules/TENANT --rules FILE --until DATE"),
        )


def _known(office: Office, head: str) -> set[str]:
    """Ids of the gap records, or of the places on paper, of the open matters."""
    matters = HoldLane(office.desk).register.open()
    return {gap.id for matter in matters for gap in matter.gaps} if head == "gap" else {place.id for matter in matters for place in matter.paper}


def _show(screen: Screen, found: Sequence[Attestation]) -> None:
    if not found:
        screen.say("Nothing has been attested.")
        return
    screen.table(
        ("Id", "Subject", "Officer", "Until", "State"), [(one.id, one.subject, one.officer, moment(one.until), one.state.value) for one in found]
    )
