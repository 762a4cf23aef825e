"""Both interfaces of GLPI as worlds of their own, for the suites that hold them to the desk's contract."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.glpi import GlpiDesk
from notify.desk.glpi11 import Glpi11Desk
from notify.desk.glpi_settings import Glpi11Settings, GlpiSettings
from notify.desk.glpi_text import unmarked
from notify.desk.port import Desk, NewTicket, Ticket, TicketFields, TicketId
from tests.contract.desks import BOGOTA
from tests.servers.glpi.highlevel import CLIENT_ID, CLIENT_SECRET, PASSWORD, USER, HighLevelApi
from tests.servers.glpi.legacy import APP_TOKEN, USER_TOKEN, LegacyRest
from tests.servers.glpi.office import AGENT, Office
from tests.servers.glpi.server import GlpiServer

KINDS = ("glpi", "glpi11")
CASE = CaseNumber("GU-2026-000123")


def new_ticket(
    case: CaseNumber = CASE, subject: str = "Creación de cuenta: Ana Núñez", requester: str = "jefe@entidad.gov.co"
) -> NewTicket:
    """A ticket as the procedure opens it."""
    return NewTicket(case, subject, "Solicitada por el formulario.", EmailAddress(requester))


class GlpiWorld:
    """One office behind one interface, and as many clients of it as a test wants. Use as a context manager."""

    def __init__(self, kind: str, certificate: Path, key: Path) -> None:
        self.kind = kind
        self.office = Office()
        self.legacy = LegacyRest(self.office)
        self.high = HighLevelApi(self.office)
        self._certificate = certificate
        handle = self.legacy.handle if kind == "glpi" else self.high.handle
        self.server = GlpiServer(handle, "/apirest.php" if kind == "glpi" else "/api.php", certificate, key)
        self.slept: list[float] = []
        self._stack = ExitStack()
        self._cases = 122

    def __enter__(self) -> Self:
        self._stack.enter_context(self.server)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()
        if kind is None:
            assert self.legacy.violations + self.high.violations == []

    def desk(
        self,
        *,
        writable: bool = True,
        stop_point: StopPoint = let_go,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        secret: str | None = None,
        ca_file: Path | None = None,
        timeout_seconds: float = 10,
        url: str | None = None,
        category: int | None = None,
        entity: int = 0,
    ) -> Desk:
        """A client of its own, closed with the world."""
        authority, address = ca_file or self._certificate, url or self.server.url
        desk: Desk
        if self.kind == "glpi":
            settings = GlpiSettings(
                address,
                secret or USER_TOKEN,
                APP_TOKEN,
                entity=entity,
                category=category,
                ca_file=authority,
                timeout_seconds=timeout_seconds,
            )
            desk = GlpiDesk(
                settings, clock=clock, zone=BOGOTA, writable=writable, stop_point=stop_point, sleep=self.slept.append
            )
        else:
            settings11 = Glpi11Settings(
                address,
                CLIENT_ID,
                CLIENT_SECRET,
                USER,
                secret or PASSWORD,
                entity=entity or None,
                category=category,
                ca_file=authority,
                timeout_seconds=timeout_seconds,
            )
            desk = Glpi11Desk(
                settings11, clock=clock, zone=BOGOTA, writable=writable, stop_point=stop_point, sleep=self.slept.append
            )
        self._stack.callback(desk.close)
        return desk

    @cached_property
    def reader(self) -> Desk:
        """A client that only looks."""
        return self.desk(writable=False)

    def found(self, case: CaseNumber) -> Ticket:
        """The ticket of a case, which there is, as another client sees it."""
        ticket = self.reader.find(case)
        assert ticket is not None
        return ticket

    def new_case(self) -> CaseNumber:
        """The next one."""
        self._cases += 1
        return CaseNumber(f"GU-2026-{self._cases:06}")

    def reply(self, id: TicketId, text: str) -> None:
        """Ana writes."""
        self.office.add_followup(int(id), f"<p>{text}</p>", is_private=False, by=AGENT)

    def close(self, id: TicketId) -> None:
        """Ana closes, with a solution where nothing else tells who it was."""
        if self.kind == "glpi":
            self.office.set_status(int(id), 6, by=AGENT)
        else:
            self.office.add_solution(int(id), "<p>No procede.</p>", by=AGENT)

    def reopen(self, id: TicketId) -> None:
        """Ana opens it again."""
        self.office.set_status(int(id), 2, by=AGENT)

    def fields(self, case: CaseNumber) -> TicketFields:
        """As the one followup that shows them says."""
        (ticket,) = self.office.of_case(case)
        texts = [unmarked(each.content) for each in self.office.followups.values() if each.ticket == ticket.id]
        (shown,) = [text for text, mark in texts if mark.endswith("» estado]")]
        values = dict(line.split(": ", 1) for line in shown.split("\n"))
        due = values.get("Vence")
        return TicketFields(
            values["Estado"],
            values.get("Cuenta", ""),
            values.get("Dependencia", ""),
            values.get("En espera de", ""),
            datetime.strptime(due, "%d/%m/%Y %H:%M").replace(tzinfo=BOGOTA).astimezone(UTC) if due else None,
        )

    def expire(self) -> None:
        """End every session and token."""
        self.legacy.expire()
        self.high.expire()

    @property
    def begun(self) -> int:
        """How many sessions or tokens were given."""
        return self.legacy.begun + self.high.granted

    @property
    def writes(self) -> list[str]:
        """Calls that could change GLPI; beginning a session is none."""
        session = ("POST token", "POST changeActiveEntities")
        return [call for call in self.server.calls if not call.startswith(("GET", *session))]

    @property
    def creates(self) -> str:
        """How the call that opens a ticket begins."""
        return "POST Ticket" if self.kind == "glpi" else "POST v2/Assistance/Ticket"
