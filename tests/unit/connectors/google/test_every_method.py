"""Every Vault method that we use with every corpus and both scopes, judged by Google's own document; and nothing here knows a method for retention."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from googleapiclient.discovery_cache import get_static_doc

from connectors.base import MemberOutcome
from connectors.errors import PermanentError
from connectors.google_workspace.http import Session
from connectors.google_workspace.operations import EVERY, MATTERS_DELETE, Surface
from connectors.google_workspace.vault import ALL_OPTIONS, CORPUS_OF, WITH_TERMS
from connectors.google_workspace.wire import unit_id
from policies.kinds import Kind
from policies.resources import Live, Ref, Wanted
from tests.unit.connectors.google.support import VAULT, Bench, hold_wanted, make_hold, make_matter, mark, matter_wanted, read

VAULT_METHODS = {operation.method for operation in EVERY if operation.surface is Surface.VAULT}
CORPORA = sorted(CORPUS_OF.values())
SCOPES = ("accounts", "org_unit")
ROOT = Path(__file__).parents[4]


def wanted(bench: Bench, corpus: str, scope: str, *, narrowed: bool) -> Wanted:
    unit = bench.state.unit("/Staff")
    assert unit is not None
    fields: dict[str, Any] = {"options": ALL_OPTIONS.get(corpus, ()) if not narrowed or corpus == "VOICE" else ()}
    if narrowed and corpus in WITH_TERMS:
        fields |= {"terms": "levy", "start": "2024-01-01", "end": "2024-03-02"}
    if scope == "org_unit":
        fields |= {"scope": "org_unit", "org_unit": unit_id(unit.id)}
    return hold_wanted(corpus=corpus, **fields)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("corpus", CORPORA)
def test_every_vault_method_with_every_corpus_and_scope(bench: Bench, corpus: str, scope: str) -> None:
    writer, reader = bench.writer(), bench.reader()
    matter = make_matter(bench, writer)
    narrow, wide = wanted(bench, corpus, scope, narrowed=True), wanted(bench, corpus, scope, narrowed=False)
    if corpus == "GROUPS" and scope == "org_unit":
        with pytest.raises(PermanentError) as caught:  # G§1.4: the groups corpus takes no unit
            make_hold(writer, matter, narrow)
        assert caught.value.code == "google.invalid"
        return
    hold = make_hold(writer, matter, narrow)
    assert read(reader, hold).fields == narrow.fields
    writer.set(hold, wide, mark(wide.key), frozenset({"options", "terms", "start", "end"}))
    live = read(reader, hold)
    assert live.fields == wide.fields
    if scope == "accounts":
        everybody = sorted(bench.state.groups)[:2] if corpus == "GROUPS" else [bench.account(0), bench.account(1)]
        answers = writer.add(hold, frozenset(f"account:{one}" for one in everybody), live).members
        assert answers == tuple(MemberOutcome(member=f"account:{one}", vendor_id=one) for one in sorted(everybody))
        assert read(reader, hold).members == {f"account:{one}" for one in everybody}
        writer.retry(hold)
    else:
        with pytest.raises(PermanentError):
            writer.add(hold, frozenset({f"account:{bench.account(0)}"}), live)
    writer.set(matter, matter_wanted(description="Other words."), mark("m-heron"), frozenset({"description"}))
    _released_deleted_and_back(bench, matter, hold)
    writer.set(matter, matter_wanted(), mark("m-heron"), frozenset({"state"}))
    assert [one.vendor_id for one in bench.reader().snapshot(VAULT).of(Kind.GOOGLE_MATTER) if one.vendor_id == matter.vendor_id]
    read(reader, matter)
    seen = {one.operation.removeprefix("vault.") for one in bench.world.exchanges if one.surface == "vault" and one.status == 200}
    assert seen == VAULT_METHODS - ({"matters.holds.addHeldAccounts", "matters.holds.removeHeldAccounts"} if scope == "org_unit" else set())


def _released_deleted_and_back(bench: Bench, matter: Ref, hold: Ref) -> None:
    """What the releaser alone does, and then the prover: one account off, the hold ended, its matter closed, and in the trash."""
    releaser = bench.releaser()
    live = read(bench.reader(), hold)
    if live.members:
        receipt = releaser.remove(hold, frozenset({min(live.members)}), live)
        assert [one.error for one in receipt.members] == [None]
    releaser.end(hold, live)
    releaser.end(matter, read(bench.reader(), matter))
    session = Session(bench.tenant(), bench.context(), writing=True)
    session.call(MATTERS_DELETE, matterId=matter.vendor_id)
    session.close()


def test_the_corpora_are_those_that_vault_can_hold() -> None:
    schema = json.loads(get_static_doc("vault", "v1"))["schemas"]["CorpusQuery"]["properties"]  # type: ignore[no-untyped-call]  # ships no types
    assert len(CORPORA) == len(schema)
    assert {re.sub(r"(?<!^)([A-Z])", r"_\1", name.removesuffix("Query")).upper() for name in schema} == set(CORPORA)


INVENTED = re.compile(r"(?i)retention_?(?:policies|rules|policy|rule)s?\s*(?:\(\)|\.)\s*\.?(?:create|list|get|update|patch|delete|insert)|matters[./]retention|v1/retention")
"""A Vault method for retention, in any spelling: as a call, as a dotted name or as a path. There is none (G§0)."""


def test_no_code_names_a_vault_method_for_retention() -> None:
    assert INVENTED.search("service.matters().retentionPolicies().create(body=x)")
    assert INVENTED.search('Operation(method="matters.retentionRules.list")')
    sources = [path for package in ("connectors", "sync", "recordwarden", "policies", "reports", "sandbox") for path in (ROOT / package).rglob("*.py")]
    assert len(sources) > 100
    assert [str(path.relative_to(ROOT)) for path in sources if INVENTED.search(path.read_text(encoding="utf-8"))] == []
    document = json.loads(get_static_doc("vault", "v1"))  # type: ignore[no-untyped-call]  # ships no types
    assert "retention" not in json.dumps(list(_methods(document["resources"]))).lower()
    assert not [operation.method for operation in EVERY if "retention" in operation.method.lower()]


def _methods(resources: dict[str, Any]) -> list[str]:
    found = [method["id"] for one in resources.values() for method in one.get("methods", {}).values()]
    return found + [name for one in resources.values() for name in _methods(one.get("resources", {}))]


def test_a_live_hold_is_never_asked_for_account_by_account(bench: Bench) -> None:
    writer = bench.writer()
    hold = make_hold(writer, make_matter(bench, writer))
    live: Live = read(bench.reader(), hold)
    writer.add(hold, frozenset(f"account:{bench.account(number)}" for number in range(5)), live)
    bench.reader().snapshot(VAULT)
    assert not [one.operation for one in bench.world.exchanges if ".holds.accounts." in one.operation]
