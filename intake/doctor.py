"""`gestion doctor`: every file and every connection looked at, one by one; nothing is written, no bad check stops another."""

from collections.abc import Callable, Iterator, Sequence

from config.clock import Clock
from config.errors import GestionError
from config.institution import Institution
from config.log import Logger
from config.settings import Settings
from intake.doctor_accounts import backup_findings, cloud_findings, directory_findings, microsoft_findings
from intake.doctor_findings import Check, Finding, bad
from intake.doctor_machine import clock_findings, log_findings, sqlite_path_of, store_findings, watching_findings
from intake.doctor_requests import board_findings, count_findings, form_findings, google_clock_findings, matrix_findings
from intake.doctor_telling import bounces_findings, desk_findings, mail_findings, template_findings
from intake.wiring import Installation
from provision.journal.copying import journal_in_memory
from provision.journal.store import Journal


def examine(
    settings: Settings, policy: Institution, clock: Clock, log: Logger, *, began: Callable[[str], None] = lambda name: None
) -> Iterator[Check]:
    """Look at everything, one check at a time as it is done. Reads only; raises nothing of its own.

    `began` is told the name of each check as it begins. A check that does not concern the installation says nothing.
    """
    journal = _journal_for_reading(settings)
    installation = Installation(settings, policy, clock, log, writable=False, journal_at=journal)
    try:
        for name, look in _checks(installation):
            began(name)
            yield from _attempt(name, look, log)
    finally:
        installation.close()


def _checks(installation: Installation) -> Sequence[tuple[str, Callable[[], list[Finding]]]]:
    return (
        ("Almacén", lambda: store_findings(installation.settings)),
        ("Reloj", lambda: clock_findings(installation)),
        ("Bitácora", lambda: log_findings(installation.settings)),
        ("Vigilancia", lambda: watching_findings(installation.settings)),
        ("Formulario", lambda: form_findings(installation)),
        ("Formulario", lambda: count_findings(installation)),
        ("Reloj", lambda: google_clock_findings(installation)),
        ("Matriz", lambda: matrix_findings(installation)),
        ("Tablero", lambda: board_findings(installation)),
        ("Directorio", lambda: directory_findings(installation)),
        ("Microsoft 365", lambda: microsoft_findings(installation)),
        ("Nube", lambda: cloud_findings(installation)),
        ("Backup", lambda: backup_findings(installation)),
        ("Correo", lambda: mail_findings(installation)),
        ("Plantillas", lambda: template_findings(installation)),
        ("Rebotes", lambda: bounces_findings(installation)),
        ("Mesa de servicio", lambda: desk_findings(installation)),
    )


def _attempt(name: str, look: Callable[[], list[Finding]], log: Logger) -> list[Check]:
    """One check; whatever goes wrong with it becomes its finding."""
    try:
        found = look()
    except GestionError as error:
        found = [bad(error.message.strip(), error.remedy)]
    except Exception as error:
        log.exception("doctor.defect", check=name, error=type(error).__name__)
        found = [bad(f"Error interno al comprobarlo ({type(error).__name__}).", "Repórtelo con el registro de esta ejecución.")]
    return [Check(name, *finding) for finding in found]


def _journal_for_reading(settings: Settings) -> Journal:
    """What adapters remember between runs, in memory; empty when there is no journal or it cannot be read."""
    path = sqlite_path_of(settings)
    try:
        return journal_in_memory(path)
    except GestionError:
        return journal_in_memory(None)
