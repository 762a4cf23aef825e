"""What a run came to, in words and as a document."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.vocabulary import CaseNumber
from intake.commands.documents import entry_document, request_document
from intake.described import user_of
from intake.output import Json, Output, error_document, heading, pairs, table
from intake.run import RunReport
from provision.journal.batches import HeldBatch
from provision.procedure.model import Entry, Request, State
from provision.procedure.safety import Batch

MOST_OF_A_BATCH = 20
MOST_OF_A_REASON = 120
"""Characters of why a request waits; all of it is in `gestion show`."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A run's report, request by request."""

    report: RunReport
    counts: Mapping[State, int]
    """All requests in the journal after the run."""
    stopped: bool = False
    """The run was asked to end early; what is left goes on in the next one."""

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request that the run looked at, as it stands now."""
        last = {advance.request.case: advance.request for advance in self.report.work.advanced}
        return tuple(last[case] for case in sorted(last))

    @property
    def moved(self) -> tuple[Request, ...]:
        """The requests to which something happened."""
        cases = {advance.request.case for advance in self.report.work.advanced if advance.entries}
        return tuple(request for request in self.requests if request.case in cases)

    def entries(self, case: CaseNumber) -> list[Entry]:
        """What this run added to a request's story."""
        return [entry for advance in self.report.work.advanced if advance.request.case == case for entry in advance.entries]

    def in_state(self, *states: State) -> list[Request]:
        """Requests of this run that stand so now."""
        return [request for request in self.requests if request.state in states]

    @property
    def quiet(self) -> bool:
        """Nothing happened."""
        report = self.report
        return not (
            report.reception.opened
            or report.reception.continued
            or report.reception.alarms
            or self.moved
            or report.problems
            or report.board_notes
            or report.held_batch
            or self.stopped
        )


def summary_document(summary: Summary) -> dict[str, Json]:
    """A run for other programs."""
    report = summary.report
    return {
        "exit_code": report.exit_code,
        "stopped": summary.stopped,
        "received": {
            "opened": list(report.reception.opened),
            "continued": list(report.reception.continued),
            "alarms": list(report.reception.alarms),
        },
        "requests": [
            {
                **request_document(request),
                "happened": [entry_document(entry) for entry in summary.entries(request.case)],
                "failed": request in report.failed,
            }
            for request in summary.requests
        ],
        "closed": [request.case for request in summary.moved if request.state.closed],
        "needs_attention": [request.case for request in summary.in_state(State.NEEDS_ATTENTION)],
        "problems": [error_document(problem) for problem in report.problems],
        "board": {"rows": report.shown, "notes": list(report.board_notes)},
        "held_batch": batch_document(report.held_batch),
        "counts": {state.value: summary.counts.get(state, 0) for state in State},
    }


def say_summary(output: Output, summary: Summary) -> None:
    """A short table; one line when nothing happened."""
    waiting = sum(number for state, number in summary.counts.items() if not state.closed)
    if summary.quiet:
        output.line(f"Sin novedades. Solicitudes abiertas: {waiting}.")
        return
    report = summary.report
    closed = [request for request in summary.moved if request.state.closed]
    figures = [
        ("Recibidas", _count(len(report.reception.opened), len(report.reception.continued))),
        ("Con novedades", str(len(summary.moved))),
        ("Cerradas", ", ".join(_closed(closed)) or "0"),
        ("Abiertas", str(waiting)),
    ]
    output.draw(heading("Resumen"), pairs(figures))
    waits = [r for r in summary.requests if r.waiting_for and r.state in {State.WAITING, State.NEEDS_CORRECTION}]
    if waits:
        rows = [(r.case, user_of(r), r.waiting_for.label if r.waiting_for else "", _short(r.reason)) for r in waits]
        output.draw(heading("En espera"), table(("Caso", "Usuario", "De", "Detalle"), rows))
    held = summary.in_state(State.NEEDS_ATTENTION)
    if held:
        reasons = [(r.case, user_of(r), r.reason) for r in held]
        output.draw(heading("Requieren atención"), table(("Caso", "Usuario", "Por qué"), reasons))
    say_held_batch(output, report.held_batch)
    say_problems(output, report)
    if summary.stopped:
        output.line()
        output.line("Se detuvo porque se lo pidieron: lo que falta continúa en la próxima ejecución.")


def batch_document(batch: Batch | None) -> Json:
    """A batch that a run held, for other programs; None for none."""
    if batch is None:
        return None
    return {
        "digest": batch.digest,
        "count": len(batch.effects),
        "allowed": batch.allowed,
        "lines": [{"case": effect.case, "line": effect.line} for effect in batch.effects],
    }


def held_batch_document(batch: HeldBatch) -> Json:
    """A batch that was held before, for other programs."""
    lines = [{"case": case, "line": line} for case, line in batch.lines.items()]
    return {"digest": batch.digest, "count": len(lines), "allowed": batch.allowed, "lines": lines}


def say_held_batch(output: Output, batch: Batch | None, *, would: bool = False) -> None:
    """That more was to be taken from people than the cap allows, and how to decide on it; nothing for none."""
    if batch is None:
        return
    output.draw(heading("Lote que se detendría" if would else "Lote detenido: espera aprobación"))
    output.line(
        f"  {len(batch.effects)} cuentas se harían inactivas o se eliminarían, y el tope es {batch.allowed}: no se "
        f"{'haría' if would else 'hizo'} ninguna."
    )
    for effect in batch.effects[:MOST_OF_A_BATCH]:
        output.line(f"  · {effect.case}  {effect.line}")
    if len(batch.effects) > MOST_OF_A_BATCH:
        output.line(f"  · y {len(batch.effects) - MOST_OF_A_BATCH} más")
    if not would:
        short = batch.digest[:12]
        output.line(f"  Para aprobar exactamente este lote: gestion approve {short} --by CORREO")
        output.line(f"  Para cancelar todos sus casos: gestion reject {short} --by CORREO --note MOTIVO")


def say_problems(output: Output, report: RunReport) -> None:
    """What could not be reached or used, and what somebody should look at."""
    for alarm in report.reception.alarms:
        output.warning(alarm)
    for note in report.board_notes:
        output.warning(note)
    for problem in report.problems:
        output.error(problem.message, problem.remedy)


def _short(reason: str) -> str:
    return reason if len(reason) <= MOST_OF_A_REASON else f"{reason[:MOST_OF_A_REASON].rstrip()}…"


def _count(opened: int, continued: int) -> str:
    return f"{opened} nuevas, {continued} corregidas o editadas" if continued else str(opened)


def _closed(closed: list[Request]) -> list[str]:
    labels: dict[str, int] = {}
    for request in closed:
        labels[request.state.label] = labels.get(request.state.label, 0) + 1
    return [f"{number} {label.lower()}" for label, number in labels.items()]
