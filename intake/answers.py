"""Reading the answers of one response, field by field, and collecting everything that is wrong with them."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from config.institution import Institution
from config.vocabulary import DOCUMENT_TYPE_LABELS, DocumentType, EmailAddress, same_address
from intake.forms.port import Answers, Field
from intake.forms.questions import QUESTIONS
from intake.typed_addresses import read_address, read_institutional_address, read_mobile, read_personal_address
from intake.typed_choices import read_unit, spoken_document_type, spoken_yes_or_no
from intake.typed_dates import read_date, spoken_date
from intake.typed_identifiers import (
    read_account,
    read_computer,
    read_contract_number,
    read_document_number,
    read_position,
)
from intake.typed_names import read_generic_name, read_name
from intake.typed_text import LONGEST_ANSWER, Wrong, clean, is_blank, quoted
from provision.procedure.submission import Contract, ContractChange, Person, Problem

Value = TypeVar("Value")

_LOOKED_AT = 20
"""Answers to one question that are looked at; two different ones are too many already."""

_LONGEST_CONTRACT_DAYS = 4 * 366
"""Longer than any contract of an institution's staff: a year was mistyped."""
_FARTHEST_DAYS = 366
"""A date that takes effect farther from the day of the answer, before or after, was mistyped."""

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
    Field.REASON: "Diga por qué se pide.",
    Field.FROM_DATE: "Escriba desde qué día; por ejemplo: 15/01/2026.",
    Field.UNTIL_DATE: "Escriba hasta qué día; por ejemplo: 31/01/2026.",
    Field.ON_PREMISES: "Responda Sí o No: de eso depende cómo se entrega la clave.",
    Field.ASSIGNEE_GIVEN_NAMES: "Escriba los nombres de quien recibe el contrato; por ejemplo: María del Pilar.",
    Field.ASSIGNEE_SURNAMES: "Escriba los apellidos de quien recibe el contrato; por ejemplo: Gómez de la Torre.",
    Field.ASSIGNEE_DOCUMENT_TYPE: f"Elija uno: {', '.join(DOCUMENT_TYPE_LABELS.values())}.",
    Field.ASSIGNEE_DOCUMENT_NUMBER: "Escriba el número completo; por ejemplo: 1020345678.",
    Field.ASSIGNEE_PERSONAL_EMAIL: "Escriba el correo personal de quien recibe el contrato: ahí llegarán sus datos de acceso.",
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

    Each method can be asked with `required`: then an unanswered question is a problem too. `how` is what its message says to
    write, where the usual words do not fit.
    """

    def __init__(self, answers: Answers, policy: Institution, today: date) -> None:
        self._answers = answers
        self._policy = policy
        self._today = today
        self._own_domains = own_domains(policy)
        self._problems: dict[tuple[Field, str], Problem] = {}

    @property
    def today(self) -> date:
        """The day of the answer, in the institution's zone."""
        return self._today

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

    def missing(self, field: Field, how: str = "") -> None:
        """Note that a question was left unanswered."""
        self.wrong(field, f"Falta esta respuesta. {how or _EXAMPLES.get(field, '')}".strip())

    def read(
        self, field: Field, read: Callable[[str], Value | Wrong], *, required: bool = False, how: str = ""
    ) -> Value | None:
        """One answer through its reader; several different answers where one is expected, or a megabyte, are a problem."""
        texts = [text for text in self._answers.get(field, ())[:_LOOKED_AT] if not is_blank(text)]
        if not texts:
            if required:
                self.missing(field, how)
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

    def text(self, field: Field, *, longest: int, required: bool = False, how: str = "") -> str:
        """Free text on one line; an empty string when there is none."""

        def bounded(typed: str) -> str | Wrong:
            text = clean(typed)
            return text if len(text) <= longest else Wrong(f"Tiene {len(text)} caracteres: escriba {longest} como máximo.")

        return self.read(field, bounded, required=required, how=how) or ""

    def unit(self, *, required: bool = True) -> str | None:
        """The unit's name in the policy."""
        return self.read(Field.UNIT, lambda text: read_unit(text, self._policy), required=required)

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
        return self.read(field, lambda text: read_document_number(text, kind), required=required)

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
        return self.read(Field.POSITION, read_position) or ""

    def generic_name(self, *, required: bool = False) -> str | None:
        """What an institutional account is called."""
        return self.read(Field.GENERIC_NAME, read_generic_name, required=required)

    def account(self, *, required: bool = False, how: str = "") -> str:
        """An institutional address or login; empty when none was given."""
        own = self._own_domains
        return self.read(Field.ACCOUNT, lambda text: read_account(text, own_domains=own), required=required, how=how) or ""

    def other_address(self, owner: EmailAddress | None = None) -> EmailAddress | None:
        """A personal address, or the owner's, typed for a change of password.

        What is no address is not quoted: it may be the password.
        """

        def personal_or_owner(text: str) -> EmailAddress | Wrong:
            typed = read_address(text, own_domains=self._own_domains)
            if isinstance(typed, Wrong):
                return Wrong("No es una dirección de correo. Escríbala completa, o deje la respuesta en blanco.")
            if owner is not None and same_address(typed, owner):
                return typed
            return read_personal_address(text, own_domains=self._own_domains)

        return self.read(Field.PERSONAL_EMAIL, personal_or_owner)

    def on_premises(self) -> bool | None:
        """Whether the user is in the institution now; what was not understood is not quoted, for the same reason."""

        def yes_or_no(text: str) -> bool | Wrong:
            answer = spoken_yes_or_no(text)
            return Wrong("No se entiende la respuesta. Responda Sí o No.") if answer is None else answer

        return self.read(Field.ON_PREMISES, yes_or_no, required=True)

    def computer(self) -> str:
        """The name of the computer assigned to the user; empty when none was given."""
        return self.read(Field.COMPUTER, read_computer) or ""

    def contract_number(self, *, required: bool = False) -> str | None:
        """A contract's number."""
        return self.read(Field.CONTRACT_NUMBER, read_contract_number, required=required)

    def day(self, field: Field, *, required: bool = False, how: str = "") -> date | None:
        """A date in the institution's zone."""
        return self.read(field, read_date, required=required, how=how)

    def first_day(self, *, required: bool = False, how: str = "") -> date | None:
        """The day from which what is asked for holds: not more than a year before or after the answer."""
        day = self.day(Field.FROM_DATE, required=required, how=how)
        if day is None:
            return None
        if abs((day - self._today).days) > _FARTHEST_DAYS:
            where = "ya pasó hace" if day < self._today else "es dentro de"
            self.wrong(Field.FROM_DATE, f"La fecha {spoken_date(day)} {where} más de un año: revise el año de la fecha.")
            return None
        return day

    def last_day(self, first: date | None, *, required: bool = False, how: str = "") -> date | None:
        """The last day of an absence that begins on `first`: in order, not over already, not longer than four years."""
        day = self.day(Field.UNTIL_DATE, required=required, how=how)
        if day is None:
            return None
        if first is not None and day < first:
            self.wrong(Field.UNTIL_DATE, _wrong_way_round(first, day))
            return None
        if day < self._today:
            self.wrong(
                Field.UNTIL_DATE,
                f"El periodo ya terminó el {spoken_date(day)}. Si la ausencia continúa, escriba el último día sin acceso; "
                "si la persona ya volvió, no hay nada que inactivar.",
            )
            return None
        if (day - (first or self._today)).days > _LONGEST_CONTRACT_DAYS:
            self.wrong(Field.UNTIL_DATE, f"La fecha {spoken_date(day)} es dentro de más de cuatro años: revise el año.")
            return None
        return day

    def days(self, first: Field, last: Field, *, required: bool = False) -> tuple[date | None, date | None]:
        """Two dates in their order; both are None when they are the wrong way round."""
        start, end = self.day(first, required=required), self.day(last, required=required)
        if start is not None and end is not None and end < start:
            self.wrong(last, _wrong_way_round(start, end))
            return None, None
        return start, end

    def contract(self, *, required: bool) -> Contract | None:
        """A contract in force today or later. Not required (an employee): none without an end.

        With an end the start is needed too: taken from the day of the answer, an edit would seem to change the contract.
        """
        number = self.contract_number(required=required)
        start, end = self.days(Field.CONTRACT_START, Field.CONTRACT_END, required=required)
        if self.answered(Field.CONTRACT_END) and not self.answered(Field.CONTRACT_START):
            self.missing(Field.CONTRACT_START)
        if not self.contract_fits(start, end) or start is None or end is None:
            return None
        if number is None and (required or self.answered(Field.CONTRACT_NUMBER)):
            return None
        return Contract(number or "", start, end)

    def contract_change(self, *, extended: bool) -> ContractChange | None:
        """What is said of a contract that goes on; None: nothing. `extended`, or a new start: its new end is needed."""
        number = self.contract_number()
        start, end = self.days(Field.CONTRACT_START, Field.CONTRACT_END)
        if (extended or self.answered(Field.CONTRACT_START)) and not self.answered(Field.CONTRACT_END):
            self.missing(Field.CONTRACT_END, "Escriba el nuevo último día del contrato; por ejemplo: 31/12/2026.")
        self.contract_fits(start, end)
        change = ContractChange(number, start, end)
        return None if change == ContractChange() else change

    def contract_fits(self, start: date | None, end: date | None) -> bool:
        """Whether a contract's dates can be meant: not over already, begins within a year, lasts four at the most."""
        if start is not None and (start - self._today).days > _FARTHEST_DAYS:
            self.wrong(
                Field.CONTRACT_START,
                f"El contrato comenzaría el {spoken_date(start)}, dentro de más de un año: revise el año de la fecha.",
            )
            return False
        if end is None:
            return True
        if end < self._today:
            self.wrong(
                Field.CONTRACT_END,
                f"El contrato ya terminó el {spoken_date(end)}. Si fue prorrogado, escriba la nueva fecha de terminación.",
            )
            return False
        since = start or self._today
        if (end - since).days > _LONGEST_CONTRACT_DAYS:
            self.wrong(
                Field.CONTRACT_END,
                f"Entre el {spoken_date(since)} y el {spoken_date(end)} hay más de cuatro años: revise los años.",
            )
            return False
        return True


def _wrong_way_round(first: date, last: date) -> str:
    return f"La fecha final ({spoken_date(last)}) es anterior a la inicial ({spoken_date(first)}): corrija una de las dos."
