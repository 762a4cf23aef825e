"""The control point for an account that exists: which one it is, and whether this requester may ask this of it (activity 2).

Boss, supervisor, unit and account type are who and what the directory, the journal or the matrix say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from config.errors import Rejected, Target
from config.institution import Institution
from config.vocabulary import EmailAddress, Operation, same_address
from intake.account_decision import KnownAccount, Relation, decide_on_account, decide_without_account
from intake.matrix import Matrix
from provision.directory.port import Account, Directory
from provision.executor import Task
from provision.journal.accounts import AccountRecord, Accounts
from provision.performing import PerformsAtOnce
from provision.procedure.acts import WaitingFor
from provision.procedure.conflicts import (
    Contradiction,
    Meeting,
    NothingToDo,
    Twin,
    WaitFor,
    against_holds,
    meeting,
    unexplained,
)
from provision.procedure.facts import Facts, Subject
from provision.procedure.model import Course, Diverted, Done, Failed, NotYet, Origin, Outcome, Request
from provision.procedure.modification import whereabouts
from provision.procedure.submission import (
    Activate,
    AssignContract,
    Authorisation,
    Defective,
    Modify,
    OnAccount,
    Problem,
    Refused,
)
from provision.procedure.submission import Target as Named

LOOK_AGAIN_FOR_OTHER_CASE = timedelta(minutes=30)
_ACCOUNT_LABEL = "Cuenta institucional"
_NOT_FOUND = "no corresponde a ninguna cuenta de la entidad; escriba la dirección institucional completa de la persona."
_CONTRADICTS = "el documento no es el de esa cuenta: corrija uno de los dos datos."
_PROTECTED = (
    "Esa cuenta no se atiende por este medio. Si la solicitud procede, comuníquese con la mesa de servicio, que la escala al "
    "administrador del dominio."
)


@dataclass(slots=True)
class CheckAccount(PerformsAtOnce):
    """Find the account, decide on what is known of it, and see what other cases and holds mean for this one."""

    directory: Directory
    accounts: Accounts
    matrix: Callable[[], Matrix]
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Decide anew in each round. Refused, unknown and contradictory requests take another course."""
        content = task.request.content
        if isinstance(content, Defective) or not isinstance(content, OnAccount):
            raise TypeError(f"{task.request.case} concerns no account")
        try:
            account = self._find(content.target, task.request)
        except Rejected as error:
            return Failed(str(error))
        if isinstance(account, Problem):
            return self._unknown(task, content, account)
        record = self.accounts.known(account.id)
        subject = self._subject(account, record)
        if subject is None:
            refused = decide_without_account(
                self.matrix(), task.request.requester, content.operation, self._asked_on(task.request)
            )
            if refused is not None and content.operation is not Operation.RESET_PASSWORD:
                return Diverted(Course.REFUSE, refused.reason, authorisation=refused)
            return Failed(
                f"No se pudo determinar el tipo y la dependencia de {account.login}: no está en una unidad organizativa de la "
                "política. Muévala, o corrija su departamento, y reintente."
            )
        decision = self._decide(task, content, account, subject)
        if isinstance(decision, Refused):
            return Diverted(Course.REFUSE, decision.reason, authorisation=decision)
        if account.protected:
            return Diverted(Course.REFUSE, _PROTECTED, authorisation=decision)
        return self._go_on(task, subject, record, decision)

    def _go_on(self, task: Task, subject: Subject, record: AccountRecord | None, decision: Authorisation) -> Outcome:
        request, today = task.request, self._today(task)
        others = self.accounts.claim(request.case, subject.account_id, task.now)
        holds = self.accounts.holds(subject.account_id)
        met = meeting(request, others) or against_holds(request, holds, enabled=subject.enabled, today=today)
        facts = Facts(subject=subject)
        if met is not None:
            return self._met(task, met, facts, decision)
        if isinstance(request.content, Activate):
            by_us = record is not None and record.disabled_by_us
            confirm = unexplained(holds, enabled=subject.enabled, by_us=by_us, today=today)
            facts = Facts(subject=subject, activation_unexplained=confirm)
        return Done(facts, f"Cuenta {subject.login}, {subject.unit}.", authorisation=decision)

    @staticmethod
    def _met(task: Task, met: Meeting, facts: Facts, decision: Authorisation) -> Outcome:
        match met:
            case Twin(case=case):
                reason = f"Ya hay una solicitud igual abierta para esa cuenta: {case}."
                return Diverted(Course.DUPLICATE, reason, facts=facts, duplicate_of=case, authorisation=decision)
            case Contradiction(reason=reason):
                return Diverted(Course.REFUSE, reason, facts=facts, authorisation=decision)
            case NothingToDo(reason=reason):
                return Diverted(Course.NOTHING_TO_DO, reason, facts=facts, authorisation=decision)
            case WaitFor(case=case):
                detail = f"Espera a que termine {case}, de la misma cuenta."
                return NotYet(WaitingFor.OTHER_CASE, task.now + LOOK_AGAIN_FOR_OTHER_CASE, detail)

    def _today(self, task: Task) -> date:
        return task.now.astimezone(self.policy.zone).date()

    def _find(self, named: Named, request: Request) -> Account | Problem:
        """The one account that the response names; account and document, where both are given, must agree."""
        account: Account | None = None
        if named.account:
            account = (
                self.directory.find_by_mail(named.account)
                if "@" in named.account
                else self.directory.find_by_login(named.account)
            )
            if account is None:
                return Problem("account", _ACCOUNT_LABEL, f"«{named.account}» {_NOT_FOUND}")
        if named.document_number is None:
            return account or Problem("account", _ACCOUNT_LABEL, "Falta esta respuesta.")
        if account is not None:
            if account.employee_id and account.employee_id != named.document_number:
                return Problem("document_number", "Número de documento", _CONTRADICTS)
            return account
        found = self.directory.find_by_document(named.document_number)
        if len(found) == 1:
            return found[0]
        several = "hay varias cuentas con ese documento: escriba la cuenta institucional."
        return Problem("account", _ACCOUNT_LABEL, several if found else f"Ese documento {_NOT_FOUND}")

    def _unknown(self, task: Task, content: OnAccount, problem: Problem) -> Outcome:
        """Who may not ask this of any account is not told whether this one exists."""
        refused = decide_without_account(self.matrix(), task.request.requester, content.operation, self._asked_on(task.request))
        if refused is not None and task.request.origin is Origin.FORM:
            return Diverted(Course.REFUSE, refused.reason, authorisation=refused)
        return Diverted(Course.CORRECT, f"{problem.label}: {problem.message}", (problem,))

    def _asked_on(self, request: Request) -> date:
        return request.received_at.astimezone(self.policy.zone).date()

    def _subject(self, account: Account, record: AccountRecord | None) -> Subject | None:
        place = whereabouts(account.dn, account.department, self.policy)
        if place is None and record is not None and record.account_type is not None and record.unit is not None:
            place = (record.account_type, record.unit)
        if place is None:
            return None
        manager = self.directory.manager_of(account.id)
        ends = account.expires_at - timedelta(seconds=1) if account.expires_at is not None else None
        contract_end = ends.astimezone(self.policy.zone).date() if ends is not None else None
        return Subject(
            account_id=account.id,
            login=account.login,
            mail_address=account.mail or account.user_principal_name,
            display_name=account.display_name,
            account_type=place[0],
            unit=place[1],
            enabled=account.enabled,
            document_number=account.employee_id,
            address_on_record=record.personal_email if record else None,
            manager_mail=manager.mail if manager is not None else None,
            contract_number=record.contract_number if record else None,
            contract_end=contract_end,
            password_set_at=account.password_set_at,
        )

    def _decide(self, task: Task, content: OnAccount, account: Account, subject: Subject) -> Authorisation:
        request = task.request
        if request.origin is not Origin.FORM:
            return request.authorisation
        relations = _relations(request, account, subject, self.accounts.known(account.id))
        known = KnownAccount(subject.mail_address, subject.account_type, subject.unit, relations)
        assignee: tuple[str, EmailAddress] | None = None
        further: str | None = None
        if isinstance(content, Modify | AssignContract | Activate):
            further = content.unit
        if isinstance(content, AssignContract):
            assignee = (content.assignee.full_name, content.personal_email)
        return decide_on_account(
            self.matrix(), request.requester, content.operation, known, self._asked_on(request), further, assignee=assignee
        )


def _relations(request: Request, account: Account, subject: Subject, record: AccountRecord | None) -> frozenset[Relation]:
    """What the requester is to the account: by the directory, or by the register of accounts."""
    requester = request.requester
    if requester is None:
        return frozenset()
    theirs: tuple[tuple[Relation, tuple[str | None, ...]], ...] = (
        (Relation.SELF, (account.mail, account.user_principal_name)),
        (Relation.MANAGER, (subject.manager_mail,)),
        (Relation.SUPERVISOR, (record.supervisor_email if record else None,)),
    )
    return frozenset(
        relation for relation, addresses in theirs if any(each and same_address(each, requester) for each in addresses)
    )
