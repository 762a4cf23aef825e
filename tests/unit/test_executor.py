"""The executor over a real journal, with small performers: retries, holds, interruptions, lost leases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import CannotRun, Misconfigured, NoSeat, Rejected, Target, Transient, Unreachable, WriteRefused
from config.vocabulary import CaseNumber
from provision.executor import RetryRules, Task
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.facts import Facts
from provision.procedure.model import (
    DeskAsked,
    Done,
    NotYet,
    Outcome,
    State,
)
from tests.cases import enter
from tests.unit.executor_bench import FIVE_MINUTES, MINUTE, Bench, Doing, PowerCut


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Three requests that were just received."""
    bench = Bench.with_three(tmp_path)
    yield bench
    bench.journal.close()


def test_everything_is_done_in_one_run_when_nothing_waits(bench: Bench) -> None:
    """Each effect once, in order, and the request closed."""
    bench.work()
    assert [bench.request(number).state for number in (1, 2, 3)] == [State.DONE] * 3
    assert all(len(doing.tasks) in {0, 3} for doing in bench.doing.values())
    assert all(task.attempt == 1 for doing in bench.doing.values() for task in doing.tasks)
    assert bench.work().advanced == []


def test_a_transient_error_backs_off_across_runs(bench: Bench) -> None:
    """60 s, then 120 s; the others end meanwhile; the count begins anew after a success."""
    error = Transient(Target.DIRECTORY, "Ocupado.")
    create = bench.script(Act.CREATE_ACCOUNT, error, error)
    bench.work()
    assert bench.request(2).state is State.DONE
    for wait in (60, 120):
        request = bench.request()
        assert (request.state, request.waiting_for, request.reason) == (State.WAITING, WaitingFor.RETRY, "Ocupado.")
        assert request.wake_at == bench.clock() + timedelta(seconds=wait)
        bench.clock.advance(timedelta(seconds=wait - 1))
        bench.work()
        assert bench.request().wake_at == request.wake_at
        bench.clock.advance(timedelta(seconds=1))
        bench.work()
    assert bench.request().state is State.DONE
    assert [task.attempt for task in create.tasks if task.request.case.endswith("1")] == [1, 2, 3]


def test_a_target_that_says_when_to_come_back_is_obeyed(bench: Bench) -> None:
    """Retry-After is never undercut."""
    bench.script(Act.AWAIT_SYNC, Transient(Target.CLOUD, "Demasiadas peticiones.", retry_after_seconds=3000))
    bench.work()
    assert bench.request().wake_at == bench.clock() + timedelta(seconds=3000)


def test_after_too_many_failures_a_person_must_look_and_may_begin_again(bench: Bench) -> None:
    """Four in a row, then no more by itself; a retry starts with a fresh count."""
    error = Transient(Target.DIRECTORY, "Ocupado.")
    create = bench.script(Act.CREATE_ACCOUNT, *[error] * 5)
    for _ in range(12):
        bench.work()
        bench.clock.advance(timedelta(seconds=600))
    assert bench.request().state is State.NEEDS_ATTENTION
    assert "4 veces" in bench.request().reason
    assert sum(task.request.case.endswith("1") for task in create.tasks) == 4
    bench.journal.ask(CaseNumber("GU-2026-000001"), DeskAsked("Reintentar", "mesa"), bench.clock(), on_board=False)
    bench.work()
    assert bench.request().waiting_for is WaitingFor.RETRY
    bench.clock.advance(timedelta(seconds=60))
    bench.work()
    assert bench.request().state is State.DONE


@pytest.mark.parametrize("kind", [Misconfigured, Unreachable])
def test_a_target_that_is_down_stops_only_what_needs_it(bench: Bench, kind: type[Misconfigured] | type[Unreachable]) -> None:
    """It is asked once in the run; whoever needs it waits without a failure counted; the next run goes on."""
    create = bench.script(Act.CREATE_ACCOUNT, kind(Target.DIRECTORY, "El directorio no responde."))
    bench.doing[Act.FIND_EXISTING_ACCOUNT].scripts.clear()
    done = bench.work()
    assert list(done.down) == [Target.DIRECTORY]
    assert len(create.tasks) == 1
    assert {bench.request(number).waiting_for for number in (1, 2, 3)} == {WaitingFor.RETRY}
    assert bench.doing[Act.REGISTER_TICKET].tasks[-1].request.case == "GU-2026-000003"
    bench.clock.advance(2 * MINUTE)
    assert bench.work().down == {}
    assert [bench.request(number).state for number in (1, 2, 3)] == [State.DONE] * 3


def test_what_is_refused_for_good_is_held_with_the_reason(bench: Bench) -> None:
    """One request waits for a person; the others end."""
    bench.script(Act.CREATE_ACCOUNT, Rejected(Target.DIRECTORY, "La OU no existe.", remedy="Créela."))
    bench.work()
    request = bench.request()
    assert (request.state, request.reason) == (State.NEEDS_ATTENTION, "La OU no existe. Créela.")
    assert [bench.request(number).state for number in (2, 3)] == [State.DONE] * 2
    assert bench.work().advanced == []


def test_a_defect_of_the_program_holds_only_its_request(bench: Bench) -> None:
    """A ValueError is said with its kind and never with its text, which could hold anything."""
    bench.script(Act.RESERVE_NAME, ValueError("Clave-123"))
    bench.work()
    assert bench.request().state is State.NEEDS_ATTENTION
    assert "ValueError" in bench.request().reason
    assert "Clave-123" not in repr(bench.story())
    assert [bench.request(number).state for number in (2, 3)] == [State.DONE] * 2


def test_a_defect_does_not_swallow_what_the_desk_asked(bench: Bench) -> None:
    """An action that waits while a step breaks is applied all the same."""
    case = CaseNumber("GU-2026-000001")
    asked = DeskAsked("Cancelar", "mesa", "no viene")

    def ask_in_the_middle(name: str) -> None:
        if name == "RESERVE_NAME.in-flight":
            bench.journal.ask(case, asked, bench.clock(), on_board=False)
            raise PowerCut

    with pytest.raises(PowerCut):
        bench.executor(stop_point=ask_in_the_middle).work()
    bench.journal.forget_leases()
    bench.script(Act.RESERVE_NAME, ValueError("defecto"))
    bench.work()
    assert bench.request().state is State.CANCELLED


def test_an_unusual_error_of_a_target_counts_as_a_failure(bench: Bench) -> None:
    """An error that the performer should have handled is retried, not fatal."""
    bench.script(Act.ASSIGN_LICENCE, NoSeat(Target.CLOUD, "Sin cupos."))
    bench.work()
    assert bench.request().waiting_for is WaitingFor.RETRY


@pytest.mark.parametrize("seen", [True, False])
def test_an_interrupted_effect_is_begun_again_as_another_attempt(bench: Bench, seen: bool) -> None:
    """Observed first: if it was done, it is not done again; if not, it is performed as attempt 2."""

    def cut(name: str) -> None:
        if name == "ISSUE_ACCESS.in-flight":
            raise PowerCut

    with pytest.raises(PowerCut):
        bench.executor(stop_point=cut).work()
    assert bench.executor("dos").work().advanced[-1].request.case == "GU-2026-000003", "the lease of the dead is respected"
    bench.clock.advance(FIVE_MINUTES)
    issue = bench.doing[Act.ISSUE_ACCESS]
    before = len(issue.tasks)
    issue.seen = seen
    bench.work()
    assert bench.request().state is State.DONE
    assert len(issue.tasks) - before == (0 if seen else 1)
    if not seen:
        assert issue.tasks[-1].attempt == 2
    (effect,) = [effect for effect in bench.story().effects if effect.act == Act.ISSUE_ACCESS]
    assert (effect.attempts, effect.status) == (2, "SETTLED")


def test_a_worker_that_lost_its_lease_writes_nothing(bench: Bench) -> None:
    """Too slow in the middle of an effect: another one takes over and ends it; the slow one goes on with the next request."""
    slow = bench.executor("lento")

    class TakesAges(Doing):
        def perform(self, task: Task) -> Outcome:
            if task.request.case.endswith("1") and not self.tasks:
                self.tasks.append(task)
                bench.clock.advance(2 * FIVE_MINUTES)
                bench.executor("otro").work()
                return Done(Facts(account_id="del lento"), "lento")
            return super().perform(task)

    bench.doing[Act.CREATE_ACCOUNT] = TakesAges(Act.CREATE_ACCOUNT)
    slow = bench.executor("lento")
    slow.work()
    assert bench.request().state is State.DONE
    assert bench.request().facts.account_id == "guid-1"
    assert "lento" not in repr(bench.story().history)
    assert [bench.request(number).state for number in (2, 3)] == [State.DONE] * 2


def test_a_store_that_fails_stops_the_run(bench: Bench) -> None:
    """CannotRun is nobody's outcome: the effect stays in flight for the next run."""
    bench.script(Act.REGISTER_TICKET, CannotRun("El disco está lleno."))
    with pytest.raises(CannotRun):
        bench.work()
    bench.journal.forget_leases()
    bench.work()
    assert bench.request().state is State.DONE


def test_not_yet_is_looked_at_again_at_its_time(bench: Bench) -> None:
    """Neither sooner nor as a failure."""
    at = bench.clock() + 7 * MINUTE
    wait = bench.script(Act.AWAIT_MAILBOX, NotYet(WaitingFor.MAILBOX, at, "El buzón aún no responde."))
    bench.work()
    bench.clock.advance(6 * MINUTE)
    bench.work()
    assert sum(task.request.case.endswith("1") for task in wait.tasks) == 1
    bench.clock.advance(MINUTE)
    bench.work()
    assert bench.request().state is State.DONE


def test_a_dry_run_foresees_and_a_real_run_refuses_to_write_nothing(bench: Bench) -> None:
    """In a dry run a refused write is told and what it would teach is used; in a real one it is a defect of the wiring."""
    bench.script(Act.CREATE_ACCOUNT, WriteRefused("Se crearía la cuenta jose.munoz."))
    done = bench.executor(dry_run=True).work()
    assert done.refused_writes == [("GU-2026-000001", "Se crearía la cuenta jose.munoz.")]
    assert "(simulado)" in repr(bench.story().history)
    bench.script(Act.REGISTER_TICKET, WriteRefused("x"), number=1)
    enter(bench.journal, [4])
    bench.script(Act.REGISTER_TICKET, WriteRefused("x"), number=4)
    with pytest.raises(WriteRefused):
        bench.work()


def test_the_wait_doubles_up_to_its_limit() -> None:
    """And never less than the target asked for."""
    retry = RetryRules(60, 3600, 12)
    assert [retry.wait(n, None).total_seconds() for n in (1, 2, 3, 7, 12)] == [60, 120, 240, 3600, 3600]
    assert retry.wait(1, 90).total_seconds() == 90
    assert retry.wait(1, 7).total_seconds() == 60
