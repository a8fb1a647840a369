"""A Drive label disabled by the releaser, over the wire: at the revision that was looked at, never one that a rule uses, never another's or another's draft."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import ConnectorError, PermanentError, UnknownOutcomeError
from policies.kinds import Kind
from policies.resources import Live, Ref
from sandbox.google.labels import Label
from tests.unit.connectors.google.support import Bench, mark
from tests.unit.connectors.google.test_labels import KEY, made

DISABLE = "drivelabels.labels.disable"


def label_of(bench: Bench, ref: Ref) -> Label:
    """The label as the sandbox has it, behind everybody's back."""
    return bench.state.labels[ref.vendor_id]


def sent(bench: Bench) -> list[Any]:
    return [json.loads(one.request or "{}") for one in bench.world.exchanges if one.operation == DISABLE]


def again(bench: Bench, ref: Ref) -> Live:
    live = bench.reader().read_back(ref)
    assert live is not None
    return live


def test_it_is_not_offered_any_more_and_stays_where_it_is_and_is_found(bench: Bench) -> None:
    ref, live = made(bench)
    people, words = dict(label_of(bench, ref).permissions), dict(label_of(bench, ref).latest.properties)
    receipt = bench.releaser().end(ref, live)
    label = label_of(bench, ref)
    assert (label.state, label.disabled_policy) == ("DISABLED", {"hideInSearch": False, "showInApply": False})
    assert (dict(label.permissions), dict(label.latest.properties)) == (people, words)
    assert (receipt.vendor_id, receipt.accepted_at) == (ref.vendor_id, bench.clock.now())
    (body,) = sent(bench)
    assert body["writeControl"] == {"requiredRevisionId": json.loads(live.raw)["revisionId"]}
    assert again(bench, ref).fields["state"] == "disabled"
    assert bench.seen("drivelabels.labels.delete") == 0


def test_what_is_disabled_already_is_as_good_as_done(bench: Bench) -> None:
    ref, live = made(bench)
    bench.console("disable_label", label=ref.vendor_id)
    bench.releaser().end(ref, live)
    assert not sent(bench)


def edited(bench: Bench, ref: Ref) -> None:
    bench.console("edit_label", label=ref.vendor_id, description=f"Letters. {mark(KEY)}")


def drafted(bench: Bench, ref: Ref) -> None:
    label = label_of(bench, ref)
    label.revisions.append(label.latest.next("draft001", bench.clock.now(), "1"))


def unmarked(bench: Bench, ref: Ref) -> None:
    properties = label_of(bench, ref).latest.properties
    assert isinstance(properties, dict)
    properties["description"] = "Somebody's."


@pytest.mark.parametrize("meanwhile", [edited, drafted, unmarked])
def test_one_that_is_another_than_was_looked_at_is_left(bench: Bench, meanwhile: Callable[[Bench, Ref], None]) -> None:
    ref, live = made(bench)
    meanwhile(bench, ref)
    with pytest.raises(PermanentError, match="not as it was looked at") as raised:
        bench.releaser().end(ref, live)
    assert raised.value.code == "release.changed"
    assert not sent(bench)
    assert label_of(bench, ref).state == "PUBLISHED"


@pytest.mark.parametrize("part", ["label", "field"])
def test_one_that_a_rule_uses_is_left_also_where_only_its_date_is_what_the_rule_counts_from(bench: Bench, part: str) -> None:
    ref, _ = made(bench)
    (field,) = label_of(bench, ref).latest.fields
    bench.console("lock_label", label=ref.vendor_id, **({"field": field.id} if part == "field" else {}))
    live = again(bench, ref)
    assert live.fields["locked"] is True
    with pytest.raises(PermanentError) as raised:
        bench.releaser().end(ref, live)
    assert raised.value.code == "release.label_locked"
    assert not sent(bench)


def test_what_happens_between_our_look_and_the_call_google_itself_refuses(bench: Bench) -> None:
    """A rule's lock, and a revision that somebody published: the call is refused, and the label stays as it is."""
    ref, live = made(bench)
    stale = json.loads(live.raw)
    releaser = bench.releaser()
    label = label_of(bench, ref)
    session = releaser._session
    call = session.call

    def late(operation: Any, **given: Any) -> Any:
        if operation.method == "labels.disable":
            label.revisions.append(replace(label.latest, id="newer001"))
        return call(operation, **given)

    session.call = late  # type: ignore[method-assign]  # somebody is quicker than the request
    with pytest.raises(ConnectorError) as raised:
        releaser.end(ref, live)
    assert raised.value.code == "google.failed_precondition"
    assert (label.state, sent(bench)[0]["writeControl"]["requiredRevisionId"]) == ("PUBLISHED", stale["revisionId"])


def test_a_lost_answer_is_unknown_and_asking_again_finds_it_done(bench: Bench) -> None:
    ref, live = made(bench)
    bench.fault("drivelabels", DISABLE, "status", "after")
    releaser = bench.releaser()
    with pytest.raises(UnknownOutcomeError):
        releaser.end(ref, live)
    assert label_of(bench, ref).state == "DISABLED"
    releaser.end(ref, live)
    assert len(sent(bench)) == 1


def test_nobody_is_taken_off_a_label(bench: Bench) -> None:
    ref, live = made(bench)
    with pytest.raises(PermanentError) as raised:
        bench.releaser().remove(ref, frozenset({"applier:All"}), live)
    assert (raised.value.code, ref.kind) == ("kind.not_written", Kind.GOOGLE_DRIVE_LABEL)
