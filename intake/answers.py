"""Reading the answers of one response, field by field, and collecting everything that is wrong with them."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TypeVar

from config.institution import Institution
from config.vocabulary import DOCUMENT_TYPE_LABELS, DocumentType, EmailAddress
from intake.forms.port import Answers, Field
from intake.forms.questions import QUESTIONS
from intake.typed_addresses import read_address, read_institutional_address, read_mobile, read_personal_address
from intake.typed_choices import read_unit, spoken_document_type
from intake.typed_dates import read_date, spoken_date
from intake.typed_names import read_generic_name, read_name
from intake.typed_text import LONGEST_ANSWER, Wrong, clean, is_blank, looks_like_formula, quoted
from provision.procedure.submission import Contract, Person, Problem

Value = TypeVar("Value")

_LOOKED_AT = 20
"""Answers to one question that are looked at; two different ones are too many already."""

_LONGEST_CONTRACT_DAYS = 4 * 366
"""Longer than any contract of an institution's staff: a year was mistyped."""
_FARTHEST_START_DAYS = 366

_DOCUMENT_SHAPES: Mapping[DocumentType, tuple[re.Pattern[str], str]] = {
    DocumentType.CC: (re.compile(r"[0-9]{4,10}"), "de 4 a 10 dígitos; por ejemplo: 1020345678"),
    DocumentType.TI: (re.compile(r"[0-9]{8,11}"), "de 8 a 11 dígitos; por ejemplo: 1020345678"),
    DocumentType.CE: (re.compile(r"[0-9]{4,10}"), "de 4 a 10 dígitos; por ejemplo: 456789"),
    DocumentType.PA: (re.compile(r"[0-9A-Z]{5,16}"), "de 5 a 16 letras y números; por ejemplo: AB123456"),
    DocumentType.PPT: (re.compile(r"[0-9A-Z]{5,16}"), "de 5 a 16 letras y números; por ejemplo: 1234567"),
}
"""Wide bounds that catch a slip; sixteen characters is what Active Directory's employeeID holds (rangeUpper)."""
_ANY_DOCUMENT = (re.compile(r"[0-9A-Z]{4,16}"), "de 4 a 16 letras y números; por ejemplo: 1020345678")

_CONTRACT_NUMBER = re.compile(r"[^\W_][\w ./\-°º#(),:;]{0,63}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,63}")
_LONGEST_POSITION = 128
"""Active Directory's upper bound of title."""

_EXAMPLES: Mapping[Field, str] = {
    Field.GIVEN_NAMES: "Escriba los nombres como aparecen en el documento; por ejemplo: María del Pilar.",
    Field.SURNAMES: "Escriba los apellidos como aparecen en el documento; por ejemplo: Gómez de la Torre.",
    Field.DOCUMENT_TYPE: f"Elija uno: {', '.join(DOCUMENT_TYPE_LABELS.values())}.",
    Field.DOCUMENT_NUMBER: "Escriba el número completo; por ejemplo: 1020345678.",
    Field.PERSONAL_EMAIL: "Escriba el correo al que llegarán los datos de acceso; por ejemplo: nombre.apellido@gmail.com.",
    Field.UNIT: "Elija la dependencia o el GIT en que trabajará la persona o a que pertenece la cuenta.",
    Field.CONTRACT_NUMBER: "Escriba el número del contrato; por ejemplo: CPS-045-2026.",
    Field.CONTRACT_START: "Escriba el primer día del contrato; por ejemplo: 15/01/2026.",
    Field.CONTRACT_END: "Escriba el último día del contrato; por ejemplo: 31/12/2026.",
    Field.SUPERVISOR_EMAIL: "Escriba el correo institucional de quien supervisa el contrato.",
    Field.GENERIC_NAME: "Escriba para qué es la cuenta; por ejemplo: Atención al Ciudadano.",
    Field.OWNER_EMAIL: "Escriba el correo institucional de la persona responsable de la cuenta.",
    Field.REASON: "Diga qué se debe modificar; por ejemplo: traslado a otra dependencia, nuevo cargo, prórroga del contrato.",
    Field.ACCOUNT: "Escriba la cuenta institucional de la persona, o el número de su documento, para saber de quién se trata.",
}
"""What follows "Falta esta respuesta."."""

PERSON_FIELDS = (Field.GIVEN_NAMES, Field.SURNAMES, Field.DOCUMENT_TYPE, Field.DOCUMENT_NUMBER)
ASSIGNEE_FIELDS = (
    Field.ASSIGNEE_GIVEN_NAMES,
    Field.ASSIGNEE_SURNAMES,
    Field.ASSIGNEE_DOCUMENT_TYPE,
    Field.ASSIGNEE_DOCUMENT_NUMBER,
)


def own_domains(policy: Institution) -> tuple[str, ...]:
    """The institution's mail domain, and the domain of its logins where that is another one; in small letters."""
    return tuple(dict.fromkeys((policy.mail_domain.lower(), policy.upn_suffix.lower())))


class AnswerReader:
    """Reads one response's answers; every wrong or missing one becomes a Problem, and None takes the place of its value.

    Each method can be asked with `required`: then an unanswered question is a problem too.
    """

    def __init__(self, answers: Answers, policy: Institution, today: date) -> None:
        self._answers = answers
        self._policy = policy
        self._today = today
        self._own_domains = own_domains(policy)
        self._problems: dict[tuple[Field, str], Problem] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong so far, in the order of the form's questions; one problem is never said twice."""
        order = list(Field)
        return tuple(self._problems[key] for key in sorted(self._problems, key=lambda key: order.index(key[0])))

    def wrong(self, field: Field, message: str) -> None:
        """Note a problem of one answer."""
        self._problems.setdefault((field, message), Problem(field.value, QUESTIONS[field].title, message))

    def answered(self, field: Field) -> bool:
        """Whether the question has an answer that says something."""
        return any(not is_blank(text) for text in self._answers.get(field, ())[:_LOOKED_AT])

    def missing(self, field: Field) -> None:
        """Note that a question was left unanswered."""
        self.wrong(field, f"Falta esta respuesta. {_EXAMPLES.get(field, '')}".strip())

    def read(self, field: Field, read: Callable[[str], Value | Wrong], *, required: bool = False) -> Value | None:
        """One answer through its reader; several different answers where one is expected, or a megabyte, are a problem."""
        texts = [text for text in self._answers.get(field, ())[:_LOOKED_AT] if not is_blank(text)]
        if not texts:
            if required:
                self.missing(field)
            return None
        if any(len(text) > LONGEST_ANSWER for text in texts):
            self.wrong(field, f"La respuesta es demasiado larga: escriba menos de {LONGEST_ANSWER} caracteres.")
            return None
        if len({clean(text) for text in texts}) > 1:
            self.wrong(field, "Hay varias respuestas y se necesita una sola: elija una.")
            return None
        value = read(texts[0])
        if isinstance(value, Wrong):
            self.wrong(field, value.message)
            return None
        return value

    def text(self, field: Field, *, longest: int, required: bool = False) -> str:
        """Free text on one line; an empty string when there is none."""

        def bounded(typed: str) -> str | Wrong:
            text = clean(typed)
            return text if len(text) <= longest else Wrong(f"Tiene {len(text)} caracteres: escriba {longest} como máximo.")

        return self.read(field, bounded, required=required) or ""

    def unit(self) -> str | None:
        """The unit's name in the policy; every request says one, because the matrix decides by it."""
        return self.read(Field.UNIT, lambda text: read_unit(text, self._policy), required=True)

    def given_names(self, field: Field = Field.GIVEN_NAMES, *, required: bool = False) -> str | None:
        """Given names, capitals put right."""
        return self.read(field, lambda text: read_name(text, given=True), required=required)

    def surnames(self, field: Field = Field.SURNAMES, *, required: bool = False) -> str | None:
        """Surnames, capitals put right."""
        return self.read(field, lambda text: read_name(text, given=False), required=required)

    def document_type(self, field: Field = Field.DOCUMENT_TYPE, *, required: bool = False) -> DocumentType | None:
        """The type of identity document."""

        def known(text: str) -> DocumentType | Wrong:
            found = spoken_document_type(text)
            offered = ", ".join(DOCUMENT_TYPE_LABELS.values())
            return found or Wrong(f"No se reconoce el tipo de documento {quoted(text)}. Elija uno: {offered}.")

        return self.read(field, known, required=required)

    def document_number(
        self, kind: DocumentType | None, field: Field = Field.DOCUMENT_NUMBER, *, required: bool = False
    ) -> str | None:
        """The document's number without separators, with its leading zeros."""
        return self.read(field, lambda text: _document_number(text, kind), required=required)

    def person(self, fields: tuple[Field, Field, Field, Field] = PERSON_FIELDS, *, required: bool = True) -> Person | None:
        """A whole person; None when any part is missing or wrong."""
        given = self.given_names(fields[0], required=required)
        surnames = self.surnames(fields[1], required=required)
        kind = self.document_type(fields[2], required=required)
        number = self.document_number(kind, fields[3], required=required)
        if given is None or surnames is None or kind is None or number is None:
            return None
        return Person(given, surnames, kind, number)

    def personal_email(self, field: Field = Field.PERSONAL_EMAIL, *, required: bool = False) -> EmailAddress | None:
        """Where access data goes: an address outside the institution."""
        return self.read(field, lambda text: read_personal_address(text, own_domains=self._own_domains), required=required)

    def access_email_of_generic(self, owner: EmailAddress | None, *, required: bool = False) -> EmailAddress | None:
        """Where a generic account's access data goes: a personal address, or the owner's mailbox, which is in use already."""

        def personal_or_owner(text: str) -> EmailAddress | Wrong:
            typed = read_address(text, own_domains=self._own_domains)
            if owner is not None and not isinstance(typed, Wrong) and typed.casefold() == owner.casefold():
                return typed
            return read_personal_address(text, own_domains=self._own_domains)

        return self.read(Field.PERSONAL_EMAIL, personal_or_owner, required=required)

    def institutional_email(self, field: Field, *, required: bool = False) -> EmailAddress | None:
        """The address of somebody of the institution: a supervisor, an owner."""
        return self.read(field, lambda text: read_institutional_address(text, own_domains=self._own_domains), required=required)

    def mobile(self, field: Field = Field.MOBILE) -> str:
        """A telephone number as +57 and ten digits; empty when none was given."""
        return self.read(field, read_mobile) or ""

    def position(self) -> str:
        """The position or title; empty when none was given."""
        return self.read(Field.POSITION, _position) or ""

    def generic_name(self, *, required: bool = False) -> str | None:
        """What an institutional account is called."""
        return self.read(Field.GENERIC_NAME, read_generic_name, required=required)

    def account(self) -> str:
        """An institutional address or login; empty when none was given."""

        def login_or_address(text: str) -> str | Wrong:
            typed = clean(text)
            if "@" in typed:
                return read_institutional_address(typed, own_domains=self._own_domains)
            how = f"Escriba la dirección completa; por ejemplo: nombre.apellido@{self._own_domains[0]}."
            return typed if _LOGIN.fullmatch(typed) else Wrong(f"{quoted(typed)} no es una cuenta institucional. {how}")

        return self.read(Field.ACCOUNT, login_or_address) or ""

    def day(self, field: Field, *, required: bool = False) -> date | None:
        """A date in the institution's zone."""
        return self.read(field, read_date, required=required)

    def days(self, first: Field, last: Field, *, required: bool = False) -> tuple[date | None, date | None]:
        """Two dates in their order; both are None when they are the wrong way round."""
        start, end = self.day(first, required=required), self.day(last, required=required)
        if start is not None and end is not None and end < start:
            self.wrong(
                last,
                f"La fecha final ({spoken_date(end)}) es anterior a la inicial ({spoken_date(start)}): corrija una de las dos.",
            )
            return None, None
        return start, end

    def contract(self, *, required: bool) -> Contract | None:
        """A contract in force today or later. Not required (an employee): none without an end.

        With an end the start is needed too: taken from the day of the answer, an edit would seem to change the contract.
        """
        number = self.read(Field.CONTRACT_NUMBER, _contract_number, required=required)
        start, end = self.days(Field.CONTRACT_START, Field.CONTRACT_END, required=required)
        if self.answered(Field.CONTRACT_END) and not self.answered(Field.CONTRACT_START):
            self.missing(Field.CONTRACT_START)
        if start is not None and start > self._today + timedelta(days=_FARTHEST_START_DAYS):
            self.wrong(
                Field.CONTRACT_START,
                f"El contrato comenzaría el {spoken_date(start)}, dentro de más de un año: revise el año de la fecha.",
            )
            return None
        if end is None:
            return None
        if end < self._today:
            self.wrong(
                Field.CONTRACT_END,
                f"El contrato ya terminó el {spoken_date(end)}. Si fue prorrogado, escriba la nueva fecha de terminación.",
            )
            return None
        if start is None:
            return None
        if (end - start).days > _LONGEST_CONTRACT_DAYS:
            self.wrong(
                Field.CONTRACT_END,
                f"Entre el {spoken_date(start)} y el {spoken_date(end)} hay más de cuatro años: revise los años.",
            )
            return None
        if number is None and (required or self.answered(Field.CONTRACT_NUMBER)):
            return None
        return Contract(number or "", start, end)


def _document_number(text: str, kind: DocumentType | None) -> str | Wrong:
    typed = clean(text)
    shape, expected = _ANY_DOCUMENT if kind is None else _DOCUMENT_SHAPES[kind]
    separators = r"[ .,']" if kind in {DocumentType.CC, DocumentType.TI, DocumentType.CE} else r"[ .,'\-]"
    number = re.sub(separators, "", typed).upper()
    label = "El documento" if kind is None else f"El número de {DOCUMENT_TYPE_LABELS[kind].lower()}"
    if not shape.fullmatch(number):
        return Wrong(f"{quoted(typed)} no es un número de documento válido. {label} tiene {expected}.")
    if not number.strip("0"):
        return Wrong(f"{quoted(typed)} son solo ceros. Escriba el número que aparece en el documento.")
    return number


def _contract_number(text: str) -> str | Wrong:
    number = clean(text)
    if _CONTRACT_NUMBER.fullmatch(number) and any(character.isdigit() for character in number):
        return number
    return Wrong(
        f"{quoted(number)} no es un número de contrato. Escríbalo como aparece en el contrato; por ejemplo: CPS-045-2026."
    )


def _position(text: str) -> str | Wrong:
    position = clean(text)
    how = "Escriba el cargo con palabras; por ejemplo: Profesional especializado, grado 17."
    if len(position) > _LONGEST_POSITION:
        return Wrong(f"Tiene más de {_LONGEST_POSITION} caracteres. {how}")
    if looks_like_formula(position) or any(mark in position for mark in "<>{}\\|") or "://" in position:
        return Wrong(f"{quoted(position)} no parece un cargo. {how}")
    return position
