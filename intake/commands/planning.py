"""`plan`: what a run would do, request by request."""

from config.settings import Log
from intake.commands.documents import decision_document, entry_document, request_document
from intake.commands.invocation import Invocation
from intake.commands.summary import batch_document, held_batch_document, say_held_batch, say_problems
from intake.described import account_type_label, authorisation_text, operation_label, user_of
from intake.output import Json, Output, error_document, heading
from intake.plan import Plan, PlannedRequest, make_plan
from provision.procedure.model import EntryKind
from provision.procedure.submission import Granted


def plan_command(invocation: Invocation, config: str | None) -> int:
    """A dry run; the exit code is the one that the run would end with, as far as can be foreseen."""
    from config.log import configure

    settings, output = invocation.load(config), invocation.output
    # Not the log of the settings: an auditor must not read there what never happened.
    log = configure(Log(level="error", format="text"))
    made = make_plan(settings, settings.load_policy(), invocation.clock, log)
    output.document(plan_document(made))
    if not output.as_json:
        _say_plan(output, made)
    say_problems(output, made.report)
    return made.report.exit_code


def plan_document(plan: Plan) -> dict[str, Json]:
    """A dry run for other programs."""
    reception = plan.report.reception
    return {
        "exit_code": plan.report.exit_code,
        "received": {
            "opened": list(reception.opened),
            "continued": list(reception.continued),
            "alarms": list(reception.alarms),
        },
        "requests": [
            {
                **request_document(planned.request),
                "new": planned.is_new,
                "decision": decision_document(planned.request.authorisation),
                "would_happen": [entry_document(entry) for entry in planned.entries],
                "would_write": list(planned.writes),
                "later": list(planned.later),
                "foreseen": planned.foreseen,
            }
            for planned in plan.requests
        ],
        "unchanged": list(plan.unchanged),
        "problems": [error_document(problem) for problem in plan.report.problems],
        "board": {"rows": plan.board_rows},
        "held_batch": batch_document(plan.report.held_batch),
        "open_batches": [held_batch_document(batch) for batch in plan.open_batches],
    }


def _say_plan(output: Output, plan: Plan) -> None:
    output.line("Simulación: no se cambió nada. Los números de los casos nuevos pueden ser otros en la ejecución real.")
    for planned in plan.requests:
        _say_request(output, planned)
    if plan.unchanged:
        output.line()
        output.line(f"Siguen en espera, sin novedades: {', '.join(plan.unchanged)}.")
    say_held_batch(output, plan.report.held_batch, would=True)
    if plan.open_batches:
        output.draw(heading("Lotes que esperan aprobación"))
        for batch in plan.open_batches:
            output.line(f"  {batch.digest[:12]}  {len(batch.lines)} cuentas (el tope es {batch.allowed})")
            output.line(f"  Para decidir: gestion approve {batch.digest[:12]} --by CORREO, o gestion reject con --note MOTIVO.")
    if not plan.requests:
        output.line("No hay nada que hacer ahora.")
    elif plan.board_rows:
        output.line()
        rows = "se escribiría 1 fila" if plan.board_rows == 1 else f"se escribirían {plan.board_rows} filas"
        output.line(f"En el tablero {rows}.")


def _say_request(output: Output, planned: PlannedRequest) -> None:
    request = planned.request
    what = " · ".join(part for part in (operation_label(request), account_type_label(request), user_of(request)) if part)
    output.draw(heading(f"{request.case}  {what}{'  (nueva)' if planned.is_new else ''}"))
    granted = isinstance(request.authorisation, Granted)
    decision = authorisation_text(request) if granted else "No autorizada"
    output.line(f"  Solicitante: {request.requester or 'sin identidad verificada'}. {decision}.")
    for entry in planned.entries:
        if entry.kind not in {EntryKind.RECEIVED, EntryKind.DECISION}:
            output.line(f"  · {': '.join(part for part in (entry.title, entry.detail) if part)}")
    for write in planned.writes:
        output.line(f"  → {write}")
    if planned.later:
        then = "Después" if planned.foreseen else "Después, según lo que resulte"
        output.line(f"  {then}: {'; '.join(planned.later)}.")
    elif planned.foreseen and not request.state.closed and request.waiting_for:
        output.line(f"  Quedaría en espera de {request.waiting_for.label}.")
    if request.state.closed:
        output.line(f"  Quedaría: {request.state.label}.")
