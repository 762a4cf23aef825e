"""Approving and rejecting a campaign: exactly the plan of its digest, by somebody who neither planned it nor is in it."""

from zoneinfo import ZoneInfo

from config.dates import local_date
from config.errors import CannotRun
from config.vocabulary import same_address
from intake.campaign_page import times_the_cap
from intake.commands.asking import operating_user
from intake.commands.confirming import confirmed
from intake.commands.invocation import Invocation
from intake.output import Output, heading, pairs, table
from intake.typed_dates import spoken_date
from intake.wiring import Installation
from provision.journal.campaigns import Campaign, Campaigns, Deed, DeedKind
from provision.procedure.campaign import CampaignPlan, totals
from provision.procedure.model import Approver


def approve_campaign(
    invocation: Invocation, installation: Installation, campaign: Campaign, approver: Approver, note: str, *, yes: bool
) -> bool:
    """From now on it may be applied. False: the person at the terminal said no. Raises CannotRun for who may not."""
    campaigns, output, short = Campaigns(installation.journal), invocation.output, campaign.digest[:12]
    if campaign.closed_at is not None:
        raise CannotRun(f"La campaña {short} está «{campaign.label.lower()}»: no se aprueba.", remedy="Planee otra.")
    if campaign.approved_at is not None:
        raise CannotRun(f"La campaña {short} ya la aprobó {campaign.approved_by}.", remedy=_how_to_apply(short))
    plan = campaigns.body(campaign.digest).plan
    if same_address(approver.address, campaign.planned_by):
        raise CannotRun(f"{approver.address} planeó esta campaña: debe aprobarla otra persona.")
    if any(same_address(approver.address, line.mail) for line in plan.lines):
        raise CannotRun(f"La cuenta de {approver.address} está en esta campaña: debe aprobarla otra persona.")
    say_plan(output, campaign, plan, installation.policy.zone)
    if not confirmed(output, f"¿{approver.address} aprueba exactamente este plan?", yes=yes):
        return False
    deed = Deed(installation.clock(), DeedKind.APPROVED, approver.address, operating_user(), note)
    if not campaigns.approve(campaign.digest, deed):
        raise CannotRun(f"Sobre la campaña {short} decidió otra persona entretanto.", remedy=_how_to_see(short))
    output.line()
    output.line(f"Campaña {short} aprobada por {approver.address} (fila {approver.row} de la matriz). {_how_to_apply(short)}")
    return True


def reject_campaign(
    invocation: Invocation, installation: Installation, campaign: Campaign, approver: Approver, note: str, *, yes: bool
) -> bool:
    """It can never be applied. False: the person at the terminal said no. Raises CannotRun when it was begun already."""
    campaigns, output, short = Campaigns(installation.journal), invocation.output, campaign.digest[:12]
    if campaign.closed_at is not None:
        raise CannotRun(f"La campaña {short} ya está «{campaign.label.lower()}».", remedy=_how_to_see(short))
    say_plan(output, campaign, campaigns.body(campaign.digest).plan, installation.policy.zone)
    if not confirmed(output, f"¿{approver.address} rechaza esta campaña?", yes=yes):
        return False
    deed = Deed(installation.clock(), DeedKind.REFUSED, approver.address, operating_user(), note)
    if not campaigns.refuse(campaign.digest, deed):
        raise CannotRun(
            f"La campaña {short} ya se empezó a aplicar: no se rechaza.",
            remedy=f"Para volver atrás: gestion campaign rollback {short}",
        )
    output.line()
    output.line(f"Campaña {short} rechazada por {approver.address}: no se puede aplicar nunca.")
    return True


def say_plan(output: Output, campaign: Campaign, plan: CampaignPlan, zone: ZoneInfo) -> None:
    """What is decided on: title, figures and units."""
    units = totals(plan.lines)
    figures = [
        ("Huella", campaign.digest),
        ("Planeada por", f"{campaign.planned_by}, el {spoken_date(local_date(campaign.planned_at, zone))}"),
        ("Estado", campaign.label),
        ("Cuentas", f"{len(plan.lines)}, {times_the_cap(len(plan.lines), plan.allowed)}"),
        ("Licencias", str(sum(unit.licences for unit in units))),
        ("Fuera del plan", str(len(plan.left_out))),
        ("Excepciones", plan.exceptions),
    ]
    output.draw(heading(plan.title), pairs(figures))
    rows = [(unit.unit, str(unit.accounts), str(unit.licences), str(unit.groups), str(unit.reports)) for unit in units]
    output.draw(table(("Dependencia", "Cuentas", "Licencias", "Grupos", "A su cargo"), rows))


def _how_to_apply(short: str) -> str:
    return f"Para aplicarla: gestion campaign apply {short}"


def _how_to_see(short: str) -> str:
    return f"Véala con «gestion campaign show {short}»."
