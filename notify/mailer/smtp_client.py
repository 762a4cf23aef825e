"""smtplib's clients with an end to every answer: theirs wait anew for each byte, so a tarpit could hold a run for hours."""

import smtplib
import ssl
import time

_LONGEST_LINE = 4_096
_LONGEST_ANSWER = 65_536


class Client(smtplib.SMTP):
    """An SMTP client whose `timeout` (seconds) is for each whole answer, not for each piece of it."""

    _ahead = b""
    """What was read beyond the end of a line, over TLS only."""

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
        line = self._ahead
        while b"\n" not in line[:_LONGEST_LINE]:
            if len(line) >= _LONGEST_LINE:
                self.close()
                raise smtplib.SMTPResponseException(500, "Line too long.")
            more = self._more(end)
            if not more:
                self.close()
                raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
            line += more
        whole, ended, self._ahead = line.partition(b"\n")
        return whole + ended

    def _more(self, end: float) -> bytes:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("Not connected")
        try:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.sock.settimeout(left)
            # In the clear nothing is read ahead: what a server slips in before STARTTLS is never taken for its later answer.
            more: bytes = self.sock.recv(_LONGEST_LINE if isinstance(self.sock, ssl.SSLSocket) else 1)
            self.sock.settimeout(self.timeout)
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(f"Connection unexpectedly closed: {error}") from error
        return more

    def close(self) -> None:
        """Close the connection, and forget what was read of it. Idempotent."""
        self._ahead = b""
        super().close()


class TlsClient(Client, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""
