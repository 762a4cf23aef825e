"""From a poll to requests in the journal: understood, decided, matched with what is known, once (activities 1 and 2)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from config.dates import local_date
from config.log import Logger
from config.vocabulary import CaseNumber, Operation, same_address
from intake.forms.port import Batch, Cursor, Field, FormSource, Response, ResponseId
from provision.journal.receiving import Receiving, ResponseVersion
from provision.journal.store import Journal
from provision.procedure.desk import CANCELLABLE
from provision.procedure.lifecycle import Received, open_request
from provision.procedure.model import Course, Request, Resubmitted
from provision.procedure.resubmission import concerns
from provision.procedure.steps import Rules
from provision.procedure.submission import Authorisation, CreatePersonalAccount, Defective, Granted, Submission

if TYPE_CHECKING:
    from intake.deciding import Deciding
    from intake.matrix import Matrix


@dataclass(slots=True)
class Reception:
    """What a poll brought: new cases, and cases that go on with new answers."""

    opened: list[CaseNumber] = field(default_factory=list)
    continued: list[CaseNumber] = field(default_factory=list)
    alarms: tuple[str, ...] = ()


def receive(
    journal: Journal,
    source: FormSource,
    matrix: Callable[[], "Matrix"],
    rules: Callable[[datetime], Rules],
    now: datetime,
    log: Logger,
) -> Reception:
    """Read the form and enter what is new, in one transaction with the cursor: all of it or, after an error, nothing.

    The matrix is read only when something is new. Idempotent: a response that the journal has is passed over.
    """
    with journal.receiving(now) as receiving:
        known = receiving.cursor(source.form_id)
    batch = source.read(Cursor(*known) if known else None, now)
    reception = Reception(alarms=batch.alarms)
    with journal.receiving(now) as receiving:
        news = _news(receiving, source.form_id, batch)
    if news or known is None or (batch.cursor.read_until, batch.cursor.swept_at) != known:
        deciding = _deciding(matrix(), rules(now)) if news else None
        with journal.receiving(now) as receiving:
            receiving.take_turn()
            for response in _news(receiving, source.form_id, batch):
                if deciding is not None:
                    _enter(receiving, response, deciding, reception, log)
            receiving.save_cursor(source.form_id, batch.cursor.read_until, batch.cursor.swept_at)
    if batch.listed is not None:
        _count(journal, source.form_id, batch, batch.listed, rules(now), reception)
    return reception


def _count(
    journal: Journal, form_id: str, batch: Batch, listed: frozenset[ResponseId], rules: Rules, reception: Reception
) -> None:
    """Once a day, when the whole form was read: as many responses there as receipts here."""
    from intake.counting import count, is_due  # not for the polls in between

    if is_due(journal, rules.today):
        attended = frozenset(each.response_id for each in batch.responses)
        reception.alarms += count(journal, form_id, listed, attended, on=rules.today)


def _news(receiving: Receiving, form_id: str, batch: Batch) -> list[Response]:
    known = receiving.known(form_id, [(each.response_id, each.last_submitted_at) for each in batch.responses])
    news = [each for each in batch.responses if (each.response_id, each.last_submitted_at) not in known]
    return sorted(news, key=lambda each: (each.last_submitted_at, each.response_id))


def _deciding(matrix: "Matrix", rules: Rules) -> "Deciding":
    # What understands a response is not loaded by a poll that brings none.
    from intake.deciding import Deciding

    return Deciding(matrix, rules)


def _enter(receiving: Receiving, response: Response, deciding: "Deciding", reception: Reception, log: Logger) -> None:
    content = deciding.content(response)
    authorisation = deciding.authorisation(response, content)
    kept = deciding.kept(response, content)
    version = ResponseVersion(
        response.form_id,
        response.response_id,
        response.last_submitted_at,
        response.requester,
        {question.value: texts for question, texts in kept.items()},
    )
    former = _former(receiving, response, content, authorisation)
    if former is not None and _goes_on(former):
        receiving.signal(version, former.case, Resubmitted(content, authorisation, response.requester))
        reception.continued.append(former.case)
        log.info("response.continues", case=former.case, edited=response.edited)
        return
    year = local_date(deciding.rules.now, deciding.rules.policy.zone).year
    received = Received(
        case=receiving.next_case_number(year),
        requester=response.requester,
        vouched_by=response.vouched_by,
        received_at=min(response.last_submitted_at, deciding.rules.now),
        content=content,
        authorisation=authorisation,
        duplicate_of=_twin(receiving, content),
        follows=former.case if former is not None else None,
    )
    receiving.enter(version, open_request(received, deciding.rules))
    reception.opened.append(received.case)
    granted = isinstance(authorisation, Granted)
    log.info("response.opens", case=received.case, operation=content.operation, granted=granted)


def _goes_on(former: Request) -> bool:
    """Whether an answer changes the case itself; once it was attended, an answer is a request of its own that follows it."""
    return former.course in CANCELLABLE and not former.state.closed and former.attended_at is None


def _former(
    receiving: Receiving, response: Response, content: Submission | Defective, authorisation: Authorisation
) -> Request | None:
    """The case that this response goes on with, or, if that is closed, follows.

    An edit of the response itself; or a new one that names the case (its number is no secret: from another person only if the
    matrix allows that person the same); or one of the same requester for the same person while a correction is awaited.
    """
    edited = receiving.case_of_response(response.form_id, response.response_id)
    if edited is not None:
        return edited
    number = " ".join(response.answers.get(Field.CASE_NUMBER, ())).strip().upper()
    named = receiving.case(number) if number else None
    if named is not None and _may_answer(named, response, content, authorisation):
        return named
    document = concerns(content)
    if response.requester is None or document is None:
        return None
    return receiving.case_in_correction(response.requester, document)


def _may_answer(named: Request, response: Response, content: Submission | Defective, authorisation: Authorisation) -> bool:
    """Whoever asked; or somebody whom the matrix allows the same request, which is the same only for the same person."""
    if named.course is not Course.CORRECT and not named.state.closed:
        return False
    if named.requester is None or response.requester is None:
        return False
    if same_address(named.requester, response.requester):
        return True
    person = concerns(content)
    return isinstance(authorisation, Granted) and person is not None and person == concerns(named.content)


def _twin(receiving: Receiving, content: Submission | Defective) -> CaseNumber | None:
    """A case that is making the same account already (design: "a twin of an open case")."""
    if not isinstance(content, CreatePersonalAccount):
        return None
    twin = receiving.attended_case_of_person(content.person.document_number, Operation.CREATE)
    return twin.case if twin is not None else None
