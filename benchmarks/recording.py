"""What the program says to the domain and to the mail server, written down once, and said again with nothing around it."""

import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import ldap3

from tests.servers.mail import Exim
from tests.servers.samba import DomainController


@dataclass(frozen=True, slots=True)
class Operation:
    """One LDAP operation; `found` are the objectGUIDs that its answer held."""

    name: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    found: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as it was handed over."""

    sender: str
    to: str
    content: bytes


@dataclass
class Recording:
    """Everything said during a run, in its order."""

    said: list[Operation | Mail] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        names = ["mail" if isinstance(it, Mail) else it.name for it in self.said]
        return {name: names.count(name) for name in sorted(set(names))}


@contextmanager
def recording() -> Iterator[Recording]:
    """Write down what ldap3 and smtplib are asked to send within it; they send it."""
    kept = Recording()
    with (
        mock.patch.object(ldap3.Connection, "search", _kept(kept, "search")),
        mock.patch.object(ldap3.Connection, "add", _kept(kept, "add")),
        mock.patch.object(ldap3.Connection, "modify", _kept(kept, "modify")),
        mock.patch.object(smtplib.SMTP, "send", _sending(kept)),
    ):
        yield kept


def _kept(kept: Recording, name: str) -> Callable[..., object]:
    really: Callable[..., object] = getattr(ldap3.Connection, name)

    def operation(connection: ldap3.Connection, *arguments: Any, **options: Any) -> object:
        result = really(connection, *arguments, **options)
        kept.said.append(Operation(name, arguments, options, _guids(connection)))
        return result

    return operation


def _guids(connection: ldap3.Connection) -> tuple[bytes, ...]:
    answers: Sequence[Mapping[str, Any]] = connection.response or ()
    found = [answer["raw_attributes"].get("objectGUID") for answer in answers if answer["type"] == "searchResEntry"]
    return tuple(values[0] for values in found if values)


def _sending(kept: Recording) -> Callable[[smtplib.SMTP, bytes | str], None]:
    really = smtplib.SMTP.send
    envelope: dict[str, str] = {}

    def send(client: smtplib.SMTP, said: bytes | str) -> None:
        line = said.encode() if isinstance(said, str) else bytes(said)
        for verb in (b"MAIL FROM:<", b"RCPT TO:<"):
            if line.upper().startswith(verb):
                envelope[verb.decode()] = line[len(verb) :].partition(b">")[0].decode()
        if line.endswith(b"\r\n.\r\n"):
            content = line[: -len(b".\r\n")].replace(b"\r\n..", b"\r\n.")
            kept.said.append(Mail(envelope["MAIL FROM:<"], envelope["RCPT TO:<"], content))
        return really(client, said)

    return send


class Floor:
    """The same operations and the same mails in the same order, over one connection to each server, and nothing around them."""

    def __init__(self, samba: DomainController, exim: Exim, recorded: Recording) -> None:
        self._samba = samba
        self._exim = exim
        self._recorded = recorded

    def __call__(self) -> None:
        """Say everything again. The objects of another domain have other GUIDs: those are replaced as they come."""
        guids: dict[str, str] = {}
        with (
            self._samba.connection(self._samba.service_user, self._samba.service_password) as directory,
            smtplib.SMTP(self._exim.host, self._exim.port, timeout=30) as mail,
        ):
            directory.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            directory.bind(read_server_info=False)
            self._sign_in(mail)
            for it in self._recorded.said:
                if isinstance(it, Mail):
                    mail.sendmail(it.sender, [it.to], it.content)
                else:
                    _say(directory, it, guids)

    def _sign_in(self, mail: smtplib.SMTP) -> None:
        assert mail.sock is not None
        mail.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        mail.starttls(context=ssl.create_default_context(cafile=str(self._exim.ca_file)))
        mail.ehlo()
        # Not login(): it takes passwords in ASCII only.
        answer = mail.docmd("AUTH", "PLAIN " + b64encode(f"\0{self._exim.user}\0{self._exim.password}".encode()).decode())
        if answer[0] != 235:
            raise RuntimeError(f"the mail server let nobody in: {answer}")


_BY_GUID = re.compile(r"(?<=objectGUID=)(?:\\[0-9a-f]{2}){16}")


def _say(connection: ldap3.Connection, operation: Operation, guids: dict[str, str]) -> None:
    arguments = operation.arguments
    if operation.name == "search":
        where = _BY_GUID.sub(lambda found: guids.get(found[0], found[0]), arguments[1])
        arguments = (arguments[0], where, *arguments[2:])
    getattr(connection, operation.name)(*arguments, **operation.options)
    if operation.name != "search" and connection.result["result"] != 0:
        raise RuntimeError(f"the floor differs from the program: {operation.name} gave {connection.result}")
    found = _guids(connection)
    if len(found) != len(operation.found):
        raise RuntimeError(f"the floor differs from the program: {arguments[1]} found {len(found)} objects")
    for old, new in zip(operation.found, found, strict=True):
        guids.setdefault(_escaped(old), _escaped(new))


def _escaped(guid: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in guid)
