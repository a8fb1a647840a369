"""Every command: its words, what it does in one line, and the function that does it. Nothing of it is imported before it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command. ``does`` is MODULE:FUNCTION below ``recordwarden.cli``."""

    does: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Commands of two words that share the first."""

    help: str
    commands: Mapping[str, Entry]


TABLE: Mapping[str, Entry | Family] = {
    "init": Entry(does="init:init", help="Begin a district folder: a short interview, then district.yaml and policy.yaml."),
    "check": Entry(does="check:check", help="Check the district folder without asking any network."),
    "doctor": Entry(does="doctor:doctor", help="What each tenant allows, kind by kind, and the reason for each no."),
    "login": Entry(does="login:login", help="Sign an administrator in, for what Microsoft offers to signed-in people only."),
    "inventory": Entry(does="inventory:inventory", help="What deletes today, which holds exist, what could not be read."),
    "plan": Entry(does="plan:plan", help="What was changed outside Recordwarden, and what a run would do. Changes nothing."),
    "drift": Entry(does="drift:drift", help="What was changed outside Recordwarden. Changes nothing."),
    "sync": Entry(does="sync:sync", help="Do what may run unattended or is approved, holds first."),
    "propose": Entry(does="approvals:propose", help="Put an officer behind a plan."),
    "approve": Entry(does="approvals:approve", help="Sign a yes to changes, by their ids."),
    "reject": Entry(does="approvals:reject", help="Sign a no to changes, by their ids."),
    "approvals": Entry(does="approvals:approvals", help="What waits for officers, and what they said."),
    "apply": Entry(does="apply:apply", help="Run exactly one approved plan, or none of it."),
    "by-hand": Entry(does="by_hand:by_hand", help="A plan or a hold as a person carries it out: console steps and command lines."),
    "verify": Entry(does="verify:verify", help="What of a plan was done by hand, as the tenants show it."),
    "console-settings": Entry(does="console_settings:console_settings", help="The retention rules to enter in the Vault console, screen by screen."),
    "take-over": Entry(does="take_over:take_over", help="Take somebody else's object into our care, by its vendor's id."),
    "attest": Entry(does="attest:attest", help="Sign a dated statement about what no interface shows."),
    "attestations": Entry(does="attest:attestations", help="Statements, and which of them still stand."),
    "series": Family(
        help="Rows of the retention schedule.",
        commands={"confirm": Entry(does="series:confirm", help="Sign that rows agree with the official schedule.")},
    ),
    "hold": Family(
        help="Legal holds.",
        commands={
            "open": Entry(does="hold_open:open_", help="Open a matter from its order and hold everybody in it at once."),
            "add": Entry(does="hold_open:add", help="Add people to an open matter."),
            "former": Entry(does="hold_former:former", help="Mark people as former. They stay on hold."),
            "release": Entry(does="hold_release:release", help="Take a matter, or people, off hold: asked for, approved by two, waited for, done."),
            "status": Entry(does="hold_status:status", help="Who and what is held, and since when."),
        },
    ),
    "explain": Entry(does="explain:explain", help="What protects a person's records, source by source."),
    "report": Family(
        help="Reports.",
        commands={"board": Entry(does="report:board", help="The month's report for the board.")},
    ),
    "journal": Family(
        help="The record of everything that was meant, done, seen and signed.",
        commands={
            "verify": Entry(does="journal:verify", help="Check the whole chain, here or in an exported file."),
            "export": Entry(does="journal:export", help="Write the chain as JSON Lines."),
            "head": Entry(does="journal:head", help="Where the chain ends: the line to keep elsewhere."),
            "erase": Entry(does="journal_erase:erase", help="Erase a person's confidential values, with two officers."),
        },
    ),
    "status": Entry(does="status:status", help="How everything stands; the exit code says the worst."),
    "serve": Entry(does="serve:serve", help="Run as a daemon: sync and look after holds, by the clock."),
    "work": Entry(does="work:work", help="Do the work that is due, once, and end."),
    "officer": Family(
        help="Officers.",
        commands={"keygen": Entry(does="officer:keygen", help="Make an officer's key.")},
    ),
    "sandbox": Family(
        help="Two emulated tenants with made-up data, for trying and training.",
        commands={
            "start": Entry(does="sandbox:start", help="Serve both tenants on this machine."),
            "stop": Entry(does="sandbox:stop", help="End a sandbox that runs in the background."),
            "advance": Entry(does="sandbox:advance", help="Move the sandbox's time forward."),
            "console": Entry(does="sandbox:console", help="Do what an administrator does in a vendor's console."),
        },
    ),
}
