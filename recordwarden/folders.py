"""Which folder a call goes on with: the one on disk, the last good one of the store, or, for holds before any was good, none at all."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from policies.district import District
from policies.folder import Folder, load_folder, load_kept
from policies.policy import Policy
from policies.problems import FolderError, Problem, Severity
from policies.source import SourceError, read_document
from recordwarden.clock import DrillClock, SystemClock
from recordwarden.options import Options
from sync.officers import read_passphrase
from sync.registers.kept import KeptFolder, last_good
from sync.store import exists, open_store, peek

NO_POLICY = 'recordwarden: 1\npolicy: {title: No policy could be read, number: "0", adopted: 2000-01-01}\nschedule: {packs: []}\n'
"""Orders nothing: what a matter is held under while the policy of a new store cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the folder says, or what the last good one said. ``plain`` is the district without any overlay."""

    district: District
    plain: District
    policy: Policy
    digest: str
    overlaid: tuple[str, ...]
    folder: Folder | None
    problems: tuple[Problem, ...]


def read_folder(options: Options, *, last_good_allowed: bool) -> Read:
    """The folder on disk; where it is broken and ``last_good_allowed``, what goes on instead. Raises FolderError."""
    try:
        folder = load_folder(options.folder, options.overlays)
        plain = load_folder(options.folder).district if options.overlays else folder.district
    except FolderError as error:
        if not last_good_allowed:
            raise
        return _last_good(options, error)
    return Read(
        district=folder.district,
        plain=plain,
        policy=folder.policy,
        digest=folder.digest,
        overlaid=folder.overlaid,
        folder=folder,
        problems=folder.problems,
    )


def _last_good(options: Options, broken: FolderError) -> Read:
    """The folder that the store kept last, under the overlays as they stand now; without one, the district alone. Raises ``broken``."""
    kept = _kept(options)
    if kept is None:
        return _without_policy(options, broken)
    texts = {name: raw.decode() for name, raw in kept.files.items()}
    warning = Problem(
        code="folder.last_good",
        severity=Severity.WARNING,
        message=f"The folder cannot be used; the one in force since {kept.in_force_from:%Y-%m-%d %H:%M} UTC goes on.",
        next_step="recordwarden check",
    )
    read = _of_texts(options, texts["policy.yaml"], texts["district.yaml"], broken)
    if not _more_than_policy(options, broken):  # the district as it is: a tenant that joined since must not be left out of a hold
        with suppress(OSError, FolderError, SourceError):  # where it does not fit the policy that was kept, the district kept with that one does
            read = _of_texts(options, texts["policy.yaml"], _district_text(options), broken)
    return replace(read, digest=kept.digest, problems=(warning, *_as_warnings(broken.problems)))


def _more_than_policy(options: Options, broken: FolderError) -> bool:
    """Whether something besides the policy is wrong."""
    others = {"district.yaml", *(path.name for path in options.overlays)}
    return any(one.severity is Severity.ERROR and one.where is not None and Path(one.where.file).name in others for one in broken.problems)


def _district_text(options: Options) -> str:
    return (options.folder / "district.yaml").read_text(encoding="utf-8-sig")


def _without_policy(options: Options, broken: FolderError) -> Read:
    """The district on disk with a policy that orders nothing, so that a hold need not wait. Raises ``broken`` where more than the policy is wrong."""
    if _more_than_policy(options, broken):
        raise broken
    try:
        read = _of_texts(options, NO_POLICY, _district_text(options), broken)
    except (OSError, FolderError, SourceError) as error:
        raise broken from error
    warning = Problem(
        code="folder.policy_broken",
        severity=Severity.WARNING,
        message="The policy cannot be used and this store has never seen a good one: holds go on, and nothing of a policy is in force.",
        next_step="recordwarden check",
    )
    return replace(read, problems=(warning, *_as_warnings(broken.problems)))


def _of_texts(options: Options, policy_text: str, district_text: str, broken: FolderError) -> Read:
    try:
        overlays = tuple(read_document(path) for path in options.overlays)
    except SourceError as error:
        raise FolderError((*broken.problems, *error.problems)) from error
    plain, policy = load_kept(policy_text, district_text, options.folder)
    district, _ = load_kept(policy_text, district_text, options.folder, overlays)
    overlaid = tuple(f"tenants.{tenant.id}.{name}" for tenant in district.tenants for name in ("endpoints", "visibility_checks") if overlays)
    return Read(district=district, plain=plain, policy=policy, digest=policy.digest, overlaid=overlaid, folder=None, problems=())


def _kept(options: Options) -> KeptFolder | None:
    district_id, drill = whose(options)
    if district_id is None or not exists(options.store_url(district_id)):
        return None
    clock = DrillClock(options.clock_file) if drill else SystemClock()
    store = open_store(options.store_url(district_id), district=district_id, drill=drill, clock=clock, passphrase=passphrase(options))
    try:
        return last_good(store)
    finally:
        store.close()


def _as_warnings(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(replace(problem, severity=Severity.WARNING) for problem in problems if problem.severity is Severity.ERROR)


def whose(options: Options) -> tuple[str | None, bool]:
    """District id and drill of a folder that is broken, as far as its ``district.yaml`` still says, else as the store that was named says."""
    found, drill = None, False
    for path in (options.folder / "district.yaml", *options.overlays):
        try:
            value = read_document(path).value
        except SourceError:
            continue  # it was reported already: that is why we are here
        drill = bool(value.get("drill", drill))
        found = str(value["id"]) if "id" in value else found
    if found is None and options.store is not None:
        return peek(options.store) or (None, False)
    return found, drill


def passphrase(options: Options) -> str | None:
    """The passphrase that opens officers' keys and the sealing key, or None. Raises OfficerError."""
    return read_passphrase(options.passphrase_file) if options.passphrase_file else None
