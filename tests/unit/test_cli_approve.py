"""`approve` and `reject`: a second person's decision by command, on a case or a batch, and who may take it."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from config.clock import SimulatedClock
from intake.forms.port import Field
from provision.procedure.acts import WaitingFor
from provision.procedure.model import Request, State
from tests.command_line import gestion_of
from tests.runs.seen import mails_to
from tests.world import CONTRACTOR, World

HEAD, APPROVER = "jefe.ogi@upme.gov.co", "aprobadora@upme.gov.co"
MATRIX = f"""correo,nombre,rol,dependencias,operaciones,tipos_de_cuenta,delegado_de,desde,hasta,aprobador
{HEAD},Carlos Peña,Jefe de área,Oficina de Gestión de la Información,,,,,,sí
{APPROVER},Laura Gómez,Mesa de servicio,todas,,,,,,sí
jose.munoz@upme.gov.co,José Muñoz,Mesa de servicio,todas,,,,,,sí
antes@upme.gov.co,Luis Díaz,Mesa de servicio,todas,,,,,31/10/2026,sí
mesa@upme.gov.co,Eva Ruiz,Mesa de servicio,todas,,,,,,
"""
DELETE: Mapping[Field, str] = {
    Field.REQUEST_TYPE: "Eliminación",
    Field.ACCOUNT_TYPE: "Contratista",
    Field.ACCOUNT: "jose.munoz@upme.gov.co",
    Field.REASON: "Retiro",
}
RETIRE: Mapping[Field, str] = {
    **DELETE,
    Field.REQUEST_TYPE: "Inactivación",
    Field.REASON: "Retiro",
    Field.FROM_DATE: "23/11/2026",
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """An account exists; its deletion waits for a second person. Never changed, only copied."""
    world = World(tmp_path_factory.mktemp("vivida"), matrix=MATRIX)
    world.submit(CONTRACTOR, HEAD)
    world.run_until_quiet(most=12)
    world.submit(DELETE, HEAD)
    world.run_until_quiet(most=3)
    return world


@pytest.fixture
def world(lived: World, tmp_path: Path) -> World:
    """A copy of it."""
    shutil.copytree(lived.folder, tmp_path / "copia")
    world = World(tmp_path / "copia", clock=SimulatedClock(lived.clock()), matrix=MATRIX)
    world.rows = list(lived.rows)
    world.write_responses()
    return world


def held(world: World) -> str:
    """A run that holds a batch of one, where nothing may be done without an approval; its digest."""
    world.policy_changes = {"caps.destructive_per_run": 0, "caps.destructive_share": 0.0}
    gestion_of(world, "cancel", "2", "--reason", "Otra cosa")
    world.submit(RETIRE, HEAD)
    reports = [world.run(), world.run()]
    found = next(report.held_batch for report in reports if report.held_batch is not None)
    return found.digest


def request(world: World, number: int) -> Request:
    """A case as it stands."""
    return next(shown.request for shown in world.cases() if shown.request.case.endswith(f"{number:06d}"))


def told(world: World, number: int) -> str:
    """The story of a case, in one text."""
    return "\n".join(f"{line.title}: {line.detail}" for line in world.story(request(world, number).case).history)


def test_a_second_person_approves_a_case(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is approved is shown; the next run applies it; the story names approver, matrix row, and who typed the command."""
    monkeypatch.setenv("SUDO_USER", "lgomez")
    assert request(world, 2).waiting_for is WaitingFor.APPROVAL
    said = gestion_of(world, "approve", "2", "--by", APPROVER.upper(), "--note", "Revisado con Talento Humano")
    assert said.code == 0, said.err
    assert "Eliminación" in said.out
    assert "jose.munoz@upme.gov.co" in said.out
    assert HEAD in said.out
    assert "Lo aplica la próxima ejecución" in said.out
    assert request(world, 2).approval is None
    world.run()
    approval = request(world, 2).approval
    assert approval is not None
    assert (approval.by.lower(), approval.how) == (APPROVER, "por comando")
    story = told(world, 2)
    assert "(fila 3 de la matriz), por comando. lgomez (como root): Revisado con Talento Humano" in story
    assert len(mails_to(world, APPROVER)) == 1


def test_a_second_person_rejects_a_case(world: World) -> None:
    """The requester is told the reason, and nothing of the request is done."""
    said = gestion_of(world, "reject", "GU-2026-000002", "--by", APPROVER, "--note", "La persona sigue en la entidad")
    assert said.code == 0, said.err
    world.run()
    rejected = request(world, 2)
    assert rejected.state is State.REFUSED
    assert any("La persona sigue en la entidad" in text for text in mails_to(world, HEAD))
    with closing(world.directory()) as directory:
        account = directory.find_by_login("jose.munoz")
    assert account is not None
    assert account.enabled


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (HEAD, "Quien pidió no puede aprobar"),
        ("jose.munoz@upme.gov.co", "El titular de la cuenta no puede aprobar"),
        ("mesa@upme.gov.co", "no conoce hoy a mesa@upme.gov.co como aprobador"),
        ("antes@upme.gov.co", "no conoce hoy a antes@upme.gov.co como aprobador"),
        ("nadie@upme.gov.co", "no conoce hoy a nadie@upme.gov.co como aprobador"),
        ("aprobadora", "no es una dirección"),
        ("aprobadora+x@upme.gov.co", "como aprobador"),
        (f"{APPROVER}, {HEAD}", "Hay más de una dirección"),
        ("", "no es una dirección"),
    ],
)
def test_who_may_not_approve_a_case(world: World, by: str, said: str) -> None:
    """Requester, person concerned, whoever is no approver of the matrix today: refused at once, and nothing is left."""
    before = told(world, 2)
    for command in (["approve", "2"], ["reject", "2", "--note", "No"]):
        refused = gestion_of(world, *command, "--by", by)
        assert refused.code == 2
        assert said in refused.err
    world.run()
    assert told(world, 2) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["approve", "1"], "no espera la aprobación de una segunda persona"),
        (["approve", "99"], "No existe el caso"),
        (["approve", "abcdef0123456789"], "Ningún lote ni campaña tiene la huella"),
        (["approve", "abcdef0"], "no es un número de caso"),
        (["approve", "nada"], "no es un número de caso"),
        (["approve", "2", "--note", "x" * 501], "La nota tiene 501 caracteres"),
        (["reject", "2", "--note", "   "], "Falta el motivo"),
    ],
)
def test_what_cannot_be_decided(world: World, arguments: list[str], said: str) -> None:
    """What waits for no approval, what does not exist, a note that is too long or a reason that is missing: said, exit 2."""
    refused = gestion_of(world, *arguments, "--by", APPROVER)
    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err


def test_a_case_is_named_by_eight_digits_too(world: World) -> None:
    """Eight digits that are no digest are a case number."""
    assert gestion_of(world, "approve", "00000002", "--by", APPROVER).code == 0


def test_a_batch_is_held_told_once_and_approved(world: World) -> None:
    """The run says how to approve it, the desk gets one mail, and exactly it goes on once it is approved."""
    digest = held(world)
    mails = [text for _, subject, text in world.mails() if digest[:12] in text and "gestion approve" in text]
    assert len(mails) == 1
    world.run()
    again = gestion_of(world, "run")
    assert sum(1 for _, _, text in world.mails() if digest[:12] in text and "gestion approve" in text) == 1
    assert "Lote detenido" not in again.out
    planned = gestion_of(world, "plan")
    assert "Lotes que esperan aprobación" in planned.out
    assert digest[:12] in planned.out
    said = gestion_of(world, "approve", digest[:8], "--by", APPROVER)
    assert said.code == 0, said.err
    assert "Inactivación · jose.munoz" in said.out
    world.run()
    assert request(world, 3).state in {State.FOLLOWED_UP, State.DONE}
    assert f"aprobado por {APPROVER}. Por comando de" in told(world, 3)
    assert "ya se decidió" in gestion_of(world, "approve", digest, "--by", APPROVER).err


def test_a_batch_is_refused(world: World) -> None:
    """Each of its cases is cancelled, its requester reads the reason, and the account stays as it was."""
    digest = held(world)
    said = gestion_of(world, "reject", digest, "--by", APPROVER, "--note", "Es un error del formulario")
    assert said.code == 0, said.err
    world.run()
    assert request(world, 3).state is State.CANCELLED
    assert any("Es un error del formulario" in text for text in mails_to(world, HEAD))
    with closing(world.directory()) as directory:
        account = directory.find_by_login("jose.munoz")
    assert account is not None
    assert account.enabled


@pytest.mark.parametrize(("by", "said"), [(HEAD, "quien pide no aprueba"), ("jose.munoz@upme.gov.co", "el titular no aprueba")])
def test_who_may_not_approve_a_batch(world: World, by: str, said: str) -> None:
    """Nobody decides on a batch in which he asked for something, or in which his own account is."""
    digest = held(world)
    refused = gestion_of(world, "approve", digest, "--by", by)
    assert refused.code == 2
    assert said in refused.err
    world.run()
    assert request(world, 3).waiting_for is WaitingFor.ADMISSION


def test_a_run_says_what_it_held_and_plan_what_it_would_hold(world: World) -> None:
    """Both name the accounts and the cap; the run gives the command that approves exactly this batch, also as a document."""
    world.policy_changes = {"caps.destructive_per_run": 0, "caps.destructive_share": 0.0}
    gestion_of(world, "cancel", "2", "--reason", "Otra cosa")
    world.run()
    world.submit(RETIRE, HEAD)
    planned = gestion_of(world, "plan")
    assert "Lote que se detendría" in planned.out
    assert "jose.munoz" in planned.out
    document = gestion_of(world, "plan", "--json").document
    assert document["open_batches"] == []
    would = document["held_batch"]
    assert isinstance(would, dict)
    assert (would["count"], would["allowed"]) == (1, 0)
    ran = gestion_of(world, "run")
    assert ran.code == 1
    assert "Lote detenido: espera aprobación" in ran.out
    assert f"gestion approve {would['digest'][:12]} --by CORREO" in ran.out


def answered(world: World, answer: str, *arguments: str) -> tuple[int, str]:
    """Type a command at a terminal, and an answer to its question."""
    world.settings()
    terminal, inside = pty.openpty()
    environment = {**os.environ, "GESTION_CONFIG": str(world.path("gestion.toml")), "TERM": "dumb"}
    program = [sys.executable, "-m", "intake.cli", *arguments]
    child = subprocess.Popen(program, stdin=inside, stdout=inside, stderr=inside, env=environment, close_fds=True)
    os.close(inside)
    seen, sent, until = b"", False, time.monotonic() + 60
    while time.monotonic() < until:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                break
        elif child.poll() is not None:
            break
        if "para continuar:" in seen.decode(errors="replace") and not sent:
            os.write(terminal, f"{answer}\n".encode())
            sent = True
    os.close(terminal)
    return child.wait(timeout=20), seen.decode(errors="replace")


def test_a_person_at_a_terminal_is_asked(world: World) -> None:
    """Anything but yes leaves everything as it was and ends with 1; yes decides; --yes does not ask."""
    code, seen = answered(world, "no", "approve", "2", "--by", APPROVER)
    assert code == 1, seen
    assert "No se hizo nada" in seen
    code, seen = answered(world, "sí", "approve", "2", "--by", APPROVER)
    assert code == 0, seen
    code, seen = answered(world, "", "reject", "2", "--by", APPROVER, "--note", "No", "--yes")
    assert (code, "para continuar" in seen) == (0, False), seen
