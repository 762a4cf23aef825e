"""The embedded register of requests, for an institution without a desk tool and for the demonstration: one SQLite file.

Each write is one transaction that is durable when the method returns, so a crash leaves either all of it or nothing.
"""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.errors import Misconfigured, Rejected, Target, TargetError, Transient, WriteRefused
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.port import NewTicket, Ticket, TicketId, TicketStatus

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE ticket (
    number INTEGER PRIMARY KEY,
    case_number TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    requester TEXT NOT NULL,
    status TEXT NOT NULL,
    solution TEXT
) STRICT;
CREATE TABLE note (
    ticket INTEGER NOT NULL REFERENCES ticket (number),
    key TEXT NOT NULL,
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (ticket, key)
) STRICT;
CREATE TABLE history (
    ticket INTEGER NOT NULL REFERENCES ticket (number),
    position INTEGER NOT NULL,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (ticket, position)
) STRICT;
"""

_PATIENCE_SECONDS = 10
"""How long a write waits for another process to finish its own."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """What happened to a ticket (Spanish) and when (aware UTC)."""

    at: datetime
    event: str


@dataclass(frozen=True, slots=True)
class RegisteredTicket:
    """A ticket with all that the register keeps of it, oldest history first."""

    ticket: Ticket
    subject: str
    body: str
    requester: EmailAddress
    history: tuple[HistoryEntry, ...]

    @property
    def opened_at(self) -> datetime:
        """Aware UTC."""
        return self.history[0].at


class EmbeddedDesk:
    """A `Desk` over one SQLite file, made (0600) at the first write. `clock` gives aware UTC.

    A register that does not exist yet is empty. With `writable` false the file is opened read-only.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime], writable: bool = True) -> None:
        self._path = path
        self._clock = clock
        self._writable = writable
        self._connection: sqlite3.Connection | None = None

    def find(self, case: CaseNumber) -> Ticket | None:
        """The ticket of this case."""
        with self._reading() as register:
            return None if register is None else _ticket(register, "case_number = ?", case)

    def create(self, ticket: NewTicket) -> Ticket:
        """Open the ticket; one of the same case is returned unchanged."""
        with self._writing(f"Se registraría el caso {ticket.case} en la mesa de servicio.") as register:
            known = _ticket(register, "case_number = ?", ticket.case)
            if known is not None:
                return known
            number = register.execute(
                "INSERT INTO ticket (case_number, subject, body, requester, status) VALUES (?, ?, ?, ?, ?) RETURNING number",
                (ticket.case, _storable(ticket.subject), _storable(ticket.body), ticket.requester, TicketStatus.NEW),
            ).fetchone()[0]
            self._remember(register, number, "Solicitud registrada")
            return _existing(register, number)

    def note(self, id: TicketId, key: str, text: str) -> None:
        """Add a note, once for each key."""
        with self._writing(f"Se anotaría en el tiquete {id}: {text}") as register:
            number = _existing_number(register, id)
            added = register.execute(
                "INSERT INTO note (ticket, key, position, text)"
                " SELECT ?, ?, count(*) + 1, ? FROM note WHERE ticket = ? ON CONFLICT (ticket, key) DO NOTHING",
                (number, _storable(key), _storable(text), number),
            ).rowcount
            if added:
                self._remember(register, number, f"Nota: {text}")

    def set_status(self, id: TicketId, status: TicketStatus) -> None:
        """Move the ticket; from CLOSED this opens it again and keeps its solution until there is another one.

        Raises Rejected for CLOSED, which needs a solution.
        """
        if status is TicketStatus.CLOSED:
            raise Rejected(Target.DESK, f"El tiquete {id} no se puede cerrar sin una solución.", remedy="Escriba la solución.")
        with self._writing(f"El tiquete {id} pasaría a «{status}».") as register:
            number = _existing_number(register, id)
            changed = register.execute(
                "UPDATE ticket SET status = ? WHERE number = ? AND status <> ?", (status, number, status)
            )
            if changed.rowcount:
                self._remember(register, number, f"Estado: {status}")

    def close_with_solution(self, id: TicketId, solution: str) -> None:
        """Write the solution and close (activity 6); a closed ticket stays as it is."""
        with self._writing(f"Se cerraría el tiquete {id}: {solution}") as register:
            number = _existing_number(register, id)
            changed = register.execute(
                "UPDATE ticket SET status = ?, solution = ? WHERE number = ? AND status <> ?",
                (TicketStatus.CLOSED, _storable(solution), number, TicketStatus.CLOSED),
            )
            if changed.rowcount:
                self._remember(register, number, f"Cerrado: {solution}")

    def tickets(self) -> tuple[RegisteredTicket, ...]:
        """Every ticket, in the order in which they were opened."""
        with self._reading() as register:
            if register is None:
                return ()
            rows = register.execute("SELECT number, subject, body, requester FROM ticket ORDER BY number").fetchall()
            return tuple(
                RegisteredTicket(
                    ticket=_existing(register, number),
                    subject=subject,
                    body=body,
                    requester=EmailAddress(requester),
                    history=_history(register, number),
                )
                for number, subject, body, requester in rows
            )

    def close(self) -> None:
        """Close the file, if it was opened. Idempotent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        with self._translated():
            if self._connection is None and not self._path.exists():
                yield None
                return
            with self._transaction("BEGIN") as register:
                yield register if _version(register) else None

    @contextlib.contextmanager
    def _writing(self, what: str) -> Iterator[sqlite3.Connection]:
        if not self._writable:
            raise WriteRefused(what)
        with self._translated(), self._transaction("BEGIN IMMEDIATE") as register:
            if not _version(register):
                for statement in _SCHEMA.split(";"):
                    register.execute(statement)
                register.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
            yield register

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        register = self._connection = self._connection or self._open()
        register.execute(begin)
        try:
            yield register
            register.execute("COMMIT")
        finally:
            if register.in_transaction:
                register.execute("ROLLBACK")

    def _open(self) -> sqlite3.Connection:
        if self._writable:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite would make it readable by all; tickets hold names and addresses.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        mode = "rw" if self._writable else "ro"
        register = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_PATIENCE_SECONDS, isolation_level=None
        )
        register.execute("PRAGMA foreign_keys = ON")
        register.execute("PRAGMA synchronous = FULL")
        return register

    def _remember(self, register: sqlite3.Connection, number: int, event: str) -> None:
        register.execute(
            "INSERT INTO history (ticket, position, at, event) SELECT ?, count(*) + 1, ?, ? FROM history WHERE ticket = ?",
            (number, self._clock().isoformat(), _storable(event), number),
        )

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error) from error
        except OSError as error:
            raise Misconfigured(
                Target.DESK,
                f"No se puede abrir el registro de solicitudes {self._path}: {error.strerror}.",
                remedy="Revise la ruta y los permisos.",
            ) from error

    def _error(self, error: sqlite3.Error) -> TargetError:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return Transient(Target.DESK, f"El registro de solicitudes {self._path} está ocupado por otro proceso.")
        if name == "SQLITE_FULL":
            return Misconfigured(
                Target.DESK,
                f"No hay espacio en el disco para el registro de solicitudes {self._path}.",
                remedy="Libere espacio.",
            )
        return Misconfigured(
            Target.DESK,
            f"El registro de solicitudes {self._path} no se puede usar ({name or type(error).__name__}).",
            remedy="Revise los permisos del archivo; si está dañado, recupere su última copia.",
        )


def _storable(text: str) -> str:
    # Half of a surrogate pair is legal in JSON and in a Python string, and in no UTF-8 text.
    return text.encode("utf-8", "replace").decode("utf-8")


def _version(register: sqlite3.Connection) -> int:
    version: int = register.execute("PRAGMA user_version").fetchone()[0]
    if version > _SCHEMA_VERSION:
        raise Misconfigured(
            Target.DESK,
            "El registro de solicitudes es de una versión más nueva de este programa.",
            remedy="Actualice el programa en este equipo.",
        )
    return version


def _ticket(register: sqlite3.Connection, which: str, value: str | int) -> Ticket | None:
    row = register.execute(f"SELECT number, case_number, status, solution FROM ticket WHERE {which}", (value,)).fetchone()
    if row is None:
        return None
    number, case, status, solution = row
    notes = register.execute("SELECT text FROM note WHERE ticket = ? ORDER BY position", (number,)).fetchall()
    return Ticket(
        id=TicketId(f"T-{number:06}"),
        case=CaseNumber(case),
        status=TicketStatus(status),
        notes=tuple(text for (text,) in notes),
        solution=solution,
    )


def _existing(register: sqlite3.Connection, number: int) -> Ticket:
    ticket = _ticket(register, "number = ?", number)
    if ticket is None:
        raise Rejected(Target.DESK, f"El tiquete T-{number:06} no existe en el registro de solicitudes.")
    return ticket


def _existing_number(register: sqlite3.Connection, id: TicketId) -> int:
    digits = id.removeprefix("T-")
    row = None
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        row = register.execute("SELECT number FROM ticket WHERE number = ?", (int(digits),)).fetchone()
    if row is None:
        raise Rejected(
            Target.DESK,
            f"El tiquete {id[:40]} no existe en el registro de solicitudes.",
            remedy="Revise el número del tiquete.",
        )
    number: int = row[0]
    return number


def _history(register: sqlite3.Connection, number: int) -> tuple[HistoryEntry, ...]:
    rows = register.execute("SELECT at, event FROM history WHERE ticket = ? ORDER BY position", (number,)).fetchall()
    return tuple(HistoryEntry(datetime.fromisoformat(at), event) for at, event in rows)
