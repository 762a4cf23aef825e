"""The Google Sheet board: what a run costs, what goes wrong between us and Google, and what an agent does meanwhile."""

import ssl
from pathlib import Path

import pytest

from config.errors import CannotRun, Misconfigured, Transient, Unreachable, WriteRefused
from intake.board.google_sheet import GoogleSheetBoard
from intake.board.port import MISPLACED, RequestedAction
from intake.board.tracking_look import FILTER_VIEWS, LOOK
from intake.board.tracking_tab import HIDDEN, LAYOUT
from tests.contract.boards import BOGOTA, BOOK, GoogleStage, board_row, case_number
from tests.servers.google.faults import (
    TOKEN,
    Cut,
    ErrorReply,
    RawReply,
    Slow,
    Truncated,
    bad_gateway,
    forbidden,
    rate_limited,
    unavailable,
)
from tests.servers.google.grid import SheetTab
from tests.servers.google.server import FakeGoogle

READ, WRITE, INFO, CHANGE = "values.batchGet", "batchUpdate", "get", "batchUpdate"
PREFIX = "sheets.spreadsheets."


@pytest.fixture
def stage(fake_google: FakeGoogle, key_file: Path) -> GoogleStage:
    """A spreadsheet with the form's tab and nothing else."""
    return GoogleStage(fake_google, key_file)


@pytest.fixture
def shown(stage: GoogleStage) -> GoogleStage:
    """A board with ten cases, and nothing counted yet."""
    stage.open().write([board_row(number) for number in range(1, 11)])
    stage.calls()
    return stage


def _run(stage: GoogleStage, numbers: range, **changes: str) -> list[str]:
    board = stage.open()
    board.read()
    board.write([board_row(number, **changes) for number in numbers])
    board.close()
    return stage.calls()


def test_one_request_costs_one_read_and_one_write(shown: GoogleStage) -> None:
    """A run that shows one new request makes two calls."""
    assert _run(shown, range(11, 12)) == [READ, WRITE]


def test_a_hundred_requests_cost_the_same(shown: GoogleStage) -> None:
    """A run that shows a hundred new requests, and updates ten, makes the same two calls."""
    assert _run(shown, range(1, 111), state="Terminada") == [READ, WRITE]
    assert len(shown.rows()) == 110


def test_making_the_tab_costs_more_calls_once(stage: GoogleStage) -> None:
    """The first run asks what tabs there are, and makes its own; the second one is as cheap as all others."""
    assert _run(stage, range(1, 3)) == [INFO, READ, INFO, CHANGE, WRITE]
    assert _run(stage, range(3, 5)) == [READ, WRITE]


def test_a_new_tab_is_ready_for_the_desk(stage: GoogleStage) -> None:
    """The header is frozen, choices, colours and the filter are there, and a tab of answers is untouched."""
    answers = stage.responses.table()
    stage.open().write([board_row(1)])
    tab = stage.tracking
    assert (tab.frozen_rows, tab.frozen_columns, tab.rows, tab.columns) == (1, 1, 1000, len(LAYOUT))
    assert tab.basic_filter is not None
    assert [view["title"] for view in tab.filter_views.values()] == [title for title, _, _ in FILTER_VIEWS]
    assert all(protection["warningOnly"] for protection in tab.protections.values())
    assert tab.hidden_columns == {LAYOUT.index(header) + 1 for header in HIDDEN}
    assert [mark["metadataValue"] for mark in tab.metadata.values()] == [LOOK]
    assert stage.responses.table() == answers


def test_an_empty_tab_made_by_hand_becomes_the_board(stage: GoogleStage) -> None:
    """A tab that somebody added, spelt otherwise and too small, is furnished and used."""
    tab = stage.book.add(SheetTab(5, "seguimiento", rows=3, columns=4))
    stage.open().write([board_row(number) for number in range(1, 6)])
    stage.open().write([board_row(number) for number in range(1, 7)])
    assert len(tab.table()) == 7
    assert len(stage.book.tabs) == 2


def test_a_gid_that_is_taken_is_not_asked_for(stage: GoogleStage) -> None:
    """A tab that happens to have our number does not keep the board from being made."""
    stage.book.add(SheetTab(1_867_090_701, "Otra"))
    stage.open().write([board_row(1)])
    assert len(stage.rows()) == 1


def test_a_note_below_the_table_is_not_written_over(shown: GoogleStage) -> None:
    """New cases go below the last row with anything in it, whatever the column."""
    shown.tracking.put(15, 8, "Pendiente de la reunión")
    shown.tracking.put(14, 1, "Total")
    shown.open().write([board_row(20)])
    assert shown.tracking.table()[14][7] == "Pendiente de la reunión"
    assert shown.row_of(case_number(20)) == 16


def test_a_password_in_netrc_is_not_sent(shown: GoogleStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine's ~/.netrc does not replace the token."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login x password y\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    assert shown.open().read() == ()


def test_a_huge_write_goes_in_parts(shown: GoogleStage) -> None:
    """Requests stay near the size that Google advises, and together they are the whole board."""
    shown.open().write([board_row(number, detail="ñ" * 40_000) for number in range(1, 31)])
    assert shown.calls().count(WRITE) == 2
    assert len(shown.rows()) == 30


def test_the_grid_grows_by_a_thousand_rows(shown: GoogleStage) -> None:
    """When the grid is full it grows once for the next thousand requests."""
    shown.tracking.rows = 11
    assert _run(shown, range(11, 14)) == [READ, CHANGE, WRITE]
    assert _run(shown, range(14, 114)) == [READ, WRITE]
    assert len(shown.rows()) == 113


def test_no_token_is_fetched_twice(shown: GoogleStage) -> None:
    """The credentials are shared: a second board uses the same token."""
    shown.open().read()
    shown.open().read()
    assert [call for call in shown.google.calls if call.method_id == TOKEN] == []


def test_positions_read_a_minute_ago_are_read_again(shown: GoogleStage) -> None:
    """An agent who sorted since then is seen, because old positions are not trusted."""
    board = shown.open()
    board.read()
    shown.now += 61
    shown.reverse()
    board.write([board_row(1, state="Terminada")])
    assert shown.calls() == [READ, READ, WRITE]
    assert {row["Caso"]: row["Estado"] for row in shown.rows()}[case_number(1)] == "Terminada"
    assert len(shown.rows()) == 10


def test_an_action_changed_after_the_read_is_not_cleared(shown: GoogleStage) -> None:
    """What the desk chose after this run read the board is taken by the next run, not lost."""
    shown.choose(case_number(1), "Aprobar")
    board = shown.open()
    board.read()
    shown.now += 61
    shown.choose(case_number(1), "Rechazar")
    board.write([board_row(1, action_taken=True)])
    assert [action.action for action in shown.open().read()] == ["Rechazar"]


def test_a_sort_between_read_and_write_is_found_out(shown: GoogleStage) -> None:
    """A row written over another is known by its key: no action of it is taken, and every case is put right where it is."""
    shown.choose(case_number(10), "Aprobar")
    board = shown.open()
    board.read()
    shown.api.before_write.append(shown.reverse)
    board.write([board_row(1, state="Terminada")])
    assert [row["Caso"] for row in shown.rows()].count(case_number(1)) == 2
    later = shown.open()
    assert later.read() == (RequestedAction(case_number(10), "Aprobar" + MISPLACED, ""),)
    assert later.misplaced() == (case_number(10),)
    assert later.write([board_row(number, action_taken=number == 10) for number in range(1, 11)]) == ()
    assert [row["Caso"] for row in shown.rows()] == [case_number(number) for number in range(10, 0, -1)]
    assert {row["Estado"] for row in shown.rows()} == {"En trámite"}
    assert all("Acción" not in row for row in shown.rows())


def test_a_busy_google_is_waited_for(shown: GoogleStage) -> None:
    """429 is tried again after as long as Google asks."""
    shown.google.faults.add(PREFIX + READ, rate_limited(7))
    assert shown.open().read() == ()
    assert shown.slept == [7.0]


def test_a_google_that_asks_for_an_hour_is_left_alone(shown: GoogleStage) -> None:
    """A long Retry-After ends the attempt at once, and is passed on."""
    shown.google.faults.add(PREFIX + READ, rate_limited(3600))
    with pytest.raises(Transient) as failure:
        shown.open().read()
    assert failure.value.retry_after_seconds == 3600
    assert shown.slept == []


def test_a_constant_failure_ends_after_three_tries(shown: GoogleStage) -> None:
    """Nothing is tried for ever."""
    shown.google.faults.add(PREFIX + READ, unavailable(), times=9)
    with pytest.raises(Transient, match="HTTP 503"):
        shown.open().read()
    assert shown.calls() == [READ] * 3
    assert shown.slept == [1.0, 2.0]


@pytest.mark.parametrize("fault", [unavailable(applied=True), Cut(0), Cut(5), Truncated(20), bad_gateway()])
def test_a_write_that_failed_after_it_was_done_is_repeated(shown: GoogleStage, fault: ErrorReply | Cut | Truncated) -> None:
    """A write applied and then answered with an error, or not at all, leaves the same sheet when it is repeated."""
    shown.google.faults.add(PREFIX + WRITE, fault)
    assert _run(shown, range(5, 15), state="Terminada") == [READ, WRITE, WRITE]
    assert len(shown.rows()) == 14
    assert [row["Estado"] for row in shown.rows()] == ["En trámite"] * 4 + ["Terminada"] * 10


def test_a_write_that_stays_unanswered_is_shown_by_the_next_run(shown: GoogleStage) -> None:
    """After a failed run, the next one ends in the same sheet as if nothing had happened."""
    shown.google.faults.add(PREFIX + WRITE, unavailable(applied=True), times=3)
    with pytest.raises(Transient):
        _run(shown, range(5, 15))
    _run(shown, range(5, 15))
    assert len(shown.rows()) == 14


@pytest.mark.parametrize("fault", [bad_gateway(), Cut(0), Cut(30), Truncated(40), RawReply(200, b"<html>proxy</html>")])
def test_a_broken_reply_is_never_an_empty_board(shown: GoogleStage, fault: RawReply | Cut | Truncated) -> None:
    """HTML, half a message or a cut connection is an error after three tries."""
    shown.choose(case_number(1), "Aprobar")
    shown.google.faults.add(PREFIX + READ, fault, times=3)
    with pytest.raises((Transient, Unreachable)):
        shown.open().read()
    assert len(shown.open().read()) == 1


def test_a_slow_google_is_given_up(shown: GoogleStage) -> None:
    """No answer within the time limit is a transient failure, three times over."""
    shown.google.faults.add(PREFIX + READ, Slow(1.0), times=3)
    with pytest.raises(Transient, match="tardó"):
        shown.open(timeout_seconds=0.05).read()


def test_a_spreadsheet_that_is_not_shared_says_with_whom(shown: GoogleStage) -> None:
    """403 names the service account to share the sheet with, and is not tried again."""
    shown.google.faults.add(PREFIX + READ, forbidden())
    with pytest.raises(Misconfigured, match=r"Comparta la hoja con gestion@.*como Editor"):
        shown.open().read()
    assert shown.calls() == [READ]


def test_an_api_that_is_off_says_so(shown: GoogleStage) -> None:
    """A project without the Sheets API is told apart from a sheet that is not shared."""
    message = "Google Sheets API has not been used in project 123 before or it is disabled."
    shown.google.faults.add(PREFIX + READ, ErrorReply(403, "PERMISSION_DENIED", message))
    with pytest.raises(Misconfigured, match="Habilite «Google Sheets API»"):
        shown.open().read()


def test_a_spreadsheet_that_does_not_exist_says_so(stage: GoogleStage) -> None:
    """404 points at the identifier in the settings."""
    stage.api.books.clear()
    with pytest.raises(Misconfigured, match="no existe"):
        stage.open().read()


def test_an_expired_token_is_renewed(shown: GoogleStage) -> None:
    """A token ended by an administrator is replaced within the run."""
    shown.google.tokens.revoke_all()
    assert shown.open().read() == ()


def test_a_refused_account_is_said(stage: GoogleStage) -> None:
    """A service account that Google refuses stops the board with what to do."""
    stage.google.faults.add(TOKEN, RawReply(400, b'{"error":"invalid_grant"}', "application/json"), times=9)
    with pytest.raises(Misconfigured, match="invalid_grant"):
        stage.open().read()


def test_a_proxy_page_instead_of_a_token_is_said(stage: GoogleStage) -> None:
    """A page of HTML with status 200 at the token endpoint is an error of ours, not a TypeError."""
    stage.google.faults.add(TOKEN, RawReply(200, b"<html>Inicie sesion</html>"), times=9)
    with pytest.raises(Transient):
        stage.open().read()


def test_nobody_listening_is_unreachable(stage: GoogleStage) -> None:
    """A refused connection is Unreachable, with a hint at the network."""
    stage.open(gid=None).write([board_row(1)])
    url = stage.google.url
    stage.google.stop()
    board = GoogleSheetBoard(
        BOOK, stage.credentials, memory=stage.memory, zone=BOGOTA, endpoint=url, timeout_seconds=2, sleep=stage.slept.append
    )
    with pytest.raises(Unreachable, match="Revise la red"):
        board.read()


def test_an_unencrypted_endpoint_is_refused(stage: GoogleStage) -> None:
    """Tokens never travel over plain http to another machine."""
    with pytest.raises(CannotRun, match="https"):
        GoogleSheetBoard(BOOK, stage.credentials, memory=stage.memory, zone=BOGOTA, endpoint="http://sheets.example.org")


def test_a_dry_run_sends_nothing_but_reads(shown: GoogleStage) -> None:
    """A refused write never leaves the process, and says how much it would have written."""
    board = shown.open(writable=False)
    board.read()
    with pytest.raises(WriteRefused, match="3 cambios en 1 filas"):
        board.write([board_row(1, state="Terminada")])
    assert shown.calls() == [READ]


def test_a_protected_tab_is_said(shown: GoogleStage) -> None:
    """Cells that somebody protected are told apart from other refusals."""
    shown.api.protected.add("Seguimiento")
    with pytest.raises(Misconfigured, match="protegidas"):
        shown.open().write([board_row(1, state="Terminada")])


def test_rows_deleted_while_writing_are_no_disaster(shown: GoogleStage) -> None:
    """A grid that shrank between read and write refuses the write; the next run places everything."""
    shown.api.before_write.append(lambda: setattr(shown.tracking, "rows", 11))
    with pytest.raises(Transient, match="cambió mientras"):
        shown.open().write([board_row(20)])
    shown.open().write([board_row(20)])
    assert len(shown.rows()) == 11


def test_a_tab_deleted_by_an_agent_is_made_again(shown: GoogleStage) -> None:
    """Without "Seguimiento" there are no actions, and the next write makes it."""
    shown.book.tabs.remove(shown.tracking)
    assert shown.open().read() == ()
    shown.open().write([board_row(1), board_row(2)])
    assert len(shown.rows()) == 2


def test_an_unknown_gid_is_said(stage: GoogleStage) -> None:
    """A gid that the spreadsheet does not have points at the settings."""
    with pytest.raises(Misconfigured, match="gid"):
        stage.open(gid=1).read()


def test_a_long_board_is_read_by_its_key_columns(stage: GoogleStage) -> None:
    """On a board of thousands of rows a run stays at two calls, follows a sort and a moved column, and reads little."""
    stage.open().write([board_row(number, detail="d" * 200) for number in range(1, 1601)])
    stage.open().read()
    stage.choose(case_number(7), "Aprobar", "siete")
    stage.calls()
    before = stage.google.bytes_sent
    assert _run(stage, range(1599, 1603), state="Terminada") == [READ, WRITE]
    assert stage.google.bytes_sent - before < 500_000
    stage.move_columns()
    stage.reverse()
    board = stage.open()
    assert [action.note for action in board.read()] == ["siete"]
    board.write([board_row(7, state="Rechazada"), board_row(1700)])
    rows = {row["Caso"]: row for row in stage.rows()}
    assert len(rows) == len(stage.rows()) == 1603
    assert rows[case_number(7)]["Estado"] == "Rechazada"


def test_a_certificate_that_nobody_signed_is_refused(stage: GoogleStage, untrusted_tls: ssl.SSLContext) -> None:
    """A server with an unknown certificate is Misconfigured, and no token reaches it."""
    stage.open().read()
    with FakeGoogle(stage.google.tokens.account, (stage.api,), tls=untrusted_tls) as impostor:
        board = GoogleSheetBoard(
            BOOK, stage.credentials, memory=stage.memory, zone=BOGOTA, endpoint=impostor.url, sleep=stage.slept.append
        )
        with pytest.raises(Misconfigured, match="certificado"):
            board.read()
        assert impostor.calls == []


@pytest.fixture
def untrusted_tls(tmp_path: Path) -> ssl.SSLContext:
    """A context with a certificate for 127.0.0.1 that it signed itself."""
    import ipaddress
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
