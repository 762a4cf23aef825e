"""`gestion explain` answers for every operation, about an account of a unit and a type that are known."""

from pathlib import Path

import pytest

from config.vocabulary import OPERATION_LABELS, Operation
from intake.commands.explaining import not_offered
from intake.matrix import Claim
from tests.command_line import gestion_of
from tests.institution import an_institution
from tests.unit.form_answers import TODAY
from tests.world import World

HEAD = "jefe.ogi@upme.gov.co"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """An installation that nothing was asked of yet."""
    return World(Path(tmp_path_factory.mktemp("explicada")))


def explained(world: World, operation: str, *more: str, requester: str = HEAD) -> tuple[int, str]:
    """How the question ends and what is said, about a contractor of the OGI."""
    asked = ("--requester", requester, "--operation", operation, "--account-type", "contratista", "--unit", "OGI")
    said = gestion_of(world, "explain", *asked, *more)
    return said.code, said.out + said.err


@pytest.mark.parametrize("operation", Operation)
def test_every_operation(world: World, operation: Operation) -> None:
    """The head of the unit may ask for all of them for a contractor, and somebody who is in no row for none."""
    code, text = explained(world, OPERATION_LABELS[operation])
    assert code == 0, text
    assert "Fila 3 (jefe de área): concede." in text
    assert ("son los del directorio" in text) == (operation is not Operation.CREATE)
    code, text = explained(world, OPERATION_LABELS[operation], requester="nadie@upme.gov.co")
    assert code == 1
    assert "Lo que leería el solicitante" in text


def test_an_account_of_ones_own(world: World) -> None:
    """Its password everybody may ask for, and nothing else anybody."""
    assert explained(world, "cambio de clave", "--account", "ana@upme.gov.co", requester="ana@upme.gov.co")[0] == 0
    code, text = explained(world, "inactivación", "--account", HEAD)
    assert code == 1
    assert "Nadie puede pedir cambios sobre su propia cuenta" in text


def test_who_may_ask_for_a_password_without_a_row(world: World) -> None:
    """Boss and supervisor are not known here, and it is said."""
    code, text = explained(world, "cambio de clave", requester="nadie@upme.gov.co")
    assert code == 1
    assert "el jefe inmediato, según el directorio" in text
    assert "no corresponde a ninguno de ellos" in text.partition("Lo que leería el solicitante")[2]


def test_what_the_policy_does_not_do() -> None:
    """A deletion that is never made is refused and not sent back; another operation is not offered."""
    few = an_institution(operations=(Operation.CREATE,), deletes_accounts=False)

    def notes(operation: Operation) -> tuple[str, ...]:
        return not_offered(Claim(None, operation, None, None, None, None, TODAY), few)

    assert notes(Operation.DELETE) == ("EPN no elimina cuentas: una eliminación se rechaza y se ofrece la inactivación.",)
    assert notes(Operation.MODIFY) == ("La política de EPN no ofrece «Modificación».",)
    assert notes(Operation.CREATE) == ()
