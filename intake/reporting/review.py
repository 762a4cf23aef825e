"""The list that a unit's head reviews: who has an account, asked for by whom, until when; to be kept or made inactive. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from config.dates import local_date
from intake.reporting.accounts import KnownAccount, in_use
from intake.reporting.cases import masked_document, type_label
from intake.reporting.gathering import Gathered
from intake.reporting.tables import Section, Table, counted, day

FOLDER = "recertificacion"
COLUMNS = (
    "cuenta", "persona", "documento", "tipo", "dependencia", "responsable", "pedida por", "caso", "creada el", "contrato hasta",
    "estado", "último movimiento", "decisión", "desde", "motivo",
)  # fmt: skip
"""Of the CSV. The last three are for the head; with «desde» and «motivo» its rows can become the list of a campaign."""


@dataclass(frozen=True, slots=True)
class ReviewedAccount:
    """A line of a sheet, as it is read."""

    account: str
    person: str
    document: str
    type: str
    responsible: str
    asked_by: str
    case: str
    since: str
    until: str
    state: str
    moved: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One unit's list. `stem` names its two files."""

    unit: str
    stem: str
    accounts: tuple[ReviewedAccount, ...]

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """For the CSV to be filled in."""
        return tuple(
            (
                each.account, each.person, each.document, each.type, self.unit, each.responsible, each.asked_by, each.case,
                each.since, each.until, each.state, each.moved, "", "", "",
            )
            for each in self.accounts
        )  # fmt: skip


def sheets(of: Gathered, accounts: Sequence[KnownAccount]) -> tuple[Sheet, ...]:
    """A sheet for each unit that has accounts, in their order. How each account stands is today's, whatever the month."""
    units: dict[str, list[KnownAccount]] = {}
    for account in in_use(accounts):
        units.setdefault(account.unit, []).append(account)
    found: list[Sheet] = []
    taken: set[str] = set()
    for unit, mine in units.items():
        stem = _stem(unit, taken)
        taken.add(stem)
        found.append(Sheet(unit, stem, tuple(_reviewed(each, of) for each in mine)))
    return tuple(found)


def _reviewed(account: KnownAccount, of: Gathered) -> ReviewedAccount:
    moved = (
        f"Último caso: {account.last_case}, {day(local_date(account.moved_at, of.month.zone))}"
        if account.moved_at is not None
        else "Sin casos registrados"
    )
    return ReviewedAccount(
        account=account.mail or account.login,
        person=account.person,
        document=masked_document(account.document),
        type=type_label(account.account_type),
        responsible=account.responsible,
        asked_by=account.asked_by,
        case=account.created_by or "",
        since=day(account.created_on),
        until=day(account.until),
        state=account.state(of.rules.today),
        moved=moved,
    )


def _stem(unit: str, taken: set[str]) -> str:
    """A name for the unit's files: plain letters, never one that is taken."""
    plain = unicodedata.normalize("NFKD", unit).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "sin-dependencia"
    number, free = 2, stem
    while free in taken:
        free, number = f"{stem}-{number}", number + 1
    return free


def recertification(of: Gathered, made: Sequence[Sheet]) -> Section:
    """How many accounts each unit has to review, and where its sheet is."""
    inactive = [sum(not each.state.startswith("Activa") for each in sheet.accounts) for sheet in made]
    table = Table(
        "recertificacion",
        "Cuentas por dependencia, hoy",
        ("Dependencia", "Cuentas", "No activas", "Hoja para imprimir", "Para diligenciar"),
        tuple(
            (
                sheet.unit,
                str(len(sheet.accounts)),
                str(count),
                f"{FOLDER}/{sheet.stem}.html",
                f"{FOLDER}/{sheet.stem}.csv",
            )
            for sheet, count in zip(made, inactive, strict=True)
        ),
        frozenset({1, 2}),
        bars=1,
        sizes=tuple(float(len(sheet.accounts)) for sheet in made),
        total=("Total", str(sum(len(sheet.accounts) for sheet in made)), str(sum(inactive)), "", "") if made else (),
    )
    accounts = sum(len(sheet.accounts) for sheet in made)
    units = counted(len(made), "dependencia", "dependencias")
    return Section(
        "recertificacion",
        "Recertificación",
        "Cuentas que el programa creó o que algún caso trató y que no se han eliminado, como estaban el "
        f"{day(of.rules.today)}, no al final del mes. El estado es el que resulta de las inactivaciones y los contratos "
        "registrados: lo que otro cambió en el Directorio Activo no se ve aquí. «Pedida por» es quien pidió su creación; de "
        "las que no creó el programa no se sabe. Cada hoja es solo de su dependencia: así puede enviarse a quien la dirige.",
        (f"{counted(accounts, 'cuenta', 'cuentas')} de {units} para que cada jefatura las revise.",)
        if made
        else ("El programa aún no conoce cuentas que revisar.",),
        tables=(table,) if made else (),
    )
