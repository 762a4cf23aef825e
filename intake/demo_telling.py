"""What one run of a demonstration came to, in lines for the console: one for each event worth telling. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from intake.described import operation_label
from intake.outcomes import changes_of, loose_ends_of
from intake.run import RunReport
from intake.telling import solution_of
from intake.telling_others import person_of
from provision.procedure.acts import WaitingFor
from provision.procedure.facts import Pickup
from provision.procedure.model import Advance, Course, Entry, EntryKind, Request, State

STYLES = {
    State.DONE: "green",
    State.FOLLOWED_UP: "green",
    State.REFUSED: "red",
    State.NEEDS_CORRECTION: "yellow",
    State.NEEDS_ATTENTION: "bold red",
    State.WAITING: "cyan",
    State.DUPLICATE: "magenta",
    State.UNANSWERED: "magenta",
    State.CANCELLED: "magenta",
}

_PASSING = frozenset({WaitingFor.SYNC, WaitingFor.MAILBOX, WaitingFor.BACKUP, WaitingFor.RETRY, WaitingFor.ADMISSION})
"""Waits of minutes, and those that the run tells of as a whole."""
_CLOCK = {"Plazo por vencer": "yellow", "Plazo vencido": "bold red"}
_MOST_OF_A_NAME = 36


@dataclass(frozen=True, slots=True)
class Line:
    """One event: which case, whose, what state or mark it came to (with its colour), and why. Spanish plain text."""

    case: str
    what: str
    mark: str
    style: str
    text: str


def lines_of(report: RunReport, now: datetime) -> list[Line]:
    """The events of a run that took place at `now`, in the order of their cases."""
    by_case: dict[str, list[Advance]] = {}
    for advance in report.work.advanced:
        by_case.setdefault(advance.request.case, []).append(advance)
    lines = [line for case in sorted(by_case) for line in _of_case(by_case[case], now)]
    batch = report.held_batch
    if batch is not None:
        text = f"{len(batch.effects)} cuentas quedarían inactivas y el tope es {batch.allowed}: no se hizo ninguna."
        lines.append(Line("", "Tope de seguridad", "Lote detenido", "bold red", text))
    return lines


def _of_case(advances: Sequence[Advance], now: datetime) -> Iterator[Line]:
    request = advances[-1].request
    entries = [entry for advance in advances for entry in advance.entries]
    for entry in entries:
        if entry.title in _CLOCK:
            yield _line(request, entry.title, _CLOCK[entry.title], entry.detail)
        elif entry.title == "Respuesta corregida":
            yield _line(request, "Corregida", "blue", entry.detail)
    for before, after in pairwise(advances):
        yield from _learnt(before.request, after.request)
    told = _where_it_stands(request, [entry for entry in entries if entry.title not in _CLOCK], now)
    if told is not None:
        yield told


def _learnt(before: Request, after: Request) -> Iterator[Line]:
    """What a step did that is worth a line of its own."""
    knew, knows = before.facts, after.facts
    if knows.changes and knew.changes is None:
        changes = "; ".join(f"{label}: {old or '(vacío)'} → {new or '(vacío)'}" for label, old, new in changes_of(after))
        yield _line(after, "Cambios", "blue", changes)
    if knows.backup is not None and knew.backup is None:
        yield _line(after, "Backup", "blue", f"{knows.backup.items} elementos del buzón copiados y verificados.")
    if knows.computers_removed and not knew.computers_removed:
        yield _line(after, "Equipo", "blue", f"{', '.join(knows.computers or ())} salió del dominio.")
    if knows.loose_ends is not None and knows.loose_ends.any and knew.loose_ends is None:
        yield _line(after, "Queda a su cargo", "yellow", f"{loose_ends_of(after)} Se avisa a la jefatura.")
    if knows.address_case is not None and knew.address_case is None:
        text = f"No recibe la clave: su cambio es otro caso, {knows.address_case}, que aprueba otra persona."
        yield _line(after, "Otro correo", "yellow", text)
    if knows.undone is not None and knew.undone is None and after.course is Course.CANCEL:
        yield _line(after, "Deshecho", "magenta", " ".join((*knows.undone, *(knows.not_undone or ()))))


def _where_it_stands(request: Request, entries: Sequence[Entry], now: datetime) -> Line | None:
    style = STYLES.get(request.state, "")
    if request.attended_at == now:
        mark = "Atendida" if request.state is State.FOLLOWED_UP else request.state.label
        return _line(request, mark, "green", _done(request))
    if request.attended_at is not None:
        return _followed_up(request, entries, now)
    if request.closed_at == now:
        return _line(request, request.state.label, style, request.reason or _done(request))
    if request.state is State.NEEDS_CORRECTION:
        return _corrected(request, entries)
    if request.state is State.NEEDS_ATTENTION and _has(entries, EntryKind.PROBLEM):
        return _line(request, request.state.label, style, request.reason)
    waits = request.waiting_for
    if request.state is State.WAITING and waits is not None and waits not in _PASSING and _has(entries, EntryKind.WAIT):
        return _line(request, "En espera", style, request.reason or waits.label)
    return None


def _followed_up(request: Request, entries: Sequence[Entry], now: datetime) -> Line | None:
    """A reminder, a revocation, a return; a first use is told with who signs in."""
    mails = [entry for entry in entries if entry.kind is EntryKind.MAIL]
    if request.facts.pickup is Pickup.REVOKED and request.closed_at == now:
        return _line(request, "Anulados", "red", "Nadie usó los datos de acceso: se anularon y se avisó al solicitante.")
    if request.facts.pickup is not None or not mails:
        return None
    if request.closed_at == now:
        still = request.facts.still_held
        return _line(request, "Sin regreso" if still else "Regreso", "yellow" if still else "green", _returned(still))
    return _line(request, "Recordatorio", "yellow", mails[-1].detail)


def _done(request: Request) -> str:
    return solution_of(request).removesuffix(" Solicitante informado.")


def _returned(still_held: str | None) -> str:
    return f"Terminó, pero la cuenta sigue inactiva: {still_held}." if still_held else "La cuenta está activa de nuevo."


def _corrected(request: Request, entries: Sequence[Entry]) -> Line | None:
    if _has(entries, EntryKind.PROBLEM):
        return _line(request, request.state.label, STYLES[request.state], request.reason)
    mails = [entry for entry in entries if entry.kind is EntryKind.MAIL]
    if any("Recordar" in entry.title for entry in mails):
        return _line(request, "Recordatorio", "yellow", "Aún falta la corrección del solicitante.")
    asked = [entry for entry in mails if "corrija" in entry.title]
    return _line(request, request.state.label, STYLES[request.state], request.reason) if asked else None


def _has(entries: Iterable[Entry], kind: EntryKind) -> bool:
    return any(entry.kind is kind for entry in entries)


def _line(request: Request, mark: str, style: str, text: str) -> Line:
    name = person_of(request)
    short = name if len(name) <= _MOST_OF_A_NAME else f"{name[: _MOST_OF_A_NAME - 1]}…"
    return Line(request.case, f"{operation_label(request)} · {short}" if short else operation_label(request), mark, style, text)
