"""How a mail of a case is named in its Message-ID, and how the story says to whom it went: both are read back for a bounce."""

from collections.abc import Sequence

from config.vocabulary import CaseNumber, EmailAddress

_TOLD = "Correo a "


def mail_name(case: CaseNumber, step: str, number: str) -> str:
    """What names a mail among all mails, as it can stand in a Message-ID."""
    return f"{case}.{step}.{number}".lower().replace("_", "-")


def told_line(told: Sequence[EmailAddress], subject: str) -> str:
    """What the story says of a mail that went out."""
    return f"{_TOLD}{', '.join(told)}: {subject}" if told else "Nadie lo recibió."


def told_by(line: str) -> tuple[EmailAddress, ...]:
    """To whom a mail went, by the line that `told_line` made of it; nobody, by any other."""
    if not line.startswith(_TOLD):
        return ()
    return tuple(EmailAddress(each) for each in line.removeprefix(_TOLD).partition(": ")[0].split(", "))
