"""What is told of many accounts at once, each exactly once: a batch that was held, and how a campaign ended."""

from collections.abc import Sequence

from config.errors import RecipientRefused, TargetError
from config.vocabulary import CaseNumber, EmailAddress, same_address
from intake.campaign_ticket import close_ticket, number_of, owes_ticket, told_key
from intake.performing import Post
from intake.wiring import Installation
from notify.mails import BatchHeld, CampaignReport, Mail
from provision.journal.batches import Batches, HeldBatch
from provision.journal.campaign_accounts import AccountStanding, CampaignAccounts, Stage
from provision.journal.campaigns import Campaign, Campaigns
from provision.journal.mails import MailSeal
from provision.journal.views import Memory
from provision.procedure.campaign import CampaignPlan, PlannedAccount
from provision.procedure.steps import Rules

_NO_CASE = CaseNumber("")
_MOST_OF_A_REASON = 160

_ORDER = (
    Stage.ATTENTION,
    Stage.NOT_UNDONE,
    Stage.LEFT_OUT,
    Stage.CONFIRMATION,
    Stage.WAITING,
    Stage.UNDER_WAY,
    Stage.UNDOING,
    Stage.UNDONE,
    Stage.APPLIED,
)
"""What matters most first."""


def tell_of_batches(installation: Installation) -> None:
    """Tell the desk of each batch that waits for its approval. Raises TargetError; then the next run tells it."""
    memory = Memory(installation.journal)
    for batch in Batches(installation.journal).open_batches():
        if memory.get(f"batch.told.{batch.digest}") is None:
            mail = policy_mail(installation)
            _send(installation, _held(batch), f"lote-{batch.digest[:16]}", (mail,))
            memory.put(f"batch.told.{batch.digest}", installation.clock().isoformat())


def _held(batch: HeldBatch) -> BatchHeld:
    lines = tuple(f"{line} ({case})" for case, line in batch.lines.items())
    return BatchHeld(_NO_CASE, batch.digest[:12], len(lines), batch.allowed, lines)


def policy_mail(installation: Installation) -> EmailAddress:
    """Where the desk reads its mail."""
    return EmailAddress(installation.policy.mail.reply_to or installation.policy.mail.sender)


def tell_of_campaigns(installation: Installation) -> None:
    """Report each campaign in which nothing is left for the program to do, and close its ticket; see `_tell_of`.

    One that cannot be told keeps no other from it. Raises the first TargetError at the end; then the next run tells the rest.
    """
    problems: list[TargetError] = []
    for campaign in Campaigns(installation.journal).all():
        try:
            _tell_of(installation, campaign)
        except TargetError as error:
            problems.append(error)
    if problems:
        raise problems[0]


def _tell_of(installation: Installation, campaign: Campaign) -> None:
    """The report goes to whoever planned and approved it; then the ticket is closed. Of one that was undone, only the ticket.

    People come first: a desk that answers nothing, or refuses, withholds no report.
    """
    accounts, memory = CampaignAccounts(installation.journal), Memory(installation.journal)
    unreported = campaign.appliable and memory.get(told_key(campaign)) is None
    if not unreported and not owes_ticket(installation, campaign):
        return
    if campaign.appliable and not accounts.finished(campaign.digest):
        return
    standings = accounts.standings(campaign.digest)
    if not campaign.appliable and not all(each.given_back for each in standings):
        return
    report = report_of(Campaigns(installation.journal).body(campaign.digest).plan, standings)
    if unreported:
        number_of(installation, campaign)
        people = [campaign.planned_by, *([campaign.approved_by] if campaign.approved_by else [])]
        if len(people) == 2 and same_address(*people):
            people.pop()
        _send(installation, report, f"campana-{campaign.digest[:16]}", people)
        memory.put(told_key(campaign), installation.clock().isoformat())
    close_ticket(installation, campaign, report, standings)


def report_of(plan: CampaignPlan, standings: Sequence[AccountStanding]) -> CampaignReport:
    """How a campaign stands, account by account, what matters most first."""
    known = {line.account_id: line for line in plan.lines}
    count = {stage: sum(1 for each in standings if each.stage is stage) for stage in Stage}
    rows = [
        (_ORDER.index(each.stage), (known[each.account_id].mail, known[each.account_id].name, _result(each, known)))
        for each in standings
    ]
    return CampaignReport(
        _NO_CASE,
        plan.title,
        applied=count[Stage.APPLIED] + count[Stage.CONFIRMATION],
        left_out=count[Stage.LEFT_OUT],
        failed=count[Stage.ATTENTION] + count[Stage.NOT_UNDONE],
        rows=tuple(row for _, row in sorted(rows, key=lambda each: each[0])),
        exceptions=plan.exceptions,
    )


def _result(standing: AccountStanding, known: dict[str, PlannedAccount]) -> str:
    line = known[standing.account_id]
    if standing.stage is Stage.APPLIED:
        left = f"; deja {line.reports} a su cargo" if line.reports else ""
        return f"Inactiva desde el {line.from_date:%d/%m/%Y}{left} ({standing.case})."
    reason = standing.reason[:_MOST_OF_A_REASON]
    return f"{standing.stage.value}: {reason}" if reason else f"{standing.stage.value}."


def _send(installation: Installation, mail: Mail, about: str, to: Sequence[EmailAddress]) -> None:
    """To each; repeated after a crash it has the same Message-ID. Somebody whom the server refuses stops nothing."""

    def rules() -> Rules:
        return installation.rules(installation.clock())

    post = Post(installation.renderer, installation.mailer, rules, installation.form_url, MailSeal(installation.journal))
    for number, address in enumerate(to):
        message_id = post.message_id(CaseNumber(about), "informe", str(number))
        try:
            if not installation.mailer.already_sent(message_id):
                installation.mailer.send(post.message(mail, message_id, address, threaded=False))
        except RecipientRefused as error:
            installation.log.warning("mail.refused", about=about, problem=str(error))
