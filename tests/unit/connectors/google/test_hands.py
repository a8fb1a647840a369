"""One account that reads and another that writes: each is asked for what it uses, no more and no less, and the page has a section for each."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.examination import ReadCapability, WriteCapability
from connectors.google_workspace.grants import grant_script, unexamined
from connectors.google_workspace.operations import EDISCOVERY, LABELS_READ, ORG_UNITS, SCOPES, scopes_of
from policies.district import Credential, Credentials
from policies.kinds import Kind
from tests.unit.connectors.google.support import Bench, hold_wanted, make_matter, mark
from tests.unit.connectors.google.test_archives import some_group
from tests.unit.connectors.google.test_archives import wanted as archive_wanted
from tests.unit.connectors.google.test_labels import KEY
from tests.unit.connectors.google.test_labels import wanted as label_wanted

READER, WRITER = "it.director", "records.bot"


def apart(bench: Bench, **writer: object) -> dict[str, Any]:
    """Settings of a tenant in which the director's account reads and the service's writes; without ``subjects``, so that a token's user tells whose."""
    one = bench.tenant().credential
    assert one is not None
    sides = {side: one.model_copy(update={"subject": f"{name}@{bench.world.domain}"}) for side, name in (("read", READER), ("write", WRITER))}
    sides["write"] = sides["write"].model_copy(update=writer)
    return {"credential": None, "credentials": Credentials(**sides), "subjects": {}}


def asked(bench: Bench, name: str) -> set[str]:
    """The scopes of the tokens that were given for an account."""
    account = bench.state.addresses[f"{name}@{bench.world.domain}"]
    return {scope for token in bench.state.tokens.values() if token.user == account for scope in token.scopes}


def test_doctor_asks_each_for_everything_that_it_uses(bench: Bench) -> None:
    examination = bench.reader(**apart(bench)).examine()
    assert asked(bench, READER) == set(scopes_of(writing=False))
    assert asked(bench, WRITER) == set(scopes_of(writing=True))
    assert examination.refused == ()


def test_the_writer_uses_nothing_that_is_not_in_its_table(bench: Bench) -> None:
    settings = apart(bench)
    writer = bench.writer(**settings)
    matter = make_matter(bench, writer)
    unit = next(one for one in bench.state.org_units.values() if one.path != "/")
    writer.create(hold_wanted(scope="org_unit", org_unit=unit.id), mark("m-heron-mail"), matter)
    group, group_id = some_group(bench)
    writer.create(archive_wanted(group, group_id), mark("m-heron-archive"), None)
    writer.create(label_wanted(), mark(KEY), None)
    for kind in (Kind.GOOGLE_HOLD, Kind.GOOGLE_DRIVE_LABEL, Kind.GOOGLE_GROUP_ARCHIVE):
        bench.prover(**settings).prove(kind, mark("proof"))
    assert asked(bench, WRITER) == set(scopes_of(writing=True))
    assert asked(bench, READER) == set()


@pytest.mark.parametrize("scope", [ORG_UNITS, LABELS_READ, EDISCOVERY])
def test_what_the_writer_lacks_is_told_before_it_is_needed(bench: Bench, scope: str) -> None:
    bench.console("revoke_scope", scope=scope)
    bench.world.exchanges.clear()
    (refused,) = bench.reader(**apart(bench)).examine().refused
    assert refused.permission == scope
    assert scope in refused.next_step


@pytest.mark.parametrize(("writer", "code"), [({"subject": "left.long.ago@harbormill.example"}, "google.credential_refused"), (None, "credential.")])
def test_a_writing_account_that_is_refused_or_not_set_leaves_reading_whole(bench: Bench, writer: dict[str, object] | None, code: str) -> None:
    settings = apart(bench, **(writer or {}))
    if writer is None:
        settings["credentials"] = Credentials(read=settings["credentials"].read)
    found = {one.kind: one for one in bench.reader(**settings).examine().capabilities}
    assert (found[Kind.GOOGLE_HOLD].read, found[Kind.GOOGLE_HOLD].write) == (ReadCapability.FULL, WriteCapability.MISSING)
    assert (found[Kind.GOOGLE_HOLD].reason or "").startswith(code)


def sections(text: str) -> dict[str, str]:
    return {part.partition("\n")[0]: part for part in text.split("\n## ")[1:]}


def test_each_principal_has_its_own_section(bench: Bench) -> None:
    settings = apart(bench)
    tenant = bench.tenant(**settings)
    text = grant_script(bench.reader(**settings).examine(), tenant)
    found = sections(text)
    roles = {name: part for name, part in found.items() if name.startswith("Admin console > Account > Admin roles")}
    (reading,) = [part for name, part in roles.items() if READER in name]
    (writing,) = [part for name, part in roles.items() if WRITER in name]
    assert len(roles) == 2
    assert "REMOVE_HOLD" in writing
    assert "REMOVE_HOLD" not in reading
    assert "Organizational Units > Read" in writing
    assert "Users > Read" in reading
    assert len([name for name in found if "Domain-wide delegation" in name]) == 1, "one client has all of its scopes in one place"

    keys = Credentials(
        read=Credential(impersonate="reader@district.iam.gserviceaccount.com", subject="reads@d.example"),
        write=Credential(impersonate="writer@district.iam.gserviceaccount.com", subject="writes@d.example"),
    )
    found = sections(unexamined(tenant.model_copy(update={"credentials": keys}), ""))
    delegated = {name: part for name, part in found.items() if "Domain-wide delegation" in name}
    lines = {name.rpartition(", for ")[2]: part.split("\n    ")[1].partition("\n")[0] for name, part in delegated.items()}
    assert {name: set(line.split(",")) for name, line in lines.items()} == {
        "reads@d.example, who reads": set(scopes_of(writing=False)),
        "writes@d.example, who writes": set(scopes_of(writing=True)),
    }
    assert EDISCOVERY not in scopes_of(writing=False)


def test_what_has_to_be_there_is_printed_where_nobody_could_be_asked(bench: Bench) -> None:
    text = unexamined(bench.tenant(), "google.delegation_missing: the client may not act.")
    assert "Nothing could be tried" in text
    assert "the client may not act." in text
    assert ",".join(SCOPES) in text
    whole = grant_script(bench.reader().examine(), bench.tenant())
    assert text.partition("## In the Google Cloud console")[2] == whole.partition("## In the Google Cloud console")[2]
