"""What must be true once a creation that was killed somewhere has come to its end. Each complaint is one sentence."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import openpyxl
from sqlalchemy import select

from intake.board.port import HEADERS
from provision.journal import schema as s
from provision.procedure.model import EntryKind, State
from tests.crash.killing import the_case
from tests.secrecy import delivered, files_with, password_in
from tests.world import World
from tests.year.plain_board import PlainBoard


def wrong_with(world: World, requester: str, accepts: Callable[[str, str], bool], most_repeated: int = 1) -> Iterator[str]:
    """Everything that differs from a creation that nobody interrupted; `accepts` says whether a login and password are good."""
    case = the_case(world)
    story = world.story(case)
    request = story.shown.request
    login = request.facts.login or ""
    if request.state is not State.FOLLOWED_UP:
        yield f"the request ended as {request.state}: {request.reason}"
    titles = [told.title for told in story.history if told.kind in {EntryKind.STEP, EntryKind.MAIL, EntryKind.END}]
    if len(titles) != len(set(titles)):
        yield f"a step was told twice: {titles}"
    if any(effect.status not in {"SETTLED", "SUPERSEDED"} for effect in story.effects):
        yield f"an effect is still open: {story.effects}"
    yield from _mails(world, requester, login, accepts, most_repeated)
    yield from _tickets(world, case)
    yield from _board(world, case, request.state.label)
    yield from _reservations(world, case, login)


def _mails(world: World, requester: str, login: str, accepts: Callable[[str, str], bool], most_repeated: int) -> Iterator[str]:
    mails = delivered(world.path("correo"))
    passwords = [password for mail in mails if (password := password_in(mail))]
    told = [mail for mail in mails if mail["To"] == requester]
    if not passwords:
        yield "no access data went out"
    if len(mails) - 2 > most_repeated or not told:
        yield f"{len(passwords)} access mails and {len(told)} reports"
    for password in passwords[:-1]:
        if accepts(login, password):
            yield "a password mailed earlier still works"
    if passwords and not accepts(login, passwords[-1]):
        yield "the password mailed last does not work"
    for password in passwords:
        if found := files_with(world.folder, password):
            yield f"a password lies in {found}"


def _tickets(world: World, case: str) -> Iterator[str]:
    with closing(sqlite3.connect(world.path("mesa.db"))) as desk:
        tickets = desk.execute("SELECT case_number, status FROM ticket").fetchall()
        closings = [event for (event,) in desk.execute("SELECT event FROM history") if "errad" in event]
    if tickets != [(case, "cerrado")]:
        yield f"tickets: {tickets}"
    if len(closings) != 1:
        yield f"the ticket was closed {len(closings)} times"


def _board(world: World, case: str, state: str) -> Iterator[str]:
    shown = _on_plain_board(world.board, case) if isinstance(world.board, PlainBoard) else _on_workbook(world, case)
    if shown != [state]:
        yield f"the board says {shown}"


def _on_plain_board(board: PlainBoard, case: str) -> list[object]:
    return [cells[HEADERS.index("Estado")] for known, cells in board.rows().items() if known == case]


def _on_workbook(world: World, case: str) -> list[object]:
    rows = list(openpyxl.load_workbook(world.path("seguimiento.xlsx")).worksheets[0].iter_rows(values_only=True))
    headers = next(number for number, row in enumerate(rows) if "Caso" in row)
    column = rows[headers].index("Estado")
    return [row[column] for row in rows[headers + 1 :] if case in row]


def _reservations(world: World, case: str, login: str) -> Iterator[str]:
    installation = world.installation()
    try:
        with installation.journal.transaction() as connection:
            names = [tuple(row) for row in connection.execute(select(s.reserved_name.c.name, s.reserved_name.c.case_number))]
            seats = connection.execute(select(s.seat)).all()
            leases = connection.execute(select(s.request.c.lease_owner).where(s.request.c.lease_owner.is_not(None))).all()
        if names != [(login, case)]:
            yield f"names reserved: {names}"
        if seats or leases:
            yield f"left over: {seats} {leases}"
        if (free := installation.cloud.free_seats("STANDARDPACK")) != world.seats["STANDARDPACK"] - 1:
            yield f"{free} seats are free"
    finally:
        installation.close()
