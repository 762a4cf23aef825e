"""Measurements: several repetitions of each side, taken in turns, told by their medians."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one benchmark came to. Seconds, or counts where `unit` says so; `at_most` is the target of the ratio."""

    name: str
    program: Sequence[float]
    floor: Sequence[float]
    floor_is: str
    at_most: float
    unit: str = "s"
    notes: Mapping[str, object] | None = None

    @property
    def ratio(self) -> float:
        """Median of the program over median of the floor."""
        return statistics.median(self.program) / statistics.median(self.floor)

    @property
    def ratio_of_least(self) -> float:
        """The fastest of each side: what a machine that is shared with others adds, it only ever adds."""
        return min(self.program) / min(self.floor)

    @property
    def met(self) -> bool:
        """Whether the target was met."""
        return self.ratio <= self.at_most

    def document(self) -> dict[str, object]:
        """For other programs."""
        return {
            "name": self.name,
            "unit": self.unit,
            "program": list(self.program),
            "floor": list(self.floor),
            "floor_is": self.floor_is,
            "program_median": statistics.median(self.program),
            "floor_median": statistics.median(self.floor),
            "ratio": round(self.ratio, 3),
            "ratio_of_least": round(self.ratio_of_least, 3),
            "at_most": self.at_most,
            "met": self.met,
            **({"notes": dict(self.notes)} if self.notes else {}),
        }


def timed(work: Callable[[], object]) -> float:
    """Seconds of wall time."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def in_turns(repetitions: int, one: Callable[[], float], other: Callable[[], float]) -> tuple[list[float], list[float]]:
    """Measure two things in turns, each first as often as the other, so that a busy moment of the machine meets both."""
    found: tuple[list[float], list[float]] = ([], [])
    for repetition in range(repetitions):
        turns = [(one, found[0]), (other, found[1])]
        for measure, results in turns if repetition % 2 == 0 else reversed(turns):
            results.append(measure())
    return found


def table(measurements: Sequence[Measurement]) -> str:
    """All of them as text."""
    heads = ("benchmark", "program", "floor", "ratio", "fastest", "target", "")
    rows = [
        (
            measurement.name,
            _shown(statistics.median(measurement.program), measurement.unit),
            _shown(statistics.median(measurement.floor), measurement.unit),
            f"{measurement.ratio:.2f} ×",
            f"{measurement.ratio_of_least:.2f} ×",
            f"≤ {measurement.at_most:.2f} ×",
            "met" if measurement.met else "MISSED",
        )
        for measurement in measurements
    ]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in (heads, *rows)]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines += ["", "ratio = median over median; fastest = the fastest repetition of each side"]
    lines += [*(f"{measurement.name}: floor = {measurement.floor_is}" for measurement in measurements)]
    for measurement in measurements:
        lines += [f"{measurement.name}: {name} = {value}" for name, value in (measurement.notes or {}).items()]
    return "\n".join(lines)


def write_json(path: Path, measurements: Sequence[Measurement], machine: Mapping[str, object]) -> None:
    """Everything measured, with each single repetition."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": dict(machine), "measurements": [measurement.document() for measurement in measurements]}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _shown(value: float, unit: str) -> str:
    return f"{value:.3f} {unit}" if unit == "s" else f"{value:g} {unit}"
