"""What a person has to know after a look at a matter, as problems. No name in them: people and matters go by their random ids."""

from __future__ import annotations

from collections.abc import Iterable

from policies.problems import Problem, Severity
from sync.matters.model import Matter, PersonCode, PersonOnHold, SourceState

_SAYS = {
    PersonCode.AMBIGUOUS: ("Two accounts could be meant; nothing is held until somebody says which.", "Name them with `also:`, or give --both."),
    PersonCode.NOT_FOUND: ("No tenant knows this person.", "Check the address in the order."),
    PersonCode.DELETED: ("An account of this person is deleted.", "See with the vendor's administrator what of it still exists."),
    PersonCode.GROUP_DELETED: ("A group on hold is deleted; its own content may be gone.", "Ask the vendor at once whether it can be restored."),
    PersonCode.ARCHIVE_OFF: (
        "A group on hold keeps no archive of its conversations, so its hold holds nothing.",
        "Switch it on: the next run does where it may; else the by-hand sheet of the matter has the steps.",
    ),
    PersonCode.NOT_LICENSED: ("An account lacks the licence without which a hold protects nothing.", "Assign the licence; the hold is followed on."),
    PersonCode.PLACE_UNKNOWN: (
        "Nobody could say where a source of this person is, or whether there is one; it is not held.",
        "See doctor for what is missing (what is left of a deleted person shows over the admin endpoint alone), or hold it from the by-hand sheet.",
    ),
    PersonCode.NO_CONTAINER: ("A place of this person does not exist (yet), so it cannot be held.", "Nothing, unless the person says otherwise."),
    PersonCode.RENAMED: ("An account of this person has a new address.", "Nothing: it is held by the vendor's id."),
    PersonCode.MOVED: ("An account of this person has moved to another organisational unit.", "Nothing: accounts are held, not units."),
}
_ERRORS = frozenset({
    PersonCode.AMBIGUOUS, PersonCode.NOT_FOUND, PersonCode.DELETED, PersonCode.GROUP_DELETED, PersonCode.ARCHIVE_OFF, PersonCode.NOT_LICENSED,
    PersonCode.PLACE_UNKNOWN,
})
_OF_PEOPLE = frozenset(code.value for code in PersonCode)
"""Codes that are told of the person, and not once more of each source."""
_OF_ALL = frozenset({PersonCode.AMBIGUOUS, PersonCode.NOT_FOUND, PersonCode.ONE_TENANT})


def problems(matter: Matter, tenant: str, known_gaps: frozenset[str]) -> Iterable[Problem]:
    """What a look at ``tenant`` found: people with something to know, sources that the platform failed, gap records that are new."""
    for person in matter.held:
        says = _SAYS.get(person.code) if person.code else None
        if says is not None and person.code is not None and _here(person, matter, tenant):
            severity = Severity.ERROR if person.code in _ERRORS else Severity.INFO
            yield Problem(
                code=person.code.value, severity=severity, tenant=tenant, subject=f"{matter.tenant_alias}/{person.id}", message=says[0],
                next_step=says[1],
            )
    for source in matter.sources:
        if source.tenant == tenant and source.state is SourceState.FAILED and source.code and source.code not in _OF_PEOPLE:
            yield Problem(
                code=source.code, severity=Severity.ERROR, tenant=tenant, subject=f"{matter.tenant_alias}/{source.person}",
                message=f"{source.workload.value} of one person is not held.", next_step="See the by-hand sheet of the matter.",
            )
    for gap in matter.gaps:
        if gap.tenant == tenant and gap.id not in known_gaps:
            yield Problem(
                code="hold.gap", severity=Severity.ERROR, tenant=tenant, subject=f"gap/{gap.id}",
                message="A source that was held was found not held; evidence was kept and a gap record opened.",
                next_step=f"Find out what could have been deleted, then record it: attest gap/{gap.id}.",
            )


def _here(person: PersonOnHold, matter: Matter, tenant: str) -> bool:
    """Whether the person's code comes from this tenant; what concerns all of them is said once, with the first."""
    if person.code in _OF_ALL:
        return tenant == min(person.answers, default=tenant)
    answer = person.answers.get(tenant)
    sources = (source for source in matter.sources if source.person == person.id and source.tenant == tenant)
    return (answer is not None and person.code in answer.codes) or any(source.code == person.code for source in sources)
