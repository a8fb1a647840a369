"""The district folder: ``district.yaml`` and ``policy.yaml`` read, laid over, checked offline, with all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policies.district import District
from policies.overlay import Merged, merge
from policies.policy import Policy
from policies.problems import FolderError, Problem, Severity, Where
from policies.reading import district_problems
from policies.references import policy_problems
from policies.schedule import Pack
from policies.shape import shaped
from policies.source import Document, Path_, SourceError, nearest, parse_document, read_document

PACKS: Final = Path(__file__).parent / "packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that the folder was read from, as it was."""

    path: str
    sha256: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A district folder that can be used. ``problems`` holds warnings only; ``digest`` is the policy's.

    ``overlaid`` names the values that came from an overlay (``tenants.m365.endpoints.graph``); ``places`` says where each part of
    ``policy.yaml`` stands.
    """

    path: Path
    district: District
    policy: Policy
    problems: tuple[Problem, ...]
    files: tuple[SourceFile, ...]
    digest: str
    overlaid: tuple[str, ...]
    places: Mapping[Path_, Where]

    def where(self, path: Path_) -> Where:
        """Where the part of ``policy.yaml`` at ``path`` stands, or the nearest thing around it."""
        return nearest(self.places, path, self.path / "policy.yaml")


def load_folder(path: Path | str, overlays: Sequence[Path | str] = ()) -> Folder:
    """The folder at ``path`` with ``overlays`` on top. Raises FolderError with every problem in every file; asks no network."""
    home = Path(path)
    problems: list[Problem] = []
    district_file = _read(home / "district.yaml", problems)
    policy_file = _read(home / "policy.yaml", problems)
    laid = [document for overlay in overlays if (document := _read(Path(overlay), problems)) is not None]
    merged = merge(district_file, laid) if district_file else None
    district = _district(merged, problems) if merged else None
    policy = _policy(policy_file, problems) if policy_file else None
    if district is None or policy is None or merged is None or policy_file is None or district_file is None or _errors(problems):
        raise FolderError(tuple(problems))
    return Folder(
        path=home,
        district=district,
        policy=policy,
        problems=tuple(problems),
        files=tuple(_file(document) for document in (district_file, policy_file, *laid)),
        digest=policy.digest,
        overlaid=tuple(merged.overlaid),
        places=policy_file.places,
    )


def load_pack(name: str) -> Pack:
    """The pack of that name, as shipped. Raises SourceError when there is none."""
    document = read_document(PACKS / f"{name}.yaml")
    pack = shaped(Pack, document.value, document.places, document.file)
    if isinstance(pack, tuple):
        raise SourceError(*pack)
    return pack


def pack_names() -> tuple[str, ...]:
    """The names of the packs that are shipped."""
    return tuple(sorted(file.stem for file in PACKS.glob("*.yaml")))


def load_kept(policy_text: str, district_text: str, base: Path, overlays: Sequence[Document] = ()) -> tuple[District, Policy]:
    """A folder that was kept as text, without looking at any key file: the last good one, when the folder on disk is broken.

    ``base`` is the folder that relative paths were meant from; ``overlays`` go on top. Raises FolderError when the texts no longer fit this version.
    """
    problems: list[Problem] = []
    merged = merge(parse_document(district_text, base / "district.yaml"), overlays)
    district = shaped(District, merged.value, merged.places, merged.file)
    policy = _policy(parse_document(policy_text, base / "policy.yaml"), problems)
    if isinstance(district, tuple):
        problems.extend(district)
    if policy is None or isinstance(district, tuple) or _errors(problems):
        raise FolderError(tuple(problems))
    return district, policy


def _read(file: Path, problems: list[Problem]) -> Document | None:
    try:
        return read_document(file)
    except SourceError as error:
        problems.extend(error.problems)
        return None


def _district(merged: Merged, problems: list[Problem]) -> District | None:
    problems.extend(merged.problems)
    district = shaped(District, merged.value, merged.places, merged.file)
    if isinstance(district, tuple):
        problems.extend(district)
        return None
    problems.extend(district_problems(district, lambda path: nearest(merged.places, path, merged.file)))
    return district


def _policy(document: Document, problems: list[Problem]) -> Policy | None:
    policy = shaped(Policy, document.value, document.places, document.file)
    if isinstance(policy, tuple):
        problems.extend(policy)
        return None
    whole = policy.with_packs(
        tuple(_packs(policy, document, problems)),
        {rule.id: document.where(("rules", index)) for index, rule in enumerate(policy.rules)},
    )
    problems.extend(policy_problems(whole, document.where))
    return whole


def _packs(policy: Policy, document: Document, problems: list[Problem]) -> Iterable[Pack]:
    for index, name in enumerate(policy.schedule.packs):
        if name not in pack_names():
            where = document.where(("schedule", "packs", index))
            message = f"there is no pack '{name}'; shipped: {', '.join(pack_names())}"
            problems.append(Problem(code="pack.unknown", severity=Severity.ERROR, message=message, next_step="name one of them", where=where))
        else:
            yield load_pack(name)


def _errors(problems: Iterable[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def _file(document: Document) -> SourceFile:
    return SourceFile(path=str(document.file), sha256=document.sha256, text=document.text)
