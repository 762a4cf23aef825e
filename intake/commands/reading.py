"""`list` and `show`: what the journal knows, for an operator or an auditor. Personal data yes; passwords it never had."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from config.errors import CannotRun
from config.vocabulary import OPERATION_LABELS
from intake.commands.cases import case_called, state_called
from intake.commands.documents import instant, request_document
from intake.commands.installation import records
from intake.commands.invocation import Invocation
from intake.commands.story import say_story, story_document
from intake.described import unit_of, user_of
from intake.output import Json, table
from intake.show import local, sla_text
from intake.typed_text import folded, quoted
from provision.journal.views import Shown
from provision.procedure import sla
from provision.procedure.model import Request
from provision.procedure.steps import Rules

_NEVER = datetime.max.replace(tzinfo=UTC)


def list_command(
    invocation: Invocation,
    config: str | None,
    *,
    only_open: bool = False,
    states: list[str],
    contains: str = "",
    sort: str = "caso",
) -> int:
    """A table of requests, or a document. Raises CannotRun when there is no journal, or an option is not understood."""
    wanted = [state_called(typed) for typed in states]
    order = ORDERS.get(folded(sort))
    if order is None:
        raise CannotRun(f"No se puede ordenar por {quoted(sort)}.", remedy=f"--sort puede ser: {', '.join(ORDERS)}.")
    with records(invocation.load(config), invocation.clock) as known:
        found = [
            shown
            for shown in known.views.cases(only_open=only_open, states=wanted)
            if folded(contains) in _searched(shown.request)
        ]
        found.sort(key=lambda shown: order(shown, known.rules))
        invocation.output.document({"requests": [_document(shown, known.rules) for shown in found]})
        if invocation.output.as_json:
            return 0
        if not found:
            filtered = only_open or wanted or contains
            invocation.output.line("Ninguna solicitud es así." if filtered else "Aún no hay solicitudes en el registro.")
            return 0
        kept = range(len(COLUMNS)) if invocation.output.width >= WIDE else NARROW_COLUMNS
        rows = [_row(shown, known.rules) for shown in found]
        invocation.output.draw(table([COLUMNS[at] for at in kept], [[row[at] for at in kept] for row in rows]))
        invocation.output.note(f"{len(found)} {'solicitud' if len(found) == 1 else 'solicitudes'}.")
    return 0


COLUMNS = ("Caso", "Recibido", "Operación", "Usuario", "Cuenta", "Estado", "Vence", "SLA")
NARROW_COLUMNS = (0, 3, 5, 7)
"""The columns that a terminal narrower than WIDE characters shows: case, user, state and SLA."""
WIDE = 140


def _due(shown: Shown, rules: Rules) -> datetime:
    due_at = None if shown.request.state.closed else sla.measure(shown.request, rules).due_at
    return due_at or _NEVER


ORDERS: Mapping[str, Callable[[Shown, Rules], tuple[object, ...]]] = {
    "caso": lambda shown, rules: (shown.request.case,),
    "vence": lambda shown, rules: (_due(shown, rules), shown.request.case),
    "estado": lambda shown, rules: (shown.request.state.label, shown.request.case),
    "actualizado": lambda shown, rules: (shown.updated_at, shown.request.case),
}


def _searched(request: Request) -> str:
    """Everything a person would look a request up by, as it is compared: without case, accents or punctuation."""
    content, facts = request.content, request.facts
    person = getattr(content, "person", None)
    contract = getattr(content, "contract", None)
    parts = (
        request.case,
        request.requester,
        user_of(request),
        unit_of(request),
        OPERATION_LABELS[content.operation] if content.operation else "",
        getattr(person, "document_number", "") or getattr(content, "document_number", ""),
        getattr(contract, "number", ""),
        getattr(content, "personal_email", ""),
        getattr(content, "supervisor_email", ""),
        getattr(content, "owner_email", ""),
        facts.login,
        facts.mail_address,
        facts.existing_login,
        facts.ticket,
        request.reason,
    )
    return folded(" · ".join(part for part in parts if part))


def _row(shown: Shown, rules: Rules) -> tuple[str, ...]:
    request = shown.request
    waiting = request.waiting_for.label if request.waiting_for and not request.state.closed else ""
    due = _due(shown, rules)
    return (
        request.case,
        local(request.received_at, rules),
        OPERATION_LABELS[request.content.operation] if request.content.operation else "(sin determinar)",
        user_of(request),
        request.facts.login or request.facts.existing_login or "",
        f"{request.state.label}: {waiting}" if waiting else request.state.label,
        "" if due == _NEVER else local(due, rules),
        sla_text(request, rules),
    )


def _document(shown: Shown, rules: Rules) -> dict[str, Json]:
    due = _due(shown, rules)
    return {
        **request_document(shown.request),
        "updated_at": instant(shown.updated_at),
        "due_at": instant(None if due == _NEVER else due),
        "sla": shown.request.sla.value,
    }


def show_command(invocation: Invocation, config: str | None, case: str) -> int:
    """The whole story of one case. Raises CannotRun when there is no such case."""
    with records(invocation.load(config), invocation.clock) as known:
        story = known.views.story(case_called(case, known.views))
        invocation.output.document(story_document(story, known.rules))
        if not invocation.output.as_json:
            say_story(invocation.output, story, known.rules)
    return 0
