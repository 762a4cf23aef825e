"""Microsoft's own description of Graph, where its cut is at hand: what a request may carry and what a reply must look like.

`GESTION_GRAPH_SUBSET` names the OpenAPI file; else it is `../shared/reference/graph-subset.yaml` beside this checkout. Without
it only the project's own checks (`checks.py`) hold.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

_SIBLING = Path(__file__).parents[4] / "shared" / "reference" / "graph-subset.yaml"
_MOST_PROBLEMS = 8


def subset_file() -> Path | None:
    """Where the description is; None: not here."""
    named = os.environ.get("GESTION_GRAPH_SUBSET")
    found = Path(named) if named else _SIBLING
    return found if found.is_file() else None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the description."""

    name: str
    query: Mapping[str, Any]
    """Schemas by parameter."""
    headers: Mapping[str, Any]
    body: Any | None
    replies: Mapping[str, Any | None]
    """Schema by status (`default` for every other one); None for a reply without JSON."""


class Subset:
    """The operations, found by method and path. Validators are made once."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._components = document["components"]
        self._definitions = {name: _converted(schema) for name, schema in self._components["schemas"].items()}
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}
        paths = document["paths"]
        # A path without parameters goes before one with: `/users/delta` is no user.
        ordered = sorted(paths, key=lambda path: (path.count("{"), -len(path)))
        self._paths = [(_pattern(path), {m: self._operation(d) for m, d in paths[path].items()}) for path in ordered]

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation; None where the description has none."""
        for pattern, operations in self._paths:
            if pattern.fullmatch(path) and method.lower() in operations:
                return operations[method.lower()]
        return None

    def request_problems(
        self, operation: Operation, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> list[str]:
        """What is wrong with a request."""
        found = [f"no query parameter {name}" for name in query if name not in operation.query]
        for name, schema in operation.query.items():
            if name in query:
                found += self._problems(_scalar(query[name], schema), schema, name)
        for name, schema in operation.headers.items():
            if name.lower() in headers:
                found += self._problems(headers[name.lower()], schema, name)
        if operation.body is None:
            found += ["a body where none belongs"] if body else []
        elif headers.get("content-type", "").startswith("application/json"):
            found += self._problems(json.loads(body) if body else None, operation.body, "body")
        return [f"{operation.name}: {problem}" for problem in found]

    def reply_problems(self, operation: Operation, status: int, json_body: object) -> list[str]:
        """What is wrong with a reply."""
        known = operation.replies
        schema = known.get(str(status), known.get("default")) if status >= 400 or str(status) in known else "undeclared"
        if schema == "undeclared":
            return [f"{operation.name}: no status {status}"]
        if schema is None:
            return [f"{operation.name}: {status} has no JSON"] if json_body is not None else []
        return [f"{operation.name}: {problem}" for problem in self._problems(json_body, schema, str(status))]

    def _operation(self, described: dict[str, Any]) -> Operation:
        parameters = [self._resolved(each) for each in described.get("parameters", ())]
        content = described.get("requestBody", {}).get("content", {})
        body = content["application/json"]["schema"] if "application/json" in content else {} if content else None
        return Operation(
            described["operationId"],
            {each["name"]: each["schema"] for each in parameters if each["in"] == "query"},
            {each["name"]: each["schema"] for each in parameters if each["in"] == "header"},
            body,
            {status: self._reply(self._resolved(each)) for status, each in described["responses"].items()},
        )

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in part:
            return part
        kind, name = part["$ref"].removeprefix("#/components/").split("/")
        found: dict[str, Any] = self._components[kind][name]
        return found

    @staticmethod
    def _reply(described: dict[str, Any]) -> Any | None:
        content = described.get("content", {})
        return content["application/json"]["schema"] if "application/json" in content else {} if content else None

    def _problems(self, value: object, schema: Any, where: str) -> list[str]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            root = {**_converted(schema), "$defs": self._definitions}
            self._validators[key] = jsonschema.Draft202012Validator(root, format_checker=_FORMATS)
        found = []
        for error in self._validators[key].iter_errors(value):
            place = "/".join(str(part) for part in error.absolute_path)
            found.append(f"{where}/{place}: {error.message[:300]}")
            if len(found) == _MOST_PROBLEMS:
                break
        return found


@lru_cache(maxsize=1)
def subset() -> Subset | None:
    """The description, read once; None where it is not at hand."""
    path = subset_file()
    if path is None:
        return None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return Subset(yaml.load(path.read_bytes(), loader))


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", path)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def _scalar(text: str, schema: Mapping[str, Any]) -> object:
    match schema.get("type"):
        case "boolean":
            return {"true": True, "false": False}.get(text, text)
        case "integer":
            return int(text) if text.isdecimal() else text
        case _:
            return text


def _converted(schema: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema 2020-12: `nullable` is a type of its own there."""
    if isinstance(schema, list):
        return [_converted(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/$defs/")}
    found = {key: _converted(value) for key, value in schema.items() if key not in {"nullable", "example"}}
    return {"anyOf": [found, {"type": "null"}]} if schema.get("nullable") is True else found


_FORMATS = jsonschema.FormatChecker(formats=())


@_FORMATS.checks("date-time")
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?Z", value))


@_FORMATS.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value))
