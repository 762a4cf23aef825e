"""From the directory to a plan: who would become inactive, why, from when, and who was left out and why. Reads only."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from config.dates import end_of_day, local_date
from config.errors import CannotRun, Rejected
from config.vocabulary import ACCOUNT_TYPE_LABELS
from intake.campaign_lists import Entry, ListedAccount, listed_twice, refuse
from intake.typed_text import clean, quoted
from intake.wiring import Installation
from provision.directory.port import Account, Directory
from provision.journal.campaign_accounts import CampaignAccounts, KnownToJournal
from provision.procedure.campaign import (
    CONTRACTED,
    CampaignPlan,
    Candidate,
    LeftOut,
    PlannedAccount,
    in_order,
    planned,
    why_not,
)
from provision.procedure.modification import whereabouts

LOOKS_BACK = timedelta(days=365)
"""Contracts that ended so long before the campaign's date are looked at too: somebody may still be active."""

Watching = Callable[[str, int, int], None]
"""Told what is being done, how many are done, and of how many."""


def nobody_watches(doing: str, done: int, total: int) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is made from. `until`: contracts that end on that day or before; None with `listed`."""

    title: str
    until: date | None
    exceptions: tuple[Path, tuple[Entry, ...]] | None = None
    listed: tuple[Path, tuple[ListedAccount, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and what whoever asked for it should know besides."""

    plan: CampaignPlan
    notes: tuple[str, ...]
    """Spanish: exceptions that would not have been in the plan anyway."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An account that was looked at, from when it would be inactive and why."""

    account: Account
    from_date: date
    why: str


def plan_campaign(installation: Installation, asked: Asked, watching: Watching = nobody_watches) -> Planned:
    """Make the plan. Raises CannotRun for lists that name nobody, TargetError when the directory cannot be read."""
    watching("Leyendo el directorio", 0, 1)
    wanted = _listed(installation, asked, watching) if asked.listed else _ending(installation, asked)
    excepted, notes = _excepted(installation.directory, asked, wanted)
    accounts = CampaignAccounts(installation.journal)
    known = accounts.known(each.account.id for each in wanted)
    elsewhere = accounts.under_approval()
    lines: list[PlannedAccount] = []
    left_out: list[LeftOut] = []
    supervisors = _Supervisors(installation.directory)
    inactive = 0
    for number, each in enumerate(wanted, start=1):
        watching("Revisando las cuentas", number, len(wanted))
        found = candidate(installation, each.account, known.get(each.account.id), elsewhere.get(each.account.id, ""))
        reason = excepted.get(each.account.id) or _no_contract(found, asked)
        if reason is None and not found.enabled and not asked.listed:
            inactive += 1  # last year's contractors: nobody would read them one by one
            continue
        reason = reason or why_not(found, each.from_date)
        if reason is not None:
            left_out.append(LeftOut(found.login, found.name, reason, excepted=each.account.id in excepted))
            continue
        reports = sum(1 for report in installation.directory.direct_reports(each.account.id) if report.enabled)
        why = _why(each, found)
        lines.append(planned(found, each.from_date, why, supervisors.of(each.account), reports, installation.policy))
    allowed = installation.policy.caps.allowed(installation.directory.population())
    plan = CampaignPlan(asked.title, asked.until, in_order(lines), tuple(left_out), inactive, allowed)
    return Planned(plan, notes)


def candidate(installation: Installation, account: Account, known: KnownToJournal | None, campaign: str = "") -> Candidate:
    """An account as a campaign looks at it. `campaign`: the other one that has not finished with it."""
    ends = account.expires_at - timedelta(seconds=1) if account.expires_at is not None else None
    return Candidate(
        account_id=account.id,
        login=account.login,
        mail=account.mail or account.user_principal_name,
        name=clean(account.display_name),
        document=account.employee_id,
        place=whereabouts(account.dn, account.department, installation.policy),
        contract_end=local_date(ends, installation.policy.zone) if ends is not None else None,
        enabled=account.enabled,
        protected=account.protected,
        contract_number=known.contract_number if known is not None else None,
        holds=known.holds if known is not None else (),
        campaign=campaign,
        groups=len(account.group_dns),
    )


class _Supervisors:
    """Who is whose boss, each asked for once."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._known: dict[str, str] = {}

    def of(self, account: Account) -> str:
        """Name and address; empty where the directory knows none."""
        if account.manager_dn is None:
            return ""
        if account.manager_dn not in self._known:
            manager = self._directory.manager_of(account.id)
            name = clean(manager.display_name) if manager is not None else ""
            self._known[account.manager_dn] = f"{name} ({manager.mail or manager.login})" if manager is not None else ""
        return self._known[account.manager_dn]


def _ending(installation: Installation, asked: Asked) -> list[_Wanted]:
    """Everybody whose contract ends by the date, whatever the account's type or state."""
    if asked.until is None:
        raise ValueError("a campaign by contract needs a date")
    zone = installation.policy.zone
    until = end_of_day(asked.until, zone)
    wanted = []
    for account in installation.directory.expiring(until - LOOKS_BACK, until):
        if account.expires_at is not None:
            ends = local_date(account.expires_at - timedelta(seconds=1), zone)
            wanted.append(_Wanted(account, ends + timedelta(days=1), ""))
    return wanted


def _no_contract(found: Candidate, asked: Asked) -> str | None:
    """Who has an expiry and no contract is not meant by the end of contracts; a list means exactly whom it names."""
    if asked.listed or found.place is None or found.place[0] in CONTRACTED:
        return None
    return f"Su tipo de cuenta no lleva contrato ({ACCOUNT_TYPE_LABELS[found.place[0]]}): si debe inactivarse, use una lista."


def _why(each: _Wanted, found: Candidate) -> str:
    if each.why:
        return each.why
    number = f" {clean(found.contract_number)}" if found.contract_number else ""
    return f"Contrato{number}: termina el {found.contract_end:%d/%m/%Y}." if found.contract_end else "Lista."


def _listed(installation: Installation, asked: Asked, watching: Watching) -> list[_Wanted]:
    """Exactly the accounts of a list."""
    if asked.listed is None:
        raise ValueError("there is no list")
    path, rows = asked.listed
    wanted: list[_Wanted] = []
    problems: list[str] = []
    numbers: list[tuple[int, str]] = []
    after = asked.until + timedelta(days=1) if asked.until is not None else None
    for number, row in enumerate(rows, start=1):
        watching("Buscando las cuentas de la lista", number, len(rows))
        found = find(installation.directory, row.account or row.document, by_document=not row.account)
        since = row.since or after
        if isinstance(found, str):
            problems.append(f"fila {row.row}: {found}")
        elif row.account and row.document and found.employee_id and found.employee_id != row.document:
            problems.append(f"fila {row.row}: el documento {quoted(row.document)} no es el de la cuenta {found.login}.")
        elif since is None:
            problems.append(f"fila {row.row}, columna «desde»: falta la fecha; escríbala, o use --contracts-ending-by.")
        else:
            why = f"Lista: {row.why}" if row.why else "Lista."
            wanted.append(_Wanted(found, since, why))
            numbers.append((row.row, found.id))
    refuse(path, [*problems, *listed_twice(tuple(numbers))])
    return wanted


def find(directory: Directory, text: str, *, by_document: bool = False) -> Account | str:
    """The one account that somebody means by a login, an address or a document; else what is wrong, in Spanish."""
    try:
        account = None if by_document else directory.find_by_mail(text) if "@" in text else directory.find_by_login(text)
    except Rejected as error:
        return error.message
    if account is not None:
        # A login is looked for in the whole domain: what is outside the base is not ours to touch.
        return directory.find_by_id(account.id) or f"{quoted(text)} está fuera de la base del directorio."
    several = directory.find_by_document(text) if "@" not in text else ()
    if len(several) == 1:
        return several[0]
    if several:
        return f"hay {len(several)} cuentas con el documento {quoted(text)}: escriba la cuenta."
    return f"{quoted(text)} no es la cuenta, el correo ni el documento de nadie en el directorio."


def _excepted(directory: Directory, asked: Asked, wanted: Iterable[_Wanted]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Why each excepted account is left out, and what to tell of exceptions that change nothing."""
    if asked.exceptions is None:
        return {}, ()
    path, entries = asked.exceptions
    named: dict[str, set[str]] = {}
    for each in wanted:
        account = each.account
        for name in (account.login, account.mail, account.user_principal_name, account.employee_id or "", *account.aliases):
            if name:
                named.setdefault(name.casefold(), set()).add(account.id)
    candidates = {each for same in named.values() for each in same}
    excepted: dict[str, str] = {}
    notes: list[str] = []
    problems: list[str] = []
    for entry in entries:
        ids = named.get(entry.text.casefold(), set())
        if len(ids) == 1:
            excepted[next(iter(ids))] = f"Excepción: {path.name}, fila {entry.row}."
            continue
        found = find(directory, entry.text)
        if isinstance(found, str):
            problems.append(f"fila {entry.row}: {found}")
        elif found.id in candidates:
            excepted[found.id] = f"Excepción: {path.name}, fila {entry.row}."
        else:
            notes.append(f"{path.name}, fila {entry.row}: {found.login} no estaría en el plan de todos modos.")
    refuse(path, problems)
    return excepted, tuple(notes)


def default_title(until: date | None) -> str:
    """What a campaign is called when nobody gives it a name."""
    return f"Contratos que terminan hasta el {until:%d/%m/%Y}" if until else "Lista de cuentas"


def the_title(typed: str, until: date | None) -> str:
    """A title as it is kept. Raises CannotRun for one that is too long."""
    title = clean(typed) or default_title(until)
    if len(title) > 150:
        raise CannotRun(f"El título tiene {len(title)} caracteres.", remedy="Escriba 150 como máximo.")
    return title
