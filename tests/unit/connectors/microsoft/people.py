"""Somebody in front of a browser, or with a code in hand: what a person does on the sign-in pages (docs/wire/delegated.md §1, §2)."""

from __future__ import annotations

import html
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from connectors.microsoft365.sign_in import Invitation
from tests.unit.connectors.microsoft.support import Bench

_FIELD = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
_FORM = re.compile(r'action="([^"]*)"')


@dataclass(slots=True)
class Someone:
    """Does what an invitation asks, in a thread of their own, as a browser would."""

    bench: Bench
    login: str = ""
    choice: str = "accept"
    seen: list[Invitation] = field(default_factory=list)
    pages: list[httpx.Response] = field(default_factory=list)
    before_landing: Callable[[str], None] = lambda address: None  # noqa: ARG005

    def __call__(self, invitation: Invitation) -> None:
        self.seen.append(invitation)
        thread = threading.Thread(target=self._act, args=(invitation,), daemon=True)
        thread.start()
        self.bench._closing.append(lambda: thread.join(30))

    def _act(self, invitation: Invitation) -> None:
        with httpx.Client(verify=ssl.create_default_context(cafile=str(self.bench.server.ca)), trust_env=False, follow_redirects=False) as browser:
            page = self._kept(browser.get(invitation.address))
            fields = dict(_FIELD.findall(page.text)) | {"login": self.login or officer(self.bench), "choice": self.choice}
            if invitation.code is not None:
                self._kept(browser.post(invitation.address, data=fields | {"code": invitation.code}))
                return
            answer = self._kept(browser.post(str(page.url.copy_with(query=None)), data=fields))
            target = _FORM.search(answer.text)
            if target is None or "localhost" not in target[1]:
                return  # the person stays on an error page
            address = html.unescape(target[1])
            self.before_landing(address)
            brought = {name: html.unescape(value) for name, value in _FIELD.findall(answer.text)}
            self._kept(browser.post(address, data=brought))

    def _kept(self, page: httpx.Response) -> httpx.Response:
        self.pages.append(page)
        return page


def officer(bench: Bench) -> str:
    """Somebody who is Compliance Administrator and not the one who set the tenant up."""
    return f"records.office@{bench.tenant.domain}"
