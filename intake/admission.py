"""The safety caps of a run: what it would make inactive or delete is counted before any of it is done."""

from intake.wiring import Installation
from provision.journal.batches import Batches
from provision.procedure.safety import Batch, batch_of, effect_of


def let_in(installation: Installation) -> Batch | None:
    """Let in what this run would do if it is within the cap; else hold all of it until exactly it is approved.

    None: nothing waited. An `Unreachable` directory (whose accounts are counted) leaves everything waiting.
    """
    batches = Batches(installation.journal)
    waiting = batches.waiting()
    if not waiting:
        return None
    batch = batch_of(map(effect_of, waiting), installation.policy.caps, installation.directory.population())
    now = installation.clock()
    if not batch.exceeds:
        batches.admit(batch, now)
    elif batches.hold(batch, now):
        installation.log.warning("batch.held", digest=batch.digest, effects=len(batch.effects), allowed=batch.allowed)
    return batch
