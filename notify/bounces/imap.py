"""Delivery reports read over IMAP (RFC 3501) with verified TLS: EXAMINE and BODY.PEEK, so that nothing in the mailbox changes.

How far it was read is remembered as UIDVALIDITY and UID; a mailbox that is new, or was made anew, is read from a week ago on.
"""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.errors import Misconfigured, Target, TargetError, Transient, Unreachable
from notify.bounces.imap_words import instant, mailbox_name, search_day
from notify.bounces.port import Bounce, Memory
from notify.bounces.report import MOST_BYTES, bounce_of

MOST_MAILS = 500
"""More new mails than these wait for the next run."""
FIRST_LOOK = timedelta(days=7)
_UID = re.compile(rb"\bUID (\d+)")
_INTERNALDATE = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"')
_MAILS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class ImapReach:
    """The mailbox and how to reach it: TLS from the first byte. `ca_file` (PEM) replaces the machine's authorities."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    ca_file: Path | None = None
    timeout_seconds: float = 30

    @property
    def named(self) -> str:
        """As an error names it."""
        return f"el buzón {self.user} en {self.host}:{self.port}"


class ImapBounces:
    """A `BounceBox` over one folder; each `read` is a connection of its own. `clock` gives aware UTC."""

    def __init__(self, reach: ImapReach, memory: Memory, *, clock: Callable[[], datetime]) -> None:
        self._reach = reach
        self._memory = memory
        self._clock = clock
        self._key = f"bounces.imap.{reach.host}.{reach.user}.{reach.folder}"[:200]
        self._read: tuple[int, int] | None = None
        """UIDVALIDITY, and the last UID of what was read last."""
        self._found: tuple[Bounce, ...] = ()

    def read(self) -> tuple[Bounce, ...]:
        """See the port."""
        with _translated(self._reach), self._opened() as (client, validity):
            known = self._known(validity)
            uids = self._new(client, known)
            found: list[Bounce] = []
            for first in range(0, len(uids), _MAILS_AT_ONCE):
                for uid, arrived_at in _reports(client, uids[first : first + _MAILS_AT_ONCE]):
                    bounce = bounce_of(_content(client, uid), arrived_at, f"{validity}:{uid}")
                    found += [bounce] if bounce is not None else []
        self._read = (validity, uids[-1] if uids else known)
        self._found = tuple(found)
        return self._found

    def taken(self, bounces: Sequence[Bounce]) -> None:
        """See the port. What was read but not taken comes again, and what came after it too."""
        if self._read is None:
            return
        validity, last = self._read
        taken = {bounce.key for bounce in bounces}
        left = [int(bounce.key.partition(":")[2]) for bounce in self._found if bounce.key not in taken]
        until = min(left, default=last + 1) - 1
        if until > self._known(validity):
            self._memory.put(self._key, f"{validity}:{until}")

    def check(self) -> tuple[str, ...]:
        """Sign in and open the folder; says in Spanish what fails."""
        try:
            with _translated(self._reach), self._opened():
                return ()
        except TargetError as error:
            return (str(error),)

    def close(self) -> None:
        """Nothing is held open between two reads."""

    def _known(self, validity: int) -> int:
        """The last UID that was taken; 0 for a mailbox that was never read."""
        kept = self._memory.get(self._key)
        former, _, uid = (kept or "").partition(":")
        return int(uid) if former == str(validity) and uid.isdecimal() else 0

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[imaplib.IMAP4, int]]:
        reach = self._reach
        context = _tls(reach.ca_file)
        client = imaplib.IMAP4_SSL(reach.host, reach.port, ssl_context=context, timeout=reach.timeout_seconds)
        try:
            _sign_in(client, reach)
            status, _ = client.select(mailbox_name(reach.folder), readonly=True)
            if status != "OK":
                raise Misconfigured(
                    Target.BOUNCES,
                    f"En {reach.named} no se puede abrir la carpeta «{reach.folder}».",
                    remedy="Revise [bounces] folder: el nombre es el que la carpeta tiene en el servidor.",
                )
            validity = client.response("UIDVALIDITY")[1][0]
            if not isinstance(validity, bytes) or not validity.isdigit():
                raise Transient(Target.BOUNCES, f"El servidor no dijo la identidad (UIDVALIDITY) de {reach.named}.")
            yield client, int(validity)
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()

    def _new(self, client: imaplib.IMAP4, known: int) -> list[int]:
        """UIDs that were not taken yet, in order."""
        # The asterisk is the last message whatever its number, so it may be one that is known.
        criteria = f"UID {known + 1}:*" if known else f"SINCE {search_day(self._clock() - FIRST_LOOK)}"
        status, data = client.uid("SEARCH", criteria)
        _demand(status, self._reach)
        words = data[0].split() if data and isinstance(data[0], bytes) else []
        return sorted(uid for word in words if word.isdigit() and (uid := int(word)) > known)[:MOST_MAILS]


def _sign_in(client: imaplib.IMAP4, reach: ImapReach) -> None:
    plain = f"\0{reach.user}\0{reach.password}".encode()
    try:
        if "AUTH=PLAIN" in client.capabilities:
            client.authenticate("PLAIN", lambda _: plain)  # unlike LOGIN, it takes any letter
        else:
            client.login(reach.user, reach.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise Misconfigured(
            Target.BOUNCES,
            f"No se pudo iniciar sesión en {reach.named}.",
            remedy="Revise [bounces] user y la contraseña, y que el servidor permita IMAP a esa cuenta.",
        ) from error


def _reports(client: imaplib.IMAP4, uids: Sequence[int]) -> Iterator[tuple[int, datetime]]:
    """Of these mails, those whose header says that they are reports, and when each arrived."""
    asked = "(UID INTERNALDATE BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE)])"
    status, data = client.uid("FETCH", ",".join(map(str, uids)), asked)
    if status != "OK":
        raise imaplib.IMAP4.error("FETCH refused")
    found: dict[int, datetime] = {}
    for place, item in enumerate(data):
        if not isinstance(item, tuple):
            continue
        after = data[place + 1] if place + 1 < len(data) else b""
        said = item[0] + (after if isinstance(after, bytes) else b"")  # a server may say the rest behind the header
        uid, arrived = _UID.search(said), _INTERNALDATE.search(said)
        arrived_at = instant(arrived[1].decode("ascii", "replace")) if arrived is not None else None
        if uid is not None and b"multipart/report" in item[1].lower():
            found[int(uid[1])] = arrived_at or datetime.now(UTC)
    yield from sorted(found.items())


def _content(client: imaplib.IMAP4, uid: int) -> bytes:
    """The beginning of a mail; nothing for one that somebody deleted meanwhile."""
    status, data = client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
    if status != "OK":
        raise imaplib.IMAP4.error("FETCH refused")
    return next((bytes(item[1]) for item in data if isinstance(item, tuple)), b"")


def _demand(status: str, reach: ImapReach) -> None:
    if status != "OK":
        raise Transient(Target.BOUNCES, f"El servidor no pudo buscar en {reach.named}.")


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError) as error:  # SSLError is an OSError
        reason = "no es un certificado en formato PEM" if isinstance(error, ssl.SSLError) else "no se puede leer"
        raise Misconfigured(
            Target.BOUNCES, f"El archivo de autoridades {ca_file} {reason}.", remedy="Revise ca_file y sus permisos."
        ) from error


@contextlib.contextmanager
def _translated(reach: ImapReach) -> Iterator[None]:
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        authority = f"la autoridad de {reach.ca_file}" if reach.ca_file else "las autoridades de este equipo"
        raise Misconfigured(
            Target.BOUNCES,
            f"El certificado del servidor de {reach.named} no es de fiar para {authority}.",
            remedy="Use el nombre que figura en el certificado, o indique en ca_file la autoridad que lo firmó.",
        ) from error
    except (OSError, imaplib.IMAP4.abort) as error:
        raise Unreachable(Target.BOUNCES, f"No responde {reach.named} (IMAP).") from error
    except imaplib.IMAP4.error as error:
        raise Transient(Target.BOUNCES, f"El servidor no entregó lo que se le pidió de {reach.named}.") from error
