"""From settings to the adapters on the requests' side: the form, the authorizer matrix, the board."""

from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from config.dates import local_date
from config.settings_intake import BoardByGoogle, BoardByXlsx, FormByCsv, FormByGoogle, MatrixByCsv, MatrixBySheet
from intake.wiring_fields import by_field
from provision.journal.views import Memory

if TYPE_CHECKING:
    from google.oauth2.service_account import Credentials

    from intake.board.port import Board
    from intake.forms.port import FormSource
    from intake.matrix import Matrix
    from intake.wiring import Installation


def google_of(installation: "Installation", section: FormByGoogle | MatrixBySheet | BoardByGoogle) -> "Credentials":
    """One set of credentials, and so one token a run, for each account named in the settings."""
    from intake.google_access import google_credentials

    identity = (section.key_file, section.subject, section.token_uri)
    if identity not in installation.google_identities:
        key_file, subject, token_uri = identity
        installation.google_identities[identity] = google_credentials(key_file, subject, token_uri=token_uri)
    return installation.google_identities[identity]


def source_of(installation: "Installation") -> "FormSource":
    """Where responses come from."""
    section = installation.settings.form
    match section:
        case FormByGoogle():
            from intake.forms.google import GoogleForm
            from intake.forms.questions import BoundQuestion

            return GoogleForm(
                section.form_id,
                {question: BoundQuestion(bound.id, bound.title) for question, bound in by_field(section.questions).items()},
                google_of(installation, section),
                attend_since=section.attend_since,
                endpoint=section.endpoint,
                overlap=timedelta(minutes=section.overlap_minutes),
                sweep_every=timedelta(hours=section.sweep_hours),
                timeout_seconds=section.timeout_seconds,
            )
        case FormByCsv():
            from intake.forms.csv_export import CsvExport
            from intake.forms.questions import DEFAULT_HEADERS

            headers = {**DEFAULT_HEADERS, **by_field(section.headers)}
            return CsvExport(section.path, section.vouched_by, headers, installation.policy.zone, form_id=section.form_id)
        case _ as never:
            assert_never(never)


def matrix_of(installation: "Installation") -> "Matrix":
    """The authorizer matrix, read and validated whole."""
    from intake.matrix import load_matrix

    section = installation.settings.matrix
    match section:
        case MatrixByCsv():
            from intake.matrix_file import CsvMatrix

            return load_matrix(CsvMatrix(section.path), installation.policy)
        case MatrixBySheet():
            from intake.matrix_sheet import SheetMatrix

            sheet = SheetMatrix(
                section.spreadsheet_id,
                section.tab,
                google_of(installation, section),
                endpoint=section.endpoint,
                timeout_seconds=section.timeout_seconds,
            )
            return load_matrix(sheet, installation.policy)
        case _ as never:
            assert_never(never)


def board_of(installation: "Installation") -> "Board":
    """Where requests are shown."""
    section = installation.settings.board
    match section:
        case BoardByXlsx():
            from intake.board.xlsx import XlsxBoard

            title = f"Gestión de Usuarios · {installation.policy.short_name}"
            return XlsxBoard(
                section.path,
                zone=installation.policy.zone,
                title=title,
                writable=installation.writable,
                today=lambda: local_date(installation.clock(), installation.policy.zone),
            )
        case BoardByGoogle():
            from intake.board.google_sheet import GoogleSheetBoard

            return GoogleSheetBoard(
                section.spreadsheet_id,
                google_of(installation, section),
                memory=Memory(installation.journal),
                zone=installation.policy.zone,
                endpoint=section.endpoint,
                responses_gid=section.responses_gid,
                writable=installation.writable,
                timeout_seconds=section.timeout_seconds,
                today=lambda: local_date(installation.clock(), installation.policy.zone),
            )
        case _ as never:
            assert_never(never)
