"""Batches beyond the cap in the journal: held until exactly they are approved, or refused and cancelled."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import CannotRun
from config.vocabulary import CaseNumber, EmailAddress
from provision.journal.batches import Batches
from provision.journal.store import Journal
from provision.procedure.model import Admitted, DeskAsked, HeldInBatch
from provision.procedure.safety import Batch, Destructive
from tests.cases import NOW, enter

APPROVER = EmailAddress("aprobadora@entidad.gov.co")
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal with three requests."""
    journal = Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")
    enter(journal, [1, 2, 3])
    yield journal
    journal.close()


def batch(*lines: str, allowed: int = 1) -> Batch:
    """A batch of the first cases."""
    effects = [Destructive(CaseNumber(f"GU-2026-{number:06d}"), line) for number, line in enumerate(lines, start=1)]
    return Batch(tuple(effects), allowed)


def signals(journal: Journal, case: str) -> list[object]:
    """What waits for a case, oldest first."""
    while lease := journal.lease_next("prueba", NOW + timedelta(days=1), timedelta(minutes=5)):
        if lease.request.case == case:
            journal.forget_leases()
            return [signal for _, signal in lease.inbox]
    raise AssertionError(case)


THREE = ("Inactivación · ana", "Inactivación · luis", "Eliminación · eva")


def test_a_batch_is_held_once_and_found_by_its_digest(journal: Journal) -> None:
    """Held again it stays as it is; the beginning of its digest names it from 8 characters on."""
    batches, held = Batches(journal), batch(*THREE)
    assert batches.hold(held, NOW)
    assert not batches.hold(held, LATER)
    (known,) = batches.open_batches()
    assert (known.digest, known.made_at, known.allowed, tuple(known.lines.values())) == (held.digest, NOW, 1, THREE)
    assert batches.named(held.digest.upper()[:8]) == known
    assert batches.named(held.digest[:7]) is None
    assert batches.named("%" * 8) is None
    (signal,) = signals(journal, "GU-2026-000001")
    assert isinstance(signal, HeldInBatch)
    assert f"gestion approve {held.digest[:12]}" in signal.why


def test_another_line_is_another_batch(journal: Journal) -> None:
    """Case, account or date: any other word, and it has to be approved anew."""
    assert batch(*THREE).digest != batch("Inactivación · ana", "Inactivación · luis", "Eliminación · eva desde 2026").digest
    assert batch(*THREE).digest != batch(*THREE[:2]).digest
    assert batch(*THREE, allowed=1).digest == batch(*THREE, allowed=2).digest


def test_an_approval_lets_exactly_the_batch_go_on(journal: Journal) -> None:
    """Each of its requests is told once who approved it and who typed it; a second decision changes nothing."""
    batches, held = Batches(journal), batch(*THREE)
    batches.hold(held, NOW)
    assert batches.approve(held.digest, APPROVER, LATER, how="Por comando de root. Revisado.") == 3
    assert batches.approve(held.digest, APPROVER, LATER) == 0
    assert batches.refuse(held.digest, DeskAsked("Cancelar", "x"), LATER) == 0
    assert batches.open_batches() == ()
    for number, line in enumerate(THREE, start=1):
        _, admitted = signals(journal, f"GU-2026-{number:06d}")
        assert isinstance(admitted, Admitted)
        assert admitted.line == line
        assert admitted.why == f"Lote {held.digest[:12]} aprobado por {APPROVER}. Por comando de root. Revisado."
    known = batches.named(held.digest)
    assert known is not None
    assert (known.approved_by, known.approved_at, known.open) == (APPROVER, LATER, False)


def test_a_refusal_cancels_every_request(journal: Journal) -> None:
    """Each request is asked to cancel, once; nothing of the batch can be approved later."""
    batches, held = Batches(journal), batch(*THREE[:2])
    batches.hold(held, NOW)
    asked = DeskAsked("Cancelar", "aprobadora, por comando de root", "No se aprobó.", at_command=True)
    assert batches.refuse(held.digest, asked, LATER) == 2
    assert batches.refuse(held.digest, asked, LATER) == 0
    assert batches.approve(held.digest, APPROVER, LATER) == 0
    assert signals(journal, "GU-2026-000002")[-1] == asked


def test_two_batches_that_begin_alike_need_more_characters(journal: Journal) -> None:
    """A beginning that two digests share names neither."""
    batches, one, other = Batches(journal), batch("línea 17296"), batch("línea 63876")
    assert one.digest[:8] == other.digest[:8]  # found by trying
    batches.hold(one, NOW)
    batches.hold(other, NOW)
    with pytest.raises(CannotRun, match="Varios lotes"):
        batches.named(one.digest[:8])
    assert batches.named(one.digest[:12]) is not None
