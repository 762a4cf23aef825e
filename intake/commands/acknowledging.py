"""`acknowledge`: somebody says that the responses which the daily count missed in the form were deleted on purpose."""

from config.log import configure
from intake.commands.asking import operating_user
from intake.commands.confirming import confirmed, note_of
from intake.commands.installation import journal_to_ask
from intake.commands.invocation import Invocation
from intake.commands.running import beside_progress
from intake.counting import acknowledge, missing

MOST_SHOWN = 50


def acknowledge_command(invocation: Invocation, config: str | None, note: str, *, yes: bool) -> int:
    """0: acknowledged, or there is nothing to acknowledge; 1: the person at the terminal said no. Raises CannotRun."""
    settings, output = invocation.load(config), invocation.output
    why = note_of(note, required=True)
    with journal_to_ask(settings) as journal:
        gone = missing(journal)
        if gone is None:
            output.line("El último conteo diario no echó de menos ninguna respuesta: no hay nada que dar por revisado.")
            return 0
        cases = sorted(set(gone.cases.values()))
        number = "1 respuesta" if len(gone.cases) == 1 else f"{len(gone.cases)} respuestas"
        output.line(f"Ya no están en el formulario {number}, de los casos:")
        for case in cases[:MOST_SHOWN]:
            output.line(f"  {case}")
        if len(cases) > MOST_SHOWN:
            output.line(f"  y {len(cases) - MOST_SHOWN} más")
        if not confirmed(output, "¿Se borraron a propósito?", yes=yes):
            return 1
        by = operating_user()
        acknowledge(journal, gone, by=by, note=why, now=invocation.clock())
    configure(beside_progress(settings.log, told=True)).info("count.acknowledged", responses=len(gone.cases), by=by)
    output.line(f"Queda escrito que {by} las dio por revisadas. Si falta otra, el conteo diario vuelve a avisar.")
    return 0
