"""Where a sign-in is kept, which passphrase opens it, and what a call that signs in hands to the jobs of its process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from connectors import keeping
from connectors.base import Charge, Context
from connectors.errors import PermanentError
from connectors.microsoft365.signed_in import Person, Session
from policies.district import Tenant
from recordwarden.clock import SystemClock
from recordwarden.options import Options, from_environment
from recordwarden.sign_ins import SignIns

TENANT = Tenant.model_validate({"id": "m365", "platform": "microsoft365", "tenant_id": "t", "client_id": "c"})


class Still:
    def is_set(self) -> bool:
        return False


class Free:
    def spend(self, surface: str, method: str, charges: Sequence[Charge] = ()) -> None:
        """Nothing is counted."""


def context() -> Context:
    return Context(clock=SystemClock(), meter=Free(), stop=Still(), district="hrbrml01")


def session() -> Session:
    import msal

    cache: Any = vars(msal)["SerializableTokenCache"]()
    return Session(cache, Person(account="a@d.example", name="A", object_id="o", tenant_id="t"))


def secret(path: Path, words: str, mode: int = 0o600) -> Path:
    path.write_text(words, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_COST", {"n": 2**4, "r": 8, "p": 1})


def test_the_environment_names_a_file_or_systemd_does(tmp_path: Path) -> None:
    assert from_environment({}).credential_file is None
    assert from_environment({"CREDENTIALS_DIRECTORY": str(tmp_path)}).credential_file is None, "the unit was handed no such credential"
    secret(tmp_path / "recordwarden-passphrase", "x\n")
    given = from_environment({"CREDENTIALS_DIRECTORY": str(tmp_path), "RECORDWARDEN_PASSPHRASE_FILE": "/elsewhere"})
    assert (given.credential_file, given.passphrase_file) == (tmp_path / "recordwarden-passphrase", Path("/elsewhere"))


def test_it_lies_beside_the_store_one_file_a_tenant(tmp_path: Path) -> None:
    assert SignIns(Options(), tmp_path / "store.db").file(TENANT) == tmp_path / "store.sign-in-m365"


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600])
def test_a_credential_of_the_unit_opens_what_it_kept(tmp_path: Path, mode: int) -> None:
    """systemd lets the unit's user in by an ACL, and the mode then shows a group that can read."""
    options = Options(credential_file=secret(tmp_path / "recordwarden-passphrase", "of the unit\n", mode))
    keeper = SignIns(options, tmp_path / "store.db").keeper(TENANT, context())
    assert keeper is not None
    session().keep(keeper)
    again = SignIns(options, tmp_path / "store.db").session(TENANT, context())
    assert again is not None
    assert again.person.account == "a@d.example"


@pytest.mark.parametrize(("words", "mode", "code"), [("x\n", 0o644, "file.readable_by_others"), ("\n", 0o600, "file.empty")])
def test_a_credential_that_is_none_says_so(tmp_path: Path, words: str, mode: int, code: str) -> None:
    options = Options(credential_file=secret(tmp_path / "recordwarden-passphrase", words, mode))
    with pytest.raises(PermanentError) as caught:
        SignIns(options, tmp_path / "store.db").keeper(TENANT, context())
    assert caught.value.code == code


def test_the_passphrase_file_comes_first(tmp_path: Path) -> None:
    named, unit = secret(tmp_path / "named", "named\n"), secret(tmp_path / "recordwarden-passphrase", "unit\n")
    keeper = SignIns(Options(passphrase_file=named, credential_file=unit), tmp_path / "store.db").keeper(TENANT, context())
    assert keeper is not None
    session().keep(keeper)
    with pytest.raises(PermanentError) as caught:
        SignIns(Options(credential_file=unit), tmp_path / "store.db").session(TENANT, context())
    assert caught.value.code == "keeping.passphrase_wrong"


def test_what_was_signed_in_for_a_call_serves_its_jobs_and_is_nowhere_else(tmp_path: Path) -> None:
    first = SignIns(Options(), tmp_path / "store.db")
    first.memory["m365"] = held = session()
    job = SignIns(Options(), tmp_path / "store.db", first.memory)
    assert job.session(TENANT, context()) is held
    assert SignIns(Options(), tmp_path / "store.db").session(TENANT, context()) is None
    assert list(tmp_path.iterdir()) == []
    assert job.forget(TENANT, context())
    assert first.session(TENANT, context()) is None


def test_a_kept_sign_in_without_any_passphrase_is_told_each_time(tmp_path: Path) -> None:
    options = Options(passphrase_file=secret(tmp_path / "passphrase", "x\n"))
    keeper = SignIns(options, tmp_path / "store.db").keeper(TENANT, context())
    assert keeper is not None
    session().keep(keeper)
    shut = SignIns(Options(), tmp_path / "store.db")
    for _again in range(2):
        with pytest.raises(PermanentError) as caught:
            shut.session(TENANT, context())
        assert caught.value.code == "keeping.passphrase_needed"
