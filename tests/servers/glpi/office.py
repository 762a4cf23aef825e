"""What stands behind both interfaces: tickets, people and rights, with GLPI's own rules.

Built from GLPI's documentation and source (apirest.md; src/CommonITILObject.php, Ticket.php, ITILFollowup.php,
ITILSolution.php): a description in code of what is documented, never run beside a live GLPI.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

OWN_USER = 7
AGENT = 12
BOSS = 20
WATCHER = 30

ALL_TICKET_RIGHTS = 1 | 2 | 4 | 1024 | 8192
ALL_FOLLOWUP_RIGHTS = 1 | 2 | 4 | 4096 | 8192
READ_ALL = 1024


class Declined(Exception):
    """GLPI's own no to a write: `add` or `update` returned false, with this message for the user."""


@dataclass
class Person:
    """A user of GLPI."""

    id: int
    name: str
    firstname: str = ""
    realname: str = ""
    emails: tuple[str, ...] = ()


@dataclass
class Entry:
    """A followup or a solution. `status` of a solution: 2 waiting, 3 accepted, 4 refused."""

    id: int
    ticket: int
    content: str
    author: int
    at: datetime
    is_private: bool = False
    status: int = 2


@dataclass
class Actor:
    """Who stands on a ticket; `kind` 1 is the requester."""

    user: int
    kind: int
    email: str = ""
    use_notification: int = 1


@dataclass
class TicketRecord:
    """A row of `glpi_tickets`."""

    id: int
    name: str
    content: str
    externalid: str
    entity: int
    category: int
    changed: datetime
    status: int = 1
    is_deleted: bool = False
    last_updater: int = OWN_USER
    recipient: int = OWN_USER
    """Who opened it: whoever is logged in, whatever the request says."""
    actors: list[Actor] = field(default_factory=list)


@dataclass
class Office:
    """One GLPI. `clock` gives aware UTC. Everything is done under `lock`."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ticket_rights: int = ALL_TICKET_RIGHTS
    followup_rights: int = ALL_FOLLOWUP_RIGHTS
    interface: str = "central"
    reads_users: bool = True
    closes_at_once: bool = False
    """The entity's autoclose delay is 0: a solution closes the ticket instead of solving it."""
    keeps_status: bool = False
    """A read-only field of the ticket's template: the state is left as it is, and the answer is success."""
    entities: frozenset[int] = frozenset({0, 3})
    hidden: set[int] = field(default_factory=set)
    """Tickets that the account does not see."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    people: dict[int, Person] = field(default_factory=dict)
    tickets: dict[int, TicketRecord] = field(default_factory=dict)
    followups: dict[int, Entry] = field(default_factory=dict)
    solutions: dict[int, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for person in (
            Person(OWN_USER, "gestion.usuarios"),
            Person(AGENT, "aagente", "Ana", "Agente", ("ana@entidad.gov.co",)),
            Person(WATCHER, "copia"),
            Person(BOSS, "jefe", "Jaime", "Efe", ("jefe@entidad.gov.co", "JEFE@otro.gov.co")),
        ):
            self.people[person.id] = person
        self.open_by_hand("Impresora sin tinta")

    def open_by_hand(self, name: str, externalid: str = "") -> TicketRecord:
        """A ticket that an agent opened."""
        ticket = self.add_ticket(name, f"<p>{name}</p>", externalid, by=AGENT)
        ticket.last_updater = AGENT
        return ticket

    def add_ticket(
        self, name: str, content: str, externalid: str, *, entity: int = 0, category: int = 0, by: int = OWN_USER
    ) -> TicketRecord:
        """`Ticket::add`: no key is unique; the title is trimmed and cut to 255 characters in silence."""
        with self.lock:
            number = max(self.tickets, default=0) + 1
            ticket = TicketRecord(
                number, name.lstrip()[:255], content.lstrip(), externalid[:255], entity, category, self.clock(), last_updater=by
            )
            ticket.recipient = by
            self.tickets[number] = ticket
            return ticket

    def set_status(self, number: int, status: int, *, by: int = OWN_USER) -> None:
        """`Ticket::update` of the state: opening again marks the last solution as refused."""
        with self.lock:
            ticket = self.tickets[number]
            if self.keeps_status and by == OWN_USER:
                return
            if ticket.status in {5, 6} and status not in {5, 6}:
                mine = [each for each in self.solutions.values() if each.ticket == number]
                if mine:
                    mine[-1].status = 4
            ticket.status = status
            self.touch(ticket, by)

    def touch(self, ticket: TicketRecord, by: int) -> None:
        """`date_mod` and the last updater."""
        ticket.changed, ticket.last_updater = self.clock(), by

    def add_followup(self, number: int, content: str, *, is_private: bool, by: int = OWN_USER) -> Entry:
        """`ITILFollowup::add`: what a requester writes opens a waiting, solved or closed ticket again (needReopen)."""
        with self.lock:
            if not content:
                raise Declined("No puede agregar un seguimiento sin descripción")
            ticket = self.tickets[number]
            entry = Entry(max(self.followups, default=0) + 1, number, content, by, self.clock(), is_private)
            self.followups[entry.id] = entry
            ticket.changed = self.clock()
            requesters = {each.user for each in ticket.actors if each.kind == 1}
            if by in requesters and ticket.status in {4, 5, 6}:
                self.set_status(number, 1, by=by)
            return entry

    def add_solution(self, number: int, content: str, *, by: int = OWN_USER) -> Entry:
        """`ITILSolution::add`: refused on what is solved; sets the state to solved, or closed where it closes at once."""
        with self.lock:
            ticket = self.tickets[number]
            if ticket.status in {5, 6}:
                raise Declined("El elemento ya está resuelto, ¿alguien envió una solución antes que usted?")
            entry = Entry(max(self.solutions, default=0) + 1, number, content, by, self.clock())
            entry.status = 3 if self.closes_at_once else 2
            self.solutions[entry.id] = entry
            self.set_status(number, 6 if self.closes_at_once else 5, by=by)
            return entry

    def sees(self, ticket: TicketRecord) -> bool:
        """Whether the account may read it."""
        return bool(self.ticket_rights & READ_ALL) and ticket.id not in self.hidden

    def entries(self, kind: dict[int, Entry], number: int) -> list[Entry]:
        """Those of one ticket; private ones only with the right to see them."""
        mine = [each for each in kind.values() if each.ticket == number]
        return [each for each in mine if not each.is_private or self.followup_rights & 8192]

    def of_case(self, externalid: str) -> list[TicketRecord]:
        """Every ticket with this key, for the tests."""
        return [each for each in self.tickets.values() if each.externalid == externalid]
