"""``deliveries``: who is told of what and by which way; what is wrong with them stands at its line, with the nearest known name."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.district import Subject, Way
from tests.unit.policies.folders import DISTRICT, load, only, problems_of

MAIL = "{to: custodian, by: mail, tenant: m365, from: records@elm.example, about: [hold, approvals]}"
PAGER = "{to: custodian, by: apprise, url_file: secrets/pager.url}"


def with_deliveries(*entries: str) -> str:
    return DISTRICT + "deliveries:\n" + "".join(f"  - {entry}\n" for entry in entries)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "pager.url").write_text("jsons://relay.example/alarm\n", encoding="utf-8")
    (tmp_path / "secrets" / "pager.url").chmod(0o600)
    return tmp_path


def test_mail_and_a_pager(home: Path) -> None:
    mail, pager = load(home, district=with_deliveries(MAIL, PAGER)).district.deliveries
    assert (mail.to, mail.by, mail.tenant, mail.sender) == ("custodian", Way.MAIL, "m365", "records@elm.example")
    assert mail.about == (Subject.HOLD, Subject.APPROVALS)
    assert pager.url_file == Path("secrets/pager.url"), "as written: the guarded value must outlive a folder that moves"
    assert pager.about == tuple(Subject), "everything, unless somebody says less"
    assert len({mail.name, pager.name}) == 2


@pytest.mark.parametrize(
    ("entry", "code", "says", "at"),
    [
        (MAIL.replace("custodian", "custodan"), "delivery.unknown_officer", "did you mean 'custodian'?", "custodan"),
        (MAIL.replace("m365", "m36"), "delivery.unknown_tenant", "did you mean 'm365'?", "m36,"),
        (MAIL.replace("m365", "google"), "delivery.platform", "google sends no mail", "google,"),
        (MAIL.replace("approvals", "aprovals"), "folder.value", "did you mean 'approvals'?", "aprovals"),
        (MAIL.replace("by: mail", "by: male"), "folder.value", "did you mean 'mail'?", "male"),
        (MAIL.replace("tenant: m365, ", ""), "delivery.incomplete", "lacks 'tenant'", "{to"),
        (MAIL.replace("from: records@elm.example, ", ""), "delivery.incomplete", "lacks 'from'", "{to"),
        (MAIL.replace("records@elm.example", "records"), "folder.value", "'records' is not one address, such as name@district.example", "records"),
        (PAGER.replace(", url_file: secrets/pager.url", ""), "delivery.incomplete", "lacks 'url_file'", "{to"),
        (PAGER.replace("}", ", tenant: m365}"), "delivery.incomplete", "'tenant' says nothing", "m365"),
        (PAGER.replace("pager.url", "page.url"), "file.missing", "page.url is not there", "secrets"),
        (PAGER.replace("}", ", abuot: [hold]}"), "folder.unknown_key", "did you mean 'about'?", "abuot"),
        (PAGER.replace("}", ", about: []}"), "folder.value", "at least 1 item", "about"),
    ],
)
def test_one_clear_error_at_its_line(home: Path, entry: str, code: str, says: str, at: str) -> None:
    text = with_deliveries(entry)
    problem = only(problems_of(home, district=text))
    assert problem.code == code
    assert says in problem.message
    assert problem.where is not None
    assert Path(problem.where.file).name == "district.yaml"
    line = text.splitlines()[(problem.where.line or 0) - 1]
    assert at in line
    assert problem.where.line == len(text.splitlines())


def test_an_url_file_that_others_can_read_is_an_error(home: Path) -> None:
    (home / "secrets" / "pager.url").chmod(0o640)
    problem = only(problems_of(home, district=with_deliveries(PAGER)))
    assert problem.code == "file.readable_by_others"
    assert "chmod 600" in problem.next_step


def test_nobody_is_told_twice_by_the_same_way(home: Path) -> None:
    problem = only(problems_of(home, district=with_deliveries(MAIL, MAIL.replace("approvals", "jobs"))))
    assert problem.code == "folder.twice"
