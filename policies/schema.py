"""JSON Schemas of the folder's files, for editors: generated from the models and kept beside them, so that a test can compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from policies.district import District
from policies.policy import Policy
from policies.schedule import Pack

SCHEMAS: Final = Path(__file__).parent / "schema"
MODELS: Final[dict[str, type[BaseModel]]] = {"district": District, "policy": Policy, "pack": Pack}


def schema_text(name: str) -> str:
    """The schema of ``district``, ``policy`` or ``pack`` as JSON text. Raises KeyError for another name."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **MODELS[name].model_json_schema(by_alias=True, mode="validation")}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_schemas(folder: Path = SCHEMAS) -> tuple[Path, ...]:
    """Write every schema into ``folder`` and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in MODELS:
        file = folder / f"{name}.schema.json"
        file.write_text(schema_text(name), encoding="utf-8")
        files.append(file)
    return tuple(files)
