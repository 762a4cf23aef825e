"""The figures of a month's report: what belongs to the month, how long a case took, and what made it late."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import CannotRun
from config.vocabulary import CaseNumber, EmailAddress, HoldReason
from intake.reporting.accounts import known_accounts, months_before
from intake.reporting.attention import AT_THE_DESK, BY_ITSELF, attentions
from intake.reporting.cases import masked_document
from intake.reporting.changes import holds
from intake.reporting.decisions import corrections
from intake.reporting.month import read_month
from intake.reporting.page import PAGE, files_of
from intake.reporting.report import report_of
from intake.reporting.tables import number, quantile, share, size
from intake.reporting.volumes import pending, received, resolved
from provision.journal.reported import DoneAct
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.facts import Facts
from provision.procedure.holds import Hold
from provision.procedure.model import Course, EntryKind, Pause, SlaMark, State
from tests.cases import NOW, SUBJECT
from tests.unit.sample_reports import BOGOTA, CASE, HOUR, LATER, NOVEMBER, a_case, gathered, told


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        (datetime(2026, 11, 1, 4, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 1, 5, tzinfo=UTC), True),
        (datetime(2026, 12, 1, 4, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 12, 1, 5, tzinfo=UTC), False),
    ],
)
def test_a_month_goes_from_midnight_to_midnight_in_bogota(at: datetime, *, inside: bool) -> None:
    """A case of the last evening of the month belongs to it, though it is the next day in UTC."""
    assert NOVEMBER.holds(at) is inside
    assert bool(received(gathered(a_case(received_at=at)))) is inside


def test_a_month_is_read_as_it_is_typed() -> None:
    """With or without a leading zero; none is the last month that is over; the one under way is a month too."""
    assert read_month("2026-1", BOGOTA, LATER).code == "2026-01"
    assert read_month("", BOGOTA, datetime(2026, 12, 1, 4, tzinfo=UTC)).code == "2026-10"
    assert read_month("2026-12", BOGOTA, LATER).label == "diciembre de 2026"
    with pytest.raises(CannotRun, match="aún no ha comenzado"):
        read_month("2027-01", BOGOTA, LATER)


@settings(max_examples=40)
@given(st.text(max_size=12))
def test_whatever_is_typed_is_a_month_or_one_clear_message(text: str) -> None:
    """Nothing else comes of it."""
    try:
        first = read_month(text, BOGOTA, LATER).first
    except CannotRun:
        return
    assert first.day == 1


def test_a_case_counts_where_it_was_received_and_where_it_was_answered() -> None:
    """Received in October and answered in November; received in November and still open when it ends."""
    old = a_case(1, received_at=NOVEMBER.begin - HOUR, attended_at=NOW, state=State.FOLLOWED_UP)
    still = a_case(2, received_at=NOVEMBER.end - HOUR, attended_at=NOVEMBER.end + HOUR, state=State.DONE)
    of = gathered(old, still)
    assert [each.case for each in received(of)] == [still.case]
    assert [each.case for each in resolved(of)] == [old.case]
    assert [each.case for each in pending(of)] == [still.case]


def test_a_late_case_names_what_it_waited_for() -> None:
    """The clock ran while the desk had to look at it; what stood still is told apart, and the program's own time too."""
    history = (
        told(0, State.IN_PROGRESS),
        told(0.5, State.WAITING, "En espera: la sincronización con la nube", EntryKind.WAIT),
        told(1, State.NEEDS_ATTENTION, "Requiere atención", EntryKind.PROBLEM),
        told(4, State.NEEDS_ATTENTION, "Plazo por vencer", EntryKind.PROBLEM),
        told(6, State.WAITING, "En espera: un cupo de licencia de buzón", EntryKind.WAIT),
        told(8, State.IN_PROGRESS, "Reservar un cupo"),
        told(8.5, State.FOLLOWED_UP, "Cerrar"),
    )
    late = a_case(
        attended_at=NOW + 8.5 * HOUR,
        state=State.FOLLOWED_UP,
        sla=SlaMark.MISSED,
        pauses=(Pause(NOW + 6 * HOUR, NOW + 8 * HOUR, WaitingFor.SEAT),),
    )
    (each,) = attentions(gathered(late, histories={CASE: history}))
    assert each.late
    assert each.hours == pytest.approx(6.5)
    assert dict(each.spent) == pytest.approx({AT_THE_DESK: 5.0, BY_ITSELF: 1.0, WaitingFor.SYNC.label: 0.5})
    assert each.spent[0][0] == AT_THE_DESK
    assert dict(each.paused) == pytest.approx({WaitingFor.SEAT.label: 2.0})


@settings(max_examples=50)
@given(
    marks=st.lists(st.tuples(st.floats(0, 60), st.sampled_from(list(State))), max_size=12),
    ends=st.floats(0, 80),
    pause=st.tuples(st.floats(0, 60), st.floats(0, 30)),
)
def test_the_hours_of_a_case_are_told_whole(marks: list[tuple[float, State]], ends: float, pause: tuple[float, float]) -> None:
    """Whatever the story, what the hours went to adds up to the hours that counted."""
    history = tuple(told(at, state) for at, state in sorted(marks, key=lambda mark: mark[0]))
    begins = min(pause[0], ends)
    stood_still = Pause(NOW + HOUR * begins, NOW + HOUR * min(begins + pause[1], ends), WaitingFor.SEAT)
    one = a_case(attended_at=NOW + HOUR * ends, state=State.DONE, pauses=(stood_still,))
    (each,) = attentions(gathered(one, histories={CASE: history}))
    assert sum(hours for _, hours in each.spent) == pytest.approx(each.hours, abs=0.05 * (len(marks) + 2))


def test_a_correction_has_the_outcome_that_it_has_today() -> None:
    """Answered before it was asked again, answered at last, closed without an answer, and still waited for."""
    asked = [DoneAct(CASE, Act.MAIL_CORRECTION, NOW), DoneAct(CASE, Act.MAIL_CORRECTION, NOW + 3 * HOUR)]
    silent = a_case(2, course=Course.UNANSWERED, state=State.UNANSWERED, closed_at=NOW + 200 * HOUR)
    waiting = a_case(3, course=Course.CORRECT, state=State.NEEDS_CORRECTION)
    again = a_case(4, follows=silent.case)
    asked += [DoneAct(each.case, Act.MAIL_CORRECTION, NOW) for each in (silent, waiting)]
    answers = {CASE: (NOW + 2 * HOUR, NOW + 5 * HOUR)}
    section = corrections(gathered(a_case(1), silent, waiting, again, corrections=tuple(asked), resubmitted=answers))
    outcomes, each_one = section.tables
    assert outcomes.rows == (
        ("Corregida por el solicitante", "2"),
        ("Espera la respuesta", "1"),
        ("Sin respuesta: el caso se cerró", "1"),
    )
    assert [row[-1] for row in each_one.rows] == ["2", "2", "", ""]
    assert section.said[-1] == "De los que se cerraron sin respuesta, 1 se pidieron de nuevo."


def test_a_hold_that_was_called_off_never_was() -> None:
    """Of each reason: what began, what ended and what is in force on the last day."""
    known = (
        Hold(CASE, HoldReason.VACATION, date(2026, 11, 3), date(2026, 11, 6)),
        Hold(CaseNumber("GU-2026-000002"), HoldReason.VACATION, date(2026, 11, 30), date(2026, 12, 4)),
        Hold(CaseNumber("GU-2026-000003"), HoldReason.LEAVE, date(2026, 11, 20), date(2026, 12, 1), date(2026, 11, 20)),
        Hold(CaseNumber("GU-2026-000004"), HoldReason.RETIREMENT, date(2026, 10, 1)),
    )
    section = holds(gathered(holds={"guid-ana": known[:2], "guid-luis": known[2:]}))
    assert section.tables[0].rows == (("Vacaciones", "2", "1", "1"), ("Retiro", "0", "0", "1"))
    assert "había 2 cuentas inactivas" in section.said[0]


def test_an_account_is_known_by_its_newest_case() -> None:
    """Its unit and type as the directory last said them; deleted it is reviewed by nobody."""
    moved = replace(SUBJECT, unit="Subdirección de Minería")
    first = a_case(1, facts=Facts(subject=SUBJECT), attended_at=NOW, state=State.DONE)
    second = a_case(2, facts=Facts(subject=moved), attended_at=NOW + HOUR, state=State.DONE)
    (account,) = known_accounts(gathered(first, second))
    assert (account.unit, account.last_case, account.moved_at) == ("Subdirección de Minería", second.case, NOW + HOUR)
    gone = a_case(3, facts=Facts(subject=moved, account_deleted_at=NOW), state=State.DONE, closed_at=NOW)
    assert report_of(gathered(first, second, gone)).sheets == ()


def test_two_units_of_one_name_in_plain_letters_have_two_files() -> None:
    """Neither sheet writes over the other."""
    one, other = replace(SUBJECT, unit="Área"), replace(SUBJECT, unit="Area", account_id="guid-luis")
    made = report_of(gathered(a_case(1, facts=Facts(subject=one)), a_case(2, facts=Facts(subject=other)))).sheets
    assert [sheet.stem for sheet in made] == ["area", "area-2"]


def test_what_people_typed_is_text_on_the_page() -> None:
    """Markup in a name, an address or a unit is shown and never run."""
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    subject = replace(SUBJECT, display_name=evil, unit=evil, manager_mail=EmailAddress(evil))
    files = files_of(report_of(gathered(a_case(facts=Facts(subject=subject), requester=EmailAddress(evil)))))
    for name, text in files.items():
        assert name == PAGE or name.endswith(".csv") or name.startswith("recertificacion/")
        if name.endswith(".html"):
            assert "<script" not in text
            assert "<img" not in text


def test_numbers_are_written_as_people_here_write_them() -> None:
    """Decimal commas, sizes in powers of 1000, a share that is whole only when all of it is there."""
    assert [number(2.0), number(2.25), number(0.04)] == ["2", "2,2", "0"]
    assert [size(999), size(1_234_567), size(5_000_000_000_000)] == ["999 B", "1,2 MB", "5 TB"]
    assert [share(0, 0), share(0, 3), share(1, 900), share(899, 900), share(3, 3)] == ["—", "0 %", "<1 %", "99 %", "100 %"]
    assert [quantile([], 0.9), quantile([3, 1, 2], 0.5), quantile(range(1, 11), 0.9)] == [0, 2, 9]
    assert [masked_document("0012345678"), masked_document("123"), masked_document(None)] == ["···678", "", ""]
    assert months_before(date(2026, 8, 31), 6) == date(2026, 2, 28)
    assert months_before(date(2027, 1, 31), 1) == date(2026, 12, 31)
