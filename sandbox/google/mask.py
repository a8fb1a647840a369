"""Partial responses: what the ``fields`` parameter keeps of an answer."""

from __future__ import annotations

import re

from sandbox.google.errors import invalid

_TOKEN = re.compile(r"[\w@$.*-]+|[(),/]")
Tree = dict[str, "Tree"]


def masked(value: object, fields: str) -> object:
    """``value`` with only what ``fields`` names (``a,b/c,d(e,f)``, ``*`` for everything); raises ``ApiError`` 400 for a mask it cannot read."""
    if not fields:
        return value
    tokens = _TOKEN.findall(fields)
    if "".join(tokens) != re.sub(r"\s", "", fields):
        raise invalid(f"Invalid field selection {fields}")
    tree = _selection(tokens, fields)
    if tokens:
        raise invalid(f"Invalid field selection {fields}")
    return _kept(value, tree)


def _selection(tokens: list[str], fields: str) -> Tree:
    tree: Tree = {}
    while True:
        if not tokens or tokens[0] in "(),/":
            raise invalid(f"Invalid field selection {fields}")
        node = tree.setdefault(tokens.pop(0), {})
        while tokens and tokens[0] == "/":
            tokens.pop(0)
            if not tokens:
                raise invalid(f"Invalid field selection {fields}")
            node = node.setdefault(tokens.pop(0), {})
        if tokens and tokens[0] == "(":
            tokens.pop(0)
            node.update(_selection(tokens, fields))
            if not tokens or tokens.pop(0) != ")":
                raise invalid(f"Invalid field selection {fields}")
        if not tokens or tokens[0] != ",":
            return tree
        tokens.pop(0)


def _kept(value: object, tree: Tree) -> object:
    if not tree or "*" in tree:
        return value if not tree.get("*") else _each(value, tree["*"])
    if isinstance(value, list):
        return [_kept(item, tree) for item in value]
    if isinstance(value, dict):
        return {name: _kept(value[name], inner) for name, inner in tree.items() if name in value}
    return value


def _each(value: object, tree: Tree) -> object:
    if isinstance(value, dict):
        return {name: _kept(item, tree) for name, item in value.items()}
    return [_each(item, tree) for item in value] if isinstance(value, list) else value
