"""Routes and parameter rules of Google's APIs, read from the discovery documents that ship with the client library."""

import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.servers.google.schemas import Schemas


@dataclass(frozen=True, slots=True)
class Method:
    """One API method: how it is called and which messages it takes and gives."""

    id: str
    http_method: str
    pattern: re.Pattern[str]
    path_names: tuple[str, ...]
    query: Mapping[str, Mapping[str, Any]]
    request: str | None
    response: str | None
    scopes: frozenset[str]
    schemas: Schemas
    weight: int

    def parameter_problems(self, query: Mapping[str, tuple[str, ...]]) -> list[str]:
        """Unknown, repeated, missing or malformed query parameters."""
        found = [problem for name, values in query.items() for problem in self._problems_of(name, values)]
        found += [
            f"missing required parameter {name}"
            for name, rule in self.query.items()
            if rule.get("required") and name not in query
        ]
        return found

    def _problems_of(self, name: str, values: tuple[str, ...]) -> Iterator[str]:
        rule = self.query.get(name)
        if rule is None:
            yield f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
            return
        if len(values) > 1 and not rule.get("repeated"):
            yield f"parameter {name} is not repeated, and came {len(values)} times"
        for value in values:
            if "enum" in rule and value not in rule["enum"]:
                yield f"parameter {name}: {value!r} is none of {', '.join(rule['enum'])}"
            elif rule["type"] == "integer" and not re.fullmatch(r"-?\d{1,10}", value):
                yield f"parameter {name}: {value!r} is no integer"
            elif rule["type"] == "boolean" and value.lower() not in ("true", "false"):
                yield f"parameter {name}: {value!r} is no boolean"


@dataclass(frozen=True, slots=True)
class Match:
    """A method and the path parameters of one call to it."""

    method: Method
    path: Mapping[str, str]


class Routes:
    """All methods of some APIs, found by HTTP method and raw (still percent-encoded) path."""

    def __init__(self, documents: tuple[dict[str, Any], ...]) -> None:
        methods = [method for document in documents for method in _methods(document)]
        self._methods = sorted(methods, key=lambda method: -method.weight)

    def find(self, http_method: str, raw_path: str) -> Match | None:
        """The most literal route that fits; None when Google has no such path."""
        for method in self._methods:
            fit = method.pattern.fullmatch(raw_path) if method.http_method == http_method else None
            if fit is not None:
                return Match(method, dict(zip(method.path_names, map(unquote, fit.groups()), strict=True)))
        return None


def discovery_document(name: str) -> dict[str, Any]:
    """A discovery document by its name, e.g. "forms.v1"."""
    folder = importlib.resources.files("googleapiclient") / "discovery_cache" / "documents"
    document: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return document


def _methods(document: dict[str, Any]) -> Iterator[Method]:
    schemas = Schemas(document)

    def walk(resource: dict[str, Any]) -> Iterator[Method]:
        for raw in resource.get("methods", {}).values():
            template = "/" + document["servicePath"] + raw.get("flatPath", raw["path"])
            parameters = raw.get("parameters", {})
            query = {name: rule for name, rule in parameters.items() if rule["location"] == "query"}
            yield Method(
                id=raw["id"],
                http_method=raw["httpMethod"],
                pattern=re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(template))),
                path_names=tuple(re.findall(r"\{(\w+)\}", template)),
                query={**document["parameters"], **query},
                request=raw.get("request", {}).get("$ref"),
                response=raw.get("response", {}).get("$ref"),
                scopes=frozenset(raw.get("scopes", ())),
                schemas=schemas,
                weight=len(re.sub(r"\{\w+\}", "", template)),
            )
        for child in resource.get("resources", {}).values():
            yield from walk(child)

    yield from walk(document)
