"""The installed msgraph SDK read as text: its routes, and the fields, enums and subtypes of its models (K§4). Nothing of it is imported."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

_FOLDERS = (
    "organization",
    "subscribed_skus",
    "directory/deleted_items",
    "security/cases",
    "security/audit_log",
    "security/labels",
    "security/trigger_types",
)
_FILES = (
    "users/users_request_builder.py",
    "users/count/count_request_builder.py",
    "users/delta/delta_request_builder.py",
    "users/item/user_item_request_builder.py",
    "users/item/drive/drive_request_builder.py",
    "users/item/license_details/license_details_request_builder.py",
    "groups/groups_request_builder.py",
    "groups/item/group_item_request_builder.py",
    "groups/item/drive/drive_request_builder.py",
    "groups/item/members/members_request_builder.py",
    "groups/item/transitive_members/transitive_members_request_builder.py",
    "groups/item/transitive_members/graph_user/graph_user_request_builder.py",
)
_PARSERS = {
    "get_str_value": "str",
    "get_bool_value": "bool",
    "get_int_value": "int",
    "get_float_value": "float",
    "get_bytes_value": "bytes",
    "get_datetime_value": "datetime",
    "get_date_value": "date",
    "get_time_value": "time",
    "get_timedelta_value": "duration",
    "get_uuid_value": "uuid",
    "get_enum_value": "enum",
    "get_collection_of_enum_values": "enum",
    "get_object_value": "object",
    "get_collection_of_object_values": "object",
}
_PRIMITIVES = {"str": "str", "bool": "bool", "int": "int", "float": "float", "UUID": "uuid", "datetime": "datetime"}
_NO_ANSWER = "send_no_response_content_async"


_ONE_AT_A_TIME = threading.Lock()


def parsed(file: Path) -> ast.Module:
    """The module in ``file`` as a tree. One thread at a time: CPython 3.11's constructor of trees counts its depth for all threads together."""
    with _ONE_AT_A_TIME:
        return ast.parse(file.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One JSON field: its kind (a scalar's name, ``enum`` or ``object``), the file of its type, and whether it is a list."""

    kind: str
    of: str = ""
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model file: the class, its base's file, its own fields, and files of subtypes by ``@odata.type`` in lower case."""

    name: str
    base: str
    own: Mapping[str, Field]
    subtypes: Mapping[str, str]

    def subtype(self, odata_type: str) -> str | None:
        """The file of the subtype that the annotation names, if this model knows it."""
        return self.subtypes.get(odata_type.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One verb of one route: its query options, and the files of body and answer (None: none, ``primitive``: a bare value)."""

    query: frozenset[str]
    body: str | None
    answer: str | None


def _sdk_root() -> Path:
    spec = find_spec("msgraph")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("msgraph-sdk is not installed, so nothing can judge Graph")
    return Path(next(iter(spec.submodule_search_locations))) / "generated"


@dataclass(slots=True)
class Sdk:
    """The SDK's files, parsed when they are asked for."""

    root: Path = field(default_factory=_sdk_root)
    _routes: list[tuple[re.Pattern[str], dict[str, Method]]] = field(default_factory=list)
    _models: dict[str, Model] = field(default_factory=dict)
    _members: dict[str, frozenset[str]] = field(default_factory=dict)

    def find(self, verb: str, path: str) -> Method | None:
        """The method behind a verb and a path without version; None when the SDK has no such route."""
        if not self._routes:
            found = [route for file in self._builders() if (route := self._route(file)) is not None]
            # A literal segment beats an id.
            self._routes = sorted(found, key=lambda route: route[0].pattern.count("[^/]+"))
        # The SDK writes casts without "microsoft." and functions with brackets; the service takes both forms.
        path = re.sub(r"/microsoft\.graph\.(user|group)$", r"/graph.\1", re.sub(r"/delta$", "/delta()", path))
        for pattern, methods in self._routes:
            if pattern.fullmatch(path):
                return methods.get(verb.upper())
        return None

    def _builders(self) -> Iterator[Path]:
        yield from (self.root / name for name in _FILES)
        for folder in _FOLDERS:
            yield from sorted((self.root / folder).rglob("*_request_builder.py"))

    def _route(self, file: Path) -> tuple[re.Pattern[str], dict[str, Method]] | None:
        tree = parsed(file)
        template = next((node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and _is_template(node.value)), None)
        if not isinstance(template, str):
            return None
        path, _, options = template.removeprefix("{+baseurl}").partition("{?")
        query = frozenset(option.replace("%24", "$") for option in options.rstrip("}").split(",") if option)
        pattern = re.compile(
            "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{[^}]*\})", path)) or "/"
        )
        imports = _imports(tree, file, self.root)
        methods = {
            node.name.upper(): _method(node, imports, query)
            for node in ast.walk(tree)
            if isinstance(node, ast.AsyncFunctionDef) and node.name in {"get", "post", "patch", "put", "delete"}
        }
        return pattern, methods

    def model(self, name: str) -> Model:
        """The model in that file (relative to the SDK's root)."""
        if name not in self._models:
            self._models[name] = _read_model(self.root, name)
        return self._models[name]

    def lineage(self, model: Model) -> Iterator[Model]:
        """The model and its bases, nearest first."""
        yield model
        while model.base:
            model = self.model(model.base)
            yield model

    def fields(self, model: Model) -> dict[str, Field]:
        """All fields, inherited ones too."""
        found: dict[str, Field] = {}
        for one in self.lineage(model):
            found = {**one.own, **found}
        return found

    def members(self, name: str) -> frozenset[str]:
        """The values of the enum in that file."""
        if name not in self._members:
            tree = parsed(self.root / name)
            values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)]
            texts = [value.elts[0] if isinstance(value, ast.Tuple) else value for value in values]
            self._members[name] = frozenset(str(text.value) for text in texts if isinstance(text, ast.Constant))
        return self._members[name]


def _is_template(value: object) -> bool:
    return isinstance(value, str) and value.startswith("{+baseurl}")


def _imports(tree: ast.AST, file: Path, root: Path) -> dict[str, str]:
    """Files by imported name, for relative imports anywhere in the module."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and node.module:
            folder = file.parent
            for _ in range(node.level - 1):
                folder = folder.parent
            target = folder.joinpath(*node.module.split(".")).with_suffix(".py")
            for alias in node.names:
                found[alias.name] = str(target.relative_to(root))
    return found


def _method(node: ast.AsyncFunctionDef, imports: Mapping[str, str], query: frozenset[str]) -> Method:
    body = next((_name(argument.annotation) for argument in node.args.args if argument.arg == "body"), None)
    answer: str | None = None
    for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute)):
        assert isinstance(call.func, ast.Attribute)
        if call.func.attr in {"send_async", "send_collection_async"}:
            answer = imports[_name(call.args[1]) or ""]
        elif call.func.attr == "send_primitive_async":
            answer = "primitive"
        elif call.func.attr == _NO_ANSWER:
            answer = None
    return Method(query=query, body=imports.get(body) if body else None, answer=answer)


def _name(node: ast.expr | None) -> str | None:
    return node.id if isinstance(node, ast.Name) else node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _read_model(root: Path, name: str) -> Model:
    file = root / name
    tree = parsed(file)
    imports = _imports(tree, file, root)
    made = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    base = next((imports[base.id] for base in made.bases if isinstance(base, ast.Name) and base.id in imports), "")
    own: dict[str, Field] = {}
    subtypes: dict[str, str] = {}
    for node in ast.walk(made):
        if isinstance(node, ast.Dict):
            own |= dict(_fields(node, imports))
        elif isinstance(node, ast.If):
            subtypes |= dict(_subtype(node, imports))
    return Model(name=made.name, base=base, own=own, subtypes=subtypes)


def _fields(node: ast.Dict, imports: Mapping[str, str]) -> Iterator[tuple[str, Field]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(value, ast.Lambda) or not isinstance(value.body, ast.Call):
            continue
        parse = value.body.args[2]
        if isinstance(parse, ast.Call) and isinstance(parse.func, ast.Attribute):
            of = _name(parse.args[0]) if parse.args else None
            yield str(key.value), _field(parse.func.attr, of or _attribute(parse), imports)


def _attribute(parse: ast.Call) -> str:
    found = parse.args[0] if parse.args else None
    return found.attr if isinstance(found, ast.Attribute) else ""


def _field(parser: str, of: str, imports: Mapping[str, str]) -> Field:
    many = parser.startswith("get_collection")
    if parser == "get_collection_of_primitive_values":
        return Field(kind=_PRIMITIVES.get(of, "str"), many=True)
    kind = _PARSERS[parser]
    return Field(kind=kind, of=imports.get(of, "") if kind in {"enum", "object"} else "", many=many)


def _subtype(node: ast.If, imports: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    words = [inner.value for inner in ast.walk(node.test) if isinstance(inner, ast.Constant) and isinstance(inner.value, str)]
    made = [inner.value.func.id for inner in node.body if isinstance(inner, ast.Return) and _constructs(inner)]  # type: ignore[union-attr]
    for word in words:
        if word.startswith("#microsoft.graph") and made:
            yield word.lower(), imports[made[0]]


def _constructs(node: ast.Return) -> bool:
    return isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)
