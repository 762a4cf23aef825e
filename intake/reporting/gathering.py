"""Everything that a month's report is counted from, read once. The only module of the report that asks the journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.dates import local_date
from config.vocabulary import CaseNumber
from intake.reporting.month import Month
from provision.journal.campaign_accounts import AccountStanding, CampaignAccounts
from provision.journal.campaigns import Campaign, Campaigns, Deed
from provision.journal.reported import DecidedBatch, DoneAct, RegisteredAccount, Reported
from provision.journal.store import Journal
from provision.journal.views import Told
from provision.procedure.acts import Act
from provision.procedure.holds import Hold
from provision.procedure.model import Origin, Request
from provision.procedure.steps import Rules


@dataclass(frozen=True, slots=True)
class CampaignOfMonth:
    """A campaign with something done to it in the month, and where its accounts stand now."""

    campaign: Campaign
    deeds: tuple[Deed, ...]
    standings: tuple[AccountStanding, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the journal held at `rules.now`. `month` is what the report is about; the newest cases may be younger than it."""

    month: Month
    rules: Rules
    requests: tuple[Request, ...]
    histories: Mapping[CaseNumber, tuple[Told, ...]]
    """Of the cases whose time is measured in the month."""
    corrections: tuple[DoneAct, ...]
    """Corrections asked for and reminders, from the month's begin until now."""
    resubmitted: Mapping[CaseNumber, tuple[datetime, ...]]
    backups: tuple[DoneAct, ...]
    confirmed: tuple[tuple[CaseNumber, Told], ...]
    accounts: tuple[RegisteredAccount, ...]
    holds: Mapping[str, tuple[Hold, ...]]
    batches: tuple[DecidedBatch, ...]
    campaigns: tuple[CampaignOfMonth, ...]

    @property
    def cut(self) -> datetime:
        """Until when the month is known: its end, or now while it lasts; aware UTC."""
        return min(self.month.end, self.rules.now)

    def of_case(self) -> Mapping[CaseNumber, Request]:
        """The requests by their number."""
        return {request.case: request for request in self.requests}


def resolved_at(request: Request) -> datetime | None:
    """When a case was answered: attended and reported, or closed without that. What is followed up later does not count."""
    return request.attended_at or request.closed_at


def measured(requests: Sequence[Request], month: Month) -> tuple[Request, ...]:
    """The cases of the form that were answered in the month: those whose time of attention is measured."""
    return tuple(each for each in requests if each.origin is Origin.FORM and month.holds(resolved_at(each)))


def gather(journal: Journal, month: Month, rules: Rules) -> Gathered:
    """Read it all. Raises CannotRun for what this version does not understand. Writes nothing and locks nobody out."""
    reported = Reported(journal)
    requests = reported.requests()
    asked = reported.done((Act.MAIL_CORRECTION, Act.MAIL_REMINDER), month.begin, max(rules.now, month.end))
    return Gathered(
        month=month,
        rules=rules,
        requests=requests,
        histories=reported.histories([request.case for request in measured(requests, month)]),
        corrections=asked,
        resubmitted=reported.resubmitted({each.case for each in asked}),
        backups=reported.done((Act.BACK_UP,), month.begin, month.end),
        confirmed=reported.desk_lines(month.begin, month.end),
        accounts=reported.accounts(),
        holds=reported.holds(),
        batches=reported.batches(month.begin, month.end),
        campaigns=_campaigns(journal, month),
    )


def _campaigns(journal: Journal, month: Month) -> tuple[CampaignOfMonth, ...]:
    campaigns, accounts = Campaigns(journal), CampaignAccounts(journal)
    found = []
    for campaign in reversed(campaigns.all()):
        if local_date(campaign.planned_at, month.zone) > month.last:
            continue
        deeds = tuple(deed for deed in campaigns.body(campaign.digest).deeds if month.holds(deed.at))
        if deeds:
            found.append(CampaignOfMonth(campaign, deeds, tuple(accounts.standings(campaign.digest))))
    return tuple(found)
