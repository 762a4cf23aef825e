"""What systemd is told of a service, over its own socket: https://www.freedesktop.org/software/systemd/man/sd_notify.html."""

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field


def _environment() -> Mapping[str, str]:
    return os.environ


@dataclass(slots=True)
class Service:
    """Says nothing where systemd does not listen (no NOTIFY_SOCKET); what cannot be said never stops the work."""

    environ: Mapping[str, str] = field(default_factory=_environment)
    _said_alive: float = 0.0

    def ready(self) -> None:
        """The service is up."""
        self._say("READY=1")

    def stopping(self) -> None:
        """The service ends because it was told to."""
        self._say("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._say(f"STATUS={' '.join(text.split())[:400]}")

    def alive(self) -> None:
        """Feed the watchdog, four times in each of its periods."""
        period = self.environ.get("WATCHDOG_USEC", "")
        now = time.monotonic()
        if period.isdigit() and now - self._said_alive >= int(period) / 4_000_000:
            self._say("WATCHDOG=1")
            self._said_alive = now

    def _say(self, message: str) -> None:
        address = self.environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as plain:
                plain.connect(f"\0{address[1:]}" if address.startswith("@") else address)  # "@": Linux's abstract names
                plain.sendall(message.encode("utf-8"))
        except OSError:
            return
