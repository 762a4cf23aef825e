"""A mail server on loopback that refuses the addresses it is told to, and delivers the rest into a Maildir."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from mailbox import Maildir
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class PostOffice:
    """Where it listens, and what it refuses (whole addresses, in small letters)."""

    maildir: Path
    port: int = 0
    refused: set[str] = field(default_factory=set)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 (aiosmtpd's name)
        """Answer RCPT TO."""
        if address.lower() in self.refused:
            return "550 5.1.1 User unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Deliver, at once and for good."""
        content = envelope.content
        assert isinstance(content, bytes)
        Maildir(self.maildir, create=True).add(content)
        return "250 Delivered"


@contextlib.contextmanager
def post_office(maildir: Path) -> Iterator[PostOffice]:
    """A running server; its thread has ended afterwards."""
    listening = socket.create_server(("127.0.0.1", 0))
    office = PostOffice(maildir, listening.getsockname()[1])
    loop = asyncio.new_event_loop()
    served = loop.run_until_complete(loop.create_server(lambda: SMTP(office, hostname="localhost", loop=loop), sock=listening))
    thread = threading.Thread(target=loop.run_forever, name="post-office")
    thread.start()
    try:
        yield office
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        served.close()
        listening.close()
        loop.run_until_complete(_hang_up())
        loop.close()


async def _hang_up() -> None:
    conversations = asyncio.all_tasks() - {asyncio.current_task()}
    for conversation in conversations:
        conversation.cancel()
    await asyncio.gather(*conversations, return_exceptions=True)
