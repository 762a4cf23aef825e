"""Settings: one TOML file, the environment over it, secrets from files only, every mistake told at once in Spanish."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.errors import CannotRun
from config.settings import Settings, load_settings
from config.settings_accounts import CloudEmbedded, DirectoryByActiveDirectory, DirectoryEmbedded
from config.settings_intake import BoardByGoogle, FormByCsv, FormByGoogle, MatrixBySheet
from config.settings_telling import MailByMaildir, MailBySmtp
from tests.unit.settings_files import CANARY, EMBEDDED, EXAMPLE, change, complaint, private, production_files


@pytest.fixture
def production(tmp_path: Path) -> Path:
    """The example for production with the files it names."""
    return production_files(tmp_path)


@pytest.fixture
def embedded(tmp_path: Path) -> Path:
    """The smallest settings: everything on this machine."""
    path = tmp_path / "gestion.toml"
    path.write_text(EMBEDDED, "utf-8")
    return path


def embedded_directory(settings: Settings) -> DirectoryEmbedded:
    """The directory's settings, which must be the embedded one's."""
    assert isinstance(settings.directory, DirectoryEmbedded)
    return settings.directory


def test_the_example_for_production_can_be_used(production: Path) -> None:
    """config/example.toml is complete and right, agrees with the policy it names, and so can never go stale."""
    settings = load_settings(production, {})
    assert settings.load_policy().id == "upme"
    assert isinstance(settings.form, FormByGoogle)
    assert settings.form.attend_since == datetime(2026, 11, 3, 12, 30, tzinfo=UTC)
    assert settings.form.questions["request_type"].title == "Tipo de solicitud"
    assert isinstance(settings.directory, DirectoryByActiveDirectory)
    assert isinstance(settings.mail, MailBySmtp)


def test_the_example_names_every_key_of_the_settings() -> None:
    """A new setting that nobody explained in the example is found here."""
    text = EXAMPLE.read_text("utf-8")
    shown_elsewhere = {"kind", "headers", "seats", "questions", "subject"}
    for section in Settings.model_fields.values():
        members = getattr(section.annotation, "__args__", (section.annotation,))
        for member in members:
            for name in getattr(member, "model_fields", {}).keys() - shown_elsewhere:
                assert name in text, f"config/example.toml does not mention {name}"


def test_the_smallest_settings_take_defaults(embedded: Path) -> None:
    """Only what cannot be guessed must be written; paths start at the file's folder, not at the working one."""
    settings = load_settings(embedded, {})
    assert settings.store.url == f"sqlite:///{embedded.parent}/gestion.db"
    assert embedded_directory(settings).path == embedded.parent / "directorio.db"
    assert isinstance(settings.form, FormByCsv)
    assert isinstance(settings.mail, MailByMaildir)
    assert (settings.run.max_attempts, settings.store.lease_seconds, settings.log.format) == (12, 300, "json")


def test_every_field_question_of_the_example_is_a_field_of_the_form() -> None:
    """The table of questions uses the words of the form port."""
    import tomllib

    from intake.forms.port import Field

    questions = tomllib.loads(EXAMPLE.read_text("utf-8"))["form"]["questions"]
    assert set(questions) == {field.value for field in Field}


def test_the_environment_is_over_the_file(embedded: Path) -> None:
    """Nested keys with two underscores, numbers as numbers, licence codes with their capitals."""
    environ = {
        "GESTION_RUN__MAX_ATTEMPTS": "3",
        "GESTION_CLOUD__SEATS__SPE_F1": "7",
        "GESTION_LOG__LEVEL": "debug",
        "GESTION_STORE__URL": "postgresql+psycopg://gestion@db/gestion",
        "GESTION_CONFIG": "/elsewhere.toml",
        "GESTION_REQUIRE_SERVERS": "1",
        "PATH": "/bin",
    }
    settings = load_settings(embedded, environ)
    assert settings.run.max_attempts == 3
    assert isinstance(settings.cloud, CloudEmbedded)
    assert settings.cloud.seats == {"STANDARDPACK": 3, "EXCHANGESTANDARD": 1, "SPE_F1": 7}
    assert settings.log.level == "debug"
    assert settings.store.url == "postgresql+psycopg://gestion@db/gestion"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("GESTION_RUN__MAX_ATEMPTS", "3", "run.max_atempts: clave desconocida; ¿quiso decir max_attempts?"),
        ("GESTION_RUN__MAX_ATTEMPTS", "tres", "run.max_attempts: debe ser un número entero (se leyó «tres»)"),
        ("GESTION_CORREO__HOST", "x", "correo: clave desconocida"),
        ("GESTION_INSTITUTION", "upmee", "¿quiso decir upme?"),
        ("GESTION_INSTITUTION__NAME", "x", "institution no es una sección"),
        ("GESTION___X", "x", "GESTION___X: no es una variable"),
        ("GESTION_STORE__PASSWORD", CANARY, "escriba su ruta en password_file"),
    ],
)
def test_a_wrong_variable_is_named(embedded: Path, variable: str, value: str, said: str) -> None:
    """A mistake in the environment names the variable, and no secret in it."""
    told = complaint(embedded, {variable: value})
    assert said in told
    assert variable in told or "correo" in told
    assert CANARY not in told


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('institution = "upme"', 'institution = "politica.toml"', "institution: no existe el archivo"),
        ('kind = "csv"\npath = "resp', 'path = "resp', "form: falta kind; use uno de estos valores: google o csv"),
        ('kind = "csv"\npath = "resp', 'kind = "excel"\npath = "resp', "form: kind no admite «excel»"),
        ('vouched_by = "mesa@upme.gov.co"', "", "form.vouched_by: falta y es obligatorio"),
        ('vouched_by = "mesa@upme.gov.co"', 'vouched_by = " "', "form.vouched_by: no tiene la forma esperada"),
        ("[matrix]", "[matriz]", "matriz: clave desconocida; ¿quiso decir matrix?"),
        ("[matrix]", "[matriz]", "matrix: falta y es obligatorio"),
        ('path = "tablero.xlsx"', 'ruta = "tablero.xlsx"', "board.ruta: clave desconocida"),
        ('path = "tablero.xlsx"', "path = 3", "board.path: debe ser la ruta de un archivo"),
        ("STANDARDPACK = 3", "STANDARDPACK = -1", "cloud.seats.STANDARDPACK: debe ser 0 o más"),
        ("STANDARDPACK = 3", "STANDARDPACK = true", "cloud.seats.STANDARDPACK: no admite true ni false"),
        ("STANDARDPACK = 3", "STANDARDPACK = 1.5", "cloud.seats.STANDARDPACK: debe ser un número entero, sin decimales"),
        (
            '[desk]\nkind = "embedded"',
            '[desk]\nkind = "aranda"',
            "desk: kind no admite «aranda»; use uno de estos valores: rt, glpi, glpi11, mail o embedded",
        ),
        ("[desk]", '[store]\nurl = "mysql://x/y"\n[desk]', "store.url: debe empezar por sqlite:///"),
        ("[desk]", '[store]\nurl = "sqlite://"\n[desk]', "store.url: el registro no puede estar en memoria"),
        ("[desk]", "[store]\nlease_seconds = 5\n[desk]", "store.lease_seconds: debe ser 30 o más (se leyó «5»)"),
        ("[desk]", "[run]\nbackoff_first_seconds = 7200\n[desk]", "run: backoff_first_seconds no puede ser mayor"),
        ("[desk]", '[log]\nlevel = "todo"\n[desk]', "log.level: debe ser uno de estos valores: debug, info, warning o error"),
        ("[desk]", "run = 3\n[desk]", "maildir"),
        ('path = "correos"', 'path = "correos"\ntemplates_dir = "no"', "mail.templates_dir: no existe la carpeta"),
    ],
)
def test_a_wrong_key_is_named(embedded: Path, old: str, new: str, said: str) -> None:
    """Each mistake is told with its key, what was read and what is expected."""
    if said == "maildir":
        said = "mail.run: clave desconocida"
    assert said in complaint(change(embedded, (old, new)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-05:00\n", "\n", "form.attend_since: le falta la zona horaria"),
        (
            "attend_since = 2026-11-03T07:30:00-05:00",
            "attend_since = 5",
            "form.attend_since: debe ser una fecha con hora y zona",
        ),
        ("attend_since = 2026-11-03T07:30:00-05:00", "", "form.attend_since: falta"),
        ('form_id = "1b2Zm0c', 'form_id = "1FAIpQLc', "form.form_id: ese es el identificador público"),
        (
            'form_id = "1b2Zm0c',
            'form_id = "https://docs.google.com/',
            "form.form_id: no tiene la forma esperada: el identificador",
        ),
        ('id = "1a0b2c31"', 'id = "1a0b2c30"', "request_type y account_type tienen el mismo id"),
        ('id = "1a0b2c31"', 'id = "entry.5"', "form.questions.account_type.id: no tiene la forma esperada: el questionId"),
        ("ldaps://dc1", "ldap://dc1", "directory.url: ldap:// no cifra"),
        ("ldaps://dc1", f"ldaps://svc:{CANARY}@dc1", "directory.url: no escriba la clave en la dirección"),
        ("ldaps://dc1.upme.gov.co:636", "ldaps://", "directory.url: no es una dirección válida"),
        ("ldaps://dc1.upme.gov.co:636", "ldaps://dc1:puerto", "directory.url: no es una dirección válida"),
        ('base_dn = "DC=upme,DC=gov,DC=co"', 'base_dn = "upme.gov.co"', "directory.base_dn: no tiene la forma esperada"),
        ("# endpoint = ", "endpoint = ", ""),
        (
            '# endpoint = "https://forms.googleapis.com"',
            'endpoint = "http://forms.example.org"',
            "form.endpoint: debe empezar por https://; sin cifrar solo se admite un servidor de esta misma máquina",
        ),
        ('security = "starttls"', 'security = "none"', 'mail: security = "none" enviaría las claves sin cifrar'),
        ('password_file = "secretos/correo"', "", "mail: user y password_file van juntos"),
        ('password_file = "secretos/correo"', f'password = "{CANARY}"', "mail.password: una clave secreta no se escribe"),
        ('password_file = "secretos/directorio"', 'password_file = "no"', "directory.password_file: no existe el archivo"),
        ('ca_file = "cert', 'ca_file = "secretos/correo" # "', "directory.ca_file: el archivo"),
        ("port = 587", "port = 70000", "mail.port: debe ser 65535 o menos"),
        ("\n[mail]", '\n[store2]\npasword = "' + CANARY + '"\n[mail]', "store2: clave desconocida; ¿quiso decir store?"),
        ('url = "sqlite:///gestion.db"', f'url = "postgresql+psycopg://u:{CANARY}@h/b"', "store.url: no escriba la clave"),
    ],
)
def test_production_settings_are_held_to_safe_values(production: Path, old: str, new: str, said: str) -> None:
    """Nothing unencrypted, no public form id, no secret in the file; and no message repeats one."""
    change(production, (old, new))
    if not said:
        assert isinstance(load_settings(production, {}).form, FormByGoogle)
        return
    told = complaint(production)
    assert said in told
    assert CANARY not in told


def test_all_mistakes_are_told_at_once(production: Path) -> None:
    """Mistakes in different sections, in the environment and in files of secrets come in one message."""
    change(production, ("port = 587", "port = 0"), ("ldaps://dc1", "ldap://dc1"), ("[cloud.seats]", "[cloud.seat]"))
    (production.parent / "secretos/correo").chmod(0o640)
    told = complaint(production, {"GESTION_RUN__MAX_ATTEMPTS": "0"})
    for key in ("mail.port", "directory.url", "cloud.seat:", "cloud.seats: falta", "mail.password_file", "run.max_attempts"):
        assert f"\n  - {key}" in told


def test_the_board_and_the_matrix_use_the_forms_account_unless_they_have_their_own(production: Path) -> None:
    """One service account is the usual case."""
    own = private(production.parent / "otra.json", '{"client_email": "x@y", "private_key": "z"}')
    change(production, ('tab = "Matriz"', 'tab = "Matriz"\nkey_file = "otra.json"'), ("# subject = ", "subject = "))
    settings = load_settings(production, {})
    assert isinstance(settings.board, BoardByGoogle)
    assert isinstance(settings.matrix, MatrixBySheet)
    assert settings.board.key_file == production.parent / "secretos/google.json"
    assert settings.board.subject == "gestion.usuarios@upme.gov.co"
    assert (settings.matrix.key_file, settings.matrix.subject) == (own, None)


def test_a_licence_of_the_policy_that_the_cloud_lacks_is_told(embedded: Path) -> None:
    """Settings and policy are checked against each other."""
    settings = load_settings(change(embedded, ("SPE_F1 = 0", "SPE_F3 = 0")), {})
    with pytest.raises(CannotRun, match="falta la licencia SPE_F1"):
        settings.load_policy()
    old = 'kind = "embedded"\npath = "nube.db"\nseats = { STANDARDPACK = 3, EXCHANGESTANDARD = 1, SPE_F3 = 0 }'
    settings = load_settings(change(embedded, (old, 'kind = "none"')), {})
    with pytest.raises(CannotRun, match='kind = "none" no sirve'):
        settings.load_policy()


def test_settings_cannot_be_changed(embedded: Path) -> None:
    """Settings are a value."""
    settings = load_settings(embedded, {})
    with pytest.raises(ValueError, match="frozen"):
        settings.run.max_attempts = 1


def test_reading_settings_imports_no_heavy_library() -> None:
    """A poll that has nothing to do pays for pydantic and nothing else."""
    code = (
        "import sys, config.settings, config.calendar, config.dates, config.clock, config.log\n"
        "heavy = {'pydantic_settings', 'structlog', 'holidays', 'sqlalchemy', 'jinja2', 'ldap3'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=EXAMPLE.parent.parent)
    assert done.stdout.strip() == "[]"
