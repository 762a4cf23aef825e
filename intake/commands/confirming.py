"""Who approves and whether the person at the terminal means it: what every approval by command asks first."""

import sys

from config.errors import CannotRun
from config.vocabulary import EmailAddress
from intake.approving import named_approver
from intake.matrix import Matrix
from intake.output import Output
from intake.typed_addresses import read_address
from intake.typed_text import Wrong, clean, folded, quoted
from intake.wiring import Installation
from provision.procedure.model import Approver

LONGEST_NOTE = 500


def whole_address(installation: Installation, typed: str) -> EmailAddress:
    """The address that was typed. Raises CannotRun for anything but one whole address."""
    policy = installation.policy
    address = read_address(typed, own_domains=(policy.mail_domain, policy.upn_suffix))
    if isinstance(address, Wrong):
        raise CannotRun(f"--by: {address.message}", remedy="Escriba el correo completo de quien decide.")
    return address


def the_approver(installation: Installation, typed: str) -> Approver:
    """Whom the matrix knows as an approver today. Raises CannotRun."""
    address = whole_address(installation, typed)
    approver = named_approver(installation, address)
    if approver is None:
        raise CannotRun(
            f"La matriz de autorizadores no conoce hoy a {address} como aprobador.",
            remedy="Debe tener una fila vigente con «sí» en la columna aprobador.",
        )
    return approver


def someone_known(installation: Installation, typed: str) -> EmailAddress:
    """Somebody whom any row of the matrix names today. Raises CannotRun."""
    address = whole_address(installation, typed)
    matrix: Matrix = installation.matrix()
    today = installation.rules(installation.clock()).today
    if not any(row.in_force(today) for row in matrix.rows_of(address)):
        raise CannotRun(
            f"La matriz de autorizadores no conoce hoy a {address}.", remedy="Escriba el correo de quien responde por el plan."
        )
    return address


def note_of(typed: str, *, required: bool = False) -> str:
    """A note as it is kept. Raises CannotRun for one that is too long, or missing."""
    note = clean(typed)
    if required and not note:
        raise CannotRun("Falta el motivo.", remedy="Escríbalo con --note: queda en la historia de cada caso.")
    if len(note) > LONGEST_NOTE:
        raise CannotRun(f"La nota tiene {len(note)} caracteres.", remedy=f"Escriba {LONGEST_NOTE} como máximo.")
    return note


def confirmed(output: Output, question: str, *, yes: bool) -> bool:
    """Ask the person at the terminal; where there is none, or with --yes, the command itself is the answer."""
    if yes or not (output.watched and _is_terminal()):
        return True
    output.note(f"{question} Escriba «sí» para continuar:")
    try:
        answer = sys.stdin.readline()
    except (OSError, ValueError):
        return False
    if folded(answer) in {"si", "s"}:
        return True
    output.note(f"No se hizo nada: se respondió {quoted(answer) if answer.strip() else 'nada'}.")
    return False


def _is_terminal() -> bool:
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):
        return False
