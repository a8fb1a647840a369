"""The JSON twin of a report, and the schema that it keeps to."""

from __future__ import annotations

import json

from pydantic import TypeAdapter

from reports.facts import BoardFacts

_ADAPTER: TypeAdapter[BoardFacts] = TypeAdapter(BoardFacts)


def document(facts: BoardFacts) -> dict[str, object]:
    """The facts as JSON values: times RFC 3339 in the zone they were given, unknown as null."""
    whole = _ADAPTER.dump_python(facts, mode="json")
    assert isinstance(whole, dict)
    return whole


def render(facts: BoardFacts) -> str:
    """The facts as one JSON document in ASCII, so that no reader's locale or terminal can spoil it."""
    return json.dumps(document(facts), ensure_ascii=True, indent=1, allow_nan=False) + "\n"


def schema() -> dict[str, object]:
    """The JSON Schema of the document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_ADAPTER.json_schema(mode="serialization")}
