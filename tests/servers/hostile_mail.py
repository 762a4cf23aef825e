"""A mail server that misbehaves on demand, in ways a real one does only by accident: aiosmtpd with faults."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import AnyStr

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong. Stages: EHLO, MAIL, RCPT, DATA (the content was received)."""

    banner: str | None = None
    """Instead of the 220 line."""
    replies: Mapping[str, str] = field(default_factory=dict)
    """Answer of a stage instead of the usual one; several are taken in turn when separated by "|", the last one stays."""
    drops_at: str | None = None
    """Closes the connection at this stage instead of answering."""
    drops_idle: str | None = None
    """After an accepted message: "421" says so at the next command and closes; "silent" just closes."""
    silent_at: str | None = None
    """Does not answer at this stage."""
    stutters_at: str | None = None
    """Answers this stage one letter at a time, ten a second, without end."""
    without: frozenset[str] = frozenset()
    """Extensions that are not offered, such as 8BITMIME."""
    password: str | None = None
    """Offers AUTH without TLS and accepts only this password."""


@dataclass(slots=True)
class HostileServer:
    """Where it listens and what happened."""

    host: str
    port: int
    connections: int = 0
    accepted: list[bytes] = field(default_factory=list)
    """Contents received to the last byte, whether or not that was confirmed."""
    commands: list[str] = field(default_factory=list)
    passwords: list[bytes] = field(default_factory=list)


HostileSmtp = Callable[[Faults], HostileServer]


@pytest.fixture
def hostile_smtp() -> Iterator[HostileSmtp]:
    """Starts a server with the given faults; all of them are stopped at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda faults: stack.enter_context(_running(faults))


@contextlib.contextmanager
def _running(faults: Faults) -> Iterator[HostileServer]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = HostileServer("127.0.0.1", listening.getsockname()[1])
    loop = asyncio.new_event_loop()
    behaviour = _Behaviour(faults, server)
    listener = loop.run_until_complete(loop.create_server(lambda: _Smtp(behaviour, loop), sock=listening))
    thread = threading.Thread(target=loop.run_forever, name="hostile-smtp")
    thread.start()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        listener.close()
        loop.run_until_complete(_hang_up(behaviour.transports))
        loop.close()


async def _hang_up(transports: list[asyncio.Transport]) -> None:
    for transport in transports:
        transport.abort()
    conversations = asyncio.all_tasks() - {asyncio.current_task()}
    for conversation in conversations:
        conversation.cancel()
    await asyncio.gather(*conversations, return_exceptions=True)


class _Behaviour:
    """aiosmtpd's handler: a hook for each stage."""

    def __init__(self, faults: Faults, server: HostileServer) -> None:
        self.faults = faults
        self.server = server
        self.transports: list[asyncio.Transport] = []
        self._replies = {stage: replies.split("|") for stage, replies in faults.replies.items()}
        self._idled = False

    async def handle_EHLO(  # noqa: N802 (aiosmtpd calls its hooks so)
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        await self._stage("EHLO", server, "")
        return [line for line in responses if not any(name in line for name in self.faults.without)]

    async def handle_MAIL(  # noqa: N802 (aiosmtpd calls its hooks so)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.faults.drops_idle == "421" and self.server.accepted and not self._idled:
            self._idled = True
            await server.push("421 4.4.2 localhost Error: timeout exceeded")
            await self._drop(server)
        envelope.mail_from = address
        return await self._stage("MAIL", server, "250 2.1.0 OK")

    async def handle_RCPT(  # noqa: N802 (aiosmtpd calls its hooks so)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = await self._stage("RCPT", server, "250 2.1.5 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (as above)
        content = envelope.content
        assert isinstance(content, bytes)
        self.server.accepted.append(content)
        reply = await self._stage("DATA", server, "250 2.0.0 OK")
        if self.faults.drops_idle == "silent" and not self._idled:
            self._idled = True
            await server.push(reply)
            await self._drop(server)
        return reply.replace("{content}", content.decode("ascii").replace("\r\n", " "))

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.server.passwords.append(data.password)
        wanted = (self.faults.password or "").encode()
        return AuthResult(success=data.password == wanted, handled=False)

    async def _stage(self, stage: str, server: SMTP, usual: str) -> str:
        self.server.commands.append(stage)
        if stage == self.faults.silent_at:
            await asyncio.sleep(3600)
        while stage == self.faults.stutters_at:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.write(b"2")
            await asyncio.sleep(0.1)
        if stage == self.faults.drops_at:
            await self._drop(server)
        replies = self._replies.get(stage)
        if not replies:
            return usual
        return replies.pop(0) if len(replies) > 1 else replies[0]

    async def _drop(self, server: SMTP) -> None:
        assert server.transport is not None
        server.transport.close()
        await asyncio.sleep(3600)  # cancelled with the connection: nothing more is answered


class _Smtp(SMTP):
    def __init__(self, behaviour: _Behaviour, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            behaviour,
            hostname="localhost",
            loop=loop,
            auth_require_tls=False,
            authenticator=behaviour.authenticate if behaviour.faults.password is not None else None,
        )
        self._behaviour = behaviour
        self._banner = behaviour.faults.banner

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._behaviour.transports.append(transport)
        self._behaviour.server.connections += 1
        super().connection_made(transport)

    async def push(self, status: AnyStr) -> None:
        # As UTF-8: real servers are not always faithful to ASCII, and aiosmtpd is.
        banner, self._banner = self._banner, None
        await super().push(_utf8(status if banner is None else banner))


def _utf8(line: str | bytes) -> bytes:
    return line.encode("utf-8") if isinstance(line, str) else line
