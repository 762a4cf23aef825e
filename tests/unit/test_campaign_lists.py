"""Lists that a person gives to a campaign: read whole, or refused with the row."""

from datetime import date
from pathlib import Path

import pytest

from config.errors import CannotRun
from intake.campaign_lists import Entry, listed_twice, read_accounts, read_list


def file(folder: Path, content: str | bytes) -> Path:
    """A list on disk."""
    path = folder / "lista.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("ana.rios\nluis@x.gov.co\n0012\n", [(1, "ana.rios"), (2, "luis@x.gov.co"), (3, "0012")]),
        ("# siguen\n\nana.rios  # prórroga\n  # nada\nluis", [(3, "ana.rios"), (5, "luis")]),
        ("\ufeffcuenta;nombre\r\nana.rios;Ana\r\nluis;=Luis\r\n", [(2, "ana.rios"), (3, "luis")]),
        ("nombre,DOCUMENTO\nAna,0012\n", [(2, "0012")]),
        ("cuenta,documento\n,0012\nana,\n", [(2, "0012"), (3, "ana")]),
        ("'@ana.rios\n", [(1, "@ana.rios")]),
        ("ana.rios,Ana Ríos\n", [(1, "ana.rios")]),
    ],
)
def test_accounts_are_read(tmp_path: Path, content: str, expected: list[tuple[int, str]]) -> None:
    """One a row, as text or CSV, with comments, blank rows and a header or without; each with its row."""
    assert list(read_accounts(file(tmp_path, content))) == [Entry(*entry) for entry in expected]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no nombra ninguna cuenta"),
        ("# nadie\n", "no nombra ninguna cuenta"),
        ("cuenta,nombre\n,Ana\n", "fila 2: no dice de qué cuenta se trata"),
        (b"Mu\xf1oz\n", "no está en UTF-8 (fila 1)"),
        (b"PK\x03\x04xl/", "libro de Excel"),
        ('"sin cerrar\nana\n', "no se puede separar en columnas"),
        (b"a\0b", "no es un archivo de texto"),
        (b"a" * 5_000_001, "pasa de 5 MB"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, content: str | bytes, said: str) -> None:
    """A file that cannot be understood whole is refused, and says why and where."""
    with pytest.raises(CannotRun) as refused:
        read_accounts(file(tmp_path, content))
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """An absent list is never an empty one."""
    for read in (read_accounts, read_list):
        with pytest.raises(CannotRun, match="No se puede leer"):
            read(tmp_path / "no-existe.csv")


def test_a_list_gives_dates_and_reasons(tmp_path: Path) -> None:
    """Account or document, from when, and why; columns it does not know are passed over."""
    content = "Cuenta;Nombre;Desde;Motivo\nana.rios;Ana;02/01/2027;Fin de obra\nluis;;;\n"
    first, second = read_list(file(tmp_path, content))
    assert (first.row, first.account, first.since, first.why) == (2, "ana.rios", date(2027, 1, 2), "Fin de obra")
    assert (second.account, second.since, second.why) == ("luis", None, "")


def test_all_that_is_wrong_with_a_list_is_told_at_once(tmp_path: Path) -> None:
    """Every wrong row with its number; one that is right does not hide the others."""
    content = f"cuenta,desde,motivo\n,01/01/2027,x\nana,31/02/2027,\nluis,,{'x' * 301}\nbien,,\n"
    with pytest.raises(CannotRun) as refused:
        read_list(file(tmp_path, content))
    said = str(refused.value)
    assert "fila 2: falta la cuenta" in said
    assert "fila 3, columna «desde»" in said
    assert "fila 4, columna «motivo»" in said
    assert "fila 5" not in said


def test_a_list_without_header_is_refused(tmp_path: Path) -> None:
    """A list of exactly these accounts says which column is which."""
    with pytest.raises(CannotRun, match="encabezado"):
        read_list(file(tmp_path, "ana.rios\n"))


def test_the_same_account_twice_is_told() -> None:
    """Two rows that name one account, by login and by document, are an error that names both."""
    assert listed_twice(((2, "a"), (3, "b"), (5, "a"))) == ["fila 5: es la misma cuenta de la fila 2."]
