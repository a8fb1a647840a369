from __future__ import annotations

import pytest

from connectors.redact import redact

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIE\nabc\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"token {JWT} refused", "token [removed] refused"),
        (f"key {PEM} refused", "key [removed] refused"),
        ("cut -----BEGIN RSA PRIVATE KEY-----\nMIIE", "cut [removed]"),
        (r'{"private_key":"-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----\n"}', '{"private_key":[removed]}'),
        ("client_secret=abc~123&x=1", "client_secret=[removed]&x=1"),
        ('{"client_secret": "a b"}', '{"client_secret": [removed]}'),
        ("Authorization: Bearer abcdefgh12345", "Authorization: Bearer [removed]"),
        ("ya29.A0ARr-x_y used", "[removed] used"),
        ("refused 1.AXEAq0rT-c9b_made-up-and-long-enough.AgABAwEAAADW x", "refused [removed] x"),
        ("code 0.AXEAmade_up_and_long_enough0000 used twice", "code [removed] used twice"),
        ("device CAQABAAEAAADmadeup_0123 unknown", "device [removed] unknown"),
        ("1//0gmade-up_and_long_enough_to_be_one", "[removed]"),
        ("device_code=abc&client_id=x&code_verifier=v-1", "device_code=[removed]&client_id=x&code_verifier=[removed]"),
        ('{"secret": "opaque", "target": "a"}', '{"secret": [removed], "target": "a"}'),
        ("a secret: ask counsel; version 1.A5 and 0.9.1 of the tool", "a secret: ask counsel; version 1.A5 and 0.9.1 of the tool"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_what_is_shaped_like_a_credential_goes(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_what_the_process_holds_goes_longest_first_and_short_words_stay() -> None:
    assert redact("opaque-token-1 opaque-token", ("opaque-token", "opaque-token-1", "on", "")) == "[removed] [removed]"


def test_redacting_twice_changes_nothing() -> None:
    once = redact(f"client_secret=abc Bearer abcdefgh12345 {JWT}")
    assert redact(once) == once
