"""The accounts that the program made or knows: who has them, since when, until when, and when something last happened. Pure.

The directory is not asked: what is said of an account is what the journal holds of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from config.dates import local_date
from config.vocabulary import HOLD_LABELS, AccountType, CaseNumber
from intake.reporting.cases import NOT_KNOWN, requester_said, type_label
from intake.reporting.gathering import Gathered, resolved_at
from intake.reporting.tables import Section, Table, counted, day
from provision.journal.reported import RegisteredAccount
from provision.procedure.holds import Hold, in_force
from provision.procedure.model import Request
from provision.procedure.steps import creation_of
from provision.procedure.submission import CreateGenericAccount, CreatePersonalAccount, user_name

_T = TypeVar("_T")
ASKED_ELSEWHERE = "(no la creó el programa)"


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """One account as the journal knows it. Dates are in the institution's zone; `moved_at` is aware UTC."""

    account_id: str
    login: str
    mail: str = ""
    person: str = ""
    document: str | None = None
    """Whole: only its last figures are ever shown."""
    account_type: AccountType | None = None
    unit: str = ""
    responsible: str = ""
    """Supervisor, boss, or who answers for a generic account."""
    asked_by: str = ASKED_ELSEWHERE
    created_by: CaseNumber | None = None
    created_on: date | None = None
    until: date | None = None
    """The last day of its contract; None: none is known."""
    holds: tuple[Hold, ...] = ()
    deleted: bool = False
    delivered: bool = True
    """Its access data went out; or it is older than the program."""
    moved_at: datetime | None = None
    last_case: CaseNumber | None = None

    def state(self, on: date) -> str:
        """How it stands on a day, as far as the journal knows."""
        held = in_force(self.holds, on)
        if held:
            return "Inactiva: " + "; ".join(_because(hold) for hold in held)
        if self.until is not None and self.until < on:
            return f"Contrato terminado el {day(self.until)}"
        return "Activa"


def _because(hold: Hold) -> str:
    until = f" hasta el {day(hold.until_date)}" if hold.until_date else ""
    return f"{HOLD_LABELS[hold.reason].lower()}{until}"


def known_accounts(of: Gathered) -> tuple[KnownAccount, ...]:
    """Every account in the register or in a case, deleted ones included, by unit and then by person."""
    made = {each.facts.account_id: each for each in of.requests if each.facts.account_id is not None}
    concerned: dict[str, list[Request]] = {}
    for request in of.requests:
        subject = request.facts.subject
        for account_id in {request.facts.account_id, subject.account_id if subject is not None else None} - {None}:
            concerned.setdefault(str(account_id), []).append(request)
    registered = {each.account_id: each for each in of.accounts}
    found = [
        _known(account_id, registered.get(account_id), made.get(account_id), concerned.get(account_id, []), of)
        for account_id in sorted({*registered, *concerned})
    ]
    return tuple(
        sorted(found, key=lambda each: (each.unit == NOT_KNOWN, each.unit, each.person or each.login, each.account_id))
    )


def _known(
    account_id: str, registered: RegisteredAccount | None, made: Request | None, cases: Sequence[Request], of: Gathered
) -> KnownAccount:
    """What the register says goes before what a case saw, and a newer case before an older one."""
    seen = [subject for each in cases if (subject := each.facts.subject) is not None and subject.account_id == account_id]
    newest = seen[-1] if seen else None
    content = creation_of(made) if made is not None else None
    person = content.person if isinstance(content, CreatePersonalAccount) else None
    contract = content.contract if isinstance(content, CreatePersonalAccount) else None
    owner = content.owner_email if isinstance(content, CreateGenericAccount) else ""
    moves = [(at, each.case) for each in cases for at in (each.received_at, resolved_at(each)) if at is not None]
    moved_at, last_case = max(moves, default=(None, None))
    sent_at = made.facts.access_sent_at if made is not None else None
    login = registered.login if registered else newest.login if newest else (made.facts.login or "") if made else ""
    units = (registered.unit if registered else None, newest.unit if newest else None, content.unit if content else None)
    people = (registered.supervisor_email if registered else None, newest.manager_mail if newest else None, owner)
    return KnownAccount(
        account_id=account_id,
        login=login,
        mail=newest.mail_address if newest else (made.facts.mail_address or "") if made else "",
        person=newest.display_name if newest else user_name(content) if content is not None else "",
        document=_first(newest.document_number if newest else None, person.document_number if person else None),
        account_type=_first(
            registered.account_type if registered else None,
            newest.account_type if newest else None,
            content.account_type if content else None,
        ),
        unit=next(filter(None, units), NOT_KNOWN),
        responsible=next(filter(None, people), ""),
        asked_by=requester_said(made) if made is not None else ASKED_ELSEWHERE,
        created_by=made.case if made is not None else None,
        created_on=local_date(sent_at, of.month.zone) if sent_at is not None else None,
        until=_first(
            registered.contract_end if registered else None,
            newest.contract_end if newest else None,
            contract.end if contract else None,
        ),
        holds=of.holds.get(account_id, ()),
        deleted=any(each.facts.account_deleted_at is not None for each in cases),
        delivered=made is None or sent_at is not None,
        moved_at=moved_at,
        last_case=last_case,
    )


def _first(*values: _T | None) -> _T | None:
    return next((value for value in values if value is not None), None)


def in_use(accounts: Sequence[KnownAccount]) -> tuple[KnownAccount, ...]:
    """Those that somebody has: neither deleted nor still on their way to their owner."""
    return tuple(each for each in accounts if each.delivered and not each.deleted)


def months_before(day_: date, months: int) -> date:
    """The same day so many months earlier, or the last one of a shorter month."""
    number = day_.year * 12 + day_.month - 1 - months
    year, month = divmod(number, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day_.day, (following - timedelta(days=1)).day))


def idle(of: Gathered, accounts: Sequence[KnownAccount], months: int) -> Section:
    """Accounts of which the program has heard nothing for so long: no request, no contract that ended, no campaign."""
    on = min(of.month.last, of.rules.today)
    since = months_before(on, months)
    still = [each for each in in_use(accounts) if each.moved_at is None or local_date(each.moved_at, of.month.zone) < since]
    columns = (
        "Cuenta", "Persona", "Tipo de cuenta", "Dependencia", "Estado", "Hasta", "Pedida por", "Último caso",
        "Último movimiento",
    )  # fmt: skip
    table = Table(
        "sin-movimiento",
        f"Cuentas sin ningún caso desde el {day(since)}",
        columns,
        tuple(
            (
                each.mail or each.login,
                each.person,
                type_label(each.account_type),
                each.unit,
                each.state(on),
                day(each.until),
                each.asked_by,
                each.last_case or "",
                day(local_date(each.moved_at, of.month.zone)) if each.moved_at is not None else "ninguno",
            )
            for each in still
        ),
    )
    total = len(in_use(accounts))
    have = "ha" if len(still) == 1 else "han"
    some = counted(len(still), "cuenta", "cuentas")
    said = f"{some} de {total} no {have} tenido ningún caso en los últimos {months} meses."
    said = said if total else "El programa aún no conoce ninguna cuenta."
    return Section(
        "sin-movimiento",
        "Cuentas sin movimiento",
        "Cuentas que el programa creó o que algún caso trató, y que no se han eliminado, sin ningún caso recibido ni resuelto "
        f"en los {months} meses antes del {day(on)} (--idle-months). No dice si alguien las usa: el último ingreso de cada "
        "cuenta no lo sabe el programa, sino el Directorio Activo y la nube. De las que nadie pidió por aquí no sabe nada.",
        (said,),
        tables=(table,) if still else (),
    )
