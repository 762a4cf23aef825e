"""Documents, contracts, accounts and computers as people type their numbers and names; and positions."""

import re
from collections.abc import Mapping

from config.vocabulary import DOCUMENT_TYPE_LABELS, DocumentType
from intake.typed_addresses import read_institutional_address
from intake.typed_text import Wrong, clean, looks_like_formula, quoted

LONGEST_POSITION = 128
"""Active Directory's upper bound of title."""

_DOCUMENT_SHAPES: Mapping[DocumentType, tuple[re.Pattern[str], str]] = {
    DocumentType.CC: (re.compile(r"[0-9]{4,10}"), "de 4 a 10 dígitos; por ejemplo: 1020345678"),
    DocumentType.TI: (re.compile(r"[0-9]{8,11}"), "de 8 a 11 dígitos; por ejemplo: 1020345678"),
    DocumentType.CE: (re.compile(r"[0-9]{4,10}"), "de 4 a 10 dígitos; por ejemplo: 456789"),
    DocumentType.PA: (re.compile(r"[0-9A-Z]{5,16}"), "de 5 a 16 letras y números; por ejemplo: AB123456"),
    DocumentType.PPT: (re.compile(r"[0-9A-Z]{5,16}"), "de 5 a 16 letras y números; por ejemplo: 1234567"),
}
"""Wide bounds that catch a slip; sixteen characters is what Active Directory's employeeID holds (rangeUpper)."""
_ANY_DOCUMENT = (re.compile(r"[0-9A-Z]{4,16}"), "de 4 a 16 letras y números; por ejemplo: 1020345678")

_CONTRACT_NUMBER = re.compile(r"[^\W_][\w ./\-°º#(),:;]{0,63}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,63}")
_COMPUTER = re.compile(r"[A-Z0-9][A-Z0-9_\-]{0,62}")
"""A host's label (RFC 1123, 63 characters); Active Directory's own names are its first 15, which the directory compares."""


def read_document_number(text: str, kind: DocumentType | None) -> str | Wrong:
    """The number without separators, with its leading zeros; any document's when its type is not known."""
    typed = clean(text)
    shape, expected = _ANY_DOCUMENT if kind is None else _DOCUMENT_SHAPES[kind]
    separators = r"[ .,']" if kind in {DocumentType.CC, DocumentType.TI, DocumentType.CE} else r"[ .,'\-]"
    number = re.sub(separators, "", typed).upper()
    label = "El documento" if kind is None else f"El número de {DOCUMENT_TYPE_LABELS[kind].lower()}"
    if not shape.fullmatch(number):
        return Wrong(f"{quoted(typed)} no es un número de documento válido. {label} tiene {expected}.")
    if not number.strip("0"):
        return Wrong(f"{quoted(typed)} son solo ceros. Escriba el número que aparece en el documento.")
    return number


def read_contract_number(text: str) -> str | Wrong:
    """A contract's number as it stands on the contract."""
    number = clean(text)
    if _CONTRACT_NUMBER.fullmatch(number) and any(character.isdigit() for character in number):
        return number
    return Wrong(
        f"{quoted(number)} no es un número de contrato. Escríbalo como aparece en el contrato; por ejemplo: CPS-045-2026."
    )


def read_position(text: str) -> str | Wrong:
    """A position or title, as the directory holds it."""
    position = clean(text)
    how = "Escriba el cargo con palabras; por ejemplo: Profesional especializado, grado 17."
    if len(position) > LONGEST_POSITION:
        return Wrong(f"Tiene más de {LONGEST_POSITION} caracteres. {how}")
    if looks_like_formula(position) or any(mark in position for mark in "<>{}\\|") or "://" in position:
        return Wrong(f"{quoted(position)} no parece un cargo. {how}")
    return position


def read_account(text: str, *, own_domains: tuple[str, ...]) -> str | Wrong:
    """A login, or an address of the institution."""
    typed = clean(text)
    if "@" in typed:
        return read_institutional_address(typed, own_domains=own_domains)
    how = f"Escriba la dirección completa; por ejemplo: nombre.apellido@{own_domains[0]}."
    return typed if _LOGIN.fullmatch(typed) else Wrong(f"{quoted(typed)} no es una cuenta institucional. {how}")


def read_computer(text: str) -> str | Wrong:
    """A computer's name in capitals, without its domain, as Active Directory shows it."""
    typed = clean(text)
    name = typed.rpartition("\\")[2].partition(".")[0].removesuffix("$").upper()
    if _COMPUTER.fullmatch(name):
        return name
    return Wrong(
        f"{quoted(typed)} no es el nombre de un equipo. Escríbalo como aparece en «Acerca de» de Windows; por ejemplo: "
        "UPME-PT-0123. Si no lo sabe, deje la respuesta en blanco: la mesa de servicio lo verifica."
    )
