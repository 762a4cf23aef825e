"""Run every benchmark: `python -m benchmarks [--quick]`. Prints one table and writes bench-out/benchmarks.json.

Ends with 1 when a target was missed. Without Samba or Exim the creations are left out, and it says so.
"""

import gc
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest

from benchmarks.backups import backups
from benchmarks.creations import creations
from benchmarks.licences import licence_checks
from benchmarks.measuring import Measurement, table, write_json
from benchmarks.polls import idle_poll, idle_poll_with_a_case, many_responses, old_responses
from intake.cli import COLLECT_EVERY
from tests.servers.mail import running_exim

RESULTS = Path("bench-out/benchmarks.json")


def main() -> int:
    """All of them, one after another."""
    # A run in this process collects garbage as often as one that was started by its command; so does its floor.
    gc.set_threshold(COLLECT_EVERY)
    quick = "--quick" in sys.argv[1:]
    repetitions = 3 if quick else 15
    left_out = []
    measurements: list[Measurement] = []
    with tempfile.TemporaryDirectory(prefix="gestion-bench-") as name:
        folder = Path(name)
        print("Polls…", file=sys.stderr)
        measurements += [
            idle_poll(folder / "idle", repetitions),
            idle_poll_with_a_case(folder / "open", repetitions),
            many_responses(folder / "many"),
            old_responses(folder / "old", repetitions, 10_000 if quick else 100_000),
        ]
        print("Microsoft 365…", file=sys.stderr)
        measurements += [licence_checks(folder / "licences"), *backups(folder / "backups", quick=quick)]
        print("Creations…", file=sys.stderr)
        try:
            with running_exim() as exim:
                measurements.append(creations(folder / "creations", exim, 2 if quick else 5, 20 if quick else 100))
        except (pytest.skip.Exception, pytest.fail.Exception) as missing:
            left_out.append(f"creations: {missing}")
    machine = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "libraries": {library: version(library) for library in ("ldap3", "sqlalchemy", "pydantic", "google-auth")},
        "quick": quick,
    }
    print(table(measurements))
    for text in left_out:
        print(f"LEFT OUT: {text}")
    write_json(RESULTS, measurements, machine)
    print(f"\n{machine['processors']} processors, load {machine['load_average']}; every repetition is in {RESULTS}")
    return 0 if all(measurement.met for measurement in measurements) else 1


if __name__ == "__main__":
    sys.exit(main())
