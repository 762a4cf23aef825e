"""Understanding never raises, and the creation that it understood once it understands again the same way."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS, AccountType, DocumentType
from intake.forms.port import Answers, Field
from intake.submission import understand
from intake.submission_kept import stored_answers
from intake.typed_names import LONGEST_NAME, read_generic_name, read_name
from intake.typed_text import Wrong, clean
from provision.procedure.submission import CreateGenericAccount, CreatePersonalAccount, Defective
from tests.institution import an_institution

POLICY = an_institution()
TODAY = date(2026, 2, 1)

ANYTHING = st.text(st.characters(codec=None), max_size=80)
PLAUSIBLE = st.sampled_from(
    ["", "OGI", *OPERATION_LABELS.values(), "Contratista", "genérica", "CC", "PA", "1020345", "Ana", "DÍAZ", "a@example.org",
     "a@entidad.gov.co", "3001234567", "2026-03-01", "31/12/2026", "=1+1", "CPS-1", "Sí", "vacaciones", "retiro", "PC-1"]
)  # fmt: skip
RESPONSES = st.dictionaries(
    st.sampled_from(list(Field)), st.lists(ANYTHING | PLAUSIBLE, max_size=3).map(tuple), max_size=len(Field)
)
LATIN = st.text(st.characters(codec="utf-8", max_codepoint=0x24F, categories=["Lu", "Ll"]), min_size=1, max_size=12)
NAMES = st.lists(LATIN | st.sampled_from(["de", "LA", "O'", "McX", "y"]), min_size=1, max_size=4).map(" ".join) | ANYTHING


@settings(max_examples=300, deadline=None)
@given(RESPONSES)
def test_no_response_makes_it_raise(answers: Answers) -> None:
    """Arbitrary text in any question, lone surrogates too; every problem can be said to a person."""
    result = understand(answers, POLICY, TODAY)
    if isinstance(result, Defective):
        assert result.problems
        for problem in result.problems:
            assert problem.message
            assert clean(problem.message) == problem.message
            assert len(problem.message) < 600
    repr(stored_answers(answers, result.operation)).encode()


@settings(max_examples=300, deadline=None)
@given(NAMES, st.booleans())
def test_a_name_that_was_read_reads_the_same(text: str, given_names: bool) -> None:
    """Idempotent, never empty, never more than the directory holds, one line."""
    name = read_name(text, given=given_names)
    if not isinstance(name, Wrong):
        assert read_name(name, given=given_names) == name
        assert 0 < len(name) <= LONGEST_NAME
        assert clean(name) == name
    generic = read_generic_name(text)
    assert isinstance(generic, Wrong) or read_generic_name(generic) == generic


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from([AccountType.EMPLOYEE, AccountType.CONTRACTOR, AccountType.OPERATOR, AccountType.GENERIC]),
    given_names=NAMES,
    surnames=NAMES,
    document=st.from_regex(r"[0-9. ]{4,14}", fullmatch=True),
    mobile=st.sampled_from(["", "300 123 4567", "+57 601 2220601"]),
    notes=ANYTHING,
)
def test_understanding_clean_values_gives_the_same(
    kind: AccountType, given_names: str, surnames: str, document: str, mobile: str, notes: str
) -> None:
    """The normalised values, answered again, are the same submission: an edit that changes nothing changes nothing."""
    answers = {
        Field.REQUEST_TYPE: ("Creación",), Field.ACCOUNT_TYPE: (ACCOUNT_TYPE_LABELS[kind],), Field.GIVEN_NAMES: (given_names,),
        Field.SURNAMES: (surnames,), Field.DOCUMENT_TYPE: ("CC",), Field.DOCUMENT_NUMBER: (document,), Field.MOBILE: (mobile,),
        Field.PERSONAL_EMAIL: ("A.b@EXAMPLE.org",), Field.UNIT: ("ogi",), Field.CONTRACT_NUMBER: ("1 de 2026",),
        Field.CONTRACT_START: ("1/2/2026",), Field.CONTRACT_END: ("2026-12-31",), Field.NOTES: (notes,),
        Field.SUPERVISOR_EMAIL: ("J@Entidad.gov.co",), Field.OWNER_EMAIL: ("O@Entidad.gov.co",),
        Field.GENERIC_NAME: (given_names,),
    }  # fmt: skip
    first = understand(answers, POLICY, TODAY)
    match first:
        case CreatePersonalAccount():
            assert first.contract is not None
            again = {
                **answers,
                Field.REQUEST_TYPE: (OPERATION_LABELS[first.operation],),
                Field.GIVEN_NAMES: (first.person.given_names,),
                Field.SURNAMES: (first.person.surnames,),
                Field.DOCUMENT_TYPE: (DocumentType.CC.value,),
                Field.DOCUMENT_NUMBER: (first.person.document_number,),
                Field.PERSONAL_EMAIL: (first.personal_email,),
                Field.UNIT: (first.unit,),
                Field.MOBILE: (first.mobile,),
                Field.CONTRACT_START: (first.contract.start.isoformat(),),
                Field.NOTES: (first.notes,),
            }
        case CreateGenericAccount():
            again = {
                **answers,
                Field.GENERIC_NAME: (first.generic_name,),
                Field.UNIT: (first.unit,),
                Field.NOTES: (first.notes,),
            }
        case _:
            assert isinstance(first, Defective)
            again = answers
    assert understand(again, POLICY, TODAY) == first
