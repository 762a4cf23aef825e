"""The daily look at contracts that ended: each account becomes inactive by a case of its own (UPME, 5; Unidad, 5).

An expired account stays alive in the cloud, so its expiry alone is not enough. The directory's date is the evidence; that an
account, a response or a page is missing never is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from config.vocabulary import AccountType, CaseNumber, HoldReason, Operation
from intake.own_cases import open_own_case
from intake.wiring import Installation
from provision.directory.port import Account
from provision.journal.accounts import Accounts
from provision.journal.campaign_accounts import CampaignAccounts
from provision.procedure.holds import in_force
from provision.procedure.lifecycle import Received
from provision.procedure.model import Origin
from provision.procedure.modification import whereabouts
from provision.procedure.submission import Deactivate, Granted
from provision.procedure.submission import Target as Named

EXPIRIES = "programa:vencimientos"
_LATELY = timedelta(days=30)
"""How far back contracts of people who were absent on their last day are looked for."""
_LEFT_TO_CAMPAIGN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Cases of contracts that ended, and what the program must leave to a person; Spanish."""

    cases: tuple[CaseNumber, ...]
    alarms: tuple[str, ...]


def sweep_contracts(installation: Installation) -> Sweep:
    """Open a case for each enabled account whose contract ended; idempotent. Raises TargetError."""
    now = installation.clock()
    rules = installation.rules(now)
    opened: list[CaseNumber] = []
    alarms: list[str] = []
    lately = installation.directory.expiring(now - _LATELY, now)
    in_campaign = CampaignAccounts(installation.journal).under_approval()
    for account in {each.id: each for each in (*installation.directory.expired(now), *lately)}.values():
        if not _in_need(installation, account, rules.today) or _left_to_campaign(account, in_campaign, now):
            continue
        place = whereabouts(account.dn, account.department, installation.policy)
        if place is None:
            alarms.append(_unplaced(account))
        elif (case := _open(installation, account, place)) is not None:
            opened.append(case)
    return Sweep(tuple(opened), tuple(alarms))


def _left_to_campaign(account: Account, in_campaign: Mapping[str, str], now: datetime) -> bool:
    """An approved campaign gets a few days for its accounts: a forgotten one leaves nobody's account open for longer."""
    return account.id in in_campaign and account.expires_at is not None and now - account.expires_at < _LEFT_TO_CAMPAIGN


def _in_need(installation: Installation, account: Account, today: date) -> bool:
    """Whether nothing but its expiry tells that the contract ended.

    An account that an absence keeps inactive is in need too: its return must not open it again. One that left for good is
    not, nor one that somebody else disabled.
    """
    holds = in_force(Accounts(installation.journal).holds(account.id), today)
    if any(not hold.reason.temporary for hold in holds) or account.protected:
        return False
    return account.enabled or bool(holds)


def _unplaced(account: Account) -> str:
    return (
        f"El contrato de {account.login} terminó y la cuenta sigue activa: no está en una unidad organizativa de la "
        "política. Muévala o inactívela a mano."
    )


def _open(installation: Installation, account: Account, place: tuple[AccountType, str]) -> CaseNumber | None:
    """The case of an account whose contract ended; None: it was opened before."""
    now = installation.clock()
    rules = installation.rules(now)
    if account.expires_at is None:
        return None
    ended_on: date = (account.expires_at - timedelta(seconds=1)).astimezone(installation.policy.zone).date()
    why = f"El contrato terminó el {ended_on:%d/%m/%Y}, según la fecha de vencimiento en el directorio."

    def made(case: CaseNumber) -> Received:
        return Received(
            case=case,
            requester=None,
            vouched_by=None,
            received_at=now,
            content=Deactivate(
                Operation.DEACTIVATE,
                Named(account.mail or account.login, account.employee_id, account.display_name),
                place[0],
                place[1],
                HoldReason.CONTRACT_ENDED,
                ended_on + timedelta(days=1),
            ),
            authorisation=Granted(0, "vencimiento del contrato", why, ""),
            origin=Origin.SWEEP,
        )

    key = f"{account.id}/{ended_on.isoformat()}"
    with installation.journal.receiving(now) as receiving:
        receiving.take_turn()
        if receiving.case_of_response(EXPIRIES, key) is not None:
            return None
        return open_own_case(receiving, EXPIRIES, key, account.expires_at, made, rules)
