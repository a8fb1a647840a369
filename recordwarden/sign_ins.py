"""Who is signed in beside the program's own identity, by tenant: from the kept file, or in this process's memory alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.base import Context
from connectors.errors import PermanentError
from policies.district import Tenant
from recordwarden.options import Options
from sync.officers import OfficerError, read_passphrase

if TYPE_CHECKING:
    from connectors.keeping import KeptFile
    from connectors.microsoft365.signed_in import Session

IN_MEMORY = "Set RECORDWARDEN_PASSPHRASE_FILE to keep it, or sign in within the command: recordwarden --sign-in browser COMMAND."


class SignIns:
    """The sign-ins that one district's commands may use. ``memory`` outlives an office: a daemon's jobs share what was signed in to at its start."""

    def __init__(self, options: Options, place: Path, memory: dict[str, Session] | None = None) -> None:
        self._options = options
        self._place = place
        self.memory: dict[str, Session] = {} if memory is None else memory
        self._restored: dict[str, Session | PermanentError | None] = {}

    def session(self, tenant: Tenant, context: Context) -> Session | None:
        """The person signed in to ``tenant``, None where nobody is. Raises PermanentError where a kept sign-in cannot be opened."""
        if tenant.id in self.memory:
            return self.memory[tenant.id]
        if tenant.id not in self._restored:
            self._restored[tenant.id] = self._restore(tenant, context)
        found = self._restored[tenant.id]
        if isinstance(found, PermanentError):
            raise found
        return found

    def file(self, tenant: Tenant) -> Path:
        """Where the sign-in of a tenant is kept: beside the store."""
        return self._place.with_name(f"{self._place.stem}.sign-in-{tenant.id}")

    def keeper(self, tenant: Tenant, context: Context) -> KeptFile | None:
        """The kept file of a tenant; None where no passphrase is given. Raises PermanentError for a passphrase that cannot be read."""
        from connectors.keeping import KeptFile  # imported with the first sign-in that is asked for
        from connectors.microsoft365.signed_in import purpose  # as above

        words = self._passphrase()
        return None if words is None else KeptFile(self.file(tenant), words, purpose(tenant, context))

    def forget(self, tenant: Tenant, context: Context) -> bool:
        """Sign out here: take the kept file away, and the memory. False where nothing was kept. Raises PermanentError for a file that is not ours."""
        from connectors.keeping import KeptFile  # as above
        from connectors.microsoft365.signed_in import purpose  # as above

        self._restored.pop(tenant.id, None)
        held = self.memory.pop(tenant.id, None) is not None
        return KeptFile(self.file(tenant), "", purpose(tenant, context)).remove() or held

    def _restore(self, tenant: Tenant, context: Context) -> Session | PermanentError | None:
        if not self.file(tenant).exists():
            return None
        from connectors.microsoft365.signed_in import Session  # as above

        try:
            keeper = self.keeper(tenant, context)
            if keeper is None:
                words = f"A sign-in to {tenant.id} is kept in {self.file(tenant)}, and no passphrase is given that opens it."
                return PermanentError("keeping.passphrase_needed", words, "Set RECORDWARDEN_PASSPHRASE_FILE.")
            return Session.restored(keeper)
        except PermanentError as error:
            return error

    def _passphrase(self) -> str | None:
        try:
            if self._options.passphrase_file is not None:
                return read_passphrase(self._options.passphrase_file)
            return _credential(self._options.credential_file) if self._options.credential_file is not None else None
        except OfficerError as error:
            raise PermanentError(error.code, f"{error}.", error.next_step) from error


def _credential(path: Path) -> str:
    """The passphrase in a systemd credential: readable by the unit's user alone, though its mode may show a group (``systemd.exec``: by an ACL).

    Raises OfficerError ``file.not_found``, ``file.readable_by_others``, ``file.empty``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise OfficerError("file.not_found", f"{path} cannot be read: {error.strerror}", "check LoadCredential of the unit") from error
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o007:
            raise OfficerError("file.readable_by_others", f"{path} can be read by others", "give it with LoadCredential or LoadCredentialEncrypted")
        lines = file.read().decode("utf-8", "replace").splitlines()
    if not lines or not lines[0]:
        raise OfficerError("file.empty", f"{path} holds no passphrase", "write it into the first line")
    return lines[0]
