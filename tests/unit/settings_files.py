"""Settings files of the tests: the example for production with all it names, and the smallest one."""

from pathlib import Path

import pytest

import config
from config.errors import CannotRun
from config.settings import load_settings

EXAMPLE = Path(config.__file__).with_name("example.toml")
CANARY = "Caballo-Puente47"

EMBEDDED = """
institution = "upme"
[form]
kind = "csv"
path = "respuestas.csv"
vouched_by = "mesa@upme.gov.co"
[matrix]
kind = "csv"
path = "matriz.csv"
[board]
kind = "xlsx"
path = "tablero.xlsx"
[directory]
kind = "embedded"
path = "directorio.db"
[cloud]
kind = "embedded"
path = "nube.db"
seats = { STANDARDPACK = 3, EXCHANGESTANDARD = 1, SPE_F1 = 0 }
[mail]
kind = "maildir"
path = "correos"
[desk]
kind = "embedded"
path = "mesa.db"
"""


def private(path: Path, content: str) -> Path:
    """A file that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    path.chmod(0o600)
    return path


def production_files(folder: Path) -> Path:
    """The example for production with the files it names."""
    private(folder / "secretos/google.json", '{"type": "service_account", "client_email": "x@y", "private_key": "z"}')
    private(folder / "secretos/directorio", "0123\n")
    private(folder / "secretos/correo", f"{CANARY}\n")
    private(folder / "certificados/upme-ca.pem", "-----BEGIN CERTIFICATE-----\n").chmod(0o644)
    path = folder / "gestion.toml"
    path.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    return path


def change(path: Path, *changes: tuple[str, str]) -> Path:
    """Replace texts of the file, each of which must be there."""
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    return path


def complaint(path: Path, environ: dict[str, str] | None = None) -> str:
    """What is said about settings that cannot be used."""
    with pytest.raises(CannotRun) as raised:
        load_settings(path, environ or {})
    return str(raised.value)
