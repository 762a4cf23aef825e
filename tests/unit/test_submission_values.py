"""How single answers are read: names, documents, addresses, telephones, dates, units and choices."""

from datetime import date

import pytest

from config.institution import Unit
from config.vocabulary import AccountType, DocumentType, Operation
from intake.typed_addresses import probably_meant, read_address, read_institutional_address, read_mobile, read_personal_address
from intake.typed_choices import read_unit, spoken_account_type, spoken_document_type, spoken_operation
from intake.typed_dates import read_date
from intake.typed_names import read_generic_name, read_name
from intake.typed_text import Wrong, clean, folded, is_blank, listed, looks_like_formula, quoted
from tests.institution import an_institution

OWN = ("entidad.gov.co",)


def message(value: object) -> str:
    """The message of a refused answer; fails when it was accepted."""
    assert isinstance(value, Wrong), value
    return value.message


def test_cleaning_makes_one_line_in_nfc_without_what_nobody_sees() -> None:
    """New lines become spaces; zero-width and direction marks, controls, lone surrogates and double spaces go."""
    assert clean("  Jose\u0301\r\nBcc:\u200b x\u202e\x00y \ud800 ") == "José Bcc: x y"


@pytest.mark.parametrize("text", ["", " ", "\u200b\n", "N/A", "no aplica", "NINGUNO", "-", "."])
def test_what_says_nothing_is_unanswered(text: str) -> None:
    """Spaces, and the ways to write that a question does not apply, count as no answer."""
    assert is_blank(text)


def test_a_wrong_answer_is_quoted_short_and_on_one_line() -> None:
    """A message repeats at most sixty characters of what was typed."""
    assert quoted("a\nb") == "«a b»"
    assert len(quoted("x" * 5000)) == 63


def test_options_are_listed_as_a_spanish_phrase() -> None:
    """Commas, and an "o" before the last."""
    assert [listed([]), listed(["A"]), listed(["A", "B", "C"])] == ["", "«A»", "«A», «B» o «C»"]


@pytest.mark.parametrize("text", ["=A1", "  +57", "-1", "@SUM(A1)", "#REF!"])
def test_formulas_are_seen(text: str) -> None:
    """What a spreadsheet may run, or shows in place of a value, is recognised."""
    assert looks_like_formula(text)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("MARÍA DEL PILAR", "María del Pilar"),
        ("maría de los ángeles", "María de los Ángeles"),
        ("JUAN E", "Juan E"),
        ("JUAN PABLO II", "Juan Pablo II"),
        ("Ma. Fernanda", "Ma. Fernanda"),
        ("ÑUSTA", "Ñusta"),
        ("  Ana   Lucía ", "Ana Lucía"),
        ("JOSE\u0301", "José"),
        ("MaríaJosé", "MaríaJosé"),
    ],
)
def test_given_names_get_spanish_capitals_only_when_typed_in_one_case(typed: str, shown: str) -> None:
    """All capitals or all small letters are put right; a mixture is kept."""
    assert read_name(typed, given=True) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("o'brien", "O'Brien"),
        ("O´BRIEN", "O'Brien"),
        ("d’angelo", "D'Angelo"),
        ("DE LA CRUZ", "de la Cruz"),
        ("LA ROTTA", "La Rotta"),
        ("gómez de la torre", "Gómez de la Torre"),
        ("ORTEGA Y GASSET", "Ortega y Gasset"),
        ("PÉREZ-GÓMEZ", "Pérez-Gómez"),
        ("Pérez\u2013Gómez", "Pérez-Gómez"),
        ("mcallister", "McAllister"),
        ("VAN DER HAMMEN", "van der Hammen"),
        ("DELL'ORTO MUÑOZ", "Dell'Orto Muñoz"),
        ("Güiza", "Güiza"),
    ],
)
def test_surnames_keep_their_particles_small(typed: str, shown: str) -> None:
    """Prepositions, and articles behind them, are small; an article alone is a capital; apostrophes and hyphens divide."""
    assert read_name(typed, given=False) == shown


@pytest.mark.parametrize(
    "typed",
    [
        "Juan2", "=HYPERLINK(\"http://x\",\"y\")", "@SUM(A1)", "+cmd", "<script>alert(1)</script>", "http://malo.com",
        "www.malo.com",
        "Ana;Luis", "Ana, Luis", "Ana/Luis", "Mar´ıa", "Маria", "ＡＮＡ", "Ana 😀", "-Ana", "Ana-", "'Ana", "A" * 65,
        "a\u0301\u0301\u0301\u0301",
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused(typed: str) -> None:
    """Digits, formulas, markup, addresses, other alphabets, stray marks and more than 64 characters are no names."""
    assert "por ejemplo" in message(read_name(typed, given=True))


def test_the_reason_is_named_in_the_message() -> None:
    """A refused name says what is wrong with it."""
    assert "tiene números" in message(read_name("Juan2", given=True))
    assert "parece una fórmula" in message(read_name('=HYPERLINK("http://x1")', given=True))
    assert "tiene «<»" in message(read_name("Ana<", given=True))


def test_a_generic_name_keeps_its_capitals_and_may_have_digits() -> None:
    """An institutional account is called as it was typed."""
    assert read_generic_name(" Convocatoria  2026 TI ") == "Convocatoria 2026 TI"


@pytest.mark.parametrize("typed", ["=1+1", "soporte@entidad.gov.co", "<b>", "2026", "x" * 65, "Atención; otra"])
def test_what_is_no_generic_name_is_refused(typed: str) -> None:
    """Formulas, addresses, markup, digits alone and long texts are no names of an account."""
    assert "por ejemplo" in message(read_generic_name(typed))


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" maria@GMAIL.com ", "maria@gmail.com"),
        ("O'Brien+x@Example.org", "O'Brien+x@example.org"),
        ("a@hotmail.es", "a@hotmail.es"),
        ("a@ymail.com", "a@ymail.com"),
        ("a@yahoo.com.co", "a@yahoo.com.co"),
        ("a@mail.com", "a@mail.com"),
    ],
)
def test_a_personal_address_keeps_what_was_typed_before_the_at_sign(typed: str, address: str) -> None:
    """Only the domain is put in small letters."""
    assert read_personal_address(typed, own_domains=OWN) == address


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("maria", "no es una dirección"),
        ("maria @gmail.com", "no es una dirección"),
        ("a@b@c.com", "más de una dirección"),
        ("a@gmail.com; b@gmail.com", "más de una dirección"),
        ("a@gmail.com/b", "más de una dirección"),
        ("josé@gmail.com", "tiene «é»"),
        ("a@gmаil.com", "tiene «а»"),
        ("a@xn--gmil-63d.com", "no es una dirección"),
        ("=cmd@gmail.com", "no es una dirección"),
        ("a@gmail.com\nBcc: b@c.com", "más de una dirección"),
        ("María <a@gmail.com>", "tiene «í»"),
        ("Maria <a@gmail.com>", "no es una dirección"),
        ("a" * 300 + "@gmail.com", "más de 254"),
        ("a@correo.test", "no es una dirección"),
        ("a@ENTIDAD.gov.co", "de la institución"),
        ("a@correo.entidad.gov.co", "de la institución"),
        ("a@gmial.com", "«gmail.com»"),
        ("a@gmail.co", "«gmail.com»"),
        ("a@gmail.con", "«gmail.com»"),
        ("a@hotmial.com", "«hotmail.com»"),
        ("a@outlok.com", "«outlook.com»"),
        ("a@yahooo.com", "«yahoo.com»"),
        ("a@empresa.con", "«empresa.com»"),
    ],
)
def test_an_address_to_which_access_data_must_not_go_is_refused(typed: str, said: str) -> None:
    """Bad syntax, other alphabets, the institution's own mailboxes and slips of the keyboard, each with its reason."""
    assert said in message(read_personal_address(typed, own_domains=OWN))


def test_good_domains_are_no_slips() -> None:
    """Nobody is locked out for a domain that exists."""
    good = (
        "gmail.com",
        "hotmail.com",
        "hotmail.es",
        "outlook.es",
        "outlook.com",
        "live.com",
        "upme.gov.co",
        "unal.edu.co",
        "email.com",
    )
    assert [domain for domain in good if probably_meant(domain)] == []


def test_the_institutions_own_domain_may_be_a_reserved_name() -> None:
    """An institution whose domain is not of the public internet can be used all the same."""
    assert read_institutional_address("Jefe@Entidad.TEST", own_domains=("entidad.test",)) == "Jefe@entidad.test"
    assert "nombre.apellido@entidad.test" in message(read_institutional_address("j@gmail.com", own_domains=("entidad.test",)))


def test_plus_addresses_are_somebody_else() -> None:
    """Nothing but the domain's case is normalised."""
    assert read_address("user+x@entidad.gov.co") == "user+x@entidad.gov.co"


@pytest.mark.parametrize("typed", ["3001234567", "300 123 4567", "+57 300-123-4567", "57 300 1234567", "(300) 123.45.67"])
def test_a_mobile_is_ten_digits_with_the_countrys_prefix(typed: str) -> None:
    """However it is written, it is kept as +57 and ten digits."""
    assert read_mobile(typed) == "+573001234567"


def test_a_landline_is_accepted() -> None:
    """Landlines have ten digits too since 2021, beginning with 60."""
    assert read_mobile("601 222 0601") == "+576012220601"


@pytest.mark.parametrize("typed", ["12345", "2001234567", "300123456789", "٣٠٠١٢٣٤٥٦٧", "=3001234567", "9" * 5000])
def test_another_number_is_a_problem(typed: str) -> None:
    """Too short, too long, another country, other digits."""
    assert "diez dígitos" in message(read_mobile(typed))


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-02-13", date(2026, 2, 13)),
        ("13/02/2026", date(2026, 2, 13)),
        ("3/2/2026", date(2026, 2, 3)),
        ("13-02-2026", date(2026, 2, 13)),
        ("2026-02-13 07:30", date(2026, 2, 13)),
        ("29/02/2028", date(2028, 2, 29)),
    ],
)
def test_dates_of_the_form_and_of_its_csv(typed: str, day: date) -> None:
    """Year-month-day and day/month/year."""
    assert read_date(typed) == day


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("31/02/2026", "febrero de 2026 no tiene día 31"),
        ("2026-02-30", "febrero de 2026 no tiene día 30"),
        ("12/31/2026", "no hay mes 31"),
        ("0206-01-01", "El año 0206"),
        ("31/12/26", "El año 26"),
        ("02-13", "falta el año"),
        ("mañana", "no es una fecha"),
        ("45000", "no es una fecha"),
        ("1" * 10_000, "no es una fecha"),
        ("0/0/2026", "no hay mes 0"),
        ("٣/٢/2026", "no es una fecha"),
    ],
)
def test_an_impossible_date_is_named(typed: str, said: str) -> None:
    """The message says which part cannot be, and how a date is written."""
    assert said in message(read_date(typed))


@pytest.mark.parametrize("typed", ["OGI", "oficina de gestion de la informacion", " OFICINA  de Gestión-de la Información. "])
def test_a_unit_is_found_by_name_or_alias(typed: str) -> None:
    """Case, accents, spaces and punctuation do not matter."""
    assert read_unit(typed, an_institution()) == "Oficina de Gestión de la Información"


def test_an_unknown_unit_gets_near_ones() -> None:
    """A slip or a part of the name is answered with the unit that was probably meant."""
    policy = an_institution()
    assert "¿Quiso decir «Subdirección de Energía Eléctrica»?" in message(read_unit("Subdireccion de Energia Electica", policy))
    assert "¿Quiso decir «Subdirección de Energía Eléctrica»?" in message(read_unit("energía eléctrica", policy))
    assert "GIT de Talento Humano" in message(read_unit("zzz", policy))
    assert "¿Quiso decir" not in message(read_unit("Subdirección de Demanda", policy))
    assert "No existe la dependencia" in message(read_unit("o" * 4000, policy))


def test_units_of_a_large_institution_are_not_all_listed() -> None:
    """Where none is near, an example stands for many."""
    many = tuple(Unit(name=f"Grupo número {number}", ou="OU=G") for number in range(40))
    assert "Elija una de las que ofrece el formulario" in message(read_unit("zzz", an_institution(units=many)))


@pytest.mark.parametrize(
    ("typed", "operation"),
    [
        ("Creación de cuenta de usuario", Operation.CREATE),
        ("a. Creación", Operation.CREATE),
        ("CREATE", Operation.CREATE),
        ("Cambio de clave de usuario", Operation.RESET_PASSWORD),
        ("Restablecer contraseña", Operation.RESET_PASSWORD),
        ("RESET_PASSWORD", Operation.RESET_PASSWORD),
        ("Modificación", Operation.MODIFY),
        ("Actualización de cuentas", Operation.MODIFY),
        ("Actualización de cuenta: inactivación", Operation.DEACTIVATE),
        ("inactivacion por vacaciones", Operation.DEACTIVATE),
        ("Activación", Operation.ACTIVATE),
        ("Eliminación", Operation.DELETE),
        ("Cesión de contrato", Operation.ASSIGN_CONTRACT),
        ("SUSPENSIÓN", Operation.SUSPEND_CONTRACT),
        ("Terminación anticipada de un contrato", Operation.TERMINATE_CONTRACT),
    ],
)
def test_an_operation_in_the_words_of_the_procedure(typed: str, operation: Operation) -> None:
    """Headings, options and codes are understood."""
    assert spoken_operation(typed) is operation


@pytest.mark.parametrize("label", list(Operation))
def test_every_label_and_code_is_understood(label: Operation) -> None:
    """What the program itself offers as an option comes back as the same operation."""
    from config.vocabulary import OPERATION_LABELS

    assert spoken_operation(OPERATION_LABELS[label]) is label
    assert spoken_operation(label.value) is label


@pytest.mark.parametrize(
    "typed",
    [
        "no eliminar la cuenta",
        "Modificación, inactivación, eliminación",
        "cesión o suspensión",
        "Otro",
        "de la cuenta",
        "",
        "c" * 999,
    ],
)
def test_no_operation_is_guessed(typed: str) -> None:
    """Several operations, unknown words and negations are not understood."""
    assert spoken_operation(typed) is None


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("Funcionaria", AccountType.EMPLOYEE),
        ("funcionarios públicos", AccountType.EMPLOYEE),
        ("CONTRATISTAS", AccountType.CONTRACTOR),
        ("Institucional o genérica", AccountType.GENERIC),
        ("cuenta genérica", AccountType.GENERIC),
        ("operadora", AccountType.OPERATOR),
        ("GENERIC", AccountType.GENERIC),
        ("Funcionario o contratista", None),
        ("no contratista", None),
        ("Pasante", None),
    ],
)
def test_account_types_in_singular_plural_and_both_genders(typed: str, kind: AccountType | None) -> None:
    """One type, or none is understood."""
    assert spoken_account_type(typed) is kind


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("Cédula de ciudadanía (CC)", DocumentType.CC),
        ("C.C.", DocumentType.CC),
        ("CÉDULA DE EXTRANJERÍA", DocumentType.CE),
        ("Pasaporte", DocumentType.PA),
        ("PPT", DocumentType.PPT),
        ("Permiso por Protección Temporal", DocumentType.PPT),
        ("T.I.", DocumentType.TI),
        ("NIT", None),
    ],
)
def test_document_types_by_name_and_letters(typed: str, kind: DocumentType | None) -> None:
    """A company's tax number is no person's document."""
    assert spoken_document_type(typed) is kind


def test_folding_ignores_case_accents_and_punctuation() -> None:
    """Two ways to write the same words are equal."""
    assert folded(" Acción, “NÚMERO” ") == "accion numero"
