"""What a statement of Vault's rules says of one source: the worst of all readings, with its officer, its day, and what the log says to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from policies.kinds import Workload
from policies.vault_rules import AtTheEnd, Service, VaultRule
from recordwarden.coverage import Coverage, Protected, with_statement
from recordwarden.stated import StatedOf, document, reason, worst_fate
from sync.registers.attestations import Attestation, AttestationState

MADE = Attestation(
    id="a7", subject="vault-rules/google", officer="custodian", made_at=datetime(2027, 1, 10, tzinfo=UTC), until=datetime(2027, 7, 1, tzinfo=UTC),
    state=AttestationState.VALID, evidence=(), rules=b"", consistent_with=("e1",), overtaken_by=(), seq=7,
)


def rule(duration: str, action: str, service: Service = Service.MAIL, **more: object) -> VaultRule:
    body = {"service": service, "default": "org_unit" not in more, "duration": duration, "action": AtTheEnd(action), **more}
    return VaultRule.model_validate(body)


KEEPS = rule("indefinite", "keep")
STATED = StatedOf(made=MADE, rules=(KEEPS,), doubt=None, changed_at=None)


def said(stated: StatedOf, source: Workload = Workload.MAIL, unit: str | None = "/Staff") -> str:
    return reason(stated, worst_fate(stated, source, unit))


def test_it_names_what_who_when_and_what_the_log_says() -> None:
    text = "vault_rules.stated: kept for ever from created, as stated by custodian on 2027-01-10, good until 2027-07-01; "
    assert said(STATED) == text + "consistent with the log"
    alone = replace(STATED, made=replace(MADE, consistent_with=()))
    assert said(alone) == text + "the log shows no look at the rules by that account before"


def test_a_shorter_rule_for_the_unit_beats_the_longer_default() -> None:
    """A custom rule switches the default off for what it covers (G§2.3)."""
    both = replace(STATED, rules=(KEEPS, rule("30 days", "purge_all", org_unit="/Staff")))
    assert said(both).startswith("vault_rules.stated: kept 30 days from created, and Vault purges after 30 days")
    assert said(both, unit="/Board").startswith("vault_rules.stated: kept for ever")


def test_a_chat_is_kept_only_where_spaces_are_too() -> None:
    people = replace(STATED, rules=(rule("indefinite", "keep", Service.HANGOUTS_CHAT, org_unit="/Staff"),))
    assert said(people, Workload.CHAT).startswith("vault_rules.none: no rule keeps it, as stated by custodian")


@pytest.mark.parametrize(
    ("doubt", "text"),
    [
        ("vault_rules.overtaken", "vault_rules.overtaken: custodian's statement of 2027-01-10 was overtaken by a change on 2027-02-03"),
        ("vault_rules.expired", "vault_rules.expired: custodian's statement of 2027-01-10, good until 2027-07-01, is not believed now"),
    ],
)
def test_what_is_not_believed_says_so_and_nothing_else(doubt: str, text: str) -> None:
    doubted = replace(STATED, doubt=doubt, changed_at=datetime(2027, 2, 3, tzinfo=UTC))
    assert said(doubted) == text
    shown = document(doubted, worst_fate(doubted, Workload.MAIL, "/Staff"))
    assert (shown["kept"], shown["rules"], shown["doubt"]) == (None, [], doubt)


def test_a_statement_protects_nothing_and_a_hold_stays_a_hold() -> None:
    bare = Coverage(person="p", tenant="google", account="p@d.example", source=Workload.MAIL, protected=Protected.UNKNOWN)
    untold = replace(bare, reason="google.vault_rule: vault_rules.no_api")
    unread = replace(bare, reason="google.hold: google.permission_denied")
    held = replace(bare, protected=Protected.YES, until="released")
    first, second, third = with_statement((untold, unread, held), STATED, "/Staff")
    assert (first.protected, first.until) == (Protected.UNKNOWN, None)
    assert str(first.reason).startswith("vault_rules.stated")
    assert second.reason == unread.reason, "what was not read comes before what was stated"
    assert (third.protected, third.reason) == (Protected.YES, None)
    assert {one.stated is None for one in (first, second, third)} == {False}
    assert with_statement((untold,), None, "/Staff") == (untold,)
