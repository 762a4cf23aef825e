"""The embedded cloud: seats, synchronisation and mailboxes that take their time, over one SQLite file.

It stands in for Microsoft 365 in the demo, in the tests and where an institution has none; `gestion doctor` says so.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from config.errors import Misconfigured, NoSeat, NotFound, Rejected, Target, WriteRefused
from provision.cloud import embedded_mailboxes as mailboxes
from provision.cloud.embedded_file import CloudFile
from provision.cloud.embedded_file import instant_text as _text
from provision.cloud.embedded_mailboxes import RETENTION, StoredItem
from provision.cloud.port import CloudUserId, MailboxFate, MailboxState
from provision.directory.port import AccountId


class EmbeddedCloud:
    """A tenant whose sync cycle and mailboxes take the given times, measured by `clock` (aware UTC).

    `seats` sets how many seats of each licence are bought; it may grow between runs, as purchases do.

    `still_there` looks an account up in the directory that is synchronised; without it no user is ever deleted. A cycle's end
    deletes the users whose accounts were gone when it began, or are gone at its end if somebody asked for it again while it
    ran; each is asked for once more before it is deleted. What `still_there` raises is raised here, and nothing is deleted.
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
        still_there: Callable[[AccountId], bool] | None = None,
    ) -> None:
        self._path = path
        self._seats = dict(seats)
        self._clock = clock
        self._sync_takes = sync_takes
        self._mailbox_takes = mailbox_takes
        self._writable = writable
        self._still_there = still_there
        self._file = CloudFile(path, writable=writable)

    def free_seats(self, licence: str) -> int:
        """Bought less assigned."""
        bought = self._bought(licence)
        with self._reading() as connection:
            return bought if connection is None else max(0, bought - _assigned(connection, licence))

    def recount(self) -> None:
        """Nothing: it counts each time."""

    def _bought(self, licence: str) -> int:
        bought = self._seats.get(licence)
        if bought is None:
            raise Misconfigured(
                Target.CLOUD,
                f"La nube no conoce la licencia {licence}.",
                remedy="Agréguela en [cloud.seats] o corrija la política de la institución.",
            )
        return bought

    def request_sync(self) -> None:
        """Start a cycle, unless one is running. Raises what `still_there` raises: nothing is synchronised with no directory."""
        self._refuse("pedir una sincronización a la nube")
        self._settle()
        now = self._clock()
        with self._file.reading() as connection:
            running = connection is not None and connection.execute(_RUNNING, (_text(now),)).fetchone() is not None
        # Asked outside of any transaction: the directory is another file, or another machine.
        missing = set() if running else self._missing()
        with self._writing() as connection:
            if connection.execute("UPDATE sync_cycle SET asked_again = 1 WHERE ends_at > ?", (_text(now),)).rowcount:
                return
            for user, since in connection.execute("SELECT id, missed_at FROM user WHERE deleted_at IS NULL").fetchall():
                if (user in missing) != (since is not None):
                    missed_at = _text(now) if user in missing else None
                    connection.execute("UPDATE user SET missed_at = ? WHERE id = ?", (missed_at, user))
            connection.execute(
                "INSERT INTO sync_cycle (started_at, ends_at) VALUES (?, ?) ON CONFLICT (started_at) DO UPDATE SET settled = 0",
                (_text(now), _text(now + self._sync_takes)),
            )

    def _missing(self) -> set[str]:
        """Users whose accounts the directory says are gone, at this instant."""
        if self._still_there is None:
            return set()
        with self._file.reading() as connection:
            present = () if connection is None else connection.execute(_PRESENT).fetchall()
        return {user for user, account, _ in present if not self._still_there(AccountId(account))}

    def _settle(self) -> None:
        """Delete, as of its end, the users that an ended cycle found gone; each cycle once."""
        if self._still_there is None or not self._writable:
            return
        now = _text(self._clock())
        with self._file.reading() as connection:
            cycles = () if connection is None else connection.execute(_ENDED, (now,)).fetchall()
            if connection is None or not cycles:
                return
            present = connection.execute(_PRESENT).fetchall()
        lost = []
        for user, account, missed_at in present:
            ends = next((end for end, again in cycles if again or (missed_at is not None and missed_at <= end)), None)
            if ends is not None and not self._still_there(AccountId(account)):
                lost.append((user, account, ends))
        with self._writing() as connection:
            for user, account, ends in lost:
                found = "UPDATE user SET deleted_at = ?, missed_at = NULL WHERE id = ? AND deleted_at IS NULL"
                if not connection.execute(found, (ends, user)).rowcount:
                    continue
                connection.execute("DELETE FROM assignment WHERE user = ?", (user,))
                connection.execute("DELETE FROM awaited WHERE account = ?", (account,))
                mailboxes.disconnect(connection, user, ends)
            connection.execute("UPDATE sync_cycle SET settled = 1 WHERE ends_at <= ?", (now,))

    def find_user(self, account: AccountId) -> CloudUserId | None:
        """The user, once a cycle has ended that began no sooner than the first time the account was asked for."""
        with self._reading() as connection:
            if connection is not None:
                known = "SELECT id FROM user WHERE account = ? AND deleted_at IS NULL"
                found = connection.execute(known, (account,)).fetchone()
                if found is not None:
                    return CloudUserId(found[0])
        return self._bring(account) if self._writable else None

    def _bring(self, account: AccountId) -> CloudUserId | None:
        if self._still_there is not None and not self._still_there(account):
            return None
        now = _text(self._clock())
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO awaited VALUES (?, ?)", (account, now))
            brought = connection.execute(
                "SELECT 1 FROM awaited JOIN sync_cycle ON started_at >= since WHERE account = ? AND ends_at <= ?",
                (account, now),
            ).fetchone()
            if brought is None:
                return None
            # An account that was restored in the directory has its user back.
            connection.execute(
                "INSERT INTO user (id, account) VALUES (?, ?)"
                " ON CONFLICT (account) DO UPDATE SET deleted_at = NULL, missed_at = NULL",
                (f"nube-{account}", account),
            )
            return CloudUserId(f"nube-{account}")

    def synchronised_since(self, account: AccountId, moment: datetime) -> bool:
        """Always: it holds no attributes of accounts that a cycle would have to bring."""
        return True

    def assign_licence(self, user: CloudUserId, licence: str) -> None:
        """Assign a seat, if there is one; the mailbox that the user had is connected again, if it is still kept."""
        self._refuse(f"asignar la licencia {licence}")
        bought = self._bought(licence)
        self._settle()
        with self._writing() as connection:
            if connection.execute("SELECT 1 FROM user WHERE id = ? AND deleted_at IS NULL", (user,)).fetchone() is None:
                raise Rejected(Target.CLOUD, f"El usuario {user} no existe en la nube.")
            if connection.execute("SELECT 1 FROM assignment WHERE user = ? AND licence = ?", (user, licence)).fetchone():
                return
            if bought <= _assigned(connection, licence):
                raise NoSeat(Target.CLOUD, f"No hay cupos libres de {licence}.")
            now = _text(self._clock())
            connection.execute("INSERT INTO assignment VALUES (?, ?, ?)", (user, licence, now))
            mailboxes.connect(connection, user, now)

    def remove_licence(self, user: CloudUserId, licence: str) -> None:
        """Give the seat back; with the last one the mailbox is disconnected, and purged 30 days later."""
        self._refuse(f"retirar la licencia {licence}")
        self._settle()
        with self._writing() as connection:
            connection.execute("DELETE FROM assignment WHERE user = ? AND licence = ?", (user, licence))
            if connection.execute("SELECT 1 FROM assignment WHERE user = ?", (user,)).fetchone() is None:
                mailboxes.disconnect(connection, user, _text(self._clock()))

    def has_licence(self, user: CloudUserId, licence: str) -> bool:
        """Whether a seat of the licence is assigned to the user."""
        return licence in self.licences_of(user)

    def licences_of(self, user: CloudUserId) -> tuple[str, ...]:
        """Sorted by name."""
        with self._reading() as connection:
            if connection is None:
                return ()
            rows = connection.execute("SELECT licence FROM assignment WHERE user = ? ORDER BY licence", (user,))
            return tuple(licence for (licence,) in rows)

    def mailbox_ready(self, user: CloudUserId) -> bool:
        """A while after its licence was assigned, for as long as there is one."""
        with self._reading() as connection:
            if connection is None:
                return False
            wanted = "SELECT connected_at FROM mailbox WHERE user = ? AND disconnected_at IS NULL"
            found = connection.execute(wanted, (user,)).fetchone()
            return found is not None and self._clock() >= datetime.fromisoformat(found[0]) + self._mailbox_takes

    def mailbox_fate(self, user: CloudUserId) -> MailboxFate:
        """Present until a cycle's end has deleted the user; then kept for 30 days, less those it had been without licence."""
        with self._reading() as connection:
            wanted = "SELECT deleted_at FROM user WHERE id = ?"
            found = connection.execute(wanted, (user,)).fetchone() if connection is not None else None
            if connection is None or found is None:
                return MailboxFate(MailboxState.GONE)
            if found[0] is None:
                return MailboxFate(MailboxState.PRESENT)
            until = mailboxes.kept_until(connection, user, self._clock())
            return MailboxFate(MailboxState.SOFT_DELETED, until) if until else MailboxFate(MailboxState.GONE)

    def end_sessions(self, user: CloudUserId) -> None:
        """Count the revocation, for whoever looks."""
        self._refuse("cerrar las sesiones de un usuario en la nube")
        with self._writing() as connection:
            connection.execute("UPDATE user SET sessions_ended = sessions_ended + 1 WHERE id = ?", (user,))

    def sessions_ended(self, user: CloudUserId) -> int:
        """How often the user's sessions were revoked."""
        with self._reading() as connection:
            wanted = "SELECT sessions_ended FROM user WHERE id = ?"
            found = connection.execute(wanted, (user,)).fetchone() if connection is not None else None
            return int(found[0]) if found else 0

    def put_item(self, user: CloudUserId, part: str, name: str, content: bytes) -> None:
        """What the person receives or keeps: an item of a `BackupPart` (its value), replaced if part and name are there.

        Raises Rejected for a user without a mailbox.
        """
        self._refuse("guardar un elemento en un buzón")
        with self._writing() as connection:
            wanted = "SELECT 1 FROM mailbox WHERE user = ? AND disconnected_at IS NULL"
            if connection.execute(wanted, (user,)).fetchone() is None:
                raise Rejected(Target.CLOUD, f"El usuario {user} no tiene buzón en la nube.")
            mailboxes.put(connection, user, part, name, content)

    def remove_item(self, user: CloudUserId, part: str, name: str) -> None:
        """The person deletes an item. Idempotent."""
        self._refuse("borrar un elemento de un buzón")
        with self._writing() as connection:
            connection.execute("DELETE FROM item WHERE user = ? AND part = ? AND name = ?", (user, part, name))

    def items(self, user: CloudUserId) -> tuple[StoredItem, ...]:
        """What lies in the user's mailbox, also while it is kept without licence; none for a user who has no mailbox.

        Raises NotFound for a user whom the cloud never knew.
        """
        with self._reading() as connection:
            if connection is None or connection.execute("SELECT 1 FROM user WHERE id = ?", (user,)).fetchone() is None:
                raise NotFound(
                    Target.CLOUD,
                    f"El usuario {user} no existe en la nube, así que no hay de dónde leer su buzón.",
                    remedy="Revise la cuenta del caso.",
                )
            return tuple(mailboxes.items(connection, user, _text(self._clock() - RETENTION)))

    def item_content(self, user: CloudUserId, number: int) -> bytes | None:
        """The content of one item as it is now; None when it is no longer there."""
        with self._reading() as connection:
            if connection is None:
                return None
            found = connection.execute("SELECT content FROM item WHERE user = ? AND number = ?", (user, number)).fetchone()
            return bytes(found[0]) if found else None

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _refuse(self, what: str) -> None:
        if not self._writable:
            raise WriteRefused(what)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        self._settle()
        with self._file.reading() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._file.writing() as connection:
            mailboxes.purge(connection, _text(self._clock() - RETENTION))
            yield connection


_PRESENT = "SELECT id, account, missed_at FROM user WHERE deleted_at IS NULL"
_RUNNING = "SELECT 1 FROM sync_cycle WHERE ends_at > ?"
_ENDED = "SELECT ends_at, asked_again FROM sync_cycle WHERE settled = 0 AND ends_at <= ? ORDER BY ends_at"


def _assigned(connection: sqlite3.Connection, licence: str) -> int:
    (assigned,) = connection.execute("SELECT count(*) FROM assignment WHERE licence = ?", (licence,)).fetchone()
    return int(assigned)
