"""Where a text lies in the files of an installation, looked for in their raw bytes and in what is packed inside them."""

import zipfile
from collections.abc import Iterator
from email.message import Message
from mailbox import Maildir
from pathlib import Path


def files_with(folder: Path, text: str) -> list[str]:
    """The files below a folder, other than delivered mails, that hold the text in any usual encoding."""
    wanted = [text.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name not in {"new", "cur"}
        if any(form in piece for piece in _pieces(path) for form in wanted)
    )


def _pieces(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                yield packed.read(name)


def delivered(maildir: Path) -> list[Message]:
    """The mails that went out, in the order in which they did."""
    box = Maildir(maildir, create=True)
    folder = maildir / "new"
    files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    return [box[path.name] for path in files]


def plain_text(mail: Message) -> str:
    """The plain text of a mail."""
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def password_in(mail: Message) -> str | None:
    """The temporary password that a mail carries; None: it carries none."""
    lines = [line.strip() for line in plain_text(mail).splitlines() if line.strip()]
    return lines[lines.index("Contraseña temporal:") + 1] if "Contraseña temporal:" in lines else None
