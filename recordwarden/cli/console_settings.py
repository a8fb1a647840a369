"""``console-settings``: the rules to enter in the Vault console, screen by screen, and what those that are stated would do. Asks no tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from policies.district import Tenant
from policies.duties import Duty
from policies.kinds import Platform
from policies.problems import Problem, Severity
from policies.vault_judging import binding
from policies.vault_rules import StatedRules, as_yaml
from policies.vault_settings import AFTER, BEFORE, SWITCHES, Entry, rules_of, settings
from recordwarden.cli.answer import Answer
from recordwarden.cli.call import called
from recordwarden.cli.files import write_new
from recordwarden.cli.screen import Screen
from recordwarden.cli.vault_words import rule_document, rule_problems, simulation, simulation_rows
from recordwarden.exits import Exit
from recordwarden.wiring import Office
from recordwarden.wrong import CommandError, error
from sync.registers.statements import newest, stated_rules

COLUMNS = ("Item", "Unit", "Kept", "Vault deletes", "Asked for")


def console_settings(
    ctx: typer.Context,
    form: Annotated[
        Literal["text", "json", "html"] | None, typer.Option("--format", help="For people, one JSON document, or a page with boxes to tick.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the page with boxes to tick into a file.")] = None,
) -> Answer:
    """The rules to enter, the file that states them, and what would happen to a mail, a Drive file and a chat message."""
    call = called(ctx)
    if form in {"text", "json"}:
        call.options = replace(call.options, format="json" if form == "json" else "text")
    with call.office(last_good=True) as office:
        tenants = _google(office)
        duties, now = office.desk.duties, office.desk.clock.now()
        entries = settings(duties)
        stated = {one.id: stated_rules(office.desk.store, one.id, now) for one in tenants}
        page = _page(office, entries) if form == "html" or out is not None else None
        problems = [*office.problems, *_unconfirmed(duties)]
        problems += [one for tenant, said in stated.items() if said is not None for one in rule_problems(tenant, said.rules, duties)]
        made = Answer(
            tenants={one.id: _tenant(office, one, stated[one.id], duties) for one in tenants},
            result=_document(entries, duties, page if form == "html" else None),
            problems=tuple(problems),
            show=lambda screen: screen.raw(page) if form == "html" and page is not None else _show(screen, entries, stated, duties),
            shows_problems=form == "html",
        )
    if out is not None and page is not None:
        write_new(out, page.encode(), mode=0o644)
    return made


def _google(office: Office) -> tuple[Tenant, ...]:
    asked = office.options.tenants
    found = tuple(one for one in office.district.tenants if one.platform is Platform.GOOGLE_WORKSPACE and (not asked or one.id in asked))
    if not found:
        words = "No Google Workspace tenant is meant, and only Vault's rules have to be entered by hand."
        raise CommandError(Exit.ERROR, error("vault_rules.no_tenant", words, "For Microsoft 365: recordwarden by-hand."))
    return found


def _unconfirmed(duties: Sequence[Duty]) -> list[Problem]:
    """Rows that no officer has confirmed stand in the sheet, and are said to."""
    rows = dict.fromkeys(duty.series for duty in duties if binding(duty) and duty.blocked is not None)
    return [
        Problem(
            code="series.unconfirmed",
            severity=Severity.WARNING,
            subject=series,
            message=f"Series {series} is in the sheet although nothing is written for it yet.",
            next_step=f"recordwarden series confirm {series} --schedule FILE --page N",
        )
        for series in rows
    ]


def _page(office: Office, entries: Sequence[Entry]) -> str:
    from reports.console_settings import console_settings_html

    return console_settings_html(
        entries,
        district=office.district.name,
        made_at=office.desk.clock.now(),
        timezone=office.district.timezone,
        made_up=office.desk.store.sandbox is True,
    )


def _document(entries: Sequence[Entry], duties: Sequence[Duty], page: str | None) -> dict[str, object]:
    rules = rules_of(entries)
    return {
        "settings": [
            {
                "title": one.title,
                "service": one.rule.service.value,
                "default": one.rule.default,
                "scope": one.scope,
                "org_unit": one.rule.org_unit,
                "duration": one.rule.duration,
                "steps": list(one.steps),
                "lines": list(one.lines),
                "at_least_days": one.at_least,
                "at_least": one.reads,
            }
            for one in entries
        ],
        "before": list(BEFORE),
        "after": list(AFTER),
        "rules": [rule_document(rule) for rule in rules],
        "rules_file": as_yaml((*rules, *SWITCHES)),
        "simulation": simulation(rules, duties),
        **({} if page is None else {"page": page}),
    }


def _tenant(office: Office, tenant: Tenant, said: StatedRules | None, duties: Sequence[Duty]) -> dict[str, object]:
    last = newest(office.desk.store, tenant.id, office.desk.clock.now())
    if said is None or last is None:
        return {"statement": None, "reason": "vault_rules.not_stated", "rules": None, "simulation": None, "error": None}
    return {
        "statement": last.attestation.id,
        "reason": said.doubt,
        "rules": [rule_document(rule) for rule in said.rules],
        "simulation": simulation(said.rules, duties),
        "error": None,
    }


def _show(screen: Screen, entries: Sequence[Entry], stated: dict[str, StatedRules | None], duties: Sequence[Duty]) -> None:
    screen.say("Rules to enter in Google Vault. No interface sets them, so a person does.", "bold")
    for line in BEFORE:
        screen.say(f"- {line}")
    for number, one in enumerate(entries, start=1):
        screen.heading(f"{number}. {one.title}")
        screen.say(f"For {', '.join(one.lines)}; kept at least {one.reads}.", indent=2)
        for step in one.steps:
            screen.say(f"[ ] {step}", indent=2)
    screen.heading("Afterwards")
    for line in AFTER:
        screen.say(f"[ ] {line}")
    screen.heading("The file that states them")
    screen.raw(as_yaml((*rules_of(entries), *SWITCHES)))
    screen.heading("What these rules do")
    screen.table(COLUMNS, simulation_rows(rules_of(entries), duties))
    for tenant, said in stated.items():
        screen.heading(f"{tenant}: what is stated to be set" + (f" [{said.doubt}]" if said is not None and said.doubt else ""))
        if said is None:
            screen.say("Nobody has stated yet what is set.")
        else:
            screen.table(COLUMNS, simulation_rows(said.rules, duties))
