"""`approve` and `reject`: a second person's decision on a case, on a run's batch, or on a campaign, with who typed it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from config.errors import CannotRun
from config.log import configure
from config.vocabulary import CaseNumber, same_address
from intake.commands.asking import operating_user, refuse_useless
from intake.commands.campaign_deciding import approve_campaign, reject_campaign
from intake.commands.cases import case_called
from intake.commands.confirming import confirmed, note_of, the_approver
from intake.commands.installation import journal_to_ask
from intake.commands.invocation import Invocation
from intake.commands.running import beside_progress
from intake.described import account_type_label, operation_label, unit_of, user_of
from intake.output import heading, pairs
from intake.wiring import Installation
from provision.journal.batches import Batches, HeldBatch
from provision.journal.campaigns import SHORTEST_DIGEST, Campaign, Campaigns
from provision.journal.store import Journal
from provision.journal.views import Views
from provision.procedure.acts import WaitingFor
from provision.procedure.desk import DeskAction
from provision.procedure.model import Approver, DeskAsked, Request

_HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, who typed it, and why."""

    approver: Approver
    operator: str
    note: str
    yes: bool

    @property
    def how(self) -> str:
        """For a story: who typed the command, and the note."""
        return f"Por comando de {self.operator}. {self.note}".strip()


@contextmanager
def deciding(invocation: Invocation, config: str | None) -> Iterator[tuple[Installation, Journal]]:
    """The journal, able to take a decision, and the matrix to judge who takes it; nothing else is written."""
    settings = invocation.load(config)
    log = configure(beside_progress(settings.log, told=True))
    with journal_to_ask(settings) as journal:
        installation = Installation(settings, settings.load_policy(), invocation.clock, log, writable=False, journal_at=journal)
        try:
            yield installation, journal
        finally:
            installation.close()


def decide_command(
    invocation: Invocation, config: str | None, what: str, by: str, note: str, *, yes: bool, approves: bool
) -> int:
    """0: decided, or left for the next run to apply; 1: the person at the terminal said no. Raises CannotRun."""
    with deciding(invocation, config) as (installation, journal):
        decision = Decision(the_approver(installation, by), operating_user(), note_of(note, required=not approves), yes)
        target = _target(journal, what)
        match target:
            case Campaign():
                decide_campaign = approve_campaign if approves else reject_campaign
                done = decide_campaign(invocation, installation, target, decision.approver, decision.note, yes=yes)
            case HeldBatch():
                done = _decide_batch(invocation, installation, target, decision, approves=approves)
            case _:
                done = _decide_case(invocation, installation, target, decision, approves=approves)
    return 0 if done else 1


def _target(journal: Journal, what: str) -> Campaign | HeldBatch | str:
    """What is to be decided. Raises CannotRun for a digest that nothing has, or that two things have."""
    typed = "".join(what.split()).lower()
    if len(typed) >= SHORTEST_DIGEST and _HEXADECIMAL.issuperset(typed):
        campaign, batch = Campaigns(journal).named(typed), Batches(journal).named(typed)
        if campaign is not None and batch is not None:
            raise CannotRun(f"{typed} nombra a la vez un lote y una campaña.", remedy="Escriba más caracteres de la huella.")
        if campaign is not None or batch is not None:
            return campaign or batch or ""
        if not typed.isdecimal():
            raise CannotRun(
                f"Ningún lote ni campaña tiene la huella {typed[:64]}.",
                remedy="Los lotes se ven con «gestion plan» y las campañas con «gestion campaign list».",
            )
    return case_called(what, Views(journal))


def _decide_case(
    invocation: Invocation, installation: Installation, number: str, decision: Decision, *, approves: bool
) -> bool:
    action = DeskAction.APPROVE if approves else DeskAction.REJECT
    request = Views(installation.journal).story(number).shown.request
    asked = DeskAsked(action.value, decision.operator, decision.note, decision.approver, at_command=True)
    now = installation.clock()
    if not request.state.closed and request.waiting_for is not WaitingFor.APPROVAL:
        waits = f"espera {request.waiting_for.label}" if request.waiting_for else f"está «{request.state.label}»"
        raise CannotRun(
            f"El caso {number} no espera la aprobación de una segunda persona: {waits}.",
            remedy=f"Vea en qué está con «gestion show {number}».",
        )
    refuse_useless(request, asked, installation.rules(now))
    output = invocation.output
    output.draw(heading(number), pairs(_case_lines(request)))
    question = f"¿{decision.approver.address} {'aprueba' if approves else 'rechaza'} este caso?"
    if not confirmed(output, question, yes=decision.yes):
        return False
    if not installation.journal.ask(CaseNumber(number), asked, now, on_board=False):
        raise CannotRun(f"No existe el caso {number}.", remedy="Búsquelo con «gestion list».")
    output.line()
    output.line(
        f"{number}: queda pedido «{action.value}», a nombre de {decision.approver.address} (fila {decision.approver.row} de la "
        f"matriz), por comando de {decision.operator}. Lo aplica la próxima ejecución de «gestion run»."
    )
    return True


def _case_lines(request: Request) -> list[tuple[str, str]]:
    subject = request.facts.subject
    return [
        ("Operación", " · ".join(part for part in (operation_label(request), account_type_label(request)) if part)),
        ("Usuario", subject.display_name if subject is not None else user_of(request)),
        ("Cuenta", subject.mail_address if subject is not None else request.facts.mail_address or ""),
        ("Dependencia", subject.unit if subject is not None else unit_of(request)),
        ("Lo pidió", request.requester or "(sin identidad verificada)"),
    ]


def _decide_batch(
    invocation: Invocation, installation: Installation, batch: HeldBatch, decision: Decision, *, approves: bool
) -> bool:
    output, journal, now = invocation.output, installation.journal, installation.clock()
    short = batch.digest[:12]
    if not batch.open:
        raise CannotRun(f"Sobre el lote {short} ya se decidió.", remedy="Vea sus casos con «gestion list».")
    with journal.receiving(now) as receiving:
        requests = [request for case in batch.lines if (request := receiving.case(case)) is not None]
    refuse_concerned(decision.approver, requests)
    output.draw(heading(f"Lote {short}: {len(batch.lines)} cuentas; el tope sin aprobación es {batch.allowed}"))
    for case, line in batch.lines.items():
        output.line(f"  {case}  {line}")
    verb = "aprueba exactamente este lote" if approves else "rechaza este lote y cancela todos sus casos"
    if not confirmed(output, f"¿{decision.approver.address} {verb}?", yes=decision.yes):
        return False
    batches = Batches(journal)
    if approves:
        decided = batches.approve(batch.digest, decision.approver.address, now, how=decision.how)
    else:
        note = f"No se aprobó el lote {short}: {decision.note}"
        by = f"{decision.approver.address}, por comando de {decision.operator}"
        decided = batches.refuse(batch.digest, DeskAsked(DeskAction.CANCEL.value, by, note, at_command=True), now)
    if decided == 0:
        raise CannotRun(f"Sobre el lote {short} decidió otra persona entretanto.", remedy="Vea sus casos con «gestion list».")
    what = "aprobado" if approves else "rechazado"
    output.line()
    output.line(f"Lote {short} {what} por {decision.approver.address}: {decided} casos. Lo aplica la próxima «gestion run».")
    return True


def refuse_concerned(approver: Approver, requests: list[Request]) -> None:
    """Raise CannotRun when the approver asked for something in it, or it concerns his own account."""
    for request in requests:
        if request.requester is not None and same_address(approver.address, request.requester):
            raise CannotRun(
                f"{approver.address} pidió {request.case}, que está en el lote: quien pide no aprueba.",
                remedy="Debe aprobarlo otra persona.",
            )
        subject = request.facts.subject
        if subject is not None and same_address(approver.address, subject.mail_address):
            raise CannotRun(
                f"{request.case} trata de la cuenta de {approver.address}: el titular no aprueba.",
                remedy="Debe aprobarlo otra persona.",
            )
