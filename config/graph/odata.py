"""Text on its way into a Graph address (https://learn.microsoft.com/graph/query-parameters, "Encoding query parameters")."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode


def quoted(text: str) -> str:
    """An OData string literal, with its quotes: an apostrophe inside it is doubled."""
    return "'" + text.replace("'", "''") + "'"


def segment(text: str) -> str:
    """One segment of a path: nothing in it can end the segment, the path or the query. Raises ValueError for an empty one."""
    if text in {"", ".", ".."}:
        # `/users/` + "" would be the list of all users, and the dots another path altogether.
        raise ValueError("an empty or relative path segment names nothing")
    return quote(text, safe="")


def query_text(query: Mapping[str, str]) -> str:
    """The query with its `?`; empty for none. `$` stays as it is, as Graph writes it itself."""
    return "?" + urlencode(query, quote_via=quote, safe="$,") if query else ""
