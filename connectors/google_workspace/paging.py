"""Every page of a list, until Google announces no further one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.errors import PermanentError
from connectors.google_workspace.wire import Json, text


def every_page(ask: Callable[[str], Json], what: str, first: Json | None = None) -> Iterator[Json]:
    """The pages that ``ask`` gives for each token, ``first`` in place of the first where it was read already.

    An empty page with a token is no end (G§2.1). Raises as ``ask`` does, and ``PermanentError`` ``wire.page_loop`` where a token comes twice: going
    on would never end, and stopping would take a part for the whole.
    """
    page, seen = first if first is not None else ask(""), set[str]()
    while True:
        yield page
        token = text(page, "nextPageToken")
        if not token:
            return
        if token in seen:
            raise PermanentError("wire.page_loop", f"{what}: the same page was announced twice", "Report it; the list is not whole.")
        seen.add(token)
        page = ask(token)
