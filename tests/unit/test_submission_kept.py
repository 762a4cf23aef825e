"""What the journal may keep of a response: never a password that somebody typed into it."""

import pytest

from config.vocabulary import OPERATION_LABELS, Operation
from intake.forms.port import Field
from intake.submission import understand
from intake.submission_kept import stored_answers
from provision.procedure.submission import Defective, ResetPassword
from tests.unit.form_answers import CONTRACTOR, POLICY, RESET, TODAY, answers

SECRET = "Secreta123"


def test_a_password_in_the_notes_or_the_reason_is_neither_used_nor_kept() -> None:
    """A change of password does not even read them."""
    typed = answers(RESET, notes=f"mi clave: {SECRET}", reason=f"quiero {SECRET}")
    result = understand(typed, POLICY, TODAY)
    assert isinstance(result, ResetPassword)
    assert SECRET not in repr(result) + repr(stored_answers(typed, result.operation))


@pytest.mark.parametrize("field", ["personal_email", "on_premises", "position", "mobile", "generic_name", "supervisor_email"])
@pytest.mark.parametrize("typed", [SECRET, f"{SECRET}@", "P@ssw0rd Secreta123", f"clave: {SECRET}"])
def test_a_password_in_another_question_is_neither_quoted_nor_kept(field: str, typed: str) -> None:
    """What is no address and no yes or no may be the password that somebody wants."""
    asked = answers(RESET, **{field: typed})
    result = understand(asked, POLICY, TODAY)
    assert SECRET not in repr(result) + repr(stored_answers(asked, Operation.RESET_PASSWORD))


def test_a_change_of_password_keeps_what_a_correction_carries() -> None:
    """Whose account it is, where the user is, and the personal address that was typed."""
    kept = stored_answers(answers(CONTRACTOR, **RESET, owner_email="o@entidad.gov.co"), Operation.RESET_PASSWORD)
    assert set(kept) == {
        Field.REQUEST_TYPE, Field.ACCOUNT_TYPE, Field.GIVEN_NAMES, Field.SURNAMES, Field.DOCUMENT_TYPE, Field.DOCUMENT_NUMBER,
        Field.UNIT, Field.ACCOUNT, Field.ON_PREMISES, Field.PERSONAL_EMAIL, Field.OWNER_EMAIL,
    }  # fmt: skip
    assert kept[Field.PERSONAL_EMAIL] == ("mpilar@Gmail.com",)


def test_a_response_that_may_be_a_change_of_password_keeps_no_free_text_either() -> None:
    """Not understood, but about a password, or about nothing; its text is not even quoted."""
    for request_type in (f"Quiero cambiar mi clave a {SECRET}", "???", None):
        typed = answers(RESET, request_type=request_type, notes=SECRET)
        result = understand(typed, POLICY, TODAY)
        assert isinstance(result, Defective)
        assert SECRET not in repr(result) + repr(stored_answers(typed, result.operation))
    several = {**answers(RESET, notes=SECRET), Field.REQUEST_TYPE: ("Cambio de clave", "Activación")}
    assert SECRET not in repr(stored_answers(several, None))


@pytest.mark.parametrize("operation", [each for each in Operation if each is not Operation.RESET_PASSWORD])
def test_every_other_operation_keeps_all_answers(operation: Operation) -> None:
    """A correction carries them back to the person who typed them."""
    typed = answers(CONTRACTOR, request_type=OPERATION_LABELS[operation], notes="hola", reason="porque sí")
    assert stored_answers(typed, operation) == typed


def test_the_journal_gets_text_that_a_database_can_hold() -> None:
    """Zero bytes and halves of surrogate pairs go, and a megabyte is cut."""
    kept = stored_answers(answers(CONTRACTOR, notes="a\0b\ud800c", position="x" * 1_000_000), Operation.CREATE)
    assert kept[Field.NOTES] == ("abc",)
    assert len(kept[Field.POSITION][0]) == 10_001
