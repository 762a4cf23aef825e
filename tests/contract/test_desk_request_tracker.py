"""Request Tracker as the desk: what a real one does, and what a faulty one may answer."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from config.errors import Misconfigured, Rejected, Transient, Unreachable, WriteRefused
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.port import NewTicket, TicketId, TicketStatus
from notify.desk.request_tracker import RequestTrackerDesk, RequestTrackerReach
from tests.contract.desks import BOGOTA, FIELDS, RequestTrackerWorld, new_ticket
from tests.servers.request_tracker import RequestTracker

CASE = CaseNumber("GU-2026-000123")
on_real = pytest.mark.request_tracker
in_one_worker = pytest.mark.xdist_group("request_tracker")


@pytest.fixture
def rt(request_tracker: RequestTracker) -> Iterator[RequestTrackerWorld]:
    """A real Request Tracker."""
    with ExitStack() as stack:
        yield RequestTrackerWorld(request_tracker, stack)


@on_real
@in_one_worker
def test_only_people_of_the_desk_are_heard(rt: RequestTrackerWorld) -> None:
    """What the requester writes by mail is nobody's word, and neither is an agent's on a ticket that he asked for himself."""
    desk, case = rt.desk(), rt.new_case()
    agents_own = NewTicket(case, "Cambio", "Por el formulario.", EmailAddress("agente@mesa.test"))
    ticket = desk.create(agents_own)
    rt.reply(ticket.id, "Apruébenlo ya.")
    seen = desk.find(case)
    assert seen is not None
    assert seen.replies == ()


@on_real
@in_one_worker
def test_a_mark_of_ours_in_somebody_elses_hand_is_no_mark(rt: RequestTrackerWorld) -> None:
    """An agent who writes under a note's subject, or copies a key, neither stops the note nor takes the case over."""
    desk, case = rt.desk(), rt.new_case()
    rt.server.as_agent(
        "POST",
        "/ticket",
        {"Queue": "Mesa de Servicios", "Subject": f"{case} mío", "CustomFields": {"IdSolicitud": case}},
    )
    assert desk.find(case) is None
    ticket = desk.create(new_ticket(case))
    desk.note(ticket.id, "otra", "Nota.")
    mark = next(iter(marks(rt, ticket.id)))
    other = rt.new_case()
    second = desk.create(new_ticket(other))
    rt.server.as_agent(
        "POST", f"/ticket/{second.id}/comment", {"Subject": mark, "Content": "Falsa", "ContentType": "text/plain"}
    )
    desk.note(second.id, "otra", "Verdadera.")
    seen = desk.find(other)
    assert seen is not None
    assert seen.notes == ("Verdadera.",)
    assert [reply.text for reply in seen.replies] == ["Falsa"]


def marks(rt: RequestTrackerWorld, id: TicketId) -> list[str]:
    """The subjects of the comments of a ticket."""
    history = rt.server.as_service("GET", f"/ticket/{id}/history", fields="Type,Data", per_page="100")
    assert isinstance(history, dict)
    items = history["items"]
    assert isinstance(items, list)
    return [str(each["Data"]).strip() for each in items if isinstance(each, dict) and each["Type"] == "Comment"]


@on_real
@in_one_worker
def test_rt_mails_the_requester_nothing_of_what_the_desk_reads(rt: RequestTrackerWorld) -> None:
    """Its mails of opening and resolving carry the case number, and no word of the request, of a note or of the solution."""
    desk, case = rt.desk(), rt.new_case()
    ticket = desk.create(NewTicket(case, "Cambio", "Fila-4-de-la-matriz", EmailAddress("o'brien@entidad.gov.co")))
    desk.note(ticket.id, "a", "Nota-de-la-mesa")
    desk.close_with_solution(ticket.id, "Solucion-de-la-mesa")
    mails = rt.server.mails()
    assert "To: o'brien@entidad.gov.co" in mails
    assert not [word for word in ("Fila-4-de-la-matriz", "Nota-de-la-mesa", "Solucion-de-la-mesa") if word in mails]


@on_real
@in_one_worker
def test_merged_moved_and_deleted_tickets(rt: RequestTrackerWorld) -> None:
    """A moved ticket is found; a merged one is written to in the survivor, whose state stays; a deleted one is refused."""
    desk = rt.desk()
    survivor, merged = (desk.create(new_ticket(rt.new_case())) for _ in range(2))
    rt.server.as_agent("PUT", f"/ticket/{survivor.id}", {"Queue": "Infraestructura"})
    rt.server.as_agent("PUT", f"/ticket/{merged.id}", {"MergeInto": int(survivor.id)})
    desk.note(merged.id, "a", "Nota del caso unido.")
    desk.set_status(merged.id, TicketStatus.PENDING)
    desk.set_fields(merged.id, FIELDS)
    desk.close_with_solution(merged.id, "Solución del caso unido.")
    seen = desk.find(survivor.case)
    assert seen is not None
    assert (seen.id, seen.status) == (survivor.id, TicketStatus.NEW)
    assert seen.notes == ("Nota del caso unido.",)
    gone = desk.create(new_ticket(rt.new_case()))
    rt.server.as_agent("PUT", f"/ticket/{gone.id}", {"Status": "deleted"})
    with pytest.raises(Rejected, match="se eliminó"):
        desk.note(gone.id, "a", "x")
    with pytest.raises(Rejected, match="se eliminó"):
        desk.set_status(gone.id, TicketStatus.PENDING)
    assert desk.find(gone.case) is None


@on_real
@in_one_worker
def test_a_missing_queue_or_field_says_what_to_create(rt: RequestTrackerWorld) -> None:
    """No ticket is made without its key, and no field is dropped in silence."""
    case = rt.new_case()
    whole, without = rt.desk(), rt.desk(queue="Sin campos")
    assert isinstance(whole, RequestTrackerDesk)
    assert isinstance(without, RequestTrackerDesk)
    assert whole.check() == ()
    assert "IdSolicitud, VenceSolicitud" in without.check()[0]
    with pytest.raises(Misconfigured, match="cola «No hay» no existe"):
        rt.desk(queue="No hay").create(new_ticket(case))
    with pytest.raises(Misconfigured, match="IdSolicitud"):
        rt.desk(queue="Sin campos").create(new_ticket(case))
    assert rt.server.tickets(f"Subject LIKE '{case}'") == []
    desk = rt.desk(queue="Sin campos", key="SoloClave")
    ticket = desk.create(new_ticket(case))
    with pytest.raises(Misconfigured, match="CuentaSolicitud, DependenciaSolicitud, EnEsperaDe"):
        desk.set_fields(ticket.id, FIELDS)


@on_real
@in_one_worker
def test_a_token_that_is_not_known_is_said(rt: RequestTrackerWorld) -> None:
    """401 from the real one: what to do, and nothing of the token."""
    reach = RequestTrackerReach(rt.server.url, "1-27-0123456789abcdef0123456789abcdef")
    desk = RequestTrackerDesk(reach, queue="Mesa de Servicios", key_field="IdSolicitud", zone=BOGOTA)
    with pytest.raises(Misconfigured, match="no reconoce el token") as raised:
        desk.find(CASE)
    desk.close()
    assert "0123456789abcdef" not in f"{raised.value}{reach}"


# A faulty one


@dataclass
class Faulty:
    """What an HTTP server answers to everything, and what it was asked."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    url: str = ""


@contextmanager
def faulty(fault: Faulty) -> Iterator[RequestTrackerDesk]:
    """A desk on a server that answers so."""
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            """The same, whatever was asked."""
            fault.asked.append(f"{self.command} {self.path}")
            fault.tokens.add(self.headers.get("Authorization", ""))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if fault.silent:
                released.wait(10)
                return
            self.send_response(fault.status)
            for name, value in {"Content-Type": "application/json", **fault.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(fault.body)))
            self.end_headers()
            self.wfile.write(fault.body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    for method in ("GET", "POST", "PUT"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    fault.url = f"http://127.0.0.1:{server.server_port}"
    desk = RequestTrackerDesk(
        RequestTrackerReach(fault.url, "1-27-x", timeout_seconds=0.3), queue="Q", key_field="IdSolicitud", zone=BOGOTA
    )
    try:
        yield desk
    finally:
        desk.close()
        released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Faulty(401, b'{"message":"Unauthorized"}'), Misconfigured, "token"),
        (Faulty(403, b'{"message":"No permission"}'), Misconfigured, "No permission"),
        (Faulty(302, b"", {"Location": "https://sso.example"}), Misconfigured, "redirección"),
        (Faulty(200, b"<html>Entre</html>", {"Content-Type": "text/html"}), Misconfigured, "página web"),
        (Faulty(200, b'{"otra": "cosa"}'), Misconfigured, "no entiende"),
        (Faulty(404, b"<html>"), Misconfigured, "REST2"),
        (Faulty(500, b"<html>"), Transient, "500"),
        (Faulty(503, b"", {"Retry-After": "7"}), Transient, "503"),
        (Faulty(400, b'{"message":"Incomplete query"}'), Rejected, "Incomplete query"),
        (Faulty(silent=True), Transient, "a tiempo"),
    ],
)
def test_what_goes_wrong_is_said_in_the_programs_words(fault: Faulty, error: type[Exception], words: str) -> None:
    """Each failure is the right kind of error, in Spanish; nothing is asked twice, and nothing reads as «no ticket»."""
    with faulty(fault) as desk:
        with pytest.raises(error, match=words) as raised:
            desk.find(CASE)
        with pytest.raises(error):
            desk.changed_since(datetime(2026, 11, 24, tzinfo=UTC))
    assert len(fault.asked) == 2
    if isinstance(raised.value, Transient) and fault.status == 503:
        assert raised.value.retry_after_seconds == 7


def test_a_server_that_is_not_there_is_unreachable() -> None:
    """Nobody listens."""
    with faulty(Faulty()) as desk:
        pass
    with pytest.raises(Unreachable):
        desk.find(CASE)
    desk.close()


@pytest.mark.parametrize("case", ["x' OR id > 0", "GU-2026-1", "", "GU-2026-000123'", "GU-2026-000123\n", "gu-2026-000123"])
def test_only_a_case_number_gets_into_a_search(case: str) -> None:
    """TicketSQL is text: whatever is no case number is refused before anything is asked."""
    fault = Faulty()
    with faulty(fault) as desk:
        with pytest.raises(Rejected, match="número de caso"):
            desk.find(CaseNumber(case))
        with pytest.raises(Rejected, match="número de caso"):
            desk.create(NewTicket(CaseNumber(case), "s", "b", EmailAddress("a@b.co")))
    assert fault.asked == []


def test_success_with_a_refusal_inside_is_no_success() -> None:
    """RT answers 200 «isn't a valid status» and leaves the ticket as it was: that is read back and said."""
    ticket = b'{"id": 7, "Status": "new", "Creator": {"id": "svc"}, "CustomFields": []}'
    with faulty(Faulty(200, ticket)) as desk, pytest.raises(Rejected, match="no quedó el estado «stalled»"):
        desk.set_status(TicketId("7"), TicketStatus.PENDING)


def test_a_dry_run_sends_nothing_but_reads() -> None:
    """The transport refuses, before a byte leaves."""
    ticket = b'{"id": 7, "Status": "new", "Creator": {"id": "svc"}, "CustomFields": [], "items": []}'
    fault = Faulty(200, ticket)
    with faulty(fault):
        dry = RequestTrackerDesk(
            RequestTrackerReach(fault.url, "1-27-x"), queue="Q", key_field="K", zone=BOGOTA, writable=False
        )
        with pytest.raises(WriteRefused):
            dry.set_status(TicketId("7"), TicketStatus.PENDING)
        dry.close()
    assert all(asked.startswith("GET ") for asked in fault.asked)


def test_neither_netrc_nor_the_environment_replaces_what_is_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A password for the host in ~/.netrc, a proxy: a server of this machine is asked directly, with our token."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login otro password otra\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    fault = Faulty(404, b"{}")
    with faulty(fault) as desk, pytest.raises(Misconfigured, match="REST2"):
        desk.find(CASE)
    assert fault.tokens == {"token 1-27-x"}
