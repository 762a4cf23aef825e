"""Pydantic's errors as Spanish phrases with their dotted key, for the person who edits the configuration file.

The text of a value is shown only when its key cannot hold a secret.
"""

import re
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

_SECRET_KEY = re.compile(r"(password|passwd|secret|token|credential|clave|contrasena)", re.IGNORECASE)
_NOT_SECRET = re.compile(r"(_file|_uri|_url|_seconds)$", re.IGNORECASE)
_SHOWN = 60
"""Characters of a wrong value that are shown at most."""

_Context = Mapping[str, object]


def spanish_problems(error: ValidationError, model: type[BaseModel] | None = None) -> list[str]:
    """Every problem as `key: what is wrong and what is expected`, in the order pydantic found them.

    Give the `model` that was validated to get suggestions for unknown keys, what a pattern means (the field's description)
    and keys without the tags of discriminated unions. Elements of lists are counted from 1, as people count.
    """
    return [_problem(details, model) for details in error.errors(include_url=False)]


def as_list(problems: list[str]) -> str:
    """Problems as the end of a message: one to a line, so that a person can tick them off."""
    return "".join(f"\n  - {problem}" for problem in problems)


def may_hold_a_secret(key: str) -> bool:
    """Whether a value under this key must never be shown (`password`, `client_secret`; not `password_file`)."""
    return bool(_SECRET_KEY.search(key)) and not _NOT_SECRET.search(key)


def closest(word: str, known: list[str]) -> str | None:
    """The known word that a mistyped one most probably means, if any is near."""
    from difflib import get_close_matches

    found = get_close_matches(word.lower(), [name.lower() for name in known], n=1, cutoff=0.6)
    return next((name for name in known if found and name.lower() == found[0]), None)


def _problem(details: ErrorDetails, model: type[BaseModel] | None) -> str:
    steps = list(_walk(details["loc"], model))
    key = _dotted([step.shown for step in steps if step.shown is not None])
    last = steps[-1] if steps else None
    secret = any(may_hold_a_secret(str(part)) for part in details["loc"])
    phrase = _phrase(details, last, secret=secret)
    return f"{key}: {phrase}" if key else phrase


class _Step:
    """One part of an error's location: what to show of it, and what the model says about it."""

    __slots__ = ("description", "shown", "siblings", "tags")

    def __init__(self, shown: str | int | None, siblings: list[str], description: str, tags: list[str] | None = None) -> None:
        self.shown = shown
        self.siblings = siblings
        self.description = description
        self.tags = tags or []


def _walk(location: tuple[int | str, ...], model: type[BaseModel] | None) -> Iterator[_Step]:
    kind: object = model
    for part in location:
        if part == "[key]":
            yield _Step(None, [], "")
            continue
        chosen = _union_member(kind, part)
        if chosen is not None:
            kind = chosen
            yield _Step(None, [], "")
            continue
        fields = _model_of(kind)
        if fields is not None and isinstance(part, str):
            names = [field.alias or name for name, field in fields.model_fields.items()]
            found = next((field for name, field in fields.model_fields.items() if part in {name, field.alias}), None)
            kind = found.annotation if found else None
            yield _Step(part, names, _described(found) if found else "", _tags(kind))
            continue
        kind = _element_of(kind)
        yield _Step(part, [], "")


def _bare(kind: object) -> object:
    return _bare(get_args(kind)[0]) if get_origin(kind) is Annotated else kind


def _members(kind: object) -> list[object]:
    bare = _bare(kind)
    if get_origin(bare) in {Union, types.UnionType}:
        return [_bare(member) for member in get_args(bare) if member is not type(None)]
    return [bare]


def _model_of(kind: object) -> type[BaseModel] | None:
    members = _members(kind)
    if len(members) == 1 and isinstance(members[0], type) and issubclass(members[0], BaseModel):
        return members[0]
    return None


def _union_member(kind: object, tag: int | str) -> type[BaseModel] | None:
    members = _members(kind)
    if len(members) < 2:
        return None
    for member in members:
        if isinstance(member, type) and issubclass(member, BaseModel):
            field = member.model_fields.get("kind")
            if field is not None and tag in get_args(field.annotation):
                return member
    return None


def _described(field: FieldInfo) -> str:
    # In `Annotated[str, Field(description=…)] | None` the description belongs to the member, not to the field.
    inner = (note for member in get_args(field.annotation) for note in getattr(member, "__metadata__", ()))
    notes = (note.description for note in inner if isinstance(note, FieldInfo) and note.description)
    return field.description or next(notes, "")


def _tags(kind: object) -> list[str]:
    models = [member for member in _members(kind) if isinstance(member, type) and issubclass(member, BaseModel)]
    fields = [model.model_fields["kind"] for model in models if "kind" in model.model_fields]
    return [str(tag) for field in fields for tag in get_args(field.annotation)]


def _element_of(kind: object) -> object:
    bare = _members(kind)[0]
    arguments = get_args(bare)
    if get_origin(bare) is dict and len(arguments) == 2:
        return arguments[1]
    if get_origin(bare) in {tuple, list, frozenset, set} and arguments:
        return arguments[0]
    return None


def _dotted(parts: list[str | int]) -> str:
    key = ""
    for part in parts:
        if isinstance(part, int):
            key += f"[n.º {part + 1}]"
        else:
            key += f".{part}" if key else part
    return key


def _shown(value: object) -> str:
    if isinstance(value, str | int | float | bool) or type(value).__module__ == "datetime":
        text = " ".join(str(value).split())
        text = "".join(letter if letter.isprintable() else "�" for letter in text)
        return f"«{text[:_SHOWN]}…»" if len(text) > _SHOWN else f"«{text}»"
    return "el valor dado"


def _options(context: _Context) -> str:
    expected = str(context.get("expected", ""))
    return expected.replace(" or ", " o ").replace("'", "")


def _number(limit: object) -> str:
    return f"{limit:g}" if isinstance(limit, float) else str(limit)


_SINGULAR: dict[str, str] = {
    "string_type": "debe ser un texto entre comillas",
    "string_sub_type": "debe ser un texto entre comillas",
    "string_unicode": "debe ser un texto en UTF-8",
    "bytes_type": "debe ser un texto entre comillas",
    "int_type": "debe ser un número entero, sin comillas",
    "int_parsing": "debe ser un número entero",
    "int_parsing_size": "es un número demasiado grande",
    "int_from_float": "debe ser un número entero, sin decimales",
    "float_type": "debe ser un número, sin comillas",
    "float_parsing": "debe ser un número",
    "finite_number": "debe ser un número finito",
    "bool_type": "debe ser true o false, sin comillas",
    "bool_parsing": "debe ser true o false",
    "none_required": "debe quedar vacío",
    "dict_type": "debe ser una tabla (una sección con sus claves)",
    "mapping_type": "debe ser una tabla (una sección con sus claves)",
    "model_type": "debe ser una sección con sus claves",
    "model_attributes_type": "debe ser una sección con sus claves",
    "dataclass_type": "debe ser una sección con sus claves",
    "list_type": "debe ser una lista entre corchetes",
    "tuple_type": "debe ser una lista entre corchetes",
    "set_type": "debe ser una lista entre corchetes",
    "frozen_set_type": "debe ser una lista entre corchetes",
    "iterable_type": "debe ser una lista entre corchetes",
    "path_type": "debe ser la ruta de un archivo o de una carpeta",
    "path_not_file": "no es un archivo que exista",
    "path_not_directory": "no es una carpeta que exista",
    "url_type": "debe ser una dirección web (URL) entre comillas",
    "url_parsing": "no es una dirección web (URL) válida",
    "url_syntax_violation": "no es una dirección web (URL) válida",
    "url_too_long": "es una dirección web (URL) demasiado larga",
    "date_type": "debe ser una fecha, por ejemplo 2026-07-13",
    "date_parsing": "no es una fecha válida; escríbala así: 2026-07-13",
    "date_from_datetime_parsing": "no es una fecha válida; escríbala así: 2026-07-13",
    "date_from_datetime_inexact": "debe ser una fecha sin hora, por ejemplo 2026-07-13",
    "datetime_type": "debe ser una fecha con hora y zona, por ejemplo 2026-07-13T08:00:00-05:00",
    "datetime_parsing": "no es una fecha con hora válida; escríbala así: 2026-07-13T08:00:00-05:00",
    "datetime_from_date_parsing": "no es una fecha con hora válida; escríbala así: 2026-07-13T08:00:00-05:00",
    "datetime_object_invalid": "no es una fecha con hora válida; escríbala así: 2026-07-13T08:00:00-05:00",
    "timezone_aware": "le falta la zona horaria; escríbala así: 2026-07-13T08:00:00-05:00",
    "timezone_naive": "no debe llevar zona horaria",
    "time_type": "debe ser una hora, por ejemplo 07:30",
    "time_parsing": "no es una hora válida; escríbala así: 07:30",
    "time_delta_type": "debe ser una duración",
    "time_delta_parsing": "no es una duración válida",
}
"""Phrases that need nothing but the value."""

_WITH_CONTEXT: dict[str, Callable[[_Context], str]] = {
    "greater_than": lambda context: f"debe ser mayor que {_number(context['gt'])}",
    "greater_than_equal": lambda context: f"debe ser {_number(context['ge'])} o más",
    "less_than": lambda context: f"debe ser menor que {_number(context['lt'])}",
    "less_than_equal": lambda context: f"debe ser {_number(context['le'])} o menos",
    "multiple_of": lambda context: f"debe ser múltiplo de {_number(context['multiple_of'])}",
    "string_too_short": lambda context: (
        "no puede quedar vacío"
        if context["min_length"] == 1
        else f"es demasiado corto: necesita {context['min_length']} caracteres o más"
    ),
    "string_too_long": lambda context: f"es demasiado largo: admite {context['max_length']} caracteres como máximo",
    "too_short": lambda context: (
        "necesita al menos un elemento"
        if context["min_length"] == 1
        else f"necesita al menos {context['min_length']} elementos"
    ),
    "too_long": lambda context: f"admite {context['max_length']} elementos como máximo",
    "url_scheme": lambda context: f"debe empezar por {_options({'expected': context['expected_schemes']})}",
    "literal_error": lambda context: f"debe ser uno de estos valores: {_options(context)}",
    "enum": lambda context: f"debe ser uno de estos valores: {_options(context)}",
}
"""Phrases that need a limit or a list of options."""


def _phrase(details: ErrorDetails, last: _Step | None, *, secret: bool) -> str:
    kind = details["type"]
    context: _Context = details.get("ctx", {})
    given = "" if secret else f" (se leyó {_shown(details['input'])})"
    name = str(details["loc"][-1]) if details["loc"] else ""
    if kind == "missing":
        return "falta y es obligatorio" + (f": {last.description}" if last and last.description else "")
    if kind == "extra_forbidden" and may_hold_a_secret(name):
        file_key = f"{name}_file"
        where = f" y escriba su ruta en {file_key}" if last and file_key in last.siblings else ""
        return f"una clave secreta no se escribe en la configuración: guárdela en un archivo aparte{where}"
    if kind == "extra_forbidden":
        suggestion = closest(name, last.siblings) if last else None
        return "clave desconocida" + (f"; ¿quiso decir {suggestion}?" if suggestion else "; bórrela o corrija su nombre")
    if kind in {"union_tag_not_found", "union_tag_invalid"}:
        tags = " o ".join(", ".join(last.tags).rsplit(", ", 1)) if last else ""
        wanted = f"; use uno de estos valores: {tags}" if tags else ""
        return f"falta kind{wanted}" if kind == "union_tag_not_found" else f"kind no admite «{context.get('tag')}»{wanted}"
    if kind in {"value_error", "assertion_error"}:
        return str(context.get("error", "el valor no es válido"))
    if kind == "string_pattern_mismatch":
        described = last.description if last else ""
        return "no tiene la forma esperada: " + (described or str(context["pattern"])) + given
    if kind in _WITH_CONTEXT:
        return _WITH_CONTEXT[kind](context) + given
    if kind in _SINGULAR:
        return _SINGULAR[kind] + given
    return "el valor no es válido" + given
