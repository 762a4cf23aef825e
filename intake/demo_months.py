"""The two demonstrations: a December at the UPME, and a week at the Unidad para las Víctimas.

What people answer in the form is in config/demo/; what they do otherwise, and when, is here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from intake.demo_office import (
    Calendar,
    Choice,
    Happening,
    buying_seat,
    choosing,
    commanding,
    making_groups,
    moving,
    together,
)
from intake.demo_world import DATA, SETTINGS
from provision.procedure.desk import DeskAction

BOARD = "seguimiento.xlsx"
EXCEPTIONS = "excepciones.csv"
"""Accounts that the year-end campaign leaves alone."""
CAMPAIGN = "cierre-de-vigencia"
"""Where the campaign's plan is written."""
APPROVER = "sandra.mejia@upme.gov.co"
FINANCE_GROUP = "CN=GG_Financiera,OU=Grupos"
"""Nobody made this group: the account that needs it waits for a person."""


@dataclass(frozen=True, slots=True)
class Script:
    """One institution's demonstration."""

    data: Path
    """Where its responses, people, matrix and settings are."""
    subfolder: str
    """Where in the demonstration's folder it lives; empty: in the folder itself."""
    title: str
    heading: str
    """Of its page."""
    span: str
    """Its days, as people say them."""
    begins: Callable[[Calendar], datetime]
    ends: Callable[[Calendar], datetime]
    happenings: Callable[[Path, Calendar], list[Happening]]
    sign_ins: Callable[[Calendar], Mapping[str, Sequence[datetime | None]]] = lambda calendar: {}
    missing_groups: tuple[str, ...] = ()


def _upme_happenings(folder: Path, on: Calendar) -> list[Happening]:
    board = folder / BOARD

    def at_board(at: datetime, told: str, *choices: Choice) -> Happening:
        return Happening(at, told, choosing(board, *choices))

    fabian, marcela = "fabian.rojas@upme.gov.co", "marcela.duque@upme.gov.co"
    return [
        Happening(
            on.at(2, 12, 9, 30),
            "Infraestructura crea el grupo que faltaba; la mesa elige «Reintentar» en el tablero.",
            together(
                making_groups([FINANCE_GROUP]),
                choosing(
                    board,
                    Choice(
                        "Hermenegildo Maximiliano Bonaparte Santamaría de los Ríos",
                        "Creación de cuenta",
                        DeskAction.RETRY,
                        "Ya existe el grupo",
                    ),
                ),
            ),
        ),
        Happening(
            on.at(2, 12, 10),
            "Compras trae un cupo más de licencia para operadores.",
            buying_seat(folder / SETTINGS, "SPE_F1", 1),
            changes_settings=True,
        ),
        at_board(
            on.at(2, 12, 15),
            "Sandra Mejía, segunda persona, aprueba en el tablero el cambio del correo registrado.",
            Choice("sofia.leal@upme.gov.co", "Modificación", DeskAction.APPROVE, f"Verificado con la persona. {APPROVER}"),
        ),
        at_board(
            on.at(4, 12, 10, 30),
            "Sandra Mejía aprueba en el tablero la eliminación que pidió el jefe de la OGI.",
            Choice(fabian, "Eliminación", DeskAction.APPROVE, f"De acuerdo. {APPROVER}"),
        ),
        at_board(
            on.at(7, 12, 9),
            "La mesa copia el equipo UPME-PT-0231 y elige «Confirmar backup de equipo».",
            Choice(fabian, "Eliminación", DeskAction.CONFIRM_PC_BACKUP, "Copia en NAS-2, acta 118"),
        ),
        at_board(
            on.at(7, 12, 15),
            "La mesa borra el equipo y elige «Confirmar borrado de equipo».",
            Choice(fabian, "Eliminación", DeskAction.CONFIRM_PC_WIPE, "Formateado, acta 119"),
        ),
        at_board(
            on.at(9, 12, 11, 30),
            "La mesa confirma que la cuenta de Ricardo Lozano se puede activar.",
            Choice("ricardo.lozano@upme.gov.co", "Activación", DeskAction.APPROVE, "Contrato revisado"),
        ),
        Happening(
            on.at(10, 12, 13, 30),
            "El administrador del dominio ubica la cuenta de Hugo Salas; la mesa elige «Reintentar».",
            together(
                moving("hugo.salas", "OU=Contratistas,OU=SEE,OU=Usuarios", "Subdirección de Energía Eléctrica"),
                choosing(board, Choice("hugo.salas@upme.gov.co", "Modificación", DeskAction.RETRY, "Ya está en su OU")),
            ),
        ),
        Happening(
            on.at(16, 12, 8, 30),
            f"Revisados los contratos: gestion approve HUELLA --by {APPROVER}",
            commanding("approve", "{lote}", "--by", APPROVER, "--note", "Contratos revisados uno por uno", "--yes"),
        ),
        at_board(
            on.at(17, 12, 11, 30),
            "Carlos Peña, segunda persona, aprueba la eliminación que pidió Jurídica.",
            Choice(marcela, "Eliminación", DeskAction.APPROVE, "Aprobada. jefe.ogi@upme.gov.co"),
        ),
        at_board(
            on.at(18, 12, 9),
            "La mesa copia el equipo UPME-PT-0308 y elige «Confirmar backup de equipo».",
            Choice(marcela, "Eliminación", DeskAction.CONFIRM_PC_BACKUP, "Copia en NAS-2, acta 121"),
        ),
        at_board(
            on.at(18, 12, 14),
            "Llega un contrato nuevo de Marcela Duque: la mesa elige «Cancelar» a mitad de la eliminación.",
            Choice(marcela, "Eliminación", DeskAction.CANCEL, "Firmó un contrato nuevo"),
        ),
        *_campaign(folder, on),
    ]


def _campaign(folder: Path, on: Calendar) -> list[Happening]:
    """The year's end: contracts that end on its last day, planned by one person, approved by another, applied in waves."""
    until, planner = "31/12/2026", "jefe.ogi@upme.gov.co"
    exceptions, plan = folder / EXCEPTIONS, folder / CAMPAIGN
    return [
        Happening(
            on.at(28, 12, 10),
            f"Cierre de vigencia: gestion campaign plan --contracts-ending-by {until} --except {EXCEPTIONS} --by {planner}",
            commanding(
                "campaign", "plan", "--contracts-ending-by", until, "--except", str(exceptions), "--out", str(plan), "--by",
                planner,
            ),
        ),
        Happening(
            on.at(28, 12, 15),
            f"Otra persona aprueba exactamente ese plan: gestion campaign approve HUELLA --by {APPROVER}",
            commanding("campaign", "approve", "{campaña}", "--by", APPROVER, "--yes"),
        ),
        Happening(
            on.at(29, 12, 9),
            "Se aplica por olas de dos cuentas: gestion campaign apply HUELLA --wave 2",
            commanding("campaign", "apply", "{campaña}", "--wave", "2"),
        ),
    ]  # fmt: skip


def _upme_sign_ins(on: Calendar) -> Mapping[str, Sequence[datetime | None]]:
    return {
        "wilson.caicedo@yahoo.com": [on.at(3, 12, 11)],  # after he was reminded
        "tatiana.beltran@gmail.com": [None],  # never used, so it is revoked; the second one she uses
        "sofia.leal.2019@gmail.com": [None],  # she reads that mailbox no more
    }


UPME = Script(
    data=DATA,
    subfolder="",
    title="UPME (Unidad de Planeación Minero Energética)",
    heading="Demostración: un mes en la UPME",
    span="del lunes 30 de noviembre de 2026 al lunes 4 de enero de 2027",
    begins=lambda on: on.at(30, 11, 7, 30),
    ends=lambda on: on.at(4, 1, 12),
    happenings=_upme_happenings,
    sign_ins=_upme_sign_ins,
    missing_groups=(FINANCE_GROUP,),
)

VICTIMS = Script(
    data=DATA / "unidad-victimas",
    subfolder="unidad-victimas",
    title="Unidad para las Víctimas",
    heading="Demostración: una semana en la Unidad para las Víctimas",
    span="del lunes 30 de noviembre al viernes 4 de diciembre de 2026",
    begins=lambda on: on.at(30, 11, 8),
    ends=lambda on: on.at(4, 12, 17),
    happenings=lambda folder, on: [
        Happening(
            on.at(3, 12, 11),
            "Compras trae un cupo más de licencia para contratistas.",
            buying_seat(folder / SETTINGS, "SPE_F1", 2),
            changes_settings=True,
        )
    ],
)

SCRIPTS = (UPME, VICTIMS)
