"""How much was asked for and answered: by day, operation, account type and unit. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from config.dates import local_date
from config.vocabulary import ACCOUNT_TYPE_LABELS, AccountType
from intake.reporting.cases import NOT_KNOWN, operation_of, tallied, type_of, unit_said
from intake.reporting.gathering import Gathered, resolved_at
from intake.reporting.tables import Chart, Column, Section, Table, counted
from provision.procedure.model import Course, Origin, Request

_WEEKDAYS = ("lun", "mar", "mié", "jue", "vie", "sáb", "dom")
_ORIGINS = {
    Origin.SWEEP: "por contratos que terminaron",
    Origin.CAMPAIGN: "por una campaña aprobada",
    Origin.CASE: "por lo que pidió otro caso",
}


def received(of: Gathered) -> tuple[Request, ...]:
    """The responses of the form that became a case in the month."""
    return tuple(each for each in of.requests if each.origin is Origin.FORM and of.month.holds(each.received_at))


def resolved(of: Gathered) -> tuple[Request, ...]:
    """Every case answered in the month, whatever opened it."""
    return tuple(each for each in of.requests if of.month.holds(resolved_at(each)))


def pending(of: Gathered) -> tuple[Request, ...]:
    """Every case that was not answered yet at the cut."""
    return tuple(
        each for each in of.requests if each.received_at < of.cut and ((at := resolved_at(each)) is None or at >= of.cut)
    )


def volumes(of: Gathered) -> Section:
    """Received by day, operation, account type and unit, beside what was answered and what is pending."""
    asked, answered, open_ = received(of), resolved(of), pending(of)
    own = Counter(each.origin for each in of.requests if each.origin is not Origin.FORM and of.month.holds(each.received_at))
    came = counted(len(asked), "solicitud recibida", "solicitudes recibidas")
    said = [f"{came}, {counted(len(answered), 'caso resuelto', 'casos resueltos')} y {len(open_)} sin resolver al corte."]
    if own:
        parts = ", ".join(f"{count} {_ORIGINS[origin]}" for origin, count in sorted(own.items()))
        said.append(f"El programa abrió además {counted(sum(own.values()), 'caso', 'casos')}: {parts}.")
    return Section(
        "volumenes",
        "Solicitudes del mes",
        "Recibidas: respuestas del formulario que abrieron un caso, por la fecha en que se enviaron. Resueltas: casos de "
        "cualquier origen cuyo reporte se entregó, o que se cerraron sin atenderse, en el mes; lo que se sigue mirando después "
        "no cuenta. Sin resolver: recibidas antes del corte que no estaban resueltas en ese momento. La dependencia y el tipo "
        "son los del directorio cuando la cuenta existe; si no, los pedidos.",
        tuple(said),
        (_by_day(of, asked),),
        (
            *_days(of, asked),
            _by_operation_and_type(asked),
            _by_operation(asked, answered, open_),
            _grouped("por-dependencia", "Por dependencia", "Dependencia", asked, answered, unit_said),
            *([_how_answered(answered)] if answered else []),
        ),
    )


def _by_day(of: Gathered, asked: Sequence[Request]) -> Chart:
    days = Counter(local_date(each.received_at, of.month.zone) for each in asked)
    columns = tuple(
        Column(
            str(day.day),
            days[day],
            f"{day:%d/%m}: {counted(days[day], 'solicitud', 'solicitudes')}",
            "good" if of.rules.calendar.is_business_day(day) else "free",
        )
        for day in of.month.days
    )
    most = max(days, key=lambda day: days[day], default=None)
    said = f"El día con más fue el {most:%d/%m/%Y}, con {days[most]}." if most else "No se recibió ninguna."
    return Chart("Recibidas cada día", f"{said} Los días no hábiles están en gris.", columns)


def _days(of: Gathered, asked: Sequence[Request]) -> tuple[Table, Table]:
    """The same as a calendar on the page, and day by day for a spreadsheet."""
    days = Counter(local_date(each.received_at, of.month.zone) for each in asked)
    weeks: dict[date, list[str]] = {}
    for day in of.month.days:
        monday = day - timedelta(days=day.weekday())
        weeks.setdefault(monday, [""] * 7)[day.weekday()] = str(days[day])
    rows = tuple((_week(monday, of), *counts) for monday, counts in weeks.items())
    calendar = Table("", "Recibidas, como un calendario", ("Semana", *_WEEKDAYS), rows, frozenset(range(1, 8)))
    lines = tuple(
        (f"{day:%d/%m/%Y}", "sí" if of.rules.calendar.is_business_day(day) else "no", str(days[day])) for day in of.month.days
    )
    return calendar, Table("por-dia", "Recibidas cada día", ("Día", "Hábil", "Recibidas"), lines, frozenset({2}), most_shown=0)


def _week(monday: date, of: Gathered) -> str:
    first, last = max(monday, of.month.first), min(monday + timedelta(days=6), of.month.last)
    return f"{first.day}" if first == last else f"{first.day} a {last.day}"


def _by_operation_and_type(asked: Sequence[Request]) -> Table:
    types: list[AccountType | None] = [*AccountType, None]
    used = [kind for kind in types if kind is not None or any(type_of(each) is None for each in asked)]
    rows, sums = [], Counter(type_of(each) for each in asked)
    for label, cases in tallied(asked, operation_of):
        of_type = Counter(type_of(each) for each in cases)
        rows.append((label, str(len(cases)), *(str(of_type[kind] or "") for kind in used)))
    headings = [ACCOUNT_TYPE_LABELS[kind] if kind else "Sin determinar" for kind in used]
    return Table(
        "recibidas",
        "Recibidas, por operación y tipo de cuenta",
        ("Operación", "Recibidas", *headings),
        tuple(rows),
        frozenset(range(1, len(used) + 2)),
        bars=1,
        sizes=tuple(float(row[1]) for row in rows),
        total=("Total", str(len(asked)), *(str(sums[kind]) for kind in used)) if rows else (),
    )


def _by_operation(asked: Sequence[Request], answered: Sequence[Request], open_: Sequence[Request]) -> Table:
    counts = [Counter(operation_of(each) for each in group) for group in (asked, answered, open_)]
    labels = sorted({label for count in counts for label in count}, key=lambda label: (-counts[0][label], label))
    rows = tuple((label, *(str(count[label]) for count in counts)) for label in labels)
    return Table(
        "por-operacion",
        "Recibidas, resueltas y sin resolver, por operación",
        ("Operación", "Recibidas", "Resueltas", "Sin resolver"),
        rows,
        frozenset({1, 2, 3}),
        total=("Total", *(str(sum(count.values())) for count in counts)) if rows else (),
    )


def _grouped(
    name: str,
    caption: str,
    heading: str,
    asked: Sequence[Request],
    answered: Sequence[Request],
    by: Callable[[Request], str],
) -> Table:
    came, went = Counter(map(by, asked)), Counter(map(by, answered))
    labels = sorted({*came, *went}, key=lambda label: (label == NOT_KNOWN, -came[label], label))
    rows = tuple((label, str(came[label]), str(went[label])) for label in labels)
    return Table(
        name,
        caption,
        (heading, "Recibidas", "Resueltas"),
        rows,
        frozenset({1, 2}),
        bars=1,
        sizes=tuple(float(came[label]) for label in labels),
        total=("Total", str(len(asked)), str(len(answered))) if rows else (),
    )


def _ending(request: Request) -> str:
    """How the case ended; one that is still followed up was attended."""
    match request.course:
        case Course.NOTHING_TO_DO:
            return "No había nada que hacer"
        case Course.HAS_ACCOUNT:
            return "La persona ya tenía cuenta"
        case _:
            return "Atendida" if request.attended_at is not None else request.state.label


def _how_answered(answered: Sequence[Request]) -> Table:
    ends = Counter(map(_ending, answered))
    rows = tuple((label, str(count)) for label, count in sorted(ends.items(), key=lambda end: (-end[1], end[0])))
    return Table(
        "resultados",
        "Cómo se resolvieron",
        ("Resultado", "Casos"),
        rows,
        frozenset({1}),
        bars=1,
        sizes=tuple(float(row[1]) for row in rows),
    )
