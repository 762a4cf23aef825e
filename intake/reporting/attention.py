"""The time of attention (UPME, numeral 5: 10 business hours): how long each case took, on what, and which ones took too long.

Pure. Whether a case was late is its own mark, written when it happened and never taken back; hours are counted anew with the
institution's calendar as it is today.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from intake.reporting.cases import operation_of, unit_said, whose
from intake.reporting.gathering import Gathered, measured, resolved_at
from intake.reporting.tables import Chart, Column, Section, Table, counted, median, moment, number, quantile, share
from intake.reporting.volumes import pending
from provision.journal.views import Told
from provision.procedure import sla
from provision.procedure.acts import WaitingFor
from provision.procedure.model import EntryKind, Origin, Request, SlaMark, State
from provision.procedure.steps import Rules

_WAITS = "En espera: "
BY_ITSELF = "el propio trámite"
AT_THE_DESK = "que la mesa lo revisara (requiere atención)"
_BOUNDS = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 4.0)
"""Where the bars of the distribution end, as shares of the hours allowed."""
_LEAST_HOURS = 0.05


@dataclass(frozen=True, slots=True)
class Attention:
    """How long one case took, in business hours, and what the hours that counted went to."""

    request: Request
    hours: float
    paused_hours: float
    late: bool
    spent: tuple[tuple[str, float], ...]
    """What was waited for and how long, the longest first."""
    paused: tuple[tuple[str, float], ...]


def attentions(of: Gathered) -> tuple[Attention, ...]:
    """Every case of the form answered in the month."""
    return tuple(_attention(each, of.histories.get(each.case, ()), of.rules) for each in measured(of.requests, of.month))


def _attention(request: Request, history: Sequence[Told], rules: Rules) -> Attention:
    clock = sla.measure(request, rules)
    until = resolved_at(request) or rules.now
    spent: defaultdict[str, float] = defaultdict(float)
    for what, begins, ends in _stretches(request, history, until):
        spent[what] += _running(request, begins, ends, until, rules)
    paused: defaultdict[str, float] = defaultdict(float)
    for pause in request.pauses:
        paused[pause.why.label] += rules.calendar.business_hours_between(pause.since, max(pause.since, pause.until or until))
    return Attention(
        request, clock.elapsed_hours, clock.paused_hours, request.sla is SlaMark.MISSED, _largest(spent), _largest(paused)
    )


def _largest(hours: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(pair for pair in sorted(hours.items(), key=lambda pair: (-pair[1], pair[0])) if pair[1] >= _LEAST_HOURS)


def _stretches(request: Request, history: Sequence[Told], until: datetime) -> list[tuple[str, datetime, datetime]]:
    """What the case was waiting for between each line of its story and the next, until it was answered."""
    found, waiting, since, what = [], "", request.received_at, BY_ITSELF
    for line in history:
        if line.at >= until:
            break
        if line.at > since:
            found.append((what, since, line.at))
            since = line.at
        if line.kind is EntryKind.WAIT and line.title.startswith(_WAITS):
            waiting = line.title.removeprefix(_WAITS)
        match line.state:
            case State.NEEDS_ATTENTION:
                what = AT_THE_DESK
            case State.NEEDS_CORRECTION:
                what = WaitingFor.REQUESTER.label
            case State.WAITING:
                # Waiting for the batch's approval is told by what the run did with the batch, not by a line of its own.
                what = waiting or WaitingFor.ADMISSION.label
            case _:
                what, waiting = BY_ITSELF, ""
    return [*found, (what, since, max(since, until))]


def _running(request: Request, begins: datetime, ends: datetime, until: datetime, rules: Rules) -> float:
    """The business hours of a stretch in which the clock ran."""
    hours = rules.calendar.business_hours_between
    still = sum(
        hours(max(begins, pause.since), min(ends, pause.until or until))
        for pause in request.pauses
        if max(begins, pause.since) < min(ends, pause.until or until)
    )
    return max(0.0, hours(begins, ends) - still)


def attention(of: Gathered) -> Section:
    """How many were answered in time, how long it took, and what the late ones waited for."""
    allowed = of.rules.policy.deadlines.attend_business_hours
    cases = attentions(of)
    late = [each for each in cases if each.late]
    overdue = [each for each in pending(of) if each.sla is SlaMark.MISSED and each.origin is Origin.FORM]
    return Section(
        "plazo",
        "Plazo de atención",
        f"Horas hábiles desde que se envió la respuesta hasta el reporte al solicitante, según el calendario de "
        f"{of.rules.policy.short_name}; el reloj se detiene mientras se espera al solicitante, un buzón, una fecha pedida"
        f"{' o la confirmación de una persona' if of.rules.policy.deadlines.confirmations_stop_clock else ''}. Se mide cada "
        "caso del formulario resuelto en el mes, también los rechazados y los cerrados sin respuesta; los que abre el programa "
        "no tienen plazo. Vencido es el que se marcó así cuando ocurrió. La causa es en qué pasó más tiempo con el reloj en "
        "marcha; «el propio trámite» es lo que no esperaba a nadie: los pasos del programa y el tiempo entre dos ejecuciones.",
        _said(cases, len(late), len(overdue), allowed),
        (_distribution([each.hours for each in cases], allowed),) if cases else (),
        (
            *([_by_operation(cases)] if cases else []),
            *([_late(late, of)] if late else []),
            *([_where_hours_went(cases)] if cases else []),
            *([_overdue(overdue, of)] if overdue else []),
        ),
    )


def _said(cases: Sequence[Attention], late: int, overdue: int, allowed: float) -> tuple[str, ...]:
    still = f"{counted(overdue, 'caso sin resolver ya venció', 'casos sin resolver ya vencieron')}."
    more = (still,) if overdue else ()
    if not cases:
        return ("Ningún caso del formulario se resolvió en el mes.", *more)
    hours, in_time = [each.hours for each in cases], len(cases) - late
    answered = counted(len(cases), "caso resuelto", "casos resueltos")
    kept = f"De {answered} del formulario, {in_time} dentro de {number(allowed)} horas hábiles ({share(in_time, len(cases))})."
    half, most = number(median(hours)), number(quantile(hours, 0.9))
    took = f"La mitad tomó {half} h o menos; nueve de cada diez, {most} h o menos; el que más, {number(max(hours))} h."
    return (kept, took, *more)


def _distribution(hours: Sequence[float], allowed: float) -> Chart:
    bounds = [share_ * allowed for share_ in _BOUNDS]
    edges = [0.0, *bounds, float("inf")]
    columns = []
    for begins, ends in pairwise(edges):
        count = sum(begins <= each < ends for each in hours)
        label = f"{number(begins)} o más" if ends == float("inf") else f"{number(begins)}–{number(ends)}"
        columns.append(
            Column(label, count, f"{label} h: {counted(count, 'caso', 'casos')}", "good" if ends <= allowed else "bad")
        )
    in_time = sum(each < allowed for each in hours)
    said = f"{in_time} de {len(hours)} por debajo de {number(allowed)} horas hábiles; en rojo, desde ahí."
    return Chart("Casos por horas hábiles de atención", said, tuple(columns))


def _by_operation(cases: Sequence[Attention]) -> Table:
    groups: dict[str, list[Attention]] = {}
    for each in cases:
        groups.setdefault(operation_of(each.request), []).append(each)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    rows = tuple((label, *_numbers(mine)) for label, mine in ordered)
    return Table(
        "plazo",
        "Plazo por operación",
        ("Operación", "Resueltos", "A tiempo", "Vencidos", "Cumplimiento", "Mediana (h)", "9 de 10 (h)"),
        rows,
        frozenset(range(1, 7)),
        total=("Total", *_numbers(cases)),
    )


def _numbers(cases: Sequence[Attention]) -> tuple[str, ...]:
    late, hours = sum(each.late for each in cases), [each.hours for each in cases]
    in_time = len(cases) - late
    middle = (number(median(hours)), number(quantile(hours, 0.9)))
    return (str(len(cases)), str(in_time), str(late), share(in_time, len(cases)), *middle)


def _late(late: Sequence[Attention], of: Gathered) -> Table:
    ordered = sorted(late, key=lambda each: (-each.hours, each.request.case))
    return Table(
        "vencidos",
        "Casos vencidos y su causa",
        ("Caso", "Recibido", "Resuelto", "Operación", "Persona o cuenta", "Dependencia", "Horas", "En pausa", "Causa"),
        tuple(
            (
                each.request.case,
                moment(each.request.received_at, of.month.zone),
                moment(resolved_at(each.request), of.month.zone),
                operation_of(each.request),
                whose(each.request),
                unit_said(each.request),
                number(each.hours),
                number(each.paused_hours),
                "; ".join(f"{what} ({number(hours)} h)" for what, hours in each.spent[:3]) or BY_ITSELF,
            )
            for each in ordered
        ),
        frozenset({6, 7}),
    )


def _where_hours_went(cases: Sequence[Attention]) -> Table:
    """What every case of the month waited for, with and without the clock, and how often it made one late."""
    running: defaultdict[str, float] = defaultdict(float)
    paused: defaultdict[str, float] = defaultdict(float)
    causes = Counter(each.spent[0][0] for each in cases if each.late and each.spent)
    of_cases: Counter[str] = Counter()
    for each in cases:
        for what, hours in each.spent:
            running[what] += hours
        for what, hours in each.paused:
            paused[what] += hours
        of_cases.update({what for what, _ in (*each.spent, *each.paused)})
    labels = sorted({*running, *paused}, key=lambda what: (-causes[what], -running[what] - paused[what], what))
    return Table(
        "esperas",
        "En qué se fueron las horas",
        ("Esperó", "Casos", "Horas contadas", "Horas en pausa", "Causa de vencidos"),
        tuple(
            (
                what[:1].upper() + what[1:],
                str(of_cases[what]),
                number(running[what]),
                number(paused[what]),
                str(causes[what] or ""),
            )
            for what in labels
        ),
        frozenset({1, 2, 3, 4}),
        bars=2,
        sizes=tuple(running[what] for what in labels),
    )


def _overdue(overdue: Sequence[Request], of: Gathered) -> Table:
    return Table(
        "sin-resolver-vencidos",
        "Vencidos que siguen sin resolver",
        ("Caso", "Recibido", "Operación", "Persona o cuenta", "Dependencia", "Hoy espera"),
        tuple(
            (
                each.case,
                moment(each.received_at, of.month.zone),
                operation_of(each),
                whose(each),
                unit_said(each),
                each.waiting_for.label if each.waiting_for and not each.state.closed else each.state.label,
            )
            for each in overdue
        ),
    )
