"""What a run came to, as a Prometheus textfile for the node exporter: figures only, never a person, an address or a case.

Source of the form: https://github.com/prometheus/node_exporter (textfile collector): the file is replaced whole, since half a
file would be read as it stands. The counters that Prometheus would want to add up are gauges here: they are counted anew from
the journal by each run, so that a run which died changes none of them.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from config.errors import CannotRun, Target, TargetError
from intake.counting import last_count
from intake.run import COULD_NOT_RUN, RunReport
from intake.wiring import Installation
from provision.journal.board_figures import BoardFigures
from provision.journal.figures import Figures
from provision.journal.views import Memory
from provision.procedure import sla
from provision.procedure.model import Request
from provision.procedure.steps import Rules

LAST_SUCCESS = "metrics.last-success"
"""Under this key the journal remembers when a run last could run (Unix time)."""
SLA_BUCKETS = ((0.0, "vencida"), (2.0, "hasta_2_h"), (5.0, "hasta_5_h"))
"""Business hours that are left, at most, and the label; whatever has more is `mas`, and a clock that stands still `pausa`."""
_READABLE = 0o644


@dataclass(frozen=True, slots=True)
class RunTimes:
    """When a run began (aware UTC) and how long it took."""

    began_at: datetime
    seconds: float


def write_metrics(installation: Installation, report: RunReport, times: RunTimes, path: Path) -> None:
    """Replace the file with the figures of the installation as this run leaves it. Raises CannotRun when it cannot be."""
    registry = CollectorRegistry()
    _run(registry, installation, report, times)
    _cases(registry, installation)
    _effects(registry, installation)
    _seats(registry, installation)
    _counted(registry, installation)
    beside = path.with_name(f".{path.name}.nuevo")
    try:
        write_to_textfile(str(beside), registry)
        beside.chmod(_READABLE)  # the exporter is somebody else, and the service's umask leaves it out
        beside.replace(path)
    except OSError as error:
        raise CannotRun(
            f"No se pueden escribir las métricas en {path}: {error.strerror}.", remedy="Revise metrics_file en [watching]."
        ) from error


def _run(registry: CollectorRegistry, installation: Installation, report: RunReport, times: RunTimes) -> None:
    began = times.began_at.timestamp()
    memory = Memory(installation.journal)
    if report.exit_code != COULD_NOT_RUN:
        memory.put(LAST_SUCCESS, repr(began))
    _one(registry, "gestion_run_timestamp_seconds", "When the last run began.", began)
    _one(registry, "gestion_run_duration_seconds", "How long the last run took.", times.seconds)
    _one(
        registry,
        "gestion_run_exit_code",
        "0 all well, 1 a failure or an alarm, 2 could not run.",
        report.exit_code,
    )
    _one(
        registry,
        "gestion_last_success_timestamp_seconds",
        "When a run last began that could run (exit code 0 or 1); 0 for never.",
        float(memory.get(LAST_SUCCESS) or 0),
    )
    _one(registry, "gestion_alarms", "Alarms of the form and the sweep in the last run.", len(report.reception.alarms))
    _one(registry, "gestion_held_batch_effects", "Effects of a batch beyond the cap that waits for approval.", _held(report))
    problems = Counter(each.target for each in report.problems if isinstance(each, TargetError))
    by_target = Gauge("gestion_problems", "Systems that the last run could not use.", ["target"], registry=registry)
    for target in Target:
        by_target.labels(target.name.lower()).set(problems[target])


def _held(report: RunReport) -> int:
    return len(report.held_batch.effects) if report.held_batch is not None else 0


def _cases(registry: CollectorRegistry, installation: Installation) -> None:
    figures = Figures(installation.journal)
    rules = installation.rules(installation.clock())
    cases = Gauge("gestion_cases", "Requests in the journal.", ["state", "operation"], registry=registry)
    for counted in figures.cases():
        cases.labels(counted.state, counted.operation or "UNKNOWN").set(counted.number)
    oldest = Gauge(
        "gestion_waiting_oldest_seconds", "Age of the request that has waited longest, by what it waits for.", ["waiting_for"],
        registry=registry,
    )  # fmt: skip
    for waiting_for, since in figures.waiting_since().items():
        oldest.labels(waiting_for).set(max(0.0, (rules.now - since).total_seconds()))
    left = Gauge("gestion_sla_cases", "Requests not attended yet, by business hours left.", ["left"], registry=registry)
    counted_left = Counter(_left(request, rules) for request in figures.unattended())
    for label in (*(name for _, name in SLA_BUCKETS), "mas", "pausa"):
        left.labels(label).set(counted_left[label])


def _left(request: Request, rules: Rules) -> str:
    clock = sla.measure(request, rules)
    if clock.remaining_hours > 0 and clock.paused:
        return "pausa"
    return next((label for most, label in SLA_BUCKETS if clock.remaining_hours <= most), "mas")


def _effects(registry: CollectorRegistry, installation: Installation) -> None:
    effects = Gauge("gestion_effects", "Effects in the journal by how they ended.", ["act", "outcome"], registry=registry)
    for counted in Figures(installation.journal).effects():
        effects.labels(counted.act, counted.outcome).set(counted.number)


def _seats(registry: CollectorRegistry, installation: Installation) -> None:
    seats = Gauge("gestion_free_seats", "Free seats as the cloud last said.", ["licence"], registry=registry)
    for known in BoardFigures(installation.journal).seats():
        if known.free is not None:
            seats.labels(known.licence).set(known.free)


def _counted(registry: CollectorRegistry, installation: Installation) -> None:
    found = last_count(installation.journal)
    if found is None:
        return
    _one(registry, "gestion_form_responses", "Responses that the form had at the last daily count.", found.responses)
    _one(registry, "gestion_form_receipts", "Responses that the journal had received at the last daily count.", found.receipts)
    missing = Gauge("gestion_form_missing", "Responses that only one of the two had.", ["where"], registry=registry)
    missing.labels("form").set(found.gone)
    missing.labels("journal").set(found.unread)


def _one(registry: CollectorRegistry, name: str, meaning: str, value: float) -> None:
    Gauge(name, meaning, registry=registry).set(value)
