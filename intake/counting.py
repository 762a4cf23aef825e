"""The daily count: as many responses in the form as the journal has receipts of, or somebody is told (activity 2).

It rides on the reading of the whole form that happens once a day anyway and asks nobody anything more. What it finds is said
and changes nothing: a response that is gone from the form is never a reason to do anything to a case (absence is no evidence).
"""

import json
from dataclasses import dataclass
from datetime import date

from config.vocabulary import CaseNumber
from intake.forms.port import ResponseId
from provision.journal.store import Journal
from provision.journal.views import Memory, Views

COUNTED = "counting.last"
"""Under this key the journal remembers the newest count, for the metrics."""
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Count:
    """One count. `on` is its day in the institution's zone, as ISO 8601 writes it."""

    on: str
    responses: int
    """Responses that the form has."""
    receipts: int
    """Responses that the journal has received."""
    gone: int = 0
    """Responses that the journal has and the form has no more."""
    unread: int = 0
    """Responses that the form has, that are to be attended, and that the journal has not."""

    @property
    def agrees(self) -> bool:
        """Nothing is missing on either side."""
        return self.gone == 0 and self.unread == 0


def is_due(journal: Journal, on: date) -> bool:
    """Whether nothing was counted on this day (in the institution's zone) yet."""
    newest = last_count(journal)
    return newest is None or newest.on != on.isoformat()


def count(
    journal: Journal, form_id: str, listed: frozenset[ResponseId], attended: frozenset[ResponseId], *, on: date
) -> tuple[str, ...]:
    """Compare, remember, and return alarms in Spanish; none when the two agree. Repeating it changes nothing.

    `listed`: every response of the form; `attended`: those of them that are requests (not older than `attend_since`), which
    the journal must have by now.
    """
    received = Views(journal).responses_of(form_id)
    gone = received.keys() - listed
    unread = attended - received.keys()
    found = Count(on.isoformat(), len(listed), len(received), len(gone), len(unread))
    Memory(journal).put(COUNTED, json.dumps([found.on, found.responses, found.receipts, found.gone, found.unread]))
    alarms = []
    if unread:
        alarms.append(
            f"Conteo diario: hay {_responses(len(unread))} en el formulario y no en el registro, y debían entrar en esta "
            "ejecución. Avise a quien mantiene el programa: hay solicitudes sin atender."
        )
    if gone:
        cases = sorted({received[response] for response in gone})
        alarms.append(
            f"Conteo diario: hay {_responses(len(gone))} en el registro y ya no en el formulario ({_named(cases)}). Alguien "
            "las borró; los casos siguen su curso y no se deshace nada. Revise quién puede editar el formulario."
        )
    return tuple(alarms)


def last_count(journal: Journal) -> Count | None:
    """The newest count; None: nothing was counted yet."""
    kept = Memory(journal).get(COUNTED)
    return Count(*json.loads(kept)) if kept else None


def _responses(number: int) -> str:
    return "1 respuesta" if number == 1 else f"{number} respuestas"


def _named(cases: list[CaseNumber]) -> str:
    more = f" y {len(cases) - _MOST_NAMED} más" if len(cases) > _MOST_NAMED else ""
    return ", ".join(cases[:_MOST_NAMED]) + more
