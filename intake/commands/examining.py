"""`doctor`: what was found, as it is found, in colours; or as a document."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from config.errors import CannotRun
from config.redaction import visible_text
from config.settings import Log
from intake.commands.invocation import Invocation
from intake.commands.progress import progress
from intake.doctor import examine
from intake.doctor_findings import Check, Health
from intake.output import Json, Output

ALL_WELL, SOMETHING_BAD = 0, 2

MARKS: Mapping[Health, str] = {Health.GOOD: "✔", Health.DOUBTFUL: "!", Health.BAD: "✘"}
STYLES: Mapping[Health, str] = {Health.GOOD: "green", Health.DOUBTFUL: "yellow", Health.BAD: "red"}


def doctor_command(invocation: Invocation, config: str | None) -> int:
    """Look at everything; 0 when nothing is bad, else 2. Settings that cannot be read are a finding like any other."""
    from config.log import configure

    output = invocation.output
    found: list[Check] = []

    def tell(check: Check) -> None:
        found.append(check)
        _say(output, check)

    try:
        settings = invocation.load(config)
        tell(Check("Configuración", Health.GOOD, "Sin errores."))
        policy = settings.load_policy()
        offered = f"{len(policy.accounts)} tipos de cuenta, {len(policy.units)} dependencias"
        tell(Check("Política", Health.GOOD, f"{policy.name}: {offered}; versión {policy.version}."))
    except CannotRun as error:
        name = "Política" if found else "Configuración"
        tell(Check(name, Health.BAD, error.message.strip(), error.remedy))
    else:
        log = configure(Log(level="error", format="text"))
        with _moving(output) as began:
            for check in examine(settings, policy, invocation.clock, log, began=began):
                tell(check)
    return _conclude(output, found)


@contextmanager
def _moving(output: Output) -> Iterator[Callable[[str], None]]:
    """What is being looked at, on a terminal that somebody watches; nowhere else."""
    if not output.watched:
        yield lambda name: None
        return
    with progress(output, verbose=False, keep_going=lambda: True) as telling:
        yield lambda name: telling.phase(f"Comprobando: {name}")


def _conclude(output: Output, found: list[Check]) -> int:
    counts = {health: sum(check.health is health for check in found) for health in Health}
    code = SOMETHING_BAD if counts[Health.BAD] else ALL_WELL
    output.document({"exit_code": code, "checks": [check_document(check) for check in found]})
    output.line()
    if counts[Health.BAD]:
        output.line(f"En rojo: {counts[Health.BAD]}. Corríjalo y ejecute de nuevo «gestion doctor».")
    elif counts[Health.DOUBTFUL]:
        output.line(f"Puede ejecutarse. Por tener en cuenta: {counts[Health.DOUBTFUL]}.")
    else:
        output.line("Todo está bien.")
    return code


def check_document(check: Check) -> dict[str, Json]:
    """One check for other programs."""
    return {"name": check.name, "health": check.health.value, "message": check.message, "remedy": check.remedy}


def _say(output: Output, check: Check) -> None:
    from rich.text import Text

    if output.as_json:
        return
    first, *more = check.message.split("\n")
    output.draw(
        Text.assemble((f"{MARKS[check.health]} ", STYLES[check.health]), (f"{check.name}: ", "bold"), visible_text(first))
    )
    for line in more:
        output.line(f"    {line.strip()}")
    if check.remedy:
        output.line(f"    → {check.remedy}")
