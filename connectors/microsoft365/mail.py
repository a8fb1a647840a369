"""Mail from a mailbox of the tenant: ``POST /users/{from}/sendMail`` (docs/wire/graph-mail.md). Nothing is read from any mailbox."""

from __future__ import annotations

from typing import Final

from connectors.errors import ConnectorError, PermanentError, TenantUnreachableError, TransientError
from connectors.mailing import Letter, Readiness
from connectors.microsoft365.access import Access
from connectors.microsoft365.graph import Call, segment, select

PERMISSION: Final = "Mail.Send"
GRANT: Final = "Give the writing application the right to send as this one mailbox: recordwarden doctor --grant-script."


class MailCourier:
    """Sends as one mailbox. A copy in its Sent Items is not kept: others may read that mailbox, and the journal has what was said."""

    def __init__(self, access: Access, sender: str) -> None:
        self._access = access
        self._sender = sender

    def carry(self, letter: Letter) -> None:
        """Hand the letter to Exchange; its 202 says accepted, not delivered (M§6).

        Raises PermanentError ``mail.forbidden`` or ``mail.no_mailbox``, and whatever asking Graph raises.
        """
        message = {
            "subject": letter.subject,
            "body": {"contentType": "Text", "content": letter.text},
            "toRecipients": [{"emailAddress": {"address": letter.to}}],
        }
        body = {"message": message, "saveToSentItems": False}
        call = Call(method="POST", path=f"/users/{segment(self._sender)}/sendMail", body=body, once=True)
        try:
            self._access.graph.call(call)
        except ConnectorError as error:
            raise self._worded(error) from error
        finally:
            self._access.close()

    def ready(self) -> Readiness:
        """By the token's roles and by whether the mailbox's account is there. A right that Exchange gives (M§6) is in no token: None."""
        try:
            path = f"/users/{segment(self._sender)}"
            self._access.graph.call(Call(method="GET", path=path, query=(select("id", "mail"),)))
        except ConnectorError as error:
            if not isinstance(error, TenantUnreachableError | TransientError) and error.status != 404:
                return self._by_roles()  # an identity that may send need not be one that may read accounts
            told = self._worded(error)
            known = None if isinstance(error, TransientError) else False
            return Readiness(can_send=known, reason=f"{told.code}: {told.message}", next_step=told.next_step or None)
        else:
            return self._by_roles()
        finally:
            self._access.close()

    def _by_roles(self) -> Readiness:
        roles = self._access.tokens.roles
        if roles is not None and PERMISSION in roles:
            return Readiness(can_send=True)
        said = "the token does not tell its permissions" if roles is None else f"{PERMISSION} is not among the permissions of the token"
        reason = f"mail.not_shown: {said}; a right that Exchange's own roles give shows in no token"
        return Readiness(can_send=None, reason=reason, next_step=f"{GRANT} Then recordwarden doctor --send-test.")

    def _worded(self, error: ConnectorError) -> ConnectorError:
        """The error in the words of mail, where it is one that a person can act on."""
        if error.code == "graph.forbidden":
            return PermanentError("mail.forbidden", f"Sending as {self._sender} is not allowed: {error.message}", GRANT, status=error.status)
        if error.status == 404:
            message = f"{self._sender} is no mailbox of tenant {self._access.tenant.id}: {error.message}"
            return PermanentError("mail.no_mailbox", message, "Write the sign-in address of a mailbox under `from`.", status=404)
        return error
