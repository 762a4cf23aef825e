"""The words of the procedure as people write them: operations, account types, document types and units.

A text is understood only when every word of it is known: an answer under "Otro" such as "no eliminar la cuenta" is a
problem and never a deletion.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from config.institution import Institution, Unit
from config.vocabulary import AccountType, DocumentType, Operation
from intake.typed_text import Wrong, clean, folded, listed, quoted

Word = TypeVar("Word", bound=StrEnum)

_LONGEST_CHOICE = 200
_SHORTEST_PART = 5
"""Letters of a unit's name that are enough to suggest it."""
_NAMED = 12
"""Units that a message lists when none is near what was typed."""

_OPERATION_WORDS: Mapping[str, Operation] = {
    **dict.fromkeys(("creacion", "creaciones", "crear", "create", "vinculacion"), Operation.CREATE),
    **dict.fromkeys(("clave", "claves", "contrasena", "contrasenas", "password"), Operation.RESET_PASSWORD),
    **dict.fromkeys(("modificacion", "modificaciones", "modificar", "modify", "traslado"), Operation.MODIFY),
    **dict.fromkeys(("activacion", "activar", "activate", "reactivacion", "reactivar", "habilitacion"), Operation.ACTIVATE),
    **dict.fromkeys(
        (
            "inactivacion",
            "inactivar",
            "desactivacion",
            "desactivar",
            "inhabilitacion",
            "inhabilitar",
            "deshabilitar",
            "deactivate",
        ),
        Operation.DEACTIVATE,
    ),
    **dict.fromkeys(("eliminacion", "eliminar", "delete"), Operation.DELETE),
    **dict.fromkeys(("cesion", "cesiones", "ceder", "assign"), Operation.ASSIGN_CONTRACT),
    **dict.fromkeys(("suspension", "suspensiones", "suspender", "suspend"), Operation.SUSPEND_CONTRACT),
    **dict.fromkeys(("terminacion", "terminar", "terminate"), Operation.TERMINATE_CONTRACT),
}
_WEAK_OPERATION_WORDS: Mapping[str, Operation] = {
    **dict.fromkeys(("actualizacion", "actualizar", "prorroga"), Operation.MODIFY),
    **dict.fromkeys(("vacaciones", "licencia", "licencias", "retiro"), Operation.DEACTIVATE),
}
"""Headings and reasons of the procedure (activity 1.c and section 5): they decide only when no operation is named."""
_OPERATION_FILLERS = frozenset({
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "1", "2", "3", "4", "5", "6", "7", "8", "9", "de", "del", "la",
    "el", "los", "las", "un", "una", "su", "por", "cuenta", "cuentas", "usuario", "usuarios", "contrato", "contratos",
    "anticipada", "anticipado", "temporal", "correo", "institucional", "acceso", "accesos", "nueva", "nuevo", "cambio",
    "cambiar", "reset", "restablecer", "restablecimiento", "solicitud", "dependencia", "contract",
})  # fmt: skip

_ACCOUNT_TYPE_WORDS: Mapping[str, AccountType] = {
    **dict.fromkeys(
        ("funcionario", "funcionaria", "funcionarios", "funcionarias", "empleado", "empleada", "empleados", "employee"),
        AccountType.EMPLOYEE,
    ),
    **dict.fromkeys(("contratista", "contratistas", "contractor"), AccountType.CONTRACTOR),
    **dict.fromkeys(
        ("institucional", "institucionales", "generica", "genericas", "generico", "genericos", "generic"), AccountType.GENERIC
    ),
    **dict.fromkeys(("operador", "operadora", "operadores", "operadoras", "operator"), AccountType.OPERATOR),
}
_ACCOUNT_TYPE_FILLERS = frozenset({
    "a", "o", "u", "y", "de", "del", "la", "el", "los", "las", "un", "una", "para", "por", "cuenta", "cuentas",
    "usuario", "usuarios", "publico", "publica", "publicos", "publicas", "planta", "servidor", "servidora", "persona",
    "natural", "prestacion", "servicios", "correo", "as", "os", "es",
})  # fmt: skip

_DOCUMENT_TYPE_TEXTS: Mapping[str, DocumentType] = {
    **dict.fromkeys(
        ("cc", "c c", "cedula", "cedula de ciudadania", "cedula de ciudadania cc", "cc cedula de ciudadania"), DocumentType.CC
    ),
    **dict.fromkeys(
        ("ce", "c e", "cedula de extranjeria", "cedula extranjeria", "cedula de extranjeria ce", "ce cedula de extranjeria"),
        DocumentType.CE,
    ),
    **dict.fromkeys(
        ("ti", "t i", "tarjeta de identidad", "tarjeta de identidad ti", "ti tarjeta de identidad"), DocumentType.TI
    ),
    **dict.fromkeys(("pa", "pasaporte", "pasaporte pa", "pa pasaporte"), DocumentType.PA),
    **dict.fromkeys(
        (
            "ppt", "p p t", "permiso por proteccion temporal", "permiso de proteccion temporal",
            "permiso por proteccion temporal ppt", "ppt permiso por proteccion temporal",
        ),
        DocumentType.PPT,
    ),
}  # fmt: skip
_YES_OR_NO: Mapping[str, bool] = {**dict.fromkeys(("si", "s", "yes"), True), **dict.fromkeys(("no", "n"), False)}


def spoken_operation(text: str) -> Operation | None:
    """The one operation that a text names; None: none, several, or words that could turn its meaning round."""
    return _only(text, _OPERATION_WORDS, _OPERATION_FILLERS, _WEAK_OPERATION_WORDS)


def spoken_account_type(text: str) -> AccountType | None:
    """The one account type that a text names, in singular or plural, masculine or feminine."""
    return _only(text, _ACCOUNT_TYPE_WORDS, _ACCOUNT_TYPE_FILLERS, {})


def spoken_document_type(text: str) -> DocumentType | None:
    """The document type, by its name, its letters or both ("Cédula de ciudadanía (CC)")."""
    return _DOCUMENT_TYPE_TEXTS.get(folded(text)) if len(text) <= _LONGEST_CHOICE else None


def spoken_yes_or_no(text: str) -> bool | None:
    """Yes or no; None: neither."""
    return _YES_OR_NO.get(folded(text)) if len(text) <= _LONGEST_CHOICE else None


def mentions_password(text: str) -> bool:
    """Whether a text is about a password, understood or not."""
    return any(_OPERATION_WORDS.get(word) is Operation.RESET_PASSWORD for word in folded(text).split())


def _only(text: str, words: Mapping[str, Word], fillers: frozenset[str], weak: Mapping[str, Word]) -> Word | None:
    if len(text) > _LONGEST_CHOICE:
        return None
    said = folded(text).split()
    if any(word not in words and word not in weak and word not in fillers for word in said):
        return None
    meant = {words[word] for word in said if word in words} or {weak[word] for word in said if word in weak}
    return meant.pop() if len(meant) == 1 else None


def read_unit(text: str, policy: Institution) -> str | Wrong:
    """The unit's name in the policy, by its name or else an alias; case, accents, spaces and punctuation do not matter."""
    typed = clean(text)
    aliases = {_place(alias): unit.name for unit in policy.units for alias in unit.aliases}
    places = {**aliases, **{_place(unit.name): unit.name for unit in policy.units}}
    wanted = _place(typed) if len(typed) <= _LONGEST_CHOICE else ""
    if wanted in places:
        return places[wanted]
    close = get_close_matches(wanted, list(places), n=3, cutoff=0.8) or [
        place for place in places if len(wanted) >= _SHORTEST_PART and (wanted in place or (place in wanted and len(place) > 3))
    ]
    near = dict.fromkeys(places[place] for place in close[:3])
    if near:
        return Wrong(f"No existe la dependencia {quoted(typed)}. ¿Quiso decir {listed(list(near))}?")
    return Wrong(f"No existe la dependencia {quoted(typed)}. {_known(policy.units)}")


def _place(name: str) -> str:
    return folded(name).replace(" ", "")


def _known(units: tuple[Unit, ...]) -> str:
    names = [unit.name for unit in units]
    if len(names) <= _NAMED:
        return f"Escriba una de estas: {', '.join(names)}."
    return f"Elija una de las que ofrece el formulario; por ejemplo: {names[0]}."
