"""An account that has another address since is known by its id: members of holds and policies stand under the address of today."""

from __future__ import annotations

from dataclasses import replace

from connectors.microsoft365.holds import hold_from
from connectors.microsoft365.policies import Beside, family
from connectors.microsoft365.renaming import current
from policies.kinds import Kind
from policies.resources import Force, Live
from tests.unit.connectors.microsoft.support import DISTRICT, Bench, keeping, mark

GUID = "2d0a3c11-4a67-4a0e-8a43-55a4c6c0e101"


def test_a_policy_shows_a_renamed_person_under_the_new_address(bench: Bench) -> None:
    first, second = bench.people("teacher", 2)
    writer = bench.writer()
    made = writer.create(keeping(frozenset({f"exchange:{first}", f"exchange:{second}"})), mark("keep-r1-1"), None)
    all_but_one = replace(keeping(frozenset({"exchange:All"}), exceptions=(f"exchange:{first}",)), name="Recordwarden keep-r2-1")
    everybody = writer.create(all_but_one, mark("keep-r2-1"), None)
    bench.act("rename_user", user=first, to=f"renamed@{bench.tenant.domain}")

    def seen(vendor_id: str) -> Live:
        reader = bench.reader()
        reader.roster()
        return next(one for one in reader.snapshot({Kind.M365_RETENTION_POLICY}).resources if one.vendor_id == vendor_id)

    assert seen(made.vendor_id).members == {f"exchange:renamed@{bench.tenant.domain}", f"exchange:{second}"}
    assert seen(everybody.vendor_id).fields["exceptions"] == (f"exchange:renamed@{bench.tenant.domain}",)


def test_what_a_policy_says_of_a_place_under_its_old_address_is_said_of_the_person() -> None:
    place = {"Name": "mia@d.example", "ImmutableIdentity": GUID.upper()}
    row: dict[str, object] = {
        "Name": "p", "Guid": "g", "Enabled": True, "DistributionStatus": "Error", "ExchangeLocation": [place, {"Name": "leo@d.example"}],
        "SharePointLocation": [], "OneDriveLocation": [], "ModernGroupLocation": [], "DistributionResults": ["[Exchange]mia@d.example:gone"],
    }  # fmt: skip
    (live,) = family([row], [], DISTRICT, lambda _row: None, Beside(mailboxes={GUID: "mia.cole@d.example"})).policies
    assert live.members == {"exchange:mia.cole@d.example", "exchange:leo@d.example"}
    assert {member: state.error for member, state in live.member_states.items()} == {"exchange:mia.cole@d.example": "gone"}


def source(word: str, **more: object) -> dict[str, object]:
    return {"id": GUID, "email": "mia@d.example", "holdStatus": word, **more}


def hold(*users: dict[str, object]) -> Live:
    row: dict[str, object] = {"id": "h", "displayName": "h", "isEnabled": True, "errors": []}
    live = hold_from(row, list(users), [], case_id="c", made_by_us=None)
    assert live is not None
    return live


def test_the_mailbox_that_somebody_left_counts_as_held_when_one_of_its_two_rows_says_so() -> None:
    twin = source("applied", id=f"{'00000000-0000-0000-0000-000000000000'}.mia@d.example", displayName=".mia@d.example")
    live = current(hold(source("notApplied"), twin), {GUID: ".mia@d.example"})
    assert live.members == {"mail:.mia@d.example"}
    assert live.member_states["mail:.mia@d.example"].force is Force.APPLIED


def test_a_source_of_nobody_we_know_stays_as_it_is_shown() -> None:
    live = hold(source("applied"))
    assert current(live, {"another": "x@d.example"}) is live
