"""Reading the authorizer matrix from a table of text: the whole of it is valid, or every problem is said with its place.

A spreadsheet gives the text that its cells show, so dates follow its regional settings: day/month/year, as in Colombia, or
better year-month-day. Text that is a formula, or the error of one, is refused; what a formula shows cannot be told from text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from config.institution import Institution
from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS, AccountType, EmailAddress, Operation
from intake.answers import own_domains
from intake.matrix_consistency import Place, digest_of, problems_between
from intake.matrix_rows import ALL, Everything, InvalidMatrix, Matrix, MatrixRow, Role
from intake.typed_addresses import read_address
from intake.typed_choices import read_unit, spoken_account_type, spoken_operation
from intake.typed_dates import read_date, spoken_date
from intake.typed_text import LONGEST_ANSWER, Wrong, clean, folded, listed, looks_like_formula, quoted

COLUMNS = (
    "correo", "nombre", "rol", "dependencias", "operaciones", "tipos_de_cuenta", "delegado_de", "desde", "hasta", "aprobador",
)  # fmt: skip
"""The matrix's columns; their order in the file does not matter, and case, accents and spaces do not either."""

_EVERYTHING = frozenset({"todas", "todos", "todo", "todas las dependencias", "todas las operaciones"})
_YES = frozenset({"si", "s", "x", "verdadero", "true", "1"})
_NO = frozenset({"", "no", "n", "falso", "false", "0"})
_NEEDS_APPROVAL = "requiere aprobacion"
_WITHOUT_UNITS = frozenset({Role.HUMAN_RESOURCES, Role.DELEGATE, Role.SERVICE_DESK})
"""Roles whose empty cell means every unit: the first acts for the whole institution, a delegate for what the delegator may."""
_LONGEST_PERSON = 130

_ROLES: Mapping[str, Role] = {
    **dict.fromkeys(
        ("talento humano", "git de talento humano", "grupo de talento humano", "coordinacion de talento humano"),
        Role.HUMAN_RESOURCES,
    ),
    **dict.fromkeys(("jefe de area", "jefa de area", "jefe", "jefa", "jefe de oficina", "jefa de oficina"), Role.HEAD),
    **dict.fromkeys(("coordinador", "coordinadora", "coordinador de git", "coordinadora de git"), Role.COORDINATOR),
    **dict.fromkeys(
        ("supervisor", "supervisora", "supervisor de contrato", "supervisora de contrato", "supervisor de contratos"),
        Role.SUPERVISOR,
    ),
    **dict.fromkeys(("delegado", "delegada"), Role.DELEGATE),
    **dict.fromkeys(("mesa de servicio", "mesa de servicios", "mesa"), Role.SERVICE_DESK),
}

Value = TypeVar("Value")
Word = TypeVar("Word", bound=StrEnum)


def read_matrix(table: Sequence[Sequence[str]], policy: Institution) -> Matrix | InvalidMatrix:
    """The matrix, or everything wrong with it. The first row is the header; blank rows are skipped but counted. Pure."""
    if not table or all(not clean(cell) for row in table for cell in row):
        return InvalidMatrix(
            ("La matriz está vacía: escriba la fila de títulos y al menos una fila con una persona autorizada.",)
        )
    places, problems = _columns(table[0])
    if problems:
        return InvalidMatrix(tuple(problems))
    reader = _TableReader(policy)
    for number, cells in enumerate(table[1:], start=2):
        if any(clean(cell) for cell in cells):
            reader.read_row(number, cells, places)
    problems = [*reader.problems, *problems_between(reader.rows, reader.doubtful, reader.addresses)]
    if not reader.rows and not problems:
        problems.append("La matriz no tiene filas debajo de los títulos: escriba al menos una persona autorizada.")
    if problems:
        return InvalidMatrix(tuple(problems))
    return Matrix(tuple(reader.rows), digest_of(reader.rows))


def _columns(header: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    places: dict[str, int] = {}
    problems: list[str] = []
    for position, cell in enumerate(header):
        name = folded(cell).replace(" ", "_")
        if not name:
            continue
        if name in places:
            problems.append(f"Fila 1: la columna «{name}» está dos veces; deje una sola.")
        elif name in COLUMNS:
            places[name] = position
        else:
            near = get_close_matches(name[:100], COLUMNS, n=1)
            hint = f"¿quiso decir «{near[0]}»?" if near else "bórrela o corrija su título."
            problems.append(f"Fila 1: la columna {quoted(cell)} no es de la matriz; {hint}")
    missing = [name for name in COLUMNS if name not in places]
    if missing:
        problems.append(f"Fila 1: faltan columnas: {', '.join(missing)}. Las columnas son: {', '.join(COLUMNS)}.")
    return places, problems


class _TableReader:
    """Reads row by row, and collects the rows and the problems. One problem, and no row is used."""

    def __init__(self, policy: Institution) -> None:
        self._policy = policy
        self._own_domains = own_domains(policy)
        self.rows: list[MatrixRow] = []
        self.problems: list[str] = []
        self.doubtful: set[int] = set()
        """Rows that were kept although something is wrong with them: they are compared with others, not trusted."""
        self.addresses: set[str] = set()
        """Every address that could be read, also of rows that were not kept: a delegator is looked for here."""

    def read_row(self, number: int, cells: Sequence[str], places: Mapping[str, int]) -> None:
        """Read one row, and all that is wrong with it."""
        known = len(self.problems)
        if any(clean(cell) for position, cell in enumerate(cells) if position not in places.values()):
            self.problems.append(f"Fila {number}: hay texto fuera de las columnas de la matriz; bórrelo.")
        texts = {name: cells[position] if position < len(cells) else "" for name, position in places.items()}
        refused = frozenset(name for name, text in texts.items() if self._refuses(Place(number, name), text))
        row = self._row(number, texts, refused)
        if row is not None:
            self.rows.append(row)
            if len(self.problems) > known:
                self.doubtful.add(number)

    def _refuses(self, place: Place, text: str) -> bool:
        if len(text) > LONGEST_ANSWER:
            self._wrong(place, f"La celda tiene más de {LONGEST_ANSWER} caracteres.")
            return True
        if looks_like_formula(text):
            self._wrong(place, f"{quoted(text)} parece una fórmula o un error; escriba texto, o deje la celda vacía.")
            return True
        return False

    def _row(self, number: int, texts: Mapping[str, str], refused: frozenset[str]) -> MatrixRow | None:
        def at(column: str, read: Callable[[str], Value | Wrong], *, required: bool = True) -> Value | None:
            if column in refused:
                return None
            if not clean(texts[column]):
                if required:
                    self._wrong(Place(number, column), "La celda está vacía y es obligatoria.")
                return None
            value = read(texts[column])
            if isinstance(value, Wrong):
                self._wrong(Place(number, column), value.message)
                return None
            return value

        requester = at("correo", self._address)
        if requester is not None:
            self.addresses.add(requester.lower())
        name = at("nombre", _person)
        role = at("rol", _role)
        units: frozenset[str] | Everything | None = at(
            "dependencias", self._units, required=role is not None and role not in _WITHOUT_UNITS
        )
        operations: frozenset[Operation] | Everything | None = at("operaciones", _operations, required=False)
        account_types: frozenset[AccountType] | Everything | None = at("tipos_de_cuenta", _account_types, required=False)
        delegate_of = at("delegado_de", self._address, required=role is Role.DELEGATE)
        since, until = at("desde", read_date, required=False), at("hasta", read_date, required=False)
        approves, needs_approval = at("aprobador", _approving, required=False) or (False, False)
        if role is not None and role is not Role.DELEGATE and delegate_of is not None:
            self._wrong(Place(number, "delegado_de"), "Solo se llena en las filas con rol «delegado»; deje la celda vacía.")
        if since is not None and until is not None and until < since:
            self._wrong(
                Place(number, "hasta"), f"La fecha {spoken_date(until)} es anterior a la de «desde», {spoken_date(since)}."
            )
        if requester is None or name is None or role is None:
            return None
        return MatrixRow(
            row=number,
            requester=requester,
            name=name,
            role=role,
            units=ALL if units is None else units,
            operations=frozenset() if operations is None else operations,
            account_types=frozenset() if account_types is None else account_types,
            delegate_of=delegate_of,
            valid_from=since,
            valid_until=until,
            approver=approves,
            needs_approval=needs_approval,
        )

    def _wrong(self, place: Place, message: str) -> None:
        self.problems.append(f"{place}: {message}")

    def _address(self, text: str) -> EmailAddress | Wrong:
        return read_address(text, own_domains=self._own_domains)

    def _units(self, text: str) -> frozenset[str] | Everything | Wrong:
        if _everything(text):
            return ALL
        units: set[str] = set()
        for piece in _pieces(text, r"[;\n\r]"):
            whole = read_unit(piece, self._policy)
            # A comma may be part of a unit's name, so it separates only what is no unit as it stands.
            names = [whole] if isinstance(whole, str) else [read_unit(part, self._policy) for part in _pieces(piece, ",")]
            unknown = [name for name in names if isinstance(name, Wrong)]
            if isinstance(whole, Wrong) and len(unknown) == len(names):
                return whole
            if unknown:
                return unknown[0]
            units.update(name for name in names if isinstance(name, str))
        return frozenset(units)


def _pieces(text: str, separators: str) -> list[str]:
    return [piece for piece in (clean(part) for part in re.split(separators, text)) if piece]


def _everything(text: str) -> bool:
    return clean(text) == "*" or folded(text) in _EVERYTHING


def _person(text: str) -> str | Wrong:
    name = clean(text)
    if len(name) > _LONGEST_PERSON:
        return Wrong(f"Tiene más de {_LONGEST_PERSON} caracteres: escriba nombres y apellidos.")
    return name if any(character.isalpha() for character in name) else Wrong(f"{quoted(name)} no es un nombre.")


def _role(text: str) -> Role | Wrong:
    typed = folded(text)
    if typed in _ROLES:
        return _ROLES[typed]
    near = get_close_matches(typed[:100], list(_ROLES), n=1, cutoff=0.75)
    roles = listed([role.value for role in Role])
    hint = f"¿Quiso decir «{_ROLES[near[0]]}»?" if near else f"Escriba {roles}."
    return Wrong(f"No existe el rol {quoted(text)}. {hint}")


def _operations(text: str) -> frozenset[Operation] | Everything | Wrong:
    return _words(text, spoken_operation, "la operación", list(OPERATION_LABELS.values()))


def _account_types(text: str) -> frozenset[AccountType] | Everything | Wrong:
    return _words(text, spoken_account_type, "el tipo de cuenta", list(ACCOUNT_TYPE_LABELS.values()))


def _words(
    text: str, spoken: Callable[[str], Word | None], what: str, options: list[str]
) -> frozenset[Word] | Everything | Wrong:
    if _everything(text):
        return ALL
    found: set[Word] = set()
    for piece in _pieces(text, r"[;,\n\r]"):
        word = spoken(piece)
        if word is None:
            return Wrong(f"No existe {what} {quoted(piece)}. Escriba «todas», o separe con punto y coma: {'; '.join(options)}.")
        found.add(word)
    return frozenset(found) if found else Wrong(f"{quoted(text)} no dice nada. Escriba «todas», o deje la celda vacía.")


def _approving(text: str) -> tuple[bool, bool] | Wrong:
    """Whether the person approves what others ask, and whether what this row grants needs somebody's approval.

    The two are told apart by a comma or "y": without one, "no requiere aprobación" could mean either, and is refused.
    """
    pieces = [folded(piece) for piece in re.split(r"[;,\n\r]|(?i:\s+y\s+)", text) if folded(piece)]
    needs = _NEEDS_APPROVAL in pieces
    rest = [piece for piece in pieces if piece != _NEEDS_APPROVAL]
    if len(pieces) - len(rest) <= 1 and len(rest) <= 1 and all(piece in _YES | _NO for piece in rest):
        return (any(piece in _YES for piece in rest), needs)
    return Wrong(f"{quoted(text)} no se entiende: escriba «sí», «no», «requiere aprobación» o «sí, requiere aprobación».")
