"""What several decisions say in the same words."""

from typing import assert_never

from provision.procedure.model import Entry, EntryKind
from provision.procedure.steps import Rules
from provision.procedure.submission import Authorisation, Granted, Provisional, Refused


def decision_entry(authorisation: Authorisation) -> Entry:
    """How the control point of activity 2 is told."""
    match authorisation:
        case Provisional(reason=reason):
            return Entry("Por confirmar sobre la cuenta", reason, EntryKind.DECISION)
        case Granted(reason=reason):
            return Entry("Autorizada", reason, EntryKind.DECISION)
        case Refused(reason=reason):
            return Entry("No autorizada", reason, EntryKind.DECISION)
        case _ as never:
            assert_never(never)


def never_deletes(rules: Rules) -> str:
    """Why an institution that never deletes refuses, and what it offers instead (Unidad para las Víctimas, 5)."""
    return (
        f"{rules.policy.short_name} no elimina cuentas: las inactiva, guarda una copia del buzón y retira la licencia. "
        "Para que la cuenta deje de usarse, pida una inactivación por retiro."
    )
