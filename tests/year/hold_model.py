"""Which accounts should work on a day, told from the story alone: a plain model, beside the program's own table of holds."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from config.vocabulary import HoldReason
from provision.procedure.model import Request
from provision.procedure.submission import Activate, AssignContract, Deactivate, Delete, Modify

PLACED = "Anotar la inactivación y sus fechas"
UNDELIVERED = "Anotar que los datos de acceso no se entregaron"
LIFTED = "Levantar la inactivación"
EXTENDED = "Levantar la inactivación por terminación del contrato"
TAKEN_BACK = "Deshacer lo que se pueda"
CONFIRMED = "Confirmar que la cuenta se puede activar"
ISSUED = "Enviar los datos de acceso al correo personal"
RECORDED = "Registrar el correo nuevo"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Closed days on which somebody must not get in; `until` None: for ever."""

    case: str
    reason: HoldReason
    since: date
    until: date | None
    lifted: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the day is one of them."""
        within = self.since <= day and (self.until is None or day <= self.until)
        return within and (self.lifted is None or day < self.lifted)


@dataclass
class HoldModel:
    """Stretches by account id; fed with the lines of the story in the order in which they were written."""

    stretches: dict[str, list[Stretch]] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)
    """Cases in which the desk said that the account may work again."""

    def hear(self, title: str, request: Request, today: date) -> None:
        """One line of the story."""
        facts = request.facts
        if title == UNDELIVERED:
            self._add(str(facts.account_id), Stretch(request.case, HoldReason.UNDELIVERED, today, None))
            return
        if facts.subject is None:
            return
        account = facts.subject.account_id
        match title:
            case "Anotar la inactivación y sus fechas":
                self._place(account, request, today)
            case "Levantar la inactivación" | "Levantar la inactivación por terminación del contrato":
                self._lift(account, today, self._liftable(request), extends=isinstance(request.content, Modify))
            case "Deshacer lo que se pueda":
                kept = [each for each in self._of(account) if each.case != request.case or _undelivered(each)]
                self.stretches[account] = kept
            case "Confirmar que la cuenta se puede activar":
                self.confirmed.add(request.case)
            case _:
                pass

    def held(self, account: str, day: date) -> list[Stretch]:
        """What keeps the account from working on this day."""
        return [each for each in self._of(account) if each.covers(day)]

    def _of(self, account: str) -> list[Stretch]:
        return self.stretches.get(account, [])

    def _add(self, account: str, stretch: Stretch) -> None:
        same = (stretch.case, _undelivered(stretch))
        others = [each for each in self._of(account) if (each.case, _undelivered(each)) != same]
        self.stretches[account] = [*others, stretch]

    def _place(self, account: str, request: Request, today: date) -> None:
        match request.content:
            case Deactivate(why=why, from_date=since, until_date=until):
                stretch = Stretch(request.case, why, since, until)
            case AssignContract(from_date=since):
                stretch = Stretch(request.case, HoldReason.ASSIGNED, since, None)
            case Delete():
                stretch = Stretch(request.case, HoldReason.DELETION, _bogota(request), None)
            case _:
                raise AssertionError(f"{request.case} places no hold")
        for other in self.stretches:  # an edit may have turned the case to another account
            if other != account:
                self.stretches[other] = [each for each in self._of(other) if each.case != request.case or _undelivered(each)]
        self._add(account, stretch)
        self.stretches[account] = [
            replace(each, lifted=each.lifted or max(each.since, today))
            if each.case == request.follows and each.reason is stretch.reason
            else each
            for each in self._of(account)
        ]

    def _liftable(self, request: Request) -> frozenset[HoldReason]:
        content = request.content
        if isinstance(content, Modify):
            return frozenset({HoldReason.CONTRACT_ENDED})
        assert isinstance(content, Activate)
        if content.contract is not None or request.case in self.confirmed:
            return frozenset(HoldReason) - {HoldReason.DELETION}
        return frozenset({HoldReason.VACATION, HoldReason.LEAVE, HoldReason.SUSPENSION, HoldReason.UNDELIVERED})

    def _lift(self, account: str, today: date, reasons: Iterable[HoldReason], *, extends: bool) -> None:
        """What is in force; a contract that goes on ends what is to come too."""
        self.stretches[account] = [
            replace(each, lifted=each.lifted or today)
            if each.reason in reasons and (each.covers(today) or (extends and each.since > today))
            else each
            for each in self._of(account)
        ]


def _undelivered(stretch: Stretch) -> bool:
    return stretch.reason is HoldReason.UNDELIVERED


def _bogota(request: Request) -> date:
    from zoneinfo import ZoneInfo

    return request.received_at.astimezone(ZoneInfo("America/Bogota")).date()
