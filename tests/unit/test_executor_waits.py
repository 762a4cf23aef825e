"""What the executor does with requests that wait: for a time, for a person, for a day; and that none of them spins."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from config.errors import Rejected, Target
from config.vocabulary import CaseNumber
from provision.journal.rows import put_signal
from provision.procedure.acts import CONFIRMED_BY, Act, WaitingFor
from provision.procedure.facts import Facts, Pickup
from provision.procedure.model import (
    Admitted,
    DeskAsked,
    HeldInBatch,
    HoldLifted,
    NotYet,
    State,
)
from provision.procedure.safety import effect_of
from tests.cases import DELETE, NOW, SUBJECT, opened, version_of
from tests.unit.advancing import approval, says
from tests.unit.executor_bench import MINUTE, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Three requests that were just received."""
    bench = Bench.with_three(tmp_path)
    yield bench
    bench.journal.close()


def signalled(bench: Bench, signal: HoldLifted | HeldInBatch, number: int = 1) -> None:
    """Another case, or the run, says something to a case."""
    with bench.journal.transaction() as connection:
        put_signal(connection, CaseNumber(f"GU-2026-{number:06d}"), signal, bench.clock())


def decisions(bench: Bench, most: int = 50) -> int:
    """How many decisions a run takes until nothing is due; at most so many."""
    taken = 0

    def counted() -> bool:
        nonlocal taken
        taken += 1
        return taken <= most

    bench.executor(keep_going=counted).work()
    return taken


def test_a_pending_effect_that_is_not_due_never_spins(bench: Bench) -> None:
    """Woken by a signal that changes nothing, a request sleeps until its effect is due, and its effect is not begun sooner."""
    at = bench.clock() + 7 * MINUTE
    wait = bench.script(Act.AWAIT_MAILBOX, NotYet(WaitingFor.MAILBOX, at, "El buzón aún no responde."))
    bench.work()
    for signal in (
        HoldLifted(date(2026, 11, 24), CaseNumber("GU-2026-000042")),
        HeldInBatch("El tope es 10."),
        DeskAsked("Aprobar", "mesa"),
    ):
        if isinstance(signal, DeskAsked):
            bench.journal.ask(CaseNumber("GU-2026-000001"), signal, bench.clock(), on_board=False)
        else:
            signalled(bench, signal)
        assert decisions(bench) <= 3
        assert bench.journal.next_wake() == at
        assert decisions(bench) == 1, "nothing is due"
    assert sum(task.request.case.endswith("1") for task in wait.tasks) == 1
    bench.clock.advance(7 * MINUTE)
    bench.work()
    assert bench.request().state is State.DONE


def test_a_request_held_for_a_person_never_spins(bench: Bench) -> None:
    """Another case lifts its hold meanwhile: it is noted, and the request sleeps on."""
    bench.script(Act.CREATE_ACCOUNT, Rejected(Target.DIRECTORY, "La OU no existe."))
    bench.work()
    signalled(bench, HoldLifted(date(2026, 11, 24), CaseNumber("GU-2026-000042")))
    assert decisions(bench) <= 3
    assert bench.journal.next_wake() != bench.clock()
    assert bench.request().facts.hold_lifted_on == date(2026, 11, 24)
    assert bench.request().state is State.NEEDS_ATTENTION


def test_a_long_wait_does_not_delay_the_marks_of_the_clock(bench: Bench) -> None:
    """Warned and marked when the hours say so, though the effect is looked at again only days later."""
    far = bench.clock() + timedelta(days=3)
    bench.script(Act.AWAIT_SYNC, NotYet(WaitingFor.SYNC, far, "La cuenta aún no aparece en la nube."))
    bench.work()
    while (wakes := bench.journal.next_wake()) is not None and wakes < far:
        bench.clock.advance(wakes - bench.clock())
        assert decisions(bench) <= 3
    marks = [(line.title, line.at) for line in bench.story().history if line.title.startswith("Plazo")]
    received_at = NOW + timedelta(seconds=1)
    assert marks == [
        ("Plazo por vencer", received_at + timedelta(hours=8)),
        ("Plazo vencido", received_at + timedelta(days=1, hours=0.5)),
    ]


def test_what_a_person_must_confirm_waits_for_no_date(bench: Bench) -> None:
    """A deletion: nothing wakes it until somebody says so; then it goes on in the same run, and no act of a person is begun."""
    with bench.journal.receiving(bench.clock()) as receiving:
        receiving.enter(version_of(4, bench.clock()), opened(4, DELETE, at=bench.clock()))
    bench.doing[Act.CHECK_ACCOUNT].learns = Facts(subject=SUBJECT)
    words: list[DeskAsked | Admitted] = [
        approval(),
        Admitted(effect_of_deletion()),
        says("Confirmar backup de equipo"),
        says("Confirmar borrado de equipo"),
    ]
    for word in words:
        bench.work()
        request = bench.request(4)
        assert (request.state, request.wake_at) == (State.WAITING, None)
        assert bench.journal.next_wake() is None
        if isinstance(word, Admitted):
            with bench.journal.transaction() as connection:
                put_signal(connection, request.case, word, bench.clock())
        else:
            bench.journal.ask(request.case, word, bench.clock(), on_board=True)
    bench.work()
    assert bench.request(4).state is State.DONE
    assert not any(bench.doing[act].tasks for act in CONFIRMED_BY)


def effect_of_deletion() -> str:
    """The line by which a run lets the deletion of Ana's account in."""
    return effect_of(replace(opened(4, DELETE).request, facts=Facts(subject=SUBJECT))).line


def test_what_was_attended_is_looked_at_again_when_its_day_comes(bench: Bench) -> None:
    """Access data that went out is watched from the next business morning; used, the case is done."""
    bench.doing[Act.ISSUE_ACCESS].learns = Facts(access_sent_to="jose@correo.example", access_sent_at=bench.clock())
    watch = bench.doing[Act.AWAIT_FIRST_USE]
    watch.learns = Facts(pickup=Pickup.USED)
    bench.work()
    assert {bench.request(number).state for number in (1, 2, 3)} == {State.FOLLOWED_UP}
    assert watch.tasks == []
    morning = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
    assert bench.journal.next_wake() == morning
    bench.clock.advance(morning - bench.clock())
    bench.work()
    assert {bench.request(number).state for number in (1, 2, 3)} == {State.DONE}
    assert len(watch.tasks) == 3
    assert len(bench.doing[Act.CLOSE_TICKET].tasks) == 3
