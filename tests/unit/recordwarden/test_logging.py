"""The daemon's log: a JSON object a line at the district's time, and no credential in it."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime

from policies.problems import Problem, Severity
from recordwarden.daemon import told
from recordwarden.logging import Bridge, json_log

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"  # made up, and shaped like a token


class Clock:
    def now(self) -> datetime:
        return AT

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


def test_a_line_says_when_who_and_what_and_shows_no_credential() -> None:
    stream = io.StringIO()
    json_log(stream, Clock(), district="abcd1234").warning("job.ended", words=f"refused client_secret=hunter2secret {JWT}", job=3)
    assert json.loads(stream.getvalue()) == {
        "at": "2026-03-01T12:00:00Z",
        "district": "abcd1234",
        "event": "job.ended",
        "job": 3,
        "level": "warning",
        "words": "refused client_secret=[removed] [removed]",
    }


def test_what_a_library_says_names_the_error_and_keeps_its_values_back() -> None:
    stream = io.StringIO()
    bridge = Bridge(json_log(stream, Clock()))
    failure = ValueError("confidential")
    told = (ValueError, failure, None)
    bridge.handle(logging.getLogger("apscheduler").makeRecord("apscheduler", logging.ERROR, "f", 1, "Job %s raised", ("x",), told))
    line = json.loads(stream.getvalue())
    assert (line["library"], line["error"], line["words"]) == ("apscheduler", "ValueError", "Job %s raised")
    assert "confidential" not in stream.getvalue()


def test_a_problem_is_logged_by_code_cloud_and_subject_and_never_by_its_words() -> None:
    stream = io.StringIO()
    words = "A hold named Doe against the Board was seen."
    found = Problem(code="hold.nobody", severity=Severity.INFO, tenant="google", subject="h-1", message=words, next_step="Ask Doe.")
    told(json_log(stream, Clock()), found, job=4)
    assert json.loads(stream.getvalue()) == {
        "at": "2026-03-01T12:00:00Z", "code": "hold.nobody", "event": "problem", "job": 4, "level": "info", "subject": "h-1", "tenant": "google",
    }  # fmt: skip
