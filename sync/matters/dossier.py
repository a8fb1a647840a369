"""What of a matter goes behind a seal, as JSON values, and back: one dossier per person, so that erasing one takes nothing from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from policies.kinds import Workload
from sync.matters.model import Account, Details, Line, Paper, PersonOnHold, Place, Source
from sync.matters.release import Reason

ERASED = "[erased]"


def of_details(alias: str, details: Details) -> dict[str, object]:
    """The confidential half of a matter, its own alias too."""
    return {"alias": alias, **{one.name: getattr(details, one.name) for one in fields(Details)}}


def details(value: object) -> Details:
    """The confidential half back; what was erased is absent."""
    body = _object(value)
    return Details(**{one.name: _text(body.get(one.name)) for one in fields(Details)})


def of_person(person: PersonOnHold, sources: tuple[Source, ...]) -> dict[str, object]:
    """Everything that names a person: addresses, accounts, candidates, and the places of their sources by source id."""
    return {
        "address": person.address,
        "also": list(person.also),
        "line": person.line,
        "place": person.place.value if person.place else None,
        "both": person.both,
        "candidates": list(person.candidates),
        "unmatched": list(person.unmatched),
        "accounts": [
            {
                "tenant": one.tenant, "vendor_id": one.vendor_id, "address": one.address, "org_unit": one.org_unit,
                "employee_id": one.employee_id,
            }
            for one in person.accounts
        ],
        "places": {
            source.id: {
                "address": source.place.address, "container": source.place.container, "member": source.place.member,
                "vendor_id": source.place.vendor_id, "none": source.place.none,
            }
            for source in sources
        },
    }


def person(value: object, row_id: str) -> PersonOnHold:
    """The sealed half of a person back. An erased one keeps its row and its states, and is called ``[erased]``."""
    body = _object(value)
    place = _text(body.get("place"))
    return PersonOnHold(
        id=row_id, address=_text(body.get("address")) or ERASED, also=_texts(body.get("also")), line=_text(body.get("line")),
        place=Workload(place) if place else None, both=body.get("both") is True, candidates=_texts(body.get("candidates")),
        unmatched=_texts(body.get("unmatched")), accounts=tuple(_account(one) for one in _list(body.get("accounts"))),
    )


def places(value: object) -> Mapping[str, Place]:
    """The places of a person's sources, by source id."""
    found = _object(_object(value).get("places"))
    return {key: _place(_object(one)) for key, one in found.items()}


def of_reason(reason: Reason) -> dict[str, object]:
    """Why something is released."""
    return {one.name: getattr(reason, one.name) for one in fields(Reason)}


def reason(value: object) -> Reason:
    """Why something was released; what was erased says so."""
    body = _object(value)
    return Reason(**{one.name: _text(body.get(one.name)) or ERASED for one in fields(Reason)})


def of_line(line: Line) -> dict[str, object]:
    """What a line that stands for several people says."""
    return {"text": line.text, "both": line.both, "candidates": list(line.candidates), "units": dict(line.units)}


def line(value: object, row_id: str) -> Line:
    """The sealed half of a line back."""
    body = _object(value)
    units = {tenant: str(unit) for tenant, unit in _object(body.get("units")).items()}
    return Line(
        id=row_id, text=_text(body.get("text")) or ERASED, both=body.get("both") is True, candidates=_texts(body.get("candidates")), units=units,
    )


def of_paper(paper: Paper) -> dict[str, object]:
    """What names a place on paper and who answers for it."""
    return {"what": paper.what, "where": paper.where, "responsible": paper.responsible}


def paper(value: object, row_id: str, secured_on: str | None) -> Paper:
    """The sealed half of a place on paper back."""
    body = _object(value)
    return Paper(
        id=row_id, what=_text(body.get("what")) or ERASED, where=_text(body.get("where")) or ERASED, responsible=_text(body.get("responsible")),
        secured_on=secured_on,
    )


def text(value: object) -> str | None:
    """A sealed text back; None when it was erased."""
    return _text(value)


def _account(value: object) -> Account:
    body = _object(value)
    return Account(
        tenant=str(body["tenant"]), vendor_id=str(body["vendor_id"]), address=str(body["address"]), org_unit=_text(body.get("org_unit")),
        employee_id=_text(body.get("employee_id")),
    )


def _place(body: Mapping[str, object]) -> Place:
    return Place(
        address=_text(body.get("address")) or ERASED, container=_text(body.get("container")), member=_text(body.get("member")),
        vendor_id=_text(body.get("vendor_id")), none=body.get("none") is True,
    )


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in _list(value))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
