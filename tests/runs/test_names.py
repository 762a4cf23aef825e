"""Names that somebody outside the program takes at the last moment."""

from pathlib import Path

from provision.directory.embedded_store import SeededAccount, seed
from provision.procedure.model import State
from tests.runs.seen import board, requests
from tests.world import BASE_DN, CONTRACTOR, World

BOSS = "jefe.ogi@upme.gov.co"
OU = "OU=Contratistas,OU=OGI,OU=Usuarios"


def a_world_where(folder: Path, taken: list[SeededAccount]) -> World:
    """An administrator makes these accounts right before the program would make its own."""

    def take(name: str) -> None:
        if name == "CREATE_ACCOUNT.in-flight" and taken:
            seed(folder / "directorio.db", base_dn=BASE_DN, ous=[], groups=[], accounts=taken)
            taken.clear()

    world = World(folder, stop_point=take)
    world.submit(CONTRACTOR, BOSS)
    return world


def test_a_name_taken_at_the_last_moment_is_replaced_by_the_next_one(tmp_path: Path) -> None:
    """The step is taken back once, another name is reserved, and the account is made; nothing goes round in circles."""
    world = a_world_where(tmp_path, [SeededAccount("jose.munoz", "Otro José", "jose.munoz@upme.gov.co", OU)])
    world.run_until_quiet()
    (request,) = requests(world)
    assert request.state is State.FOLLOWED_UP
    assert request.facts.login not in {None, "jose.munoz"}
    assert request.round == 2
    account = world.directory().find_by_case(request.case)
    assert account is not None
    assert account.login == request.facts.login
    assert board(world)[request.case]["Cuenta"] == f"{request.facts.login}@upme.gov.co"


def test_an_object_with_the_same_name_in_the_ou_is_left_to_a_person(tmp_path: Path) -> None:
    """The login is free and the object's names are not: another login would not help, so the desk is told."""
    names = ("José Ángel Muñoz Peña", "José Ángel Muñoz Peña (jose.munoz)")
    taken = [SeededAccount(f"x{number}", name, f"x{number}@upme.gov.co", OU) for number, name in enumerate(names)]
    world = a_world_where(tmp_path, taken)
    world.run()
    (request,) = requests(world)
    assert (request.state, request.facts.account_id) == (State.NEEDS_ATTENTION, None)
    assert "en uso" in request.reason
