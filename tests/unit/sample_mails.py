"""One mail of each kind and of each variant, hostile values for them, and a reader of their HTML; for the tests of mails."""

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

from config.vocabulary import CaseNumber
from notify.mails import (
    AccessData,
    AccessRevoked,
    AddressChangeNotice,
    AlreadyHasAccount,
    ApprovalRecorded,
    BatchHeld,
    CampaignReport,
    Cancelled,
    ClosedUnanswered,
    ContractEnded,
    Correction,
    DeletionUndone,
    Duplicate,
    LooseEnds,
    Mail,
    NothingToDo,
    PickupReminder,
    Refusal,
    Report,
    Returned,
    Scheduled,
    UserNotice,
)

CASE = CaseNumber("GU-2026-000123")
NO_CASE = CaseNumber("")
FORM = "https://docs.google.com/forms/d/e/1FAIpQLSc/viewform?usp=pp_url&entry.1=Ana%20N%C3%BA%C3%B1ez&entry.2=%3Dx"
DAY = date(2026, 11, 27)
LATER = date(2026, 12, 4)
PASSWORD = "Casa-Nube-Perro47"

HOSTILE = [
    "María Fernanda Núñez de la Peña",
    "Sinéad O'Brien & Cía",
    '=HYPERLINK("http://evil.example";"clic")',
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '"><a href="http://evil.example">',
    "Ana\r\nBcc: x@evil.example\r\n\r\nOtro mensaje",
    "Ana\u2028Otra línea\u2029Otro párrafo\x0b\x0c\x85\x00\x1b[31m",
    "Ana \u202eoipmac\u202c \u200bcero",
    "{{ institution }}{% raw %}${7*7}",
    "]]>--><!-- <![CDATA[",
    "x" * 10_000,
    "\ud83d",
    "",
]


def access_data(name: str = "Ana Núñez", password: str = PASSWORD) -> AccessData:
    """Access data of an account with a mailbox and a last day."""
    return AccessData(
        case=CASE,
        person_name=name,
        login=name,
        mail_address=name,
        password=password,
        portal_url="https://outlook.office.com",
        replaces_previous=False,
        expires_on=DAY,
        account_type_label=name,
        requested_by=name,
    )


def every_mail(name: str = "Ana Núñez") -> list[Mail]:
    """One mail of each kind and of each variant, with `name` wherever a value of somebody else's is shown."""
    access = access_data(name)
    return [
        access,
        replace(access, mail_address=None, replaces_previous=True, expires_on=None),
        replace(access, is_reset=True),
        replace(access, mail_address=None, replaces_previous=True, is_reset=True),
        Report(CASE, name, name, name, name, name, name, DAY, ((name, name), ("Contrato", name))),
        Report(CASE, "Inactivación", name, name, None, None, "", None),
        replace(
            Report(CASE, name, name, name, name, None, name, DAY, outcome=name),
            changes=((name, name, name), ("Cargo", name, ""), ("Alias", "", name)),
            next_steps=(name, "Le informaremos."),
        ),
        Refusal(CASE, name, name, name),
        Refusal(CASE, "Creación de cuenta", None, "Usted no puede pedirlo."),
        Correction(CASE, name, name, ((name, name), ("Correo personal", name)), FORM, DAY),
        Correction(CASE, None, name, (("Correo personal", "falta"),), FORM, DAY, is_reminder=True, answers_kept=False),
        ClosedUnanswered(CASE, DAY),
        Duplicate(CASE, CaseNumber("GU-2026-000100"), name),
        AlreadyHasAccount(CASE, name, name, enabled=True, suggestion=name),
        AlreadyHasAccount(CASE, name, name, enabled=False, suggestion=name),
        Cancelled(CASE, name),
        *_course(name),
        *_guard(name),
        *_batch(name),
    ]


def _course(name: str) -> list[Mail]:
    return [
        Scheduled(CASE, name, name, name, DAY, name),
        Scheduled(CASE, "Inactivación", "", name, DAY, name),
        Returned(CASE, name, name, DAY),
        Returned(CASE, name, name, DAY, name),
        NothingToDo(CASE, name, name, name, name),
        NothingToDo(CASE, name, "", name, name, name),
        ContractEnded(CASE, name, name, DAY),
        LooseEnds(CASE, name, name, DAY, (name, "Otra persona"), (name,), (name,), (name,)),
        LooseEnds(CASE, "", "", DAY, (), (), ()),
        DeletionUndone(CASE, name, name, (name, "Los grupos"), (name,)),
        DeletionUndone(CASE, name, name, (), ()),
    ]


def _guard(name: str) -> list[Mail]:
    return [
        UserNotice(CASE, name, name, name, ((name, name), ("Solicitado por", name))),
        UserNotice(CASE, "", name, name, was_it_you=False),
        AddressChangeNotice(CASE, name, name, name),
        AddressChangeNotice(CASE, name, name, name, on_new_address=True),
        ApprovalRecorded(CASE, name, name, name, name),
        PickupReminder(CASE, name, name, DAY, LATER),
        PickupReminder(CASE, name, name, DAY, LATER, is_generic=True),
        AccessRevoked(CASE, name, name, DAY),
    ]


def _batch(name: str) -> list[Mail]:
    return [
        CampaignReport(NO_CASE, name, 40, 3, 2, ((name, name, name), ("ana.nunez", "", name)), exceptions=name),
        CampaignReport(CASE, name, 0, 0, 0, ()),
        BatchHeld(NO_CASE, name, 3, 1, (name, name)),
        BatchHeld(NO_CASE, name, 1, 0, (name,)),
    ]


class Structure(HTMLParser):
    """The tags, links, tables and words of an HTML mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.tables: list[tuple[str, list[str]]] = []
        """Role of each table and the scopes of its headers; headers count for the innermost table."""
        self._open: list[int] = []
        self._in_style = False
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an opened tag."""
        known = {name: value or "" for name, value in attrs}
        if tag != "wbr":  # says only where a long address may break
            self.tags.append(tag)
        if tag == "br":
            self.words += "\n"
        self.attributes.extend(known.items())
        self._in_style = tag == "style"
        if tag == "table":
            self._open.append(len(self.tables))
            self.tables.append((known.get("role", ""), []))
        elif tag == "th":
            self.tables[self._open[-1]][1].append(known.get("scope", ""))

    def handle_endtag(self, tag: str) -> None:
        """Leave a table or a style sheet."""
        if tag == "table":
            self._open.pop()
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        """Remember text that is shown."""
        if not self._in_style:
            self.words += data

    def links(self) -> list[str]:
        """All addresses that a click opens."""
        return [value for name, value in self.attributes if name == "href"]


def words(text: str) -> str:
    """The text with each run of white space as one space."""
    return " ".join(text.split())
