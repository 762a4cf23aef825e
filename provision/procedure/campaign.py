"""A campaign as a value: which accounts become inactive, why, from when, and what each would lose (Unidad, 5). Pure.

What is approved is exactly this value: its digest names every line of it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date

from config.institution import Institution
from config.vocabulary import AccountType
from provision.procedure.holds import Hold

CONTRACTED = frozenset({AccountType.CONTRACTOR, AccountType.OPERATOR})
"""The account types that always have a contract."""

_FORM_OF_TEXT = "gestion-campaign-1"
"""Begins the text that is hashed; another form of it would be another number."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account as directory and journal have it now, before anybody decides whether it belongs to a campaign."""

    account_id: str
    login: str
    mail: str
    name: str
    document: str | None
    place: tuple[AccountType, str] | None
    """Account type and unit; None: it is in no place that the policy gives to an account."""
    contract_end: date | None
    """The last day worked, in the institution's zone; None: the account never expires."""
    enabled: bool
    protected: bool
    contract_number: str | None = None
    holds: tuple[Hold, ...] = ()
    campaign: str = ""
    """The digest of another approved campaign that has not finished with it; empty: none."""
    groups: int = 0


@dataclass(frozen=True, slots=True)
class PlannedAccount:
    """One line of the plan. `from_date` is the first day without access; there is no last one."""

    account_id: str
    login: str
    mail: str
    name: str
    document: str
    account_type: AccountType
    unit: str
    supervisor: str
    """Name and address, as people read it; empty: the directory knows none."""
    why: str
    """Spanish."""
    from_date: date
    contract_end: date | None
    """The account's last day when it was planned; a later one takes the account out of the campaign."""
    licence: str
    """What would be given back, by policy; empty: nothing."""
    groups: int
    """How many group memberships would be recorded and removed."""
    reports: int
    """How many enabled accounts have it as their boss, supervisor or owner."""


_FIELDS = tuple(each.name for each in fields(PlannedAccount))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An account that was looked at and is not in the plan. `reason` is Spanish."""

    account: str
    name: str
    reason: str
    excepted: bool = False
    """Whether somebody asked for it, and not the account itself."""


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What is reviewed and approved: title, date and lines. What was left out goes along, and is not part of the digest."""

    title: str
    until: date | None
    """Contracts that end on this day or before; None: the accounts were listed."""
    lines: tuple[PlannedAccount, ...]
    left_out: tuple[LeftOut, ...] = ()
    inactive: int = 0
    """How many accounts were inactive already: not listed one by one."""
    allowed: int = 0
    """The cap when it was planned: how many accounts a run may make inactive without an approval."""

    @property
    def exceptions(self) -> str:
        """How many accounts were excepted, and what that does not do for them; Spanish, empty: none.

        An exception is to the campaign: contracts end by the directory's date, which the daily sweep goes by (Unidad, 5).
        """
        count = sum(1 for each in self.left_out if each.excepted)
        if not count:
            return ""
        return (
            f"{count}. Quedan fuera de esta campaña y de nada más: la cuenta cuyo contrato nadie prorrogue deja de entrar "
            "cuando vence, y la revisión diaria de contratos la inactiva."
        )

    @property
    def text(self) -> str:
        """The exact text that is hashed: one JSON value a line, so that no name can imitate another line."""
        head = [_FORM_OF_TEXT, self.title, self.until.isoformat() if self.until else ""]
        return "\n".join([_json(head), *(_json({name: getattr(line, name) for name in _FIELDS}) for line in self.lines)])

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal: another title, date, account or word in a line, and it is another plan."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_iso)


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a plan")


def in_order(lines: Iterable[PlannedAccount]) -> tuple[PlannedAccount, ...]:
    """The order in which a plan is read and applied: by unit, then by login."""
    return tuple(sorted(lines, key=lambda line: (line.unit, line.login, line.account_id)))


def why_not(candidate: Candidate, from_date: date) -> str | None:
    """Why an account cannot be in a campaign from this day on; Spanish, None: it can."""
    if candidate.protected:
        return "Es una cuenta protegida: no se atiende por este medio."
    if candidate.place is None:
        return "No está en una unidad organizativa de la política."
    if candidate.campaign:
        return f"Ya está en otra campaña aprobada ({candidate.campaign[:12]})."
    lasting = next((hold for hold in candidate.holds if _for_good(hold) and hold.from_date <= from_date), None)
    if lasting is not None:
        return f"Ya tiene una inactivación: {lasting.said}."
    if not candidate.enabled:
        return "Ya está inactiva."
    return None


def _for_good(hold: Hold) -> bool:
    return hold.ended_on is None and not hold.reason.temporary


def planned(
    candidate: Candidate, from_date: date, why: str, supervisor: str, reports: int, policy: Institution
) -> PlannedAccount:
    """The line of an account that `why_not` lets in. Raises ValueError for one without a place."""
    if candidate.place is None:
        raise ValueError(f"{candidate.login} has no place")
    account_type, unit = candidate.place
    rules = policy.accounts.get(account_type)
    licence = rules.licence if rules is not None and policy.leaving.back_up_and_remove_licence else None
    return PlannedAccount(
        account_id=candidate.account_id,
        login=candidate.login,
        mail=candidate.mail,
        name=candidate.name,
        document=candidate.document or "",
        account_type=account_type,
        unit=unit,
        supervisor=supervisor,
        why=why,
        from_date=from_date,
        contract_end=candidate.contract_end,
        licence=licence or "",
        groups=candidate.groups if policy.leaving.remove_groups else 0,
        reports=reports,
    )


def renewed(line: PlannedAccount, contract_end: date | None) -> str | None:
    """Why an account whose contract ends later than when it was planned leaves the campaign; None: it does not."""
    if line.contract_end is None or (contract_end is not None and contract_end <= line.contract_end):
        return None
    until = f"hasta el {contract_end:%d/%m/%Y}" if contract_end is not None else "sin fecha de vencimiento"
    return f"Se renovó: la cuenta va ahora {until}, y se planeó con el {line.contract_end:%d/%m/%Y}."


def why_leaves(line: PlannedAccount, now: Candidate | None) -> str | None:
    """Why an account leaves an approved campaign just before its turn; Spanish, None: it stays.

    `now` is the account as it is found by its identifier; None: it is gone, or out of the base.
    """
    if now is None:
        return "La cuenta ya no está en el directorio, o salió de su base."
    return renewed(line, now.contract_end) or why_not(now, line.from_date)


@dataclass(frozen=True, slots=True)
class UnitTotal:
    """What a plan comes to in one unit."""

    unit: str
    accounts: int
    licences: int
    groups: int
    reports: int


def totals(lines: Iterable[PlannedAccount]) -> tuple[UnitTotal, ...]:
    """By unit, in the order of the lines."""
    found: dict[str, list[PlannedAccount]] = {}
    for line in lines:
        found.setdefault(line.unit, []).append(line)
    return tuple(
        UnitTotal(
            unit,
            len(of_unit),
            sum(1 for line in of_unit if line.licence),
            sum(line.groups for line in of_unit),
            sum(line.reports for line in of_unit),
        )
        for unit, of_unit in found.items()
    )
