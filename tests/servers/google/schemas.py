"""Google's discovery schemas as JSON Schema: what a request may carry and what a reply must look like.

The discovery documents ship with the client library; `additionalProperties` is false throughout, so a misspelt field is
found. Requests may carry JSON nulls and numbers for 64-bit integers, as Google accepts them; replies may not.
"""

from collections.abc import Iterator
from typing import Any

import jsonschema

_UTC_TIMESTAMP = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$"
_INT64 = r"^-?\d{1,20}$"


class Schemas:
    """The schemas of one API. Validators are made once per message type."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._source: dict[str, Any] = document["schemas"]
        self._definitions = {
            nullable: {name: _converted(schema, nullable=nullable) for name, schema in self._source.items()}
            for nullable in (True, False)
        }
        self._validators: dict[tuple[str, bool], jsonschema.Draft202012Validator] = {}

    def problems(self, message: object, schema: str, *, request: bool) -> list[str]:
        """What is wrong with a message, each with the path to it; empty when it is as documented. At most ten."""
        found: list[str] = []
        for error in self._validator(schema, nullable=request).iter_errors(_thinned(message) if request else message):
            place = "/".join(str(part) for part in error.absolute_path) or "(root)"
            found.append(f"{schema}: {place}: {error.message[:300]}")
            if len(found) == 10:
                break
        return found

    def fields(self, schema: str) -> dict[str, str | None] | None:
        """Field names of a message and the message type of each (None: a plain value); None for a free-form map."""
        return _fields(self._source, self._source[schema])

    def _validator(self, schema: str, *, nullable: bool) -> jsonschema.Draft202012Validator:
        key = (schema, nullable)
        if key not in self._validators:
            root = {"$ref": f"#/$defs/{schema}", "$defs": self._definitions[nullable]}
            self._validators[key] = jsonschema.Draft202012Validator(root)
        return self._validators[key]


def _thinned(message: object) -> object:
    """The message with one of each kind of row: two thousand that differ in their texts alone are checked as one."""
    if not isinstance(message, dict) or not isinstance(message.get("requests"), list):
        return message
    seen: set[str] = set()
    return {**message, "requests": [each for change in message["requests"] for each in _unseen(change, seen)]}


def _unseen(change: Any, seen: set[str]) -> list[Any]:
    try:
        update = change["updateCells"]
        new = {kind: row for row in update["rows"] if (kind := f"{update['fields']} {_kind(row)}") not in seen}
    except (KeyError, TypeError):
        return [change]
    if not new:
        return []
    seen.update(new)
    return [{"updateCells": {**update, "rows": list(new.values())}}]


def _kind(row: Any) -> str:
    """Which cells of which kinds of value are in a row; a look is a kind of its own."""
    if list(row) != ["values"]:
        return str(row)
    return str(sorted({_kind_of_cell(cell) for cell in row["values"]}))


def _kind_of_cell(cell: Any) -> str:
    match cell:
        case {"userEnteredValue": {"stringValue": str()}} if len(cell) == 1 and len(cell["userEnteredValue"]) == 1:
            return "text"
        case {"userEnteredValue": {"numberValue": int() | float()}} if len(cell) == 1 and len(cell["userEnteredValue"]) == 1:
            return "number"
        case {"note": str()} if len(cell) == 1:
            return "note"
        case _:
            return str(cell)


def _fields(source: dict[str, Any], schema: dict[str, Any]) -> dict[str, str | None] | None:
    if "properties" not in schema:
        return None
    return {name: _message_type(source, part) for name, part in schema["properties"].items()}


def _message_type(source: dict[str, Any], part: dict[str, Any]) -> str | None:
    for candidate in _inside(part):
        if "$ref" in candidate and "properties" in source[candidate["$ref"]]:
            return str(candidate["$ref"])
    return None


def _inside(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield part
    for key in ("items", "additionalProperties"):
        if isinstance(part.get(key), dict):
            yield from _inside(part[key])


def _converted(schema: dict[str, Any], *, nullable: bool) -> dict[str, Any]:
    """One discovery schema as JSON Schema 2020-12."""
    if "$ref" in schema:
        reference = {"$ref": f"#/$defs/{schema['$ref']}"}
        return {"anyOf": [{"type": "null"}, reference]} if nullable else reference
    kind = schema.get("type", "any")
    if kind == "any":
        return {}
    if kind == "object":
        result: dict[str, Any] = {"type": "object"}
        properties = schema.get("properties", {})
        result["properties"] = {name: _converted(part, nullable=nullable) for name, part in properties.items()}
        extra = schema.get("additionalProperties")
        result["additionalProperties"] = _converted(extra, nullable=nullable) if isinstance(extra, dict) else False
    elif kind == "array":
        result = {"type": "array", "items": _converted(schema["items"], nullable=nullable)}
    else:
        result = _scalar(schema, kind, request=nullable)
    if nullable:
        result["type"] = [*(result["type"] if isinstance(result["type"], list) else [result["type"]]), "null"]
        if "enum" in result:
            result["enum"] = [*result["enum"], None]
    return result


def _scalar(schema: dict[str, Any], kind: str, *, request: bool) -> dict[str, Any]:
    form = schema.get("format")
    if kind == "string" and form in ("int64", "uint64"):
        return {"type": ["string", "integer"] if request else "string", "pattern": _INT64}
    if kind == "string" and form == "google-datetime":
        return {"type": "string", "pattern": _UTC_TIMESTAMP}
    if kind == "integer" and form == "int32":
        return {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
    result: dict[str, Any] = {"type": kind}
    if "enum" in schema:
        result["enum"] = list(schema["enum"])
    return result
