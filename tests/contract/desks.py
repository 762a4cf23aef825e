"""The desks of the contract suite: how each is opened, and what somebody of the desk does in it."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message as Mail
from mailbox import Maildir
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.by_mail import MailDesk
from notify.desk.embedded import EmbeddedDesk
from notify.desk.port import Desk, NewTicket, TicketFields, TicketId
from notify.desk.request_tracker import RequestTrackerDesk, RequestTrackerReach
from notify.mailer.maildir import MaildirMailer
from tests.servers.request_tracker import QUEUE, RequestTracker

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
BOGOTA = ZoneInfo("America/Bogota")
HOSTILE = "Ñandú O'Brien'; DROP TABLE ticket; -- x' OR id > 0 =HYPERLINK(\"http://evil.example\") <script>\n«ñ»" + "x" * 10_000
FIELDS = TicketFields("En espera", "ana.nunez", "Oficina de O'Brien", "un cupo de licencia", NOW)


def new_ticket(case: CaseNumber, subject: str = "Creación de cuenta: Ana Núñez", body: str = "Por el formulario.") -> NewTicket:
    """A ticket as the procedure opens it."""
    return NewTicket(case, subject, body, EmailAddress("jefe@entidad.gov.co"))


class World(Protocol):
    """One desk, with clients that are closed at the end of the test."""

    def desk(self, *, writable: bool = True, stop_point: StopPoint = let_go) -> Desk:
        """A client of its own."""
        ...

    def new_case(self) -> CaseNumber:
        """A case number without a ticket."""
        ...


class PeopledWorld(World, Protocol):
    """A desk in which people work too."""

    def reply(self, id: TicketId, text: str) -> None:
        """Somebody of the desk writes on the ticket."""
        ...

    def close(self, id: TicketId) -> None:
        """Somebody of the desk closes the ticket."""
        ...

    def reopen(self, id: TicketId) -> None:
        """Somebody of the desk opens the ticket again."""
        ...

    def fields(self, case: CaseNumber) -> TicketFields:
        """What the ticket shows of the case."""
        ...


@dataclass
class EmbeddedWorld:
    """The register."""

    folder: Path
    stack: ExitStack
    cases: int = 122

    def desk(self, *, writable: bool = True, stop_point: StopPoint = let_go) -> EmbeddedDesk:
        """A client of its own."""
        desk = EmbeddedDesk(self.folder / "mesa" / "registro.db", clock=lambda: NOW, writable=writable, patience_seconds=60)
        self.stack.callback(desk.close)
        return desk

    def new_case(self) -> CaseNumber:
        """The next one."""
        self.cases += 1
        return CaseNumber(f"GU-2026-{self.cases:06}")

    def reply(self, id: TicketId, text: str) -> None:
        """Ana writes."""
        self.desk().replied_by(id, "Ana Agente", text)

    def close(self, id: TicketId) -> None:
        """Ana closes."""
        self.desk().closed_by_hand(id, "Ana Agente")

    def reopen(self, id: TicketId) -> None:
        """Ana opens again."""
        self.desk().reopened_by_hand(id, "Ana Agente")

    def fields(self, case: CaseNumber) -> TicketFields:
        """As the register shows them."""
        return next(each.fields for each in self.desk().tickets() if each.ticket.case == case)


@dataclass
class MailWorld:
    """A desk that is written to."""

    folder: Path
    stack: ExitStack
    cases: int = 122

    def desk(self, *, writable: bool = True, stop_point: StopPoint = let_go) -> MailDesk:
        """A client of its own."""
        desk = MailDesk(
            self.folder / "mesa.db",
            lambda: MaildirMailer(self.folder / "correo", clock=lambda: NOW),
            desk=EmailAddress("mesa@entidad.gov.co"),
            sender_name="Gestión de Usuarios",
            sender=EmailAddress("gestion@entidad.gov.co"),
            zone=BOGOTA,
            clock=lambda: NOW,
            writable=writable,
            stop_point=stop_point,
        )
        self.stack.callback(desk.close)
        return desk

    def new_case(self) -> CaseNumber:
        """The next one."""
        self.cases += 1
        return CaseNumber(f"GU-2026-{self.cases:06}")

    def mails(self) -> list["Mail"]:
        """What the desk received, in the order of sending."""
        return list(Maildir(self.folder / "correo", create=True))


@dataclass
class RequestTrackerWorld:
    """A real Request Tracker."""

    server: RequestTracker
    stack: ExitStack

    def desk(
        self, *, writable: bool = True, stop_point: StopPoint = let_go, queue: str = QUEUE, key: str = "IdSolicitud"
    ) -> Desk:
        """A client of its own."""
        reach = RequestTrackerReach(self.server.url, self.server.token, timeout_seconds=60)
        desk = RequestTrackerDesk(reach, queue=queue, key_field=key, zone=BOGOTA, writable=writable, stop_point=stop_point)
        self.stack.callback(desk.close)
        return desk

    def new_case(self) -> CaseNumber:
        """The server is the whole session's."""
        return self.server.new_case()

    def reply(self, id: TicketId, text: str) -> None:
        """Ana comments."""
        self.server.as_agent("POST", f"/ticket/{id}/comment", {"Content": text, "ContentType": "text/plain"})

    def close(self, id: TicketId) -> None:
        """Ana rejects it."""
        self.server.as_agent("PUT", f"/ticket/{id}", {"Status": "rejected"})

    def reopen(self, id: TicketId) -> None:
        """Ana opens it again."""
        self.server.as_agent("PUT", f"/ticket/{id}", {"Status": "open"})

    def fields(self, case: CaseNumber) -> TicketFields:
        """As its custom fields say."""
        (number,) = self.server.tickets(f"'CF.{{IdSolicitud}}' = '{case}'")
        ticket = self.server.as_agent("GET", f"/ticket/{number}")
        assert isinstance(ticket, dict)
        rows = ticket["CustomFields"]
        assert isinstance(rows, list)
        values: dict[str, str] = {}
        for each in rows:
            assert isinstance(each, dict)
            found = each["values"]
            values[str(each["name"])] = str(found[0]) if isinstance(found, list) and found and found[0] else ""
        due = values["VenceSolicitud"]
        return TicketFields(
            values["EstadoSolicitud"],
            values["CuentaSolicitud"],
            values["DependenciaSolicitud"],
            values["EnEsperaDe"],
            datetime.strptime(due, "%d/%m/%Y %H:%M").replace(tzinfo=BOGOTA).astimezone(UTC) if due else None,
        )
