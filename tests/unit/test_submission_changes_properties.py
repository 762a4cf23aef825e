"""What must hold for every request about an existing account, whatever was typed."""

from datetime import date

from hypothesis import event, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from config.vocabulary import ACCOUNT_TYPE_LABELS, DOCUMENT_TYPE_LABELS, HOLD_LABELS, OPERATION_LABELS, Operation
from intake.forms.port import Answers, Field
from intake.submission import understand
from intake.submission_kept import stored_answers
from intake.typed_reasons import DEACTIVATION_REASONS, read_deactivation_reason
from intake.typed_text import clean
from provision.procedure.submission import (
    Activate,
    AssignContract,
    Contract,
    ContractChange,
    Deactivate,
    Defective,
    Delete,
    Modify,
    ResetPassword,
    Submission,
)
from tests.unit.form_answers import NEW_CONTRACT, ON_ACCOUNTS, POLICY, TODAY

ANYTHING = st.text(st.characters(codec=None), max_size=60)
SPOKEN = (
    "vacaciones", "licencia", "retiro", "renuncia", "fin", "contrato", "del", "de", "la", "no", "sin", "regreso", "nombre",
    "prórroga", "permiso", "remunerado", ".", "cesión",
)  # fmt: skip
WORDS = st.lists(st.sampled_from(SPOKEN), max_size=8).map(" ".join)
DAYS = st.sampled_from(["", "2026-02-01", "15/02/2026", "2026-12-31", "2025-02-01", "2024-01-01", "2031-01-01", "ayer"])
TYPED: dict[str, st.SearchStrategy[str]] = {
    "account_type": st.sampled_from(["Contratista", "OPERADOR", "Funcionaria", "genérica", "", "pasante"]),
    "given_names": st.sampled_from(["", "ANA MARÍA", "josé", "McX", "=1"]) | ANYTHING,
    "surnames": st.sampled_from(["", "o'brien", "DE LA CRUZ", "Ñáñez"]) | ANYTHING,
    "document_type": st.sampled_from(["", "CC", "Pasaporte", "?"]),
    "document_number": st.from_regex(r"[0-9. ]{4,12}", fullmatch=True) | ANYTHING,
    "personal_email": st.sampled_from(["", "A.b@EXAMPLE.org", "a@gmial.com", "x"]) | ANYTHING,
    "mobile": st.sampled_from(["", "300 123 4567", "1"]),
    "unit": st.sampled_from(["", "OGI", "gestion de la informacion", "GIT de Talento Humano"]),
    "position": st.sampled_from(["", " Asesor,  grado 5 "]) | ANYTHING,
    "contract_number": st.sampled_from(["", " CPS  1 ", "x"]) | ANYTHING,
    "contract_start": DAYS,
    "contract_end": DAYS,
    "supervisor_email": st.sampled_from(["", "J@Entidad.gov.co", "j"]),
    "account": st.sampled_from(["", "ana.rios", "Ana@ENTIDAD.gov.co"]) | ANYTHING,
    "reason": WORDS | ANYTHING,
    "from_date": DAYS,
    "until_date": DAYS,
    "on_premises": st.sampled_from(["SÍ", "no", "N", ""]),
    "computer": st.sampled_from(["", "upme-pt-01.upme.gov.co", "D\\pc$"]) | ANYTHING,
    "generic_name": st.sampled_from(["", "Atención  2026"]) | ANYTHING,
    "owner_email": st.sampled_from(["", "O@Entidad.gov.co"]),
    "notes": WORDS | ANYTHING,
}


@st.composite
def responses(draw: st.DrawFn) -> Answers:
    """A response with nothing wrong with it, and then up to four answers typed in some other way."""
    base = dict(ON_ACCOUNTS[draw(st.sampled_from(list(ON_ACCOUNTS)))])
    if draw(st.booleans()) and base["request_type"] == "Activación":
        base |= NEW_CONTRACT
    for name in draw(st.lists(st.sampled_from(list(TYPED)), max_size=4, unique=True)):
        base[name] = draw(TYPED[name])
    return {Field(name): (text,) for name, text in base.items()}


def written(typed: Answers, submission: Submission) -> Answers:
    """The normalised values as answers, beside what was typed in the questions that they leave open."""
    said: dict[Field, str | date | None] = {Field.REQUEST_TYPE: OPERATION_LABELS[submission.operation]}
    said |= {Field.ACCOUNT_TYPE: ACCOUNT_TYPE_LABELS[submission.account_type] if submission.account_type else None}
    said |= {Field.UNIT: submission.unit}
    match submission:
        case ResetPassword():
            said |= {Field.ON_PREMISES: "Sí" if submission.on_premises else "No"}
            said |= {Field.PERSONAL_EMAIL: submission.other_address}
        case Modify():
            said |= {Field.POSITION: submission.position, Field.MOBILE: submission.mobile, Field.NOTES: submission.notes}
            said |= {Field.FROM_DATE: submission.from_date} | contract_answers(submission.contract)
        case Deactivate():
            said |= {Field.FROM_DATE: submission.from_date, Field.UNTIL_DATE: submission.until_date}
            said |= {Field.NOTES: submission.notes}
            if submission.operation is Operation.DEACTIVATE:
                said |= {Field.REASON: HOLD_LABELS[submission.why]}
            else:
                said |= {Field.CONTRACT_NUMBER: submission.contract_number}
        case Activate():
            said |= {Field.FROM_DATE: submission.from_date, Field.NOTES: submission.notes}
            said |= contract_answers(submission.contract)
        case AssignContract():
            said |= {
                Field.ASSIGNEE_GIVEN_NAMES: submission.assignee.given_names,
                Field.ASSIGNEE_SURNAMES: submission.assignee.surnames,
                Field.ASSIGNEE_DOCUMENT_TYPE: DOCUMENT_TYPE_LABELS[submission.assignee.document_type],
                Field.ASSIGNEE_DOCUMENT_NUMBER: submission.assignee.document_number,
                Field.ASSIGNEE_PERSONAL_EMAIL: submission.personal_email,
                Field.CONTRACT_NUMBER: submission.contract.number,
                Field.CONTRACT_END: submission.contract.end,
                Field.FROM_DATE: submission.from_date,
                Field.SUPERVISOR_EMAIL: submission.supervisor_email,
                Field.POSITION: submission.position,
                Field.NOTES: submission.notes,
            }
        case Delete():
            said |= {Field.COMPUTER: submission.computer, Field.NOTES: submission.reason}
    return {**typed, **{field: (str(value),) if value else () for field, value in said.items()}}


def contract_answers(contract: Contract | ContractChange | None) -> dict[Field, str | date | None]:
    """A contract as answers; what a type of account does not look at is left as it was typed."""
    if contract is None:
        return {}
    return {
        Field.CONTRACT_NUMBER: contract.number,
        Field.CONTRACT_START: contract.start,
        Field.CONTRACT_END: contract.end,
    }


@settings(max_examples=500, deadline=None)
@given(responses())
def test_understanding_clean_values_gives_the_same(typed: Answers) -> None:
    """An edit that changes nothing changes nothing; a wrong response says everything that is wrong, each in one line."""
    first = understand(typed, POLICY, TODAY)
    event(type(first).__name__)
    if isinstance(first, Defective):
        assert first.problems
        for problem in first.problems:
            assert clean(problem.message) == problem.message
            assert 0 < len(problem.message) < 700
    else:
        assert understand(written(typed, first), POLICY, TODAY) == first
    repr(stored_answers(typed, first.operation)).encode()


CONTENTS = TypeAdapter[Submission | Defective](Submission | Defective)


@settings(max_examples=200, deadline=None)
@given(responses())
def test_what_was_understood_comes_back_from_the_journal_as_it_was(typed: Answers) -> None:
    """JSON keeps every request apart from all others."""
    first = understand(typed, POLICY, TODAY)
    assert CONTENTS.validate_json(CONTENTS.dump_json(first)) == first


@settings(max_examples=300, deadline=None)
@given(WORDS | ANYTHING)
def test_a_reason_is_understood_or_its_choices_are_listed(text: str) -> None:
    """Never an exception, never one that a deactivation has not."""
    reason = read_deactivation_reason(text)
    if not isinstance(reason, str):
        assert all(HOLD_LABELS[each] in reason.message for each in DEACTIVATION_REASONS)
    else:
        assert reason in DEACTIVATION_REASONS


@settings(max_examples=150, deadline=None)
@given(responses())
def test_a_change_of_password_holds_nothing_but_what_it_uses(typed: Answers) -> None:
    """Whatever else was answered, the request is the same without it."""
    first = understand(typed, POLICY, TODAY)
    if isinstance(first, ResetPassword):
        assert understand(stored_answers(typed, first.operation), POLICY, TODAY) == first
