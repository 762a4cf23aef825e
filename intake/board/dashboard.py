"""What the tab "Tablero" shows, as small tables: counted from requests, the same in Google Sheets and in the .xlsx. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from config.vocabulary import OPERATION_LABELS, Operation
from provision.procedure import sla
from provision.procedure.acts import CONFIRMED_BY, WaitingFor
from provision.procedure.model import Request
from provision.procedure.sla import ClosedRequest, Timed
from provision.procedure.steps import Rules

DAYS_SHOWN = 15
ATTENDED_DAYS = 30
"""Requests received in so many days count for the time to attend."""
OTHER = "Otras"
OPERATIONS_SHOWN = 6
WAITS_SHOWN = 10
LICENCES_SHOWN = 6
_SHARES = (0.25, 0.5, 0.75, 1.0)

DESK_TURN, APPROVER_TURN, REQUESTER_TURN, PROGRAM_TURN = "Mesa de servicio", "Quien aprueba", "Solicitante", "Nadie"
TURNS = (DESK_TURN, APPROVER_TURN, REQUESTER_TURN, PROGRAM_TURN)
"""Whose turn it is. An approval is asked for outside and entered by the desk, which has no turn until it has one."""

Number = float | None
"""None is not known: shown as "sin dato", never as 0."""


@dataclass(frozen=True, slots=True)
class Table:
    """A small table. `names` is the title of its first column; each row has a value for each of `series`."""

    title: str
    names: str
    series: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Number, ...]], ...]
    note: str = ""
    """What the reader should know of it: shown below its title."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The four tables behind the charts of "Tablero", and the figures above them."""

    headline: tuple[tuple[str, str], ...]
    received: Table
    attended: Table
    waiting: Table
    seats: Table

    @property
    def tables(self) -> tuple[Table, Table, Table, Table]:
        """In the order of their charts."""
        return self.received, self.attended, self.waiting, self.seats


@dataclass(frozen=True, slots=True)
class SeatsOf:
    """A licence's seats. `free` is what the cloud said when it was last asked, on `asked_on`; None: it was not asked."""

    licence: str
    free: int | None
    asked_on: date | None
    promised: int
    """Promised to cases and perhaps not assigned yet."""
    waiting: int
    """Cases that wait for one."""


def turn_of(request: Request) -> str:
    """Whose turn a request is; "" when it is closed."""
    if request.state.closed:
        return ""
    match request.waiting_for:
        case WaitingFor.REQUESTER:
            return REQUESTER_TURN
        case WaitingFor.APPROVAL | WaitingFor.ADMISSION:
            return APPROVER_TURN
        case WaitingFor.DESK:
            return DESK_TURN
        case waiting_for if waiting_for in CONFIRMED_BY.values():
            return DESK_TURN
        case _:
            return PROGRAM_TURN


def dashboard_of(
    requests: Sequence[Request], seats: Sequence[SeatsOf], rules: Rules, *, closed: Sequence[ClosedRequest] = ()
) -> Dashboard:
    """Count. `requests` are all open ones, `closed` those of the last ATTENDED_DAYS days; days are the institution's."""
    to_attend = [request for request in requests if not request.state.closed and request.attended_at is None]
    clocks = [sla.measure(request, rules) for request in to_attend]
    dues = [rules.policy_day(clock.due_at) for clock in clocks if clock.due_at is not None and clock.remaining_hours > 0]
    headline = (
        ("Por atender", str(len(to_attend))),
        ("Vencen hoy", str(dues.count(rules.today))),
        ("Vencidas", str(sum(clock.remaining_hours <= 0 for clock in clocks))),
        ("Esperan a la mesa", str(sum(turn_of(request) == DESK_TURN for request in requests))),
    )
    asked = [(each.received_at, each.content.operation) for each in requests]
    asked += [(each.received_at, each.operation) for each in closed]
    attended = _attended([*requests, *closed], rules)
    return Dashboard(headline, _received(asked, rules), attended, _waiting(requests), _seats(seats))


def _received(asked: Sequence[tuple[datetime, Operation | None]], rules: Rules) -> Table:
    days = [rules.today - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1)]
    counted: Counter[tuple[date, str]] = Counter()
    for received_at, operation in asked:
        counted[rules.policy_day(received_at), OPERATION_LABELS[operation] if operation else OTHER] += 1
    totals: Counter[str] = Counter()
    for (day, operation_label), number in counted.items():
        if day in days:
            totals[operation_label] += number
    # The busiest ones by name, in a fixed order so that a colour means the same tomorrow; the rest together.
    busiest = {label for label, _ in totals.most_common(OPERATIONS_SHOWN) if label != OTHER}
    named = [label for label in OPERATION_LABELS.values() if label in busiest]
    series = (*named, *[OTHER] * (sum(totals.values()) > sum(totals[label] for label in named)))
    rows = tuple(
        (
            f"{day:%d/%m}",
            tuple(
                float(counted[day, label])
                if label != OTHER
                else float(sum(number for (on, other), number in counted.items() if on == day and other not in named))
                for label in series
            ),
        )
        for day in days
    )
    return Table("Solicitudes por día y operación", "Día", series or ("Solicitudes",), rows if series else _zeros(rows))


def _zeros(rows: Sequence[tuple[str, tuple[Number, ...]]]) -> tuple[tuple[str, tuple[Number, ...]], ...]:
    return tuple((name, (0.0,)) for name, _ in rows)


def _attended(requests: Sequence[Timed], rules: Rules) -> Table:
    """How long those attended took, in parts of the time allowed; the last bin is beyond it."""
    allowed = rules.policy.deadlines.attend_business_hours
    since = rules.today - timedelta(days=ATTENDED_DAYS - 1)
    bins = [0] * (len(_SHARES) + 1)
    hours: list[float] = []
    for request in requests:
        if request.attended_at is None or rules.policy_day(request.received_at) < since:
            continue
        elapsed = sla.measure(request, rules).elapsed_hours
        hours.append(elapsed)
        bins[next((place for place, share in enumerate(_SHARES) if elapsed <= allowed * share), len(_SHARES))] += 1
    ends = [_hours(allowed * share) for share in _SHARES]
    names = [f"{before} a {end} h" for before, end in zip(["0", *ends], ends, strict=False)]
    counts = [float(number) for number in bins]
    rows: list[tuple[str, tuple[Number, ...]]] = [(name, (count, 0.0)) for name, count in zip(names, counts, strict=False)]
    rows.append((f"más de {ends[-1]} h", (0.0, counts[-1])))
    note = f"Plazo: {ends[-1]} horas hábiles. Recibidas en los últimos {ATTENDED_DAYS} días: {len(hours)} atendidas"
    if hours:
        met = sum(bins[:-1]) / len(hours)
        note += f", {met:.0%} en el plazo; mediana {_hours(sorted(hours)[len(hours) // 2])} h"
    return Table(
        "Tiempo de atención frente al SLA", "Horas hábiles", ("En el plazo", "Fuera del plazo"), tuple(rows), f"{note}."
    )


def _hours(hours: float) -> str:
    return f"{hours:.1f}".removesuffix(".0").replace(".", ",")


def _waiting(requests: Sequence[Request]) -> Table:
    counted: Counter[tuple[WaitingFor, str]] = Counter()
    for request in requests:
        if request.waiting_for is not None and not request.state.closed:
            counted[request.waiting_for, turn_of(request)] += 1
    order = sorted(counted.items(), key=lambda item: (-item[1], item[0][0].label))[:WAITS_SHOWN]
    rows = tuple(
        (waiting_for.label.capitalize(), tuple(float(number) if turn == each else 0.0 for each in TURNS))
        for (waiting_for, turn), number in order
    )
    return Table("Qué se espera, y de quién", "En espera de", TURNS, rows or (("Nada en espera", (0.0,) * len(TURNS)),))


def _seats(seats: Sequence[SeatsOf]) -> Table:
    rows = tuple(
        (each.licence, (None if each.free is None else float(max(0, each.free)), float(each.promised), float(each.waiting)))
        for each in seats[:LICENCES_SHOWN]
    )
    asked = [each.asked_on for each in seats if each.asked_on is not None]
    note = f"Libres: lo que dijo la nube el {max(asked):%d/%m}." if asked else "Libres: sin dato; la nube no se ha consultado."
    empty = (("Sin licencias", (None, 0.0, 0.0)),)
    return Table("Cupos por licencia", "Licencia", ("Libres", "Prometidos", "En espera"), rows or empty, note)
