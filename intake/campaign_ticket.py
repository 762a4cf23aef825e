"""One ticket for a whole campaign: registered when it is first applied, noted when undone, closed with what it came to.

Unidad para las Víctimas, D ("registrar la gestión en la herramienta"); UPME, activities 2 and 6. Its accounts have no ticket
each: thousands of them would bury the desk's own.
"""

from collections.abc import Sequence

from config.errors import Rejected, TargetError
from config.vocabulary import CaseNumber
from intake.wiring import Installation
from notify.desk.port import NewTicket, TicketId, TicketStatus
from notify.mails import CampaignReport
from provision.journal.campaign_accounts import AccountStanding, Stage
from provision.journal.campaigns import Campaign, Campaigns, Deed
from provision.journal.views import Memory


def begin_ticket(installation: Installation, campaign: Campaign, accounts: int) -> None:
    """Register it and say that it is under way, unless it was reported already; without a desk the report registers it."""
    if Memory(installation.journal).get(told_key(campaign)) is not None:
        return
    try:
        installation.desk.set_status(_registered(installation, campaign, accounts), TicketStatus.IN_PROGRESS)
    except TargetError as error:
        _pass_on(installation, campaign, error)


def note_undoing(installation: Installation, campaign: Campaign, deed: Deed) -> None:
    """Say on its ticket, if it has one, who undoes it and why; once for each time."""
    why = f" Motivo: {deed.note}" if deed.note else ""
    text = f"{deed.operator} deshace la campaña, o parte de ella.{why}"
    try:
        ticket = _known(installation, campaign)
        if ticket is not None:
            installation.desk.note(ticket, f"deshacer-{deed.at:%Y%m%dT%H%M%S}", text)
    except TargetError as error:
        _pass_on(installation, campaign, error)


def _pass_on(installation: Installation, campaign: Campaign, error: TargetError) -> None:
    # Accounts whose contracts ended do not wait for the desk's tool.
    installation.log.warning("campaign.ticket", campaign=campaign.digest[:12], problem=str(error))


def told_key(campaign: Campaign) -> str:
    """Under this key the journal remembers when the campaign was reported."""
    return f"campaign.told.{campaign.digest}"


def owes_ticket(installation: Installation, campaign: Campaign) -> bool:
    """Whether it was registered with the desk and not closed there yet."""
    numbered = Campaigns(installation.journal).number_given(campaign.digest) is not None
    return numbered and Memory(installation.journal).get(_closed_key(campaign)) is None


def close_ticket(
    installation: Installation, campaign: Campaign, report: CampaignReport, standings: Sequence[AccountStanding]
) -> None:
    """Close it with what became of its accounts (activity 6). Idempotent. A desk that rejects it is not asked again.

    Raises the other TargetErrors.
    """
    try:
        if campaign.appliable:
            ticket: TicketId | None = _registered(installation, campaign, len(report.rows))
            solution = _applied(campaign, report)
        else:
            ticket, solution = _known(installation, campaign), _undone(campaign, report, standings)
        if ticket is not None:
            installation.desk.close_with_solution(ticket, solution)
    except Rejected as error:
        _pass_on(installation, campaign, error)
    Memory(installation.journal).put(_closed_key(campaign), installation.clock().isoformat())


def _applied(campaign: Campaign, report: CampaignReport) -> str:
    return (
        f"Campaña «{campaign.title}»: {report.applied} cuentas inactivas, {report.left_out} salieron de ella y "
        f"{report.failed} quedan para revisión. El informe, cuenta por cuenta, se envió a quienes la planearon y aprobaron; "
        "cada cuenta tiene su caso en el tablero."
    )


def _undone(campaign: Campaign, report: CampaignReport, standings: Sequence[AccountStanding]) -> str:
    undone = sum(1 for each in standings if each.stage is Stage.UNDONE)
    return (
        f"Campaña «{campaign.title}», deshecha: {undone} cuentas trabajan como antes, {report.left_out} no llegaron a "
        f"inactivarse por ella y {report.failed} quedan para revisión. Cada cuenta tiene su caso en el tablero."
    )


def _closed_key(campaign: Campaign) -> str:
    return f"campaign.ticket-closed.{campaign.digest}"


def _known(installation: Installation, campaign: Campaign) -> TicketId | None:
    """The campaign's ticket; None: it has none."""
    number = Campaigns(installation.journal).number_given(campaign.digest)
    ticket = installation.desk.find(number) if number is not None else None
    return ticket.id if ticket is not None else None


def number_of(installation: Installation, campaign: Campaign) -> CaseNumber:
    """The number of its ticket, given before there is one: what has a number is owed to the desk until it is closed."""
    year = campaign.planned_at.astimezone(installation.policy.zone).year
    return Campaigns(installation.journal).number_of(campaign.digest, year, installation.clock())


def _registered(installation: Installation, campaign: Campaign, accounts: int) -> TicketId:
    """The campaign's ticket, made if there is none: its number is kept before, so that there is never a second one."""
    case = number_of(installation, campaign)
    body = "\n".join(
        (
            f"Campaña: {campaign.title}",
            f"Cuentas: {accounts}",
            f"Planeada por: {campaign.planned_by}",
            f"Aprobada por: {campaign.approved_by or 'nadie'}",
            f"Huella del plan: {campaign.digest}",
            "Detalle: gestion campaign show " + campaign.digest[:12],
        )
    )
    return installation.desk.create(NewTicket(case, f"{case} · Campaña · {campaign.title}", body, campaign.planned_by)).id
