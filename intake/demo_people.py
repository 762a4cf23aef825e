"""The people who receive access data in a demonstration: they sign in with the mailed password and choose one of their own."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path

from intake.wiring import Installation
from provision.directory.embedded import EmbeddedDirectory

_LOGIN, _PASSWORD = "Usuario:", "Contraseña temporal:"

UsualTime = Callable[[datetime], datetime]
"""When somebody who got access data at that instant signs in."""


@dataclass(frozen=True, slots=True)
class _Access:
    """What the person reads in a mail; its password is nowhere but in that mail and here."""

    login: str
    password: str
    at: datetime
    """When the person is going to use it."""


class NewUsers:
    """Everybody who gets access data by mail, and when each uses it.

    `usual_time` is when most of them do; `exceptions` says it for the mails to one address, in their order: an instant, None
    for a mail that nobody uses. Further mails to that address are used at the usual time.
    """

    def __init__(
        self, maildir: Path, usual_time: UsualTime, exceptions: Mapping[str, Sequence[datetime | None]] | None = None
    ) -> None:
        self._maildir = maildir
        self._usual_time = usual_time
        self._exceptions = {address: list(times) for address, times in (exceptions or {}).items()}
        self._read: set[str] = set()
        self._waiting: list[_Access] = []

    def look_into_mail(self, now: datetime) -> None:
        """Read the mails that came since the last look; each is read once."""
        for path in sorted((self._maildir / "new").glob("*")):
            if path.name in self._read:
                continue
            self._read.add(path.name)
            message = message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=modern)
            login, password = _access_data(message)
            if not password:
                continue
            planned = self._exceptions.get(str(message["To"]), [])
            at = planned.pop(0) if planned else self._usual_time(now)
            if at is not None:
                self._waiting.append(_Access(login, password, at))

    def next_time(self) -> datetime | None:
        """When somebody is going to sign in next; None: nobody is."""
        return min((access.at for access in self._waiting), default=None)

    def sign_in(self, installation: Installation) -> tuple[str, ...]:
        """Everybody whose time has come signs in for the first time; returns their names. Raises Rejected if one cannot."""
        directory = installation.directory
        if not isinstance(directory, EmbeddedDirectory):
            raise TypeError("a demonstration lives on the embedded directory")
        now = installation.clock()
        due = [access for access in self._waiting if access.at <= now]
        self._waiting = [access for access in self._waiting if access.at > now]
        names = []
        for access in due:
            directory.change_password(access.login, access.password, f"{secrets.token_urlsafe(12)}-Aa1")
            account = directory.find_by_login(access.login)
            names.append(account.display_name if account is not None else access.login)
        return tuple(names)


def _access_data(message: EmailMessage) -> tuple[str, str]:
    """Login and temporary password of a mail, as a person reads them; empty where it carries none."""
    part = message.get_body(("plain",))
    lines = list(_lines(part.get_content())) if part is not None else []
    if _PASSWORD not in lines:
        return "", ""
    login = next((line.removeprefix(_LOGIN).strip() for line in lines if line.startswith(_LOGIN)), "")
    return login, lines[lines.index(_PASSWORD) + 1]


def _lines(text: str) -> Iterator[str]:
    return (stripped for line in text.splitlines() if (stripped := line.strip()))
