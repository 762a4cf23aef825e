"""Which answers the journal may keep: never a password that somebody typed into the form (design: "Decided")."""

from collections.abc import Callable, Mapping

from config.vocabulary import Operation
from intake.forms.port import Answers, Field
from intake.typed_addresses import read_address
from intake.typed_choices import mentions_password, spoken_operation, spoken_yes_or_no
from intake.typed_text import Wrong, is_blank

_LONGEST_STORED = 10_000

_FREE_TEXT = frozenset({Field.NOTES, Field.REASON})
"""Where somebody may type the password that he wants."""


def _is_address(text: str) -> bool:
    return not isinstance(read_address(text), Wrong)


def _anything(text: str) -> bool:
    return True


_KEPT_OF_A_RESET: Mapping[Field, Callable[[str], bool]] = {
    **dict.fromkeys(
        (
            Field.REQUEST_TYPE, Field.ACCOUNT_TYPE, Field.GIVEN_NAMES, Field.SURNAMES, Field.DOCUMENT_TYPE,
            Field.DOCUMENT_NUMBER, Field.UNIT, Field.ACCOUNT, Field.CASE_NUMBER,
        ),
        _anything,
    ),
    Field.PERSONAL_EMAIL: _is_address,
    Field.OWNER_EMAIL: _is_address,
    Field.ON_PREMISES: lambda text: spoken_yes_or_no(text) is not None,
}  # fmt: skip
"""All that a change of password needs: it identifies the person; what is no address and no yes or no may be the password."""


def stored_answers(answers: Answers, operation: Operation | None) -> Answers:
    """The answers that the journal may keep.

    A change of password keeps only what it uses, because somebody may have typed the password elsewhere; and a response whose
    operation was not understood and may be one keeps no free text. Characters that no database holds are dropped, and an
    answer longer than 10,000 characters is cut: it was a problem already.
    """
    dropped = _perhaps_secret(answers) if operation is None else frozenset()
    kept = {field: texts[:50] for field, texts in answers.items() if field not in dropped}
    if operation is Operation.RESET_PASSWORD:
        used = {
            field: tuple(filter(_KEPT_OF_A_RESET[field], texts)) for field, texts in kept.items() if field in _KEPT_OF_A_RESET
        }
        kept = {field: texts for field, texts in used.items() if texts}
    return {field: tuple(_storable(text) for text in texts) for field, texts in kept.items()}


def tells_a_password(text: str) -> bool:
    """A type of request under "Otro" that speaks of a password may hold it: such a text is neither kept nor quoted."""
    return spoken_operation(text) is None and mentions_password(text)


def _perhaps_secret(answers: Answers) -> frozenset[Field]:
    asked = [text for text in answers.get(Field.REQUEST_TYPE, ()) if not is_blank(text)]
    if any(tells_a_password(text) for text in asked):
        return _FREE_TEXT | {Field.REQUEST_TYPE}
    unclear = not asked or any(spoken_operation(text) in {None, Operation.RESET_PASSWORD} for text in asked)
    return _FREE_TEXT if unclear else frozenset()


def _storable(text: str) -> str:
    kept = "".join(character for character in text[:_LONGEST_STORED] if character != "\0" and not _lone_surrogate(character))
    return kept if len(text) <= _LONGEST_STORED else f"{kept}…"


def _lone_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"
