"""What people of the desk do on the ticket in their own tool, and what it is worth: it is told, and at the most it asks for a
look. It approves, confirms, cancels and undoes nothing (docs/decisions/0026-words-in-the-ticket-tool.md).
"""

from typing import assert_never

from provision.procedure.desk import needs_attention
from provision.procedure.model import Entry, EntryKind, Request, State, TicketTouch, TicketTouched

REPLY_TITLE = "Respuesta en el ticket"
"""Of the line that tells a reply: it is not noted on the ticket it came from."""

Told = tuple[Request, list[Entry]]


def touched(request: Request, touch: TicketTouched) -> Told:
    """A line of the story, also of a closed request; an open case whose ticket a person closed needs attention."""
    match touch.what:
        case TicketTouch.REPLIED:
            return request, [Entry(REPLY_TITLE, f"{touch.by}: {touch.text}", EntryKind.DESK)]
        case TicketTouch.CLOSED:
            return _closed(request, touch.by)
        case TicketTouch.REOPENED:
            detail = "El caso ya se atendió y no cambia por eso. Si algo quedó mal, que se pida la operación que lo corrige."
            return request, [Entry("Reabrieron el ticket", detail, EntryKind.DESK)]
        case _ as never:
            assert_never(never)


def _closed(request: Request, by: str) -> Told:
    if request.state.closed or request.attended_at is not None or request.state is State.NEEDS_ATTENTION:
        return request, [Entry("Cerraron el ticket", f"{by}, en la herramienta de la mesa.", EntryKind.DESK)]
    reason = (
        f"{by} cerró el ticket en la herramienta de la mesa, pero el caso sigue sin terminar. "
        "En el tablero elija «Reintentar» para continuarlo (el ticket se reabre) o «Cancelar» para terminarlo."
    )
    return needs_attention(request, reason), [Entry("Cerraron el ticket", reason, EntryKind.PROBLEM)]
