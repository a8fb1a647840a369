"""``attest`` and ``attestations``: dated, expiring statements that an officer signs about what no interface shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from policies.vault_rules import read_rules
from recordwarden.cli.answer import Answer, CommandError
from recordwarden.cli.call import called
from recordwarden.cli.files import must_exist
from recordwarden.cli.screen import Screen, moment
from recordwarden.cli.vault_words import rule_problems
from recordwarden.cli.wrong import error
from recordwarden.exits import Exit
from recordwarden.wiring import Office
from sync.matters.lane import HoldLane
from sync.registers.acceptances import PREFIX, accept
from sync.registers.attestations import Attestation, Statement
from sync.registers.attestations import attest as sign
from sync.registers.attestations import attestations as kept
from sync.wording import instant

TENANT_SUBJECTS = ("admin-endpoint", "vault-rules")


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
        return Answer(
            result={"attestation": document(made)},
            problems=(*office.problems, *(rule_problems(subject.partition("/")[2], stated, office.desk.duties) if stated is not None else ())),
            show=lambda screen: screen.say(f"{signer.officer} attested {subject} until {moment(made.until)} ({made.id})."),
        )


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
    tenants = [tenant.id for tenant in office.district.tenants]
    if head in TENANT_SUBJECTS and rest not in tenants:
        words = f"There is no tenant {rest or '(none named)'}."
        raise CommandError(Exit.ERROR, error("attest.subject", words, f"Write {head}/TENANT with one of {', '.join(tenants)}."))
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
