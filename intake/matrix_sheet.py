"""The authorizer matrix from a tab of a Google spreadsheet, in one read."""

from google.auth.credentials import Credentials

from config.errors import Misconfigured, Target, Transient, Unreachable
from intake.board.cells import tab_range
from intake.board.sheets_client import BadRequest, SheetsClient


class _TextClient(SheetsClient):
    """The board's client, reading the text that cells show: a document number or a date arrives as somebody sees it."""

    def shown(self, cells: str) -> list[list[str]]:
        reply = self._repeated(
            lambda: self.values_get(
                self._spreadsheet_id, cells, params={"valueRenderOption": "FORMATTED_VALUE", "majorDimension": "ROWS"}
            )
        )
        return [[str(cell) for cell in row] for row in reply.get("values", ())]


class SheetMatrix:
    """One tab, read with one GET. It needs no more than the right to read, and is never written.

    `read` raises Misconfigured, Unreachable or Transient (Target.MATRIX). Nothing is sent before it.
    """

    def __init__(
        self,
        spreadsheet_id: str,
        tab_title: str,
        credentials: Credentials,
        *,
        endpoint: str | None = None,
        timeout_seconds: float = 30,
    ) -> None:
        self._tab_title = tab_title
        self._client = _TextClient(
            spreadsheet_id, credentials, endpoint=endpoint, writable=False, timeout_seconds=timeout_seconds
        )

    def read(self) -> list[list[str]]:
        """The whole tab as the text its cells show; empty rows and cells at the end are left out by Google."""
        try:
            return self._client.shown(tab_range(self._tab_title))
        except BadRequest as error:
            raise Misconfigured(
                Target.MATRIX,
                f"La hoja de cálculo de la matriz no tiene la pestaña «{self._tab_title}».",
                remedy="Corrija el nombre de la pestaña en la configuración, o en la hoja.",
            ) from error
        except Misconfigured as error:
            raise Misconfigured(Target.MATRIX, f"No se pudo leer la matriz: {error.message}", remedy=error.remedy) from error
        except Unreachable as error:
            raise Unreachable(Target.MATRIX, f"No se pudo leer la matriz: {error.message}", remedy=error.remedy) from error
        except Transient as error:
            raise Transient(
                Target.MATRIX,
                f"No se pudo leer la matriz: {error.message}",
                retry_after_seconds=error.retry_after_seconds,
            ) from error
        finally:
            # The matrix is read once a run: no connection is kept open for a second time.
            self._client.close()

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._client.close()
