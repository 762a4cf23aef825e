"""Secrets come from files that only the program may read, or from systemd; and no value of any key brings the program down."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import config
from config.errors import CannotRun
from config.institution import load_institution
from config.settings import load_settings
from config.settings_accounts import DirectoryByActiveDirectory
from config.settings_telling import MailBySmtp
from tests.unit.settings_files import CANARY, EXAMPLE, change, complaint, private, production_files


@pytest.fixture
def production(tmp_path: Path) -> Path:
    """The example for production with the files it names."""
    return production_files(tmp_path)


def test_a_secret_is_kept_exactly_without_its_line_end(production: Path) -> None:
    """`0123` keeps its zero and inner or final spaces stay; only the line end goes."""
    settings = load_settings(production, {})
    assert isinstance(settings.directory, DirectoryByActiveDirectory)
    assert settings.directory.read_password().get_secret_value() == "0123"
    private(production.parent / "secretos/directorio", " a ñ=# \r\n")
    assert settings.directory.read_password().get_secret_value() == " a ñ=# "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_secret_that_others_can_read_is_refused(production: Path, mode: int) -> None:
    """The message says how to protect it."""
    path = production.parent / "secretos/directorio"
    path.chmod(mode)
    assert f"chmod 600 {path}" in complaint(production)


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "está vacío"), ("\n", "está vacío"), ("a\nb\n", "más de una línea"), ("x" * 70_000, "demasiado grande")],
)
def test_a_file_that_holds_no_password_is_refused(production: Path, content: str, said: str) -> None:
    """An empty file, two lines or a big file are no password."""
    private(production.parent / "secretos/directorio", content)
    assert f"directory.password_file: el archivo {production.parent}/secretos/directorio " in complaint(production)
    assert said in complaint(production)


def test_a_secret_that_vanishes_later_is_told(production: Path) -> None:
    """Between loading and use the file may go; that stops the run in Spanish."""
    settings = load_settings(production, {})
    assert isinstance(settings.directory, DirectoryByActiveDirectory)
    settings.directory.password_file.unlink()
    with pytest.raises(CannotRun, match="no existe el archivo"):
        settings.directory.read_password()


def test_no_text_of_the_settings_shows_a_secret(production: Path) -> None:
    """repr, str and dump of the settings hold paths only."""
    settings = load_settings(production, {})
    assert CANARY not in repr(settings) + str(settings) + settings.model_dump_json()


def test_a_wrong_google_key_is_told_once_and_without_its_text(production: Path) -> None:
    """The board and the matrix share the form's key, and its mistake is the form's."""
    private(production.parent / "secretos/google.json", f'{{"clave": "{CANARY}"}}')
    told = complaint(production)
    assert told.count("no es la clave JSON") == 1
    assert CANARY not in told


def test_systemd_credentials_stand_in_for_missing_files(production: Path, tmp_path: Path) -> None:
    """A credential fills in for a key that is not written, whatever the mode systemd gives it; a written key wins."""
    folder = tmp_path / "credentials"
    private(folder / "mail-password", "from systemd").chmod(0o440)
    private(folder / "directory-password", "not used")
    change(production, ('password_file = "secretos/correo"', ""))
    settings = load_settings(production, {"CREDENTIALS_DIRECTORY": str(folder)})
    assert isinstance(settings.mail, MailBySmtp)
    assert isinstance(settings.directory, DirectoryByActiveDirectory)
    password = settings.mail.read_password()
    assert password is not None
    assert password.get_secret_value() == "from systemd"
    assert settings.directory.read_password().get_secret_value() == "0123"


LITERALS = (
    "0", "-1", "1e400", "nan", "true", '""', '"x"', '"\\u0000"', '"{unit_ou}"', "[]", '["x"]', "{}", "{ x = 1 }",
    "2026-11-23", "07:30:00",
    "2026-11-23T07:30:00", "2026-11-23T07:30:00Z", '"ñ\\n<b>=HYPERLINK("', "99999999999999999999999", '"' + "x" * 10_000 + '"',
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), literal=st.sampled_from(LITERALS))
def test_whatever_a_key_holds_the_answer_is_settings_or_a_complaint_in_spanish(
    production: Path, data: st.DataObject, literal: str
) -> None:
    """No value of any key of settings or policy brings the program down with anything but CannotRun."""
    policy = Path(config.__file__).with_name("institutions") / "upme.toml"
    original = data.draw(st.sampled_from((EXAMPLE, policy)))
    lines = original.read_text("utf-8").splitlines()
    keys = [index for index, line in enumerate(lines) if re.match(r"[A-Za-z_]+ = [^\[{]", line)]
    chosen = data.draw(st.sampled_from(keys))
    lines[chosen] = f"{lines[chosen].split(' = ')[0]} = {literal}"
    changed = production if original is EXAMPLE else production.parent / "politica.toml"
    changed.write_text("\n".join(lines), "utf-8")
    try:
        load_settings(production, {}) if original is EXAMPLE else load_institution(changed)
    except CannotRun as error:
        told = str(error)
        assert told.startswith("La ")
        assert len(told) < 20_000
