"""Delivery reports read from the service mailbox through Microsoft Graph, in whichever folder rules have put them.

How far it was read is remembered as an instant, with the mails of the hour before it: one that shows up late is not missed.
Nothing in the mailbox changes (https://learn.microsoft.com/graph/api/user-list-messages).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from config.errors import Misconfigured, Target, TargetError, Transient
from config.graph.connection import GraphConnection
from config.graph.errors import GraphRefusal
from config.graph.odata import segment
from notify.bounces.port import Bounce, Memory
from notify.bounces.report import MOST_BYTES, bounce_of

MOST_MAILS = 1_000
"""More new mails than these wait for the next run."""
FIRST_LOOK = timedelta(days=7)
_LATE = timedelta(hours=1)
_MESSAGE_CLASS = "String 0x001A"
"""PR_MESSAGE_CLASS: `REPORT.IPM.Note.NDR` for what Exchange knows to be a delivery report."""
_MACHINES = ("mailer-daemon@", "postmaster@", "microsoftexchange")
# Immutable: a rule that moves a mail to another folder does not make another mail of it.
_HEADERS = {"Prefer": 'IdType="ImmutableId"'}


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Address(_Lenient):
    address: str | None = None


class _Sender(_Lenient):
    email: _Address = Field(default=_Address(), alias="emailAddress")


class _Property(_Lenient):
    id: str
    value: str | None = None


class _Mail(_Lenient):
    id: str = Field(min_length=1)
    received: datetime = Field(alias="receivedDateTime")
    sender: _Sender | None = Field(default=None, alias="from")
    properties: tuple[_Property, ...] = Field(default=(), alias="singleValueExtendedProperties")

    @property
    def may_be_report(self) -> bool:
        """Whether it is worth reading: Exchange says so, or a machine sent it."""
        address = (self.sender.email.address or "").lower() if self.sender else ""
        is_report = any((each.value or "").startswith("REPORT.") for each in self.properties)
        return is_report or address.startswith(_MACHINES)


_MAIL = TypeAdapter(_Mail)


class _Progress(_Lenient):
    until: datetime
    seen: dict[str, datetime] = {}
    """Mails of the last hour before `until`, and of after it, that were dealt with."""


class GraphBounces:
    """A `BounceBox` over the mailbox of an address. `clock` gives aware UTC."""

    def __init__(self, graph: GraphConnection, mailbox: str, memory: Memory, *, clock: Callable[[], datetime]) -> None:
        self._graph = graph
        self._address = mailbox
        self._mailbox = f"/users/{segment(mailbox)}"
        self._memory = memory
        self._clock = clock
        self._key = f"bounces.graph.{mailbox}"
        self._read: dict[str, datetime] = {}
        self._found: tuple[Bounce, ...] = ()

    def read(self) -> tuple[Bounce, ...]:
        """See the port."""
        progress = self._progress()
        since = progress.until - _LATE
        query = {
            "$filter": f"receivedDateTime ge {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "$orderby": "receivedDateTime asc",
            "$select": "id,receivedDateTime,from",
            "$expand": f"singleValueExtendedProperties($filter=id eq '{_MESSAGE_CLASS}')",
            "$top": "50",
        }
        items = self._graph.pages(f"{self._mailbox}/messages", target=Target.BOUNCES, query=query, headers=_HEADERS)
        try:
            # What was read before does not count: a flood of it would hide every later mail.
            unread = (mail for item in items if (mail := _mail(item)).id not in progress.seen)
            mails = list(islice(unread, MOST_MAILS))
        except GraphRefusal as refusal:
            raise self._unreadable(refusal) from refusal
        self._read = {mail.id: mail.received for mail in mails}
        found = [bounce for mail in mails if mail.may_be_report and (bounce := self._bounce(mail)) is not None]
        self._found = tuple(found)
        return self._found

    def taken(self, bounces: Sequence[Bounce]) -> None:
        """See the port."""
        taken = {bounce.key for bounce in bounces}
        left = {bounce.key for bounce in self._found} - taken
        former = self._progress()
        seen = {**former.seen, **{key: at for key, at in self._read.items() if key not in left}}
        waiting = [self._read[key] for key in left]
        until = min(waiting) if waiting else max([former.until, *seen.values()])
        kept = {key: at.isoformat() for key, at in seen.items() if at >= until - _LATE}
        anew = json.dumps({"until": until.isoformat(), "seen": kept})
        if anew != self._memory.get(self._key):
            self._memory.put(self._key, anew)

    def check(self) -> tuple[str, ...]:
        """Whether the mailbox can be read; says in Spanish what fails."""
        try:
            self._graph.get(f"{self._mailbox}/messages", target=Target.BOUNCES, query={"$select": "id", "$top": "1"})
        except GraphRefusal as refusal:
            return (str(self._unreadable(refusal)),)
        except TargetError as error:
            return (str(error),)
        return ()

    def close(self) -> None:
        """The connection is the installation's, who closes it."""

    def _unreadable(self, refusal: GraphRefusal) -> Misconfigured:
        return Misconfigured(
            Target.BOUNCES,
            f"No se puede leer el buzón de los correos devueltos, {self._address} ({refusal.code or refusal.status}).",
            remedy="Revise [bounces] mailbox: debe ser un buzón de Microsoft 365 (puede ser compartido).",
        )

    def _progress(self) -> _Progress:
        kept = self._memory.get(self._key)
        if kept is None:
            return _Progress(until=self._clock() - FIRST_LOOK + _LATE)
        return _Progress.model_validate_json(kept)

    def _bounce(self, mail: _Mail) -> Bounce | None:
        octets = b""
        try:
            path = f"{self._mailbox}/messages/{segment(mail.id)}/$value"
            with self._graph.stream(path, target=Target.BOUNCES, headers=_HEADERS) as streamed:
                for chunk in streamed.chunks():
                    octets += chunk
                    if len(octets) >= MOST_BYTES:
                        break
        except GraphRefusal:  # somebody deleted it meanwhile, or Exchange itself cannot tell it as a mail
            return None
        return bounce_of(octets, mail.received.astimezone(UTC), mail.id)


def _mail(item: Mapping[str, object]) -> _Mail:
    try:
        return _MAIL.validate_python(item)
    except ValidationError as error:
        raise Transient(Target.BOUNCES, "Microsoft 365 respondió algo que no es un mensaje.") from error
