"""A year's end on embedded adapters: `python -m benchmarks.campaigns [--accounts 5000]` plans, approves, applies and undoes it.

The floor of applying is the same writes to the same directory, with nothing around them: disable, and leave each group. Writes
bench-out/campaigns.json.
"""

import argparse
import gc
import platform
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks.measuring import Measurement, table, timed, write_json
from intake.cli import COLLECT_EVERY
from provision.directory.port import AccountChanges
from provision.journal.campaign_accounts import Stage
from tests.command_line import Said
from tests.runs.campaigning import NEW_YEAR, accounts_of, approved, campaign, login_of, office, planned, renew, stages
from tests.world import World

RESULTS = Path("bench-out/campaigns.json")
SECONDS_TO_PLAN = 10.0
"""Five thousand accounts in a few seconds, on a machine that does something else too."""


def main() -> int:
    """All of it once; 1 when a target was missed."""
    gc.set_threshold(COLLECT_EVERY)
    asked = argparse.ArgumentParser()
    asked.add_argument("--accounts", type=int, default=5_000)
    count: int = asked.parse_args().accounts
    with tempfile.TemporaryDirectory(prefix="gestion-bench-") as name:
        for folder in ("programa", "suelo"):
            (Path(name) / folder).mkdir()
        world = office(Path(name) / "programa", count, at=NEW_YEAR)
        print(f"Planning {count}…", file=sys.stderr)
        planning = timed(lambda: planned(world))
        digest = approved(world)
        print("Applying…", file=sys.stderr)
        applying = timed(lambda: _well(campaign(world, "apply", digest, "--wave", "500")))
        if stages(world, digest) != {Stage.APPLIED: count}:
            raise RuntimeError(f"not everybody was made inactive: {stages(world, digest)}")
        showing = timed(lambda: _well(campaign(world, "show", digest)))
        renew(world, *(login_of(number) for number in range(count)))
        print("Undoing…", file=sys.stderr)
        undoing = timed(lambda: _well(campaign(world, "rollback", digest, "--wave", "500")))
        print("The floor…", file=sys.stderr)
        bare = timed(lambda: _floor(office(Path(name) / "suelo", count, at=NEW_YEAR), count))
    notes = {
        "accounts a second": round(count / applying, 1),
        "milliseconds an account": round(1000 * applying / count, 2),
        "undone a second": round(count / undoing, 1),
        "shown in": f"{showing:.2f} s",
    }
    measurements = [
        Measurement(f"plan {count}", [planning], [SECONDS_TO_PLAN], "ten seconds", at_most=1.0),
        Measurement(
            f"apply {count}",
            [applying],
            [bare],
            "the same writes to the embedded directory, one after another, and nothing written down",
            at_most=5.0,
            notes=notes,
        ),
    ]
    print(table(measurements))
    write_json(RESULTS, measurements, {"python": platform.python_version(), "platform": platform.platform()})
    return 0 if all(measurement.met for measurement in measurements) else 1


def _well(said: Said) -> None:
    if said.code != 0:
        raise RuntimeError(f"it ended with {said.code}: {said.out[-2000:]} {said.err[-2000:]}")


def _floor(world: World, count: int) -> None:
    accounts = accounts_of(world, count)
    with closing(world.directory()) as directory:
        for account in accounts:
            directory.disable(account.id)
            for group in account.group_dns:
                directory.change(account.id, AccountChanges(remove_groups=(group,)))


if __name__ == "__main__":
    sys.exit(main())
