"""Sending one letter from one mailbox: what is sent, what each refusal is called, and what can be told beforehand."""

from __future__ import annotations

import json

import pytest

from connectors.errors import ConnectorError, PermanentError, TransientError, UnknownOutcomeError
from connectors.mailing import Courier, Letter
from sandbox.microsoft.state import tenant_of
from tests.unit.connectors.microsoft.support import Bench

SENDER = "records.office@harbormill.example"
LETTER = Letter(to="counsel@castellane-law.example", subject="1 person on hold is at risk", text="Matter kqxv2mrw.\nSee hold status.\n")


def courier(bench: Bench, sender: str = SENDER) -> Courier:
    return bench.connector(accepted=False).courier(bench.tenant, bench.context(), sender)


def refused(bench: Bench, sender: str = SENDER) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        courier(bench, sender).carry(LETTER)
    return caught.value


def test_a_letter_goes_out_as_plain_text_once_and_without_a_copy(bench: Bench) -> None:
    courier(bench).carry(LETTER)
    (mail,) = tenant_of(bench.world).sent
    assert (mail.sender, mail.to, mail.saved) == (SENDER, (LETTER.to,), False)
    assert mail.message["subject"] == LETTER.subject
    assert mail.message["body"] == {"contentType": "Text", "content": LETTER.text}
    (asked,) = [one for one in bench.asked("graph") if one.method == "POST"]
    assert set(json.loads(asked.request)) == {"message", "saveToSentItems"}
    assert bench.meter.plain()["graph"] == {"POST": 1}, "counted like every request"


def test_what_a_person_can_do_about_each_refusal(bench: Bench) -> None:
    assert refused(bench, "nobody@harbormill.example").code == "mail.no_mailbox"
    bench.switch(mail_senders="somebody.else@harbormill.example")
    error = refused(bench)
    assert (error.code, type(error)) == ("mail.forbidden", PermanentError)
    assert "--grant-script" in error.next_step


def test_nothing_is_tried_twice_inside(bench: Bench) -> None:
    operation = "POST /users/{user}/sendMail"
    bench.fault("graph", operation, status=429, headers={"Retry-After": "120"})
    error = refused(bench)
    assert isinstance(error, TransientError)
    assert error.retry_after == 120
    assert bench.clock.slept == [], "whoever keeps the letters says when to try again"
    bench.fault("graph", operation, status=504, when="after")
    assert isinstance(refused(bench), UnknownOutcomeError)
    assert len(tenant_of(bench.world).sent) == 1, "the lost answer was a yes, and no second message went out"


def test_what_can_be_told_without_sending(bench: Bench) -> None:
    assert courier(bench).ready().can_send is True
    gone = courier(bench, "nobody@harbormill.example").ready()
    assert gone.can_send is False
    assert gone.reason is not None
    assert gone.reason.startswith("mail.no_mailbox: ")
    bench.switch(missing_roles="Mail.Send")
    hidden = courier(bench).ready()
    assert hidden.can_send is None, "Exchange's own grants show in no token"
    assert hidden.reason is not None
    assert hidden.reason.startswith("mail.not_shown: ")
    assert tenant_of(bench.world).sent == []
