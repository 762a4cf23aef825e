"""`campaign list` and `campaign show`: what was planned, decided and done, and where each account stands. Reads only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing

from config.dates import local_date
from config.errors import CannotRun
from config.vocabulary import ACCOUNT_TYPE_LABELS
from intake.commands.documents import instant
from intake.commands.installation import journal_to_read
from intake.commands.invocation import Invocation
from intake.output import Json, heading, pairs, table
from intake.typed_dates import spoken_date
from intake.typed_text import quoted
from provision.journal.campaign_accounts import AccountStanding, CampaignAccounts, Stage
from provision.journal.campaigns import SHORTEST_DIGEST, Body, Campaign, Campaigns
from provision.procedure.campaign import PlannedAccount

MOST_SHOWN = 40


def campaign_called(campaigns: Campaigns, digest: str) -> Campaign:
    """The campaign that was meant by (the beginning of) its digest. Raises CannotRun."""
    typed = "".join(digest.split()).lower()
    if len(typed) < SHORTEST_DIGEST:
        raise CannotRun(f"La huella {quoted(digest)} es muy corta.", remedy=f"Escriba {SHORTEST_DIGEST} caracteres o más.")
    found = campaigns.named(typed)
    if found is None:
        raise CannotRun(f"Ninguna campaña tiene la huella {quoted(digest)}.", remedy="Véalas con «gestion campaign list».")
    return found


def counts_of(standings: Sequence[AccountStanding]) -> Mapping[Stage, int]:
    """How many accounts are at each stage."""
    return Counter(standing.stage for standing in standings)


def standing_document(standing: AccountStanding) -> dict[str, Json]:
    """One account for other programs."""
    return {
        "account_id": standing.account_id,
        "case": standing.case,
        "stage": standing.stage.name,
        "stage_label": standing.stage.value,
        "reason": standing.reason,
    }


def list_campaigns_command(invocation: Invocation, config: str | None) -> int:
    """A table of campaigns, newest first, or a document."""
    settings, output = invocation.load(config), invocation.output
    zone = settings.load_policy().zone
    with closing(journal_to_read(settings)) as journal:
        campaigns, sizes = Campaigns(journal).all(), CampaignAccounts(journal).sizes()
    output.document({"campaigns": [_document(each, sizes.get(each.digest, 0)) for each in campaigns]})
    if output.as_json:
        return 0
    if not campaigns:
        output.line("Aún no hay campañas en el registro.")
        return 0
    rows = [
        (
            each.digest[:12],
            each.title,
            str(sizes.get(each.digest, 0)),
            each.label,
            spoken_date(local_date(each.planned_at, zone)),
            each.planned_by,
            each.approved_by or "",
        )
        for each in campaigns
    ]
    output.draw(table(("Huella", "Campaña", "Cuentas", "Estado", "Planeada", "Por", "La aprobó"), rows))
    return 0


def show_campaign_command(invocation: Invocation, config: str | None, digest: str) -> int:
    """How one campaign stands: counts by stage, what was done with it, and who was left out and why."""
    settings, output = invocation.load(config), invocation.output
    policy = settings.load_policy()
    with closing(journal_to_read(settings)) as journal:
        campaigns = Campaigns(journal)
        campaign = campaign_called(campaigns, digest)
        body, standings = campaigns.body(campaign.digest), CampaignAccounts(journal).standings(campaign.digest)
    counts = counts_of(standings)
    output.document(_show_document(campaign, body, standings))
    if output.as_json:
        return 0
    figures = [("Huella", campaign.digest), ("Estado", campaign.label), ("Cuentas", str(len(body.plan.lines)))]
    figures += [(stage.value, str(counts[stage])) for stage in Stage if counts.get(stage)]
    figures.append(("Excepciones", body.plan.exceptions))
    output.draw(heading(campaign.title), pairs(figures))
    deeds = [
        (
            deed.at.astimezone(policy.zone).strftime("%d/%m/%Y %H:%M"),
            deed.kind.value,
            " · ".join(part for part in (deed.by, f"por comando de {deed.operator}", deed.note) if part),
        )
        for deed in body.deeds
    ]
    output.draw(heading("Historia"), table(("Cuándo", "Qué", "Quién"), deeds))
    lines = {line.account_id: line for line in body.plan.lines}
    told = [each for each in standings if each.reason and each.stage is not Stage.UNDER_WAY]
    if told:
        rows = [(lines[each.account_id].login, each.stage.value, each.reason, each.case or "") for each in told[:MOST_SHOWN]]
        output.draw(heading("Cuentas que conviene mirar"), table(("Cuenta", "Cómo está", "Por qué", "Caso"), rows))
    left_out = [(each.account, each.name, each.reason) for each in body.plan.left_out[:MOST_SHOWN]]
    if left_out:
        output.draw(heading("No entraron al plan"), table(("Cuenta", "Persona", "Por qué"), left_out))
    if len(told) > MOST_SHOWN or len(body.plan.left_out) > MOST_SHOWN:
        output.line("Hay más: la lista completa se ve con --json.")
    return 0


def _document(campaign: Campaign, accounts: int) -> dict[str, Json]:
    return {
        "digest": campaign.digest,
        "title": campaign.title,
        "state": campaign.label,
        "accounts": accounts,
        "planned_by": campaign.planned_by,
        "planned_at": instant(campaign.planned_at),
        "approved_by": campaign.approved_by,
        "approved_at": instant(campaign.approved_at),
        "closed_at": instant(campaign.closed_at),
    }


def _show_document(campaign: Campaign, body: Body, standings: Sequence[AccountStanding]) -> dict[str, Json]:
    counts = counts_of(standings)
    lines = {line.account_id: line for line in body.plan.lines}
    return {
        **_document(campaign, len(body.plan.lines)),
        "allowed": body.plan.allowed,
        "counts": {stage.name: counts.get(stage, 0) for stage in Stage},
        "deeds": [
            {
                "at": instant(deed.at),
                "kind": deed.kind.name,
                "by": deed.by,
                "operator": deed.operator,
                "note": deed.note,
            }
            for deed in body.deeds
        ],
        "left_out": [{"account": e.account, "name": e.name, "reason": e.reason} for e in body.plan.left_out],
        "lines": [{**_line(lines[each.account_id]), **standing_document(each)} for each in standings],
    }


def _line(line: PlannedAccount) -> dict[str, Json]:
    return {
        "login": line.login,
        "name": line.name,
        "mail": line.mail,
        "account_type_label": ACCOUNT_TYPE_LABELS[line.account_type],
        "unit": line.unit,
        "supervisor": line.supervisor,
        "why": line.why,
        "from_date": line.from_date.isoformat(),
        "licence": line.licence,
        "groups": line.groups,
        "reports": line.reports,
    }
