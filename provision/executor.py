"""Carrying out effects: in flight (committed) → observe → perform → recorded. A crash anywhere, then a run, is one run.

The executor knows no adapter: it is given one performer for each act.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from config.errors import GestionError, Misconfigured, Rejected, Target, TargetError, Transient, Unreachable, WriteRefused
from config.log import Logger
from config.stop_point import StopPoint, let_go
from provision.journal.rows import OpenEffect
from provision.journal.store import Journal, Lease, LeaseLost
from provision.journal.stored import StoredSignal
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.desk import needs_attention
from provision.procedure.facts import Facts
from provision.procedure.lifecycle import advance
from provision.procedure.model import Advance, Done, Effect, Entry, Failed, NotYet, Outcome, Request, Settled
from provision.procedure.steps import Rules

TARGET_DOWN_SECONDS = 60
FORESEEN = "(simulado)"
"""Detail of an outcome that a dry run foresees or cannot foresee: nothing happened."""


@dataclass(frozen=True, slots=True)
class Task:
    """One effect to carry out now. `attempt` counts from 1 and was committed before; `now` is aware UTC."""

    request: Request
    effect: Effect
    attempt: int
    now: datetime


class Performer(Protocol):
    """How one act is observed and done in the world."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """The outside systems it needs; none: the journal alone."""
        ...

    def observe(self, task: Task) -> Outcome | None:
        """Whether it was done before, by our own marker; None: not known to be done. Reads only."""
        ...

    def perform(self, task: Task) -> Outcome:
        """Do it. Raises TargetError; safe to repeat after a crash at any point of it."""
        ...

    def expected(self, task: Task) -> Facts | None:
        """In a dry run, what performing would teach; None: nothing after it can be foreseen."""
        ...


@dataclass(frozen=True, slots=True)
class RetryRules:
    """Back off from `first` to `most` seconds, doubling; after `max_failures` errors in a row a person must look."""

    first_seconds: float = 60
    most_seconds: float = 3600
    max_failures: int = 12

    def wait(self, failures: int, retry_after_seconds: float | None) -> timedelta:
        """How long to wait after so many failures in a row; never less than the target asked for."""
        backoff = min(self.most_seconds, self.first_seconds * 2 ** (failures - 1))
        return timedelta(seconds=max(backoff, retry_after_seconds or 0))


@dataclass(slots=True)
class WorkDone:
    """What a run's work came to."""

    advanced: list[Advance] = field(default_factory=list)
    down: dict[Target, TargetError] = field(default_factory=dict)
    refused_writes: list[tuple[str, str]] = field(default_factory=list)
    """In a dry run: case and what would have been written."""


class Executor:
    """Works through every request that is due; one bad request, or one target that is down, never stops the others."""

    def __init__(
        self,
        journal: Journal,
        performers: Mapping[Act, Performer],
        rules: Callable[[datetime], Rules],
        clock: Callable[[], datetime],
        owner: str,
        log: Logger,
        *,
        lease_for: timedelta = timedelta(minutes=5),
        retry: RetryRules = RetryRules(),
        most_effects: int = 10_000,
        stop_point: StopPoint = let_go,
        on_advance: Callable[[Advance], None] | None = None,
        keep_going: Callable[[], bool] = lambda: True,
        dry_run: bool = False,
    ) -> None:
        self._journal = journal
        self._performers = performers
        self._rules = rules
        self._clock = clock
        self._owner = owner
        self._log = log
        self._lease_for = lease_for
        self._retry = retry
        self._most_effects = most_effects
        self._begun = 0
        self._stop_point = stop_point
        self._on_advance = on_advance
        self._keep_going = keep_going
        self._dry_run = dry_run

    def work(self, done: WorkDone | None = None) -> WorkDone:
        """Advance every request that is due until each waits or is closed; with `done` add to what was done before.

        Beyond `most_effects`, or when `keep_going` says no between two requests, the next run goes on.
        """
        done = done if done is not None else WorkDone()
        while self._begun < self._most_effects and self._keep_going():
            lease = self._journal.lease_next(self._owner, self._clock(), self._lease_for)
            if lease is None:
                break
            with contextlib.suppress(LeaseLost):  # whoever holds it now does the work
                self._work_on(lease, done)
        return done

    def _work_on(self, lease: Lease, done: WorkDone) -> None:
        current: Lease | None = lease
        interrupted = lease.open_effect
        if interrupted is not None and interrupted.in_flight:
            current = self._journal.begin_again(lease, interrupted, self._clock(), self._lease_for)
        while current is not None:
            held = current
            try:
                current = self._settle(held, done) if self._is_in_flight(held) else self._decide(held, done)
            except (GestionError, LeaseLost):
                raise
            except Exception as error:  # noqa: BLE001 - the boundary: a defect holds this request and no other
                current = self._hold(held, error, done)

    def _hold(self, lease: Lease, error: Exception, done: WorkDone) -> Lease | None:
        """A defect of the program: hold the request for a person; its effect is observed anew when it is retried."""
        reason = self._defect(lease.request, error)
        held = Advance(needs_attention(lease.request, reason), (Entry("Requiere atención", reason),), None, None)
        done.advanced.append(held)
        return self._journal.commit(lease, held, now=self._clock(), lease_for=self._lease_for)

    def _defect(self, request: Request, error: Exception) -> str:
        """Log a defect of the program, and say it in Spanish."""
        self._log.exception("request.defect", case=request.case, error=type(error).__name__)
        return f"Error interno del programa ({type(error).__name__}); repórtelo con el registro de esta ejecución."

    @staticmethod
    def _is_in_flight(lease: Lease) -> bool:
        return lease.open_effect is not None and lease.open_effect.in_flight

    def _decide(self, lease: Lease, done: WorkDone) -> Lease | None:
        signals = [signal for _, signal in lease.inbox]
        return self._go_on(lease, advance(lease.request, signals, self._rules(self._clock())), None, done)

    def _settle(self, lease: Lease, done: WorkDone) -> Lease | None:
        open_effect = lease.open_effect
        self._begun += 1
        if open_effect is None:
            raise ValueError(f"{lease.request.case}: nothing is in flight")
        self._stop_point(f"{open_effect.effect.act}.in-flight")
        settled, outcome = self._carry_out(lease.request, open_effect, done)
        self._stop_point(f"{open_effect.effect.act}.done-not-recorded")
        signals: list[Settled | StoredSignal] = [Settled(open_effect.effect, outcome), *(signal for _, signal in lease.inbox)]
        return self._go_on(lease, advance(lease.request, signals, self._rules(self._clock())), (settled, outcome), done)

    def _go_on(
        self, lease: Lease, decided: Advance, settled: tuple[OpenEffect, Outcome] | None, done: WorkDone
    ) -> Lease | None:
        """Commit a decision; begin its effect if it is due and its target is up."""
        now = self._clock()
        begin = decided.effect is not None and self._due(lease, decided.effect, settled, now)
        if begin and decided.effect is not None:
            targets = self._performers[decided.effect.act].targets
            down = next((done.down[target] for target in targets if target in done.down), None)
            if down is not None:
                waiting = NotYet(WaitingFor.RETRY, now + timedelta(seconds=TARGET_DOWN_SECONDS), str(down))
                put_off = advance(decided.request, [Settled(decided.effect, waiting)], self._rules(now))
                decided = replace(put_off, entries=(*decided.entries, *put_off.entries))
                begin = False
        if not begin:
            decided = self._put_off(decided, lease, settled, now)
        held = self._journal.commit(lease, decided, now=now, lease_for=self._lease_for, settled=settled, begin=begin)
        done.advanced.append(decided)
        self._report(decided)
        if self._on_advance is not None:
            self._on_advance(decided)
        self._stop_point(f"{decided.effect.act if decided.effect else decided.request.state}.committed")
        return held

    @staticmethod
    def _put_off(decided: Advance, lease: Lease, settled: tuple[OpenEffect, Outcome] | None, now: datetime) -> Advance:
        """An effect that is not due yet wakes its request when it is: one that is awake for nothing would never rest."""
        known = lease.open_effect
        same = known is not None and decided.effect is not None and known.effect.key == decided.effect.key
        if known is None or not same or settled is not None or decided.wake_at is None or decided.wake_at > now:
            return decided
        return replace(decided, wake_at=max(decided.wake_at, known.next_at))

    def _report(self, decided: Advance) -> None:
        request = decided.request
        for entry in decided.entries:
            self._log.info("request.advanced", case=request.case, state=request.state, course=request.course, what=entry.title)

    @staticmethod
    def _due(lease: Lease, wanted: Effect, settled: tuple[OpenEffect, Outcome] | None, now: datetime) -> bool:
        if settled is not None and settled[0].effect.key == wanted.key:
            return False
        known = lease.open_effect
        return known is None or known.effect.key != wanted.key or known.next_at <= now

    def _carry_out(self, request: Request, open_effect: OpenEffect, done: WorkDone) -> tuple[OpenEffect, Outcome]:
        """One effect's outcome; what the world refuses becomes an outcome too, and never an exception of the run."""
        performer = self._performers[open_effect.effect.act]
        task = Task(request, open_effect.effect, open_effect.attempts, self._clock())
        failures = open_effect.failures + 1
        try:
            outcome = performer.observe(task) or performer.perform(task)
        except WriteRefused as refused:
            if not self._dry_run:
                raise
            done.refused_writes.append((request.case, str(refused)))
            outcome = self._foreseen(performer.expected(task))
        except Transient as error:
            return replace(open_effect, failures=failures), self._after_failure(error, failures, error.retry_after_seconds)
        except (Misconfigured, Unreachable) as error:
            done.down[error.target] = error
            waits = timedelta(seconds=TARGET_DOWN_SECONDS)
            return open_effect, NotYet(WaitingFor.RETRY, self._clock() + waits, str(error))
        except Rejected as error:
            return open_effect, Failed(str(error))
        except TargetError as error:
            return replace(open_effect, failures=failures), self._after_failure(error, failures, None)
        except (GestionError, LeaseLost):
            raise
        except Exception as error:  # noqa: BLE001 - the same boundary; as an outcome, so that the signals that wait still apply
            return open_effect, Failed(self._defect(request, error))
        return replace(open_effect, failures=0), outcome

    def _foreseen(self, expected: Facts | None) -> Outcome:
        if expected is None:
            return NotYet(WaitingFor.RETRY, self._clock() + timedelta(days=1), FORESEEN)
        return Done(expected, FORESEEN)

    def _after_failure(self, error: TargetError, failures: int, retry_after_seconds: float | None) -> Outcome:
        if failures >= self._retry.max_failures:
            return Failed(f"Se intentó {failures} veces: {error}")
        wait = self._retry.wait(failures, retry_after_seconds)
        return NotYet(WaitingFor.RETRY, self._clock() + wait, str(error))
