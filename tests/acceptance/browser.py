"""A browser for $BROWSER: opens the address, fills the sign-in page's form in, and follows it back to the program. Nothing of Recordwarden's.

``SIGN_IN_AS`` is the account, ``SIGN_IN_CA`` the certificates to trust, ``SIGN_IN_CHOICE`` accept or decline. It writes to standard output, as some
browsers do.
"""

from __future__ import annotations

import html
import os
import re
import ssl
import sys
import urllib.parse
import urllib.request

FIELD = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
FORM = re.compile(r'action="([^"]*)"')


def main(address: str) -> None:
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=os.environ["SIGN_IN_CA"]))
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), trust)

    def page(url: str, **form: str) -> str:
        data = urllib.parse.urlencode(form).encode() if form else None
        with browser.open(url, data=data, timeout=20) as answer:
            return str(answer.read().decode())

    sys.stdout.write("Opening in existing browser session.\n")
    fields = dict(FIELD.findall(page(address)))
    login, choice = os.environ["SIGN_IN_AS"], os.environ.get("SIGN_IN_CHOICE", "accept")
    back = page(address.partition("?")[0], **fields, login=login, choice=choice)
    target = FORM.search(back)
    if target is not None:
        page(html.unescape(target[1]), **{name: html.unescape(value) for name, value in FIELD.findall(back)})


main(sys.argv[1])
