"""The policies that come with the program, and what a wrong policy file is told."""

from pathlib import Path

import pytest

from config.errors import CannotRun
from config.institution import BUILT_IN_INSTITUTIONS, Institution, built_in_policy, load_institution
from config.vocabulary import AccountType, Operation


def policy(name: str) -> Institution:
    """A policy that comes with the program."""
    path = built_in_policy(name)
    assert path is not None
    return load_institution(path)


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy of UPME's policy with these texts replaced, each of which must be there."""
    original = built_in_policy("upme")
    assert original is not None
    text = original.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "politica.toml"
    path.write_text(text, "utf-8")
    return path


def complaint(path: Path) -> str:
    """What is said about a policy file that cannot be used."""
    with pytest.raises(CannotRun) as raised:
        load_institution(path)
    return str(raised.value)


@pytest.mark.parametrize("name", BUILT_IN_INSTITUTIONS)
def test_a_policy_of_the_program_can_be_used(name: str) -> None:
    """Every account of every unit has a place in the directory, without braces or empty parts."""
    institution = policy(name)
    assert institution.id == name
    for kind in institution.accounts:
        for unit in institution.units:
            place = institution.ou_of(kind, unit)
            assert "{" not in place
            assert all(part.startswith("OU=") for part in place.split(","))
    assert len(institution.version) == 12


def test_the_two_institutions_differ_where_their_procedures_do() -> None:
    """UPME deletes and offers generic accounts; the Unidad para las Víctimas does neither, yet deletion may be asked for."""
    upme, victims = policy("upme"), policy("unidad-victimas")
    assert upme.deletes_accounts
    assert not victims.deletes_accounts
    assert Operation.DELETE in victims.operations
    assert AccountType.GENERIC in upme.accounts
    assert AccountType.GENERIC not in victims.accounts
    assert upme.deadlines.attend_business_hours == 10
    assert (upme.business_hours.opens, upme.business_hours.closes) == ("07:30", "17:00")
    assert victims.accounts[AccountType.OPERATOR].licence is None
    assert upme.version != victims.version


@pytest.mark.parametrize(
    "typed", ["OGI", " ogi ", "Oficina  de gestion de la informacion", "OFICINA DE GESTIÓN DE LA INFORMACIÓN"]
)
def test_a_unit_is_known_by_its_names_without_capitals_or_accents(typed: str) -> None:
    """What people write for a unit finds it."""
    unit = policy("upme").unit_called(typed)
    assert unit is not None
    assert unit.ou == "OU=OGI"


def test_an_unknown_unit_is_none() -> None:
    """A mistyped unit is not guessed."""
    assert policy("upme").unit_called("Oficina de Gestión de la Informacin") is None


def test_a_unit_without_an_ou_leaves_no_empty_part(tmp_path: Path) -> None:
    """The template of the OU works for a unit that has none of its own."""
    institution = load_institution(changed(tmp_path, ('ou = "OU=DG"', 'ou = ""')))
    unit = institution.unit_called("Dirección General")
    assert unit is not None
    assert institution.ou_of(AccountType.CONTRACTOR, unit) == "OU=Contratistas,OU=Usuarios"


def test_a_file_by_notepad_is_read(tmp_path: Path) -> None:
    """A byte order mark and Windows line ends are no reason to refuse."""
    path = changed(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_institution(path).id == "upme"


def test_any_change_changes_the_version(tmp_path: Path) -> None:
    """A decision names the exact text it was taken under."""
    assert load_institution(changed(tmp_path)).version == policy("upme").version
    assert load_institution(changed(tmp_path, ("max_length = 20", "max_length = 19"))).version != policy("upme").version


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("colour =", "color =", "mail.color: clave desconocida; ¿quiso decir colour?"),
        ("deletes_accounts = true", "", "deletes_accounts: falta y es obligatorio"),
        ("deletes_accounts = true", 'deletes_accounts = "tal vez"', "deletes_accounts: debe ser true o false"),
        ("max_length = 20", "max_length = 21", "naming.max_length: debe ser 20 o menos (se leyó «21»)"),
        ('"first.last.second"', '"apellido"', "naming.patterns[n.º 2]: debe ser uno de estos valores: first.last"),
        ("[accounts.GENERIC]", "[accounts.GENERICA]", "accounts.GENERICA: debe ser uno de estos valores: EMPLOYEE"),
        (
            "OU=Operadores,{unit_ou}",
            "OU=Operadores,{unit}",
            "accounts.OPERATOR.ou: «OU=Operadores,{unit},OU=Usuarios»: la única",
        ),
        ("OU=Operadores,{unit_ou}", "OU=Operadores,{unit_ou", "tiene llaves sin cerrar"),
        ("OU=Operadores,{unit_ou}", "OU=Operadores,{unit_ou!r}", "la única variable"),
        ('ou = "OU=OGI"', 'ou = "OGI"', "units[n.º 3].ou: «OGI» no es una ruta del directorio"),
        ('ou = "OU=OGI"', 'ou = "OU=OGI,DC=upme"', "no es una ruta del directorio"),
        ('["OGI",', '["DG",', "units: «DG» nombra a la vez a «Dirección General» y a «Oficina de Gestión de la Información»"),
        ('name = "Secretaría General"', 'name = "direccion general"', "nombra a la vez"),
        ('timezone = "America/Bogota"', 'timezone = "Bogotá"', "timezone: «Bogotá» no es una zona horaria"),
        ('timezone = "America/Bogota"', 'timezone = "../../etc/passwd"', "no es una zona horaria"),
        ('opens = "07:30"', 'opens = "7:30 a. m."', "business_hours.opens: no tiene la forma esperada: una hora"),
        ('opens = "07:30"', 'opens = "17:00"', "opens (17:00) debe ser antes que closes (17:00)"),
        ("extra_holidays = []", "extra_holidays = ['navidad']", "business_hours.extra_holidays[n.º 1]: no es una fecha válida"),
        ("working_holidays = []", "working_holidays = [2026-07-19]", "cae en fin de semana"),
        ("reminder_business_days = [2, 4]", "reminder_business_days = [2, 5]", "menor que correction_business_days"),
        ("reminder_business_days = [2, 4]", "reminder_business_days = [4, 2]", "de menor a mayor"),
        ("warn_business_hours = 2", "warn_business_hours = 10", "warn_business_hours debe ser menor"),
        (
            'colour = "#0B5C8A"',
            'colour = "azul"',
            "mail.colour: no tiene la forma esperada: un color como #1F4E79 (se leyó «azul»)",
        ),
        ('mail_domain = "upme.gov.co"', 'mail_domain = "@upme.gov.co"', "mail_domain: no tiene la forma esperada: un dominio"),
        (
            'form_url = "https',
            'form_url = "http',
            "mail.form_url: no tiene la forma esperada: una dirección que empiece por https://",
        ),
        ('sender_name = "Gestión', 'sender_name = "a\\nBcc: x', "mail.sender_name: "),
        ("destructive_share = 0.05", "destructive_share = 5", "caps.destructive_share: debe ser 1 o menos"),
        ('id = "upme"', 'id = "upme"\nversion = "1"', "version: no se escribe"),
    ],
)
def test_a_wrong_key_is_named_with_what_is_expected(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Each mistake is told in Spanish with its key and what should stand there."""
    assert said in complaint(changed(tmp_path, (old, new)))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Nobody mends a file one error at a time."""
    told = complaint(changed(tmp_path, ("colour =", "color ="), ("max_length = 20", "max_length = 2"), ('["OGI",', '["DG",')))
    assert told.count("\n  - ") == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'id = "upme', "no es TOML válido"),
        (b'id = "a"\nid = "b"\n', "revise la línea"),
        ("id = 'año'".encode("latin-1"), "no está guardado en UTF-8"),
    ],
)
def test_a_file_that_is_no_toml_says_where(tmp_path: Path, content: bytes, said: str) -> None:
    """A broken file is told as such, without its content."""
    path = tmp_path / "politica.toml"
    path.write_bytes(content)
    assert said in complaint(path)


def test_a_missing_file_is_told() -> None:
    """The path that does not exist is in the message."""
    assert "No existe el archivo /no/existe.toml" in complaint(Path("/no/existe.toml"))
