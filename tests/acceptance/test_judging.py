"""What the program sends and is answered is judged by the vendors' own schemas, in both clouds, and a wrong exchange fails the test that caused it."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request

import pytest

from tests.acceptance.rehearsal import District, serving


def test_a_wrong_request_fails_the_test_that_sent_it(tiny: District) -> None:
    sandbox = tiny.sandbox
    assert sandbox is not None
    assert sandbox in serving()
    assert sandbox.door("/switches")["validate"] == "on"  # Google's discovery documents and Graph's models alike (tests/unit/sandbox)
    sandbox.judged()
    trust = ssl.create_default_context(cafile=str(sandbox.folder / "ca.pem"))
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{sandbox.told['base_url']}/vault/v1/retentionRules", context=trust, timeout=30)
    with pytest.raises(AssertionError, match="retentionRules"):
        sandbox.judged()
    sandbox.judged()  # told once: the next test has nothing to do with it
