"""smtplib's clients with an end to every answer: theirs wait anew for each byte, so a tarpit could hold a run for hours."""

import smtplib
import time

_LONGEST_LINE = 4_096
_LONGEST_ANSWER = 65_536


class Client(smtplib.SMTP):
    """An SMTP client whose `timeout` (seconds) is for each whole answer, not for each piece of it."""

    def getreply(self) -> tuple[int, bytes]:
        """Code and text of the next answer, several lines as one. Code -1: it is not SMTP.

        Raises SMTPServerDisconnected when the line ends or the time is over (the TimeoutError is then its context), and
        SMTPResponseException for an answer without end. The connection is closed in each case.
        """
        end = time.monotonic() + self.timeout
        lines: list[bytes] = []
        while True:
            line = self._line(end)
            code = int(line[:3]) if line[:3].isdigit() else -1
            lines.append(line[4:].strip())
            if code == -1 or line[3:4] != b"-":
                return code, b"\n".join(lines)
            if sum(map(len, lines)) > _LONGEST_ANSWER or len(lines) > _LONGEST_LINE:
                self.close()
                raise smtplib.SMTPResponseException(500, "Answer too long.")

    def _line(self, end: float) -> bytes:
        # Byte by byte, with nothing read ahead: what a server slips in before STARTTLS is never taken for its later answer.
        line = bytearray()
        while not line.endswith(b"\n"):
            byte = self._byte(end)
            if not byte:
                self.close()
                raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
            line += byte
            if len(line) > _LONGEST_LINE:
                self.close()
                raise smtplib.SMTPResponseException(500, "Line too long.")
        return bytes(line)

    def _byte(self, end: float) -> bytes:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("Not connected")
        try:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.sock.settimeout(left)
            byte: bytes = self.sock.recv(1)
            self.sock.settimeout(self.timeout)
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(f"Connection unexpectedly closed: {error}") from error
        return byte


class TlsClient(Client, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""
