"""The mails that the demonstration sent, copied from its Maildir to files that a browser or a mail program opens."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from email.utils import parsedate_to_datetime
from pathlib import Path

from config.vocabulary import CaseNumber
from intake.story_values import SentMail


@dataclass(frozen=True, slots=True)
class ExportedMail:
    """A mail and the case it belongs to; the case is the first part of its Message-ID."""

    case: CaseNumber
    mail: SentMail


@dataclass(frozen=True, slots=True)
class _Kept:
    raw: bytes
    message: EmailMessage
    at: datetime
    name: str


def export_mails(maildir: Path, out: Path) -> list[ExportedMail]:
    """Copy each mail to `out` as .eml and .html, numbered in the order of their sending."""
    out.mkdir(exist_ok=True, mode=0o700)
    kept = sorted((_read(path) for path in (maildir / "new").glob("*")), key=lambda each: (each.at, each.name))
    exported = []
    for number, each in enumerate(kept, start=1):
        name = f"{number:02d}-{each.name}"
        (out / f"{name}.eml").write_bytes(each.raw)
        html = each.message.get_body(("html",))
        (out / f"{name}.html").write_text(html.get_content() if html else "", encoding="utf-8")
        subject, to = str(each.message["Subject"]), str(each.message["To"])
        case = CaseNumber(each.name.split(".")[0].upper())
        exported.append(ExportedMail(case, SentMail(subject, to, f"{out.name}/{name}.html", each.at)))
    return exported


def _read(path: Path) -> _Kept:
    raw = path.read_bytes()
    message = message_from_bytes(raw, _class=EmailMessage, policy=modern)
    name = str(message["Message-ID"]).strip("<> ").split("@")[0].rpartition(".")[0]  # without its seal
    return _Kept(raw, message, parsedate_to_datetime(str(message["Date"])), name)
