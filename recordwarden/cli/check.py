"""``check``: what is wrong with the folder, and what a sound one still leaves to be desired. Offline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from policies.check import NO_CREDENTIAL, CheckResult
from policies.check import check as check_folder
from policies.compiler import compile_policy
from policies.duties import Carrier
from policies.folder import Folder, load_folder
from policies.kinds import Platform
from policies.problems import Problem, Severity
from policies.vault_judging import binding
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import Call, called
from recordwarden.cli.screen import Screen, many
from recordwarden.cli.vault_words import rule_problems, simulation
from recordwarden.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from policies.duties import Duty
    from policies.vault_rules import StatedRules


def check(
    ctx: typer.Context,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings count as errors.")] = False,  # noqa: FBT002  # a flag
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schemas of the folder's files instead.")] = False,  # noqa: FBT002  # as above
) -> Answer:
    """Every problem of every file at once, with place and next step."""
    call = called(ctx)
    if schema:
        return _schemas()
    folder = call.knows(load_folder(call.options.folder, call.options.overlays))
    known, stated = _from_store(call, folder)
    found = check_folder(folder, known, call.frame().at.date())
    duties = compile_policy(folder.policy, folder.district, known)
    short = [one for tenant, said in stated.items() for one in rule_problems(tenant, said.rules, duties)]
    silent = _not_stated(folder, stated, duties)
    problems = (*found.problems, *short, *silent, *(() if known is not None else (_no_store(),)))
    warned = any(problem.severity is not Severity.INFO for problem in problems)
    return Answer(
        exit=Exit.ERROR if strict and warned else Exit.DONE,
        result={
            "series": [
                {
                    "id": row.id,
                    "title": row.title,
                    "verification": row.verification.value,
                    "confirmed": row.confirmed,
                    "official_number": row.official_number,
                    "period": row.period,
                    "used": row.used,
                }
                for row in found.series
            ],
            "controls": [
                {
                    "id": row.id,
                    "serves": list(row.serves),
                    "standing": row.standing.value,
                    "method": row.method,
                    "reason": row.reason,
                    "verify": list(row.verify),
                }
                for row in found.controls
            ],
            "vault_rules": [
                {"tenant": tenant, "reason": said.doubt, "simulation": simulation(said.rules, duties)} for tenant, said in stated.items()
            ],
        },
        problems=problems,
        show=lambda screen: _show(screen, folder, found, problems),
        shows_problems=True,
    )


def _from_store(call: Call, folder: Folder) -> tuple[Mapping[str, str] | None, Mapping[str, StatedRules]]:
    """What officers confirmed, and Vault's rules as they stated them; None and nothing where no store has been made yet: ``check`` makes none."""
    from recordwarden.wiring import passphrase
    from sync.registers.confirmations import confirmed
    from sync.registers.statements import stated_rules
    from sync.store import exists, open_store

    url = call.options.store_url(folder.district.id)
    if not exists(url):
        return None, {}
    from recordwarden.clock import DrillClock, SystemClock

    clock = DrillClock(call.options.clock_file) if folder.district.drill else SystemClock()
    store = open_store(url, district=folder.district.id, drill=folder.district.drill, clock=clock, passphrase=passphrase(call.options))
    try:
        tenants = [one.id for one in folder.district.tenants if one.platform is Platform.GOOGLE_WORKSPACE]
        stated = {tenant: said for tenant in tenants if (said := stated_rules(store, tenant, clock.now())) is not None}
        return confirmed(store), stated
    finally:
        store.close()


def _not_stated(folder: Folder, stated: Mapping[str, StatedRules], duties: Iterable[Duty]) -> list[Problem]:
    """Tenants whose Vault has to keep something, and whose rules nobody has stated: without a statement nothing says that they reach the periods."""
    carried = sum(binding(duty) and duty.carrier is Carrier.POLICY for duty in duties)
    asked = many(carried, "duty", "duties")
    return [
        Problem(
            code="vault_rules.not_stated",
            severity=Severity.WARNING,
            tenant=tenant.id,
            subject=f"vault-rules/{tenant.id}",
            message=f"Vault's retention rules, which no interface shows, carry {asked} of the policy, and no officer has stated them.",
            next_step=(
                "recordwarden console-settings says what to enter in the Vault console; "
                f"then recordwarden --as OFFICER --key FILE attest vault-rules/{tenant.id} --rules FILE --until DATE"
            ),
        )
        for tenant in folder.district.tenants
        if carried and tenant.platform is Platform.GOOGLE_WORKSPACE and tenant.id not in stated
    ]


def _no_store() -> Problem:
    return Problem(
        code="store.none",
        severity=Severity.INFO,
        message="There is no store yet, so nobody can say which rows officers have confirmed.",
        next_step="recordwarden doctor makes it; then recordwarden series confirm",
    )


def _schemas() -> Answer:
    from policies.schema import MODELS, schema_text

    found = {name: json.loads(schema_text(name)) for name in MODELS}
    return Answer(result={"schemas": found}, show=lambda screen: screen.raw(json.dumps(found, indent=2, ensure_ascii=False)))


def _show(screen: Screen, folder: Folder, found: CheckResult, problems: tuple[Problem, ...]) -> None:
    policy = folder.policy.policy
    number = f" {policy.number}" if policy.number else ""
    screen.say(f"{folder.district.name}: {policy.title}{number}, adopted {policy.adopted.isoformat()}", "bold")
    screen.say(
        f"{many(len(found.series), 'series', 'series')} ({sum(row.used for row in found.series)} used by {many(len(folder.policy.rules), 'rule')}), "
        f"{many(len(found.controls), 'control')} for {many(len({one for row in found.controls for one in row.serves}), 'obligation')}"
    )
    screen.say()
    screen.problems(problems)
    numbers = {severity: sum(problem.severity is severity for problem in problems) for severity in Severity}
    counts = ", ".join(many(count, "note" if severity is Severity.INFO else severity.value) for severity, count in numbers.items() if count)
    screen.say()
    closed = [str(problem.tenant) for problem in problems if problem.code == NO_CREDENTIAL]
    but = f"; {' and '.join(closed)} cannot be asked as long as a credential is missing" if closed else ""
    screen.say(f"The folder is sound{but}. {counts or 'Nothing to remark'}.")
