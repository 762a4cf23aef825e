"""The daily count: as many responses in the form as the journal has receipts of, or somebody is told (activity 2).

It rides on the reading of the whole form that happens once a day anyway and asks nobody anything more. What it finds is said
and changes nothing: a response that is gone from the form is never a reason to do anything to a case (absence is no evidence).
What somebody deleted on purpose is said until a person acknowledges it (`gestion acknowledge`), and then no more.
"""

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime

from config.vocabulary import CaseNumber
from intake.forms.port import ResponseId
from provision.journal.acknowledged import Acknowledged
from provision.journal.store import Journal
from provision.journal.views import Memory, Views

COUNTED = "counting.last"
"""Under this key the journal remembers the newest count, for the metrics."""
GONE = "counting.gone"
"""And under this one the responses that it missed in the form, with their cases, for whoever acknowledges them."""
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
    """Responses that the journal has and the form has no more, and that nobody has acknowledged."""
    unread: int = 0
    """Responses that the form has, that are to be attended, and that the journal has not."""
    acknowledged: int = 0
    """Responses that the form has no more, as somebody knows."""

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
    absent = received.keys() - listed
    known = Acknowledged(journal).responses(form_id)
    if known & listed:
        Acknowledged(journal).back_again(form_id, known & listed)
    gone = {response: received[response] for response in sorted(absent - known)}
    unread = attended - received.keys()
    Memory(journal).put(GONE, json.dumps([form_id, gone]))
    _keep(journal, Count(on.isoformat(), len(listed), len(received), len(gone), len(unread), len(absent & known)))
    alarms = []
    if unread:
        alarms.append(
            f"Conteo diario: hay {_responses(len(unread))} en el formulario y no en el registro, y debían entrar en esta "
            "ejecución. Avise a quien mantiene el programa: hay solicitudes sin atender."
        )
    if gone:
        cases = sorted(set(gone.values()))
        alarms.append(
            f"Conteo diario: hay {_responses(len(gone))} en el registro y ya no en el formulario ({_named(cases)}). Alguien "
            "las borró; los casos siguen su curso y no se deshace nada. Revise quién puede editar el formulario. Si fue "
            "a propósito, dígalo con «gestion acknowledge» y no se avisará más de ellas."
        )
    return tuple(alarms)


@dataclass(frozen=True, slots=True)
class Missing:
    """What the newest count missed in the form and nobody has acknowledged: each response with its newest case."""

    form_id: str
    cases: Mapping[str, CaseNumber]


def missing(journal: Journal) -> Missing | None:
    """What is to be acknowledged; None: nothing."""
    kept = Memory(journal).get(GONE)
    form_id, gone = json.loads(kept) if kept else ("", {})
    return Missing(form_id, {response: CaseNumber(case) for response, case in gone.items()}) if gone else None


def acknowledge(journal: Journal, gone: Missing, *, by: str, note: str, now: datetime) -> None:
    """Write down who knows that exactly these responses are gone: no later count tells of them. Idempotent.

    The newest count, which the metrics show, changes with it.
    """
    Acknowledged(journal).add(gone.form_id, gone.cases, by=by, note=note, now=now)
    newest, left = last_count(journal), missing(journal)
    if newest is not None and left is not None and left.form_id == gone.form_id:
        others = {response: case for response, case in left.cases.items() if response not in gone.cases}
        _keep(journal, replace(newest, gone=len(others), acknowledged=newest.acknowledged + newest.gone - len(others)))
        Memory(journal).put(GONE, json.dumps([left.form_id, others]))


def _keep(journal: Journal, found: Count) -> None:
    Memory(journal).put(COUNTED, json.dumps(astuple(found)))


def last_count(journal: Journal) -> Count | None:
    """The newest count; None: nothing was counted yet."""
    kept = Memory(journal).get(COUNTED)
    return Count(*json.loads(kept)) if kept else None


def _responses(number: int) -> str:
    return "1 respuesta" if number == 1 else f"{number} respuestas"


def _named(cases: list[CaseNumber]) -> str:
    more = f" y {len(cases) - _MOST_NAMED} más" if len(cases) > _MOST_NAMED else ""
    return ", ".join(cases[:_MOST_NAMED]) + more
