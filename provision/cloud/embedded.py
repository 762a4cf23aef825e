"""The embedded cloud: seats, synchronisation and mailboxes that take their time, over one SQLite file.

It stands in for Microsoft 365 in the demo, in the tests and where an institution has none; `gestion doctor` says so.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.errors import Misconfigured, NoSeat, Rejected, Target, Unreachable, WriteRefused
from provision.cloud.port import CloudUserId
from provision.directory.port import AccountId

_TABLES = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS sync_cycle (started_at TEXT PRIMARY KEY, ends_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS awaited (account TEXT PRIMARY KEY, since TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS user (id TEXT PRIMARY KEY, account TEXT UNIQUE NOT NULL, sessions_ended INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS assignment (
    user TEXT NOT NULL REFERENCES user (id), licence TEXT NOT NULL, assigned_at TEXT NOT NULL,
    PRIMARY KEY (user, licence)
);
COMMIT;
"""


def _text(at: datetime) -> str:
    """An instant as text that sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class EmbeddedCloud:
    """A tenant whose sync cycle and mailboxes take the given times, measured by `clock` (aware UTC).

    `seats` sets how many seats of each licence are bought; it may grow between runs, as purchases do.
    """

    def __init__(
        self,
        path: Path,
        seats: Mapping[str, int],
        clock: Callable[[], datetime],
        *,
        sync_takes: timedelta = timedelta(minutes=30),
        mailbox_takes: timedelta = timedelta(minutes=10),
        writable: bool = True,
    ) -> None:
        self._path = path
        self._seats = dict(seats)
        self._clock = clock
        self._sync_takes = sync_takes
        self._mailbox_takes = mailbox_takes
        self._writable = writable

    def free_seats(self, licence: str) -> int:
        """Bought less assigned."""
        bought = self._seats.get(licence)
        if bought is None:
            raise Misconfigured(
                Target.CLOUD,
                f"La nube no conoce la licencia {licence}.",
                remedy="Agréguela en [cloud.seats] o corrija la política de la institución.",
            )
        with self._reading() as connection:
            if connection is None:
                return bought
            (assigned,) = connection.execute("SELECT count(*) FROM assignment WHERE licence = ?", (licence,)).fetchone()
            return max(0, bought - int(assigned))

    def request_sync(self) -> None:
        """Start a cycle, unless one is running."""
        self._refuse("pedir una sincronización a la nube")
        now = self._clock()
        with self._writing() as connection:
            if connection.execute("SELECT 1 FROM sync_cycle WHERE ends_at > ?", (_text(now),)).fetchone() is None:
                cycle = (_text(now), _text(now + self._sync_takes))
                connection.execute("INSERT OR IGNORE INTO sync_cycle VALUES (?, ?)", cycle)

    def find_user(self, account: AccountId) -> CloudUserId | None:
        """The user, once a cycle has ended that began no sooner than the first time the account was asked for."""
        with self._reading() as connection:
            if connection is not None:
                known = connection.execute("SELECT id FROM user WHERE account = ?", (account,)).fetchone()
                if known is not None:
                    return CloudUserId(known[0])
        return self._bring(account) if self._writable else None

    def _bring(self, account: AccountId) -> CloudUserId | None:
        now = _text(self._clock())
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO awaited VALUES (?, ?)", (account, now))
            brought = connection.execute(
                "SELECT 1 FROM awaited JOIN sync_cycle ON started_at >= since WHERE account = ? AND ends_at <= ?",
                (account, now),
            ).fetchone()
            if brought is None:
                return None
            connection.execute("INSERT OR IGNORE INTO user (id, account) VALUES (?, ?)", (f"nube-{account}", account))
            return CloudUserId(f"nube-{account}")

    def assign_licence(self, user: CloudUserId, licence: str) -> None:
        """Assign a seat, if there is one."""
        self._refuse(f"asignar la licencia {licence}")
        free = self.free_seats(licence)
        with self._writing() as connection:
            if connection.execute("SELECT 1 FROM user WHERE id = ?", (user,)).fetchone() is None:
                raise Rejected(Target.CLOUD, f"El usuario {user} no existe en la nube.")
            if connection.execute("SELECT 1 FROM assignment WHERE user = ? AND licence = ?", (user, licence)).fetchone():
                return
            if free <= 0:
                raise NoSeat(Target.CLOUD, f"No hay cupos libres de {licence}.")
            values = (user, licence, _text(self._clock()))
            connection.execute("INSERT INTO assignment VALUES (?, ?, ?)", values)

    def has_licence(self, user: CloudUserId, licence: str) -> bool:
        """Whether a seat of the licence is assigned to the user."""
        return self._assigned_at(user, licence) is not None

    def _assigned_at(self, user: CloudUserId, licence: str | None) -> datetime | None:
        with self._reading() as connection:
            if connection is None:
                return None
            found = connection.execute(
                "SELECT min(assigned_at) FROM assignment WHERE user = ? AND licence = coalesce(?, licence)", (user, licence)
            ).fetchone()
            return datetime.fromisoformat(found[0]) if found and found[0] else None

    def mailbox_ready(self, user: CloudUserId) -> bool:
        """A while after its licence was assigned."""
        assigned_at = self._assigned_at(user, None)
        return assigned_at is not None and self._clock() >= assigned_at + self._mailbox_takes

    def end_sessions(self, user: CloudUserId) -> None:
        """Count the revocation, for whoever looks."""
        self._refuse("cerrar las sesiones de un usuario en la nube")
        with self._writing() as connection:
            connection.execute("UPDATE user SET sessions_ended = sessions_ended + 1 WHERE id = ?", (user,))

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _refuse(self, what: str) -> None:
        if not self._writable:
            raise WriteRefused(what)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to read with; None when the tenant is still empty.

        It may write where the program may: SQLite has to undo there what a crash left half written.
        """
        if not self._path.exists():
            yield None
            return
        with self._connected(f"{self._path.absolute().as_uri()}?mode={'rw' if self._writable else 'ro'}") as connection:
            made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'assignment'").fetchone()
            yield connection if made else None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with contextlib.suppress(OSError):  # connecting says it better
            self._path.touch(mode=0o600)
        with self._connected(f"{self._path.absolute().as_uri()}?mode=rwc") as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _connected(self, uri: str) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None)) as connection:
                connection.execute("PRAGMA foreign_keys = ON")
                if uri.endswith("rwc"):
                    connection.executescript(_TABLES)
                yield connection
        except sqlite3.Error as error:
            raise Unreachable(
                Target.CLOUD,
                f"No se puede usar la nube embebida {self._path}: {error}.",
                remedy="Revise el disco y los permisos.",
            ) from error
