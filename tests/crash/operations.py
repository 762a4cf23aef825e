"""The operations of the procedures in their variants: what happens in each, and in what order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from intake.forms.port import Field
from tests.crash.acting import (
    COLLEAGUE,
    DAY,
    HOUR,
    LOGIN,
    UPME,
    VICTIMAS,
    WEDNESDAY,
    Answers,
    Place,
    a_colleague_comes,
    approves_the_batch,
    asked,
    both,
    desk,
    signs_in,
    submits,
    time_passes,
)
from tests.crash.office import Office
from tests.crash.reliving import Course, Event
from tests.world import CONTRACTOR


@dataclass(frozen=True, slots=True)
class Trial:
    """One operation in one variant."""

    place: Place
    course: Course
    before: Course = ()
    """What happens first, and nobody is killed in."""
    reaches: frozenset[str] = frozenset()
    """Stop points without which it would not be this operation."""
    refused: frozenset[str] = frozenset()
    """Addresses for which the mail server accepts nothing."""
    policy: Mapping[str, object] = field(default_factory=dict)
    """What the institution's policy says otherwise."""
    workbook: bool = False
    every_commit: bool = False

    def begin(self, office: Office, folder: Path) -> Office:
        """A world of its own, in which all has happened that happens before."""
        world = office.copied(folder)
        world.refused, world.policy_changes = self.refused, self.policy
        world.workbook, world.every_commit = self.workbook, self.every_commit
        for event in self.before:
            world.clock.move_to(WEDNESDAY + event.after)
            event.happens(world)
            world.live_on()
        return world


RESET = "Cambio de clave"
_LEAVES = frozenset({"directory.account.disabled", "directory.group.removed", "MAIL_LOOSE_ENDS.in-flight"})
_BACKED_UP = frozenset({"backup.item.copied", "backup.manifest.written", "BACK_UP.in-flight"})
_NEXT_YEAR = timedelta(days=38)
"""On 2 January 2027, after the contract's end on 31 December."""


def _once(answers: Answers, requester: str = UPME.head) -> tuple[Event, ...]:
    return (Event(timedelta(0), submits(answers, requester)),)


_VACATION = asked("Inactivación", UPME, reason="Vacaciones", from_date="25/11/2026", until_date="27/11/2026")
_HIS_VACATION = {**_VACATION, Field.ACCOUNT: f"{COLLEAGUE}@{UPME.domain}"}
_UNREACHABLE = {
    **CONTRACTOR,
    Field.SURNAMES: "Gil Paz",
    Field.DOCUMENT_NUMBER: "52777888",
    Field.PERSONAL_EMAIL: "gil@rebota.co",
}

TRIALS: Mapping[str, Trial] = {
    "a remote password change, used the next day": Trial(
        UPME,
        (*_once(asked(RESET, UPME, on_premises="No"), UPME.account), Event(DAY, signs_in(LOGIN))),
        reaches=frozenset({"directory.password.reset", "access.password-set", "AWAIT_FIRST_USE.in-flight"}),
    ),
    "a password change on the premises": Trial(
        UPME, _once(asked(RESET, UPME, on_premises="Sí")), reaches=frozenset({"directory.change.allowed"})
    ),
    "a password change with another address": Trial(
        UPME,
        _once(asked(RESET, UPME, on_premises="No", personal_email="otro@gmail.com")),
        reaches=frozenset({"OPEN_ADDRESS_CHANGE.in-flight", "WAITING.committed"}),
    ),
    "a change of address, approved on the board": Trial(
        UPME,
        (Event(timedelta(0), desk(3, "Aprobar", UPME.approver)),),
        before=_once(asked(RESET, UPME, on_premises="No", personal_email="otro@gmail.com")),
        reaches=frozenset({"MAIL_APPROVER.in-flight", "MAIL_OLD_ADDRESS.in-flight", "RECORD_ADDRESS.in-flight"}),
        workbook=True,
    ),
    "access data that nobody uses": Trial(
        UPME,
        (
            *_once(asked(RESET, UPME, on_premises="No")),
            Event(5 * DAY + HOUR, time_passes),
            Event(13 * DAY, time_passes),
        ),
        reaches=frozenset({"MAIL_PICKUP_REMINDER.in-flight", "directory.password.revoked", "MAIL_ACCESS_REVOKED.in-flight"}),
    ),
    "a transfer": Trial(
        UPME,
        _once(
            asked("Modificación", UPME, unit=UPME.other_unit, supervisor_email="supervisor.see@upme.gov.co", reason="Traslado")
        ),
        reaches=frozenset({"directory.account.moved", "directory.group.removed", "directory.group.added"}),
    ),
    "a new name": Trial(
        UPME,
        _once(asked("Modificación", UPME, given_names="José Ángel", surnames="Castro Peña", reason="Cambio de nombre")),
        reaches=frozenset({"directory.account.renamed", "directory.alias.added"}),
    ),
    "an extension after the contract's end": Trial(
        UPME,
        _once(
            asked(
                "Modificación",
                UPME,
                contract_number="CPS-123-2026",
                contract_end="30/06/2027",
                reason="Prórroga del contrato",
            )
        ),
        before=(Event(_NEXT_YEAR, time_passes),),
        reaches=frozenset({"directory.account.enabled", "directory.group.added", "END_HOLDS.in-flight"}),
    ),
    "a vacation": Trial(
        UPME,
        (
            *_once(asked("Inactivación", UPME, reason="Vacaciones", from_date="26/11/2026", until_date="27/11/2026")),
            Event(DAY, time_passes),
            Event(3 * DAY, time_passes),
        ),
        reaches=frozenset({"MAIL_SCHEDULED.in-flight", "directory.account.disabled", "directory.account.enabled"}),
    ),
    "a retirement": Trial(UPME, _once(asked("Inactivación", UPME, reason="Retiro", from_date="25/11/2026")), reaches=_LEAVES),
    "a retirement where the licence is removed": Trial(
        VICTIMAS,
        _once(asked("Inactivación", VICTIMAS, reason="Retiro", from_date="25/11/2026"), VICTIMAS.head),
        reaches=_LEAVES | _BACKED_UP | {"REMOVE_LICENCE.in-flight"},
    ),
    "an activation that ends a leave": Trial(
        UPME,
        _once(asked("Activación", UPME)),
        before=_once(
            asked("Inactivación", UPME, reason="Licencia de paternidad", from_date="25/11/2026", until_date="15/12/2026")
        ),
        reaches=frozenset({"directory.account.enabled", "END_HOLDS.in-flight"}),
    ),
    "an activation with a new contract": Trial(
        VICTIMAS,
        _once(
            asked(
                "Activación",
                VICTIMAS,
                contract_number="CPS-7-2027",
                contract_start="02/01/2027",
                contract_end="30/06/2027",
                supervisor_email=VICTIMAS.head,
            ),
            VICTIMAS.head,
        ),
        before=(Event(_NEXT_YEAR, time_passes),),
        reaches=frozenset({"directory.account.enabled", "directory.group.added", "ASSIGN_LICENCE.in-flight"}),
    ),
    "a suspension": Trial(
        UPME,
        (
            *_once(
                asked(
                    "Suspensión de contrato",
                    UPME,
                    contract_number="CPS-123-2026",
                    from_date="25/11/2026",
                    until_date="27/11/2026",
                )
            ),
            Event(3 * DAY, time_passes),
        ),
        reaches=frozenset({"directory.account.disabled", "directory.account.enabled", "MAIL_RETURNED.in-flight"}),
    ),
    "an early termination": Trial(
        UPME,
        _once(
            asked(
                "Terminación anticipada", UPME, contract_number="CPS-123-2026", from_date="25/11/2026", reason="Mutuo acuerdo"
            )
        ),
        reaches=_LEAVES,
    ),
    "a cession": Trial(
        UPME,
        (
            *_once(
                asked(
                    "Cesión de contrato",
                    UPME,
                    contract_number="CPS-123-2026",
                    contract_end="31/12/2026",
                    from_date="25/11/2026",
                    supervisor_email=UPME.head,
                    assignee_given_names="Rosa Inés",
                    assignee_surnames="Díaz Niño",
                    assignee_document_type="Cédula de ciudadanía",
                    assignee_document_number="52111222",
                    assignee_personal_email="rosa.diaz@gmail.com",
                )
            ),
            Event(DAY, signs_in("rosa.diaz")),
        ),
        reaches=_LEAVES | {"directory.account.added", "directory.password.issued"},
    ),
    "a deletion": Trial(
        UPME,
        (
            *_once(asked("Eliminación", UPME, reason="Retiro de la entidad", computer="PC-0044")),
            Event(HOUR, desk(2, "Aprobar", UPME.approver)),
            Event(5 * HOUR, desk(2, "Confirmar backup de equipo")),
            Event(8 * HOUR, desk(2, "Confirmar borrado de equipo")),
        ),
        reaches=_BACKED_UP | {"directory.computer.disabled", "directory.computer.removed", "directory.account.deleted"},
    ),
    "a deletion that is cancelled": Trial(
        UPME,
        (
            *_once(asked("Eliminación", UPME, reason="Retiro de la entidad")),
            Event(HOUR, desk(2, "Aprobar", UPME.approver)),
            Event(5 * HOUR, desk(2, "Confirmar backup de equipo")),
            Event(8 * HOUR, desk(2, "Cancelar", "No se va")),
        ),
        reaches=frozenset({"directory.computer.removed", "directory.account.enabled", "MAIL_DELETION_UNDONE.in-flight"}),
    ),
    "contracts that end": Trial(
        UPME,
        (Event(_NEXT_YEAR, time_passes),),
        before=(Event(timedelta(0), a_colleague_comes),),
        every_commit=True,
        reaches=_LEAVES | {"MAIL_CONTRACT_ENDED.in-flight"},
    ),
    "more at once than the cap": Trial(
        UPME,
        (
            Event(timedelta(0), both(submits(_VACATION, UPME.head), submits(_HIS_VACATION, UPME.head))),
            Event(HOUR, approves_the_batch),
        ),
        before=(Event(timedelta(0), a_colleague_comes),),
        every_commit=True,
        policy={"caps.destructive_per_run": 1, "caps.destructive_share": 0.0},
        reaches=frozenset({"directory.account.disabled", "mail.sent"}),
    ),
    "access data that reaches nobody": Trial(
        UPME,
        (
            *_once(_UNREACHABLE),
            Event(2 * DAY + HOUR, time_passes),
            Event(6 * DAY + HOUR, time_passes),
            Event(8 * DAY + HOUR, time_passes),
        ),
        refused=frozenset({_UNREACHABLE[Field.PERSONAL_EMAIL]}),
        reaches=frozenset(
            {"directory.password.issued", "MAIL_CORRECTION.in-flight", "MAIL_REMINDER.in-flight", "directory.account.disabled"}
        ),
    ),
}
