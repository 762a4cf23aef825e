"""Mail into a Maildir on this machine: the embedded transport, read by any mail program and by the demonstration's page.

The layout is the one of maildir(5): written under `tmp`, made durable, then given its name under `new`. That name comes
from the Message-ID, so the same message is there once however often it is sent, and the folder itself is the record of it.
"""

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from config.errors import Misconfigured, Target, TargetError, Transient, WriteRefused
from config.stop_point import StopPoint, let_go
from notify.mailer.mime import header_text, mime_message
from notify.mailer.port import Message

_OWNER_ONLY = 0o700


class MaildirMailer:
    """A `Mailer` over one Maildir, made at the first message. Files are 0600 in folders of 0700: some carry passwords.

    `stop_point` is called with "mail.sent" right after a message has become durable.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime],
        writable: bool = True,
        stop_point: StopPoint = let_go,
    ) -> None:
        self._path = path
        self._clock = clock
        self._writable = writable
        self._stop_point = stop_point

    def already_sent(self, message_id: str) -> bool:
        """Whether the message lies in the Maildir, read or unread."""
        with self._translated("leer"):
            return self._delivered(_name_of(message_id)) is not None

    def send(self, message: Message) -> None:
        """Deliver once: a message that is there already stays as it is."""
        if not self._writable:
            raise WriteRefused(f"Se enviaría el correo «{header_text(message.subject)}» a {header_text(message.to)}.")
        octets = mime_message(message, self._clock()).as_bytes(linesep="\n")
        name = _name_of(message.message_id)
        with self._translated("escribir"):
            self._prepare()
            if self._delivered(name) is None:
                self._deliver(name, octets)
        self._stop_point("mail.sent")

    def check(self) -> tuple[str, ...]:
        """Whether the Maildir can be written, and is closed to other users. Creates nothing."""
        existing = next(folder for folder in (self._path, *self._path.absolute().parents) if folder.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            return (f"No se puede escribir en {existing}, donde se guardan los correos. Revise la ruta y los permisos.",)
        if existing == self._path and existing.stat().st_mode & 0o077:
            problem = f"Otros usuarios pueden abrir la carpeta de correos {existing}, que guarda contraseñas temporales."
            return (f"{problem} Ciérrela con: chmod 700 {existing}",)
        return ()

    def close(self) -> None:
        """Nothing is held open."""

    def _prepare(self) -> None:
        self._path.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        for folder in ("tmp", "new", "cur"):
            (self._path / folder).mkdir(mode=_OWNER_ONLY, exist_ok=True)

    def _delivered(self, name: str) -> Path | None:
        unread = self._path / "new" / name
        if unread.exists():
            return unread
        # A mail program moves what was read to `cur` and appends its flags.
        read = self._path / "cur"
        return next((file for file in read.glob(f"{name}*")), None) if read.exists() else None

    def _deliver(self, name: str, octets: bytes) -> None:
        for left_behind in (self._path / "tmp").glob(f"{name}.*"):  # by a crash: it may hold a password
            left_behind.unlink(missing_ok=True)
        draft = self._path / "tmp" / f"{name}.{secrets.token_hex(6)}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._path / "new" / name)
        finally:
            draft.unlink(missing_ok=True)
        _make_durable(self._path / "new")

    @contextlib.contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._error(doing, error) from error

    def _error(self, doing: str, error: OSError) -> TargetError:
        if error.errno in {errno.ENFILE, errno.EMFILE, errno.EINTR, errno.EAGAIN}:
            return Transient(Target.MAIL, f"No se pudo {doing} en la carpeta de correos {self._path}: {error.strerror}.")
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return Misconfigured(
            Target.MAIL,
            f"No se puede {doing} en la carpeta de correos {self._path}: {'el disco está lleno' if full else error.strerror}.",
            remedy="Libere espacio en el disco." if full else "Revise la ruta y los permisos.",
        )


def _name_of(message_id: str) -> str:
    return f"{hashlib.sha256(message_id.encode()).hexdigest()[:40]}.gestion"


def _make_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
