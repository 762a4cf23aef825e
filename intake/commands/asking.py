"""`retry` and `cancel`: an action left in the journal for the next run, as if the desk had chosen it on the board."""

import os
import pwd

from config.calendar import BusinessCalendar
from config.errors import CannotRun
from config.vocabulary import CaseNumber
from intake.commands.cases import case_called
from intake.commands.installation import journal_to_ask
from intake.commands.invocation import Invocation
from intake.typed_text import clean
from provision.journal.views import Views
from provision.procedure.desk import DeskAction
from provision.procedure.lifecycle import advance
from provision.procedure.model import DeskAsked, Request
from provision.procedure.steps import Rules

LONGEST_REASON = 500


def ask_command(invocation: Invocation, config: str | None, case: str, action: DeskAction, reason: str) -> int:
    """Leave the action; 0 when it was left. Raises CannotRun when the case is closed, unknown, or the action is of no use."""
    settings = invocation.load(config)
    policy = settings.load_policy()
    asked = DeskAsked(action.value, operating_user(), _reason(reason, action))
    with journal_to_ask(settings) as journal:
        views = Views(journal)
        number = case_called(case, views)
        request = views.story(number).shown.request
        now = invocation.clock()
        refuse_useless(request, asked, Rules(policy, BusinessCalendar(policy.business_hours, policy.zone), now))
        if not journal.ask(CaseNumber(number), asked, now, on_board=False):
            raise CannotRun(f"No existe el caso {number}.", remedy="Búsquelo con «gestion list».")
    invocation.output.line(f"{number}: queda pedido «{action.value}». Lo aplica la próxima ejecución de «gestion run».")
    return 0


def _reason(reason: str, action: DeskAction) -> str:
    said = clean(reason)
    if action is DeskAction.CANCEL and not said:
        raise CannotRun("Falta el motivo de la cancelación.", remedy="Escríbalo con --reason: lo lee el solicitante.")
    if len(said) > LONGEST_REASON:
        raise CannotRun(f"El motivo tiene {len(said)} caracteres.", remedy=f"Escriba {LONGEST_REASON} como máximo.")
    return said


def refuse_useless(request: Request, asked: DeskAsked, rules: Rules) -> None:
    """Ask the procedure itself: what the next run would refuse is refused now, with the same reason."""
    if request.state.closed:
        raise CannotRun(
            f"El caso {request.case} ya está cerrado ({request.state.label}): no se le puede pedir nada.",
            remedy=f"Vea su historia con «gestion show {request.case}».",
        )
    foreseen = advance(request, [asked], rules)
    refused = next((entry for entry in foreseen.entries if entry.title == "Acción no aplicada"), None)
    if refused is not None:
        raise CannotRun(refused.detail, remedy=f"Vea en qué está con «gestion show {request.case}».")


def operating_user() -> str:
    """Who types the command, for the story of the case: the account of the system, and through sudo the person behind it.

    The account is the process's own; no variable but sudo's is believed.
    """
    identity = os.getuid()
    try:
        account = pwd.getpwuid(identity).pw_name
    except KeyError:
        account = f"uid {identity}"
    behind = clean(os.environ.get("SUDO_USER", ""))[:64]
    return f"{behind} (como {account})" if behind and behind != account else account
